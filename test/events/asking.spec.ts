/** The retry policy, the breaker and the order of stand-ins: one pure function of what a round has seen so far. */
import { describe, expect, it } from "@effect/vitest";
import {
  type Asking,
  afterFailure,
  breakerMs,
  type Circumstances,
  type FailureKind,
  type Health,
  lostIn,
  type ModelName,
  nameKey,
  nextAsk,
} from "#events/agent/asking.ts";

const chosen: ModelName = { provider: "anthropic", model: "big" };
const standIn: ModelName = { provider: "openai", model: "other" };
const circumstances = (
  candidates: ReadonlyArray<ModelName>,
  health: Readonly<Record<string, Health>> = {},
  wastedMs = 0,
): Circumstances => ({
  ...{ candidates, health, wastedMs, seed: "turn" },
  whyOf: (name) => (name === chosen ? "chosen" : "fallback"),
});

interface Failed {
  readonly name?: ModelName;
  readonly at: number;
  readonly kind?: FailureKind;
  readonly reason?: string;
  readonly retryAfterMs?: number;
}

/** A round in which these requests failed as soon as they were made. */
const failing = (...failures: ReadonlyArray<Failed>): Asking => ({
  round: 1,
  since: failures[0]?.at ?? 0,
  waitedMs: failures.slice(1).reduce((sum, { at }, index) => sum + at - failures[index]!.at, 0),
  asks: failures.map(({ name = chosen, at, kind = "broken", reason = "Overloaded", retryAfterMs }) => ({
    ...{ ...name, at },
    failure: { at, kind, reason, retryAfterMs: retryAfterMs ?? null },
  })),
});

const next = (asking: Asking | null, at: number, candidates = [chosen], health: Record<string, Health> = {}) =>
  nextAsk(asking, at, circumstances(candidates, health));

