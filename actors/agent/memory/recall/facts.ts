/** The facts that memories state, read out of their words by patterns as they are indexed: who, what, which value, and from when to when; owned by AgentMemory. */
import type { ActorName } from "#events/kit/ids.ts";
import { parseList } from "../../../kit/encoding.ts";
import { decrypt, encrypt } from "../../../kit/seal.ts";
import type { SqlPort, SqlValue } from "../../../kit/sql.ts";
import {
  believedAt,
  type Fact,
  type Holder,
  isSameHolder,
  type KnownFact,
  outcomeOf,
  subjectKey,
} from "../forming/supersession.ts";
import { nameOf } from "../language/names.ts";
import { attributeAsked } from "../language/questions.ts";
import { type Statement, statementsIn } from "../language/statements.ts";
import type { IndexKeys } from "./subjects.ts";

/** A memory whose facts are to be read. */
export interface Stating {
  readonly seq: number;
  /** Whose key hides them. */
  readonly subject: ActorName;
  readonly text: string;
  readonly saidAt: number;
  /** A person's id; their name, folded, where no more is known. */
  readonly speaker: { readonly id: string; readonly name: string };
  /** Where the log says that it is over: since when, and since when that is known. */
  readonly over?: Ended;
}

/** Until when something held, and when that became known. */
interface Ended {
  readonly validTo: number;
  readonly retractedAt: number;
}

/** What is asked, when, by whom and as of when; see `Question`. */
interface FactQuestion {
  readonly text: string;
  readonly now: number;
  readonly asker?: string;
  readonly askerName?: string;
  readonly asOf?: number;
}

/** A memory that states what is asked for, and whether that was over by then. */
export interface Stated {
  readonly seq: number;
  readonly superseded: boolean;
}

/** Since when what a memory states no longer holds, and since when that is known. */
export interface Standing {
  readonly seq: number;
  readonly supersededAt: number;
  readonly retractedAt: number;
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
  add({ seq, subject, text, saidAt, speaker, over }: Stating): void {
    const statements = statementsIn(text, saidAt);
    const key = this.#keyOf(subject);
    if (statements.length === 0 || key === undefined) return;
    this.#makeTable();
    if (this.#sql.rows("DELETE FROM memory_facts WHERE seq = ? RETURNING id", seq).length > 0)
      this.#open.delete(subject);
    const kept = this.#factsOf(subject, key);
    for (const statement of statements) {
      const facts = seenFrom(holderOf(statement, speaker), kept);
      const { fact, ended, repeated } = outcomeOf(statement, { at: saidAt, speaker, facts });
      for (const { id, validTo } of ended) this.#end(kept, id, { validTo, retractedAt: saidAt }, seq);
      // Said again is stated by both: should the first be forgotten, the second still says it.
      const stated = fact ?? facts.find(({ id }) => id === repeated);
      if (stated === undefined) continue;
      const known = facts.find((other) => other.subject === stated.subject);
      const name = ownName(stated.subject, speaker) ?? known?.name;
      kept.push(this.#insert({ seq, subject, saidAt }, key, { ...stated, name }, facts));
      if (kept.length > LOOKED_THROUGH) kept.shift();
    }
    if (over === undefined) return;
    for (const { id, seq: stating, validTo } of kept)
      if (stating === seq && validTo === undefined) this.#end(kept, id, over, null);
  }

  /** In the table and in what is open, for opening all of it again would cost each statement more than the last one. */
  #end(kept: Kept[], id: string, { validTo, retractedAt }: Ended, endedBy: number | null): void {
    this.#sql.run(
      "UPDATE memory_facts SET valid_to = ?, retracted_at = ?, ended_by = ? WHERE id = ?",
      ...[validTo, retractedAt, endedBy, Number(id)],
    );
    const index = kept.findIndex((fact) => fact.id === id);
    kept[index] = { ...kept[index]!, validTo, retractedAt, endedBy };
  }

