/** Summaries of long rooms over a real ledger, with the model scripted: when one is made, of what, by whom, and how often. */
import { describe, expect, it } from "@effect/vitest";
import { Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { toSummarize } from "#actors/agent/summary-span.ts";
import { type ModelReason, Overloaded, Refused, Unauthorized } from "#actors/agent/turn/failures.ts";
import { Erased } from "#events/kit/envelope.ts";
import { agentName, userName } from "#events/kit/ids.ts";
import { desk, MINUTE, rung, written } from "../support/desk.ts";
import { ada, dana, lobby, roomId } from "../support/given.ts";
import type { GivenAnswer } from "../support/scripted.ts";

const failing = (reason: ModelReason): GivenAnswer => ({ fails: reason });

describe("a room", () => {
  it.effect("gets its timer with the thirtieth message, and no later message moves it on", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      at.count(29);
      expect(at.due).toBeUndefined();
      at.count(1);
      expect(at.due).toBe(3_000);
      at.ring(2_999);
      expect(at.stage.asked).toEqual([]);
      at.stage.now = 1_000_000;
      at.count(5);
      expect(at.due).toBe(3_000);
    }),
  );

  it.effect("counts what the agent itself says", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      at.count(28);
      const turn = yield* Effect.forkChild(at.stage.run(at.stage.hear("one")));
      yield* TestClock.adjust(MINUTE);
      yield* Fiber.join(turn);
      expect(at.due).toBeDefined();
    }),
  );

  it.effect("that the agent has left needs none", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      at.count(30);
      at.stage.tell({ type: "LeaveRoom", roomId: lobby });
      yield* rung(at);
      expect([at.due, at.stage.asked]).toEqual([undefined, []]);
    }),
  );
});

describe("a summary", () => {
  it.effect("covers all but the ten newest messages, and names what it covers, who wrote it and what it cost", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      at.count(30);
      const seqs = at.said();
      yield* rung(at);
      expect(at.summaries()).toEqual([
        {
          ...{ roomId: lobby, fromSeq: seqs[0], toSeq: seqs[19], messages: 20, by: "anthropic/claude-really" },
          ...{ tokensIn: 10, tokensOut: 5, microUsd: 15, about: [dana], text: "Dana counts." },
          request: at.stage.only("ModelAskedBehind").request,
        },
      ]);
      expect(at.stage.ledger.state.rooms[lobby]).toMatchObject({ unsummarized: 10 });
      expect(at.due).toBeUndefined();
      at.stage.shred(agentName(ada));
      expect(at.stage.words("RoomSummarized")).toEqual([Erased]);
    }),
  );

  it.effect("takes the place of the one before it, which its writer is shown with what was said since", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      at.count(30);
      yield* rung(at);
      at.count(20);
      yield* rung(at);
      const [first, second] = at.summaries();
      expect(second!.fromSeq).toBeGreaterThan(first!.toSeq);
      const [prompt] = at.stage.asked.slice(1);
      const [shown] = prompt!.messages as ReadonlyArray<{ readonly text: string }>;
      expect(shown!.text).toMatch(/^# The notes so far\n\[.+\]\n {2}Dana counts\.\n# Said since\nDana: Number 21\.\n/);
      expect(shown!.text).toContain("Number 40.");
      expect(shown!.text).not.toMatch(/Number (20|41)\./);
      expect(prompt!.system).toContain("You keep the notes of a chat room for Ada");
      expect(prompt!.tools).toEqual([]);
    }),
  );

  it.effect("is made once, however often and late the alarm rings, also while it is being made", () =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[{ ...(written as object), paceMs: 1_000 }]] });
      at.count(30);
      at.ring();
      at.ring(at.stage.now + 1);
      at.ring();
      yield* rung(at);
      at.ring(at.stage.now + MINUTE);
      expect(at.stage.asked).toHaveLength(1);
      expect(at.summaries()).toHaveLength(1);
    }),
  );

  it.effect.each(["before", "after"] as const)("is made once, though the process died %s it was recorded", (when) =>
    Effect.gen(function* () {
      const at = yield* desk();
      at.count(30);
      at.stage.restart({ commit: 3, when });
      at.stage.along = () => {};
      yield* rung(at);
      at.wake();
      expect(at.due).toBe(at.stage.now + MINUTE);
      yield* rung(at);
      expect(at.summaries()).toHaveLength(1);
      expect(at.stage.asked).toHaveLength(when === "before" ? 2 : 1);
      expect(at.due).toBeUndefined();
    }),
  );

  it.effect("counts a reply where it was drafted, also when somebody spoke before it was posted", () =>
    Effect.gen(function* () {
      const at = yield* desk({ roomFails: 1 });
      at.count(18);
      const turn = yield* Effect.forkChild(at.stage.run(at.stage.hear("one")));
      yield* TestClock.adjust(0);
      at.stage.hear("between", "By the way.", { addressed: null });
      yield* TestClock.adjust(MINUTE);
      yield* Fiber.join(turn);
      at.count(9);
      expect(toSummarize(at.stage.ledger, lobby).map(({ seq }) => seq)).toEqual(at.said().slice(0, 20));
    }),
  );

  it.effect("of a room that is far behind follows upon summary, until every message but ten is covered", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      at.count(120);
      const turn = yield* Effect.forkChild(at.stage.run(at.stage.hear("one")));
      yield* TestClock.adjust(MINUTE);
      yield* Fiber.join(turn);
      at.stage.hear("attic", "Elsewhere.", { addressed: null, roomId: roomId("attic") });
      at.count(1_128);
      while (at.due !== undefined) yield* rung(at);
      const made = at.summaries();
      expect(made.map(({ messages }) => messages)).toEqual([1_000, 240]);
      const seqs = at.said();
      expect(seqs).toHaveLength(1_250);
      expect(made.map(({ fromSeq, toSeq }) => [seqs.indexOf(fromSeq), seqs.indexOf(toSeq)])).toEqual([
        [0, 999],
        [1_000, 1_239],
      ]);
      expect(at.stage.ledger.state.rooms[lobby]?.unsummarized).toBe(10);
    }),
  );

  it.effect("holds nothing of what was heard before the agent last left", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      at.count(50);
      at.stage.tell({ type: "LeaveRoom", roomId: lobby });
      at.stage.tell({ type: "JoinRoom", roomId: lobby, kind: "public" });
      at.count(60);
      const seqs = at.said().slice(50);
      expect(toSummarize(at.stage.ledger, lobby).map(({ seq }) => seq)).toEqual(seqs.slice(0, 50));
    }),
  );

  it.effect("takes no more than 24 000 tokens at once", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      for (let n = 0; n < 30; n++) at.hear(`long-${n}`, "x".repeat(10_000));
      yield* rung(at);
      expect(at.summaries()).toMatchObject([{ messages: 9 }]);
    }),
  );
});

