/** An agent that remembers what it hears, over a log of its own: the agent's own ledger, memory and rules, with keys that are always at hand; used on both sides of the wire, by memory-stores.ts and objects/memories.ts. */
import { Context, Effect, Redacted } from "effect";
import { commandOf } from "#actors/agent/hearing.ts";
import { AgentMemory } from "#actors/agent/memory/memory.ts";
import { mayHear } from "#actors/agent/memory/recall/audience.ts";
import type { Variant } from "#actors/agent/memory/recall/memory-index.ts";
import type { MemoryRow } from "#actors/agent/memory/recall/memory-row.ts";
import { Embedder, Reranker, VectorIndex } from "#actors/agent/turn/memory-ports.ts";
import type { Heard } from "#actors/kit/doors.ts";
import { Ledger } from "#actors/kit/ledger.ts";
import type { SqlPort } from "#actors/kit/sql.ts";
import { Timers } from "#actors/kit/timers.ts";
import type { AgentCommand } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { Unsealed } from "#events/kit/envelope.ts";
import {
  type ActorName,
  type AgentId,
  agentName,
  childId,
  type MemoryId,
  type MessageId,
  type RoomId,
  type UserId,
  userName,
} from "#events/kit/ids.ts";

/** Somebody in a room. */
export interface Person {
  readonly userId: UserId;
  readonly name: string;
}

/** What somebody said. */
export interface Said {
  readonly by: Person;
  readonly room: RoomId;
  /** Milliseconds. */
  readonly saidAt: number;
  readonly text: string;
}

/** Nobody is asked for vectors. */
const nobody = () => Effect.die("no vectors are measured here");
const noVectors = Context.make(Embedder, { name: "none", dimensions: 1, semantic: false, embed: nobody }).pipe(
  Context.add(VectorIndex, {
    ...{ name: "local", remote: false, upsert: nobody, query: () => Effect.succeed([]) },
    ...{ remove: nobody, removeAll: nobody, count: nobody },
  }),
  Context.add(Reranker, { configured: false, score: nobody }),
);

/** A key of their own for each subject; which one it is does not matter here. */
const keyOf = (subject: ActorName): Uint8Array => {
  const key = new Uint8Array(32);
  new TextEncoder().encodeInto(subject, key);
  return key;
};
const keys = { get: (subject: ActorName) => ({ number: 1, key: keyOf(subject) }) };

const id: AgentId = childId("agent", "bench", "mind");
const owner = "user_owner" as UserId;
/** So long that the rules of time take nothing away that is asked for. */
const RETENTION_DAYS = 36_500;

export class BenchMind {
  readonly memory: AgentMemory;
  readonly #ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
  readonly #present = new Map<RoomId, ReadonlyArray<Person>>();
  now = 0;

  constructor(sql: SqlPort) {
    const ledger = new Ledger(agent, {
      ...{ stream: agentName(id), sql, keys },
      along: (_state, events) => this.memory.forgetting.keys(events),
      told: (events) => this.memory.committed(events),
    });
    this.#ledger = ledger;
    this.memory = new AgentMemory({
      ...{ ledger, keys, agentId: () => id, now: () => this.now, services: () => noVectors },
      timers: new Timers(ledger.tables, { set: () => {} }),
      commit: (command) => ledger.commit(command),
      meta: (name) => this.#meta(`${name}/${ledger.head}`),
      indexKey: keyOf,
      fetchKeys: async () => {},
      attendance: async () => null,
      reveal: (seqs) => Effect.sync(() => ledger.reveal(seqs) as ReadonlyArray<Unsealed>),
      report: (what, cause) => {
        throw new Error(`${what}: ${String(cause)}`, { cause });
      },
    });
  }

