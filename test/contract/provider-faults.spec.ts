/** What an adapter makes of every fault a provider can have: each row of the matrix, through both SDKs, streamed and whole. */
import { afterAll, beforeAll, describe, expect, it, vi } from "@effect/vitest";
import { Cause, Effect, Exit, Fiber, Stream } from "effect";
import { TestClock } from "effect/testing";
import { kindOf, type ModelFailure } from "#actors/agent/turn/failures.ts";
import type { ModelChoice, ModelPart, Prompt } from "#actors/agent/turn/ports.ts";
import { anthropicModel } from "#src/models/anthropic.ts";
import { openAiModel } from "#src/models/openai.ts";
import { type Heard, type Script, startProvider, tappedFetch } from "../support/fake-provider.ts";
import { anthropic, type Dialect, openai } from "../support/provider-words.ts";
import {
  type Case,
  type Form,
  matrix,
  type Outcome,
  type Provider,
  type SlowCase,
  slow,
} from "./provider-fault-cases.ts";

interface Model {
  readonly stream: (choice: ModelChoice, prompt: Prompt) => Stream.Stream<ModelPart, ModelFailure>;
}
type Settings = { readonly apiKey: string; readonly baseUrl: string; readonly fetch?: typeof globalThis.fetch };
type Loopback = Awaited<ReturnType<typeof startProvider>>;

const prompt: Prompt = {
  system: "You are Ada, an agent.",
  messages: [
    { role: "user", text: "Dana: hello" },
    { role: "assistant", text: "", calls: [{ callId: "call_1", tool: "calculator", arguments: "{}" }] },
    { role: "tool", results: [{ callId: "call_1", output: "2", failed: false }] },
  ],
  tools: [{ name: "calculator", description: "Sums.", input: { type: "object", properties: {} } }],
};

/** Waits for what happens on the other side of a socket. */
const becomesTrue = (heard: Heard, what: "over" | "closed") =>
  Effect.promise(() => expect.poll(() => heard[what], { timeout: 5_000, interval: 2 }).toBe(true));

const reasonIn = (exit: Exit.Exit<unknown, ModelFailure> | undefined) => {
  const failure = exit && Exit.isFailure(exit) ? (Cause.squash(exit.cause) as ModelFailure) : undefined;
  if (failure?._tag !== "ModelFailure") throw new Error(`no failure, but ${JSON.stringify(exit)}`);
  return failure.reason;
};

/** Prose as it came must be the prose of the reply, and the reply comes once, last. */
const replyIn = (parts: ReadonlyArray<ModelPart>) => {
  const reply = parts.at(-1);
  if (reply?.type !== "reply") throw new Error("the last part is no reply");
  expect(parts.flatMap((part) => (part.type === "text" ? [part.delta] : [])).join("")).toBe(reply.text);
  expect(parts.filter(({ type }) => type === "reply")).toHaveLength(1);
  return reply;
};

const outcomeIn = (outcome: Case["outcome"], form: Form): Outcome =>
  "reply" in outcome || "kind" in outcome ? outcome : outcome[form];

