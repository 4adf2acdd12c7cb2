/** A context that no model could take: the turn asks once more with a shorter one, and no more than once. */
import { describe, expect, it } from "@effect/vitest";
import { agent } from "#events/agent/decide.ts";
import { WrongMoment } from "#events/agent/refusals.ts";
import {
  agreed,
  asked,
  assembled,
  created,
  declined,
  gaveUp,
  given,
  heard,
  joined,
  replied,
  settings,
  started,
  turnId,
  unanswered,
} from "../support/given.ts";

const ofTurn = { turnId: turnId("one"), attempt: 1 };
const begun = [created, agreed, joined, heard("one"), started("one")];
const long = assembled("one", { messageSeqs: [2, 3], configSeq: 1 });
const short = assembled("one", { messageSeqs: [3], degraded: "shortened" });
const refused = unanswered("one", { kind: "ours", reason: "TooLong" });
const tooLong = [...begun, long, asked("one"), refused];

const { provider, model } = settings;
const ask = {
  type: "AskModel",
  ...ofTurn,
  round: 1,
  provider,
  model,
  why: "again",
  tokens: 100,
  microUsd: 10,
} as const;
const record = { type: "RecordContext", ...ofTurn, ...short.open } as const;
const giveUp = { type: "GiveUpOnModel", ...ofTurn, round: 1, reason: "TooLong", tried: 1 } as const;

describe("a context that is too long", () => {
  it("is assembled again before anybody is asked or given up on", () => {
    given(agent, ...tooLong)
      .when(ask)
      .refused(WrongMoment);
    given(agent, ...tooLong)
      .when(giveUp)
      .refused(WrongMoment);
    given(agent, ...tooLong)
      .when(record)
      .then(short);
  });

  it("is followed by one more request to the same model, however often it was asked before", () => {
    given(agent, ...tooLong, short)
      .when(ask)
      .then(asked("one", { why: "again" }));
    const failed = Array.from({ length: 3 }, () => [asked("one"), unanswered("one")]).flat();
    given(agent, ...begun, long, ...failed, asked("one"), refused, short)
      .when(ask)
      .then(asked("one", { why: "again" }));
  });

  it("is not made shorter twice in a turn, in no round of it", () => {
    const twice = [...tooLong, short, asked("one"), refused];
    given(agent, ...twice)
      .when(record)
      .refused(WrongMoment);
    given(agent, ...twice)
      .when(ask)
      .refused(WrongMoment);
    given(agent, ...twice)
      .when(giveUp)
      .then(gaveUp("one", "TooLong", 1));
    const later = assembled("one", { messageSeqs: [2, 3] });
    const { state } = given(agent, ...tooLong, later, replied("one"));
    expect(state.turns[turnId("one")]).toMatchObject({ shortened: true, asking: null });
  });

  it("cannot be made shorter when all of it is to be answered", () => {
    const together = [created, agreed, joined, heard("zero"), heard("one"), declined("zero", "coalesced", "one")];
    const all = [...together, started("one"), assembled("one", { messageSeqs: [4, 5] }), asked("one"), refused];
    given(agent, ...all)
      .when(giveUp)
      .then(gaveUp("one", "TooLong", 1));
    const alone = [created, agreed, joined, heard("one"), started("one"), assembled("one", { messageSeqs: [4] })];
    given(agent, ...alone, asked("one"), refused)
      .when(giveUp)
      .then(gaveUp("one", "TooLong", 1));
  });
});

describe("a context", () => {
  it("names the configuration that it was compiled from, not the one that came in between", () => {
    given(agent, ...begun)
      .when({ ...record, configSeq: 1, personalitySeq: 0 })
      .then(short);
    const { configSeq: _config, personalitySeq: _personality, ...unnamed } = record;
    given(agent, ...begun)
      .when(unnamed)
      .then(short);
  });
});
