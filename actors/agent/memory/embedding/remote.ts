/** What each remote index has of one agent, should get and must lose, as rows of ids; driven by a timer, so that nothing stays behind where it was forgotten here. */
import { Clock, Effect, Exit } from "effect";
import type { AgentId } from "#events/kit/ids.ts";
import type { SqlPort } from "../../../kit/sql.ts";
import type { Timers } from "../../../kit/timers.ts";
import { type IndexFailure, VectorIndex } from "../../turn/memory-ports.ts";
import { pauseAfter } from "./pauses.ts";
import { ANY_INDEX, UNKNOWN_INDEX } from "./tables.ts";
import type { AgentVectors } from "./vectors.ts";

/** The kind of the timer that drives this, and its id. */
export const SYNC_REMOTE_VECTORS = "sync-remote-vectors";

/** Vectors of one request; ids of one removal. */
const AT_ONCE = 200;
const BETWEEN_MS = 100;
const AGAIN_MS = 60_000;
/** Services take seconds to remove what they were told to; then it is counted. */
const COUNTED_AFTER_MS = 15_000;

/**
 * `due` is to be sent, `there` was taken, `going` is to be removed, `removed` was asked to be and is not counted yet. `owed` is
 * to be sent in place of one that was still to be removed.
 */
type State = "due" | "there" | "going" | "removed" | "owed";
/** With these the index may hold what it was to lose. */
const LEAVING = "'going', 'removed', 'owed'";

/**
 * How many vectors stand where with the index of the settings; those in whose place others are owed are still going. Nothing is
 * left there when all but `there` are 0.
 */
export type Standing = Readonly<Record<Exclude<State, "owed">, number>>;

/** What the rows need of the agent and its settings. */
export interface RemoteHost {
  readonly sql: SqlPort;
  readonly timers: Pick<Timers, "set" | "cancel" | "dueOf">;
  /** The index of the settings. What others have is theirs alone: nobody asks them. */
  readonly index: Pick<VectorIndex["Service"], "name" | "remote">;
  /** The newest event of the log. */
  readonly head: () => number;
}

interface Row {
  readonly id: string;
  readonly seq: number;
}

/** What a round came to. */
type Outcome = "went on" | "rests" | "removed too little";

/** The row that says that everything goes; no memory has such an id, and none such a seq. */
const ALL = { id: "*", seq: 0 };

export class RemoteVectors {
  readonly #agentId: AgentId;
  readonly #sql: SqlPort;
  readonly #timers: RemoteHost["timers"];
  readonly #index: RemoteHost["index"];
  readonly #head: () => number;
  readonly #vectors: AgentVectors;
  #isWorking = false;
  /** What was removed is counted by the round after the one that found nothing else to do. */
  #isCounting = false;
  /** The pause itself is the timer's; a restart only begins to count anew. */
  #attempts = 0;

  constructor(agentId: AgentId, vectors: AgentVectors, { sql, timers, index, head }: RemoteHost) {
    this.#agentId = agentId;
    this.#vectors = vectors;
    this.#sql = sql;
    this.#timers = timers;
    this.#index = index;
    this.#head = head;
  }

  /** These memories have new vectors. Call it in the transaction that keeps them. */
  wrote(memories: ReadonlyArray<{ readonly id: string; readonly seq: number }>, now: number): void {
    for (const { id, seq } of memories)
      this.#sql.run(
        `INSERT INTO remote_vectors (name, id, seq, state) VALUES (?, ?, ?, 'due') ON CONFLICT DO UPDATE
            SET seq = excluded.seq, state = CASE WHEN state IN (${LEAVING}) THEN 'owed' ELSE 'due' END`,
        ...[this.#index.name, id, seq],
      );
    this.#ring(now + BETWEEN_MS);
  }

