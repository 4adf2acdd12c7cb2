/** The clock and calendar, on a clock that stands still at a Sunday morning in November. */
import { describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { TestClock } from "effect/testing";
import { timeDate } from "#src/tools/information/time-date.ts";

const caller = { agentId: "agt_1", turnId: "trn_1", roomId: "rm_1", key: "k" };
const ask = (input: Record<string, string>) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(Date.parse("2026-11-22T10:30:00Z"));
    return JSON.parse(yield* timeDate.run(JSON.stringify(input), caller));
  });

describe("time_date", () => {
  it.effect.each<[Record<string, string>, Record<string, unknown>]>([
    [{}, { timezone: "UTC", weekday: "Sunday", date: "2026-11-22", time: "10:30" }],
    [
      { timezone: "Europe/Berlin" },
      { iso: "2026-11-22T11:30:00.000+01:00", text: "It is 11:30 on Sunday, 22 November 2026 (Europe/Berlin)" },
    ],
    [{ timezone: "Asia/Kolkata", format: "time" }, { text: "16:00" }],
    [
      { date: "next friday 3pm", timezone: "Europe/Berlin" },
      { iso: "2026-11-27T15:00:00.000+01:00", from_now: { days: 5 } },
    ],
    [{ date: "last monday" }, { date: "2026-11-16", from_now: { days: -6 } }],
    [{ date: "tomorrow" }, { date: "2026-11-23", time: "00:00" }],
    [{ date: "in 3 hours" }, { date: "2026-11-22", time: "13:30" }],
    [{ date: "today at 5pm EST", timezone: "Europe/Berlin" }, { time: "23:00" }],
    [{ date: "june 1 at 9am", timezone: "Europe/Berlin" }, { iso: "2027-06-01T09:00:00.000+02:00" }],
    [{ date: "2026-12-24", until: "2027-01-01" }, { difference: { days: 8, hours: 192 } }],
  ])("%j", ([input, expected]) =>
    Effect.gen(function* () {
      expect(yield* ask(input)).toMatchObject(expected);
    }),
  );

  it.effect("a day on which clocks change is one day of 25 hours", () =>
    Effect.gen(function* () {
      const input = { timezone: "Europe/Berlin", date: "2026-10-25", until: "2026-10-26" };
      expect((yield* ask(input)).difference).toMatchObject({ days: 1, hours: 25 });
    }),
  );

  it.effect.each<Record<string, string>>([
    { timezone: "Mars/Phobos" },
    { date: "banana" },
    { format: "roman" },
    { place: "here" },
  ])("refuses %j", (input) =>
    Effect.gen(function* () {
      expect((yield* Effect.flip(timeDate.run(JSON.stringify(input), caller))).reason._tag).toBe("BadInput");
    }),
  );
});
