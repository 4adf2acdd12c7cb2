/** A conversation as its sockets see it: messages, what was missed, agents thinking, using tools and speaking. */
import { runInDurableObject } from "cloudflare:test";
import { Effect } from "effect";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { UserId } from "#events/kit/ids.ts";
import { calculator } from "#src/tools/information/calculator.ts";
import type { Room } from "#src/worker.ts";
import {
  bindings,
  eventsOf,
  eventually,
  fresh,
  type MessageBody,
  messagesOf,
  newRoom,
  person,
} from "../support/door.ts";
import { type AgentMessage, ending, say, scene, seated, type Thinking } from "./room-socket.ts";
import { gate, scripted, scriptedModel } from "./scripted-model.ts";

afterEach(() => void vi.restoreAllMocks());

describe("messages", () => {
  it("reach everybody in the room, the sender too, with the seq they were answered with", async () => {
    const { olga, hers, his, room } = await scene();
    const { response } = await say(hers, "Hello");
    for (const client of [hers, his])
      expect(await client.first("message_created")).toMatchObject({
        id: response["message_id"],
        seq: response["seq"],
        text: "Hello",
        author_id: olga.id,
        author_kind: "user",
        room_id: room.id,
      });
    expect((await messagesOf(olga, room.id)).map(({ text }) => text)).toEqual(["Hello"]);
  });

  it("sent twice under one client_msg_id, by either door, are one message for everybody", async () => {
    const { olga, hers, his, room } = await scene();
    const once = { text: "Only once", client_msg_id: "one" };
    const [first, second] = await Promise.all([hers.ask("new_message", once), hers.ask("new_message", once)]);
    expect(second).toEqual(first);
    const posted = await olga.post<MessageBody>(`/rooms/${room.id}/messages`, once);
    expect(posted.body).toMatchObject({ id: first.response["message_id"], seq: first.response["seq"] });
    expect(await hers.ask("new_message", { ...once, text: "Other words" })).toMatchObject({
      status: "error",
      response: { reason: "idempotency-conflict" },
    });
    await say(hers, "The end");
    await his.first("message_created", ({ text }) => text === "The end");
    expect(his.said()).toEqual(["Only once", "The end"]);
  });

  it("to a message that is not of this room are refused", async () => {
    const { olga, hers } = await scene();
    const other = await newRoom(olga);
    const there = await olga.post<MessageBody>(`/rooms/${other.id}/messages`, { text: "There", client_msg_id: "1" });
    expect(await say(hers, "Yes", { reply_to: there.body.id })).toMatchObject({
      status: "error",
      response: { reason: "validation" },
    });
    const { response } = await say(hers, "Here");
    expect((await say(hers, "Yes", { reply_to: response["message_id"] })).status).toBe("ok");
  });
});

describe("a room's mode", () => {
  it("is told to everybody when it is chosen, and to those who come back", async () => {
    const { olga, sven, room, hers, his } = await scene();
    const after_seq = Math.max(...his.seqs(), 0);
    await olga.put(`/rooms/${room.id}/policy`, { mode: "list" });
    for (const client of [hers, his])
      expect(await client.first("policy_changed")).toEqual({ mode: "list", seq: expect.any(Number) });
    const back = await seated(sven, room.id, { after_seq });
    expect(await back.first("policy_changed")).toMatchObject({ mode: "list" });
  });
});

