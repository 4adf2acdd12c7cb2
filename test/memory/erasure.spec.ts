/** What goes with what is forgotten: the facts drawn from a memory, the thoughts behind a reply, the notes of a room, and with an agent all it kept. */
import { createHash } from "node:crypto";
import { Effect } from "effect";
import { describe, expect, it } from "vitest";
import { MemoryDoor } from "#actors/agent/memory/door.ts";
import type { Reply } from "#actors/kit/reply.ts";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { agentName, type MemoryId, userName } from "#events/kit/ids.ts";
import {
  ada,
  asked,
  assembled,
  dana,
  drafted,
  eli,
  executed,
  heard,
  lobby,
  memoryId,
  replied,
  turnId,
  words,
} from "../support/given.ts";
import { metaFor } from "../support/ledger-fixture.ts";
import { DAY, Remembering } from "../support/remembering.ts";

const owner = { userId: dana, name: "Dana", roles: [] };

/** What Ada's owner may ask of her memory. */
const doorOf = ({ ledger, memory, now }: Remembering) =>
  new MemoryDoor({
    ...{ ledger, memory, agentId: () => ada, now: () => now, isOwner: () => true },
    commit: (command) => ledger.commit(command),
    meta: (id, by) => metaFor(id, by),
    fetchKeys: async () => {},
    revealed: async (seqs) => ledger.reveal(seqs) as ReadonlyArray<Unsealed>,
  });

const accepted = (reply: Reply<unknown>) => expect(reply).toMatchObject({ outcome: "accepted" });

/** Types of all events of which the words can still be read, in order. */
const readable = ({ sql }: Remembering) =>
  sql
    .rows("SELECT e.type FROM event_keys k JOIN events e ON e.seq = k.seq ORDER BY k.seq")
    .map(([type]) => String(type));

/** Dana asks something, a model asks a tool, and Ada has an answer that is not in the room yet. */
function drafts(agent: Remembering, label: string, memorySeqs: ReadonlyArray<number> = []) {
  const turn = { turnId: turnId(label), attempt: 1 };
  const reply = { ...drafted(label).open, ...turn };
  const { open: said } = heard(label);
  const wanted = [{ callId: executed(label, label).open.callId, tool: "clock", argsHash: "00" }];
  const tell = (command: Parameters<Remembering["tell"]>[0], id: string) => agent.tell(command, `${turn.turnId}/${id}`);
  const ask = (round: number) => tell({ type: "AskModel", ...asked(label, { round }).open, ...turn }, `ask/${round}`);
  tell({ type: "ReceiveMessage", ...said, words: words({ text: "What time is it?", authorName: "Dana" }) }, "receive");
  tell({ type: "RecordContext", ...assembled(label).open, memorySeqs, ...turn }, "assemble");
  agent.tell({ type: "GrantTools", tools: [{ name: "clock", mode: "allow" }] }, `${label}/grant`);
  ask(1);
  const first = replied(label, { finish: "tools", calls: wanted }).open;
  tell({ type: "RecordModelReply", ...first, ...turn, words: words({ text: "", arguments: {} }) }, "reply/1");
  const call = { ...turn, callId: wanted[0]!.callId };
  tell({ type: "RequestTools", ...turn, calls: [{ callId: call.callId, replay: "pure" }] }, "request");
  const outcome = { kind: "executed", bytes: 2, words: words({ result: "12" }) } as const;
  tell({ type: "SettleTool", ...call, ms: 1, outcome }, "settle");
  ask(2);
  const last = replied(label, { round: 2 }).open;
  tell({ type: "RecordModelReply", ...last, ...turn, words: words({ text: "It is noon." }) }, "reply/2");
  tell({ type: "DraftReply", ...reply, words: words({ text: "It is noon." }) }, "draft");
  tell({ type: "ConsiderMemories", ...turn, memories: [] }, "remember");
  return { ...turn, messageId: reply.replyId };
}

/** Ada's answer is in the room, and an episode. Answers its id. */
function answers(agent: Remembering, label: string, memorySeqs: ReadonlyArray<number> = []): MemoryId {
  const post = drafts(agent, label, memorySeqs);
  const episode = { memoryId: memoryId(`reply/${label}`), importance: 0.5, names: [] };
  agent.tell({ type: "RecordPost", ...post, roomSeq: 90, episode }, `${post.turnId}/post`);
  return episode.memoryId;
}

