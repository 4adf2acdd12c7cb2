/** The daily sweep of an agent's memories, on a clock that is moved by hand: what it finds, what it spares, and that dying is no excuse. */
import { describe, expect, it } from "vitest";
import { nextSweep } from "#actors/agent/memory/sweep.ts";
import type { MemoryId } from "#events/kit/ids.ts";
import { accepted, doorOf, owner } from "../support/answering.ts";
import { dana, START } from "../support/given.ts";
import { DAY, type Death, Remembering } from "../support/remembering.ts";

const nothing = { merged: 0, superseded: 0, archived: 0, forgotten: 0 };

describe("when an agent tidies", () => {
  it("once a day from its first memory on, at a time of day that is its own", async () => {
    const agent = new Remembering();
    expect(agent.due).toBeUndefined();
    agent.add("The ferry leaves at seven.");
    const first = agent.due!;
    expect(first).toBeGreaterThan(START);
    expect(first).toBeLessThanOrEqual(START + DAY);
    agent.add("The shop opens at nine.");
    expect(agent.due).toBe(first);
    expect(await agent.swept()).toMatchObject({ looked: 2, ...nothing });
    expect(agent.due).toBe(first + DAY);
    await agent.swept();
    expect(agent.due).toBe(first + 2 * DAY);
  });

  it("no two hundred agents in the same minutes", () => {
    const times = Array.from({ length: 200 }, (_, index) => nextSweep(`agent ${index}`, START) - START);
    expect(Math.min(...times)).toBeGreaterThan(0);
    expect(Math.max(...times)).toBeLessThanOrEqual(DAY);
    expect(new Set(times.map((time) => Math.floor(time / (DAY / 48)))).size).toBeGreaterThan(40);
  });

  it("no longer when nothing is left to be remembered, and again with the next memory", async () => {
    const agent = new Remembering({ retentionDays: 1 });
    agent.says("Good morning, the ferry leaves at seven.");
    await agent.sweptAfter(2);
    expect(agent.due).toBeUndefined();
    agent.says("Good evening, the ferry is back.");
    expect(agent.due).toBeGreaterThan(agent.now);
  });
});

describe("retention", () => {
  it("an episode is unreadable from its due time on, to the millisecond, and forgotten by the next sweep", async () => {
    const agent = new Remembering();
    const [said, pinned] = [
      agent.says("My kayak is called Vera."),
      agent.says("My boat is called Otto.", { pinned: true }),
    ];
    const fact = agent.add("The ferry leaves at seven.");
    const { seq } = agent.row(said)!;
    agent.now = START + 90 * DAY - 1;
    expect(agent.readable()).toEqual([said, pinned, fact]);
    agent.now += 1;
    expect(agent.readable()).toEqual([pinned, fact]);
    expect(await agent.found("kayak")).not.toContain(said);
    expect(await agent.swept()).toMatchObject({ ...nothing, forgotten: 1 });
    expect(agent.of("MemoryForgotten").map(({ open }) => open)).toEqual([
      { memoryIds: [said], seqs: [seq], why: "expired" },
    ]);
    expect(agent.row(said)).toBeUndefined();
    expect(agent.sql.rows("SELECT 1 FROM event_keys WHERE seq = ?", seq)).toEqual([]);
    expect([agent.state(pinned), agent.state(fact)]).toEqual(["live", "live"]);
  });

  it("lasts as long as the owner says", async () => {
    const agent = new Remembering({ retentionDays: 7 });
    const said = agent.says("My kayak is called Vera.");
    agent.now = START + 7 * DAY - 1;
    expect(agent.readable()).toEqual([said]);
    agent.now += 1;
    expect(agent.readable()).toEqual([]);
    await agent.swept();
    expect(agent.row(said)).toBeUndefined();
  });

  it("of what was said again later is that of the later time", async () => {
    const agent = new Remembering();
    const long = agent.says("By the way, I keep my red kayak at the old harbour.");
    agent.now += 40 * DAY;
    const short = agent.says("I keep my red kayak at the old harbour.");
    expect(await agent.swept()).toMatchObject({ merged: 1 });
    expect([agent.state(long), agent.state(short)]).toEqual(["live", "merged"]);
    agent.now = START + 91 * DAY;
    await agent.swept();
    expect([agent.state(long), agent.state(short)]).toEqual([undefined, "live"]);
    expect(await agent.found("Where is the kayak?")).toEqual([short]);
    agent.now = START + 132 * DAY;
    await agent.swept();
    expect(agent.row(short)).toBeUndefined();
  });
});

