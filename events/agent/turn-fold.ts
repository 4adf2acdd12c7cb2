/** How each event of a turn changes the agent's state; used by state.ts. */
import type { RecordedOf } from "../kit/envelope.ts";
import type { ActorName, RoomId, TurnId } from "../kit/ids.ts";
import { afterFailure, lostIn, nameKey, shifted } from "./asking.ts";
import { forItself } from "./behind-fold.ts";
import { type Amount, add, addToDay, dayAt, nothing, settleOnDay, usedInstead } from "./budget.ts";
import { isDrawnFrom, personBehind } from "./consent.ts";
import type { AgentEvent } from "./events.ts";
import type { TurnView } from "./turn.ts";
import type { AgentState, RoomView } from "./views.ts";

/** How many messages of a room the next prompt can reach back to. */
export const RECENT = 40;

type Recorded = RecordedOf<AgentEvent>;
type Of<T extends AgentEvent["type"]> = Extract<Recorded, { type: T }>;
type OfTurn = Recorded & { readonly open: { readonly turnId: TurnId } };

const updateRoom = (state: AgentState, roomId: RoomId, change: (room: RoomView) => RoomView): AgentState => {
  const room = state.rooms[roomId];
  return room === undefined ? state : { ...state, rooms: { ...state.rooms, [roomId]: change(room) } };
};

const updateTurn = (state: AgentState, event: OfTurn, change: Partial<TurnView>): AgentState => {
  const turn = state.turns[event.open.turnId];
  if (turn === undefined) return state;
  const next = { ...turn, idleAttempts: 0, lastEvent: event.id, lastAt: event.at, ...change };
  return { ...state, turns: { ...state.turns, [turn.turnId]: next } };
};

const updateCall = (
  state: AgentState,
  event: OfTurn & { readonly open: { readonly callId: string } },
  change: Partial<TurnView["rounds"][number]["calls"][number]>,
): AgentState => {
  const rounds = (state.turns[event.open.turnId]?.rounds ?? []).map((round) => ({
    ...round,
    calls: round.calls.map((call) => (call.callId === event.open.callId ? { ...call, ...change } : call)),
  }));
  return updateTurn(state, event, { rounds });
};

const settledCall = (state: AgentState, event: OfTurn & { readonly open: { readonly callId: string } }): AgentState =>
  updateCall(state, event, { state: "settled", settledSeq: event.seq });

/** The turn is over: it leaves the state, and the floor is free. */
function ended(state: AgentState, event: OfTurn): AgentState {
  const turn = state.turns[event.open.turnId];
  if (turn === undefined) return state;
  const { [turn.turnId]: _ended, ...turns } = state.turns;
  return updateRoom({ ...state, turns }, turn.roomId, (room) => ({
    ...room,
    running: room.running === turn.turnId ? null : room.running,
    waiting: room.waiting.filter((other) => other !== turn.turnId),
  }));
}

const received = (state: AgentState, event: Of<"MessageReceived">): AgentState => {
  const { turnId, roomId, messageId, authorId, hops, addressed, chars, replyTo, answers } = event.open;
  const person = personBehind(authorId, answers);
  const turn: TurnView = {
    turnId,
    roomId,
    trigger: messageId,
    triggerSeq: event.seq,
    taken: [],
    inReplyTo: chars === 0 && replyTo !== null ? replyTo : messageId,
    authorId,
    askers: [authorId],
    people: person === null ? null : [person],
    hops,
    addressed,
    chars,
    correlation: event.correlation,
    lastEvent: event.id,
    lastAt: event.at,
    receivedAt: event.at,
    attempt: 0,
    idleAttempts: 0,
    context: null,
    given: [],
    shortened: false,
    asking: null,
    answering: null,
    withheld: false,
    reserved: null,
    spent: nothing,
    wastedMs: 0,
    delayedUntil: null,
    interrupted: null,
    rounds: [],
    gaveUp: null,
    draft: null,
    considered: false,
  };
  return updateRoom({ ...state, turns: { ...state.turns, [turnId]: turn } }, roomId, (room) => ({
    ...heard(room, event.seq),
    waiting: [...room.waiting, turnId],
  }));
};

