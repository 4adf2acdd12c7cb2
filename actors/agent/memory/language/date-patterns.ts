/** The patterns of dates in English, and what each stands for; used by dates.ts. */
import {
  DAY,
  type DateWindow,
  dayIn,
  daysFrom,
  feastOf,
  monthIndexOf,
  monthsFrom,
  seasonOf,
  startOfDay,
  weekAt,
  weekdayOf,
  weekendAt,
  yearOf,
  yearWindow,
} from "./calendar.ts";
import { INNER, LETTER } from "./letters.ts";

/** What a pattern found, and what its reading rests on. */
export interface Found {
  readonly groups: Readonly<Record<string, string | undefined>>;
  /** The matched words, small. */
  readonly words: string;
  readonly before: string;
  readonly after: string;
  /** When it was written. */
  readonly at: number;
  /** Which way a date without a year lies: ahead only where the words around it say so. */
  readonly ahead: boolean;
}

export type Pattern = readonly [RegExp, (found: Found) => DateWindow | undefined];

const MONTH =
  "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const WEEKDAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day";
const YEAR = "(?:(?:19|20)\\d\\d|['’]\\d\\d)";
const NTH = "(?:st|nd|rd|th)?";
const COUNT =
  "(?:\\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a\\s(?:couple|few)(?:\\sof)?|couple(?:\\sof)?|few|several|half\\san?)";
const UNIT = "(?:minute|hour|day|night|week|weekend|fortnight|month|year|decade)";
const pattern = (source: string): RegExp => new RegExp(`(?<!${INNER})(?:${source})(?!${INNER}|-${LETTER})`, "gi");

// ── what words stand for ────────────────────────────────────────────────────────────────────────────────────────────

const months = "janfebmaraprmayjunjulaugsepoctnovdec";
const monthNumber = (name: string): number => months.indexOf(name.slice(0, 3).toLowerCase()) / 3;
const weekdays = "montuewedthufrisatsun";
const weekdayNumber = (name: string): number => weekdays.indexOf(name.slice(0, 3).toLowerCase()) / 3;

/** “’98” is of the century in which it lies less than thirty years ahead. */
function yearNumber(written: string, at: number): number {
  const digits = Number(written.replace(/\D/g, ""));
  if (digits > 99) return digits;
  const year = Math.floor(yearOf(at) / 100) * 100 + digits;
  return year > yearOf(at) + 30 ? year - 100 : year;
}

const numerals = "zero one two three four five six seven eight nine ten eleven twelve".split(" ");

/** How many, and how many more or fewer may be meant. */
function countOf(words: string): readonly [count: number, give: number] {
  if (/^\d/.test(words)) return [Number(words), 0];
  if (/few/.test(words)) return [4, 2];
  if (/couple/.test(words)) return [2, 1];
  if (words === "several") return [5, 2];
  if (words.startsWith("half")) return [0.5, 0];
  return [Math.max(1, numerals.indexOf(words)), 0];
}

/** The one that lies nearest in the direction, where something comes once a year; leap days come every four. */
function nearest(found: Found, inYear: (year: number) => DateWindow | undefined): DateWindow | undefined {
  const today = startOfDay(found.at);
  for (let step = 0; step <= 9; step++) {
    const window = inYear(yearOf(found.at) + (found.ahead ? step : 1 - step));
    if (window !== undefined && (found.ahead ? window.to > today : window.from <= today)) return window;
  }
  return undefined;
}

/** “Last May” is over, “next May” has not begun, “this May” is this year's. */
function named(found: Found, inYear: (year: number) => DateWindow | undefined): DateWindow | undefined {
  const { year, modifier } = found.groups;
  if (year !== undefined) return inYear(yearNumber(year, found.at));
  const today = startOfDay(found.at);
  const thisYear = yearOf(found.at);
  const around = [thisYear - 2, thisYear - 1, thisYear, thisYear + 1].map(inYear);
  if (isLast(modifier)) return around.findLast((window) => window !== undefined && window.to <= today);
  if (isNext(modifier)) return around.find((window) => window !== undefined && window.from > today);
  return modifier === undefined ? nearest(found, inYear) : inYear(thisYear);
}