describe("what was said twice", () => {
  it("becomes one, the longest, with all sources; the others leave the index and can be taken apart again", async () => {
    const agent = new Remembering();
    const short = agent.says("I keep my red kayak at the old harbour.");
    const other = agent.says("My accordion hums in the wet season.");
    const long = agent.says("As I said, I keep my red kayak at the old harbour!");
    expect(await agent.swept()).toMatchObject({ looked: 3, ...nothing, merged: 1 });
    expect(agent.row(long)).toMatchObject({ state: "live", mergedInto: null, sources: [] });
    expect(agent.row(short)).toMatchObject({ state: "merged", mergedInto: long });
    expect(await agent.found("kayak harbour")).toEqual([long, other]);
    agent.tell({ type: "SeparateMemories", into: long, from: [short] });
    expect(agent.row(short)).toMatchObject({ state: "live", mergedInto: null });
    expect(await agent.found("kayak harbour")).toEqual(expect.arrayContaining([short, long]));
    agent.says("Another thing altogether: the lamp hums.");
    expect(await agent.swept()).toMatchObject({ merged: 0 });
    expect([short, other, long].map((id) => agent.state(id))).toEqual(["live", "live", "live"]);
  });

  it("and was taken apart, does not meet again in something that is said later", async () => {
    const agent = new Remembering();
    const short = agent.says("I keep my red kayak at the old harbour.");
    const long = agent.says("As I said, I keep my red kayak at the old harbour!");
    await agent.swept();
    agent.tell({ type: "SeparateMemories", into: long, from: [short] });
    const longest = agent.says("By the way, as I said, I keep my red kayak at the old harbour, you know!");
    expect(await agent.swept()).toMatchObject({ merged: 1 });
    const joined = [short, long].filter((id) => agent.row(id)?.mergedInto === longest);
    expect(joined).toHaveLength(1);
    const apart = [short, long].find((id) => !joined.includes(id))!;
    expect(agent.row(apart)).toMatchObject({ state: "live", mergedInto: null });
    agent.wake();
    agent.says("Oh, by the way, as I said, I keep my red kayak at the old harbour, you know!");
    await agent.swept();
    expect(agent.memory.register.withMerged([agent.row(apart)!]).map(({ memoryId }) => memoryId)).not.toContain(
      joined[0],
    );
  });

  it("is taken apart a step at a time where one was merged after another", async () => {
    const agent = new Remembering();
    const first = agent.says("I keep my red kayak at the old harbour.");
    const second = agent.says("As I said, I keep my red kayak at the old harbour!");
    await agent.swept();
    const third = agent.says("By the way, as I said, I keep my red kayak at the old harbour, you know!");
    await agent.swept();
    expect([first, second, third].map((id) => agent.row(id)?.mergedInto)).toEqual([second, third, null]);
    agent.tell({ type: "SeparateMemories", into: third, from: [second] });
    expect([first, second, third].map((id) => agent.state(id))).toEqual(["merged", "live", "live"]);
    agent.tell({ type: "SeparateMemories", into: second, from: [first] });
    expect([first, second, third].map((id) => agent.state(id))).toEqual(["live", "live", "live"]);
  });

  it("and drawn from one another, they are neither merged into each other nor forgotten with each other", async () => {
    const agent = new Remembering();
    const episode = agent.says("I keep my red kayak at the old harbour.");
    const fact = agent.add("Dana owns a kayak.", { basis: "drawn", sources: [episode] });
    const again = agent.says("As I said, I keep my red kayak at the old harbour!");
    await agent.swept();
    expect(agent.row(episode)).toMatchObject({ state: "merged", mergedInto: again });
    expect(agent.memory.register.withMerged([agent.row(fact)!]).map(({ memoryId }) => memoryId)).toEqual([fact]);
  });

  it("is compared over days and among thousands, and only once", async () => {
    const agent = new Remembering();
    const first = agent.says("My gym is the big FitPoint downtown.");
    for (let count = 0; count < 120; count++) agent.says(`Thing number ${count} of the list is a word${count}x.`);
    expect(await agent.swept()).toMatchObject({ looked: 121, merged: 0 });
    const again = agent.says("I think my gym is the big FitPoint downtown, you know.");
    expect(await agent.swept()).toMatchObject({ looked: 1, merged: 1 });
    expect([agent.state(first), agent.state(again)].toSorted()).toEqual(["live", "merged"]);
    expect(await agent.swept()).toMatchObject({ looked: 0, ...nothing });
  });

  it.each([
    ["by another speaker", { speaker: "user:user_eli" }],
    ["for another audience", { audience: "about" }],
    ["about others too", { about: [] }],
    ["as something sensitive", { sensitive: true }],
    ["and pinned", { pinned: true }],
    ["by a tool", { origin: "tool" }],
    ["as another kind of memory", { kind: "social" }],
  ] as const)("%s, stays two", async (_how, over) => {
    const agent = new Remembering();
    agent.add("The ferry to the island leaves at seven.");
    agent.add("The ferry to the island leaves at seven.", over as Parameters<Remembering["add"]>[1]);
    expect(await agent.swept()).toMatchObject({ looked: 2, merged: 0 });
  });

  it("waits for tomorrow where the keys cannot be had, and keeps nothing else waiting", async () => {
    const agent = new Remembering({ retentionDays: 30 });
    const old = agent.says("The ferry leaves at seven from the pier.");
    agent.now += 40 * DAY;
    agent.add("I keep my red kayak at the old harbour.");
    agent.add("I keep my red kayak at the old harbour, you know.");
    agent.keys.withheld.add(`user:${dana}`);
    agent.isWithoutKeys = true;
    expect(await agent.swept()).toMatchObject({ merged: 0, forgotten: 1 });
    expect(agent.row(old)).toBeUndefined();
    agent.keys.withheld.clear();
    agent.isWithoutKeys = false;
    expect(await agent.swept()).toMatchObject({ merged: 1 });
  });
});