describe("a round", () => {
  it("begins with the owner's choice, which may be silent for half a minute", () => {
    expect(next(null, 0)).toEqual({ type: "ask", name: chosen, why: "chosen", silenceMs: 30_000, boxMs: 120_000 });
  });

  it.each([
    { whose: "with a stand-in doubles", candidates: [chosen, standIn], pauses: [250, 500, 1_000] },
    { whose: "with nobody else is six times as long each time", candidates: [chosen], pauses: [250, 1_500, 9_000] },
  ])("asks again after a pause that $whose, half of it left to chance", ({ candidates, pauses }) => {
    const failures: Failed[] = [];
    let at = 0;
    for (const longest of pauses) {
      failures.push({ at });
      const wait = next(failing(...failures), at, candidates);
      expect(wait).toMatchObject({ type: "wait" });
      const { until } = wait as { until: number };
      expect(until - at).toBeGreaterThanOrEqual(longest / 2);
      expect(until - at).toBeLessThanOrEqual(longest);
      expect(next(failing(...failures), until, candidates)).toMatchObject({ type: "ask", why: "again" });
      at = until;
    }
    const spent = next(failing(...failures, { at }), at, candidates);
    if (candidates.length === 1) expect(spent).toMatchObject({ type: "give-up", reason: "Overloaded" });
    else expect(spent).toMatchObject({ type: "ask", name: standIn });
  });

  it.each([
    ["nobody stands in", circumstances([chosen])],
    [
      "who stands in does not answer either",
      circumstances([chosen, standIn], { [nameKey(standIn)]: { failures: [0], askedAt: 0, open: true } }),
    ],
  ])("gets a provider through five bad seconds where %s, whoever's turn it is", (_, here) => {
    const patience = Array.from({ length: 200 }, (_each, turn) => {
      const failures: Failed[] = [{ at: 0 }];
      for (;;) {
        const at = failures.at(-1)!.at;
        const step = nextAsk(failing(...failures), at, { ...here, seed: `turn ${turn}` });
        if (step.type !== "wait") return at;
        failures.push({ at: step.until });
      }
    });
    expect(Math.min(...patience)).toBeGreaterThan(5_000);
    expect(Math.max(...patience)).toBeLessThan(11_000);
  });

  it.each<[FailureKind, requests: number]>([
    ["busy", 4],
    ["broken", 4],
    ["cut", 2],
    ["money", 1],
    ["ours", 1],
    ["refused", 1],
  ])("asks %s models %i times in all", (kind, requests) => {
    const failures: Failed[] = [];
    for (let at = 0; at < 40_000 && failures.length < 9; at += 100)
      if (next(failures.length === 0 ? null : failing(...failures), at).type === "ask") failures.push({ at, kind });
    expect(failures).toHaveLength(requests);
  });

  it("waits as long as the provider asks, up to half a minute in all", () => {
    expect(next(failing({ at: 0, kind: "busy", retryAfterMs: 29_000 }), 0)).toEqual({ type: "wait", until: 29_000 });
    expect(next(failing({ at: 0, kind: "busy", retryAfterMs: 31_000 }), 0)).toEqual({
      ...{ type: "give-up", reason: "Overloaded", retryAfterMs: 31_000 },
    });
    const twice = failing(
      { at: 0, kind: "busy", retryAfterMs: 16_000 },
      { at: 16_000, kind: "busy", retryAfterMs: 16_000 },
    );
    expect(next(twice, 16_000)).toMatchObject({ type: "give-up", retryAfterMs: 16_000 });
  });

  it("does not ask a model again that was silent for half a minute", () => {
    expect(next(failing({ at: 30_000, kind: "cut", reason: "Stalled" }), 30_000)).toMatchObject({ reason: "Stalled" });
  });

  it.each([1_000, 13_000, 30_000])("is over before 45 seconds when every answer is wrong and takes %i ms", (lasts) => {
    const candidates = [chosen, standIn, { provider: "cloudflare", model: "third" }];
    const failures: Failed[] = [];
    let at = 0;
    for (;;) {
      const asking = failures.length === 0 ? null : { ...failing(...failures), since: 0 };
      const step = nextAsk(asking, at, circumstances(candidates));
      if (step.type === "give-up") break;
      if (step.type === "wait") at = step.until;
      else {
        at += Math.min(step.silenceMs, step.boxMs, lasts);
        failures.push({ name: step.name, at, kind: "cut", reason: "Garbled" });
      }
    }
    expect(at).toBeLessThanOrEqual(45_000);
    expect(failures.length).toBeGreaterThan(1);
  });

  it("counts the time that earlier rounds of the turn lost with failures", () => {
    const failed = failing({ at: 0 });
    expect(nextAsk(failed, 0, circumstances([chosen], {}, 39_000))).toMatchObject({ type: "wait" });
    expect(nextAsk(failed, 0, circumstances([chosen], {}, 41_000))).toMatchObject({ type: "give-up" });
    const later = (wastedMs: number) => nextAsk(null, 0, circumstances([chosen], {}, wastedMs));
    expect(later(30_000)).toMatchObject({ type: "ask", silenceMs: 12_000, boxMs: 12_000 });
    expect(later(40_000)).toMatchObject({ type: "ask", silenceMs: 2_000, boxMs: 2_000 });
  });

  it("gives every reply what is left of the turn, once anything went wrong in it, in this round or before", () => {
    const again = next(failing({ at: 0, kind: "busy", retryAfterMs: 20_000 }), 20_000);
    expect(again).toMatchObject({ type: "ask", silenceMs: 22_000, boxMs: 22_000 });
    expect(lostIn(failing({ at: 0, kind: "money" }, { at: 0, kind: "money" }))).toBe(1);
    expect(nextAsk(null, 0, circumstances([chosen], {}, 1))).toMatchObject({ silenceMs: 30_000, boxMs: 41_999 });
  });

  it("ends with a reply that breaks off when all of the turn's time for that is gone", () => {
    const late = { ...failing({ at: 100_000, kind: "cut", reason: "Cut" }), since: 0 };
    expect(next(late, 100_000, [chosen, standIn])).toMatchObject({ type: "give-up", reason: "Cut" });
  });

  it("names the earliest time that any provider named", () => {
    const hour = failing({ at: 0, kind: "busy", retryAfterMs: 3_600_000 }, { name: standIn, at: 1_000, kind: "money" });
    expect(next(hour, 1_000, [chosen, standIn])).toMatchObject({ type: "give-up", retryAfterMs: 3_599_000 });
  });

  it("asks at once again when the process died, for the provider is not to blame", () => {
    const asking = { ...failing({ at: 0 }), asks: [{ ...chosen, at: 0, failure: null }] };
    expect(next(asking, 5_000)).toMatchObject({ type: "ask", why: "again", boxMs: 120_000 });
    expect(lostIn({ ...asking, asks: [...asking.asks, { ...chosen, at: 5_000, failure: null }] })).toBe(0);
    const four = { ...asking, asks: Array.from({ length: 4 }, () => ({ ...chosen, at: 0, failure: null })) };
    expect(next(four, 5_000)).toMatchObject({ type: "give-up", reason: "Interrupted" });
  });
});

