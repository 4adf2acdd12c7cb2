/** What an answer says again of what others said in the conversation: it goes with their words, and is not kept where those may not be. */
import { describe, expect, it } from "vitest";
import { isRetold, stemsIn, tellingStems } from "#actors/agent/memory/language/retelling.ts";
import type { MemoryId } from "#events/kit/ids.ts";
import { userName } from "#events/kit/ids.ts";
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
