/** A model server that answers at once in Anthropic's streaming format and says how long it took; a program of its own: `node bench/instant-model.ts <port>`. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pathToFileURL } from "node:url";

/** One request: which turn it belonged to, and from its arrival to its last byte. */
export interface ModelCall {
  /** What stood between `#` and `#` in the person's newest words. */
  readonly marker: string;
  readonly ms: number;
}

interface Part {
  readonly type: string;
  readonly text?: string;
  readonly content?: string | ReadonlyArray<Part>;
}
interface Message {
  readonly role: string;
  readonly content: string | ReadonlyArray<Part>;
}

const DELTAS = 10;

const textOf = (content: string | ReadonlyArray<Part> | undefined): string =>
  typeof content === "string"
    ? content
    : (content ?? []).map(({ type, text }) => (type === "text" ? (text ?? "") : "")).join("");

const newestWords = (messages: ReadonlyArray<Message>): string =>
  messages
    .filter(({ role }) => role === "user")
    .map(({ content }) => textOf(content))
    .findLast((text) => text !== "") ?? "";

/** The newest tool result, when it is the last thing that was said. */
function toolResult(messages: ReadonlyArray<Message>): string | undefined {
  const content = messages.at(-1)?.content;
  const last = typeof content === "string" ? undefined : content?.at(-1);
  return last?.type === "tool_result" ? textOf(last.content) : undefined;
}

const frame = (type: string, fields: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;

/** A reply in so many deltas, or a call of the calculator. */
function framesFor(id: string, model: string, text: string, result: string | undefined): ReadonlyArray<string> {
  const expression = /\[tool ([^\]]+)\]/g[Symbol.matchAll](text).toArray().at(-1)?.[1];
  const calls = expression !== undefined && result === undefined;
  const reply = result === undefined ? `You said: ${text.slice(-60)}` : `The result is ${result}.`;
  const step = Math.max(1, Math.ceil(reply.length / DELTAS));
  const pieces = reply.match(new RegExp(`[\\s\\S]{1,${step}}`, "g")) ?? [];
  const deltas = calls
    ? [{ type: "input_json_delta", partial_json: JSON.stringify({ expression }) }]
    : pieces.map((piece) => ({ type: "text_delta", text: piece }));
  const block = calls
    ? { type: "tool_use", id: `toolu_${id}`, name: "calculator", input: {} }
    : { type: "text", text: "" };
  const usage = { input_tokens: 10, output_tokens: 10, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const message = { id: `msg_${id}`, type: "message", role: "assistant", model, content: [], stop_reason: null, usage };
  return [
    frame("message_start", { message }),
    frame("content_block_start", { index: 0, content_block: block }),
    ...deltas.map((delta) => frame("content_block_delta", { index: 0, delta })),
    frame("content_block_stop", { index: 0 }),
    frame("message_delta", { delta: { stop_reason: calls ? "tool_use" : "end_turn", stop_sequence: null }, usage }),
    frame("message_stop", {}),
  ];
}

async function bodyOf(request: IncomingMessage): Promise<{ model?: string; messages?: ReadonlyArray<Message> }> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return JSON.parse(text) as { model?: string; messages?: ReadonlyArray<Message> };
}

function serve(port: number): void {
  let calls: ModelCall[] = [];
  let count = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const begun = performance.now();
    // Whoever reads the calls takes them away.
    if (request.method === "GET") {
      response.end(JSON.stringify(calls));
      calls = [];
      return;
    }
    const { model = "instant", messages = [] } = await bodyOf(request);
    const text = newestWords(messages);
    const marker = [...text.matchAll(/#([^#\s]+)#/g)].at(-1)?.[1] ?? "";
    response.once("finish", () => calls.push({ marker, ms: performance.now() - begun }));
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    count += 1;
    for (const each of framesFor(`${process.pid}_${count}`, model, text, toolResult(messages))) response.write(each);
    response.end();
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.listen(port, "127.0.0.1");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) serve(Number(process.argv[2]));
