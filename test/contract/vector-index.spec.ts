/** One contract for every remote index of vectors, held against fakes that refuse what the services would refuse. */
import { afterEach, describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { type IndexedVector, IndexFailure } from "#actors/agent/turn/memory-ports.ts";
import type { AgentId, MemoryId } from "#events/kit/ids.ts";
import { childId } from "#events/kit/ids.ts";
import { keepingPauses } from "./vector-index-clock.ts";
import { type Arrangement, cosine, type Fault, type Remote } from "./vector-index-loopback.ts";
import { startPinecone } from "./vector-index-pinecone.ts";
import { startVectorize } from "./vector-index-vectorize.ts";
import { startWeaviate } from "./vector-index-weaviate.ts";

const ada: AgentId = childId("agent", "test", "ada");
const bo: AgentId = childId("agent", "test", "bo");
const idOf = (number: number): MemoryId => childId("memory", "test", String(number));

const vector = (...values: ReadonlyArray<number>) => Float32Array.from(values);
/** Vectors all round a circle, so that each is nearest to itself. */
const around = (count: number, first = 0): ReadonlyArray<IndexedVector> =>
  Array.from({ length: count }, (_, place) => {
    const angle = (2 * Math.PI * place) / count;
    return { id: idOf(first + place), values: vector(Math.cos(angle), Math.sin(angle), 0.1, 0) };
  });

type Start = (arrangement: Arrangement) => Promise<{ remote: Remote; stop: () => Promise<void> }>;

const services: ReadonlyArray<readonly [string, Start]> = [
  ["pinecone", startPinecone],
  ["vectorize", async (arrangement) => startVectorize(arrangement)],
  ["weaviate, searched by REST", (arrangement) => startWeaviate(arrangement, "rest")],
  ["weaviate, searched by GraphQL", (arrangement) => startWeaviate(arrangement, "graphql")],
];

const stops: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const failureOf = <A>(effect: Effect.Effect<A, IndexFailure>) =>
  Effect.map(Effect.flip(effect), (failure) => {
    expect(failure).toBeInstanceOf(IndexFailure);
    return failure;
  });

describe.each(services)("%s", (name, start) => {
  const given = (over: Partial<Arrangement> = {}) =>
    Effect.promise(async () => {
      const { remote, stop } = await start({ dimensions: 4, ...over });
      stops.push(stop);
      return remote;
    });
  const isVectorize = name === "vectorize";

  it.live("finds what is nearest first, with its cosine", () =>
    Effect.gen(function* () {
      const { index } = yield* given();
      const vectors = around(12);
      yield* index.upsert(ada, vectors);
      const wanted = vector(1, 0.4, 0, 0);
      const found = yield* index.query(ada, wanted, 5);
      const byHand = vectors
        .map(({ id, values }) => ({ id, score: cosine(Array.from(values), Array.from(wanted)) }))
        .toSorted((left, right) => right.score - left.score)
        .slice(0, 5);
      expect(found.map(({ id }) => id)).toEqual(byHand.map(({ id }) => id));
      found.forEach(({ score }, place) => {
        expect(score).toBeCloseTo(byHand[place]!.score, 5);
      });
      expect(yield* index.count(ada)).toBe(12);
    }),
  );

  it.live("replaces a vector of the same id", () =>
    Effect.gen(function* () {
      const { index } = yield* given();
      yield* index.upsert(ada, [{ id: idOf(1), values: vector(1, 0, 0, 0) }]);
      yield* index.upsert(ada, [{ id: idOf(1), values: vector(0, 1, 0, 0) }]);
      expect(yield* index.query(ada, vector(0, 1, 0, 0), 10)).toEqual([{ id: idOf(1), score: expect.closeTo(1, 5) }]);
    }),
  );

  it.live("lets no agent find, change, count or remove another's, by whatever id", () =>
    Effect.gen(function* () {
      const { index, held } = yield* given();
      yield* index.upsert(ada, around(3));
      yield* index.upsert(bo, [{ id: idOf(0), values: vector(0, 0, 0, 1) }]);
      expect(yield* index.query(bo, vector(1, 0, 0, 0), 10)).toHaveLength(1);
      expect(yield* index.count(bo)).toBe(1);
      yield* index.remove(bo, [idOf(0), idOf(1), idOf(2)]);
      yield* index.removeAll(bo);
      expect(yield* index.count(bo)).toBe(0);
      expect(held(ada).toSorted()).toEqual([idOf(0), idOf(1), idOf(2)].toSorted());
      const [nearest] = yield* index.query(ada, around(3)[0]!.values, 1);
      expect(nearest).toEqual({ id: idOf(0), score: expect.closeTo(1, 5) });
    }),
  );

  it.live("knows nothing of an agent that has written nothing, and finds no fault in it", () =>
    Effect.gen(function* () {
      const { index } = yield* given();
      expect(yield* index.query(ada, vector(1, 0, 0, 0), 5)).toEqual([]);
      expect(yield* index.count(ada)).toBe(0);
      yield* index.remove(ada, [idOf(1)]);
      yield* index.removeAll(ada);
      yield* index.upsert(bo, around(1));
      expect(yield* index.query(ada, vector(1, 0, 0, 0), 5)).toEqual([]);
      expect(yield* index.count(ada)).toBe(0);
      yield* index.remove(ada, [idOf(0)]);
      yield* index.removeAll(ada);
      expect(yield* index.count(bo)).toBe(1);
    }),
  );

  it.live("is told ids and numbers, and no words", () =>
    Effect.gen(function* () {
      const { index, heard } = yield* given();
      yield* index.upsert(ada, around(2));
      yield* index.query(ada, vector(1, 0, 0, 0), 2);
      yield* index.remove(ada, [idOf(0)]);
      yield* index.count(ada);
      yield* index.removeAll(ada);
      const words = JSON.stringify(heard)
        .replaceAll(/agt_[0-9a-z]{26}|mem_[0-9a-z]{26}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "")
        .replaceAll(/"(\/v1)?(\/[\w-]+)+"/g, "")
        .match(/[A-Za-z]{2,}/g);
      // All that is left are the names of fields and the few words of a protocol.
      expect(new Set(words)).toEqual(new Set(words?.filter((word) => protocol.has(word))));
    }),
  );

  it.live("need not find at once what was just written, nor lose at once what was just removed", () =>
    Effect.gen(function* () {
      const { index, store } = yield* given();
      // The collection itself is there before anything lags.
      yield* index.upsert(bo, around(1, 50));
      store.lags = true;
      yield* index.upsert(ada, around(2));
      expect(yield* index.query(ada, vector(1, 0, 0, 0), 5)).toEqual([]);
      expect(yield* index.count(ada)).toBe(0);
      store.settle();
      expect(yield* index.query(ada, vector(1, 0, 0, 0), 5)).toHaveLength(2);
      yield* index.remove(ada, [idOf(0)]);
      expect(yield* index.query(ada, vector(1, 0, 0, 0), 5)).toHaveLength(2);
      store.settle();
      expect(yield* index.query(ada, vector(1, 0, 0, 0), 5)).toHaveLength(1);
    }),
  );

  it.live("takes and removes more than one request can hold", () =>
    Effect.gen(function* () {
      const { index, held } = yield* given();
      const vectors = around(2_050);
      const ids = vectors.map(({ id }) => id);
      yield* index.upsert(ada, vectors);
      expect(held(ada).toSorted()).toEqual(ids.toSorted());
      expect(yield* index.count(ada)).toBe(isVectorize ? 100 : 2_050);
      expect(yield* index.query(ada, vectors[77]!.values, 1_000)).toHaveLength(100);
      yield* index.remove(ada, ids.slice(0, 2_049));
      expect(held(ada)).toEqual([ids[2_049]]);
    }),
  );

  it.live("takes vectors as long as the models make them, within what a request may weigh", () =>
    Effect.gen(function* () {
      const { index, held } = yield* given({ dimensions: 1536 });
      const vectors = Array.from({ length: 120 }, (_, place) => ({
        ...{ id: idOf(place), values: Float32Array.from({ length: 1536 }, (_, at) => Math.sin(place + at) / 1e7) },
      }));
      yield* index.upsert(ada, vectors);
      expect(held(ada)).toHaveLength(120);
    }),
  );

  it.live("removes all of an agent, asked until nothing is counted", () =>
    Effect.gen(function* () {
      const { index, held } = yield* given();
      yield* index.upsert(ada, around(450));
      yield* index.upsert(bo, around(1));
      for (let round = 0; (yield* index.count(ada)) > 0; round++) {
        expect(round).toBeLessThan(6);
        yield* index.removeAll(ada);
      }
      expect(held(ada)).toEqual([]);
      expect(held(bo)).toHaveLength(1);
    }),
  );

  it.live("is not asked about a vector that is none", () =>
    Effect.gen(function* () {
      const { index, heard, held } = yield* given();
      const short = { id: idOf(1), values: vector(1, 2) };
      const broken = { id: idOf(2), values: vector(1, Number.NaN, 0, 0) };
      const sound = { id: idOf(3), values: vector(1, 0, 0, 0) };
      expect(yield* failureOf(index.upsert(ada, [sound, short]))).toMatchObject({
        reason: { _tag: "WrongDimension", expected: 4, got: 2 },
        left: [idOf(3), idOf(1)],
      });
      expect(yield* failureOf(index.upsert(ada, [broken]))).toMatchObject({ reason: { _tag: "Unacceptable" } });
      expect(yield* failureOf(index.query(ada, short.values, 3))).toMatchObject({ reason: { _tag: "WrongDimension" } });
      expect(yield* index.query(ada, new Float32Array(4), 3)).toEqual([]);
      expect(heard).toEqual([]);
      yield* index.upsert(ada, [{ id: idOf(4), values: new Float32Array(4) }, sound]);
      expect(held(ada)).toEqual([idOf(3)]);
    }),
  );

  it.live("says so when it was made for vectors of another length", () =>
    Effect.gen(function* () {
      const { index, held } = yield* given({ madeFor: 8 });
      const wrong = { _tag: "WrongDimension", expected: 8, got: 4 };
      expect(yield* failureOf(index.upsert(ada, around(3)))).toMatchObject({
        reason: wrong,
        left: around(3).map(({ id }) => id),
      });
      expect(held(ada)).toEqual([]);
    }),
  );

  it.live.each<readonly [string, ReadonlyArray<Fault>, { readonly tries: number; readonly pause?: number }]>([
    ["a busy provider", [{ fault: "busy", retryAfterSeconds: 2 }], { tries: 2, pause: isVectorize ? 500 : 2_000 }],
    ["three faults of theirs", [{ fault: "broken" }, { fault: "broken" }, { fault: "broken" }], { tries: 4 }],
    ["a lost connection", [{ fault: "hangs up" }], { tries: 2 }],
    ["a page instead of an answer", [{ fault: "garbled" }], { tries: 2 }],
  ])("%s is asked again", ([, faults, { tries, pause = 500 }]) =>
    Effect.gen(function* () {
      const { index, heard, meets } = yield* given();
      yield* index.upsert(ada, around(3));
      const before = heard.length;
      meets(...faults);
      const pauses: number[] = [];
      expect(yield* keepingPauses(index.query(ada, vector(1, 0, 0, 0), 3), pauses)).toHaveLength(3);
      expect(heard.length - before).toBeGreaterThanOrEqual(tries);
      expect(pauses).toHaveLength(tries - 1);
      for (const ms of pauses) {
        expect(ms).toBeGreaterThanOrEqual(pause);
        expect(ms).toBeLessThanOrEqual(8_000);
      }
    }),
  );

  it.live.each<readonly [string, ReadonlyArray<Fault>, string, number]>([
    ["a key that is not accepted", [{ fault: "unauthorized" }], "Unauthorized", 1],
    ["a fault that lasts", Array(9).fill({ fault: "broken" }), "Broken", 4],
    ["nobody there", Array(9).fill({ fault: "hangs up" }), "Unreachable", 4],
  ])("%s is a failure with a name", ([, faults, tag, tries]) =>
    Effect.gen(function* () {
      const { index, heard, meets } = yield* given();
      yield* index.upsert(ada, around(1));
      const before = heard.length;
      meets(...faults);
      const failure = yield* failureOf(keepingPauses(index.query(ada, vector(1, 0, 0, 0), 3), []));
      expect([failure.reason._tag, heard.length - before]).toEqual([tag, tries]);
    }),
  );

  it.live("a provider that says nothing is waited for until the deadline, and no longer", () =>
    Effect.gen(function* () {
      const { index, heard, meets } = yield* given();
      yield* index.upsert(ada, around(1));
      const before = heard.length;
      meets(...Array<Fault>(9).fill({ fault: "is silent" }));
      const reached = (number: number) =>
        expect.poll(() => heard.length - before, { timeout: 5_000, interval: 2 }).toBe(number);
      const search = keepingPauses(index.query(ada, vector(1, 0, 0, 0), 3), [], reached);
      expect(yield* failureOf(search)).toMatchObject({ reason: { _tag: "Stalled", silentMs: 20_000 } });
      expect(heard.length - before).toBe(4);
    }),
  );

  it.live("of many parts, those behind a failure are named as not done, and no other", () =>
    Effect.gen(function* () {
      const { index, held, meets } = yield* given();
      yield* index.upsert(bo, around(1));
      meets({ fault: "none" }, { fault: "unauthorized" });
      const vectors = around(2_050);
      const failure = yield* failureOf(index.upsert(ada, vectors));
      expect(failure.left.length).toBeGreaterThan(0);
      expect([...failure.left, ...held(ada)].toSorted()).toEqual(vectors.map(({ id }) => id).toSorted());
      yield* index.upsert(
        ada,
        vectors.filter(({ id }) => failure.left.includes(id)),
      );
      expect(held(ada)).toHaveLength(2_050);
    }),
  );

  if (!isVectorize)
    it.live("a provider that wants to be left alone for an hour is left alone, and the hour is passed on", () =>
      Effect.gen(function* () {
        const { index, heard, meets } = yield* given();
        yield* index.upsert(ada, around(1));
        const before = heard.length;
        meets({ fault: "busy", retryAfterSeconds: 3_600 });
        const failure = yield* failureOf(index.query(ada, vector(1, 0, 0, 0), 3));
        expect(failure.reason).toMatchObject({ _tag: "RateLimited", retryAfterMs: 3_600_000 });
        expect(heard.length - before).toBe(1);
      }),
    );
});

/** The names of fields and of methods that the three services want. */
const protocol = new Set(
  [
    [
      "path",
      "query",
      "body",
      "namespace",
      "vectors",
      "vector",
      "values",
      "id",
      "ids",
      "topK",
      "includeValues",
      "false",
    ],
    ["includeMetadata", "deleteAll", "true", "returnValues", "returnMetadata", "returnProperties", "none", "tenant"],
    ["class", "TroupeMemory", "vectorizer", "vectorIndexType", "hnsw", "vectorIndexConfig", "distance", "cosine"],
    ["multiTenancyConfig", "enabled", "autoTenantCreation", "autoTenantActivation", "properties", "name", "memory"],
    ["dataType", "text", "indexFilterable", "indexSearchable", "objects", "match", "where", "operator", "ContainsAny"],
    ["valueTextArray", "output", "minimal", "limit", "Get", "nearVector", "_additional", "additional"],
  ].flat(),
);

describe("weaviate", () => {
  const started = (speech: Parameters<typeof startWeaviate>[1], over: Partial<Arrangement> = {}) =>
    Effect.promise(async () => {
      const { remote, stop } = await startWeaviate({ dimensions: 4, ...over }, speech);
      stops.push(stop);
      return remote;
    });

  it.live("is asked the way that it was found to understand, without trying the other one again", () =>
    Effect.gen(function* () {
      const { index, heard } = yield* started("graphql");
      yield* index.upsert(ada, around(2));
      yield* index.query(ada, vector(1, 0, 0, 0), 1);
      const before = heard.length;
      yield* index.query(ada, vector(1, 0, 0, 0), 1);
      expect(heard.slice(before)).toMatchObject([{ path: "/v1/graphql" }]);
    }),
  );

  it.live("takes no searches at all: a failure, and not another try", () =>
    Effect.gen(function* () {
      const { index } = yield* started("none");
      yield* index.upsert(ada, around(2));
      const failure = yield* failureOf(index.query(ada, vector(1, 0, 0, 0), 1));
      expect(failure.reason).toMatchObject({ _tag: "Unacceptable" });
    }),
  );

  it.live("says yes to a batch and no to some of it: those are left, the others are there", () =>
    Effect.gen(function* () {
      const { index, held } = yield* started("both", { refuses: new Set([idOf(3), idOf(120)]) });
      const failure = yield* failureOf(index.upsert(ada, around(150)));
      expect(failure).toMatchObject({ reason: { _tag: "Broken" }, left: [idOf(3), idOf(120)] });
      expect(held(ada)).toHaveLength(148);
    }),
  );
});
