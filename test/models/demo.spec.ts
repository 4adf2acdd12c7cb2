/** The stand-in in conversation: what it does well, what it admits, and that it never claims more. */
import { describe, expect, it } from "@effect/vitest";
import { Effect, Stream } from "effect";
import type { Prompt, PromptMessage } from "#actors/agent/turn/ports.ts";
import { demoModel } from "#src/models/demo.ts";

const tools = ["calculator", "time_date"].map((name) => ({ name, description: "", input: { type: "object" } }));
const house =
  "You are Ada, an AI agent in a chat room with people.\nEach message starts with the name of whoever said it.";
const remembering = `${house}\n\n# What you remember\n- prefers metric units\n- the launch is on 12 June`;

const answer = (seed: number, prompt: Partial<Prompt>) =>
  Effect.map(
    Stream.runCollect(
      demoModel({ seed, wordPauseMs: 0, missing: "ANTHROPIC_API_KEY" }).stream(
        { provider: "anthropic", model: "claude-sonnet-5-5", maxTokens: 1_000 },
        { system: house, messages: [], tools, ...prompt },
      ),
    ),
    (parts) => {
      const reply = parts.at(-1);
      if (reply?.type !== "reply") throw new Error("no reply");
      return reply;
    },
  );

const said = (text: string, system = house, seed = 1) =>
  Effect.map(answer(seed, { system, messages: [{ role: "user", text: `Dana: ${text}` }] }), ({ text }) => text);

/** One round with tools: what is asked, what the tool answered, what is said then. */
const afterTool = (text: string, tool: string, input: string, output: string, failed = false) => {
  const messages: ReadonlyArray<PromptMessage> = [
    { role: "user", text: `Dana: ${text}` },
    { role: "assistant", text: "", calls: [{ callId: "c1", tool, arguments: input }] },
    { role: "tool", results: [{ callId: "c1", output, failed }] },
  ];
  return Effect.map(answer(1, { messages }), ({ text: words }) => words);
};

describe("sums", () => {
  it.live.each<[string, string]>([
    ["what is 12.5% of 640?", "12.5% of 640"],
    ["@Ada 3*(4+5)", "3*(4+5)"],
    ["hey Ada, what's the square root of 2?", "square root of 2"],
    ["Can you calculate 17 * 23 for me?", "17 * 23"],
    ["How much is 15 percent of 80", "15 percent of 80"],
    ["what is 1,250 * 3?", "1250 * 3"],
    ["how many inches are in 3 feet?", "3 ft to inch"],
    ["average of 3, 4 and 8", "mean([3, 4, 8])"],
    ["7!", "7!"],
  ])("«%s» goes to the calculator as %s", ([text, expression]) =>
    Effect.gen(function* () {
      const reply = yield* answer(1, { messages: [{ role: "user", text: `Dana: ${text}` }] });
      expect(reply.calls.map(({ tool, arguments: input }) => [tool, JSON.parse(input)])).toEqual([
        ["calculator", { expression }],
      ]);
    }),
  );

  it.live.each([
    "I have 3 dogs and 2 cats",
    "what is 24/7 support?",
    "see you on 2026-12-24",
    "What a day!",
    "we need 3-4 weeks",
  ])("«%s» is no sum", (text) =>
    Effect.gen(function* () {
      expect((yield* answer(1, { messages: [{ role: "user", text: `Dana: ${text}` }] })).calls).toEqual([]);
    }),
  );

  it.live("the result is said in words, and a failure is admitted", () =>
    Effect.gen(function* () {
      const input = '{"expression":"12.5% of 640"}';
      expect(yield* afterTool("what is 12.5% of 640?", "calculator", input, '{"value":80}')).toMatch(
        /^12\.5 % of 640 is 80\./,
      );
      const root = yield* afterTool(
        "root of 2?",
        "calculator",
        '{"expression":"square root of 2"}',
        '{"value":1.41421356237310}',
      );
      expect(root).toMatch(/^The square root of 2 is about 1\.414214\./);
      expect(yield* afterTool("1/0?", "calculator", '{"expression":"1/0"}', "BadInput: not finite", true)).toContain(
        "not finite",
      );
    }),
  );

  it.live("without the tool it says what is missing instead of guessing", () =>
    Effect.gen(function* () {
      const reply = yield* answer(1, { tools: [], messages: [{ role: "user", text: "Dana: what is 2+2?" }] });
      expect(reply.text).toContain("calculator");
      expect(reply.text).not.toContain("4");
    }),
  );
});

