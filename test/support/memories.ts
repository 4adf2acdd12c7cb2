/** An index of memories with the register it reads, and people who say things that are remembered; for the specifications of recall. */
import { type Hit, MemoryIndex, type Search } from "#actors/agent/memory/recall/memory-index.ts";
import type { SqlPort } from "#actors/kit/sql.ts";
import type { ActorName } from "#events/kit/ids.ts";
import { START } from "./given.ts";

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

/** Keys that can be lent, taken back and destroyed. */
export class TestIndexKeys {
  readonly taken = new Set<ActorName>();
  readonly destroyed = new Set<ActorName>();
  /** Rises with a change of keys. */
  generation = 1;

  get(subject: ActorName): Uint8Array | "destroyed" | undefined {
    if (this.destroyed.has(subject)) return "destroyed";
    if (this.taken.has(subject)) return undefined;
    const key = new Uint8Array(32).fill(this.generation);
    new TextEncoder().encodeInto(subject, key.subarray(1));
    return key;
  }
}

export interface Saying {
  readonly room?: string;
  readonly at?: number;
  readonly subject?: ActorName;
  readonly kind?: string;
  readonly speaker?: string | null;
  readonly supersededAt?: number;
  readonly retractedAt?: number;
}

/** The columns of the register that the index relies on. */
const REGISTER = `CREATE TABLE IF NOT EXISTS memories (
  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, room TEXT NOT NULL, said_at INTEGER NOT NULL,
  state TEXT NOT NULL, superseded_at INTEGER, retracted_at INTEGER
)`;

export class Memories {
  readonly sql: SqlPort;
  readonly keys: TestIndexKeys;
  index: MemoryIndex;
  now = START;
  #seq = 0;

  constructor(sql: SqlPort, keys = new TestIndexKeys()) {
    this.sql = sql;
    this.keys = keys;
    sql.run(REGISTER);
    this.index = new MemoryIndex(sql, keys);
  }

  /** As after a wake: nothing is held in memory. */
  reopen(): this {
    this.index = new MemoryIndex(this.sql, this.keys);
    return this;
  }

  /** Somebody says something in the lobby, a minute after what was said last. */
  says(speaker: string | null, text: string, over: Saying = {}): number {
    this.#seq += 1;
    this.now = over.at ?? this.now + MINUTE;
    const subject = over.subject ?? `user:${(speaker ?? "nobody").toLowerCase().replace(/\W+/g, "_")}`;
    const place = over.room ?? "lobby";
    this.sql.run(
      "INSERT INTO memories (seq, kind, subject, room, said_at, state, superseded_at, retracted_at) VALUES (?, ?, ?, ?, ?, 'live', ?, ?)",
      ...[this.#seq, over.kind ?? "episodic", subject, place, this.now, over.supersededAt ?? null],
      over.retractedAt ?? over.supersededAt ?? null,
    );
    this.index.add({ seq: this.#seq, subject, place, saidAt: this.now, speaker, text });
    return this.#seq;
  }

  /** All there is that may be answered, unless said otherwise. */
  search(text: string, over: Partial<Search> = {}): ReadonlyArray<Hit> {
    const subjects = this.sql.rows("SELECT DISTINCT subject FROM memories").map(([subject]) => subject as ActorName);
    const scope = { where: "m.state = 'live'", parameters: [] };
    return this.index.search({ text, now: this.now, limit: 10, scope, subjects, ...over });
  }

  /** The seqs that are found, best first. */
  found(text: string, over: Partial<Search> = {}): ReadonlyArray<number> {
    return this.search(text, over).map(({ seq }) => seq);
  }
}
