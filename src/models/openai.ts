/** The `openai` library: ChatModel through Chat Completions, which Ollama, llama.cpp and vLLM speak as well, and OpenAI's moderation; used by route.ts and moderator.ts. */

import { Clock, Effect, Schema, type Stream } from "effect";
import OpenAI, { APIConnectionError, APIError } from "openai";
import {
  Garbled,
  type ModelFailure,
  type ModelReason,
  ModerationFailure,
  Unreachable,
} from "#actors/agent/turn/failures.ts";
import type { ModelChoice, ModelPart, Prompt } from "#actors/agent/turn/ports.ts";
import { type Piece, piecesOf, shortRefusals } from "./body.ts";
import { findModel } from "./catalogue.ts";
import { ChatAssembly, ChatChunk, chatMessages, chatTools } from "./chat-format.ts";
import { reasonOfStatus, retryAfterMs } from "./faults.ts";
import type { Progress } from "./watch.ts";
import { type Assembly, answer, checkTools, type Ending, reading } from "./wire.ts";

/** Longer than any watch over silence, which speaks for itself; only a bound for the library's own timer. */
const TIMEOUT_MS = 600_000;

export interface OpenAiSettings {
  readonly apiKey: string;
  readonly baseUrl?: string | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

const clientOf = (settings: OpenAiSettings): OpenAI =>
  new OpenAI({
    apiKey: settings.apiKey,
    baseURL: settings.baseUrl ?? "https://api.openai.com/v1",
    fetch: shortRefusals(settings.fetch ?? ((input, init) => fetch(input, init))),
    // The library would sleep for whatever `retry-after` says, an hour even, inside the actor (security.md § 2.8).
    maxRetries: 0,
    timeout: TIMEOUT_MS,
    organization: null,
    project: null,
    // Its error log prints what people said.
    logLevel: "off",
  });

/** A ChatModel over one client of OpenAI's library, made here once. */
export function openAiModel(settings: OpenAiSettings) {
  const client = clientOf(settings);
  const ownServer = settings.baseUrl !== undefined;
  return {
    stream: (choice: ModelChoice, prompt: Prompt): Stream.Stream<ModelPart, ModelFailure> =>
      answer({
        provider: "openai",
        choice,
        assembly: (progress) => new CompletionAssembly(progress, prompt.messages.length),
        open: async ({ signal, progress }) => {
          checkTools(prompt.tools);
          // The lines rather than the library's stream, whose reading of them costs twice as much as all else in a call.
          const response = await client.chat.completions
            .create(request(choice, prompt, ownServer), { signal })
            .asResponse();
          if (response.body === null) throw new Garbled({ detail: "an answer without a body" });
          return piecesOf(response.body, signal, progress);
        },
        explain,
      }),
  };
}

function request(
  choice: ModelChoice,
  prompt: Prompt,
  ownServer: boolean,
): OpenAI.Chat.Completions.ChatCompletionCreateParams {
  const known = findModel("openai", choice.model);
  const tools = prompt.tools.length === 0 ? undefined : chatTools(prompt.tools);
  return {
    model: choice.model,
    messages: chatMessages(prompt),
    ...(choice.whole ? { stream: false } : { stream: true, stream_options: { include_usage: true } }),
    // OpenAI's newer models refuse `max_tokens`, Ollama knows no other word.
    ...(ownServer && known === undefined
      ? { max_tokens: choice.maxTokens }
      : { max_completion_tokens: choice.maxTokens }),
    ...(tools === undefined ? {} : { tools }),
    // From GPT-5.4 on, Chat Completions answers 400 to tools together with reasoning; models that can do without, must.
    ...(tools !== undefined && known?.reasoningOff ? { reasoning_effort: "none" as const } : {}),
    ...(choice.temperature !== undefined && (known === undefined || known.takesTemperature)
      ? { temperature: choice.temperature }
      : {}),
  };
}

/** One answer, as chunks up to `[DONE]` or as one completion. */
class CompletionAssembly implements Assembly {
  readonly #chat: ChatAssembly;
  done = false;