/** One more message: what no prompt reaches any more is counted, so that a summary can be made in time. */
const heard = (room: RoomView, seq: number): RoomView => ({
  ...room,
  recent: [...room.recent, seq].slice(-RECENT),
  unsummarized: room.unsummarized + 1,
});

const started = (state: AgentState, event: Of<"TurnStarted">): AgentState => {
  const { turnId, roomId, attempt } = event.open;
  const unasked = state.turns[turnId]?.addressed === "floor";
  return updateRoom(updateTurn(state, event, { attempt }), roomId, (room) => ({
    ...room,
    running: turnId,
    waiting: room.waiting.filter((other) => other !== turnId),
    lastFloorAt: unasked ? event.at : room.lastFloorAt,
  }));
};

/** A second context is a shorter one, and the answer to the failure that made it needed. */
function assembled(state: AgentState, event: Of<"ContextAssembled">): AgentState {
  const { turnId, messageSeqs, memorySeqs, summarySeq, tools, tokens } = event.open;
  const context = { seq: event.seq, messageSeqs, memorySeqs, summarySeq, tools, tokens };
  const turn = state.turns[turnId];
  const given = [...new Set([...(turn?.given ?? []), ...memorySeqs])];
  const last = turn?.asking?.asks.at(-1);
  if (turn?.asking == null || last?.failure == null) return updateTurn(state, event, { context, given });
  const asks = [...turn.asking.asks.slice(0, -1), { ...last, failure: { ...last.failure, answered: true } }];
  return updateTurn(state, event, { context, given, shortened: true, asking: { ...turn.asking, asks } });
}

function narrowed(state: AgentState, event: Of<"ContextNarrowed">): AgentState {
  const { turnId, memorySeqs: left } = event.open;
  const context = state.turns[turnId]?.context;
  if (context == null) return state;
  const memorySeqs = context.memorySeqs.filter((seq) => !left.includes(seq));
  return updateTurn(state, event, { context: { ...context, memorySeqs } });
}

/** A message that was taken together with another one: whoever said it waits for the other's answer. */
function declined(state: AgentState, event: Of<"TurnDeclined">): AgentState {
  const { turnId, into, why } = event.open;
  const target = why === "coalesced" && into !== undefined ? state.turns[into] : undefined;
  const joined = target && withAskers(target, state.turns[turnId]);
  return ended(joined ? { ...state, turns: { ...state.turns, [joined.turnId]: joined } } : state, event);
}

/** Whoever waited for the one waits for the other. */
const withAskers = (turn: TurnView, other: TurnView | undefined): TurnView => {
  if (other === undefined) return turn;
  const people = turn.people && other.people && [...new Set([...turn.people, ...other.people])];
  const taken = [...turn.taken, ...other.taken, other.triggerSeq].toSorted((left, right) => left - right);
  return { ...turn, people, taken, askers: [...new Set([...turn.askers, ...other.askers])] };
};

/** A new attempt: the time since the last sign of the old one was nobody's. */
function resumed(state: AgentState, event: Of<"TurnResumed">): AgentState {
  const turn = state.turns[event.open.turnId];
  if (turn === undefined) return state;
  const lostMs = Math.max(0, event.at - turn.lastAt);
  return updateTurn(state, event, {
    attempt: event.open.attempt,
    idleAttempts: turn.idleAttempts + 1,
    asking: turn.asking && shifted(turn.asking, lostMs),
  });
}

/** A timer may ring late; the turn is not the poorer for it. */
function continued(state: AgentState, event: Of<"TurnContinued">): AgentState {
  const turn = state.turns[event.open.turnId];
  if (turn === undefined) return state;
  const lateMs = Math.max(0, event.at - (turn.delayedUntil ?? event.at));
  return updateTurn(state, event, { delayedUntil: null, asking: turn.asking && shifted(turn.asking, lateMs) });
}

