/** What goes with what is forgotten: the facts drawn from a memory, the thoughts behind a reply, the notes of a room, and with an agent all it kept. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { agentName, type MemoryId, userName } from "#events/kit/ids.ts";
import { accepted, answers, doorOf, notes, notesGone, owner } from "../support/answering.ts";
import { ada, dana, eli, lobby } from "../support/given.ts";
import { DAY, Remembering } from "../support/remembering.ts";

/** Types of all events of which the words can still be read, in order. */
const readable = ({ sql }: Remembering) =>
  sql
    .rows("SELECT e.type FROM event_keys k JOIN events e ON e.seq = k.seq ORDER BY k.seq")
    .map(([type]) => String(type));

describe("a memory that is deleted", () => {
  it("takes along what was drawn from it, step by step and in the same commit, and nothing else", async () => {
    const agent = new Remembering();
    const [said, other] = [agent.says("My kayak is called Vera."), agent.says("The ferry leaves at seven.")];
    const drawn = (content: string, sources: ReadonlyArray<MemoryId>) =>
      agent.add(content, { basis: "drawn", sources });
    const fact = drawn("Dana has a kayak called Vera.", [said]);
    const lesson = drawn("Dana goes by boat.", [fact]);
    const mixed = drawn("Dana is at the harbour at seven.", [other, said]);
    const copy = agent.add("Dana's kayak is Vera.", { basis: "asked", sourceSeqs: [agent.row(said)!.seq] });
    const kept = drawn("There is a ferry.", [other]);
    const own = agent.add("The kayak needs paint.");
    accepted(await doorOf(agent).forget(owner, "delete", said));
    const gone = [said, fact, lesson, mixed, copy];
    expect(agent.of("MemoryForgotten").map(({ open }) => [...open.memoryIds].sort())).toEqual([gone.toSorted()]);
    expect(agent.readable()).toEqual([other, kept, own]);
    expect(readable(agent)).toEqual(["AgentCreated", "MessageReceived", "MemoryFormed", "MemoryFormed"]);
    expect(await agent.found("Vera")).toEqual([]);
  });

  it("takes along what the agent said with it in mind, and no other answer", async () => {
    const agent = new Remembering();
    const fact = agent.add("Dana's birthday is on 12 May.");
    const [quoting, other] = [answers(agent, "quoting", [agent.row(fact)!.seq]), answers(agent, "other")];
    accepted(await doorOf(agent).forget(owner, "delete", fact));
    expect([agent.row(fact), agent.row(quoting)]).toEqual([undefined, undefined]);
    expect(agent.state(other)).toBe("live");
  });

  it("ends, where its owner has put it otherwise, what it was drawn from and what was said with it in mind", async () => {
    const agent = new Remembering();
    const said = agent.says("I am allergic to peanuts.");
    const fact = agent.add("Dana is allergic to peanuts.", { basis: "drawn", sourceSeqs: [agent.row(said)!.seq] });
    const [quoting, other] = [answers(agent, "quoting", [agent.row(fact)!.seq]), answers(agent, "other")];
    accepted(await doorOf(agent).change(owner, "correct", fact, { content: "Dana is allergic to walnuts." }));
    for (const ended of [said, quoting]) expect(agent.row(ended)).toMatchObject({ supersededBy: fact });
    expect(agent.row(other)?.supersededBy).toBeNull();
  });

  it("stays whole where only what was drawn from it is deleted", async () => {
    const agent = new Remembering();
    const said = agent.says("My kayak is called Vera.");
    const fact = agent.add("Dana has a kayak called Vera.", { basis: "drawn", sources: [said] });
    accepted(await doorOf(agent).forget(owner, "delete", fact));
    expect(agent.readable()).toEqual([said]);
  });

  it("leaves what was drawn from it where it has only expired", async () => {
    const agent = new Remembering();
    const said = agent.says("My kayak is called Vera.");
    const fact = agent.add("Dana has a kayak called Vera.", { basis: "drawn", sources: [said] });
    await agent.sweptAfter(91);
    expect([agent.state(said), agent.state(fact)]).toEqual([undefined, "live"]);
  });
});

describe("an episode whose time is over, though no sweep has come yet", () => {
  it("is shown by its words no more, also not as what a fact was drawn from", async () => {
    const agent = new Remembering();
    const said = agent.says("My kayak is called Vera.");
    const { seq } = agent.row(said)!;
    const fact = agent.add("Dana has a kayak called Vera.", { basis: "drawn", sources: [said], sourceSeqs: [seq] });
    const shown = async (id: MemoryId) => {
      const reply = await doorOf(agent).explain(owner, id);
      if (reply.outcome === "refused") return reply.refusal._tag;
      const { events, memories } = reply.value;
      return {
        events: events.map((event) => [event.seq, event.text]),
        memories: memories.map(({ memoryId: other }) => other),
      };
    };
    expect(await shown(fact)).toEqual({ events: [[seq, "My kayak is called Vera."]], memories: [said] });
    agent.now += 91 * DAY;
    expect(await shown(said)).toBe("MemoryUnknown");
    expect(await shown(fact)).toEqual({ events: [[seq, null]], memories: [] });
  });
});

