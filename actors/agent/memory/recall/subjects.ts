/** The people whose memories can be read now, each with vocabulary and counts, held in memory between questions; used by memory-index.ts. */
import type { ActorName } from "#events/kit/ids.ts";
import { same } from "../../../kit/encoding.ts";
import type { SqlPort, SqlValue } from "../../../kit/sql.ts";
import { listed } from "./tables.ts";
import { spelled } from "./tokens.ts";
import { Vocabulary } from "./vocabulary.ts";

/** Keys for indexing, 32 bytes each, derived from a subject's own: `undefined` when one is not at hand, "destroyed" when it is no more. */
export interface IndexKeys {
  get(subject: ActorName): Uint8Array | "destroyed" | undefined;
}

/** A subject whose key is at hand. */
export interface OpenSubject {
  readonly id: number;
  /** How many memories of it are indexed, and how many words they have together. */
  entries: number;
  words: number;
  version: number;
  readonly vocabulary: Vocabulary;
}

type Row = readonly [id: number, name: ActorName, entries: number, words: number, version: number, stale: number];

const COLUMNS = "id, name, entries, words, version, stale";

/** A token that no memory holds any more is not among these. */
export const heldTokens = (sql: SqlPort, tokens: Iterable<number>): Set<number> =>
  new Set(
    sql
      .rows(
        `SELECT value ->> 1 FROM json_each(?)
          WHERE EXISTS (SELECT 1 FROM index_postings WHERE term = value ->> 0)`,
        `[${Array.from(tokens, (token) => `["${spelled(token)}",${token}]`).join()}]`,
      )
      .map(([token]) => Number(token)),
  );

export class Subjects {
  readonly #sql: SqlPort;
  readonly #keys: IndexKeys;
  readonly #open = new Map<ActorName, OpenSubject>();
  /** In how many memories a token is: asked of the tables once, then kept up. */
  readonly #frequencies = new Map<number, number>();

  constructor(sql: SqlPort, keys: IndexKeys) {
    this.#sql = sql;
    this.#keys = keys;
  }

  /** Those of the named whose key is at hand and of whom something is indexed. */
  opened(names: ReadonlyArray<ActorName>): ReadonlyArray<OpenSubject> {
    const query = `SELECT ${COLUMNS} FROM index_subjects WHERE name IN (SELECT value FROM json_each(?))`;
    const rows = this.#sql.rows(query, listed(names)) as ReadonlyArray<SqlValue[]>;
    return rows.flatMap((row) => this.#opened(row as unknown as Row) ?? []);
  }

  /** The subject to index something of; undefined while its key is not at hand. */
  openedToWrite(name: ActorName): OpenSubject | undefined {
    if (!(this.#keys.get(name) instanceof Uint8Array)) return undefined;
    const known = this.opened([name])[0];
    if (known === undefined)
      this.#sql.run(
        "INSERT OR IGNORE INTO index_subjects (name, entries, words, version, stale) VALUES (?, 0, 0, 0, 0)",
        name,
      );
    const subject = known ?? this.opened([name])[0];
    // Ahead of the tables until the change is written down: should that be undone, nothing held in memory is believed.
    if (subject !== undefined) subject.version += 1;
    return subject;
  }

  /** Writes down that so many memories and words have come (or, below zero, gone), and how many times each token did. */
  count(subject: OpenSubject, change: { entries: number; words: number }, tokens: Iterable<number>): void {
    subject.entries += change.entries;
    subject.words += change.words;
    for (const token of tokens) {
      const known = this.#frequencies.get(token);
      if (known !== undefined) this.#frequencies.set(token, known + Math.sign(change.entries));
    }
    const { entries, words, version, id } = subject;
    const query = "UPDATE index_subjects SET entries = ?, words = ?, version = ? WHERE id = ?";
    this.#sql.run(query, entries, words, version, id);
  }

  /** Writes down that these memories of a subject are gone, and lets go of words that none of the others holds. */
  lose(name: ActorName, gone: ReadonlyArray<{ readonly length: number; readonly tokens: ReadonlySet<number> }>): void {
    const subject = this.openedToWrite(name);
    if (subject === undefined) {
      // The vocabulary cannot be opened now: its next opening is told.
      const words = gone.reduce((sum, { length }) => sum + length, 0);
      const query = `UPDATE index_subjects SET entries = entries - ?, words = words - ?, version = version + 1, stale = 1
                      WHERE name = ?`;
      this.#sql.run(query, gone.length, words, name);
      this.forget(name);
      return;
    }
    for (const { length, tokens } of gone) this.count(subject, { entries: -1, words: -length }, tokens);
    const tokens = gone.reduce((all, each) => all.union(each.tokens), new Set<number>()).difference(new Set([0]));
    const orphans = tokens.difference(heldTokens(this.#sql, tokens));
    if (orphans.size > 0) subject.vocabulary.drop(orphans);
  }

  /** In how many memories each of these tokens is. */
  frequencies(tokens: ReadonlyArray<number>): ReadonlyMap<number, number> {
    const unknown = tokens.filter((token) => !this.#frequencies.has(token));
    if (unknown.length > 0) {
      const query = `SELECT value ->> 1, (SELECT doc FROM index_frequencies WHERE term = value ->> 0) FROM json_each(?)`;
      const asked = `[${unknown.map((token) => `["${spelled(token)}",${token}]`).join()}]`;
      for (const [token, count] of this.#sql.rows(query, asked))
        this.#frequencies.set(Number(token), Number(count ?? 0));
    }
    return this.#frequencies;
  }

  /** Lets go of all that is held in memory of a subject, or of everybody. */
  forget(name?: ActorName): void {
    if (name === undefined) this.#open.clear();
    else this.#open.delete(name);
    this.#frequencies.clear();
  }

  #opened([id, name, entries, words, version, stale]: Row): OpenSubject | undefined {
    const key = this.#keys.get(name);
    const held = this.#open.get(name);
    if (key instanceof Uint8Array && held !== undefined) {
      if (held.id === id && held.version === version && same(held.vocabulary.owner.key, key)) return held;
    }
    this.forget(name);
    if (!(key instanceof Uint8Array)) return undefined;
    const vocabulary = Vocabulary.open(this.#sql, { id, name, key });
    if (vocabulary === undefined) return undefined;
    if (stale === 1) this.#refresh(id, vocabulary);
    const opened = { id, entries, words, version, vocabulary };
    this.#open.set(name, opened);
    return opened;
  }

  /** Words were let go of while nobody could open the vocabulary: what no memory holds leaves it now. */
  #refresh(id: number, vocabulary: Vocabulary): void {
    const held = heldTokens(this.#sql, vocabulary.tokens());
    vocabulary.drop(new Set(vocabulary.tokens()).difference(held));
    this.#sql.run("UPDATE index_subjects SET stale = 0 WHERE id = ?", id);
  }
}
