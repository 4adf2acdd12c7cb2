/** The job that brings the vectors of all memories to the embedder of today, new memories' too; driven by a timer of the agent, and going on where it stood after a crash. */
import { Clock, Effect, Exit } from "effect";
import type { ActorName } from "#events/kit/ids.ts";
import type { EmbeddingProgress } from "../../../kit/memory-doors.ts";
import { insertRows, type SqlPort } from "../../../kit/sql.ts";
import type { Timers } from "../../../kit/timers.ts";
import { KeyFailure } from "../../turn/failures.ts";
import { Embedder, type EmbedFailure, isOurs } from "../../turn/memory-ports.ts";
import { pauseAfter } from "./pauses.ts";
import type { AgentVectors } from "./vectors.ts";

/** The kind of the timer that drives the job, and its id. */
export const REEMBED_MEMORIES = "reembed-memories";

/** Two texts a memory: a batch has 64 at most. */
const MEMORIES_AT_ONCE = 32;
const LOOKED_AT_ONCE = 500;
/** Between two batches there is room for a turn. */
const BETWEEN_MS = 100;
/** A batch that died with its process is taken up again after this long. */
const AGAIN_MS = 60_000;

/** What a memory is embedded from. */
export interface MemoryTexts {
  readonly seq: number;
  readonly subject: ActorName;
  /** Its own words. */
  readonly own: string;
  /** Its words with those of its two predecessors; the same text as `own` where it has none. */
  readonly window: string;
  /** The predecessors whose words are in it. */
  readonly preceding?: ReadonlyArray<number>;
}

/** The agent's memories, as far as the job reads them. */
export interface Memories {
  /** Seqs of memories that are searched in, behind one, in rising order. */
  readonly after: (seq: number, limit: number) => ReadonlyArray<number>;
  /** Which of these still are. */
  readonly live: (seqs: ReadonlyArray<number>) => ReadonlyArray<number>;
  /** Their words; erased ones are left out. */
  readonly texts: (seqs: ReadonlyArray<number>) => Effect.Effect<ReadonlyArray<MemoryTexts>, KeyFailure>;
  /** Told in the transaction that keeps their vectors: what else must know of them, a remote index for one. */
  readonly kept?: (seqs: ReadonlyArray<number>) => void;
}

interface Job extends EmbeddingProgress {
  readonly run: number;
  readonly cursor: number;
  readonly size: number;
  readonly attempts: number;
}

const COLUMNS = "run, model, status, cursor, done, total, skipped, size, attempts, error";

export class Reembedding {
  readonly #sql: SqlPort;
  readonly #timers: Pick<Timers, "set" | "cancel">;
  readonly #vectors: AgentVectors;
  readonly #memories: Memories;
  #isWorking = false;
  /** Up to which memory those without a vector were counted in, and for which run: known only in the life that counted. */
  #counted: { readonly run: number; readonly upTo: number } | undefined;

  constructor(
    vectors: AgentVectors,
    {
      sql,
      timers,
      memories,
    }: {
      readonly sql: SqlPort;
      readonly timers: Pick<Timers, "set" | "cancel">;
      readonly memories: Memories;
    },
  ) {
    this.#vectors = vectors;
    this.#sql = sql;
    this.#timers = timers;
    this.#memories = memories;
  }

  /** How far the job is; undefined when there never was one. */
  progress(): EmbeddingProgress | undefined {
    const job = this.#job();
    if (job === undefined) return undefined;
    const { status, model, done, total, skipped, error } = job;
    return { status, model, done, total, skipped, error };
  }

