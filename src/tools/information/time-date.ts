/** The tool `time_date`: what time it is somewhere, what day “next friday” is, how far two days lie apart; on the shelf. */
import { parse } from "chrono-node/en";
import { DateTime, Effect, Option, Schema } from "effect";
import { BadInput } from "#actors/agent/turn/failures.ts";
import { defineTool } from "../tool.ts";

const text = (longest: number, description: string) =>
  Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(longest)).annotate({ description }));

const input = Schema.Struct({
  timezone: text(64, "An IANA time zone such as Europe/Berlin. UTC when left out."),
  format: Schema.optionalKey(
    Schema.Literals(["full", "date", "time", "iso"]).annotate({
      description: "What `text` should hold. `full` when left out.",
    }),
  ),
  date: text(
    100,
    "A day or time in words or figures, in that zone: `next friday 3pm`, `2026-12-24`. Now when left out.",
  ),
  until: text(100, "A second day or time; the difference from `date` to it is given."),
});

const zoneOf = (name: string): Effect.Effect<DateTime.TimeZone, BadInput> =>
  Option.match(DateTime.zoneMakeNamed(name), {
    onNone: () =>
      Effect.fail(new BadInput({ detail: `There is no time zone “${name}”; use an IANA name such as Europe/Berlin.` })),
    onSome: Effect.succeed,
  });

/** A time in words, seen from a moment and a place; what is ambiguous lies ahead. */
const timeIn = Effect.fnUntraced(function* (words: string, now: DateTime.Zoned) {
  const reference = { instant: DateTime.toDateUtc(now), timezone: DateTime.zonedOffset(now) / 60_000 };
  // Chrono's own “forward” would send “last monday” into next week.
  const forwardDate = !/\b(?:last|past|previous|ago|yesterday)\b/i.test(words);
  const found = parse(words, reference, { forwardDate })[0];
  if (found === undefined) return yield* new BadInput({ detail: `“${words}” names no day or time that I can read.` });
  const { start } = found;
  const part = (name: Parameters<typeof start.get>[0]): number => start.get(name) ?? 0;
  // A bare day begins at midnight; Chrono would give it the present minute.
  const timed = start.isCertain("hour") || /\b(?:now|ago|hours?|minutes?|seconds?)\b/i.test(found.text);
  // With an offset of its own the moment is fixed; without, it is wall-clock time in the zone, whose offset on that day
  // may be another than today's.
  const moment = start.isCertain("timezoneOffset")
    ? DateTime.makeZoned(start.date(), { timeZone: now.zone })
    : DateTime.makeZoned(
        {
          year: part("year"),
          month: part("month"),
          day: part("day"),
          ...(timed ? { hour: part("hour"), minute: part("minute"), second: part("second") } : {}),
        },
        { timeZone: now.zone, adjustForTimeZone: true },
      );
  if (Option.isNone(moment)) return yield* new BadInput({ detail: `“${words}” is outside the calendar I know.` });
  return moment.value;
});

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const two = (value: number): string => String(value).padStart(2, "0");

function partsOf(moment: DateTime.Zoned) {
  const { year, month, day, hour, minute, weekDay } = DateTime.toParts(moment);
  return {
    weekday: weekdays[weekDay] ?? "",
    date: `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`,
    time: `${two(hour)}:${two(minute)}`,
    spoken: `${weekdays[weekDay]}, ${day} ${months[month - 1]} ${year}`,
  };
}

/** Whole calendar days in the zone, so that a day of 23 hours is a day, and the rest in hours and minutes. */
function difference(from: DateTime.Zoned, to: DateTime.Zoned) {
  const midnight = (moment: DateTime.Zoned): number => Date.parse(`${partsOf(moment).date}T00:00:00Z`);
  const days = Math.round((midnight(to) - midnight(from)) / 86_400_000);
  const minutes = Math.round((DateTime.toEpochMillis(to) - DateTime.toEpochMillis(from)) / 60_000);
  return { days, hours: Math.round((minutes / 60) * 100) / 100, minutes };
}

const distance = (days: number): string => {
  if (days === 0) return "today";
  const count = Math.abs(days) === 1 ? "1 day" : `${Math.abs(days)} days`;
  return days > 0 ? `in ${count}` : `${count} ago`;
};

const run = Effect.fnUntraced(function* (asked: typeof input.Type) {
  const zoneName = asked.timezone ?? "UTC";
  const now = DateTime.setZone(yield* DateTime.now, yield* zoneOf(zoneName));
  const moment = asked.date === undefined ? now : yield* timeIn(asked.date, now);
  const { weekday, date, time, spoken } = partsOf(moment);
  const iso = DateTime.formatIsoOffset(moment);
  const away = difference(now, moment);
  const texts = {
    full:
      asked.date === undefined
        ? `It is ${time} on ${spoken} (${zoneName})`
        : `${spoken}, ${time} (${zoneName}), ${distance(away.days)}`,
    date: spoken,
    time,
    iso,
  };
  const answer = { text: texts[asked.format ?? "full"], iso, timezone: zoneName, weekday, date, time };
  if (asked.until === undefined) return asked.date === undefined ? answer : { ...answer, from_now: away };
  const end = yield* timeIn(asked.until, now);
  const apart = difference(moment, end);
  return {
    ...answer,
    text: `From ${spoken} to ${partsOf(end).spoken}: ${apart.days} days`,
    until: DateTime.formatIsoOffset(end),
    difference: apart,
  };
});

export const timeDate = defineTool({
  name: "time_date",
  description:
    "Tells the current date and time in a time zone, works out what day words like “next friday” mean, and how long it is " +
    "from one day to another.",
  family: "information",
  permission: "allow",
  replay: "pure",
  timeoutMs: 2_000,
  input,
  run,
});
