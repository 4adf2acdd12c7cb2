/** When two memories say the same, so that one of them is enough: the rule of memory.md § 6, made stricter where it could be wrong; used by consolidation. */
import { isRelation } from "../language/people.ts";
import { isFiller, isPicture, stemsOf, wordsOf } from "../language/stems.ts";

/** One memory as far as the rule looks. */
export interface Saying {
  readonly text: string;
  /** Whose words they are: the same words of two people are two memories. */
  readonly speaker: string;
  readonly saidAt: number;
}

/** Said around a fact without changing it. */
const AROUND: ReadonlySet<string> = new Set(
  (
    "way know btw fyi actually honestly basically literally anyway well guess wanted say saying tell telling told mention " +
    "mentioned mentioning remind reminder remember note forget heads quick update god lol haha hmm right basically simply indeed " +
    "definitely certainly surely truly frankly let like said already before again"
  ).split(" "),
);
/** What leads up to a fact, as a whole: of these words alone some do mean something. */
const LEAD =
  /^(?:(?:by the way|btw|fyi|just so you know|you know|as i (?:said|mentioned)(?: before| already)?|like i said|did i (?:mention|tell you)(?: that)?|i (?:just )?(?:wanted|want) to (?:say|tell you|mention|let you know)(?: that)?|(?:just )?a (?:quick )?reminder(?: that)?|please (?:remember|note)(?: that)?|remember(?: that)?|for the record|to be honest|honestly|actually|oh|well|so|hey|hi|ok|okay|um|and|also|yes|yeah|no,|anyway|in fact|of course|as you know|i think i (?:told|mentioned)(?: you)?(?: that)?|i (?:think|guess|believe|suppose|mean)(?: that)?|um+|uh+|hmm+|basically|literally|look|listen|guess what|let me (?:say|tell you|mention)(?: that)?|again)\b[\s,:!.–—-]*)+/i;
/** Said in passing, wherever it stands. */
const ASIDE =
  /[,–—-]?\s(?:you know|i mean|you see|as you know|by the way|btw|as i said|i guess|i think|i suppose|i believe|to be honest|of course|after all|right|okay|ok|haha|lol)(?=\s*(?:[,.!?…–—-]|$))/gi;
/** Said in the middle, and no more than a breath. */
const BREATH = /\b(?:kind of|sort of|pretty much|more or less)\s/gi;
const HAVE_GOT = /\b(have|has)\sgot\b|('ve|'s)\sgot\b/gi;
const NEGATION =
  /\bno longer\b|\bany ?more\b|\b(?:not|no|never|none|nobody|nothing|nowhere|neither|nor|cannot|without|hardly|barely)\b|n't\b/gi;
const TIME =
  /^(?:today|tonight|yesterday|tomorrow|morning|afternoon|evening|night|noon|midnight|weekend|week|weekly|day|daily|month|monthly|year|yearly|ago|last|next|now|then|soon|later|earlier|before|after|since|until|till|always|often|sometimes|usually|once|twice|still|again|already|recently|currently|formerly|previously|used|former|old|new|first|second|third|mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?|january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|fall|winter|christmas|easter|every|each|early|late|during|while|ever|when)$/;
/** The order of words matters where one thing is set against another. */
const ORDERED = /\b(?:than|over|instead|rather|before|after|versus|vs|because|so that)\b/i;
const TOWARDS = /\b(?:from|prefer\w{0,4})\b/i;
const OWNERS = /\b(?:my|our|your|his|her|their|mine|ours|yours|hers|theirs)\b|\b\p{L}+'s\b/giu;
const MOODS = /\b(?:will|would|could|should|might|may|must|used to|going to|did|if|maybe|perhaps|probably)\b|'ll\b/gi;
const OTHERS = /\b(?:you|he|she|they|him|her|them|it|i|we)\b/gi;
/** Not “one”, which may stand for anybody. */
const NUMERALS = new Map(
  "zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty"
    .split("|")
    .map((word, index) => [word, String(index === 0 ? 0 : index + 1)] as const),
);

/** What is longer is a text of its own: only the very same one is the same. */
const LONGEST_COMPARED = 4_000;

interface Gist {
  /** The whole text where it is too long to be compared otherwise. */
  readonly whole: string | undefined;
  /** Each stem with the word it was, in the order in which they come. */
  readonly stems: ReadonlyMap<string, string>;
  readonly numbers: string;
  readonly negations: number;
  readonly owners: string;
  readonly others: string;
  /** Words with a capital that begin no sentence: names, whose order says who did what to whom. */
  readonly names: ReadonlyArray<string>;
  readonly ordered: boolean;
  /** What is asked, will be, could be or was is not what is. */
  readonly mood: string;
}

