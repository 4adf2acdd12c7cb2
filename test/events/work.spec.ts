/** The gate of tools, the bounds of a turn's work [T4], and what is kept of it, as specifications of `decide`. */

import { describe, it } from "@effect/vitest";
import type { DrawnMemory } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import * as E from "#events/agent/events.ts";
import { WorkExhausted, WrongMoment } from "#events/agent/refusals.ts";
import { limits } from "#events/agent/turn.ts";
import { agentName, type UserId, userName } from "#events/kit/ids.ts";
import {
  ada,
  agreed,
  assembled,
  call,
  callId,
  considered,
  created,
  dana,
  declined,
  drafted,
  executed,
  gaveUp,
  given,
  granted,
  heard,
  joined,
  lobby,
  memoryId,
  replied,
  requested,
  settings,
  started,
  turnId,
  words,
} from "../support/given.ts";

const ofTurn = { turnId: turnId("one"), attempt: 1 };
const tools = granted(["clock", "allow"], ["mail", "ask"], ["bomb", "off"]);
const begun = [created, agreed, joined, tools, heard("one"), started("one"), assembled("one")];

describe("the gate of tools", () => {
  const request = (name: string, replay: "pure" | "once" | null = "pure") =>
    ({ type: "RequestTools", ...ofTurn, calls: [{ callId: callId(name), replay }] }) as const;
  const denied = (name: string, tool: string, why: (typeof E.ToolDenied.open.Type)["why"]) =>
    E.ToolDenied({ turnId: turnId("one"), callId: callId(name), tool, why });

  it("has a verdict for each call of a round, in one commit", () => {
    const names = ["a", "b", "c"] as const;
    given(agent, ...begun, replied("one", { calls: [call("a"), call("b"), call("c")] }))
      .when({
        ...{ type: "RequestTools", ...ofTurn },
        calls: names.map((name) => ({ callId: callId(name), replay: name === "b" ? null : ("pure" as const) })),
      })
      .then(requested("one", "a"), denied("b", "clock", "unknown-tool"), requested("one", "c"));
  });

  it("lets a call of a granted tool pass, and notes how often it may happen", () => {
    given(agent, ...begun, replied("one", { calls: [call("a")] }))
      .when(request("a", "once"))
      .then(requested("one", "a", "once"));
  });

  it("denies what the owner did not grant", () => {
    for (const tool of ["bomb", "spade", "constructor", "__proto__"])
      given(agent, ...begun, replied("one", { calls: [call("a", tool)] }))
        .when(request("a"))
        .then(denied("a", tool, "not-granted"));
  });

  it("denies what the owner wants to be asked about", () => {
    given(agent, ...begun, replied("one", { calls: [call("a", "mail")] }))
      .when(request("a"))
      .then(denied("a", "mail", "needs-approval"));
  });

  it("denies a name that no tool has, even a granted one", () => {
    given(agent, ...begun, replied("one", { calls: [call("a")] }))
      .when(request("a", null))
      .then(denied("a", "clock", "unknown-tool"));
  });

  it("trusts no call of a reply that was cut short", () => {
    given(agent, ...begun, replied("one", { calls: [call("a")], finish: "length" }))
      .when(request("a"))
      .then(denied("a", "clock", "reply-cut-short"));
  });

  it("lets a call pass by what is granted now, not when the turn began", () => {
    given(agent, ...begun, replied("one", { calls: [call("a")] }), granted())
      .when(request("a"))
      .then(denied("a", "clock", "not-granted"));
  });

  it("answers a repeated request with nothing, for the call is on its way", () => {
    given(agent, ...begun, replied("one", { calls: [call("a")] }), requested("one", "a"))
      .when(request("a"))
      .nothing();
  });

  it("knows only calls of the last round, and only those without an outcome", () => {
    const once = [...begun, replied("one", { calls: [call("a"), call("b")] }), requested("one", "a")];
    given(agent, ...once, executed("one", "a"))
      .when(request("a"))
      .refused(WrongMoment);
    given(agent, ...once)
      .when(request("c"))
      .refused(WrongMoment);
  });
});

describe("the outcome of a call", () => {
  const settle = (outcome: object) => ({ type: "SettleTool", ...ofTurn, callId: callId("a"), ms: 3, outcome }) as never;
  const running = [...begun, replied("one", { calls: [call("a")] }), requested("one", "a")];
  const about = { turnId: turnId("one"), callId: callId("a"), tool: "clock" };

  it("is what the tool gave, its refusal, or not known", () => {
    const said = words({ result: "12" });
    given(agent, ...running)
      .when(settle({ kind: "executed", bytes: 2, words: said }))
      .then(E.ToolExecuted({ ...about, ms: 3, bytes: 2 }, agentName(ada), said));
    given(agent, ...running)
      .when(settle({ kind: "failed", reason: "Timeout", words: said }))
      .then(E.ToolFailed({ ...about, ms: 3, reason: "Timeout" }, agentName(ada), said));
    given(agent, ...running)
      .when(settle({ kind: "unknown" }))
      .then(E.ToolOutcomeUnknown(about));
  });

  it("is taken only for a call that the gate let pass, and once", () => {
    const asked = [...begun, replied("one", { calls: [call("a"), call("b")] })];
    given(agent, ...asked)
      .when(settle({ kind: "unknown" }))
      .refused(WrongMoment);
    given(agent, ...asked, requested("one", "a"), executed("one", "a"))
      .when(settle({ kind: "unknown" }))
      .refused(WrongMoment);
  });
});

