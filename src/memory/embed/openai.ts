/** The Embedder through OpenAI's `/embeddings`, or a server that speaks it; chosen by ../embedder.ts. */

import { Effect, Schema } from "effect";
import { Garbled } from "#actors/agent/turn/failures.ts";
import type { Embedder, MemoryReason } from "#actors/agent/turn/memory-ports.ts";
import { type Fetch, read, send } from "../requests.ts";
import { embedInBatches, type WrittenVector } from "./batches.ts";

export interface OpenAiSettings {
  readonly apiKey: string;
  readonly baseUrl?: string | undefined;
  readonly fetch?: Fetch | undefined;
}

const MODEL = "text-embedding-3-small";
const DIMENSIONS = 1536;

/**
 * OpenAI takes 8,192 tokens a text, 2,048 texts and 300,000 tokens a request (developers.openai.com, reference of
 * embeddings). A batch of 64 answers within a second or two, and what is lost with a failed one is little.
 */
const limits = { texts: 64, bytesOfText: 8_000, bytesInAll: 250_000 };

const readEmbeddings = read(
  Schema.Struct({
    data: Schema.Array(
      Schema.Struct({
        index: Schema.Int,
        embedding: Schema.Union([Schema.String, Schema.Array(Schema.Unknown)]),
      }),
    ),
  }),
  "a list of embeddings",
);

/** The vectors by the places they name: the order of `data` is not promised. */
function inOrder(data: ReadonlyArray<{ readonly index: number; readonly embedding: WrittenVector }>) {
  const byPlace = new Map(data.map(({ index, embedding }) => [index, embedding]));
  const vectors = data.map((_, place) => byPlace.get(place));
  return vectors.every((vector) => vector !== undefined)
    ? Effect.succeed(vectors)
    : Effect.fail<MemoryReason>(new Garbled({ detail: "embeddings of other places than asked for" }));
}

/** An Embedder over `text-embedding-3-small`, which takes memories and questions alike. */
export function openAiEmbedder({ apiKey, baseUrl, fetch }: OpenAiSettings): Embedder["Service"] {
  const url = `${baseUrl ?? "https://api.openai.com/v1"}/embeddings`;
  const model = { name: `openai/${MODEL}`, dimensions: DIMENSIONS, limits };
  return {
    ...{ name: model.name, dimensions: DIMENSIONS, semantic: true },
    embed: (texts) =>
      embedInBatches(texts, model, (input) =>
        send(
          {
            method: "POST",
            url,
            headers: { authorization: `Bearer ${apiKey}` },
            // As base64 an answer is a quarter of its numbers, and is read in one piece.
            body: { model: MODEL, input, encoding_format: "base64" },
          },
          fetch ?? globalThis.fetch,
        ).pipe(
          Effect.flatMap(readEmbeddings),
          Effect.flatMap(({ data }) => inOrder(data)),
        ),
      ),
  };
}
