/** An embedder and an index of vectors on loopback, told to the program by its settings as OpenAI and Pinecone would be; used by test/system. */
import { startOpenAi } from "../contract/embedder-fakes.ts";
import { startPinecone } from "../contract/vector-index-pinecone.ts";

/** As many as the embedder's model has. */
const DIMENSIONS = 1536;

export interface ServicesOutside {
  /** What the program is told, beside its own settings. */
  readonly settings: Readonly<Record<string, string>>;
  /** The ids of an agent's vectors that the index holds. */
  readonly held: (agentId: string) => ReadonlyArray<string>;
  readonly stop: () => Promise<void>;
}

export async function startServicesOutside(): Promise<ServicesOutside> {
  const embedder = await startOpenAi();
  const index = await startPinecone({ dimensions: DIMENSIONS });
  return {
    settings: {
      ...{ EMBEDDINGS: "openai", OPENAI_API_KEY: embedder.settings.apiKey, OPENAI_BASE_URL: embedder.settings.baseUrl },
      ...{ VECTOR_INDEX: "pinecone", PINECONE_API_KEY: index.settings.apiKey },
      PINECONE_INDEX_HOST: index.settings.host,
    },
    held: index.remote.held,
    stop: async () => {
      await embedder.stop();
      await index.stop();
    },
  };
}
