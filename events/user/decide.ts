/** What happens next to a person's actor; arriving twice is arriving once. */
import { Result } from "effect";
import type { Decider } from "../kit/decider.ts";
import { userName } from "../kit/ids.ts";
import type { UserCommand } from "./commands.ts";
import { PersonArrived, type UserEvent, userEvents } from "./events.ts";
import { evolve, initial, type UserState, UserState as UserStateSchema } from "./state.ts";

/** What happens next, or nothing. */
export const decide = (command: UserCommand, state: UserState): Result.Result<ReadonlyArray<UserEvent>, never> =>
  Result.succeed(
    state.userId === null ? [PersonArrived({ userId: command.userId }, userName(command.userId), command.words)] : [],
  );

export const user: Decider<UserState, UserCommand, UserEvent, never> = {
  kind: "user",
  foldVersion: 1,
  initial,
  events: userEvents,
  state: UserStateSchema,
  evolve,
  decide,
  isFinal: () => false,
};
