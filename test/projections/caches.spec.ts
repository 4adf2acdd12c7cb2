/** The write-through to KV: once a second, newest last, nothing lost, never backwards. */
import { Option } from "effect";
import { describe, expect, it } from "vitest";
import { initial, type RoomView } from "#events/agent/state.ts";
import type { Recorded } from "#events/kit/envelope.ts";
import {
  agentEntry,
  cachedAgentOf,
  cachedMemoriesOf,
  cachedMemory,
  type Entry,
  memoriesEntry,
  WriteThrough,
} from "#projections/kit/caches.ts";
import { agentId, CACHE, record, remembered, roomId, SECRET, START, turnId } from "./histories.ts";

const entry = (seq: number, key = "k"): Entry => ({ key, ttl: 60, seq, value: `value ${seq}` });
const done = { again: null, failures: [] };

/** A KV that remembers every write, and can be slow or away. */
function store() {
  const puts: string[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  let mode: "ready" | "slow" | "away" = "ready";
  return {
    puts,
    become: (next: typeof mode) => {
      mode = next;
    },
    open: () => {
      for (const { resolve } of gates.splice(0)) resolve();
    },
    put: async (key: string, value: unknown) => {
      if (mode === "away") throw new Error("KV is away");
      puts.push(`${key} ${String(value)}`);
      if (mode !== "slow") return;
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
    },
  };
}

describe("the writer", () => {
  it("writes at most once a second and key; the newest value wins and is not lost", async () => {
    const kv = store();
    const writer = new WriteThrough(kv);
    expect(await writer.offer([entry(1)], START)).toEqual(done);
    expect(await writer.offer([entry(2)], START + 10)).toEqual({ again: START + 1000, failures: [] });
    expect(await writer.offer([entry(3), entry(1, "other")], START + 20)).toEqual({
      again: START + 1000,
      failures: [],
    });
    expect(await writer.flush(START + 999)).toEqual({ again: START + 1000, failures: [] });
    expect(await writer.flush(START + 1000)).toEqual(done);
    expect(await writer.flush(START + 5000)).toEqual(done);
    expect(kv.puts).toEqual([
      'k {"seq":1,"value":"value 1"}',
      'other {"seq":1,"value":"value 1"}',
      'k {"seq":3,"value":"value 3"}',
    ]);
  });

  it("never puts a lower seq over a higher one, not even one that still waits", async () => {
    const kv = store();
    const writer = new WriteThrough(kv);
    await writer.offer([entry(5)], START);
    expect(await writer.offer([entry(4)], START + 2000)).toEqual(done);
    await writer.offer([entry(7)], START + 10);
    await writer.offer([entry(6)], START + 20);
    await writer.flush(START + 1000);
    expect(kv.puts.map((put) => put.slice(0, 9))).toEqual(['k {"seq":', 'k {"seq":']);
    expect(kv.puts.at(-1)).toContain('"seq":7');
  });

  it("does not send a write after one that is still on its way", async () => {
    const kv = store();
    const writer = new WriteThrough(kv);
    kv.become("slow");
    const first = writer.offer([entry(1)], START);
    expect(await writer.offer([entry(2)], START + 3000)).toEqual(done); // the first call will say when to come back
    expect(kv.puts).toHaveLength(1);
    kv.become("ready");
    kv.open();
    expect(await first).toMatchObject({ again: START + 1000 });
    expect(await writer.flush(START + 3001)).toEqual(done);
    expect(kv.puts).toHaveLength(2);
  });

  it("keeps what KV did not take, and says so", async () => {
    const kv = store();
    const writer = new WriteThrough(kv);
    kv.become("away");
    const answer = await writer.offer([entry(1)], START);
    expect(answer).toMatchObject({ again: START + 1000, failures: [{ _tag: "CacheFailure", key: "k" }] });
    kv.become("ready");
    expect(await writer.flush(START + 1000)).toEqual(done);
    expect(kv.puts).toEqual(['k {"seq":1,"value":"value 1"}']);
  });
});

describe("what KV shows", () => {
  it("an agent's state and its recent memories, sealed, under the specification's keys", async () => {
    const id = agentId("cached");
    const room: RoomView = {
      ...{ kind: "public", recent: [], running: turnId("a"), waiting: [] },
      ...{ lastFloorAt: null, replied: null, summary: null, summaries: [], summarized: 0, unsummarized: 0 },
    } as const;
    const state = { ...initial, status: "active", name: "Ada", version: 3, rooms: { [roomId("a")]: room } } as const;
    const [formed] = record([remembered("a")]) as [Extract<Recorded, never> & Parameters<typeof cachedMemory>[0]];
    const memories = [cachedMemory(formed)];
    const entries = [agentEntry(id, 9, state), memoriesEntry(id, 9, memories)];
    expect(entries.map(({ key, ttl }) => [key, ttl])).toEqual([
      [`agent:${id}:state`, 3600],
      [`agent:${id}:recent_memories`, 21_600],
    ]);
    await new WriteThrough(CACHE).offer(entries, START);
    expect(Option.getOrNull(await cachedAgentOf(CACHE, id))).toMatchObject({
      seq: 9,
      value: {
        id,
        status: "active",
        version: 3,
        active_conversations: [{ room_id: roomId("a"), running_turn_id: turnId("a") }],
      },
    });
    expect(Option.getOrNull(await cachedMemoriesOf(CACHE, id))).toEqual({ seq: 9, value: memories });
    expect(await CACHE.get(`agent:${id}:recent_memories`)).not.toContain(SECRET);
    const { keys } = await CACHE.list({ prefix: `agent:${id}` });
    expect(keys.map(({ expiration }) => expiration! > 0)).toEqual([true, true]);
  });

  it("nothing, when there is nothing that can be read", async () => {
    await CACHE.put(`agent:${agentId("odd")}:state`, '{"seq":"one"}');
    expect(Option.isNone(await cachedAgentOf(CACHE, agentId("odd")))).toBe(true);
    expect(Option.isNone(await cachedMemoriesOf(CACHE, agentId("odd")))).toBe(true);
  });
});
