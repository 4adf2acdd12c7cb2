/** What decisions about a person need to know. */
import { Schema } from "effect";
import type { RecordedOf } from "../kit/envelope.ts";
import { UserId } from "../kit/ids.ts";
import type { UserEvent } from "./events.ts";

export const UserState = Schema.Struct({ userId: Schema.NullOr(UserId) });
export type UserState = typeof UserState.Type;

export const initial: UserState = { userId: null };

/** The state after one more event. */
export const evolve = (_state: UserState, event: RecordedOf<UserEvent>): UserState => ({ userId: event.open.userId });