  #meta(command: string, by: ActorName = agentName(id)) {
    return { id: command, at: this.now, by, correlation: "bench", causation: null };
  }

  /** A new agent in these rooms, with people who let it remember them; a room is private, and knows who is there. */
  begin(rooms: ReadonlyMap<RoomId, ReadonlyArray<Person>>, memoryEnabled = true): void {
    const settings = { name: "Mnemo", provider: "demo", model: "demo", memoryEnabled, retentionDays: RETENTION_DAYS };
    const words = Redacted.make({ systemPrompt: "", description: "" });
    this.take({ type: "CreateAgent", agentId: id, ownerId: owner, settings, tools: [], words });
    for (const userId of new Set([...rooms.values()].flat().map((person) => person.userId)))
      this.take({ type: "NoteConsent", userId, granted: true });
    for (const [roomId, people] of rooms) {
      this.take({ type: "JoinRoom", roomId, kind: "private" });
      this.present(roomId, people);
    }
  }

  present(roomId: RoomId, people: ReadonlyArray<Person>): void {
    this.#present.set(roomId, people);
    this.memory.attendance.told(
      roomId,
      people.map((person) => ({ ...person, isHere: true })),
    );
  }

  take(command: AgentCommand extends infer C ? (C extends unknown ? Omit<C, "meta"> : never) : never): void {
    this.#commit({ ...command, meta: this.#meta(`command/${this.#ledger.head}`) } as AgentCommand);
  }

  #commit(command: AgentCommand): void {
    const reply = this.#ledger.commit(command);
    if (reply.outcome !== "accepted") throw new Error(`${command.type} was not taken: ${JSON.stringify(reply)}`);
  }

  /** Hears it as an agent hears a room: recorded, kept, registered, indexed and read for facts in one commit. Answers the memory, if it is kept. */
  hear({ by, room, saidAt, text }: Said): MemoryId | undefined {
    this.now = Math.max(this.now, saidAt);
    const seq = this.#ledger.head;
    const heard: Heard = {
      ...{ kind: "message", seq, roomKind: "private", messageId: childId<MessageId>("message", id, String(seq)) },
      ...{
        authorId: userName(by.userId),
        authorName: by.name,
        text,
        hops: 0,
        replyTo: null,
        addressed: null,
        answers: null,
      },
      ...{ callsOff: false, causation: "bench", correlation: "bench" },
    };
    const { episode } = this.memory;
    const meta = (name: string, who: ActorName) => ({ ...this.#meta(name, who), at: saidAt });
    this.#commit(commandOf(room, heard, { agentId: id, meta, episode }));
    const [kept] = this.memory.register.where("m.basis = 'said' AND m.formed_seq > ?", [seq], 1);
    return kept?.memoryId;
  }

  /** The episodes that are kept, in the order in which they were heard. */
  episodes(): ReadonlyArray<MemoryRow> {
    return this.memory.register.where("m.basis = 'said'", [], Number.MAX_SAFE_INTEGER, "m.seq");
  }

  /** What a search finds for everybody in a room, or without one for the owner, with its words. */
  async search(asked: { text: string; now: number; limit: number; room?: RoomId; variant?: Variant }) {
    const { text, limit, room, variant } = asked;
    this.now = asked.now;
    const people = room === undefined ? undefined : (this.#present.get(room) ?? []);
    const heard =
      room === undefined
        ? []
        : [mayHear({ roomId: room, kind: "private", present: people!.map(({ userId }) => userId) })];
    const scopes = [this.memory.inForce(), ...heard];
    const scope = {
      where: scopes.map(({ where }) => `(${where})`).join(" AND "),
      parameters: scopes.flatMap(({ parameters }) => parameters),
    };
    const question = { text, limit, scope, ...(variant === undefined ? {} : { variant }) };
    return (await Effect.runPromise(this.memory.search(question))).found;
  }

  /** What is indexed, facts included, is made anew from the log, which is read from its beginning; answers how many memories. */
  async rebuilt(): Promise<number> {
    // A portion at a time, as the timer has it.
    for (let portions = 0; !this.memory.isLevel; portions++) {
      if (portions > 10_000) throw new Error("some memories are never indexed");
      await Effect.runPromise(this.memory.ready());
    }
    return this.memory.register.count("m.state = 'live'", []);
  }
}

/** What memory keeps beside the log is gone: whoever opens the log next reads it from the beginning. */
export function withoutMemory(sql: SqlPort): void {
  const tables = sql
    .rows(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE 'memor%' OR name LIKE 'index\\_%' ESCAPE '\\')",
    )
    .map(([name]) => String(name));
  // The tables behind a full-text index go with it.
  for (const table of tables.filter((name) => !/^index_words_/.test(name))) sql.run(`DROP TABLE ${table}`);
  sql.run("DELETE FROM meta WHERE key = 'memories'");
}
