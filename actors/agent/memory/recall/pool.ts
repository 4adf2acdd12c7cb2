/** Candidates with the turns around them, as columns of numbers in the order they were said; used by scoring.ts. */
import type { SqlPort } from "../../../kit/sql.ts";
import type { Asked } from "./asked.ts";
import { saturated } from "./bm25.ts";
import type { Seed, View } from "./candidates.ts";
import { listed } from "./tables.ts";
import { countOf, tokenAt } from "./tokens.ts";

/** Neighbours of the best candidates are candidates too, this far away: an answer is often some turns on. */
const NEIGHBOURS = 4;
const WITH_NEIGHBOURS = 40;
/** Two turns on each side are read of every candidate, for they are its window. */
const WINDOW = 2;

type Row = readonly [
  seq: number,
  session: number,
  position: number,
  saidAt: number,
  traits: number,
  tokens: Uint8Array,
];

/** Bits beside those of `Form`: facts of a turn come as one number, for every value that leaves SQLite has its price. */
export const Trait = {
  /** Somebody said it. */
  isSpoken: 512,
  /** And that is somebody whom the question names. */
  isOfNamed: 1_024,
  mayAnswer: 2_048,
  superseded: 4_096,
} as const;
/** Above the bits stands the length, in twenty bits of its own, and above that the subject. */
const LENGTHS = 8_192;
const SUBJECTS = LENGTHS * 2 ** 20;

/** Which term, concept or date a token of a memory is. */
class Marks {
  readonly #codes = new Map<number, number>();
  /** Most tokens of a memory are none of these, which a look at sixteen bits tells. */
  readonly #low = new Uint8Array(65_536);
  readonly terms: number;
  readonly concepts: ReadonlyArray<number>;

  constructor({ terms, concepts, dates }: Asked) {
    this.terms = terms.length;
    this.concepts = concepts.map(({ idf }) => idf);
    const lists = [...terms.map(({ tokens }) => tokens), ...concepts.map(({ tokens }) => tokens), dates];
    lists.forEach((tokens, code) => {
      for (const token of tokens) {
        this.#codes.set(token, code);
        this.#low[token % 65_536] = 1;
      }
    });
  }

  /** Terms are numbered first, then concepts, then one number for dates. */
  codeAt(bytes: Uint8Array, index: number): number | undefined {
    const at = index * 6;
    if (this.#low[bytes[at]! | (bytes[at + 1]! << 8)] === 0) return undefined;
    return this.#codes.get(tokenAt(bytes, index));
  }
}

/** Ranges of positions, session by session, around the seeds; those that touch are one. The best seeds come first. */
function ranges(seeds: Iterable<Seed>): ReadonlyArray<ReadonlyArray<number>> {
  const around = Array.from(seeds, ({ session, position }, rank) => {
    const reach = rank < WITH_NEIGHBOURS ? NEIGHBOURS + WINDOW : WINDOW;
    return [session, position - reach, position + reach] as [session: number, from: number, to: number];
  }).sort((left, right) => left[0] - right[0] || left[1] - right[1]);
  const found: Array<[session: number, from: number, to: number]> = [];
  for (const range of around) {
    const last = found.at(-1);
    if (last !== undefined && last[0] === range[0] && last[2] + 1 >= range[1]) last[2] = Math.max(last[2], range[2]);
    else found.push(range);
  }
  return found;
}

export class Pool {
  readonly size: number;
  readonly seqs: Float64Array;
  readonly sessions: Float64Array;
  readonly positions: Int32Array;
  readonly saidAt: Float64Array;
  /** Bits of `Form` and `Trait`. */
  readonly traits: Int32Array;
  readonly lengths: Float64Array;
  /** How often each term of the question is in each turn: row after row. */
  readonly counts: Uint16Array;
  /** The best BM25 of a concept in each turn. */
  readonly concepts: Float64Array;
  /** 1 where a turn speaks of the question's dates. */
  readonly dated: Uint8Array;
  readonly #candidates: Uint8Array;

  private constructor(rows: ReadonlyArray<Row>, marks: Marks, averageLength: number) {
    const size = rows.length;
    this.size = size;
    this.seqs = new Float64Array(size);
    this.sessions = new Float64Array(size);
    this.positions = new Int32Array(size);
    this.saidAt = new Float64Array(size);
    this.traits = new Int32Array(size);
    this.lengths = new Float64Array(size);
    this.counts = new Uint16Array(size * marks.terms);
    this.concepts = new Float64Array(size);
    this.dated = new Uint8Array(size);
    this.#candidates = new Uint8Array(size);
    for (let index = 0; index < size; index++) {
      const [seq, session, position, saidAt, traits, tokens] = rows[index]!;
      this.seqs[index] = seq;
      this.sessions[index] = session;
      this.positions[index] = position;
      this.saidAt[index] = saidAt;
      this.traits[index] = traits % LENGTHS;
      this.lengths[index] = Math.floor((traits % SUBJECTS) / LENGTHS);
      this.#count(tokens, index, marks, averageLength);
    }
  }

