/** Replies that do not go as planned, as rooms see them: stopped by hand or by a word, kept back by the content rules, or watched by somebody whose line broke. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { Effect } from "effect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { turnOf } from "#events/agent/decide.ts";
import { type UserId, userName } from "#events/kit/ids.ts";
import { calculator } from "#src/tools/information/calculator.ts";
import { bindings, eventsOf, eventually, messagesOf, person } from "../support/door.ts";
import { type FrameClient, presenceOf } from "../support/phoenix-frames.ts";
import type { FakeCall } from "../support/provider-words.ts";
import { type AgentMessage, ending, say, scene, seated, type Thinking } from "./room-socket.ts";
import { gate, scripted, scriptedModel } from "./scripted-model.ts";

afterEach(() => void vi.restoreAllMocks());

const says = ["First of all. ", "Then this. ", "And at last that."];

/** A reply that stands still after its first two sentences. */
async function halfSaid(agent = scripted("Ada")) {
  const door = gate();
  scriptedModel(() => ({ says, holdBefore: { piece: 2, until: door.passed } }));
  const place = await scene(agent);
  const { response } = await say(place.hers, "@Ada, tell me everything.");
  const half = await place.his.first<AgentMessage>("agent_message", ({ delta }) => delta?.includes("Then") ?? false);
  return { ...place, door, question: response["message_id"], turnId: half.turn_id };
}

const stop = { command: "stop" } as const;

/** How a turn ended, as often as that was told. */
const endings = (client: FrameClient, turnId: string) =>
  client
    .of<Thinking>("agent_thinking")
    .filter(({ turn_id, state }) => turn_id === turnId && ["done", "failed", "stopped"].includes(state))
    .map(({ state }) => state);

/** The frame that ends a reply of which nothing more will come. */
const brokenOff = (client: FrameClient) =>
  client.first<AgentMessage>("agent_message", ({ phase }) => phase === "error");

describe("a reply that somebody stops", () => {
  it("keeps what people have heard, is marked, and says nothing more", async () => {
    const { hers, his, ada, room, olga, turnId, door, question } = await halfSaid();
    expect(await his.ask("agent_command", { agent_id: ada.id, ...stop })).toMatchObject({ status: "ok" });
    for (const client of [hers, his]) {
      expect(await ending(client, turnId)).toMatchObject({ state: "stopped" });
      const end = await client.first<AgentMessage>("agent_message", ({ phase }) => phase === "end");
      expect(end).toMatchObject({ text: "First of all. Then this.", stopped: true, in_reply_to: question });
    }
    door.open();
    const [, reply] = await messagesOf(olga, room.id);
    expect(reply).toMatchObject({ text: "First of all. Then this.", stopped: true });
    const events = (await eventsOf(olga, "agents", ada.id)).map(({ type }) => type);
    expect(events.slice(-4)).toEqual(["TurnInterrupted", "ReplyDrafted", "ReplyPosted", "TurnStopped"]);
    expect(await his.ask("agent_command", { agent_id: ada.id, ...stop })).toMatchObject({ status: "error" });
  });

  it("is no whole answer to whoever waits for it over HTTP, and nobody knows what it used", async () => {
    const door = gate();
    scriptedModel(() => ({ says, holdBefore: { piece: 2, until: door.passed } }));
    const { his, olga, ada, room } = await scene(scripted("Ada"));
    const chat = { message: "Tell me everything.", room_id: room.id };
    const answering = olga.post<{ readonly reply: unknown; readonly usage: unknown }>(`/agents/${ada.id}/chat`, chat);
    await his.first<AgentMessage>("agent_message", ({ delta }) => delta?.includes("Then") ?? false);
    await his.ask("agent_command", { agent_id: ada.id, ...stop });
    const { reply, usage } = (await answering).body;
    expect(reply).toMatchObject({ text: "First of all. Then this.", stopped: true });
    expect(usage).toBeNull();
    expect(await his.first("agent_message", ({ phase }) => phase === "end")).not.toHaveProperty("usage");
    door.open();
  });

  it.each([
    "stop",
    "@Ada never mind!",
  ])("by saying %j is stopped just so, and that is answered by nobody", async (word) => {
    const { hers, olga, room, ada, door, turnId } = await halfSaid();
    await say(hers, word);
    expect(await ending(hers, turnId)).toMatchObject({ state: "stopped" });
    door.open();
    const said = await messagesOf(olga, room.id);
    expect(said.map(({ text }) => text)).toEqual([expect.any(String), word, "First of all. Then this."]);
    const declined = (await eventsOf(olga, "agents", ada.id)).filter(({ type }) => type === "TurnDeclined");
    expect(declined.at(-1)?.open).toMatchObject({ why: "called-off", into: turnId });
  });

  it("is stopped once, and who is second to stop it is told that it is, or that it is over", async () => {
    const { hers, his, olga, ada, turnId, door } = await halfSaid();
    const asked = { agent_id: ada.id, turn_id: turnId, ...stop };
    const answers = await Promise.all([hers.ask("agent_command", asked), his.ask("agent_command", asked)]);
    const told = answers.map(({ status, response }) => (status === "ok" ? status : response["reason"]));
    expect(told).toContain("ok");
    expect(["ok", "conflict"]).toEqual(expect.arrayContaining(told));
    await ending(hers, turnId);
    door.open();
    const events = await eventsOf(olga, "agents", ada.id);
    expect(events.filter(({ type }) => type === "TurnInterrupted")).toHaveLength(1);
  });

  it("gives the floor to who asked in the meantime", async () => {
    const { hers, his, ada, door, question } = await halfSaid();
    const { response } = await say(hers, "@Ada, what is the time?");
    const waits = await his.first<Thinking>("agent_thinking", ({ state }) => state === "queued");
    expect(waits.turn_id).toBe(turnOf(ada.id, String(response["message_id"])));
    await his.ask("agent_command", { agent_id: ada.id, ...stop });
    door.open();
    const next = await his.first<AgentMessage>(
      "agent_message",
      ({ phase, in_reply_to }) => phase === "end" && in_reply_to === response["message_id"],
    );
    expect(next.text).toBe(says.join(""));
    expect(next.in_reply_to).not.toBe(question);
    expect(await ending(his, waits.turn_id)).toMatchObject({ state: "done" });
    expect(endings(his, waits.turn_id)).toEqual(["done"]);
  });
});

