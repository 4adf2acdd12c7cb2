/** Memories drawn by a model in the objects behind it: half an hour later, by the alarm, from what was said to memory. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import {
  agrees,
  bindings,
  eventually,
  fresh,
  type MemoryBody,
  newAgent,
  newRoom,
  type Page,
  person,
} from "../support/door.ts";
import { scripted, scriptedModel } from "./scripted-model.ts";

it("half an hour after the last message, a model draws what is worth keeping, and its owner finds it with its sources", async () => {
  const fact = {
    ...{ content: "Olga's boat is called Nixe.", kind: "semantic", about: ["Olga"], sources: [1], importance: 0.8 },
  };
  const model = scriptedModel(() => ({ says: [JSON.stringify({ facts: [fact] })] }));
  const olga = await person("olga");
  const agent = await newAgent(olga, scripted("Ada"));
  await agrees(olga, agent);
  const room = await newRoom(olga, "private", { agents: [agent] });
  await olga.post(`/rooms/${room.id}/messages`, { text: "Nixe is what I named her.", client_msg_id: fresh("m") });
  const stub = bindings.AGENT.getByName(agent.id);
  const timers = () =>
    runInDurableObject(stub, (_agent, { storage }) =>
      storage.sql.exec("SELECT due FROM timers WHERE kind = 'draw-memories'").toArray(),
    );
  await eventually("the timer", async () => ((await timers()).length === 1 ? true : undefined));
  expect(model.asked).toEqual([]);
  await evictDurableObject(stub);
  await runInDurableObject(stub, async (_agent, { storage }) => {
    storage.sql.exec("UPDATE timers SET due = 0 WHERE kind = 'draw-memories'");
    await storage.setAlarm(Date.now());
  });
  await runDurableObjectAlarm(stub);
  const memories = async () =>
    (await olga.get<Page<MemoryBody>>(`/agents/${agent.id}/memories`)).body.data.filter(
      ({ memory_type }) => memory_type === "semantic",
    );
  const [memory] = await eventually("the memory", async () => {
    const found = await memories();
    return found.length > 0 ? found : undefined;
  });
  expect(memory).toMatchObject({ content: fact.content, importance_score: 0.8, about: [olga.id] });
  expect(model.asked[0]!.said.join()).toContain("Nixe is what I named her.");
  await eventually("the timer's end", async () => ((await timers()).length === 0 ? true : undefined));
  await olga.put("/me/consents", { agent_id: agent.id, granted: false });
  expect(await memories()).toEqual([]);
});
