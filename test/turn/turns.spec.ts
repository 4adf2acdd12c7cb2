/** The keeper of an agent's turns, over a real ledger and a clock that only moves when told: who rests, who is given up, who is interrupted. */
import { Effect } from "effect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Turns } from "#actors/agent/turns.ts";
import { Timers } from "#actors/kit/timers.ts";
import { agentName } from "#events/kit/ids.ts";
import { ada, lobby, turnId } from "../support/given.ts";
import { metaFor } from "../support/ledger-fixture.ts";
import { type Script, Stage } from "../support/scripted.ts";

const id = turnId("one");
const HEARTBEAT_MS = 5_000;
const slowly = { says: ["First. ", "Second. ", "Third."], paceMs: 30_000 };
const prose = { says: ["Here I am."] };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Ada with her turns, her heart beating; `fibers` counts how often a turn was given one. */
function alive(script: Script) {
  const stage = new Stage(script);
  const reports: string[] = [];
  let fibers = 0;
  const turns = new Turns({
    state: () => stage.ledger.state,
    timers: new Timers(stage.ledger.tables, { set: () => {} }),
    commit: (command) => stage.ledger.commit(command).outcome === "accepted",
    meta: (command) => metaFor(command, agentName(ada), { at: Date.now() }),
    fork: (program) => {
      fibers += 1;
      return Effect.runFork(stage.perform(program));
    },
    report: (what) => void reports.push(what),
  });
  stage.told = (events) => turns.committed(events);
  setInterval(() => turns.heartbeat(), HEARTBEAT_MS);
  return {
    ...{ stage, turns, reports },
    fibers: () => fibers,
    ask: () => {
      stage.hear("one");
      turns.work();
    },
    pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
  };
}

/** A room that takes longer than a heartbeat to say that it is not there. */
const away = { model: [[prose]], roomFails: Number.POSITIVE_INFINITY, roomTakesMs: 7_000 };

describe("a turn whose room is away", () => {
  it("rests after its retries until the next heartbeat, however long they took", async () => {
    const { stage, ask, pass, fibers } = alive(away);
    ask();
    await pass(37_000); // five posts, with pauses
    expect([stage.posts, fibers()]).toEqual([5, 1]);
    await pass(HEARTBEAT_MS);
    expect(fibers()).toBe(2);
    expect(stage.happened()).not.toContain("TurnResumed"); // the same attempt: nobody has died
  });

  it("is given up after five minutes in which nothing happened", async () => {
    const { stage, ask, pass } = alive(away);
    ask();
    await pass(5 * 60_000);
    expect(stage.happened().at(-1)).toBe("MemoriesConsidered");
    await pass(2 * 60_000);
    expect(stage.only("TurnFailed").reason).toBe("no-progress");
    const { posts } = stage;
    await pass(60_000);
    expect(stage.posts).toBe(posts);
  });
});

/** The Vault goes away while the first model is asked. */
function goesAway(stage: Stage): void {
  stage.along = (events) => {
    if (!events.some(({ type }) => type === "ModelAsked")) return;
    stage.along = () => {};
    stage.withhold(agentName(ada));
  };
}

describe("a turn that rests because the Vault is away", () => {
  const calls = [["clock", {}]] as const;
  const slow = { calls, says: ["On."], paceMs: 25_000 };
  const clock = { replay: "pure", run: () => Effect.as(Effect.sleep(28_000), "noon") } as const;

  /** Rests since its first reply, which took this long, could not be recorded. */
  async function resting(script: Script, firstReplyMs: number) {
    const scene = alive(script);
    goesAway(scene.stage);
    scene.ask();
    await scene.pass(firstReplyMs + 1_000);
    expect(scene.reports).toHaveLength(1);
    scene.stage.giveBack(agentName(ada));
    return scene;
  }

  it.each([
    ["stopped", (stage: Stage) => stage.tell({ type: "StopTurn", roomId: lobby, turnId: id })],
    ["called off", (stage: Stage) => stage.hear("two", "stop", { callsOff: true, addressed: null })],
  ])("and is %s ends at once, without waiting for a heartbeat", async (_how, end) => {
    const { stage, turns, pass } = await resting({ model: [[{ calls }]] }, 0);
    end(stage);
    turns.work();
    await pass(10);
    expect(stage.happened().at(-1)).toBe("TurnStopped");
  });

  it("and then gets on is not given up for what was five minutes ago", async () => {
    const rounds = Array.from({ length: 7 }, () => [slow]);
    const { stage, pass } = await resting({ model: [...rounds, [prose]], tools: { clock } }, 25_000);
    await pass(7 * (25_000 + 28_000) + HEARTBEAT_MS);
    expect(stage.happened().at(-1)).toBe("TurnCompleted");
    const [first, last] = [stage.events()[3]!.at, stage.events().at(-1)!.at];
    expect(last - first).toBeGreaterThan(5 * 60_000);
  });
});

