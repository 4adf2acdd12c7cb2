/** Which index is asked for candidates beside the agent's own, by the setting VECTOR_INDEX; bound in src/worker.ts. */
import { Effect, Layer } from "effect";
import { Embedder, VectorIndex } from "#actors/agent/turn/memory-ports.ts";
import { type PineconeSettings, pineconeIndex } from "./index/pinecone.ts";
import { type VectorizeBinding, vectorizeIndex } from "./index/vectorize.ts";
import { type WeaviateSettings, weaviateIndex } from "./index/weaviate.ts";

export type VectorIndexSettings =
  | { readonly index: "local" }
  | { readonly index: "vectorize"; readonly binding: VectorizeBinding }
  | { readonly index: "pinecone"; readonly pinecone: PineconeSettings }
  | { readonly index: "weaviate"; readonly weaviate: WeaviateSettings };

/** The agent's own vectors are all there is: nothing leaves its object. */
const noIndex: VectorIndex["Service"] = {
  ...{ name: "local", remote: false },
  upsert: () => Effect.void,
  query: () => Effect.succeed([]),
  remove: () => Effect.void,
  removeAll: () => Effect.void,
  count: () => Effect.succeed(0),
};

function indexOf(settings: VectorIndexSettings, dimensions: number): VectorIndex["Service"] {
  switch (settings.index) {
    case "vectorize":
      return vectorizeIndex(settings.binding, dimensions);
    case "pinecone":
      return pineconeIndex(settings.pinecone, dimensions);
    case "weaviate":
      return weaviateIndex(settings.weaviate, dimensions);
    default:
      return noIndex;
  }
}

/** The port over the index that was chosen; vectors are of the embedder's dimensions. */
export const vectorIndexLayer = (settings: VectorIndexSettings): Layer.Layer<VectorIndex, never, Embedder> =>
  Layer.effect(
    VectorIndex,
    Effect.map(Embedder, ({ dimensions }) => indexOf(settings, dimensions)),
  );
