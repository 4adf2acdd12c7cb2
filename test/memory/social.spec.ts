/** How close somebody is, how far they may be relied on, whom they name and what they speak of. */
import { describe, expect, it } from "@effect/vitest";
import { countsOf, isThanks, kinOf, topicsOf } from "#actors/agent/memory/forming/social.ts";
import { betaQuantile, noTie, reciprocity, tieAt, tied, trust } from "#events/agent/memory.ts";

const DAY = 86_400_000;

describe("a tie", () => {
  it("is the sum of signs by weight, and half of it after thirty days", () => {
    const signs = ["message", "mention", "reply", "thanks"] as const;
    const tie = signs.reduce((sum, sign) => tied(sum, sign, 100 * DAY), noTie);
    expect(tieAt(tie, 100 * DAY)).toBeCloseTo(1 + 2 + 2 + 3, 12);
    expect(tieAt(tie, 130 * DAY)).toBeCloseTo(4, 12);
  });

  it("does not depend on the order in which signs are counted", () => {
    const early = tied(tied(noTie, "thanks", 70 * DAY), "message", 100 * DAY);
    const late = tied(tied(noTie, "message", 100 * DAY), "thanks", 70 * DAY);
    expect(tieAt(early, 100 * DAY)).toBeCloseTo(2.5, 12);
    expect(tieAt(late, 100 * DAY)).toBeCloseTo(2.5, 12);
  });

  it.each([
    [0, 0, 0],
    [10, 0, 0],
    [5, 5, 1],
    [3, 9, 0.5],
  ])("of %i received and %i sent, reciprocity is %d", (received, sent, expected) => {
    expect(reciprocity(received, sent)).toBe(expected);
  });
});

describe("trust", () => {
  it("is the lower five per cent of Beta(1 + up, 1 + down)", () => {
    // Beta(1, 1) is even, and Beta(n, 1) has the quantile p^(1/n) (Johnson, Kotz and Balakrishnan, vol. 2, ch. 25).
    expect(trust(0, 0)).toBeCloseTo(0.05, 9);
    expect(trust(9, 0)).toBeCloseTo(0.05 ** (1 / 10), 9);
    expect(trust(0, 9)).toBeCloseTo(1 - 0.95 ** (1 / 10), 9);
    expect(betaQuantile(0.5, 40, 40)).toBeCloseTo(0.5, 9);
  });

  it("grows with praise, falls with blame, and more of both makes it surer", () => {
    expect(trust(5, 0)).toBeGreaterThan(trust(4, 0));
    expect(trust(5, 1)).toBeLessThan(trust(5, 0));
    expect(trust(100, 10)).toBeGreaterThan(trust(10, 1));
    expect(trust(100_000, 0)).toBeGreaterThan(0.999);
  });
});

describe("people named in passing", () => {
  it.each([
    ["my sister Mina called", ["sister Mina"]],
    ["My mum is called Rosa and my dad's name is Karl.", ["mother Rosa", "father Karl"]],
    ["Our cat is named Tom, and we adopted a puppy called Rex", ["cat Tom", "dog Rex"]],
    ["Kim is my wife. Is Kim, my wife, in?", ["wife Kim"]],
    ["my friend Jo and my boss Dr. Weber", ["friend Jo", "manager Dr. Weber"]],
    ["my sister lives in Oslo; my dog Never listens", []],
    ['he wrote "my sister Mina"', []],
  ])("%s", (text, kin) => {
    expect(kinOf(text).map(({ relation, name }) => `${relation} ${name}`)).toEqual(kin);
  });

  it.each([
    ["Thanks a lot!", true],
    ["great work, Ada", true],
    ["No thanks", false],
    ["I like tea", false],
  ])("thanks: %s", (text, thanks) => {
    expect(isThanks(text)).toBe(thanks);
  });
});

describe("topics", () => {
  it("are what somebody says often and others do not", () => {
    const counts = countsOf("Sailing, sailing and boats! The boat needs a sail, the weather is fine weather. Boats.");
    const known = new Map([["weather", 500]]);
    const spoken = [...counts].map(([stem, count]) => ({ stem, count, memories: known.get(stem) ?? 2 }));
    expect(topicsOf(spoken, 1_000, 2)).toEqual(["boat", "sail"]);
  });
});
