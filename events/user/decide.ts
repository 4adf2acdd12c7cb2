/** What happens next to a person's actor; arriving twice is arriving once, and so is being erased. */
import { Result } from "effect";
import type { Decider } from "../kit/decider.ts";
import { childId, type ErasureId, userName } from "../kit/ids.ts";
import type { UserCommand } from "./commands.ts";
import {
  ErasureCompleted,
  ErasureRequested,
  PersonArrived,
  PersonReturned,
  type UserEvent,
  userEvents,
} from "./events.ts";
import { ErasureUnderWay, type UserRefusal } from "./refusals.ts";
import { evolve, initial, type UserState, UserState as UserStateSchema } from "./state.ts";

/** What happens next, or nothing, or why not. */
export function decide(command: UserCommand, state: UserState): Result.Result<ReadonlyArray<UserEvent>, UserRefusal> {
  const { erasure } = state;
  switch (command.type) {
    case "Arrive": {
      const { userId, words } = command;
      return Result.succeed(state.userId === null ? [PersonArrived({ userId }, userName(userId), words)] : []);
    }
    case "RequestErasure": {
      const { userId } = command;
      const erasureId = childId<ErasureId>("erasure", userId, String(state.erasures + 1));
      return Result.succeed(erasure === null ? [ErasureRequested({ userId, erasureId })] : []);
    }
    case "CompleteErasure": {
      const { erasureId, shreddedAt, generations, fingerprints, kek, streams } = command;
      const due = erasure?.erasureId === erasureId && !erasure.completed;
      return Result.succeed(
        due ? [ErasureCompleted({ erasureId, shreddedAt, generations, fingerprints, kek, streams })] : [],
      );
    }
    case "ComeBack": {
      const { userId, words } = command;
      if (erasure !== null && !erasure.completed) return Result.fail(new ErasureUnderWay());
      return Result.succeed(erasure === null ? [] : [PersonReturned({ userId }, userName(userId), words)]);
    }
  }
}

export const user: Decider<UserState, UserCommand, UserEvent, UserRefusal> = {
  kind: "user",
  foldVersion: 2,
  initial,
  events: userEvents,
  state: UserStateSchema,
  evolve,
  decide,
  isFinal: () => false,
};
