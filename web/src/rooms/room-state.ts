/** What a room's page knows, and how each frame and each loaded page of history changes it; pure, held by the room's connection. */
import type { Message, Participant, ServerFrames } from "#actors/room/frames.ts";

export interface Outgoing {
  readonly clientId: string;
  readonly text: string;
  readonly status: "pending" | "sent" | "failed";
  readonly at: string;
  readonly messageId?: string;
  readonly reason?: string;
}

export type ToolCall = ServerFrames["tool_execution"];

/** A turn that has not ended: its thinking row, and the reply as far as it was streamed. */
export interface LiveTurn {
  readonly turnId: string;
  readonly agentId: string;
  readonly state: ServerFrames["agent_thinking"]["state"];
  readonly label: string;
  readonly text?: string;
}

/** A turn that somebody stopped before anything was heard of it. */
export interface SilencedTurn {
  readonly turnId: string;
  readonly agentId: string;
  /** The newest event when it ended: what came later stands below it. */
  readonly seq: number;
}

/** What has become of pressing stop: it is on its way, or why it did not work. */
export interface Stop {
  readonly status: "asked" | "failed";
  readonly reason?: string;
}

export interface RoomState {
  /** By rising `seq`, each once. */
  readonly messages: ReadonlyArray<Message>;
  readonly hasOlder: boolean;
  readonly outgoing: ReadonlyArray<Outgoing>;
  readonly turns: ReadonlyArray<LiveTurn>;
  readonly ended: ReadonlySet<string>;
  readonly silenced: ReadonlyArray<SilencedTurn>;
  /** By the turn's id; by the agent's where the turn is not known. */
  readonly stops: ReadonlyMap<string, Stop>;
  /** Who stopped a turn, as `user:<id>`, as far as that is known. */
  readonly stoppers: ReadonlyMap<string, string>;
  readonly tools: ReadonlyMap<string, ReadonlyArray<ToolCall>>;
  readonly participants: ReadonlyArray<Participant>;
  /** Agents that were at work already when this connection began, of whose turn nothing has been heard yet. */
  readonly atWork: ReadonlySet<string>;
  /** What presence says: status by `user:<id>` or `agent:<id>`. */
  readonly presence: ReadonlyMap<string, string>;
  /** The highest `seq` seen; a join asks for what came after it. */
  readonly seq: number;
}

export const initial: RoomState = {
  messages: [],
  hasOlder: false,
  outgoing: [],
  turns: [],
  ended: new Set(),
  silenced: [],
  stops: new Map(),
  stoppers: new Map(),
  tools: new Map(),
  participants: [],
  atWork: new Set(),
  presence: new Map(),
  seq: 0,
};

export const keyOf = (participant: Participant): string =>
  participant.kind === "user" ? `user:${participant.user_id ?? ""}` : `agent:${participant.agent_id ?? ""}`;

export const nameOfAgent = (state: RoomState, agentId: string): string =>
  state.participants.find((one) => one.agent_id === agentId)?.name ?? "Agent";

/** Adds messages, whatever order they come in and however often. */
export function withMessages(state: RoomState, added: ReadonlyArray<Message>): RoomState {
  if (added.length === 0) return state;
  const last = state.messages.at(-1);
  const first = added[0];
  const simple = added.length === 1 && first !== undefined && (last === undefined || first.seq > last.seq);
  const byId = simple ? undefined : new Map([...state.messages, ...added].map((message) => [message.id, message]));
  const messages = byId ? [...byId.values()].sort((a, b) => a.seq - b.seq) : [...state.messages, ...added];
  const seq = Math.max(state.seq, ...added.map((message) => message.seq));
  return added.flatMap(unknownCalls).reduce(toolExecution, { ...state, messages, seq });
}

