/** Pairs of memories that say the same in other words, and pairs that only look so, drawn from a seed; used by the tests of memory and by the bench. */
import { isDuplicate, type Saying } from "#actors/agent/memory/forming/duplicates.ts";
import { chance, pick } from "./drawn.ts";

export interface Pair {
  /** In which way the second differs from the first. */
  readonly how: string;
  readonly left: Saying;
  readonly right: Saying;
  readonly same: boolean;
}

type Random = () => number;
const list = (words: string): ReadonlyArray<string> => words.split("|");

const OWNERS = list("My|My sister's|My brother's|Our neighbour's|Mina's|Tom's|Her|Their");
const THINGS = list(
  "bicycle|apartment|kitchen|guitar|wedding|surgery|garden|telescope|presentation|restaurant|passport|bakery",
);
const TRAITS = list(
  "repaired|painted|finished|cancelled|delivered|insured|photographed|reserved|expensive|wonderful|crowded",
);
const PEOPLE = list("Mina|Tom|Priya|Jo|Kenji|Anna");
const PLACES = list("Lisbon|Tallinn|Osaka|Graz|Leeds|Bern");
const DAYS = list("Monday|Tuesday|Friday|Saturday|Sunday");
const FOODS = list("mushrooms|oysters|pineapple|rhubarb|liquorice|coriander|walnuts|aubergine");
const HOBBIES = list("climbing|pottery|astronomy|beekeeping|fencing|calligraphy|gardening|photography");
const EXTRAS = list("beautiful|little|wonderful|famous|wooden|lovely");

interface Made {
  readonly text: string;
  /** The same with another value, owner, number, negation, day or order. */
  readonly others: Readonly<Record<string, string>>;
  /** A word that can be mistyped. */
  readonly word: string;
  readonly turned?: string;
  readonly longer?: string;
}

const other = (random: Random, from: ReadonlyArray<string>, not: string): string =>
  pick(
    random,
    from.filter((one) => one !== not),
  );

const MAKERS: ReadonlyArray<(random: Random) => Made> = [
  (random) => {
    const [owner, thing, trait, place] = [
      pick(random, OWNERS),
      pick(random, THINGS),
      pick(random, TRAITS),
      pick(random, PLACES),
    ];
    const said = (who: string, what: string, how: string, where: string) =>
      `${who} ${what} in ${where} was ${how} for the summer party`;
    return {
      text: said(owner, thing, trait, place),
      word: thing,
      longer: `${owner} ${thing} in ${place} was ${trait} for the ${pick(random, EXTRAS)} summer party`,
      others: {
        value: said(owner, other(random, THINGS, thing), trait, place),
        trait: said(owner, thing, other(random, TRAITS, trait), place),
        owner: said(other(random, OWNERS, owner), thing, trait, place),
        place: said(owner, thing, trait, other(random, PLACES, place)),
        negation: `${owner} ${thing} in ${place} was not ${trait} for the summer party`,
      },
    };
  },
  (random) => {
    const [person, hobby, day, count] = [
      pick(random, PEOPLE),
      pick(random, HOBBIES),
      pick(random, DAYS),
      2 + Math.floor(random() * 7),
    ];
    const said = (who: string, what: string, when: string, many: number) =>
      `${who} teaches ${many} children ${what} on ${when}s`;
    return {
      text: said(person, hobby, day, count),
      word: hobby,
      turned: `On ${day}s ${person} teaches ${count} children ${hobby}`,
      others: {
        person: said(other(random, PEOPLE, person), hobby, day, count),
        value: said(person, other(random, HOBBIES, hobby), day, count),
        time: said(person, hobby, other(random, DAYS, day), count),
        number: said(person, hobby, day, count + 1 + Math.floor(random() * 5)),
        negation: `${person} never teaches ${count} children ${hobby} on ${day}s`,
        order: `${other(random, PEOPLE, person)} teaches ${person} ${hobby} on ${day}s`,
      },
    };
  },
  (random) => {
    const [food, second] = [pick(random, FOODS), pick(random, HOBBIES)];
    const third = other(random, FOODS, food);
    return {
      text: `I enjoy ${second} and I prefer ${food} to ${third}`,
      word: second,
      others: {
        order: `I enjoy ${second} and I prefer ${third} to ${food}`,
        value: `I enjoy ${other(random, HOBBIES, second)} and I prefer ${food} to ${third}`,
        owner: `They enjoy ${second} and they prefer ${food} to ${third}`,
        negation: `I don't enjoy ${second} and I prefer ${food} to ${third}`,
      },
    };
  },
  (random) => {
    const [place, year, person] = [pick(random, PLACES), 2_005 + Math.floor(random() * 18), pick(random, PEOPLE)];
    return {
      text: `We visited ${place} together with ${person} and the grandparents in ${year}`,
      word: "grandparents",
      turned: `In ${year} we visited ${place} together with ${person} and the grandparents`,
      longer: `We visited ${pick(random, EXTRAS)} ${place} together with ${person} and the grandparents in ${year}`,
      others: {
        place: `We visited ${other(random, PLACES, place)} together with ${person} and the grandparents in ${year}`,
        number: `We visited ${place} together with ${person} and the grandparents in ${year + 1}`,
        person: `We visited ${place} together with ${other(random, PEOPLE, person)} and the grandparents in ${year}`,
        negation: `We never visited ${place} together with ${person} and the grandparents in ${year}`,
        time: `We visited ${place} together with ${person} and the grandparents last spring in ${year}`,
      },
    };
  },
];

