/** Anthropic's streaming format as far as the bench speaks it: what a request says, and the frames of an answer; used by the two model servers. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

interface Part {
  readonly type: string;
  readonly text?: string;
  readonly content?: string | ReadonlyArray<Part>;
}
interface Message {
  readonly role: string;
  readonly content: string | ReadonlyArray<Part>;
}

/** What a model server needs of a request. */
export interface Asked {
  readonly model: string;
  /** A person's newest words. */
  readonly words: string;
  /** What stood between `#` and `#` in them: it tells turns apart. */
  readonly marker: string;
  /** The results of the tools that were called since then, oldest first. */
  readonly results: ReadonlyArray<string>;
}

export interface Calculation {
  readonly expression: string;
}

const partsOf = ({ content }: Message): ReadonlyArray<Part> =>
  typeof content === "string" ? [{ type: "text", text: content }] : content;

const textOf = (content: string | ReadonlyArray<Part> | undefined): string =>
  typeof content === "string"
    ? content
    : (content ?? []).map(({ type, text }) => (type === "text" ? (text ?? "") : "")).join("");

/** Reads a request to the end. */
export async function asked(request: IncomingMessage): Promise<Asked> {
  let body = "";
  for await (const part of request.setEncoding("utf8")) body += part;
  const { model = "bench", messages = [] } = JSON.parse(body) as { model?: string; messages?: ReadonlyArray<Message> };
  const newest = messages.findLastIndex(({ role, content }) => role === "user" && textOf(content) !== "");
  const words = textOf(messages[newest]?.content);
  const marker = [...words.matchAll(/#([^#\s]+)#/g)].at(-1)?.[1] ?? "";
  const results = messages
    .slice(newest + 1)
    .flatMap(partsOf)
    .flatMap(({ type, content }) => (type === "tool_result" ? [textOf(content)] : []));
  return { model, words, marker, results };
}

const frame = (type: string, fields: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;

const usage = { input_tokens: 10, output_tokens: 10, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };

const block = (index: number, content: object, deltas: ReadonlyArray<object>): ReadonlyArray<string> => [
  frame("content_block_start", { index, content_block: content }),
  ...deltas.map((delta) => frame("content_block_delta", { index, delta })),
  frame("content_block_stop", { index }),
];

const ending = (reason: "end_turn" | "tool_use"): ReadonlyArray<string> => [
  frame("message_delta", { delta: { stop_reason: reason, stop_sequence: null }, usage }),
  frame("message_stop", {}),
];

function beginning(id: string, model: string): string {
  const message = { id: `msg_${id}`, type: "message", role: "assistant", model, content: [], stop_reason: null, usage };
  return frame("message_start", { message });
}

/** A reply in these pieces, as three parts to be sent one after the other: what opens it, each piece, what closes it. */
export function prose(id: string, model: string) {
  const piece = (text: string) => frame("content_block_delta", { index: 0, delta: { type: "text_delta", text } });
  const [opened, closed] = block(0, { type: "text", text: "" }, []) as readonly [string, string];
  return { open: beginning(id, model) + opened, piece, close: [closed, ...ending("end_turn")].join("") };
}

/** Calls of the calculator, all in one answer. */
export const calculations = (id: string, model: string, calls: ReadonlyArray<Calculation>): ReadonlyArray<string> => [
  beginning(id, model),
  ...calls.flatMap((call, index) => {
    const use = { type: "tool_use", id: `toolu_${id}_${index}`, name: "calculator", input: {} };
    return block(index, use, [{ type: "input_json_delta", partial_json: JSON.stringify(call) }]);
  }),
  ...ending("tool_use"),
];

/** Serves on loopback: what comes with GET is the bench's own question and goes to `control`, everything else to `answer`. */
export function serveModel(
  port: number,
  control: (path: string) => unknown,
  answer: (request: IncomingMessage, response: ServerResponse, id: string) => Promise<void>,
): void {
  let count = 0;
  const server = createServer((request, response) => {
    if (request.method === "GET") {
      response.end(JSON.stringify(control(request.url ?? "/")));
      return;
    }
    count += 1;
    response.setHeader("content-type", "text/event-stream");
    response.setHeader("cache-control", "no-cache");
    answer(request, response, `${process.pid}_${count}`).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.listen(port, "127.0.0.1");
}
