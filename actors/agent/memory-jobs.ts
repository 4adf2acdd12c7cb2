/** The work on memories that goes on behind the conversation, each on a timer of its own; built by AgentActor, one line a job. */
import type { AgentEvent } from "#events/agent/events.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import type { Timer } from "../kit/timers.ts";
import { Drawing } from "./drawing.ts";
import type { JobHost, JobServices, MemoryJob } from "./memory-job.ts";
import { Practice } from "./practice.ts";

/** The jobs of an agent. */
export const memoryJobs = (host: JobHost<JobServices>): MemoryJobs =>
  new MemoryJobs([new Drawing(host), new Practice(host)]);

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
