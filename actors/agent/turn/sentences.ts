/** Holds a model's prose back to where a sentence ends, so that people never see half a thought; used by step 3. */

/** Prose waits for a sentence at most this long, then a clause is enough. */
export const CLAUSE_AFTER_MS = 200;

const SENTENCE_END = /[.!?…。！？]["'”’)\]]*\s+|\n+/g;
const CLAUSE_END = /[,;:–—]\s+/g;

/** Where the last match of `pattern` ends; 0 when there is none. Called for every piece, so a piece without an end is passed over cheaply. */
function lastEnd(text: string, pattern: RegExp): number {
  pattern.lastIndex = 0;
  let end = 0;
  while (pattern.test(text)) end = pattern.lastIndex;
  return end;
}

export class Sentences {
  #held = "";
  #releasedAt: number;

  constructor(now: number) {
    this.#releasedAt = now;
  }

  /** Takes the next piece of prose; answers what may be shown now, often nothing. */
  push(delta: string, now: number): string {
    this.#held += delta;
    const end =
      lastEnd(this.#held, SENTENCE_END) ||
      (now - this.#releasedAt >= CLAUSE_AFTER_MS ? lastEnd(this.#held, CLAUSE_END) : 0);
    if (end === 0) return "";
    const released = this.#held.slice(0, end);
    this.#held = this.#held.slice(end);
    this.#releasedAt = now;
    return released;
  }

  /** What is left when the model has ended. */
  rest(): string {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }
}
