/** The work on memories that goes on behind the conversation, each on a timer of its own; built by AgentActor, one line a job. */
import { Effect } from "effect";
import type { AgentEvent } from "#events/agent/events.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import type { Timer } from "../../kit/timers.ts";
import { Drawing } from "./drawing.ts";
import { REEMBED_MEMORIES } from "./embedding/reembedding.ts";
import { SYNC_REMOTE_VECTORS } from "./embedding/remote.ts";
import type { JobHost, JobServices, MemoryJob } from "./job.ts";
import { INDEX_MEMORIES } from "./memory.ts";
import { Practice } from "./practice.ts";
import { MemorySweep } from "./sweep.ts";

/** The jobs of an agent. */
export function memoryJobs(host: JobHost<JobServices>): MemoryJobs {
  const { embeddings } = host.memory;
  return new MemoryJobs([
    new Drawing(host),
    new Practice(host),
    new MemorySweep(host),
    { kind: INDEX_MEMORIES, fired: () => host.run(Effect.asVoid(host.memory.indexMore())) },
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