describe("[T4] work is bounded", () => {
  const names = (round: number, count: number) => Array.from({ length: count }, (_, index) => `${round}/${index}`);
  /** Rounds of so many calls each, all answered but those of the last. */
  const rounds = (...counts: ReadonlyArray<number>) =>
    counts.flatMap((count, index) => [
      replied("one", { round: index + 1, calls: names(index + 1, count).map((name) => call(name)) }),
      ...(index + 1 < counts.length ? names(index + 1, count) : []).flatMap((name) => [
        requested("one", name),
        executed("one", name),
      ]),
    ]);
  const request = (name: string) =>
    ({ type: "RequestTools", ...ofTurn, calls: [{ callId: callId(name), replay: "pure" }] }) as const;
  const tooMany = (name: string) =>
    E.ToolDenied({ turnId: turnId("one"), callId: callId(name), tool: "clock", why: "too-many-calls" });

  it("to eight calls in a round", () => {
    const reply = rounds(limits.callsPerRound + 1);
    given(agent, ...begun, ...reply)
      .when(request("1/7"))
      .then(requested("one", "1/7"));
    given(agent, ...begun, ...reply)
      .when(request("1/8"))
      .then(tooMany("1/8"));
  });

  it("to twenty-four calls in a turn", () => {
    given(agent, ...begun, ...rounds(8, 8, 8))
      .when(request("3/7"))
      .then(requested("one", "3/7"));
    given(agent, ...begun, ...rounds(8, 8, 8, 1))
      .when(request("4/0"))
      .then(tooMany("4/0"));
  });

  it("to eight rounds in a turn, in their order", () => {
    const reply = (round: number) =>
      ({ ...replied("one").open, ...ofTurn, type: "RecordModelReply", round, words: words() }) as const;
    const seven = [...begun, ...rounds(1, 1, 1, 1, 1, 1, 1), requested("one", "7/0"), executed("one", "7/0")];
    given(agent, ...seven)
      .when(reply(8))
      .then(E.ModelReplied({ ...replied("one").open, round: 8 }, agentName(ada), words()));
    given(agent, ...seven)
      .when(reply(7))
      .refused(WrongMoment);
    const eight = [...begun, ...rounds(1, 1, 1, 1, 1, 1, 1, 1), requested("one", "8/0"), executed("one", "8/0")];
    given(agent, ...eight)
      .when(reply(9))
      .refused(WorkExhausted, { what: "rounds" });
  });
});

describe("what is kept of a turn", () => {
  const said = words({ content: "Dana likes tea." });
  const memory = (about: ReadonlyArray<UserId>) =>
    ({
      ...({ kind: "semantic", basis: "asked", origin: "person" } as const),
      ...{ memoryId: memoryId("tea"), importance: 0.7, about, words: said, speaker: userName(dana), sourceSeq: 5 },
    }) satisfies DrawnMemory;
  const consider = (about: ReadonlyArray<UserId> = [dana]) =>
    ({ type: "ConsiderMemories", ...ofTurn, memories: [memory(about)] }) as const;
  const formed = (about: ReadonlyArray<UserId>) => {
    const { words: _words, sourceSeq: _seq, ...open } = memory(about);
    return { ...open, turnId: turnId("one"), roomId: lobby, sourceSeqs: [5], audience: "public" } as const;
  };
  const answered = [...begun, replied("one"), drafted("one")];

  it("is sealed under the key of the person it is about", () => {
    given(agent, ...answered)
      .when(consider())
      .then(E.MemoryFormed(formed([dana]), userName(dana), said), considered("one", 1));
  });

  it("may be of a message that was taken together with the one it answers, and of no other", () => {
    const seq = answered.length + 1;
    const together = [...answered, heard("two"), declined("two", "coalesced", "one")];
    const of = (sourceSeq: number) =>
      ({ type: "ConsiderMemories", ...ofTurn, memories: [{ ...memory([dana]), sourceSeq }] }) as const;
    const drawn = E.MemoryFormed({ ...formed([dana]), sourceSeqs: [seq] }, userName(dana), said);
    given(agent, ...together)
      .when(of(seq))
      .then(drawn, considered("one", 1));
    given(agent, ...together)
      .when(of(1))
      .then(considered("one", 0));
  });

  it("is the agent's own when it is about nobody", () => {
    given(agent, ...answered)
      .when(consider([]))
      .then(E.MemoryFormed(formed([]), agentName(ada), said), considered("one", 1));
  });

  it("is nothing while memory is off, whatever the former found", () => {
    const off = E.AgentReconfigured({ version: 2, ...settings, memoryEnabled: false }, userName(dana), words());
    given(agent, ...answered, off)
      .when(consider())
      .then(considered("one", 0));
  });

  it("is considered for a notice too, so that the turn can end", () => {
    given(agent, ...begun, gaveUp("one"), drafted("one", true))
      .when({ type: "ConsiderMemories", ...ofTurn, memories: [] })
      .then(considered("one"));
  });
});
