/** The words of Chat Completions, spoken by openai.ts and by most models behind workers-ai.ts: prompt out, chunks in. */

import { Schema } from "effect";
import { Cut, Garbled, Refused } from "#actors/agent/turn/failures.ts";
import type { Finish, ModelCall, Prompt, ToolDescription } from "#actors/agent/turn/ports.ts";
import { type CallUnderWay, Gathering } from "./gathering.ts";
import { counted } from "./usage.ts";
import type { Progress } from "./watch.ts";
import { argumentsOf, type Ending } from "./wire.ts";

/** A message as Chat Completions takes it. */
export type ChatMessage =
  | { readonly role: "system" | "user"; readonly content: string }
  | { readonly role: "assistant"; readonly content: string | null; readonly tool_calls?: Array<ChatCall> }
  | { readonly role: "tool"; readonly tool_call_id: string; readonly content: string };

interface ChatCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** The prompt as messages; neighbours of one role become one, for many local templates demand that roles alternate. */
export function chatMessages(prompt: Prompt): Array<ChatMessage> {
  const messages: Array<ChatMessage> = prompt.system === "" ? [] : [{ role: "system", content: prompt.system }];
  for (const message of prompt.messages) {
    const last = messages.at(-1);
    if (message.role === "tool") {
      for (const { callId, output, failed } of message.results) {
        // There is no field for a failed call here, so the text has to say it.
        messages.push({ role: "tool", tool_call_id: callId, content: failed ? `Error: ${output}` : output });
      }
    } else if (message.role === "user") {
      if (last?.role === "user")
        messages[messages.length - 1] = { role: "user", content: `${last.content}\n${message.text}` };
      else messages.push({ role: "user", content: message.text });
    } else if (message.calls.length > 0) {
      messages.push({ role: "assistant", content: message.text || null, tool_calls: message.calls.map(chatCall) });
    } else if (last?.role === "assistant" && last.tool_calls === undefined) {
      messages[messages.length - 1] = { role: "assistant", content: `${last.content}\n${message.text}` };
    } else if (message.text !== "") {
      messages.push({ role: "assistant", content: message.text });
    }
  }
  return messages;
}

const chatCall = (call: ModelCall): ChatCall => ({
  id: call.callId,
  type: "function",
  function: { name: call.tool, arguments: JSON.stringify(argumentsOf(call.arguments)) },
});

/** Tools as Chat Completions takes them. */
export const chatTools = (tools: ReadonlyArray<ToolDescription>) =>
  tools.map(({ name, description, input }) => ({
    type: "function" as const,
    function: { name, description, parameters: { ...input } },
  }));

const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optional(Schema.NullOr(schema));

const CallDelta = Schema.Struct({
  index: maybe(Schema.Finite),
  id: maybe(Schema.String),
  // Some servers send the arguments as an object instead of its text.
  function: maybe(Schema.Struct({ name: maybe(Schema.String), arguments: Schema.optional(Schema.Unknown) })),
});

const Delta = Schema.Struct({
  content: maybe(Schema.String),
  refusal: maybe(Schema.String),
  tool_calls: maybe(Schema.Array(CallDelta)),
  // What local servers call a model's thoughts, in forms of their own; never shown, but a sign that it is at work.
  reasoning_content: Schema.optional(Schema.Unknown),
  reasoning: Schema.optional(Schema.Unknown),
});

/** A chunk of a stream, or a whole completion: the latter has `message` where the former has `delta`. */
export const ChatChunk = Schema.Struct({
  model: maybe(Schema.String),
  choices: maybe(
    Schema.Array(Schema.Struct({ delta: maybe(Delta), message: maybe(Delta), finish_reason: maybe(Schema.String) })),
  ),
  usage: Schema.optional(Schema.Unknown),
  /** Sent in place of a chunk when something breaks after the stream has begun. */
  error: Schema.optional(Schema.Unknown),
});
export type ChatChunk = typeof ChatChunk.Type;

const finishes: Readonly<Record<string, Finish>> = { stop: "end", tool_calls: "tools", length: "length" };

/** Gathers chunks until a `finish_reason` has come; usage follows the reason, where it comes, and `[DONE]` or the end of the wire both. */
export class ChatAssembly {
  readonly #gathering: Gathering;
  /** The newest call of each index. */
  readonly #open = new Map<number, CallUnderWay>();
  /** Makes ids for servers that give none, different ones in every round of a conversation. */
  readonly #round: number;
  #finish: string | undefined;
  #refused = false;
  #model: string | undefined;
  #tokensIn: number | undefined;
  #tokensOut: number | undefined;

  constructor(progress: Progress, round: number) {
    this.#gathering = new Gathering(progress);
    this.#round = round;
  }

  /** Takes a chunk and answers the prose in it. */
  take(chunk: ChatChunk): string {
    this.#model ??= chunk.model || undefined;
    this.#tokensIn = counted(chunk.usage, this.#tokensIn, "prompt_tokens");
    this.#tokensOut = counted(chunk.usage, this.#tokensOut, "completion_tokens");
    const choice = chunk.choices?.[0];
    if (choice === undefined) return "";
    if (choice.finish_reason) this.#finish = choice.finish_reason;
    const delta = choice.delta ?? choice.message;
    if (delta == null) return "";
    if (delta.refusal) this.#refused = true;
    const thought = delta.reasoning_content ?? delta.reasoning;
    if (typeof thought === "string") this.#gathering.think(thought);
    for (const call of delta.tool_calls ?? []) this.#addCall(call);
    return delta.content ? this.#gathering.say(delta.content) : "";
  }

  /** Ollama has sent every parallel call under index 0: a new id on a known index is a new call all the same. */
  #addCall(delta: typeof CallDelta.Type): void {
    const count = this.#gathering.size;
    const index = delta.index ?? count;
    let call = this.#open.get(index);
    if (call === undefined || (delta.id && delta.id !== call.callId)) {
      call = this.#gathering.begin(delta.id || `call_${this.#round}_${count}`);
      this.#open.set(index, call);
    }
    this.#gathering.extend(call, delta.function?.name ?? "", argumentText(delta.function?.arguments ?? ""));
  }

  /** Throws Cut, or Garbled when the provider said that it was `done`, where no reason has come. */
  end(done: boolean): Ending {
    if (this.#refused || this.#finish === "content_filter") throw new Refused();
    if (this.#finish === undefined) throw done ? new Garbled({ detail: "done without a finish_reason" }) : new Cut();
    const finish = finishes[this.#finish] ?? "unknown";
    const { text, calls } = this.#gathering.end(finish);
    return { finish, text, calls, model: this.#model, tokensIn: this.#tokensIn, tokensOut: this.#tokensOut };
  }
}

/** Arguments as text, as the port wants them. */
export const argumentText = (written: unknown): string =>
  typeof written === "string" ? written : (JSON.stringify(written) ?? "");
