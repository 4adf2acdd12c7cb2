/** What vectors say to a question, and that a search never fails with them. */
import { describe, expect, it } from "@effect/vitest";
import { Duration, Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { nearnessTo } from "#actors/agent/memory/embedding/nearness.ts";
import { embeddingTables } from "#actors/agent/memory/embedding/tables.ts";
import { AgentVectors } from "#actors/agent/memory/embedding/vectors.ts";
import { Broken } from "#actors/agent/turn/failures.ts";
import { Embedder, EmbedFailure, IndexFailure, VectorIndex } from "#actors/agent/turn/memory-ports.ts";
import { type AgentId, childId } from "#events/kit/ids.ts";
import { hashedEmbedder, hashedVector } from "#src/memory/embed/hashed.ts";
import { TestKeys } from "../support/ledger-fixture.ts";
import { nodeSql } from "../support/sqlite.ts";

const agentId: AgentId = childId("agent", "test", "ada");
const said = ["The train to Lucerne leaves at seven.", "Eli's sister plays the cello.", "Dana lives in Bern."];

function given() {
  const sql = nodeSql();
  for (const statement of embeddingTables) sql.run(statement);
  const model = { name: "test/one", dimensions: 256 };
  const vectors = new AgentVectors("agent:test", { sql, keys: new TestKeys(), model });
  const dana = "user:dana" as const;
  vectors.put(
    said.map((text, place) => ({ seq: place + 1, subject: dana, own: hashedVector(text), window: hashedVector(text) })),
  );
  return vectors;
}

/** An embedder whose closeness is taken for meaning. */
const meaning = (embed: Embedder["Service"]["embed"] = hashedEmbedder.embed): Embedder["Service"] => ({
  ...hashedEmbedder,
  ...{ name: "test/one", semantic: true, embed },
});
const indexed = (query: VectorIndex["Service"]["query"]): VectorIndex["Service"] => ({
  ...{ name: "test", remote: true, query },
  upsert: () => Effect.void,
  remove: () => Effect.void,
  removeAll: () => Effect.void,
  count: () => Effect.succeed(0),
});
const noIndex: VectorIndex["Service"] = { ...indexed(() => Effect.succeed([])), remote: false };

const asking = (text: string, embedder: Embedder["Service"], index: VectorIndex["Service"]) =>
  nearnessTo(text, { vectors: given(), agentId, limit: 2 }).pipe(
    Effect.provideService(Embedder, embedder),
    Effect.provideService(VectorIndex, index),
  );

const broken = new Broken({});

describe("nearness", () => {
  it.effect("is that of the agent's own vectors, and of what the remote index finds", () =>
    Effect.gen(function* () {
      const remote = indexed((whose, _values, topK) => Effect.succeed([{ id: `${whose}, ${topK}`, score: 1 }]));
      const { elsewhere, of, degraded } = yield* asking("Who plays the cello?", meaning(), remote);
      expect([elsewhere, degraded]).toEqual([[`${agentId}, 2`], false]);
      const { own } = of([1, 2]);
      expect(own.get(2)).toBeGreaterThan(own.get(1)!);
      expect(own.size).toBe(2);
      expect(of().own.size).toBe(3);
    }),
  );

  it.effect("goes on without a remote index that fails, and says so", () =>
    Effect.gen(function* () {
      const failing = indexed(() => Effect.fail(new IndexFailure({ index: "test", reason: broken, left: [] })));
      const found = yield* asking("Who plays the cello?", meaning(), failing);
      expect(found).toMatchObject({ elsewhere: [], degraded: true });
      expect(found.of().own.size).toBe(3);
    }),
  );

  it.effect("is none without the question's vector, and says so", () =>
    Effect.gen(function* () {
      const failing = meaning(() => Effect.fail(new EmbedFailure({ provider: "test", reason: broken })));
      const found = yield* asking("Who plays the cello?", failing, noIndex);
      expect(found).toMatchObject({ elsewhere: [], degraded: true });
      expect(found.of([1, 2]).own.size).toBe(0);
    }),
  );

  it.effect("does not keep a search waiting for a provider that says nothing", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(
        asking(
          "Who?",
          meaning(),
          indexed(() => Effect.never),
        ),
      );
      yield* TestClock.adjust(Duration.seconds(2));
      const late = yield* Fiber.join(fiber);
      expect([late.degraded, late.of().own.size]).toEqual([true, 3]);
      const silent = yield* Effect.forkChild(
        asking(
          "Who?",
          meaning(() => Effect.never),
          noIndex,
        ),
      );
      yield* TestClock.adjust(Duration.seconds(2));
      const none = yield* Fiber.join(silent);
      expect([none.degraded, none.of().own.size]).toEqual([true, 0]);
    }),
  );

  it.effect("of hashed words has nothing to say in a search, and asks nobody", () =>
    Effect.gen(function* () {
      const asked = indexed(() => Effect.die("asked"));
      for (const found of [
        yield* asking("Who plays the cello?", hashedEmbedder, asked),
        yield* asking(" ", meaning(), asked),
      ])
        expect([found.degraded, found.of().own.size]).toEqual([false, 0]);
    }),
  );
});
