/** Every permission, limit and refusal of an agent, and nowhere else: answers what happens next, or why not. */
import type { Decider } from "../kit/decider.ts";
import { agentName, childId, type RoomId, userName } from "../kit/ids.ts";
import type { AgentCommand, AgentCommandOf } from "./commands.ts";
import { mayRemember, notesForgotten } from "./consent.ts";
import { behindAnswers } from "./decide-behind.ts";
import { hearingAnswers } from "./decide-hearing.ts";
import { memoryAnswers } from "./decide-memory.ts";
import { type Answer, accept, closed, refuse, turnAnswers } from "./decide-turn.ts";
import * as E from "./events.ts";
import { AgentIsDeleted, type AgentRefusal, AgentUnknown, AlreadyCreated, Stale } from "./refusals.ts";
import { type AgentState, AgentState as AgentStateSchema, evolve, initial } from "./state.ts";
import type { TurnView } from "./turn.ts";

const owner = (state: AgentState) => userName(state.ownerId!);

// ── life ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function create(command: AgentCommandOf<"CreateAgent">, state: AgentState): Answer {
  if (state.status !== "unknown") return refuse(new AlreadyCreated());
  const { agentId, ownerId, settings, personality, tools, words } = command;
  const subject = userName(ownerId);
  return accept(
    E.AgentCreated({ agentId, ownerId, ...settings }, subject, words),
    ...(personality
      ? [E.PersonalitySet({ traits: personality.traits, style: personality.style }, subject, personality.words)]
      : []),
    ...(tools.length > 0 ? [E.ToolsGranted({ tools })] : []),
  );
}

function reconfigure(command: AgentCommandOf<"ReconfigureAgent">, state: AgentState): Answer {
  if (command.ifVersion !== undefined && command.ifVersion !== state.version)
    return refuse(new Stale({ head: state.version }));
  const { settings, personality, tools, words } = command;
  return accept(
    E.AgentReconfigured({ version: state.version + 1, ...settings }, owner(state), words),
    ...(personality
      ? [E.PersonalitySet({ traits: personality.traits, style: personality.style }, owner(state), personality.words)]
      : []),
    ...(tools ? [E.ToolsGranted({ tools })] : []),
  );
}

function setActive(command: AgentCommandOf<"SetActive">, state: AgentState): Answer {
  if ((state.status === "active") === command.active) return accept();
  return accept(command.active ? E.AgentActivated({}) : E.AgentDeactivated({}));
}

/**
 * A summary covers what the last one did not; one that comes late, or twice, changes nothing. Nor does one that goes on from notes
 * that are forgotten, or holds words of somebody who has taken consent back while it was written.
 */
function summarize(command: AgentCommandOf<"SummarizeRoom">, state: AgentState): Answer {
  const { type: _type, meta: _meta, words, after, ...open } = command;
  const room = state.rooms[command.roomId];
  if (room === undefined || (room.summary?.toSeq ?? 0) >= command.toSeq) return accept();
  if ((room.summary?.seq ?? null) !== after || !state.memoryEnabled || !mayRemember(state, open.about)) return accept();
  return accept(E.RoomSummarized(open, agentName(state.agentId!), words));
}

function remove(command: AgentCommandOf<"DeleteAgent">, state: AgentState): Answer {
  if (command.ifVersion !== undefined && command.ifVersion !== state.version)
    return refuse(new Stale({ head: state.version }));
  return accept(
    ...Object.values(state.turns).flatMap((turn) => closed(turn, "agent-deleted", "inactive", command.meta)),
    E.AgentDeleted({ rooms: Object.keys(state.rooms) as RoomId[] }),
  );
}

/** Leaving ends what was open there: nobody is left to answer to. */
function leave({ roomId, meta }: AgentCommandOf<"LeaveRoom">, state: AgentState): Answer {
  if (state.rooms[roomId] === undefined) return accept();
  const open = Object.values(state.turns).filter((turn) => turn.roomId === roomId);
  return accept(
    ...open.flatMap((turn) => closed(turn, "left-room", "left-room", meta)),
    ...notesForgotten(state, roomId, "left-room"),
    E.RoomLeft({ roomId }),
  );
}

const answers: { readonly [T in AgentCommand["type"]]: (command: AgentCommandOf<T>, state: AgentState) => Answer } = {
  CreateAgent: create,
  ReconfigureAgent: reconfigure,
  GrantTools: (command) => accept(E.ToolsGranted({ tools: command.tools })),
  SetActive: setActive,
  DeleteAgent: remove,
  JoinRoom: ({ roomId, kind }, state) => (state.rooms[roomId] ? accept() : accept(E.RoomJoined({ roomId, kind }))),
  LeaveRoom: leave,
  SummarizeRoom: summarize,
  ...hearingAnswers,
  ...turnAnswers,
  ...behindAnswers,
  ...memoryAnswers,
};

/** A deleted agent has forgotten everything: whoever asks it to forget is told that it is done. */
const isForgetting = (command: AgentCommand): boolean =>
  command.type === "ForgetMemories" ||
  command.type === "ForgetSummaries" ||
  (command.type === "NoteConsent" && !command.granted);

/** What happens next to this agent, or why it does not. */
export function decide(command: AgentCommand, state: AgentState): Answer {
  if (command.type !== "CreateAgent") {
    if (state.status === "unknown") return refuse(new AgentUnknown());
    if (state.status === "deleted") return isForgetting(command) ? accept() : refuse(new AgentIsDeleted());
  }
  const answer = answers[command.type] as (command: AgentCommand, state: AgentState) => Answer;
  return answer(command, state);
}

export const agent: Decider<AgentState, AgentCommand, E.AgentEvent, AgentRefusal> = {
  kind: "agent",
  foldVersion: 13,
  initial,
  events: E.agentEvents,
  state: AgentStateSchema,
  evolve,
  decide,
  isFinal: (state) => state.status === "deleted",
};

/** The turn with which an agent would answer a message: always the same for the same two. */
export const turnOf = (agentId: string, messageId: string): TurnView["turnId"] => childId("turn", messageId, agentId);
