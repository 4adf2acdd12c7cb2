/** Providers on loopback that speak the real wire formats and misbehave on demand; used by the suites of the adapters. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AiBinding } from "#src/models/workers-ai.ts";
import { bindingFrames, bindingWhole, type Dialect, type FakeAnswer, type FakeComplaint } from "./provider-words.ts";

/** An answer by status instead of a reply. */
export interface FakeRefusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly complaint?: FakeComplaint;
}

/** An answer written by hand; `endless` is repeated until the other side closes. */
export interface FakeBody {
  readonly body: ReadonlyArray<string>;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly endless?: string;
  readonly ends?: "end" | "reset" | "silence";
}

/** A reply is streamed or whole as the request asks, or the other way round when it is `contrary`. */
export type Script = (FakeAnswer & { readonly contrary?: boolean }) | FakeRefusal | FakeBody | "hangs up" | "is silent";

/** What reached a provider, and what became of its answer. */
export interface Heard {
  readonly requests: Array<Record<string, unknown>>;
  /** Bytes of answers that were sent. */
  sent: number;
  /** The answer is over, one way or the other. */
  over: boolean;
  /** The connection was closed before the answer was done. */
  closed: boolean;
}

const silence = (): Heard => ({ requests: [], sent: 0, over: false, closed: false });

interface Served {
  readonly script: Script;
  readonly heard: Heard;
  response?: ServerResponse;
}

/** A server on loopback; whatever it serves gets a base URL of its own. */
export async function startProvider(dialect: Dialect) {
  const served = new Map<string, Served>();
  const server = createServer(async (request, response) => {
    const entry = served.get(request.url?.split("/")[1] ?? "");
    if (entry === undefined) return response.writeHead(404).end();
    const { script, heard } = entry;
    entry.response = response;
    response.on("close", () => {
      heard.over = true;
      heard.closed = !response.writableFinished;
    });
    const asked: Record<string, unknown> = JSON.parse(await textOf(request));
    heard.requests.push(asked);
    await play(response, script, dialect, asked.stream === true, heard);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    /** Serves this script to every request. */
    serve: (script: Script) => {
      const path = `s${served.size}`;
      const entry: Served = { script, heard: silence() };
      served.set(path, entry);
      return {
        baseUrl: `http://127.0.0.1:${port}/${path}`,
        heard: entry.heard,
        /** Goes on with an answer that is held. */
        send: (text: string): void => say(entry.response!, text, entry.heard),
      };
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

function say(response: ServerResponse, text: string, heard: Heard): void {
  heard.sent += Buffer.byteLength(text);
  response.write(text);
}

async function play(
  response: ServerResponse,
  script: Script,
  dialect: Dialect,
  streamed: boolean,
  heard: Heard,
): Promise<void> {
  if (script === "hangs up") return void response.destroy();
  if (script === "is silent") return;
  if ("body" in script) return playBody(response, script, heard);
  if ("status" in script) {
    const { status, headers, complaint = {} } = script;
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(dialect.complaint(complaint));
    return;
  }
  const asStream = streamed !== (script.contrary ?? false);
  response.writeHead(200, { "content-type": asStream ? "text/event-stream" : "application/json" });
  const parts = asStream ? dialect.frames(script) : portionOf(dialect.whole(script), script);
  for (const part of parts) {
    // Every frame in a packet of its own, cut once within: servers do not send events whole.
    say(response, part.slice(0, 9), heard);
    await new Promise(setImmediate);
    say(response, part.slice(9), heard);
  }
  if (script.ends === "reset") response.destroy();
  else if (script.ends !== "silence") response.end();
}

/** As much of a whole answer as comes before it breaks off. */
function portionOf(text: string, { ends }: FakeAnswer): ReadonlyArray<string> {
  if (ends === "cut at the last moment") return [text.slice(0, -1)];
  return [ends === "cut" || ends === "reset" || ends === "silence" ? text.slice(0, text.length / 2) : text];
}

async function playBody(response: ServerResponse, script: FakeBody, heard: Heard): Promise<void> {
  const { status = 200, headers = {}, body, endless, ends = "end" } = script;
  response.writeHead(status, headers).flushHeaders();
  for (const part of body) say(response, part, heard);
  const closed = once(response, "close");
  while (endless !== undefined && !response.destroyed) {
    say(response, endless, heard);
    if (response.writableNeedDrain) await Promise.race([once(response, "drain"), closed]);
  }
  if (ends === "reset") response.destroy();
  else if (ends === "end") response.end();
}

/** A `fetch` whose reader can be waited for: `read` settles when so many bytes of answers have been passed on, `opened` when the first answer has begun. */
export function tappedFetch() {
  let passed = 0;
  let passing = () => {};
  const opening = Promise.withResolvers<void>();
  const tapped: typeof globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init);
    // A turn of the loop later, so that whoever asked has it already.
    setImmediate(opening.resolve);
    const tap = new TransformStream<Uint8Array, Uint8Array>({
      transform: (bytes, controller) => {
        passed += bytes.length;
        controller.enqueue(bytes);
        passing();
      },
    });
    return new Response(response.body?.pipeThrough(tap) ?? null, response);
  };
  const read = async (bytes: number): Promise<void> => {
    while (passed < bytes) {
      await new Promise<void>((resolve) => {
        passing = resolve;
      });
    }
    await new Promise(setImmediate);
  };
  return { fetch: tapped, opened: opening.promise, read };
}

/** A fake of `env.AI` that streams in the binding's own dialect, answers whole, or throws what the binding throws. */
export function fakeBinding(script: FakeAnswer | { readonly throws: Error } | { readonly whole: unknown }): {
  readonly binding: AiBinding;
  readonly heard: Heard;
} {
  const heard = silence();
  const binding: AiBinding = {
    run: async (model, inputs) => {
      heard.requests.push({ model, ...inputs });
      if ("throws" in script) throw script.throws;
      if ("whole" in script) return script.whole;
      if (inputs.stream !== true) return bindingWhole(script);
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
