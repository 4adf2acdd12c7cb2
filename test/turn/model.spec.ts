/** What a turn does when the model does not: patience on the virtual clock, giving up, and the honest notice that follows. */
import { describe, expect, it } from "@effect/vitest";
import { Duration, Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import {
  Garbled,
  type ModelReason,
  OutOfTokens,
  Overloaded,
  RateLimited,
  Refused,
  Stalled,
  TooLong,
  TooManyCalls,
  Unacceptable,
  Unauthorized,
  Unreachable,
} from "#actors/agent/turn/failures.ts";
import { type Answer, Stage } from "../support/scripted.ts";

const prose = { says: ["Here I am."] };

/** Begins a turn whose model answers so, request after request. */
const begun = (...answers: ReadonlyArray<Answer>) =>
  Effect.gen(function* () {
    const stage = new Stage({ model: [answers] });
    const fiber = yield* Effect.forkChild(stage.run(stage.hear("one")));
    yield* TestClock.adjust(0);
    return { stage, fiber };
  });

const ended = (...answers: ReadonlyArray<Answer>) =>
  Effect.gen(function* () {
    const { stage, fiber } = yield* begun(...answers);
    yield* TestClock.adjust(Duration.minutes(3));
    yield* Fiber.join(fiber);
    return stage;
  });

const given = (reason: ModelReason) => ({ fails: reason });

describe("a model that is overloaded", () => {
  it.effect("is asked again a little later, twice if need be, and nobody sees more than the answer", () =>
    Effect.gen(function* () {
      const { stage, fiber } = yield* begun(given(new Overloaded({})), given(new Overloaded({})), prose);
      expect(stage.asked).toHaveLength(1);
      yield* TestClock.adjust(Duration.millis(120));
      expect(stage.asked).toHaveLength(1);
      yield* TestClock.adjust(Duration.millis(130));
      expect(stage.asked).toHaveLength(2);
      yield* TestClock.adjust(Duration.millis(1_500));
      expect(stage.asked).toHaveLength(3);
      yield* Fiber.join(fiber);
      expect(stage.happened().filter((type) => type.startsWith("Model"))).toEqual([
        ...["ModelAsked", "ModelFailed", "ModelAsked", "ModelFailed", "ModelAsked", "ModelReplied"],
      ]);
      expect(stage.posted).toMatchObject([{ text: "Here I am.", notice: false }]);
      expect(stage.happened().at(-1)).toBe("TurnCompleted");
    }),
  );

  it.effect("is given up on after four requests, and the people are told in one honest sentence", () =>
    Effect.gen(function* () {
      const stage = yield* ended(given(new Overloaded({})));
      expect(stage.asked).toHaveLength(4);
      expect(stage.happened().filter((type) => type === "ModelFailed")).toHaveLength(4);
      expect(stage.happened().slice(-5)).toEqual([
        ...["ModelGaveUp", "ReplyDrafted", "MemoriesConsidered", "ReplyPosted", "TurnFailed"],
      ]);
      expect(stage.only("ModelGaveUp")).toMatchObject({ reason: "Overloaded", round: 1 });
      expect(stage.only("TurnFailed").reason).toBe("Overloaded");
      expect(stage.posted).toMatchObject([{ text: "The model provider is overloaded.", notice: true }]);
    }),
  );

  it.effect("has the number of requests on record", () =>
    Effect.gen(function* () {
      expect((yield* ended(given(new Overloaded({})))).only("ModelGaveUp").tried).toBe(4);
      expect((yield* ended(given(new Refused({})))).only("ModelGaveUp").tried).toBe(1);
    }),
  );

  it.effect("and names a time is not asked before it", () =>
    Effect.gen(function* () {
      const { stage, fiber } = yield* begun(given(new RateLimited({ retryAfterMs: 3_000 })), prose);
      yield* TestClock.adjust(Duration.millis(2_990));
      expect(stage.asked).toHaveLength(1);
      yield* TestClock.adjust(Duration.seconds(2));
      yield* Fiber.join(fiber);
      expect(stage.asked).toHaveLength(2);
    }),
  );

  it.effect("and names a long time is not waited for; the notice passes the time on", () =>
    Effect.gen(function* () {
      const stage = yield* ended(given(new RateLimited({ retryAfterMs: 180_000 })));
      expect(stage.asked).toHaveLength(1);
      expect(stage.only("ModelGaveUp")).toMatchObject({ reason: "RateLimited", retryAfterMs: 180_000 });
      expect(stage.posted[0]?.text).toBe("The model provider asks me to slow down. Please try again in 3 minutes.");
    }),
  );
});

describe("every way a provider can fail", () => {
  const reasons: ReadonlyArray<readonly [ModelReason, requests: number]> = [
    [new RateLimited({}), 4],
    [new Overloaded({}), 4],
    [new Unreachable({}), 4],
    [new Stalled({ silentMs: 30_000 }), 1],
    [new Garbled({ detail: "half", begun: true }), 2],
    [new TooManyCalls({}), 2],
    [new OutOfTokens({}), 1],
    [new Refused({}), 1],
    [new TooLong({}), 1],
    [new Unauthorized({}), 1],
    [new Unacceptable({ detail: "no such model" }), 1],
  ];

  it.effect.each(reasons)("%s is on record by its name, and has a sentence of its own", ([reason, requests]) =>
    Effect.gen(function* () {
      const stage = yield* ended(given(reason));
      expect(stage.asked).toHaveLength(requests);
      expect(stage.only("TurnFailed").reason).toBe(reason._tag);
      expect(stage.posted[0]?.text).toMatch(/^(I|The model|This conversation).{20,}\.$/);
    }),
  );
});

describe("a model that never ends", () => {
  it.effect("is given two minutes where nothing else went wrong, and is not asked again", () =>
    Effect.gen(function* () {
      const { stage, fiber } = yield* begun("silence");
      yield* TestClock.adjust(Duration.seconds(119));
      expect(stage.happened().at(-1)).toBe("ModelAsked");
      yield* TestClock.adjust(Duration.seconds(1));
      yield* Fiber.join(fiber);
      expect(stage.only("TurnFailed").reason).toBe("Stalled");
      expect(stage.asked).toHaveLength(1);
    }),
  );
});

describe("a model that never stops", () => {
  it.effect("is cut off when it says more than it was allowed, however fast it talks", () =>
    Effect.gen(function* () {
      const stage = yield* ended({ says: Array.from({ length: 100 }, () => "word ".repeat(40)) });
      expect(stage.asked).toHaveLength(2);
      expect(stage.only("TurnFailed").reason).toBe("Garbled");
      expect(stage.posted).toMatchObject([{ notice: true }]);
    }),
  );
});

describe("a model that breaks off in mid-sentence", () => {
  it.effect("starts over, and what is posted is the whole answer only", () =>
    Effect.gen(function* () {
      const stage = yield* ended({ fails: new Overloaded({}), after: ["I was about. ", "To say"] }, prose);
      expect(stage.posted).toMatchObject([{ text: "Here I am." }]);
      const phases = stage.signs.flatMap((sign) => (sign.event === "agent_message" ? [[sign.phase, sign.delta]] : []));
      expect(phases).toEqual([
        ["start", undefined],
        ["delta", "I was about. "],
        ["start", undefined],
        ["delta", "Here I am."],
      ]);
    }),
  );
});

describe("a model with nothing to say", () => {
  it.effect.each([[{ says: [] }], [{ says: [" \n "] }]])(
    "%j: the house says so in its place, and the turn has failed",
    ([answer]) =>
      Effect.gen(function* () {
        const stage = yield* ended(answer as Answer);
        expect(stage.posted).toMatchObject([
          { text: "The model came to an end without saying anything.", notice: true },
        ]);
        expect(stage.only("TurnFailed").reason).toBe("Empty");
      }),
  );
});

describe("prose that comes slowly", () => {
  it.effect("is shown by the clause once people have waited for 200 ms", () =>
    Effect.gen(function* () {
      const says = ["First, ", "the clock; ", "then", " the", " rest. ", "Done."];
      const stage = yield* ended({ says, paceMs: 150 });
      const deltas = stage.signs.flatMap((sign) => (sign.event === "agent_message" ? [sign.delta ?? ""] : []));
      expect(deltas.join("")).toBe(says.join(""));
      expect(deltas).toEqual(["", "First, the clock; ", "then the rest. ", "Done."]);
    }),
  );
});
