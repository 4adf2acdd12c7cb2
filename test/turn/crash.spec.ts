/** The crash ladder (house.md II.9): a turn that dies at any of its commits, once or twice, comes to the same end. */
import { describe, expect, it } from "@effect/vitest";
import { Cause, Clock, Duration, Effect, Exit, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { RateLimited, Unauthorized } from "#actors/agent/turn/failures.ts";
import type { Replay } from "#actors/agent/turn/ports.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import { agentName } from "#events/kit/ids.ts";
import { ada, turnId } from "../support/given.ts";
import { metaFor } from "../support/ledger-fixture.ts";
import { type Death, Killed, type Script, Stage } from "../support/scripted.ts";

const id = turnId("one");

/** A turn to be played: who else is in it, and when they do what. */
interface Play {
  readonly stage: () => Stage;
  /** Somebody stops it as soon as this was shown in the life that goes on. */
  readonly stopsAt?: string;
}

/** A turn with everything in it: two tools in one round, another in the next, a memory, a reply. */
const full = (replay: Replay): Play => {
  const script: Script = {
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
  };
  return { stage: () => new Stage(script) };
};

/** Time between the end of a process and the next one's beginning. */
const NIGHT = Duration.seconds(5);
const LONGEST_LIFE = 300;

/** Plays a turn that dies these deaths, one after the other; the last life is a long one. */
const lived = (play: Play, ...deaths: ReadonlyArray<Death>) =>
  Effect.gen(function* () {
    const stage = play.stage();
    stage.restart(deaths[0]);
    stage.hear("one");
    let died = (yield* life(stage, play, stage.run(id))) ? 1 : 0;
    for (const [index] of deaths.entries()) {
      stage.restart(deaths[index + 1]);
      yield* TestClock.adjust(NIGHT);
      died += (yield* life(stage, play)) ? 1 : 0;
    }
    return { stage, died };
  });

/** One life of a process, as an actor leads it: to the end of the turn, or its own. Answers whether it died. */
const life = Effect.fnUntraced(function* (stage: Stage, { stopsAt }: Play, first?: Effect.Effect<void, unknown>) {
  const born = stage.signs.length;
  const isStopped = () =>
    stopsAt !== undefined &&
    stage.ledger.state.turns[id]?.interrupted === null &&
    stage.signs.slice(born).some((sign) => sign.event === "agent_message" && sign.delta === stopsAt);
  let next = first;
  for (;;) {
    const turn = stage.ledger.state.turns[id];
    if (turn === undefined) return false;
    const now = yield* Clock.currentTimeMillis;
    if (turn.delayedUntil !== null) yield* TestClock.setTime(Math.max(turn.delayedUntil, now));
    stage.now = Math.floor(now);
    next = turn.delayedUntil === null ? (next ?? stage.resume(id)) : stage.ring(id);
    const fiber = yield* Effect.forkChild(Effect.exit(next));
    next = stage.run(id);
    yield* passing(() => fiber.pollUnsafe() !== undefined || isStopped());
    if (isStopped()) {
      const stopping = yield* Effect.exit(stage.stop(id));
      yield* Fiber.interrupt(fiber);
      if (killed(stopping)) return true;
    } else if (killed(yield* Fiber.join(fiber))) return true;
  }
});

/** Time passes, second by second, until something is so. */
const passing = Effect.fnUntraced(function* (isSo: () => boolean) {
  yield* TestClock.adjust(0);
  for (let second = 0; !isSo(); second++) {
    expect(second).toBeLessThan(LONGEST_LIFE);
    yield* TestClock.adjust(Duration.seconds(1));
  }
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
  expect(stage.words("MemoryFormed")).toHaveLength(2); // what was drawn, and the reply itself
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
  const undisturbed = Effect.map(lived(full(replay)), ({ stage }) => {
    expectWhole(stage, replay);
    return { ladder: rungs(stage.commits), happened: lasting(stage) };
  });

  it.effect("that dies once, before or after any commit, ends the same", () =>
    Effect.gen(function* () {
      const { ladder, happened } = yield* undisturbed;
      expect(ladder.length).toBeGreaterThan(20);
      for (const death of ladder) {
        const { stage, died } = yield* lived(full(replay), death);
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
        // Where nothing can run twice too often, a first death right after a commit is tried as one right before the next.
        const firsts = replay === "once" ? ladder : ladder.filter(({ when }) => when === "before");
        for (const first of firsts)
          for (const second of ladder) {
            const { stage, died } = yield* lived(full(replay), first, second);
            expectWhole(stage, replay);
            if (died < 2) break; // the second life was shorter than that
          }
      }),
    60_000, // more than a thousand lives
  );
});

describe("[T2] a tool that must not run twice", () => {
  const outcome = (when: Death["when"], commit: number) =>
    Effect.map(lived(full("once"), { commit, when }), ({ stage }) => ({
      ran: stage.ran.filter(([tool]) => tool === "stamp").length,
      happened: stage.happened().filter((type) => type.startsWith("Tool")),
      told: stage.asked.at(-1)?.messages.flatMap((message) => (message.role === "tool" ? message.results : [])),
    }));

  it.effect("has an unknown outcome when the process died between intent and outcome, and the model is told", () =>
    Effect.gen(function* () {
      const { happened, told } = yield* outcome("after", 4); // both intents are written, nothing has run
      expect(happened.filter((type) => type === "ToolOutcomeUnknown")).toHaveLength(2);
      expect(told?.filter(({ output }) => /may have happened/.test(output))).toHaveLength(2);
    }),
  );

  it.effect("has run, and is not run again, when the process died before its outcome was written", () =>
    Effect.gen(function* () {
      const { ran, happened } = yield* outcome("before", 5); // both intents are written and both have run
      expect(ran).toBe(2);
      expect(happened.filter((type) => type === "ToolOutcomeUnknown")).toHaveLength(2);
    }),
  );
});

describe("an idempotent tool", () => {
  it.effect("runs again under the same key", () =>
    Effect.gen(function* () {
      const { stage } = yield* lived(full("idempotent"), { commit: 5, when: "before" });
      const keys = stage.ran.flatMap(([tool, , key]) => (tool === "stamp" ? [key] : []));
      expect(keys).toHaveLength(4);
      expect(new Set(keys).size).toBe(2);
    }),
  );
});

const says = ["Here I am."];
const standIn = { provider: "openai", model: "other" };

/** A provider that wants to be left alone until the turn's timer has rung. */
const delayed: Play = {
  stage: () => {
    const stage: Stage = new Stage({
      model: [
        [
          () =>
            stage.happened().includes("TurnContinued")
              ? { says }
              : { fails: new RateLimited({ retryAfterMs: 25_000 }) },
        ],
      ],
    });
    return stage;
  },
};

/** A chosen model that cannot be had, and one in its place. */
const replaced: Play = {
  stage: () => {
    const stage: Stage = new Stage({
      model: [[() => (stage.models.at(-1) === "openai/other" ? { says } : { fails: new Unauthorized() })]],
      settings: { fallbacks: [standIn] },
    });
    return stage;
  },
};

/** Somebody stops it in its second round, when a sentence of that was shown. */
const stopped: Play = {
  stopsAt: "First. ",
  stage: () =>
    new Stage({
      model: [
        [{ says: ["Let me see."], calls: [["stamp", {}]] }],
        [{ says: ["First. ", "Second. ", "Third."], paceMs: 2_000 }],
      ],
      tools: { stamp: { replay: "once", run: () => Effect.succeed("stamped") } },
    }),
};

/** The content rules keep back what is said in its first round, each time it is asked for another reason. */
const withheld: Play = {
  stage: () =>
    new Stage({
      model: [
        [
          { says: ["Alpha. "], calls: [["stamp", {}]] },
          { says: ["Beta. "], calls: [["stamp", {}]] },
          { says: ["Gamma. "], calls: [["stamp", {}]] },
        ],
        [{ says: ["Harmless."] }],
      ],
      tools: { stamp: { replay: "idempotent", run: () => Effect.succeed("stamped") } },
      flags: (text) => ["Alpha", "Beta", "Gamma"].filter((word) => text.includes(word)),
    }),
};

const count = (stage: Stage, type: AgentEvent["type"]): number =>
  stage.happened().filter((other) => other === type).length;

describe.each<[string, Play, (stage: Stage) => void]>([
  [
    "that waits for a timer",
    delayed,
    (stage) => {
      expect([count(stage, "TurnDelayed"), count(stage, "TurnContinued")]).toEqual([1, 1]);
      expect(stage.posted).toMatchObject([{ text: "Here I am.", notice: false, stopped: false }]);
      expect(stage.happened().at(-1)).toBe("TurnCompleted");
    },
  ],
  [
    "that a stand-in answers",
    replaced,
    (stage) => {
      expect([count(stage, "ModelFailed"), count(stage, "ModelReplied")]).toEqual([1, 1]);
      expect(stage.posted).toMatchObject([{ text: "Here I am.", notice: false, stopped: false }]);
      expect(stage.happened().at(-1)).toBe("TurnCompleted");
    },
  ],
  [
    "that somebody stops",
    stopped,
    (stage) => {
      expect([count(stage, "TurnInterrupted"), count(stage, "ModelReplied")]).toEqual([1, 1]);
      expect(stage.ran.length).toBeLessThanOrEqual(1); // [T2]
      // What was shown of a reply that is not on record is only known to the process that showed it.
      expect(stage.posted).toMatchObject([
        { text: expect.stringMatching(/^Let me see\.(\n\nFirst\.)?$/), stopped: true },
      ]);
      expect(stage.happened().at(-1)).toBe("TurnStopped");
    },
  ],
  [
    "that the content rules keep back",
    withheld,
    (stage) => {
      expect([count(stage, "ReplyWithheld"), count(stage, "ModelReplied")]).toEqual([1, 2]);
      expect(stage.posted).toMatchObject([{ text: expect.stringContaining("content rules"), notice: true }]);
      expect(stage.only("TurnFailed").reason).toBe("Withheld");
      expect(stage.signs.filter(({ event }) => event === "agent_message")).toEqual([]);
    },
  ],
])("a turn %s", (_what, play, expectEnd) => {
  const whole = (stage: Stage) => {
    expectEnd(stage);
    expect(stage.ledger.verify()).toEqual({ intact: true, head: stage.ledger.head });
    expect(stage.ledger.state.turns).toEqual({});
  };

  it.effect(
    "that dies once or twice, before or after any commits, ends the same",
    () =>
      Effect.gen(function* () {
        const undisturbed = (yield* lived(play)).stage;
        whole(undisturbed);
        const ladder = rungs(undisturbed.commits);
        expect(ladder.length).toBeGreaterThan(14);
        for (const first of ladder) {
          const { stage, died } = yield* lived(play, first);
          expect(died).toBe(1);
          whole(stage);
          for (const second of ladder) {
            const twice = yield* lived(play, first, second);
            whole(twice.stage);
            if (twice.died < 2) break;
          }
        }
      }),
    60_000, // some hundred lives
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
      const { stage } = yield* lived(full("once"), ...never);
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