  /**
   * These memories, known by their seqs, are forgotten, or are to be sent anew: what was ever to be sent of them goes, from
   * whichever index.
   */
  left(seqs: ReadonlyArray<number>, now: number): void {
    const which = "seq IN (SELECT value FROM json_each(?)) AND state IN ('due', 'there', 'owed')";
    const found = this.#sql.rows(
      `UPDATE remote_vectors SET state = 'going' WHERE ${which} RETURNING id`,
      JSON.stringify(seqs),
    );
    if (found.length > 0) this.#ring(now + BETWEEN_MS);
  }

  /** All of this agent is forgotten. */
  forgotAll(now: number): void {
    this.#sql.run("UPDATE remote_vectors SET state = 'going'");
    // What was sent and not written down, before a crash, is found by emptying the namespace itself.
    const names = this.#sql.rows("SELECT DISTINCT name FROM remote_vectors").map(([name]) => String(name));
    const all = this.#index.remote ? [this.#index.name, ...names] : names;
    for (const name of new Set(all)) this.#mark(name, ALL.id, ALL.seq, "going");
    this.#sql.run("DELETE FROM remote_settled WHERE head >= ?", this.#head());
    this.#ring(now + BETWEEN_MS);
  }

  /** Call it once a life, where there is a service: the timer of what is to be done went while there was none. */
  goOn(now: number): void {
    // Of rows that are older than their names nobody knows better than that they were sent to what is set.
    this.#sql.run("UPDATE OR REPLACE remote_vectors SET name = ? WHERE name = ?", this.#index.name, UNKNOWN_INDEX);
    const isToDo = this.#own("state <> 'there' LIMIT 1").length > 0;
    if (isToDo && this.#timers.dueOf(SYNC_REMOTE_VECTORS) === undefined) this.#ring(now + BETWEEN_MS);
  }

  standing(): Standing {
    const rows = this.#sql.rows(
      "SELECT state, COUNT(*) FROM remote_vectors WHERE name = ? AND id <> ? GROUP BY state",
      ...[this.#index.name, ALL.id],
    );
    const counted = new Map(rows.map(([state, count]) => [state, Number(count)]));
    const [due = 0, there = 0, removed = 0] = ["due", "there", "removed"].map((state) => counted.get(state));
    return { due, there, going: (counted.get("going") ?? 0) + (counted.get("owed") ?? 0), removed };
  }

  /** Indexes that are not in the settings and may hold what they were to lose: nobody asks them any more. Names, in order. */
  indexesLeft(): ReadonlyArray<string> {
    const which = `name <> ? AND state IN (${LEAVING})`;
    return this.#sql
      .rows(`SELECT DISTINCT name FROM remote_vectors WHERE ${which} ORDER BY name`, this.#index.name)
      .map(([name]) => String(name));
  }

  /**
   * Writes down, where the index has nothing that it was to lose, that this is so at this moment, as far as the log goes. Call
   * it when all that the log forgets was told here.
   */
  settled(now: number): void {
    const head = this.#head();
    if (this.#own(`state IN (${LEAVING}) LIMIT 1`).length > 0) return;
    const settled = "INSERT OR IGNORE INTO remote_settled (name, head, at) VALUES (?, ?, ?)";
    this.#sql.run(settled, this.#index.name, head, now);
  }

  /** Since when the index has nothing of what this event forgot (ms since 1970); null while it may, or nobody looked. */
  settledSince(seq: number): number | null {
    const which = "name IN (?, ?) AND head >= ? ORDER BY head LIMIT 1";
    const query = `SELECT at FROM remote_settled WHERE ${which}`;
    const found = this.#sql.rows(query, this.#index.name, ANY_INDEX, seq)[0];
    return found === undefined ? null : Number(found[0]);
  }

  /** The timer's time has come: removes first, then sends, then counts. Never fails; ringing twice is ringing once. */
  fired(): Effect.Effect<void, never, VectorIndex> {
    return Effect.suspend(() => {
      if (this.#isWorking) return Effect.void;
      this.#isWorking = true;
      return Effect.ensuring(
        this.#round(),
        Effect.sync(() => {
          this.#isWorking = false;
        }),
      );
    });
  }

  #round(): Effect.Effect<void, never, VectorIndex> {
    return Effect.gen({ self: this }, function* () {
      const index = yield* VectorIndex;
      if (!index.remote) return this.#timers.cancel(SYNC_REMOTE_VECTORS);
      this.#ring((yield* Clock.currentTimeMillis) + AGAIN_MS);
      const done = yield* Effect.exit(this.#step(index));
      const now = yield* Clock.currentTimeMillis;
      if (Exit.isFailure(done)) {
        const reason = done.cause.reasons.find((one) => one._tag === "Fail")?.error.reason;
        return this.#ring(now + pauseAfter(++this.#attempts, reason));
      }
      if (done.value === "removed too little") {
        return this.#ring(now + Math.max(COUNTED_AFTER_MS, pauseAfter(++this.#attempts, undefined)));
      }
      this.#attempts = 0;
      if (done.value === "went on") this.#ring(now + BETWEEN_MS);
      else this.#rest(now);
    });
  }

  /** Nothing can be done at once: what was removed is counted in a while, what has no open vector waits for its key. */
  #rest(now: number): void {
    const { due, going, removed } = this.standing();
    if (due + going + removed > 0) this.#ring(now + COUNTED_AFTER_MS);
    else this.#timers.cancel(SYNC_REMOTE_VECTORS);
  }

  #step(index: VectorIndex["Service"]): Effect.Effect<Outcome, IndexFailure> {
    const going = this.#in("going", 0);
    if (going.length > 0) return this.#remove(index, going);
    if (this.#isEmptying()) return this.#removeAll(index);
    for (const state of ["owed", "due"] as const) {
      const open = this.#open(state);
      if (open.length > 0) return this.#send(index, state, open);
    }
    const isCounting = this.#isCounting;
    this.#isCounting = !isCounting && this.standing().removed > 0;
    return isCounting ? this.#count(index) : Effect.succeed("rests");
  }

  #remove(index: VectorIndex["Service"], going: ReadonlyArray<Row>): Effect.Effect<Outcome, IndexFailure> {
    const ids = going.map(({ id }) => id);
    this.#isCounting = false;
    return index.remove(this.#agentId, ids).pipe(
      Effect.tapError(({ left }) => Effect.sync(() => this.#move(except(ids, left), "going", "removed"))),
      Effect.map((): Outcome => {
        this.#move(ids, "going", "removed");
        return "went on";
      }),
    );
  }

  #removeAll(index: VectorIndex["Service"]): Effect.Effect<Outcome, IndexFailure> {
    return Effect.gen({ self: this }, function* () {
      yield* index.removeAll(this.#agentId);
      if ((yield* index.count(this.#agentId)) > 0) return "removed too little";
      this.#sql.run("DELETE FROM remote_vectors WHERE name = ? AND state IN ('going', 'removed')", this.#index.name);
      this.settled(yield* Clock.currentTimeMillis);
      return "went on";
    });
  }

  #send(
    index: VectorIndex["Service"],
    state: "owed" | "due",
    due: ReadonlyArray<{ readonly id: string; readonly values: Float32Array }>,
  ): Effect.Effect<Outcome, IndexFailure> {
    const ids = due.map(({ id }) => id);
    return index.upsert(this.#agentId, due).pipe(
      Effect.tapError(({ left }) => this.#sent(except(ids, left), state)),
      Effect.flatMap(() => this.#sent(ids, state)),
    );
  }

  #sent(ids: ReadonlyArray<string>, state: "owed" | "due"): Effect.Effect<Outcome> {
    return Effect.map(Clock.currentTimeMillis, (now): Outcome => {
      this.#move(ids, state, "there");
      if (state === "owed") this.settled(now);
      return "went on";
    });
  }

  /** More than what should be there: something was not removed, and is asked to be again. */
  #count(index: VectorIndex["Service"]): Effect.Effect<Outcome, IndexFailure> {
    return Effect.gen({ self: this }, function* () {
      const { name } = this.#index;
      if ((yield* index.count(this.#agentId)) > this.standing().there) {
        this.#sql.run("UPDATE remote_vectors SET state = 'going' WHERE name = ? AND state = 'removed'", name);
        return "removed too little";
      }
      this.#sql.run("DELETE FROM remote_vectors WHERE name = ? AND state = 'removed'", name);
      this.settled(yield* Clock.currentTimeMillis);
      return "rests";
    });
  }

  /** The next vectors to be sent, those that are open; the others stay as they are. */
  #open(state: "owed" | "due"): ReadonlyArray<{ readonly id: string; readonly values: Float32Array }> {
    for (let after = 0; ; ) {
      const rows = this.#in(state, after);
      const windows = this.#vectors.windows(rows.map(({ seq }) => seq));
      const open = rows.flatMap(({ id, seq }) => {
        const values = windows.get(seq);
        return values === undefined ? [] : [{ id, values }];
      });
      if (open.length > 0 || rows.length < AT_ONCE) return open;
      after = rows.at(-1)!.seq;
    }
  }

  #mark(name: string, id: string, seq: number, state: State): void {
    const values = [name, id, seq, state];
    this.#sql.run("INSERT OR REPLACE INTO remote_vectors (name, id, seq, state) VALUES (?, ?, ?, ?)", ...values);
  }

  /** Only what still stands where it stood when the request left: it may have been forgotten meanwhile. */
  #move(ids: ReadonlyArray<string>, from: State, to: State): void {
    this.#sql.run(
      "UPDATE remote_vectors SET state = ? WHERE name = ? AND state = ? AND id IN (SELECT value FROM json_each(?))",
      ...[to, this.#index.name, from, JSON.stringify(ids)],
    );
  }

  #in(state: State, after: number): ReadonlyArray<Row> {
    return this.#own("state = ? AND seq > ? ORDER BY seq LIMIT ?", state, after, AT_ONCE);
  }

  /** Rows of the index of the settings. */
  #own(where: string, ...parameters: ReadonlyArray<string | number>): ReadonlyArray<Row> {
    return this.#sql
      .rows(`SELECT id, seq FROM remote_vectors WHERE name = ? AND ${where}`, this.#index.name, ...parameters)
      .map(([id, seq]) => ({ id: String(id), seq: Number(seq) }));
  }

  #isEmptying(): boolean {
    return this.#own("id = ?", ALL.id).length > 0;
  }

  #ring(due: number): void {
    this.#timers.set({ id: SYNC_REMOTE_VECTORS, kind: SYNC_REMOTE_VECTORS, due, body: {} });
  }
}

const except = (ids: ReadonlyArray<string>, left: ReadonlyArray<string>): ReadonlyArray<string> =>
  ids.filter((id) => !left.includes(id));
