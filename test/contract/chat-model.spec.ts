/** What every ChatModel must do, whichever provider stands behind it: the same promises, held by all four adapters. */
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest";
import { Cause, Deferred, Effect, Exit, Fiber, Stream } from "effect";
import { TestClock } from "effect/testing";
import type { ModelFailure, ModelReason } from "#actors/agent/turn/failures.ts";
import type { ModelChoice, ModelPart, Prompt } from "#actors/agent/turn/ports.ts";
import { anthropicModel } from "#src/models/anthropic.ts";
import { demoModel } from "#src/models/demo.ts";
import { openAiModel } from "#src/models/openai.ts";
import { workersAiModel } from "#src/models/workers-ai.ts";
import {
  anthropicFrames,
  chatFrames,
  type FakeAnswer,
  type FakeEnd,
  type FakeRefusal,
  fakeBinding,
  type Heard,
  halved,
  startProvider,
} from "../support/fake-provider.ts";

interface Model {
  readonly stream: (choice: ModelChoice, prompt: Prompt) => Stream.Stream<ModelPart, ModelFailure>;
}
interface Given {
  readonly model: Model;
  readonly heard: Heard;
}

const tool = { name: "calculator", description: "Sums.", input: { type: "object", properties: {} } };
const prompt: Prompt = {
  system: "You are Ada, an agent.",
  messages: [{ role: "user", text: "Dana: hello" }],
  tools: [tool],
};
const choice = { provider: "any", model: "some-model", maxTokens: 100 };

const collect = (model: Model, asked = prompt) => Stream.runCollect(model.stream(choice, asked));

/** The reason a call fails for; a test that gets a reply instead fails here. */
const reasonOf = (model: Model, asked = prompt): Effect.Effect<ModelReason> =>
  Effect.map(Effect.flip(collect(model, asked)), ({ reason }) => reason).pipe(Effect.orDie);

const replyIn = (parts: ReadonlyArray<ModelPart>) => {
  const reply = parts.at(-1);
  if (reply?.type !== "reply") throw new Error("the last part is no reply");
  expect(parts.filter((part) => part.type === "reply")).toHaveLength(1);
  expect(parts.flatMap((part) => (part.type === "text" ? [part.delta] : [])).join("")).toBe(reply.text);
  return reply;
};

const sum = { id: "call_1", tool: "calculator", json: ['{"expression": ', '"1+1"}'] };
const other = { id: "call_2", tool: "calculator", json: ['{"expression":"2*2"}'] };

type Provider = Awaited<ReturnType<typeof startProvider>>;

