/** One floor in a real room: who answers a message that addresses nobody, mode by mode, and how far agents go on their own. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import {
  type AgentBody,
  bindings,
  eventsOf,
  eventually,
  fresh,
  type MessageBody,
  messagesOf,
  newAgent,
  newRoom,
  type Person,
  person,
} from "../support/door.ts";
import type { FrameClient } from "../support/phoenix-frames.ts";
import { seated, type Thinking } from "./room-socket.ts";
import { type Asked, gate, scripted, scriptedModel } from "./scripted-model.ts";

type Mode = "mention" | "natural" | "list" | "pooled" | "manual";

/** Whom the model is asked to be. */
const asked = ({ system }: Asked): string => /^You are (\w+),/.exec(system)![1]!;

/** A room in this mode, with agents of these names. */
async function scene(mode: Mode, names: ReadonlyArray<string>, more: Readonly<Record<string, object>> = {}) {
  const olga = await person("olga");
  const agents: Record<string, AgentBody> = {};
  for (const name of names) agents[name] = await newAgent(olga, scripted(name, more[name]));
  const room = await newRoom(olga, "private", { agents: Object.values(agents) });
  const chosen = await olga.put(`/rooms/${room.id}/policy`, { mode });
  expect(chosen, chosen.text).toMatchObject({ status: 200, body: { mode } });
  const nameOf = (id: unknown) => Object.values(agents).find((agent) => agent.id === id)?.name;
  return { olga, agents, room, nameOf };
}

const say = async (who: Person, roomId: string, text: string): Promise<MessageBody> =>
  (await who.post<MessageBody>(`/rooms/${roomId}/messages`, { text, client_msg_id: fresh("m") })).body;

const repliesIn = async (who: Person, roomId: string) =>
  (await messagesOf(who, roomId)).filter(({ author_kind }) => author_kind === "agent");
const replies = (who: Person, roomId: string, count: number) =>
  eventually(`${count} replies`, async () => {
    const found = await repliesIn(who, roomId);
    return found.length >= count ? found : undefined;
  });
const happened = async (who: Person, roomId: string, type: string) =>
  (await eventsOf(who, "rooms", roomId)).filter((event) => event.type === type).map(({ open }) => open);

/** What was shown of an agent's turns, one after the other. */
const shownOf = (client: FrameClient, { id }: AgentBody): ReadonlyArray<string> =>
  client
    .of<Thinking>("agent_thinking")
    .filter(({ agent_id }) => agent_id === id)
    .map(({ state }) => state);

describe("natural", () => {
  it("offers a message to every agent, each answers as it likes, and silence is on record with its reason", async () => {
    scriptedModel((question) => ({ says: [`I am ${asked(question)}.`] }));
    const { olga, agents, room } = await scene("natural", ["Ada", "Bo"], {
      Ada: { personality: { traits: { extraversion: 1 } } },
      Bo: { personality: { traits: { extraversion: 0 } } },
    });
    const { id } = await say(olga, room.id, "Good evening everybody.");
    expect(await replies(olga, room.id, 1)).toMatchObject([{ text: "I am Ada.", in_reply_to: id }]);
    const bo = agents["Bo"]!.id;
    const passed = () => happened(olga, room.id, "FloorPassed");
    await expect.poll(passed, { timeout: 10_000 }).toEqual([{ messageId: id, agentId: bo, why: "declined" }]);
    const silent = (await eventsOf(olga, "agents", bo)).filter(({ type }) => type === "TurnDeclined");
    expect(silent.map(({ open }) => open["why"])).toContain("not-selected");
    await say(olga, room.id, "@Bo, and you?");
    expect((await replies(olga, room.id, 2)).map(({ text }) => text)).toEqual(["I am Ada.", "I am Bo."]);
  });
});

