/** How well each candidate answers a question: one sum of weighted features over words, neighbours, form and dates; used by memory-index.ts. */

import { Form } from "../language/forms.ts";
import type { Asked } from "./asked.ts";
import { saturated, saturatedInSession } from "./bm25.ts";
import { type Pool, Trait } from "./pool.ts";

/** Which features count; the fewer ones show what the others add. */
export type Variant = "words" | "window" | "structure" | "all";

/** A turn and two on each side. */
const WINDOW = 2;
const WINDOW_TURNS = 2 * WINDOW + 1;

const DAY_MS = 24 * 60 * 60_000;
const NEAR_MS = 10 * DAY_MS;
const HALF_LIFE_MS = 30 * DAY_MS;

/** Round numbers, for they lose less than a point against fitted ones, and those would be fitted to somebody's conversations. */
const WEIGHTS = {
  /** BM25 of the turn. */
  own: 0.2,
  /** BM25 of the turn and two on each side, as one text. */
  window: 0.2,
  /** How often the session's candidates use the question's words. */
  session: 0.15,
  /** BM25 of the turn before, when that asks. */
  answered: 0.2,
  /** Share of the question's words that the window holds, by idf. */
  share: 2,
  /** Best BM25 of a word that means the same. */
  concept: 0.2,
  /** The one person named speaks, or somebody else does. */
  speaker: 0.5,
  endsInQuestion: -0.25,
  asks: -0.25,
  firstPerson: 0.5,
  quotation: 0.5,
  /** Said within the question's dates; within ten days of them; speaks of them. */
  inSpan: 2.5,
  nearSpan: 2.5,
  ofSpan: 1,
  /** It states what is asked for; all that it states was superseded. */
  states: 3,
  superseded: -3,
  /** At most, for what was said just now, when a question is about the present. */
  recent: 1,
  /** Each cosine, in standard deviations over the candidates. */
  cosine: 1,
} as const;

/** Cosines to a question, by seq: of a memory alone, and of it with the turns before it; of what has no vector at hand, in neither. */
export interface Cosines {
  readonly own: ReadonlyMap<number, number>;
  readonly window: ReadonlyMap<number, number>;
}

/** What else is known of the candidates, by seq. */
export interface Knowledge {
  readonly now: number;
  readonly cosines: Cosines | undefined;
  /** Memories that state what is asked for; true when all that they state was superseded. */
  readonly facts: ReadonlyMap<number, boolean>;
}

export interface Scored {
  /** Its place in the pool. */
  readonly index: number;
  readonly score: number;
  /** Share of the question's words that it holds, half for those that only its neighbours do; those count that no memory uses. */
  readonly share: number;
}

/** Values in standard deviations from their mean. */
function standardised(values: ReadonlyMap<number, number>, seqs: ReadonlyArray<number>): ReadonlyMap<number, number> {
  const known = seqs.flatMap((seq) => values.get(seq) ?? []);
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length) || 1;
  return new Map(seqs.flatMap((seq) => (values.has(seq) ? [[seq, (values.get(seq)! - mean) / deviation]] : [])));
}

export class Scoring {
  readonly #asked: Asked;
  readonly #pool: Pool;
  readonly #variant: Variant;
  readonly #idfs: ReadonlyArray<number>;
  readonly #own: Float64Array;

  constructor(asked: Asked, pool: Pool, variant: Variant) {
    this.#asked = asked;
    this.#pool = pool;
    this.#variant = variant;
    this.#idfs = asked.terms.map(({ idf }) => idf);
    this.#own = Float64Array.from({ length: pool.size }, (_, index) => this.#ofTurn(index));
  }

