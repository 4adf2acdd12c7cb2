/**
 * Letters for patterns that take capitals and small letters for one; used by the patterns of dates, names and statements. There
 * `\p{L}` costs half a millisecond each to compile, and `\p{Lu}` two: a hundred of them would hold up an isolate's first message.
 */

const MARKS = ".,;:!?…'’\"“”()<>/@#*=+|{}\\[\\]`~^&%$\\\\-";

/** Whatever is no space, digit or mark. */
export const LETTER = `[^\\s\\d_${MARKS}]`;
/** A letter, a digit or an underscore: between two of them no word begins or ends. */
export const INNER = `[^\\s${MARKS}]`;
/** A word, with its hyphens and apostrophes. */
export const WORD = `[^\\s\\d_${MARKS.replace("'’", "").replace("\\\\-", "\\\\")}]+`;
/** Latin, Greek and Cyrillic capitals; other scripts have none. */
export const CAPITAL = "(?-i:[A-Z\\u00c0-\\u00d6\\u00d8-\\u00de\\u0100-\\u017e\\u0386-\\u03ab\\u0400-\\u042f])";
