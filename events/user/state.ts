/** What decisions about a person need to know. */
import { Schema } from "effect";
import type { RecordedOf } from "../kit/envelope.ts";
import { AgentId, RoomId, UserId } from "../kit/ids.ts";
import type { UserEvent } from "./events.ts";

/** What a person answered an agent that would like to remember them; `asked` while they have not. */
const Consent = Schema.Struct({
  decision: Schema.Literals(["asked", "granted", "refused"]),
  at: Schema.Finite,
  /** Where the agent met them; null where they decided before they met. */
  roomId: Schema.NullOr(RoomId),
});

export const UserState = Schema.Struct({
  userId: Schema.NullOr(UserId),
  consents: Schema.Record(AgentId, Consent),
});
export type UserState = typeof UserState.Type;

export const initial: UserState = { userId: null, consents: {} };

/** The state after one more event. */
export function evolve(state: UserState, event: RecordedOf<UserEvent>): UserState {
  switch (event.type) {
    case "PersonArrived":
      return { ...state, userId: event.open.userId };
    case "ConsentRequested": {
      const { agentId, roomId } = event.open;
      return { ...state, consents: { ...state.consents, [agentId]: { decision: "asked", at: event.at, roomId } } };
    }
    case "ConsentDecided": {
      const { agentId, granted } = event.open;
      const decision = granted ? "granted" : "refused";
      const roomId = state.consents[agentId]?.roomId ?? null;
      return { ...state, consents: { ...state.consents, [agentId]: { decision, at: event.at, roomId } } };
    }
  }
}
