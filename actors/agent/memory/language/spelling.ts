/** Repairs a misspelt word by the words that are known; used by recall on what no memory holds. */

const SHORTEST = 4;
/** Under so many letters one slip of the pen is all that a word can bear. */
const SHORT = 7;

/** How many edits a word may be away: none when it is too short, or no word of letters. */
export const editsAllowed = (word: string): number =>
  word.length < SHORTEST || !/^\p{L}+$/u.test(word) ? 0 : word.length < SHORT ? 1 : 2;

/** A sound that English writes in two ways, far apart by letters: who spells by ear writes “fone”. */
export const spellings = (word: string): ReadonlyArray<string> => [
  ...new Set([word, word.replaceAll("f", "ph"), word.replaceAll("ph", "f")]),
];

/** A word without doubled letters, by sound: what most slips leave as it is, and hardly two words have in common. */
const skeleton = (word: string): string => word.replaceAll("ph", "f").replace(/(.)\1+/g, "$1");

/**
 * True where one is the other in a slip that makes no other word of it: a letter doubled or not, two changed over, “f” for “ph”.
 * One letter for another would be too much: “along” is not “alone”.
 */
export function isSlipOf(word: string, meant: string): boolean {
  if (word === meant || meant.length <= SHORTEST || word[0] !== skeleton(meant)[0]) return false;
  if (skeleton(word) === skeleton(meant)) return true;
  return (
    word.length === meant.length &&
    [...word].sort().join("") === [...meant].sort().join("") &&
    distance(word, meant, 1) === 1
  );
}

/** One bit for each letter that occurs: each edit changes at most two, which rules most words out without looking at them. */
export function lettersOf(word: string): number {
  let bits = 0;
  for (let index = 0; index < word.length; index++) bits |= 1 << (word.charCodeAt(index) % 31);
  return bits;
}

/** How many bits of 32 are set, without a loop: all words of a vocabulary go through here. */
const bitsSet = (bits: number): number => {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
};

/** False when two words, given by their letters, must be more than `edits` apart. */
export const mayBeWithin = (left: number, right: number, edits: number): boolean => bitsSet(left ^ right) <= 2 * edits;

/** Damerau and Levenshtein's distance (a letter more, less, other, or two changed over), or `most + 1` when it is greater. */
export function distance(left: string, right: string, most: number): number {
  if (Math.abs(left.length - right.length) > most) return most + 1;
  let before: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const here = [row];
    let least = row;
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let edits = Math.min(above[column]! + 1, here[column - 1]! + 1, above[column - 1]! + (same ? 0 : 1));
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) edits = Math.min(edits, before[column - 2]! + 1);
      here.push(edits);
      if (edits < least) least = edits;
    }
    if (least > most) return most + 1;
    before = above;
    above = here;
  }
  return Math.min(above[right.length]!, most + 1);
}