describe("what is over", () => {
  it("is said so in the log: until when it held, and what took its place", async () => {
    const agent = new Remembering();
    const bern = agent.says("I live in Bern.");
    agent.now += 10 * DAY;
    const rome = agent.says("I live in Rome.");
    const since = agent.now;
    expect(await agent.swept()).toMatchObject({ ...nothing, superseded: 1 });
    expect(agent.of("MemorySuperseded").map(({ open }) => open)).toEqual([
      { memoryId: bern, by: rome, validTo: since, retractedAt: since },
    ]);
    expect(agent.row(bern)).toMatchObject({ state: "live", supersededAt: since, supersededBy: rome });
    expect(await agent.swept()).toMatchObject({ superseded: 0 });
  });

  it("stays over when what ended it has expired, and is true again when that was taken back", async () => {
    for (const why of ["expired", "asked"] as const) {
      const agent = new Remembering();
      const bern = agent.add("I live in Bern.");
      agent.now += DAY;
      const rome = agent.says("I live in Rome.");
      await agent.swept();
      expect(agent.row(bern)?.supersededBy).toBe(rome);
      const { seq } = agent.row(bern)!;
      if (why === "expired") await agent.sweptAfter(91);
      else agent.tell({ type: "ForgetMemories", memoryIds: [rome], seqs: [agent.row(rome)!.seq], why });
      expect(agent.row(rome)).toBeUndefined();
      expect(agent.row(bern)?.supersededBy).toBe(why === "expired" ? rome : null);
      expect([...agent.memory.facts.holding([seq])]).toEqual(why === "expired" ? [] : [seq]);
    }
  });
});

