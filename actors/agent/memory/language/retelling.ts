/** Which words of an answer may tell on what was said before: neither the question's nor everybody's; used when an answer is remembered. */
import { ces, dan, deu, ell, fin, fra, hun, ita, nld, nob, pol, por, ron, rus, spa, swe, tur, ukr } from "stopword";
import { isCharacter, isFiller, stemsOf, wordsOf } from "./stems.ts";

/**
 * English stems that tell nothing of anybody: of those that at least half of the conversations in bench/memory share, all that
 * name no number, day, month or relative; and what agents say of themselves and their answers.
 */
const ENGLISH: ReadonlyArray<string> = (
  "after again all alreadi alwai anyth ask back befor best better big bit both bring call came cant come dai done down " +
  "each eat end even everi everyth fine found front gave get go good got half hand happi hed home hour hous how keep know " +
  "last laugh learn leav left let like littl live look lost love made make man minut month more morn move name need never " +
  "new next night no nobodi not noth now old on onli other own pai paper peopl put read right room said same saw see send " +
  "shed shop sit sleep small somebodi someth sorri stai start still stop take talk tell then there thing think thought till " +
  "time todai told took until up us wai wait walk want week well went when whole without word work write wrote year " +
  "abl agent ai answer anyon chat check else find free glad great happen hear help hope idea interest kind mean mention " +
  "messag mind much nice note question rememb show some sound speak sure try understand use welcom yet"
).split(" ");
const OTHERS = [ces, dan, deu, ell, fin, fra, hun, ita, nld, nob, pol, por, ron, rus, spa, swe, tur, ukr];

const english: ReadonlySet<string> = new Set(ENGLISH);
const sets = new Map<ReadonlyArray<string>, ReadonlySet<string>>();
function setOf(words: ReadonlyArray<string>): ReadonlySet<string> {
  const found = sets.get(words) ?? new Set(words.flatMap(wordsOf));
  sets.set(words, found);
  return found;
}

/** The words that tell nothing in the language of a text: that of which it has the most. The Danish “dog” is no dog elsewhere. */
function idleWordsFor(text: string): ReadonlySet<string> {
  const words = wordsOf(text);
  let [best, most] = [english, words.filter(isFiller).length];
  for (const other of OTHERS) {
    const count = words.filter((word) => setOf(other).has(word)).length;
    if (count > most) [best, most] = [setOf(other), count];
  }
  return best;
}

/** Of a script without spaces, so many pairs of characters stand for one word: single ones are in everything. */
const PAIRS_AS_ONE = 3;
/** A pair of characters that follow one another in such a script. */
const isPair = (stem: string): boolean => isCharacter([...stem][0] ?? "");

/** The stems of a text, each once. */
export const stemsIn = (text: string): ReadonlySet<string> => new Set(stemsOf(text));

/** The stems of an answer that may come from what was said before; `known` are texts that they may come from as well: what was asked. */
export function tellingStems(answer: string, ...known: ReadonlyArray<string>): ReadonlySet<string> {
  const told = new Set(known.flatMap((text) => [...stemsOf(text)]));
  const idle = idleWordsFor(answer);
  const words = wordsOf(answer).filter((word) => idle === english || !idle.has(word));
  return new Set(stemsOf(words.join(" ")).filter((stem) => !told.has(stem) && !english.has(stem)));
}

/** Whether an answer with these telling stems may say again what a text with those stems said: one word is enough. */
export function isRetold(telling: ReadonlySet<string>, stems: ReadonlySet<string>): boolean {
  const shared = [...telling].filter((stem) => stems.has(stem));
  return shared.some((stem) => !isPair(stem)) || shared.length >= PAIRS_AS_ONE;
}
