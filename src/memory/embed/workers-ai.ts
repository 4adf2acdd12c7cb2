/** Embedder and Reranker through Cloudflare's `AI` binding; chosen by ../embedder.ts and ../reranker.ts. */

import { Duration, Effect, Schema } from "effect";
import {
  Broken,
  Garbled,
  Overloaded,
  RateLimited,
  SpentOut,
  Stalled,
  TooLong,
  Unacceptable,
  Unauthorized,
  Unreachable,
} from "#actors/agent/turn/failures.ts";
import { type Embedder, type MemoryReason, type Reranker, RerankFailure } from "#actors/agent/turn/memory-ports.ts";
import { patiently } from "../requests.ts";
import { embedInBatches } from "./batches.ts";

/** What we need of the binding: `env.AI` fits, and so does a fake. */
export interface AiBinding {
  readonly run: (
    model: string,
    inputs: Record<string, unknown>,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<unknown>;
}

const MODEL = "@cf/baai/bge-m3";
const DIMENSIONS = 1024;
/** The model reads 8,192 tokens of a text; the binding takes 100 texts and 60,000 tokens a request. */
const limits = { texts: 64, bytesOfText: 6_000, bytesInAll: 60_000 };

const RERANKER = "@cf/baai/bge-reranker-base";
/** The cross-encoder reads 512 tokens of question and text together; more bytes than this tell it nothing new. */
const BYTES_RERANKED = 2_000;

const DEADLINE_MS = 20_000;

/** Runs a model and reads its output. */
const run = <S extends Schema.ConstraintDecoder<unknown>>(
  binding: AiBinding,
  model: string,
  inputs: Record<string, unknown>,
  output: S,
): Effect.Effect<S["Type"], MemoryReason> =>
  Effect.tryPromise({ try: (signal) => binding.run(model, inputs, { signal }), catch: reasonOf }).pipe(
    Effect.timeoutOrElse({
      duration: Duration.millis(DEADLINE_MS),
      orElse: () => Effect.fail<MemoryReason>(new Stalled({ silentMs: DEADLINE_MS })),
    }),
    Effect.flatMap((answer) =>
      Effect.mapError(
        Schema.decodeUnknownEffect(output)(answer),
        () => new Garbled({ detail: `${model} answered in another shape` }),
      ),
    ),
  );

/** Codes of developers.cloudflare.com/workers-ai/platform/errors, thrown as `AiError: 5007: No such model …`. */
function reasonOf(error: unknown): MemoryReason {
  const message = error instanceof Error ? error.message : String(error);
  const code = Number(/(?:^|\D)([35]0\d\d):/.exec(message)?.[1] ?? 0);
  if (code === 3036 || code === 3023) return new SpentOut();
  if (code === 5016 || code === 5018 || code === 3041) return new Unauthorized();
  if (code === 3006) return new TooLong();
  if (code === 3040) return new Overloaded({});
  if ([3003, 3039, 3042, 5004, 5005, 5007, 5019].includes(code))
    return new Unacceptable({ detail: message.slice(0, 300) });
  if (/too many requests|rate limit/i.test(message)) return new RateLimited({});
  if (/network connection lost|fetch failed|connect|dns/i.test(message)) return new Unreachable();
  return new Broken({});
}

const Vectors = Schema.Struct({ data: Schema.Array(Schema.Array(Schema.Unknown)) });

/** An Embedder over bge-m3, which speaks a hundred languages and takes memories and questions alike. */
export function workersAiEmbedder(binding: AiBinding): Embedder["Service"] {
  const model = { name: `cloudflare/${MODEL}`, dimensions: DIMENSIONS, limits };
  return {
    ...{ name: model.name, dimensions: DIMENSIONS, semantic: true },
    embed: (texts) =>
      embedInBatches(texts, model, (text) =>
        Effect.map(run(binding, MODEL, { text, truncate_inputs: true }, Vectors), ({ data }) => data),
      ),
  };
}

const Scores = Schema.Struct({
  response: Schema.Array(Schema.Struct({ id: Schema.Int, score: Schema.Finite })),
});

const encoder = new TextEncoder();
const beginning = (text: string): string => {
  const whole = text.toWellFormed();
  return whole.slice(0, encoder.encodeInto(whole, new Uint8Array(BYTES_RERANKED)).read);
};

/** A Reranker over bge-reranker-base. */
export const workersAiReranker = (binding: AiBinding): Reranker["Service"] => ({
  configured: true,
  score: (query, texts) => {
    // The binding refuses an empty question, an empty text and an empty list; none of them has an order to find.
    const asked = texts.flatMap((text, place) => (text.trim() === "" ? [] : [{ place, text: beginning(text) }]));
    if (query.trim() === "" || asked.length === 0) return Effect.succeed(texts.map(() => 0));
    const contexts = asked.map(({ text }) => ({ text }));
    return patiently(
      run(binding, RERANKER, { query: beginning(query), contexts, top_k: contexts.length }, Scores),
    ).pipe(
      Effect.flatMap(({ response }) => {
        const scores = new Map(response.map(({ id, score }) => [asked[id]?.place, score]));
        const missing = asked.filter(({ place }) => !scores.has(place));
        if (missing.length > 0 || scores.size !== asked.length)
          return Effect.fail<MemoryReason>(new Garbled({ detail: `${scores.size} scores for ${asked.length} texts` }));
        const least = Math.min(...scores.values());
        return Effect.succeed(texts.map((_, place) => scores.get(place) ?? least));
      }),
      Effect.mapError((reason) => new RerankFailure({ provider: `cloudflare/${RERANKER}`, reason })),
    );
  },
});
