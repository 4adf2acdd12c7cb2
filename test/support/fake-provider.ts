/** Providers on loopback that speak the real wire formats and misbehave on demand; used by the ChatModel contract suite. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AiBinding } from "#src/models/workers-ai.ts";

export interface FakeCall {
  readonly id: string;
  readonly tool: string;
  /** The argument text in the pieces in which it is streamed. */
  readonly json: ReadonlyArray<string>;
}

/** How a provider ends its answer: properly, or in one of the ways that must not count as an end. */
export type FakeEnd =
  | "end"
  | "tools"
  | "length"
  | "refusal"
  | "a reason nobody knows"
  | "cut"
  | "cut at the last moment"
  | "reset"
  | "error event"
  | "garbage"
  | "silence";

export interface FakeAnswer {
  readonly says: ReadonlyArray<string>;
  readonly calls?: ReadonlyArray<FakeCall>;
  readonly ends: FakeEnd;
}

/** An answer by status instead of a stream. */
export interface FakeRefusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Script = FakeAnswer | FakeRefusal;

/** The first character of a pair in one piece, the second in the next, as careless servers do. */
export const halved = ["half \ud83d", "\ude00 whole"];

const sse = (event: string, data: unknown): string =>
  `event: ${event}\ndata: ${JSON.stringify({ type: event, ...Object(data) })}\n\n`;
const data = (payload: unknown): string =>
  `data: ${typeof payload === "string" ? payload : JSON.stringify(payload)}\n\n`;

const open = (ends: FakeEnd): boolean => ends === "cut" || ends === "reset" || ends === "silence";

/** Anthropic's Messages API, as `content_block_*` events around pieces. */
export function anthropicFrames({ says, calls = [], ends }: FakeAnswer): ReadonlyArray<string> {
  const usage = { input_tokens: 10, cache_read_input_tokens: 2, output_tokens: 1 };
  const frames = [
    sse("message_start", { message: { id: "msg_1", model: "claude-really", role: "assistant", content: [], usage } }),
    sse("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
    sse("ping", {}),
    ...says.map((text) => sse("content_block_delta", { index: 0, delta: { type: "text_delta", text } })),
  ];
  if (ends === "garbage") return [...frames, "event: content_block_delta\ndata: {broken\n\n"];
  if (ends === "error event") {
    return [...frames, sse("error", { error: { type: "overloaded_error", message: "Overloaded" } })];
  }
  if (open(ends)) return frames;
  frames.push(sse("content_block_stop", { index: 0 }));
  calls.forEach(({ id, tool, json }, place) => {
    const index = place + 1;
    frames.push(sse("content_block_start", { index, content_block: { type: "tool_use", id, name: tool, input: {} } }));
    for (const partial_json of json) {
      frames.push(sse("content_block_delta", { index, delta: { type: "input_json_delta", partial_json } }));
    }
    if (ends !== "length") frames.push(sse("content_block_stop", { index }));
  });
  const reasons: Record<string, string> = {
    end: "end_turn",
    "cut at the last moment": "end_turn",
    tools: "tool_use",
    length: "max_tokens",
    refusal: "refusal",
  };
  const delta = { stop_reason: reasons[ends] ?? "pause_turn", stop_sequence: null };
  frames.push(sse("message_delta", { delta, usage: { output_tokens: 7 } }));
  return ends === "cut at the last moment" ? frames : [...frames, sse("message_stop", {})];
}

/** Chat Completions: chunks of `delta`, the reason, then usage, then `[DONE]`. */
export function chatFrames({ says, calls = [], ends }: FakeAnswer): ReadonlyArray<string> {
  const chunk = (delta: unknown, finish_reason: string | null = null) =>
    data({
      id: "c1",
      object: "chat.completion.chunk",
      model: "gpt-really",
      choices: [{ index: 0, delta, finish_reason }],
    });
  const frames = [chunk({ role: "assistant", content: "" }), ...says.map((content) => chunk({ content }))];
  if (ends === "garbage") return [...frames, "data: {broken\n\n"];
  if (ends === "error event") {
    return [...frames, data({ error: { message: "The server is overloaded", type: "server_error", code: null } })];
  }
  if (open(ends)) return frames;
  calls.forEach(({ id, tool, json }, index) => {
    frames.push(chunk({ tool_calls: [{ index, id, type: "function", function: { name: tool, arguments: "" } }] }));
    for (const piece of json) frames.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }));
  });
  if (ends === "cut at the last moment") return frames;
  const reasons: Record<string, string> = {
    end: "stop",
    tools: "tool_calls",
    length: "length",
    refusal: "content_filter",
  };
  const usage = { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 };
  return [...frames, chunk({}, reasons[ends] ?? "function_call"), data({ choices: [], usage }), data("[DONE]")];
}

