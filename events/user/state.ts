/** What decisions about a person need to know. */
import { Schema } from "effect";
import type { RecordedOf } from "../kit/envelope.ts";
import { AgentId, ErasureId, RoomId, UserId } from "../kit/ids.ts";
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
  /** The event that holds the name they have now; 0 when there is none. */
  nameSeq: Schema.Int,
  consents: Schema.Record(AgentId, Consent),
  /** How often they were erased. */
  erasures: Schema.Int,
  /** The erasure that stands; null for somebody who was never erased, or has come back. */
  erasure: Schema.NullOr(Schema.Struct({ erasureId: ErasureId, completed: Schema.Boolean })),
});
export type UserState = typeof UserState.Type;

export const initial: UserState = { userId: null, nameSeq: 0, consents: {}, erasures: 0, erasure: null };

/** The state after one more event. */
export function evolve(state: UserState, event: RecordedOf<UserEvent>): UserState {
  switch (event.type) {
    case "PersonArrived":
      return { ...state, userId: event.open.userId, nameSeq: event.seq };
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
    case "PersonReturned":
      return { ...state, userId: event.open.userId, nameSeq: event.seq, erasure: null };
    case "ErasureRequested": {
      const { userId, erasureId } = event.open;
      return { ...state, userId, nameSeq: 0, erasures: state.erasures + 1, erasure: { erasureId, completed: false } };
    }
    case "ErasureCompleted":
      return state.erasure?.erasureId === event.open.erasureId
        ? { ...state, erasure: { ...state.erasure, completed: true } }
        : state;
  }
}
