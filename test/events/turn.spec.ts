/** What a turn may do and when, as specifications of `decide`: the verdict, the fence, the gate of tools, the bounds of work. */
import { describe, expect, it } from "@effect/vitest";
import type { AgentCommand } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import * as E from "#events/agent/events.ts";
import { TurnOver, TurnSuperseded, WrongMoment } from "#events/agent/refusals.ts";
import { actionable } from "#events/agent/state.ts";
import { agentName } from "#events/kit/ids.ts";
import {
  type Asked,
  ada,
  agreed,
  assembled,
  bo,
  call,
  callId,
  completed,
  considered,
  created,
  declined,
  drafted,
  failed,
  gaveUp,
  given,
  granted,
  heard,
  joined,
  messageId,
  posted,
  replied,
  requested,
  roomId,
  started,
  turnId,
  words,
} from "../support/given.ts";
import { dueSteps } from "./histories.ts";

const here = [created, agreed, joined] as const;
const receive = ({ open }: ReturnType<typeof heard>) =>
  ({ type: "ReceiveMessage", ...open, words: words({ text: "Ada, one?", authorName: "Dana" }) }) as const;
const start = (label: string) => ({ type: "StartTurn", turnId: turnId(label) }) as const;

describe("the verdict on a message that waited", () => {
  it("is an answer, or silence when it should not be answered any more", () => {
    given(agent, ...here, heard("one"))
      .when(start("one"))
      .then(started("one"));
    given(agent, ...here, heard("one", { addressed: "floor" }), E.AgentDeactivated({}))
      .when(start("one"))
      .then(declined("one", "inactive"));
  });

  const off = E.AgentDeactivated({});
  const notice = gaveUp("one", "SwitchedOff", 0);

  it.each([
    "direct",
    "mention",
    "reply",
    "question",
  ] as const)("is a notice where a person's %s meets an agent that is switched off, at once or when its turn comes", (addressed) => {
    const said = heard("one", { addressed });
    given(agent, ...here, off)
      .when(receive(said))
      .then(said, started("one"), notice);
    given(agent, ...here, said, off)
      .when(start("one"))
      .then(started("one"), notice);
    expect(dueSteps(given(agent, ...here, off, said, started("one"), notice).state.turns[turnId("one")]!)).toEqual([
      "respond",
    ]);
  });

  it.each<Partial<typeof E.MessageReceived.open.Type>>([
    { addressed: "invoked" },
    { addressed: "floor" },
    { authorId: agentName(bo) },
  ])("is silence of one that is switched off where others may speak, or an agent asks: %o", (over) => {
    const said = heard("one", over);
    given(agent, ...here, off)
      .when(receive(said))
      .then(said, declined("one", "inactive"));
  });

  it("is given once, and to messages that are known", () => {
    given(agent, ...here, heard("one"), started("one"))
      .when(start("one"))
      .nothing();
    given(agent, ...here)
      .when(start("one"))
      .refused(TurnOver);
  });

  it("waits while another turn of the room is running, and does not wait for other rooms", () => {
    const elsewhere = roomId("elsewhere");
    given(agent, ...here, heard("one"), started("one"), heard("two"))
      .when(start("two"))
      .refused(WrongMoment, { passing: true });
    given(
      agent,
      ...[...here, heard("one"), started("one"), E.RoomJoined({ roomId: elsewhere, kind: "direct" })],
      heard("two", { roomId: elsewhere }),
    )
      .when(start("two"))
      .then(E.TurnStarted({ ...started("two").open, roomId: elsewhere }));
  });
});