describe("list", () => {
  it("lets one agent speak after the other, in the order in which they came", async () => {
    const doors = { Ada: gate(), Bo: gate(), Cleo: gate() };
    const model = scriptedModel(async (question) => {
      await doors[asked(question) as keyof typeof doors].passed();
      return { says: [`I am ${asked(question)}.`] };
    });
    const { olga, agents, room, nameOf } = await scene("list", ["Ada", "Bo", "Cleo"]);
    const { id } = await say(olga, room.id, "Introduce yourselves.");
    for (const [index, name] of (["Ada", "Bo", "Cleo"] as const).entries()) {
      await eventually(`${name} is asked`, () => (model.asked.length > index ? true : undefined));
      expect(model.asked.map(asked)).toEqual(["Ada", "Bo", "Cleo"].slice(0, index + 1));
      doors[name].open();
      await replies(olga, room.id, index + 1);
    }
    const said = await repliesIn(olga, room.id);
    expect(said.map(({ author_id }) => nameOf(author_id))).toEqual(["Ada", "Bo", "Cleo"]);
    expect(said.map(({ in_reply_to }) => in_reply_to)).toEqual([id, id, id]);
    // Each is asked by the message itself, and has heard those before it.
    expect(model.asked.map(({ last }) => last.split("\n").at(-1))).toEqual(
      model.asked.map(() => expect.stringContaining("Introduce yourselves.")),
    );
    expect(model.asked[2]!.last).toMatch(/I am Ada\.[\s\S]*I am Bo\./);
    const heard = (await eventsOf(olga, "agents", agents["Cleo"]!.id)).filter(({ type }) => type === "MessageReceived");
    expect(heard.map(({ open }) => open["addressed"])).toEqual(["invoked", null, null]);
    expect(heard[0]!.open["messageId"]).toBe(id);
    const granted = await happened(olga, room.id, "FloorGranted");
    expect(granted.map(({ place, agentId }) => [place, nameOf(agentId)])).toEqual([
      [1, "Ada"],
      [2, "Bo"],
      [3, "Cleo"],
    ]);
  });

  it("leaves out an agent that is switched off, passes over one that is while it waits, and one whose model fails has had its word", async () => {
    const door = gate();
    const model = scriptedModel(async (question) => {
      if (asked(question) !== "Ada") return { says: ["Here."] };
      await door.passed();
      return { status: 401 };
    });
    const { olga, agents, room, nameOf } = await scene("list", ["Ada", "Bo", "Cleo", "Dot"]);
    await olga.post(`/agents/${agents["Dot"]!.id}/activate`, { active: false });
    const watcher = await seated(olga, room.id);
    await say(olga, room.id, "Who is there?");
    await eventually("Ada is asked", () => (model.asked.length > 0 ? true : undefined));
    await olga.post(`/agents/${agents["Bo"]!.id}/activate`, { active: false });
    door.open();
    const said = await replies(olga, room.id, 2);
    expect(said.map(({ author_id, notice }) => [nameOf(author_id), notice])).toEqual([
      ["Ada", true],
      ["Cleo", undefined],
    ]);
    expect(await happened(olga, room.id, "FloorPassed")).toMatchObject([
      { agentId: agents["Bo"]!.id, why: "declined" },
    ]);
    await watcher.until("Bo waits no more", () =>
      shownOf(watcher, agents["Bo"]!).at(-1) === "done" ? true : undefined,
    );
    expect(shownOf(watcher, agents["Bo"]!)).toEqual(["queued", "done"]);
    expect(shownOf(watcher, agents["Cleo"]!).filter((state) => state === "queued" || state === "done")).toEqual([
      ...["queued", "done"],
    ]);
    expect(shownOf(watcher, agents["Ada"]!)).not.toContain("queued");
    expect(shownOf(watcher, agents["Dot"]!)).toEqual([]);
  });

  it("passes over an agent that lets its time go by, which may still speak when it can", async () => {
    const door = gate();
    const model = scriptedModel(async (question) => {
      if (asked(question) === "Ada") await door.passed();
      return { says: [`I am ${asked(question)}.`] };
    });
    const { olga, agents, room } = await scene("list", ["Ada", "Bo"]);
    await say(olga, room.id, "Introduce yourselves.");
    await eventually("Ada is asked", () => (model.asked.length > 0 ? true : undefined));
    const stub = bindings.ROOM.getByName(room.id);
    await runInDurableObject(stub, (_room, { storage }) => {
      expect(storage.sql.exec("SELECT id FROM timers").toArray()).toEqual([{ id: "floor" }]);
      storage.sql.exec("UPDATE timers SET due = 0");
    });
    await runDurableObjectAlarm(stub);
    expect(await replies(olga, room.id, 1)).toMatchObject([{ text: "I am Bo." }]);
    // Bo was the last: his timer rings for nothing, and is taken away.
    await runInDurableObject(stub, (_room, { storage }) => void storage.sql.exec("UPDATE timers SET due = 0"));
    await runDurableObjectAlarm(stub);
    await runInDurableObject(stub, (_room, { storage }) => {
      expect(storage.sql.exec("SELECT id FROM timers").toArray()).toEqual([]);
    });
    expect(await happened(olga, room.id, "FloorPassed")).toMatchObject([{ agentId: agents["Ada"]!.id, why: "late" }]);
    door.open();
    expect(await replies(olga, room.id, 2)).toMatchObject([{ text: "I am Bo." }, { text: "I am Ada." }]);
  });

  it("ends when a person calls it off: nobody who waited speaks", async () => {
    const door = gate();
    const model = scriptedModel(async (question) => {
      if (asked(question) === "Ada") await door.passed();
      return { says: [`I am ${asked(question)}.`] };
    });
    const { olga, agents, room } = await scene("list", ["Ada", "Bo"]);
    const watcher = await seated(olga, room.id);
    await say(olga, room.id, "Introduce yourselves.");
    await eventually("Ada is asked", () => (model.asked.length > 0 ? true : undefined));
    expect(shownOf(watcher, agents["Bo"]!)).toEqual(["queued"]);
    await say(olga, room.id, "Stop!");
    await watcher.until("Bo waits no more", () => (shownOf(watcher, agents["Bo"]!).length > 1 ? true : undefined));
    expect(shownOf(watcher, agents["Bo"]!)).toEqual(["queued", "done"]);
    door.open();
    const { id } = await say(olga, room.id, "@Bo, what time is it?");
    const bos = await eventually("Bo", async () => {
      const found = (await repliesIn(olga, room.id)).filter(({ author_id }) => author_id === agents["Bo"]!.id);
      return found.length > 0 ? found : undefined;
    });
    expect(bos.map(({ in_reply_to }) => in_reply_to)).toEqual([id]);
    expect(await happened(olga, room.id, "FloorGranted")).toHaveLength(1);
    // Whoever waited has heard by now what it was not told in the round.
    const heard = (await eventsOf(olga, "agents", agents["Bo"]!.id)).filter(({ type }) => type === "MessageReceived");
    expect(heard.map(({ open }) => open["addressed"])).toEqual(expect.arrayContaining([null, null, "mention"]));
    const [, stop] = await happened(olga, room.id, "MessagePosted");
    expect(stop).toMatchObject({ callsOff: true, addressed: [] });
  });
});

