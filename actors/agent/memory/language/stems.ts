/** Words as memory sees them: folded, without fillers, cut to their stems; used by recall and by what forms memories. */
import { stemmer } from "stemmer";

/** Words that say nothing of what a sentence is about. Negations and words of time stay: they change what is said. */
const FILLERS: ReadonlySet<string> = new Set(
  (
    "a an the this that these those i you he she it we they me him her us them my your his its our their mine yours hers " +
    "ours theirs myself yourself himself herself itself ourselves yourselves themselves who whom whose which what where " +
    "why how there here am is are was were be been being have has had having do does did doing will would shall should " +
    "can could may might must of at by for with about against between into through to from in out on off over under and " +
    "but or if because as so than too very just also really quite oh hi hey hello yes yeah ok okay please thanks thank " +
    "im ive id ill youre youve youd youll hes shes its were weve theyre theyve thats whats lets dont doesnt didnt isnt " +
    "arent wasnt werent s t d m re ve ll"
  ).split(" "),
);

/** Scripts that write without spaces: two characters that follow one another stand for a word. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;
/** A word of letters and digits, with its apostrophes; a number keeps its decimals, and a picture is a word, whatever its tint. */
const WORD =
  /\p{N}+(?:[.,]\p{N}+)+|[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’][\p{L}\p{M}]+)*|\p{Extended_Pictographic}|\p{Regional_Indicator}{2}/gu;
const PICTURE = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator})/u;
/** Nothing that people write is longer; what is, is cut rather than kept. */
const LONGEST_WORD = 40;

/** Letters without case, width and accents: “Café” and “cafe” are one word. */
export const folded = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]+/g, "")
    .normalize("NFKC")
    .toLowerCase();

/** The words of a text in order, folded, fillers included. */
export const wordsOf = (text: string): ReadonlyArray<string> =>
  (folded(text).match(WORD) ?? []).map((word) => word.replace(/['’]/g, "").slice(0, LONGEST_WORD));

/** True for words that say nothing by themselves. */
export const isFiller = (word: string): boolean => FILLERS.has(word);

/** True for a picture among words. */
export const isPicture = (word: string): boolean => PICTURE.test(word);

/** True for one character of a script that writes without spaces: part of a word, or a word of its own. */
export const isCharacter = (stem: string): boolean => UNSPACED.test(stem) && [...stem].length === 1;

/** Pairs of characters for scripts without spaces, the stem for all others. */
const stemsOfWord = (word: string): ReadonlyArray<string> => {
  if (!UNSPACED.test(word)) return [/^[a-z]+$/.test(word) ? stemmer(word) : word];
  const characters = [...word];
  return characters.length === 1
    ? characters
    : characters.slice(1).map((character, index) => `${characters[index]}${character}`);
};

/**
 * The stems of a text in order, repeated as often as they occur, without fillers. English words are cut by Porter's rules
 * (package `stemmer`); words of other scripts stay whole.
 */
export const stemsOf = (text: string): ReadonlyArray<string> =>
  wordsOf(text)
    .filter((word) => !FILLERS.has(word))
    .flatMap(stemsOfWord);
