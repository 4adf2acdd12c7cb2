/** The vectors of one agent's memories: sealed in its own tables under the key of whom each is about, opened into memory at first need; used by recall and by the job beside it. */
import type { ActorName } from "#events/kit/ids.ts";
import type { Keyring } from "../../../kit/ledger.ts";
import { decrypt, encrypt, type SubjectKey } from "../../../kit/seal.ts";
import { insertRows, type SqlPort, type SqlValue } from "../../../kit/sql.ts";
import type { Cosines } from "../recall/scoring.ts";
import {
  bytesOf,
  checkDimensions,
  cosinesOf,
  type Quantized,
  quantizedIn,
  restored,
  type VectorPair,
} from "./quantized.ts";

/** What made a vector: recorded beside it, for vectors of two models cannot be compared. */
export interface EmbeddingModel {
  readonly name: string;
  readonly dimensions: number;
}

/** The vectors of the memory that the event `seq` formed. */
export interface MemoryVectors extends VectorPair {
  readonly seq: number;
  /** Whose key seals them. */
  readonly subject: ActorName;
  /** Other memories whose words are in the window. */
  readonly preceding?: ReadonlyArray<number>;
}

interface Held extends Quantized {
  readonly subject: ActorName;
}

/** An isolate has 128 MiB for all its agents; what is beyond this is opened for a question and let go. */
const HELD_BYTES = 48 * 1024 * 1024;
const ROWS_AT_ONCE = 500;
/** The platform binds at most 100 values; one is the model's. */
const SEQS_AT_ONCE = 90;

const encoder = new TextEncoder();

const COLUMNS = "seq, subject, key, sealed";

function* inParts<A>(items: ReadonlyArray<A>): Generator<ReadonlyArray<A>> {
  for (let start = 0; start < items.length; start += SEQS_AT_ONCE) yield items.slice(start, start + SEQS_AT_ONCE);
}

const placeholders = (items: ReadonlyArray<unknown>): string => items.map(() => "?").join(", ");

export class AgentVectors {
  readonly #sql: SqlPort;
  readonly #keys: Keyring;
  readonly #stream: string;
  readonly #model: EmbeddingModel;
  readonly #most: number;
  /** By seq, the oldest first. */
  readonly #held = new Map<number, Held>();
  /** Subjects whose rows were met without a key to open them. */
  readonly #closed = new Set<ActorName>();
  #isLoaded = false;

  constructor(stream: string, { sql, keys, model, heldBytes = HELD_BYTES }: AgentVectorsParts) {
    this.#stream = stream;
    this.#sql = sql;
    this.#keys = keys;
    this.#model = model;
    this.#most = Math.max(1, Math.floor(heldBytes / (2 * model.dimensions)));
  }

  get model(): EmbeddingModel {
    return this.#model;
  }

  // ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Keeps vectors, or replaces those of the same memories. Keeps nothing and answers whose keys are missing when one is
   * not at hand. Of a subject whose key was destroyed nothing is kept.
   * @throws WrongDimension before anything is written.
   */
  put(made: ReadonlyArray<MemoryVectors>): ReadonlyArray<ActorName> {
    const missing = new Set<ActorName>();
    const rows: SqlValue[][] = [];
    const sources: SqlValue[][] = [];
    const opened: Array<readonly [number, Held]> = [];
    for (const { seq, subject, own, window, preceding = [] } of made) {
      const bytes = bytesOf({ own, window }, this.#model.dimensions);
      const key = this.#keys.get(subject);
      if (key === undefined) missing.add(subject);
      if (key === undefined || key === "destroyed") continue;
      const sealed = encrypt(key.key, bytes, this.#place(seq, subject, key.number));
      rows.push([seq, subject, key.number, this.#model.name, this.#model.dimensions, sealed]);
      sources.push(...preceding.map((source) => [source, seq]));
      opened.push([seq, { ...quantizedIn(bytes, this.#model.dimensions), subject }]);
    }
    if (missing.size > 0) return [...missing];
    this.#deleteRows(made.map(({ seq }) => seq));
    insertRows(this.#sql, "vectors (seq, subject, key, model, dimensions, sealed)", rows);
    insertRows(this.#sql, "vector_sources (source, seq)", sources);
    if (this.#isLoaded) for (const [seq, held] of opened) this.#hold(seq, held);
    return [];
  }

  /** Forgets these memories' vectors: rows, and what is in memory. Answers how many rows there were. */
  remove(seqs: ReadonlyArray<number>): number {
    for (const seq of seqs) this.#held.delete(seq);
    return this.#deleteRows(seqs);
  }

  /** Forgets everything, of whatever model. */
  forgetAll(): void {
    this.#held.clear();
    this.#closed.clear();
    for (const table of ["vectors", "vector_sources"]) this.#sql.run(`DELETE FROM ${table}`);
  }

  /** Other memories whose windows hold words of these. */
  madeWith(seqs: ReadonlyArray<number>): ReadonlyArray<number> {
    const query = "SELECT DISTINCT seq FROM vector_sources WHERE source IN (SELECT value FROM json_each(?))";
    return this.#sql.rows(query, JSON.stringify(seqs)).map(([seq]) => Number(seq));
  }

  /** The memories of a subject that have vectors, of any model. */
  of(subject: ActorName): ReadonlyArray<number> {
    return this.#sql.rows("SELECT seq FROM vectors WHERE subject = ?", subject).map(([seq]) => Number(seq));
  }

  /** Lets go of what is open of a subject, whose key is no longer lent; the rows stay and open again with their key. */
  clear(subject: ActorName): void {
    for (const [seq, held] of this.#held) if (held.subject === subject) this.#held.delete(seq);
    if (this.#isLoaded) this.#closed.add(subject);
  }

  /** Forgets all of a subject, for good. Answers how many rows there were. */
  forgetSubject(subject: ActorName): number {
    this.clear(subject);
    this.#closed.delete(subject);
    return this.#deleteRows(this.of(subject));
  }

  /**
   * A subject's key has a new generation: seals its vectors under that. What no generation at hand opens is forgotten, for
   * the job makes it anew. Answers how many that was.
   */
  turned(subject: ActorName): number {
    const newest = this.#keys.get(subject);
    if (newest === undefined || newest === "destroyed") return 0;
    const found = this.#sql.rows(
      "SELECT DISTINCT key FROM vectors WHERE subject = ? AND key <> ?",
      subject,
      newest.number,
    );
    let lost = 0;
    for (const [generation] of found) {
      const key = this.#keys.get(subject, Number(generation));
      if (typeof key === "object") this.rekey(subject, key, newest);
      else lost += this.#deleteRows(this.#under(subject, Number(generation)));
    }
    return lost;
  }

  #under(subject: ActorName, generation: number): ReadonlyArray<number> {
    const query = "SELECT seq FROM vectors WHERE subject = ? AND key = ?";
    return this.#sql.rows(query, subject, generation).map(([seq]) => Number(seq));
  }

  /**
   * Seals a subject's vectors under a new generation of its key: a deleted row may still be read in a free page, until the
   * key that opens it is gone. Answers how many rows it was; run it inside a transaction.
   */
  rekey(subject: ActorName, from: SubjectKey, to: SubjectKey): number {
    let count = 0;
    for (let after = 0; ; ) {
      const rows = this.#sql.rows(
        "SELECT seq, model, dimensions, sealed FROM vectors WHERE subject = ? AND key = ? AND seq > ? ORDER BY seq LIMIT ?",
        ...[subject, from.number, after, ROWS_AT_ONCE],
      );
      for (const [seq, name, dimensions, sealed] of rows) {
        const model = { name: String(name), dimensions: Number(dimensions) };
        const plain = decrypt(from.key, sealed as Uint8Array, this.#place(Number(seq), subject, from.number, model));
        const anew = encrypt(to.key, plain, this.#place(Number(seq), subject, to.number, model));
        this.#sql.run("UPDATE vectors SET key = ?, sealed = ? WHERE seq = ?", to.number, anew, Number(seq));
      }
      count += rows.length;
      if (rows.length < ROWS_AT_ONCE) return count;
      after = Number(rows.at(-1)![0]);
    }
  }

  // ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Which of these memories have no vectors of today's model. */
  lacking(seqs: ReadonlyArray<number>): ReadonlyArray<number> {
    const there = new Set<number>();
    for (const part of inParts(seqs)) {
      const query = `SELECT seq FROM vectors WHERE model = ? AND seq IN (${placeholders(part)})`;
      for (const [seq] of this.#sql.rows(query, this.#model.name, ...part)) there.add(Number(seq));
    }
    return seqs.filter((seq) => !there.has(seq));
  }

  /**
   * Cosine of a question against each memory's own text and window; of these memories, or of all that are held.
   * @throws WrongDimension for a question of another model.
   */
  cosines(query: Float32Array, seqs?: ReadonlyArray<number>): Cosines {
    checkDimensions(query, this.#model.dimensions);
    this.#open();
    const own = new Map<number, number>();
    const window = new Map<number, number>();
    const length = Math.hypot(...query);
    const measure = (seq: number, held: Held) => {
      const [toOwn, toWindow] = cosinesOf(held, query, length);
      own.set(seq, toOwn);
      window.set(seq, toWindow);
    };
    if (seqs === undefined) for (const [seq, held] of this.#held) measure(seq, held);
    else for (const [seq, held] of this.#find(seqs)) measure(seq, held);
    return { own, window };
  }

  /** The window's vector of each of these memories as numbers again, for an index elsewhere; unopened ones are left out. */
  windows(seqs: ReadonlyArray<number>): ReadonlyMap<number, Float32Array> {
    this.#open();
    const { dimensions } = this.#model;
    return new Map(
      this.#find(seqs).map(([seq, held]) => [seq, restored(held.numbers.subarray(dimensions), held.windowScale)]),
    );
  }

  /** These memories' vectors, from memory or for this once from their rows. */
  #find(seqs: ReadonlyArray<number>): ReadonlyArray<readonly [number, Held]> {
    const found: Array<readonly [number, Held]> = [];
    const elsewhere: number[] = [];
    for (const seq of seqs) {
      const held = this.#held.get(seq);
      if (held === undefined) elsewhere.push(seq);
      else found.push([seq, held]);
    }
    for (const part of inParts(elsewhere)) {
      const query = `SELECT ${COLUMNS} FROM vectors WHERE model = ? AND seq IN (${placeholders(part)})`;
      for (const row of this.#sql.rows(query, this.#model.name, ...part)) {
        const opened = this.#opened(row);
        if (opened !== undefined) found.push([Number(row[0]), opened]);
      }
    }
    return found;
  }

  /** Opens what is not open yet and can be: everything at first, later those whose key has come. Forgets the shredded. */
  #open(): void {
    if (!this.#isLoaded) {
      this.#isLoaded = true;
      this.#load("", []);
    }
    for (const subject of new Set(this.#held.values().map((held) => held.subject)))
      if (typeof this.#keys.get(subject) !== "object") this.clear(subject);
    for (const subject of [...this.#closed]) {
      const key = this.#keys.get(subject);
      if (key === undefined) continue;
      this.#closed.delete(subject);
      if (key === "destroyed") this.forgetSubject(subject);
      else this.#load("AND subject = ?", [subject]);
    }
  }

  /** The newest rows first, for those are held when not all can be. */
  #load(where: string, values: ReadonlyArray<SqlValue>): void {
    const opened: Array<readonly [number, Held]> = [];
    const query = `SELECT ${COLUMNS} FROM vectors WHERE model = ? ${where} AND seq < ? ORDER BY seq DESC LIMIT ?`;
    for (let before = Number.MAX_SAFE_INTEGER; opened.length < this.#most; ) {
      const rows = this.#sql.rows(query, this.#model.name, ...values, before, ROWS_AT_ONCE);
      for (const row of rows) {
        const held = this.#opened(row);
        if (held !== undefined) opened.push([Number(row[0]), held]);
      }
      if (rows.length < ROWS_AT_ONCE) break;
      before = Number(rows.at(-1)![0]);
    }
    for (const [seq, held] of opened.slice(0, this.#most).toReversed()) this.#hold(seq, held);
  }

  /** Undefined where the key is not at hand, was destroyed, or is of another generation than the row's. */
  #opened([seq, name, generation, sealed]: ReadonlyArray<SqlValue>): Held | undefined {
    const subject = name as ActorName;
    const key = this.#keys.get(subject, Number(generation));
    if (key === undefined || this.#keys.get(subject) === "destroyed") this.#closed.add(subject);
    if (key === undefined || key === "destroyed") return undefined;
    try {
      const bytes = decrypt(key.key, sealed as Uint8Array, this.#place(Number(seq), subject, key.number));
      return { ...quantizedIn(bytes, this.#model.dimensions), subject };
    } catch {
      // What does not open was moved or changed. It is derived: it goes, and the job makes it anew.
      this.#deleteRows([Number(seq)]);
      return undefined;
    }
  }

  #hold(seq: number, held: Held): void {
    this.#held.set(seq, held);
    if (this.#held.size > this.#most) this.#held.delete(this.#held.keys().next().value!);
  }

  #deleteRows(seqs: ReadonlyArray<number>): number {
    let count = 0;
    for (const part of inParts(seqs)) {
      const where = `WHERE seq IN (${placeholders(part)})`;
      count += Number(this.#sql.rows(`SELECT COUNT(*) FROM vectors ${where}`, ...part)[0]?.[0] ?? 0);
      for (const table of ["vectors", "vector_sources"]) this.#sql.run(`DELETE FROM ${table} ${where}`, ...part);
    }
    return count;
  }

  /** Where sealed bytes stand, bound into them: no row can be moved, renamed, or told to be another model's. */
  #place(seq: number, subject: ActorName, generation: number, { name, dimensions } = this.#model): Uint8Array {
    return encoder.encode(JSON.stringify(["vectors", this.#stream, seq, subject, generation, name, dimensions]));
  }
}

export interface AgentVectorsParts {
  readonly sql: SqlPort;
  readonly keys: Keyring;
  readonly model: EmbeddingModel;
  /** Bytes that may be held open. */
  readonly heldBytes?: number;
}
