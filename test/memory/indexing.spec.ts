/** Indexing what comes all at once: a portion a breath, the rest by a timer, and never a search that waits for all of it. */
import { Context, Effect } from "effect";
import { beforeEach, describe, expect, it } from "vitest";
import { INDEX_MEMORIES } from "#actors/agent/memory/memory.ts";
import { Embedder } from "#actors/agent/turn/memory-ports.ts";
import { dana, lobby, memoryId, settings, words } from "../support/given.ts";
import { noVectors, World } from "../support/rememberer.ts";

/** At most so many more are indexed from one breath to the next. */
const PORTION = 50;
const ALL = 4 * PORTION;
const embedder = Context.get(noVectors, Embedder);

let world = new World();
beforeEach(() => {
  world = new World();
});

const indexed = () => {
  const [table] = world.sql.rows("SELECT 1 FROM sqlite_master WHERE name = 'index_entries'");
  return table === undefined ? 0 : Number(world.sql.rows("SELECT count(*) FROM index_entries")[0]![0]);
};

/** Ada, who has learned so much with one command. */
function taught(count = ALL, woken = world.begin({ embedder })) {
  const about = { kind: "semantic", importance: 0.5, about: [dana], audience: "public", speaker: null } as const;
  woken.take({
    type: "AddMemories",
    memories: Array.from({ length: count }, (_, index) => ({
      ...{ ...about, basis: "trained", origin: "owner", roomId: null, sourceSeqs: [] },
      ...{ memoryId: memoryId(`taught ${index}`), words: words({ content: `Shelf ${index} holds kayaks.` }) },
    })),
  });
  return woken;
}

const search = (woken: ReturnType<typeof taught>, text: string) => {
  const scope = woken.memory.inForce();
  return Effect.runPromise(woken.memory.search({ text, limit: 3, scope })).then(({ found, degraded }) => ({
    found: found.map(({ content }) => content),
    degraded,
  }));
};

/** The timer rings until it is set no more; how many were indexed before each breath and after the last one. */
async function levels(woken: ReturnType<typeof taught>): Promise<ReadonlyArray<number>> {
  const seen = [indexed()];
  while (woken.timers.dueOf(INDEX_MEMORIES) !== undefined) {
    await woken.settle(1);
    seen.push(indexed());
  }
  return seen;
}

const expectPortions = (seen: ReadonlyArray<number>) => {
  expect(seen.at(-1)).toBe(ALL);
  expect(Math.max(...seen.slice(1).map((count, index) => count - seen[index]!))).toBeLessThanOrEqual(PORTION);
};

describe("what comes all at once", () => {
  it("is indexed a portion at a time, by a timer, and searches say meanwhile that there may be more", async () => {
    const woken = taught();
    expect(indexed()).toBe(PORTION);
    const early = await search(woken, `Which shelf is shelf ${ALL - 1}?`);
    expect(early.degraded).toBe(true);
    expect(early.found).not.toContain(`Shelf ${ALL - 1} holds kayaks.`);
    expect(indexed()).toBeLessThanOrEqual(2 * PORTION);
    expectPortions(await levels(woken));
    const later = await search(woken, `Which shelf is shelf ${ALL - 1}?`);
    expect(later).toMatchObject({ degraded: false });
    expect(later.found[0]).toBe(`Shelf ${ALL - 1} holds kayaks.`);
  });

  it("goes on after a death, with the next timer", async () => {
    taught();
    const woken = world.wake({ embedder });
    expectPortions(await levels(woken));
  });
});

describe("what is embedded", () => {
  it("waits until it is indexed: with what was said before it, not alone", async () => {
    // More than are indexed before the first request to the embedder is due.
    await taught(2 * ALL, world.begin()).settle(100);
    world.sql.run("UPDATE meta SET value = '1/1' WHERE key = 'memories'");
    const woken = world.wake();
    woken.say("one", "The lamp hums.");
    woken.say("two", "It is the old one.");
    await woken.settle(100);
    expect(world.embedded.flat()).toContain("The lamp hums.\nIt is the old one.");
  });
});

describe("what has to be indexed anew", () => {
  it("for an older program wrote the rows, leaves the index at once and comes back a portion at a time", async () => {
    const before = taught();
    await levels(before);
    world.sql.run("UPDATE meta SET value = '1/1' WHERE key = 'memories'");
    const woken = world.wake({ embedder });
    expect((await search(woken, "Which shelf is shelf 3?")).degraded).toBe(true);
    expect(indexed()).toBeLessThanOrEqual(PORTION);
    expectPortions(await levels(woken));
    expect((await search(woken, "Which shelf is shelf 3?")).found[0]).toBe("Shelf 3 holds kayaks.");
  });

  it("for a key has turned, as well", async () => {
    const woken = taught();
    await levels(woken);
    world.keys.turn(`user:${dana}`);
    woken.turnKey(dana);
    expect(indexed()).toBe(PORTION);
    expect((await search(woken, "Which shelf is shelf 3?")).degraded).toBe(true);
    expectPortions(await levels(woken));
    expect((await search(woken, "Which shelf is shelf 3?")).found[0]).toBe("Shelf 3 holds kayaks.");
  });
});

describe("a memory that is switched off", () => {
  it("recalls nothing: in a search, in a room, or of what a prompt holds already", async () => {
    const woken = taught();
    await levels(woken);
    const rows = woken.memory.register.where("m.state = 'live'", [], 1);
    expect(woken.memory.recall().tellable([rows[0]!.seq], lobby)).toEqual([rows[0]!.seq]);
    woken.take({
      ...{ type: "ReconfigureAgent", settings: { ...settings, memoryEnabled: false }, tools: [], words: words() },
    });
    expect(await search(woken, "Which shelf is shelf 3?")).toEqual({ found: [], degraded: false });
    expect(await woken.recalled("What do you know about me?", [dana])).toMatchObject({ ids: [] });
    expect(woken.memory.recall().tellable([rows[0]!.seq], lobby)).toEqual([]);
  });
});
