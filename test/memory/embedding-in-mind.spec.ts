/** Vectors at work in an agent's memory: made when memories come, heard in a search, gone with what is forgotten, here and elsewhere. */
import { beforeEach, describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { REEMBED_MEMORIES } from "#actors/agent/memory/embedding/reembedding.ts";
import { Broken } from "#actors/agent/turn/failures.ts";
import { type Reranker, RerankFailure } from "#actors/agent/turn/memory-ports.ts";
import { type MemoryId, userName } from "#events/kit/ids.ts";
import { hashedEmbedder } from "#src/memory/embed/hashed.ts";
import { startVectorize } from "../contract/vector-index-vectorize.ts";
import { ada, dana, eli, lobby, memoryId } from "../support/given.ts";
import { attic, World } from "../support/rememberer.ts";

let world: World;
beforeEach(() => {
  world = new World();
});

const tables = () =>
  world.sql
    .rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    .map(([name]) => String(name))
    .filter((name) => name.includes("vector") || name.includes("embedding"));
const ids = (...labels: ReadonlyArray<string>): ReadonlyArray<MemoryId> => labels.map(memoryId);

describe("without an embedder that knows meaning", () => {
  it("there are no tables, no timers and no requests, and a search is what it was", async () => {
    const quiet = { ...hashedEmbedder, embed: () => Effect.die("nobody asks it") };
    const woken = world.begin({ embedder: quiet, reranker: { configured: true, score: () => Effect.die("nor this") } });
    woken.learn("cat", "The cat is called Moritz.");
    woken.say("boat", "My boat leaks.");
    expect(await woken.found("boat?")).toContain("My boat leaks.");
    woken.forget("cat");
    woken.memory.keyTurned(userName(dana));
    woken.loseKey(dana);
    expect([tables(), woken.timers.next(), woken.memory.embeddings.progress()]).toEqual([[], undefined, undefined]);
    expect(woken.reports).toEqual([]);
  });
});

describe("a memory that comes", () => {
  it("is embedded behind the conversation, and found by what it means", async () => {
    const woken = world.begin();
    woken.learn("cat", "Moritz lost his whiskers.");
    woken.learn("boat", "Vera sails on Sunday.");
    woken.learn("bread", "The loaf is in the oven.");
    expect(woken.memory.embeddings.progress()).toMatchObject({ status: "running", done: 0, total: 3 });
    await woken.settle();
    expect(woken.memory.embeddings.progress()).toMatchObject({ status: "done", done: 3, total: 3 });
    const [first] = await woken.search("Any feline news?");
    expect(first).toMatchObject({ content: "Moritz lost his whiskers." });
    expect(first!.similarity).toBeGreaterThan(0.95);
    expect((await woken.found("Is there a vessel?"))[0]).toBe("Vera sails on Sunday.");
  });

  it("also one whose message came before others that are embedded already", async () => {
    const woken = world.begin();
    woken.learn("late", "Vera sails on Sunday.");
    await woken.settle();
    woken.say("cat", "Moritz lost his whiskers.");
    woken.say("bread", "The loaf is done.");
    await woken.settle();
    expect(world.vectors()).toEqual(ids("late", "cat", "bread"));
  });

  it("is embedded with the two before it in its conversation, as far as whoever may hear it may hear them", async () => {
    const woken = world.begin();
    for (const [label, text, by, room] of [
      ["one", "First.", dana, lobby],
      ["two", "Second.", dana, lobby],
      ["aside", "Elsewhere.", dana, attic],
      ["his", "His.", eli, lobby],
      ["three", "Third.", dana, lobby],
    ] as const)
      woken.say(label, text, by, room);
    await woken.settle();
    expect(world.embedded.flat().filter((text) => text.includes("\n"))).toEqual(["First.\nSecond.", "Second.\nThird."]);
  });

  it("that is said anew or restored is embedded anew; while it is archived there is nothing of it", async () => {
    const woken = world.begin();
    woken.learn("cat", "Moritz lost his whiskers.");
    await woken.settle();
    woken.take({ type: "ArchiveMemories", memoryIds: ids("cat") });
    expect(world.vectors()).toEqual([]);
    woken.take({ type: "RestoreMemories", memoryIds: ids("cat") });
    await woken.settle();
    expect(world.vectors()).toEqual(ids("cat"));
  });
});

describe("another model", () => {
  it("begins anew at the first question after the wake, and tells how far it is", async () => {
    const before = world.begin();
    before.learn("cat", "Moritz lost his whiskers.");
    before.learn("boat", "Vera sails on Sunday.");
    await before.settle();
    const woken = world.wake({ embedder: world.thinking("test/two") });
    await woken.found("feline");
    expect(woken.memory.embeddings.progress()).toMatchObject({
      status: "running",
      model: "test/two",
      done: 0,
      total: 2,
    });
    await woken.settle();
    expect(woken.memory.embeddings.progress()).toMatchObject({ status: "done", done: 2 });
    expect(world.sql.rows("SELECT DISTINCT model FROM vectors")).toEqual([["test/two"]]);
  });

  it("makes vectors of what was remembered when there was none", async () => {
    const before = world.begin({ embedder: hashedEmbedder });
    before.learn("cat", "Moritz lost his whiskers.");
    const woken = world.wake();
    await woken.found("feline");
    await woken.settle();
    expect((await woken.search("feline"))[0]).toMatchObject({ row: { memoryId: memoryId("cat") } });
    expect(world.vectors()).toEqual(ids("cat"));
  });
});

describe("the job", () => {
  it("stays cancelled when memories come, and goes on with all of them when it is resumed", async () => {
    const woken = world.begin();
    woken.learn("cat", "Moritz lost his whiskers.");
    woken.memory.embeddings.cancel();
    woken.learn("boat", "Vera sails on Sunday.");
    expect(await woken.settle()).toBe(0);
    expect(woken.memory.embeddings.progress()).toMatchObject({ status: "cancelled" });
    woken.memory.embeddings.resume();
    await woken.settle();
    expect(world.vectors()).toEqual(ids("cat", "boat"));
  });
});

describe("what leaves", () => {
  it("takes its vectors along in the same breath, and those of windows that hold its words", async () => {
    const woken = world.begin();
    woken.say("one", "The secret is out.");
    woken.say("two", "Indeed.");
    woken.say("three", "Yes.");
    woken.say("four", "So it is.");
    await woken.settle();
    world.embedded = [];
    woken.forget("one");
    expect(world.vectors()).toEqual(ids("four"));
    await woken.settle();
    expect(world.vectors()).toEqual(ids("two", "three", "four"));
    expect(world.embedded.flat().join()).not.toContain("secret");
  });

  it("while its window is embedded is in none: that is made anew without it", async () => {
    const woken = world.begin();
    woken.say("one", "The secret is out.");
    woken.say("two", "Indeed.");
    world.meanwhile = () => woken.forget("one");
    await woken.settle();
    expect(world.vectors()).toEqual(ids("two"));
    expect(world.embedded.at(-1)).toEqual(["Indeed."]);
  });

  it("by consent withdrawn or a key destroyed leaves nothing", async () => {
    const woken = world.begin();
    woken.learn("hers", "Moritz lost his whiskers.");
    woken.learn("his", "Vera sails on Sunday.", [eli]);
    woken.learn("both", "They bake bread.", [eli, dana]);
    await woken.settle();
    woken.take({ type: "NoteConsent", userId: dana, granted: false });
    expect(world.vectors()).toEqual(ids("his"));
    woken.loseKey(eli);
    expect(world.vectors()).toEqual([]);
    expect(world.sql.rows("SELECT * FROM vector_sources")).toEqual([]);
  });

  it("and was overlooked in another life goes with the first question of this one", async () => {
    const before = world.begin();
    before.learn("cat", "Moritz lost his whiskers.");
    await before.settle();
    world.sql.run("UPDATE memories SET state = 'archived'");
    const woken = world.wake();
    await woken.found("feline");
    expect(world.vectors()).toEqual([]);
  });
});

describe("a rotation", () => {
  it("seals the vectors under the new generation, so that the old one may go", async () => {
    const woken = world.begin();
    woken.learn("cat", "Moritz lost his whiskers.");
    await woken.settle();
    world.keys.turn(userName(dana));
    expect((await woken.search("feline"))[0]!.similarity).toBeGreaterThan(0.95);
    woken.turnKey(dana);
    world.keys.retire(userName(dana), 1);
    world.embedded = [];
    const after = world.wake();
    expect((await after.search("feline"))[0]!.similarity).toBeGreaterThan(0.95);
    expect(world.embedded).toEqual([["feline"]]); // the question alone
  });

  it("of a key that was lent before she was made leaves her as able to remember as any", async () => {
    const woken = world.wake();
    woken.turnKey(dana);
    world.begin({}, woken).learn("boat", "Vera sails on Sunday.");
    expect(woken.reports).toEqual([]);
    expect(await woken.found("Vera?")).toEqual(["Vera sails on Sunday."]);
  });

  it("makes anew what no generation opens", async () => {
    const woken = world.begin();
    woken.learn("cat", "Moritz lost his whiskers.");
    await woken.settle();
    world.keys.turn(userName(dana));
    woken.ledger.rewrap(userName(dana), 100);
    world.keys.retire(userName(dana), 1);
    woken.turnKey(dana);
    expect(world.vectors()).toEqual([]);
    await woken.settle();
    expect(world.vectors()).toEqual(ids("cat"));
  });
});

describe("a search", () => {
  it("is answered without vectors while the embedder fails", async () => {
    const woken = world.begin();
    woken.learn("boat", "Vera sails on Sunday.");
    await woken.settle();
    world.isBroken = true;
    expect(await woken.found("Vera?")).toEqual(["Vera sails on Sunday."]);
    expect(await woken.recalled("Vera?", [dana])).toEqual({ ids: ids("boat"), degraded: true });
  });

  it("takes the reranker's order of the first, each with the relevance of its place", async () => {
    let isAway = false;
    const scored: Array<ReadonlyArray<string>> = [];
    const reranker: Reranker["Service"] = {
      configured: true,
      score: (_query, texts) => {
        scored.push(texts);
        if (isAway) return Effect.fail(new RerankFailure({ provider: "test", reason: new Broken({}) }));
        return Effect.succeed(texts.map((text) => (text.includes("Lucerne") ? 9 : 1)));
      },
    };
    const woken = world.begin({ reranker });
    woken.learn("far", "There is a boat in Lucerne.");
    woken.learn("near", "The boat, a vessel, sails.");
    await woken.settle();
    const contents = ["There is a boat in Lucerne.", "The boat, a vessel, sails."];
    const moved = await woken.search("boat vessel sails");
    expect(moved.map(({ content }) => content)).toEqual(contents);
    expect(moved[0]!.relevance).toBeGreaterThan(moved[1]!.relevance);
    isAway = true;
    expect(await woken.found("boat vessel sails")).toEqual(contents.toReversed());
    expect(scored).toHaveLength(2);
  });
});

describe("a remote index", () => {
  const outside = () => ({ index: world.service.index });
  const held = () => [...world.service.held(ada)].toSorted();

  it("gets what is embedded, and what it finds passes only through the scope", async () => {
    const woken = world.begin(outside());
    woken.learn("cat", "Moritz lost his whiskers.");
    woken.learn("boat", "Vera sails on Sunday.", [eli], "about");
    await woken.settle();
    expect(held()).toEqual([...ids("cat", "boat")].toSorted());
    // Here they are lost, so that only the index knows them.
    world.sql.run("DELETE FROM vectors");
    const deaf = world.wake(outside());
    const all = [...ids("cat", "boat")].toSorted();
    expect(await deaf.recalled("feline vessel", [eli])).toEqual({ ids: all, degraded: false });
    expect(await deaf.recalled("feline vessel", [dana])).toEqual({ ids: ids("cat"), degraded: false });
    const none = { where: "m.kind = 'nothing'", parameters: [] };
    expect(await deaf.search("feline vessel", none)).toEqual([]);
  });

  it("loses what is about somebody who is erased, and until that was counted it is said how much is left there", async () => {
    const woken = world.begin(outside());
    woken.learn("cat", "Moritz lost his whiskers.", [eli]);
    woken.learn("boat", "Vera sails on Sunday.");
    woken.learn("both", "Vera belongs to both.", [dana, eli]);
    await woken.settle();
    woken.loseKey(eli);
    expect(woken.ledger.state.consents[eli]).toBe("refused");
    expect(woken.memory.forgetting.of(eli, 0)).toEqual({ forgotten: 2, left: 0, elsewhere: 2, indexesLeft: [] });
    expect(woken.memory.forgetting.of(eli, world.now + 1)).toMatchObject({ forgotten: 0 });
    await woken.settle();
    expect(woken.memory.forgetting.of(eli, 0)).toEqual({ forgotten: 2, left: 0, elsewhere: 0, indexesLeft: [] });
    expect(woken.memory.forgetting.of(dana, 0)).toEqual({ forgotten: 0, left: 1, elsewhere: 0, indexesLeft: [] });
  });

  it("loses a memory that is forgotten, and counts that it did", async () => {
    const woken = world.begin(outside());
    woken.learn("cat", "Moritz lost his whiskers.");
    woken.learn("boat", "Vera sails on Sunday.");
    await woken.settle();
    woken.forget("cat");
    const [event] = woken.ledger.newest("MemoryForgotten", 1);
    expect(woken.memory.embeddings.removedAt(event!)).toBeNull();
    expect(woken.memory.embeddings.standing()).toMatchObject({ there: 1, going: 1 });
    await woken.settle();
    expect(woken.memory.embeddings.removedAt(event!)).toBeGreaterThan(event!.at);
    expect(held()).toEqual(ids("boat"));
    expect(woken.memory.embeddings.standing()).toEqual({ due: 0, there: 1, going: 0, removed: 0 });
  });

  it("loses all of a person, also when it fails at first and the agent dies meanwhile", async () => {
    const before = world.begin(outside());
    before.learn("cat", "Moritz lost his whiskers.");
    before.learn("boat", "Vera sails on Sunday.", [eli]);
    before.learn("both", "They bake bread.", [eli, dana]);
    await before.settle();
    world.service.meets(...Array.from({ length: 9 }, () => ({ fault: "broken" }) as const));
    before.loseKey(eli);
    await before.settle(1);
    expect(held()).toHaveLength(3);
    const woken = world.wake(outside());
    await woken.settle();
    expect(held()).toEqual(ids("cat"));
    expect(woken.memory.embeddings.standing()).toEqual({ due: 0, there: 1, going: 0, removed: 0 });
  });

  it("loses all of an agent that is deleted, though its other timers end with it", async () => {
    const woken = world.begin(outside());
    for (const label of ["cat", "boat", "cello"]) woken.learn(label, `A ${label}.`);
    await woken.settle();
    woken.learn("bread", "A loaf.");
    world.service.meets({ fault: "broken" }, { fault: "broken" }, { fault: "broken" }, { fault: "broken" });
    woken.take({ type: "DeleteAgent" });
    expect([world.vectors(), woken.timers.dueOf(REEMBED_MEMORIES)]).toEqual([[], undefined]);
    await woken.settle(1);
    expect(held()).toHaveLength(3);
    await woken.settle();
    expect(held()).toEqual([]);
    expect(woken.memory.embeddings.standing()).toEqual({ due: 0, there: 0, going: 0, removed: 0 });
    expect(await Effect.runPromise(world.service.index.count(ada))).toBe(0);
  });

  it("that was taken out of the settings holds up no receipt, and loses what it is to lose when it is back", async () => {
    const before = world.begin(outside());
    before.learn("cat", "Moritz lost his whiskers.");
    before.learn("boat", "Vera sails on Sunday.", [eli]);
    await before.settle();
    world.service.meets(...Array.from({ length: 4 }, () => ({ fault: "broken" }) as const));
    before.loseKey(eli);
    await before.settle(1);
    expect(before.memory.forgetting.of(eli, 0)).toMatchObject({ forgotten: 1, left: 0, elsewhere: 1, indexesLeft: [] });
    const without = world.wake();
    await without.settle();
    const indexesLeft = [world.service.index.name];
    expect(without.memory.forgetting.of(eli, 0)).toEqual({ forgotten: 1, left: 0, elsewhere: 0, indexesLeft });
    expect([held(), without.timers.next()]).toEqual([[...ids("cat", "boat")].toSorted(), undefined]);
    const again = world.wake(outside());
    expect(again.memory.forgetting.of(eli, 0)).toMatchObject({ elsewhere: 1 });
    await again.settle();
    expect(again.memory.forgetting.of(eli, 0)).toMatchObject({ elsewhere: 0, indexesLeft: [] });
    expect(held()).toEqual(ids("cat"));
  });

  it("in whose place another one is holds up no receipt either, and is named in it", async () => {
    const before = world.begin(outside());
    before.learn("cat", "Moritz lost his whiskers.");
    before.learn("boat", "Vera sails on Sunday.", [eli]);
    await before.settle();
    const other = startVectorize({ dimensions: world.thinking().dimensions }).remote;
    const woken = world.wake({ index: { ...other.index, name: "another" } });
    expect(woken.memory.forgetting.of(eli, 0)).toMatchObject({ left: 1, indexesLeft: [] });
    woken.loseKey(eli);
    const indexesLeft = [world.service.index.name];
    expect(woken.memory.forgetting.of(eli, 0)).toEqual({ forgotten: 1, left: 0, elsewhere: 0, indexesLeft });
  });
});