describe("forgetting by weight", () => {
  const chaff = { importance: 0.001 };

  it("archives what weighs next to nothing after thirty days, forgets it after thirty more, and lets it come back meanwhile", async () => {
    const agent = new Remembering({ retentionDays: 3_650 });
    const [one, other] = [agent.says("Well, hm.", chaff), agent.says("And so on.", chaff)];
    const kept = agent.says("My kayak is called Vera.");
    const young = agent.now + 29 * DAY;
    agent.now = young - DAY;
    await agent.swept();
    expect(agent.state(one)).toBe("live");
    agent.now = START + 30 * DAY;
    expect(await agent.swept()).toMatchObject({ ...nothing, archived: 2 });
    expect([one, other, kept].map((id) => agent.state(id))).toEqual(["archived", "archived", "live"]);
    agent.now += 29 * DAY;
    agent.tell({ type: "RestoreMemories", memoryIds: [other] });
    await agent.sweptAfter(1);
    expect([one, other, kept].map((id) => agent.state(id))).toEqual([undefined, "live", "live"]);
    expect(agent.of("MemoryForgotten").map(({ open }) => [open.memoryIds, open.why])).toEqual([[[one], "faded"]]);
    await agent.sweptAfter(28);
    expect(await agent.sweptAfter(1)).toMatchObject({ archived: 1 });
    expect(agent.state(other)).toBe("archived");
  });

  it("over the cap archives those that weigh least, however they were formed, and no more than there are too many", async () => {
    const agent = new Remembering({ most: 20, retentionDays: 3_650 });
    const ids = Array.from({ length: 30 }, (_, index) =>
      agent.says(`The word${index}x of thing${index}y.`, { importance: 0.2 + ((index * 7) % 30) / 50 }),
    );
    const light = ids.toSorted((left, right) => agent.row(left)!.importance - agent.row(right)!.importance);
    // The lightest went into prompts often, and is worth more for it.
    for (let turn = 0; turn < 60; turn++) used(agent, light[0]!, turn);
    expect(agent.row(light[0]!)?.accessCount).toBe(60);
    expect(await agent.sweptAfter(31)).toMatchObject({ ...nothing, archived: 10 });
    expect(ids.filter((id) => agent.state(id) === "archived").toSorted()).toEqual(light.slice(1, 11).toSorted());
  });

  it("takes nothing pinned along that had been merged into what is pinned no longer", async () => {
    const agent = new Remembering({ retentionDays: 3_650 });
    const [kept, same] = [1, 2].map(() => agent.says("Well, hm, and so on.", { ...chaff, pinned: true })) as [
      MemoryId,
      MemoryId,
    ];
    agent.tell({ type: "MergeMemories", into: kept, from: [same] });
    accepted(await doorOf(agent).change(owner, "unpin", kept, { pinned: false }));
    expect(await agent.sweptAfter(31)).toMatchObject({ archived: 1 });
    expect([kept, same].map((id) => agent.state(id))).toEqual(["archived", "live"]);
  });

  it("never: what is pinned, young, the source of a fact in force, or not looked through yet", async () => {
    const agent = new Remembering({ most: 0, retentionDays: 3_650 });
    const pinned = agent.says("Hm, pinned.", { ...chaff, pinned: true });
    const states = agent.says("I live in Bern.", chaff);
    const quoted = agent.says("That is how it goes.", chaff);
    const drawn = agent.add("Dana takes it easy.", { sourceSeqs: [agent.row(quoted)!.seq], pinned: true });
    const named = agent.says("Hm, named.", chaff);
    agent.add("Dana is patient.", { sources: [named], pinned: true });
    const light = agent.says("Hm, light.", chaff);
    agent.indexKeys.taken.add(`user:${dana}`);
    agent.memory.keyTurned(`user:${dana}`);
    agent.isWithoutKeys = true;
    expect(await agent.sweptAfter(31)).toMatchObject({ archived: 0 });
    agent.isWithoutKeys = false;
    const young = agent.says("Hm, young.", chaff);
    expect(await agent.swept()).toMatchObject({ archived: 1 });
    expect(agent.state(light)).toBe("archived");
    for (const id of [pinned, states, quoted, drawn, named, young]) expect(agent.state(id)).toBe("live");
  });
});

