/** Holds a model's prose back to where a sentence ends, so that people never see half a thought; used by step 3. */

/** Prose waits for a sentence at most this long, then a clause is enough. */
export const CLAUSE_AFTER_MS = 200;

/** A sentence longer than this many characters is let go behind its last blank: nobody waits for the end of one that has none. */
export const LONGEST_SENTENCE = 2_000;

/** At most so many closing quotes and brackets, so that an end is looked for in what is new and a little before it. */
const SENTENCE_END = /[.!?…。！？]["'”’)\]]{0,6}\s+|\n+/g;
const CLAUSE_END = /[,;:–—]\s+/g;
/** An end that becomes one with the next character: the sentence's last and what closes it. */
const OVERLAP = 7;

/** Where the last match of `pattern` ends; 0 when there is none. */
function lastEnd(text: string, pattern: RegExp): number {
  pattern.lastIndex = 0;
  let end = 0;
  while (pattern.test(text)) end = pattern.lastIndex;
  return end;
}

export class Sentences {
  #held = "";
  /** Where the last clause in what is held ends; 0 when none does. */
  #clauseEnd = 0;
  #releasedAt: number;

  constructor(now: number) {
    this.#releasedAt = now;
  }

  /** Takes the next piece of prose; answers what may be shown now, often nothing. */
  push(delta: string, now: number): string {
    const from = Math.max(0, this.#held.length - OVERLAP);
    this.#held += delta;
    const fresh = this.#held.slice(from);
    const sentence = lastEnd(fresh, SENTENCE_END);
    if (sentence > 0) return this.#release(from + sentence, now);
    const clause = lastEnd(fresh, CLAUSE_END);
    if (clause > 0) this.#clauseEnd = from + clause;
    if (this.#clauseEnd > 0 && now - this.#releasedAt >= CLAUSE_AFTER_MS) return this.#release(this.#clauseEnd, now);
    if (this.#held.length <= LONGEST_SENTENCE) return "";
    // Without a blank it is no word that people read, and no piece ends within a character.
    return this.#release(this.#held.lastIndexOf(" ") + 1 || this.#held.length, now);
  }

  /** What is left when the model has ended. */
  rest(): string {
    return this.#release(this.#held.length, this.#releasedAt);
  }

  #release(end: number, now: number): string {
    const released = this.#held.slice(0, end);
    this.#held = this.#held.slice(end);
    this.#clauseEnd = lastEnd(this.#held, CLAUSE_END);
    this.#releasedAt = now;
    return released;
  }
}
