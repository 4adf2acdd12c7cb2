/** A long talk in the objects behind it: the alarm makes a summary in the background, once, and the next prompt begins with it. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import {
  agrees,
  bindings,
  eventsOf,
  eventually,
  fresh,
  messagesOf,
  newAgent,
  newRoom,
  type Page,
  person,
} from "../support/door.ts";
import { type Refuses, type Says, scripted, scriptedModel } from "./scripted-model.ts";

const NOTES = "Olga counts from one upwards.";

/** A room in which Olga has counted to so much, and an agent in it whose notes the model writes so. */
async function longTalk(count: number, notes: Says | Refuses) {
  const model = scriptedModel(({ system }) =>
    system.startsWith("You keep the notes") ? notes : { says: ["You were counting."] },
  );
  const olga = await person("olga");
  const agent = await newAgent(olga, scripted("Ada"));
  await agrees(olga, agent);
  const room = await newRoom(olga, "private", { agents: [agent] });
  const say = async (text: string) => {
    const posted = await olga.post(`/rooms/${room.id}/messages`, { text, client_msg_id: fresh("m") });
    expect(posted.status, posted.text).toBe(201);
  };
  for (let n = 1; n <= count; n++) await say(`Number ${n}.`);
  const summaries = async () =>
    (await eventsOf(olga, "agents", agent.id)).filter(({ type }) => type === "RoomSummarized");
  const made = (times: number) =>
    eventually(`summary ${times}`, async () => {
      const found = await summaries();
      return found.length >= times ? found : undefined;
    });
  const noted = async () => {
    const listed = await olga.get<Page<{ conversation_summary: string | null }>>(`/agents/${agent.id}/conversations`);
    return listed.body.data[0]!.conversation_summary;
  };
  return { olga, agent, room, model, say, made, summaries, noted, stub: bindings.AGENT.getByName(agent.id) };
}

/** How many timers an agent has. */
const timersOf = (stub: Awaited<ReturnType<typeof longTalk>>["stub"]): Promise<number> =>
  runInDurableObject(
    stub,
    (_agent, { storage }) => storage.sql.exec("SELECT id FROM timers WHERE kind = 'summarize-room'").toArray().length,
  );

describe("a long talk", () => {
  it("gets a summary by the alarm, once, and the next prompt begins with it", async () => {
    const { olga, agent, room, model, say, made, summaries, noted, stub } = await longTalk(30, { says: [NOTES] });
    const [summary] = await made(1);
    expect(summary?.open).toMatchObject({ roomId: room.id, messages: 20 });
    expect(summary?.open["by"]).toMatch(/^openai\//);
    expect(model.asked).toHaveLength(1);
    await eventually("the timer's end", async () => ((await timersOf(stub)) === 0 ? true : undefined));
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    await say("@Ada, what was I doing?");
    await eventually("the reply", async () =>
      (await messagesOf(olga, room.id)).find(({ author_id }) => author_id === agent.id),
    );
    const { said } = model.asked.at(-1)!;
    expect(said[0]).toMatch(
      /^# Earlier in this room\n\[[^\n]*\]\n {2}Olga counts from one upwards\.\n[^\n]+: Number 21\.\n/,
    );
    expect(said[0]).not.toContain("Number 20.");
    expect(await summaries()).toHaveLength(1);
    expect(await noted()).toBe(NOTES);
  });

  it("loses its summary with the consent of whom it tells of, and gets another one without them", async () => {
    const { olga, agent, made, model, noted, stub } = await longTalk(30, { says: [NOTES] });
    const [first] = await made(1);
    expect((await olga.put("/me/consents", { agent_id: agent.id, granted: false })).status).toBe(200);
    const gone = (await eventsOf(olga, "agents", agent.id)).filter(({ type }) => type === "SummariesForgotten");
    expect(gone.map(({ open }) => open)).toMatchObject([{ seqs: [first?.seq], why: "withdrawn" }]);
    expect(await noted()).toBeNull();
    await runDurableObjectAlarm(stub);
    expect((await made(2))[1]?.open).toMatchObject({ messages: 20, about: [], by: "rules" });
    expect(model.asked).toHaveLength(1);
  });

  it("loses its summary with a message that its owner has it forget, and gets another one without it", async () => {
    const { olga, agent, made, noted, summaries } = await longTalk(30, { says: [NOTES] });
    await made(1);
    const { data } = (await olga.get<Page<{ id: string; content: string }>>(`/agents/${agent.id}/memories?limit=100`))
      .body;
    const second = data.find(({ content }) => content === "Number 2.");
    expect((await olga.delete(`/memories/${second?.id}`)).status).toBeLessThan(300);
    expect(await noted()).toBeNull();
    const gone = (await eventsOf(olga, "agents", agent.id)).filter(({ type }) => type === "SummariesForgotten");
    expect(gone.map(({ open }) => open["why"])).toEqual(["asked"]);
    expect(await summaries()).toHaveLength(1);
  });

  it("gets a summary by rules where its model does not take the agent's key, and the talk is as it was", async () => {
    const { olga, room, made, stub } = await longTalk(31, { status: 401 });
    expect((await made(1))[0]?.open).toMatchObject({ by: "rules", microUsd: 0 });
    expect(await messagesOf(olga, room.id)).toHaveLength(31);
    const verdict = await runInDurableObject(stub, (actor) =>
      (actor as unknown as { ledger: { verify(): unknown } }).ledger.verify(),
    );
    expect(verdict).toMatchObject({ intact: true });
  });
});
