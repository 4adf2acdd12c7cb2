/** The facts that memories state, read out of their words by patterns as they are indexed: who, what, which value, and from when to when; owned by AgentMemory. */
import type { ActorName } from "#events/kit/ids.ts";
import { parseList } from "../../../kit/encoding.ts";
import { decrypt, encrypt } from "../../../kit/seal.ts";
import type { SqlPort, SqlValue } from "../../../kit/sql.ts";
import { believedAt, type Fact, type KnownFact, outcomeOf } from "../forming/supersession.ts";
import { statementsIn } from "../language/statements.ts";
import type { IndexKeys } from "./subjects.ts";

/** A memory whose facts are to be read. */
export interface Stating {
  readonly seq: number;
  /** Whose key hides them. */
  readonly subject: ActorName;
  readonly text: string;
  readonly saidAt: number;
  readonly speaker: { readonly id: string; readonly name: string };
  /** Since when what it says is known to be over, whoever said so. */
  readonly overSince?: number;
}

/** A memory that states what is asked for, and whether that was over by then. */
export interface Stated {
  readonly seq: number;
  readonly superseded: boolean;
}

/** Since when what a memory states no longer holds. */
export interface Standing {
  readonly seq: number;
  readonly supersededAt: number | null;
  readonly supersededBy: number | null;
}

const bytesOf = new TextEncoder();
const textOf = new TextDecoder();
/** More than one person states; what was stated long before is not looked through for what a sentence changes. */
const LOOKED_THROUGH = 2_000;

/** A fact of one subject, opened. */
interface Kept extends KnownFact {
  readonly seq: number;
  readonly endedBy: number | null;
}

export class FactStore {
  readonly #sql: SqlPort;
  readonly #keys: IndexKeys;
  /** Opened at first need; a subject's facts are few. */
  readonly #open = new Map<ActorName, Kept[]>();

  constructor(sql: SqlPort, keys: IndexKeys) {
    this.#sql = sql;
    this.#keys = keys;
  }

