/** What a job on memories is, and what it works with; implemented by drawing.ts and its like, run by jobs.ts. */
import type { Effect } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import type { Timer, Timers } from "../../kit/timers.ts";
import type { Embedder, VectorIndex } from "../turn/memory-ports.ts";
import type { ChatModel, TurnLedger } from "../turn/ports.ts";
import type { AgentMemory } from "./memory.ts";

/** Something that is done to memories when nobody waits for it. Doing it twice must be doing it once. */
export interface MemoryJob {
  /** Of its timers. */
  readonly kind: string;
  /** Inside the transaction of these events: sets the timers that they ask for. */
  noticed?(events: ReadonlyArray<RecordedOf<AgentEvent>>): void;
  /** A timer of its kind has rung. It stays due until it is cancelled or moved. */
  fired(timer: Timer): void;
}

/** What a job works with; `Services` are those of the agent's own runtime. */
export interface JobHost<Services = never> {
  readonly memory: AgentMemory;
  readonly state: () => AgentState;
  readonly timers: Timers;
  readonly now: () => number;
  /** Takes a command in this breath; true when it was accepted. */
  readonly commit: (command: AgentCommand) => boolean;
  readonly meta: (id: string) => AgentCommand["meta"];
  readonly run: (program: Effect.Effect<void, never, Services>) => void;
  readonly report: (what: string, cause: unknown) => void;
}

/** What jobs may use of the agent's own runtime. */
export type JobServices = ChatModel | TurnLedger | Embedder | VectorIndex;
