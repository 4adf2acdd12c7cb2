/** The VectorIndex over Cloudflare's Vectorize binding, a namespace for each agent; chosen by ../vector-index.ts. */

import { Duration, Effect, Schema } from "effect";
import {
  Broken,
  Garbled,
  RateLimited,
  Stalled,
  Unacceptable,
  Unauthorized,
  Unreachable,
} from "#actors/agent/turn/failures.ts";
import type { MemoryReason, VectorIndex } from "#actors/agent/turn/memory-ports.ts";
import { asking, byParts, faultOf, hasDirection, MOST_NEIGHBOURS, sendable } from "./checks.ts";

/** What we need of the binding: `env.VECTORIZE` of an index of the second generation fits, and so does a fake. */
export interface VectorizeBinding {
  readonly upsert: (
    vectors: Array<{ id: string; values: Array<number>; namespace: string }>,
  ) => Promise<{ readonly mutationId: string }>;
  readonly query: (
    vector: Array<number>,
    options: { topK: number; namespace: string; returnValues: false; returnMetadata: "none" },
  ) => Promise<unknown>;
  readonly deleteByIds: (ids: Array<string>) => Promise<{ readonly mutationId: string }>;
}

const NAME = "vectorize";
/** The binding takes 1,000 vectors a call (developers.cloudflare.com/vectorize/platform/limits). */
const AT_ONCE = 1_000;
const DEADLINE_MS = 20_000;
/** So many directions are looked into for what is left of an agent. */
const PROBES = 8;

/**
 * Ids are one space for the whole index and `deleteByIds` knows no namespace, so each id begins with its agent's: no
 * agent can name another's vector. Both together are 61 bytes of the 64 an id may have.
 */
const idIn = (agentId: string, id: string): string => `${agentId}/${id}`;

/** The binding throws `VECTOR_QUERY_ERROR (code = 40006): …` or `VECTOR_UPSERT_ERROR: Status + 500`, or the runtime's own. */
function reasonOf(error: unknown): MemoryReason {
  const message = error instanceof Error ? error.message : String(error);
  if (/too many requests|\b(40041|40014)\b|status \+? ?429/i.test(message)) return new RateLimited({});
  if (/unauthori[sz]ed|authentication|status \+? ?40[13]\b/i.test(message)) return new Unauthorized();
  if (/network connection lost|fetch failed|connect|dns/i.test(message)) return new Unreachable();
  if (/code = 4\d{4}\b|status \+? ?4\d\d\b|dimension/i.test(message))
    return new Unacceptable({ detail: message.slice(0, 300) });
  return new Broken({});
}

const call = <A>(body: () => Promise<A>): Effect.Effect<A, MemoryReason> =>
  Effect.tryPromise({ try: body, catch: reasonOf }).pipe(
    Effect.timeoutOrElse({
      duration: Duration.millis(DEADLINE_MS),
      orElse: () => Effect.fail<MemoryReason>(new Stalled({ silentMs: DEADLINE_MS })),
    }),
  );

const decodeMatches = Schema.decodeUnknownEffect(
  Schema.Struct({ matches: Schema.Array(Schema.Struct({ id: Schema.String, score: Schema.Finite })) }),
);

/** Directions far from each other: along one axis and then the next, there and back. */
const probe = (number: number, dimensions: number): Array<number> => {
  const values = Array<number>(dimensions).fill(0);
  values[Math.floor((number * dimensions) / PROBES)] = number % 2 === 0 ? 1 : -1;
  return values;
};

/** A VectorIndex over one bound index of so many dimensions, whose metric is cosine. */
export function vectorizeIndex(binding: VectorizeBinding, dimensions: number): VectorIndex["Service"] {
  const nearest = (agentId: string, values: Array<number>, topK: number) =>
    Effect.flatMap(
      call(() => binding.query(values, { topK, namespace: agentId, returnValues: false, returnMetadata: "none" })),
      (answer) => Effect.mapError(decodeMatches(answer), () => new Garbled({ detail: "matches of another shape" })),
    );
  const erase = (ids: ReadonlyArray<string>) =>
    Effect.as(
      call(() => binding.deleteByIds([...ids])),
      undefined,
    );
  return {
    ...{ name: NAME, remote: true },
    upsert: (agentId, vectors) =>
      Effect.flatMap(sendable(NAME, vectors, dimensions), (sent) =>
        byParts(NAME, sent, AT_ONCE, (part) => {
          const written = part.map(({ id, values }) => ({
            ...{ id: idIn(agentId, id), values: Array.from(values), namespace: agentId },
          }));
          return Effect.as(
            call(() => binding.upsert(written)),
            undefined,
          );
        }),
      ),
    query: (agentId, values, topK) => {
      const fault = faultOf(values, dimensions);
      if (fault !== undefined) return asking(NAME, Effect.fail(fault));
      if (!hasDirection(values)) return Effect.succeed([]);
      const own = idIn(agentId, "");
      return Effect.map(asking(NAME, nearest(agentId, Array.from(values), Math.min(topK, MOST_NEIGHBOURS))), (found) =>
        found.matches.flatMap(({ id, score }) => (id.startsWith(own) ? [{ id: id.slice(own.length), score }] : [])),
      );
    },
    remove: (agentId, ids) =>
      byParts(
        NAME,
        ids.map((id) => ({ id })),
        AT_ONCE,
        (part) => erase(part.map(({ id }) => idIn(agentId, id))),
      ),
    // No call empties a namespace. What is near in many directions is removed, and the next time what was behind it.
    removeAll: (agentId) =>
      asking(
        NAME,
        Effect.gen(function* () {
          const ids = new Set<string>();
          for (let number = 0; number < PROBES; number++) {
            const { matches } = yield* nearest(agentId, probe(number, dimensions), MOST_NEIGHBOURS);
            for (const { id } of matches) ids.add(id);
            if (matches.length < MOST_NEIGHBOURS) break;
          }
          if (ids.size > 0) yield* erase([...ids]);
        }),
      ),
    // A namespace cannot be counted beyond what one search finds.
    count: (agentId) =>
      asking(
        NAME,
        Effect.map(nearest(agentId, probe(0, dimensions), MOST_NEIGHBOURS), ({ matches }) => matches.length),
      ),
  };
}