/** The promises of the stream itself; `given` builds an adapter whose provider answers as told. */
function keepsThePromises(given: (answer: FakeAnswer) => Given): void {
  it.live("hands out prose as it comes, then one whole reply, last", () =>
    Effect.gen(function* () {
      const parts = yield* collect(given({ says: ["Hel", "lo ", "Dana."], ends: "end" }).model);
      expect(parts.length).toBeGreaterThan(1);
      expect(replyIn(parts)).toMatchObject({
        text: "Hello Dana.",
        calls: [],
        finish: "end",
        tokensIn: 12,
        tokensOut: 7,
      });
    }),
  );

  it.live("keeps a call's arguments as the text the model wrote", () =>
    Effect.gen(function* () {
      const reply = replyIn(yield* collect(given({ says: ["Let me see."], calls: [sum], ends: "tools" }).model));
      expect(reply.finish).toBe("tools");
      expect(reply.calls).toEqual([{ callId: "call_1", tool: "calculator", arguments: '{"expression": "1+1"}' }]);
    }),
  );

  it.live("tells parallel calls apart", () =>
    Effect.gen(function* () {
      const reply = replyIn(yield* collect(given({ says: [], calls: [sum, other], ends: "tools" }).model));
      expect(reply.calls.map(({ callId, arguments: text }) => [callId, text])).toEqual([
        ["call_1", '{"expression": "1+1"}'],
        ["call_2", '{"expression":"2*2"}'],
      ]);
    }),
  );

  it.live("drops a call that the token limit cut, however whole it looks", () =>
    Effect.gen(function* () {
      const cut = { ...sum, json: ['{"expression":"1"}'] };
      const reply = replyIn(yield* collect(given({ says: ["So"], calls: [cut], ends: "length" }).model));
      expect(reply).toMatchObject({ finish: "length", text: "So", calls: [] });
    }),
  );

  it.live.each<{ ends: FakeEnd; tag: string }>([
    { ends: "cut", tag: "Garbled" },
    { ends: "cut at the last moment", tag: "Garbled" },
    { ends: "garbage", tag: "Garbled" },
    { ends: "error event", tag: "Overloaded" },
  ])("never takes «$ends» for an end", ({ ends, tag }) =>
    Effect.gen(function* () {
      expect((yield* reasonOf(given({ says: ["Almost"], ends }).model))._tag).toBe(tag);
    }),
  );

  it.live("fails, and does not reply, when the connection is torn down in mid-answer", () =>
    Effect.gen(function* () {
      expect(["Garbled", "Unreachable"]).toContain(
        (yield* reasonOf(given({ says: ["Almost"], ends: "reset" }).model))._tag,
      );
    }),
  );

  it.live("shows no broken character when a pair is cut in two", () =>
    Effect.gen(function* () {
      const parts = yield* collect(given({ says: [...halved, "\0!"], ends: "end" }).model);
      expect(parts.every((part) => part.type === "reply" || part.delta.isWellFormed())).toBe(true);
      expect(replyIn(parts).text).toBe("half 😀 whole!");
    }),
  );

  it.live("closes the connection when it is interrupted", () =>
    Effect.gen(function* () {
      const { model, heard } = given({ says: ["One "], ends: "silence" });
      const begun = yield* Deferred.make<void>();
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(model.stream(choice, prompt), () => Deferred.succeed(begun, undefined)),
      );
      yield* Deferred.await(begun);
      yield* Fiber.interrupt(fiber);
      yield* Effect.promise(() => expect.poll(() => heard.closed, { timeout: 5_000 }).toBe(true));
    }),
  );

  it.effect("gives up on a provider that is silent for 30 seconds, and not sooner", () =>
    Effect.gen(function* () {
      const { model, heard } = given({ says: ["One "], ends: "silence" });
      const begun = yield* Deferred.make<void>();
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(model.stream(choice, prompt), () => Deferred.succeed(begun, undefined)),
      );
      yield* Deferred.await(begun);
      yield* TestClock.adjust("29 seconds");
      expect(fiber.pollUnsafe()).toBeUndefined();
      yield* TestClock.adjust("1 second");
      const exit = yield* Fiber.await(fiber);
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({
        reason: { _tag: "Stalled", silentMs: 30_000 },
      });
      yield* Effect.promise(() => expect.poll(() => heard.closed, { timeout: 5_000 }).toBe(true));
    }),
  );

  it.live("sends nothing when a tool's name would be refused", () =>
    Effect.gen(function* () {
      const { model, heard } = given({ says: [], ends: "end" });
      const asked = { ...prompt, tools: [{ ...tool, name: "no such name!" }] };
      expect((yield* reasonOf(model, asked))._tag).toBe("Unacceptable");
      expect(heard.requests).toEqual([]);
    }),
  );
}

