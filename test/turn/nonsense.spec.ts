/** What a turn makes of a model that talks nonsense: it stays within its bounds, runs nothing it should not, and says so in one sentence. */
import { describe, expect, it } from "@effect/vitest";
import { Duration, Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { BadInput, Garbled, TooManyCalls } from "#actors/agent/turn/failures.ts";
import { limits } from "#events/agent/turn.ts";
import { type Answer, type ScriptedTool, Stage } from "../support/scripted.ts";

const prose = { says: ["Never mind."] };
const clock: ScriptedTool = { replay: "pure", run: () => Effect.succeed("noon") };
const picky: ScriptedTool = {
  replay: "pure",
  run: (input) => (input.startsWith('{"zone"') ? Effect.succeed("noon") : Effect.fail(new BadInput({ detail: "no" }))),
};

/** A turn whose model answers so, round after round; the last answer is repeated in every further round. */
const played = (tools: Readonly<Record<string, ScriptedTool>>, ...rounds: ReadonlyArray<Answer>) =>
  Effect.gen(function* () {
    const model = Array.from({ length: 9 }, (_, round) => [rounds[Math.min(round, rounds.length - 1)]!]);
    const stage = new Stage({ model, tools });
    const fiber = yield* Effect.forkChild(stage.run(stage.hear("one")));
    yield* TestClock.adjust(Duration.minutes(3));
    yield* Fiber.join(fiber);
    return stage;
  });

const calls = (count: number, tool = "clock"): Answer => ({
  calls: Array.from({ length: count }, (_, index) => [tool, { index }] as const),
});

const happened = (stage: Stage, type: string) => stage.happened().filter((other) => other === type).length;

describe("a model", () => {
  it.effect.each([
    { does: "calls two hundred tools at once", fails: new TooManyCalls(), says: "asked for more tools at once" },
    { does: "calls two under one id", fails: new Garbled({ detail: "ids", begun: true }), says: "arrived broken" },
  ])("that $does is asked once more, and people see nothing but one sentence", ({ fails, says }) =>
    Effect.gen(function* () {
      const stage = yield* played({ clock }, { fails });
      expect(stage.asked).toHaveLength(2);
      expect([stage.ran, stage.signs.filter(({ event }) => event === "tool_execution")]).toEqual([[], []]);
      expect(stage.only("TurnFailed").reason).toBe(fails._tag);
      expect(stage.posted).toMatchObject([{ notice: true, text: expect.stringMatching(/^[^.]+\.$/) }]);
      expect(stage.posted[0]?.text).toContain(says);
    }),
  );

  it.effect("that got two hundred calls past its adapter, again and again, runs none, and is given up on", () =>
    Effect.gen(function* () {
      const stage = yield* played({ clock }, calls(200));
      expect(stage.ran).toEqual([]);
      expect(stage.asked).toHaveLength(limits.rounds);
      expect(stage.only("TurnFailed").reason).toBe("TooManyRounds");
      expect(stage.posted).toMatchObject([{ notice: true, text: expect.stringMatching(/^[^.]+\.$/) }]);
    }),
  );

  it.effect("that calls nine tools gets eight, and no more than twenty-four in a turn", () =>
    Effect.gen(function* () {
      const stage = yield* played({ clock }, calls(9), calls(8), calls(7), calls(1), prose);
      expect(stage.ran).toHaveLength(8 + 8 + 7);
      expect(happened(stage, "ToolDenied")).toBe(2);
      expect(stage.happened().at(-1)).toBe("TurnCompleted");
    }),
  );

  it.effect("that names tools nobody has is told so, and may go on", () =>
    Effect.gen(function* () {
      const stage = yield* played({ clock }, calls(2, "constructor"), prose);
      expect(stage.ran).toEqual([]);
      expect(JSON.stringify(stage.asked[1]?.messages.at(-1))).toContain("unknown-tool");
      expect(stage.posted).toMatchObject([{ text: "Never mind.", notice: false }]);
    }),
  );

  it.effect("whose arguments mean nothing is told so, and may go on", () =>
    Effect.gen(function* () {
      const stage = yield* played({ clock: picky }, calls(1), prose);
      expect(stage.only("ToolFailed").reason).toBe("BadInput");
      expect(stage.happened().at(-1)).toBe("TurnCompleted");
    }),
  );

  it.effect("that ends for a reason nobody knows keeps its words and runs none of its calls", () =>
    Effect.gen(function* () {
      const stage = yield* played({ clock }, { says: ["Half a thought"], finish: "unknown" });
      expect(stage.posted).toMatchObject([{ text: "Half a thought", notice: false }]);
      const withCall = yield* played({ clock }, { calls: [["clock", {}]], finish: "unknown" }, prose);
      expect(withCall.ran).toEqual([]);
      expect(withCall.only("ToolDenied").why).toBe("reply-cut-short");
    }),
  );
});