/** “Colour” and “color”, “neighbours” and “neighbors”. */
const oneSpelling = (word: string): string => (word.length > 5 ? word.replace(/our(?=$|s$|ed$|ing$|ite)/, "or") : word);

const sorted = (words: Iterable<string>): string => [...words].toSorted().join(" ");
const each = (text: string, pattern: RegExp): string =>
  sorted(new Set((text.match(pattern) ?? []).map((word) => word.toLowerCase())));

/** What a text says, without what surrounds it. */
function gistOf(text: string): Gist {
  const whole = text.length > LONGEST_COMPARED ? text : undefined;
  const said = text
    .slice(0, LONGEST_COMPARED)
    .replaceAll("’", "'")
    .replace(LEAD, "")
    .replace(ASIDE, "")
    .replace(BREATH, "")
    .replace(HAVE_GOT, "$1$2");
  const stems = new Map<string, string>();
  const numbers: string[] = [];
  for (const word of wordsOf(said)) {
    const number = /\p{N}/u.test(word) ? word : NUMERALS.get(word);
    if (number !== undefined) numbers.push(number);
    else if (!isFiller(word) && !isPicture(word) && !AROUND.has(word) && !/^(?:not|no|never|cannot)$/.test(word))
      for (const stem of stemsOf(oneSpelling(word))) stems.set(stem, word);
  }
  const negations = (said.match(NEGATION) ?? []).length;
  return {
    ...{ whole, stems, negations, numbers: sorted(numbers) },
    owners: each(said, OWNERS),
    others: each(said, OTHERS),
    names: said.match(/(?<![.!?]\s)(?<!^)(?<!\p{L})\p{Lu}[\p{L}\p{M}]+/gu) ?? [],
    ordered: ORDERED.test(said) || (TOWARDS.test(said) && /\bto\b/i.test(said)),
    mood: `${each(said, MOODS)}${/\?/.test(said) ? "?" : ""}`,
  };
}

/** Whether one edit makes one word of the other: a letter more, one less, another one, or two that changed places. */
function oneEdit(left: string, right: string): "substituted" | "inserted" | "swapped" | undefined {
  const [short, long] = left.length <= right.length ? [left, right] : [right, left];
  let start = 0;
  while (start < short.length && short[start] === long[start]) start += 1;
  let end = 0;
  while (end < short.length - start && short[short.length - 1 - end] === long[long.length - 1 - end]) end += 1;
  const [less, more] = [short.slice(start, short.length - end), long.slice(start, long.length - end)];
  if (less.length === 0 && more.length === 1) return "inserted";
  if (less.length === 1 && more.length === 1) return "substituted";
  return less.length === 2 && less[0] === more[1] && less[1] === more[0] ? "swapped" : undefined;
}

/**
 * Whether two words are one word, once mistyped. Stricter than the rule: other words that lie one letter apart (“house” and
 * “horse”, Marta and Maria) are told from slips by being short, by another letter in place of one, or by differing at an end.
 */
function isSlip(left: string, right: string, isName: boolean): boolean {
  const edit = oneEdit(left, right);
  const shortest = Math.min(left.length, right.length);
  if (edit === undefined || shortest < 5 || left[0] !== right[0]) return false;
  if (edit === "swapped") return true;
  if (edit === "substituted") return !isName && shortest >= 7;
  const [short, long] = left.length < right.length ? [left, right] : [right, left];
  return !isName || (shortest >= 6 && short.at(-1) === long.at(-1));
}

/** The stems that another has too, in their order, but for times, which may stand at either end. */
const inOrder = (gist: Gist, among: ReadonlyMap<string, string>): string =>
  [...gist.stems].flatMap(([stem, word]) => (among.has(stem) && !TIME.test(word) ? stem : [])).join(" ");

const isPast = (word: string): boolean => word.length > 4 && /[^e]ed$/.test(word);
/** “Works” and “worked” have one stem and say two things. */
const sameTense = (left: Gist, right: Gist): boolean =>
  [...left.stems].every(([stem, word]) => isPast(word) === isPast(right.stems.get(stem) ?? word));

/** Who is named may begin a sentence in one of them: where the other names differ, the order tells who did what. */
const sameNames = ({ names }: Gist, other: Gist): boolean =>
  sorted(new Set(names)).toLowerCase() === sorted(new Set(other.names)).toLowerCase();