/** What HTTP adds: answers by status, bodies that are no stream, and no answer at all. */
function readsStatuses(
  given: (script: FakeAnswer | FakeRefusal) => Given,
  nowhere: () => Model,
  body: (text: string, code: string) => string,
): void {
  const refused = (status: number, headers: Record<string, string> = {}, text = "no", code = "x") =>
    reasonOf(given({ status, headers, body: body(text, code) }).model);

  it.live.each<{ ends: FakeEnd; tag: string }>([
    { ends: "refusal", tag: "Refused" },
    { ends: "a reason nobody knows", tag: "Garbled" },
  ])("tells «$ends» from an end", ({ ends, tag }) =>
    Effect.gen(function* () {
      expect((yield* reasonOf(given({ says: ["I"], ends }).model))._tag).toBe(tag);
    }),
  );

  it.live("does not take a page with status 200 for a reply", () =>
    Effect.gen(function* () {
      const { model } = given({ status: 200, body: "<html>\n\n<body>data: hello</body></html>\n" });
      expect((yield* reasonOf(model))._tag).toBe("Garbled");
    }),
  );

  it.live.each([
    { status: 400, tag: "Unacceptable" },
    { status: 401, tag: "Unauthorized" },
    { status: 402, tag: "Unauthorized" },
    { status: 403, tag: "Unauthorized" },
    { status: 404, tag: "Unacceptable" },
    { status: 413, tag: "TooLong" },
    { status: 422, tag: "Unacceptable" },
    { status: 429, tag: "RateLimited" },
    { status: 500, tag: "Overloaded" },
    { status: 503, tag: "Overloaded" },
    { status: 529, tag: "Overloaded" },
  ])("answers $status as $tag, after one request", ({ status, tag }) =>
    Effect.gen(function* () {
      const { model, heard } = given({ status, body: body("no", "x") });
      expect((yield* reasonOf(model))._tag).toBe(tag);
      expect(heard.requests).toHaveLength(1);
    }),
  );

  it.live("tells a prompt that is too long from a request that is wrong", () =>
    Effect.gen(function* () {
      expect((yield* refused(400, {}, "prompt is too long: 210000 tokens > 200000 maximum"))._tag).toBe("TooLong");
      expect((yield* refused(400, {}, "This model's maximum context length is 8192 tokens"))._tag).toBe("TooLong");
    }),
  );

  it.live("does not wait for money: a spent budget is no rate limit", () =>
    Effect.gen(function* () {
      const spent = yield* refused(429, {}, "You exceeded your quota", "insufficient_quota");
      expect(spent._tag).toBe("Unauthorized");
    }),
  );

  it.live("reads retry-after in seconds and as a date, and ignores what is neither", () =>
    Effect.gen(function* () {
      expect(yield* refused(429, { "retry-after": "7" })).toMatchObject({ retryAfterMs: 7_000 });
      expect(yield* refused(529, { "retry-after": "0.5" })).toMatchObject({ _tag: "Overloaded", retryAfterMs: 500 });
      const date = yield* refused(429, { "retry-after": new Date(Date.now() + 60_000).toUTCString() });
      expect((date as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(30_000);
      expect(yield* refused(429, { "retry-after": "-3" })).not.toHaveProperty("retryAfterMs");
      expect(yield* refused(429, { "retry-after": "soon" })).not.toHaveProperty("retryAfterMs");
    }),
  );

  it.live("says so when nobody answers at all", () =>
    Effect.gen(function* () {
      expect((yield* reasonOf(nowhere()))._tag).toBe("Unreachable");
    }),
  );
}

describe("anthropic", () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await startProvider(anthropicFrames);
  });
  afterAll(() => provider.stop());
  const at = (baseUrl: string): Model => anthropicModel({ apiKey: "k", baseUrl });
  const given = (script: FakeAnswer | FakeRefusal): Given => {
    const { baseUrl, heard } = provider.serve(script);
    return { model: at(baseUrl), heard };
  };
  keepsThePromises(given);
  readsStatuses(
    given,
    () => at("http://127.0.0.1:9"),
    (message, error_code) =>
      JSON.stringify({ type: "error", error: { type: "some_error", message, details: { error_code } } }),
  );

  it.effect("takes a ping for a sign of life: a model that thinks for a minute is not silent", () =>
    Effect.gen(function* () {
      const encoder = new TextEncoder();
      const begun = yield* Deferred.make<void>();
      let wire: ReadableStreamDefaultController<Uint8Array> | undefined;
      const fetch: typeof globalThis.fetch = async () => {
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => {
            wire = controller;
            for (const frame of anthropicFrames({ says: ["Hm. "], ends: "silence" }))
              controller.enqueue(encoder.encode(frame));
          },
        });
        return new Response(body);
      };
      const model = anthropicModel({ apiKey: "k", fetch });
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(model.stream(choice, prompt), () => Deferred.succeed(begun, undefined)),
      );
      yield* Deferred.await(begun);
      for (let round = 0; round < 3; round++) {
        yield* TestClock.adjust("20 seconds");
        wire?.enqueue(encoder.encode('event: ping\ndata: {"type":"ping"}\n\n'));
        yield* Effect.promise(() => new Promise(setImmediate));
      }
      expect(fiber.pollUnsafe()).toBeUndefined();
      yield* TestClock.adjust("30 seconds");
      expect(Exit.isFailure(yield* Fiber.await(fiber))).toBe(true);
    }),
  );
});

