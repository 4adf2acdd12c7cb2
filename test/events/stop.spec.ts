/** Stopping a turn: by its button, or by saying so; what was heard of it stands, and it says nothing more. */
import { describe, expect, it } from "@effect/vitest";
import { agent } from "#events/agent/decide.ts";
import * as A from "#events/agent/events.ts";
import { NothingToStop } from "#events/agent/refusals.ts";
import { agentName, userName } from "#events/kit/ids.ts";
import { humanSpoke, type Rhythm, still, wordsLeft } from "#events/room/rhythm.ts";
import {
  ada,
  agreed,
  asked,
  assembled,
  bo,
  call,
  callId,
  completed,
  considered,
  created,
  dana,
  declined,
  drafted,
  eli,
  given,
  heard,
  joined,
  lobby,
  messageId,
  posted,
  replied,
  requested,
  started,
  turnId,
  words,
} from "../support/given.ts";

const eliDeclined = A.ConsentNoted({ userId: eli, granted: false });
const thinking = [created, agreed, eliDeclined, joined, heard("one"), started("one"), assembled("one"), asked("one")];
const stop = { type: "StopTurn", roomId: lobby } as const;
const interrupted = (why: "stopped" | "called-off" = "stopped", by = userName(dana)) =>
  A.TurnInterrupted({ turnId: turnId("one"), by, why });

describe("a turn that is stopped", () => {
  it("begins nothing new: only its reply is due, of what people have heard", () => {
    given(agent, ...thinking)
      .when(stop)
      .then(interrupted());
    const { state } = given(agent, ...thinking, interrupted());
    expect(state.turns[turnId("one")]).toMatchObject({ interrupted: "stopped" });
  });

  it("leaves no call open: what may have happened is unknown, the rest is denied", () => {
    const calls = [replied("one", { calls: [call("a"), call("b")] }), requested("one", "a", "once")];
    const about = { turnId: turnId("one"), tool: "clock" };
    given(agent, ...thinking, ...calls)
      .when(stop)
      .then(
        A.ToolOutcomeUnknown({ ...about, callId: callId("a") }),
        A.ToolDenied({ ...about, callId: callId("b"), why: "turn-over" }),
        interrupted(),
      );
  });

  it("is stopped once, and not when its reply is on the way", () => {
    given(agent, ...thinking, interrupted())
      .when(stop)
      .nothing();
    given(agent, ...thinking, replied("one"), drafted("one"))
      .when(stop)
      .refused(NothingToStop);
    given(agent, created, agreed, joined).when(stop).refused(NothingToStop);
  });

  it("that waits for the floor is not begun", () => {
    given(agent, ...thinking, heard("two"))
      .when({ ...stop, turnId: turnId("two") })
      .then(declined("two", "called-off"));
  });

  it("ends as stopped, with what was heard or without a word", () => {
    const ofTurn = { turnId: turnId("one"), attempt: 1 };
    const ended = (ms: number) => A.TurnStopped({ turnId: turnId("one"), roomId: lobby, ms });
    given(agent, ...thinking, interrupted())
      .when({ type: "EndTurn", ...ofTurn })
      .then(ended(5_000));
    const half = A.ReplyDrafted({ ...drafted("one").open, stopped: true }, agentName(ada), words({ text: "Wel" }));
    given(agent, ...thinking, interrupted(), half, considered("one"))
      .when({ type: "RecordPost", ...ofTurn, messageId: posted("one").open.messageId, roomSeq: 8 })
      .then(posted("one"), ended(7_000));
  });
});

describe("a message that only says to leave off", () => {
  const off = (over: Partial<typeof A.MessageReceived.open.Type> = {}) =>
    heard("off", { callsOff: true, chars: 4, ...over });
  const receive = ({ open }: ReturnType<typeof off>) =>
    ({ type: "ReceiveMessage", ...open, words: words({ text: "Ada, off?", authorName: "Dana" }) }) as const;

  it.each<[string, Partial<typeof A.MessageReceived.open.Type>]>([
    ["of the person who had asked", { addressed: null }],
    ["of anybody who names the agent", { addressed: "mention", authorId: userName(eli) }],
  ])("%s interrupts the turn", (_who, over) => {
    const said = off(over);
    given(agent, ...thinking)
      .when(receive(said))
      .then(said, declined("off", "called-off", "one"), interrupted("called-off", said.open.authorId));
  });

  it("does not take away the answer that somebody else waits for too", () => {
    const both = [...thinking.slice(0, 4), heard("zero", { authorId: userName(eli) }), heard("one")];
    const taken = [...both, declined("zero", "coalesced", "one"), started("one"), assembled("one"), asked("one")];
    const said = off({ addressed: null });
    given(agent, ...taken)
      .when(receive(said))
      .then(said, declined("off", "not-addressed"));
  });

  it("ends what agents say to one another, whoever of the people says it", () => {
    const chain = [
      created,
      agreed,
      joined,
      heard("one", { authorId: agentName(bo) }),
      started("one"),
      assembled("one"),
    ];
    const said = off({ addressed: null });
    given(agent, ...chain, asked("one"))
      .when(receive(said))
      .then(said, declined("off", "called-off", "one"), interrupted("called-off"));
  });

  it("of somebody else, to nobody, does not", () => {
    const said = off({ addressed: null, authorId: userName(eli) });
    given(agent, ...thinking)
      .when(receive(said))
      .then(said, declined("off", "not-addressed"));
  });

  it.each([
    "mention",
    "direct",
    null,
  ] as const)("is not answered when the reply was on its way already (%s), and takes nothing of it back", (addressed) => {
    const said = off({ addressed });
    given(agent, ...thinking, replied("one"), drafted("one"))
      .when(receive(said))
      .then(said, declined("off", "called-off", "one"));
  });

  it("takes back what its person asked in the meantime, while a reply is on its way", () => {
    const said = off();
    given(agent, ...thinking, replied("one"), drafted("one"), heard("two"))
      .when(receive(said))
      .then(said, declined("off", "called-off", "two"), declined("two", "called-off"));
  });

  const over = [...thinking, replied("one"), drafted("one"), considered("one"), posted("one"), completed("one")];
  const { roomSeq } = posted("one").open;

  it("is not answered when it was said before the reply that it was to stop, and is heard behind it", () => {
    const said = off({ roomSeq: roomSeq - 1 });
    given(agent, ...over)
      .when(receive(said))
      .then(said, declined("off", "called-off", "one"));
    const toNobody = off({ roomSeq: roomSeq - 1, addressed: null });
    given(agent, ...over)
      .when(receive(toNobody))
      .then(toNobody, declined("off", "not-addressed"));
  });

  it("is a message like any other where nothing runs", () => {
    const said = off({ roomSeq: roomSeq + 1 });
    given(agent, created, agreed, joined).when(receive(said)).then(said, started("off"));
    given(agent, ...over)
      .when(receive(said))
      .then(said, started("off"));
  });
});

describe("the words that agents may still say", () => {
  const called = (label: string) => ({ messageId: messageId(label), agentId: ada });
  const talked: Rhythm = { ...still, sinceHuman: 3, called: [called("one")] };
  const word = (callsOff: boolean) =>
    humanSpoke(talked, { messageId: messageId("off"), addressed: [called("off")], callsOff });

  it("are counted anew by a person's message, but not by one that only says to leave off", () => {
    expect([talked, word(false), word(true)].map(wordsLeft)).toEqual([2, 5, 1]);
    expect(word(true)).toMatchObject({ sinceHuman: 3, called: [called("one"), called("off")], floor: null });
  });
});
