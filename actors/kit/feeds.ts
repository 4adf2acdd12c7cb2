/** Bookmarks in the log: read from the bookmark, deliver, move the bookmark. The log is the outbox; every actor has feeds. */
import type { Recorded } from "#events/kit/envelope.ts";
import { now } from "./clock.ts";
import type { SqlPort } from "./sql.ts";

/** Somebody who is told what happens here, at least once and in order; the effect of telling twice must be that of once. */
export interface Consumer {
  readonly name: string;
  /** Event types worth a delivery; the bookmark passes over all others, and they are not read. Undefined: every event. */
  readonly wants?: ReadonlySet<string>;
  /** The last seq that it may be told of for now; undefined: of all there is. Whoever lets it go on has to pump it. */
  readonly until?: () => number;
  /** Delivers `from < seq ≤ to`. Answers where the bookmark stands now: `to`, or elsewhere when the receiver knows better. */
  deliver(events: ReadonlyArray<Recorded>, range: { readonly from: number; readonly to: number }): Promise<number>;
}

/** What feeds read from. */
export interface Source {
  readonly head: number;
  read(after: number, limit: number, types?: ReadonlyArray<string>): ReadonlyArray<Recorded>;
}

interface Bookmark {
  seq: number;
  attempts: number;
  notBefore: number | null;
  error: string | null;
  unsaved: boolean;
  /** False while no row tells of it: then nobody would know after a restart that there is somebody to be told. */
  kept: boolean;
}

const BATCH = 1_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;

export class Feeds {
  readonly #sql: SqlPort;
  readonly #source: Source;
  readonly #consumers = new Map<string, Consumer>();
  readonly #bookmarks = new Map<string, Bookmark>();
  readonly #running = new Map<string, Promise<void>>();
  #savedAt = 0;

  constructor(sql: SqlPort, source: Source) {
    this.#sql = sql;
    this.#source = source;
  }

  /** Starts telling a consumer, from its kept bookmark or else from `after`. */
  add(consumer: Consumer, after = 0): void {
    this.#consumers.set(consumer.name, consumer);
    const row = this.#sql.rows(
      "SELECT seq, attempts, not_before, error FROM feeds WHERE consumer = ?",
      consumer.name,
    )[0];
    this.#bookmarks.set(consumer.name, {
      seq: row ? Number(row[0]) : after,
      attempts: row ? Number(row[1]) : 0,
      notBefore: row?.[2] == null ? null : Number(row[2]),
      error: row?.[3] == null ? null : String(row[3]),
      unsaved: row === undefined,
      kept: row !== undefined,
    });
  }

  /** Stops telling a consumer, and forgets how far it was told. */
  remove(name: string): void {
    this.#consumers.delete(name);
    this.#bookmarks.delete(name);
    this.#sql.run("DELETE FROM feeds WHERE consumer = ?", name);
  }

  /** Consumers whose bookmark was kept, whether or not they were added since. */
  kept(): ReadonlyArray<string> {
    return this.#sql.rows("SELECT consumer FROM feeds").map(([consumer]) => String(consumer));
  }

  names(): ReadonlyArray<string> {
    return [...this.#consumers.keys()];
  }

  position(name: string): number {
    return this.#bookmarks.get(name)?.seq ?? 0;
  }

  /** When the earliest unfinished delivery wants to go on (ms since 1970); undefined when all are level with the log. */
  nextDue(): number | undefined {
    const behind = [...this.#bookmarks].filter(([name, { seq }]) => seq < this.#end(this.#consumers.get(name)));
    return behind.length === 0 ? undefined : Math.min(...behind.map(([, { notBefore }]) => notBefore ?? now()));
  }

  /**
   * Moves these consumers on, as far as they may go on now, and joins those that are told already; resolves when none can
   * go further. Failures are kept, not thrown.
   */
  async pumpDue(names = this.names()): Promise<void> {
    const time = now();
    const due = names.filter((name) => this.#running.has(name) || (this.#bookmarks.get(name)?.notBefore ?? 0) <= time);
    await Promise.all(due.map((name) => this.pump(name)));
  }

  /** The consumers that want to hear of any of these events. */
  wanting(types: Iterable<string>): ReadonlyArray<string> {
    const happened = [...types];
    return [...this.#consumers.values()]
      .filter(({ wants }) => wants === undefined || happened.some((type) => wants.has(type)))
      .map(({ name }) => name);
  }

  /** Moves one bookmark as far as it goes. Calls for the same consumer join the one that runs. */
  pump(name: string): Promise<void> {
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    const run = this.#run(name);
    this.#running.set(name, run);
    return run;
  }

  /**
   * Writes moved bookmarks. A bookmark is a hint (deliveries are idempotent), so it rides along with a commit or an
   * alarm instead of costing a commit of its own, and not with every one. The first of a consumer always does: whoever
   * comes and goes within a second must be told of both, also after a restart in between.
   */
  save(atMostEveryMs = 0): void {
    const time = now();
    const due = time - this.#savedAt >= atMostEveryMs;
    if (due) this.#savedAt = time;
    for (const [name, bookmark] of this.#bookmarks) {
      if (!bookmark.unsaved || (bookmark.kept && !due)) continue;
      this.#sql.run(
        "INSERT OR REPLACE INTO feeds (consumer, seq, attempts, not_before, error) VALUES (?, ?, ?, ?, ?)",
        ...[name, bookmark.seq, bookmark.attempts, bookmark.notBefore, bookmark.error],
      );
      bookmark.unsaved = false;
      bookmark.kept = true;
    }
  }

  /** A transaction was rolled back, and with it what was saved inside: it is saved again with the next one. */
  rolledBack(): void {
    this.#savedAt = 0;
    for (const bookmark of this.#bookmarks.values()) Object.assign(bookmark, { unsaved: true, kept: false });
  }

  async #run(name: string): Promise<void> {
    await null; // so that the run is known before it can be over
    try {
      await this.#move(name);
    } finally {
      // In the breath in which it stops looking: a commit a moment later must start a new run, not join this one.
      this.#running.delete(name);
    }
  }

  #end(consumer: Consumer | undefined): number {
    return Math.min(this.#source.head, consumer?.until?.() ?? this.#source.head);
  }

  async #move(name: string): Promise<void> {
    const consumer = this.#consumers.get(name);
    const bookmark = this.#bookmarks.get(name);
    if (consumer === undefined || bookmark === undefined) return;
    for (;;) {
      const [from, end] = [bookmark.seq, this.#end(consumer)];
      if (from >= end || this.#consumers.get(name) !== consumer) return;
      try {
        const read = this.#source.read(from, BATCH, consumer.wants && [...consumer.wants]);
        const wanted = read.filter(({ seq }) => seq <= end);
        const to = wanted.length === BATCH ? wanted.at(-1)!.seq : end;
        const seq = wanted.length === 0 ? to : await consumer.deliver(wanted, { from, to });
        Object.assign(bookmark, { seq, attempts: 0, notBefore: null, error: null, unsaved: true });
      } catch (error) {
        this.#failed(bookmark, error);
        return;
      }
    }
  }

  /** Durable backoff, 1 s doubling to 5 min: written at once, because a restart must not forget to wait. */
  #failed(bookmark: Bookmark, error: unknown): void {
    const wait = Math.min(FIRST_RETRY_MS * 2 ** bookmark.attempts, LONGEST_RETRY_MS);
    bookmark.attempts += 1;
    bookmark.notBefore = now() + wait;
    bookmark.error = error instanceof Error ? error.message.slice(0, 200) : "delivery failed";
    bookmark.unsaved = true;
    this.save();
  }
}
