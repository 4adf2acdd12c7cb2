/** What every ChatModel must do, whichever provider stands behind it: the same promises, held by all four adapters. Faults of HTTP are in provider-faults.spec.ts. */
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest";
import { Cause, Deferred, Effect, Exit, Fiber, Stream } from "effect";
import { TestClock } from "effect/testing";
import type { ModelFailure, ModelReason } from "#actors/agent/turn/failures.ts";
import type { ModelChoice, ModelPart, Prompt } from "#actors/agent/turn/ports.ts";
import { anthropicModel } from "#src/models/anthropic.ts";
import { demoModel } from "#src/models/demo.ts";
import { openAiModel } from "#src/models/openai.ts";
import { workersAiModel } from "#src/models/workers-ai.ts";
import { fakeBinding, type Heard, startProvider } from "../support/fake-provider.ts";
import { anthropic, type FakeAnswer, type FakeEnd, halved, openai } from "../support/provider-words.ts";

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
    { ends: "cut", tag: "Cut" },
    { ends: "cut at the last moment", tag: "Cut" },
    { ends: "reset", tag: "Cut" },
    { ends: "garbage", tag: "Garbled" },
    { ends: "stray delta", tag: "Garbled" },
    { ends: "error event", tag: "Cut" },
  ])("never takes «$ends» for an end", ({ ends, tag }) =>
    Effect.gen(function* () {
      expect((yield* reasonOf(given({ says: ["Almost"], ends }).model))._tag).toBe(tag);
    }),
  );

  it.live("shows no broken character when a pair is cut in two", () =>
    Effect.gen(function* () {
      const parts = yield* collect(given({ says: [...halved, "\0!"], ends: "end" }).model);
      expect(parts.every((part) => part.type === "reply" || part.delta.isWellFormed())).toBe(true);
      expect(replyIn(parts).text).toBe("half 😀 whole!");
    }),
  );

  it.live("answers a request for one whole answer with the same reply, its prose in one piece", () =>
    Effect.gen(function* () {
      const { model } = given({ says: ["Let me ", "see."], calls: [sum], ends: "tools" });
      const parts = yield* Stream.runCollect(model.stream({ ...choice, whole: true }, prompt));
      expect(parts).toHaveLength(2);
      expect(replyIn(parts)).toMatchObject({ text: "Let me see.", finish: "tools", tokensIn: 12, tokensOut: 7 });
      const { tool: name, arguments: text } = replyIn(parts).calls[0]!;
      expect([name, JSON.parse(text)]).toEqual(["calculator", { expression: "1+1" }]);
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

describe("anthropic", () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await startProvider(anthropic);
  });
  afterAll(() => provider.stop());
  keepsThePromises((answer) => {
    const { baseUrl, heard } = provider.serve(answer);
    return { model: anthropicModel({ apiKey: "k", baseUrl }), heard };
  });
});

describe("openai", () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await startProvider(openai);
  });
  afterAll(() => provider.stop());
  keepsThePromises((answer) => {
    const { baseUrl, heard } = provider.serve(answer);
    return { model: openAiModel({ apiKey: "k", baseUrl }), heard };
  });
});

describe("cloudflare", () => {
  keepsThePromises((answer) => {
    const { binding, heard } = fakeBinding(answer);
    return { model: workersAiModel(binding), heard };
  });

  it.live("ends early where a piece of the answer is a complaint about money", () =>
    Effect.gen(function* () {
      const whole = { errors: [{ code: 3036, message: "You have used up your daily free allocation" }] };
      expect((yield* reasonOf(workersAiModel(fakeBinding({ whole }).binding)))._tag).toBe("SpentOut");
    }),
  );

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
    { message: "3036: You have used up your daily free allocation", tag: "SpentOut" },
    { message: "3023: Service unavailable for account", tag: "SpentOut" },
    { message: "5018: The account is not allowed to access this model", tag: "Unauthorized" },
    { message: "3007: Request timeout", tag: "Broken" },
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
