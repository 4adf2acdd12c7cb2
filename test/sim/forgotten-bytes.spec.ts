/** One memory, one person, one agent is forgotten: after the next rotation no byte of any file gives any of its words away, with all keys there are, and D1, KV and the index elsewhere hold nothing of it. */
import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AgentErasure, ErasurePage } from "#actors/kit/key-doors.ts";
import type { Reply } from "#actors/kit/reply.ts";
import { agentName, userName } from "#events/kit/ids.ts";
import { inClear } from "./bytes.ts";
import { abilitiesWith, CANARY, canary, Elsewhere } from "./canaries.ts";
import { House, type Kept } from "./sealed-rows.ts";
import { ada, ask, dana, eli, erase, granted, has, killAll, lobby, messages, told, type Until } from "./tales.ts";
import type { World } from "./world.ts";

const MESSAGES = 20;

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

const SAID: ReadonlySet<unknown> = new Set(["ModelReplied", "ToolExecuted", "ToolFailed", "ReplyDrafted"]);

/** The open part of an event of a turn, as far as it is read here. */
interface Told {
  readonly turnId?: string;
  readonly tells?: ReadonlyArray<string>;
  readonly turn?: { readonly tells: ReadonlyArray<string> } | null;
}

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
    // One that holds nobody's words may have been written over by then: nothing is looked for in it.
    const holds = (words: string) => words.toLowerCase().match(CANARY) !== null;
    const waiting = house.kept().filter(({ what, words }) => what.startsWith("chunk") && holds(words));
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

  /** What models, tools and agents said in turns that may say again what somebody said, by stream and event. */
  telling(userId: string): ReadonlySet<string> {
    const told = new Set<string>();
    for (const { disk, stream } of this.world.platform.objects.values()) {
      if (!has(disk, "event_keys")) continue;
      const rows = disk.execute("SELECT type, seq, open FROM events", []).map(([type, seq, open]) => ({
        ...{ what: `${stream} ${type} ${seq}`, type, open: JSON.parse(String(open)) as Told },
      }));
      const tells = ({ open }: (typeof rows)[number]) => (open.tells ?? open.turn?.tells ?? []).includes(userId);
      const turns = new Set(rows.filter(tells).flatMap(({ open }) => open.turnId ?? []));
      for (const row of rows) if (tells(row) || (SAID.has(row.type) && turns.has(row.open.turnId!))) told.add(row.what);
    }
    return told;
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

  /** The receipts of what Ada erased at her owner's wish, the newest first; nothing is open, and no key in use opens a copy. */
  async receipts(): Promise<ReadonlyArray<AgentErasure>> {
    const { world, until } = this;
    const asked = ask<Reply<ErasurePage>>(world, "AGENT", ada, "erasures", eli, { limit: 200 });
    const { erasures } = granted(await until(asked));
    for (const { completedAt, elsewhere, whatRemains } of erasures) {
      expect(completedAt).toEqual(expect.any(Number));
      expect([elsewhere, whatRemains.openableWith, whatRemains.indexesLeft]).toEqual([0, [], []]);
    }
    return erasures.filter(({ requestedBy, what }) => requestedBy !== null && what !== "notes");
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
      const named = (await scene.receipts()).flatMap(({ memoryIds }) => memoryIds);
      expect(named.toSorted()).toEqual(gone.map(({ memoryId }) => memoryId).toSorted());
      scene.checkGone(gone, ({ what }) => what.startsWith("RoomSummarized"));
    }));

  it("of a person who was erased, whoever kept it", () =>
    inScene(async (scene) => {
      const about = "EXISTS (SELECT 1 FROM memory_people p WHERE p.seq = m.seq AND p.user_id = 'user_dana')";
      const [known, hers] = [scene.memories("1"), scene.memories(about)];
      const said = new Set(scene.memories("origin = 'agent'").map(({ memoryId }) => memoryId));
      const telling = scene.telling(dana.userId);
      granted(await scene.until(erase(scene.world, dana)));
      await scene.rotate();
      const left = new Set(scene.memories("1").map(({ memoryId }) => memoryId));
      const gone = known.filter(({ memoryId }) => !left.has(memoryId));
      expect(gone).toEqual(expect.arrayContaining([...hers]));
      // What else went Ada had said to others with something of hers in mind.
      const others = gone.filter(({ memoryId }) => !hers.some((own) => own.memoryId === memoryId));
      expect(others.every(({ memoryId }) => said.has(memoryId))).toBe(true);
      expect(telling.size).toBeGreaterThan(10);
      scene.checkGone(
        gone,
        ({ subject, stream, what, words }) =>
          subject === userName(dana.userId) || telling.has(`${stream} ${what}`) || /canarydana/i.test(words),
      );
    }));

  it("of an agent that was deleted, of whomever it was", () =>
    inScene(async (scene) => {
      const gone = scene.memories("1");
      await scene.until(scene.world.people.remove(eli, ada));
      await scene.until(scene.world.clock.sleep(1_000, "the Vault's work"));
      await scene.rotate();
      scene.checkGone(gone, ({ stream, subject }) => [stream, subject].includes(agentName(ada)));
      expect(scene.elsewhere.ids).toEqual([]);
      const [receipt] = await scene.receipts();
      expect(receipt).toMatchObject({ what: "agent", generations: [1] });
      expect(receipt!.streams.map(({ stream }) => stream)).toContain(`room:${lobby}`);
    }));
});
