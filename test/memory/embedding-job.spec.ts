/** The job that brings vectors to the embedder of today: batch by batch, through crashes, failures and second thoughts. */
import { beforeEach, describe, expect, it } from "@effect/vitest";
import { Clock, Effect } from "effect";
import { type MemoryTexts, REEMBED_MEMORIES, Reembedding } from "#actors/agent/memory/embedding/reembedding.ts";
import { embeddingTables } from "#actors/agent/memory/embedding/tables.ts";
import { AgentVectors } from "#actors/agent/memory/embedding/vectors.ts";
import { Broken, KeyFailure, RateLimited, Unacceptable, Unauthorized } from "#actors/agent/turn/failures.ts";
import { Embedder, EmbedFailure, type MemoryReason } from "#actors/agent/turn/memory-ports.ts";
import { withTables } from "#actors/kit/schema.ts";
import type { SqlPort } from "#actors/kit/sql.ts";
import { Timers } from "#actors/kit/timers.ts";
import type { ActorName } from "#events/kit/ids.ts";
import { hashedVector } from "#src/memory/embed/hashed.ts";
import { START } from "../support/given.ts";
import { TestKeys } from "../support/ledger-fixture.ts";
import { nodeSql } from "../support/sqlite.ts";

const dana: ActorName = "user:dana";
const eli: ActorName = "user:eli";

let sql: SqlPort;
let keys: TestKeys;
/** The words of each memory, by seq; what is deleted here is forgotten. */
let words: Map<number, MemoryTexts>;
let asked: Array<ReadonlyArray<string>>;
/** What becomes of the next requests; those behind the last one succeed. */
let fates: Array<MemoryReason | "no key" | (() => void | Promise<void>)>;
/** A text that the provider takes in no company. */
let poison: string | undefined;
let now: number;
/** What was told to whoever must know of new vectors. */
let kept: number[];
/** How many memories were looked at. */
let looked: number;

beforeEach(() => {
  sql = withTables(nodeSql(), "agent:test");
  for (const statement of embeddingTables) sql.run(statement);
  keys = new TestKeys();
  words = new Map();
  asked = [];
  fates = [];
  poison = undefined;
  now = START;
  kept = [];
  looked = 0;
});

const remember = (count: number, subject = dana) => {
  const first = Math.max(0, ...words.keys()) + 1;
  for (let seq = first; seq < first + count; seq++)
    words.set(seq, { seq, subject, own: `No. ${seq}`, window: seq === 1 ? "No. 1" : `No. ${seq - 1}\nNo. ${seq}` });
};

const embedder = (name: string): Embedder["Service"] => ({
  ...{ name, dimensions: 256, semantic: true },
  embed: Effect.fnUntraced(function* (texts) {
    asked.push(texts);
    const fate = fates.shift();
    if (typeof fate === "function") yield* Effect.promise(async () => fate());
    if (typeof fate === "object") return yield* new EmbedFailure({ provider: name, reason: fate });
    if (poison !== undefined && texts.includes(poison))
      return yield* new EmbedFailure({ provider: name, reason: new Unacceptable({ detail: "no" }) });
    return texts.map(hashedVector);
  }),
});

/** The same moment for as long as an effect takes. */
const atNow = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.flatMap(Clock.Clock, (real) => {
    const still = { currentTimeMillis: Effect.sync(() => now), currentTimeMillisUnsafe: () => now };
    return Effect.provideService(effect, Clock.Clock, Object.assign(Object.create(real) as Clock.Clock, still));
  });