  /** Every candidate, best first, the newest first among equals; by words alone, those that hold any. */
  best(knowledge: Knowledge): ReadonlyArray<Scored> {
    const { size, seqs, sessions, saidAt } = this.#pool;
    const candidates = Array.from({ length: size }, (_, index) => index).filter((index) =>
      this.#pool.isCandidate(index),
    );
    const ofSessions = this.#ofSessions(candidates);
    const close = this.#closeness(candidates, knowledge);
    const scored = candidates.map((index): Scored => {
      const window = this.#ofWindow(index);
      const words = WEIGHTS.own * this.#own[index]! + (this.#variant === "words" ? 0 : WEIGHTS.window * window.bm25);
      const structure = this.#isStructured ? this.#ofStructure(index, ofSessions.get(sessions[index]!)!) : 0;
      const rest = this.#variant === "all" ? this.#ofRest(index, window.share, knowledge) + close(seqs[index]!) : 0;
      const share = (this.#shareOf(index) + window.share) / 2;
      return { index, score: words + structure + rest, share: share * this.#heard };
    });
    return scored
      .filter(({ score }) => this.#isStructured || score > 0)
      .sort((left, right) => right.score - left.score || saidAt[right.index]! - saidAt[left.index]!);
  }

  get #isStructured(): boolean {
    return this.#variant === "structure" || this.#variant === "all";
  }

  /** How much of the question, by idf, some memory uses at all. */
  get #heard(): number {
    const known = this.#idfs.reduce((sum, idf) => sum + idf, 0);
    return known === 0 ? 0 : known / (known + this.#asked.unheard);
  }

  /** What the cosines add; what has none counts as the mean. */
  #closeness(candidates: ReadonlyArray<number>, { cosines }: Knowledge): (seq: number) => number {
    if (cosines === undefined) return () => 0;
    const seqs = candidates.map((index) => this.#pool.seqs[index]!);
    const [own, window] = [standardised(cosines.own, seqs), standardised(cosines.window, seqs)];
    return (seq) => WEIGHTS.cosine * ((own.get(seq) ?? 0) + (window.get(seq) ?? 0));
  }

  #ofTurn(index: number): number {
    const { counts, lengths } = this.#pool;
    const idfs = this.#idfs;
    let sum = 0;
    for (let term = 0; term < idfs.length; term++) {
      const count = counts[index * idfs.length + term]!;
      if (count > 0) sum += idfs[term]! * saturated(count, lengths[index]!, this.#asked.averageLength);
    }
    return sum;
  }

  /** The share of the question's words in a turn itself, by idf. */
  #shareOf(index: number): number {
    const { counts } = this.#pool;
    const found = this.#idfs.filter((_, term) => counts[index * this.#idfs.length + term]! > 0);
    const all = this.#idfs.reduce((sum, idf) => sum + idf, 0);
    return all === 0 ? 0 : found.reduce((sum, idf) => sum + idf, 0) / all;
  }

  /** BM25 of the window, and the share of the question's words in it. */
  #ofWindow(index: number): { readonly bm25: number; readonly share: number } {
    const { counts, lengths } = this.#pool;
    const idfs = this.#idfs;
    const [first, last] = this.#pool.around(index, WINDOW);
    let length = 0;
    for (let turn = first; turn <= last; turn++) length += lengths[turn]!;
    let [bm25, found, all] = [0, 0, 0];
    for (let term = 0; term < idfs.length; term++) {
      const idf = idfs[term]!;
      let count = 0;
      for (let turn = first; turn <= last; turn++) count += counts[turn * idfs.length + term]!;
      all += idf;
      if (count === 0) continue;
      found += idf;
      bm25 += idf * saturated(count, length, this.#asked.averageLength * WINDOW_TURNS);
    }
    return { bm25, share: all === 0 ? 0 : found / all };
  }

  /** For each session, how often its candidates use the question's words. */
  #ofSessions(candidates: ReadonlyArray<number>): ReadonlyMap<number, number> {
    const { counts, sessions } = this.#pool;
    const idfs = this.#idfs;
    const sums = new Map<number, Float64Array>();
    for (const index of candidates) {
      const sum = sums.get(sessions[index]!) ?? new Float64Array(idfs.length);
      for (let term = 0; term < idfs.length; term++) sum[term]! += counts[index * idfs.length + term]!;
      sums.set(sessions[index]!, sum);
    }
    const scoreOf = (sum: Float64Array) =>
      sum.reduce((total, count, term) => total + idfs[term]! * saturatedInSession(count), 0);
    return new Map(Array.from(sums, ([session, sum]) => [session, scoreOf(sum)]));
  }

  /** Of the conversation and the sentence: the session, the question before, who speaks, the form. */
  #ofStructure(index: number, session: number): number {
    const asker = this.#pool.before(index);
    const isAnswer = asker !== undefined && (this.#pool.traits[asker]! & Form.asks) !== 0;
    const answered = isAnswer ? WEIGHTS.answered * this.#own[asker]! : 0;
    return WEIGHTS.session * session + answered + this.#ofForm(index);
  }

  /** What goes beyond it: how much of the question is there, other words for the same, dates, facts, the present. */
  #ofRest(index: number, share: number, { now, facts }: Knowledge): number {
    const words = WEIGHTS.share * share + WEIGHTS.concept * this.#pool.concepts[index]!;
    return words + this.#ofDates(index) + this.#ofFacts(index, facts) + this.#ofRecency(index, now);
  }

  #ofForm(index: number): number {
    const form = this.#pool.traits[index]!;
    const { people, wanted } = this.#asked;
    const speaks = form & Trait.isOfNamed ? WEIGHTS.speaker : -WEIGHTS.speaker;
    const speaker = people === 1 && form & Trait.isSpoken ? speaks : 0;
    // Words alone ask for what holds them, and for no form of answer.
    if (!wanted.answer) return speaker;
    return (
      speaker +
      (form & Form.endsInQuestion ? WEIGHTS.endsInQuestion : 0) +
      (form & Form.asks ? WEIGHTS.asks : 0) +
      (form & Form.firstPerson ? WEIGHTS.firstPerson : 0) +
      (form & Form.quotation ? WEIGHTS.quotation : 0) +
      wanted.forms.reduce((sum, { form: answer, weight }) => sum + (form & answer ? weight : 0), 0)
    );
  }

  #ofDates(index: number): number {
    const at = this.#pool.saidAt[index]!;
    const within = (slack: number) => this.#asked.spans.some(({ from, to }) => at >= from - slack && at < to + slack);
    return (
      (within(0) ? WEIGHTS.inSpan : 0) +
      (within(NEAR_MS) ? WEIGHTS.nearSpan : 0) +
      (this.#pool.dated[index] ? WEIGHTS.ofSpan : 0)
    );
  }

  #ofFacts(index: number, facts: Knowledge["facts"]): number {
    const superseded = facts.get(this.#pool.seqs[index]!);
    const isPast = superseded === true || (this.#pool.traits[index]! & Trait.superseded) !== 0;
    return (
      (superseded === undefined ? 0 : WEIGHTS.states) + (isPast && !this.#asked.wanted.former ? WEIGHTS.superseded : 0)
    );
  }

  #ofRecency(index: number, now: number): number {
    const age = Math.max(0, now - this.#pool.saidAt[index]!);
    return this.#asked.wanted.present ? WEIGHTS.recent * 2 ** (-age / HALF_LIFE_MS) : 0;
  }
}
