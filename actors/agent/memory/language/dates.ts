/** Dates that people write in English, absolute and relative, as spans of time; used by statements.ts, forming and recall. */
import { DAY, type DateWindow, startOfDay } from "./calendar.ts";
import { DATED, PATTERNS } from "./date-patterns.ts";

export type { DateWindow } from "./calendar.ts";

/** A date with the place in the text that says it: from `start` up to `end`. */
export interface FoundDate {
  readonly start: number;
  readonly end: number;
  readonly window: DateWindow;
}

/** A message is at most 16 KiB; nothing behind that is read. */
const LONGEST_READ = 16_384;
/** How far around a date its sentence is read. */
const AROUND = 80;

/** Groups are read in small letters, but for a month, which may be a name. */
const asMeant = (name: string, value: string | undefined): string | undefined =>
  name === "month" ? value : value?.toLowerCase().replace(/\s+/g, " ").replaceAll("’", "'");

const AHEAD =
  /\b(?:will|won't|shall|going to|gonna|plan(?:s|ning|ned)?|upcoming|looking forward|can't wait|let's|see you|due|deadline|until|till|by|need to|have to|want to|hope to|remind|(?:is|are) (?:on|in|at)|(?:am|is|are)(?: not)? (?!being|sitting|going)[a-z]{2,20}ing)\b|['’](?:ll|m going)\b|['’](?:m|re)(?: not)? [a-z]{2,20}ing\b/i;
const BEHIND =
  /\b(?:was|were|did|didn't|had|has been|have been|went|got|came|saw|met|made|said|told|took|bought|gave|found|left|ago|last|[a-z]{2,20}ed)\b/i;
const SENTENCE_END = /[.!?;\n](?=\s|$)/;

/** Whether the sentence around a date speaks of what is to come. */
function isAhead(text: string, start: number, end: number): boolean {
  const before = text
    .slice(Math.max(0, start - AROUND), start)
    .split(SENTENCE_END)
    .at(-1)!;
  const after = text.slice(end, end + AROUND).split(SENTENCE_END)[0]!;
  return AHEAD.test(before) || (AHEAD.test(after) && !BEHIND.test(before)) || /^\s*(?:is|are)\b/i.test(after)
    ? !/\b(?:was|were|did)\b/i.test(before)
    : false;
}

/** “Every Friday”, “on Fridays” are no one day. */
const REPEATED = /\b(?:every|each|any|most|per)\s(?:other\s)?$/i;

/** “From 2019 to 2021”, “3 May until 5 May” are one span; “since May” goes on until today. */
function joined(text: string, found: ReadonlyArray<FoundDate>, at: number): ReadonlyArray<FoundDate> {
  const spans: FoundDate[] = [];
  for (const each of found) {
    const previous = spans.at(-1);
    const lead = text.slice(Math.max(0, (previous ?? each).start - 12), (previous ?? each).start);
    const gap = previous === undefined ? "" : text.slice(previous.end, each.start);
    const spanned =
      previous !== undefined &&
      each.window.to > previous.window.from &&
      ((/\bbetween\s(?:the\s)?$/i.test(lead) && /^\sand\s(?:the\s)?$/i.test(gap)) ||
        (/\bfrom\s(?:the\s)?$/i.test(lead) && /^\s(?:to|until|till|through)\s(?:the\s)?$/i.test(gap)));
    if (spanned)
      spans.splice(-1, 1, {
        ...each,
        start: previous.start,
        window: { from: previous.window.from, to: each.window.to },
      });
    else spans.push(each);
  }
  const tomorrow = startOfDay(at) + DAY;
  return spans.map((each) => {
    const since = /\bsince\s(?:the\s)?$/i.test(text.slice(Math.max(0, each.start - 12), each.start));
    return since && each.window.from < tomorrow
      ? { ...each, window: { from: each.window.from, to: Math.max(tomorrow, each.window.to) } }
      : each;
  });
}

/**
 * The dates in a text with their places, in the order in which they are written. `at` is when it was written, in
 * milliseconds since 1970; relative dates count from its UTC day. Where a date has no year, it is the latest one that is not
 * ahead, unless the sentence speaks of what is to come.
 */
export function datesIn(text: string, at: number): ReadonlyArray<FoundDate> {
  if (!Number.isFinite(new Date(at).getTime())) return [];
  const read = text.slice(0, LONGEST_READ);
  if (!DATED.test(read)) return [];
  const taken = new Uint8Array(read.length);
  const found: FoundDate[] = [];
  for (const [looked, reading] of PATTERNS)
    for (const match of read.matchAll(looked)) {
      const start = match.index;
      const end = start + match[0].length;
      const before = read.slice(Math.max(0, start - 24), start);
      if (taken.subarray(start, end).includes(1) || REPEATED.test(before)) continue;
      const groups = Object.fromEntries(
        Object.entries(match.groups ?? {}).map(([name, value]) => [name, asMeant(name, value)]),
      );
      const words = match[0].toLowerCase();
      const after = read.slice(end, end + 24);
      const window = reading({ groups, words, before, after, at, ahead: isAhead(read, start, end) });
      if (window === undefined || !(window.from < window.to)) continue;
      taken.fill(1, start, end);
      found.push({ start, end, window });
    }
  return joined(
    read,
    found.toSorted((left, right) => left.start - right.start),
    at,
  );
}

/** The spans of time that a text names, in the order in which it names them (see `datesIn`); never throws. */
export const resolveDates = (text: string, at: number): ReadonlyArray<DateWindow> =>
  datesIn(text, at).map(({ window }) => window);