describe("messages that wait for a reply", () => {
  it("are answered by one, which names them all; of each turn is told that it waited and how that ended", async () => {
    const { hers, his, ada, door } = await halfSaid();
    const asked = [];
    for (const text of ["@Ada, one?", "@Ada, two?", "@Ada, three?"])
      asked.push(String((await say(hers, text)).response["message_id"]));
    const turns = asked.map((id) => turnOf(ada.id, id));
    for (const turn of turns)
      await his.first<Thinking>("agent_thinking", ({ state, turn_id }) => state === "queued" && turn_id === turn);
    door.open();
    const reply = await his.first("agent_message", ({ phase, turn_id }) => phase === "end" && turn_id === turns[2]);
    expect(reply).toMatchObject({ in_reply_to: asked[2], also_in_reply_to: asked.slice(0, 2) });
    for (const turn of turns) await ending(his, turn);
    expect(turns.map((turn) => endings(his, turn))).toEqual([["done"], ["done"], ["done"]]);
  });
});

describe("a turn with tools that somebody stops", () => {
  const sees: FakeCall = { id: "call_1", tool: "calculator", json: ['{"expression":"17 * 23"}'] };
  const capable = scripted("Ada", { capabilities: ["calculator"] });
  const statuses = ({ frames }: FrameClient) =>
    frames.flatMap(([, , , event, payload]) => (event === "tool_execution" ? [payload["status"]] : []));

  it("shows of a call that runs that its outcome is unknown", async () => {
    vi.spyOn(calculator, "run").mockImplementation(() => Effect.never);
    scriptedModel(() => ({ says: [], calls: [sees] }));
    const { hers, his, ada } = await scene(capable);
    await say(hers, "@Ada, what is 17 * 23?");
    await his.first("tool_execution", ({ status }) => status === "running");
    await his.ask("agent_command", { agent_id: ada.id, ...stop });
    await ending(his);
    expect(statuses(his)).toEqual(["running", "unknown"]);
  });

  it("says so in the message that stays, for those who have seen none of it", async () => {
    vi.spyOn(calculator, "run").mockImplementation(() => Effect.never);
    scriptedModel(() => ({ says: ["Let me see. "], calls: [sees] }));
    const { hers, his, ada, olga, sven, room } = await scene(capable);
    await say(hers, "@Ada, what is 17 * 23?");
    const { id } = await his.first<{ id: string; status: string }>(
      "tool_execution",
      ({ status }) => status === "running",
    );
    await his.ask("agent_command", { agent_id: ada.id, ...stop });
    const unknown_calls = [{ id, tool: "calculator" }];
    expect(await his.first<AgentMessage>("agent_message", ({ phase }) => phase === "end")).toMatchObject({
      ...{ text: "Let me see.", unknown_calls },
    });
    for (const person of [olga, sven])
      expect((await messagesOf(person, room.id)).at(-1)).toMatchObject({ text: "Let me see.", unknown_calls });
  });

  it("in its second round says what was heard of the first, once", async () => {
    const door = gate();
    scriptedModel((_asked, count) =>
      count === 1
        ? { says: ["Let me see. "], calls: [sees] }
        : { says: ["It is 391."], holdBefore: { piece: 0, until: door.passed } },
    );
    const { hers, his, olga, room, ada } = await scene(capable);
    await say(hers, "@Ada, what is 17 * 23?");
    const asked = async () =>
      (await eventsOf(olga, "agents", ada.id)).filter(({ type }) => type === "ModelAsked").length === 2
        ? true
        : undefined;
    await eventually("the second round", asked);
    await his.ask("agent_command", { agent_id: ada.id, ...stop });
    await ending(his);
    door.open();
    expect((await messagesOf(olga, room.id)).slice(1)).toMatchObject([{ text: "Let me see.", stopped: true }]);
  });
});

