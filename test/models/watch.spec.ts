/** How long an answer may come slowly: whoever has not flowed by the time that all trouble of a turn may take has stalled. */
import { describe, expect, it } from "@effect/vitest";
import { Clock, Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { LONGEST_TROUBLE_MS } from "#events/agent/asking.ts";
import { Progress, SILENCE_MS, watch } from "#src/models/watch.ts";

/** When an answer that says so many characters in each second has stalled; undefined where it goes on for two minutes. */
const stalledAt = (said: (second: number) => number) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock;
    const progress = new Progress(clock);
    const fiber = yield* Effect.forkChild(watch(clock, progress, SILENCE_MS));
    for (let second = 0; second < 120; second++) {
      progress.hear(said(second));
      if (fiber.pollUnsafe() !== undefined) return second;
      yield* TestClock.adjust("1 second");
    }
    yield* Fiber.interrupt(fiber);
    return undefined;
  });

/** So many characters a second from then on. */
const from = (start: number, characters: number) => (second: number) => (second < start ? 0 : characters);

describe("an answer", () => {
  it.effect.each([
    { says: "five tokens a second, after half a minute of loading", said: from(29, 20) },
    { says: "two tokens a second", said: from(0, 8) },
    { says: "five tokens a second in a script with one character a token", said: from(0, 6) },
    { says: "a sentence every ten seconds", said: (second: number) => (second % 10 === 0 ? 80 : 0) },
  ])("that says $says goes on", ({ said }) =>
    Effect.gen(function* () {
      expect(yield* stalledAt(said)).toBeUndefined();
    }),
  );

  it.effect.each([
    { says: "three characters a second", said: from(0, 3) },
    { says: "a character a second, after half a minute of nothing", said: from(29, 1) },
    { says: "three characters a second, after half a minute of nothing", said: from(29, 3) },
    { says: "forty characters now and then", said: (second: number) => (second % 20 === 0 ? 40 : 0) },
  ])("that says $says has stalled before the turn's time is gone", ({ said }) =>
    Effect.gen(function* () {
      expect(yield* stalledAt(said)).toBeLessThanOrEqual(LONGEST_TROUBLE_MS / 1_000);
    }),
  );

  it.effect("that flowed and then drips has stalled within forty seconds of that", () =>
    Effect.gen(function* () {
      expect(yield* stalledAt((second) => (second < 50 ? 20 : 1))).toBeLessThanOrEqual(90);
    }),
  );
});
