/** A question as the index is asked it: tokens with their weight, who is named, which dates, what form of answer; used by memory-index.ts. */
import { isConcept, relatedTo } from "../language/concepts.ts";
import { namedIn, nameWords } from "../language/names.ts";
import { rootsOf } from "../language/roots.ts";
import { distance, editsAllowed, isSlipOf, spellings } from "../language/spelling.ts";
import { isCharacter } from "../language/stems.ts";
import { type Wanted, wantedBy } from "../language/wanted.ts";
import { inverseFrequency } from "./bm25.ts";
import { entriesWithin, type Span } from "./spans.ts";
import type { OpenSubject, Subjects } from "./subjects.ts";
import { speakerEntry } from "./vocabulary.ts";

/** A stem of the question, or one that means the same. */
export interface Term {
  /** ln(1 + (N − df + 0.5) / (df + 0.5)), over the memories of all subjects that can be read. */
  readonly idf: number;
  /** Its token under each subject's key that uses it. */
  readonly tokens: ReadonlyArray<number>;
  /** In how many memories it is. */
  readonly frequency: number;
}

export interface Asked {
  readonly terms: ReadonlyArray<Term>;
  readonly concepts: ReadonlyArray<Term>;
  /** Idf of the question's stems that no memory uses, not even spelt another way. */
  readonly unheard: number;
  /** Tokens of the dates that a memory can overlap the question's with. */
  readonly dates: ReadonlyArray<number>;
  readonly spans: ReadonlyArray<Span>;
  /** Tokens of everybody named as they who speak, how many people that are, and the words of their names. */
  readonly speakers: ReadonlySet<number>;
  readonly people: number;
  readonly names: ReadonlyArray<Term>;
  readonly wanted: Wanted;
  /** How many words a memory has on average. */
  readonly averageLength: number;
}

/** More words than a question has; beyond that it is a text, and its rarest words say what it is about. */
const TERMS_AT_MOST = 32;
const CONCEPTS_AT_MOST = 200;
/** In more memories than this a stem is a word that people use, not a slip. */
const SLIPS_AT_MOST = 8;

class Reader {
  readonly #open: ReadonlyArray<OpenSubject>;
  readonly #subjects: Subjects;
  readonly #memories: number;
  readonly averageLength: number;