describe("memory", () => {
  it.live.each<[string, string]>([
    ["what do you remember about me?", "the launch is on 12 June"],
    ["which units do I prefer?", "metric units"],
    ["when is the launch?", "12 June"],
  ])("«%s» is answered from the memories in the prompt", ([text, expected]) =>
    Effect.gen(function* () {
      expect(yield* said(text, remembering)).toContain(expected);
    }),
  );

  it.live.each<[string, string]>([
    ["where do I live?", "Dana lives in Porto"],
    ["where do I work", "Dana works at Globex"],
    ["what am I alergic to", "Dana is allergic to walnuts"],
    ["where did I live before?", "Lisbon"],
    ["what have you stored about me?", "Globex"],
    ["tell me everything you know about me", "walnuts"],
  ])("of whoever asks, and as it still is unless what was is asked for: «%s»", ([text, expected]) =>
    Effect.gen(function* () {
      const memories = [
        "Dana lives in Porto",
        "Dana works at Globex",
        "Dana is allergic to walnuts",
        "Eli lives in Oslo",
        "I live in Lisbon and work a lot (until 2026-11-22)",
      ];
      const lines = memories.map((memory) => `- ${memory}`).join("\n");
      expect(yield* said(text, `${house}\n\n# What you remember\n${lines}`)).toContain(expected);
    }),
  );

  it.live.each(["forget my birthday", "please forget everything about me", "Can you delete my phone number?"])(
    "says where it can be forgotten, and does not say that it was: «%s»",
    (text) =>
      Effect.gen(function* () {
        expect(yield* said(text, remembering)).toMatch(/(?:cannot|not make me) forget.*“About me”/);
      }),
  );

  it.live("keeps what it is told not to forget", () =>
    Effect.gen(function* () {
      expect(yield* said("don't forget that I prefer tea", remembering)).toMatch(/you prefer tea/);
      expect(yield* said("I always forget my keys", remembering)).not.toMatch(/About me/);
    }),
  );

  it.live("what it is told to keep is acknowledged, from the other side", () =>
    Effect.gen(function* () {
      expect(yield* said("please remember that I prefer metric units")).toMatch(/you prefer metric units/);
      expect(yield* said("my name is Dana Scully")).toContain("Dana Scully");
    }),
  );

  it.effect("is promised to nobody who has not agreed to be remembered", () =>
    Effect.gen(function* () {
      const stranger = `${house}\n\nWhoever you answer now has not agreed to be remembered: nothing of it is kept.`;
      expect(yield* said("remember that I prefer tea")).toMatch(/in my memory\.$/);
      expect(yield* said("remember that I prefer tea", stranger)).toMatch(/if you let me|if I may/);
    }),
  );

  it.effect("is of people: what its tools have taught it tells nobody who asks what it knows of them", () =>
    Effect.gen(function* () {
      const taught = `${house}\n\n# What you remember\n[from what tools did, 2026-11-02]\n- The tool calculator worked.`;
      expect(yield* said("what do you know about me?", taught)).toMatch(/find nothing|Nothing I remember/);
    }),
  );

  it.live("when memory is off it says so, and still uses what was said here", () =>
    Effect.gen(function* () {
      const off = `${house}\n\nMemory is off.`;
      expect(yield* said("remember that I prefer tea", off)).toMatch(/memory is switched off/);
      expect(yield* said("what do you remember about me?", off)).toMatch(/memory is switched off/);
      const messages: ReadonlyArray<PromptMessage> = [
        { role: "user", text: "Dana: I drink green tea\nBob: I drink coffee" },
        { role: "assistant", text: "I see.", calls: [] },
        { role: "user", text: "Dana: what do I drink?" },
      ];
      expect((yield* answer(1, { system: off, messages })).text).toContain("green tea");
    }),
  );
});

describe("honesty", () => {
  it.live("it says who it is, and that it is no AI model", () =>
    Effect.gen(function* () {
      const text = yield* said("who are you?");
      expect(text).toContain("I'm Ada");
      expect(text).toMatch(/demo stand-in.*not an AI model/);
    }),
  );

  it.live("what it cannot do it names once in full, and shortly from then on", () =>
    Effect.gen(function* () {
      const first = yield* said("What is the capital of France?");
      expect(first).toContain("set ANTHROPIC_API_KEY");
      const messages: ReadonlyArray<PromptMessage> = [
        { role: "user", text: "Dana: What is the capital of France?" },
        { role: "assistant", text: first, calls: [] },
        { role: "user", text: "Dana: Write me a poem about the sea" },
      ];
      const second = (yield* answer(1, { messages })).text;
      expect(second).not.toContain("ANTHROPIC_API_KEY");
      expect(second).toMatch(/the sea/);
    }),
  );

  it.live("it does not mention the demo where it has something to say", () =>
    Effect.gen(function* () {
      const text = yield* said("I'm planning a trip to Japan in spring.");
      expect(text).toMatch(/you're planning a trip to Japan in spring/);
      expect(text).toMatch(/\?$/);
      expect(text).not.toMatch(/demo/i);
    }),
  );
});

describe("conversation", () => {
  it.live("of several labelled messages it answers the last, by its author's name", () =>
    Effect.gen(function* () {
      const messages: ReadonlyArray<PromptMessage> = [{ role: "user", text: "Dana: what is 1+1?\nBob: hello Ada!" }];
      const reply = yield* answer(1, { messages });
      expect(reply.calls).toEqual([]);
      expect(reply.text).toContain("Bob");
    }),
  );

  it.live("one seed, one wording; other seeds, other words", () =>
    Effect.gen(function* () {
      const texts = yield* Effect.forEach([1, 1, 2, 3, 4, 5], (seed) => said("I want to learn the cello", house, seed));
      expect(texts[0]).toBe(texts[1]);
      expect(new Set(texts).size).toBeGreaterThan(1);
    }),
  );
});
