/** What vectors have to say to a question: cosines of the agent's own, and candidates of a remote index; used by recall, which goes on without where they fail. */
import { Duration, Effect, Option } from "effect";
import type { AgentId } from "#events/kit/ids.ts";
import { Embedder, VectorIndex } from "../../turn/memory-ports.ts";
import type { Cosines } from "../recall/scoring.ts";
import type { AgentVectors } from "./vectors.ts";

export interface Nearness {
  /** Cosine of the question against these memories, a search's candidates; against all that are held, where none are named. */
  readonly of: (seqs?: ReadonlyArray<number>) => Cosines;
  /** Ids that the remote index found, nearest first. It may not know yet that one of them was forgotten: look each up. */
  readonly elsewhere: ReadonlyArray<string>;
  /** True when something that was asked did not answer: what is here is less than it could be. */
  readonly degraded: boolean;
}

/** Somebody waits for the answer: a provider that needs longer is done without. */
const BOX = Duration.seconds(2);

/** What is said where nothing can be. */
export const nothing: Nearness = {
  of: () => ({ own: new Map(), window: new Map() }),
  ...{ elsewhere: [], degraded: false },
};

/** A value in time, or none for whatever reason. */
export const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Option.Option<A>, never, R> =>
  Effect.timeoutOrElse(Effect.option(effect), { duration: BOX, orElse: () => Effect.succeed(Option.none<A>()) });

/**
 * Asks for the memories nearest to a text, of a remote index for at most `limit`. Never fails. Where closeness of vectors is not
 * closeness of meaning there is nothing to say: hashed words have no weight in search.
 */
export const nearnessTo = (
  text: string,
  { vectors, agentId, limit }: { readonly vectors: AgentVectors; readonly agentId: AgentId; readonly limit: number },
): Effect.Effect<Nearness, never, Embedder | VectorIndex> =>
  Effect.gen(function* () {
    const embedder = yield* Embedder;
    const index = yield* VectorIndex;
    if (!embedder.semantic || text.trim() === "") return nothing;
    const embedded = Option.flatMap(yield* inTime(embedder.embed([text], "query")), ([vector]) =>
      Option.fromUndefinedOr(vector),
    );
    if (Option.isNone(embedded)) return { ...nothing, degraded: true };
    const query = embedded.value;
    const found = yield* inTime(index.query(agentId, query, limit));
    return {
      of: (seqs) => vectors.cosines(query, seqs),
      elsewhere: Option.getOrElse(found, () => []).map(({ id }) => id),
      degraded: Option.isNone(found),
    };
  });