function keepsTheMatrix(name: Provider, form: Form, dialect: Dialect, modelAt: (settings: Settings) => Model): void {
  let provider: Loopback;
  beforeAll(async () => {
    provider = await startProvider(dialect);
  });
  afterAll(() => provider.stop());
  const choice: ModelChoice = { provider: name, model: "some-model", maxTokens: 100, whole: form === "whole" };
  const given = (script: Script) => {
    const { baseUrl, heard, send } = provider.serve(script);
    return { model: modelAt({ apiKey: "k", baseUrl }), heard, send, baseUrl };
  };

  for (const [about, cases] of Object.entries(matrix)) {
    const here = cases.filter(({ only = {} }) => (only.by ?? name) === name && (only.as ?? form) === form);
    if (here.length === 0) continue;
    describe(about, () => {
      it.live.each(here)("$given", ({ provider: script, outcome: expected }) =>
        Effect.gen(function* () {
          const { model, heard } = given(script);
          const outcome = outcomeIn(expected, form);
          const exit = yield* Effect.exit(Stream.runCollect(model.stream(choice, prompt)));
          if ("reply" in outcome) expect(replyIn(Exit.isSuccess(exit) ? exit.value : [])).toMatchObject(outcome.reply);
          else {
            const reason = reasonIn(exit) as unknown as Record<string, unknown>;
            for (const [field, value] of Object.entries(outcome.reason))
              expect([field, reason[field]]).toEqual([field, value]);
            expect(kindOf(reasonIn(exit))).toBe(outcome.kind);
          }
          expect(heard.requests).toHaveLength(1); // an adapter never retries
          yield* becomesTrue(heard, "over");
        }),
      );
    });
  }

  it.live.each(["http://127.0.0.1:9", "https://127.0.0.1:PORT"])("nobody at %s", (url) =>
    Effect.gen(function* () {
      const model = modelAt({ apiKey: "k", baseUrl: url.replace("PORT", `${provider.port}`) });
      const reason = reasonIn(yield* Effect.exit(Stream.runDrain(model.stream(choice, prompt))));
      expect([reason._tag, kindOf(reason)]).toEqual(["Unreachable", "broken"]);
    }),
  );

  it.live("a model that never stops is cut off", () =>
    Effect.gen(function* () {
      const opening = dialect.frames({ says: ["It"], ends: "silence" });
      const { model, heard } = given({ body: opening, endless: dialect.prose(" goes on".repeat(1_000)) });
      const shown: Array<string> = [];
      const told = Stream.runForEach(model.stream(choice, prompt), (part) =>
        Effect.sync(() => shown.push(part.type === "text" ? part.delta : "reply")),
      );
      expect(reasonIn(yield* Effect.exit(told))).toMatchObject({ _tag: "Garbled", begun: true });
      expect(shown.join("").length).toBeLessThanOrEqual(1024 * 1024);
      yield* becomesTrue(heard, "closed");
    }),
  );

  it.live("interrupted while it is silent, the connection is closed", () =>
    Effect.gen(function* () {
      const { baseUrl, heard } = given({ says: ["One two three."], ends: "silence" });
      const tap = tappedFetch();
      const model = modelAt({ apiKey: "k", baseUrl, fetch: tap.fetch });
      const fiber = yield* Effect.forkChild(Stream.runDrain(model.stream(choice, prompt)));
      yield* Effect.promise(() => tap.read(1));
      yield* Fiber.interrupt(fiber);
      yield* becomesTrue(heard, "closed");
    }),
  );

  it.live.each([
    { what: "nothing", begun: "" },
    { what: "half a complaint", begun: '{"error": {"mess' },
  ])("a refusal that says $what and does not end goes by its status after a second", ({ begun }) =>
    Effect.gen(function* () {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      yield* Effect.addFinalizer(() => Effect.sync(() => vi.useRealTimers()));
      const script: Script = { status: 429, headers: { "retry-after": "3" }, body: [begun], ends: "silence" };
      const { baseUrl, heard } = given(script);
      const tap = tappedFetch();
      const model = modelAt({ apiKey: "k", baseUrl, fetch: tap.fetch });
      const fiber = yield* Effect.forkChild(Stream.runDrain(model.stream(choice, prompt)));
      yield* Effect.promise(() => tap.opened);
      yield* Effect.promise(() => tap.read(begun.length));
      yield* Effect.promise(() => vi.advanceTimersByTimeAsync(999));
      expect(fiber.pollUnsafe()).toBeUndefined();
      yield* Effect.promise(() => vi.advanceTimersByTimeAsync(1));
      const exit = yield* Fiber.await(fiber);
      expect(reasonIn(exit)).toMatchObject({ _tag: "RateLimited", retryAfterMs: 3_000 });
      yield* becomesTrue(heard, "closed");
    }),
  );

  if (form === "stream")
    it.live("a connection that stays open behind a whole reply is closed a moment later", () =>
      Effect.gen(function* () {
        const body = [...dialect.frames({ says: ["Hello."], ends: "end" })];
        const headers = { "content-type": "text/event-stream" };
        const { model, heard } = given({ body, headers, ends: "silence" });
        expect(replyIn(yield* Stream.runCollect(model.stream(choice, prompt))).text).toBe("Hello.");
        expect(heard.closed).toBe(false);
        yield* becomesTrue(heard, "closed");
      }),
    );

  describe("slow, on a clock that is turned by hand", () => {
    it.effect.each(slow[form])("$given: stalls after $stalls s", (slowly) =>
      Effect.gen(function* () {
        const { baseUrl, heard, send } = given(openingOf(slowly, dialect));
        const tap = tappedFetch();
        const model = modelAt({ apiKey: "k", baseUrl, fetch: tap.fetch });
        const { silenceMs } = slowly;
        const asked = silenceMs === undefined ? choice : { ...choice, silenceMs };
        const fiber = yield* Effect.forkChild(Stream.runDrain(model.stream(asked, prompt)));
        yield* Effect.promise(() => expect.poll(() => heard.requests.length, { interval: 2 }).toBe(1));
        yield* Effect.promise(() => tap.read(heard.sent));
        const each = everySecond(slowly, dialect);
        for (let second = 0; second < (slowly.stalls ?? 50); second++) {
          if (second > 0 && each !== undefined) {
            send(each);
            yield* Effect.promise(() => tap.read(heard.sent));
          }
          expect(fiber.pollUnsafe()).toBeUndefined();
          yield* TestClock.adjust("1 second");
        }
        const exit = fiber.pollUnsafe();
        if (slowly.stalls === undefined) return expect(exit).toBeUndefined();
        const reason = reasonIn(exit);
        expect(reason).toMatchObject({ _tag: "Stalled", silentMs: slowly.stalls * 1_000 });
        expect(kindOf(reason)).toBe("cut");
        yield* becomesTrue(heard, "closed");
      }),
    );
  });
}

function openingOf({ first }: SlowCase, dialect: Dialect): Script {
  if (first === "nothing") return "is silent";
  if (first === "headers") return { body: [], ends: "silence" };
  return { body: first === "prose" ? dialect.frames({ says: ["x"], ends: "silence" }) : ['{"id": "'], ends: "silence" };
}

function everySecond({ each }: SlowCase, dialect: Dialect): string | undefined {
  if (each === undefined) return undefined;
  if ("idle" in each) return dialect.idle[each.idle];
  if ("text" in each) return each.text;
  return "prose" in each ? dialect.prose(each.prose) : dialect.thought(each.thought);
}

describe("anthropic, streamed", () => keepsTheMatrix("anthropic", "stream", anthropic, anthropicModel));
describe("anthropic, whole", () => keepsTheMatrix("anthropic", "whole", anthropic, anthropicModel));
describe("openai, streamed", () => keepsTheMatrix("openai", "stream", openai, openAiModel));
describe("openai, whole", () => keepsTheMatrix("openai", "whole", openai, openAiModel));
