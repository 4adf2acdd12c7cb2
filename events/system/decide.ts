/** What happens next to the house as a whole. Twice registered is once registered: the command id is the stream's. */
import { Result } from "effect";
import type { Decider } from "../kit/decider.ts";
import type { SystemCommand } from "./commands.ts";
import { StreamRegistered, StreamRetired, type SystemEvent, systemEvents } from "./events.ts";
import { evolve, initial, type SystemState, SystemState as SystemStateSchema } from "./state.ts";

/** What happens next. */
export const decide = ({ type, kind, name }: SystemCommand): Result.Result<ReadonlyArray<SystemEvent>, never> =>
  Result.succeed([type === "RegisterStream" ? StreamRegistered({ kind, name }) : StreamRetired({ kind, name })]);

export const system: Decider<SystemState, SystemCommand, SystemEvent, never> = {
  kind: "system",
  foldVersion: 1,
  initial,
  events: systemEvents,
  state: SystemStateSchema,
  evolve,
  decide,
  isFinal: () => false,
};
