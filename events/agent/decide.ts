/** Every permission, limit and refusal of an agent, and nowhere else: answers what happens next, or why not. */
import { Result } from "effect";
import type { Decider } from "../kit/decider.ts";
import type { CommandMeta } from "../kit/define.ts";
import { agentName, childId, type RoomId, userName } from "../kit/ids.ts";
import { own } from "../kit/own.ts";
import { type Listener, silence, TALKATIVENESS } from "./attention.ts";
import type { AgentCommand, AgentCommandOf } from "./commands.ts";
import * as E from "./events.ts";
import {
  AgentIsDeleted,
  type AgentRefusal,
  AgentUnknown,
  AlreadyCreated,
  NotInRoom,
  Stale,
  TurnOver,
  TurnSuperseded,
  WorkExhausted,
  WrongMoment,
} from "./refusals.ts";
import { type AgentState, AgentState as AgentStateSchema, evolve, initial } from "./state.ts";
import { type CallView, isDue, limits, type TurnView, unsettled } from "./turn.ts";

type Answer = Result.Result<ReadonlyArray<E.AgentEvent>, AgentRefusal>;
const accept = (...events: ReadonlyArray<E.AgentEvent>): Answer => Result.succeed(events);
const refuse = (refusal: AgentRefusal): Answer => Result.fail(refusal);

const owner = (state: AgentState) => userName(state.ownerId!);
const self = (state: AgentState) => agentName(state.agentId!);

const age = (meta: CommandMeta, turn: TurnView): number => Math.max(0, Math.round(meta.at - turn.receivedAt));
const failed = (turn: TurnView, reason: string, meta: CommandMeta) =>
  E.TurnFailed({ turnId: turn.turnId, roomId: turn.roomId, reason, ms: age(meta, turn) });

/** A turn that fails leaves no call open: one whose intent is recorded may have happened, the others did not. */
const lost = (turn: TurnView, reason: string, meta: CommandMeta): ReadonlyArray<E.AgentEvent> => [
  ...unsettled(turn).map(({ callId, tool, state }) =>
    state === "requested"
      ? E.ToolOutcomeUnknown({ turnId: turn.turnId, callId, tool })
      : E.ToolDenied({ turnId: turn.turnId, callId, tool, why: "turn-over" }),
  ),
  failed(turn, reason, meta),
];

/** The end of a turn from outside: one that had begun has failed, one that waited gets its verdict. */
const closed = (
  turn: TurnView,
  reason: string,
  why: "inactive" | "left-room",
  meta: CommandMeta,
): ReadonlyArray<E.AgentEvent> =>
  turn.attempt > 0
    ? lost(turn, reason, meta)
    : [E.TurnDeclined({ turnId: turn.turnId, roomId: turn.roomId, trigger: turn.trigger, why })];

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
  return accept(...open.flatMap((turn) => closed(turn, "left-room", "left-room", meta)), E.RoomLeft({ roomId }));
}

// ── turn ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const listener = ({ status, traits }: AgentState, present: boolean): Listener => ({
  active: status === "active",
  present,
  talkativeness: traits.extraversion ?? TALKATIVENESS,
  lastFloorAt: null,
});

/** Most messages get their verdict in the breath in which they are heard; one that wants the floor while it is taken waits. */
function receive(command: AgentCommandOf<"ReceiveMessage">, state: AgentState): Answer {
  const room = state.rooms[command.roomId];
  if (room === undefined) return refuse(new NotInRoom({ roomId: command.roomId }));
  const { type: _type, meta: _meta, words, ...open } = command;
  const { turnId, roomId, messageId: trigger } = open;
  const heard = E.MessageReceived(open, command.authorId, words);
  const why = silence({ ...command, agentId: state.agentId!, at: command.meta.at }, listener(state, true));
  if (why !== undefined) return accept(heard, E.TurnDeclined({ turnId, roomId, trigger, why }));
  const floorIsFree = room.running === null && room.waiting.length === 0;
  return floorIsFree ? accept(heard, E.TurnStarted({ turnId, roomId, trigger, attempt: 1 })) : accept(heard);
}

