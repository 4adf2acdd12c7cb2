/** A simulated house: the same seed is the same history, there is enough in it, and what was found once stays mended. */
import { describe, expect, it } from "vitest";
import { broken, simulate } from "./run.ts";

describe("a simulated house", () => {
  it("is the same history for the same seed, and another one for another", async () => {
    const traces = [];
    for (const seed of [7, 8, 7]) traces.push((await simulate(seed)).trace);
    expect(traces[2]).toBe(traces[0]);
    expect(traces[1]).not.toBe(traces[0]);
  });

  it("has something to keep its promises against", async () => {
    const lived = { deaths: 0, events: 0, steps: 0 };
    for (let seed = 1; seed <= 10; seed++) {
      const { deaths, events, steps } = await simulate(seed);
      lived.deaths += deaths;
      lived.events += events;
      lived.steps += steps;
    }
    expect(lived.deaths).toBeGreaterThan(50);
    expect(lived.events).toBeGreaterThan(1_000);
    expect(lived.steps).toBeGreaterThan(3_000);
  });
});

/** Seeds in which something was found once; what it was stands beside them. */
const pinned: ReadonlyArray<readonly [seed: number, found: string]> = [
  [280, "an agent that asked KV every millisecond whether a write was done"],
  [341, "an agent that was told what had been said while it was away"],
  [1034, "an agent that could not follow a new key, because its owner was erased while it was fetched"],
  [1182, "an agent that came and went within a second, and was never told that it had to go"],
  [1393, "a deleted agent that could be sent away once only"],
];

describe("what was found once does not come back", () => {
  it.each(pinned)("seed %i: %s", async (seed) => {
    expect(await broken(seed, seed)).toEqual([]);
  });
});
