/** Trainings: takes what the owner gives to learn, keeps it sealed until it is learned, a chunk at a time by a timer; owned by AgentActor. */
import { Effect, Schema } from "effect";
import type { AgentCommand, TrainingItem } from "#events/agent/commands.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import { type AgentRefusal, TrainingUnknown } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import { utf8Bytes } from "#events/kit/canonical.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import { Erased, type RecordedOf } from "#events/kit/envelope.ts";
import { type ActorName, type AgentId, agentName, childId, type MemoryId, userName } from "#events/kit/ids.ts";
import { parseList } from "../../kit/encoding.ts";
import type { Ledger, NeedKeys } from "../../kit/ledger.ts";
import type { TaughtRow, TrainingProgress } from "../../kit/memory-doors.ts";
import type { Principal } from "../../kit/principal.ts";
import { accepted, type Reply, refused } from "../../kit/reply.ts";
import type { Keyring } from "../../kit/revealed.ts";
import { generationOf, openWords, type Place, rewrapKey, type SubjectKey, sealWords } from "../../kit/seal.ts";
import type { Committed } from "../../kit/settled-commands.ts";
import type { SqlPort } from "../../kit/sql.ts";
import type { Timers } from "../../kit/timers.ts";
import { filed, namedIn } from "./filing.ts";
import type { AgentMemory } from "./memory.ts";

/** The kind of the timers that go on with a training. */
export const GO_ON_LEARNING = "go-on-learning";

/** A chunk is learned with one commit, between others: some 20 ms of work, and a row of the platform has 2 MB at most. */
const CHUNK = { rows: 200, bytes: 512 * 1024 } as const;
/** A step that hangs, or died with its process, is taken again after this long. */
const AGAIN_MS = 60_000;
/** So many refused rows are named at once. */
const REFUSED_AT_MOST = 1_000;
const PAGE = 1_000;

const unknownAgent = { _tag: "AgentUnknown", message: "There is no such agent." };

/** What the trainings need of their agent. */
export interface TrainingHost {
  readonly ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
  readonly tables: SqlPort;
  readonly timers: Timers;
  readonly keys: Keyring;
  readonly memory: Pick<AgentMemory, "acquaintances" | "meetAll" | "isLevel" | "indexMore">;
  readonly agentId: () => AgentId;
  readonly now: () => number;
  readonly isOwner: (by: Principal) => boolean;
  readonly commit: (command: AgentCommand) => Reply<Committed> | NeedKeys;
  readonly meta: (id: string, by: ActorName) => CommandMeta;
  readonly fetchKeys: (subjects: ReadonlyArray<ActorName>) => Promise<void>;
  readonly report: (what: string, cause: unknown) => void;
}

interface Chunk {
  readonly trainingId: string;
  readonly number: number;
}

interface SealedChunk extends Chunk {
  readonly sealed: Uint8Array;
  readonly wrapped: Uint8Array;
}

/** Small enough to be sealed, and to be learned in one breath. */
function* chunksOf(rows: ReadonlyArray<TaughtRow>): Generator<ReadonlyArray<TaughtRow>> {
  let chunk: TaughtRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    const length = utf8Bytes(JSON.stringify(row));
    if (chunk.length === CHUNK.rows || (chunk.length > 0 && bytes + length > CHUNK.bytes)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(row);
    bytes += length;
  }
  if (chunk.length > 0) yield chunk;
}

/** A row that says what one above it says, in the same words, of the same people and circumstances, is not taken again. */
function withoutTwins(rows: ReadonlyArray<TaughtRow>): ReadonlyArray<TaughtRow> {
  const known = new Set<string>();
  return rows.map((each) => {
    if (!("input" in each)) return each;
    const { kind, content, about = [], context, sensitive } = each.input;
    const words = content.trim().replace(/\s+/g, " ");
    const twin = JSON.stringify([kind, words, [...new Set(about)].toSorted(), context, sensitive]);
    if (known.has(twin)) return { row: each.row, reason: "duplicate" };
    known.add(twin);
    return each;
  });
}

const isTaught = Schema.is(
  Schema.Union([
    Schema.Struct({ row: Schema.Int, reason: Schema.String }),
    Schema.Struct({ row: Schema.Int, input: Schema.Struct({ kind: Schema.String, content: Schema.String }) }),
  ]),
);

