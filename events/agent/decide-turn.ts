/** What may happen in an agent's turns once they have begun: every permission and limit of them; part of decide.ts. */
import { Result } from "effect";
import type { CommandMeta } from "../kit/define.ts";
import { type ActorName, agentName } from "../kit/ids.ts";
import { own } from "../kit/own.ts";
import { type ModelName, type NextAsk, nameKey, nextAsk } from "./asking.ts";
import { dayAt, overBudget, payersOf, type Scope } from "./budget.ts";
import type { AgentCommand, AgentCommandOf } from "./commands.ts";
import { saidAsMemory } from "./consent.ts";
import * as E from "./events.ts";
import { type AgentRefusal, NothingToStop, TurnOver, TurnSuperseded, WorkExhausted, WrongMoment } from "./refusals.ts";
import type { AgentState } from "./state.ts";
import { type CallView, isDue, limits, type TurnView, unsettled } from "./turn.ts";

export type Answer = Result.Result<ReadonlyArray<E.AgentEvent>, AgentRefusal>;
export const accept = (...events: ReadonlyArray<E.AgentEvent>): Answer => Result.succeed(events);
export const refuse = (refusal: AgentRefusal): Answer => Result.fail(refusal);

const self = (state: AgentState) => agentName(state.agentId!);

const age = (meta: CommandMeta, turn: TurnView): number => Math.max(0, Math.round(meta.at - turn.receivedAt));
const failed = (turn: TurnView, reason: string, meta: CommandMeta) =>
  E.TurnFailed({ turnId: turn.turnId, roomId: turn.roomId, reason, ms: age(meta, turn) });

/** No call is left open: one whose intent is recorded may have happened, the others did not. */
const callsClosed = (turn: TurnView): ReadonlyArray<E.AgentEvent> =>
  unsettled(turn).map(({ callId, tool, state }) =>
    state === "requested"
      ? E.ToolOutcomeUnknown({ turnId: turn.turnId, callId, tool })
      : E.ToolDenied({ turnId: turn.turnId, callId, tool, why: "turn-over" }),
  );

const lost = (turn: TurnView, reason: string, meta: CommandMeta): ReadonlyArray<E.AgentEvent> => [
  ...callsClosed(turn),
  failed(turn, reason, meta),
];

/** The end of a turn from outside: one that had begun has failed, one that waited gets its verdict. */
export const closed = (
  turn: TurnView,
  reason: string,
  why: "inactive" | "left-room",
  meta: CommandMeta,
): ReadonlyArray<E.AgentEvent> =>
  turn.attempt > 0
    ? lost(turn, reason, meta)
    : [E.TurnDeclined({ turnId: turn.turnId, roomId: turn.roomId, trigger: turn.trigger, why })];

/** A turn that had begun keeps what was heard of it; one that waited gets its verdict. */
export const stopped = (turn: TurnView, by: ActorName, why: "stopped" | "called-off"): ReadonlyArray<E.AgentEvent> => {
  const { turnId, roomId, trigger } = turn;
  if (turn.attempt === 0) return [E.TurnDeclined({ turnId, roomId, trigger, why: "called-off" })];
  return turn.interrupted === null ? [...callsClosed(turn), E.TurnInterrupted({ turnId, by, why })] : [];
};

function stop(command: AgentCommandOf<"StopTurn">, state: AgentState): Answer {
  const turn = state.turns[command.turnId ?? state.rooms[command.roomId]?.running ?? ("" as TurnView["turnId"])];
  if (turn === undefined || turn.roomId !== command.roomId || turn.draft !== null) return refuse(new NothingToStop());
  return accept(...stopped(turn, command.meta.by, "stopped"));
}

function continueTurn({ turnId }: AgentCommandOf<"ContinueTurn">, state: AgentState): Answer {
  return state.turns[turnId]?.delayedUntil == null ? accept() : accept(E.TurnContinued({ turnId }));
}

