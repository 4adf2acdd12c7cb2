/** ChatModel through `@anthropic-ai/sdk`'s Messages API; used by route.ts, and by demo.ts with a `fetch` of its own. */
import Anthropic, {
  AnthropicError,
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
} from "@anthropic-ai/sdk";
import { Schema, type Stream } from "effect";
import {
  Garbled,
  type ModelFailure,
  type ModelReason,
  Refused,
  Stalled,
  Unreachable,
} from "#actors/agent/turn/failures.ts";
import type { Finish, ModelChoice, ModelPart, Prompt, PromptMessage } from "#actors/agent/turn/ports.ts";
import { findModel } from "./catalogue.ts";
import {
  type Assembly,
  answer,
  argumentsOf,
  callsFor,
  checkTools,
  dataLines,
  type Ending,
  Prose,
  reasonOfStatus,
  retryAfterMs,
} from "./wire.ts";

/** Longer than the watch over silence, so that the watch speaks first; only a bound for the library's own timer. */
const TIMEOUT_MS = 120_000;

export interface AnthropicSettings {
  /** The name replies and failures carry; `demo` for the stand-in. */
  readonly provider?: string | undefined;
  readonly apiKey: string;
  readonly baseUrl?: string | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** A ChatModel over one client of Anthropic's library, made here once. */
export function anthropicModel(settings: AnthropicSettings) {
  const provider = settings.provider ?? "anthropic";
  const client = new Anthropic({
    apiKey: settings.apiKey,
    baseURL: settings.baseUrl ?? "https://api.anthropic.com",
    fetch: settings.fetch,
    // The library would sleep for whatever `retry-after` says, an hour even, inside the actor (security.md § 2.8).
    maxRetries: 0,
    timeout: TIMEOUT_MS,
    // Its error log prints what people said.
    logLevel: "off",
    openTelemetry: false,
  });
  return {
    stream: (choice: ModelChoice, prompt: Prompt): Stream.Stream<ModelPart, ModelFailure> =>
      answer({
        provider,
        model: choice.model,
        open: async (signal) => {
          checkTools(prompt.tools);
          // The lines themselves rather than the library's stream: that one swallows `ping`, so a model that thinks for
          // longer than 30 s would look silent, parses what it cannot vouch for, and costs twice the CPU of a turn's call.
          const response = await client.messages.create(request(choice, prompt), { signal }).asResponse();
          if (response.body === null) throw new Garbled({ detail: "an answer without a body" });
          return dataLines(response.body, signal);
        },
        assembly: new MessageAssembly(),
        explain,
      }),
  };
}

type Block = Anthropic.Messages.ContentBlockParam;

function request(choice: ModelChoice, prompt: Prompt): Anthropic.Messages.MessageCreateParamsStreaming {
  // The library's types know no `temperature` since 1.0: models from Opus 4.7 on answer 400 to it, older ones take it.
  const body: Anthropic.Messages.MessageCreateParamsStreaming & { temperature?: number } = {
    model: choice.model,
    max_tokens: choice.maxTokens,
    stream: true,
    messages: messagesOf(prompt.messages),
  };
  if (prompt.system !== "") body.system = prompt.system;
  if (prompt.tools.length > 0) {
    body.tools = prompt.tools.map(({ name, description, input }) => ({
      name,
      description,
      input_schema: { ...input, type: "object" },
    }));
  }
  if (choice.temperature !== undefined && findModel("anthropic", choice.model)?.takesTemperature) {
    body.temperature = choice.temperature;
  }
  return body;
}

/** The conversation in Anthropic's words: two roles that alternate, the first a user's, no text without a character in it. */
function messagesOf(messages: ReadonlyArray<PromptMessage>): Array<Anthropic.Messages.MessageParam> {
  const turns: Array<{ readonly role: "user" | "assistant"; readonly content: Array<Block> }> = [];
  for (const message of messages) {
    const blocks = blocksOf(message);
    if (blocks.length === 0) continue;
    const role = message.role === "assistant" ? "assistant" : "user";
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else turns.push({ role, content: blocks });
  }
  if (turns[0]?.role === "assistant") {
    turns.unshift({ role: "user", content: [{ type: "text", text: "(Earlier messages are not shown.)" }] });
  }
  return turns.map(({ role, content }) => ({ role, content: plain(content) }));
}

/** Prose alone goes as one string, each message on its own line. */
function plain(content: Array<Block>): string | Array<Block> {
  const lines: Array<string> = [];
  for (const block of content) {
    if (block.type !== "text") return content;
    lines.push(block.text);
  }
  return lines.join("\n");
}

function blocksOf(message: PromptMessage): Array<Block> {
  if (message.role === "tool") {
    return message.results.map(({ callId, output, failed }) => ({
      type: "tool_result",
      tool_use_id: blockId(callId),
      content: output,
      ...(failed ? { is_error: true } : {}),
    }));
  }
  const blocks: Array<Block> = message.text.trim() === "" ? [] : [{ type: "text", text: message.text }];
  if (message.role === "user") return blocks;
  for (const call of message.calls) {
    blocks.push({
      type: "tool_use",
      id: blockId(call.callId),
      name: call.tool,
      input: { ...argumentsOf(call.arguments) },
    });
  }
  return blocks;
}

/** Anthropic takes ids of `[a-zA-Z0-9_-]` alone; another provider may have made this one earlier in the turn. */
const blockId = (callId: string): string => callId.replace(/[^a-zA-Z0-9_-]/g, "_") || "_";

const optional = <S extends Schema.Constraint>(schema: S) => Schema.optional(Schema.NullOr(schema));

const Usage = Schema.Struct({
  input_tokens: optional(Schema.Finite),
  cache_creation_input_tokens: optional(Schema.Finite),
  cache_read_input_tokens: optional(Schema.Finite),
  output_tokens: optional(Schema.Finite),
});

const Message = Schema.Struct({ model: optional(Schema.String), usage: optional(Usage) });
const ContentBlock = Schema.Struct({
  type: Schema.String,
  id: optional(Schema.String),
  name: optional(Schema.String),
  text: optional(Schema.String),
  input: Schema.optional(Schema.Unknown),
});
const Delta = Schema.Struct({
  type: optional(Schema.String),
  text: optional(Schema.String),
  partial_json: optional(Schema.String),
  stop_reason: optional(Schema.String),
});
const Fault = Schema.Struct({ type: optional(Schema.String), message: optional(Schema.String) });

/** An event, as far as it is read; new events and blocks appear without a new version of the API and are passed over. */
interface Event {
  readonly type: string;
  readonly index?: number | null | undefined;
  readonly message?: typeof Message.Type | null | undefined;
  readonly content_block?: typeof ContentBlock.Type | null | undefined;
  readonly delta?: typeof Delta.Type | null | undefined;
  readonly usage?: typeof Usage.Type | null | undefined;
  readonly error?: typeof Fault.Type | null | undefined;
}

/**
 * Each event is held against the shape of its own type alone: one shape for all of them asks every event about every
 * part, and a reply has an event a word.
 */
const readEvent = (() => {
  const isTyped = Schema.is(Schema.Struct({ type: Schema.String }));
  const place = { index: optional(Schema.Finite) };
  const shapes: Readonly<Record<string, (value: unknown) => boolean>> = {
    message_start: Schema.is(Schema.Struct({ message: optional(Message) })),
    content_block_start: Schema.is(Schema.Struct({ ...place, content_block: optional(ContentBlock) })),
    content_block_delta: Schema.is(Schema.Struct({ ...place, delta: optional(Delta) })),
    content_block_stop: Schema.is(Schema.Struct(place)),
    message_delta: Schema.is(Schema.Struct({ delta: optional(Delta), usage: optional(Usage) })),
    error: Schema.is(Schema.Struct({ error: optional(Fault) })),
  };
  return (text: string): Event => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new Garbled({ detail: "an event is not JSON" });
    }
    if (!isTyped(value) || shapes[value.type]?.(value) === false)
      throw new Garbled({ detail: "an event is not of the shape it should have" });
    return value;
  };
})();