describe("an archived memory that its owner pins", () => {
  const pin = async (agent: Remembering, id: MemoryId, over: object = {}) =>
    accepted(await doorOf(agent).change(owner, "pin", id, { pinned: true, ...over }));

  it.each([
    ["as it stands", {}],
    ["with other words", { content: "The kayak is called Otto." }],
  ])("comes back in the same commit, %s, and stays", async (_how, over) => {
    const agent = new Remembering();
    const id = agent.add("The kayak is called Vera.");
    agent.tell({ type: "ArchiveMemories", memoryIds: [id] });
    await pin(agent, id, over);
    const [revised, restored] = [agent.of("MemoryRevised"), agent.of("MemoriesRestored")];
    expect(restored.map(({ seq, open }) => [seq, open.memoryIds])).toEqual([[revised[0]!.seq + 1, [id]]]);
    await agent.sweptAfter(31);
    expect([agent.state(id), agent.readable()]).toEqual(["live", [id]]);
  });

  it("comes back also where it was pinned before; a live one is only pinned", async () => {
    const agent = new Remembering();
    const [away, here] = [agent.add("The kayak is called Vera.", { pinned: true }), agent.add("It is red.")];
    agent.tell({ type: "ArchiveMemories", memoryIds: [away] });
    for (const id of [away, here]) accepted(await doorOf(agent).change(owner, `pin ${id}`, id, { pinned: true }));
    expect(agent.readable()).toEqual([away, here]);
    expect(agent.of("MemoriesRestored").map(({ open }) => open.memoryIds)).toEqual([[away]]);
  });
});

describe("a reply that is forgotten", () => {
  const thoughts = ["ModelReplied", "ToolExecuted", "ModelReplied", "ReplyDrafted"];
  const talk = ["AgentCreated", "MessageReceived", ...thoughts];

  it("takes along what models and tools had said on the way to it, and no other reply's", async () => {
    const agent = new Remembering();
    const [first, second] = [answers(agent, "one"), answers(agent, "two")];
    expect(readable(agent)).toEqual([...talk, "MessageReceived", ...thoughts]);
    accepted(await doorOf(agent).forget(owner, "delete", second));
    expect(readable(agent)).toEqual([...talk, "MessageReceived"]);
    expect(agent.state(first)).toBe("live");
  });

  it.each([
    ["when it has expired", (agent: Remembering) => agent.sweptAfter(91)],
    [
      "when consent is taken back",
      async (agent: Remembering) => void agent.tell({ type: "NoteConsent", userId: dana, granted: false }),
    ],
    [
      "when its words are corrected",
      async (agent: Remembering, id: MemoryId) =>
        accepted(await doorOf(agent).change(owner, "change", id, { content: "It was noon." })),
    ],
  ] as const)("does so %s", async (_when, happens) => {
    const agent = new Remembering();
    const id = answers(agent, "one");
    await happens(agent, id);
    for (const type of thoughts) expect(readable(agent)).not.toContain(type);
  });
});

describe("the notes of a room", () => {
  it.each([
    ["expires", "expired", (agent: Remembering) => agent.sweptAfter(91)],
    [
      "is deleted",
      "asked",
      async (agent: Remembering, id: MemoryId) => accepted(await doorOf(agent).forget(owner, "delete", id)),
    ],
    [
      "is corrected",
      "asked",
      async (agent: Remembering, id: MemoryId) =>
        accepted(await doorOf(agent).change(owner, "change", id, { content: "My kayak is called Otto." })),
    ],
    [
      "fades",
      "faded",
      async (agent: Remembering, id: MemoryId) => {
        agent.tell({ type: "ArchiveMemories", memoryIds: [id] });
        await agent.sweptAfter(31);
      },
    ],
  ] as const)("go, the older ones too, when a message that they cover %s", async (_what, why, happens) => {
    const agent = new Remembering();
    const id = agent.says("My kayak is called Vera.");
    notes(agent);
    agent.says("Good morning.");
    notes(agent);
    expect(readable(agent).filter((type) => type === "RoomSummarized")).toHaveLength(2);
    await happens(agent, id);
    expect(notesGone(agent)).toEqual([why]);
    expect(readable(agent)).not.toContain("RoomSummarized");
    expect(agent.ledger.state.rooms[lobby]!.summary).toBeNull();
  });

  it("stay when what they do not cover is forgotten, or only its weight is changed", async () => {
    const agent = new Remembering();
    const covered = agent.says("My kayak is called Vera.");
    notes(agent);
    const later = agent.says("The ferry leaves at seven.");
    accepted(await doorOf(agent).forget(owner, "delete", later));
    accepted(await doorOf(agent).change(owner, "change", covered, { importance: 0.9 }));
    expect(notesGone(agent)).toEqual([]);
  });
});