  constructor(open: ReadonlyArray<OpenSubject>, subjects: Subjects) {
    this.#open = open;
    this.#subjects = subjects;
    this.#memories = open.reduce((sum, { entries }) => sum + entries, 0);
    const words = open.reduce((sum, subject) => sum + subject.words, 0);
    this.averageLength = Math.max(1, words / Math.max(1, this.#memories));
  }

  tokens(entry: string): ReadonlyArray<number> {
    if (isCharacter(entry)) return this.#open.flatMap(({ vocabulary }) => vocabulary.tokensWith(entry));
    return this.#open.flatMap(({ vocabulary }) => vocabulary.tokenOf(entry) ?? []);
  }

  idf(frequency: number): number {
    return inverseFrequency(this.#memories, frequency);
  }

  /** The stems that some memory holds, each as a term, with what else it may have been meant to be. */
  terms(stems: Iterable<string>, meant: ReadonlyMap<string, string> = new Map()): ReadonlyArray<Term> {
    const found = Array.from(stems, (stem) => {
      const other = meant.get(stem);
      const tokens = [...this.tokens(stem), ...(other === undefined ? [] : this.tokens(other))];
      // A character stands in two pairs, and in both of them once.
      return { tokens, inEach: isCharacter(stem) ? 2 : 1 };
    }).filter(({ tokens }) => tokens.length > 0);
    const counts = this.#subjects.frequencies(found.flatMap(({ tokens }) => tokens));
    return found.map(({ tokens, inEach }) => {
      const held = tokens.reduce((sum, token) => sum + (counts.get(token) ?? 0), 0);
      const frequency = Math.ceil(held / inEach);
      return { tokens, frequency, idf: this.idf(frequency) };
    });
  }

  /**
   * What a known stem was meant to be, where hardly any memory has it: the same slip asked or said before does not make it a
   * word. It has to be an English word that is meant, for names and foreign words are rare and right.
   */
  meant(stem: string): string | undefined {
    if (editsAllowed(stem) === 0 || isConcept(stem)) return undefined;
    const [{ frequency } = { frequency: 0 }] = this.terms([stem]);
    if (frequency > SLIPS_AT_MOST) return undefined;
    const other = this.repaired(stem);
    return other !== undefined && isConcept(other) && isSlipOf(stem, other) ? other : undefined;
  }

  /** The known stem that a misspelt one most likely stands for: the nearest, with the same beginning, then the most frequent. */
  repaired(stem: string): string | undefined {
    const most = editsAllowed(stem);
    if (most === 0 || isConcept(stem)) return undefined;
    const near = spellings(stem).flatMap((spelling) => {
      const like = new Set(this.#open.flatMap(({ vocabulary }) => vocabulary.like(spelling)));
      like.delete(stem);
      return [...like]
        .map((known) => ({ known, edits: distance(spelling, known, most), begins: known[0] === spelling[0] ? 0 : 1 }))
        .filter(({ edits }) => edits <= most);
    });
    const least = Math.min(...near.map(({ edits, begins }) => edits * 2 + begins));
    const nearest = near.filter(({ edits, begins }) => edits * 2 + begins === least).map(({ known }) => known);
    const frequencies = this.terms(nearest).map(({ frequency }) => frequency);
    return nearest[frequencies.indexOf(Math.max(...frequencies))];
  }
}

/** Stems of the question by what is known of them; names count as words only where there is no other. */
function stemsAsked(rest: string, text: string, reader: Reader, repair: boolean) {
  const own = rootsOf(rest);
  const known = new Set<string>();
  const unheard = new Set<string>();
  const meant = new Map<string, string>();
  for (const stem of own.length > 0 ? own : rootsOf(text)) {
    const isKnown = reader.tokens(stem).length > 0;
    const other = !repair ? undefined : isKnown ? reader.meant(stem) : reader.repaired(stem);
    if (isKnown) known.add(stem);
    else if (other === undefined) unheard.add(stem);
    else known.add(other);
    if (isKnown && other !== undefined) meant.set(stem, other);
  }
  return { known, unheard, meant };
}

/** Reads a question for these subjects. `spans` are the dates that it names. */
export function readQuestion(
  text: string,
  spans: ReadonlyArray<Span>,
  open: ReadonlyArray<OpenSubject>,
  subjects: Subjects,
  { repair }: { readonly repair: boolean },
): Asked {
  const reader = new Reader(open, subjects);
  const speakers = new Set(open.flatMap(({ vocabulary }) => [...vocabulary.speakers()]));
  const { people, rest } = namedIn(text, nameWords(speakers));
  const { known, unheard, meant } = stemsAsked(rest, text, reader, repair);
  const terms = reader.terms(known, meant).toSorted((left, right) => right.idf - left.idf);
  const related = new Set([...known, ...unheard, ...meant.values()].flatMap((stem) => [...relatedTo(stem)])).difference(
    known,
  );
  const named = people.flatMap((names) => [...names]);
  return {
    terms: terms.slice(0, TERMS_AT_MOST),
    concepts: reader
      .terms(related)
      .toSorted((left, right) => right.idf - left.idf)
      .slice(0, CONCEPTS_AT_MOST),
    unheard: unheard.size * reader.idf(0),
    dates: entriesWithin(spans).flatMap((entry) => reader.tokens(entry)),
    spans,
    speakers: new Set(named.flatMap((name) => reader.tokens(speakerEntry(name)))),
    names: reader.terms(new Set(named.flatMap(rootsOf))),
    people: people.length,
    wanted: wantedBy(text),
    averageLength: reader.averageLength,
  };
}