/** An agent that has just woken up, with this model. */
function wake(name = "test/one") {
  const vectors = new AgentVectors("agent:test", { sql, keys, model: { name, dimensions: 256 } });
  const timers = new Timers(sql, { set: () => {} });
  const job = new Reembedding(vectors, {
    ...{ sql, timers },
    memories: {
      after: (seq, limit) => {
        const behind = [...words.keys()].filter((one) => one > seq).toSorted((a, b) => a - b);
        looked += Math.min(behind.length, limit);
        return behind.slice(0, limit);
      },
      kept: (seqs) => void kept.push(...seqs),
      live: (seqs) => seqs.filter((seq) => words.has(seq)),
      texts: (seqs) =>
        Effect.suspend(() => {
          if (fates[0] === "no key") {
            fates.shift();
            return Effect.fail(new KeyFailure({ detail: "the Vault is away" }));
          }
          return Effect.succeed(seqs.flatMap((seq) => words.get(seq) ?? []));
        }),
    },
  });
  const fire = () => Effect.runPromise(atNow(Effect.provideService(job.fired(), Embedder, embedder(name))));
  const timer = () => timers.due(Number.MAX_SAFE_INTEGER).find(({ id }) => id === REEMBED_MEMORIES);
  /** Rings as often as the timer is set, and at most so many times. Answers how often it was. */
  const ring = async (most = 1_000) => {
    for (let rung = 0; rung < most; rung++) {
      if (timer() === undefined) return rung;
      await fire();
    }
    return most;
  };
  return { job, vectors, ring, fire, timer };
}

const lacking = (vectors: AgentVectors) => vectors.lacking([...words.keys()]);

