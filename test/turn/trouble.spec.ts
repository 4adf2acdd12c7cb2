/** How long a turn may take whose models answer wrongly: 45 seconds in all, whatever goes wrong in however many of its rounds. */
import { describe, expect, it } from "@effect/vitest";
import { Clock, Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { Broken, Cut, Garbled, Overloaded, RateLimited, Stalled, Unauthorized } from "#actors/agent/turn/failures.ts";
import { chance, pick } from "../support/drawn.ts";
import { turnId } from "../support/given.ts";
import { type Answer, type GivenAnswer, Stage } from "../support/scripted.ts";

const id = turnId("one");
const tools = { clock: { replay: "pure", run: () => Effect.succeed("noon") } } as const;
const standIns = ["other", "third"].map((model) => ({ provider: "openai", model }));

/** Steps shorter than the shortest wait of a timer, so that every timer rings on time. */
const STEP_MS = 5_000;

/** Plays a turn to its end, its timers too. */
const played = Effect.fnUntraced(function* (answer: Answer, fallbacks: ReadonlyArray<(typeof standIns)[number]> = []) {
  const stage = new Stage({ model: Array.from({ length: 9 }, () => [answer]), tools, settings: { fallbacks } });
  stage.now = yield* Clock.currentTimeMillis;
  let fiber = yield* Effect.forkChild(stage.run(stage.hear("one")));
  for (;;) {
    yield* TestClock.adjust(STEP_MS);
    if (fiber.pollUnsafe() === undefined) continue;
    yield* Fiber.join(fiber);
    const turn = stage.ledger.state.turns[id];
    if (turn === undefined) return stage;
    yield* TestClock.adjust(turn.delayedUntil! - (yield* Clock.currentTimeMillis));
    fiber = yield* Effect.forkChild(stage.ring(id));
  }
});

/** Flows for so many seconds before what comes of it. */
const flowing = (seconds: number) => ({ ...{ says: Array(seconds).fill("word ") }, paceMs: 1_000 });
const breaking = (seconds: number, fails: Extract<GivenAnswer, { fails: unknown }>["fails"]): GivenAnswer => ({
  ...{ fails, after: Array(seconds).fill("word "), paceMs: 1_000 },
});

/** What a model does when it is asked, from good to bad. */
function drawnAnswer(random: () => number): GivenAnswer {
  const seconds = Math.floor(random() * pick(random, [2, 15, 45, 115]));
  const retryAfterMs = Math.floor(random() * 35_000);
  return pick(random, [
    () => ({ ...flowing(seconds), calls: [["clock", {}] as const] }),
    () => ({ ...flowing(seconds), calls: [["clock", {}] as const] }),
    () => flowing(seconds),
    () => breaking(seconds, new Cut()),
    () => breaking(seconds, new Garbled({ detail: "half", begun: true })),
    () => breaking(Math.min(seconds, 29), new Broken({})),
    () => breaking(0, new Overloaded({})),
    () => breaking(0, new RateLimited({ retryAfterMs })),
    () => breaking(0, new Unauthorized()),
    () => breaking(30, new Stalled({ silentMs: 30_000 })),
  ])();
}

/** What the log says of a turn's time. */
function timesOf(stage: Stage) {
  const events = stage.events().filter((event) => "turnId" in event.open);
  const opens = (type: string) => events.filter((event) => event.type === type);
  const good = opens("ModelReplied").reduce((sum, { open }) => sum + (open as { ms: number }).ms, 0);
  const breaks = opens("ModelFailed").map(({ at }) => at);
  const endedAt = events.at(-1)!.at;
  return { breaks, endedAt, rounds: opens("ModelReplied").length, lostMs: endedAt - events[0]!.at - good };
}

describe("a turn in which models answer wrongly", () => {
  it.effect(
    "ends within 45 seconds of trouble, or with the one reply that broke off after them",
    () =>
      Effect.gen(function* () {
        const seen = { late: 0, throughout: 0, afterMuch: 0 };
        for (let seed = 1; seed <= 150; seed++) {
          const random = chance(seed);
          const fallbacks = standIns.slice(0, Math.floor(random() * 3));
          const { breaks, endedAt, rounds, lostMs } = timesOf(yield* played(() => drawnAnswer(random), fallbacks));
          const isLate = breaks.length === 1 && lostMs > 45_000;
          if (isLate) expect([seed, endedAt - breaks[0]!]).toEqual([seed, 0]);
          else expect([seed, Math.max(lostMs, 45_000)]).toEqual([seed, 45_000]);
          if (isLate) seen.late += 1;
          if (breaks.length > 2 && rounds > 1) seen.throughout += 1;
          if (!isLate && lostMs > 30_000) seen.afterMuch += 1;
        }
        for (const count of Object.values(seen)) expect(count).toBeGreaterThan(3);
      }),
    30_000,
  );

  it.effect("is not the poorer for the time of its good replies", () =>
    Effect.gen(function* () {
      let asked = 0;
      const stage = yield* played(() => {
        asked += 1;
        if (asked === 1) return { fails: new RateLimited({ retryAfterMs: 500 }) };
        return asked < 8 ? { ...flowing(30), calls: [["clock", {}]] } : flowing(30);
      });
      expect(stage.happened().at(-1)).toBe("TurnCompleted");
      expect(timesOf(stage)).toMatchObject({ rounds: 7 });
    }),
  );

  it.effect("cuts what still streams then, and says so in one sentence", () =>
    Effect.gen(function* () {
      const rounds: ReadonlyArray<GivenAnswer> = [
        breaking(30, new Cut()),
        { calls: [["clock", {}]] },
        breaking(100, new Cut()),
      ];
      let asked = 0;
      const stage = yield* played(() => rounds[asked++]!);
      expect(asked).toBe(3);
      const failures = stage.events().filter(({ type }) => type === "ModelFailed");
      expect(failures.map(({ open }) => (open as { reason: string }).reason)).toEqual(["Cut", "Stalled"]);
      expect(timesOf(stage).endedAt).toBeLessThan(45_000);
      expect(stage.posted).toMatchObject([
        { notice: true, text: "The model provider did not finish its answer in time." },
      ]);
    }),
  );
});
