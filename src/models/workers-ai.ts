/** ChatModel through Cloudflare's `AI` binding, streamed as `data:` lines or answered whole; used by route.ts. */

import { Schema, type Stream } from "effect";
import {
  Broken,
  Cut,
  Garbled,
  type ModelFailure,
  type ModelReason,
  Overloaded,
  SpentOut,
  TooLong,
  Unacceptable,
  Unauthorized,
  Unreachable,
} from "#actors/agent/turn/failures.ts";
import type { ModelChoice, ModelPart, Prompt } from "#actors/agent/turn/ports.ts";
import { type Piece as BodyPiece, piecesOf } from "./body.ts";
import { findModel } from "./catalogue.ts";
import { argumentText, ChatAssembly, ChatChunk, chatMessages, chatTools } from "./chat-format.ts";
import { Gathering } from "./gathering.ts";
import { counted } from "./usage.ts";
import type { Progress } from "./watch.ts";
import { type Assembly, answer, checkTools, type Ending, reading } from "./wire.ts";

/** What we need of the binding: `env.AI` fits, and so does a fake. */
export interface AiBinding {
  readonly run: (
    model: string,
    inputs: Record<string, unknown>,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<unknown>;
}

/** A ChatModel over the binding. */
export const workersAiModel = (binding: AiBinding) => ({
  stream: (choice: ModelChoice, prompt: Prompt): Stream.Stream<ModelPart, ModelFailure> =>
    answer({
      provider: "cloudflare",
      choice,
      assembly: (progress) => new BindingAssembly(progress, prompt.messages.length, choice.maxTokens),
      open: async ({ signal, progress }) => {
        checkTools(prompt.tools);
        const output = await binding.run(choice.model, inputs(choice, prompt), { signal });
        if (output instanceof ReadableStream) return piecesOf(output, signal, progress);
        if (output instanceof Response && output.body !== null) return piecesOf(output.body, signal, progress);
        return wholeAnswer(output);
      },
      explain,
    }),
});

function inputs(choice: ModelChoice, prompt: Prompt): Record<string, unknown> {
  const names = new Map<string, string>();
  for (const message of prompt.messages) {
    if (message.role === "assistant") for (const call of message.calls) names.set(call.callId, call.tool);
  }
  return {
    // The older models behind the binding know a tool's result by the tool's name, not by the call's id.
    messages: chatMessages(prompt).map((message) =>
      message.role === "tool" ? { ...message, name: names.get(message.tool_call_id) ?? "" } : message,
    ),
    ...(prompt.tools.length === 0 ? {} : { tools: chatTools(prompt.tools) }),
    max_tokens: choice.maxTokens,
    stream: choice.whole !== true,
    ...(choice.temperature !== undefined && findModel("cloudflare", choice.model)?.takesTemperature !== false
      ? { temperature: choice.temperature }
      : {}),
  };
}

async function* wholeAnswer(output: unknown): AsyncGenerator<ReadonlyArray<BodyPiece>> {
  yield [{ data: JSON.stringify(output) ?? "null", whole: true }];
}

const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optional(Schema.NullOr(schema));

/** Both dialects in one loose shape: the binding's own (`response`, `tool_calls`) and Chat Completions' (`choices`). */
const Piece = Schema.Struct({
  ...ChatChunk.fields,
  response: Schema.optional(Schema.Unknown),
  tool_calls: maybe(
    Schema.Array(
      Schema.Struct({
        id: maybe(Schema.String),
        name: maybe(Schema.String),
        arguments: Schema.optional(Schema.Unknown),
        function: maybe(Schema.Struct({ name: maybe(Schema.String), arguments: Schema.optional(Schema.Unknown) })),
      }),
    ),
  ),
  errors: maybe(Schema.Array(Schema.Struct({ code: maybe(Schema.Finite), message: maybe(Schema.String) }))),
  error: Schema.optional(Schema.Unknown),
});
type Piece = typeof Piece.Type;
const readPiece = reading(Piece, "a piece");

/** Gathers either dialect. The binding's own ends with `[DONE]` and gives no reason, so the reason is told from what came. */
class BindingAssembly implements Assembly {
  readonly #chat: ChatAssembly;
  readonly #gathering: Gathering;
  readonly #round: number;
  readonly #maxTokens: number;
  #chatting = false;
  #tokensIn: number | undefined;
  #tokensOut: number | undefined;
  done = false;