describe("the job", () => {
  it("embeds every memory's own words and window, no more than 64 texts at once, and tells how far it is", async () => {
    remember(100);
    const { job, vectors, ring, fire } = wake();
    job.start(now);
    expect(job.progress()).toMatchObject({ status: "running", done: 0, total: 100 });
    await fire();
    expect(job.progress()).toMatchObject({ status: "running", done: 32, total: 100 });
    await ring();
    expect(job.progress()).toEqual({
      ...{ status: "done", model: "test/one", done: 100, total: 100, skipped: 0, error: undefined },
    });
    expect(lacking(vectors)).toEqual([]);
    expect(Math.max(...asked.map(({ length }) => length))).toBeLessThanOrEqual(64);
    // The first memory is its own window: it is asked about once.
    expect(asked.flat()).toHaveLength(199);
    for (const { seq, own, window } of words.values()) {
      expect(vectors.cosines(hashedVector(own), [seq]).own.get(seq)).toBeGreaterThan(0.99);
      expect(vectors.cosines(hashedVector(window), [seq]).window.get(seq)).toBeGreaterThan(0.99);
    }
  });

  it("is at an end at once where there is nothing to do", async () => {
    const { job, ring, timer } = wake();
    job.start(now);
    await ring();
    expect(job.progress()).toMatchObject({ status: "done", done: 0, total: 0 });
    expect([asked, timer()]).toEqual([[], undefined]);
  });

  it("goes on where it stood when its process died, whenever that was", async () => {
    remember(150);
    wake().job.start(now);
    for (let life = 0; life < 5; life++) {
      const { ring } = wake();
      // The process dies in the second request of each life: nothing of it is kept.
      await ring(1);
      fates = [
        () => {
          throw new Error("died");
        },
      ];
      await wake()
        .fire()
        .catch(() => {});
    }
    const { job, vectors, ring } = wake();
    await ring();
    expect(job.progress()).toMatchObject({ status: "done", done: 150, total: 150 });
    expect(lacking(vectors)).toEqual([]);
    const paidTwice = asked.flat().length - 299;
    expect(paidTwice).toBeLessThanOrEqual(5 * 64);
  });

  it("takes up new memories behind those that are through, without looking at them again", async () => {
    remember(10);
    const { job, vectors, ring } = wake();
    job.start(now);
    await ring();
    remember(3);
    asked = [];
    job.start(now);
    expect(job.progress()).toMatchObject({ status: "running", done: 0, total: 3 });
    await ring();
    expect(asked).toHaveLength(1);
    expect(asked[0]).toHaveLength(6);
    expect(lacking(vectors)).toEqual([]);
    job.start(now);
    expect(job.progress()?.status).toBe("done");
  });

  it("counts memories in that come while it runs", async () => {
    remember(40);
    const { job, ring } = wake();
    job.start(now);
    await ring(1);
    remember(5);
    job.start(now);
    expect(job.progress()).toMatchObject({ done: 32, total: 45 });
    await ring();
    expect(job.progress()).toMatchObject({ status: "done", done: 45, total: 45 });
  });

  it("counts all that is left once a life, and with every memory that comes only that one", async () => {
    remember(1_200);
    const { job, ring } = wake();
    job.start(now);
    await ring(2);
    const comes = (life: typeof job) => {
      looked = 0;
      remember(1);
      life.start(now);
      return [looked, life.progress()?.total];
    };
    expect(comes(job)).toEqual([1, 1_201]);
    expect(comes(job)).toEqual([1, 1_202]);
    const next = wake();
    expect(comes(next.job)).toEqual([1_203 - 64, 1_203]);
    expect(comes(next.job)).toEqual([1, 1_204]);
    await next.ring();
    expect(next.job.progress()).toMatchObject({ status: "done", done: 1_204, total: 1_204 });
    expect(lacking(next.vectors)).toEqual([]);
  });

  it("counts anew what it is cancelled and resumed with, and what another model has to make", async () => {
    remember(100);
    const { job, ring } = wake();
    job.start(now);
    await ring(1);
    job.cancel();
    remember(1);
    job.resume(now);
    expect(job.progress()).toMatchObject({ done: 0, total: 69 });
    const other = wake("test/two");
    other.job.start(now);
    expect(other.job.progress()).toMatchObject({ done: 0, total: 101 });
  });

  it("begins with the first memory when the model is another one", async () => {
    remember(50);
    const before = wake("test/one");
    before.job.start(now);
    await before.ring();
    const after = wake("test/two");
    expect(lacking(after.vectors)).toHaveLength(50);
    after.job.start(now);
    expect(after.job.progress()).toMatchObject({ status: "running", model: "test/two", done: 0, total: 50 });
    await after.ring();
    expect(lacking(after.vectors)).toEqual([]);
    expect(sql.rows("SELECT DISTINCT model FROM vectors")).toEqual([["test/two"]]);
  });

  it("notices another model when it is rung in the middle of the old one's work", async () => {
    remember(50);
    const before = wake("test/one");
    before.job.start(now);
    await before.ring(1);
    const after = wake("test/two");
    await after.ring();
    expect(after.job.progress()).toMatchObject({ status: "done", model: "test/two", done: 50, total: 50 });
  });

  it("looks again behind a place where memories came back", async () => {
    remember(5);
    const { job, vectors, ring } = wake();
    job.start(now);
    await ring();
    vectors.remove([2]);
    job.start(now);
    expect(lacking(vectors)).toEqual([2]);
    job.start(now, 1);
    await ring();
    expect(lacking(vectors)).toEqual([]);
  });
});

