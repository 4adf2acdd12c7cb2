/** The crash ladder (house.md II.9): a turn that dies at any of its commits, once or twice, comes to the same end. */
import { describe, expect, it } from "@effect/vitest";
import { Cause, Duration, Effect, Exit, Fiber } from "effect";
import { TestClock } from "effect/testing";
import type { Replay } from "#actors/agent/turn/ports.ts";
import { agentName } from "#events/kit/ids.ts";
import { ada, turnId } from "../support/given.ts";
import { metaFor } from "../support/ledger-fixture.ts";
import { type Death, Killed, type Script, Stage } from "../support/scripted.ts";

const id = turnId("one");

/** A turn with everything in it: two tools in one round, another in the next, a memory, a reply. */
const script = (replay: Replay): Script => ({
  model: [
    [
      {
        says: ["Let me see."],
        calls: [
          ["stamp", { n: 1 }],
          ["stamp", { n: 2 }],
        ],
      },
    ],
    [{ calls: [["clock", {}]] }],
    [{ says: ["It is noon."] }],
  ],
  tools: {
    stamp: { replay, run: (input) => Effect.as(Effect.yieldNow, `stamped ${input}`) },
    clock: { replay: "pure", run: () => Effect.succeed("noon") },
  },
  forms: () => [{ kind: "semantic", content: "Dana asked for two stamps.", importance: 0.5, basis: "asked" }],
});

/** Plays a turn that dies these deaths, one after the other; the last life is a long one. */
const lived = (replay: Replay, ...deaths: ReadonlyArray<Death>) =>
  Effect.gen(function* () {
    const stage = new Stage(script(replay));
    stage.restart(deaths[0]);
    stage.hear("one");
    const first = yield* Effect.exit(stage.run(id));
    let died = killed(first) ? 1 : 0;
    for (const [index] of deaths.entries()) {
      stage.restart(deaths[index + 1]);
      died += killed(yield* Effect.exit(stage.resume(id))) ? 1 : 0;
    }
    return { stage, died };
  });

/** True when the process died; any other failure is one of ours. */
const killed = (exit: Exit.Exit<void, unknown>): boolean => {
  if (Exit.isSuccess(exit)) return false;
  expect(Cause.squash(exit.cause)).toBeInstanceOf(Killed);
  return true;
};

const rungs = (length: number): ReadonlyArray<Death> =>
  Array.from({ length }, (_, index) => index + 1).flatMap((commit) => [
    { commit, when: "before" as const },
    { commit, when: "after" as const },
  ]);

/** What happened, in any order, without the resuming itself and what was asked again because of it. */
const lasting = (stage: Stage) =>
  stage
    .happened()
    .filter((type) => type !== "TurnResumed" && type !== "ModelAsked")
    .sort();

/** What must be so after any lives: one reply, everything at most once, a whole chain, the same ending. */
function expectWhole(stage: Stage, replay: Replay): void {
  expect(stage.posted.map(({ text }) => text)).toEqual(["Let me see.\n\nIt is noon."]); // [T1]
  expect(stage.only("ReplyPosted").messageId).toBe(stage.posted[0]?.messageId);
  expect(stage.happened().at(-1)).toBe("TurnCompleted");
  expect(stage.happened().filter((type) => type === "ModelReplied")).toHaveLength(3);
  expect(stage.only("MemoriesConsidered").formed).toBe(1);
  expect(stage.words("MemoryFormed")).toHaveLength(1);
  expect(stage.ledger.verify()).toEqual({ intact: true, head: stage.ledger.head });
  expect(stage.ledger.state.turns).toEqual({});
  const stamps = Map.groupBy(
    stage.ran.filter(([tool]) => tool === "stamp"),
    ([, , key]) => key,
  );
  expect(stamps.size).toBeLessThanOrEqual(2);
  if (replay === "once")
    for (const runs of stamps.values()) expect(runs).toHaveLength(1); // [T2]
  else expect(stamps.size).toBe(2);
}

