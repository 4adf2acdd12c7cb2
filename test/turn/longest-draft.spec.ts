/** Prose of several rounds that is together more than a message may hold: it is cut where people see it, and always posted. */
import { describe, expect, it } from "@effect/vitest";
import { Duration, Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { draftable, LEFT_OUT, LONGEST_DRAFT } from "#actors/agent/turn/longest-draft.ts";
import { MAX_EVENT_BYTES } from "#actors/kit/plan.ts";
import { MOST_PROSE } from "#src/models/gathering.ts";
import { type Answer, Stage } from "../support/scripted.ts";

const written = (text: string): number => Buffer.byteLength(JSON.stringify(text));

describe("a draft", () => {
  it("of two of the longest rounds is whole", () => {
    const text = `${"x".repeat(MOST_PROSE)}\n\n${"y".repeat(MOST_PROSE)}`;
    expect(draftable(text)).toBe(text);
  });

  it.each([
    ["letters", "x"],
    ["letters of three bytes", "好"],
    ["signs of two halves", "😀"],
    ["control characters, six bytes each", "\u0001"],
  ])("of too many %s keeps its end, as much of it as fits", (_what, character) => {
    const text = `${character.repeat(LONGEST_DRAFT)}The end.`;
    const cut = draftable(text);
    expect(cut.startsWith(LEFT_OUT)).toBe(true);
    expect(text.endsWith(cut.slice(LEFT_OUT.length))).toBe(true);
    expect(cut.isWellFormed()).toBe(true);
    expect(written(cut)).toBeLessThanOrEqual(LONGEST_DRAFT);
    expect(written(cut)).toBeGreaterThan(LONGEST_DRAFT - 10);
  });

  it("leaves room in an event for what stands beside its words", () => {
    expect(MAX_EVENT_BYTES - LONGEST_DRAFT).toBeGreaterThanOrEqual(48 * 1024);
  });
});

describe("a turn", () => {
  it.effect("with eight rounds of as much prose as a model may write posts its answer", () =>
    Effect.gen(function* () {
      const prose = "word ".repeat(MOST_PROSE / 5 - 20);
      const round: Answer = { says: [prose], calls: [["clock", {}]] };
      const stage = new Stage({
        model: [...Array.from({ length: 7 }, () => [round]), [{ says: [`${prose}That is all.`] }]],
        tools: { clock: { replay: "pure", run: () => Effect.succeed('"noon"') } },
        settings: { maxTokens: 32_000 },
      });
      const running = yield* Effect.forkChild(stage.run(stage.hear("one")));
      yield* TestClock.adjust(Duration.minutes(1));
      yield* Fiber.join(running);
      expect(stage.happened().at(-1)).toBe("TurnCompleted");
      const [reply] = stage.posted;
      expect(reply?.notice).toBe(false);
      expect(reply?.text.startsWith(LEFT_OUT)).toBe(true);
      expect(reply?.text.endsWith("That is all.")).toBe(true);
    }),
  );
});
