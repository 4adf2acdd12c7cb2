/** One contract for every provider of embeddings, and for the cross-encoder, held against fakes that refuse what the services would refuse. */
import { afterEach, describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { Embedder, EmbedFailure, isPassing, Reranker } from "#actors/agent/turn/memory-ports.ts";
import { hashedEmbedder } from "#src/memory/embed/hashed.ts";
import { embedderLayer } from "#src/memory/embedder.ts";
import { rerankerLayer } from "#src/memory/reranker.ts";
import { fakeAi, type Provider, type Spoiled, startOpenAi, startWorkersAi, vectorFor } from "./embedder-fakes.ts";
import { keepingPauses } from "./vector-index-clock.ts";
import { cosine, type Fault } from "./vector-index-loopback.ts";

const stops: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const providers: ReadonlyArray<readonly [string, number, (spoiled?: Spoiled) => Promise<Provider>]> = [
  ["openai/text-embedding-3-small", 1536, startOpenAi],
  ["cloudflare/@cf/baai/bge-m3", 1024, startWorkersAi],
];

const failureOf = <A>(effect: Effect.Effect<A, EmbedFailure>) =>
  Effect.map(Effect.flip(effect), (failure) => {
    expect(failure).toBeInstanceOf(EmbedFailure);
    return failure;
  });

describe.each(providers)("%s", (name, dimensions, start) => {
  const given = (spoiled?: Spoiled) =>
    Effect.promise(async () => {
      const provider = await start(spoiled);
      stops.push(provider.stop);
      return provider;
    });
  const isOpenAi = name.startsWith("openai");

  it.live("makes one vector of each text, in their order", () =>
    Effect.gen(function* () {
      const { embedder } = yield* given();
      expect([embedder.name, embedder.dimensions, embedder.semantic]).toEqual([name, dimensions, true]);
      const texts = ["Dana lives in Bern.", "Eli plays the cello.", "Dana lives in Bern."];
      const vectors = yield* embedder.embed(texts, "memory");
      expect(vectors.map((values) => Array.from(values))).toEqual(texts.map((text) => vectorFor(text, dimensions)));
      expect(yield* embedder.embed([], "query")).toEqual([]);
    }),
  );

  it.live("gives a blank text no direction, and asks nobody about it", () =>
    Effect.gen(function* () {
      const { embedder, asked } = yield* given();
      const [blank, said, empty] = yield* embedder.embed([" \n", "a", ""], "memory");
      expect([blank, empty]).toEqual([new Float32Array(dimensions), new Float32Array(dimensions)]);
      expect(Array.from(said!)).toEqual(vectorFor("a", dimensions));
      expect(asked).toEqual([["a"]]);
    }),
  );

  it.live.each<readonly [string, ReadonlyArray<string>]>([
    ["many", Array.from({ length: 500 }, (_, place) => `No. ${place}`)],
    ["long ones", Array.from({ length: 60 }, (_, place) => `${place} ${"word ".repeat(20_000)}`)],
    ["emoji", ["🦊".repeat(9_000), "👩‍👩‍👧".repeat(3_000)]],
    ["broken characters", ["\ud800 and \udc00", "\u0000"]],
  ])("takes any number of texts of any length: %s", ([, texts]) =>
    Effect.gen(function* () {
      const { embedder, asked } = yield* given();
      const vectors = yield* embedder.embed(texts, "memory");
      expect(vectors).toHaveLength(texts.length);
      const sent = asked.flat();
      expect(sent).toHaveLength(texts.length);
      sent.forEach((text, place) => {
        expect(texts[place]!.toWellFormed().startsWith(text)).toBe(true);
        expect(text.isWellFormed()).toBe(true);
        expect(Array.from(vectors[place]!)).toEqual(vectorFor(text, dimensions));
      });
    }),
  );

  it.live.each<readonly [Spoiled, object]>([
    ["short", { _tag: "WrongDimension", expected: dimensions, got: dimensions - 1 }],
    ["too few", { _tag: "Garbled" }],
    ["too many", { _tag: "Garbled" }],
    ["no number", { _tag: "Garbled" }],
  ])("vectors that are %s are a failure, and none is given out", ([spoiled, reason]) =>
    Effect.gen(function* () {
      const { embedder } = yield* given(spoiled);
      expect(yield* failureOf(keepingPauses(embedder.embed(["a", "b"], "memory"), []))).toMatchObject({
        provider: name,
        reason,
      });
    }),
  );

  it.live.each<readonly [string, ReadonlyArray<Fault>, number]>([
    ["a busy provider", [{ fault: "busy", retryAfterSeconds: 3 }], isOpenAi ? 3_000 : 500],
    ["two faults of theirs", [{ fault: "broken" }, { fault: "broken" }], 500],
    ["a lost connection", [{ fault: "hangs up" }], 500],
    ["another shape", [{ fault: "garbled" }], 500],
  ])("%s is asked again, after a pause", ([, faults, least]) =>
    Effect.gen(function* () {
      const { embedder, meets } = yield* given();
      meets(...faults);
      const pauses: number[] = [];
      const [vector] = yield* keepingPauses(embedder.embed(["a"], "query"), pauses);
      expect(Array.from(vector!)).toEqual(vectorFor("a", dimensions));
      expect(pauses).toHaveLength(faults.length);
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(least);
      expect(Math.max(...pauses)).toBeLessThanOrEqual(8_000);
    }),
  );

  it.live.each<readonly [string, Fault, string, boolean, number]>([
    ["a key that is not accepted", { fault: "unauthorized" }, "Unauthorized", false, 0],
    ["a fault that lasts", { fault: "broken" }, "Broken", true, 3],
    ["nobody there", { fault: "hangs up" }, "Unreachable", true, 3],
  ])("%s is a failure that says whether to come back", ([, fault, tag, passing, pausesTaken]) =>
    Effect.gen(function* () {
      const { embedder, meets } = yield* given();
      meets(...Array<Fault>(9).fill(fault));
      const pauses: number[] = [];
      const { reason } = yield* failureOf(keepingPauses(embedder.embed(["a"], "query"), pauses));
      expect([reason._tag, isPassing(reason), pauses.length]).toEqual([tag, passing, pausesTaken]);
    }),
  );
});

describe("openai/text-embedding-3-small", () => {
  it.live.each(["shuffled", "as numbers"] as const)("reads vectors that come %s", (spoiled) =>
    Effect.gen(function* () {
      const { embedder, stop } = yield* Effect.promise(() => startOpenAi(spoiled));
      stops.push(stop);
      const vectors = yield* embedder.embed(["a", "b", "c"], "memory");
      expect(vectors.map((values) => Array.from(values))).toEqual(["a", "b", "c"].map((one) => vectorFor(one, 1536)));
    }),
  );
});

describe("local/hashed-words", () => {
  const vectorsOf = (...texts: ReadonlyArray<string>) => Effect.runSync(hashedEmbedder.embed(texts, "memory"));
  const likeness = (left: string, right: string) => {
    const [one, other] = vectorsOf(left, right);
    return cosine(Array.from(one!), Array.from(other!));
  };

  it("is always there, and has no weight in search", () => {
    const embedder = Effect.runSync(Effect.provide(Embedder.use(Effect.succeed), embedderLayer({ provider: "local" })));
    expect([embedder.dimensions, embedder.semantic]).toEqual([256, false]);
  });

  it("tells near-duplicates from what only shares its subject", () => {
    const said = "The train to Lucerne leaves at seven from platform four.";
    expect(likeness(said, "the train to lucerne leaves at seven, from platform four")).toBeCloseTo(1, 5);
    expect(likeness(said, "The train to Lucerne leaves at seven from platfrom four.")).toBeGreaterThan(0.85);
    expect(likeness(said, "Trains are a comfortable way to travel.")).toBeLessThan(0.5);
    expect(likeness(said, "Eli's sister plays the cello.")).toBeLessThan(0.3);
  });

  it.each(["", "?!", "🦊", "\u0000"])("finds no direction in %j", (text) => {
    expect(vectorsOf(text)).toEqual([new Float32Array(256)]);
  });

  it("gives every text of words a length of one, whatever its script and size", () => {
    for (const vector of vectorsOf("a", "私は東京に住んでいます", "word ".repeat(100_000), "\ud800 x"))
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  });
});

describe("the cross-encoder", () => {
  const scoring = (serve: (inputs: { contexts: ReadonlyArray<{ text: string }> }) => unknown) => {
    const { binding, heard, meets } = fakeAi((model, inputs) => {
      const { query, contexts, top_k: count } = inputs as Record<"query" | "contexts" | "top_k", unknown>;
      const texts = (contexts as ReadonlyArray<{ text: string }>).map(({ text }) => text);
      return model === "@cf/baai/bge-reranker-base" && query !== "" && !texts.includes("") && count === texts.length;
    }, serve);
    const score = (query: string, texts: ReadonlyArray<string>) =>
      Effect.provide(
        Reranker.use((reranker) => reranker.score(query, texts)),
        rerankerLayer(binding),
      );
    return { score, heard, meets };
  };
  /** By length, best first: the order of the answer is not that of the question. */
  const byLength = ({ contexts }: { contexts: ReadonlyArray<{ text: string }> }) => ({
    response: contexts
      .map(({ text }, id) => ({ id, score: text.length / 10 }))
      .toSorted((left, right) => right.score - left.score),
  });

  it.live("scores texts in the order asked for, blank ones last", () =>
    Effect.gen(function* () {
      const { score } = scoring(byLength);
      expect(yield* score("who?", ["abc", " ", "a", "abcdef"])).toEqual([0.3, 0.1, 0.1, 0.6]);
    }),
  );

  it.live("has nothing to ask without a question or texts", () =>
    Effect.gen(function* () {
      const { score, heard } = scoring(byLength);
      expect(yield* score(" ", ["a", "b"])).toEqual([0, 0]);
      expect(yield* score("who?", [])).toEqual([]);
      expect(heard).toEqual([]);
    }),
  );

  it.live("tries again what passes, and fails by name when scores are missing", () =>
    Effect.gen(function* () {
      const { score, meets } = scoring(byLength);
      meets({ fault: "broken" });
      expect(yield* keepingPauses(score("who?", ["a"]), [])).toEqual([0.1]);
      const partial = scoring(() => ({ response: [{ id: 0, score: 1 }] }));
      const failure = yield* Effect.flip(keepingPauses(partial.score("who?", ["a", "b"]), []));
      expect([failure._tag, failure.reason._tag]).toEqual(["RerankFailure", "Garbled"]);
    }),
  );

  it.live("is not there without the binding: all texts are alike", () =>
    Effect.gen(function* () {
      const reranker = yield* Effect.provide(Reranker.use(Effect.succeed), rerankerLayer(undefined));
      expect([reranker.configured, yield* reranker.score("who?", ["a", "b"])]).toEqual([false, [0, 0]]);
    }),
  );
});
