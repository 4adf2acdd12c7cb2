/** The cross-encoder where the AI binding is there, or none; bound in src/worker.ts. */
import { Effect, Layer } from "effect";
import { Reranker } from "#actors/agent/turn/memory-ports.ts";
import { type AiBinding, workersAiReranker } from "./embed/workers-ai.ts";

/** The port over Workers AI's reranker; without the binding every text gets the same score. */
export const rerankerLayer = (ai: AiBinding | undefined): Layer.Layer<Reranker> =>
  Layer.sync(Reranker, () =>
    ai === undefined
      ? { configured: false, score: (_query, texts) => Effect.succeed(texts.map(() => 0)) }
      : workersAiReranker(ai),
  );
