/** What happens next to a person's actor; arriving twice is arriving once, only they decide who may remember them, and they are erased once. */
import { Result } from "effect";
import type { Decider } from "../kit/decider.ts";
import { type AgentId, childId, type ErasureId, userName } from "../kit/ids.ts";
import type { UserCommand } from "./commands.ts";
import {
  ConsentDecided,
  ConsentRequested,
  ErasureCompleted,
  ErasureRequested,
  PersonArrived,
  PersonReturned,
  type UserEvent,
  userEvents,
} from "./events.ts";
import { ErasureUnderWay, PersonIsErased, type UserRefusal } from "./refusals.ts";
import { evolve, initial, type UserState, UserState as UserStateSchema } from "./state.ts";

/** What happens next, or nothing, or why not. */
export function decide(command: UserCommand, state: UserState): Result.Result<ReadonlyArray<UserEvent>, UserRefusal> {
  const { erasure } = state;
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
      // A receipt waits until nobody remembers them: nobody may begin again before that.
      if (granted && erasure !== null)
        return Result.fail(erasure.completed ? new PersonIsErased() : new ErasureUnderWay());
      const stands = state.consents[agentId]?.decision;
      return Result.succeed(stands === (granted ? "granted" : "refused") ? [] : [ConsentDecided({ agentId, granted })]);
    }
    case "RequestErasure": {
      const { userId } = command;
      const erasureId = childId<ErasureId>("erasure", userId, String(state.erasures + 1));
      return Result.succeed(erasure === null ? [ErasureRequested({ userId, erasureId }), ...withdrawn(state)] : []);
    }
    case "CompleteErasure": {
      const { type: _type, meta: _meta, ...receipt } = command;
      const due = erasure?.erasureId === receipt.erasureId && !erasure.completed;
      return Result.succeed(due ? [ErasureCompleted(receipt)] : []);
    }
    case "ComeBack": {
      const { userId, words } = command;
      if (erasure !== null && !erasure.completed) return Result.fail(new ErasureUnderWay());
      return Result.succeed(erasure === null ? [] : [PersonReturned({ userId }, userName(userId), words)]);
    }
  }
}

/** Who is forgotten is remembered by nobody: should they come back, no agent asks them again, and each waits for their word. */
const withdrawn = ({ consents }: UserState): ReadonlyArray<UserEvent> =>
  Object.entries(consents).flatMap(([agentId, { decision }]) =>
    decision === "granted" ? [ConsentDecided({ agentId: agentId as AgentId, granted: false })] : [],
  );

export const user: Decider<UserState, UserCommand, UserEvent, UserRefusal> = {
  kind: "user",
  foldVersion: 3,
  initial,
  events: userEvents,
  state: UserStateSchema,
  evolve,
  decide,
  isFinal: () => false,
};