/** Counts an amount for the turn, and for the day on which it is spent. */
function spend(state: AgentState, event: OfTurn, amount: Amount, askers: ReadonlyArray<string>): AgentState {
  const turn = state.turns[event.open.turnId];
  if (turn === undefined) return state;
  const day = addToDay(dayAt(state.day, event.at), { roomId: turn.roomId, askers }, amount);
  return updateTurn({ ...state, day }, event, { spent: add(turn.spent, amount) });
}

/** What a reply really used takes the place of its reserve, for the turn and the day; where it does not say, the reserve stays. */
function settled(state: AgentState, event: Of<"ModelReplied">): AgentState {
  const turn = state.turns[event.open.turnId];
  if (turn === undefined || turn.reserved === null) return state;
  const used = usedInstead(turn.reserved, event.open);
  if (used === null) return state;
  const whose = { roomId: turn.roomId, askers: turn.reserved.payers };
  const day = settleOnDay(state.day, whose, turn.reserved, used, event.at);
  return updateTurn({ ...state, day }, event, { spent: add(add(turn.spent, turn.reserved, -1), used) });
}

/** The intent of a request: one more in the round, with its reserve. */
function asked(state: AgentState, event: Of<"ModelAsked">): AgentState {
  const { turnId, round, provider, model, tokens, microUsd } = event.open;
  const turn = state.turns[turnId];
  if (turn === undefined) return state;
  const { payers = [turn.authorId] } = event.open;
  const before = turn.asking?.round === round ? turn.asking : { round, since: event.at, waitedMs: 0, asks: [] };
  const failedAt = before.asks.at(-1)?.failure?.at;
  const asking = {
    ...before,
    waitedMs: before.waitedMs + (failedAt === undefined ? 0 : Math.max(0, event.at - failedAt)),
    asks: [...before.asks, { provider, model, at: event.at, failure: null }],
  };
  const amount = { tokens, microUsd };
  const name = nameKey(event.open);
  const { failures = [], open = false } = state.health[name] ?? {};
  const health = { failures, open, askedAt: event.at };
  const noted = { ...state, health: { ...state.health, [name]: health } };
  const spent = spend(noted, event, amount, payers);
  return updateTurn(spent, event, { asking, reserved: { ...amount, payers, day: spent.day.number } });
}

function failed(state: AgentState, event: Of<"ModelFailed">): AgentState {
  const { turnId, provider, model, kind, reason, retryAfterMs } = event.open;
  const turn = state.turns[turnId];
  if (turn?.asking == null) return state;
  const failure = { at: event.at, kind, reason, retryAfterMs: retryAfterMs ?? null };
  const asks = turn.asking.asks.map((ask, index, all) => (index === all.length - 1 ? { ...ask, failure } : ask));
  const name = nameKey({ provider, model });
  const passing = kind === "busy" || kind === "broken" || kind === "cut";
  const health = passing ? { ...state.health, [name]: afterFailure(state.health[name], event.at) } : state.health;
  return updateTurn({ ...state, health }, event, { asking: { ...turn.asking, asks }, reserved: null });
}

function replied(state: AgentState, event: Of<"ModelReplied">): AgentState {
  const { turnId, finish, calls, provider, model, tokensIn, tokensOut } = event.open;
  const turn = state.turns[turnId];
  if (turn === undefined) return state;
  const round = {
    seq: event.seq,
    finish,
    provider,
    model,
    tokensIn: tokensIn ?? null,
    tokensOut: tokensOut ?? null,
    calls: calls.map(({ callId, tool }) => ({
      callId,
      tool,
      seq: event.seq,
      state: "asked" as const,
      replay: null,
      settledSeq: null,
      isUnknown: false,
    })),
  };
  const paid = settled(state, event);
  const asked = turn.asking?.asks.at(-1);
  const wastedMs = turn.wastedMs + (turn.asking ? lostIn(turn.asking) : 0);
  const health = asked
    ? { ...paid.health, [nameKey(asked)]: { failures: [], askedAt: asked.at, open: false } }
    : paid.health;
  const answering = asked ? { provider: asked.provider, model: asked.model } : null;
  const rounds = [...turn.rounds, round];
  return updateTurn({ ...paid, health }, event, { rounds, asking: null, answering, wastedMs, reserved: null });
}