describe("coming back", () => {
  it("brings exactly what was missed after `after_seq`, in order, nothing twice", async () => {
    const { sven, hers, his, room } = await scene();
    await say(hers, "1");
    await his.first("message_created");
    const after_seq = Math.max(...his.seqs());
    his.close();
    for (const text of ["2", "3", "4"]) await say(hers, text);
    const back = await seated(sven, room.id, { after_seq });
    await back.first("message_created", ({ text }) => text === "4");
    await say(hers, "5");
    await back.first("message_created", ({ text }) => text === "5");
    expect(back.said()).toEqual(["2", "3", "4", "5"]);
    expect(back.seqs()).toEqual(back.seqs().toSorted((left, right) => left - right));
    expect((await seated(sven, room.id)).said()).toEqual([]);
  });

  it("in the middle of a lively talk loses nothing and hears nothing twice", async () => {
    const { sven, room } = await scene();
    const talkers = await Promise.all(Array.from({ length: 8 }, () => person("talker")));
    const sockets = await Promise.all(talkers.map((talker) => seated(talker, room.id)));
    const talk = Promise.all(Array.from({ length: 56 }, (_, index) => say(sockets[index % 8]!, String(index))));
    const clients = await Promise.all([0, 0, 0, 0].map((after_seq) => seated(sven, room.id, { after_seq })));
    const last = Math.max(...(await talk).map(({ response }) => Number(response["seq"])));
    const whole = (await messagesOf(sven, room.id)).map(({ text }) => text);
    expect(whole).toHaveLength(56);
    for (const client of clients) {
      await client.first("message_created", ({ seq }) => seq === last);
      expect(client.said()).toEqual(whole);
      expect(client.seqs()).toEqual([...new Set(client.seqs())].toSorted((left, right) => left - right));
    }
  });

  it("after too much, or from a place that does not exist, is told to start anew", async () => {
    const { sven, hers, room } = await scene();
    const guest = { userId: fresh("guest") as UserId, name: "Guest", roles: ["participant"] as const };
    await runInDurableObject(bindings.ROOM.getByName(room.id), async (actor: Room) => {
      for (let visit = 0; visit < 251; visit++) {
        await actor.join(guest, fresh("cmd"));
        await actor.removePerson(guest, fresh("cmd"), guest.userId);
      }
    });
    for (const after_seq of [0, 99_999]) {
      const client = await seated(sven, room.id, { after_seq });
      expect(client.frames[0]![4]).toMatchObject({ status: "ok", response: { resync: true, seq: expect.any(Number) } });
      await say(hers, "from here on");
      await client.first("message_created");
      expect(client.said()).toEqual(["from here on"]);
      client.close();
    }
    const near = await seated(sven, room.id, { after_seq: Math.max(...hers.seqs()) - 1 });
    expect(near.frames[0]![4]["response"]).not.toHaveProperty("resync");
    await near.first("message_created");
    expect(near.said()).toEqual(["from here on"]);
  });
});