describe("an agent that is dismissed in mid-reply", () => {
  it("says nothing more, and everybody sees its turn end", async () => {
    const { hers, his, olga, room, ada, door, turnId } = await halfSaid();
    expect((await olga.delete(`/rooms/${room.id}/participants/${ada.id}`)).status).toBe(204);
    await his.first("participant_left", ({ agent_id }) => agent_id === ada.id);
    expect(await ending(hers, turnId)).toMatchObject({ state: "failed" });
    door.open();
    // A sign that was on its way when it was sent away.
    await bindings.ROOM.getByName(room.id).show([
      { event: "agent_message", payload: { turn_id: turnId, agent_id: ada.id, phase: "delta", delta: "And" } },
      { event: "agent_thinking", payload: { turn_id: turnId, agent_id: ada.id, state: "thinking", label: "" } },
    ]);
    await say(hers, "The end");
    await his.first("message_created", ({ text }) => text === "The end");
    const left = his.frames.findIndex(([, , , event]) => event === "participant_left");
    const since = his.frames.slice(left + 1).map(([, , , event]) => event);
    expect(since.filter((event) => event !== "phx_reply").toSorted()).toEqual([
      ...["agent_message", "agent_thinking", "message_created", "presence_diff"],
    ]);
    const started = await his.first<AgentMessage>("agent_message", ({ phase }) => phase === "start");
    for (const client of [hers, his]) expect(await brokenOff(client)).toEqual({ ...started, phase: "error" });
    expect(presenceOf(his)).not.toHaveProperty(`agent:${ada.id}`);
    expect((await eventsOf(olga, "agents", ada.id)).slice(-2).map(({ type }) => type)).toEqual([
      "TurnFailed",
      "RoomLeft",
    ]);
    expect((await messagesOf(olga, room.id)).filter(({ ai_generated }) => ai_generated)).toEqual([]);
  });
});

