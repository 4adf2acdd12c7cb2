/** The stand-in for a provider that is not configured: Anthropic's own library, answered by rules instead of a network; used by route.ts. */

import { Option, Schema, type Stream } from "effect";
import type { ModelFailure } from "#actors/agent/turn/failures.ts";
import type { ModelChoice, ModelPart, Prompt } from "#actors/agent/turn/ports.ts";
import { anthropicModel } from "./anthropic.ts";
import type { Asked, Line } from "./demo-read.ts";
import { reply, type Said } from "./demo-rules.ts";

/** The provider and the model that replies of the stand-in carry. */
export const DEMO_PROVIDER = "demo";
export const DEMO_MODEL = "troupe-demo";

export interface DemoSettings {
  /** The same conversation under the same seed gets the same words. */
  readonly seed: number;
  /** Between two words; 0 sends the whole answer at once. */
  readonly wordPauseMs: number;
  /** What a person has to set to have a real model instead. */
  readonly missing?: string | undefined;
}

/** A ChatModel of rules that goes through exactly the adapter a real key would use. */
export function demoModel(settings: DemoSettings) {
  const model = anthropicModel({
    provider: DEMO_PROVIDER,
    apiKey: "demo",
    baseUrl: "https://demo.invalid",
    fetch: demoFetch(settings),
  });
  return {
    stream: (choice: ModelChoice, prompt: Prompt): Stream.Stream<ModelPart, ModelFailure> =>
      model.stream({ ...choice, model: DEMO_MODEL }, prompt),
  };
}

const Block = Schema.Struct({
  type: Schema.String,
  text: Schema.optional(Schema.String),
  id: Schema.optional(Schema.String),
  name: Schema.optional(Schema.String),
  input: Schema.optional(Schema.Record(Schema.String, Schema.Unknown)),
  tool_use_id: Schema.optional(Schema.String),
  content: Schema.optional(Schema.String),
  is_error: Schema.optional(Schema.Boolean),
});

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      max_tokens: Schema.Finite,
      system: Schema.optional(Schema.String),
      messages: Schema.Array(
        Schema.Struct({
          role: Schema.Literals(["user", "assistant"]),
          content: Schema.Union([Schema.String, Schema.Array(Block)]),
        }),
      ),
      tools: Schema.optional(Schema.Array(Schema.Struct({ name: Schema.String }))),
    }),
  ),
);

function demoFetch(settings: DemoSettings): typeof globalThis.fetch {
  return async (_url, init) => {
    const request = Option.getOrUndefined(decodeRequest(init?.body));
    if (request === undefined) {
      const error = {
        type: "invalid_request_error",
        message: "the demo takes what our adapter sends, and nothing else",
      };
      return Response.json({ type: "error", error }, { status: 400 });
    }
    const asked: Asked = {
      system: request.system ?? "",
      lines: request.messages.map(({ role, content }) => lineOf(role, content)),
      tools: new Set(request.tools?.map((tool) => tool.name)),
      seed: settings.seed,
      missing: settings.missing ?? "ANTHROPIC_API_KEY",
    };
    const frames = framesOf(reply(asked), Math.ceil((init?.body as string).length / 4), request.max_tokens);
    const body =
      settings.wordPauseMs > 0 ? paced(frames, settings.wordPauseMs, init?.signal ?? undefined) : frames.join("");
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
}

function lineOf(role: "user" | "assistant", content: string | ReadonlyArray<typeof Block.Type>): Line {
  if (typeof content === "string") return { role, text: content, calls: [], results: [] };
  return {
    role,
    text: content.flatMap(({ text }) => text ?? []).join("\n"),
    calls: content.flatMap(({ type, id, name, input }) =>
      type === "tool_use" && id !== undefined && name !== undefined ? [{ id, tool: name, input: input ?? {} }] : [],
    ),
    results: content.flatMap(({ type, tool_use_id: id, content: output, is_error: failed }) =>
      type === "tool_result" && id !== undefined ? [{ id, output: output ?? "", failed: failed ?? false }] : [],
    ),
  };
}

const frame = (type: string, rest: Record<string, unknown>): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;

/** The answer as the Messages API would stream it: one frame a word, calls after the prose. A token is taken to be a word. */
function framesOf(said: Said, tokensIn: number, maxTokens: number): Array<string> {
  const words = said.text.match(/\s*\S+/g) ?? [];
  const cut = words.length > maxTokens;
  const calls = cut ? [] : said.calls;
  const frames = [
    frame("message_start", {
      message: {
        id: "msg_demo",
        type: "message",
        role: "assistant",
        model: DEMO_MODEL,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: tokensIn, output_tokens: 0 },
      },
    }),
  ];
  if (words.length > 0) {
    frames.push(frame("content_block_start", { index: 0, content_block: { type: "text", text: "", citations: null } }));
    for (const text of words.slice(0, maxTokens)) {
      frames.push(frame("content_block_delta", { index: 0, delta: { type: "text_delta", text } }));
    }
    frames.push(frame("content_block_stop", { index: 0 }));
  }
  calls.forEach(({ id, tool, input }, place) => {
    const index = place + (words.length > 0 ? 1 : 0);
    frames.push(
      frame("content_block_start", { index, content_block: { type: "tool_use", id, name: tool, input: {} } }),
      frame("content_block_delta", { index, delta: { type: "input_json_delta", partial_json: JSON.stringify(input) } }),
      frame("content_block_stop", { index }),
    );
  });
  const stopReason = cut ? "max_tokens" : calls.length > 0 ? "tool_use" : "end_turn";
  frames.push(
    frame("message_delta", {
      delta: { stop_reason: stopReason, stop_sequence: null },
      usage: { output_tokens: Math.min(words.length, maxTokens) + calls.length * 20 },
    }),
    frame("message_stop", {}),
  );
  return frames;
}

/** Hands out the frames one by one with a pause between them, until the request is aborted. */
function paced(
  frames: ReadonlyArray<string>,
  pauseMs: number,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next = 0;
  return new ReadableStream({
    pull: (controller) =>
      new Promise<void>((resolve, reject) => {
        const stop = () => {
          clearTimeout(timer);
          reject(signal?.reason);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener("abort", stop);
          controller.enqueue(encoder.encode(frames[next++]));
          if (next === frames.length) controller.close();
          resolve();
        }, pauseMs);
        if (signal?.aborted) stop();
        else signal?.addEventListener("abort", stop, { once: true });
      }),
  });
}
