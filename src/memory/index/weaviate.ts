/** The VectorIndex over Weaviate by REST, a tenant of one multi-tenant collection for each agent; chosen by ../vector-index.ts. */

import { Effect, Schema } from "effect";
import { Broken, Garbled, Unacceptable } from "#actors/agent/turn/failures.ts";
import type { IndexedVector, MemoryReason, Neighbour, VectorIndex } from "#actors/agent/turn/memory-ports.ts";
import { sha256 } from "#events/kit/sha256.ts";
import { type Answer, type Fetch, read, reasonOf, send } from "../requests.ts";
import { asking, byParts, faultOf, hasDirection, MOST_NEIGHBOURS, type Refused, sendable } from "./checks.ts";

export interface WeaviateSettings {
  readonly url: string;
  /** A server of one's own may ask for none. */
  readonly apiKey?: string | undefined;
  readonly fetch?: Fetch | undefined;
}

const NAME = "weaviate";
const COLLECTION = "TroupeMemory";
/** The one property: the memory's id, as it came. It is not searched in, so no index is kept of it. */
const ID = "memory";
const VECTORS_AT_ONCE = 100;
const IDS_AT_ONCE = 1_000;
const PAGE = 500;

const collection = {
  class: COLLECTION,
  vectorizer: "none",
  vectorIndexType: "hnsw",
  vectorIndexConfig: { distance: "cosine" },
  multiTenancyConfig: { enabled: true, autoTenantCreation: true, autoTenantActivation: true },
  properties: [{ name: ID, dataType: ["text"], indexFilterable: false, indexSearchable: false }],
};

