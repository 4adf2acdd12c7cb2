/** Ada's memory over her real log, with everything outside scripted: people tell her things, time passes, she dies and wakes; used by embedding-in-mind.spec.ts. */

import { Clock, Context, Effect } from "effect";
import { expect } from "vitest";
import { type MemoryJobs, memoryJobs } from "#actors/agent/memory/jobs.ts";
import { AgentMemory } from "#actors/agent/memory/memory.ts";
import { Broken } from "#actors/agent/turn/failures.ts";
import { Embedder, EmbedFailure, Reranker, VectorIndex } from "#actors/agent/turn/memory-ports.ts";
import { ChatModel, TurnLedger } from "#actors/agent/turn/ports.ts";
import { turnLedger } from "#actors/agent/turn-ledger.ts";
import type { Ledger } from "#actors/kit/ledger.ts";
import { Timers } from "#actors/kit/timers.ts";
import type { AgentCommand } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import { type ActorName, agentName, type RoomId, type UserId, userName } from "#events/kit/ids.ts";
import { keepingPauses } from "../contract/vector-index-clock.ts";
import { startVectorize } from "../contract/vector-index-vectorize.ts";
import {
  type Asked,
  ada,
  dana,
  eli,
  lobby,
  memoryId,
  messageId,
  roomId,
  START,
  settings,
  turnId,
  words,
} from "./given.ts";
import { metaFor, open, TestKeys } from "./ledger-fixture.ts";
import { nodeSql } from "./sqlite.ts";

/** What means the same lies in the same direction, whatever the letters; what means nothing known, in the last. */
const MEANINGS = [
  ["cat", "feline", "whiskers"],
  ["boat", "vessel", "sails"],
  ["bread", "bakery", "loaf"],
  ["secret", "hidden", "cellar"],
];
const meaningOf = (text: string): Float32Array => {
  const values = MEANINGS.map((group) => group.filter((word) => text.toLowerCase().includes(word)).length);
  return Float32Array.from([...values, 0.2]);
};
const DIMENSIONS = MEANINGS.length + 1;

/** Another room, as private as the lobby. */
export const attic = roomId("attic");

const nowhere: VectorIndex["Service"] = {
  ...{ name: "local", remote: false },
  upsert: () => Effect.die("nobody asks it"),
  query: () => Effect.succeed([]),
  remove: () => Effect.die("nobody asks it"),
  removeAll: () => Effect.die("nobody asks it"),
  count: () => Effect.die("nobody asks it"),
};
const noReranker: Reranker["Service"] = { configured: false, score: () => Effect.die("nobody asks it") };

interface Outside {
  readonly embedder?: Embedder["Service"];
  readonly index?: VectorIndex["Service"];
  readonly reranker?: Reranker["Service"];
}

/** Nothing is embedded here. */
const hashed: Embedder["Service"] = {
  name: "none",
  dimensions: 1,
  semantic: false,
  embed: () => Effect.die("not asked"),
};
export const noVectors = Context.make(Embedder, hashed).pipe(
  Context.add(VectorIndex, nowhere),
  Context.add(Reranker, noReranker),
);

/** What outlives Ada's lives: her tables, the keys of people, the services outside and the time. */
export class World {
  readonly sql = nodeSql();
  readonly keys = new TestKeys();
  /** Of which generation the keys of the index are made: they stay when a key turns, until that is told. */
  readonly derivedFrom = new Map<ActorName, number>();
  readonly service = startVectorize({ dimensions: DIMENSIONS }).remote;
  now = START;
  /** The texts of each request to the embedder. */
  embedded: Array<ReadonlyArray<string>> = [];
  /** Happens while the embedder thinks. */
  meanwhile: (() => void) | undefined;
  isBroken = false;

  /** An embedder that knows a few meanings. */
  thinking(name = "test/one"): Embedder["Service"] {
    return {
      ...{ name, dimensions: DIMENSIONS, semantic: true },
      embed: (texts) =>
        Effect.suspend(() => {
          this.embedded.push(texts);
          this.meanwhile?.();
          this.meanwhile = undefined;
          if (this.isBroken) return Effect.fail(new EmbedFailure({ provider: name, reason: new Broken({}) }));
          return Effect.succeed(texts.map(meaningOf));
        }),
    };
  }