export class Trainings {
  readonly #host: TrainingHost;
  /** What goes into the transaction that is being written: the chunks of a training that begins, or the one that is learned. */
  #beginning: { readonly trainingId: string; readonly sealed: ReadonlyArray<readonly Uint8Array[]> } | undefined;
  #learning: Chunk | undefined;

  constructor(host: TrainingHost) {
    this.#host = host;
  }

  // ── for the owner ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Keeps what is to be learned, and sets the timer that learns it, in the commit that says so. */
  async begin(by: Principal, trainingId: string, rows: ReadonlyArray<TaughtRow>): Promise<Reply<TrainingProgress>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const meta = this.#host.meta(trainingId, userName(by.userId));
    const distinct = withoutTwins(rows);
    const [key, print] = [await this.#ownKey(), await this.#print(rows)];
    if (key === "destroyed" || print === undefined) return refused(unknownAgent);
    const sealed = [...chunksOf(distinct)].map((chunk, index) => {
      const parts = sealWords(JSON.stringify(chunk), this.#place({ trainingId, number: index + 1 }), key);
      return [parts.sealed, parts.wrapped];
    });
    this.#beginning = { trainingId, sealed };
    try {
      const items = rows.length;
      const reply = this.#host.commit({ type: "StartTraining", meta, trainingId, items, digest: print });
      if (reply.outcome === "need-keys") throw new Error("the start of a training has no words of its own");
      return reply.outcome === "refused" ? reply : this.progress(by, trainingId, { replayed: reply.replayed });
    } finally {
      this.#beginning = undefined;
    }
  }

  /** How far it is; of one that has ended, what became of its rows: those that were refused by name, behind `after`. */
  progress(
    by: Principal,
    trainingId: string,
    { after = 0, replayed = false }: { readonly after?: number | undefined; readonly replayed?: boolean } = {},
  ): Reply<TrainingProgress> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const { ledger } = this.#host;
    const seqs = ledger.madeBy(trainingId);
    const [started] = seqs.length === 0 ? [] : ledger.read(seqs[0]! - 1, 1);
    if (started?.type !== "TrainingStarted") return refused(new TrainingUnknown());
    const total = started.open.items;
    const last = ledger.read(seqs.at(-1)! - 1, 1)[0]!;
    if (last.type !== "TrainingEnded")
      return accepted(
        { trainingId, status: "running", done: seqs.length - 1, total, result: null },
        ledger.head,
        replayed,
      );
    const { taken, refused: refusals, cancelled } = last.open;
    const done = taken + refusals;
    const status = cancelled ? "cancelled" : done < total ? "failed" : "done";
    const named = this.#refused(trainingId, Math.max(started.seq, after), last.seq, REFUSED_AT_MOST + 1);
    const refusedRows = named.slice(0, REFUSED_AT_MOST).map(({ row, reason }) => ({ row, reason }));
    const nextRefused = named.length > REFUSED_AT_MOST ? named[REFUSED_AT_MOST - 1]!.seq : null;
    const result = { taken, refused: refusals, refusedRows, nextRefused };
    return accepted({ trainingId, status, done, total, result }, ledger.head, replayed);
  }

  /** One that has ended already is left as it is. */
  cancel(by: Principal, trainingId: string): Reply<TrainingProgress> {
    const before = this.progress(by, trainingId);
    if (before.outcome === "accepted" && before.value.status === "running")
      this.#end(trainingId, userName(by.userId), true);
    return this.progress(by, trainingId);
  }

  // ── in the background ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Inside the transaction of these events: what is to be learned comes and goes with the events that say so. */
  along(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    for (const { type, open } of events) {
      if (type === "TrainingStarted") this.#keep(open.trainingId);
      if (type === "TrainingEnded") this.#drop(open.trainingId);
      if (type === "AgentDeleted" && this.#hasTable()) this.#host.tables.run("DELETE FROM training_chunks");
    }
    if (this.#learning !== undefined) {
      const { trainingId, number } = this.#learning;
      this.#host.tables.run(
        "DELETE FROM training_chunks WHERE training_id = ? AND number = ?",
        ...[trainingId, number],
      );
    }
  }

  /**
   * The timer of a training has rung: learns its next chunk, or ends it. Doing it twice is doing it once. What was learned
   * is indexed first, so that it can be found when the training has ended.
   */
  async goOn(trainingId: string): Promise<void> {
    const { timers, now } = this.#host;
    if (timers.dueOf(trainingId) === undefined) return; // it has ended in the breath in which it rang
    this.#ring(trainingId, now() + AGAIN_MS);
    try {
      await this.#step(trainingId);
    } finally {
      // It may have ended meanwhile. How soon it is tried again after a fault, the alarm decides.
      if (timers.dueOf(trainingId) !== undefined) this.#ring(trainingId, now());
    }
  }

