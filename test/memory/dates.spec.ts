/** The dates that people write, read as spans of UTC days. */
import { describe, expect, it } from "@effect/vitest";
import { datesIn, resolveDates } from "#actors/agent/memory/language/dates.ts";
import { drawn } from "../support/drawn.ts";

/** A Wednesday. */
const at = Date.UTC(2025, 5, 18, 15, 30);
const day = (time: number) => new Date(time).toISOString().slice(0, 10);
/** First and last day of each window. */
const read = (text: string, when = at) =>
  resolveDates(text, when).map(({ from, to }) =>
    to - from === 86_400_000 ? day(from) : `${day(from)}…${day(to - 86_400_000)}`,
  );

describe("a date is a span of UTC days", () => {
  it.each([
    ["on 2025-05-03", "2025-05-03"],
    ["on 3 May 2025", "2025-05-03"],
    ["on Saturday, the 3rd of May, 2025", "2025-05-03"],
    ["May 3rd, 2025 was sunny", "2025-05-03"],
    ["03.05.2025", "2025-05-03"],
    ["5/3/2025", "2025-05-03"],
    ["25/3/2025", "2025-03-25"],
    ["the fair of 3–5 May 2024", "2024-05-03…2024-05-05"],
    ["May 2023", "2023-05-01…2023-05-31"],
    ["2023-05", "2023-05-01…2023-05-31"],
    ["early in 2023", "2023-01-01…2023-12-31"],
    ["in early 2023", "2023-01-01…2023-05-02"],
    ["the summer of 2023", "2023-06-01…2023-08-31"],
    ["the winter of '22", "2022-12-01…2023-02-28"],
    ["Q3 2024", "2024-07-01…2024-09-30"],
    ["back in the 1990s", "1990-01-01…1999-12-31"],
    ["the '80s", "1980-01-01…1989-12-31"],
    ["Easter 2025", "2025-04-20"],
    ["Thanksgiving 2024", "2024-11-28"],
    ["from 2019 to 2021", "2019-01-01…2021-12-31"],
    ["between 3 May and 9 May", "2025-05-03…2025-05-09"],
    ["from March to April", "2025-03-01…2025-04-30"],
  ])("%s", (text, window) => {
    expect(read(text)).toEqual([window]);
  });
});

describe("a relative date counts from when it was written", () => {
  it.each([
    ["today", "2025-06-18"],
    ["this morning", "2025-06-18"],
    ["yesterday", "2025-06-17"],
    ["last night", "2025-06-17"],
    ["the day before yesterday", "2025-06-16"],
    ["tomorrow morning", "2025-06-19"],
    ["I'll call you in the morning", "2025-06-19"],
    ["last Friday", "2025-06-13"],
    ["this Friday", "2025-06-20"],
    ["next Friday", "2025-06-27"],
    ["I met him on Monday", "2025-06-16"],
    ["I met him on Friday", "2025-06-13"],
    ["I will meet him on Friday", "2025-06-20"],
    ["the Friday before last", "2025-06-06"],
    ["last week", "2025-06-09…2025-06-15"],
    ["this weekend", "2025-06-21…2025-06-22"],
    ["last weekend", "2025-06-14…2025-06-15"],
    ["the weekend before last", "2025-06-07…2025-06-08"],
    ["next month", "2025-07-01…2025-07-31"],
    ["last year", "2024-01-01…2024-12-31"],
    ["three days ago", "2025-06-15"],
    ["a few days ago", "2025-06-12…2025-06-16"],
    ["two weeks ago", "2025-06-01…2025-06-07"],
    ["two months ago", "2025-04-01…2025-04-30"],
    ["10 years ago", "2015-01-01…2015-12-31"],
    ["20 hours ago", "2025-06-17"],
    ["in two days", "2025-06-20"],
    ["the last ten days", "2025-06-08…2025-06-18"],
    ["over the past month", "2025-05-19…2025-06-18"],
    ["the other day", "2025-06-11…2025-06-17"],
    ["since last May", "2025-05-01…2025-06-18"],
  ])("%s", (text, window) => {
    expect(read(text)).toEqual([window]);
  });

  it.each([
    ["What did we say in May?", "2025-05-01…2025-05-31"],
    ["What did we say in December?", "2024-12-01…2024-12-31"],
    ["I am flying to Rome in December", "2025-12-01…2025-12-31"],
    ["last May", "2025-05-01…2025-05-31"],
    ["next May", "2026-05-01…2026-05-31"],
    ["It was on 12 August", "2024-08-12"],
    ["The launch is on 12 August", "2025-08-12"],
    ["We married on 29 February", "2024-02-29"],
    ["I moved last summer", "2024-06-01…2024-08-31"],
    ["on the 15th", "2025-06-15"],
    ["on the 25th", "2025-05-25"],
  ])("without a year it is the latest, unless it is to come: %s", (text, window) => {
    expect(read(text)).toEqual([window]);
  });

  it("each date of a text, in its order, at its place", () => {
    const text = "Yesterday I was in Bern, and on 3 May 2024 in Rome.";
    expect(datesIn(text, at).map(({ start, end }) => text.slice(start, end))).toEqual(["Yesterday", "3 May 2024"]);
  });
});

describe("what only looks like a date", () => {
  it.each([
    "you may march on",
    "April is my sister, and May her daughter",
    "I fall asleep",
    "2025-13-45 and 31/4/2025",
    "version 1.2.2025.3",
    "2024 people in 2000 words",
    "every Friday, and most Mondays",
    "on the 5th floor",
    "a 5 May-Britt 7000",
    "",
  ])("%s", (text) => {
    expect(read(text)).toEqual([]);
  });
});

describe("any text at all", () => {
  it("is read without a throw, and every window is whole days that end after they begin", () => {
    for (const text of drawn(20_261_122, 1_000))
      for (const { from, to } of resolveDates(text, at)) {
        expect(to).toBeGreaterThan(from);
        expect([from % 86_400_000, to % 86_400_000]).toEqual([0, 0]);
      }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 9e15])("a moment that no calendar has, %s, has no dates", (moment) => {
    expect(resolveDates("yesterday", moment)).toEqual([]);
  });

  it("long ones are read as far as a message goes", () => {
    expect(resolveDates("last ".repeat(4_000), at)).toEqual([]);
    expect(resolveDates("yesterday ".repeat(2_000), at)).toHaveLength(1_638);
  });
});