interface ToolUse {
  readonly callId: string;
  readonly tool: string;
  arguments: string;
}

const finishes: Readonly<Record<string, Finish>> = {
  end_turn: "end",
  stop_sequence: "end",
  tool_use: "tools",
  max_tokens: "length",
  // The answer broke off because the window was full: as with max_tokens, asking again would break off again.
  model_context_window_exceeded: "length",
};

/** Gathers one message from its raw events; only `message_stop` completes it. */
class MessageAssembly implements Assembly<string> {
  readonly #prose = new Prose();
  readonly #calls: Array<ToolUse> = [];
  readonly #open = new Map<number, ToolUse | undefined>();
  #stopReason: string | undefined;
  #model: string | undefined;
  #tokensIn: number | undefined;
  #tokensOut: number | undefined;

  read(data: string): string | Ending {
    if (data === "") return "";
    const event = readEvent(data);
    switch (event.type) {
      case "message_start":
        this.#model = event.message?.model || undefined;
        this.#count(event.message?.usage);
        return "";
      case "content_block_start":
        return this.#begin(event);
      case "content_block_delta":
        return this.#extend(event);
      case "content_block_stop":
        this.#open.delete(event.index ?? -1);
        return "";
      case "message_delta":
        this.#stopReason = event.delta?.stop_reason ?? this.#stopReason;
        this.#count(event.usage);
        return "";
      case "message_stop":
        return this.#end();
      case "error":
        throw reasonOfStatus(statusOfType(event.error?.type ?? ""), { detail: event.error?.message ?? "" });
      default:
        return "";
    }
  }