describe("an agent's turn", () => {
  it("shows: thinking, its words as they come, the stored message last, and that it is done", async () => {
    const door = gate();
    const says = ["Good evening. ", "It is a ", "fine night ", "for sailing! ", "Shall we?"];
    scriptedModel(() => ({ says, holdBefore: { piece: 0, until: door.passed } }));
    const { ada, hers, his } = await scene();
    const { response } = await say(hers, "@Ada, how is the weather?");
    await his.first<Thinking>("agent_thinking", ({ state }) => state === "thinking");
    door.open();
    for (const client of [hers, his]) {
      const { turn_id } = await ending(client);
      const states = client
        .of<Thinking>("agent_thinking")
        .filter((frame) => frame.turn_id === turn_id)
        .map(({ state }) => state);
      expect(states.at(-1)).toBe("done");
      expect(states).toEqual(expect.arrayContaining(["thinking", "replying"]));
      const messages = client.of<AgentMessage>("agent_message");
      const end = messages.at(-1)!;
      expect(messages.map(({ phase }) => phase)).toEqual(["start", ...messages.slice(1, -1).map(() => "delta"), "end"]);
      expect(messages.length).toBeGreaterThanOrEqual(3); // pieces that come together go out as one
      expect(end).toMatchObject({
        agent_id: ada.id,
        turn_id,
        in_reply_to: response["message_id"],
        ai_generated: true,
        usage: { tokens_in: 12, tokens_out: 7 },
        seq: expect.any(Number),
        text: "Good evening. It is a fine night for sailing! Shall we?",
      });
      expect(
        messages
          .map(({ delta }) => delta ?? "")
          .join("")
          .trim(),
      ).toBe(end.text);
      expect(new Set(messages.map(({ message_id }) => message_id)).size).toBe(1);
    }
    expect(hers.of("message_created")).toHaveLength(1);
  });

  it("shows each tool from start to end, with what went in and came out", async () => {
    scriptedModel(({ said }) =>
      said.some((line) => /tool calculator[^}]*391/.test(line))
        ? { says: ["It is 391."] }
        : {
            says: [],
            calls: [
              { id: "c1", tool: "calculator", json: ['{"expression":', '"17*23"}'] },
              { id: "c2", tool: "time_date", json: ["{}"] },
            ],
          },
    );
    const { ada, hers, his } = await scene(scripted("Ada", { capabilities: ["calculator"] }));
    const [door, { run }] = [gate(), calculator];
    vi.spyOn(calculator, "run").mockImplementation((...asked) =>
      Effect.andThen(Effect.promise(door.passed), run(...asked)),
    );
    await say(hers, "@Ada 17*23?");
    await his.first("tool_execution", ({ status }) => status === "running");
    door.open();
    await ending(his);
    const shown = his.of<{ id: string; tool: string; status: string }>("tool_execution");
    const of = (tool: string) => shown.filter((frame) => frame.tool === tool);
    expect(of("calculator").map(({ status }) => status)).toEqual(["running", "success"]);
    expect(of("calculator").at(-1)).toMatchObject({
      agent_id: ada.id,
      input: '{"expression":"17*23"}',
      output: '{"value":391}',
      ms: expect.any(Number),
    });
    expect(of("time_date").map(({ status }) => status)).toEqual(["denied"]);
    expect(new Set(shown.map(({ id }) => id)).size).toBe(2);
  });

  it("begins when it is invoked, with words and without", async () => {
    const model = scriptedModel(() => ({ says: ["Here I am."] }));
    const { ada, hers, his } = await scene();
    const spoken = await hers.ask("invoke_agent", { agent_id: ada.id, text: "Come on", client_msg_id: "1" });
    expect(spoken).toMatchObject({ status: "ok", response: { turn_id: expect.stringMatching(/^trn_/) } });
    await ending(his, spoken.response["turn_id"]);
    const silent = await hers.ask("invoke_agent", {
      agent_id: ada.id,
      client_msg_id: "2",
      reply_to: (await his.first("message_created"))["id"],
    });
    await ending(his, silent.response["turn_id"]);
    expect(his.said()).toEqual(["Come on", "Here I am.", "Here I am."]);
    expect(
      await hers.ask("invoke_agent", {
        agent_id: ada.id,
        client_msg_id: "2",
        reply_to: (await his.first("message_created"))["id"],
      }),
    ).toEqual(silent);
    expect(model.asked).toHaveLength(2);
    expect(his.of<AgentMessage>("agent_message").findLast(({ phase }) => phase === "end")?.in_reply_to).toBe(
      (await his.first("message_created"))["id"],
    );
  });

  it("does not begin where the agent is switched off: calling it in is refused by the same name as over HTTP", async () => {
    const { olga, ada, room, hers } = await scene();
    await olga.post(`/agents/${ada.id}/activate`, { active: false });
    for (const words of [{}, { text: "Come on" }])
      expect(await hers.ask("invoke_agent", { agent_id: ada.id, client_msg_id: fresh("m"), ...words })).toMatchObject({
        ...{ status: "error", response: { reason: "agent-inactive", detail: "The agent is switched off." } },
      });
    expect((await eventsOf(olga, "rooms", room.id)).map(({ type }) => type)).not.toContain("AgentInvoked");
  });

  it("that no model answers ends as failed, with one honest sentence; over HTTP it is 503", async () => {
    scriptedModel(() => ({ status: 401 }));
    const { olga, ada, room, hers, his } = await scene();
    await say(hers, "@Ada?");
    expect((await ending(his)).state).toBe("failed");
    const end = await his.first<AgentMessage>("agent_message", ({ phase }) => phase === "end");
    expect(end).toMatchObject({ notice: true, text: expect.stringMatching(/\S/) });
    const chat = await olga.post(`/agents/${ada.id}/chat`, { message: "And now?", room_id: room.id });
    expect(chat).toMatchObject({ status: 503, body: { type: "https://troupe.dev/problems/provider-unavailable" } });
    expect(JSON.stringify([his.frames, chat.body])).not.toMatch(/models\.test|apiKey|Bearer/);
  });

  it("that the provider puts off for long says over HTTP when to come back, and not where nobody knows", async () => {
    const later = { status: 429, headers: { "retry-after": "3600" } };
    scriptedModel((_asked, count) => (count === 1 ? later : { status: 401 }));
    const { olga, ada, room } = await scene();
    const chat = () => olga.post(`/agents/${ada.id}/chat`, { message: "Are you there?", room_id: room.id });
    const answer = await chat();
    expect(answer).toMatchObject({ status: 503, body: { detail: expect.stringContaining("60 minutes") } });
    const seconds = Number(answer.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(3_500);
    expect(seconds).toBeLessThanOrEqual(3_600);
  });

  it.each([
    "sent away",
    "deleted",
  ])("whose agent is %s in the middle ends at once, and nothing more is said", async (how) => {
    const door = gate();
    const model = scriptedModel(async () => {
      await door.passed();
      return { says: ["Too late."] };
    });
    const { olga, ada, room, hers, his } = await scene();
    await say(hers, "@Ada, think hard.");
    await his.first<Thinking>("agent_thinking", ({ state }) => state === "thinking");
    await eventually("the model is asked", () => (model.asked.length > 0 ? true : undefined));
    await olga.delete(how === "deleted" ? `/agents/${ada.id}` : `/rooms/${room.id}/participants/${ada.id}`);
    expect(["failed", "stopped"]).toContain((await ending(his)).state);
    door.open();
    await his.first("participant_left");
    await say(hers, "Never mind.");
    await his.first("message_created", ({ text }) => text === "Never mind.");
    expect(his.said()).toEqual(["@Ada, think hard.", "Never mind."]);
  });

  it("is ended by a command of those who take part; where nothing runs, that is said", async () => {
    const { ada, hers, his } = await scene();
    const command = (payload: object) => hers.ask("agent_command", { agent_id: ada.id, command: "stop", ...payload });
    const refused = (reason: string) => ({
      status: "error",
      response: { reason, detail: expect.stringMatching(/\S/) },
    });
    expect(await command({})).toEqual(refused("conflict"));
    expect(await command({ turn_id: `trn_${"0".repeat(26)}` })).toEqual(refused("conflict"));
    for (const wrong of [{ turn_id: "x" }, { turn_id: 7 }, { command: "explode" }, { command: 7 }, { agent_id: null }])
      expect(await command(wrong), JSON.stringify(wrong)).toEqual(refused("validation"));
    for (const agent_id of ["x", `agt_${"0".repeat(26)}`])
      expect(await command({ agent_id })).toEqual(refused("not-found"));
    expect(his.of("agent_command")).toEqual([]);
  });

  it("is not begun by what does not concern the agent", async () => {
    const model = scriptedModel(() => ({ says: ["Hm?"] }));
    const { hers, his } = await scene();
    for (const text of [
      "Hello everybody",
      "Adamant, is it?",
      "mail me at x@Adamant.example",
      "Ada was here yesterday.",
    ])
      await say(hers, text);
    await say(hers, "@ada now you.");
    await ending(his);
    expect(model.asked).toHaveLength(1);
  });
});