const isLast = (modifier: string | undefined): boolean => /^(?:last|past|previous|this past)$/.test(modifier ?? "");
const isNext = (modifier: string | undefined): boolean => /^(?:next|coming|this coming)$/.test(modifier ?? "");
const MODIFIER = "this\\s(?:past|coming)|last|past|previous|this|next|coming";
const LEAD = `(?:(?<modifier>${MODIFIER})\\s)?`;
const PART = "(?:(?<part>early|mid|late|(?:the\\s)?(?:beginning|start|middle|end)\\sof)[\\s-])?(?:the\\s)?";

/** Early, mid and late are thirds. */
function partOf(window: DateWindow | undefined, part: string | undefined): DateWindow | undefined {
  if (window === undefined || part === undefined) return window;
  const third = Math.round((window.to - window.from) / 3 / DAY) * DAY;
  if (/early|beginning|start/.test(part)) return { from: window.from, to: window.from + third };
  return /late|end/.test(part)
    ? { from: window.to - third, to: window.to }
    : { from: window.from + third, to: window.to - third };
}

/** One look that most messages end with: no figure and no word of time, no date. */
export const DATED = new RegExp(
  `\\d|${MONTH}|day|night|week|month|year|decade|quarter|spring|summer|autumn|fall|winter|morrow|morning|afternoon|evening|ago|now|christmas|easter|halloween|thanksgiving`,
  "i",
);

// ── the patterns ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A day by its number, or several as in “3–5 May”. */
function dayOfMonth(found: Found): DateWindow | undefined {
  const { day, last, month, year } = found.groups;
  const inYear = (wanted: number): DateWindow | undefined => {
    const first = dayIn(wanted, monthNumber(month!), Number(day));
    const end = last === undefined ? first : dayIn(wanted, monthNumber(month!), Number(last));
    return first === undefined || end === undefined || end.to < first.to ? undefined : { from: first.from, to: end.to };
  };
  return year === undefined ? nearest(found, inYear) : inYear(yearNumber(year, found.at));
}

/** In figures: the month comes first unless it cannot, as in North America; with points the day does. */
function inFigures({ groups, after, at }: Found): DateWindow | undefined {
  if (/^[./]\d/.test(after)) return undefined;
  const [first, second, year] = [Number(groups.first), Number(groups.second), yearNumber(groups.year!, at)];
  const dayFirst = groups.mark === "." || first > 12;
  return dayFirst ? dayIn(year, second - 1, first) : dayIn(year, first - 1, second);
}

/** “May” and “March” are words besides, “April” and “June” people: alone they are months only behind a preposition. */
function wholeMonth(found: Found): DateWindow | undefined {
  const { month, modifier, part, year } = found.groups;
  const sure = modifier ?? part ?? year;
  const led =
    /\b(?:in|since|during|by|until|till|before|after|from|of|around|between|(?:from|between)\s\S{3,9}\s(?:to|and|until))\s$/i;
  if (sure === undefined && !led.test(found.before)) {
    if (!/^(?:feb|july|sept?e|octo|nove|dece|janu|augu)/i.test(month!)) return undefined;
    if (!/^\p{Lu}/u.test(month!)) return undefined;
  }
  return partOf(
    named(found, (wanted) => monthsFrom(wanted, monthNumber(month!))),
    part,
  );
}

/** “In 2023”, not “2023 people” and not a number of something else. */
function wholeYear({ groups, before, after, at }: Found): DateWindow | undefined {
  const led = /\b(?:in|since|during|by|until|till|before|after|from|of|around|to|and|between|year|back|the|all)\s$/i;
  const counted =
    /^\s(?:people|words|euros?|dollars?|km|miles|pounds|characters|times|steps|points|of)\b|^[.,]?\d|^\s?[€$%]/i;
  if ((groups.part === undefined && !led.test(before)) || counted.test(after)) return undefined;
  return partOf(yearWindow(yearNumber(groups.year!, at)), groups.part);
}