  constructor(progress: Progress, round: number) {
    this.#chat = new ChatAssembly(progress, round);
  }

  read({ data, whole }: Piece): string {
    if (whole || data === "[DONE]") this.done = true;
    return data === "" || data === "[DONE]" ? "" : this.#chat.take(chunkIn(data));
  }

  end(): Ending {
    return this.#chat.end(this.done);
  }
}

const readChunk = reading(ChatChunk, "a chunk");
const StreamError = Schema.Struct({
  message: Schema.optional(Schema.String),
  type: Schema.optional(Schema.NullOr(Schema.String)),
  code: Schema.optional(Schema.NullOr(Schema.Union([Schema.String, Schema.Finite]))),
});
const isStreamError = Schema.is(StreamError);

function chunkIn(data: string): ChatChunk {
  const chunk = readChunk(data);
  if (chunk.error == null) return chunk;
  // An error in mid-stream has no status: by its name where that says more than "ours", else it is the server's fault.
  const { message, type, code } = isStreamError(chunk.error) ? chunk.error : {};
  const name = `${code ?? ""} ${type ?? ""}`;
  const status = typeof code === "number" ? code : statusOfCode(name);
  throw reasonOfStatus(status, { detail: message ?? "", code: name });
}

/** Every class of the library's errors, by what they carry: a status, or no answer at all. */
function explain(error: unknown, now: number): ModelReason | undefined {
  if (error instanceof APIConnectionError) return new Unreachable();
  if (!(error instanceof APIError) || error.status === undefined) return undefined;
  return reasonOfStatus(error.status, {
    detail: error.message,
    code: `${error.code ?? ""} ${error.type ?? ""}`,
    retryAfterMs: retryAfterMs(error.headers, now),
  });
}

function statusOfCode(code: string): number {
  if (/rate_limit|insufficient_quota|credit_balance|billing/.test(code)) return 429;
  if (/overloaded|slow_down/.test(code)) return 503;
  if (/invalid_request|context_length|content_filter|content_policy/.test(code)) return 400;
  if (/authentication|invalid_api_key|permission/.test(code)) return 401;
  return 500;
}

/** OpenAI's newest model for moderation, under the name that follows it. */
const MODERATION_MODEL = "omni-moderation-latest";

const ModerationResult = Schema.Struct({
  flagged: Schema.Boolean,
  categories: Schema.Record(Schema.String, Schema.NullOr(Schema.Boolean)),
});

/** What we read of its answer: one result for each text. Some categories are null for some inputs. */
const readModeration = (texts: number) =>
  Schema.decodeUnknownEffect(
    Schema.Struct({
      results: Schema.Array(ModerationResult).check(Schema.isBetweenLength(texts, texts)),
    }),
  );

/**
 * OpenAI's moderation of texts, in one request: for each the categories that it flags, by its own names
 * (`hate/threatening`), and `unspecified` when it flags one without saying for what. Costs nothing, never retries, and
 * closes the connection when interrupted.
 */
export function openAiModeration(settings: OpenAiSettings) {
  const client = clientOf(settings);
  const failed = (reason: ModelReason) => new ModerationFailure({ provider: "openai", reason });
  return Effect.fnUntraced(function* (texts: ReadonlyArray<string>) {
    const clock = yield* Clock.Clock;
    const answered = yield* Effect.tryPromise({
      try: (signal) => client.moderations.create({ model: MODERATION_MODEL, input: [...texts] }, { signal }),
      catch: (error) =>
        failed(explain(error, clock.currentTimeMillisUnsafe()) ?? new Garbled({ detail: "no moderation came back" })),
    });
    const { results } = yield* readModeration(texts.length)(answered).pipe(
      Effect.mapError(() => failed(new Garbled({ detail: "a moderation is not of the shape it should have" }))),
    );
    return results.map(({ flagged, categories }) => {
      const named = Object.keys(categories).filter((category) => categories[category] === true);
      return flagged && named.length === 0 ? ["unspecified"] : named;
    });
  });
}
