/** What happens next to a person's actor; arriving twice is arriving once, and only they decide who may remember them. */
import { Result } from "effect";
import type { Decider } from "../kit/decider.ts";
import { userName } from "../kit/ids.ts";
import type { UserCommand } from "./commands.ts";
import { ConsentDecided, ConsentRequested, PersonArrived, type UserEvent, userEvents } from "./events.ts";
import { evolve, initial, type UserState, UserState as UserStateSchema } from "./state.ts";

/** What happens next, or nothing. */
export function decide(command: UserCommand, state: UserState): Result.Result<ReadonlyArray<UserEvent>, never> {
  switch (command.type) {
    case "Arrive": {
      const { userId, words } = command;
      return Result.succeed(state.userId === null ? [PersonArrived({ userId }, userName(userId), words)] : []);
    }
    case "RequestConsent": {
      const { agentId, roomId } = command;
      return Result.succeed(state.consents[agentId] === undefined ? [ConsentRequested({ agentId, roomId })] : []);
    }
    case "DecideConsent": {
      const { agentId, granted } = command;
      const stands = state.consents[agentId]?.decision;
      return Result.succeed(stands === (granted ? "granted" : "refused") ? [] : [ConsentDecided({ agentId, granted })]);
    }
  }
}

export const user: Decider<UserState, UserCommand, UserEvent, never> = {
  kind: "user",
  foldVersion: 2,
  initial,
  events: userEvents,
  state: UserStateSchema,
  evolve,
  decide,
  isFinal: () => false,
};
