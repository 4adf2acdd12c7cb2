/** Which people of a room a text names: that decides whom a memory is about, and whose leave it needs; used by AgentMemory and by drawing. */
import { isConcept } from "./concepts.ts";
import { isOrdinaryName } from "./names.ts";
import { isName } from "./people.ts";
import { folded, isFiller, stemsOf } from "./stems.ts";

/** Somebody who can be named. */
export interface Nameable<Id extends string = string> {
  readonly userId: Id;
  readonly name: string;
}

/** A word, perhaps with the sign of a mention. */
const WORD = /(?<at>@)?(?<word>[\p{L}\p{M}]+)/gu;
const SENTENCE_ENDS = /[.!?…:;\n]/;
const CAPITAL = /^\p{Lu}/u;
const ANY_CAPITAL = /\p{Lu}/u;
/** Scripts that write without spaces: a name stands anywhere in them. */
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]{2,}$/u;
const isCaseless = (word: string): boolean => word.toLowerCase() === word.toUpperCase();

/** Words that name nobody, whoever goes by them: “the”, “you”, “Monday”, single letters. */
const isPlain = (part: string): boolean =>
  !isOrdinaryName(part) && (isFiller(part) || !isName(part) || (part.length < 2 && !isCaseless(part)));

/** Words that are a name and mean something, too: “Will”, “Boat”. */
const isOrdinary = (word: string): boolean => isOrdinaryName(word) || stemsOf(word).some(isConcept);

/** The words of names, each with the people who have it. */
function partsOf<Id extends string>(people: ReadonlyArray<Nameable<Id>>): ReadonlyMap<string, ReadonlySet<Id>> {
  const parts = new Map<string, Set<Id>>();
  for (const { userId, name } of people)
    for (const [part] of folded(name).matchAll(/[\p{L}\p{M}]+/gu)) {
      const known = parts.get(part) ?? new Set<Id>();
      parts.set(part, known.add(userId));
    }
  return parts;
}

/** The people who may be meant at each place of a text, and whether it is a name beyond doubt there. */
function placesIn<Id extends string>(text: string, parts: ReadonlyMap<string, ReadonlySet<Id>>) {
  const whole = folded(text);
  const unspaced = [...parts].flatMap(([part, meant]) =>
    UNSPACED.test(part) && whole.includes(part) ? [{ meant, isSure: true }] : [],
  );
  let end = 0;
  const words = [...text.matchAll(WORD)].flatMap(({ 0: all, index, groups }) => {
    const word = groups!.word!;
    const isFirst = end === 0 || SENTENCE_ENDS.test(text.slice(end, index));
    end = index + all.length;
    const meant = parts.get(folded(word));
    if (meant === undefined) return [];
    if (groups!.at !== undefined || isCaseless(word)) return [{ meant, isSure: true }];
    const [isCapital, meansMore] = [CAPITAL.test(word), isOrdinary(folded(word))];
    if (isPlain(folded(word)) || (meansMore && !isCapital)) return [];
    return [{ meant, isSure: isCapital && !(meansMore && isFirst) }];
  });
  return [...unspaced, ...words];
}

/**
 * The people whom a text names, by any part of their names. Undefined where it may name somebody and cannot be said whom: two go
 * by that name, or it is written like any other word. Of that nobody but its author, `of`, may be in doubt.
 */
export function peopleNamed<Id extends string>(
  text: string,
  people: ReadonlyArray<Nameable<Id>>,
  of?: Id,
): ReadonlyArray<Id> | undefined {
  const places = placesIn(text, partsOf(people));
  const meant: Array<ReadonlySet<Id>> = [];
  for (const { meant: these, isSure } of [...places].sort(
    (left, right) => Number(right.isSure) - Number(left.isSure),
  )) {
    const index = meant.findIndex((known) => !known.isDisjointFrom(these));
    // Words that can belong to one person (“Dana Levi”) are one person.
    if (index >= 0) meant[index] = meant[index]!.intersection(these);
    else if (isSure || (these.size === 1 && of !== undefined && these.has(of))) meant.push(these);
    else return undefined;
  }
  return meant.some(({ size }) => size > 1) ? undefined : meant.flatMap((one) => [...one]);
}

/** Everybody whom a text may name, sure or in doubt: whoever writes about others asks them all. */
export const peopleMaybeNamed = <Id extends string>(
  text: string,
  people: ReadonlyArray<Nameable<Id>>,
): ReadonlyArray<Id> => placesIn(text, partsOf(people)).flatMap(({ meant }) => [...meant]);

/** Whether a text may name anybody at all: for where nobody knows who could be meant. */
export const mayName = (text: string): boolean =>
  !ANY_CAPITAL.test(text)
    ? /\p{L}/u.test(text)
    : [...text.matchAll(WORD)].some(
        ({ groups }) =>
          groups!.at !== undefined ||
          isCaseless(groups!.word!) ||
          (CAPITAL.test(groups!.word!) && !isPlain(folded(groups!.word!))),
      );