describe("messages that wait together", () => {
  it("are answered by one turn, that of the newest", () => {
    given(agent, ...here, heard("one"), heard("two"), heard("three"))
      .when(start("one"))
      .then(declined("one", "coalesced", "three"), declined("two", "coalesced", "three"), started("three"));
  });

  it("wait while one is running, and are next when it has ended", () => {
    const busy = [...here, heard("one"), started("one"), heard("two"), heard("three")];
    expect(actionable(given(agent, ...busy).state)).toEqual([turnId("one")]);
    const done = [assembled("one"), replied("one"), drafted("one"), considered("one"), posted("one"), completed("one")];
    expect(actionable(given(agent, ...busy, ...done).state)).toEqual([turnId("two")]);
  });

  const waiting = (count: number, chars = 9) =>
    Array.from({ length: count }, (_, index) => heard(`m${index}`, { chars }));

  it.each<[string, ReadonlyArray<number>, taken: number]>([
    ["twenty of them", Array<number>(45).fill(9), 20],
    ["twenty thousand characters of them", [9_000, 9_000, 2_000, 1], 3],
    ["the oldest alone, where no other fits beside it", [15_000, 15_000, 1], 1],
    ["the oldest in any case", [120_000, 1], 1],
  ])("are taken by one turn as far as its prompt surely has room: %s", (_what, chars, taken) => {
    const all = chars.map((each, index) => heard(`m${index}`, { chars: each }));
    const [newest, next] = [`m${taken - 1}`, `m${taken}`];
    const older = Array.from({ length: taken - 1 }, (_, index) => declined(`m${index}`, "coalesced", newest));
    given(agent, ...here, ...all)
      .when(start("m0"))
      .then(...older, started(newest));
    // The others keep waiting, and are next as soon as that turn is over.
    const begun = [...here, ...all, ...older, started(newest)];
    expect(actionable(given(agent, ...begun).state)).toEqual([turnId(newest)]);
    expect(actionable(given(agent, ...begun, failed(newest, "no")).state)).toEqual([turnId(next)]);
  });

  it("do not start before those that have waited longer, but may be asked to again", () => {
    given(agent, ...here, ...waiting(21))
      .when(start("m20"))
      .refused(WrongMoment, { passing: true });
  });
});

describe("resuming a turn", () => {
  const resume = { type: "ResumeTurn", turnId: turnId("one") } as const;
  const resumed = (attempt: number) => E.TurnResumed({ turnId: turnId("one"), attempt });

  it("starts a new attempt", () => {
    given(agent, ...here, heard("one"), started("one"))
      .when(resume)
      .then(resumed(2));
  });

  it("ends in a notice when three attempts brought nothing new, and in silence when that cannot be said either", () => {
    const begun = [...here, heard("one"), started("one"), resumed(2), resumed(3)];
    given(agent, ...begun)
      .when(resume)
      .then(resumed(4));
    given(agent, ...begun, resumed(4))
      .when(resume)
      .then(gaveUp("one", "no-progress", 0), resumed(5));
    const told = [gaveUp("one", "no-progress", 0), resumed(5), resumed(6), resumed(7), resumed(8)];
    given(agent, ...begun, resumed(4), ...told)
      .when(resume)
      .then(failed("one", "no-progress", 10_000));
  });

  it("counts anew after progress", () => {
    given(agent, ...here, heard("one"), started("one"), resumed(2), resumed(3), resumed(4), assembled("one"))
      .when(resume)
      .then(resumed(5));
  });

  it("is refused for a turn that has no verdict or has ended", () => {
    given(agent, ...here, heard("one"))
      .when(resume)
      .refused(TurnOver);
    given(agent, ...here, heard("one"), started("one"), failed("one", "no"))
      .when(resume)
      .refused(TurnOver);
  });
});

