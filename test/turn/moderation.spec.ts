/** What a provider's moderation adds to a verdict, and what becomes of it when the provider does not answer. */
import { describe, expect, it } from "@effect/vitest";
import { Effect, Fiber, Layer } from "effect";
import { TestClock } from "effect/testing";
import { ModerationFailure, Overloaded, Unauthorized } from "#actors/agent/turn/failures.ts";
import { MODERATION_UNAVAILABLE, moderate, moderateAll } from "#actors/agent/turn/filter.ts";
import { type Direction, Moderator } from "#actors/agent/turn/ports.ts";
import { scriptedModerator } from "../support/scripted-abilities.ts";
import { anthropic } from "../support/sensitive.ts";

const moderated = (text: string, direction: Direction, script: Parameters<typeof scriptedModerator>[0]) =>
  Effect.provideService(moderate(text, direction, { said: [] }), Moderator, scriptedModerator(script));

describe("a provider's moderation", () => {
  it.effect("withholds what an agent says, and names the categories", () =>
    Effect.gen(function* () {
      const found = yield* moderated("Gladly.", "out", { flags: () => ["illicit", "violence"] });
      expect(found).toEqual({
        ...{ action: "withhold", rules: ["moderation/illicit", "moderation/violence"], text: "" },
        moderation: { provider: "scripted", outcome: "flagged" },
      });
    }),
  );

  it.effect("names what people say, and lets it through", () =>
    Effect.gen(function* () {
      const found = yield* moderated("I am not well.", "in", { flags: () => ["self-harm/intent"] });
      expect(found).toEqual({
        ...{ action: "pass", rules: ["moderation/self-harm/intent"], text: "I am not well." },
        moderation: { provider: "scripted", outcome: "flagged" },
      });
    }),
  );

  it.effect("is shown no more than people would be", () =>
    Effect.gen(function* () {
      const asked: string[] = [];
      const flags = (text: string) => {
        asked.push(text);
        return [];
      };
      const masked = yield* moderated(`It is ${anthropic}.`, "out", { flags });
      expect(masked).toMatchObject({ action: "mask", text: "It is [secret]." });
      yield* moderated("A listed word.", "out", { listed: ["listed"], flags });
      expect(asked).toEqual(["It is [secret]."]);
    }),
  );

  it.effect("is asked about several texts at once, and each gets its own verdict", () =>
    Effect.gen(function* () {
      const requests: Array<ReadonlyArray<string>> = [];
      const check = (texts: ReadonlyArray<string>) =>
        Effect.sync(() => {
          requests.push(texts);
          return texts.map((text) => (text.includes("not well") ? ["self-harm"] : []));
        });
      const layer = Layer.succeed(Moderator, { provider: "openai", words: () => [], check });
      const texts = ["Good morning.", " ", "I am not well.", "Good night."];
      const found = yield* Effect.provide(moderateAll(texts, "in", { said: [] }), layer);
      expect(requests).toEqual([["Good morning.", "I am not well.", "Good night."]]);
      expect(found.map(({ rules, moderation }) => [...rules, moderation?.outcome])).toEqual([
        ["passed"],
        ["not-asked"],
        ["moderation/self-harm", "flagged"],
        ["passed"],
      ]);
    }),
  );

  it.effect("is named in a verdict, and so is that there is none", () =>
    Effect.gen(function* () {
      const asked = yield* moderated("Gladly.", "out", { flags: () => [] });
      expect(asked.moderation).toEqual({ provider: "scripted", outcome: "passed" });
      expect((yield* moderated("Gladly.", "out", {})).moderation).toBeNull();
    }),
  );
});

describe("a moderation that cannot be had", () => {
  /** A moderation that fails so many times, and then has nothing against it. */
  const failing = (times: number, reason: ModerationFailure["reason"]) => {
    const tries = { count: 0 };
    const check = (texts: ReadonlyArray<string>) =>
      Effect.suspend(() => {
        tries.count += 1;
        return tries.count <= times
          ? Effect.fail(new ModerationFailure({ provider: "openai", reason }))
          : Effect.succeed(texts.map(() => []));
      });
    return { tries, layer: Layer.succeed(Moderator, { provider: "openai", words: () => [], check }) };
  };
  const asking = (direction: Direction, layer: Layer.Layer<Moderator>) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.provide(moderate("Hello.", direction, { said: [] }), layer));
      yield* TestClock.adjust("1 minute");
      return yield* Fiber.join(fiber);
    });
  const failed = { rules: [MODERATION_UNAVAILABLE], moderation: { provider: "openai", outcome: "failed" } };
  const withheld = { action: "withhold", text: "", ...failed };

  it.effect("silences an agent, and no person", () =>
    Effect.gen(function* () {
      const { layer } = failing(99, new Overloaded({}));
      expect(yield* asking("out", layer)).toEqual(withheld);
      expect(yield* asking("in", layer)).toEqual({ action: "pass", text: "Hello.", ...failed });
    }),
  );

  it.effect("is asked again while that may help", () =>
    Effect.gen(function* () {
      const briefly = failing(2, new Overloaded({}));
      expect(yield* asking("out", briefly.layer)).toMatchObject({ action: "pass", rules: [] });
      const never = failing(2, new Unauthorized());
      expect(yield* asking("out", never.layer)).toEqual(withheld);
      expect([briefly.tries.count, never.tries.count]).toEqual([3, 1]);
    }),
  );

  it.effect("is not waited for longer than people would wait", () =>
    Effect.gen(function* () {
      const silent = Layer.succeed(Moderator, { provider: "openai", words: () => [], check: () => Effect.never });
      expect(yield* asking("out", silent)).toEqual(withheld);
    }),
  );
});