function weekday(found: Found): DateWindow | undefined {
  const { modifier, away, day } = found.groups;
  const wanted = weekdayNumber(day!);
  const inWeek = (weeks: number): DateWindow => daysFrom(weekAt(found.at, weeks).from + wanted * DAY);
  const today = weekdayOf(found.at);
  if (away !== undefined) return inWeek(/before/.test(away) ? -2 : 2);
  if (isLast(modifier)) return inWeek(wanted < today ? 0 : -1);
  if (modifier === "next") return inWeek(1);
  if (modifier === "this") return inWeek(0);
  if (modifier !== undefined || found.ahead) return inWeek(wanted > today ? 0 : 1);
  return inWeek(wanted <= today ? 0 : -1);
}

const unitDays: Readonly<Record<string, number>> = { day: 1, night: 1, week: 7, weekend: 7, fortnight: 14 };

/**
 * One moment so far from now. The larger the unit, the less exact it is meant: weeks are good to three days, months and
 * years are those of the calendar.
 */
function awayBy({ groups, at }: Found, sign: 1 | -1): DateWindow | undefined {
  const [count, give] = countOf(groups.count!);
  const unit = groups.unit!;
  if (unit === "minute" || unit === "hour") return daysFrom(at + (sign * count * DAY) / (unit === "hour" ? 24 : 1_440));
  const [year, month] = [yearOf(at), monthIndexOf(at)];
  const [nearer, farther] = [sign * (count - give), sign * (count + give)].toSorted((left, right) => left - right);
  if (unit === "month" && count >= 1)
    return { from: monthsFrom(year, month + nearer!).from, to: monthsFrom(year, month + farther!).to };
  if (unit === "year" && count >= 1)
    return { from: yearWindow(year + nearer!).from, to: yearWindow(year + farther!).to };
  if (unit === "decade") return yearWindow(year + sign * 10 * count - 2, 5);
  const length = unitDays[unit] ?? (unit === "month" ? 30 : 365);
  const slack = length === 1 ? 0 : Math.min(3, Math.floor(length / 2));
  const day = startOfDay(at);
  if (unit === "weekend") return weekendAt(at, sign * Math.round(count));
  return {
    from: day + (Math.round(nearer! * length) - slack) * DAY,
    to: day + (Math.round(farther! * length) + slack + 1) * DAY,
  };
}

/** “The last three weeks”: up to today and with it; “the next three weeks”: from today on. */
function stretch({ groups, at }: Found): DateWindow | undefined {
  const [count, give] = countOf(groups.count ?? "one");
  const days = (unitDays[groups.unit!] ?? { month: 30, year: 365, decade: 3_650 }[groups.unit!] ?? 0) * (count + give);
  if (days < 1) return daysFrom(at);
  const length = Math.round(days);
  return isLast(groups.modifier) ? daysFrom(startOfDay(at) - length * DAY, length + 1) : daysFrom(at, length + 1);
}

/** “Last week”, “this weekend”, “next year”: those of the calendar. */
function calendarUnit(found: Found): DateWindow | undefined {
  const { groups, at } = found;
  const away = isLast(groups.modifier) ? -1 : isNext(groups.modifier) ? 1 : 0;
  const unit = groups.unit!;
  if (unit === "week") return weekAt(at, away);
  if (unit === "month") return monthsFrom(yearOf(at), monthIndexOf(at) + away);
  if (unit === "year") return yearWindow(yearOf(at) + away);
  if (unit === "quarter") return monthsFrom(yearOf(at), (Math.floor(monthIndexOf(at) / 3) + away) * 3, 3);
  if (unit === "decade") return yearWindow((Math.floor(yearOf(at) / 10) + away) * 10, 10);
  // On a weekend, the last one is the one before it; in the week, the next one is the one to come.
  const within = weekdayOf(at) >= 5;
  if (away !== 0) return weekendAt(at, away < 0 ? -1 : within ? 1 : 0);
  return weekendAt(at, within || found.ahead || groups.modifier === "this" ? 0 : -1);
}

