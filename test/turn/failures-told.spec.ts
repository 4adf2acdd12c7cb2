/** The last word of a turn that died of everything it tried: what its room is told from the log, and when it is told nothing. */
import { describe, expect, it } from "@effect/vitest";
import { Effect, Exit } from "effect";
import { type FailureLog, tellFailure } from "#actors/agent/failures-told.ts";
import type { ActorEnv, ReplyInput } from "#actors/kit/doors.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { childId } from "#events/kit/ids.ts";
import { lobby, messageId, turnId } from "../support/given.ts";
import { Stage } from "../support/scripted.ts";

const id = turnId("one");

/** A turn in which the process died right after this many commits: context, request, reply, calls. */
const died = (commit: number) =>
  Effect.gen(function* () {
    const stage = new Stage({
      model: [[{ calls: [["stamp", {}]] }]],
      tools: { stamp: { replay: "once", run: () => Effect.succeed("stamped") } },
    });
    stage.restart({ commit, when: "after" });
    expect(Exit.isFailure(yield* Effect.exit(stage.run(stage.hear("one"))))).toBe(true);
    return stage;
  });

/** Takes the turn up and dies of it, until it is over. Answers how often. */
function diesOn(stage: Stage): number {
  for (let lives = 0; ; lives++) {
    stage.restart();
    const turn = stage.ledger.state.turns[id];
    if (turn === undefined) return lives;
    stage.tell({ type: "ResumeTurn", turnId: id }, `${id}/resume/${turn.attempt}`);
  }
}

/** What the room is told of the turn's failure. */
const told = (stage: Stage, log: FailureLog = stage.ledger) =>
  Effect.promise(async () => {
    const replies: ReplyInput[] = [];
    const postReply = async (_id: string, reply: ReplyInput) => void replies.push(reply);
    const env = { ROOM: { getByName: () => ({ postReply }) } } as unknown as ActorEnv;
    const failed = stage.events().find(({ type }) => type === "TurnFailed");
    await tellFailure(failed as Extract<RecordedOf<AgentEvent>, { type: "TurnFailed" }>, log, env);
    return replies;
  });

describe("a turn whose agent dies of everything", () => {
  it.effect("dies of it in four lives, and of its last word in three", () =>
    Effect.gen(function* () {
      const stage = yield* died(1);
      expect(diesOn(stage)).toBe(7);
      const resumed = ["TurnResumed", "TurnResumed", "TurnResumed"];
      expect(stage.happened().slice(3)).toEqual([...resumed, "ModelGaveUp", ...resumed, "TurnFailed"]);
    }),
  );

  it.effect("is told in one sentence", () =>
    Effect.gen(function* () {
      const stage = yield* died(1);
      diesOn(stage);
      const [notice, ...others] = yield* told(stage);
      expect(others).toEqual([]);
      expect(notice).toMatchObject({ turnId: id, inReplyTo: messageId("one"), alsoInReplyTo: [], notice: true });
      expect(notice?.text).toMatch(/could not finish/);
      expect(notice).not.toHaveProperty("unknown");
    }),
  );

  it.effect("names the calls of which nobody knows what came, that nobody asks for them again", () =>
    Effect.gen(function* () {
      const stage = yield* died(4);
      diesOn(stage);
      const [notice] = yield* told(stage);
      expect(notice?.unknown).toEqual([{ callId: childId("call", id, "1/0"), tool: "stamp" }]);
    }),
  );

  it.effect("names the messages that it had taken along", () =>
    Effect.gen(function* () {
      const stage = new Stage({ model: [[{ says: ["Yes."] }]] });
      const first = stage.hear("first");
      for (const label of ["other", "one"]) stage.hear(label);
      yield* stage.run(first);
      stage.tell({ type: "StartTurn", turnId: turnId("other") }, `${turnId("other")}/start`);
      diesOn(stage);
      expect((yield* told(stage))[0]?.alsoInReplyTo).toEqual([messageId("other")]);
    }),
  );

  it.effect("gives the reason that it had to give up, when it knew one", () =>
    Effect.gen(function* () {
      const stage = yield* died(1);
      const why = { reason: "RateLimited", retryAfterMs: 120_000, tried: 1 };
      stage.tell({ type: "GiveUpOnModel", turnId: id, attempt: 1, round: 1, ...why }, `${id}/give-up-on-model`);
      diesOn(stage);
      const [notice] = yield* told(stage);
      expect(notice?.text).toMatch(/try again in 2 minutes/);
      expect(notice?.text).not.toMatch(/could not finish/);
    }),
  );
});

describe("the failure of a turn", () => {
  it.effect.each<readonly [string, (stage: Stage) => void]>([
    ["stopped", (stage) => void stage.tell({ type: "StopTurn", roomId: lobby, turnId: id })],
    ["called off", (stage) => void stage.hear("two", "stop", { callsOff: true })],
  ])("that somebody had %s is told to nobody: they asked for no word more", ([_how, stop]) =>
    Effect.gen(function* () {
      const stage = yield* died(1);
      stop(stage);
      expect(stage.ledger.state.turns[id]?.interrupted).not.toBeNull();
      diesOn(stage);
      expect(stage.only("TurnFailed").reason).toBe("no-progress");
      expect(yield* told(stage)).toEqual([]);
    }),
  );

  it.effect("that the room knows of asks nothing of the log", () =>
    Effect.gen(function* () {
      const stage = yield* died(1);
      stage.tell({ type: "LeaveRoom", roomId: lobby });
      const asksNothing = new Proxy(stage.ledger, {
        get: (_log, name) => {
          throw new Error(`asked for ${String(name)}`);
        },
      });
      expect(yield* told(stage, asksNothing)).toEqual([]);
    }),
  );
});