  async #step(trainingId: string): Promise<void> {
    const { memory } = this.#host;
    if (!memory.isLevel && (await Effect.runPromise(memory.indexMore()))) return;
    await memory.meetAll();
    for (;;) {
      const chunk = this.#next(trainingId);
      if (chunk === undefined) return this.#end(trainingId, this.#self(), false);
      if (this.#keyOf(chunk.wrapped) === undefined) {
        await this.#host.fetchKeys([this.#self()]);
        continue; // it may have been cancelled meanwhile
      }
      const rows = this.#opened(chunk);
      if (rows === undefined) return this.#end(trainingId, this.#self(), false);
      const reply = this.#learn(chunk, rows);
      if (reply.outcome === "accepted") return;
      if (reply.outcome === "refused") {
        // It will not be taken another time either.
        this.#host.report(`chunk ${chunk.number} of ${trainingId} was refused`, reply.refusal._tag);
        return this.#end(trainingId, this.#self(), false);
      }
      await this.#host.fetchKeys(reply.subjects);
    }
  }

  #learn(chunk: Chunk, rows: ReadonlyArray<TaughtRow>): Reply<Committed> | NeedKeys {
    const { trainingId, number } = chunk;
    const meta = this.#host.meta(`${trainingId}/chunk/${number}`, this.#self());
    const items = rows.map((row) => this.#item(trainingId, row));
    this.#learning = chunk;
    try {
      return this.#host.commit({ type: "TeachItems", meta, trainingId, items });
    } finally {
      this.#learning = undefined;
    }
  }

  #item(trainingId: string, row: TaughtRow): TrainingItem {
    if ("reason" in row) return row;
    const { input } = row;
    // A person who was erased is nobody that anything could be sealed for.
    const named = namedIn(input, (text) => this.#host.memory.acquaintances(text));
    const subject = input.about?.[0] ?? named[0];
    if (subject !== undefined && this.#host.keys.get(userName(subject)) === "destroyed")
      return { row: row.row, reason: "consent-required" };
    const memoryId = childId<MemoryId>("memory", this.#host.agentId(), `${trainingId}/${row.row}`);
    return { row: row.row, memory: filed(memoryId, input, "trained"), named };
  }

  #end(trainingId: string, by: ActorName, cancelled: boolean): void {
    const { ledger } = this.#host;
    const seqs = ledger.madeBy(trainingId);
    const first = seqs[0] ?? 0;
    const refusals = this.#refused(trainingId, first, seqs.at(-1) ?? 0, Number.MAX_SAFE_INTEGER).length;
    const taken = seqs.length - 1 - refusals;
    const meta = this.#host.meta(`${trainingId}/end`, by);
    this.#host.commit({ type: "EndTraining", meta, trainingId, taken, refused: refusals, cancelled });
    // Where it had ended already, the timer that rang is all that is left.
    this.#host.timers.cancel(trainingId);
  }

  /** Rows that were not taken, by the events between these seqs. */
  #refused(trainingId: string, from: number, to: number, atMost: number) {
    const found: Array<{ readonly seq: number; readonly row: number; readonly reason: string }> = [];
    for (let after = from; found.length < atMost; ) {
      const page = this.#host.ledger.read(after, PAGE, ["TrainingItemRefused"]);
      for (const event of page)
        if (event.type === "TrainingItemRefused" && event.open.trainingId === trainingId && event.seq <= to)
          found.push({ seq: event.seq, row: event.open.item, reason: event.open.reason });
      if (page.length < PAGE || page.at(-1)!.seq > to) break;
      after = page.at(-1)!.seq;
    }
    return found.slice(0, atMost);
  }

  // ── what waits to be learned ──────────────────────────────────────────────────────────────────────────────────────

  #keep(trainingId: string): void {
    const { tables, now } = this.#host;
    if (this.#beginning?.trainingId !== trainingId) return;
    tables.run(
      `CREATE TABLE IF NOT EXISTS training_chunks (
         training_id TEXT NOT NULL, number INTEGER NOT NULL, sealed BLOB NOT NULL, wrapped BLOB NOT NULL,
         PRIMARY KEY (training_id, number)
       ) STRICT`,
    );
    this.#beginning.sealed.forEach(([sealed, wrapped], index) => {
      tables.run(
        "INSERT INTO training_chunks (training_id, number, sealed, wrapped) VALUES (?, ?, ?, ?)",
        ...[trainingId, index + 1, sealed!, wrapped!],
      );
    });
    this.#ring(trainingId, now());
  }

  #ring(trainingId: string, due: number): void {
    this.#host.timers.set({ id: trainingId, due, kind: GO_ON_LEARNING, body: null });
  }

  /** The keys go with the words. */
  #drop(trainingId: string): void {
    this.#host.timers.cancel(trainingId);
    if (this.#hasTable()) this.#host.tables.run("DELETE FROM training_chunks WHERE training_id = ?", trainingId);
  }

  #hasTable(): boolean {
    return this.#host.tables.rows("SELECT 1 FROM sqlite_master WHERE name = 'training_chunks'").length > 0;
  }

  #next(trainingId: string): SealedChunk | undefined {
    if (!this.#hasTable()) return undefined;
    const row = this.#host.tables.rows(
      "SELECT number, sealed, wrapped FROM training_chunks WHERE training_id = ? ORDER BY number LIMIT 1",
      trainingId,
    )[0];
    const [number, sealed, wrapped] = (row ?? []) as [number, Uint8Array, Uint8Array];
    return row === undefined ? undefined : { trainingId, number, sealed, wrapped };
  }

  /** The rows of a chunk; undefined when nobody can read them any more. */
  #opened(chunk: SealedChunk): ReadonlyArray<TaughtRow> | undefined {
    const key = this.#keyOf(chunk.wrapped);
    if (key === undefined || key === "destroyed") return undefined;
    try {
      const rows = parseList(openWords(chunk.sealed, chunk.wrapped, this.#place(chunk), key));
      return rows.filter(isTaught) as ReadonlyArray<unknown> as ReadonlyArray<TaughtRow>;
    } catch {
      return undefined; // sealed with a generation of the key that is no more
    }
  }

  /**
   * The agent's own key has a new generation: what waits is wrapped under it, so that no older one is needed.
   * @throws when a generation is not at hand.
   */
  keyTurned(subject: ActorName): void {
    const to = this.#host.keys.get(this.#self());
    if (subject !== this.#self() || typeof to !== "object" || !this.#hasTable()) return;
    const rows = this.#host.tables.rows("SELECT training_id, number, wrapped FROM training_chunks");
    for (const [trainingId, number, wrapped] of rows as ReadonlyArray<readonly [string, number, Uint8Array]>) {
      if (generationOf(wrapped) === to.number) continue;
      const from = this.#keyOf(wrapped);
      if (from === undefined) throw new Error(`a key of ${subject} is not at hand`);
      if (from === "destroyed") continue; // nobody reads it any more: its training will say so
      this.#host.tables.run(
        "UPDATE training_chunks SET wrapped = ? WHERE training_id = ? AND number = ?",
        ...[rewrapKey(wrapped, this.#place({ trainingId, number }), from, to), trainingId, number],
      );
    }
  }

  /** The generation of the agent's key that opens this. */
  #keyOf(wrapped: Uint8Array): ReturnType<Keyring["get"]> {
    return this.#host.keys.get(this.#self(), generationOf(wrapped));
  }

  async #ownKey(): Promise<SubjectKey | "destroyed"> {
    for (;;) {
      const key = this.#host.keys.get(this.#self());
      if (key !== undefined) return key;
      await this.#host.fetchKeys([this.#self()]);
    }
  }

  /** By what the same training is known again; undefined when the agent's key is no more. */
  async #print(rows: ReadonlyArray<TaughtRow>): Promise<string | undefined> {
    for (;;) {
      const print = this.#host.ledger.digest(this.#self(), JSON.stringify(rows));
      if (typeof print === "string") return print;
      if (print === Erased) return undefined;
      await this.#host.fetchKeys(print.subjects);
    }
  }

  /** Bound into the ciphertext: no chunk can be moved to another place or training. */
  #place({ trainingId, number }: Chunk): Place {
    const { stream } = this.#host.ledger;
    return { stream, seq: number, type: trainingId, v: 1, subject: this.#self() };
  }

  #self(): ActorName {
    return agentName(this.#host.agentId());
  }
}