  constructor(progress: Progress, round: number, maxTokens: number) {
    this.#chat = new ChatAssembly(progress, round);
    this.#gathering = new Gathering(progress);
    this.#round = round;
    this.#maxTokens = maxTokens;
  }

  read({ data, whole }: BodyPiece): string {
    if (whole || data === "[DONE]") this.done = true;
    if (data === "" || data === "[DONE]") return "";
    const piece = readPiece(data);
    const error = piece.errors?.[0];
    if (error !== undefined) throw reasonOfCode(error.code ?? 0, error.message ?? "");
    if (piece.error != null) throw reasonOfCode(0, JSON.stringify(piece.error));
    if (piece.choices != null) {
      this.#chatting = true;
      return this.#chat.take(piece);
    }
    return this.#readOwn(piece);
  }

  #readOwn(piece: Piece): string {
    this.#tokensIn = counted(piece.usage, this.#tokensIn, "prompt_tokens");
    this.#tokensOut = counted(piece.usage, this.#tokensOut, "completion_tokens");
    if (this.#chatting) return this.#chat.take({ usage: piece.usage });
    for (const call of piece.tool_calls ?? []) {
      const begun = this.#gathering.begin(call.id || `call_${this.#round}_${this.#gathering.size}`);
      const written = call.function?.arguments ?? call.arguments ?? "";
      this.#gathering.extend(begun, call.function?.name ?? call.name ?? "", argumentText(written));
    }
    const { response } = piece;
    if (response == null) return "";
    // A model asked for JSON answers an object here; numbers come bare from some.
    return this.#gathering.say(typeof response === "string" ? response : JSON.stringify(response));
  }

  end(): Ending {
    if (this.#chatting) return this.#chat.end(this.done);
    if (!this.done) throw new Cut();
    const full = this.#tokensOut !== undefined && this.#tokensOut >= this.#maxTokens;
    const finish = full ? "length" : this.#gathering.size > 0 ? "tools" : "end";
    const { text, calls } = this.#gathering.end(finish);
    if (text === "" && this.#gathering.size === 0) throw new Garbled({ detail: "an empty answer" });
    return { finish, text, calls, model: undefined, tokensIn: this.#tokensIn, tokensOut: this.#tokensOut };
  }
}

/** Codes of developers.cloudflare.com/workers-ai/platform/errors; 3036 and 3023 are about money, not about time. */
function reasonOfCode(code: number, message: string): ModelReason {
  switch (code) {
    case 3036:
    case 3023:
      return new SpentOut();
    case 5016:
    case 5018:
    case 3041:
      return new Unauthorized();
    case 3006:
      return new TooLong();
    case 3040:
      return new Overloaded({});
    case 3003:
    case 3039:
    case 3042:
    case 5004:
    case 5005:
    case 5007:
    case 5019:
      return new Unacceptable({ detail: message.slice(0, 300) });
    default:
      // What is left are timeouts on their side (3007, 3008) and codes that are not documented.
      if (/too long|context (length|window)|maximum context|exceeded.{0,30}context/i.test(message))
        return new TooLong();
      return new Broken({});
  }
}

/** The binding throws plain errors: `AiError: 5007: No such model …`, `InferenceUpstreamError: …`, or the runtime's own. */
function explain(error: unknown): ModelReason | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = /(?:^|\D)([35]0\d\d):/.exec(error.message)?.[1];
  if (code !== undefined) return reasonOfCode(Number(code), error.message);
  if (/network connection lost|fetch failed|connect|dns/i.test(error.message)) return new Unreachable();
  if (/AiError|InferenceUpstreamError|AiInternalError/.test(error.name)) return reasonOfCode(0, error.message);
  return undefined;
}
