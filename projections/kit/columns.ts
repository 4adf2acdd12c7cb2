/** How what an event tells is written into columns; every projection uses it, and `queries.ts` reads it back. */
import * as Base64 from "effect/encoding/Base64";
import type { Recorded } from "#events/kit/envelope.ts";

/** A moment (ms since 1970) as the specification's DATETIME: text that sorts as time does. */
export const moment = (at: number): string => new Date(at).toISOString();

/** A boolean as SQLite has it. */
export const bit = (value: boolean): number => (value ? 1 : 0);

/** Facts as JSON text. */
export const json = (facts: unknown): string => JSON.stringify(facts);

/**
 * The words of an event as a column may hold them: the ciphertext, and the seq under which the stream's actor, who can
 * ask for the key, reveals them [S2]. Null when the event has none.
 */
export const wordsOf = (event: Recorded): { readonly sealed: string; readonly seq: number } | null =>
  event.sealed === undefined ? null : { sealed: Base64.encode(event.sealed), seq: event.seq };

/** The words as JSON text, for a column that may be empty. */
export const sealedText = (event: Recorded): string | null => {
  const words = wordsOf(event);
  return words === null ? null : json(words);
};

/** The words as JSON text, for a column that must not be empty. */
export const sealedTextAlways = (event: Recorded): string =>
  sealedText(event) ?? json({ sealed: null, seq: event.seq });
