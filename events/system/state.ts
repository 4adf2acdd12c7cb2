/** What decisions about the house need to know: the catalogue itself lives in the log, here it is only counted. */
import { Schema } from "effect";
import type { RecordedOf } from "../kit/envelope.ts";
import type { SystemEvent } from "./events.ts";

export const SystemState = Schema.Struct({ registered: Schema.Int, retired: Schema.Int });
export type SystemState = typeof SystemState.Type;

export const initial: SystemState = { registered: 0, retired: 0 };

/** The state after one more event. */
export const evolve = (state: SystemState, event: RecordedOf<SystemEvent>): SystemState =>
  event.type === "StreamRegistered"
    ? { ...state, registered: state.registered + 1 }
    : { ...state, retired: state.retired + 1 };