/** What a model did for the agent itself, in a room: once it was counted with what came of it, now by its request. */
function paidWith(state: AgentState, event: Of<"RoomSummarized" | "MemoriesDrawn">): AgentState {
  const { roomId, request, tokensIn = 0, tokensOut = 0, microUsd } = event.open;
  if (request !== undefined) return state;
  const amount = { tokens: tokensIn + tokensOut, microUsd };
  return { ...state, day: addToDay(dayAt(state.day, event.at), forItself(state, roomId), amount) };
}

/** What a summary covers is no longer open. */
function summarized(state: AgentState, event: Of<"RoomSummarized">): AgentState {
  const { roomId, toSeq, messages, about } = event.open;
  return updateRoom(paidWith(state, event), roomId, (room) => ({
    ...room,
    summary: { seq: event.seq, toSeq, about },
    summaries: [...room.summaries, event.seq],
    summarized: room.summarized + messages,
    unsummarized: Math.max(0, room.unsummarized - messages),
  }));
}

/** What a model drew is not looked for again. */
function drawn(state: AgentState, event: Of<"MemoriesDrawn">): AgentState {
  const { roomId, toSeq } = event.open;
  return { ...paidWith(state, event), drawn: { ...state.drawn, [roomId]: toSeq } };
}

/** The notes are to be made anew, from the first message on. */
const withoutNotes = (state: AgentState, event: Of<"SummariesForgotten">): AgentState =>
  updateRoom(state, event.open.roomId, (room) => ({
    ...room,
    ...{ summary: null, summaries: [], summarized: 0, unsummarized: room.unsummarized + room.summarized },
  }));

const posted = (state: AgentState, event: Of<"ReplyPosted">): AgentState => {
  const { turnId, roomId, roomSeq } = event.open;
  const draft = state.turns[turnId]?.draft;
  const next = updateRoom(updateTurn(state, event, {}), roomId, (room) => ({ ...room, replied: { turnId, roomSeq } }));
  return draft ? updateRoom(next, roomId, (room) => heard(room, draft.seq)) : next;
};

/** What each event of a turn changes; one that is not listed changes nothing that decisions need. */
export const turnChanges: { readonly [T in AgentEvent["type"]]?: (state: AgentState, event: Of<T>) => AgentState } = {
  MessageReceived: received,
  TurnStarted: started,
  TurnDeclined: declined,
  TurnResumed: resumed,
  TurnDelayed: (state, event) => updateTurn(state, event, { delayedUntil: event.open.until }),
  TurnContinued: continued,
  TurnInterrupted: (state, event) => updateTurn(state, event, { interrupted: event.open.why, delayedUntil: null }),
  ContextAssembled: assembled,
  ContextNarrowed: narrowed,
  ModelAsked: asked,
  ModelFailed: failed,
  ModelReplied: replied,
  ModelGaveUp: (state, event) =>
    updateTurn(state, event, {
      gaveUp: { reason: event.open.reason, retryAfterMs: event.open.retryAfterMs ?? null },
    }),
  ToolRequested: (state, event) => updateCall(state, event, { state: "requested", replay: event.open.replay }),
  ToolDenied: settledCall,
  ToolExecuted: settledCall,
  ToolFailed: settledCall,
  ToolOutcomeUnknown: (state, event) => updateCall(settledCall(state, event), event, { isUnknown: true }),
  ReplyDrafted: (state, event) => {
    const { replyId, notice, stopped } = event.open;
    const askers = state.turns[event.open.turnId]?.askers ?? [];
    const considered = !askers.some((asker) => isDrawnFrom(state, asker as ActorName));
    return updateTurn(state, event, { draft: { seq: event.seq, replyId, notice, stopped }, considered });
  },
  ReplyWithheld: (state, event) => updateTurn(state, event, { withheld: true }),
  MemoriesConsidered: (state, event) => updateTurn(state, event, { considered: true }),
  ReplyPosted: posted,
  TurnCompleted: ended,
  TurnStopped: ended,
  TurnFailed: ended,
  RoomSummarized: summarized,
  SummariesForgotten: withoutNotes,
  MemoriesDrawn: drawn,
};
