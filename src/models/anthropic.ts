/** ChatModel through `@anthropic-ai/sdk`'s Messages API; used by route.ts, and by demo.ts with a `fetch` of its own. */
import Anthropic, { AnthropicError, APIConnectionError, APIError, APIUserAbortError } from "@anthropic-ai/sdk";
import type { Stream } from "effect";
import { Garbled, type ModelFailure, type ModelReason, Unreachable } from "#actors/agent/turn/failures.ts";
import type { ModelChoice, ModelPart, Prompt, PromptMessage } from "#actors/agent/turn/ports.ts";
import { piecesOf, shortRefusals } from "./body.ts";
import { findModel } from "./catalogue.ts";
import { reasonOfStatus, retryAfterMs } from "./faults.ts";
import { MessageAssembly, statusOfType } from "./message-format.ts";
import { answer, argumentsOf, checkTools } from "./wire.ts";

/** Longer than any watch over silence, which speaks for itself; only a bound for the library's own timer. */
const TIMEOUT_MS = 600_000;

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
    fetch: shortRefusals(settings.fetch ?? ((input, init) => fetch(input, init))),
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
        choice,
        assembly: (progress) => new MessageAssembly(progress),
        open: async ({ signal, progress }) => {
          checkTools(prompt.tools);
          // The lines themselves rather than the library's stream: that one parses what it cannot vouch for, ends
          // quietly when the wire is cut, and costs twice the CPU of a turn's call.
          const response = await client.messages.create(request(choice, prompt), { signal }).asResponse();
          if (response.body === null) throw new Garbled({ detail: "an answer without a body" });
          return piecesOf(response.body, signal, progress);
        },
        explain,
      }),
  };
}

type Block = Anthropic.Messages.ContentBlockParam;

function request(choice: ModelChoice, prompt: Prompt): Anthropic.Messages.MessageCreateParams {
  // The library's types know no `temperature` since 1.0: models from Opus 4.7 on answer 400 to it, older ones take it.
  const body: Anthropic.Messages.MessageCreateParams & { temperature?: number } = {
    model: choice.model,
    max_tokens: choice.maxTokens,
    stream: choice.whole !== true,
    messages: messagesOf(prompt.messages),
  };
  if (prompt.system !== "") body.system = prompt.system;
  if (prompt.tools.length > 0) {
    body.tools = prompt.tools.map(({ name, description, input }) => ({
      name,
      description,
      input_schema: { ...input, type: "object" },
      // Else the service keeps a long argument back until it is whole, for longer than the watch over silence waits.
      ...(choice.whole ? {} : { eager_input_streaming: true }),
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

/** Every class of the library's errors, by what they carry: a status, or no answer at all. */
function explain(error: unknown, now: number): ModelReason | undefined {
  if (error instanceof APIConnectionError || error instanceof APIUserAbortError) return new Unreachable();
  if (error instanceof APIError) {
    const status: number | undefined = error.status;
    return reasonOfStatus(status ?? statusOfType(error.type ?? ""), {
      detail: error.apiMessage ?? error.message,
      code: `${error.errorCode ?? ""} ${error.type ?? ""}`,
      retryAfterMs: retryAfterMs(error.headers, now),
    });
  }
  // What is left of the library's own errors: a 200 without a body, a header it cannot build.
  return error instanceof AnthropicError ? new Garbled({ detail: error.message.slice(0, 300) }) : undefined;
}
