/** Text as the filter reads it: one form for everything that looks alike, with the way back to what was written; used by filter.ts. */

/** A text in the form that rules are matched against. */
export interface Normalised {
  readonly text: string;
  /** Where the character at this place begins in the text as written; behind the last one, that text's length. */
  readonly from: (index: number) => number;
  /** Where the character in front of this place ends in the text as written. */
  readonly to: (index: number) => number;
}

/**
 * What nobody sees, but what parts a word for a machine: accents and strokes laid over letters (`\p{M}`), zero-width and
 * bidirectional controls, tags and soft hyphens (`\p{Cf}`), and the Hangul letters that are drawn as nothing.
 */
const UNSEEN = /[\p{M}\p{Cf}\u115f\u1160]/gu;

/**
 * Letters drawn like a Latin one (Unicode's confusables, the lower and upper cases of Cyrillic and Greek that people are
 * fooled with), each over the letter it is read as.
 */
const LOOKALIKES = "асԁеһіјӏкорԛѕтѵԝхуАВЕЅІЈКМНОРСТХУαεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧıɡɑłøđƒ";
const READ_AS = "acdehijlkopqstvwxyABESIJKMHOPCTXYaeikvoptuxABEZHIKMNOPTYXigalodf";
const latin = new Map([...LOOKALIKES].map((letter, index) => [letter, READ_AS[index]!]));
const ANY_LOOKALIKE = new RegExp(`[${LOOKALIKES}]`, "g");

/** Scripts that set no space between words, and their punctuation. No rule of the filter matches any of these. */
export const UNSPACED =
  "\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Hang}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmr}\\p{sc=Mymr}\\u3001-\\u303f\\u30fc";
const WORD = new RegExp(`[^\\s${UNSPACED}]+`, "gu");

/** A word of Cyrillic is left as it is; only one that has Latin letters as well was meant to be read as Latin. */
const foldWord = (word: string): string =>
  /[A-Za-z]/.test(word) ? word.replace(ANY_LOOKALIKE, (letter) => latin.get(letter)!) : word;

/** Both replace one code unit by one, so that places stay where they are. */
const fold = (text: string): string => text.replace(/[\u2010-\u2015\u2212]/g, "-").replace(WORD, foldWord);

/**
 * The form for matching, never for showing: Unicode's compatibility form (NFKC's, so that full-width and styled letters
 * are plain ones) character by character, without accents and without what is not seen, lookalikes inside Latin words as
 * Latin. Character by character, so that a text that goes on never changes what was read of its beginning.
 */
export function normalise(written: string): Normalised {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: plain ASCII is as it should be already, and is the common case.
  if (/^[\x00-\x7f]*$/.test(written)) return { text: written, from: (index) => index, to: (index) => index };
  const starts: number[] = [];
  const ends: number[] = [];
  let text = "";
  let at = 0;
  for (const character of written) {
    const end = at + character.length;
    const read = character < "\x80" ? character : character.normalize("NFKD").replace(UNSEEN, "");
    for (let unit = 0; unit < read.length; unit++) {
      starts.push(at);
      ends.push(end);
    }
    text += read;
    at = end;
  }
  return {
    text: fold(text),
    from: (index) => starts[index] ?? written.length,
    to: (index) => (index === 0 ? 0 : ends[index - 1]!),
  };
}
