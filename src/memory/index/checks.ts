/** What every remote index has in common: vectors looked over before they leave, requests of a size, failures that say what is left; used by the adapters beside it. */

import { Effect } from "effect";
import { Unacceptable } from "#actors/agent/turn/failures.ts";
import {
  type IndexedVector,
  IndexFailure,
  type MemoryReason,
  WrongDimension,
} from "#actors/agent/turn/memory-ports.ts";
import { patiently } from "../requests.ts";

/** A search asks for no more than this: Vectorize's limit without values and metadata, and more than recall looks at. */
export const MOST_NEIGHBOURS = 100;

/** The reason why a vector may not be sent; undefined when it may. */
export function faultOf(values: Float32Array, dimensions: number): MemoryReason | undefined {
  if (values.length !== dimensions) return new WrongDimension({ expected: dimensions, got: values.length });
  return values.every(Number.isFinite) ? undefined : new Unacceptable({ detail: "a vector has what is no number" });
}

/** How the services tell a wrong length: in the words of a refusal, each in its own; the length of the index first. */
const lengths = [
  /expected (?<expected>\d+) dimensions,? and got (?<got>\d+)/i,
  /vector dimension (?<got>\d+) does not match the dimension of the index (?<expected>\d+)/i,
  /vector with length (?<got>\d+)\. existing nodes have vectors with length (?<expected>\d+)/i,
  /vector lengths don't match: (?<expected>\d+) vs (?<got>\d+)/i,
];

/** A refusal as what its words say it is: an index of other dimensions than our model. */
export function named(reason: MemoryReason): MemoryReason {
  if (reason._tag !== "Unacceptable") return reason;
  for (const pattern of lengths) {
    const { expected, got } = pattern.exec(reason.detail)?.groups ?? {};
    if (expected !== undefined) return new WrongDimension({ expected: Number(expected), got: Number(got) });
  }
  return reason;
}

/** A vector of zeros points nowhere: nothing is near it, and Pinecone refuses it. */
export const hasDirection = (values: Float32Array): boolean => values.some((value) => Math.abs(value) >= 1e-8);

export const inParts = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, part) => items.slice(part * size, (part + 1) * size));

/** What a service has not done of one part, and why; `failed` is all of the part unless it says otherwise. */
export interface Refused {
  readonly reason: MemoryReason;
  readonly failed?: ReadonlyArray<string>;
}

/**
 * Does something to ids part by part, each patiently. A part that fails ends it: its own ids and those behind it are
 * left. A part of which the service took some only names the others, and the next parts go on.
 */
export const byParts = <A extends { readonly id: string }>(
  index: string,
  items: ReadonlyArray<A>,
  size: number,
  act: (part: ReadonlyArray<A>) => Effect.Effect<Refused | undefined, MemoryReason>,
): Effect.Effect<void, IndexFailure> =>
  Effect.gen(function* () {
    const left: string[] = [];
    let why: MemoryReason | undefined;
    let done = 0;
    for (const part of inParts(items, size)) {
      const refused = yield* Effect.catch(patiently(act(part)), (reason) =>
        Effect.succeed<Refused>({ reason, failed: items.slice(done).map(({ id }) => id) }),
      );
      done += part.length;
      if (refused === undefined) continue;
      why ??= named(refused.reason);
      left.push(...(refused.failed ?? part.map(({ id }) => id)));
      if (left.includes(items.at(-1)!.id)) break;
    }
    if (why !== undefined) return yield* new IndexFailure({ index, reason: why, left });
  });

/** The vectors that may be sent; the first that may not be fails for all, before anything leaves. */
export const sendable = (
  index: string,
  vectors: ReadonlyArray<IndexedVector>,
  dimensions: number,
): Effect.Effect<ReadonlyArray<IndexedVector>, IndexFailure> => {
  const faulty = vectors.flatMap(({ id, values }) => {
    const reason = faultOf(values, dimensions);
    return reason === undefined ? [] : [{ id, reason }];
  });
  return faulty[0] === undefined
    ? Effect.succeed(vectors.filter(({ values }) => hasDirection(values)))
    : Effect.fail(new IndexFailure({ index, reason: faulty[0].reason, left: vectors.map(({ id }) => id) }));
};

/** One question, asked patiently. */
export const asking = <A>(index: string, question: Effect.Effect<A, MemoryReason>): Effect.Effect<A, IndexFailure> =>
  Effect.mapError(patiently(question), (reason) => new IndexFailure({ index, reason: named(reason), left: [] }));
