/** What an agent learns of people in passing: what they are called, whose sister somebody is, what they speak of; used by message.ts and by the job that looks memories through. */
import { type Kinship, kinshipsIn } from "../language/people.ts";
import { ownWords, sentencesOf } from "../language/sentences.ts";
import { stemsOf } from "../language/stems.ts";

/** Who is whose in what somebody says in words of their own, each once. Asked or wished for, it is true all the same. */
export const kinOf = (text: string): ReadonlyArray<Kinship> => {
  const found = sentencesOf(ownWords(text)).flatMap(kinshipsIn);
  return [...new Map(found.map((one) => [`${one.relation} ${one.name}`, one])).values()];
};

const THANKS =
  /\b(?:thanks|thank you|thx|ty|cheers|much appreciated|appreciate (?:it|that|your)|you(?:'re| are) (?:the best|a star|great|awesome|a lifesaver)|well done|good (?:job|work)|great (?:job|work)|nice work|perfect,? thanks)\b/i;
const NO_THANKS = /\bno,? thank(?:s| you)\b|\bthanks for nothing\b|\bthank you,? but no\b/i;

/** Whether somebody says thanks, which ties (see `Sign` in events/agent/memory.ts). */
export const isThanks = (text: string): boolean => {
  const said = ownWords(text);
  return THANKS.test(said) && !NO_THANKS.test(said);
};

/** How often somebody said a stem, and how common it is. */
export interface Spoken {
  readonly stem: string;
  readonly count: number;
  /** In how many of all memories it stands. */
  readonly memories: number;
}

/** The stems of a text with how often each comes. */
export function countsOf(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const stem of stemsOf(ownWords(text))) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  return counts;
}

/**
 * What somebody speaks of: their stems of highest tf · idf, tf = 1 + ln(count) and idf = ln(1 + N / df) (Manning, Raghavan and
 * Schütze, “Introduction to Information Retrieval”, ch. 6), of what was said twice at least; of equals the first in the alphabet.
 */
export const topicsOf = (spoken: ReadonlyArray<Spoken>, memories: number, most = 5): ReadonlyArray<string> =>
  spoken
    .filter(({ stem, count }) => count > 1 && stem.length > 2 && !/^\p{N}/u.test(stem))
    .map(({ stem, count, memories: found }) => ({
      stem,
      weight: (1 + Math.log(count)) * Math.log(1 + Math.max(1, memories) / Math.max(1, found)),
    }))
    .toSorted((left, right) => right.weight - left.weight || (left.stem < right.stem ? -1 : 1))
    .slice(0, most)
    .map(({ stem }) => stem);
