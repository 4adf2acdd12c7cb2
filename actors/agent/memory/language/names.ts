/** Whom a question names among those who speak: names select memories, they do not match words in them; used by recall. */
import { folded, isFiller } from "./stems.ts";

export interface Named {
  /** One entry a person: the full names, folded, that can be meant by what the text says. */
  readonly people: ReadonlyArray<ReadonlySet<string>>;
  /** The text without these names. */
  readonly rest: string;
}

const WORD = /[\p{L}\p{N}\p{M}]+(?:['’]s\b)?/gu;
/** Months that people are called after, beside the fillers: without a capital they are no names. */
const ORDINARY = new Set([
  "may",
  "april",
  "june",
  "august",
  "rose",
  "mark",
  "hope",
  "grace",
  "joy",
  "faith",
  "bill",
  "art",
  "will",
]);
/** Whether a word is both a name and an ordinary word: without a capital it is no name. */
export const isOrdinaryName = (word: string): boolean => ORDINARY.has(word);

/** A speaker's name as it is compared. */
export const nameOf = (speaker: string): string => folded(speaker).replace(/\s+/g, " ").trim();

/** The words of names, each with the full names (as `nameOf` gives them) it is a word of. */
export function nameWords(names: Iterable<string>): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const name of names)
    for (const [word] of name.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
      const known = found.get(word) ?? new Set();
      found.set(word, known.add(name));
    }
  return found;
}

/** Finds the people a text names. Two words that can belong to one person ("Dana Levi") are one person. */
export function namedIn(text: string, words: ReadonlyMap<string, ReadonlySet<string>>): Named {
  const people: Array<ReadonlySet<string>> = [];
  const rest = text.replace(WORD, (spelled) => {
    const word = folded(spelled.replace(/['’]s$/, ""));
    const meant = words.get(word);
    const isOrdinary = isFiller(word) || ORDINARY.has(word) || word.length < 2;
    if (meant === undefined || (isOrdinary && !/^\p{Lu}/u.test(spelled))) return spelled;
    const index = people.findIndex((known) => !known.isDisjointFrom(meant));
    if (index < 0) people.push(meant);
    else people[index] = people[index]!.intersection(meant);
    return " ";
  });
  return { people, rest };
}
