/** What the receipts of erasures have in common, of a person as of an agent and its memories: since when nobody can read, and what could still bring it back. */

import type { ActorName } from "#events/kit/ids.ts";
import type { ActorEnv } from "./doors.ts";
import type { Confirmation, KeyOrder, Shredding, WhatRemains } from "./key-doors.ts";
import { LENT_FOR_MS, vaultOf } from "./keys.ts";

/** Durable Objects and D1 can be put back to any moment of the last 30 days (developers.cloudflare.com, SQLite storage). */
const RESTORABLE_MS = 30 * 24 * 3_600_000;

/**
 * Has a subject's key destroyed, or asks how far that is: it is destroyed once. Answers after `waitMs` at the latest. @throws
 * when the Vault does not answer.
 */
export const shred = (env: ActorEnv, subject: ActorName, order: KeyOrder, waitMs: number): Promise<Shredding> =>
  env.VAULT.getByName(vaultOf(subject)).shred(subject, order, waitMs);

/** The key-encryption keys that could open a stray copy of a destroyed key; null when the Vault does not answer. */
export const openableWith = (
  env: ActorEnv,
  subject: ActorName,
  { kek }: Pick<Shredding, "kek">,
): Promise<ReadonlyArray<number> | null> =>
  env.VAULT.getByName(vaultOf(subject))
    .keysUpTo(kek)
    .catch(() => null);

/** A stream that was not reached has the key for as long as it was lent; one that was reached, no longer than that. */
export function unreadableAt({ shreddedAt, streams }: Pick<Shredding, "shreddedAt" | "streams">): number {
  const latest = shreddedAt + LENT_FOR_MS;
  return streams.reduce((at, { confirmedAt }) => Math.max(at, Math.min(confirmedAt ?? latest, latest)), shreddedAt);
}

/** When the last of these streams had forgotten the key; null while one has not, 0 where there was none. */
export const allConfirmedAt = (streams: ReadonlyArray<Confirmation>): number | null =>
  streams.reduce<number | null>(
    (at, { confirmedAt }) => (at === null || confirmedAt === null ? null : Math.max(at, confirmedAt)),
    0,
  );

/** What remains of something that is gone since a moment (ms since 1970; null: not yet). */
export const whatRemains = (
  goneAt: number | null,
  openable: ReadonlyArray<number> | null,
  indexesLeft: ReadonlyArray<string>,
): WhatRemains => ({
  restorableUntil: goneAt === null ? null : goneAt + RESTORABLE_MS,
  openableWith: openable,
  indexesLeft: [...new Set(indexesLeft)].toSorted(),
});
