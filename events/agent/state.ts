/** How an agent's state follows from its events; every decider folds with it. */
import type { RecordedOf } from "../kit/envelope.ts";
import type { TurnId } from "../kit/ids.ts";
import { behindChanges } from "./behind-fold.ts";
import type { AgentEvent } from "./events.ts";
import { turnChanges } from "./turn-fold.ts";
import type { AgentState, RoomView } from "./views.ts";

export { AgentState, initial, type RoomView } from "./views.ts";

type Recorded = RecordedOf<AgentEvent>;
type Of<T extends AgentEvent["type"]> = Extract<Recorded, { type: T }>;

const emptyRoom: Omit<RoomView, "kind"> = {
  recent: [],
  running: null,
  waiting: [],
  lastFloorAt: null,
  replied: null,
  summary: null,
  summaries: [],
  summarized: 0,
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
  talkativeness: event.open.talkativeness ?? null,
  budget: event.open.budget ?? {},
  retentionDays: event.open.retentionDays ?? null,
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
  AgentDeleted: (state) => ({ ...state, status: "deleted", rooms: {}, turns: {}, behind: {} }),
  RoomJoined: (state, event) => ({
    ...state,
    rooms: { ...state.rooms, [event.open.roomId]: { ...emptyRoom, kind: event.open.kind } },
  }),
  RoomLeft: (state, event) => {
    const { [event.open.roomId]: _left, ...rooms } = state.rooms;
    return { ...state, rooms };
  },
  ConsentAsked: (state, event) => ({ ...state, consents: { ...state.consents, [event.open.userId]: "asked" } }),
  ConsentNoted: (state, event) => ({
    ...state,
    consents: { ...state.consents, [event.open.userId]: event.open.granted ? "granted" : "refused" },
  }),
  ...turnChanges,
  ...behindChanges,
};

/** The tools that the agent may use without asking. */
export const toolsAllowed = ({ tools }: AgentState): ReadonlyArray<string> =>
  Object.keys(tools).filter((name) => tools[name] === "allow");

/** The state after one more event. */
export function evolve(state: AgentState, event: Recorded): AgentState {
  const change = changes[event.type] as ((state: AgentState, event: Recorded) => AgentState) | undefined;
  return { ...(change === undefined ? state : change(state, event)), head: event.seq };
}

/**
 * Turns that may start or go on now: in each room the one with the floor, unless a timer holds it, or while nobody has
 * it the one that has waited longest, which takes others along.
 */
export const actionable = (state: AgentState): ReadonlyArray<TurnId> =>
  Object.values(state.rooms)
    .flatMap(({ running, waiting }) => (running === null ? waiting.slice(0, 1) : [running]))
    .filter((turnId) => state.turns[turnId]?.delayedUntil === null);
