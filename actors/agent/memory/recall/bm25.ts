/** BM25 (Robertson and Zaragoza 2009) with the constants that were measured best for turns of a conversation; used in this folder. */

/** k1: how soon a word that is said again adds nothing more. */
const SATURATION = 0.9;
/** b: how much a long text is held against itself. */
const LENGTH_SHARE = 0.3;

/** ln(1 + (N − df + 0.5) / (df + 0.5)): what it says that a word is there, when so many of so many memories have it. */
export const inverseFrequency = (memories: number, frequency: number): number =>
  Math.log(1 + (memories - frequency + 0.5) / (frequency + 0.5));

/** A word said so often in a text of this length, without its idf. */
export const saturated = (count: number, length: number, average: number): number =>
  (count * (SATURATION + 1)) / (count + SATURATION * (1 - LENGTH_SHARE + (LENGTH_SHARE * length) / average));

/** A word said so often in all of a session, whatever its length. */
export const saturatedInSession = (count: number): number => (count * (SATURATION + 1)) / (count + SATURATION);
