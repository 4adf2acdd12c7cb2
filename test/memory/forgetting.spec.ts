/** What is forgotten first, and what never. */
import { describe, expect, it } from "@effect/vitest";
import { type Forgettable, keepScore, mayBeForgotten, toArchive } from "#events/agent/memory.ts";
import { chance } from "../support/drawn.ts";

const DAY = 86_400_000;
const now = 1_000 * DAY;
const memory = (differs: Partial<Forgettable> = {}): Forgettable => ({
  ...{ importance: 0.5, formedAt: now - 100 * DAY, accessCount: 0, pinned: false, inForce: false, consolidated: true },
  ...differs,
});

describe("what keeps a memory", () => {
  it("is its importance as a logit, half the logarithm of its use, and its youth", () => {
    expect(keepScore(memory({ formedAt: now - 30 * DAY }), now)).toBeCloseTo(0.5, 12);
    expect(keepScore(memory({ formedAt: now - 60 * DAY, accessCount: 3 }), now)).toBeCloseTo(
      0.25 + Math.log(4) / 2,
      12,
    );
    expect(keepScore(memory({ importance: 1, formedAt: now }), now)).toBeCloseTo(Math.log(999) + 1, 6);
  });

  it.each([
    ["pinned", { pinned: true }],
    ["younger than thirty days", { formedAt: now - 30 * DAY + 1 }],
    ["the source of a fact that holds", { inForce: true }],
    ["not yet looked through", { consolidated: false }],
  ])("what is %s is never forgotten", (_, differs) => {
    expect(mayBeForgotten(memory(differs), now)).toBe(false);
    expect(toArchive([memory({ ...differs, importance: 0 })], 0, now)).toEqual([]);
  });
});

describe("archiving", () => {
  it("takes from the bottom down to the cap, of equals the older first, and no more", () => {
    const [low, middle, high] = [0.1, 0.5, 0.9].map((importance) => memory({ importance }));
    const older = memory({ importance: 0.5, formedAt: now - 5_000 * DAY });
    const oldest = memory({ importance: 0.5, formedAt: now - 5_001 * DAY });
    expect(toArchive([high!, low!, middle!], 2, now)).toEqual([low]);
    expect(toArchive([older, oldest], 1, now)).toEqual([oldest]);
    expect(toArchive([high!, low!, middle!], 3, now)).toEqual([]);
  });

  it("forgets the unimportant rather than the old: of 5 000 drawn memories the better half by worth stays", () => {
    const random = chance(20_270_405);
    const all = Array.from({ length: 5_000 }, () =>
      memory({ importance: random(), formedAt: now - (31 + random() * 900) * DAY, pinned: random() < 0.02 }),
    );
    const gone = new Set(toArchive(all, 2_500, now));
    expect(gone.size).toBe(2_500);
    const worst = Math.max(...[...gone].map((one) => keepScore(one, now)));
    const kept = all.filter((one) => !gone.has(one) && !one.pinned);
    expect(Math.min(...kept.map((one) => keepScore(one, now)))).toBeGreaterThanOrEqual(worst);
    expect([...gone].some(({ pinned }) => pinned)).toBe(false);
  });
});
