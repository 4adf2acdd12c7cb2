/** The wrapped keys of events, the part of a log that may change: deleted to forget, wrapped anew when a key turns; used by the ledger. */
import type { ActorName } from "#events/kit/ids.ts";
import type { Keyring } from "./revealed.ts";
import {
  generationBytes,
  generationOf,
  type Place,
  rewrapKey,
  type SubjectKey,
  unwrapEventKey,
  wrapFreshKey,
} from "./seal.ts";
import { forgetFingerprints } from "./settled-commands.ts";
import { insertRows, type SqlPort } from "./sql.ts";

/** Whose keys, in which log, and the ring that opens them. */
interface Owned {
  readonly stream: string;
  readonly subject: ActorName;
  readonly keys: Keyring;
}

const deleteRows = (sql: SqlPort, seqs: ReadonlyArray<number>): void =>
  void sql.run("DELETE FROM event_keys WHERE seq IN (SELECT value FROM json_each(?))", JSON.stringify(seqs));

/** Every event that can still be opened; 0 stands for the key of hashes. */
export const seqsWithKeys = (sql: SqlPort): ReadonlyArray<number> =>
  sql.rows("SELECT seq FROM event_keys").map(([seq]) => Number(seq));

/** The platform binds no value of more than 2 MB. */
const SEQS_AT_ONCE = 10_000;

/** Deletes the keys of these events, and what their words could be guessed by: nobody reads them again. */
export function deleteKeys(sql: SqlPort, seqs: ReadonlyArray<number>): void {
  for (let start = 0; start < seqs.length; start += SEQS_AT_ONCE) {
    const some = seqs.slice(start, start + SEQS_AT_ONCE);
    deleteRows(sql, some);
    forgetFingerprints(sql, some);
  }
}

/** Deletes what was wrapped under these generations of a subject's key, and keeps in mind that they are destroyed. */
export function destroyKeys(sql: SqlPort, subject: ActorName, upTo: number): void {
  const rows = sql.rows(
    "SELECT seq FROM event_keys WHERE subject = ? AND substr(wrapped, 1, 4) <= ?",
    ...[subject, generationBytes(upTo)],
  );
  deleteKeys(
    sql,
    rows.map(([seq]) => Number(seq)),
  );
  sql.run("DELETE FROM derived_keys WHERE subject = ? AND number <= ?", subject, upTo);
  sql.run(
    `INSERT INTO destroyed_keys (subject, number) VALUES (?, ?)
     ON CONFLICT (subject) DO UPDATE SET number = MAX(number, excluded.number)`,
    subject,
    upTo,
  );
}

/** Of which generation the keys of each subject are derived here. */
export const derivedKeys = (sql: SqlPort): ReadonlyArray<readonly [ActorName, number]> =>
  sql
    .rows("SELECT subject, number FROM derived_keys")
    .map(([subject, number]) => [subject as ActorName, Number(number)]);

/** Keeps in mind of which generation the keys of a subject are derived from now on. */
export const noteDerived = (sql: SqlPort, subject: ActorName, number: number): void =>
  void sql.run("INSERT OR REPLACE INTO derived_keys (subject, number) VALUES (?, ?)", subject, number);

/** Where the key for hashes lies: before the first event, so that it turns and dies with the keys of events. */
const HASH_SEQ = 0;
const hashPlace = (stream: string, subject: ActorName): Place => ({ stream, seq: HASH_SEQ, type: "", v: 0, subject });

/** This stream's key for hashes of words, made on first need under a subject's key; one stream has one. */
export class HashKey {
  readonly #sql: SqlPort;
  #opened: { readonly subject: ActorName; readonly number: number; readonly key: Uint8Array } | undefined;

  constructor(sql: SqlPort) {
    this.#sql = sql;
  }

