/** The vectors of one agent: sealed at rest, open in memory, gone when they are forgotten. */
import { beforeEach, describe, expect, it } from "@effect/vitest";
import { embeddingTables } from "#actors/agent/memory/embedding/tables.ts";
import { AgentVectors, type MemoryVectors } from "#actors/agent/memory/embedding/vectors.ts";
import { WrongDimension } from "#actors/agent/turn/memory-ports.ts";
import { freshKey } from "#actors/kit/seal.ts";
import type { SqlPort } from "#actors/kit/sql.ts";
import type { ActorName } from "#events/kit/ids.ts";
import { TestKeys } from "../support/ledger-fixture.ts";
import { nodeSql } from "../support/sqlite.ts";

const dana: ActorName = "user:dana";
const eli: ActorName = "user:eli";
const DIMENSIONS = 96;
const small = { name: "test/small", dimensions: DIMENSIONS };

/** Numbers that look like a model's, and are the same for the same seed. */
function vectorOf(seed: number, dimensions = DIMENSIONS): Float32Array {
  let state = seed * 2654435761;
  return Float32Array.from({ length: dimensions }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
const memory = (seq: number, subject: ActorName = dana): MemoryVectors => ({
  ...{ seq, subject, own: vectorOf(seq), window: vectorOf(seq + 1_000) },
});
const exactly = (left: Float32Array, right: Float32Array): number => {
  const dot = left.reduce((sum, value, index) => sum + value * right[index]!, 0);
  return dot / (Math.hypot(...left) * Math.hypot(...right));
};

let sql: SqlPort;
let keys: TestKeys;
const opened = (over: Partial<ConstructorParameters<typeof AgentVectors>[1]> = {}, stream = "agent:test") =>
  new AgentVectors(stream, { sql, keys, model: small, ...over });

beforeEach(() => {
  sql = nodeSql();
  keys = new TestKeys();
  for (const statement of embeddingTables) sql.run(statement);
});

const seqsIn = (vectors: AgentVectors) => [...vectors.cosines(vectorOf(1)).own.keys()].toSorted((a, b) => a - b);

describe("cosines", () => {
  it("are those of the vectors that were kept, as near as eight bits a number come", () => {
    const vectors = opened();
    const kept = Array.from({ length: 200 }, (_, seq) => memory(seq + 1));
    expect(vectors.put(kept)).toEqual([]);
    const query = vectorOf(42);
    const { own, window } = vectors.cosines(query);
    for (const one of kept) {
      expect(own.get(one.seq)).toBeCloseTo(exactly(one.own, query), 2);
      expect(window.get(one.seq)).toBeCloseTo(exactly(one.window, query), 2);
    }
    expect(own.get(42)).toBeGreaterThan(0.999);
  });

  it("do not depend on how long a vector is, and are 0 without a direction", () => {
    const vectors = opened();
    const tiny = vectorOf(7).map((value) => value * 1e-20);
    vectors.put([
      { seq: 1, subject: dana, own: tiny, window: new Float32Array(DIMENSIONS) },
      { seq: 2, subject: dana, own: vectorOf(7), window: vectorOf(7) },
    ]);
    const { own, window } = vectors.cosines(vectorOf(7));
    expect(own.get(1)).toBeCloseTo(own.get(2)!, 2);
    expect(window.get(1)).toBe(0);
    expect(vectors.cosines(new Float32Array(DIMENSIONS)).own.get(2)).toBe(0);
  });

  it("are asked for some memories, or for all", () => {
    const vectors = opened();
    vectors.put([1, 2, 3].map((seq) => memory(seq)));
    expect([...vectors.cosines(vectorOf(1), [3, 9, 1]).own.keys()].toSorted()).toEqual([1, 3]);
    expect(seqsIn(vectors)).toEqual([1, 2, 3]);
  });

  it("survive a restart, bit for bit", () => {
    const before = opened();
    before.put([1, 2, 3].map((seq) => memory(seq)));
    const query = vectorOf(5);
    expect(opened().cosines(query)).toEqual(before.cosines(query));
  });

  it("of more memories than are held are there for those that are asked for", () => {
    const kept = Array.from({ length: 700 }, (_, seq) => memory(seq + 1));
    const heldBytes = 2 * DIMENSIONS * 100;
    const before = opened({ heldBytes });
    before.put(kept);
    const newest = kept.slice(-100).map(({ seq }) => seq);
    expect(seqsIn(before)).toEqual(newest);
    before.put([memory(701)]);
    expect(seqsIn(before)).toEqual([...newest.slice(1), 701]);
    expect(seqsIn(opened({ heldBytes }))).toEqual([...newest.slice(1), 701]);
    const asked = kept.slice(0, 200).map(({ seq }) => seq);
    const { own } = before.cosines(vectorOf(3), asked);
    expect([...own.keys()].toSorted((a, b) => a - b)).toEqual(asked);
    expect(own.get(3)).toBeGreaterThan(0.999);
  });

  it("are refused to vectors of another length, before anything is written", () => {
    const vectors = opened();
    const short = { seq: 2, subject: dana, own: vectorOf(2), window: vectorOf(2, 95) };
    expect(() => vectors.put([memory(1), short])).toThrow(new WrongDimension({ expected: 96, got: 95 }));
    expect(() => vectors.cosines(vectorOf(1, 97))).toThrow(WrongDimension);
    expect(vectors.lacking([1, 2])).toEqual([1, 2]);
  });
});

describe("vectors at rest", () => {
  const bytesIn = () =>
    ["vectors", "reembedding", "remote_vectors"].flatMap((table) =>
      sql.rows(`SELECT * FROM ${table}`).flatMap((row) => row.filter((value) => value instanceof Uint8Array)),
    ) as ReadonlyArray<Uint8Array>;

  it("have no number of theirs in the clear, as floats or as eight bits", () => {
    const vectors = opened();
    const kept = Array.from({ length: 50 }, (_, seq) => memory(seq + 1));
    vectors.put(kept);
    const stored = Buffer.concat(bytesIn());
    expect(stored.length).toBeGreaterThan(50 * 2 * DIMENSIONS);
    for (const { seq, own, window } of kept) {
      const held = vectors.windows([seq]).get(seq)!;
      const greatest = Math.max(...window.map(Math.abs));
      const eight = Int8Array.from(window, (value) => Math.round((value / greatest) * 127));
      expect(Math.max(...held.map((value, index) => Math.abs(value - window[index]!)))).toBeLessThan(greatest / 127);
      // Eight numbers one after the other do not meet by accident.
      for (const clear of [Buffer.from(eight.buffer), Buffer.from(own.buffer), Buffer.from(window.buffer)])
        expect(stored.includes(clear.subarray(0, 8))).toBe(false);
    }
    const texts = sql.rows("SELECT * FROM vectors").flatMap((row) => row.filter((value) => typeof value === "string"));
    expect(new Set(texts)).toEqual(new Set([dana, small.name]));
  });

  it("open for their own agent, memory, subject and model only", () => {
    opened().put([memory(1), memory(2)]);
    expect(seqsIn(opened({}, "agent:other"))).toEqual([]);
    opened().put([memory(1), memory(2)]);
    const [[sealed]] = sql.rows("SELECT sealed FROM vectors WHERE seq = 1") as [[Uint8Array]];
    sql.run("UPDATE vectors SET sealed = ? WHERE seq = 2", sealed);
    const moved = opened();
    expect(seqsIn(moved)).toEqual([1]);
    // What did not open is gone, and is made anew.
    expect(moved.lacking([1, 2])).toEqual([2]);
  });

  it("wait for their key", () => {
    opened().put([memory(1), memory(2, eli)]);
    keys.withheld.add(eli);
    const vectors = opened();
    expect(seqsIn(vectors)).toEqual([1]);
    keys.withheld.delete(eli);
    expect(seqsIn(vectors)).toEqual([1, 2]);
  });

  it("are not kept while a key is missing, not one of them; and never for a subject that was shredded", () => {
    keys.withheld.add(eli);
    const vectors = opened();
    expect(vectors.put([memory(1), memory(2, eli)])).toEqual([eli]);
    expect(vectors.lacking([1, 2])).toEqual([1, 2]);
    keys.withheld.delete(eli);
    keys.destroyed.add(eli);
    expect(vectors.put([memory(1), memory(2, eli)])).toEqual([]);
    expect(vectors.lacking([1, 2])).toEqual([2]);
  });
});

describe("forgetting", () => {
  const kept = [memory(1), memory(2, eli), memory(3)];

  it("of memories takes their rows and what is in memory, and counts", () => {
    const vectors = opened();
    vectors.put(kept);
    expect(seqsIn(vectors)).toEqual([1, 2, 3]);
    expect(vectors.remove([1, 2, 77])).toBe(2);
    expect(seqsIn(vectors)).toEqual([3]);
    expect(seqsIn(opened())).toEqual([3]);
  });

  it("of a subject takes all of theirs and nothing of others, in memory and after a restart", () => {
    const vectors = opened();
    vectors.put(kept);
    expect(vectors.forgetSubject(dana)).toBe(2);
    expect(seqsIn(vectors)).toEqual([2]);
    expect(seqsIn(opened())).toEqual([2]);
    expect(vectors.forgetSubject(dana)).toBe(0);
  });

  it("of a key that is lent for a while closes what was open, until it is lent again", () => {
    const vectors = opened();
    vectors.put(kept);
    expect(seqsIn(vectors)).toEqual([1, 2, 3]);
    keys.withheld.add(dana);
    vectors.clear(dana);
    expect(seqsIn(vectors)).toEqual([2]);
    keys.withheld.delete(dana);
    expect(seqsIn(vectors)).toEqual([1, 2, 3]);
  });

  it("of a key that is found destroyed takes the rows along", () => {
    const vectors = opened();
    vectors.put(kept);
    keys.destroyed.add(eli);
    expect(seqsIn(vectors)).toEqual([1, 3]);
    expect(sql.rows("SELECT seq FROM vectors ORDER BY seq")).toEqual([[1], [3]]);
  });

  it("goes on behind a rotation: what the old key opened opens with the new one, and with no other", () => {
    const vectors = opened();
    const many = Array.from({ length: 1_100 }, (_, seq) => memory(seq + 1, seq === 0 ? eli : dana));
    vectors.put(many);
    const query = vectorOf(9);
    const before = vectors.cosines(query);
    const old = keys.get(dana) as { number: number; key: Uint8Array };
    const anew = { number: old.number + 1, key: freshKey() };
    expect(sql.transaction(() => vectors.rekey(dana, old, anew))).toBe(1_099);
    expect(seqsIn(opened())).toEqual([1]);
    const rotated = { get: (subject: ActorName) => (subject === dana ? anew : keys.get(subject)) };
    expect(opened({ keys: rotated }).cosines(query)).toEqual(before);
  });
});

describe("another model", () => {
  it("makes all vectors of before useless, and none of them a fault", () => {
    opened().put([memory(1), memory(2)]);
    const large = opened({ model: { name: "test/large", dimensions: 128 } });
    expect(large.lacking([1, 2])).toEqual([1, 2]);
    expect(large.cosines(vectorOf(1, 128)).own.size).toBe(0);
    large.put([{ seq: 1, subject: dana, own: vectorOf(1, 128), window: vectorOf(1, 128) }]);
    expect(large.lacking([1, 2])).toEqual([2]);
    expect([...large.cosines(vectorOf(1, 128)).own.keys()]).toEqual([1]);
    expect(sql.rows("SELECT seq, model, dimensions FROM vectors ORDER BY seq")).toEqual([
      [1, "test/large", 128],
      [2, "test/small", 96],
    ]);
  });
});