describe("an agent that goes while people see it write", () => {
  it("by being deleted leaves no half reply: it is ended for everybody, and nobody who comes later is shown it", async () => {
    const { hers, his, olga, room, ada, door, turnId } = await halfSaid();
    await olga.delete(`/agents/${ada.id}`);
    for (const client of [hers, his]) expect(await brokenOff(client)).toMatchObject({ turn_id: turnId });
    await ending(his, turnId);
    expect((await seated(olga, room.id)).of("agent_message")).toEqual([]);
    door.open();
  });

  it("by being sent away while a message waits for its turn tells that it waits for nothing", async () => {
    const { hers, his, olga, room, ada, door } = await halfSaid();
    await say(hers, "@Ada, and what is the time?");
    const waits = await his.first<Thinking>("agent_thinking", ({ state }) => state === "queued");
    await olga.delete(`/rooms/${room.id}/participants/${ada.id}`);
    expect(await ending(his, waits.turn_id)).toMatchObject({ state: "failed" });
    door.open();
  });

  it("by being switched off ends what it says, and says to whoever waited that it is switched off", async () => {
    const { hers, his, olga, room, ada, door } = await halfSaid();
    const { response } = await say(hers, "@Ada, and what is the time?");
    await his.first("agent_thinking", ({ state }) => state === "queued");
    await olga.post(`/agents/${ada.id}/activate`, { active: false });
    door.open();
    const notice = await his.first<AgentMessage>(
      "agent_message",
      ({ phase, in_reply_to }) => phase === "end" && in_reply_to === response["message_id"],
    );
    expect(notice).toMatchObject({ notice: true, text: expect.stringContaining("switched off") });
    expect((await messagesOf(olga, room.id)).map(({ text }) => text)).toContain(says.join(""));
    expect(his.of<AgentMessage>("agent_message").filter(({ phase }) => phase === "error")).toEqual([]);
  });
});

describe("a reply that the content rules keep back", () => {
  it("never shows its beginning beyond what had passed, and the house says so in its place", async () => {
    scriptedModel(() => ({ says: ["All is well. ", "You fu", "cking idiot. ", "Goodbye."] }));
    const { hers, his, olga, room, ada } = await scene();
    await say(hers, "@Ada, how am I doing?");
    await ending(his);
    const shown = his.of<AgentMessage>("agent_message").map(({ delta }) => delta ?? "");
    expect(shown.join("")).not.toMatch(/fu|idiot|Goodbye/);
    const [, reply] = await messagesOf(olga, room.id);
    expect(reply).toMatchObject({ notice: true, text: expect.stringContaining("content rules") });
    const withheld = (await eventsOf(olga, "agents", ada.id)).find(({ type }) => type === "ReplyWithheld");
    expect(withheld?.open).toMatchObject({ rules: [expect.any(String)], policyVersion: 1 });
  });

  it("shows a secret to nobody, also when it comes in pieces", async () => {
    const key = ["ghp_", "16C7e42F292c6912E7", "710c838347Ae178B4a"];
    scriptedModel(() => ({ says: ["Take this: ", ...key, " and be happy."] }));
    const { hers, his, olga, room } = await scene();
    await say(hers, "@Ada, may I have a key?");
    await ending(his);
    const shown = his.of<AgentMessage>("agent_message").map(({ delta, text }) => `${delta ?? ""}${text ?? ""}`);
    for (const piece of key.slice(1)) expect(shown.join("")).not.toContain(piece);
    const [, reply] = await messagesOf(olga, room.id);
    expect(reply?.text).toMatch(/^Take this: \[\w+\] and be happy\.$/);
  });
});

describe("somebody whose line breaks in mid-reply", () => {
  it("ends with the identical text", async () => {
    const { hers, his, sven, room, door } = await halfSaid();
    const after_seq = Math.max(...his.seqs(), 0);
    his.close();
    const back = await seated(sven, room.id, { after_seq });
    door.open();
    const ends = await Promise.all(
      [hers, back].map((client) => client.first<AgentMessage>("agent_message", ({ phase }) => phase === "end")),
    );
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[0]?.text).toBe(says.join(""));
  });
});

describe("a turn that ends while nobody is left to see it", () => {
  it("has ended for who comes back in time, and the agent is not shown to think any more", async () => {
    const door = gate();
    scriptedModel(() => ({ says, holdBefore: { piece: 0, until: door.passed } }));
    const { hers, his, olga, room, ada } = await scene();
    await say(hers, "@Ada, tell me everything.");
    const { turn_id } = await his.first<Thinking>("agent_thinking", ({ state }) => state === "thinking");
    for (const client of [hers, his]) await client.ask("phx_leave", {}, { joinRef: "1" });
    // Said to an empty theatre, of which the agent hears with it.
    await olga.post(`/rooms/${room.id}/messages`, { text: "Nobody here?", client_msg_id: "m" });
    await eventually("Ada has heard it", async () =>
      (await eventsOf(olga, "agents", ada.id)).some(({ type }) => type === "TurnDeclined") ? true : undefined,
    );
    const back = await seated(olga, room.id);
    expect(presenceOf(back)[`agent:${ada.id}`]).toMatchObject([{ status: "thinking" }]);
    await back.ask("agent_command", { agent_id: ada.id, ...stop });
    expect(await ending(back, turn_id)).toMatchObject({ state: "stopped" });
    await back.until("Ada idle", () =>
      presenceOf(back)
        [`agent:${ada.id}`]?.map(({ status }) => status)
        .join() === "idle"
        ? true
        : undefined,
    );
    door.open();
  });
});

