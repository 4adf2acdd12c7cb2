/** The wrapped keys of events, the part of a log that may change: deleted to forget, wrapped anew when a key turns; used by the ledger. */
import type { ActorName } from "#events/kit/ids.ts";
import type { Keyring } from "./revealed.ts";
import { generationBytes, generationOf, rewrapKey, type SubjectKey } from "./seal.ts";
import { insertRows, type SqlPort } from "./sql.ts";

/** Deletes the keys of these events: nobody opens their words again. */
export const deleteKeys = (sql: SqlPort, seqs: ReadonlyArray<number>): void =>
  sql.run("DELETE FROM event_keys WHERE seq IN (SELECT value FROM json_each(?))", JSON.stringify(seqs));

/** Deletes what was wrapped under these generations of a subject's key, and keeps in mind that they are destroyed. */
export function destroyKeys(sql: SqlPort, subject: ActorName, upTo: number): void {
  sql.run("DELETE FROM event_keys WHERE subject = ? AND substr(wrapped, 1, 4) <= ?", subject, generationBytes(upTo));
  sql.run(
    `INSERT INTO destroyed_keys (subject, number) VALUES (?, ?)
     ON CONFLICT (subject) DO UPDATE SET number = MAX(number, excluded.number)`,
    subject,
    upTo,
  );
}

/** Of each subject that was forgotten here, the newest generation that is destroyed. */
export const destroyedKeys = (sql: SqlPort): ReadonlyArray<readonly [ActorName, number]> =>
  sql
    .rows("SELECT subject, number FROM destroyed_keys")
    .map(([subject, number]) => [subject as ActorName, Number(number)]);

/**
 * Wraps at most `limit` keys of this subject's events from older generations to this one, and answers how many there
 * were. A row whose generation is destroyed, as one from an older copy of this database is, opens nothing and goes.
 * @throws when a generation that a row needs is not at hand.
 */
export function rewrapKeys(
  sql: SqlPort,
  { stream, subject, keys }: { readonly stream: string; readonly subject: ActorName; readonly keys: Keyring },
  to: SubjectKey,
  limit: number,
): number {
  const rows = sql.rows(
    `SELECT k.seq, k.wrapped, e.type, e.v FROM event_keys k JOIN events e ON e.seq = k.seq
     WHERE k.subject = ? AND substr(k.wrapped, 1, 4) < ? ORDER BY k.seq LIMIT ?`,
    ...[subject, generationBytes(to.number), limit],
  );
  const renewed = rows.flatMap(([seq, wrapped, type, v]) => {
    const number = generationOf(wrapped as Uint8Array);
    const from = keys.get(subject, number);
    if (from === undefined) throw new Error(`generation ${number} of the key of ${subject} is not at hand`);
    if (from === "destroyed") return [];
    const place = { stream, seq: Number(seq), type: String(type), v: Number(v), subject };
    return [[place.seq, subject, rewrapKey(wrapped as Uint8Array, place, from, to)]];
  });
  deleteKeys(
    sql,
    rows.map(([seq]) => Number(seq)),
  );
  insertRows(sql, "event_keys (seq, subject, wrapped)", renewed);
  return rows.length;
}
