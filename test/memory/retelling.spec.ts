/** What an answer says again of what others said in the conversation: it goes with their words, and is not kept where those may not be. */
import { describe, expect, it } from "vitest";
import { isRetold, stemsIn, tellingStems } from "#actors/agent/memory/language/retelling.ts";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { type MemoryId, userName } from "#events/kit/ids.ts";
import { accepted, doorOf, notes, owner, retells } from "../support/answering.ts";
import { dana, eli, lobby } from "../support/given.ts";
import { DAY, Remembering } from "../support/remembering.ts";

describe("an answer", () => {
  it.each([
    ["He lives in Bern now.", "Where is Eli?", "I have moved to Bern!", true],
    ["He lives in Bern now.", "Is Eli in Bern?", "I have moved to Bern!", false],
    ["On the twelfth.", "When?", "It is on the twelfth of May.", true],
    ["It was at 19:45.", "When?", "see you at 19:45", true],
    ["I am glad to help. What else can I do for you?", "Thanks!", "I am glad you could help me today.", false],
    ["Her son has a dog.", "Who?", "My son wants a dog.", true],
    ["Das Brot liegt in der Küche.", "Hallo!", "Ich bin gestern mit der Bahn nach Bern gefahren.", false],
    ["Er wohnt jetzt in Bern.", "Wo ist er?", "Ich bin gestern mit der Bahn nach Bern gefahren.", true],
    ["Il est dans la cuisine avec les autres.", "Bonjour !", "Je suis allé à la gare avec mon frère.", false],
    ["伯尔尼很漂亮", "在哪里?", "我搬到伯尔尼去了", false],
    ["他搬到伯尔尼去了", "在哪里?", "我搬到伯尔尼去了", true],
  ])("%j to %j says again what %j said: %j", (answer, question, said, isSo) => {
    expect(isRetold(tellingStems(answer, question), stemsIn(said))).toBe(isSo);
  });
});

/** Dana and Eli are in the room, and both let Ada remember them. */
function both(): Remembering {
  const agent = new Remembering();
  accepted(agent.tell({ type: "NoteConsent", userId: eli, granted: true }));
  agent.memory.attendance.told(lobby, [
    { userId: dana, name: "Dana", isHere: true },
    { userId: eli, name: "Eli", isHere: true },
  ]);
  return agent;
}
const eliSays = (agent: Remembering, text: string) => agent.says(text, { by: eli, name: "Eli" });
const seqOf = (agent: Remembering, id: MemoryId) => agent.row(id)!.seq;
const withdraws = (agent: Remembering) => accepted(agent.tell({ type: "NoteConsent", userId: eli, granted: false }));
const erases = (agent: Remembering) => {
  agent.indexKeys.destroyed.add(userName(eli));
  agent.memory.keyDied(userName(eli));
};

