/** What decisions about an agent need to know, folded from its events; no words in it, so a snapshot has nothing to forget. */
import { Schema } from "effect";
import type { RecordedOf } from "../kit/envelope.ts";
import { AgentId, type CallId, RoomId, TurnId, UserId } from "../kit/ids.ts";
import { RoomKind } from "../room/addressing.ts";
import { type AgentEvent, Style, ToolMode, Traits } from "./events.ts";
import { TurnView } from "./turn.ts";

/** How many messages of a room the next prompt can reach back to. */
export const RECENT = 40;

const RoomView = Schema.Struct({
  kind: RoomKind,
  /** Seqs of the newest messages, own and others', oldest first. */
  recent: Schema.Array(Schema.Int),
  /** The turn that has the floor here. */
  running: Schema.NullOr(TurnId),
  /** Turns that wait for it, oldest first. */
  waiting: Schema.Array(TurnId),
});
export type RoomView = typeof RoomView.Type;

export const AgentState = Schema.Struct({
  status: Schema.Literals(["unknown", "active", "inactive", "deleted"]),
  agentId: Schema.NullOr(AgentId),
  ownerId: Schema.NullOr(UserId),
  name: Schema.String,
  provider: Schema.String,
  model: Schema.String,
  memoryEnabled: Schema.Boolean,
  maxTokens: Schema.NullOr(Schema.Int),
  temperature: Schema.NullOr(Schema.Finite),
  traits: Traits,
  style: Style,
  /** Counts configurations; the ETag of the agent. */
  version: Schema.Int,
  /** Where the current words are: system prompt and description, and those of the personality. */
  configSeq: Schema.Int,
  personalitySeq: Schema.Int,
  createdAt: Schema.Finite,
  updatedAt: Schema.Finite,
  tools: Schema.Record(Schema.String, ToolMode),
  rooms: Schema.Record(RoomId, RoomView),
  turns: Schema.Record(TurnId, TurnView),
});
export type AgentState = typeof AgentState.Type;

export const initial: AgentState = {
  status: "unknown",
  agentId: null,
  ownerId: null,
  name: "",
  provider: "",
  model: "",
  memoryEnabled: true,
  maxTokens: null,
  temperature: null,
  traits: {},
  style: {},
  version: 0,
  configSeq: 0,
  personalitySeq: 0,
  createdAt: 0,
  updatedAt: 0,
  tools: {},
  rooms: {},
  turns: {},
};

type Recorded = RecordedOf<AgentEvent>;
type Of<T extends AgentEvent["type"]> = Extract<Recorded, { type: T }>;

const updateRoom = (state: AgentState, roomId: RoomId, change: (room: RoomView) => RoomView): AgentState => {
  const room = state.rooms[roomId];
  return room === undefined ? state : { ...state, rooms: { ...state.rooms, [roomId]: change(room) } };
};

const updateTurn = (
  state: AgentState,
  event: Recorded & { readonly open: { readonly turnId: TurnId } },
  change: Partial<TurnView>,
): AgentState => {
  const turn = state.turns[event.open.turnId];
  if (turn === undefined) return state;
  const next = { ...turn, idleAttempts: 0, lastEvent: event.id, ...change };
  return { ...state, turns: { ...state.turns, [turn.turnId]: next } };
};

const updateCall = (
  state: AgentState,
  event: Recorded & { readonly open: { readonly turnId: TurnId; readonly callId: CallId } },
  change: Partial<TurnView["rounds"][number]["calls"][number]>,
): AgentState => {
  const rounds = (state.turns[event.open.turnId]?.rounds ?? []).map((round) => ({
    ...round,
    calls: round.calls.map((call) => (call.callId === event.open.callId ? { ...call, ...change } : call)),
  }));
  return updateTurn(state, event, { rounds });
};

/** The turn is over: it leaves the state, the floor is free, and what was said joins the room's recent messages. */
const endTurn = (state: AgentState, turnId: TurnId, roomId: RoomId): AgentState => {
  const { [turnId]: _ended, ...turns } = state.turns;
  return updateRoom({ ...state, turns }, roomId, (room) => ({
    ...room,
    running: room.running === turnId ? null : room.running,
    waiting: room.waiting.filter((other) => other !== turnId),
  }));
};

const configured = (state: AgentState, event: Of<"AgentCreated" | "AgentReconfigured">): AgentState => ({
  ...state,
  name: event.open.name,
  provider: event.open.provider,
  model: event.open.model,
  memoryEnabled: event.open.memoryEnabled,
  maxTokens: event.open.maxTokens ?? null,
  temperature: event.open.temperature ?? null,
  configSeq: event.seq,
  updatedAt: event.at,
});

const received = (state: AgentState, event: Of<"MessageReceived">): AgentState => {
  const { turnId, roomId, messageId, authorId, hops, addressed, chars, replyTo } = event.open;
  const turn: TurnView = {
    turnId,
    roomId,
    trigger: messageId,
    triggerSeq: event.seq,
    inReplyTo: chars === 0 && replyTo !== null ? replyTo : messageId,
    authorId,
    hops,
    addressed,
    correlation: event.correlation,
    lastEvent: event.id,
    receivedAt: event.at,
    attempt: 0,
    idleAttempts: 0,
    context: null,
    rounds: [],
    gaveUp: null,
    draft: null,
    considered: false,
  };
  return updateRoom({ ...state, turns: { ...state.turns, [turnId]: turn } }, roomId, (room) => ({
    ...room,
    recent: [...room.recent, event.seq].slice(-RECENT),
    waiting: [...room.waiting, turnId],
  }));
};

