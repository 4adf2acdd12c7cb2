/** What a turn's models used, as people are told: the room with its message and whoever asked by HTTP, alike. */
import { describe, expect, it } from "@effect/vitest";
import { Effect, Exit } from "effect";
import { Outcomes } from "#actors/agent/outcomes.ts";
import { TooManyCalls, Unauthorized } from "#actors/agent/turn/failures.ts";
import type { TurnOutcome } from "#actors/kit/doors.ts";
import type { Unsealed } from "#events/kit/envelope.ts";
import { turnId } from "../support/given.ts";
import { type GivenAnswer, type Script, type ScriptedTool, Stage } from "../support/scripted.ts";

const clock: ScriptedTool = { replay: "pure", run: () => Effect.succeed("noon") };
const call = (usage?: ReadonlyArray<number | undefined>): GivenAnswer => ({
  calls: [["clock", {}]],
  ...(usage && { usage }),
});
const prose = (usage?: ReadonlyArray<number | undefined>): GivenAnswer => ({
  says: ["It is noon."],
  ...(usage && { usage }),
});
const broken: GivenAnswer = { fails: new TooManyCalls() };
const away: GivenAnswer = { fails: new Unauthorized() };

/** What the room was told, and what whoever asked by HTTP is. */
const told = (model: Script["model"]) =>
  Effect.gen(function* () {
    const stage = new Stage({ model, tools: { clock } });
    expect(Exit.isSuccess(yield* Effect.exit(stage.run(stage.hear("one"))))).toBe(true);
    const reveal = async (seqs: ReadonlyArray<number>) => stage.ledger.reveal(seqs) as ReadonlyArray<Unsealed>;
    const outcomes = new Outcomes(stage.ledger, reveal, (program) => Effect.runPromise(stage.perform(program)));
    const outcome = yield* Effect.promise(() => outcomes.wait(turnId("one"), 0));
    return [stage.posted[0]?.usage, (outcome as Extract<TurnOutcome, { ending: "replied" }>).usage];
  });

const sum = (tokensIn: number, tokensOut: number) => ({ tokensIn, tokensOut });

describe("the usage of a turn", () => {
  it.live.each<[string, Script["model"], ReturnType<typeof sum> | null]>([
    ["is the sum of what its replies used", [[call([10, 5])], [prose([20, 6])]], sum(30, 11)],
    ["is not known where a reply does not say", [[prose([])]], null],
    ["is not known where a reply says half of it", [[prose([10])]], null],
    ["is not known where a reply says the other half", [[prose([undefined, 5])]], null],
    ["is not known where one reply of several does not say, rather than less", [[call([])], [prose([20, 6])]], null],
    ["leaves out a request that failed before another was answered", [[broken, prose([20, 6])]], sum(20, 6)],
    ["is not known where the last request was never answered", [[call([10, 5])], [away]], null],
  ])("%s", ([_what, model, usage]) =>
    Effect.gen(function* () {
      expect(yield* told(model)).toEqual([usage, usage]);
    }),
  );
});
