/** The memories that a question is compared with in earnest: few of many, found by their words, concepts, dates and meaning; used by memory-index.ts. */
import type { SqlPort, SqlValue } from "../../../kit/sql.ts";
import type { Asked, Term } from "./asked.ts";
import { saturated } from "./bm25.ts";
import { listed, numbersIn } from "./tables.ts";
import { spelled } from "./tokens.ts";

/** A candidate, and where it stands. */
export interface Seed {
  readonly seq: number;
  readonly session: number;
  readonly position: number;
}

/** What may be looked at: SQL over the alias `m` of the register, and which kinds may be answered. */
export interface View {
  readonly where: string;
  readonly parameters: ReadonlyArray<SqlValue>;
  readonly kinds: ReadonlyArray<string> | undefined;
}

const BY_WORDS = 200;
const BY_CONCEPTS = 60;
const BY_DATES = 60;
const BY_MEANING = 100;
/** For each one wanted, so many of the best are looked at: may they be seen, do they concern who is named. */
const LOOKED_AT = 5;
/** Of words that nearly every memory holds, no more are read: the rarer ones have named the best already. */
const POSTINGS_AT_MOST = 40_000;
const OF_CONCEPTS_AT_MOST = 15_000;
const DATED_AT_MOST = 2_000;

const HIGH = 2 ** 32;
const FINENESS = 1_000;

/** Terms by their rarity, as many as stay within what may be read; the rarest in any case. */
function affordable(terms: ReadonlyArray<Term>, atMost: number): ReadonlyArray<Term> {
  let read = 0;
  return terms
    .toSorted((left, right) => left.frequency - right.frequency)
    .filter(({ frequency }, index) => {
      read += frequency;
      return index === 0 || read <= atMost;
    });
}

/** For each memory that holds one of the terms, what they make together. */
function gathered(
  sql: SqlPort,
  terms: ReadonlyArray<Term>,
  together: (sum: number, idf: number) => number,
  atMost = POSTINGS_AT_MOST,
): Map<number, number> {
  const chosen = affordable(terms, atMost);
  const asked = chosen.flatMap(({ tokens }, index) => tokens.map((token) => `["${spelled(token)}",${index}]`));
  const found = new Map<number, number>();
  const query = `SELECT value ->> 1, (SELECT group_concat(doc) FROM index_postings WHERE term = value ->> 0)
                   FROM json_each(?)`;
  for (const [index, seqs] of sql.rows(query, `[${asked.join()}]`)) {
    const { idf } = chosen[Number(index)]!;
    const list = numbersIn(seqs);
    for (let at = 0; at < list.length; at++) {
      const seq = list[at]!;
      found.set(seq, together(found.get(seq) ?? 0, idf));
    }
  }
  return found;
}

/** The seqs from the highest score to the lowest, the newest first among equals, in ever larger portions. */
function* ranked(scores: ReadonlyMap<number, number>, first: number): Generator<ReadonlyArray<number>> {
  // Score and seq in one number each, for numbers are sorted ten times as fast as pairs.
  const keys = new Float64Array(scores.size);
  let count = 0;
  for (const [seq, score] of scores) keys[count++] = Math.round(score * FINENESS) * HIGH + seq;
  keys.sort();
  for (let end = count, portion = first; end > 0; end -= portion, portion *= 4)
    yield Array.from(keys.subarray(Math.max(0, end - portion), end), seqIn).reverse();
}

/** Scores may be below zero. */
const seqIn = (key: number): number => key - Math.floor(key / HIGH) * HIGH;

interface Seen extends Seed {
  readonly length: number;
  readonly hasSpeaker: boolean;
}

export class Candidates {
  readonly #sql: SqlPort;
  readonly #asked: Asked;
  readonly #view: View;
  readonly #chosen = new Map<number, Seed>();
  /** What mentions somebody named; looked up when it is first asked for. */
  #mentions: ReadonlyMap<number, number> | undefined;

  constructor(sql: SqlPort, asked: Asked, view: View) {
    this.#sql = sql;
    this.#asked = asked;
    this.#view = view;
  }