describe("where no model writes", () => {
  const byRules = { by: "rules", microUsd: 0, text: expect.stringMatching(/^Dana: Number 1\.\nDana: Number 2\.\n/) };

  it.effect("because the stand-in answers, rules do", () =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[{ says: ["I am the demo."] }]] });
      at.count(30);
      yield* rung(at);
      expect(at.summaries()).toMatchObject([byRules]);
    }),
  );

  it.effect("because the agent is switched off or may not spend any more, rules do, and nobody is asked", () =>
    Effect.gen(function* () {
      const off = yield* desk();
      off.stage.tell({ type: "SetActive", active: false });
      const poor = yield* desk({ settings: { budget: { room: { tokens: 1_000 } } } });
      for (const at of [off, poor]) {
        at.count(30);
        yield* rung(at);
        expect(at.summaries()).toMatchObject([byRules]);
        expect(at.stage.asked).toEqual([]);
      }
    }),
  );

  it.effect("because it has nothing to say, rules do, and its cost is counted", () =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[{ ...(written as object), says: [" "] }]] });
      at.count(30);
      yield* rung(at);
      expect(at.summaries()).toMatchObject([{ ...byRules, microUsd: 15, tokensIn: 10 }]);
    }),
  );

  it.effect.each<[ModelReason]>([[new Refused({})], [new Unauthorized({})]])(
    "because of %s, rules do at once",
    ([reason]) =>
      Effect.gen(function* () {
        const at = yield* desk({ model: [[failing(reason)]] });
        at.count(30);
        yield* rung(at);
        expect(at.summaries()).toMatchObject([byRules]);
      }),
  );

  it.effect.each<[string, GivenAnswer]>([
    ["is overloaded", failing(new Overloaded({}))],
    ["never ends", "silence"],
  ])("because it %s, it is asked once more a minute later, then rules do", ([_how, answer]) =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[answer]] });
      at.count(30);
      yield* rung(at);
      expect(at.summaries()).toEqual([]);
      expect(at.due).toBe(at.stage.now + MINUTE);
      yield* rung(at);
      expect(at.stage.asked).toHaveLength(2);
      expect(at.summaries()).toMatchObject([byRules]);
      expect(at.due).toBeUndefined();
      at.stage.now += MINUTE;
      at.count(20);
      yield* rung(at);
      expect([at.stage.asked.length, at.summaries().length]).toEqual([3, 1]); // the next time it gets its minute again
    }),
  );

  it.effect("and messages begin to fall out of prompts, rules do before the minute is over", () =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[failing(new Overloaded({}))]] });
      at.count(30);
      yield* rung(at);
      at.count(10);
      expect(at.due).toBe(at.stage.now + 3_000);
      yield* rung(at);
      expect(at.stage.asked).toHaveLength(1);
      expect(at.summaries()).toMatchObject([{ ...byRules, messages: 30 }]);
    }),
  );

  it.effect("and messages have fallen out of prompts already, rules do at once", () =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[failing(new Overloaded({}))]] });
      at.count(45);
      yield* rung(at);
      expect(at.summaries()).toMatchObject([{ by: "rules", messages: 35 }]);
    }),
  );

  it.effect("because turns have found it broken a moment ago, it is left alone for a minute", () =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[failing(new Overloaded({}))]] });
      for (const label of ["one", "two"]) {
        const turn = yield* Effect.forkChild(at.stage.run(at.stage.hear(label)));
        yield* TestClock.adjust(11_000);
        yield* Fiber.join(turn);
      }
      const before = at.stage.asked.length;
      at.count(26);
      yield* rung(at);
      expect([at.stage.asked.length - before, at.summaries(), at.due]).toEqual([0, [], at.stage.now + MINUTE]);
    }),
  );

  it.effect("rules do for a minute, whatever comes; then the model is asked again", () =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[failing(new Unauthorized()), written]] });
      at.count(30);
      yield* rung(at);
      at.count(20);
      at.ring();
      expect(at.stage.asked).toHaveLength(1);
      expect(at.due).toBe(3_000 + MINUTE); // the first failure and a minute
      yield* rung(at);
      expect(at.summaries()).toMatchObject([byRules, { by: "anthropic/claude-really" }]);
    }),
  );

  it.effect("because a key is missing, nothing is lost: the alarm rings again in a minute", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      at.count(30);
      at.stage.withhold(userName(dana));
      at.wake();
      yield* rung(at);
      expect([at.summaries(), at.reports.length]).toEqual([[], 1]);
      at.stage.giveBack(userName(dana));
      yield* rung(at);
      expect(at.summaries()).toHaveLength(1);
    }),
  );
});
