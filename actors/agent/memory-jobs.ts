/** The work on memories that goes on behind the conversation, each on a timer of its own; built by AgentActor, one line a job. */
import type { Effect } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import type { Timer, Timers } from "../kit/timers.ts";
import { REEMBED_MEMORIES } from "./embedding/reembedding.ts";
import { SYNC_REMOTE_VECTORS } from "./embedding/remote.ts";
import type { AgentMemory } from "./memory.ts";
import { MemorySweep } from "./sweep.ts";
import type { Embedder, VectorIndex } from "./turn/memory-ports.ts";
import type { ChatModel } from "./turn/ports.ts";

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
export type JobServices = ChatModel | Embedder | VectorIndex;

/** The jobs of an agent. */
export function memoryJobs(host: JobHost<JobServices>): MemoryJobs {
  const { embeddings } = host.memory;
  return new MemoryJobs([
    new MemorySweep(host),
    { kind: REEMBED_MEMORIES, fired: () => host.run(embeddings.reembed()) },
    { kind: SYNC_REMOTE_VECTORS, fired: () => host.run(embeddings.sync()) },
  ]);
}

/** All jobs of an agent as one. */
export class MemoryJobs {
  readonly #jobs: ReadonlyArray<MemoryJob>;

  constructor(jobs: ReadonlyArray<MemoryJob>) {
    this.#jobs = jobs;
  }

  noticed(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    for (const job of this.#jobs) job.noticed?.(events);
  }

  fired(timer: Timer): void {
    this.#jobs.find(({ kind }) => kind === timer.kind)?.fired(timer);
  }
}
