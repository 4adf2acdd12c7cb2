/** The body of a request, read and looked over before anything is decided; used by the front door. */
import { Option, Schema } from "effect";
import { valueFault } from "#events/kit/canonical.ts";
import type { ProblemName } from "./problems.ts";

const KIB = 1024;
/** The largest bodies that are read (contract § 4). */
const MAX_BODY = { bytes: 256 * KIB, said: "A body may have 256 KiB at most." };
const MAX_TRAINING = { bytes: 5 * KIB * KIB, said: "What is to be learned may have 5 MiB at most." };

const TRAINING = /^\/api\/agents\/[^/]+\/train$/;
/** Beside JSON, a training is read as these; every other body is JSON, whatever the client calls it. */
const LEARNABLE: ReadonlySet<string> = new Set(["application/x-ndjson", "text/plain", "text/markdown"]);

const TAKEN = `send application/json, ${[...LEARNABLE].join(", ")}`;
const NO_JSON = "is not JSON in UTF-8";

const decodeJson = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Unknown));

const decodeItems = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ items: Schema.Array(Schema.Unknown) })),
);

/** A body that was read: its text, if there was one, and what it is read as. */
export interface ReadBody {
  readonly text?: string;
  readonly type: string;
}

export type Body =
  | ReadBody
  | {
      readonly name: ProblemName;
      readonly said: {
        readonly detail?: string;
        readonly errors?: ReadonlyArray<{ path: ReadonlyArray<string | number>; message: string }>;
      };
    };

const fault = (message: string, path: ReadonlyArray<string | number> = []): Body => ({
  name: "validation",
  said: { errors: [{ path: ["body", ...path], message }] },
});

/** The body as text that may be stored as it is: not too long, UTF-8, JSON, nothing in it that SQLite would change. */
export async function readBody(request: Request): Promise<Body> {
  const isTraining = TRAINING.test(new URL(request.url).pathname);
  const called = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  const type = isTraining && LEARNABLE.has(called) ? called : "application/json";
  if (request.method === "GET" || request.method === "DELETE" || request.body === null) return { type };
  const most = isTraining ? MAX_TRAINING : MAX_BODY;
  const announced = request.headers.get("content-length");
  // A length that is announced is kept by the platform; only a body without one has to be counted as it comes.
  const isLarge = Number(announced ?? 0) > most.bytes;
  const whole = isLarge
    ? undefined
    : announced === null
      ? await counted(request.body, most.bytes)
      : new Uint8Array(await request.arrayBuffer());
  if (whole === undefined) return { name: "payload-too-large", said: { detail: most.said } };
  if (whole.length === 0) return { type };
  const text = decoded(whole);
  const noJson =
    isTraining && called !== "" && called !== type ? `is ${called}, which is not learned: ${TAKEN}` : NO_JSON;
  if (text === undefined) return fault(type === "application/json" ? noJson : "is no text file in UTF-8");
  // What is sent without a word about its kind is called plain text by most clients: JSON items are items all the same.
  if (type === "text/plain" && Option.isSome(decodeItems(text))) return { text, type: "application/json" };
  if (type !== "application/json") return { text, type };
  try {
    const value = decodeJson(text); // only looked over here; every endpoint decodes it through its own schema
    // The items of a training are looked over one by one: one that is at fault must not keep the others out.
    const found = isTraining ? undefined : valueFault(value);
    return found === undefined ? { text, type } : fault(found.message, found.path);
  } catch {
    return fault(noJson);
  }
}

function decoded(whole: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(whole);
  } catch {
    return undefined;
  }
}

/** The whole body, or undefined as soon as it is larger than it may be. */
async function counted(body: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > most) return undefined;
    chunks.push(chunk);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