  /**
   * Begins the job, or lets it go on: call it at a start, and in the commit that forms memories. With another model than
   * last time it begins with the first memory; else with those behind the last one that is through, or behind `from`,
   * where earlier ones came back. A cancelled job stays so until it is resumed.
   */
  start(now: number, from?: number): void {
    const job = this.#job();
    const isSame = job?.model === this.#vectors.model.name;
    if (isSame && job.status === "cancelled" && from === undefined) return;
    const cursor = isSame ? Math.min(job.cursor, from ?? job.cursor) : 0;
    const goesOn = isSame && job.status === "running" && cursor === job.cursor;
    // While it only goes on, what came since is counted in: messages come faster than thousands of memories are counted.
    const before = goesOn && this.#counted?.run === job.run ? this.#counted : undefined;
    const { count: lacking, last } = this.#lackingBehind(Math.max(cursor, before?.upTo ?? 0));
    if (lacking === 0 && isSame && job.status !== "running") return;
    const run = goesOn ? job.run : (job?.run ?? 0) + 1;
    const done = goesOn ? job.done : 0;
    this.#counted = { run, upTo: last };
    this.#write({
      ...{ run, model: this.#vectors.model.name, status: "running", cursor },
      ...{ done, total: (before === undefined ? done : job!.total) + lacking },
      skipped: goesOn ? job.skipped : 0,
      ...{ size: MEMORIES_AT_ONCE, attempts: goesOn ? job.attempts : 0, error: goesOn ? job.error : undefined },
    });
    // One that waits out a failure goes on waiting.
    if (!goesOn || job.attempts === 0) this.#ring(now + BETWEEN_MS);
  }

  /** Takes a cancelled job up again where it stood. */
  resume(now: number): void {
    const job = this.#job();
    if (job?.status === "cancelled") this.start(now, job.cursor);
  }

  /** Stops the job; what is through stays, and what comes back from the provider now is not kept. */
  cancel(): void {
    const job = this.#job();
    if (job?.status !== "running") return;
    this.#write({ ...job, run: job.run + 1, status: "cancelled" });
    this.#timers.cancel(REEMBED_MEMORIES);
  }

  /** The timer's time has come: embeds one batch. Never fails; ringing twice is ringing once. */
  fired(): Effect.Effect<void, never, Embedder> {
    return Effect.suspend(() => {
      if (this.#isWorking) return Effect.void;
      this.#isWorking = true;
      return Effect.ensuring(
        this.#batch(),
        Effect.sync(() => {
          this.#isWorking = false;
        }),
      );
    });
  }

  #batch(): Effect.Effect<void, never, Embedder> {
    return Effect.gen({ self: this }, function* () {
      const now = yield* Clock.currentTimeMillis;
      const job = this.#job();
      if (job?.status !== "running") return this.#timers.cancel(REEMBED_MEMORIES);
      if (job.model !== this.#vectors.model.name) return this.start(now);
      const { seqs, last } = this.#next(job);
      if (seqs.length === 0) return this.#finish(job);
      this.#ring(now + AGAIN_MS);
      const made = yield* Effect.exit(this.#embed(seqs));
      const then = yield* Clock.currentTimeMillis;
      if (Exit.isSuccess(made)) this.#keep(job, seqs, last, made.value, then);
      else {
        const reason = made.cause.reasons.find((one) => one._tag === "Fail");
        this.#wait(job, seqs, last, reason?.error, then);
      }
    });
  }

  /** The next memories without a vector of today, and up to which memory that was looked at. */
  #next({ cursor, size }: Job): { readonly seqs: ReadonlyArray<number>; readonly last: number } {
    for (let after = cursor; ; ) {
      const page = this.#memories.after(after, LOOKED_AT_ONCE);
      const seqs = this.#vectors.lacking(page).slice(0, size);
      if (seqs.length > 0) return { seqs, last: seqs.at(-1)! };
      if (page.length < LOOKED_AT_ONCE) return { seqs, last: page.at(-1) ?? after };
      after = page.at(-1)!;
    }
  }

  #embed(seqs: ReadonlyArray<number>) {
    return Effect.gen({ self: this }, function* () {
      const embedder = yield* Embedder;
      const texts = yield* this.#memories.texts(seqs);
      // A memory that nothing preceded is its own window: it is paid for once.
      const windows = texts.filter(({ own, window }) => window !== own);
      const asked = [...texts.map(({ own }) => own), ...windows.map(({ window }) => window)];
      const vectors = yield* embedder.embed(asked, "memory");
      const windowOf = new Map(windows.map(({ seq }, place) => [seq, vectors[texts.length + place]!]));
      return texts.map(({ seq, subject, preceding = [] }, place) => {
        const own = vectors[place]!;
        return { seq, subject, own, window: windowOf.get(seq) ?? own, preceding };
      });
    });
  }

  /** Vectors and progress in one transaction: a crash before it repeats the batch, one after it does not. */
  #keep(
    before: Job,
    seqs: ReadonlyArray<number>,
    last: number,
    made: Parameters<AgentVectors["put"]>[0],
    now: number,
  ): void {
    this.#sql.transaction(() => {
      const job = this.#job();
      if (job?.run !== before.run || job.status !== "running") return;
      // What was forgotten while the provider thought must not come back by this door.
      const live = new Set(this.#memories.live([...seqs, ...made.flatMap(({ preceding = [] }) => preceding)]));
      const kept = made.filter(({ seq }) => live.has(seq));
      // A window with words that are forgotten by now is made anew without them.
      if (kept.some(({ preceding = [] }) => preceding.some((source) => !live.has(source))))
        return this.#ring(now + BETWEEN_MS);
      const missing = this.#vectors.put(kept);
      if (missing.length > 0)
        return this.#wait(job, seqs, last, new KeyFailure({ detail: "a key is no longer lent" }), now);
      this.#memories.kept?.(kept.map(({ seq }) => seq));
      this.#write({
        ...{ ...job, cursor: last, done: job.done + seqs.length, total: Math.max(job.total, job.done + seqs.length) },
        ...{ size: MEMORIES_AT_ONCE, attempts: 0, error: undefined },
      });
      this.#ring(now + BETWEEN_MS);
    });
  }

  /** A request that is refused for what it holds is halved until the memory is found that it is about, and that one is skipped. */
  #wait(
    before: Job,
    seqs: ReadonlyArray<number>,
    last: number,
    failure: EmbedFailure | KeyFailure | undefined,
    now: number,
  ): void {
    const job = this.#job();
    if (job?.run !== before.run || job.status !== "running") return;
    const reason = failure?._tag === "EmbedFailure" ? failure.reason : undefined;
    const error = reason?._tag ?? failure?._tag ?? "Defect";
    if (reason === undefined || !isOurs(reason)) {
      const attempts = job.attempts + 1;
      this.#write({ ...job, attempts, error });
      this.#ring(now + pauseAfter(attempts, reason));
      return;
    }
    const size = Math.max(1, Math.floor(seqs.length / 2));
    const through = seqs.length === 1 ? { cursor: last, done: job.done + 1, skipped: job.skipped + 1 } : {};
    this.#write({ ...job, ...through, size, error });
    this.#ring(now + BETWEEN_MS);
  }

  /** Memories that were forgotten on the way are through as well. */
  #finish(job: Job): void {
    this.#sql.transaction(() => {
      const { last } = this.#next(job);
      this.#write({ ...job, status: "done", cursor: last, total: job.done, attempts: 0, error: undefined });
      this.#timers.cancel(REEMBED_MEMORIES);
    });
  }

  /** How many memories behind one have no vector of today's model. */
  countLacking(after: number): number {
    return this.#lackingBehind(after).count;
  }

  /** The same, and up to which memory was counted. */
  #lackingBehind(after: number): { readonly count: number; readonly last: number } {
    let count = 0;
    for (let last = after; ; ) {
      const page = this.#memories.after(last, LOOKED_AT_ONCE);
      count += this.#vectors.lacking(page).length;
      last = page.at(-1) ?? last;
      if (page.length < LOOKED_AT_ONCE) return { count, last };
    }
  }

  #ring(due: number): void {
    this.#timers.set({ id: REEMBED_MEMORIES, kind: REEMBED_MEMORIES, due, body: {} });
  }

  #job(): Job | undefined {
    const row = this.#sql.rows(`SELECT ${COLUMNS} FROM reembedding`)[0];
    if (row === undefined) return undefined;
    const [run, model, status, cursor, done, total, skipped, size, attempts, error] = row;
    return {
      ...{ run: Number(run), model: String(model), status: status as Job["status"], cursor: Number(cursor) },
      ...{ done: Number(done), total: Number(total), skipped: Number(skipped), size: Number(size) },
      ...{ attempts: Number(attempts), error: error === null ? undefined : String(error) },
    };
  }

  #write({ run, model, status, cursor, done, total, skipped, size, attempts, error }: Job): void {
    this.#sql.run("DELETE FROM reembedding");
    insertRows(this.#sql, `reembedding (one, ${COLUMNS})`, [
      [1, run, model, status, cursor, done, total, skipped, size, attempts, error ?? null],
    ]);
  }
}