  #begin({ index, content_block: block }: Event): string {
    if (block == null || index == null) throw new Garbled({ detail: "a block without a place" });
    if (block.type !== "tool_use") {
      this.#open.set(index, undefined);
      return block.type === "text" && block.text ? this.#prose.add(block.text) : "";
    }
    if (!block.id || !block.name) throw new Garbled({ detail: "a call without an id or a name" });
    // `input` is `{}` here and comes as deltas; some servers behind this API send it whole instead.
    const whole = block.input !== null && typeof block.input === "object" && Object.keys(block.input).length > 0;
    const call = { callId: block.id, tool: block.name, arguments: whole ? JSON.stringify(block.input) : "" };
    this.#open.set(index, call);
    this.#calls.push(call);
    return "";
  }

  #extend({ index, delta }: Event): string {
    if (delta == null || index == null || !this.#open.has(index)) throw new Garbled({ detail: "a delta for no block" });
    const call = this.#open.get(index);
    if (delta.type === "text_delta" && call === undefined) return this.#prose.add(delta.text ?? "");
    if (delta.type === "input_json_delta" && call !== undefined) call.arguments += delta.partial_json ?? "";
    return "";
  }

  #count(usage: typeof Usage.Type | null | undefined): void {
    if (usage?.input_tokens != null) {
      this.#tokensIn =
        usage.input_tokens + (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0);
    }
    this.#tokensOut = usage?.output_tokens ?? this.#tokensOut;
  }

  #end(): Ending {
    if (this.#stopReason === "refusal") throw new Refused();
    const finish = finishes[this.#stopReason ?? ""];
    if (finish === undefined)
      throw new Garbled({ detail: `unknown stop reason “${(this.#stopReason ?? "none").slice(0, 60)}”` });
    if (this.#open.size > 0 && finish !== "length") throw new Garbled({ detail: "the message stopped within a block" });
    // A call without arguments sends no delta at all.
    const calls = this.#calls.map((call) => ({ ...call, arguments: call.arguments || "{}" }));
    return {
      finish,
      text: this.#prose.text,
      calls: callsFor(finish, calls, this.#prose.text),
      model: this.#model,
      tokensIn: this.#tokensIn,
      tokensOut: this.#tokensOut,
    };
  }

  close(): Ending {
    throw new Garbled({ detail: "the stream ended without message_stop" });
  }
}

/** The status an error event in mid-stream would have had as an answer. */
const statuses: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  overloaded_error: 529,
};
const statusOfType = (type: string): number => statuses[type] ?? 500;

/** Every class of the library's errors, by what they carry: a status, or no answer at all. */
function explain(error: unknown, now: number): ModelReason | undefined {
  if (error instanceof APIConnectionTimeoutError) return new Stalled({ silentMs: TIMEOUT_MS });
  if (error instanceof APIConnectionError || error instanceof APIUserAbortError) return new Unreachable();
  if (error instanceof APIError) {
    const status: number | undefined = error.status;
    return reasonOfStatus(status ?? statusOfType(error.type ?? ""), {
      detail: error.apiMessage ?? error.message,
      code: error.errorCode,
      retryAfterMs: retryAfterMs(error.headers, now),
    });
  }
  // What is left of the library's own errors: a 200 without a body, a header it cannot build.
  return error instanceof AnthropicError ? new Garbled({ detail: error.message.slice(0, 300) }) : undefined;
}