/** “In the fall”, “last spring”: without such words they are verbs as often as not. */
function wholeSeason(found: Found): DateWindow | undefined {
  const { season, modifier, year } = found.groups;
  const verb = /^(?:fall|spring)$/i.test(season!);
  const led =
    /^the\s/.test(found.words) || /\b(?:in|of|since|during|by|until|before|after|every)\s$/i.test(found.before);
  if (verb && modifier === undefined && year === undefined && !led) return undefined;
  return named(found, (wanted) => seasonOf(wanted, season!));
}

/** “On the 15th”: of this month or one beside it; floors and places in a row are numbered too. */
function dayByNumber(found: Found): DateWindow | undefined {
  const { day, modifier } = found.groups;
  if (/^\s(?:floor|street|avenue|time|day|grade|try|attempt|place|row|page|line|of\s)/i.test(found.after))
    return undefined;
  const [year, month, today] = [yearOf(found.at), monthIndexOf(found.at), startOfDay(found.at)];
  const of = (away: number): DateWindow | undefined => {
    const first = monthsFrom(year, month + away).from;
    return dayIn(yearOf(first), monthIndexOf(first), Number(day));
  };
  if (modifier !== undefined) return of(isLast(modifier) ? -1 : isNext(modifier) ? 1 : 0);
  const ways = found.ahead ? [0, 1, 2] : [0, -1, -2];
  return ways
    .map(of)
    .find((window) => window !== undefined && (found.ahead ? window.to > today : window.from <= today));
}

const plainDays: Readonly<Record<string, number>> = { yesterday: -1, "last night": -1, tomorrow: 1 };

