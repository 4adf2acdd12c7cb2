/** Words as the index keeps them: keyed hashes of 48 bits, as numbers, as words of the full-text index, and packed; used in this folder. */
import { keyedDigest } from "../../../kit/seal.ts";

const BYTES = 6;
const HIGH = 2 ** 24;
/** 36^10 is more than 2^48: every token has this many characters. */
const CHARACTERS = 10;

const readAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)) +
  (bytes[at + 3]! | (bytes[at + 4]! << 8) | (bytes[at + 5]! << 16)) * HIGH;

/** Makes the tokens of words under a subject's key for indexing. Whoever lacks the key cannot tell which word one is. */
export function tokensUnder(key: Uint8Array): (word: string) => number {
  const digest = keyedDigest(key);
  return (word) => readAt(digest(word), 0);
}

/** A token as the full-text index spells it: ten characters of lower-case letters and digits. */
export const spelled = (token: number): string => token.toString(36).padStart(CHARACTERS, "0");

/** Tokens as bytes, in ascending order: the order of the words is not kept. */
export function packed(tokens: ReadonlyArray<number>): Uint8Array {
  const bytes = new Uint8Array(tokens.length * BYTES);
  tokens
    .toSorted((left, right) => left - right)
    .forEach((token, index) => {
      const [low, high, at] = [token % HIGH, Math.floor(token / HIGH), index * BYTES];
      bytes.set([low, low >> 8, low >> 16, high, high >> 8, high >> 16], at);
    });
  return bytes;
}

/** How many tokens were packed. */
export const countOf = (bytes: Uint8Array): number => bytes.length / BYTES;

/** The token at a place among those that were packed. */
export const tokenAt = (bytes: Uint8Array, index: number): number => readAt(bytes, index * BYTES);

/** All that were packed. */
export const unpacked = (bytes: Uint8Array): ReadonlyArray<number> =>
  Array.from({ length: countOf(bytes) }, (_, index) => tokenAt(bytes, index));