/** Objects have UUIDs: the memory's id and its agent's, hashed, in the layout of RFC 9562's version 8. */
export function uuidOf(agentId: string, id: string): string {
  const hex = Array.from(sha256(`${agentId}/${id}`), (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  const variant = "89ab"[Number.parseInt(hex[16]!, 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const Errors = Schema.Struct({ error: Schema.optional(Schema.Array(Schema.Struct({ message: Schema.String }))) });
const readWritten = read(
  Schema.Array(
    Schema.Struct({
      id: Schema.String,
      result: Schema.optional(
        Schema.Struct({ status: Schema.optional(Schema.String), errors: Schema.optional(Schema.NullOr(Errors)) }),
      ),
    }),
  ),
  "the results of a batch",
);
const readRemoved = read(
  Schema.Struct({
    results: Schema.Struct({
      failed: Schema.Finite,
      objects: Schema.optional(
        Schema.NullOr(Schema.Array(Schema.Struct({ id: Schema.String, status: Schema.String }))),
      ),
    }),
  }),
  "the results of a removal",
);
const readFound = read(
  Schema.Struct({
    results: Schema.Array(
      Schema.Struct({
        properties: Schema.Struct({ [ID]: Schema.String }),
        metadata: Schema.Struct({ distance: Schema.Finite }),
      }),
    ),
  }),
  "the results of a search",
);
const readGraph = read(
  Schema.Struct({
    data: Schema.optional(
      Schema.NullOr(
        Schema.Struct({
          Get: Schema.NullOr(
            Schema.Struct({
              [COLLECTION]: Schema.NullOr(
                Schema.Array(
                  Schema.Struct({ [ID]: Schema.String, _additional: Schema.Struct({ distance: Schema.Finite }) }),
                ),
              ),
            }),
          ),
        }),
      ),
    ),
    errors: Schema.optional(Schema.NullOr(Schema.Array(Schema.Struct({ message: Schema.String })))),
  }),
  "the results of a query",
);
const readPage = read(
  Schema.Struct({ objects: Schema.optional(Schema.NullOr(Schema.Array(Schema.Struct({ id: Schema.String })))) }),
  "a page of objects",
);

/** What an error in a body means, where the status does not say it. */
const reasonIn = (message: string): MemoryReason =>
  /deadline exceeded|timeout|connection refused|not enough replicas|leader not found|read-?only/i.test(message)
    ? new Broken({})
    : new Unacceptable({ detail: message.slice(0, 300) });

const absent = /tenant not found|could not find class|failed to get class|class not found|cannot query field/i;

/** An agent that has written nothing has no tenant, and a new server no collection: there is nothing to find or remove. */
const isAbsent = ({ status, text }: Answer): boolean =>
  status === 404 ? !isUnrouted(text) : status === 422 && absent.test(text);

/** The answer of a server that has no such path; what it knows and does not find has another form. */
const isUnrouted = (text: string): boolean => /"code":\s*404|path \S+ was not found/i.test(text);

/** Search by REST is off in older servers, GraphQL in newer ones: such a server is asked in the other way. */
const isUnspoken = ({ status, text }: Answer): boolean =>
  (status === 404 && isUnrouted(text)) ||
  status === 405 ||
  (status === 422 && /api is (disabled|not enabled)|EXPERIMENTAL_REST_SEARCH/i.test(text));

/** One Weaviate, and what was learned of it. */
class Server {
  readonly #settings: WeaviateSettings;
  #isReady = false;
  #speaks: "rest" | "graphql" = "rest";

  constructor(settings: WeaviateSettings) {
    this.#settings = settings;
  }

  ask(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Effect.Effect<Answer, MemoryReason> {
    const { url, apiKey, fetch = globalThis.fetch } = this.#settings;
    const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    return send({ method, url: `${url}/v1${path}`, headers, body }, fetch);
  }

  /** Makes the collection where it is missing: the server would make one by itself, without tenants. */
  prepare(): Effect.Effect<void, MemoryReason> {
    if (this.#isReady) return Effect.void;
    const made = Effect.flatMap(this.ask("POST", "/schema", collection), (answer) =>
      // Somebody else made it at the same time.
      answer.status < 300 || /already exists/i.test(answer.text) ? Effect.void : Effect.fail(reasonOf(answer)),
    );
    return this.ask("GET", `/schema/${COLLECTION}`).pipe(
      Effect.flatMap((answer) => {
        if (answer.status === 404) return made;
        return answer.status < 300 ? Effect.void : Effect.fail(reasonOf(answer));
      }),
      Effect.tap(() =>
        Effect.sync(() => {
          this.#isReady = true;
        }),
      ),
    );
  }

  write(agentId: string, part: ReadonlyArray<IndexedVector>): Effect.Effect<Refused | undefined, MemoryReason> {
    const ids = new Map(part.map(({ id }) => [uuidOf(agentId, id), id]));
    const objects = part.map(({ id, values }) => ({
      ...{ class: COLLECTION, id: uuidOf(agentId, id), tenant: agentId },
      ...{ properties: { [ID]: id }, vector: Array.from(values) },
    }));
    return this.prepare().pipe(
      Effect.andThen(this.ask("POST", "/batch/objects", { objects })),
      Effect.flatMap(readWritten),
      Effect.map((results) => {
        const taken = new Set(results.flatMap(({ id, result }) => (result?.status === "FAILED" ? [] : [id])));
        const failed = [...ids].flatMap(([uuid, id]) => (taken.has(uuid) ? [] : [id]));
        if (failed.length === 0) return undefined;
        const message = results.find(({ result }) => result?.status === "FAILED")?.result?.errors?.error?.[0]?.message;
        return { reason: reasonIn(message ?? "some vectors were not taken"), failed };
      }),
      Effect.tapError(() =>
        Effect.sync(() => {
          this.#isReady = false;
        }),
      ),
    );
  }

  search(agentId: string, vector: Array<number>, limit: number): Effect.Effect<ReadonlyArray<Neighbour>, MemoryReason> {
    const first = this.#speaks;
    return Effect.flatMap(this.#searchBy(first, agentId, vector, limit), (found) => {
      if (found !== "unspoken") return Effect.succeed(found);
      const second = first === "rest" ? "graphql" : "rest";
      return Effect.flatMap(this.#searchBy(second, agentId, vector, limit), (again) => {
        if (again === "unspoken")
          return Effect.fail<MemoryReason>(new Unacceptable({ detail: "the server takes no searches" }));
        this.#speaks = second;
        return Effect.succeed(again);
      });
    });
  }

  #searchBy(
    way: "rest" | "graphql",
    agentId: string,
    vector: Array<number>,
    limit: number,
  ): Effect.Effect<ReadonlyArray<Neighbour> | "unspoken", MemoryReason> {
    const asked =
      way === "rest"
        ? this.ask("POST", `/search/${COLLECTION}/near-vector`, {
            ...{ vector, limit, tenant: agentId },
            ...{ returnProperties: [ID], returnMetadata: ["distance"] },
          })
        : this.ask("POST", "/graphql", { query: graphOf(agentId, vector, limit) });
    return Effect.flatMap(asked, (answer): Effect.Effect<ReadonlyArray<Neighbour> | "unspoken", MemoryReason> => {
      if (isUnspoken(answer)) return Effect.succeed("unspoken");
      if (isAbsent(answer)) return Effect.succeed([]);
      return way === "rest" ? foundByRest(answer) : foundByGraph(answer);
    });
  }

  erase(agentId: string, ids: ReadonlyArray<string>): Effect.Effect<Refused | undefined, MemoryReason> {
    const uuids = new Map(ids.map((id) => [uuidOf(agentId, id), id]));
    const where = { path: ["id"], operator: "ContainsAny", valueTextArray: [...uuids.keys()] };
    const body = { match: { class: COLLECTION, where }, output: "minimal" };
    return Effect.flatMap(this.ask("DELETE", `/batch/objects?tenant=${agentId}`, body), (answer) => {
      if (isAbsent(answer)) return Effect.succeed(undefined);
      return Effect.map(readRemoved(answer), ({ results: { failed, objects } }): Refused | undefined => {
        if (failed === 0) return undefined;
        const named = (objects ?? []).flatMap(({ id, status }) => (status === "FAILED" ? (uuids.get(id) ?? []) : []));
        return { reason: new Broken({}), failed: named.length > 0 ? named : ids };
      });
    });
  }

  eraseAll(agentId: string): Effect.Effect<void, MemoryReason> {
    return Effect.flatMap(this.ask("DELETE", `/schema/${COLLECTION}/tenants`, [agentId]), (answer) =>
      answer.status < 300 || isAbsent(answer) ? Effect.void : Effect.fail(reasonOf(answer)),
    );
  }

  /** One page of an agent's objects, from behind an id. */
  page(
    agentId: string,
    after: string | undefined,
  ): Effect.Effect<ReadonlyArray<{ readonly id: string }>, MemoryReason> {
    const from = after === undefined ? "" : `&after=${after}`;
    const path = `/objects?class=${COLLECTION}&tenant=${agentId}&limit=${PAGE}${from}`;
    return Effect.flatMap(this.ask("GET", path), (answer) =>
      isAbsent(answer) ? Effect.succeed([]) : Effect.map(readPage(answer), ({ objects }) => objects ?? []),
    );
  }
}

/** Nothing in it was written by people: an id of ours, and numbers. */
const graphOf = (agentId: string, vector: ReadonlyArray<number>, limit: number): string =>
  `{ Get { ${COLLECTION}(tenant: "${agentId}", limit: ${limit}, nearVector: { vector: ${JSON.stringify(vector)} }) ` +
  `{ ${ID} _additional { distance } } } }`;

/** Weaviate tells cosine distance, 0 to 2. */
const foundByRest = (answer: Answer) =>
  Effect.map(readFound(answer), ({ results }) =>
    results.map(({ properties, metadata }) => ({ id: properties[ID], score: 1 - metadata.distance })),
  );

/** GraphQL answers 200 whatever went wrong. */
const foundByGraph = (answer: Answer): Effect.Effect<ReadonlyArray<Neighbour>, MemoryReason> =>
  Effect.flatMap(readGraph(answer), ({ data, errors }) => {
    const message = errors?.[0]?.message;
    if (message !== undefined) return absent.test(message) ? Effect.succeed([]) : Effect.fail(reasonIn(message));
    const found = data?.Get?.[COLLECTION];
    return found == null
      ? Effect.fail<MemoryReason>(new Garbled({ detail: "neither results nor errors" }))
      : Effect.succeed(found.map((one) => ({ id: one[ID], score: 1 - one._additional.distance })));
  });

/** A VectorIndex over one server. */
export function weaviateIndex(settings: WeaviateSettings, dimensions: number): VectorIndex["Service"] {
  const server = new Server(settings);
  return {
    ...{ name: `${NAME}/${new URL(settings.url).host}`, remote: true },
    upsert: (agentId, vectors) =>
      Effect.flatMap(sendable(NAME, vectors, dimensions), (sent) =>
        byParts(NAME, sent, VECTORS_AT_ONCE, (part) => server.write(agentId, part)),
      ),
    query: (agentId, values, topK) => {
      const fault = faultOf(values, dimensions);
      if (fault !== undefined) return asking(NAME, Effect.fail(fault));
      if (!hasDirection(values)) return Effect.succeed([]);
      return asking(NAME, server.search(agentId, Array.from(values), Math.min(topK, MOST_NEIGHBOURS)));
    },
    remove: (agentId, ids) =>
      byParts(
        NAME,
        ids.map((id) => ({ id })),
        IDS_AT_ONCE,
        (part) =>
          server.erase(
            agentId,
            part.map(({ id }) => id),
          ),
      ),
    removeAll: (agentId) => asking(NAME, server.eraseAll(agentId)),
    count: (agentId) =>
      Effect.gen(function* () {
        let count = 0;
        for (let after: string | undefined; ; ) {
          const page: ReadonlyArray<{ readonly id: string }> = yield* asking(NAME, server.page(agentId, after));
          count += page.length;
          after = page.at(-1)?.id;
          if (page.length < PAGE) return count;
        }
      }),
  };
}
