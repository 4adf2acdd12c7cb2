/** What the adapters send: one conversation in each provider's words, and what of a choice is left out for whom. */
import { describe, expect, it } from "@effect/vitest";
import { Effect, Stream } from "effect";
import type { ModelChoice, Prompt } from "#actors/agent/turn/ports.ts";
import { anthropicModel } from "#src/models/anthropic.ts";
import { openAiModel } from "#src/models/openai.ts";
import { workersAiModel } from "#src/models/workers-ai.ts";
import { fakeBinding } from "../support/fake-provider.ts";
import { anthropicFrames, chatFrames, type FakeAnswer } from "../support/provider-words.ts";

const done: FakeAnswer = { says: ["ok"], ends: "end" };
const choice: ModelChoice = { provider: "any", model: "some-model", maxTokens: 100, temperature: 0.5 };
const tools = [
  {
    name: "calculator",
    description: "Sums.",
    input: { type: "object", properties: { expression: { type: "string" } } },
  },
];

const conversation: Prompt = {
  system: "You are Ada, an agent.",
  tools,
  messages: [
    { role: "user", text: "Dana: hello" },
    { role: "user", text: "Bob: what is 1+1 and 1/0?" },
    {
      role: "assistant",
      text: "",
      calls: [
        { callId: "a.1", tool: "calculator", arguments: '{"expression":"1+1"}' },
        { callId: "a.2", tool: "calculator", arguments: "[1, oops" },
      ],
    },
    {
      role: "tool",
      results: [
        { callId: "a.1", output: '{"value":2}', failed: false },
        { callId: "a.2", output: "BadInput: no sum", failed: true },
      ],
    },
    { role: "user", text: "Dana: thanks" },
  ],
};

type Body = Record<string, unknown>;

/** A `fetch` that keeps the request's body and answers with frames. */
const recording = (frames: ReadonlyArray<string>) => {
  const bodies: Array<Body> = [];
  const fetch: typeof globalThis.fetch = async (_url, init) => {
    bodies.push(JSON.parse(String(init?.body)));
    return new Response(frames.join(""), { headers: { "content-type": "text/event-stream" } });
  };
  return { fetch, bodies };
};

const toAnthropic = (asked: Prompt, chosen = choice) =>
  Effect.gen(function* () {
    const { fetch, bodies } = recording(anthropicFrames(done));
    yield* Stream.runDrain(anthropicModel({ apiKey: "k", fetch }).stream(chosen, asked));
    return bodies[0]!;
  });

const toOpenAi = (asked: Prompt, chosen = choice, baseUrl?: string) =>
  Effect.gen(function* () {
    const { fetch, bodies } = recording(chatFrames(done));
    yield* Stream.runDrain(openAiModel({ apiKey: "k", fetch, baseUrl }).stream(chosen, asked));
    return bodies[0]!;
  });

describe("what Anthropic is sent", () => {
  it.live("roles alternate, results come first and say when they failed, broken arguments become {}", () =>
    Effect.gen(function* () {
      const body = yield* toAnthropic(conversation);
      expect(body.system).toBe("You are Ada, an agent.");
      expect(body.messages).toEqual([
        { role: "user", content: "Dana: hello\nBob: what is 1+1 and 1/0?" },
        {
          role: "assistant",
          content: [
            { type: "tool_use", id: "a_1", name: "calculator", input: { expression: "1+1" } },
            { type: "tool_use", id: "a_2", name: "calculator", input: {} },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "a_1", content: '{"value":2}' },
            { type: "tool_result", tool_use_id: "a_2", content: "BadInput: no sum", is_error: true },
            { type: "text", text: "Dana: thanks" },
          ],
        },
      ]);
      const sent = { name: "calculator", description: "Sums.", input_schema: tools[0]!.input };
      expect(body.tools).toEqual([{ ...sent, eager_input_streaming: true }]);
      expect((yield* toAnthropic(conversation, { ...choice, whole: true })).tools).toEqual([sent]);
    }),
  );

  it.live("no text without a character in it, and a person speaks first", () =>
    Effect.gen(function* () {
      const messages = [
        { role: "assistant", text: "Good morning.", calls: [] },
        { role: "assistant", text: " ", calls: [] },
        { role: "user", text: "Dana: hi" },
      ] as const;
      const body = yield* toAnthropic({ system: "", tools: [], messages });
      expect(body).not.toHaveProperty("system");
      expect(body).not.toHaveProperty("tools");
      expect((body.messages as Array<Body>).map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    }),
  );

  it.live("a temperature only where the model takes one", () =>
    Effect.gen(function* () {
      expect(yield* toAnthropic(conversation, { ...choice, model: "claude-haiku-4-5-20251001" })).toMatchObject({
        temperature: 0.5,
      });
      expect(yield* toAnthropic(conversation, { ...choice, model: "claude-sonnet-5-5" })).not.toHaveProperty(
        "temperature",
      );
      expect(yield* toAnthropic(conversation)).not.toHaveProperty("temperature");
    }),
  );
});