  /** "destroyed" and undefined as of the subject's key, without which it is not to be had either. */
  get({ stream, subject, keys }: Owned): Uint8Array | Exclude<ReturnType<Keyring["get"]>, SubjectKey> {
    if (this.#opened?.subject === subject && typeof keys.get(subject, this.#opened.number) === "object")
      return this.#opened.key;
    this.#opened = undefined;
    const place = hashPlace(stream, subject);
    const known = this.#sql.rows("SELECT wrapped FROM event_keys WHERE seq = 0")[0]?.[0] as Uint8Array | undefined;
    const key = keys.get(subject, known && generationOf(known));
    if (key === undefined || key === "destroyed") return key;
    const wrapped = known ?? wrapFreshKey(place, key);
    if (known === undefined)
      insertRows(this.#sql, "event_keys (seq, subject, wrapped)", [[HASH_SEQ, subject, wrapped]]);
    this.#opened = { subject, number: key.number, key: unwrapEventKey(wrapped, place, key).eventKey };
    return this.#opened.key;
  }

  /** Keeps nothing opened when the keys of these events go, and it is among them. */
  drop(seqs: ReadonlyArray<number> = [HASH_SEQ]): void {
    if (seqs.includes(HASH_SEQ)) this.#opened = undefined;
  }
}

/** Of each subject that was forgotten here, the newest generation that is destroyed. */
export const destroyedKeys = (sql: SqlPort): ReadonlyArray<readonly [ActorName, number]> =>
  sql
    .rows("SELECT subject, number FROM destroyed_keys")
    .map(([subject, number]) => [subject as ActorName, Number(number)]);

/**
 * True of a subject whose key was destroyed here, and under whose newer one nothing here is sealed: who has come back has
 * said something since. Asks neither the Vault nor what is at hand of keys, so that a life that just began knows it too.
 */
export function isGone(sql: SqlPort, subject: ActorName): boolean {
  const [destroyed] = sql.rows("SELECT number FROM destroyed_keys WHERE subject = ?", subject);
  if (destroyed === undefined) return false;
  const newer = sql.rows(
    "SELECT 1 FROM event_keys WHERE subject = ? AND substr(wrapped, 1, 4) > ? ORDER BY seq DESC LIMIT 1",
    ...[subject, generationBytes(Number(destroyed[0]))],
  );
  return newer.length === 0;
}

/**
 * True when the words of any of these events are gone, and one of these subjects was once erased here: what answers them has
 * outlived its question, whoever has come back since.
 */
export const isOutlived = (sql: SqlPort, seqs: ReadonlyArray<number>, subjects: ReadonlyArray<ActorName>): boolean =>
  sql.rows(
    `SELECT 1 FROM events e WHERE e.seq IN (SELECT value FROM json_each(?)) AND e.sealed IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM event_keys k WHERE k.seq = e.seq)
       AND EXISTS (SELECT 1 FROM destroyed_keys WHERE subject IN (SELECT value FROM json_each(?)))`,
    ...[JSON.stringify(seqs), JSON.stringify(subjects)],
  ).length > 0;

/**
 * Wraps at most `limit` keys of this subject's events from older generations to this one, and answers how many there
 * were. A row whose generation is destroyed, as one from an older copy of this database is, opens nothing and goes.
 * @throws when a generation that a row needs is not at hand.
 */
export function rewrapKeys(sql: SqlPort, { stream, subject, keys }: Owned, to: SubjectKey, limit: number): number {
  const rows = sql.rows(
    `SELECT k.seq, k.wrapped, e.type, e.v FROM event_keys k LEFT JOIN events e ON e.seq = k.seq
     WHERE k.subject = ? AND substr(k.wrapped, 1, 4) < ? ORDER BY k.seq LIMIT ?`,
    ...[subject, generationBytes(to.number), limit],
  );
  const renewed = rows.flatMap(([seq, wrapped, type, v]) => {
    const number = generationOf(wrapped as Uint8Array);
    const from = keys.get(subject, number);
    if (from === undefined) throw new Error(`generation ${number} of the key of ${subject} is not at hand`);
    if (from === "destroyed") return [];
    const place =
      seq === HASH_SEQ
        ? hashPlace(stream, subject)
        : { stream, seq: Number(seq), type: String(type), v: Number(v), subject };
    return [[place.seq, subject, rewrapKey(wrapped as Uint8Array, place, from, to)]];
  });
  deleteRows(
    sql,
    rows.map(([seq]) => Number(seq)),
  );
  insertRows(sql, "event_keys (seq, subject, wrapped)", renewed);
  return rows.length;
}
