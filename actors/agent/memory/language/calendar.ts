/** Days, weeks, months and seasons as spans of time in UTC; used by dates.ts, which finds them in what people write. */

/** A span of whole UTC days in milliseconds since 1970: `from` belongs to it, `to` no longer does. */
export interface DateWindow {
  readonly from: number;
  readonly to: number;
}

/** One day, in milliseconds. */
export const DAY = 86_400_000;

/** The day on which something happens. */
export const startOfDay = (at: number): number => Math.floor(at / DAY) * DAY;

/** Whole days from the day of `at` on; fewer than one are none, and the window ends where it begins. */
export const daysFrom = (at: number, count = 1): DateWindow => {
  const from = startOfDay(at);
  return { from, to: from + count * DAY };
};

/** 0 for Monday to 6 for Sunday: the first of January 1970 was a Thursday. */
export const weekdayOf = (at: number): number => (((Math.floor(at / DAY) + 3) % 7) + 7) % 7;

/** The week of `at` from Monday on (ISO 8601), or one so many weeks away from it. */
export const weekAt = (at: number, away = 0): DateWindow =>
  daysFrom(startOfDay(at) + (away * 7 - weekdayOf(at)) * DAY, 7);

/** Saturday and Sunday of the week of `at`, or of one so many weeks away. */
export const weekendAt = (at: number, away = 0): DateWindow => daysFrom(weekAt(at, away).from + 5 * DAY, 2);

export const yearOf = (at: number): number => new Date(at).getUTCFullYear();
/** 0 for January to 11 for December. */
export const monthIndexOf = (at: number): number => new Date(at).getUTCMonth();

/** So many months from the first of this one on; month 12 is the next year's January, month −1 the last one's December. */
export const monthsFrom = (year: number, month: number, count = 1): DateWindow => ({
  from: Date.UTC(year, month),
  to: Date.UTC(year, month + count),
});

export const yearWindow = (year: number, count = 1): DateWindow => monthsFrom(year, 0, 12 * count);

/** Undefined for a day that the month does not have, such as 31 April. */
export function dayIn(year: number, month: number, day: number): DateWindow | undefined {
  const from = Date.UTC(year, month, day);
  return day < 1 || new Date(from).getUTCMonth() !== month ? undefined : daysFrom(from);
}

/** The seasons of the northern half by whole months, as meteorologists count them; winter begins in December. */
const SEASONS: ReadonlyMap<string, number> = new Map([
  ["spring", 2],
  ["summer", 5],
  ["autumn", 8],
  ["fall", 8],
  ["winter", 11],
]);

/** The season that begins in that year; undefined for what is no season. */
export function seasonOf(year: number, name: string): DateWindow | undefined {
  const month = SEASONS.get(name.toLowerCase());
  return month === undefined ? undefined : monthsFrom(year, month, 3);
}

/** Easter Sunday of the Gregorian calendar: the anonymous algorithm (Meeus, Jones, Butcher), as in Meeus, “Astronomical Algorithms”, ch. 8. */
function easterOf(year: number): DateWindow | undefined {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const leap = Math.floor(century / 4);
  const moon = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const epact = (19 * golden + century - leap - moon + 15) % 30;
  const rest = (32 + 2 * (century % 4) + 2 * Math.floor((year % 100) / 4) - epact - ((year % 100) % 4)) % 7;
  const shift = Math.floor((golden + 11 * epact + 22 * rest) / 451);
  const days = epact + rest - 7 * shift + 114;
  return dayIn(year, Math.floor(days / 31) - 1, (days % 31) + 1);
}

/** The fourth Thursday of November. */
const thanksgivingOf = (year: number): DateWindow | undefined =>
  dayIn(year, 10, 22 + ((3 - weekdayOf(Date.UTC(year, 10, 1)) + 7) % 7));

const FIXED: ReadonlyMap<string, readonly [month: number, day: number]> = new Map([
  ["new year's eve", [11, 31]],
  ["new year's day", [0, 1]],
  ["new year's", [0, 1]],
  ["valentine's day", [1, 14]],
  ["halloween", [9, 31]],
  ["christmas eve", [11, 24]],
  ["christmas day", [11, 25]],
  ["christmas", [11, 25]],
  ["boxing day", [11, 26]],
]);

/** A feast by its English name in small letters; undefined for what is none. */
export function feastOf(year: number, name: string): DateWindow | undefined {
  if (name === "easter") return easterOf(year);
  if (name === "thanksgiving") return thanksgivingOf(year);
  const fixed = FIXED.get(name);
  return fixed === undefined ? undefined : dayIn(year, fixed[0], fixed[1]);
}
