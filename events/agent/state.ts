/** What decisions about an agent need to know, folded from its events; no words in it, so a snapshot has nothing to forget. */
import { Schema } from "effect";
import type { RecordedOf } from "../kit/envelope.ts";
import { AgentId, RoomId, TurnId, UserId } from "../kit/ids.ts";
import { RoomKind } from "../room/addressing.ts";
import { Health, ModelName } from "./asking.ts";
import { Budget, Day, emptyDay } from "./budget.ts";
import { type AgentEvent, Style, ToolMode, Traits } from "./events.ts";
import { TurnView } from "./turn.ts";
import { turnChanges } from "./turn-fold.ts";

const RoomView = Schema.Struct({
  kind: RoomKind,
  /** Seqs of the newest messages, own and others', oldest first. */
  recent: Schema.Array(Schema.Int),
  /** The turn that has the floor here. */
  running: Schema.NullOr(TurnId),
  /** Turns that wait for it, oldest first. */
  waiting: Schema.Array(TurnId),
  /** When it last spoke here without being asked; null for never. */
  lastFloorAt: Schema.NullOr(Schema.Finite),
  /** The newest summary, and up to where it reaches. */
  summary: Schema.NullOr(Schema.Struct({ seq: Schema.Int, toSeq: Schema.Int })),
  /** How many messages no summary covers yet. */
  unsummarized: Schema.Int,
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
  fallbacks: Schema.Array(ModelName),
  simpleModel: Schema.NullOr(ModelName),
  talkativeness: Schema.Finite,
  budget: Budget,
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
  /** How each model has been doing for this agent. */
  health: Schema.Record(Schema.String, Health),
  /** What was spent on the newest day on which anything was. */
  day: Day,
});
export type AgentState = typeof AgentState.Type;

/** As readily as not. */
const DEFAULT_TALKATIVENESS = 0.5;

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
  fallbacks: [],
  simpleModel: null,
  talkativeness: DEFAULT_TALKATIVENESS,
  budget: {},
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
  health: {},
  day: emptyDay(0),
};

type Recorded = RecordedOf<AgentEvent>;
type Of<T extends AgentEvent["type"]> = Extract<Recorded, { type: T }>;

const emptyRoom: Omit<RoomView, "kind"> = {
  recent: [],
  running: null,
  waiting: [],
  lastFloorAt: null,
  summary: null,
  unsummarized: 0,
};

const configured = (state: AgentState, event: Of<"AgentCreated" | "AgentReconfigured">): AgentState => ({
  ...state,
  name: event.open.name,
  provider: event.open.provider,
  model: event.open.model,
  memoryEnabled: event.open.memoryEnabled,
  maxTokens: event.open.maxTokens ?? null,
  temperature: event.open.temperature ?? null,
  fallbacks: event.open.fallbacks ?? [],
  simpleModel: event.open.simpleModel ?? null,
  talkativeness: event.open.talkativeness ?? DEFAULT_TALKATIVENESS,
  budget: event.open.budget ?? {},
  configSeq: event.seq,
  updatedAt: event.at,
});

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
    rooms: { ...state.rooms, [event.open.roomId]: { ...emptyRoom, kind: event.open.kind } },
  }),
  RoomLeft: (state, event) => {
    const { [event.open.roomId]: _left, ...rooms } = state.rooms;
    return { ...state, rooms };
  },
  ...turnChanges,
};

/** The state after one more event. */
export function evolve(state: AgentState, event: Recorded): AgentState {
  const change = changes[event.type] as ((state: AgentState, event: Recorded) => AgentState) | undefined;
  return change === undefined ? state : change(state, event);
}

/**
 * Turns that may start or go on now: in each room the one with the floor, unless a timer holds it, or those that wait
 * while nobody has it.
 */
export const actionable = (state: AgentState): ReadonlyArray<TurnId> =>
  Object.values(state.rooms)
    .flatMap(({ running, waiting }) => (running === null ? waiting : [running]))
    .filter((turnId) => state.turns[turnId]?.delayedUntil === null);
