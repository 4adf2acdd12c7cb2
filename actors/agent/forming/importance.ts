/** The form of what was said, without a model: what events/agent/memory.ts weighs an episodic memory by; used by message.ts. */
import type { Form } from "#events/agent/memory.ts";
import { stemsOf } from "../language/stems.ts";

const FIRST_PERSON = /\b(?:i|i'm|i've|i'll|i'd|me|my|mine|myself|we|we're|we've|us|our|ours)\b/i;
const TIME_WORD =
  /\b(?:today|tonight|yesterday|tomorrow|morning|afternoon|evening|night|weekend|week|month|year|ago|recently|soon|last|next|since|until|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|june|july|august|september|october|november|december|in may|spring|summer|autumn|winter|christmas|birthday)s?\b|\b(?:19|20)\d\d\b|\b\d{1,2}(?::\d\d)?\s?(?:am|pm)\b/i;
const QUOTATION = /["“”„«»]|(?<![\p{L}\p{N}])'[^'\n]{2,80}'(?![\p{L}\p{N}])/u;
/** A name behind a preposition of place that is no name of a day or month. */
const PLACE =
  /\b(?:in|at|to|from|near|into|through|around|across|outside)\s(?:the\s)?(?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May\b|June|July|August|September|October|November|December|I\b|I')\p{Lu}\p{L}+/u;

/** What a store knows of how often a stem is said; without one, every stem is middling. */
export interface Commonness {
  /** How many memories there are. */
  readonly memories: number;
  /** In how many of them this stem stands. */
  readonly with: (stem: string) => number;
}

/** As rare as the words of a plain sentence are in a store of some size: for the first things that an agent hears. */
const MIDDLING = 0.6;
const SMALL = 50;

/** Mean idf over the stems, ln(1 + (N − df + 0.5) / (df + 0.5)), by ln(1 + N): memory.md §§ 5 and 6. */
function rarityOf(stems: ReadonlyArray<string>, common: Commonness | undefined): number {
  if (common === undefined || common.memories < SMALL || stems.length === 0) return stems.length === 0 ? 0 : MIDDLING;
  const { memories } = common;
  const idf = (stem: string): number => {
    const found = Math.min(memories, Math.max(0, common.with(stem)));
    return Math.log(1 + (memories - found + 0.5) / (found + 0.5));
  };
  return stems.reduce((sum, stem) => sum + idf(stem), 0) / stems.length / Math.log(1 + memories);
}

/** What a text looks like. `stems` are its stems, where they are known already. */
export function formOf(text: string, common?: Commonness, stems: ReadonlyArray<string> = stemsOf(text)): Form {
  const read = text.replaceAll("’", "'");
  return {
    firstPerson: FIRST_PERSON.test(read),
    stems: stems.length,
    number: /\p{N}/u.test(read),
    timeWord: TIME_WORD.test(read),
    quotation: QUOTATION.test(read),
    place: PLACE.test(read),
    question: /\?(?=\s|$)/.test(read),
    rarity: rarityOf(stems, common),
  };
}