describe.each(["once", "idempotent"] as const)("a turn with a tool that runs %s", (replay) => {
  /** The turn as it goes when nobody dies: the ladder is as long as its commits. */
  const undisturbed = Effect.map(lived(replay), ({ stage }) => {
    expectWhole(stage, replay);
    return { ladder: rungs(stage.commits), happened: lasting(stage) };
  });

  it.effect("that dies once, before or after any commit, ends the same", () =>
    Effect.gen(function* () {
      const { ladder, happened } = yield* undisturbed;
      expect(ladder.length).toBeGreaterThan(20);
      for (const death of ladder) {
        const { stage, died } = yield* lived(replay, death);
        expect(died).toBe(1);
        expectWhole(stage, replay);
        if (replay === "idempotent") expect(lasting(stage)).toEqual(happened);
      }
    }),
  );

  it.effect(
    "that dies twice, at any two of them, ends the same",
    () =>
      Effect.gen(function* () {
        const { ladder } = yield* undisturbed;
        for (const first of ladder)
          for (const second of ladder) expectWhole((yield* lived(replay, first, second)).stage, replay);
      }),
    60_000, // more than a thousand lives
  );
});

describe("[T2] a tool that must not run twice", () => {
  const outcome = (when: Death["when"], commit: number) =>
    Effect.map(lived("once", { commit, when }), ({ stage }) => ({
      ran: stage.ran.filter(([tool]) => tool === "stamp").length,
      happened: stage.happened().filter((type) => type.startsWith("Tool")),
      told: stage.asked.at(-1)?.messages.flatMap((message) => (message.role === "tool" ? message.results : [])),
    }));

  it.effect("has an unknown outcome when the process died between intent and outcome, and the model is told", () =>
    Effect.gen(function* () {
      const { happened, told } = yield* outcome("after", 4); // one intent is written, nothing has run
      expect(happened.filter((type) => type === "ToolOutcomeUnknown")).toHaveLength(1);
      expect(told?.filter(({ output }) => /may have happened/.test(output))).toHaveLength(1);
    }),
  );

  it.effect("has run, and is not run again, when the process died before its outcome was written", () =>
    Effect.gen(function* () {
      const { ran, happened } = yield* outcome("before", 6); // both intents are written and both have run
      expect(ran).toBe(2);
      expect(happened.filter((type) => type === "ToolOutcomeUnknown")).toHaveLength(2);
    }),
  );
});

describe("an idempotent tool", () => {
  it.effect("runs again under the same key", () =>
    Effect.gen(function* () {
      const { stage } = yield* lived("idempotent", { commit: 6, when: "before" });
      const keys = stage.ran.flatMap(([tool, , key]) => (tool === "stamp" ? [key] : []));
      expect(keys).toHaveLength(4);
      expect(new Set(keys).size).toBe(2);
    }),
  );
});

describe("[T5] an attempt that was taken over", () => {
  it.effect("ends when it wants to record something, and the new one is not disturbed by it", () =>
    Effect.gen(function* () {
      const stage = new Stage({ model: [[{ says: ["Slow."], paceMs: 10_000 }]] });
      stage.hear("one");
      const old = yield* Effect.forkChild(Effect.exit(stage.run(id)));
      yield* TestClock.adjust(Duration.seconds(5));
      stage.ledger.commit({ type: "ResumeTurn", meta: metaFor("resume", agentName(ada)), turnId: id });
      const next = yield* Effect.forkChild(Effect.exit(stage.run(id)));
      yield* TestClock.adjust(Duration.seconds(5));
      expect(Exit.isFailure(yield* Fiber.join(old))).toBe(true);
      expect(stage.happened()).not.toContain("ModelReplied");
      yield* TestClock.adjust(Duration.seconds(10));
      expect(Exit.isSuccess(yield* Fiber.join(next))).toBe(true);
      expect(stage.happened().at(-1)).toBe("TurnCompleted");
      expect(stage.posted).toHaveLength(1);
    }),
  );
});

describe("a turn that dies again and again", () => {
  it.effect("[T4] is given up after three attempts that brought nothing new, and people are told", () =>
    Effect.gen(function* () {
      const never = Array.from({ length: 4 }, (): Death => ({ commit: 1, when: "before" }));
      const { stage } = yield* lived("once", ...never);
      expect(stage.happened().slice(0, 7)).toEqual([
        ...[
          "MessageReceived",
          "TurnStarted",
          "TurnResumed",
          "TurnResumed",
          "TurnResumed",
          "ModelGaveUp",
          "TurnResumed",
        ],
      ]);
      expect(stage.only("TurnFailed").reason).toBe("no-progress");
      expect(stage.posted).toMatchObject([{ notice: true, text: expect.stringContaining("could not finish") }]);
    }),
  );
});