/** Whoever comes later has seen no frame of these, and may ask for the same again. */
const unknownCalls = ({ turn_id, author_id, unknown_calls = [] }: Message): ReadonlyArray<ToolCall> =>
  turn_id === undefined
    ? []
    : unknown_calls.map((call) => ({ ...call, turn_id, agent_id: author_id, status: "unknown" }));

/** A person's own message has come back: the row that stood for it goes. */
function settleOutgoing(state: RoomState, message: Message, mine: boolean): RoomState {
  const byId = state.outgoing.findIndex((one) => one.messageId === message.id);
  // The frame may overtake the answer that names the id; then the oldest row with these words is meant.
  const at = byId >= 0 || !mine ? byId : state.outgoing.findIndex((one) => !one.messageId && one.text === message.text);
  return at < 0 ? state : { ...state, outgoing: state.outgoing.toSpliced(at, 1) };
}

export const messageCreated = (state: RoomState, message: Message, mine: boolean): RoomState =>
  settleOutgoing(withMessages(state, [message]), message, mine);

/** From the first news of an agent on, its turns speak for themselves. */
function heardOf(state: RoomState, agentId: string): RoomState {
  if (!state.atWork.has(agentId)) return state;
  const atWork = new Set(state.atWork);
  atWork.delete(agentId);
  const stops = new Map(state.stops);
  stops.delete(agentId);
  return { ...state, atWork, stops };
}

/** Who is here; `first` for the whole list that follows a join, which alone tells of turns begun before it. */
export function presenceSeen(state: RoomState, presence: ReadonlyMap<string, string>, first: boolean): RoomState {
  const thinking = [...presence].flatMap(([key, status]) =>
    status === "thinking" ? [key.slice("agent:".length)] : [],
  );
  const atWork = new Set(first ? thinking : thinking.filter((agentId) => state.atWork.has(agentId)));
  return { ...state, presence, atWork };
}

export const withoutTurn = (state: RoomState, turnId: string): RoomState => ({
  ...state,
  turns: state.turns.filter((turn) => turn.turnId !== turnId),
  ended: new Set(state.ended).add(turnId),
});

function withTurn(state: RoomState, turnId: string, agentId: string, change: Partial<LiveTurn>): RoomState {
  if (state.ended.has(turnId)) return state;
  const at = state.turns.findIndex((turn) => turn.turnId === turnId);
  const before = state.turns[at] ?? { turnId, agentId, state: "thinking", label: "Thinking…" };
  const turn = { ...before, ...change };
  return { ...state, turns: at < 0 ? [...state.turns, turn] : state.turns.with(at, turn) };
}

/** Stopped before anything was heard of it, a turn leaves a line where it stood. */
function silenced(state: RoomState, turnId: string): RoomState {
  const turn = state.turns.find((running) => running.turnId === turnId);
  const next = withoutTurn(state, turnId);
  if (turn === undefined || state.messages.some((message) => message.turn_id === turnId)) return next;
  return { ...next, silenced: [...state.silenced, { turnId, agentId: turn.agentId, seq: state.seq }] };
}

export function agentThinking(before: RoomState, payload: ServerFrames["agent_thinking"]): RoomState {
  const { turn_id, agent_id, state: step, label } = payload;
  // What waits says nothing of what runs.
  const state = step === "queued" ? before : heardOf(before, agent_id);
  if (step === "stopped") return silenced(state, turn_id);
  if (step === "done" || step === "failed") return withoutTurn(state, turn_id);
  return withTurn(state, turn_id, agent_id, { state: step, label });
}

