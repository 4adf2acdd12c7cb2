/** What models gave and what people were shown of it: never a listed word, and nothing that was given after its turn was stopped; fed by minds.ts, watchers.ts and people.ts. */
import type { Happened, Tell } from "./chronicle.ts";

/** The one word on the list of a simulated house; models say it in two pieces too. */
export const LISTED = "thistlebane";

/** The sentences of simulated models: each request has a number of its own, and so each sentence is another one. */
const SENTENCE = /Sentence \d+\.\d+\./g;

export class Speech {
  readonly #tell: Tell;
  readonly #now: () => number;
  /** When each sentence left its model, for an agent that was in office. */
  readonly #given = new Map<string, number>();
  readonly #stopped = new Map<string, number>();
  readonly #withheld = new Set<string>();

  constructor(now: () => number, tell: Tell) {
    this.#now = now;
    this.#tell = tell;
  }

  /** An event has become safe. */
  see({ type, open }: Happened): void {
    const turnId = String(open["turnId"]);
    if (type === "TurnInterrupted") this.#stopped.set(turnId, this.#now());
    if (type === "ReplyWithheld") this.#withheld.add(turnId);
    if (type !== "ReplyDrafted" || !this.#withheld.has(turnId)) return;
    if (open["notice"] !== true && open["stopped"] !== true)
      this.#tell("withheld", `${turnId} was withheld, and its draft is no notice`);
  }

  /** A model has said this much more. */
  given(piece: string): void {
    for (const [sentence] of piece.matchAll(SENTENCE)) this.#given.set(sentence, this.#now());
  }

  /** Somebody sees this of a turn: all that they have seen of it since it began to speak, or its message. */
  shown(turnId: string, text: string): void {
    if (text.includes(LISTED)) this.#tell("withheld", `a listed word of ${turnId} is shown: ${text}`);
    const stopped = this.#stopped.get(turnId);
    if (stopped === undefined) return;
    for (const [sentence] of text.matchAll(SENTENCE))
      if ((this.#given.get(sentence) ?? 0) > stopped)
        this.#tell("stop", `${turnId} was stopped, and goes on to say: ${sentence}`);
  }
}
