/** Words kept in memory after they were opened or sealed, never longer than their key is at hand; used by the ledger. */
import type { ActorName } from "#events/kit/ids.ts";
import type { SubjectKey } from "./seal.ts";

/** The keys at hand. Fetching one is the only errand a commit ever waits for, and it is not run from inside. */
export interface Keyring {
  /** The generation that seals now, or the one with this number; undefined: it must be fetched first. */
  get(subject: ActorName, number?: number): SubjectKey | "destroyed" | undefined;
}

type Words = Readonly<Record<string, unknown>>;

/** Newest first out last: a turn reads the same ones again. */
const REVEALED_AT_MOST = 1_200;

export class Revealed {
  readonly #keys: Keyring;
  readonly #words = new Map<number, { readonly words: Words; readonly subject: ActorName; readonly number: number }>();

  constructor(keys: Keyring) {
    this.#keys = keys;
  }

  /** The words of this event, if they are still here and their key is too. */
  get(seq: number): Words | undefined {
    const found = this.#words.get(seq);
    if (found === undefined) return undefined;
    if (typeof this.#keys.get(found.subject, found.number) === "object") return found.words;
    this.dropOf(found.subject);
    return undefined;
  }

  /** Keeps words that this generation of their subject's key has opened or sealed. */
  keep(seq: number, words: Words, subject: ActorName, number: number): void {
    this.#words.set(seq, { words, subject, number });
    if (this.#words.size > REVEALED_AT_MOST) this.#words.delete(this.#words.keys().next().value!);
  }

  drop(seq: number): void {
    this.#words.delete(seq);
  }

  /** Drops everything that this subject's keys have opened. */
  dropOf(subject: ActorName): void {
    for (const [seq, kept] of this.#words) if (kept.subject === subject) this.#words.delete(seq);
  }
}
