/** The settings of embeddings and of the remote index: what each choice needs, and what stops the start. */
import { describe, expect, it } from "@effect/vitest";
import { SettingsFault, settingsOf, type Variables } from "#src/env.ts";

const ai = { run: async () => ({}) };
const vectorize = {
  upsert: async () => ({ mutationId: "" }),
  query: async () => ({}),
  deleteByIds: async () => ({ mutationId: "" }),
};
const given = (over: Partial<Variables>) => settingsOf({ KEY_ENCRYPTION_KEYS: `1:${"A".repeat(43)}=`, ...over });

describe("embeddings", () => {
  it.each<readonly [Partial<Variables>, object]>([
    [{}, { provider: "local" }],
    [{ EMBEDDINGS: " " }, { provider: "local" }],
    [{ EMBEDDINGS: "local", OPENAI_API_KEY: "k" }, { provider: "local" }],
    [
      { EMBEDDINGS: "openai", OPENAI_API_KEY: "k" },
      { provider: "openai", openai: { apiKey: "k" } },
    ],
    [
      { EMBEDDINGS: "openai", OPENAI_BASE_URL: "http://localhost:11434/v1/" },
      { provider: "openai", openai: { baseUrl: "http://localhost:11434/v1" } },
    ],
    [
      { EMBEDDINGS: "cloudflare", AI: ai },
      { provider: "cloudflare", ai },
    ],
  ])("of %j", (variables, expected) => {
    expect(given(variables).embeddings).toMatchObject(expected);
  });
});

describe("the vector index", () => {
  it.each<readonly [Partial<Variables>, object]>([
    [{}, { index: "local" }],
    [{ VECTOR_INDEX: "local", WEAVIATE_URL: "https://w.test" }, { index: "local" }],
    [
      { VECTOR_INDEX: "vectorize", VECTORIZE: vectorize },
      { index: "vectorize", binding: vectorize },
    ],
    [
      { VECTOR_INDEX: "pinecone", PINECONE_API_KEY: "k", PINECONE_INDEX_HOST: "memory-1.svc.pinecone.io" },
      { index: "pinecone", pinecone: { apiKey: "k", host: "https://memory-1.svc.pinecone.io" } },
    ],
    [
      { VECTOR_INDEX: "pinecone", PINECONE_API_KEY: "k", PINECONE_INDEX_HOST: "http://localhost:5080/" },
      { index: "pinecone", pinecone: { host: "http://localhost:5080" } },
    ],
    [
      { VECTOR_INDEX: "weaviate", WEAVIATE_URL: "http://localhost:8080", WEAVIATE_API_KEY: "k" },
      { index: "weaviate", weaviate: { url: "http://localhost:8080", apiKey: "k" } },
    ],
    [{ VECTOR_INDEX: "weaviate", WEAVIATE_URL: "http://localhost:8080" }, { index: "weaviate" }],
  ])("of %j", (variables, expected) => {
    expect(given(variables).vectorIndex).toMatchObject(expected);
  });
});

describe("what is wrong stops the start by its name, and its value is not told", () => {
  it.each<readonly [Partial<Variables>, string]>([
    [{ EMBEDDINGS: "secret-word" }, "EMBEDDINGS"],
    [{ EMBEDDINGS: "OpenAI" }, "EMBEDDINGS"],
    [{ EMBEDDINGS: "openai" }, "OPENAI_API_KEY"],
    [{ EMBEDDINGS: "cloudflare" }, "AI"],
    [{ VECTOR_INDEX: "secret-word" }, "VECTOR_INDEX"],
    [{ VECTOR_INDEX: "vectorize" }, "VECTORIZE"],
    [{ VECTOR_INDEX: "pinecone", PINECONE_INDEX_HOST: "secret-word.test" }, "PINECONE_API_KEY"],
    [{ VECTOR_INDEX: "pinecone", PINECONE_API_KEY: "secret-word" }, "PINECONE_INDEX_HOST"],
    [{ VECTOR_INDEX: "pinecone", PINECONE_API_KEY: "secret-word", PINECONE_INDEX_HOST: "a b" }, "PINECONE_INDEX_HOST"],
    [{ VECTOR_INDEX: "weaviate", WEAVIATE_API_KEY: "secret-word" }, "WEAVIATE_URL"],
    [{ VECTOR_INDEX: "weaviate", WEAVIATE_URL: "ftp://secret-word" }, "WEAVIATE_URL"],
  ])("%j", (variables, setting) => {
    const start = () => given(variables);
    expect(start).toThrow(SettingsFault);
    expect(start).toThrow(new RegExp(`^${setting} `));
    expect(start).not.toThrow(/secret-word/);
  });
});