  #insert(
    { seq, subject, saidAt }: Pick<Stating, "seq" | "subject" | "saidAt">,
    key: Uint8Array,
    fact: Omit<Fact, "id">,
    facts: ReadonlyArray<Kept>,
  ): Kept {
    const { attribute, value, name, validFrom, validTo } = fact;
    const words = JSON.stringify([fact.subject, attribute, value, ...(name === undefined ? [] : [name])]);
    const later = validTo === undefined ? undefined : facts.find((other) => other.validFrom === validTo);
    // That it is over is known as soon as both have been said, in whichever order.
    const retractedAt = validTo === undefined ? undefined : Math.max(saidAt, later?.recordedAt ?? saidAt);
    const endedBy = later?.seq ?? null;
    const [row] = this.#sql.rows(
      `INSERT INTO memory_facts (seq, subject, sealed, valid_from, valid_to, recorded_at, retracted_at, ended_by)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      ...[seq, subject, encrypt(key, bytesOf.encode(words), placeOf(subject, seq))],
      ...[validFrom, validTo ?? null, saidAt, retractedAt ?? null, endedBy],
    );
    const times = { validFrom, validTo, recordedAt: saidAt, retractedAt };
    return { id: String(row![0]), seq, endedBy, subject: fact.subject, name, attribute, value, ...times };
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

  /** Lets go of what is held in memory: the tables may have been set back. */
  close(): void {
    this.#open.clear();
  }

  /** Memories that state what a question asks for, and whether it still held then. */
  asked(
    { text, now, asker = "", askerName = "", asOf = now }: FactQuestion,
    subjects: ReadonlyArray<ActorName>,
  ): ReadonlyArray<Stated> {
    const asked = attributeAsked(text, asOf);
    if (asked === undefined) return [];
    // What was said by nobody in particular in the first person is taken for whoever asks.
    const oneself = [{ subject: asker, name: nameOf(askerName) }, { subject: "" }];
    const whose = asked.subject === "speaker" ? oneself : [{ subject: nameOf(asked.subject) }];
    const attributes = [asked.attribute, ...(asked.or === undefined ? [] : [asked.or])];
    return attributes.flatMap((attribute) => this.stating({ attribute, whose, at: asked.asOf ?? asOf }, subjects));
  }

  /** Memories that state this attribute of any of these, among these subjects' keys, and what was believed of it at a moment. */
  stating(
    asked: { readonly attribute: string; readonly whose: ReadonlyArray<Holder>; readonly at: number },
    subjects: ReadonlyArray<ActorName>,
  ): ReadonlyArray<Stated> {
    if (!this.#hasTable()) return [];
    return subjects.flatMap((subject) => {
      const key = this.#keyOf(subject);
      const facts = key === undefined ? [] : this.#factsOf(subject, key);
      const isMeant = (holder: Holder) => asked.whose.some((one) => isSameHolder(one, holder));
      const stating = facts.filter((fact) => fact.attribute === asked.attribute && isMeant(fact));
      const believed = new Set(believedAt(stating, asked.at));
      return stating.map((fact) => ({ seq: fact.seq, superseded: !believed.has(fact) }));
    });
  }

  /** Since when what these memories state no longer holds; those that state nothing, or still hold, are left out. */
  superseded(seqs: ReadonlyArray<number>): ReadonlyMap<number, Standing> {
    if (seqs.length === 0 || !this.#hasTable()) return new Map();
    const rows = this.#sql.rows(
      `SELECT seq, MAX(valid_to), MAX(retracted_at), MAX(ended_by) FROM memory_facts
       WHERE seq IN (SELECT value FROM json_each(?)) GROUP BY seq HAVING COUNT(*) = COUNT(valid_to)`,
      JSON.stringify(seqs),
    );
    return new Map(
      rows.map(([seq, at, known, by]) => [
        Number(seq),
        {
          ...{ seq: Number(seq), supersededAt: Number(at), retractedAt: Number(known) },
          supersededBy: by === null ? null : Number(by),
        },
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

  /** What was opened is kept no longer than its key. */
  #keyOf(subject: ActorName): Uint8Array | undefined {
    const key = this.#keys.get(subject);
    if (key instanceof Uint8Array) return key;
    this.#open.delete(subject);
    return undefined;
  }

  #factsOf(subject: ActorName, key: Uint8Array): Kept[] {
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

type Speaker = Stating["speaker"];

/** What goes with a subject that is the speaker's id; with a name, nothing. */
const ownName = (subject: string, { id, name }: Speaker): string | undefined =>
  subject === id && id !== nameOf(name) ? nameOf(name) : undefined;

function holderOf({ subject: said }: Statement, speaker: Speaker): Holder {
  const subject = subjectKey(said, speaker);
  return { subject, name: ownName(subject, speaker) };
}

/** The facts as they look to whoever speaks of this holder: all that may be about the same person are. */
function seenFrom(holder: Holder, facts: ReadonlyArray<Kept>): ReadonlyArray<Kept> {
  const known = new Map<string, boolean>();
  return facts.map((fact) => {
    const { subject, name } = fact;
    if (subject === holder.subject) return fact;
    const who = `${subject}\n${name}`;
    if (!known.has(who)) known.set(who, isSameHolder(holder, fact));
    return known.get(who) ? { ...fact, ...holder } : fact;
  });
}

const placeOf = (subject: ActorName, seq: number): Uint8Array => bytesOf.encode(`fact ${subject} ${seq}`);

const momentOf = (value: SqlValue | undefined): number | undefined => (value == null ? undefined : Number(value));

function keptOf(row: ReadonlyArray<SqlValue>, subject: ActorName, key: Uint8Array): Kept {
  const [id, seq, sealed, validFrom, validTo, recordedAt, retractedAt, endedBy] = row;
  const words = parseList(textOf.decode(decrypt(key, sealed as Uint8Array, placeOf(subject, Number(seq)))));
  const [holder, attribute, value, name] = words.map(String);
  return {
    ...{ id: String(id), seq: Number(seq), endedBy: endedBy === null ? null : Number(endedBy) },
    ...{ subject: holder!, name, attribute: attribute!, value: value! },
    ...{ validFrom: Number(validFrom), validTo: momentOf(validTo) },
    ...{ recordedAt: Number(recordedAt), retractedAt: momentOf(retractedAt) },
  };
}