/** From the surest to the loosest: what one has read is out of sight for those behind it. */
export const PATTERNS: ReadonlyArray<Pattern> = [
  [
    pattern("(?<year>\\d{4})[-/](?<month>\\d{1,2})[-/](?<day>\\d{1,2})(?:T[\\d:.]{4,12}Z?)?"),
    ({ groups: { year, month, day } }) => dayIn(Number(year), Number(month) - 1, Number(day)),
  ],
  [pattern("(?<first>\\d{1,2})(?<mark>[./])(?<second>\\d{1,2})\\k<mark>(?<year>(?:19|20)\\d\\d)"), inFigures],
  [
    pattern(
      `(?:${WEEKDAY},?\\s(?:the\\s)?)?(?<day>\\d{1,2})${NTH}(?:\\s?[-–]\\s?(?<last>\\d{1,2})${NTH})?\\s(?:of\\s)?(?<month>${MONTH})(?:\\.?,?\\s?(?<year>${YEAR}))?`,
    ),
    dayOfMonth,
  ],
  [
    pattern(
      `(?:${WEEKDAY},?\\s)?(?<month>${MONTH})\\.?\\s(?:the\\s)?(?<day>\\d{1,2})${NTH}(?:\\s?[-–]\\s?(?<last>\\d{1,2})${NTH})?(?!:\\d)(?:,?\\s(?<year>${YEAR}))?`,
    ),
    dayOfMonth,
  ],
  [
    pattern("(?<year>(?:19|20)\\d\\d)-(?<month>0[1-9]|1[0-2])"),
    ({ groups }) => monthsFrom(Number(groups.year), Number(groups.month) - 1),
  ],
  [
    pattern(`q(?<quarter>[1-4])(?:\\s(?:of\\s)?(?<year>${YEAR}))?`),
    (found) => named(found, (year) => monthsFrom(year, (Number(found.groups.quarter) - 1) * 3, 3)),
  ],
  [
    pattern(
      `${LEAD}(?<feast>christmas(?:\\s(?:eve|day))?|new\\syear['’]s(?:\\s(?:eve|day))?|valentine['’]s\\sday|halloween|thanksgiving|easter|boxing\\sday)(?:,?\\s(?:of\\s|in\\s)?(?<year>${YEAR}))?`,
    ),
    (found) => named(found, (year) => feastOf(year, found.groups.feast!)),
  ],
  [
    pattern(`${LEAD}(?:the\\s)?(?<season>spring|summer|autumn|fall|winter)(?:,?\\s(?:of\\s|in\\s)?(?<year>${YEAR}))?`),
    wholeSeason,
  ],
  [pattern(`${LEAD}${PART}(?<month>${MONTH})(?:\\.?,?\\s(?:of\\s)?(?<year>${YEAR}))?`), wholeMonth],
  [
    pattern("(?:the\\s)?day\\s(?<side>before\\syesterday|after\\stomorrow)"),
    ({ groups, at }) => daysFrom(startOfDay(at) + (/before/.test(groups.side!) ? -2 : 2) * DAY),
  ],
  [
    pattern("(?:the\\s)?(?<unit>week|month|year|weekend)\\s(?:before\\slast|after\\snext)"),
    ({ groups, words, at }) => {
      const away = words.endsWith("last") ? -2 : 2;
      if (groups.unit === "week") return weekAt(at, away);
      if (groups.unit === "weekend") return weekendAt(at, away);
      if (groups.unit === "month") return monthsFrom(yearOf(at), monthIndexOf(at) + away);
      return yearWindow(yearOf(at) + away);
    },
  ],
  [pattern(`(?<day>${WEEKDAY})\\s(?<away>before\\slast|after\\snext)`), weekday],
  [pattern(`(?<count>${COUNT})\\s(?<unit>${UNIT})s?\\s(?:ago|back|earlier)`), (found) => awayBy(found, -1)],
  [pattern(`in\\s(?<count>${COUNT})\\s(?<unit>${UNIT})s?(?:['’]\\stime)?`), (found) => awayBy(found, 1)],
  [pattern(`(?<count>${COUNT})\\s(?<unit>${UNIT})s?\\sfrom\\s(?:now|today)`), (found) => awayBy(found, 1)],
  [pattern(`(?<modifier>last|past|previous|next|coming)\\s(?<count>${COUNT})\\s(?<unit>${UNIT})s?`), stretch],
  [pattern(`the\\s(?<modifier>past)\\s(?<unit>${UNIT})`), stretch],
  [pattern("the\\sother\\s(?:day|night|week)"), ({ at }) => daysFrom(startOfDay(at) - 7 * DAY, 7)],
  [
    pattern(`(?:earlier\\s|later\\s)?(?<modifier>${MODIFIER})\\s(?<unit>weekend|week|month|quarter|year|decade)`),
    calendarUnit,
  ],
  [pattern("(?:over|on|at|during|for)\\sthe\\s(?<unit>weekend)"), calendarUnit],
  [pattern(`${LEAD}(?<day>${WEEKDAY})`), weekday],
  [
    pattern(`(?:on\\s)the\\s(?<day>\\d{1,2})(?:st|nd|rd|th)(?:\\sof\\s(?<modifier>last|this|next)\\smonth)?`),
    dayByNumber,
  ],
  [
    pattern("yesterday|last\\snight|tomorrow"),
    ({ words, at }) => daysFrom(startOfDay(at) + (plainDays[words.replace(/\s/g, " ")] ?? 0) * DAY),
  ],
  [pattern("today|tonight|this\\s(?:morning|afternoon|evening)|right\\snow"), ({ at }) => daysFrom(at)],
  [
    pattern("in\\sthe\\s(?:morning|afternoon|evening)|at\\snight"),
    ({ words, ahead, at }) => daysFrom(startOfDay(at) + (ahead && words.endsWith("morning") ? DAY : 0)),
  ],
  [
    pattern("(?:the\\s)?(?<decade>(?:19|20)\\d)0['’]?s|the\\s['’]?(?<short>\\d)0['’]?s"),
    ({ groups, at }) => yearWindow(yearNumber(`${groups.decade ?? `'${groups.short}`}0`, at), 10),
  ],
  [
    pattern(
      "(?:(?<part>early|mid|late|(?:the\\s)?(?:beginning|start|middle|end)\\sof)[\\s-])?(?<year>(?:19|20)\\d\\d)",
    ),
    wholeYear,
  ],
];