  /** Ada as she wakes up, over what she knew before. */
  wake(outside: Outside = {}): Rememberer {
    return new Rememberer(this, outside);
  }

  /** Ada, new, with people who let her remember. */
  begin(outside: Outside = {}, woken = this.wake(outside)): Rememberer {
    woken.take({ type: "CreateAgent", agentId: ada, ownerId: dana, settings, tools: [], words: words() });
    for (const userId of [dana, eli]) woken.take({ type: "NoteConsent", userId, granted: true });
    for (const room of [lobby, attic]) woken.take({ type: "JoinRoom", roomId: room, kind: "private" });
    return woken;
  }

  /** Of which memories there are vectors, as `memory_id`s in the order of their words; each belongs to one that is there. */
  vectors(): ReadonlyArray<string> {
    const rows = this.sql.rows(
      "SELECT m.memory_id FROM vectors v LEFT JOIN memories m ON m.seq = v.seq ORDER BY v.seq",
    );
    return rows.map(([id]) => String(id));
  }
}

/** One life of Ada. */
export class Rememberer {
  readonly memory: AgentMemory;
  readonly timers: Timers;
  readonly ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
  /** Defects that were noted where operators look. */
  readonly reports: unknown[] = [];
  readonly #world: World;
  readonly #jobs: MemoryJobs;
  readonly #services: Context.Context<Embedder | VectorIndex | Reranker | ChatModel>;
  readonly #running: Array<Promise<void>> = [];

