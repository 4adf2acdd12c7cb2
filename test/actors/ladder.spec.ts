/** The crash ladder in the real runtime: a full turn dies before and after every commit and between an effect and its record, once or twice; the alarm finds it, and it comes to the same end. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../support/door.ts";
import { chance } from "../support/drawn.ts";
import { ANSWER, lived, stageTurns, type Turn } from "./lives.ts";

beforeEach(stageTurns);
afterEach(() => vi.restoreAllMocks());

/** So many turns are played side by side. */
const WIDTH = 8;
/** So many pairs of moments beside those that are neighbours. */
const DRAWN = 7;

/** What was recorded, in any order, without the resuming itself, what was asked again because of it, and how much of a tool is known. */
const lasting = (recorded: ReadonlyArray<string>) =>
  recorded
    .filter((type) => type !== "TurnResumed" && type !== "ModelAsked")
    .map((type) => (type === "ToolOutcomeUnknown" ? "ToolExecuted" : type))
    .sort();

/** The turn as it goes when nobody dies: how many moments it has, and what lasts of it. */
async function undisturbed() {
  const [turn] = (await lived([[]])) as [Turn];
  expect(turn.stamps).toBe(1);
  expect(turn.shownOfStamp().at(-1)).toBe("success");
  return { moments: turn.moments, lasts: lasting(await turn.recorded()) };
}

/** What must be so after any lives: one reply, the stamp at most once, whole chains, the same end. Answers how it stood with the stamp. */
async function expectWhole(turn: Turn, lasts: ReadonlyArray<string>): Promise<"known" | "unknown"> {
  const lives = `died at ${turn.died.join(", then ")}`;
  expect(await turn.replies(), lives).toEqual([ANSWER]); // [T1]
  const recorded = await turn.recorded();
  expect(lasting(recorded), lives).toEqual(lasts);
  for (const chain of await turn.verified()) expect(chain, lives).toMatchObject({ intact: true });
  const isUnknown = recorded.includes("ToolOutcomeUnknown");
  const told = turn.asked.at(-1)!.said.join("\n");
  if (isUnknown)
    expect(turn.stamps, lives).toBeLessThanOrEqual(1); // [T2]
  else expect(turn.stamps, lives).toBe(1);
  expect(/The outcome is unknown: it may have happened/.test(told), lives).toBe(isUnknown);
  expect(/tool stamp[^}]*stamped/.test(told), lives).toBe(!isUnknown);
  return isUnknown ? "unknown" : "known";
}

async function* inTurn(deaths: ReadonlyArray<ReadonlyArray<number>>): AsyncGenerator<Turn> {
  for (let from = 0; from < deaths.length; from += WIDTH) yield* await lived(deaths.slice(from, from + WIDTH));
}

const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("a turn with two rounds, a pure tool, one that must not run twice, memories and a reply", () => {
  it("ends the same when it dies at any of its moments, and people and models are told of an unknown outcome", async () => {
    const { moments, lasts } = await undisturbed();
    expect(moments).toBeGreaterThan(30);
    const unknown: number[] = [];
    for await (const turn of inTurn(oneTo(moments).map((moment) => [moment]))) {
      expect(turn.died).toHaveLength(1);
      if ((await expectWhole(turn, lasts)) === "known") continue;
      await eventually("a sign that it is unknown", () => turn.shownOfStamp().includes("unknown") || undefined);
      unknown.push(turn.stamps);
    }
    expect(new Set(unknown)).toEqual(new Set([0, 1])); // it had not begun, it had happened
  }, 120_000);

  // Every pair would be some seven hundred turns and minutes of time; test/turn/crash.spec.ts plays them all, in Node.
  it("ends the same when it dies twice: at neighbouring moments, and at some that are drawn", async () => {
    const { moments, lasts } = await undisturbed();
    // The second life's first two moments are that it takes the turn up again; the third is where the first one died, or the next.
    const neighbours = oneTo(moments).map((moment) => [moment, 3]);
    const random = chance(17);
    const drawn = oneTo(DRAWN).map(() => {
      const first = 1 + Math.floor(random() * (moments - 1));
      return [first, 1 + Math.floor(random() * (moments - first))];
    });
    let twice = 0;
    for await (const turn of inTurn([...neighbours, ...drawn])) {
      await expectWhole(turn, lasts);
      if (turn.died.length === 2) twice += 1;
    }
    expect(twice).toBeGreaterThanOrEqual(moments - 1); // whoever died of its very end had nothing left to die of
  }, 120_000);
});