describe("what Chat Completions is sent", () => {
  it.live("the same conversation, results as messages of their own", () =>
    Effect.gen(function* () {
      const body = yield* toOpenAi(conversation);
      const call = (id: string, text: string) => ({
        id,
        type: "function",
        function: { name: "calculator", arguments: text },
      });
      expect(body.messages).toEqual([
        { role: "system", content: "You are Ada, an agent." },
        { role: "user", content: "Dana: hello\nBob: what is 1+1 and 1/0?" },
        { role: "assistant", content: null, tool_calls: [call("a.1", '{"expression":"1+1"}'), call("a.2", "{}")] },
        { role: "tool", tool_call_id: "a.1", content: '{"value":2}' },
        { role: "tool", tool_call_id: "a.2", content: "Error: BadInput: no sum" },
        { role: "user", content: "Dana: thanks" },
      ]);
      expect(body.stream_options).toEqual({ include_usage: true });
    }),
  );

  it.live("OpenAI's models get their new words, a server of one's own the old ones", () =>
    Effect.gen(function* () {
      const openai = yield* toOpenAi(conversation, { ...choice, model: "gpt-6-luna" });
      expect(openai).toMatchObject({ max_completion_tokens: 100, reasoning_effort: "none" });
      expect(openai).not.toHaveProperty("temperature");
      const local = yield* toOpenAi(conversation, { ...choice, model: "llama3.2" }, "http://localhost:11434/v1");
      expect(local).toMatchObject({ max_tokens: 100, temperature: 0.5 });
      expect(local).not.toHaveProperty("reasoning_effort");
    }),
  );
});

describe("what the binding is given", () => {
  it.live("results that name their tool, and the model's name", () =>
    Effect.gen(function* () {
      const { binding, heard } = fakeBinding(done);
      yield* Stream.runDrain(workersAiModel(binding).stream({ ...choice, model: "@cf/x/y" }, conversation));
      expect(heard.requests[0]).toMatchObject({ model: "@cf/x/y", max_tokens: 100, stream: true, temperature: 0.5 });
      expect((heard.requests[0]!.messages as Array<Body>)[3]).toEqual({
        role: "tool",
        name: "calculator",
        tool_call_id: "a.1",
        content: '{"value":2}',
      });
    }),
  );
});

describe("servers that only resemble OpenAI's", () => {
  const answered = (chunks: ReadonlyArray<unknown>) =>
    Effect.gen(function* () {
      const { fetch } = recording(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`));
      const parts = yield* Stream.runCollect(openAiModel({ apiKey: "k", fetch }).stream(choice, conversation));
      return parts.at(-1)!;
    });
  const choices = (delta: unknown, finish_reason: string | null = null) => ({ choices: [{ delta, finish_reason }] });

  it.live("neither usage nor [DONE] is missed once a reason has come", () =>
    Effect.gen(function* () {
      const reply = yield* answered([choices({ content: "Hi" }), choices({}, "stop")]);
      expect(reply).toMatchObject({
        text: "Hi",
        finish: "end",
        model: "some-model",
        tokensIn: undefined,
        tokensOut: undefined,
      });
    }),
  );

  it.live("parallel calls under one index, and calls without an id, stay apart", () =>
    Effect.gen(function* () {
      const call = (id: string | undefined, text: string) => ({
        tool_calls: [{ index: 0, id, function: { name: "calculator", arguments: text } }],
      });
      const one = yield* answered([choices(call("x", "{}")), choices(call("y", '{"a":1}')), choices({}, "tool_calls")]);
      expect(one).toMatchObject({ calls: [{ callId: "x" }, { callId: "y", arguments: '{"a":1}' }] });
      const nameless = yield* answered([choices(call(undefined, "{}")), choices({}, "tool_calls")]);
      expect(nameless).toMatchObject({ calls: [{ callId: "call_5_0", tool: "calculator" }] });
    }),
  );

  it.live("calls without a stop for tools are not run; the prose stays", () =>
    Effect.gen(function* () {
      const call = { tool_calls: [{ index: 0, id: "x", function: { name: "calculator", arguments: "{}" } }] };
      expect(yield* answered([choices({ content: "Well." }), choices(call), choices({}, "stop")])).toMatchObject({
        text: "Well.",
        calls: [],
      });
    }),
  );
});