function storedMessage(state: RoomState, roomId: string, payload: ServerFrames["agent_message"]): Message {
  return {
    id: payload.message_id,
    room_id: roomId,
    seq: payload.seq ?? state.seq,
    author_id: payload.agent_id,
    author_kind: "agent",
    author_name: payload.agent_name ?? nameOfAgent(state, payload.agent_id),
    text: payload.text ?? null,
    in_reply_to: payload.in_reply_to,
    ...(payload.also_in_reply_to === undefined ? {} : { also_in_reply_to: payload.also_in_reply_to }),
    turn_id: payload.turn_id,
    ...(payload.model === undefined ? {} : { model: payload.model }),
    ...(payload.notice === undefined ? {} : { notice: payload.notice }),
    ...(payload.stopped === undefined ? {} : { stopped: payload.stopped }),
    ...(payload.unknown_calls === undefined ? {} : { unknown_calls: payload.unknown_calls }),
    ai_generated: true,
    created_at: payload.created_at ?? new Date().toISOString(),
  };
}

export function agentMessage(before: RoomState, roomId: string, payload: ServerFrames["agent_message"]): RoomState {
  const state = heardOf(before, payload.agent_id);
  const { turn_id, agent_id, phase } = payload;
  if (phase === "end") {
    const next = withMessages(state, [storedMessage(state, roomId, payload)]);
    return withoutTurn(next, turn_id);
  }
  if (phase === "error") return withoutTurn(state, turn_id);
  const text = state.turns.find((turn) => turn.turnId === turn_id)?.text;
  if (phase === "start") return withTurn(state, turn_id, agent_id, { text: payload.delta ?? "" });
  // The beginning of this reply was missed (a lost connection): a fragment would mislead, the stored whole will come.
  if (text === undefined) return withTurn(state, turn_id, agent_id, { state: "replying", label: "Writing…" });
  return withTurn(state, turn_id, agent_id, { text: text + (payload.delta ?? "") });
}

export function toolExecution(state: RoomState, payload: ToolCall): RoomState {
  const calls = state.tools.get(payload.turn_id) ?? [];
  const at = calls.findIndex((call) => call.id === payload.id);
  const merged = at < 0 ? [...calls, payload] : calls.with(at, { ...calls[at], ...payload });
  return { ...state, tools: new Map(state.tools).set(payload.turn_id, merged) };
}

/** Tool calls read from the record; what a frame or a message has told already is at least as new, and may be less. */
export const withRecordedTools = (before: RoomState, recorded: ReadonlyArray<ToolCall>): RoomState =>
  recorded.reduce((state, call) => {
    const told = state.tools.get(call.turn_id)?.find(({ id }) => id === call.id);
    return toolExecution(state, { ...call, ...told });
  }, before);

export function participantJoined(state: RoomState, payload: ServerFrames["participant_joined"]): RoomState {
  const { seq, ...participant } = payload;
  const others = state.participants.filter((one) => keyOf(one) !== keyOf(participant));
  return { ...state, participants: [...others, participant], seq: Math.max(state.seq, seq) };
}

export function participantLeft(state: RoomState, payload: ServerFrames["participant_left"]): RoomState {
  const participants = state.participants.filter((one) =>
    payload.agent_id === undefined ? one.user_id !== payload.user_id : one.agent_id !== payload.agent_id,
  );
  return { ...state, participants, seq: Math.max(state.seq, payload.seq) };
}

/** A new connection tells again what runs; what the old one told of running turns may be over by now. */
export const joinedAnew = (state: RoomState): RoomState => ({ ...state, turns: [], stops: new Map() });

export const outgoingAdded = (state: RoomState, outgoing: Outgoing): RoomState => ({
  ...state,
  outgoing: [...state.outgoing.filter((one) => one.clientId !== outgoing.clientId), outgoing],
});

/** The answer to a push; when the message itself was quicker, its row is gone already and stays gone. */
export function outgoingChanged(state: RoomState, clientId: string, change: Partial<Outgoing>): RoomState {
  const at = state.outgoing.findIndex((one) => one.clientId === clientId);
  const before = state.outgoing[at];
  if (before === undefined) return state;
  if (change.messageId !== undefined && state.messages.some((message) => message.id === change.messageId))
    return { ...state, outgoing: state.outgoing.toSpliced(at, 1) };
  return { ...state, outgoing: state.outgoing.with(at, { ...before, ...change }) };
}
