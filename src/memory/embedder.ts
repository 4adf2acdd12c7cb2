/** Which provider makes vectors of texts, by the setting EMBEDDINGS; bound in src/worker.ts. */
import { Layer } from "effect";
import { Embedder } from "#actors/agent/turn/memory-ports.ts";
import { hashedEmbedder } from "./embed/hashed.ts";
import { type OpenAiSettings, openAiEmbedder } from "./embed/openai.ts";
import { type AiBinding, workersAiEmbedder } from "./embed/workers-ai.ts";

export type EmbeddingSettings =
  | { readonly provider: "local" }
  | { readonly provider: "openai"; readonly openai: OpenAiSettings }
  | { readonly provider: "cloudflare"; readonly ai: AiBinding };

function embedderOf(settings: EmbeddingSettings): Embedder["Service"] {
  if (settings.provider === "openai") return openAiEmbedder(settings.openai);
  return settings.provider === "cloudflare" ? workersAiEmbedder(settings.ai) : hashedEmbedder;
}

/** The port over the provider that was chosen. */
export const embedderLayer = (settings: EmbeddingSettings): Layer.Layer<Embedder> =>
  Layer.sync(Embedder, () => embedderOf(settings));