/** Each step's command, with what must have happened before it. */
const ofTurn = { turnId: turnId("one"), attempt: 1 };
const begun = [...here, granted(["clock", "allow"]), heard("one"), started("one")];
const asked = replied("one", { calls: [call("a")] });
const steps: ReadonlyArray<readonly [Asked<AgentCommand>, ReadonlyArray<E.AgentEvent>]> = [
  [{ ...assembled("one").open, ...ofTurn, type: "RecordContext" }, begun],
  [{ ...replied("one").open, ...ofTurn, type: "RecordModelReply", words: words() }, [...begun, assembled("one")]],
  [{ ...gaveUp("one").open, ...ofTurn, type: "GiveUpOnModel" }, [...begun, assembled("one")]],
  [
    { ...ofTurn, type: "RequestTools", calls: [{ callId: callId("a"), replay: "pure" }] },
    [...begun, assembled("one"), asked],
  ],
  [
    { ...ofTurn, type: "SettleTool", callId: callId("a"), ms: 1, outcome: { kind: "unknown" } },
    [...begun, assembled("one"), asked, requested("one", "a")],
  ],
  [
    { ...drafted("one").open, ...ofTurn, type: "DraftReply", words: words() },
    [...begun, assembled("one"), replied("one")],
  ],
  [{ ...ofTurn, type: "ConsiderMemories", memories: [] }, [...begun, assembled("one"), replied("one"), drafted("one")]],
  [
    { ...ofTurn, type: "RecordPost", messageId: messageId("one/reply"), roomSeq: 8 },
    [...begun, assembled("one"), replied("one"), drafted("one"), considered("one")],
  ],
];

describe.each(steps)("$type", (command, before) => {
  const resumed = E.TurnResumed({ turnId: turnId("one"), attempt: 2 });

  it("[T5] is refused to an old attempt", () => {
    given(agent, ...before, resumed)
      .when(command)
      .refused(TurnSuperseded, { attempt: 2 });
  });

  it("is refused when its step is not due", () => {
    const early = command.type === "RecordContext" ? [...before, assembled("one")] : begun;
    given(agent, ...early)
      .when(command)
      .refused(WrongMoment, { passing: true });
  });

  it("is refused when the turn is over", () => {
    given(agent, ...before, failed("one", "no"))
      .when(command)
      .refused(TurnOver);
  });
});

it("[T5] the fence is a passing refusal: the new attempt asks under the same derived command id", () => {
  const [command, before] = steps[0]!;
  given(agent, ...before, E.TurnResumed({ turnId: turnId("one"), attempt: 2 }))
    .when(command)
    .refused(TurnSuperseded, { passing: true });
});

describe("what the steps record", () => {
  const at = (index: number) => given(agent, ...steps[index]![1]).when(steps[index]![0]);

  it("is the context with the configuration it was compiled from", () => {
    at(0).then(assembled("one"));
  });

  it("is the model's reply, under the agent's key", () => {
    at(1).then(E.ModelReplied(replied("one").open, agentName(ada), words()));
  });

  it("is the draft, under the agent's key", () => {
    at(5).then(E.ReplyDrafted(drafted("one").open, agentName(ada), words()));
  });

  it("is the post and the end of the turn, in one breath", () => {
    at(7).then(posted("one"), completed("one", 6000));
  });

  it("is a failure when it was a notice that was posted", () => {
    given(agent, ...begun, assembled("one"), gaveUp("one"), drafted("one", true), considered("one"))
      .when(steps[7]![0])
      .then(posted("one"), failed("one", "Overloaded", 6000));
  });

  it("is a failure when the model had nothing to say and the house spoke instead", () => {
    given(agent, ...begun, assembled("one"), replied("one"), drafted("one", true), considered("one"))
      .when(steps[7]![0])
      .then(posted("one"), failed("one", "Empty", 6000));
  });

  it("is a notice when the turn is given up, and a failure when there is nothing left to say", () => {
    given(agent, ...begun)
      .when({ type: "FailTurn", ...ofTurn, reason: "no-progress" })
      .then(gaveUp("one", "no-progress", 0));
    given(agent, ...begun, gaveUp("one", "no-progress", 0))
      .when({ type: "FailTurn", ...ofTurn, reason: "no-progress" })
      .then(failed("one", "no-progress", 3000));
    given(agent, ...begun)
      .when({ type: "FailTurn", ...ofTurn, attempt: 2, reason: "no" })
      .refused(TurnSuperseded);
    given(agent, ...here)
      .when({ type: "FailTurn", ...ofTurn, reason: "no" })
      .refused(TurnOver);
  });
});