/** Notes of all that was said so far. */
const notes = (agent: Remembering) =>
  agent.tell({
    ...{ type: "SummarizeRoom", roomId: lobby, fromSeq: 1, toSeq: agent.ledger.head, messages: 1, by: "rules" },
    ...{ microUsd: 0, about: [dana], after: agent.ledger.state.rooms[lobby]!.summary?.seq ?? null },
    words: words({ text: "They spoke of boats." }),
  });

/** Why notes went, in order. */
const notesGone = (agent: Remembering) => agent.of("SummariesForgotten").map(({ open }) => open.why);

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

describe("what was told on", () => {
  /** Eli's birthday is told to Dana, once and again from that answer, and a model draws it from what was said. */
  function toldOn() {
    const agent = new Remembering();
    agent.tell({ type: "NoteConsent", userId: eli, granted: true });
    const fact = agent.add("Eli's birthday is on 12 May.", { about: [eli], speaker: userName(eli) });
    const seqOf = (id: MemoryId) => agent.row(id)!.seq;
    const first = answers(agent, "first", [seqOf(fact)]);
    const second = answers(agent, "second", [seqOf(first)]);
    // Two that name each other.
    const [drawn, ring] = [memoryId("added/2"), memoryId("added/3")];
    agent.add("Somebody's birthday is on 12 May.", { basis: "drawn", sources: [first, ring] });
    agent.add("There is a birthday in May.", { basis: "drawn", sources: [drawn] });
    const third = answers(agent, "third", [seqOf(drawn)]);
    const same = answers(agent, "same");
    agent.tell({ type: "MergeMemories", into: third, from: [same] });
    const other = answers(agent, "other");
    return { agent, fact, gone: [fact, first, second, drawn, ring, third, same], other };
  }

  it.each([
    [
      "its owner deletes it",
      async ({ agent, fact }: ReturnType<typeof toldOn>) => accepted(await doorOf(agent).forget(owner, "delete", fact)),
    ],
    [
      "whose it is takes their consent back",
      async ({ agent }: ReturnType<typeof toldOn>) =>
        void agent.tell({ type: "NoteConsent", userId: eli, granted: false }),
    ],
    [
      "whose it is is erased",
      async ({ agent }: ReturnType<typeof toldOn>) => {
        agent.indexKeys.destroyed.add(userName(eli));
        agent.memory.keyDied(userName(eli));
      },
    ],
  ])("goes, however often it was, when %s; and so do the notes that cover it", async (_what, happens) => {
    const told = toldOn();
    notes(told.agent);
    await happens(told);
    expect(told.gone.map((id) => told.agent.state(id))).toEqual(told.gone.map(() => undefined));
    expect(
      told.agent
        .of("MemoryForgotten")
        .flatMap(({ open }) => open.memoryIds)
        .toSorted(),
    ).toEqual(told.gone.toSorted());
    expect(told.agent.state(told.other)).toBe("live");
  });
});

describe("an answer that is written while what it was given with goes", () => {
  const birthday = "Eli's birthday is on 12 May.";

  it.each([
    ["nothing goes", true, async () => {}],
    [
      "somebody takes their consent back",
      false,
      async (agent: Remembering) => void agent.tell({ type: "NoteConsent", userId: eli, granted: false }),
    ],
    [
      "its owner deletes it",
      false,
      async (agent: Remembering, id: MemoryId) => accepted(await doorOf(agent).forget(owner, "delete", id)),
    ],
    [
      "its owner corrects it",
      false,
      async (agent: Remembering, id: MemoryId) =>
        accepted(await doorOf(agent).change(owner, "change", id, { content: "Eli's birthday is on 13 May." })),
    ],
  ] as const)("where %s: it is an episode is %s", async (_what, isKept, happens) => {
    const agent = new Remembering();
    agent.tell({ type: "NoteConsent", userId: eli, granted: true });
    const fact = agent.add(birthday, { about: [eli], speaker: userName(eli) });
    const post = drafts(agent, "one", [agent.row(fact)!.seq]);
    await happens(agent, fact);
    const { given } = agent.ledger.state.turns[post.turnId]!;
    const said = { text: "It is on the twelfth.", roomId: lobby, answers: "When is it?", given };
    const kept = await Effect.runPromise(agent.memory.former().episode(userName(dana), said));
    expect(kept !== undefined).toBe(isKept);
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
