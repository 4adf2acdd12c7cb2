/** What a turn does besides asking one model: long waits, stand-ins, the cheap model, ceilings, and being stopped. */
import { describe, expect, it } from "@effect/vitest";
import { Duration, Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { Overloaded, RateLimited, Refused, Unauthorized } from "#actors/agent/turn/failures.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import { lobby, turnId } from "../support/given.ts";
import { type Answer, type Script, Stage } from "../support/scripted.ts";

const id = turnId("one");
const prose = { says: ["Here I am."] };
const standIn = { provider: "openai", model: "other" };
const busy = (retryAfterMs: number): Answer => ({ fails: new RateLimited({ retryAfterMs }) });

/** Begins a turn; `model` are the answers to its first round's requests. */
const begun = (model: ReadonlyArray<Answer>, script: Partial<Script> = {}, text?: string) =>
  Effect.gen(function* () {
    const stage = new Stage({ model: [model], ...script });
    const fiber = yield* Effect.forkChild(stage.run(stage.hear("one", text)));
    yield* TestClock.adjust(0);
    return { stage, fiber };
  });

const ended = (...[model, script, text]: Parameters<typeof begun>) =>
  Effect.gen(function* () {
    const { stage, fiber } = yield* begun(model, script, text);
    yield* TestClock.adjust(Duration.minutes(3));
    yield* Fiber.join(fiber);
    return stage;
  });

const opens = <T extends AgentEvent["type"]>(stage: Stage, type: T) =>
  stage.events().flatMap((event) => (event.type === type ? [event.open as Record<string, unknown>] : []));

describe("a provider that wants to be left alone", () => {
  it.effect("for more than ten seconds is waited for by a timer, not by a fiber", () =>
    Effect.gen(function* () {
      const { stage, fiber } = yield* begun([busy(20_000), prose]);
      yield* Fiber.join(fiber); // it has ended, and the turn has not
      expect(stage.happened().at(-1)).toBe("TurnDelayed");
      const { until } = stage.only("TurnDelayed");
      expect(until).toBe(20_000);
      expect(stage.ledger.state.turns[id]?.delayedUntil).toBe(until);
      yield* TestClock.adjust(Duration.seconds(20));
      stage.now = 20_000;
      stage.tell({ type: "ContinueTurn", turnId: id });
      yield* stage.run(id);
      expect(stage.posted).toMatchObject([{ text: "Here I am." }]);
      expect(stage.asked).toHaveLength(2);
    }),
  );

  it.effect("for longer than half a minute is not waited for: the people are told when to come back", () =>
    Effect.gen(function* () {
      const stage = yield* ended([busy(3_600_000)]);
      expect(stage.asked).toHaveLength(1);
      expect(stage.posted[0]?.text).toBe("The model provider asks me to slow down. Please try again in 60 minutes.");
    }),
  );
});

describe("time in which nobody was there", () => {
  it.effect("is not the provider's: a turn that slept for a minute asks again", () =>
    Effect.gen(function* () {
      const { stage, fiber } = yield* begun(["silence", prose]);
      yield* Fiber.interrupt(fiber); // the process is gone
      stage.restart();
      yield* TestClock.adjust(Duration.minutes(1));
      stage.now = 60_000;
      const again = yield* Effect.forkChild(stage.resume(id));
      yield* TestClock.adjust(Duration.seconds(1));
      yield* Fiber.join(again);
      expect(stage.posted).toMatchObject([{ text: "Here I am.", notice: false }]);
    }),
  );

  it.effect("does not make a late timer an early end", () =>
    Effect.gen(function* () {
      const { stage, fiber } = yield* begun([busy(20_000), prose]);
      yield* Fiber.join(fiber);
      yield* TestClock.adjust(Duration.minutes(5));
      stage.now = 300_000;
      stage.tell({ type: "ContinueTurn", turnId: id });
      const again = yield* Effect.forkChild(stage.run(id));
      yield* TestClock.adjust(Duration.seconds(1));
      yield* Fiber.join(again);
      expect(stage.posted).toMatchObject([{ text: "Here I am." }]);
    }),
  );
});

describe("a stand-in that the owner named", () => {
  const fallbacks = [standIn];

  it.effect("answers when the chosen model cannot, and the log says which one did and why", () =>
    Effect.gen(function* () {
      const stage = yield* ended([{ fails: new Unauthorized() }, prose], { settings: { fallbacks } });
      expect(stage.models).toEqual(["anthropic/claude-sonnet-4-5", "openai/other"]);
      expect(opens(stage, "ModelAsked")).toMatchObject([{ why: "chosen" }, { why: "fallback", ...standIn }]);
      expect(opens(stage, "ModelReplied")).toMatchObject([{ provider: "demo", model: "demo-1" }]);
      expect(stage.posted).toMatchObject([{ text: "Here I am.", notice: false }]);
    }),
  );

  it.effect("goes on with the turn that it has begun", () =>
    Effect.gen(function* () {
      const call: Answer = { calls: [["clock", {}]] };
      const stage = yield* ended([{ fails: new Unauthorized() }, call], {
        model: [[{ fails: new Unauthorized() }, call], [prose]],
        tools: { clock: { replay: "pure", run: () => Effect.succeed("noon") } },
        settings: { fallbacks },
      });
      expect(stage.models).toEqual(["anthropic/claude-sonnet-4-5", "openai/other", "openai/other"]);
    }),
  );

  it.effect("is not asked what the chosen model refused to answer", () =>
    Effect.gen(function* () {
      const stage = yield* ended([{ fails: new Refused() }], { settings: { fallbacks } });
      expect(stage.models).toHaveLength(1);
      expect(stage.only("TurnFailed").reason).toBe("Refused");
    }),
  );
});

describe("a breaker", () => {
  it.effect("that opened is open after a restart, and the next turn is told so at once", () =>
    Effect.gen(function* () {
      const stage = new Stage({ model: [[{ fails: new Overloaded({}) }]] });
      const play = Effect.fnUntraced(function* (label: string) {
        const fiber = yield* Effect.forkChild(stage.run(stage.hear(label)));
        yield* TestClock.adjust(Duration.seconds(11));
        yield* Fiber.join(fiber);
      });
      yield* play("one"); // four requests
      yield* play("two"); // the fifth opens it
      expect(stage.asked).toHaveLength(5);
      stage.restart();
      yield* play("three");
      expect(stage.asked).toHaveLength(5);
      expect(stage.posted.at(-1)?.text).toMatch(
        /^The model provider has been failing, so I am not asking it for now. Please try again in \d+ seconds.$/,
      );
      yield* TestClock.adjust(Duration.seconds(30));
      yield* play("four"); // one probe
      expect(stage.asked).toHaveLength(6);
    }),
  );
});

describe("the cheap model for simple messages", () => {
  const settings = { simpleModel: { provider: "anthropic", model: "small" } };

  it.effect("answers a short message, and the owner's choice a long one", () =>
    Effect.gen(function* () {
      const short = yield* ended([prose], { settings });
      expect(short.models).toEqual(["anthropic/small"]);
      expect(opens(short, "ModelAsked")).toMatchObject([{ why: "simple" }]);
      const long = yield* ended([prose], { settings }, `Ada, ${"what do you think? ".repeat(20)}`);
      expect(long.models).toEqual(["anthropic/claude-sonnet-4-5"]);
    }),
  );

  it.effect("has the owner's choice behind it", () =>
    Effect.gen(function* () {
      const stage = yield* ended([{ fails: new Unauthorized() }, prose], { settings });
      expect(stage.models).toEqual(["anthropic/small", "anthropic/claude-sonnet-4-5"]);
    }),
  );
});

describe("a ceiling", () => {
  it.effect("that one answer would break ends the turn before anybody is asked, in one honest sentence", () =>
    Effect.gen(function* () {
      const stage = yield* ended([prose], { settings: { budget: { turn: { tokens: 500 } } } });
      expect(stage.asked).toEqual([]);
      expect(stage.only("ModelGaveUp")).toMatchObject({ reason: "TurnBudget", tried: 0 });
      expect(stage.posted).toMatchObject([
        { text: "Answering this might cost more than one answer may.", notice: true },
      ]);
    }),
  );

  it.effect("counts requests that failed", () =>
    Effect.gen(function* () {
      const stage = yield* ended([{ fails: new Overloaded({}) }], {
        settings: { budget: { turn: { tokens: 2_500 } } },
      });
      expect(stage.asked).toHaveLength(2);
      expect(stage.only("TurnFailed").reason).toBe("TurnBudget");
    }),
  );
});

describe("a reply that a provider's moderation flags", () => {
  const says = ["All is well. ", "Harm them. ", "And so on."];
  const shown = (stage: Stage) => stage.signs.flatMap((sign) => ("delta" in sign ? [sign.delta ?? ""] : [])).join("");

  it.effect("is not shown from there on, and that is on record at once", () =>
    Effect.gen(function* () {
      const stage = yield* ended([{ says }], { flags: (text) => (text.includes("Harm") ? ["violence"] : []) });
      expect(shown(stage)).toBe("All is well. ");
      expect(stage.only("ReplyWithheld").rules).toEqual(["moderation/violence"]);
      expect(stage.happened().indexOf("ReplyWithheld")).toBeLessThan(stage.happened().indexOf("ModelReplied"));
      expect(stage.posted).toMatchObject([{ notice: true }]);
      expect(stage.only("TurnFailed").reason).toBe("Withheld");
    }),
  );

  it.effect("is not shown at all when the moderation does not answer", () =>
    Effect.gen(function* () {
      const stage = yield* ended([{ says }], { flags: "broken" });
      expect(shown(stage)).toBe("");
      expect(stage.only("ReplyWithheld").rules).toEqual(["moderation-unavailable"]);
      expect(stage.posted).toMatchObject([{ notice: true }]);
    }),
  );
});

describe("a turn that is stopped", () => {
  const slowly: Answer = { says: ["First. ", "Second. ", "Third."], paceMs: 1_000 };
  const stop = (stage: Stage) => stage.tell({ type: "StopTurn", roomId: lobby });

  it.effect("in mid-reply keeps what people have heard, and marks it", () =>
    Effect.gen(function* () {
      const { stage, fiber } = yield* begun([slowly]);
      yield* TestClock.adjust(Duration.millis(2_500));
      stop(stage);
      yield* Fiber.interrupt(fiber);
      yield* stage.run(id);
      expect(stage.posted).toMatchObject([{ text: "First. Second.", stopped: true, notice: false }]);
      expect(stage.happened().slice(-3)).toEqual(["ReplyPosted", "MemoryFormed", "TurnStopped"]);
      expect(stage.happened()).not.toContain("ModelReplied");
    }),
  );

  it.effect("before its first sentence ends without a word", () =>
    Effect.gen(function* () {
      const { stage, fiber } = yield* begun([slowly]);
      stop(stage);
      yield* Fiber.interrupt(fiber);
      yield* stage.run(id);
      expect(stage.posted).toEqual([]);
      expect(stage.happened().slice(-2)).toEqual(["TurnInterrupted", "TurnStopped"]);
    }),
  );

  it.effect("while a timer holds it does not wait for the timer", () =>
    Effect.gen(function* () {
      const { stage, fiber } = yield* begun([busy(20_000)]);
      yield* Fiber.join(fiber);
      stop(stage);
      yield* stage.run(id);
      expect(stage.happened().at(-1)).toBe("TurnStopped");
    }),
  );

  it.effect("cannot say more, whatever an old fiber still does", () =>
    Effect.gen(function* () {
      const { stage, fiber } = yield* begun([slowly]);
      yield* TestClock.adjust(Duration.millis(1_500));
      stop(stage);
      yield* TestClock.adjust(Duration.seconds(10)); // nobody interrupted the fiber
      expect((yield* Effect.exit(Fiber.join(fiber)))._tag).toBe("Failure");
      expect(stage.happened()).not.toContain("ModelReplied");
      expect(stage.posted).toEqual([]);
    }),
  );
});
