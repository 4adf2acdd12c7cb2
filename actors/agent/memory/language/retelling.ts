/** Which words of an answer may tell on what was said before: neither the question's nor everybody's; used when an answer is remembered. */
import { isCharacter, stemsOf } from "./stems.ts";

/**
 * Stems that tell nothing of anybody: of those that at least half of the conversations in bench/memory share, all that name
 * no number, day, month or relative; and what agents say of themselves and their answers.
 */
const EVERYBODYS: ReadonlySet<string> = new Set(
  (
    "after again all alreadi alwai anyth ask back befor best better big bit both bring call came cant come dai done down " +
    "each eat end even everi everyth fine found front gave get go good got half hand happi hed home hour hous how keep know " +
    "last laugh learn leav left let like littl live look lost love made make man minut month more morn move name need never " +
    "new next night no nobodi not noth now old on onli other own pai paper peopl put read right room said same saw see send " +
    "shed shop sit sleep small somebodi someth sorri stai start still stop take talk tell then there thing think thought till " +
    "time todai told took until up us wai wait walk want week well went when whole without word work write wrote year " +
    "abl agent ai answer anyon chat check else find free glad great happen hear help hope idea interest kind mean mention " +
    "messag mind much nice note question rememb show some sound speak sure try understand use welcom yet"
  ).split(" "),
);

/** Of a script without spaces, so many pairs of characters stand for one word: single ones are in everything. */
const PAIRS_AS_ONE = 3;
/** A pair of characters that follow one another in such a script. */
const isPair = (stem: string): boolean => isCharacter([...stem][0] ?? "");

/** The stems of a text, each once. */
export const stemsIn = (text: string): ReadonlySet<string> => new Set(stemsOf(text));

/** The stems of an answer that may come from what was said before; `known` are texts that they may come from as well: what was asked. */
export function tellingStems(answer: string, ...known: ReadonlyArray<string>): ReadonlySet<string> {
  const told = new Set(known.flatMap((text) => [...stemsOf(text)]));
  return new Set(stemsOf(answer).filter((stem) => !told.has(stem) && !EVERYBODYS.has(stem)));
}

/** Whether an answer with these telling stems may say again what a text with those stems said: one word is enough. */
export function isRetold(telling: ReadonlySet<string>, stems: ReadonlySet<string>): boolean {
  const shared = [...telling].filter((stem) => stems.has(stem));
  return shared.some((stem) => !isPair(stem)) || shared.length >= PAIRS_AS_ONE;
}
