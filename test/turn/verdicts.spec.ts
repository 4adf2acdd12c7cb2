/** Every verdict of the content rules and of a provider's moderation stands in the log, also where nothing was found, in an event that is written anyway. */
import { describe, expect, it } from "@effect/vitest";
import { Duration, Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { Cut } from "#actors/agent/turn/failures.ts";
import { MODERATION_UNAVAILABLE } from "#actors/agent/turn/filter.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { ContentVerdict, Finding } from "#events/agent/verdict.ts";
import { turnId } from "../support/given.ts";
import { type Script, type ScriptedTool, Stage } from "../support/scripted.ts";
import { anthropic, card } from "../support/sensitive.ts";

const prose = { says: ["Here I am. "] };
const clean: Finding = { action: "pass" };
const passed: ContentVerdict = { ...clean, policyVersion: 1 };

/** A turn to its end. */
const played = (script: Script, text?: string) =>
  Effect.gen(function* () {
    const stage = new Stage(script);
    const running = yield* Effect.forkChild(stage.run(stage.hear("one", text)));
    yield* TestClock.adjust(Duration.minutes(1));
    yield* Fiber.join(running);
    return stage;
  });

/** The verdicts in all events of a type; undefined where one has none. */
const verdictsIn = (stage: Stage, type: AgentEvent["type"]) =>
  stage
    .events()
    .flatMap((event) => (event.type === type ? [(event.open as { verdict?: ContentVerdict }).verdict] : []));

describe("a verdict that lets pass", () => {
  it.effect("is on record, of what a person said and of what the agent says", () =>
    Effect.gen(function* () {
      const stage = yield* played({ model: [[prose]] });
      const { seq } = stage.events().find(({ type }) => type === "MessageReceived")!;
      expect(stage.only("ContextAssembled").verdicts).toEqual([{ seq, ...clean }]);
      expect(stage.only("ModelReplied").verdict).toEqual(passed);
      expect(stage.only("ReplyDrafted").verdict).toEqual(passed);
    }),
  );

  it.effect("names the provider whose moderation agrees", () =>
    Effect.gen(function* () {
      const stage = yield* played({ model: [[prose]], flags: () => [] });
      const moderation = { provider: "scripted", outcome: "passed" };
      expect(stage.only("ContextAssembled").verdicts).toMatchObject([{ ...clean, moderation }]);
      expect(stage.only("ModelReplied").verdict).toEqual({ ...passed, moderation });
      expect(stage.only("ReplyDrafted").verdict).toEqual({ ...passed, moderation });
    }),
  );

  it.effect("is none where the house itself speaks", () =>
    Effect.gen(function* () {
      const stage = yield* played({ model: [[{ says: [] }]] });
      expect(stage.only("ReplyDrafted")).toMatchObject({ notice: true });
      expect([...verdictsIn(stage, "ModelReplied"), ...verdictsIn(stage, "ReplyDrafted")]).toEqual([
        undefined,
        undefined,
      ]);
    }),
  );
});

describe("a verdict that finds something", () => {
  it.effect("names the rules, of what people see as it comes and of the whole", () =>
    Effect.gen(function* () {
      const stage = yield* played(
        { model: [[{ says: [`The key is ${anthropic}. `, "Bye."] }]] },
        `My card is ${card}.`,
      );
      expect(stage.only("ContextAssembled")).toMatchObject({
        masked: ["card"],
        verdicts: [{ action: "mask", rules: ["card"] }],
      });
      const masked = { ...passed, action: "mask", rules: ["api-key"] };
      expect(stage.only("ModelReplied").verdict).toEqual(masked);
      expect(stage.only("ReplyDrafted").verdict).toEqual(masked);
      expect(JSON.stringify(stage.events())).not.toContain(anthropic);
    }),
  );

  it.effect("names what a provider flagged, and keeps the reply back", () =>
    Effect.gen(function* () {
      const flags = (text: string) => (text.includes("alpha") ? ["violence"] : []);
      const stage = yield* played({ model: [[{ says: ["Well. ", "Say alpha now. "] }]], flags });
      const moderation = { provider: "scripted", outcome: "flagged" };
      const rules = ["moderation/violence"];
      expect(stage.only("ModelReplied").verdict).toEqual({ action: "withhold", rules, policyVersion: 1, moderation });
      expect(stage.only("ReplyWithheld")).toMatchObject({ rules, policyVersion: 1, moderation });
    }),
  );

  it.effect("says that the provider did not answer, which lets people pass and no agent", () =>
    Effect.gen(function* () {
      const stage = yield* played({ model: [[prose]], flags: "broken" });
      const failed = { rules: [MODERATION_UNAVAILABLE], moderation: { provider: "scripted", outcome: "failed" } };
      expect(stage.only("ContextAssembled").verdicts).toMatchObject([{ action: "pass", ...failed }]);
      expect(stage.only("ReplyWithheld")).toMatchObject(failed);
    }),
  );

  it.effect("is on record, though the answer was cut and only its beginning was seen", () =>
    Effect.gen(function* () {
      const script: Script = { model: [[{ fails: new Cut(), after: [`It is ${anthropic}. `, "And "] }, prose]] };
      const stage = yield* played(script);
      expect(stage.only("ModelFailed").verdict).toEqual({ ...passed, action: "mask", rules: ["api-key"] });
      expect(stage.only("ModelReplied").verdict).toEqual(passed);
    }),
  );
});

describe("what tools answered", () => {
  const leak: ScriptedTool = { replay: "pure", run: () => Effect.succeed(JSON.stringify({ key: anthropic })) };
  const clock: ScriptedTool = { replay: "pure", run: () => Effect.succeed('"noon"') };

  it.effect("has its verdict where the model is asked that is shown it", () =>
    Effect.gen(function* () {
      const model = [[{ calls: [["clock", {}]] }], [{ calls: [["leak", {}]] }], [prose]] as const;
      const stage = yield* played({ model, tools: { clock, leak }, flags: () => [] });
      const judged = { ...passed, moderation: { provider: "scripted", outcome: "not-asked" } };
      expect(verdictsIn(stage, "ModelAsked")).toEqual([
        undefined,
        judged,
        { ...judged, action: "mask", rules: ["api-key"] },
      ]);
      expect(stage.only("ContextAssembled").masked).toEqual([]);
    }),
  );

  it.effect("has none where it is a refusal in the house's own words", () =>
    Effect.gen(function* () {
      const model = [[{ calls: [["nothing", {}]] }], [prose]] as const;
      expect(verdictsIn(yield* played({ model }), "ModelAsked")).toEqual([undefined, undefined]);
    }),
  );
});

describe("messages that one turn answers together", () => {
  it.effect("are all judged, and one that is flagged is named as one that stands alone would be", () =>
    Effect.gen(function* () {
      const flags = (text: string) => (text.includes("not well") ? ["self-harm"] : []);
      const stage = new Stage({ model: [[prose]], flags });
      const first = stage.hear("first", "Ada?");
      stage.hear("two", "Ada, I am not well.");
      stage.hear("three", `Ada, my card is ${card}.`);
      stage.hear("four", "Ada, what now?");
      yield* stage.run(first);
      yield* stage.run(turnId("two")); // gives its place to the newest
      yield* stage.run(turnId("four"));
      const context = stage.events().findLast(({ type }) => type === "ContextAssembled")!.open as {
        readonly masked: ReadonlyArray<string>;
        readonly verdicts: ReadonlyArray<ContentVerdict>;
      };
      expect(context.verdicts.map(({ action, rules, moderation }) => [action, rules, moderation?.outcome])).toEqual([
        ["pass", ["moderation/self-harm"], "flagged"],
        ["mask", ["card"], "passed"],
        ["pass", undefined, "passed"],
      ]);
      expect(context.masked).toEqual(["card", "moderation/self-harm"]);
      expect(stage.posted).toHaveLength(2);
    }),
  );
});