describe("pooled", () => {
  it("calls in the agent that has kept silent longest, alone", async () => {
    scriptedModel((question) => ({ says: [`I am ${asked(question)}.`] }));
    const { olga, room, nameOf } = await scene("pooled", ["Ada", "Bo", "Cleo"]);
    for (const count of [1, 2, 3, 4]) {
      await say(olga, room.id, `Question ${count}.`);
      await replies(olga, room.id, count);
    }
    const said = await repliesIn(olga, room.id);
    expect(said.map(({ author_id }) => nameOf(author_id))).toEqual(["Ada", "Bo", "Cleo", "Ada"]);
  });
});

describe("manual", () => {
  it("takes a name with @ and an invitation to speak for an address, and nothing else", async () => {
    const model = scriptedModel((question) => ({ says: [`I am ${asked(question)}.`] }));
    const { olga, agents, room } = await scene("manual", ["Ada", "Bo"]);
    for (const text of ["Hello everybody.", "What do you think, Bo?"]) await say(olga, room.id, text);
    await say(olga, room.id, "@Ada, you begin.");
    const [adas] = await replies(olga, room.id, 1);
    expect(adas).toMatchObject({ text: "I am Ada." });
    // An answer to what an agent said is none to it here, though it would be elsewhere.
    await olga.post(`/rooms/${room.id}/messages`, { text: "Thanks.", client_msg_id: "1", reply_to: adas!.id });
    await olga.post(`/agents/${agents["Bo"]!.id}/chat`, { message: "Your turn.", room_id: room.id });
    expect((await repliesIn(olga, room.id)).map(({ text }) => text)).toEqual(["I am Ada.", "I am Bo."]);
    expect(model.asked).toHaveLength(2);
  });
});