  /** Chooses; `others` are candidates that somebody else found, `nearest` how near in meaning memories are to the question. */
  choose(others: ReadonlyArray<number>, nearest: ReadonlyMap<number, number> | undefined): ReadonlyMap<number, Seed> {
    const { terms, concepts } = this.#asked;
    const byWords = gathered(this.#sql, terms, (sum, idf) => sum + idf);
    this.#take(byWords, BY_WORDS);
    if (concepts.length > 0) {
      const best = gathered(this.#sql, concepts, Math.max, OF_CONCEPTS_AT_MOST);
      for (const [seq, score] of best)
        if (this.#chosen.has(seq)) best.delete(seq);
        else best.set(seq, score + (byWords.get(seq) ?? 0));
      this.#take(best, BY_CONCEPTS);
    }
    this.#takeDated(byWords);
    if (nearest !== undefined) this.#takeNearest(nearest);
    for (const seed of this.#visible(others)) this.#chosen.set(seed.seq, seed);
    return this.#chosen;
  }

  /**
   * Takes the best that may be seen. When somebody is named, only what was said in their presence or mentions them, as
   * long as there is any among the first.
   */
  #take(scores: ReadonlyMap<number, number>, atMost: number): void {
    const seen: Seen[] = [];
    const taken: Seen[] = [];
    for (const portion of ranked(scores, atMost * LOOKED_AT)) {
      const visible = this.#visible(portion);
      const shares = new Map(visible.map((each) => [each.seq, scores.get(each.seq)! * this.#brevity(each)]));
      const best = visible.toSorted((one, other) => shares.get(other.seq)! - shares.get(one.seq)!);
      seen.push(...best);
      taken.push(...this.#concerning(best));
      if (taken.length >= atMost || seen.length >= atMost * LOOKED_AT) break;
    }
    for (const seed of (taken.length > 0 ? taken : seen).slice(0, atMost)) this.#chosen.set(seed.seq, seed);
  }

  /** Meaning is the whole of it: neither how short a memory is nor whose it is says more. */
  #takeNearest(scores: ReadonlyMap<number, number>): void {
    let left = BY_MEANING;
    for (const portion of ranked(scores, BY_MEANING)) {
      const visible = this.#visible(portion).slice(0, left);
      for (const seed of visible) this.#chosen.set(seed.seq, seed);
      left -= visible.length;
      if (left === 0) return;
    }
  }

  #brevity({ length }: Seen): number {
    return saturated(1, length, this.#asked.averageLength);
  }

  /** Those from sessions in which somebody named spoke, those that mention them, and those of no conversation at all. */
  #concerning(seen: ReadonlyArray<Seen>): ReadonlyArray<Seen> {
    const { speakers, names } = this.#asked;
    if (speakers.size === 0) return seen;
    this.#mentions ??= gathered(this.#sql, names, Math.max);
    const { where, parameters } = this.#view;
    const rows = this.#sql.rows(
      `SELECT s.value FROM json_each(?) s WHERE EXISTS (
         SELECT 1 FROM index_entries e CROSS JOIN memories m ON m.seq = e.seq
          WHERE e.session = s.value AND e.speaker IN (SELECT value FROM json_each(?)) AND (${where}))`,
      ...[listed([...new Set(seen.map(({ session }) => session))]), listed([...speakers]), ...parameters],
    );
    const sessions = new Set(rows.map(([session]) => Number(session)));
    return seen.filter(
      ({ seq, session, hasSpeaker }) => sessions.has(session) || !hasSpeaker || this.#mentions!.has(seq),
    );
  }

  /** What was said within the question's dates, and what speaks of them. */
  #takeDated(byWords: ReadonlyMap<number, number>): void {
    const { spans, dates } = this.#asked;
    if (spans.length === 0) return;
    const { where, parameters } = this.#view;
    const dated = new Map<number, number>();
    for (const { from, to } of spans) {
      const rows = this.#sql.rows(
        `SELECT e.seq FROM index_places p
          CROSS JOIN index_entries e ON e.place = p.id AND e.said_at >= ? AND e.said_at < ?
          CROSS JOIN memories m ON m.seq = e.seq
          WHERE (${where}) LIMIT ${DATED_AT_MOST}`,
        ...[from, to, ...parameters],
      );
      for (const [seq] of rows) dated.set(Number(seq), byWords.get(Number(seq)) ?? 0);
    }
    const spoken: Term = { tokens: dates, frequency: 0, idf: 1 };
    for (const [seq] of gathered(this.#sql, [spoken], Math.max)) dated.set(seq, 1 + (byWords.get(seq) ?? 0));
    this.#take(dated, BY_DATES);
  }

  /** Which of these may be seen and answered, in their order. */
  #visible(seqs: ReadonlyArray<number>): ReadonlyArray<Seen> {
    const { where, parameters, kinds } = this.#view;
    const rows = this.#sql.rows(
      `SELECT e.seq, e.session, e.position, e.length, e.speaker <> 0
         FROM json_each(?) s CROSS JOIN index_entries e ON e.seq = s.value CROSS JOIN memories m ON m.seq = e.seq
        WHERE (? IS NULL OR m.kind IN (SELECT value FROM json_each(?))) AND (${where})`,
      ...[listed(seqs), kinds === undefined ? null : 1, listed(kinds ?? []), ...parameters],
    ) as unknown as ReadonlyArray<readonly [number, number, number, number, number]>;
    return rows.map(([seq, session, position, length, speaks]) => ({
      ...{ seq, session, position, length },
      hasSpeaker: speaks === 1,
    }));
  }
}
