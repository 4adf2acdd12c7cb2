/** What memory asks of the world outside: vectors of texts, a remote index of them, a second opinion on order; adapters stand in src/memory. */

import { Context, type Effect, Schema } from "effect";
import type { AgentId } from "#events/kit/ids.ts";
import { kindOf, ModelReason } from "./failures.ts";

/** A vector has another length than its model or its index says. */
export class WrongDimension extends Schema.TaggedError<WrongDimension>()("WrongDimension", {
  expected: Schema.Finite,
  got: Schema.Finite,
}) {}

export const MemoryReason = Schema.Union([ModelReason, WrongDimension]);
export type MemoryReason = typeof MemoryReason.Type;

/** No vectors came of the texts. */
export class EmbedFailure extends Schema.TaggedError<EmbedFailure>()("EmbedFailure", {
  provider: Schema.String,
  reason: MemoryReason,
}) {}

/**
 * The index did not do what it was asked. `left` are the ids that it may not have taken or may not have removed; those
 * asked for and not named there are done.
 */
export class IndexFailure extends Schema.TaggedError<IndexFailure>()("IndexFailure", {
  index: Schema.String,
  reason: MemoryReason,
  left: Schema.Array(Schema.String),
}) {}

/** The cross-encoder gave no scores. */
export class RerankFailure extends Schema.TaggedError<RerankFailure>()("RerankFailure", {
  provider: Schema.String,
  reason: MemoryReason,
}) {}

const passing: ReadonlyArray<string> = ["busy", "broken", "cut"];

/** Whether the same request may succeed a little later. */
export const isPassing = (reason: MemoryReason): boolean =>
  reason._tag !== "WrongDimension" && passing.includes(kindOf(reason));

/** Whether the fault is in this very request: another text, or fewer of them, may be taken. */
export const isOurs = (reason: MemoryReason): boolean =>
  reason._tag === "Unacceptable" || reason._tag === "TooLong" || reason._tag === "Refused";

/** When the provider asks us back, in milliseconds from its answer; undefined where it named no time. */
export const waitOf = (reason: MemoryReason): number | undefined =>
  "retryAfterMs" in reason ? reason.retryAfterMs : undefined;

/** What a text is embedded for: some models take a question for something else than an answer. */
export type Purpose = "memory" | "query";

/** A provider of embeddings. One text, one vector of `dimensions` finite numbers, in the order asked for. */
export class Embedder extends Context.Service<
  Embedder,
  {
    /** Provider and model, as they are recorded beside each vector: `openai/text-embedding-3-small`. */
    readonly name: string;
    readonly dimensions: number;
    /** False where closeness is likeness of letters only: such vectors find near-duplicates and have no weight in search. */
    readonly semantic: boolean;
    /**
     * Any number of texts of any length: requests are cut to what the provider takes, and a text's end is left out where
     * it is too long. A blank text has no direction and becomes a vector of zeros. Passing faults are tried again for some
     * seconds; what lasts longer is a failure that names when to come back.
     */
    readonly embed: (
      texts: ReadonlyArray<string>,
      purpose: Purpose,
    ) => Effect.Effect<ReadonlyArray<Float32Array>, EmbedFailure>;
  }
>()("troupe/turn/Embedder") {}

/** A vector under the id of its memory. Ids are opaque: they say nothing of what is remembered. */
export interface IndexedVector {
  readonly id: string;
  readonly values: Float32Array;
}

export interface Neighbour {
  readonly id: string;
  /** Cosine similarity, −1 to 1. */
  readonly score: number;
}

/**
 * A remote index as a second source of candidates, never the record. Each agent has a namespace of its own, and no
 * request reaches over its border. Services are eventually consistent: what was just written need not be found yet, what
 * was just removed may still be, and neither is a failure. Nothing but ids and numbers is ever sent.
 */
export class VectorIndex extends Context.Service<
  VectorIndex,
  {
    readonly name: string;
    /** False where the agent's own vectors are all there is: then nothing is sent and nothing is found here. */
    readonly remote: boolean;
    /** Writes vectors, or replaces those of the same id. Vectors without a direction are left out. */
    readonly upsert: (agentId: AgentId, vectors: ReadonlyArray<IndexedVector>) => Effect.Effect<void, IndexFailure>;
    /** The nearest of this agent's vectors, nearest first, at most `topK` (1 to 100). */
    readonly query: (
      agentId: AgentId,
      values: Float32Array,
      topK: number,
    ) => Effect.Effect<ReadonlyArray<Neighbour>, IndexFailure>;
    /** Removes vectors; ids that are not there are no fault. */
    readonly remove: (agentId: AgentId, ids: ReadonlyArray<string>) => Effect.Effect<void, IndexFailure>;
    /** Removes all that is found of an agent. It is gone when `count` says 0; until then it is asked again. */
    readonly removeAll: (agentId: AgentId) => Effect.Effect<void, IndexFailure>;
    /** How many vectors of an agent the service still has; one that cannot count them all says what it finds, and 0 only for none. */
    readonly count: (agentId: AgentId) => Effect.Effect<number, IndexFailure>;
  }
>()("troupe/turn/VectorIndex") {}

/** A cross-encoder, which reads question and memory together: slower than vectors, and better, for the first few dozen. */
export class Reranker extends Context.Service<
  Reranker,
  {
    /** Without one, `score` gives every text the same. */
    readonly configured: boolean;
    /** One score for each text, in the order asked for; higher fits better, and only the order means anything. */
    readonly score: (
      query: string,
      texts: ReadonlyArray<string>,
    ) => Effect.Effect<ReadonlyArray<number>, RerankFailure>;
  }
>()("troupe/turn/Reranker") {}
