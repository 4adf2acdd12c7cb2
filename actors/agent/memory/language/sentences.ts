/** What somebody says in words of their own, sentence by sentence and clause by clause; used by statements.ts and by what forms memories. */
import { CAPITAL, LETTER } from "./letters.ts";

/** A message is at most 16 KiB, and none of the patterns over it may run long: nothing is read behind this. */
const LONGEST_READ = 8_000;

/** Takes out what is quoted or code: it is somebody else's words, or no words at all. */
export const ownWords = (text: string): string =>
  text
    .slice(0, LONGEST_READ)
    .replaceAll("’", "'")
    .replace(/```[\s\S]*?(?:```|$)/g, " ")
    .replace(/`[^`\n]*`/g, " ")
    .replace(/^[ \t]*>.*$/gm, " ")
    .replace(/“[^“”]*”|„[^„“”]*[“”]|«[^«»]*»|"[^"\n]*"/g, " … ");

/** Sentences, each with what ended it; a line is a sentence of its own, and “3.5” and “e.g.” end none. */
export const sentencesOf = (text: string): ReadonlyArray<string> =>
  text
    .split(/\n+|(?<=[.!?;])(?<!\b(?:e\.g|i\.e|mr|mrs|ms|dr|st|no|vs)\.)\s+(?=\S)/i)
    .flatMap((one) => one.trim() || []);

/** Where a new clause begins: behind a semicolon or dash, or behind a comma or “and” when somebody is named anew. */
const CLAUSE =
  /\s*;\s*|:\s+(?=(?:i|i'm|i've|my|we|we're|we've|our|the|it's)\b)|\s+[–—-]{1,2}\s+|(?<!^\S{1,30}),?\s+(?:and|but|so|because|while|although|though|then)\s+(?=(?:i|i'm|i've|we|we're|we've|my|our|he|she|they|it|it's|the|now|not)\b)|,\s+(?=(?:i|i'm|i've|we|we're|we've|my|our|he|she|it's|so|now|not|but|use|the (?:new|old))\b)/i;

/** Where a second verb says more of the same person: “Mina lives in Oslo and works at Acme”. */
const SECOND_VERB =
  /,?\s+and\s+(?=(?:also\s)?(?:works?|worked|lives?|lived|drives?|speaks?|plays?|stud(?:y|ies)|moved|joined|likes?|loves?|hates?|has|have|owns?|prefers?)\s)/i;
const WHO = new RegExp(
  `^(?:.*?[,:]\\s)?(?<who>(?:i|we|(?:my|our)\\s${LETTER}+(?:\\s${CAPITAL}${LETTER}*)?|${CAPITAL}${LETTER}*))\\s`,
  "i",
);

/** The clauses of a sentence in order, without what joins them; where one has no subject, it has that of the one before. */
export const clausesOf = (sentence: string): ReadonlyArray<string> =>
  sentence.split(CLAUSE).flatMap((clause) => {
    const [first = "", ...more] = clause.split(SECOND_VERB);
    const who = more.length === 0 ? "" : (WHO.exec(first.trim())?.groups?.who ?? "");
    return [first.trim(), ...more.map((one) => `${who} ${one}`.trim())].filter((one) => one !== "");
  });

const CONTRACTIONS: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bname's\b/gi, "name is"],
  [/\bcan't\b/gi, "cannot"],
  [/\bwon't\b/gi, "will not"],
  [/n't\b/gi, " not"],
  [/\b(i)'m\b/gi, "$1 am"],
  [/\b(i|we|you|they)'ve\b/gi, "$1 have"],
  [/\b(i|we|you|he|she|it|they|that)'ll\b/gi, "$1 will"],
  [/\b(i|we|you|he|she|they)'d\b/gi, "$1 would"],
  [/\b(we|you|they)'re\b/gi, "$1 are"],
  [/\b(he|she|it|that|there|here|what|who|where|when|how)'s\b/gi, "$1 is"],
  // As they are typed in haste, where no other word is written so.
  [/\b(what|where|who|when|how)s\b/gi, "$1 is"],
  [/\b([Ii])m\b/g, "$1 am"],
  [/\b([Ii])ve\b/g, "$1 have"],
  [/\b(do|does|did|is|are|was|were|have|has|had|could|would|should)nt\b/gi, "$1 not"],
];

/** Written out: “I'm” becomes “I am”, “don't” “do not”; the genitive stays. */
export function spelledOut(text: string): string {
  let written = text.replaceAll("’", "'");
  for (const [pattern, words] of CONTRACTIONS) written = written.replace(pattern, words);
  return written;
}
