/** Dates that are spoken of, as entries of the index: a date is a word too, and stands nowhere in clear; used in this folder. */
import { spanEntry } from "./vocabulary.ts";

/** Milliseconds, the end not included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const DAY_MS = 24 * 60 * 60_000;
/** More days than a month has are kept by the month, more than a year has by the year. */
const MONTH_DAYS = 31;
const YEAR_DAYS = 366;
const SPANS_AT_MOST = 20;
const ENTRIES_AT_MOST = 400;

const dayEntry = (day: number): string => spanEntry(`d${day}`);
const monthEntry = (month: number): string => spanEntry(`m${month}`);
const yearEntry = (year: number): string => spanEntry(`y${year}`);

/** Whole numbers from one to the other, both included; no more than anybody means. */
const through = (first: number, last: number): ReadonlyArray<number> =>
  Array.from({ length: Math.max(0, Math.min(ENTRIES_AT_MOST, last - first + 1)) }, (_, index) => first + index);

const daysOf = ({ from, to }: Span) => through(Math.floor(from / DAY_MS), Math.floor((to - 1) / DAY_MS));
const monthOf = (at: number): number => new Date(at).getUTCFullYear() * 12 + new Date(at).getUTCMonth();
const monthsOf = ({ from, to }: Span) => through(monthOf(from), monthOf(to - 1));
const yearsOf = ({ from, to }: Span) => through(new Date(from).getUTCFullYear(), new Date(to - 1).getUTCFullYear());

/** Nothing that cannot be a date, and no more of them than a memory can mean. */
const sound = (spans: ReadonlyArray<Span>): ReadonlyArray<Span> =>
  spans.filter(({ from, to }) => to > from && Math.abs(from) < 8e15 && Math.abs(to) < 8e15).slice(0, SPANS_AT_MOST);

/** What is kept of the dates in a memory: its days, months or years, in UTC, as fine as it speaks of them. */
export const entriesOfSpans = (spans: ReadonlyArray<Span>): ReadonlyArray<string> =>
  sound(spans).flatMap((span) => {
    const days = (span.to - span.from) / DAY_MS;
    if (days <= MONTH_DAYS) return daysOf(span).map(dayEntry);
    return days <= YEAR_DAYS ? monthsOf(span).map(monthEntry) : yearsOf(span).map(yearEntry);
  });

/** Every entry by which a memory can overlap these dates, however finely it spoke. */
export const entriesWithin = (spans: ReadonlyArray<Span>): ReadonlyArray<string> =>
  sound(spans).flatMap((span) => [
    ...daysOf(span).map(dayEntry),
    ...monthsOf(span).map(monthEntry),
    ...yearsOf(span).map(yearEntry),
  ]);