/** A memory goes into a prompt. */
function used(agent: Remembering, memoryId: ReturnType<Remembering["says"]>, turn: number): void {
  const seq = agent.row(memoryId)!.seq;
  agent.prompted(`turn ${turn}`, [{ memoryId, seq }]);
}

describe("a memory is reinforced by its use", () => {
  it("that is by going into a prompt: not by being formed, found or shown", async () => {
    const agent = new Remembering();
    const said = agent.says("My kayak is called Vera.");
    const other = agent.says("My kayak leaks.");
    await agent.found("What is the kayak called?");
    agent.readable();
    expect(agent.row(said)).toMatchObject({ accessCount: 0, accessedAt: null });
    agent.now += DAY;
    used(agent, said, 1);
    agent.now += DAY;
    used(agent, said, 2);
    expect(agent.row(said)).toMatchObject({ accessCount: 2, accessedAt: agent.now });
    expect(agent.row(other)).toMatchObject({ accessCount: 0, accessedAt: null });
  });
});

describe("a sweep that dies", () => {
  /** Something for every stage. */
  function untidy(death?: Death): Remembering {
    const agent = new Remembering({ retentionDays: 60 });
    agent.says("It rains on the pier today.");
    agent.says("Well, hm.", { importance: 0.001, pinned: false });
    agent.now += 40 * DAY;
    agent.add("Long gone already.", { importance: 0.001 });
    const faint = agent.add("Faint and far.", { importance: 0.001 });
    agent.tell({ type: "ArchiveMemories", memoryIds: [faint] });
    agent.now += 31 * DAY;
    for (const town of ["Bern", "Rome", "Oslo"]) {
      agent.says(`I live in ${town}.`);
      agent.now += DAY;
    }
    for (const lead of ["", "By the way, ", "As I said, "])
      agent.says(`${lead}I keep my red kayak at the old harbour.`);
    agent.wake(death);
    return agent;
  }

  it("before or after any of its commits goes on where it stood, and comes to the same: nothing twice, nothing left out, nothing counted twice", async () => {
    const whole = untidy();
    const report = await whole.swept();
    expect(report).toMatchObject({ superseded: 2, merged: 2, archived: 1, forgotten: 3 });
    const outcome = (agent: Remembering) =>
      agent.memory.register
        .where("1", [], 100, "m.formed_seq")
        .map(({ memoryId, state, supersededBy, sources }) => ({ memoryId, state, supersededBy, sources }));
    const expected = outcome(whole);
    expect(whole.commits).toBeGreaterThan(5);
    for (const when of ["before", "after"] as const)
      for (let commit = 1; commit <= whole.commits; commit++) {
        const agent = untidy({ commit, when });
        while (agent.reports.length === 0 && agent.of("MemoriesSwept").length === 0) await agent.ring();
        agent.wake();
        const { rang: _rang, ...again } =
          agent.of("MemoriesSwept").length > 0
            ? { ...agent.of("MemoriesSwept")[0]!.open, rang: 0 }
            : await agent.swept();
        const { rang: _once, ...once } = report;
        expect({ ...again, looked: 0 }, `${when} ${commit}`).toEqual({ ...once, looked: 0 });
        expect(outcome(agent), `${when} ${commit}`).toEqual(expected);
        expect(agent.of("MemoriesSwept")).toHaveLength(1);
      }
  });

  it("has a portion for each breath, and turns between them", async () => {
    const agent = new Remembering({ retentionDays: 1 });
    for (let count = 0; count < 450; count++) agent.says(`Thing number ${count} is a word${count}x.`);
    agent.now += 2 * DAY;
    const { rang, forgotten } = await agent.swept();
    expect(forgotten).toBe(450);
    expect(rang).toBeGreaterThanOrEqual(5);
    expect(Math.max(...agent.of("MemoryForgotten").map(({ open }) => open.memoryIds.length))).toBe(100);
  });
});