describe("agents that all call on one another", () => {
  it("stop after six words, four hops deep at most; a person who names one of them is answered at once", async () => {
    const names = ["Ada", "Bo", "Cleo", "Dora"];
    scriptedModel((question) => ({
      says: [`What do you say, ${names.map((name) => `@${name}`).join(" ")}? Yours, ${asked(question)}`],
    }));
    const { olga, agents, room } = await scene("mention", names);
    const settled = (count: number) =>
      eventually("silence", async () => {
        const said = await happened(olga, room.id, "MessagePosted");
        const logs = await Promise.all(Object.values(agents).map(({ id }) => eventsOf(olga, "agents", id)));
        const types = logs.flat().map(({ type }) => type);
        const heard = types.filter((type) => type === "MessageReceived").length;
        const over = types.filter((type) => type === "TurnDeclined" || type === "TurnCompleted").length;
        const own = said.filter(({ turn }) => turn !== null).length;
        const all = said.length * names.length - own;
        return said.length - own === count && heard === all && over === all ? said : undefined;
      });
    await say(olga, room.id, "@Ada, begin.");
    const first = (await settled(1)).slice(1);
    expect(first.length).toBeGreaterThan(2);
    expect(first.length).toBeLessThanOrEqual(6);
    expect(first.every(({ hops }) => Number(hops) >= 1 && Number(hops) <= 4)).toBe(true);
    expect(first.map(({ brake }) => brake)).toContain("agent-messages");
    const { id } = await say(olga, room.id, "@Dora, the last word is yours.");
    const all = await settled(2);
    const doras = all.filter(({ by }) => by === `agent:${agents["Dora"]!.id}`);
    expect(doras.map(({ turn }) => (turn as { inReplyTo: string }).inReplyTo)).toContain(id);
    expect(all.length - 2 - first.length).toBeLessThanOrEqual(6);
  });
});

describe("an agent that a person invites to answer another one", () => {
  it("answers a person's word: the hops before it do not count", async () => {
    scriptedModel((question) => ({ says: [`What do you say, @Ada, @Bo? Yours, ${asked(question)}`] }));
    const { olga, agents, room } = await scene("mention", ["Ada", "Bo"]);
    const messages = () => happened(olga, room.id, "MessagePosted");
    await say(olga, room.id, "@Ada, begin.");
    const last = await eventually("the last hop", async () => (await messages()).find(({ brake }) => brake === "hops"));
    const socket = await seated(olga, room.id);
    const invoked = { agent_id: agents["Ada"]!.id, reply_to: last["messageId"], client_msg_id: fresh("m") };
    expect(await socket.ask("invoke_agent", invoked)).toMatchObject({ status: "ok" });
    const answer = await eventually("the answer", async () =>
      (await messages()).find(({ turn }) => (turn as { inReplyTo: unknown } | null)?.inReplyTo === last["messageId"]),
    );
    expect(answer).toMatchObject({ hops: 1, brake: null, addressed: [{ agentId: agents["Bo"]!.id, how: "mention" }] });
  });
});
