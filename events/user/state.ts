/** What decisions about a person need to know. */
import { Schema } from "effect";
import type { RecordedOf } from "../kit/envelope.ts";
import { ErasureId, UserId } from "../kit/ids.ts";
import type { UserEvent } from "./events.ts";

export const UserState = Schema.Struct({
  userId: Schema.NullOr(UserId),
  /** The event that holds the name they have now; 0 when there is none. */
  nameSeq: Schema.Int,
  /** How often they were erased. */
  erasures: Schema.Int,
  /** The erasure that stands; null for somebody who was never erased, or has come back. */
  erasure: Schema.NullOr(Schema.Struct({ erasureId: ErasureId, completed: Schema.Boolean })),
});
export type UserState = typeof UserState.Type;

export const initial: UserState = { userId: null, nameSeq: 0, erasures: 0, erasure: null };

/** The state after one more event. */
export function evolve(state: UserState, event: RecordedOf<UserEvent>): UserState {
  switch (event.type) {
    case "PersonArrived":
      return { ...state, userId: event.open.userId, nameSeq: event.seq };
    case "PersonReturned":
      return { ...state, userId: event.open.userId, nameSeq: event.seq, erasure: null };
    case "ErasureRequested": {
      const { userId, erasureId } = event.open;
      return { userId, nameSeq: 0, erasures: state.erasures + 1, erasure: { erasureId, completed: false } };
    }
    case "ErasureCompleted":
      return state.erasure?.erasureId === event.open.erasureId
        ? { ...state, erasure: { ...state.erasure, completed: true } }
        : state;
  }
}