describe("what an answer says again of the conversation", () => {
  it.each([
    [
      "its owner deletes the message",
      async (agent: Remembering, id: MemoryId) => accepted(await doorOf(agent).forget(owner, "delete", id)),
    ],
    ["whoever said it takes their consent back", async (agent: Remembering) => withdraws(agent)],
    ["whoever said it is erased", async (agent: Remembering) => erases(agent)],
  ])("goes when %s; an answer with nothing of it stays", async (_what, happens) => {
    const agent = both();
    const said = eliSays(agent, "I have moved to a barge.");
    const other = agent.says("The ferry leaves at seven.");
    const shown = [said, other].map((id) => seqOf(agent, id));
    const told = await retells(agent, "one", "He has a barge now.", { shown });
    const again = await retells(agent, "two", "Yes, a barge.", { shown: [seqOf(agent, told!)] });
    const stays = await retells(agent, "three", "It leaves at seven.", { shown });
    expect([told, again, stays].map((id) => agent.row(id!)?.sourceSeqs.includes(shown[0]!))).toEqual([
      true,
      false,
      false,
    ]);
    await happens(agent, said);
    expect([said, told, again, stays].map((id) => agent.state(id!))).toEqual([undefined, undefined, undefined, "live"]);
  });

  it("goes with whoever said it, also when what they said has long been forgotten", async () => {
    const agent = both();
    const said = eliSays(agent, "I have moved to a barge.");
    agent.now += 80 * DAY;
    const told = await retells(agent, "one", "He has a barge now.", { shown: [seqOf(agent, said)] });
    await agent.sweptAfter(11);
    expect([said, told].map((id) => agent.state(id!))).toEqual([undefined, "live"]);
    withdraws(agent);
    expect(agent.state(told!)).toBeUndefined();
  });

  it("gives nobody a right to hear it", async () => {
    const agent = both();
    const said = eliSays(agent, "I have moved to a barge.");
    const told = await retells(agent, "one", "He has a barge now.", { shown: [seqOf(agent, said)] });
    const ofEli = await doorOf(agent).about({ userId: eli, name: "Eli", roles: [] }, { limit: 10 });
    expect(ofEli).toMatchObject({ value: { memories: [{ memory: { memoryId: said } }] } });
    expect(agent.row(told!)?.about).toEqual([dana]);
  });

  it("is not kept where whoever said it had not agreed, or no longer does", async () => {
    const agent = both();
    withdraws(agent);
    agent.says("I have moved to a barge.", { by: eli, name: "Eli" });
    const message = agent.of("MessageReceived").at(-1)!.seq;
    expect(await retells(agent, "one", "He has a barge now.", { shown: [message] })).toBeUndefined();
    expect(await retells(agent, "two", "I cannot say.", { shown: [message] })).toBeDefined();
  });

  it("is not kept where it was taken back while the model wrote", async () => {
    const agent = both();
    const shown = [seqOf(agent, eliSays(agent, "I have moved to a barge."))];
    expect(await retells(agent, "one", "He has a barge now.", { shown }, () => withdraws(agent))).toBeUndefined();
  });

  it("is not kept either where Dana had said it before she agreed, or in her very question", async () => {
    const agent = both();
    accepted(agent.tell({ type: "NoteConsent", userId: dana, granted: false }));
    agent.says("I have moved to a barge.");
    const message = agent.of("MessageReceived").at(-1)!.seq;
    accepted(agent.tell({ type: "NoteConsent", userId: dana, granted: true }));
    expect(await retells(agent, "one", "You have a barge now.", { shown: [message] })).toBeUndefined();
    const asks = "Eli has lost a compass.";
    expect(await retells(agent, "two", "A compass is hard to find.", { asks })).toBeUndefined();
    expect(await retells(agent, "three", "Oh no!", { asks })).toBeDefined();
  });

  it.each([
    "What do you know about me?",
    "Where do I live?",
  ])("is not kept as the answer to %j, which asks for just that", async (asks) => {
    expect(await retells(both(), "one", "You live in Bern.", { asks })).toBeUndefined();
    expect(await retells(both(), "one", "You live in Bern.", { asks: "Good morning!" })).toBeDefined();
  });
});

describe("an answer that follows one that only told what is remembered", () => {
  it("is kept where all its words are in memories, and not where that answer had them from elsewhere", async () => {
    const agent = both();
    const said = seqOf(agent, agent.says("I live in Bern and bake bread."));
    const asks = "What do you know about me?";
    await retells(agent, "one", "You live in Bern and bake bread.", { asks, given: [said] });
    await retells(agent, "two", "You have a barge.", { asks });
    const [listed, made] = agent.of("ReplyDrafted").map(({ seq }) => seq) as [number, number];
    const next = (label: string, text: string, shown: ReadonlyArray<number>, given: ReadonlyArray<number> = []) =>
      retells(agent, label, text, { shown, given });
    expect(await next("three", "Rye is sold behind the Bern station.", [said, listed])).toBeDefined();
    expect(await next("four", "Rye is sold behind the Bern station.", [listed], [said])).toBeDefined();
    expect(await next("five", "Rye is sold behind the Bern station.", [listed])).toBeUndefined();
    expect(await next("six", "A barge it is.", [said, made])).toBeUndefined();
  });
});