describe("a stand-in", () => {
  it.each<FailureKind>([
    "money",
    "busy",
    "ours",
  ])("is asked when the choice cannot answer for reasons of %s", (kind) => {
    const failed = failing({ at: 0, kind, retryAfterMs: 3_600_000 });
    expect(next(failed, 0, [chosen, standIn])).toMatchObject({ type: "ask", name: standIn, why: "fallback" });
  });

  it("is not asked what the choice refused to answer", () => {
    expect(next(failing({ at: 0, kind: "refused" }), 0, [chosen, standIn])).toMatchObject({ type: "give-up" });
  });

  it("never is a model that the owner did not name", () => {
    const all = failing({ at: 0, kind: "money" }, { name: standIn, at: 1, kind: "money" });
    expect(next(all, 1, [chosen, standIn])).toMatchObject({ type: "give-up" });
  });
});

describe("the breaker of a model", () => {
  const unhealthy = (...times: ReadonlyArray<number>): Health =>
    times.reduce<Health | undefined>((health, at) => ({ ...afterFailure(health, at), askedAt: at }), undefined)!;

  it("opens after five failures within a minute", () => {
    expect(breakerMs(unhealthy(0, 1_000, 2_000, 3_000), 3_000)).toBe(0);
    expect(breakerMs(unhealthy(0, 1_000, 2_000, 3_000, 4_000), 4_000)).toBe(30_000);
    expect(breakerMs(unhealthy(0, 20_000, 40_000, 60_000, 80_000), 80_000)).toBe(0);
  });

  it("lets one request in half a minute try whether it is over", () => {
    const open = unhealthy(0, 1_000, 2_000, 3_000, 4_000);
    expect(breakerMs(open, 33_999)).toBe(1);
    expect(breakerMs(open, 34_000)).toBe(0);
    expect(breakerMs({ ...open, askedAt: 34_000 }, 34_001)).toBe(29_999); // the probe is on its way
  });

  it("sends a turn to the stand-in at once, or ends it with the time to come back", () => {
    const health = { "anthropic/big": unhealthy(0, 1_000, 2_000, 3_000, 4_000) };
    expect(next(null, 5_000, [chosen, standIn], health)).toMatchObject({ name: standIn, why: "fallback" });
    expect(next(null, 5_000, [chosen], health)).toEqual({
      type: "give-up",
      reason: "Failing",
      retryAfterMs: 29_000,
    });
  });

  it("makes an outage of ten minutes cost at most twenty probes, whoever asks", () => {
    let health: Health | undefined;
    let asked = 0;
    for (let at = 0; at < 600_000; at += 600) {
      if (breakerMs(health, at) > 0) continue;
      asked += 1;
      health = { ...afterFailure(health, at), askedAt: at };
    }
    expect(asked).toBeLessThanOrEqual(5 + 20);
  });
});
