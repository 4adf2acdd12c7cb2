/** What KV shows of an agent, and the writer that keeps it there; called by the agent's object after a commit. No door reads it yet (docs/deltas.md). */
import { Schema } from "effect";
import * as Base64 from "effect/encoding/Base64";
import { type AgentEvent, MemoryKind } from "#events/agent/events.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";

// ── what is kept ────────────────────────────────────────────────────────────────────────────────────────────────────

/** How an agent stands. May be shown, never decided upon: KV is about a minute behind elsewhere. */
export const CachedAgent = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  status: Schema.Literals(["unknown", "active", "inactive", "deleted"]),
  version: Schema.Int,
  provider: Schema.String,
  model: Schema.String,
  /** The rooms it is in, and the turn that has the floor there. */
  active_conversations: Schema.Array(
    Schema.Struct({ room_id: Schema.String, running_turn_id: Schema.NullOr(Schema.String) }),
  ),
  seq: Schema.Int,
});
export type CachedAgent = typeof CachedAgent.Type;

/** A memory, its content sealed: the agent reveals it by its seq. */
export const CachedMemory = Schema.Struct({
  id: Schema.String,
  memory_type: MemoryKind,
  importance_score: Schema.Finite,
  about: Schema.Array(Schema.String),
  /** Ciphertext in base 64. */
  content: Schema.NullOr(Schema.String),
  seq: Schema.Int,
});
export type CachedMemory = typeof CachedMemory.Type;

/** Something that is to stand under a key, true as of `seq` of its stream. */
export interface Entry {
  readonly key: string;
  /** Seconds. */
  readonly ttl: number;
  readonly seq: number;
  readonly value: unknown;
}

const stateKey = (agentId: string): string => `agent:${agentId}:state`;
const memoriesKey = (agentId: string): string => `agent:${agentId}:recent_memories`;

/** The entry of an agent's state as of `seq`; a deleted agent overwrites itself with its end. */
export const agentEntry = (agentId: string, seq: number, state: AgentState): Entry => {
  const value: CachedAgent = {
    id: agentId,
    name: state.name,
    status: state.status,
    version: state.version,
    provider: state.provider,
    model: state.model,
    active_conversations: Object.entries(state.rooms).map(([room_id, room]) => ({
      room_id,
      running_turn_id: room.running,
    })),
    seq,
  };
  return { key: stateKey(agentId), ttl: 3600, seq, value };
};

/** The entry of an agent's recent memories as of `seq`; none is an entry too, it overwrites those there were. */
export const memoriesEntry = (agentId: string, seq: number, memories: ReadonlyArray<CachedMemory>): Entry => ({
  key: memoriesKey(agentId),
  ttl: 21_600,
  seq,
  value: memories,
});

/** A memory as it is cached, from the event that formed it. */
export const cachedMemory = (event: Extract<RecordedOf<AgentEvent>, { type: "MemoryFormed" }>): CachedMemory => ({
  id: event.open.memoryId,
  memory_type: event.open.kind,
  importance_score: event.open.importance,
  about: event.open.about,
  content: event.sealed === undefined ? null : Base64.encode(event.sealed),
  seq: event.seq,
});

// ── the writer ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** KV did not take a value; the writer keeps it for the next call. */
export class CacheFailure extends Schema.TaggedError<CacheFailure>()("CacheFailure", {
  key: Schema.String,
  detail: Schema.String,
}) {}

/** What is left to do: call `flush` at `again` (ms since 1970); null when all that was offered stands in KV, or another call sees to it. */
export interface Written {
  readonly again: number | null;
  readonly failures: ReadonlyArray<CacheFailure>;
}

/** KV takes one write per second and key. */
const PAUSE_MS = 1000;

interface Slot {
  /** The newest value that was offered; null once it is written. */
  waiting: Entry | null;
  seq: number;
  /** Not before this time. */
  notBefore: number;
  /** A write is on its way; a second one could arrive before it. */
  busy: boolean;
}

/**
 * Writes entries through to KV, at most once a second per key: the newest wins, and a lower seq never follows a higher
 * one. It has no timer and no clock; what had to wait is written by a later call. It lives as long as its object in
 * memory, so an object that wakes offers its state anew.
 */
export class WriteThrough {
  readonly #kv: Pick<KVNamespace, "put">;
  readonly #slots = new Map<string, Slot>();

  constructor(kv: Pick<KVNamespace, "put">) {
    this.#kv = kv;
  }

  /** Offers entries, and writes all that may be written at `now` (ms since 1970). */
  offer(entries: ReadonlyArray<Entry>, now: number): Promise<Written> {
    for (const entry of entries) {
      const slot = this.#slots.get(entry.key) ?? { waiting: null, seq: -1, notBefore: now, busy: false };
      this.#slots.set(entry.key, slot);
      if (entry.seq >= slot.seq) Object.assign(slot, { waiting: entry, seq: entry.seq });
    }
    return this.flush(now);
  }

  /** Writes what waited and may be written at `now`. */
  async flush(now: number): Promise<Written> {
    const due = [...this.#slots.values()].filter(
      ({ waiting, notBefore, busy }) => waiting && !busy && notBefore <= now,
    );
    const results = await Promise.all(due.map((slot) => this.#write(slot, now)));
    // What is behind a write on its way is the business of whoever waits for that write: asking for it would be spinning.
    const open = [...this.#slots.values()].filter(({ waiting, busy }) => waiting !== null && !busy);
    const again = open.map(({ notBefore }) => Math.max(notBefore, now + 1));
    return {
      again: again.length === 0 ? null : Math.min(...again),
      failures: results.filter((failure) => failure !== null),
    };
  }

  async #write(slot: Slot, now: number): Promise<CacheFailure | null> {
    const entry = slot.waiting;
    if (entry === null) return null;
    Object.assign(slot, { waiting: null, busy: true, notBefore: now + PAUSE_MS });
    const { key, ttl, seq, value } = entry;
    try {
      await this.#kv.put(key, JSON.stringify({ seq, value }), { expirationTtl: ttl });
      return null;
    } catch (cause) {
      slot.waiting ??= entry;
      return new CacheFailure({ key, detail: String(cause) });
    } finally {
      slot.busy = false;
    }
  }
}

// ── the reader ──────────────────────────────────────────────────────────────────────────────────────────────────────

const cached = <Value>(value: Schema.Codec<Value, unknown>) =>
  Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ seq: Schema.Int, value })));
const decodeAgent = cached(CachedAgent);
const decodeMemories = cached(Schema.Array(CachedMemory));

/** An agent's state as KV has it; none when it has nothing that can be read. */
export const cachedAgentOf = async (kv: Pick<KVNamespace, "get">, agentId: string) =>
  decodeAgent(await kv.get(stateKey(agentId)));

/** An agent's recent memories as KV has them; none when it has nothing that can be read. */
export const cachedMemoriesOf = async (kv: Pick<KVNamespace, "get">, agentId: string) =>
  decodeMemories(await kv.get(memoriesKey(agentId)));