/** Why a turn ends that dies, or stands still, again and again. */
export const NO_PROGRESS = "no-progress";

/** A turn that cannot go on still owes its room a sentence; undefined when that sentence is what cannot be said. */
function lastWord(turn: TurnView): ReadonlyArray<E.AgentEvent> | undefined {
  if (turn.draft !== null || turn.gaveUp !== null || turn.interrupted !== null) return undefined;
  const gaveUp = { round: turn.rounds.length + 1, reason: NO_PROGRESS, tried: turn.asking?.asks.length ?? 0 };
  return [...callsClosed(turn), E.ModelGaveUp({ turnId: turn.turnId, ...gaveUp })];
}

function resume(command: AgentCommandOf<"ResumeTurn">, state: AgentState): Answer {
  const turn = state.turns[command.turnId];
  if (turn === undefined || turn.attempt === 0) return refuse(new TurnOver());
  const resumed = E.TurnResumed({ turnId: turn.turnId, attempt: turn.attempt + 1 });
  if (turn.idleAttempts < limits.attemptsWithoutProgress) return accept(resumed);
  const notice = lastWord(turn);
  return accept(...(notice === undefined ? lost(turn, NO_PROGRESS, command.meta) : [...notice, resumed]));
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

export const whenDue =
  <C extends AgentCommand & { readonly turnId: TurnView["turnId"]; readonly attempt: number }>(
    step: keyof typeof isDue,
    answer: (command: C, turn: TurnView, state: AgentState) => Answer,
  ) =>
  (command: C, state: AgentState): Answer =>
    Result.flatMap(current(command, state, step), (turn) => answer(command, turn, state));

const recordContext = whenDue<AgentCommandOf<"RecordContext">>("assemble", (command, _turn, state) => {
  const { type: _type, meta: _meta, attempt: _attempt, ...open } = command;
  const { configSeq, personalitySeq } = state;
  return accept(E.ContextAssembled({ configSeq, personalitySeq, ...open }));
});

/** Memories that may not be told any more leave the context; a model that is asked from here on does not see them. */
const narrowContext = whenDue<AgentCommandOf<"NarrowContext">>("think", ({ turnId, memorySeqs }, turn) => {
  const left = memorySeqs.filter((seq) => turn.context?.memorySeqs.includes(seq));
  return left.length === 0 ? accept() : accept(E.ContextNarrowed({ turnId, memorySeqs: left }));
});

/** A message this short, in a conversation this short, is what the cheap model is for. */
const SIMPLE = { chars: 160, tokens: 2_000 } as const;

/** The models a turn may ask, best first, all of them on the owner's list of today; who has answered goes on. */
function candidatesFor(turn: TurnView, state: AgentState): ReadonlyArray<ModelName> {
  const { provider, model, fallbacks, simpleModel } = state;
  const cheap = isSimple(turn, state) ? [simpleModel!] : [];
  const granted = [...cheap, { provider, model }, ...fallbacks];
  const goesOn = [...granted, ...(simpleModel ? [simpleModel] : [])].filter(
    (name) => turn.answering !== null && nameKey(name) === nameKey(turn.answering),
  );
  const ordered = [...goesOn, ...granted];
  return ordered.filter((name, index) => ordered.findIndex((other) => nameKey(other) === nameKey(name)) === index);
}

const isSimple = (turn: TurnView, { simpleModel }: AgentState): boolean =>
  simpleModel !== null &&
  turn.rounds.length === 0 &&
  turn.chars <= SIMPLE.chars &&
  (turn.context?.tokens ?? 0) <= SIMPLE.tokens;

/** Which model this turn asks next, and when; the step asks here, and AskModel is held to it. */
export function nextAskOf(turn: TurnView, state: AgentState, at: number): NextAsk {
  const round = turn.rounds.length + 1;
  const chosen = nameKey(state);
  const cheap = state.simpleModel && nameKey(state.simpleModel);
  return nextAsk(turn.asking?.round === round ? turn.asking : null, at, {
    candidates: candidatesFor(turn, state),
    health: state.health,
    wastedMs: turn.wastedMs,
    seed: turn.turnId,
    whyOf: (name) => (nameKey(name) === chosen ? "chosen" : nameKey(name) === cheap ? "simple" : "fallback"),
  });
}

const overBudgetReasons: Readonly<Record<Scope, string>> = {
  turn: "TurnBudget",
  agent: "AgentBudget",
  room: "RoomBudget",
  asker: "AskerBudget",
};

/** The intent of a request, with its reserve; one that no ceiling allows is not made. */
const askModel = whenDue<AgentCommandOf<"AskModel">>("think", (command, turn, state) => {
  const { turnId, round, provider, model, why, tokens, microUsd, verdict, meta } = command;
  if (round !== turn.rounds.length + 1) return refuse(new WrongMoment({ step: "think" }));
  if (round > limits.rounds) return refuse(new WorkExhausted({ what: "rounds" }));
  const next = nextAskOf(turn, state, meta.at);
  if (next.type !== "ask" || nameKey(next.name) !== nameKey(command)) return refuse(new WrongMoment({ step: "think" }));
  const day = dayAt(state.day, meta.at);
  const { roomId, askers } = turn;
  const over = overBudget(state.budget, { turn: turn.spent, day }, { roomId, askers }, { tokens, microUsd });
  if (over !== undefined) {
    const tried = turn.asking?.asks.length ?? 0;
    return accept(E.ModelGaveUp({ turnId, round, reason: overBudgetReasons[over], tried }));
  }
  const payers = askers.length > 1 ? { payers: payersOf(state.budget, day, askers, { tokens, microUsd }) } : {};
  const judged = verdict === undefined ? {} : { verdict };
  return accept(E.ModelAsked({ turnId, round, provider, model, why, tokens, microUsd, ...payers, ...judged }));
});

const recordModelFailure = whenDue<AgentCommandOf<"RecordModelFailure">>("think", (command, turn) => {
  if (turn.asking?.round !== command.round) return refuse(new WrongMoment({ step: "think" }));
  const { type: _type, meta: _meta, attempt: _attempt, ...open } = command;
  return accept(E.ModelFailed(open));
});

const delay = whenDue<AgentCommandOf<"DelayTurn">>("think", ({ turnId, until }) =>
  accept(E.TurnDelayed({ turnId, until })),
);

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
  replay: AgentCommandOf<"RequestTools">["calls"][number]["replay"],
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

/** All calls that are to run side by side pass the gate in one commit, each with a verdict of its own. */
const requestTools = whenDue<AgentCommandOf<"RequestTools">>("useTools", (command, turn, state) => {
  const { turnId } = turn;
  const events: E.AgentEvent[] = [];
  for (const { callId, replay } of command.calls) {
    const call = turn.rounds.at(-1)!.calls.find((other) => other.callId === callId);
    if (call === undefined || call.state === "settled") return refuse(new WrongMoment({ step: "useTools" }));
    const why = denial(call, replay, turn, state);
    if (why !== undefined) events.push(E.ToolDenied({ turnId, callId, tool: call.tool, why }));
    else if (call.state === "asked")
      events.push(E.ToolRequested({ turnId, callId, tool: call.tool, replay: replay!, key: callId }));
  }
  return accept(...events);
});

const settleTool = whenDue<AgentCommandOf<"SettleTool">>("useTools", (command, turn, state) => {
  const { turnId, callId, ms, outcome } = command;
  const call = turn.rounds.at(-1)!.calls.find((other) => other.callId === callId);
  if (call?.state !== "requested") return refuse(new WrongMoment({ step: "useTools" }));
  // [T2] Nobody knows what came of it: told that it failed, the model would ask for it again.
  if (outcome.kind === "failed" && outcome.reason === "Timeout" && call.replay === "once")
    return refuse(new WrongMoment({ step: "useTools" }));
  const about = { turnId, callId, tool: call.tool };
  if (outcome.kind === "executed")
    return accept(E.ToolExecuted({ ...about, ms, bytes: outcome.bytes }, self(state), outcome.words));
  if (outcome.kind === "failed")
    return accept(E.ToolFailed({ ...about, ms, reason: outcome.reason }, self(state), outcome.words));
  return accept(E.ToolOutcomeUnknown(about));
});

const withholdReply = whenDue<AgentCommandOf<"WithholdReply">>("think", (command, turn) => {
  const { type: _type, meta: _meta, attempt: _attempt, ...open } = command;
  return turn.withheld ? accept() : accept(E.ReplyWithheld(open));
});

const draftReply = whenDue<AgentCommandOf<"DraftReply">>("respond", (command, turn, state) => {
  const { type: _type, meta: _meta, attempt: _attempt, withheld, words, ...open } = command;
  const stopped = turn.interrupted !== null && !open.notice;
  return accept(
    ...(withheld === undefined || turn.withheld ? [] : [E.ReplyWithheld({ turnId: turn.turnId, ...withheld })]),
    E.ReplyDrafted({ ...open, stopped }, self(state), words),
  );
});

const endTurn = whenDue<AgentCommandOf<"EndTurn">>("respond", (command, turn) =>
  turn.interrupted === null
    ? refuse(new WrongMoment({ step: "respond" }))
    : accept(E.TurnStopped({ turnId: turn.turnId, roomId: turn.roomId, ms: age(command.meta, turn) })),
);

const recordPost = whenDue<AgentCommandOf<"RecordPost">>("broadcast", (command, turn, state) => {
  const { turnId, roomSeq, messageId } = command;
  const { roomId, draft } = turn;
  const ms = age(command.meta, turn);
  const ending = draft?.notice
    ? failed(turn, turn.gaveUp?.reason ?? (turn.withheld ? "Withheld" : "Empty"), command.meta)
    : draft?.stopped
      ? E.TurnStopped({ turnId, roomId, ms })
      : E.TurnCompleted({ turnId, ms });
  return accept(E.ReplyPosted({ turnId, roomId, messageId, roomSeq }), ...saidAsMemory(command, turn, state), ending);
});

function failTurn(command: AgentCommandOf<"FailTurn">, state: AgentState): Answer {
  const turn = state.turns[command.turnId];
  if (turn === undefined) return refuse(new TurnOver());
  if (turn.attempt !== command.attempt) return refuse(new TurnSuperseded({ attempt: turn.attempt }));
  return accept(...(lastWord(turn) ?? lost(turn, command.reason, command.meta)));
}

type TurnCommand = Extract<
  AgentCommand,
  { readonly turnId: TurnView["turnId"] } | { readonly type: "StopTurn" }
>["type"];
type Here = Exclude<TurnCommand, "ReceiveMessage" | "StartTurn" | "ConsiderMemories">;

/** What each command of a turn is answered, but for those that begin it. */
export const turnAnswers = {
  ResumeTurn: resume,
  StopTurn: stop,
  DelayTurn: delay,
  ContinueTurn: continueTurn,
  RecordContext: recordContext,
  NarrowContext: narrowContext,
  AskModel: askModel,
  RecordModelFailure: recordModelFailure,
  RecordModelReply: recordModelReply,
  GiveUpOnModel: giveUpOnModel,
  RequestTools: requestTools,
  SettleTool: settleTool,
  WithholdReply: withholdReply,
  DraftReply: draftReply,
  EndTurn: endTurn,
  RecordPost: recordPost,
  FailTurn: failTurn,
} satisfies { readonly [T in Here]: (command: AgentCommandOf<T>, state: AgentState) => Answer };
