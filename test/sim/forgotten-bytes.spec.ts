/** One memory, one person, one agent is forgotten: after the next rotation no byte of any file gives any of its words away, with all keys there are, and D1, KV and the index elsewhere hold nothing of it. */
import { createHash, randomFillSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Effect, Layer, Stream } from "effect";
import { describe, expect, it } from "vitest";
import { rootsOf } from "#actors/agent/memory/language/roots.ts";
import { packed, tokensUnder } from "#actors/agent/memory/recall/tokens.ts";
import { Embedder, VectorIndex } from "#actors/agent/turn/memory-ports.ts";
import { ChatModel, Moderator, type Prompt, Toolbox } from "#actors/agent/turn/ports.ts";
import type { Reply } from "#actors/kit/reply.ts";
import { decrypt, deriveKey, openWords, unwrapEventKey } from "#actors/kit/seal.ts";
import { agentName, userName } from "#events/kit/ids.ts";
import { rerankerLayer } from "#src/memory/reranker.ts";
import { decipherable, inClear } from "./bytes.ts";
import type { Disk } from "./disk.ts";
import {
  ada,
  ask,
  currentKeys,
  dana,
  eli,
  erase,
  granted,
  has,
  killAll,
  lobby,
  messages,
  told,
  type Until,
} from "./tales.ts";
import type { World } from "./world.ts";

const MESSAGES = 20;
/** Of the canaries in vocabularies and facts those with this last digit are looked for. */
const WATCHED = 7;
/** Each its own word, which is found again whatever is made of the text around it. */
const canary = (whose: string, number: number) => `canary${whose}${String(number).padStart(3, "0")}x`;
const CANARY = /canary[a-z]+\d{3}x/gi;

// ── what is outside ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Vectors elsewhere, by agent and memory. */
class Elsewhere {
  readonly kept = new Map<string, Map<string, ReadonlyArray<number>>>();

  readonly index: VectorIndex["Service"] = {
    ...{ name: "elsewhere", remote: true },
    upsert: (agentId, vectors) =>
      Effect.sync(() => {
        const space = this.kept.get(agentId) ?? new Map();
        this.kept.set(agentId, space);
        for (const { id, values } of vectors) space.set(id, [...values]);
      }),
    query: () => Effect.succeed([]),
    remove: (agentId, ids) =>
      Effect.sync(() => {
        for (const id of ids) this.kept.get(agentId)?.delete(id);
      }),
    removeAll: (agentId) => Effect.sync(() => void this.kept.delete(agentId)),
    count: (agentId) => Effect.sync(() => this.kept.get(agentId)?.size ?? 0),
  };

  get ids(): ReadonlyArray<string> {
    return [...this.kept.values()].flatMap((space) => [...space.keys()]);
  }
}

/** A text's own direction, which no other text has. */
const directionOf = (text: string): Float32Array =>
  Float32Array.from(createHash("sha256").update(text).digest(), (byte) => byte - 127.5);

