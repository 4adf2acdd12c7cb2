/** A fake of Pinecone's data plane that takes what its OpenAPI document of 2026-07 lets through, and nothing else; used by vector-index.spec.ts, and by the program as a service outside. */
import { Schema } from "effect";
import { pineconeIndex } from "#src/memory/index/pinecone.ts";
import { type Arrangement, type Asked, fits, startLoopback, type Told, VectorStore } from "./vector-index-loopback.ts";

const API_KEY = "pinecone-key";

const Id = Schema.String.check(Schema.isPattern(/^\p{ASCII}{1,512}$/u));
const Numbers = Schema.Array(Schema.Finite).check(Schema.isMinLength(1), Schema.isMaxLength(20_000));
const Metadata = Schema.Record(
  Schema.String,
  Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, Schema.Array(Schema.String)]),
);

const isUpsert = fits(
  Schema.Struct({
    vectors: Schema.Array(Schema.Struct({ id: Id, values: Numbers, metadata: Schema.optional(Metadata) })).check(
      Schema.isMinLength(1),
      Schema.isMaxLength(1_000),
    ),
    namespace: Schema.optional(Schema.String),
  }),
);
const isQuery = fits(
  Schema.Struct({
    namespace: Schema.optional(Schema.String),
    topK: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })),
    vector: Numbers,
    filter: Schema.optional(Schema.Record(Schema.String, Schema.Unknown)),
    includeValues: Schema.optional(Schema.Boolean),
    includeMetadata: Schema.optional(Schema.Boolean),
  }),
);
const isDelete = fits(
  Schema.Struct({
    ids: Schema.optional(Schema.Array(Id).check(Schema.isMinLength(1), Schema.isMaxLength(1_000))),
    deleteAll: Schema.optional(Schema.Boolean),
    namespace: Schema.optional(Schema.String),
    filter: Schema.optional(Schema.Record(Schema.String, Schema.Unknown)),
  }),
);
const isStatistics = fits(Schema.Struct({ filter: Schema.optional(Schema.Record(Schema.String, Schema.Unknown)) }));

const refused = (message: string): Told => ({ status: 400, body: { code: 3, message, details: [] } });
const unauthorized: Told = { status: 401, body: "Unauthorized" };
/** The limit of an upsert, over the whole body. */
const LONGEST = 2 * 1024 * 1024;

class Fake {
  readonly store = new VectorStore();
  readonly #madeFor: number;

  constructor({ dimensions, madeFor = dimensions }: Arrangement) {
    this.#madeFor = madeFor;
  }

  readonly tell = ({ method, path, headers, body }: Asked): Told => {
    if (headers["api-key"] !== API_KEY) return unauthorized;
    if (headers["x-pinecone-api-version"] !== "2026-07") return refused("Missing or unknown X-Pinecone-Api-Version");
    if (method !== "POST" || !headers["content-type"]?.startsWith("application/json"))
      return { status: 415, body: { code: 3, message: "expected application/json", details: [] } };
    if (path === "/vectors/upsert") return this.#upsert(body);
    if (path === "/query") return this.#query(body);
    if (path === "/vectors/delete") return this.#delete(body);
    if (path !== "/describe_index_stats") return { status: 404, body: { code: 5, message: "no such path" } };
    return isStatistics(body) ? this.#statistics() : refused("Invalid request");
  };

  #unlike(values: ReadonlyArray<number>): Told | undefined {
    if (values.length === this.#madeFor) return;
    return refused(`Vector dimension ${values.length} does not match the dimension of the index ${this.#madeFor}`);
  }

  #upsert(body: unknown): Told {
    if (JSON.stringify(body).length > LONGEST) return refused("Request size exceeds the limit of 2097152 bytes");
    if (!isUpsert(body)) return refused("Invalid request");
    const { vectors, namespace = "" } = body;
    for (const { values } of vectors) {
      const fault = this.#unlike(values);
      if (fault !== undefined) return fault;
      if (values.every((value) => Math.abs(value) < 1e-8))
        return refused("Dense vectors must contain at least one non-zero value.");
    }
    this.store.change((space) => {
      for (const { id, values } of vectors) space(namespace).set(id, values);
    });
    return { status: 200, body: { upsertedCount: vectors.length } };
  }

  #query(body: unknown): Told {
    if (!isQuery(body)) return refused("Invalid request");
    const { vector, topK, namespace = "" } = body;
    const matches = this.store.nearest(namespace, vector, topK);
    return (
      this.#unlike(vector) ?? { status: 200, body: { matches, namespace, usage: { readUnits: 1, egressBytes: 64 } } }
    );
  }

  #delete(body: unknown): Told {
    if (!isDelete(body)) return refused("Invalid request");
    const { ids, deleteAll = false, namespace = "" } = body;
    if (deleteAll === (ids !== undefined)) return refused("Either ids or deleteAll");
    if (!this.store.has(namespace)) return { status: 404, body: { code: 5, message: "Namespace not found" } };
    this.store.change((space) => {
      for (const id of ids ?? [...space(namespace).keys()]) space(namespace).delete(id);
      if (space(namespace).size === 0) this.store.drop(namespace);
    });
    return { status: 200, body: {} };
  }

  #statistics(): Told {
    const namespaces = Object.fromEntries(
      this.store.names.map((name) => [name, { vectorCount: this.store.in(name).size }]),
    );
    return { status: 200, body: { namespaces, dimension: this.#madeFor, indexFullness: 0, totalVectorCount: 0 } };
  }
}

/** The adapter over a fake of its own, and the settings of whoever asks it over the network. */
export async function startPinecone(arrangement: Arrangement) {
  const fake = new Fake(arrangement);
  const { url, heard, meets, stop } = await startLoopback(unauthorized, fake.tell);
  const settings = { apiKey: API_KEY, host: url };
  return {
    settings,
    remote: {
      index: pineconeIndex(settings, arrangement.dimensions),
      held: (agentId: string) => [...fake.store.in(agentId).keys()],
      ...{ store: fake.store, heard, meets },
    },
    stop,
  };
}