  constructor(world: World, { embedder = world.thinking(), index = nowhere, reranker = noReranker }: Outside) {
    this.#world = world;
    this.#services = Context.make(Embedder, embedder).pipe(
      Context.add(VectorIndex, index),
      Context.add(Reranker, reranker),
      Context.add(ChatModel, {
        price: () => 0,
        stream: () => {
          throw new Error("nobody asks it");
        },
      }),
    );
    this.timers = new Timers(world.sql, { set: () => {} });
    this.ledger = open(agent, world.sql, world.keys, {
      along: (next, events) => {
        this.memory.forgetting.keys(events);
        if (agent.isFinal(next)) this.timers.cancelAll();
      },
      told: (events) => this.memory.committed(events),
    });
    const shared = {
      ...{ timers: this.timers, now: () => world.now },
      meta: (id: string) => metaFor(`${id}/${this.ledger.head}`, agentName(ada), { at: world.now }),
      report: (_what: string, cause: unknown) => void this.reports.push(cause),
    };
    this.memory = new AgentMemory({
      ...{ ...shared, ledger: this.ledger, keys: world.keys, agentId: () => ada, services: () => this.#services },
      commit: (command) => this.ledger.commit(command),
      indexKey: (subject) => this.#indexKey(subject),
      fetchKeys: async () => {},
      attendance: async () => null,
      reveal: (seqs) => Effect.sync(() => this.#revealed(seqs)),
    });
    const log = turnLedger({
      ledger: this.ledger,
      commit: (command) => this.ledger.commit(command),
      fetchKeys: async () => {},
      notes: (roomId) => this.memory.notes(roomId),
    });
    this.#jobs = memoryJobs({
      ...{ ...shared, memory: this.memory, state: () => this.ledger.state },
      commit: (command) => this.ledger.commit(command).outcome === "accepted",
      run: (program) => this.#run(Effect.provideContext(program, Context.add(this.#services, TurnLedger, log))),
    });
  }

  #indexKey(subject: ActorName): Uint8Array | "destroyed" | undefined {
    const { keys, derivedFrom } = this.#world;
    const key = keys.get(subject, derivedFrom.get(subject));
    if (typeof key !== "object") return key;
    derivedFrom.set(subject, key.number);
    return key.key;
  }

  #revealed(seqs: ReadonlyArray<number>) {
    const found = this.ledger.reveal(seqs);
    if ("outcome" in found) throw new Error("a key is missing");
    return found;
  }

  /** At this world's time, and without waiting for the pauses of adapters. */
  #run(program: Effect.Effect<void>): void {
    const { now } = this.#world;
    const still = Effect.flatMap(Clock.Clock, (real) => {
      const clock = { currentTimeMillis: Effect.succeed(now), currentTimeMillisUnsafe: () => now };
      return Effect.provideService(program, Clock.Clock, Object.assign(Object.create(real) as Clock.Clock, clock));
    });
    this.#running.push(Effect.runPromise(keepingPauses(still, [])));
  }

  take(command: Asked<AgentCommand>): void {
    const by = userName(dana);
    const meta = metaFor(`command ${this.ledger.head}`, by, { at: this.#world.now });
    expect(this.ledger.commit({ ...command, meta } as AgentCommand)).toMatchObject({ outcome: "accepted" });
  }

  /** Lets time pass from timer to timer until none is set, or so many have rung; answers how many did. */
  async settle(most = 60): Promise<number> {
    for (let rung = 0; rung < most; rung++) {
      const [timer] = this.timers.due(Number.MAX_SAFE_INTEGER);
      if (timer === undefined) return rung;
      this.#world.now = Math.max(this.#world.now, timer.due);
      this.#jobs.fired(timer);
      await Promise.all(this.#running.splice(0));
      this.#world.service.store.settle();
    }
    return most;
  }

  /** Something is added to what she knows: it may be told anywhere, or where those it is about are all there are. */
  learn(
    label: string,
    content: string,
    about: ReadonlyArray<UserId> = [dana],
    audience: "public" | "about" = "public",
  ) {
    this.#world.now += 1_000;
    const filing = { kind: "semantic", importance: 0.5, origin: "person", basis: "added", sourceSeqs: [] } as const;
    const place = { speaker: null, roomId: null, saidAt: this.#world.now, about, audience };
    this.take({
      type: "AddMemories",
      memories: [{ ...filing, ...place, memoryId: memoryId(label), words: words({ content }) }],
    });
  }

  /** Somebody says something in a private room, which she hears and keeps. */
  say(label: string, text: string, by: UserId = dana, room: RoomId = lobby): void {
    this.#world.now += 1_000;
    this.take({
      ...{ type: "ReceiveMessage", turnId: turnId(label), roomId: room, roomSeq: 1, roomKind: "private" },
      ...{ messageId: messageId(label), authorId: userName(by), hops: 0, chars: text.length, replyTo: null },
      ...{ addressed: null, callsOff: false, words: words({ text, authorName: by }) },
      episode: { memoryId: memoryId(label), importance: 0.5, names: [] },
    });
  }

  forget(label: string): void {
    const rows = [this.memory.register.find(memoryId(label))!];
    expect(this.memory.forgetting.together(rows, "asked", label)).toMatchObject({ outcome: "accepted" });
  }

  /** This person's key is destroyed. */
  loseKey(userId: UserId): void {
    this.#world.keys.destroyed.add(userName(userId));
    this.memory.keyDied(userName(userId));
  }

  /** This person's key has turned, as far as the events: what is derived of it follows. */
  turnKey(userId: UserId): void {
    this.ledger.rewrap(userName(userId), 1_000);
    this.#world.derivedFrom.delete(userName(userId));
    this.memory.keyTurned(userName(userId));
  }

  search(text: string, scope = { where: "m.state = 'live'", parameters: [] as ReadonlyArray<string> }) {
    return Effect.runPromise(Effect.map(this.memory.search({ text, limit: 5, scope }), ({ found }) => found));
  }

  async found(text: string): Promise<ReadonlyArray<string>> {
    return (await this.search(text)).map(({ content }) => content);
  }

  /** What comes to mind in the lobby while these people are there; ids in the order of their letters. */
  async recalled(text: string, people: ReadonlyArray<UserId>) {
    const there = people.map((userId) => ({ userId, name: userId, isHere: true }));
    this.memory.attendance.told(lobby, there);
    const asked = { text, limit: 5, roomId: lobby, asker: dana, without: [] };
    const { memories, degraded } = await Effect.runPromise(this.memory.recall().search(asked));
    return { ids: memories.map(({ memoryId: id }) => id).toSorted(), degraded };
  }
}
