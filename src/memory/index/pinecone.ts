/** The VectorIndex over Pinecone's data plane by REST, a namespace for each agent; chosen by ../vector-index.ts. */

import { Effect, Schema } from "effect";
import { Unacceptable } from "#actors/agent/turn/failures.ts";
import type { MemoryReason, VectorIndex } from "#actors/agent/turn/memory-ports.ts";
import { type Answer, type Fetch, read, send } from "../requests.ts";
import { asking, byParts, faultOf, hasDirection, MOST_NEIGHBOURS, sendable } from "./checks.ts";

export interface PineconeSettings {
  readonly apiKey: string;
  /** The index's own address: `https://name-project.svc.region.pinecone.io`. */
  readonly host: string;
  readonly fetch?: Fetch | undefined;
}

const NAME = "pinecone";
/** Pinecone answers by the schemas of this date, whatever comes after it. */
const API_VERSION = "2026-07";
/** A request takes 1,000 ids, or as many vectors as 2 MB hold: a number is at most 23 characters in JSON. */
const IDS_AT_ONCE = 1_000;
const BYTES_AT_ONCE = 1_500_000;
const BYTES_OF_NUMBER = 23;

const Done = Schema.Struct({});
const readUpserted = read(Schema.Struct({ upsertedCount: Schema.optional(Schema.Int) }), "the count of an upsert");
const readDone = read(Done, "an answer");
const readMatches = read(
  Schema.Struct({
    matches: Schema.optional(Schema.Array(Schema.Struct({ id: Schema.String, score: Schema.optional(Schema.Finite) }))),
  }),
  "a list of matches",
);
const readStatistics = read(
  Schema.Struct({
    namespaces: Schema.optional(
      Schema.Record(Schema.String, Schema.Struct({ vectorCount: Schema.optional(Schema.Int) })),
    ),
  }),
  "the statistics of an index",
);

/** A namespace is there from its first vector to its last: one that is not there has nothing to remove. */
const removed = (answer: Answer): Effect.Effect<void, MemoryReason> =>
  answer.status === 404 ? Effect.void : Effect.asVoid(readDone(answer));

const upserted =
  (count: number) =>
  (answer: Answer): Effect.Effect<undefined, MemoryReason> =>
    Effect.flatMap(readUpserted(answer), ({ upsertedCount = count }) =>
      upsertedCount === count
        ? Effect.succeed(undefined)
        : Effect.fail<MemoryReason>(new Unacceptable({ detail: `${upsertedCount} of ${count} vectors were taken` })),
    );

/** A VectorIndex over one index of so many dimensions, whose metric is cosine. */
export function pineconeIndex(settings: PineconeSettings, dimensions: number): VectorIndex["Service"] {
  const { apiKey, host, fetch = globalThis.fetch } = settings;
  const headers = { "api-key": apiKey, "x-pinecone-api-version": API_VERSION };
  const post = (path: string, body: unknown) => send({ method: "POST", url: `${host}${path}`, headers, body }, fetch);
  const atOnce = Math.max(1, Math.min(IDS_AT_ONCE, Math.floor(BYTES_AT_ONCE / (dimensions * BYTES_OF_NUMBER))));
  const named = (ids: ReadonlyArray<string>) => ids.map((id) => ({ id }));
  return {
    ...{ name: `${NAME}/${new URL(host).host}`, remote: true },
    upsert: (agentId, vectors) =>
      Effect.flatMap(sendable(NAME, vectors, dimensions), (sent) =>
        byParts(NAME, sent, atOnce, (part) => {
          const written = part.map(({ id, values }) => ({ id, values: Array.from(values) }));
          return Effect.flatMap(
            post("/vectors/upsert", { namespace: agentId, vectors: written }),
            upserted(part.length),
          );
        }),
      ),
    query: (agentId, values, topK) => {
      const fault = faultOf(values, dimensions);
      if (fault === undefined && !hasDirection(values)) return Effect.succeed([]);
      const body = {
        ...{ namespace: agentId, vector: Array.from(values), topK: Math.min(topK, MOST_NEIGHBOURS) },
        ...{ includeValues: false, includeMetadata: false },
      };
      const answer = fault === undefined ? post("/query", body) : Effect.fail(fault);
      return asking(NAME, Effect.flatMap(answer, found));
    },
    remove: (agentId, ids) =>
      byParts(NAME, named(ids), IDS_AT_ONCE, (part) =>
        Effect.as(
          Effect.flatMap(post("/vectors/delete", { namespace: agentId, ids: part.map(({ id }) => id) }), removed),
          undefined,
        ),
      ),
    removeAll: (agentId) =>
      asking(NAME, Effect.flatMap(post("/vectors/delete", { namespace: agentId, deleteAll: true }), removed)),
    count: (agentId) =>
      asking(
        NAME,
        Effect.map(
          Effect.flatMap(post("/describe_index_stats", {}), readStatistics),
          ({ namespaces }) => namespaces?.[agentId]?.vectorCount ?? 0,
        ),
      ),
  };
}

/** An agent without vectors has no namespace yet; to ask there is no fault. */
const found = (answer: Answer) =>
  answer.status === 404
    ? Effect.succeed([])
    : Effect.map(readMatches(answer), ({ matches = [] }) => matches.map(({ id, score = 0 }) => ({ id, score })));