describe("openai", () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await startProvider(chatFrames);
  });
  afterAll(() => provider.stop());
  const at = (baseUrl: string): Model => openAiModel({ apiKey: "k", baseUrl });
  const given = (script: FakeAnswer | FakeRefusal): Given => {
    const { baseUrl, heard } = provider.serve(script);
    return { model: at(baseUrl), heard };
  };
  keepsThePromises(given);
  readsStatuses(
    given,
    () => at("http://127.0.0.1:9"),
    (message, code) => JSON.stringify({ error: { message, code, type: "some_error" } }),
  );
});

describe("cloudflare", () => {
  keepsThePromises((answer) => {
    const { binding, heard } = fakeBinding(answer);
    return { model: workersAiModel(binding), heard };
  });

  it.live("takes an answer that comes whole, in either dialect", () =>
    Effect.gen(function* () {
      const own = { response: "Two.", tool_calls: [], usage: { prompt_tokens: 1, completion_tokens: 2 } };
      expect(replyIn(yield* collect(workersAiModel(fakeBinding({ whole: own }).binding))).text).toBe("Two.");
      const message = { content: null, tool_calls: [{ id: "a", function: { name: "calculator", arguments: "{}" } }] };
      const chat = { choices: [{ message, finish_reason: "tool_calls" }] };
      const reply = replyIn(yield* collect(workersAiModel(fakeBinding({ whole: chat }).binding)));
      expect(reply.calls).toEqual([{ callId: "a", tool: "calculator", arguments: "{}" }]);
    }),
  );

  it.live.each([
    { message: "AiError: 5007: No such model @cf/x or task", tag: "Unacceptable" },
    { message: "3036: You have used up your daily free allocation", tag: "Unauthorized" },
    { message: "InferenceUpstreamError: 3040: Capacity temporarily exceeded", tag: "Overloaded" },
    { message: "3006: Request is too large", tag: "TooLong" },
    { message: "Network connection lost.", tag: "Unreachable" },
  ])("reads what the binding throws: $message", ({ message, tag }) =>
    Effect.gen(function* () {
      expect((yield* reasonOf(workersAiModel(fakeBinding({ throws: new Error(message) }).binding)))._tag).toBe(tag);
    }),
  );
});

describe("demo", () => {
  const model = demoModel({ seed: 1, wordPauseMs: 0 });
  const saying = (text: string): Prompt => ({ ...prompt, messages: [{ role: "user", text: `Dana: ${text}` }] });
  const clock = { ...tool, name: "time_date" };

  it.live("goes through the same adapter: prose in pieces, then a reply that says who it is", () =>
    Effect.gen(function* () {
      const parts = yield* collect(model, saying("hello"));
      expect(parts.length).toBeGreaterThan(3);
      expect(replyIn(parts)).toMatchObject({ finish: "end", calls: [], provider: "demo", model: "troupe-demo" });
    }),
  );

  it.live("calls tools, in parallel too", () =>
    Effect.gen(function* () {
      const asked = { ...saying("what is 2+2 and what time is it?"), tools: [tool, clock] };
      const reply = replyIn(yield* collect(model, asked));
      expect(reply.finish).toBe("tools");
      expect(reply.calls.map(({ tool: name }) => name)).toEqual(["calculator", "time_date"]);
    }),
  );

  it.live("stops at the token limit like any model", () =>
    Effect.gen(function* () {
      const parts = yield* Stream.runCollect(model.stream({ ...choice, maxTokens: 2 }, saying("who are you?")));
      expect(replyIn(parts)).toMatchObject({ finish: "length", tokensOut: 2 });
    }),
  );

  it.live("pauses between words, and stops in the middle when it is interrupted", () =>
    Effect.gen(function* () {
      const slow = demoModel({ seed: 1, wordPauseMs: 5 });
      const heard: Array<ModelPart> = [];
      const begun = yield* Deferred.make<void>();
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(slow.stream(choice, saying("who are you?")), (part) => {
          heard.push(part);
          return Deferred.succeed(begun, undefined);
        }),
      );
      yield* Deferred.await(begun);
      yield* Fiber.interrupt(fiber);
      expect(heard.some((part) => part.type === "reply")).toBe(false);
      expect(replyIn(yield* collect(slow, saying("hello"))).finish).toBe("end");
    }),
  );
});
