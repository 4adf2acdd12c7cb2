/** What goes into tools and comes out of them, as people and models get to see it; and names of tools, which a model may make up. */
import { describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { Outcomes } from "#actors/agent/outcomes.ts";
import { BadInput } from "#actors/agent/turn/failures.ts";
import { judgeToolWords, UNKNOWN_TOOL, WITHHELD } from "#actors/agent/turn/tool-words.ts";
import { rebuildPrompt } from "#actors/agent/turn/transcript.ts";
import type { TurnOutcome } from "#actors/kit/doors.ts";
import type { Unsealed } from "#events/kit/envelope.ts";
import { listedWords } from "#src/models/moderator.ts";
import { callId, turnId, words } from "../support/given.ts";
import { type Script, type ScriptedTool, Stage } from "../support/scripted.ts";
import { anthropic, card, email, iban, pem } from "../support/sensitive.ts";

const verdict = (text: string, ...said: ReadonlyArray<string>) =>
  judgeToolWords(text, "out", { said, words: listedWords });

describe("JSON of a tool", () => {
  it("is read as it is written, and as it is meant", () => {
    for (const value of [{ note: `It is ${anthropic}` }, { note: `It is:\n${anthropic}` }, [`"${anthropic}"`], pem]) {
      const { action, text } = verdict(JSON.stringify(value));
      expect(action).toBe("mask");
      expect(JSON.stringify(JSON.parse(text))).toContain("[secret]");
      expect(JSON.stringify(JSON.parse(text))).not.toContain("Zm9vYmFyYmF6cXV4");
    }
    const escaped = `{"key":"\\u0073${anthropic.slice(1)}"}`;
    expect(verdict(escaped)).toEqual({ action: "mask", rules: ["api-key"], text: '{"key":"[secret]"}' });
  });

  it("that holds a listed word is withheld, however it is spelled", () => {
    expect(verdict('{"says":"f\\u0075ck"}')).toMatchObject({ action: "withhold", text: "" });
  });

  it("that is cut off, or full of quotes, is read to its end", () => {
    expect(verdict(`{"a":"${'\\"'.repeat(30_000)}\\n ${anthropic}`).text).not.toContain(anthropic);
  });

  it("stays as it is where there is nothing in it", () => {
    const text = '{ "a" : "one\\ntwo", "b" : 12345678901234567890, "c" : "\\u0041" }';
    expect(verdict(text)).toEqual({ action: "pass", rules: [], text });
  });
});

const leak: ScriptedTool = { replay: "pure", run: () => Effect.succeed(JSON.stringify({ of: email, key: anthropic })) };
const rude: ScriptedTool = { replay: "pure", run: () => Effect.succeed('"a badword"') };
const fails: ScriptedTool = { replay: "pure", run: () => Effect.fail(new BadInput({ detail: `${anthropic}?` })) };

const played = (calls: ReadonlyArray<readonly [string, unknown]>, script: Partial<Script> = {}, text?: string) =>
  Effect.gen(function* () {
    const tools = { leak, rude, fails };
    const stage = new Stage({ model: [[{ calls }], [{ says: ["Well."] }]], tools, listed: ["badword"], ...script });
    yield* stage.run(stage.hear("one", text));
    const signs = stage.signs.flatMap((sign) => (sign.event === "tool_execution" ? [sign] : []));
    return { stage, signs, last: signs.at(-1) };
  });

describe("a model", () => {
  const payments: ScriptedTool = { replay: "pure", run: () => Effect.succeed(JSON.stringify({ card, iban, email })) };
  const results = (stage: Stage) => JSON.stringify(stage.asked[1]?.messages.at(-1));

  it.effect("is shown no secret that a tool answered with, by the rules for what people say", () =>
    Effect.gen(function* () {
      const { stage } = yield* played([["leak", {}]]);
      expect(results(stage)).toContain(email);
      expect(results(stage)).toContain("[secret]");
      expect(results(stage)).not.toContain(anthropic);
      const paid = results((yield* played([["payments", {}]], { tools: { payments } })).stage);
      expect([paid.includes("[card]"), paid.includes("[iban]"), paid.includes(email)]).toEqual([true, true, true]);
      expect(results((yield* played([["fails", {}]])).stage)).toContain("BadInput: [secret]?");
    }),
  );

  it.effect("of a turn whose context is older is asked as it was then, and so is its prompt compiled again", () =>
    Effect.gen(function* () {
      const stage = new Stage({ model: [[{ calls: [["leak", {}]] }], [{ says: ["Well."] }]], tools: { leak } });
      stage.hear("one");
      const references = {
        ...{ messageSeqs: [stage.ledger.head - 1], memorySeqs: [], over: [], summarySeq: null, tools: ["leak"] },
        remembersAsker: true,
        ...{ configSeq: stage.ledger.state.configSeq, personalitySeq: stage.ledger.state.personalitySeq },
      };
      stage.tell({
        ...{
          type: "RecordContext",
          turnId: turnId("one"),
          attempt: 1,
          ...references,
          memoryIds: [],
          policyVersion: 1,
          masked: [],
          verdicts: [],
        },
        ...{ promptVersion: 3, promptHash: "hmac:00", tokens: 1 },
      });
      yield* stage.run(turnId("one"));
      expect(results(stage)).toContain(anthropic);
      const context = stage.events().find(({ type }) => type === "ContextAssembled");
      const found = yield* stage.perform(rebuildPrompt(context!.seq, 2));
      expect(found?.prompt).toEqual(stage.asked[1]);
    }),
  );
});

describe("the room", () => {
  it.effect("is shown no secret of a tool's input, output or error, and whoever reads the log is", () =>
    Effect.gen(function* () {
      const { stage, signs, last } = yield* played([["leak", { key: anthropic }]]);
      expect(JSON.stringify(signs)).not.toContain(anthropic);
      expect(last).toMatchObject({ input: '{"key":"[secret]"}', output: '{"of":"[email]","key":"[secret]"}' });
      expect(JSON.stringify(stage.words("ToolExecuted"))).toContain(anthropic);
      expect((yield* played([["fails", {}]])).last).toMatchObject({ status: "error", error: "[secret]?" });
    }),
  );

  it.effect("gets no signs while nobody looks", () =>
    Effect.gen(function* () {
      expect((yield* played([["leak", {}]], { watched: false })).signs).toEqual([]);
    }),
  );

  it.effect("is shown what people said there themselves", () =>
    Effect.gen(function* () {
      const { last } = yield* played([["leak", {}]], {}, `Ada, I am ${email}.`);
      expect(last?.output).toBe(`{"of":"${email}","key":"[secret]"}`);
    }),
  );

  it.effect("is told that something is withheld, and nothing of it", () =>
    Effect.gen(function* () {
      const { last } = yield* played([["rude", { say: "badword" }]]);
      expect(last).toMatchObject({ status: "success", input: WITHHELD, output: WITHHELD });
    }),
  );
});

/** The turn's outcome, as it is told to whoever asked for it by HTTP. */
const outcomeOf = (stage: Stage) =>
  Effect.promise(async () => {
    const reveal = async (seqs: ReadonlyArray<number>) => stage.ledger.reveal(seqs) as ReadonlyArray<Unsealed>;
    const outcomes = new Outcomes(stage.ledger, reveal, (program) => Effect.runPromise(stage.perform(program)));
    return (await outcomes.wait(turnId("one"), 0)) as Extract<TurnOutcome, { ending: "replied" }>;
  });

describe("whoever asked by HTTP", () => {
  it.effect("is told of a call what the room is told", () =>
    Effect.gen(function* () {
      const { stage, last } = yield* played([["leak", { key: anthropic }]], {}, `Ada, I am ${email}.`);
      const { input, output } = last!;
      expect(yield* outcomeOf(stage)).toMatchObject({
        ending: "replied",
        tools: [{ tool: "leak", status: "success", input, output }],
      });
      expect(output).toBe(`{"of":"${email}","key":"[secret]"}`);
    }),
  );
});

describe("a name that no tool has", () => {
  it.effect("is unknown to whoever asked by HTTP, though an older program recorded what the model wrote", () =>
    Effect.gen(function* () {
      const stage = new Stage({ model: [["silence"]] });
      const ofTurn = { turnId: stage.hear("one"), attempt: 1 };
      const made = { callId: callId("a"), tool: "my secret plan", argsHash: "00" };
      const references = {
        messageSeqs: [stage.ledger.head - 1],
        memorySeqs: [],
        over: [],
        summarySeq: null,
        tools: [],
      };
      stage.tell(
        {
          ...{ type: "RecordContext", ...ofTurn, ...references, remembersAsker: true, memoryIds: [], policyVersion: 1 },
          ...{ masked: [], verdicts: [], promptVersion: 3, promptHash: "hmac:00", tokens: 1 },
        },
        `${ofTurn.turnId}/context`,
      );
      stage.tell(
        {
          ...{ type: "RecordModelReply", ...ofTurn, round: 1, provider: "demo", model: "demo", finish: "tools" },
          ...{ calls: [made], microUsd: null, ms: 1, words: words({ text: "Well.", arguments: {} }) },
        },
        `${ofTurn.turnId}/round/1`,
      );
      yield* stage.stop(ofTurn.turnId);
      yield* stage.run(ofTurn.turnId);
      expect(JSON.stringify(stage.events())).toContain("my secret plan");
      expect((yield* outcomeOf(stage)).tools).toMatchObject([{ tool: UNKNOWN_TOOL, status: "denied" }]);
    }),
  );

  it.effect("[S1] is shown and recorded as unknown, and its call is denied", () =>
    Effect.gen(function* () {
      const { stage, signs } = yield* played([[`badword_${email}`, {}]]);
      expect(JSON.stringify([stage.signs, stage.events()])).not.toMatch(/badword|dana@/);
      expect(stage.events().find(({ type }) => type === "ModelReplied")?.open).toMatchObject({
        calls: [{ tool: UNKNOWN_TOOL }],
      });
      expect(signs).toMatchObject([{ tool: UNKNOWN_TOOL, status: "denied" }]);
      expect(stage.only("ToolDenied").why).toBe("unknown-tool");
    }),
  );
});
