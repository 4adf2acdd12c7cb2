/** What receipts of erasures have in common as the API tells them, and where one is found; used by the handlers that erase and that show them. */
import type { Confirmation, WhatRemains as Remains } from "#actors/kit/key-doors.ts";
import type { AgentId } from "#events/kit/ids.ts";
import type { Asking } from "../asker.ts";
import type { WhatRemains } from "../erasure-api.ts";

export const iso = (at: number): string => new Date(at).toISOString();
export const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

/** Names the receipt of what an agent erased in the answer's `Location`. */
export const namesReceipt = (asking: Asking, agent: AgentId, id: string): void =>
  asking.headers.set("Location", `/api/agents/${agent}/erasures/${id}`);

export const confirmationsView = (streams: ReadonlyArray<Confirmation>) =>
  streams.map(({ stream, confirmedAt }) => ({ stream, confirmed_at: isoOrNull(confirmedAt) }));

/** `words_of_others` says what stays under keys that were not destroyed. */
export const remainsView = (
  { restorableUntil, openableWith, indexesLeft }: Remains,
  words_of_others: string,
): WhatRemains => ({
  restorable_until: isoOrNull(restorableUntil),
  openable_with: openableWith,
  words_of_others,
  indexes_left: indexesLeft,
});
