/** Fakes of OpenAI's `/embeddings` and of the AI binding that refuse what the services would refuse; used by embedder.spec.ts, and by the program as services outside. */
import { Schema } from "effect";
import type { Embedder } from "#actors/agent/turn/memory-ports.ts";
import { openAiEmbedder } from "#src/memory/embed/openai.ts";
import { type AiBinding, workersAiEmbedder } from "#src/memory/embed/workers-ai.ts";
import { type Fault, fits, startLoopback, type Told } from "./vector-index-loopback.ts";

/** How an answer is spoiled, if at all. */
export type Spoiled = "short" | "too few" | "too many" | "no number" | "shuffled" | "as numbers";

/** One fake provider and the adapter over it. */
export interface Provider {
  readonly embedder: Embedder["Service"];
  /** The texts of each request. */
  readonly asked: ReadonlyArray<ReadonlyArray<string>>;
  readonly meets: (...faults: ReadonlyArray<Fault>) => void;
  readonly stop: () => Promise<void>;
}

/** A vector that is this text's alone. */
export function vectorFor(text: string, dimensions: number): Array<number> {
  let state = [...text].reduce((sum, character) => (sum * 31 + character.codePointAt(0)!) >>> 0, 7);
  return Array.from({ length: dimensions }, () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return Math.fround(state / 2 ** 31 - 1);
  });
}

function vectorsFor(texts: ReadonlyArray<string>, dimensions: number, spoiled: Spoiled | undefined) {
  const vectors = texts.map((text) => vectorFor(text, spoiled === "short" ? dimensions - 1 : dimensions));
  if (spoiled === "too few") vectors.pop();
  if (spoiled === "too many") vectors.push(vectorFor("?", dimensions));
  return vectors;
}

const API_KEY = "openai-key";
const Text = Schema.String.check(Schema.isMinLength(1));
const isRequest = fits(
  Schema.Struct({
    input: Schema.Union([Text, Schema.Array(Text).check(Schema.isMinLength(1), Schema.isMaxLength(2_048))]),
    model: Schema.String,
    encoding_format: Schema.optional(Schema.Literals(["float", "base64"])),
    dimensions: Schema.optional(Schema.Int),
    user: Schema.optional(Schema.String),
  }),
);

const complaint = (status: number, message: string, code: string | null = null): Told => ({
  status,
  body: { error: { message, type: "invalid_request_error", param: null, code } },
});

const inBase64 = (values: ReadonlyArray<number>): string =>
  Buffer.from(Float32Array.from(values).buffer).toString("base64");

/** `settings` are those of whoever asks it over the network. */
export async function startOpenAi(spoiled?: Spoiled) {
  const asked: Array<ReadonlyArray<string>> = [];
  const { url, meets, stop } = await startLoopback(
    complaint(401, "Incorrect API key provided", "invalid_api_key"),
    ({ method, path, headers, body }) => {
      if (headers.authorization !== `Bearer ${API_KEY}`) return complaint(401, "Incorrect API key provided");
      if (method !== "POST" || path !== "/v1/embeddings") return complaint(404, "Unknown request URL");
      if (!isRequest(body)) return complaint(400, "Invalid request");
      if (body.model !== "text-embedding-3-small") return complaint(404, "The model does not exist", "model_not_found");
      const texts = [body.input].flat();
      // A token is a byte at the least: a text of as many bytes as tokens are allowed is sure to be taken.
      const bytes = texts.map((text) => Buffer.byteLength(text));
      if (bytes.some((count) => count > 8_192)) return complaint(400, "maximum context length is 8192 tokens");
      if (bytes.reduce((sum, count) => sum + count, 0) > 300_000)
        return complaint(400, "Requested 300001 tokens, max 300000 tokens per request");
      asked.push(texts);
      const data = vectorsFor(texts, 1536, spoiled).map((values, index) => {
        const written = spoiled === "no number" ? [Number.NaN, ...values.slice(1)] : values;
        const embedding = spoiled === "as numbers" || body.encoding_format !== "base64" ? written : inBase64(written);
        return { object: "embedding", index, embedding };
      });
      const usage = { prompt_tokens: 1, total_tokens: 1 };
      return {
        status: 200,
        body: { object: "list", data: spoiled === "shuffled" ? data.toReversed() : data, model: body.model, usage },
      };
    },
  );
  const settings = { apiKey: API_KEY, baseUrl: `${url}/v1` };
  return { embedder: openAiEmbedder(settings), asked, meets, stop, settings };
}

const isInput = fits(
  Schema.Struct({
    text: Schema.Array(Text).check(Schema.isMinLength(1), Schema.isMaxLength(100)),
    truncate_inputs: Schema.optional(Schema.Boolean),
  }),
);

const thrown: Readonly<Record<string, string>> = {
  unauthorized: "5018: Account is not allowed to access this model",
  broken: "3043: Internal server error",
  "hangs up": "Network connection lost.",
  busy: "3040: No more data centers to forward the request to",
};

/** The binding as an object: `serve` answers once the input fits. */
export function fakeAi(fitting: (model: string, inputs: unknown) => boolean, serve: (inputs: never) => unknown) {
  const faults: Fault[] = [];
  const heard: unknown[] = [];
  const binding: AiBinding = {
    run: async (model, inputs) => {
      heard.push(inputs);
      const { fault } = faults.shift() ?? { fault: "none" };
      if (fault === "is silent") return new Promise(() => {});
      if (fault === "garbled") return "<html>";
      if (fault !== "none") throw Object.assign(new Error(thrown[fault]), { name: "AiError" });
      if (!fitting(model, inputs)) throw Object.assign(new Error("5006: Error: oneOf"), { name: "AiError" });
      return serve(inputs as never);
    },
  };
  return { binding, heard, meets: (...next: ReadonlyArray<Fault>) => void faults.push(...next) };
}

export async function startWorkersAi(spoiled?: Spoiled): Promise<Provider> {
  const asked: Array<ReadonlyArray<string>> = [];
  const { binding, meets } = fakeAi(
    (model, inputs) =>
      model === "@cf/baai/bge-m3" && isInput(inputs) && Buffer.byteLength(inputs.text.join("")) <= 60_000,
    ({ text }: { text: ReadonlyArray<string> }) => {
      asked.push(text);
      const vectors = vectorsFor(text, 1024, spoiled);
      const data = spoiled === "no number" ? vectors.map((values) => [Number.NaN, ...values.slice(1)]) : vectors;
      return { shape: [data.length, 1024], data, pooling: "cls" };
    },
  );
  return { embedder: workersAiEmbedder(binding), asked, meets, stop: async () => {} };
}