const started = (state: AgentState, event: Of<"TurnStarted">): AgentState => {
  const { turnId, roomId, attempt } = event.open;
  return updateRoom(updateTurn(state, event, { attempt }), roomId, (room) => ({
    ...room,
    running: turnId,
    waiting: room.waiting.filter((other) => other !== turnId),
  }));
};

const replied = (state: AgentState, event: Of<"ModelReplied">): AgentState => {
  const { turnId, finish, calls, model, tokensIn, tokensOut } = event.open;
  const round = {
    seq: event.seq,
    finish,
    model,
    tokensIn: tokensIn ?? 0,
    tokensOut: tokensOut ?? 0,
    calls: calls.map(({ callId, tool }) => ({
      callId,
      tool,
      seq: event.seq,
      state: "asked" as const,
      replay: null,
      settledSeq: null,
    })),
  };
  return updateTurn(state, event, { rounds: [...(state.turns[turnId]?.rounds ?? []), round] });
};

const posted = (state: AgentState, event: Of<"ReplyPosted">): AgentState => {
  const draft = state.turns[event.open.turnId]?.draft;
  const next = updateTurn(state, event, {});
  return draft
    ? updateRoom(next, event.open.roomId, (room) => ({ ...room, recent: [...room.recent, draft.seq].slice(-RECENT) }))
    : next;
};

const ended = (state: AgentState, event: Of<"TurnCompleted" | "TurnFailed">): AgentState => {
  const turn = state.turns[event.open.turnId];
  return turn === undefined ? state : endTurn(state, turn.turnId, turn.roomId);
};

/** What each event changes; an event that is not listed changes nothing that decisions need. */
const changes: { readonly [T in AgentEvent["type"]]?: (state: AgentState, event: Of<T>) => AgentState } = {
  AgentCreated: (state, event) => ({
    ...configured(state, event),
    status: "active",
    agentId: event.open.agentId,
    ownerId: event.open.ownerId,
    version: 1,
    createdAt: event.at,
  }),
  AgentReconfigured: (state, event) => ({ ...configured(state, event), version: event.open.version }),
  PersonalitySet: (state, event) => ({
    ...state,
    traits: event.open.traits,
    style: event.open.style,
    personalitySeq: event.seq,
  }),
  ToolsGranted: (state, event) => ({
    ...state,
    tools: Object.fromEntries(event.open.tools.map(({ name, mode }) => [name, mode])),
  }),
  AgentActivated: (state, event) => ({ ...state, status: "active", updatedAt: event.at }),
  AgentDeactivated: (state, event) => ({ ...state, status: "inactive", updatedAt: event.at }),
  AgentDeleted: (state) => ({ ...state, status: "deleted", rooms: {}, turns: {} }),
  RoomJoined: (state, event) => ({
    ...state,
    rooms: { ...state.rooms, [event.open.roomId]: { kind: event.open.kind, recent: [], running: null, waiting: [] } },
  }),
  RoomLeft: (state, event) => {
    const { [event.open.roomId]: _left, ...rooms } = state.rooms;
    return { ...state, rooms };
  },
  MessageReceived: received,
  TurnStarted: started,
  TurnDeclined: (state, event) => endTurn(state, event.open.turnId, event.open.roomId),
  TurnResumed: (state, event) =>
    updateTurn(state, event, {
      attempt: event.open.attempt,
      idleAttempts: (state.turns[event.open.turnId]?.idleAttempts ?? 0) + 1,
    }),
  ContextAssembled: (state, event) =>
    updateTurn(state, event, {
      context: {
        seq: event.seq,
        messageSeqs: event.open.messageSeqs,
        memorySeqs: event.open.memorySeqs,
        tools: event.open.tools,
      },
    }),
  ModelReplied: replied,
  ModelGaveUp: (state, event) =>
    updateTurn(state, event, {
      gaveUp: { reason: event.open.reason, retryAfterMs: event.open.retryAfterMs ?? null },
    }),
  ToolRequested: (state, event) => updateCall(state, event, { state: "requested", replay: event.open.replay }),
  ToolDenied: (state, event) => updateCall(state, event, { state: "settled", settledSeq: event.seq }),
  ToolExecuted: (state, event) => updateCall(state, event, { state: "settled", settledSeq: event.seq }),
  ToolFailed: (state, event) => updateCall(state, event, { state: "settled", settledSeq: event.seq }),
  ToolOutcomeUnknown: (state, event) => updateCall(state, event, { state: "settled", settledSeq: event.seq }),
  ReplyDrafted: (state, event) =>
    updateTurn(state, event, {
      draft: { seq: event.seq, replyId: event.open.replyId, notice: event.open.notice },
    }),
  MemoriesConsidered: (state, event) => updateTurn(state, event, { considered: true }),
  ReplyPosted: posted,
  TurnCompleted: ended,
  TurnFailed: ended,
};

/** The state after one more event. */
export function evolve(state: AgentState, event: Recorded): AgentState {
  const change = changes[event.type] as ((state: AgentState, event: Recorded) => AgentState) | undefined;
  return change === undefined ? state : change(state, event);
}

/** Turns that may start or go on now: in each room the one with the floor, or those that wait while nobody has it. */
export const actionable = (state: AgentState): ReadonlyArray<TurnId> =>
  Object.values(state.rooms).flatMap(({ running, waiting }) => (running === null ? waiting : [running]));
