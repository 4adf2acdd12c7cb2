/** What comes to mind in a room: what fits, with what was said around it; what is known at all only where that is asked; and whether it still holds. */
import { Effect } from "effect";
import { beforeEach, describe, expect, it } from "vitest";
import { asksWhatIsKnown } from "#actors/agent/memory/language/questions.ts";
import { type MemoryId, userName } from "#events/kit/ids.ts";
import { dana, eli, lobby } from "../support/given.ts";
import { DAY, Remembering } from "../support/remembering.ts";

let agent = new Remembering();
beforeEach(() => {
  agent = new Remembering();
});

interface Asking {
  readonly limit?: number;
  readonly without?: ReadonlyArray<MemoryId>;
  readonly own?: string;
}

/** What comes to mind in the lobby, where Dana is alone, as she asks. */
const recalled = async (text: string, { limit = 4, without = [], ...own }: Asking = {}) => {
  agent.memory.attendance.told(lobby, [{ userId: dana, name: "Dana", isHere: true }]);
  const asked = { text, limit, roomId: lobby, asker: dana, without: without.map((id) => agent.row(id)!.seq), ...own };
  return (await Effect.runPromise(agent.memory.recall().search(asked))).memories;
};
const ids = async (text: string, over: Asking = {}) => (await recalled(text, over)).map(({ memoryId }) => memoryId);

const says = (texts: ReadonlyArray<string>) =>
  texts.map((text) => {
    agent.now += 60_000;
    return agent.says(text);
  });

describe("what fits", () => {
  it("comes with what was said right before and right after, in the order in which it was said", async () => {
    const [, before, hit, after] = says([
      "Morning.",
      "Where is it?",
      "The kayak leaks.",
      "With tar it will do.",
      "Fine.",
    ]);
    expect(await ids("kayak", { limit: 1 })).toEqual([before, hit, after]);
  });

  it("comes once, though it stands beside another that fits, and without what is shown anyway", async () => {
    const [first, one, other, last] = says(["Where is it?", "The kayak leaks.", "The kayak floats.", "With tar."]);
    const both = await ids("kayak", { limit: 2 });
    expect(both.toSorted()).toEqual([first, one, other, last].toSorted());
    expect(await ids("kayak leaks", { limit: 1, without: [first!] })).toEqual([one, other]);
  });

  it.each([
    ["a slip of the pen", "I am allergic to walnuts.", "what am I alergic to"],
    ["spelling by ear", "My phone is 555-0134.", "whats my fone"],
    ["a word for the whole of it", "My sister Mina sails.", "Is there anything about my family?"],
    ["another verb for it", "I love jazz.", "What music do I enjoy?"],
  ])("is found in spite of %s, also when it was asked so before", async (_, text, question) => {
    const [said] = says([text]);
    for (let day = 0; day < 3; day++) {
      agent.now += DAY;
      const [asked] = says([question]);
      expect(await ids(question, { limit: 8, without: [asked!] })).toContain(said);
    }
  });

  it("does not bring what was said later, elsewhere", async () => {
    const [hit] = says(["The kayak leaks."]);
    agent.now += DAY;
    says(["Good day."]);
    agent.add("Dana likes tea.");
    expect(await ids("kayak", { limit: 4 })).toEqual([hit]);
  });

  it("answers whoever asks by the name they have in the room, also what was told of them by it alone", async () => {
    const told = { speaker: null, name: null } as const;
    const bern = agent.add("Dana lives in Bern.", told);
    agent.now += DAY;
    const rome = agent.add("Dana moved to Rome.", told);
    expect(await ids("Where do I live?")).toEqual([rome, bern]);
  });

  it("says until when it held: as the log has it, or as it is known from what was said since", async () => {
    says(["I live in Bern."]);
    agent.now += DAY;
    const since = agent.now + 60_000;
    says(["I moved to Rome."]);
    const held = async () => (await recalled("Where do I live?")).map(({ content, until }) => [content, until]);
    const both = [
      ["I moved to Rome.", null],
      ["I live in Bern.", since],
    ];
    expect(await held()).toEqual(both);
    await agent.swept();
    expect(agent.of("MemorySuperseded")).toHaveLength(1);
    expect(await held()).toEqual(both);
  });
});