/** Notes and facts say again what they were shown; a reply has a canary of its own. */
function answerTo({ system, messages: shown }: Prompt, number: number): string {
  const text = shown.map((message) => ("text" in message ? message.text : "")).join("\n");
  if (system.startsWith("You keep the notes")) return [...new Set(text.match(CANARY))].join(" ");
  if (!system.startsWith("You keep the memory")) return `Look at ${canary("ada", number)}.`;
  const facts = [...text.matchAll(/^#(\d+) (?:(?!^#).)*?(canary(dana|eli)\d{3}x)/gms)]
    .slice(0, 20)
    .map(([, at, what, who]) => ({
      ...{ content: `The kite of ${who} is called ${what}.`, kind: "semantic", about: [who] },
      ...{ sources: [Number(at)], importance: 0.5 },
    }));
  return JSON.stringify({ facts });
}

function abilitiesWith({ index }: Elsewhere) {
  let replies = 0;
  const usage = { provider: "anthropic", model: "claude", tokensIn: 1, tokensOut: 1 };
  const model: ChatModel["Service"] = {
    price: () => 0,
    stream: (_choice, prompt) =>
      Stream.suspend(() => {
        const text = answerTo(prompt, replies++);
        return Stream.succeed({ type: "reply" as const, text, calls: [], finish: "end" as const, ...usage });
      }),
  };
  const embed = (texts: ReadonlyArray<string>) => Effect.succeed(texts.map(directionOf));
  return Layer.mergeAll(
    Layer.succeed(ChatModel, model),
    Layer.succeed(Toolbox, { describe: () => [], replayOf: () => undefined, run: () => Effect.die("nobody asks it") }),
    Layer.succeed(Moderator, { configured: false, words: () => [], check: () => Effect.succeed([]) }),
    Layer.succeed(Embedder, { name: "test/directions", dimensions: 32, semantic: true, embed }),
    Layer.succeed(VectorIndex, index),
    rerankerLayer(undefined),
  );
}

// ── what is kept ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Something sealed, as whoever has the keys of its time reads it. */
interface Kept {
  readonly stream: string;
  readonly subject: string;
  readonly what: string;
  readonly words: string;
  /** Whoever finds this in a file, at this block of something encrypted, reads the words. */
  readonly secret: Uint8Array;
  readonly block: number;
  /** Whether it is sealed under a key that an agent derives for its index, or under the subject's own. */
  readonly isIndex?: boolean;
}

const place = (stream: string, subject: string, seq: number, type: string, v: number) =>
  ({ stream, subject, seq, type, v }) as Parameters<typeof unwrapEventKey>[1];

const numbered = (key: Uint8Array, number: number) => ({ key, number });

/** The key that an agent derives of a subject's for its index. */
const indexKey = (key: Uint8Array, stream: string, number: string) => deriveKey(key, ["recall", stream, number]);

class House {
  readonly #world: World;
  readonly #folder: string;
  /** Every generation of every key that was ever current, by subject and number. */
  readonly #ever = new Map<string, Uint8Array>();

  constructor(world: World, folder: string) {
    this.#world = world;
    this.#folder = folder;
  }

  files(): ReadonlyArray<Buffer> {
    return readdirSync(this.#folder).map((file) => readFileSync(join(this.#folder, file)));
  }

  /** All that is sealed in any table, opened. */
  kept(): ReadonlyArray<Kept> {
    killAll(this.#world);
    const keys = currentKeys(this.#world);
    for (const [name, key] of keys) this.#ever.set(name, key);
    const keyOf = (subject: unknown, wrapped: Uint8Array) => {
      const number = Buffer.from(wrapped).readUInt32BE(0);
      return numbered(keys.get(`${subject} ${number}`)!, number);
    };
    return [...this.#world.platform.objects.values()]
      .filter(({ disk }) => has(disk, "event_keys"))
      .flatMap(({ disk, stream }) => [
        ...eventsIn(disk, stream, keyOf),
        ...chunksIn(disk, stream, keyOf),
        ...derivedIn(disk, stream, keys),
      ]);
  }

  /** Those of these that whoever has every file and every key of this moment reads. */
  readable(kept: ReadonlyArray<Kept>): ReadonlyArray<Kept> {
    const current = currentKeys(this.#world);
    for (const [name, key] of current) this.#ever.set(name, key);
    const files = this.files();
    const settings = [...this.#world.keyEncryptionKeys.keys.values()];
    // A key of an older generation may still stand somewhere, under a key-encryption key of today.
    const found = decipherable(files, settings, [...this.#ever.values()]);
    const living = [...this.#ever].filter(([, key]) => found.has(Buffer.from(key).toString("hex")));
    const derived = living.map(([name, key]) => indexKey(key, agentName(ada), name.split(" ")[1]!));
    const own = living.map(([, key]) => key);
    return [...Map.groupBy(kept, ({ block, isIndex }) => `${block} ${isIndex}`).values()].flatMap((those) => {
      const [{ block, isIndex }] = those as [Kept];
      const secrets = those.map(({ secret }) => secret);
      const read = decipherable(files, isIndex ? derived : own, secrets, block);
      return those.filter(({ secret }) => read.has(Buffer.from(secret).toString("hex")));
    });
  }

  /** Those of these words of which the index says, to whoever has every key of this moment, that it holds them. */
  indexed(words: ReadonlyArray<string>): ReadonlyArray<string> {
    const files = this.files();
    const keys = [...currentKeys(this.#world)];
    const tokenOf = keys.map(([name, key]) => tokensUnder(indexKey(key, agentName(ada), name.split(" ")[1]!)));
    return words.filter((word) =>
      tokenOf.some((token) => {
        const wanted = Buffer.from(packed([token(rootsOf(word)[0]!)]));
        return files.some((bytes) => bytes.includes(wanted));
      }),
    );
  }
}

type KeyOf = (subject: unknown, wrapped: Uint8Array) => ReturnType<typeof numbered>;

function eventsIn(disk: Disk, stream: string, keyOf: KeyOf): ReadonlyArray<Kept> {
  const rows = disk.execute(
    "SELECT e.seq, e.type, e.v, e.sealed, k.wrapped, k.subject FROM events e JOIN event_keys k ON k.seq = e.seq",
    [],
  ) as unknown as ReadonlyArray<[number, string, number, Uint8Array, Uint8Array, string]>;
  return rows.map(([seq, type, v, sealed, wrapped, subject]) => {
    const key = keyOf(subject, wrapped);
    const at = place(stream, subject, seq, type, v);
    const words = openWords(sealed, wrapped, at, key);
    return {
      stream,
      subject,
      what: `${type} ${seq}`,
      words,
      secret: unwrapEventKey(wrapped, at, key).eventKey,
      block: 0,
    };
  });
}

function chunksIn(disk: Disk, stream: string, keyOf: KeyOf): ReadonlyArray<Kept> {
  if (!has(disk, "training_chunks")) return [];
  const rows = disk.execute("SELECT training_id, number, sealed, wrapped FROM training_chunks", []);
  return (rows as unknown as ReadonlyArray<[string, number, Uint8Array, Uint8Array]>).map(
    ([trainingId, number, sealed, wrapped]) => {
      const key = keyOf(stream, wrapped);
      const at = place(stream, stream, number, trainingId, 1);
      const words = openWords(sealed, wrapped, at, key);
      return {
        stream,
        subject: stream,
        what: `chunk ${number}`,
        words,
        secret: unwrapEventKey(wrapped, at, key).eventKey,
        block: 0,
      };
    },
  );
}

/** Facts, vocabulary and vectors: what an agent makes of words, under keys of its own and people's. */
function derivedIn(disk: Disk, stream: string, keys: ReadonlyMap<string, Uint8Array>): ReadonlyArray<Kept> {
  if (!has(disk, "vectors")) return [];
  const derived = new Map(
    disk
      .execute("SELECT subject, number FROM derived_keys", [])
      .map(([subject, number]) => [subject, indexKey(keys.get(`${subject} ${number}`)!, stream, String(number))]),
  );
  const opened = (what: string, name: unknown, sealed: unknown, data: string) => {
    const subject = String(name);
    const plain = Buffer.from(decrypt(derived.get(subject)!, sealed as Uint8Array, Buffer.from(data)));
    return canariesIn(plain).map(({ word, block }) => ({
      ...{
        stream,
        subject,
        what,
        words: word,
        block,
        isIndex: true,
        secret: plain.subarray(block * 16, block * 16 + 16),
      },
    }));
  };
  return [
    ...disk
      .execute("SELECT seq, subject, sealed FROM memory_facts", [])
      .flatMap(([seq, subject, sealed]) => opened(`fact ${seq}`, subject, sealed, `fact ${subject} ${seq}`)),
    ...disk
      .execute("SELECT name, sealed FROM index_vocabulary v JOIN index_subjects s ON s.id = v.subject", [])
      .flatMap(([name, sealed]) => opened("vocabulary", name, sealed, `index vocabulary of ${name}`)),
    ...vectorsIn(disk, stream, keys),
  ];
}

function vectorsIn(disk: Disk, stream: string, keys: ReadonlyMap<string, Uint8Array>): ReadonlyArray<Kept> {
  const rows = disk.execute(
    `SELECT v.seq, v.subject, v.key, v.model, v.dimensions, v.sealed,
            (SELECT group_concat(source) FROM vector_sources s WHERE s.seq = v.seq) FROM vectors v`,
    [],
  );
  return rows.flatMap(([seq, subject, key, model, dimensions, sealed, sources]): ReadonlyArray<Kept> => {
    const data = JSON.stringify(["vectors", stream, seq, subject, key, model, dimensions]);
    const plain = decrypt(keys.get(`${subject} ${key}`)!, sealed as Uint8Array, Buffer.from(data));
    const around = String(sources ?? "").split(",");
    const row = { stream, subject: String(subject), what: `vector ${seq}` };
    // Eight bytes of scales, 32 of its own direction, 32 of its window's: each has a block of its own.
    return [
      { ...row, words: `<${seq}>`, secret: plain.subarray(16, 32), block: 1 },
      { ...row, words: [seq, ...around].map((each) => `<${each}>`).join(""), secret: plain.subarray(48, 64), block: 3 },
    ];
  });
}

/**
 * Where in these bytes canaries stand, each with a block by which it is told from all others. Not of all, for each block
 * is another walk through every file.
 */
function canariesIn(plain: Buffer): ReadonlyArray<{ readonly word: string; readonly block: number }> {
  return [...plain.toString("latin1").matchAll(CANARY)].flatMap(({ 0: word, index }) => {
    const first = Math.floor(index / 16);
    if (Number(word.slice(-4, -1)) % 10 !== WATCHED) return [];
    const block = [first, first + 1].find((each) => {
      const bytes = plain.subarray(each * 16, each * 16 + 16);
      return bytes.length === 16 && bytes.includes(word.slice(-3, -1));
    });
    return block === undefined ? [] : [{ word, block }];
  });
}

// ── the tales ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** What dana and eli say, one after the other; now and then to Ada. */
async function talk(world: World, until: Until): Promise<void> {
  for (let number = 0; number < MESSAGES; number++)
    for (const by of [dana, eli]) {
      const called = number % 5 === 4 ? "@Ada " : "";
      await until(
        world.people.post(by, lobby, { text: `${called}I live in ${canary(by.name, number)} Upon The River.` }),
      );
    }
}

/** More rows than are learned at once, so that the last ones wait for a moment; what is no memory only takes up room. */
const taught = Array.from({ length: 210 }, (_, index) => {
  const by = index % 2 === 0 ? dana : eli;
  if (index < 200) return { row: index + 1, reason: "too-long" };
  const content = `The shed of ${by.name}: ${canary(by.name, 700 + index)}.`;
  const context = { room_id: "the shed" };
  return { row: index + 1, input: { kind: "semantic" as const, content, about: [by.userId], context } };
});

/** How many canaries of somebody there are in each kind of thing that is kept. */
function inEach(kept: ReadonlyArray<Kept>, whose: string): Readonly<Record<string, number>> {
  const counted = [...Map.groupBy(kept, ({ what }) => what.split(" ")[0]!)].map(([kind, those]) => {
    const words = those.flatMap(({ words }) => words.toLowerCase().match(CANARY) ?? []);
    return [kind, new Set(words.filter((word) => word.includes(whose))).size] as const;
  });
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}

const some = expect.any(Number);
const heard = { MessageReceived: MESSAGES, MessagePosted: MESSAGES, chunk: 5 };
const made = { MemoryFormed: some, RoomSummarized: some, fact: some, vocabulary: some };
const said = { ModelReplied: 9, ReplyDrafted: 9, MessagePosted: 9, RoomSummarized: some };

/** A memory, by its id and the event of its words. */
interface Memory {
  readonly memoryId: string;
  readonly seq: number;
}

/** A house in which Ada has heard, noted, drawn, learned, embedded and said things with canaries in them. */
class Scene {
  readonly world: World;
  readonly until: Until;
  readonly house: House;
  readonly elsewhere: Elsewhere;
  /** All that was sealed before anything was forgotten. */
  before: ReadonlyArray<Kept> = [];

  constructor(world: World, until: Until, house: House, elsewhere: Elsewhere) {
    this.world = world;
    this.until = until;
    this.house = house;
    this.elsewhere = elsewhere;
  }

  async begin(): Promise<void> {
    const { world, until, house, elsewhere } = this;
    const model = { provider: "anthropic", model: "claude" };
    granted(await until(ask<Reply>(world, "AGENT", ada, "change", eli, "change", model)));
    for (const by of [dana, eli])
      granted(await until(ask<Reply>(world, "USER", by.userId, "decideConsent", by, "agrees", ada, true)));
    await talk(world, until);
    granted(await until(ask<Reply>(world, "AGENT", ada, "train", eli, "training", taught)));
    const waiting = house.kept().filter(({ what }) => what.startsWith("chunk"));
    // Quiet enough for facts to be drawn.
    await until(world.clock.sleep(45 * 60_000, "a pause"));
    this.before = [...house.kept(), ...waiting];
    // What the scene is worth: everything that could hold a canary does, and is found.
    for (const { name } of [dana, eli]) expect(inEach(this.before, name)).toEqual({ ...heard, ...made });
    expect(inEach(this.before, "ada")).toEqual(said);
    expect(house.readable(this.before)).toHaveLength(this.before.length);
    expect(house.indexed([canary("dana", 7), canary("eli", 7), canary("ada", 7)])).toHaveLength(3);
    const memories = this.memories("state = 'live'").map(({ memoryId }) => memoryId);
    expect(elsewhere.ids.toSorted()).toEqual(memories.toSorted());
  }

  /** Ada's memories that fit a condition. */
  memories(where: string): ReadonlyArray<Memory> {
    const { disk } = this.world.platform.object("AGENT", ada);
    return disk
      .execute(`SELECT memory_id, seq FROM memories m WHERE ${where}`, [])
      .map(([memoryId, seq]) => ({ memoryId: String(memoryId), seq: Number(seq) }));
  }

  /** The memory whose words these are. */
  memoryOf(word: string, type: string): Memory {
    const said = this.before.find(({ what, words }) => what.startsWith(type) && words.includes(word));
    return this.memories(`seq = ${said!.what.split(" ")[1]}`)[0]!;
  }

  /** The keys of everybody turn, and the old ones leave the settings. */
  async rotate(): Promise<void> {
    const { world, until } = this;
    world.turnKey();
    killAll(world);
    await until(messages(world));
    await until(world.clock.sleep(120_000, "a pause"));
    world.forgetOldKeys();
    killAll(world);
  }

  /** Nothing is left of these memories, of what said the same, and of what else `isGone`; the rest is as it was. */
  checkGone(memories: ReadonlyArray<Memory>, isGone: (kept: Kept) => boolean): void {
    const { house, world, before, elsewhere } = this;
    const own = before.filter(({ stream }) => stream === agentName(ada));
    const seqs = new Set(memories.map(({ seq }) => String(seq)));
    const words = own.flatMap(({ what, words }) => (seqs.has(what.split(" ")[1]!) ? (words.match(CANARY) ?? []) : []));
    const isOfThem = (kept: Kept) =>
      words.some((word) => kept.words.toLowerCase().includes(word)) ||
      [...seqs].some((seq) => kept.words.includes(`<${seq}>`));
    const gone = new Set([...before.filter(isGone), ...own.filter(isOfThem)]);
    const read = new Set(house.readable(before));
    expect([...gone].filter((kept) => read.has(kept)).map(({ what }) => what)).toEqual([]);
    expect(house.indexed([...new Set(words)])).toEqual([]);
    // What waited to be learned is learned; vocabulary, vectors and notes are made anew.
    const stays = before.filter((kept) => !gone.has(kept) && /^[A-Z]|^fact/.test(kept.what));
    expect(stays.filter((kept) => !read.has(kept)).map(({ what }) => what)).toEqual([]);
    expect(stays.length).toBeGreaterThan(MESSAGES);
    const files = house.files();
    const secrets = before.map(({ secret }) => secret);
    expect(inClear(files, secrets)).toEqual([]);
    const outside = [world.readModels.content(), [...world.caches.kept.values()].join(), elsewhere.ids.join()];
    for (const where of [...files.map((bytes) => bytes.toString("latin1")), ...outside])
      expect(where.match(CANARY)).toBeNull();
    for (const { memoryId } of memories) for (const where of outside) expect(where).not.toContain(memoryId);
  }
}

async function inScene(tale: (scene: Scene) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "troupe-bytes-"));
  const elsewhere = new Elsewhere();
  const begin = async (world: World, until: Until) => {
    // The chance of a story is that of all others, and so would be its keys: what is looked for must be there once.
    Object.defineProperty(crypto, "getRandomValues", { configurable: true, value: randomFillSync });
    const scene = new Scene(world, until, new House(world, folder), elsewhere);
    await scene.begin();
    await tale(scene);
  };
  try {
    await told(begin, { folder, abilities: abilitiesWith(elsewhere) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("after the next rotation no byte gives anything away", () => {
  it("of a memory that was deleted, of the facts and notes made of it, and of what was thought before it was said", () =>
    inScene(async (scene) => {
      const { world, until } = scene;
      const known = scene.memories("1");
      const message = scene.memoryOf(canary("dana", 7), "MessageReceived");
      const reply = scene.memoryOf(canary("ada", 7), "ReplyDrafted");
      for (const { memoryId } of [message, reply])
        granted(await until(ask<Reply>(world, "AGENT", ada, "forgetMemory", eli, `forget ${memoryId}`, memoryId)));
      await scene.rotate();
      const left = new Set(scene.memories("1").map(({ memoryId }) => memoryId));
      const gone = known.filter(({ memoryId }) => !left.has(memoryId));
      expect(gone).toHaveLength(3);
      scene.checkGone(gone, ({ what }) => what.startsWith("RoomSummarized"));
    }));

  it("of a person who was erased, whoever kept it", () =>
    inScene(async (scene) => {
      const about = "EXISTS (SELECT 1 FROM memory_people p WHERE p.seq = m.seq AND p.user_id = 'user_dana')";
      const gone = scene.memories(about);
      granted(await scene.until(erase(scene.world, dana)));
      await scene.rotate();
      scene.checkGone(gone, ({ subject, words }) => subject === userName(dana.userId) || /canarydana/i.test(words));
    }));

  it("of an agent that was deleted, of whomever it was", () =>
    inScene(async (scene) => {
      const gone = scene.memories("1");
      await scene.until(scene.world.people.remove(eli, ada));
      await scene.rotate();
      scene.checkGone(gone, ({ stream, subject }) => [stream, subject].includes(agentName(ada)));
      expect(scene.elsewhere.ids).toEqual([]);
    }));
});
