/** The body of a provider's answer in pieces: the events of a stream, or one JSON object whole; used by the adapters. */

import { Cut, Garbled } from "#actors/agent/turn/failures.ts";
import type { Progress } from "./watch.ts";

/** The payload of one `data:` line of a stream, or a `whole` answer. */
export interface Piece {
  readonly data: string;
  readonly whole: boolean;
}

/** Characters of one line or of one whole answer: more than twice the longest reply the port allows. */
const LONGEST = 8 * 1024 * 1024;

/** Bytes of an answer by status: enough to say what is wrong. */
const LONGEST_REFUSAL = 64 * 1024;
/** Servers send a complaint at once; one that does not come to its end by then is told by its status. */
const REFUSAL_MS = 1_000;

/**
 * Reads a body as what it is, whatever was asked for: servers answer a request for a stream with one object, and the
 * other way round. Neither Messages nor Chat Completions nor the AI binding split a `data:` payload over two lines.
 * Throws Cut when the connection breaks, Garbled for a page of HTML and for what is longer than any answer. Ending the
 * iteration, and aborting the signal, close the connection. What came together is yielded together.
 */
export async function* piecesOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  progress: Progress,
): AsyncGenerator<ReadonlyArray<Piece>> {
  const reader = body.getReader();
  // Not every source passes the signal on to a stream that is already open; cancelling the stream closes it anyway.
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  const decoder = new TextDecoder();
  let form: "unknown" | "lines" | "object" = "unknown";
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await read(reader);
      let text = done ? decoder.decode() : decoder.decode(value, { stream: true });
      if (form === "unknown") {
        text = text.trimStart();
        if (text.startsWith("<")) throw new Garbled({ detail: "a page instead of an answer" });
        if (text !== "") form = text.startsWith("{") ? "object" : "lines";
      }
      if (form === "object") {
        progress.hear(text.trim().length);
        rest += text;
      } else if (/[\r\n]/.test(text)) {
        const lines = (rest + text).split(/\r\n|\n|\r/);
        rest = lines.pop()!;
        const payloads = lines.filter((line) => line.startsWith("data:"));
        if (payloads.length > 0) yield payloads.map((line) => ({ data: line.slice(5).trim(), whole: false }));
      } else rest += text;
      if (rest.length > LONGEST) throw new Garbled({ detail: "longer than any answer", begun: true });
      if (done) break;
    }
    if (form === "object") yield [{ data: rest, whole: true }];
    else if (rest.startsWith("data:")) yield [{ data: lastPayload(rest), whole: false }];
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch {
    throw new Cut();
  }
}

/** Some servers end without a last line break; a line that ends in the middle of its payload was cut. */
function lastPayload(line: string): string {
  const payload = line.slice(5).trim();
  if (payload !== "[DONE]" && !payload.endsWith("}")) throw new Cut();
  return payload;
}

/**
 * A `fetch` that reads no more of an answer by status than a complaint needs, and no longer: both SDKs read such a body
 * to its end, and would wait for one that has none until the watch over silence takes the refusal for a silence.
 */
export const shortRefusals =
  (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
  async (input, init) => {
    const response = await fetch(input, init);
    if (response.ok || response.body === null) return response;
    const { status, statusText, headers } = response;
    return new Response(await beginningOf(response.body), { status, statusText, headers });
  };

async function beginningOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  const timer = setTimeout(cancel, REFUSAL_MS);
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (text.length < LONGEST_REFUSAL) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // A complaint that breaks off still has its status.
  }
  clearTimeout(timer);
  cancel();
  return text;
}
