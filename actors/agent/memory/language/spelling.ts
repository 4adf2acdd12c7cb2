/** Repairs a misspelt word by the words that are known; used by recall on what no memory holds. */

const SHORTEST = 4;
/** Under so many letters one slip of the pen is all that a word can bear. */
const SHORT = 7;

/** How many edits a word may be away: none when it is too short, or no word of letters. */
export const editsAllowed = (word: string): number =>
  word.length < SHORTEST || !/^\p{L}+$/u.test(word) ? 0 : word.length < SHORT ? 1 : 2;

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