/** The verdict on a message: an answer, or silence with its reason. Older messages that wait are taken together with it. */
function start(command: AgentCommandOf<"StartTurn">, state: AgentState): Answer {
  const turn = state.turns[command.turnId];
  if (turn === undefined) return refuse(new TurnOver());
  if (turn.attempt > 0) return accept();
  const { turnId, roomId, trigger } = turn;
  const room = state.rooms[roomId];
  const heard = { ...turn, messageId: trigger, agentId: state.agentId!, at: command.meta.at };
  const why = silence(heard, listener(state, room !== undefined));
  if (why !== undefined) return accept(E.TurnDeclined({ turnId, roomId, trigger, why }));
  if (room!.running !== null) return refuse(new WrongMoment({ step: "receive" }));
  // Whoever waits here was spoken to: everything else got its verdict when it was heard.
  const waiting = room!.waiting.map((id) => state.turns[id]!);
  const newest = waiting.at(-1) ?? turn;
  const older = waiting.filter((other) => other.turnId !== newest.turnId);
  return accept(
    ...older.map((other) =>
      E.TurnDeclined({
        turnId: other.turnId,
        roomId,
        trigger: other.trigger,
        why: "coalesced",
        into: newest.turnId,
      }),
    ),
    E.TurnStarted({ turnId: newest.turnId, roomId, trigger: newest.trigger, attempt: 1 }),
  );
}

function resume(command: AgentCommandOf<"ResumeTurn">, state: AgentState): Answer {
  const turn = state.turns[command.turnId];
  if (turn === undefined || turn.attempt === 0) return refuse(new TurnOver());
  if (turn.idleAttempts >= limits.attemptsWithoutProgress) return accept(...lost(turn, "no-progress", command.meta));
  return accept(E.TurnResumed({ turnId: turn.turnId, attempt: turn.attempt + 1 }));
}

/** The turn a step's command belongs to, if the command is of its newest attempt and the step is due [T5]. */
function current(
  command: { readonly turnId: TurnView["turnId"]; readonly attempt: number },
  state: AgentState,
  step: keyof typeof isDue,
): Result.Result<TurnView, AgentRefusal> {
  const turn = state.turns[command.turnId];
  if (turn === undefined) return Result.fail(new TurnOver());
  if (turn.attempt !== command.attempt) return Result.fail(new TurnSuperseded({ attempt: turn.attempt }));
  return isDue[step](turn) ? Result.succeed(turn) : Result.fail(new WrongMoment({ step }));
}

const whenDue =
  <C extends AgentCommand & { readonly turnId: TurnView["turnId"]; readonly attempt: number }>(
    step: keyof typeof isDue,
    answer: (command: C, turn: TurnView, state: AgentState) => Answer,
  ) =>
  (command: C, state: AgentState): Answer =>
    Result.flatMap(current(command, state, step), (turn) => answer(command, turn, state));

const recordContext = whenDue<AgentCommandOf<"RecordContext">>("assemble", (command, _turn, state) => {
  const { type: _type, meta: _meta, attempt: _attempt, ...open } = command;
  return accept(E.ContextAssembled({ ...open, configSeq: state.configSeq }));
});

const recordModelReply = whenDue<AgentCommandOf<"RecordModelReply">>("think", (command, turn, state) => {
  if (command.round !== turn.rounds.length + 1) return refuse(new WrongMoment({ step: "think" }));
  if (command.round > limits.rounds) return refuse(new WorkExhausted({ what: "rounds" }));
  const { type: _type, meta: _meta, attempt: _attempt, words, ...open } = command;
  return accept(E.ModelReplied(open, self(state), words));
});

const giveUpOnModel = whenDue<AgentCommandOf<"GiveUpOnModel">>("think", (command) => {
  const { type: _type, meta: _meta, attempt: _attempt, ...open } = command;
  return accept(E.ModelGaveUp(open));
});

/** Why a call may not run, if so. A reply cut by the token limit is not to be trusted with any of its calls. */
function denial(
  call: CallView,
  replay: AgentCommandOf<"RequestTool">["replay"],
  turn: TurnView,
  state: AgentState,
): (typeof E.ToolDenied.open.Type)["why"] | undefined {
  const round = turn.rounds.at(-1)!;
  if (round.finish !== "tools") return "reply-cut-short";
  if (round.calls.indexOf(call) >= limits.callsPerRound) return "too-many-calls";
  if (turn.rounds.reduce((sum, { calls }) => sum + calls.length, 0) > limits.calls) return "too-many-calls";
  if (replay === null) return "unknown-tool";
  const mode = own(state.tools, call.tool) ?? "off";
  return mode === "allow" ? undefined : mode === "ask" ? "needs-approval" : "not-granted";
}

const requestTool = whenDue<AgentCommandOf<"RequestTool">>("useTools", (command, turn, state) => {
  const { turnId, callId, replay } = command;
  const call = turn.rounds.at(-1)!.calls.find((other) => other.callId === callId);
  if (call === undefined || call.state === "settled") return refuse(new WrongMoment({ step: "useTools" }));
  const why = denial(call, replay, turn, state);
  if (why !== undefined) return accept(E.ToolDenied({ turnId, callId, tool: call.tool, why }));
  return call.state === "requested"
    ? accept()
    : accept(E.ToolRequested({ turnId, callId, tool: call.tool, replay: replay!, key: callId }));
});

