/** What decisions about a room need to know: who takes part, and who may speak next. */
import { Schema } from "effect";
import type { RecordedOf } from "../kit/envelope.ts";
import { AgentId, idOf, RoomId, UserId } from "../kit/ids.ts";
import { own } from "../kit/own.ts";
import { RoomKind } from "./addressing.ts";
import type { RoomEvent } from "./events.ts";
import * as R from "./rhythm.ts";

export const RoomState = Schema.Struct({
  status: Schema.Literals(["unknown", "open", "closed"]),
  roomId: Schema.NullOr(RoomId),
  name: Schema.String,
  kind: RoomKind,
  ownerId: Schema.NullOr(UserId),
  openedAt: Schema.Finite,
  /** The seq of the event with the person's name in it. */
  people: Schema.Record(UserId, Schema.Struct({ joinedSeq: Schema.Int })),
  /** Those who took part and went, the newest hundred: they can still be spoken of. */
  gone: Schema.Record(UserId, Schema.Struct({ joinedSeq: Schema.Int })),
  /** Since when each agent is told what is said here. */
  agents: Schema.Record(
    AgentId,
    Schema.Struct({
      name: Schema.String,
      invitedSeq: Schema.Int,
      /** False while its owner has switched it off, as far as the agent has told. */
      active: Schema.Boolean,
    }),
  ),
  rhythm: R.Rhythm,
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
  gone: {},
  agents: {},
  rhythm: R.still,
};

const GONE_AT_MOST = 100;

type Of<T extends RoomEvent["type"]> = Extract<RecordedOf<RoomEvent>, { type: T }>;

/** An agent that is here already is only called by another name. */
const invited = ({ agents }: RoomState, { seq, open }: Of<"AgentInvited">) => ({
  [open.agentId]: { invitedSeq: seq, active: true, ...agents[open.agentId], name: open.name },
});

function went({ people, gone }: RoomState, { open }: Of<"ParticipantLeft">): RoomState["gone"] {
  const left = own(people, open.userId);
  const all: RoomState["gone"] = left === undefined ? gone : { ...gone, [open.userId]: left };
  const newest = Object.entries(all).toSorted(([, one], [, other]) => one.joinedSeq - other.joinedSeq);
  return Object.fromEntries(newest.slice(-GONE_AT_MOST));
}

/** What an agent says that went meanwhile changes nothing: nobody waits for it. */
function posted({ rhythm, agents }: RoomState, { seq, open }: Of<"MessagePosted">): R.Rhythm {
  if (open.turn === null) return R.humanSpoke(rhythm, open);
  const agentId = idOf(open.by) as AgentId;
  if (own(agents, agentId) === undefined) return rhythm;
  return R.agentSpoke(rhythm, { ...open, agentId, seq, inReplyTo: open.turn.inReplyTo });
}

/** The state after one more event. */
export function evolve(state: RoomState, event: RecordedOf<RoomEvent>): RoomState {
  switch (event.type) {
    case "RoomOpened":
      return { ...state, status: "open", openedAt: event.at, ...event.open };
    case "ParticipantJoined": {
      const { [event.open.userId]: _back, ...gone } = state.gone;
      return { ...state, gone, people: { ...state.people, [event.open.userId]: { joinedSeq: event.seq } } };
    }
    case "ParticipantLeft": {
      const { [event.open.userId]: _left, ...people } = state.people;
      return { ...state, people, gone: went(state, event) };
    }
    case "AgentInvited":
      return { ...state, agents: { ...state.agents, ...invited(state, event) } };
    case "AgentSwitched": {
      const { agentId, active } = event.open;
      const agent = state.agents[agentId];
      return agent === undefined ? state : { ...state, agents: { ...state.agents, [agentId]: { ...agent, active } } };
    }
    case "AgentDismissed": {
      const { [event.open.agentId]: _left, ...agents } = state.agents;
      return { ...state, agents, rhythm: R.agentLeft(state.rhythm, event.open.agentId) };
    }
    case "RoomPolicySet":
      return { ...state, rhythm: R.modeChosen(state.rhythm, event.open.mode) };
    case "MessagePosted":
      return { ...state, rhythm: posted(state, event) };
    case "AgentInvoked": {
      const { agentId, messageId, replyTo } = event.open;
      // An invitation to speak that points at a message is answered as that message.
      return { ...state, rhythm: R.humanInvoked(state.rhythm, { agentId, messageId: replyTo ?? messageId }) };
    }
    case "FloorGranted":
      return { ...state, rhythm: R.floorGranted(state.rhythm, { ...event.open, seq: event.seq }, state.agents) };
    case "FloorPassed":
      return { ...state, rhythm: R.floorPassed(state.rhythm, event.open) };
    case "RoomClosed":
      return { ...state, status: "closed", rhythm: { ...state.rhythm, floor: null } };
    default:
      return state;
  }
}