describe("an agent that is deleted", () => {
  const tables = ["memories", "memory_people", "memory_facts", "ties", "event_keys"];
  const indexed = ["entries", "subjects", "places", "vocabulary", "words", "postings"].map((name) => `index_${name}`);
  const left = ({ sql }: Remembering) =>
    [...tables, ...indexed].filter((table) => sql.rows(`SELECT 1 FROM ${table} LIMIT 1`).length > 0);

  function remembering() {
    const agent = new Remembering();
    agent.tell({ type: "NoteConsent", userId: eli, granted: true });
    agent.says("I live in Bern, and my kayak is called Vera.");
    agent.add("Eli's dog is called Bruno.", { about: [eli, dana] });
    agent.add("The shop opens at nine.", { about: [], speaker: null });
    answers(agent, "one");
    notes(agent);
    return agent;
  }

  it("leaves nothing that could be read or found, of nobody, and its log stands", () => {
    const agent = remembering();
    expect(left(agent)).toEqual([...tables, ...indexed]);
    agent.tell({ type: "DeleteAgent" });
    expect(left(agent)).toEqual([]);
    const { ledger } = agent;
    const all = ledger.reveal(ledger.read(0, ledger.head).map(({ seq }) => seq)) as ReadonlyArray<Unsealed>;
    expect(all.filter(({ event, words: said }) => event.sealed !== undefined && said !== Erased)).toEqual([]);
    expect(ledger.verify()).toEqual({ intact: true, head: ledger.head });
    expect(agent.sql.rows("SELECT DISTINCT hex(fingerprint) FROM commands WHERE id LIKE '%/receive'")).toEqual([
      ["0".repeat(64)],
    ]);
    agent.wake();
    expect(agent.ledger.state).toEqual(ledger.state);
    expect(left(agent)).toEqual([]);
  });

  it("stays so when its tables are made anew out of the log", () => {
    const agent = remembering();
    agent.tell({ type: "DeleteAgent" });
    agent.sql.run("DELETE FROM meta WHERE key IN ('memories', 'ties')");
    agent.wake();
    expect(agent.memory.register.isEmpty).toBe(true);
    agent.memory.ties.catchUp();
    expect(left(agent)).toEqual([]);
  });

  it("has forgotten whoever takes back their word or is erased, and says so; nobody agrees to it any more", () => {
    const agent = remembering();
    agent.tell({ type: "DeleteAgent" });
    const head = agent.ledger.head;
    accepted(agent.tell({ type: "NoteConsent", userId: eli, granted: false }, "no"));
    agent.memory.keyDied(userName(dana));
    agent.memory.keyDied(agentName(ada));
    expect([agent.ledger.head, agent.reports]).toEqual([head, []]);
    expect(agent.tell({ type: "NoteConsent", userId: eli, granted: true }, "yes")).toMatchObject({
      refusal: { _tag: "AgentIsDeleted" },
    });
  });

  it("tidies no more, also where that was under way", async () => {
    const agent = remembering();
    agent.now += DAY;
    const ringing = agent.ring();
    agent.tell({ type: "DeleteAgent" });
    await ringing;
    for (let rang = 0; agent.due !== undefined; rang++) {
      expect(rang).toBeLessThan(3);
      await agent.ring();
    }
  });
});

describe("the conversation that an owner names in a memory's context", () => {
  const under = (agent: Remembering, content: string) =>
    doorOf(agent).add(owner, content, {
      ...{ kind: "semantic", content, about: [] },
      context: { room_id: "the room with dana's doctor" },
    });
  const places = ({ sql }: Remembering) => sql.rows("SELECT name FROM index_places").map(([name]) => String(name));

  it("is known by a hash under the agent's key, and not at all when nothing is left of it", async () => {
    const agent = new Remembering();
    const [first, second] = [await under(agent, "It opens at nine."), await under(agent, "It closes at noon.")];
    expect(places(agent)).toHaveLength(1);
    const guess = createHash("sha256").update(`${ada}/the room with dana's doctor`).digest("hex");
    expect(guess).not.toContain(places(agent)[0]!);
    expect(places(agent)[0]).toMatch(/^hmac:/);
    for (const reply of [first, second]) {
      expect(places(agent)).toHaveLength(1);
      if (reply.outcome === "refused") throw new Error(reply.refusal._tag);
      accepted(await doorOf(agent).forget(owner, `forget ${reply.value.memoryId}`, reply.value.memoryId));
    }
    expect(places(agent)).toEqual([]);
  });
});