/** The binding's own dialect: `response` pieces, whole calls, usage, `[DONE]`, and no reason at all. */
export function bindingFrames({ says, calls = [], ends }: FakeAnswer, maxTokens: number): ReadonlyArray<string> {
  const frames = says.map((response) => data({ response }));
  if (ends === "garbage") return [...frames, "data: {broken\n\n"];
  if (ends === "error event")
    return [...frames, data({ errors: [{ code: 3040, message: "Capacity temporarily exceeded" }] })];
  if (open(ends)) return frames;
  const tool_calls = calls.map(({ id, tool, json }) => ({
    id,
    type: "function",
    function: { name: tool, arguments: json.join("") },
  }));
  const completion_tokens = ends === "length" ? maxTokens : 7;
  frames.push(...(tool_calls.length > 0 ? [data({ tool_calls })] : []));
  frames.push(data({ response: "", usage: { prompt_tokens: 12, completion_tokens } }));
  return ends === "cut at the last moment" ? frames : [...frames, data("[DONE]")];
}

/** What reached a provider, and whether its connection was closed before it was done. */
export interface Heard {
  readonly requests: Array<Record<string, unknown>>;
  closed: boolean;
}

/** A server on loopback; every script gets a base URL of its own. */
export async function startProvider(frames: (answer: FakeAnswer) => ReadonlyArray<string>) {
  const scripts = new Map<string, { readonly script: Script; readonly heard: Heard }>();
  const server = createServer(async (request, response) => {
    const entry = scripts.get(request.url?.split("/")[1] ?? "");
    if (entry === undefined) return response.writeHead(404).end();
    entry.heard.requests.push(JSON.parse(await textOf(request)));
    response.on("close", () => {
      entry.heard.closed = !response.writableFinished;
    });
    if ("status" in entry.script) {
      const type = entry.script.body.startsWith("{") ? "application/json" : "text/html";
      response.writeHead(entry.script.status, { "content-type": type, ...entry.script.headers }).end(entry.script.body);
      return;
    }
    await play(response, entry.script, frames(entry.script));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    serve: (script: Script): { readonly baseUrl: string; readonly heard: Heard } => {
      const path = `s${scripts.size}`;
      const heard: Heard = { requests: [], closed: false };
      scripts.set(path, { script, heard });
      return { baseUrl: `http://127.0.0.1:${port}/${path}`, heard };
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return text;
}

async function play(response: ServerResponse, answer: FakeAnswer, frames: ReadonlyArray<string>): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const frame of frames) {
    // Every frame in a packet of its own, cut once within: servers do not send events whole.
    response.write(frame.slice(0, 9));
    await new Promise(setImmediate);
    response.write(frame.slice(9));
  }
  if (answer.ends === "reset") response.destroy();
  else if (answer.ends !== "silence") response.end();
}

/** A fake of `env.AI` that streams in the binding's own dialect, answers whole, or throws what the binding throws. */
export function fakeBinding(script: FakeAnswer | { readonly throws: Error } | { readonly whole: unknown }): {
  readonly binding: AiBinding;
  readonly heard: Heard;
} {
  const heard: Heard = { requests: [], closed: false };
  const binding: AiBinding = {
    run: async (model, inputs) => {
      heard.requests.push({ model, ...inputs });
      if ("throws" in script) throw script.throws;
      if ("whole" in script) return script.whole;
      const frames = bindingFrames(script, Number(inputs.max_tokens));
      const encoder = new TextEncoder();
      let next = 0;
      return new ReadableStream<Uint8Array>({
        pull: (controller) => {
          const frame = frames[next++];
          if (frame !== undefined) controller.enqueue(encoder.encode(frame));
          else if (script.ends === "reset") controller.error(new Error("Network connection lost."));
          else if (script.ends !== "silence") controller.close();
        },
        cancel: () => {
          heard.closed = true;
        },
      });
    },
  };
  return { binding, heard };
}