describe("a Vault that is away for a moment", () => {
  it("costs no reply: what a model has said is recorded when the Vault is back", async () => {
    const { stage, ask, pass, reports } = alive({ model: [[prose]] });
    goesAway(stage);
    ask();
    await pass(50);
    expect(stage.happened().at(-1)).toBe("ModelAsked");
    stage.giveBack(agentName(ada));
    await pass(1_000);
    expect(stage.happened().at(-1)).toBe("TurnCompleted");
    expect([stage.asked.length, reports]).toEqual([1, []]);
  });
});

describe("a turn that is stopped in its second round", () => {
  it("before its first sentence, does not say the first round's words again", async () => {
    const clock = { replay: "pure", run: () => Effect.succeed("noon") } as const;
    const first = { says: ["Let me see. "], calls: [["clock", {}]] } as const;
    const { stage, turns, ask, pass } = alive({ model: [[first], [slowly]], tools: { clock } });
    ask();
    await pass(20_000);
    expect(stage.asked).toHaveLength(2);
    stage.tell({ type: "StopTurn", roomId: lobby, turnId: id });
    turns.work();
    await pass(10);
    expect(stage.posted).toMatchObject([{ text: "Let me see.", stopped: true }]);
  });
});

describe("a turn that is ended from outside in mid-reply", () => {
  it.each([
    ["its agent leaves the room", { type: "LeaveRoom", roomId: lobby }],
    ["its agent is deleted", { type: "DeleteAgent" }],
  ] as const)("because %s says and asks nothing more", async (_why, command) => {
    const { stage, ask, pass, fibers } = alive({ model: [[slowly]] });
    ask();
    await pass(65_000);
    const shown = stage.signs.length;
    expect(stage.signs.at(-1)).toMatchObject({ delta: "Second. " });
    stage.tell(command);
    await pass(5 * 60_000);
    expect(stage.signs).toHaveLength(shown);
    expect([stage.asked.length, fibers(), stage.posted.length]).toEqual([1, 1, 0]);
    expect(stage.happened()).toContain("TurnFailed");
  });
});

describe("many messages that wait while a turn runs", () => {
  it.each([
    ["45 short ones", 45, ""],
    ["twelve of 15 kB", 12, "word ".repeat(3_000)],
  ])("are each in exactly one prompt as what is to be answered, and nothing waits for a heartbeat: %s", async (...given) => {
    const [, count, filler] = given;
    const { stage, ask, pass } = alive({ model: [[{ says: ["Here I am."], paceMs: 1_000 }]] });
    ask();
    await pass(10);
    for (let index = 0; index < count; index++) stage.hear(`m${index}`, `@Ada, question ${index}? ${filler}`);
    await pass(60_000);
    expect(stage.ledger.state.turns).toEqual({});
    const questionsIn = (said: unknown) =>
      [...JSON.stringify(said).matchAll(/question (\d+)\?/g)].map(([, index]) => Number(index));
    const toAnswer = stage.asked.map(({ messages }) => questionsIn(messages.at(-1)));
    expect(toAnswer.flat()).toEqual(Array.from({ length: count }, (_, index) => index));
    // What has a turn of its own to come is not shown before: it would be answered twice.
    for (const [index, prompt] of stage.asked.entries())
      expect(Math.max(-1, ...questionsIn(prompt))).toBe(toAnswer[index]!.at(-1) ?? -1);
    expect(stage.posted).toHaveLength(toAnswer.length);
    const turns = stage.events().filter(({ type }) => type === "TurnStarted" || type === "TurnCompleted");
    for (const [index, { type, at }] of turns.entries())
      if (type === "TurnStarted" && index > 0)
        expect([turns[index - 1]!.type, turns[index - 1]!.at]).toEqual(["TurnCompleted", at]);
  });
});