const LEADS = list(
  "By the way, |Just so you know, |I wanted to mention that |As I said, |Oh, |Actually, |Hey, |For the record, |Like I said, |Honestly, ",
);
const TAILS = list("!|.| :)|, you know.| really.|…");

/** A slip of the pen inside of a word: a letter twice, one left out, or two that changed places. */
function mistyped(random: Random, word: string): string {
  const at = 2 + Math.floor(random() * (word.length - 4));
  const kind = Math.floor(random() * 3);
  if (kind === 0) return `${word.slice(0, at)}${word[at]}${word.slice(at)}`;
  if (kind === 1 || word[at] === word[at + 1]) return `${word.slice(0, at)}${word.slice(at + 1)}`;
  return `${word.slice(0, at)}${word[at + 1]}${word[at]}${word.slice(at + 2)}`;
}

const small = (text: string): string =>
  /^(?:My|Our|Her|Their|We|On|In)\b/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;

const SAME: Readonly<Record<string, (random: Random, made: Made) => string | undefined>> = {
  again: (_, { text }) => text,
  "led up to": (random, { text }) => `${pick(random, LEADS)}${small(text)}${pick(random, TAILS)}`,
  "in capitals": (random, { text }) => `${text.toUpperCase()}${pick(random, TAILS)}`,
  mistyped: (random, { text, word }) => text.replace(word, mistyped(random, word)),
  "turned around": (random, { turned }) => turned && `${turned}${pick(random, TAILS)}`,
  "with a word more": (_, { longer }) => longer,
  "with a filler": (random, { text }) =>
    text.replace(
      / (was|teaches|enjoy|visited) /,
      (_, verb: string) => ` ${pick(random, ["really", "actually", "just", "indeed"])} ${verb} `,
    ),
};

/** So many pairs from a seed, about half of them the same, each way to differ about as often. */
export function pairs(seed: number, count: number): ReadonlyArray<Pair> {
  const random = chance(seed);
  const found: Pair[] = [];
  while (found.length < count) {
    const made = pick(random, MAKERS)(random);
    const left = { text: made.text, speaker: "user:dana", saidAt: 0 };
    const add = (how: string, text: string, same: boolean, speaker = "user:dana") =>
      found.push({ how, left, right: { text, speaker, saidAt: 1 }, same });
    const how = pick(random, Object.keys(SAME));
    const said = SAME[how]!(random, made);
    if (said !== undefined) add(how, said, true);
    const look = pick(random, [...Object.keys(made.others), "speaker"]);
    if (look === "speaker") add(look, made.text, false, "user:eli");
    else add(look, `${random() < 0.5 ? pick(random, LEADS) : ""}${made.others[look]!}`, false);
  }
  return found.slice(0, count);
}

/** What the rule makes of pairs: the share of those it merged that are the same, and of the same that it merged. */
export function weighed(all: ReadonlyArray<Pair>): {
  readonly precision: number;
  readonly recall: number;
  readonly wrong: ReadonlyArray<Pair>;
} {
  const merged = all.filter(({ left, right }) => isDuplicate(left, right) || isDuplicate(right, left));
  const right = merged.filter(({ same }) => same).length;
  return {
    precision: merged.length === 0 ? 1 : right / merged.length,
    recall: right / all.filter(({ same }) => same).length,
    wrong: all.filter((pair) => pair.same !== merged.includes(pair)),
  };
}