describe("somebody who comes in mid-reply", () => {
  it("is shown none of it when a person was erased meanwhile, of whom it may tell, and the message when it is stored [S2]", async () => {
    const { olga, room, sven, door } = await halfSaid();
    await bindings.ROOM.getByName(room.id).forgetKey(userName(sven.id as UserId), 1);
    const late = await seated(olga, room.id);
    door.open();
    const end = await late.first<AgentMessage>("agent_message", ({ phase }) => phase === "end");
    expect(end.text).toBe(says.join(""));
    const before = late.of<AgentMessage>("agent_message").slice(0, -1);
    expect(before.map(({ delta }) => delta ?? "").join("")).not.toMatch(/First|Then/);
  });

  it("is shown what the others have seen of it, and the rest as it comes", async () => {
    const { hers, room, door, turnId } = await halfSaid();
    const late = await seated(await person("late"), room.id);
    const before = await late.first<AgentMessage>("agent_message", ({ phase }) => phase === "delta");
    const shown = (client: FrameClient) =>
      client
        .of<AgentMessage>("agent_message")
        .map(({ delta }) => delta ?? "")
        .join("");
    expect(before).toMatchObject({ turn_id: turnId, delta: shown(hers) });
    expect(before.delta).toMatch(/^First of all\. Then this\./);
    door.open();
    const end = await late.first<AgentMessage>("agent_message", ({ phase }) => phase === "end");
    expect(late.of<AgentMessage>("agent_message")[0]).toMatchObject({ phase: "start", message_id: end.message_id });
    expect(shown(late)).toBe(shown(hers));
    expect(end.text).toBe(shown(late));
    const tooLate = await seated(await person("later"), room.id);
    expect(tooLate.of("agent_message")).toEqual([]);
  });

  it("is shown nothing that the content rules have not let pass", async () => {
    const door = gate();
    const pieces = ["All is well. ", "Take this: ghp_16C7e42F292c", "6912E7710c838347Ae178B4a and go."];
    scriptedModel(() => ({ says: pieces, holdBefore: { piece: 2, until: door.passed } }));
    const { hers, room } = await scene();
    await say(hers, "@Ada, may I have a key?");
    await hers.first<AgentMessage>("agent_message", ({ delta }) => delta?.includes("well") ?? false);
    const late = await seated(await person("late"), room.id);
    const before = await late.first<AgentMessage>("agent_message", ({ phase }) => phase === "delta");
    expect(before.delta).toContain("All is well.");
    expect(JSON.stringify(late.frames)).not.toContain("ghp_");
    door.open();
    await ending(late);
  });
});

describe("a provider that wants to be left alone for twenty seconds", () => {
  it("is asked again by the alarm, and a stop in between ends the turn", async () => {
    let asked = 0;
    scriptedModel(() => {
      asked += 1;
      return { status: 429, headers: { "retry-after": "20" } };
    });
    const { hers, his, olga, ada } = await scene();
    await say(hers, "@Ada, are you there?");
    const thinking = await his.first<Thinking>("agent_thinking", ({ state }) => state === "thinking");
    const types = async () => (await eventsOf(olga, "agents", ada.id)).map(({ type }) => type);
    await eventually("the delay", async () => ((await types()).at(-1) === "TurnDelayed" ? true : undefined));
    await runDurableObjectAlarm(bindings.AGENT.getByName(ada.id)); // rings early: nothing is due yet
    expect((await types()).at(-1)).toBe("TurnDelayed");
    expect(asked).toBe(1);
    await his.ask("agent_command", { agent_id: ada.id, ...stop, turn_id: thinking.turn_id });
    expect(await ending(hers, thinking.turn_id)).toMatchObject({ state: "stopped" });
    expect((await types()).slice(-2)).toEqual(["TurnInterrupted", "TurnStopped"]);
  });
});
