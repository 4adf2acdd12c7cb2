/** What decisions about a room need to know: who takes part. */
import { Schema } from "effect";
import type { RecordedOf } from "../kit/envelope.ts";
import { AgentId, RoomId, UserId } from "../kit/ids.ts";
import { RoomKind } from "./addressing.ts";
import type { RoomEvent } from "./events.ts";

export const RoomState = Schema.Struct({
  status: Schema.Literals(["unknown", "open", "closed"]),
  roomId: Schema.NullOr(RoomId),
  name: Schema.String,
  kind: RoomKind,
  ownerId: Schema.NullOr(UserId),
  openedAt: Schema.Finite,
  /** The seq of the event with the person's name in it. */
  people: Schema.Record(UserId, Schema.Struct({ joinedSeq: Schema.Int })),
  /** Since when each agent is told what is said here. */
  agents: Schema.Record(AgentId, Schema.Struct({ name: Schema.String, invitedSeq: Schema.Int })),
});
export type RoomState = typeof RoomState.Type;

export const initial: RoomState = {
  status: "unknown",
  roomId: null,
  name: "",
  kind: "private",
  ownerId: null,
  openedAt: 0,
  people: {},
  agents: {},
};

/** An agent that is here already is only called by another name. */
const invited = ({ agents }: RoomState, { seq, open }: Extract<RecordedOf<RoomEvent>, { type: "AgentInvited" }>) => ({
  [open.agentId]: { name: open.name, invitedSeq: agents[open.agentId]?.invitedSeq ?? seq },
});

/** The state after one more event. */
export function evolve(state: RoomState, event: RecordedOf<RoomEvent>): RoomState {
  switch (event.type) {
    case "RoomOpened":
      return { ...state, status: "open", openedAt: event.at, ...event.open };
    case "ParticipantJoined":
      return { ...state, people: { ...state.people, [event.open.userId]: { joinedSeq: event.seq } } };
    case "ParticipantLeft": {
      const { [event.open.userId]: _left, ...people } = state.people;
      return { ...state, people };
    }
    case "AgentInvited":
      return { ...state, agents: { ...state.agents, ...invited(state, event) } };
    case "AgentDismissed": {
      const { [event.open.agentId]: _left, ...agents } = state.agents;
      return { ...state, agents };
    }
    case "RoomClosed":
      return { ...state, status: "closed" };
    default:
      return state;
  }
}