  /** Reads the seeds and the turns around them, so far as they may be seen and their subjects are open. */
  static read(
    sql: SqlPort,
    seeds: ReadonlyMap<number, Seed>,
    { where, parameters, kinds }: View,
    asked: Asked,
    { at, subjects }: { readonly at: number; readonly subjects: ReadonlySet<number> },
  ): Pool {
    // What nobody asks about is not worked out: a look into a list costs each row as much as all the rest.
    const named = asked.speakers.size === 0 ? [] : [listed([...asked.speakers])];
    const chosen = kinds === undefined ? [] : [listed(kinds)];
    const among = "IN (SELECT value FROM json_each(?))";
    const rows = sql.rows(
      `SELECT e.seq, e.session, e.position, e.said_at,
              e.form + ${LENGTHS} * min(e.length, 1048575) + ${SUBJECTS} * e.subject + ${Trait.isSpoken} * (e.speaker <> 0)
                + ${Trait.isOfNamed} * ${named.length === 0 ? "0" : `(e.speaker ${among})`}
                + ${Trait.mayAnswer} * ${chosen.length === 0 ? "1" : `(m.kind ${among})`}
                + ${Trait.superseded} * coalesce(max(m.superseded_at, m.retracted_at) <= ?, 0),
              e.tokens
         FROM json_each(?) r
        CROSS JOIN index_entries e ON e.session = r.value ->> 0 AND e.position BETWEEN r.value ->> 1 AND r.value ->> 2
        CROSS JOIN memories m ON m.seq = e.seq
        WHERE (${where})`,
      ...[...named, ...chosen, at, listed(ranges(seeds.values())), ...parameters],
    ) as unknown as ReadonlyArray<Row>;
    const legible = rows
      .filter(([, , , , traits]) => subjects.has(Math.floor(traits / SUBJECTS)))
      .toSorted((left, right) => left[1] - right[1] || left[2] - right[2]);
    const pool = new Pool(legible, new Marks(asked), asked.averageLength);
    const ranks = new Map(Array.from(seeds.keys(), (seq, rank) => [seq, rank]));
    legible.forEach((row, index) => {
      const rank = ranks.get(row[0]);
      if (rank === undefined) return;
      const [first, last] = pool.around(index, rank < WITH_NEIGHBOURS ? NEIGHBOURS : 0);
      for (let near = first; near <= last; near++)
        pool.#candidates[near] = pool.traits[near]! & Trait.mayAnswer ? 1 : 0;
    });
    return pool;
  }

  /** True for what may be answered; the others only say what was spoken around it. */
  isCandidate(index: number): boolean {
    return this.#candidates[index] === 1;
  }

  /** Seqs of all that may be answered. */
  candidates(): ReadonlyArray<number> {
    return Array.from(this.seqs).filter((_, index) => this.isCandidate(index));
  }

  /** The first and the last turn of the same session that stand no further than `reach` from this one. */
  around(index: number, reach: number): readonly [first: number, last: number] {
    const { sessions, positions, size } = this;
    const [session, position] = [sessions[index], positions[index]!];
    let first = index;
    while (first > 0 && sessions[first - 1] === session && positions[first - 1]! >= position - reach) first--;
    let last = index;
    while (last < size - 1 && sessions[last + 1] === session && positions[last + 1]! <= position + reach) last++;
    return [first, last];
  }

  /** The turn right before. */
  before(index: number): number | undefined {
    const [first] = this.around(index, 1);
    return first < index ? first : undefined;
  }

  /** The turn right after. */
  after(index: number): number | undefined {
    const [, last] = this.around(index, 1);
    return last > index ? last : undefined;
  }

  #count(tokens: Uint8Array, index: number, marks: Marks, averageLength: number): void {
    const concepts = marks.terms + marks.concepts.length;
    let [run, concept] = [0, -1];
    for (let at = 0; at < countOf(tokens); at++) {
      const code = marks.codeAt(tokens, at);
      if (code === undefined) continue;
      if (code < marks.terms) this.counts[index * marks.terms + code]! += 1;
      else if (code === concepts) this.dated[index] = 1;
      else {
        // Packed in order: the same token comes several times in a row.
        run = code === concept ? run + 1 : 1;
        concept = code;
        const score = marks.concepts[code - marks.terms]! * saturated(run, this.lengths[index]!, averageLength);
        if (score > this.concepts[index]!) this.concepts[index] = score;
      }
    }
  }
}