describe("a failure", () => {
  const pauseIn = (timer: { readonly due: number } | undefined) => (timer?.due ?? 0) - now;

  it("is waited out, longer each time, and what is through stays", async () => {
    remember(40);
    const { job, ring, fire, timer } = wake();
    job.start(now);
    await ring(1);
    const pauses: number[] = [];
    fates = Array.from({ length: 12 }, () => new Broken({}));
    for (let failed = 0; failed < 12; failed++) {
      now += 1_000;
      await fire();
      pauses.push(pauseIn(timer()));
      expect(job.progress()).toMatchObject({ status: "running", done: 32, total: 40, error: "Broken" });
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600, 600].map((seconds) => seconds * 1_000));
    await ring();
    expect(job.progress()).toMatchObject({ status: "done", done: 40, error: undefined });
  });

  it.each<readonly [string, MemoryReason, number]>([
    ["the provider's own time", new RateLimited({ retryAfterMs: 7_200_000 }), 7_200_000],
    ["an hour, where only an operator can help", new Unauthorized(), 3_600_000],
  ])("waits %s", async (_what, reason, pause) => {
    remember(1);
    const { job, fire, timer } = wake();
    job.start(now);
    fates = [reason];
    await fire();
    expect(pauseIn(timer())).toBe(pause);
    // A memory that is formed meanwhile does not shorten it.
    remember(1);
    job.start(now);
    expect(pauseIn(timer())).toBe(pause);
    expect(job.progress()).toMatchObject({ total: 2, error: reason._tag });
  });

  it("of the Vault is waited out as well, also when a key is called back in the middle", async () => {
    remember(2);
    remember(1, eli);
    const { job, vectors, ring, fire } = wake();
    job.start(now);
    fates = ["no key"];
    await fire();
    expect([job.progress()?.error, asked]).toEqual(["KeyFailure", []]);
    fates = [() => void keys.withheld.add(eli)];
    await fire();
    expect(job.progress()).toMatchObject({ status: "running", done: 0, error: "KeyFailure" });
    expect(lacking(vectors)).toEqual([1, 2, 3]);
    keys.withheld.delete(eli);
    await ring();
    expect(lacking(vectors)).toEqual([]);
  });

  it("that is one memory's own skips that one, and no other", async () => {
    remember(64);
    poison = "No. 37";
    const { job, vectors, ring } = wake();
    job.start(now);
    const rung = await ring(200);
    expect(rung).toBeLessThan(60);
    expect(job.progress()).toMatchObject({ status: "done", done: 64, total: 64, skipped: 1 });
    expect(lacking(vectors)).toEqual([37]);
  });
});

describe("second thoughts", () => {
  it("what is forgotten while the provider thinks does not come back", async () => {
    remember(10);
    const { job, vectors, ring } = wake();
    job.start(now);
    fates = [
      () => {
        words.delete(4);
        vectors.remove([4]);
        keys.destroyed.add(eli);
      },
    ];
    words.set(11, { seq: 11, subject: eli, own: "Eli's", window: "Eli's" });
    await ring();
    expect(sql.rows("SELECT seq FROM vectors ORDER BY seq").flat()).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10]);
    expect(kept).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10, 11]);
    expect(job.progress()?.status).toBe("done");
  });

  it("a cancelled job keeps what is through, keeps nothing that comes late, and stays cancelled", async () => {
    remember(100);
    const { job, vectors, ring, timer } = wake();
    job.start(now);
    fates = [() => {}, () => job.cancel()];
    await ring();
    expect(job.progress()).toMatchObject({ status: "cancelled", done: 32, total: 100 });
    expect(lacking(vectors)).toHaveLength(68);
    expect(timer()).toBeUndefined();
    remember(1);
    job.start(now);
    expect([job.progress()?.status, timer()]).toEqual(["cancelled", undefined]);
  });

  it("goes on where it was cancelled when it is resumed", async () => {
    remember(100);
    const { job, vectors, ring } = wake();
    job.start(now);
    await ring(1);
    job.cancel();
    asked = [];
    job.resume(now);
    expect(job.progress()).toMatchObject({ status: "running", done: 0, total: 68 });
    await ring();
    expect(job.progress()).toMatchObject({ status: "done", done: 68 });
    expect([lacking(vectors), asked.flat().length]).toEqual([[], 2 * 68]);
  });

  it("two rings at once are one", async () => {
    remember(10);
    const { job, fire } = wake();
    job.start(now);
    const answered = Promise.withResolvers<void>();
    fates = [() => answered.promise];
    const first = fire();
    await expect.poll(() => asked.length).toBe(1);
    await fire();
    answered.resolve();
    await first;
    expect([asked.length, job.progress()?.done]).toEqual([1, 10]);
  });
});
