/** The register of settled commands of one log: what each id was answered, for ever [L2]; used by the ledger alone. */
import { Redacted } from "effect";
import type { CommandMeta } from "#events/kit/define.ts";
import { parseStoredReply, same } from "./encoding.ts";
import { CommandIdReused } from "./refusals.ts";
import { accepted, type RefusalData, type Reply, refused } from "./reply.ts";
import type { SqlPort } from "./sql.ts";

/** The range of events a command made; what its id remembers of it, never the payload. */
export interface Committed {
  readonly from: number;
  readonly to: number;
}

/** In place of the fingerprint of a request whose words were forgotten: a guess at them cannot be tried on it. */
const FORGOTTEN = new Uint8Array(32);

const hasWords = (value: unknown): boolean =>
  Redacted.isRedacted(value) || (typeof value === "object" && value !== null && Object.values(value).some(hasWords));

/** By what a refused command is known again: words that were not taken stand in no event with which they could be forgotten. */
export const printOfRefused = (command: unknown, print: Uint8Array): Uint8Array =>
  hasWords(command) ? FORGOTTEN : print;

/** Takes the fingerprints from the commands that made these events; their ids are answered as before, whatever comes under them. */
export const forgetFingerprints = (sql: SqlPort, seqs: ReadonlyArray<number>): void =>
  void sql.run(
    `UPDATE commands SET fingerprint = ?
     WHERE id IN (SELECT command FROM events WHERE seq IN (SELECT value FROM json_each(?)))`,
    FORGOTTEN,
    JSON.stringify(seqs),
  );

/** What a command with this id was answered; undefined when it is new. `print` tells another command under the same id. */
export function settledReply(sql: SqlPort, id: string, print: Uint8Array): Reply<Committed> | undefined {
  const row = sql.rows("SELECT fingerprint, reply FROM commands WHERE id = ?", id)[0];
  if (row === undefined) return undefined;
  const kept = row[0] as Uint8Array;
  if (!same(kept, print) && !same(kept, FORGOTTEN)) return refused(new CommandIdReused());
  const stored = parseStoredReply(String(row[1]));
  return "from" in stored
    ? accepted(stored, stored.to, true)
    : { outcome: "refused", refusal: stored.refusal as RefusalData };
}

/** Notes what a command came to; false, and nothing noted, when its id has an answer already. */
export function settle(
  sql: SqlPort,
  { id, at }: CommandMeta,
  print: Uint8Array,
  reply: Committed | { readonly refusal: RefusalData },
): boolean {
  return sql.run(
    "INSERT INTO commands (id, fingerprint, reply, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    id,
    print,
    JSON.stringify(reply),
    at,
  );
}

/** Seqs of all events made by commands whose id starts with `prefix`, in order. */
export function seqsMadeBy(sql: SqlPort, prefix: string): ReadonlyArray<number> {
  const ranges = sql.rows(
    `SELECT reply ->> '$.from' AS first, reply ->> '$.to' FROM commands
     WHERE id >= ? AND id < ? AND first IS NOT NULL ORDER BY first`,
    prefix,
    `${prefix}\uffff`,
  ) as ReadonlyArray<readonly [number, number]>;
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
}
