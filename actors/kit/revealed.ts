/** Events kept in memory with their words after these were opened or sealed, never longer than their key is at hand; used by the ledger. */
import type { Recorded, Unsealed } from "#events/kit/envelope.ts";
import type { ActorName } from "#events/kit/ids.ts";
import type { SubjectKey } from "./seal.ts";

/** The keys at hand. Fetching one is the only errand a commit ever waits for, and it is not run from inside. */
export interface Keyring {
  /** The generation that seals now, or the one with this number; undefined: it must be fetched first. */
  get(subject: ActorName, number?: number): SubjectKey | "destroyed" | undefined;
}

/** An event with its words, and the generation of the key that opens them. */
interface Kept extends Unsealed {
  readonly subject: ActorName;
  readonly number: number;
}

/** Who was asked for last goes last: a turn reads the same ones again, and each turn what its owner decided. */
const REVEALED_AT_MOST = 1_200;

export class Revealed {
  readonly #keys: Keyring;
  readonly #events = new Map<number, Kept>();

  constructor(keys: Keyring) {
    this.#keys = keys;
  }

  /** This event with its words, if they are still here and their key is too. */
  get(seq: number): Unsealed | undefined {
    const found = this.#events.get(seq);
    if (found === undefined) return undefined;
    if (typeof this.#keys.get(found.subject, found.number) === "object") {
      this.#events.delete(seq);
      this.#events.set(seq, found);
      return found;
    }
    this.dropOf(found.subject);
    return undefined;
  }

  /** Keeps an event with words that this generation of their subject's key has opened or sealed. */
  keep(event: Recorded, words: Readonly<Record<string, unknown>>, subject: ActorName, number: number): void {
    this.#events.set(event.seq, { event, words, subject, number });
    if (this.#events.size > REVEALED_AT_MOST) this.#events.delete(this.#events.keys().next().value!);
  }

  drop(seq: number): void {
    this.#events.delete(seq);
  }

  /** Drops everything that this subject's keys have opened. */
  dropOf(subject: ActorName): void {
    for (const [seq, kept] of this.#events) if (kept.subject === subject) this.#events.delete(seq);
  }
}