describe("an answer that is no memory", () => {
  const texts = (agent: Remembering) =>
    (agent.ledger.reveal(agent.of("ReplyDrafted").map(({ seq }) => seq)) as ReadonlyArray<Unsealed>).map(({ words }) =>
      words === Erased ? "erased" : words.text,
    );
  const asks = "Where does Eli live?";

  it.each([
    ["the conversation", (agent: Remembering, said: MemoryId) => [seqOf(agent, said)]],
    [
      "a room's notes",
      (agent: Remembering) => {
        accepted(notes(agent, "Eli lives on a barge.", [eli]));
        return [agent.ledger.state.rooms[lobby]!.summary!.seq];
      },
    ],
  ])("loses its words in the agent's own log with whoever it repeats from %s, also after ninety days", async (_where, seen) => {
    const agent = both();
    const shown = seen(agent, eliSays(agent, "I have moved to a barge."));
    expect(await retells(agent, "one", "Eli lives on a barge.", { asks, shown })).toBeUndefined();
    expect(await retells(agent, "two", "I cannot say.", { asks, shown })).toBeUndefined();
    await agent.sweptAfter(91);
    expect(texts(agent)).toEqual(["Eli lives on a barge.", "I cannot say."]);
    erases(agent);
    expect(texts(agent)).toEqual(["erased", "I cannot say."]);
  });

  it("loses them with whoever asked, and with whose memory came to mind", async () => {
    const agent = both();
    const given = [seqOf(agent, eliSays(agent, "I have moved to a barge."))];
    await retells(agent, "one", "Eli lives afloat.", { asks, given });
    await agent.sweptAfter(91);
    expect(agent.of("ReplyDrafted").map(({ open }) => open.tells)).toEqual([[dana, eli]]);
    erases(agent);
    expect(texts(agent)).toEqual(["erased"]);
  });
});

describe("an answer whose owner changed nothing but what stands beside it", () => {
  it("goes with whoever it repeats, also when what they said has long been forgotten", async () => {
    const agent = both();
    const said = eliSays(agent, "I have moved to a barge.");
    agent.now += 80 * DAY;
    const told = await retells(agent, "one", "He has a barge now.", { shown: [seqOf(agent, said)] });
    accepted(await doorOf(agent).change(owner, "change", told!, { context: { note: "checked" } }));
    await agent.sweptAfter(11);
    expect(agent.state(told!)).toBe("live");
    erases(agent);
    expect(agent.state(told!)).toBeUndefined();
  });
});

describe("what an answer says again of a room's notes", () => {
  const noted = () => {
    const agent = both();
    const said = eliSays(agent, "I have moved to a barge.");
    accepted(notes(agent, "Eli lives on a barge.", [eli]));
    return { agent, said, shown: [agent.ledger.state.rooms[lobby]!.summary!.seq] };
  };

  it.each([
    [
      "a message that they cover is deleted",
      async (agent: Remembering, id: MemoryId) => accepted(await doorOf(agent).forget(owner, "delete", id)),
    ],
    ["somebody whose words they hold takes their consent back", async (agent: Remembering) => withdraws(agent)],
    ["somebody whose words they hold is erased", async (agent: Remembering) => erases(agent)],
  ])("goes when %s", async (_what, happens) => {
    const { agent, said, shown } = noted();
    const told = await retells(agent, "one", "He has a barge now.", { shown });
    const stays = await retells(agent, "two", "I cannot say.", { shown });
    await happens(agent, said);
    expect([told, stays].map((id) => agent.state(id!))).toEqual([undefined, "live"]);
  });

  it("goes with whoever said it, also when the notes have long been made anew", async () => {
    const { agent, shown } = noted();
    agent.now += 80 * DAY;
    const told = await retells(agent, "one", "He has a barge now.", { shown });
    await agent.sweptAfter(11);
    expect([agent.ledger.state.rooms[lobby]!.summary, agent.state(told!)]).toEqual([null, "live"]);
    withdraws(agent);
    expect(agent.state(told!)).toBeUndefined();
  });
});

describe("the notes of a room", () => {
  it("are read by nobody from the moment at which what they cover is due, however late the sweep comes", () => {
    const agent = both();
    agent.says("I have moved to a barge.");
    accepted(notes(agent));
    agent.now += 90 * DAY - 1;
    expect(agent.memory.notes(lobby)).not.toBeNull();
    agent.now += 1;
    expect(agent.ledger.state.rooms[lobby]!.summary).not.toBeNull();
    expect(agent.memory.notes(lobby)).toBeNull();
  });

  it("are read on where what is due was pinned, or said later than they reach", () => {
    const agent = both();
    agent.says("I have moved to a barge.", { pinned: true });
    accepted(notes(agent));
    agent.says("The ferry leaves at seven.");
    agent.now += 91 * DAY;
    expect(agent.memory.notes(lobby)).not.toBeNull();
  });
});