describe("what is known at all", () => {
  it.each([
    ["What do you know about me?", "speaker"],
    ["Ada, what do you still remember of us?", "speaker"],
    ["Do you remember me?", "speaker"],
    ["Who am I?", "speaker"],
    ["What have you stored about me?", "speaker"],
    ["Tell me everything you know about me.", "speaker"],
    ["do you remember anything at all about me", "speaker"],
    ["What is kept about us?", "speaker"],
    ["list what you hold on me", "speaker"],
    ["What do you know?", "all"],
    ["What do you have?", undefined],
    ["Do you have anything about kayaks?", undefined],
    ["Tell me everything you know about everybody.", "all"],
    ["Do you remember anything?", "all"],
    ["What do you know about kayaks?", undefined],
    ["Do you remember when we met?", undefined],
    ["What do I know?", undefined],
    ["The kayak leaks.", undefined],
  ])("is asked for, and of whom: %s", (text, whose) => {
    expect(asksWhatIsKnown(text)).toBe(whose);
  });

  it("comes only where it is asked for: the newest of what was kept on purpose, about who asks, and still holds", async () => {
    agent.tell({ type: "NoteConsent", userId: eli, granted: true });
    const tea = agent.add("Dana likes tea.");
    const bern = agent.add("Dana lives in Bern.");
    agent.now += DAY;
    const rome = agent.add("Dana lives in Rome.");
    agent.add("Eli has a boat.", { about: [eli] });
    agent.add("The calculator takes one term.", { basis: "observed", about: [] });
    expect(await ids("What do you know about me?")).toEqual(expect.arrayContaining([rome, tea]));
    expect((await ids("What do you know about me?")).slice(0, 2)).toEqual([rome, tea]);
    expect(await ids("What about the weather?")).toEqual([]);
    agent.tell({
      ...{ type: "SupersedeMemory", memoryId: tea, by: rome, validTo: agent.now, retractedAt: agent.now },
    });
    expect((await ids("What do you know about me?", { limit: 2 }))[0]).toBe(rome);
    expect(await ids("Who am I?", { limit: 2 })).not.toContain(bern);
  });
});

describe("what holds no longer", () => {
  it("says until when, but not where only somebody elsewhere may know", async () => {
    const until = async () =>
      (await recalled("Where does Dana live?")).map((memory) => [memory.memoryId, memory.until]);
    const bern = agent.add("Dana lives in Bern.");
    agent.now += DAY;
    const hidden = agent.add("Dana lives in Rome.", { audience: "about", roomId: null });
    expect(await until()).toEqual([[bern, null]]);
    agent.tell({ type: "ForgetMemories", memoryIds: [hidden], seqs: [agent.row(hidden)!.seq], why: "asked" });
    const open = agent.add("Dana lives in Oslo.");
    expect(await until()).toEqual([
      [open, null],
      [bern, agent.now],
    ]);
  });
});

describe("a question in the first person", () => {
  it("is answered with what is about whoever asks, and with nobody else's", async () => {
    agent.tell({ type: "NoteConsent", userId: eli, granted: true });
    agent.add("Eli lives in Lisbon.", { about: [eli], speaker: userName(eli) });
    expect(await ids("Where do I live?")).toEqual([]);
    const own = agent.add("Dana lives in Bern.");
    expect(await ids("Where do I live?")).toEqual([own]);
  });

  it("is one where only whoever asks put it so: what others say of themselves is found by its words", async () => {
    agent.tell({ type: "NoteConsent", userId: eli, granted: true });
    const boat = agent.add("Eli's boat lies in Lisbon.", { about: [eli], speaker: userName(eli) });
    const home = agent.add("Dana lives in Bern.");
    // Eli asked for his boat, Dana for her home, and one turn answers both.
    expect(await ids("Where is my boat?\nWhere do I live?")).toEqual([home]);
    const together = await ids("Where is my boat?\nWhere do I live?", { own: "Where do I live?" });
    expect(together.toSorted()).toEqual([boat, home].toSorted());
    // Of what is known at all, Dana asked for hers alone.
    const known = await ids("The boat?\nWhat do you know about me?", { own: "What do you know about me?", limit: 1 });
    expect(known).toEqual([home]);
    expect(await ids("What do you know about me?\nThe kayak?", { own: "The kayak?" })).not.toContain(home);
    const kayak = agent.add("The kayak leaks.");
    agent.add("Dana works as a baker.");
    const leaks = "Is it the kayak that leaks?";
    expect(await ids(`What do I do for a living?\n${leaks}`, { own: leaks, limit: 1 })).toEqual([kayak]);
  });
});