const settleTool = whenDue<AgentCommandOf<"SettleTool">>("useTools", (command, turn, state) => {
  const { turnId, callId, ms, outcome } = command;
  const call = turn.rounds.at(-1)!.calls.find((other) => other.callId === callId);
  if (call?.state !== "requested") return refuse(new WrongMoment({ step: "useTools" }));
  const about = { turnId, callId, tool: call.tool };
  if (outcome.kind === "executed")
    return accept(E.ToolExecuted({ ...about, ms, bytes: outcome.bytes }, self(state), outcome.words));
  if (outcome.kind === "failed")
    return accept(E.ToolFailed({ ...about, ms, reason: outcome.reason }, self(state), outcome.words));
  return accept(E.ToolOutcomeUnknown(about));
});

const draftReply = whenDue<AgentCommandOf<"DraftReply">>("respond", (command, _turn, state) => {
  const { turnId, replyId, chars, hash, notice, words } = command;
  return accept(E.ReplyDrafted({ turnId, replyId, chars, hash, notice }, self(state), words));
});

const considerMemories = whenDue<AgentCommandOf<"ConsiderMemories">>("remember", (command, turn, state) => {
  const memories = state.memoryEnabled ? command.memories : [];
  return accept(
    ...memories.map(({ memoryId, kind, importance, about, basis, words }) =>
      E.MemoryFormed(
        {
          memoryId,
          turnId: turn.turnId,
          roomId: turn.roomId,
          kind,
          importance,
          about,
          basis,
          sourceSeqs: [turn.triggerSeq],
        },
        about[0] === undefined ? self(state) : userName(about[0]),
        words,
      ),
    ),
    E.MemoriesConsidered({ turnId: turn.turnId, formed: memories.length }),
  );
});

const recordPost = whenDue<AgentCommandOf<"RecordPost">>("broadcast", (command, turn) => {
  const { turnId, roomSeq, messageId } = command;
  return accept(
    E.ReplyPosted({ turnId, roomId: turn.roomId, messageId, roomSeq }),
    turn.draft?.notice
      ? failed(turn, turn.gaveUp?.reason ?? "Empty", command.meta)
      : E.TurnCompleted({ turnId, ms: age(command.meta, turn) }),
  );
});

function failTurn(command: AgentCommandOf<"FailTurn">, state: AgentState): Answer {
  const turn = state.turns[command.turnId];
  if (turn === undefined) return refuse(new TurnOver());
  if (turn.attempt !== command.attempt) return refuse(new TurnSuperseded({ attempt: turn.attempt }));
  return accept(...lost(turn, command.reason, command.meta));
}

const answers: { readonly [T in AgentCommand["type"]]: (command: AgentCommandOf<T>, state: AgentState) => Answer } = {
  CreateAgent: create,
  ReconfigureAgent: reconfigure,
  GrantTools: (command) => accept(E.ToolsGranted({ tools: command.tools })),
  SetActive: setActive,
  DeleteAgent: remove,
  JoinRoom: ({ roomId, kind }, state) => (state.rooms[roomId] ? accept() : accept(E.RoomJoined({ roomId, kind }))),
  LeaveRoom: leave,
  ReceiveMessage: receive,
  StartTurn: start,
  ResumeTurn: resume,
  RecordContext: recordContext,
  RecordModelReply: recordModelReply,
  GiveUpOnModel: giveUpOnModel,
  RequestTool: requestTool,
  SettleTool: settleTool,
  DraftReply: draftReply,
  ConsiderMemories: considerMemories,
  RecordPost: recordPost,
  FailTurn: failTurn,
};

/** What happens next to this agent, or why it does not. */
export function decide(command: AgentCommand, state: AgentState): Answer {
  if (command.type !== "CreateAgent") {
    if (state.status === "unknown") return refuse(new AgentUnknown());
    if (state.status === "deleted") return refuse(new AgentIsDeleted());
  }
  const answer = answers[command.type] as (command: AgentCommand, state: AgentState) => Answer;
  return answer(command, state);
}

export const agent: Decider<AgentState, AgentCommand, E.AgentEvent, AgentRefusal> = {
  kind: "agent",
  foldVersion: 1,
  initial,
  events: E.agentEvents,
  state: AgentStateSchema,
  evolve,
  decide,
  isFinal: (state) => state.status === "deleted",
};

/** The turn with which an agent would answer a message: always the same for the same two. */
export const turnOf = (agentId: string, messageId: string): TurnView["turnId"] => childId("turn", messageId, agentId);
