/** Tools whose world fails them: what is tried again, what never is, and what the model is told. */
import { describe, expect, it } from "@effect/vitest";
import { Duration, Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { BadInput, Remote, Timeout, TooLarge, type ToolReason } from "#actors/agent/turn/failures.ts";
import type { Replay } from "#actors/agent/turn/ports.ts";
import { agent } from "#events/agent/decide.ts";
import { ToolFailed } from "#events/agent/events.ts";
import { WrongMoment } from "#events/agent/refusals.ts";
import { agentName } from "#events/kit/ids.ts";
import {
  ada,
  assembled,
  call,
  callId,
  created,
  given,
  heard,
  joined,
  replied,
  requested,
  started,
  turnId,
  words,
} from "../support/given.ts";
import { Stage } from "../support/scripted.ts";

const away = new Remote({ detail: "503" });
const slow = new Timeout({ afterMs: 5_000 });

/** A turn with one call of a tool that fails so often before it answers, each time after so long. */
const played = (replay: Replay, reason: ToolReason | "silence", { failures = 99, takesMs = 0 } = {}) =>
  Effect.gen(function* () {
    let tries = 0;
    const stage: Stage = new Stage({
      model: [[{ calls: [["post", {}]] }], [{ says: ["Well."] }]],
      tools: {
        post: {
          replay,
          run: () => {
            tries += 1;
            if (reason === "silence") return Effect.never;
            const answer = tries > failures ? Effect.succeed('"sent"') : Effect.fail(reason);
            return takesMs === 0 ? answer : Effect.delay(answer, takesMs);
          },
        },
      },
    });
    const running = yield* Effect.forkChild(stage.run(stage.hear("one")));
    yield* TestClock.adjust(Duration.minutes(3));
    yield* Fiber.join(running);
    const outcomes = stage.happened().filter((type) => /^Tool(Executed|Failed|OutcomeUnknown)$/.test(type));
    const signs = stage.signs.flatMap((sign) => (sign.event === "tool_execution" ? [sign.status] : []));
    return { stage, outcomes, signs, keys: stage.ran.map(([, , key]) => key) };
  });

describe.each(["pure", "idempotent"] as const)("a tool that is %s", (replay) => {
  it.effect.each([away, slow])("is tried three times under one key when it fails with $_tag", (reason) =>
    Effect.gen(function* () {
      const { outcomes, keys, signs } = yield* played(replay, reason, { failures: 2 });
      expect(outcomes).toEqual(["ToolExecuted"]);
      expect(keys).toHaveLength(3);
      expect(new Set(keys).size).toBe(1);
      expect(signs).toEqual(["running", "success"]);
    }),
  );

  it.effect("has failed after the third time", () =>
    Effect.gen(function* () {
      const { stage, outcomes, keys } = yield* played(replay, away);
      expect([outcomes, keys.length]).toEqual([["ToolFailed"], 3]);
      expect(stage.only("ToolFailed").reason).toBe("Remote");
    }),
  );

  it.effect("is not tried again when the model's own words were wrong", () =>
    Effect.gen(function* () {
      expect((yield* played(replay, new BadInput({ detail: "no" }))).keys).toHaveLength(1);
    }),
  );

  it.effect("has half a minute for all its tries", () =>
    Effect.gen(function* () {
      const { stage, keys } = yield* played(replay, away, { takesMs: 20_000 });
      expect(keys).toHaveLength(2);
      expect(stage.only("ToolFailed")).toMatchObject({ reason: "Timeout", ms: 30_000 });
    }),
  );
});

describe("[T2] a tool that must not run twice", () => {
  it.effect.each([away, slow, new TooLarge({ bytes: 99_999 }), "silence"] as const)(
    "is tried once, and its outcome is unknown, when it ends in %s",
    (reason) =>
      Effect.gen(function* () {
        const { stage, outcomes, keys, signs } = yield* played("once", reason);
        expect([outcomes, keys.length]).toEqual([["ToolOutcomeUnknown"], 1]);
        expect(signs).toEqual(["running", "unknown"]);
        expect(stage.asked[1]?.messages.at(-1)).toMatchObject({
          results: [{ output: expect.stringContaining("may have happened") }],
        });
        const { callId, tool } = stage.only("ToolOutcomeUnknown");
        expect(stage.posted.map(({ unknown }) => unknown)).toEqual([[{ callId, tool }]]);
      }),
  );

  it.effect("has failed when it was not understood: nothing has happened", () =>
    Effect.gen(function* () {
      const { stage, outcomes, keys } = yield* played("once", new BadInput({ detail: "no" }));
      expect([outcomes, keys.length]).toEqual([["ToolFailed"], 1]);
      expect(stage.posted.map(({ unknown }) => unknown)).toEqual([[]]);
    }),
  );

  describe("that ran out of its time", () => {
    const before = [created, joined, heard("one"), started("one"), assembled("one")];
    const failed = { kind: "failed", reason: "Timeout", words: words({ detail: "" }) } as const;
    const settled = (replay: Replay) =>
      given(agent, ...before, replied("one", { calls: [call("a")] }), requested("one", "a", replay)).when({
        ...{ type: "SettleTool", turnId: turnId("one"), attempt: 1, callId: callId("a"), ms: 1, outcome: failed },
      });

    it("cannot be recorded as failed", () => settled("once").refused(WrongMoment));

    it("unlike one that may run again", () => {
      const open = { turnId: turnId("one"), callId: callId("a"), tool: "clock", ms: 1, reason: "Timeout" } as const;
      settled("pure").then(ToolFailed(open, agentName(ada), failed.words));
    });
  });
});