  #hasTable(): boolean {
    return this.#sql.rows("SELECT 1 FROM sqlite_master WHERE name = 'memory_facts'").length > 0;
  }

  #makeTable(): void {
    if (this.#hasTable()) return;
    this.#sql.run(
      `CREATE TABLE memory_facts (
         id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, subject TEXT NOT NULL, sealed BLOB NOT NULL,
         valid_from INTEGER NOT NULL, valid_to INTEGER, recorded_at INTEGER NOT NULL, retracted_at INTEGER,
         ended_by INTEGER
       ) STRICT`,
    );
    for (const column of ["seq", "subject", "ended_by"])
      this.#sql.run(`CREATE INDEX memory_facts_${column} ON memory_facts (${column})`);
  }

  /** Reads the facts of a memory, or reads them anew; nothing while the subject's key is not at hand. */
  add({ seq, subject, text, saidAt, speaker, overSince }: Stating): void {
    const statements = statementsIn(text, saidAt);
    const key = this.#keys.get(subject);
    if (statements.length === 0 || !(key instanceof Uint8Array)) return;
    this.#makeTable();
    this.#sql.run("DELETE FROM memory_facts WHERE seq = ?", seq);
    this.#open.delete(subject);
    for (const statement of statements) {
      const facts = this.#factsOf(subject, key);
      const { fact, ended, repeated } = outcomeOf(statement, { at: saidAt, speaker, facts });
      for (const { id, validTo } of ended)
        this.#sql.run(
          "UPDATE memory_facts SET valid_to = ?, retracted_at = ?, ended_by = ? WHERE id = ?",
          ...[validTo, saidAt, seq, Number(id)],
        );
      // Said again is stated by both: should the first be forgotten, the second still says it.
      const stated = fact ?? facts.find(({ id }) => id === repeated);
      if (stated !== undefined) this.#insert({ seq, subject, saidAt }, key, stated, facts);
      if (stated !== undefined || ended.length > 0) this.#open.delete(subject);
    }
    if (overSince === undefined) return;
    this.#sql.run(
      "UPDATE memory_facts SET valid_to = ?, retracted_at = ? WHERE seq = ? AND valid_to IS NULL",
      ...[overSince, overSince, seq],
    );
    this.#open.delete(subject);
  }

  #insert(
    { seq, subject, saidAt }: Pick<Stating, "seq" | "subject" | "saidAt">,
    key: Uint8Array,
    fact: Omit<Fact, "id">,
    facts: ReadonlyArray<Kept>,
  ): void {
    const words = JSON.stringify([fact.subject, fact.attribute, fact.value]);
    const { validFrom, validTo } = fact;
    const later = validTo === undefined ? undefined : facts.find((other) => other.validFrom === validTo);
    this.#sql.run(
      `INSERT INTO memory_facts (seq, subject, sealed, valid_from, valid_to, recorded_at, retracted_at, ended_by)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[seq, subject, encrypt(key, bytesOf.encode(words), placeOf(subject, seq))],
      ...[validFrom, validTo ?? null, saidAt, validTo === undefined ? null : saidAt, later?.seq ?? null],
    );
  }

  /** Takes out what these memories stated, which was never said; what only they had ended holds again. */
  remove(seqs: ReadonlyArray<number>): void {
    if (seqs.length === 0 || !this.#hasTable()) return;
    const asked = JSON.stringify(seqs);
    const concerned = this.#sql.rows(
      `SELECT seq FROM memory_facts WHERE seq IN (SELECT value FROM json_each(?1))
       UNION SELECT ended_by FROM memory_facts WHERE ended_by IN (SELECT value FROM json_each(?1))
       ORDER BY 1 DESC`,
      asked,
    );
    // The newest first: what it had ended may be what the next one had ended others with.
    for (const [seq] of concerned) this.#unsay(Number(seq));
    this.#open.clear();
  }

  /**
   * What a fact had ended is over all the same where that fact was ended in turn: then by what ended it. They are told by
   * their times, for one value begins when the one before it ends, and nothing needs to be opened.
   */
  #unsay(seq: number): void {
    this.#sql.run(
      `UPDATE memory_facts AS old SET (valid_to, retracted_at, ended_by) = (
         SELECT next.valid_to, next.retracted_at, next.ended_by FROM memory_facts next
         WHERE next.seq = ?1 AND next.subject = old.subject AND next.valid_from = old.valid_to
         ORDER BY next.valid_to IS NULL LIMIT 1
       ) WHERE ended_by = ?1`,
      seq,
    );
    this.#sql.run("DELETE FROM memory_facts WHERE seq = ?", seq);
  }

  /** Takes out what these memories stated, which was said and is known no more: what they had ended stays over. */
  expire(seqs: ReadonlyArray<number>): void {
    if (seqs.length === 0 || !this.#hasTable()) return;
    this.#sql.run("DELETE FROM memory_facts WHERE seq IN (SELECT value FROM json_each(?))", JSON.stringify(seqs));
    this.#open.clear();
  }

  /** Memories behind one, in rising order, that state nothing that still holds. */
  over(after: number, limit: number): ReadonlyArray<number> {
    if (!this.#hasTable()) return [];
    return this.#sql
      .rows(
        `SELECT seq FROM memory_facts WHERE seq > ? GROUP BY seq HAVING COUNT(*) = COUNT(valid_to)
         ORDER BY seq LIMIT ?`,
        ...[after, limit],
      )
      .map(([seq]) => Number(seq));
  }

  /** Takes out everything of a subject, or all. */
  clear(subject?: ActorName): void {
    this.#open.clear();
    if (!this.#hasTable()) return;
    if (subject === undefined) this.#sql.run("DELETE FROM memory_facts");
    else this.#sql.run("DELETE FROM memory_facts WHERE subject = ?", subject);
  }

  /** Memories that state this attribute of one of these, among these subjects' keys, and what was believed of it at a moment. */
  stating(
    asked: { readonly attribute: string; readonly whose: (holder: string) => boolean; readonly at: number },
    subjects: ReadonlyArray<ActorName>,
  ): ReadonlyArray<Stated> {
    if (!this.#hasTable()) return [];
    return subjects.flatMap((subject) => {
      const key = this.#keys.get(subject);
      const facts = key instanceof Uint8Array ? this.#factsOf(subject, key) : [];
      const stating = facts.filter((fact) => fact.attribute === asked.attribute && asked.whose(fact.subject));
      const believed = new Set(believedAt(stating, asked.at));
      return stating.map((fact) => ({ seq: fact.seq, superseded: !believed.has(fact) }));
    });
  }

  /** Since when what these memories state no longer holds; those that state nothing, or still hold, are left out. */
  superseded(seqs: ReadonlyArray<number>): ReadonlyMap<number, Standing> {
    if (seqs.length === 0 || !this.#hasTable()) return new Map();
    const rows = this.#sql.rows(
      `SELECT seq, MAX(valid_to), MAX(ended_by) FROM memory_facts
       WHERE seq IN (SELECT value FROM json_each(?)) GROUP BY seq HAVING COUNT(*) = COUNT(valid_to)`,
      JSON.stringify(seqs),
    );
    return new Map(
      rows.map(([seq, at, by]) => [
        Number(seq),
        { seq: Number(seq), supersededAt: Number(at), supersededBy: by === null ? null : Number(by) },
      ]),
    );
  }

  /** Memories that state something that still holds. */
  holding(seqs: ReadonlyArray<number>): ReadonlySet<number> {
    if (seqs.length === 0 || !this.#hasTable()) return new Set();
    const rows = this.#sql.rows(
      "SELECT DISTINCT seq FROM memory_facts WHERE valid_to IS NULL AND seq IN (SELECT value FROM json_each(?))",
      JSON.stringify(seqs),
    );
    return new Set(rows.map(([seq]) => Number(seq)));
  }

  #factsOf(subject: ActorName, key: Uint8Array): ReadonlyArray<Kept> {
    const known = this.#open.get(subject);
    if (known !== undefined) return known;
    const rows = this.#sql.rows(
      `SELECT id, seq, sealed, valid_from, valid_to, recorded_at, retracted_at, ended_by FROM memory_facts WHERE subject = ? ORDER BY id DESC LIMIT ?`,
      ...[subject, LOOKED_THROUGH],
    );
    const facts = rows.map((row) => keptOf(row, subject, key)).reverse();
    this.#open.set(subject, facts);
    return facts;
  }
}

const placeOf = (subject: ActorName, seq: number): Uint8Array => bytesOf.encode(`fact ${subject} ${seq}`);

const momentOf = (value: SqlValue | undefined): number | undefined => (value == null ? undefined : Number(value));

function keptOf(row: ReadonlyArray<SqlValue>, subject: ActorName, key: Uint8Array): Kept {
  const [id, seq, sealed, validFrom, validTo, recordedAt, retractedAt, endedBy] = row;
  const words = parseList(textOf.decode(decrypt(key, sealed as Uint8Array, placeOf(subject, Number(seq)))));
  const [holder, attribute, value] = words.map(String);
  return {
    ...{ id: String(id), seq: Number(seq), endedBy: endedBy === null ? null : Number(endedBy) },
    ...{ subject: holder!, attribute: attribute!, value: value! },
    ...{ validFrom: Number(validFrom), validTo: momentOf(validTo) },
    ...{ recordedAt: Number(recordedAt), retractedAt: momentOf(retractedAt) },
  };
}
