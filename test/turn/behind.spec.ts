/** Models asked while nobody waits, over a real ledger: many at once stay within the budget, and whatever becomes of an answer is paid for. */
import { describe, expect, it } from "@effect/vitest";
import { Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { askedBehind } from "#actors/agent/background-model.ts";
import { Garbled, Overloaded } from "#actors/agent/turn/failures.ts";
import { desk, MINUTE, rung, written } from "../support/desk.ts";
import { dana, roomId, settings } from "../support/given.ts";
import { type GivenAnswer, Stage } from "../support/scripted.ts";

const unsaid: GivenAnswer = { ...(written as object), usage: [] };
const prompt = { system: "Sum it up.", messages: [], tools: [] };
const { provider, model } = settings;
const choice = { provider, model, maxTokens: 1_000 };

/** One question in each of ten rooms, all at once. */
const tenAtOnce = Effect.fnUntraced(function* (answer: GivenAnswer) {
  const stage = new Stage({ model: [[answer]], settings: { budget: { agent: { tokens: 3_100 } } } });
  const rooms = Array.from({ length: 10 }, (_, n) => roomId(`room-${n}`));
  for (const id of rooms) stage.tell({ type: "JoinRoom", roomId: id, kind: "public" });
  const ask = (id: (typeof rooms)[number]) =>
    stage.perform(askedBehind(() => stage.ledger.state, { purpose: "summary", roomId: id }, choice, prompt));
  const fiber = yield* Effect.forkChild(Effect.forEach(rooms, ask, { concurrency: "unbounded" }));
  yield* TestClock.adjust(MINUTE);
  const answers = yield* Fiber.join(fiber);
  return { stage, answered: answers.filter((found) => found !== null).length };
});

describe("ten requests at once on a budget for three", () => {
  it.effect("are three requests, and afterwards only what they used is spent", () =>
    Effect.gen(function* () {
      const { stage, answered } = yield* tenAtOnce({ ...(written as object), paceMs: 1_000 });
      expect([stage.asked.length, answered]).toEqual([3, 3]);
      expect(stage.ledger.state.day.agent).toEqual({ tokens: 45, microUsd: 45, unpriced: 0 });
      expect(stage.ledger.state.behind).toEqual({});
    }),
  );

  it.effect("are three requests, which have spent the budget where nobody says what they used", () =>
    Effect.gen(function* () {
      const { stage } = yield* tenAtOnce({ ...(unsaid as object), paceMs: 1_000 });
      const reserved = stage.events().flatMap(({ type, open }) => (type === "ModelAskedBehind" ? [open.tokens] : []));
      expect(reserved).toHaveLength(3);
      expect(stage.ledger.state.day.agent.tokens).toBe(reserved.reduce((sum, tokens) => sum + tokens, 0));
    }),
  );
});

describe("a request", () => {
  it.effect.each<[string, GivenAnswer]>([
    ["fails", { fails: new Overloaded({}) }],
    ["is cut in the middle", { fails: new Garbled({ detail: "cut", begun: true }), after: ["Dana"] }],
    ["never ends", "silence"],
    ["does not say what it used", unsaid],
  ])("that %s costs what was reserved", ([_how, answer]) =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[answer]] });
      at.count(30);
      yield* rung(at);
      const { tokens, microUsd } = at.stage.only("ModelAskedBehind");
      expect(tokens).toBeGreaterThan(1_500);
      expect(at.stage.ledger.state.day.agent).toEqual({ tokens, microUsd, unpriced: 0 });
    }),
  );

  it.effect("whose process died before the answer was on record costs what was reserved, beside the next one", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      at.count(30);
      at.stage.restart({ commit: 2, when: "before" });
      at.stage.along = () => {};
      yield* rung(at);
      const { tokens, microUsd } = at.stage.only("ModelAskedBehind");
      at.wake();
      yield* rung(at);
      expect(at.summaries()).toMatchObject([{ tokensIn: 10, tokensOut: 5 }]);
      expect(at.stage.ledger.state.day.agent).toEqual({ tokens: tokens + 15, microUsd: microUsd! + 15, unpriced: 0 });
    }),
  );

  it.effect("whose answer may not be used any more is paid for all the same", () =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[{ ...(written as object), paceMs: 1_000 }]] });
      at.count(30);
      at.ring();
      yield* TestClock.adjust(500);
      at.stage.tell({ type: "NoteConsent", userId: dana, granted: false }, "taken-back");
      yield* TestClock.adjust(MINUTE);
      expect(at.summaries()).toEqual([]);
      expect(at.stage.only("ModelRepliedBehind")).toMatchObject({ tokensIn: 10, tokensOut: 5, microUsd: 15 });
      expect(at.stage.ledger.state.day.agent).toEqual({ tokens: 15, microUsd: 15, unpriced: 0 });
    }),
  );

  it.effect("that no ceiling allows leaves no trace, and asks nobody", () =>
    Effect.gen(function* () {
      const at = yield* desk({ settings: { budget: { asker: { tokens: 1_000 } } } });
      at.count(30);
      yield* rung(at);
      expect([at.stage.asked, at.stage.happened().includes("ModelAskedBehind")]).toEqual([[], false]);
      expect(at.summaries()).toMatchObject([{ by: "rules" }]);
      expect(at.summaries()[0]).not.toHaveProperty("request");
    }),
  );
});