/** Whether words that only one of two has leave what is said as it is: no owner, no time, no name. */
const changesNothing = (stems: ReadonlyArray<string>, { stems: words, names }: Gist): boolean =>
  stems.every((stem) => {
    const word = words.get(stem)!;
    return !TIME.test(word) && !isRelation(word) && !names.some((name) => name.toLowerCase() === word);
  });

function sameGist(left: Gist, right: Gist): boolean {
  if (left.whole !== right.whole) return false;
  if (left.numbers !== right.numbers || left.negations !== right.negations) return false;
  if (left.owners !== right.owners || left.others !== right.others || left.mood !== right.mood) return false;
  if (!sameTense(left, right)) return false;
  const onlyLeft = [...left.stems.keys()].filter((stem) => !right.stems.has(stem));
  const onlyRight = [...right.stems.keys()].filter((stem) => !left.stems.has(stem));
  const ordered = left.ordered || right.ordered || left.names.length > 1 || !sameNames(left, right);
  if (ordered && inOrder(left, right.stems) !== inOrder(right, left.stems)) return false;
  if (onlyLeft.length === 0 && onlyRight.length === 0) return left.stems.size > 0 || left.numbers !== "";
  if (onlyLeft.length === 1 && onlyRight.length === 1) {
    const [one, other] = [left.stems.get(onlyLeft[0]!)!, right.stems.get(onlyRight[0]!)!];
    const isName = [...left.names, ...right.names].some((name) => [one, other].includes(name.toLowerCase()));
    return left.stems.size > 1 && isSlip(one, other, isName);
  }
  if (onlyLeft.length > 0 && onlyRight.length > 0) return false;
  const [less, more, extra] = onlyLeft.length === 0 ? [left, right, onlyRight] : [right, left, onlyLeft];
  return less.stems.size >= 3 && more.stems.size <= 1.25 * less.stems.size && changesNothing(extra, more);
}

/**
 * Whether two memories say the same. As memory.md § 6 has it: the same speaker, numbers and negation, and stems without filler
 * that are equal, or differ by one slip of the pen, or of which one set holds the other with at most a quarter more. Besides,
 * owners and persons have to be the same, and the order where it tells.
 */
export const isDuplicate = (left: Saying, right: Saying): boolean =>
  left.speaker === right.speaker && sameGist(gistOf(left.text), gistOf(right.text));

/** Memories that say the same: the one to keep, which is the longest, and the others, oldest first. */
export interface Duplicates<A extends Saying> {
  readonly kept: A;
  readonly merged: ReadonlyArray<A>;
}

/** A slip changes one stem at most, so that duplicates of two or more stems share one; of one stem, they share it. */
const keysOf = ({ stems, numbers }: Gist): ReadonlyArray<string> => (stems.size > 0 ? [...stems.keys()] : [numbers]);

/**
 * The duplicates among memories, each memory in one group at most and every two of a group duplicates of its kept one. Only those
 * that share a stem are compared, and no more than `most` of the same stem: what everybody says is no sign of a duplicate.
 */
export function duplicatesAmong<A extends Saying>(
  memories: ReadonlyArray<A>,
  most = 200,
): ReadonlyArray<Duplicates<A>> {
  const gists = new Map(memories.map((memory) => [memory, gistOf(memory.text)] as const));
  const byStem = new Map<string, A[]>();
  for (const [memory, gist] of gists)
    for (const key of keysOf(gist)) {
      const place = `${memory.speaker}\n${key}`;
      const there = byStem.get(place);
      if (there === undefined) byStem.set(place, [memory]);
      else if (there.length < most) there.push(memory);
    }
  const taken = new Set<A>();
  const found: Array<Duplicates<A>> = [];
  const longestFirst = memories.toSorted(
    (left, right) => right.text.length - left.text.length || left.saidAt - right.saidAt,
  );
  for (const kept of longestFirst) {
    if (taken.has(kept)) continue;
    const gist = gists.get(kept)!;
    const near = new Set(keysOf(gist).flatMap((key) => byStem.get(`${kept.speaker}\n${key}`) ?? []));
    const merged = [...near].filter(
      (other) => other !== kept && !taken.has(other) && sameGist(gist, gists.get(other)!),
    );
    if (merged.length === 0) continue;
    for (const memory of [kept, ...merged]) taken.add(memory);
    found.push({ kept, merged: merged.toSorted((left, right) => left.saidAt - right.saidAt) });
  }
  return found;
}
