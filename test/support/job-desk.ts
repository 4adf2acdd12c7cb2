/** What an actor does around a stage for one of its jobs on memories: its timers, its clock, its memory, and where its work goes. */

import { Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import type { JobHost, JobServices } from "#actors/agent/memory/job.ts";
import { MemoryJobs, memoryJobs } from "#actors/agent/memory/jobs.ts";
import { AgentMemory } from "#actors/agent/memory/memory.ts";
import type { Present } from "#actors/kit/doors.ts";
import { Timers } from "#actors/kit/timers.ts";
import type { AgentCommand } from "#events/agent/commands.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { RecordedOf, Unsealed } from "#events/kit/envelope.ts";
import { agentName, type UserId } from "#events/kit/ids.ts";
import { ada, dana, eli, memoryId } from "./given.ts";
import { metaFor, TestKeys } from "./ledger-fixture.ts";
import { noVectors } from "./rememberer.ts";
import { type Script, Stage } from "./scripted.ts";

type Fork = (program: Effect.Effect<unknown, unknown>) => Fiber.Fiber<unknown, unknown>;
type Overheard = NonNullable<Parameters<Stage["hear"]>[2]> & { readonly names?: ReadonlyArray<UserId> };

export class JobDesk {
  readonly reports: string[] = [];
  readonly stage: Stage;
  readonly #fibers: Array<Fiber.Fiber<unknown, unknown>> = [];
  readonly #fork: Fork;
  #jobs = new MemoryJobs([]);
  timers!: Timers;
  memory!: AgentMemory;
  /** What rooms answer that are asked who is there. */
  attendance: () => ReadonlyArray<Present> | null = () => [
    { userId: dana, name: "Dana", isHere: true },
    { userId: eli, name: "Eli", isHere: true },
  ];

  constructor(script: Partial<Script>, fork: Fork) {
    this.#fork = fork;
    this.stage = new Stage({ model: [], ...script });
    this.wake();
  }

  /** The object begins anew: what was only in memory is gone. */
  wake(): void {
    const { stage } = this;
    stage.restart();
    const keys = new TestKeys();
    this.timers = new Timers(stage.ledger.tables, { set: () => {} });
    const commit = (command: AgentCommand) => stage.ledger.commit(command);
    const meta = (id: string) => metaFor(id, agentName(ada), { at: stage.now });
    const report = (what: string) => void this.reports.push(what);
    this.memory = new AgentMemory({
      ...{ ledger: stage.ledger, agentId: () => ada, now: () => stage.now, commit, report, keys, timers: this.timers },
      services: () => noVectors,
      meta: (id) => meta(`${id}/${stage.ledger.head}`),
      indexKey: (subject) => {
        const key = keys.get(subject);
        return key === undefined || key === "destroyed" ? key : key.key;
      },
      fetchKeys: async () => {},
      attendance: async () => this.attendance(),
      reveal: (seqs) => Effect.sync(() => stage.ledger.reveal(seqs) as ReadonlyArray<Unsealed>),
    });
    const host: JobHost<JobServices> = {
      ...{ memory: this.memory, state: () => stage.ledger.state, timers: this.timers, now: () => stage.now },
      ...{ meta, report, commit: (command) => commit(command).outcome === "accepted" },
      run: (program) => void this.#fibers.push(this.#fork(stage.perform(Effect.provideContext(program, noVectors)))),
    };
    this.#jobs = memoryJobs(host);
    stage.along = (events) => {
      this.memory.forgetting.keys(events);
      this.#jobs.noticed(events);
    };
    stage.told = (events) => this.memory.committed(events);
  }

  /** Somebody says something, which is remembered where it may be. */
  hear(label: string, text: string, { names = [], ...over }: Overheard = {}) {
    const episode = { memoryId: memoryId(label), importance: 0.3, names };
    return this.stage.hear(label, text, { episode, ...over });
  }

  /** When a timer of this kind rings next. */
  due(kind: string): number | undefined {
    return this.timers.due(Number.MAX_SAFE_INTEGER).find((timer) => timer.kind === kind)?.due;
  }

  /** The alarm rings at the time for which this kind is set. */
  ring(kind: string): void {
    this.stage.now = Math.max(this.stage.now, this.due(kind) ?? 0);
    for (const timer of this.timers.due(this.stage.now)) this.#jobs.fired(timer);
  }

  /** What it began comes to its end. */
  settled() {
    return Effect.forEach(this.#fibers.splice(0), (fiber) => Effect.exit(Fiber.join(fiber)));
  }

  /** The memories of this kind, with their words. */
  formed(kind: string) {
    const events = this.stage.events().filter(({ type }) => type === "MemoryFormed");
    const own = events.filter((event) => event.sealed !== undefined && (event.open as { kind: string }).kind === kind);
    const words = this.stage.ledger.reveal(own.map(({ seq }) => seq)) as ReadonlyArray<Unsealed>;
    return own.map((event, index) => ({
      ...(event as Extract<RecordedOf<AgentEvent>, { type: "MemoryFormed" }>).open,
      content: (words[index]!.words as { readonly content?: string }).content,
    }));
  }
}

/** A desk whose work runs on the virtual clock of the test. */
export const jobDesk = Effect.fnUntraced(function* (script: Partial<Script> = {}) {
  const services = yield* Effect.context();
  return new JobDesk(script, (program) => Effect.runForkWith(services)(program) as Fiber.Fiber<never, unknown>);
});

/** The alarm rings, and what it began comes to its end. */
export const rang = Effect.fnUntraced(function* (at: JobDesk, kind: string) {
  at.ring(kind);
  yield* TestClock.adjust(120_000);
  yield* at.settled();
});

/** A turn from beginning to end. */
export const played = Effect.fnUntraced(function* (at: JobDesk, turn: ReturnType<Stage["hear"]>) {
  const running = yield* Effect.forkChild(at.stage.run(turn));
  yield* TestClock.adjust(60_000);
  yield* Fiber.join(running);
});
