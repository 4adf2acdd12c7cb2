/** A room that hibernates while people are in it: its sockets, its presence and its memory of who may sit there survive. */
import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { bindings, eventually, newAgent, newRoom, type Person, person } from "../support/door.ts";
import { type FrameClient, presenceOf } from "../support/phoenix-frames.ts";
import { type AgentMessage, ending, say, scene, seated, type Thinking } from "./room-socket.ts";
import { gate, scripted, scriptedModel } from "./scripted-model.ts";

const sleep = (roomId: string) => evictDurableObject(bindings.ROOM.getByName(roomId));

describe("a room that slept", () => {
  const presentOnce = (client: FrameClient, key: string) => presenceOf(client)[key]?.length;

  it("still has its sockets in their seats: they get messages, agents speak, presence stays true", async () => {
    scriptedModel(() => ({ says: ["Awake."] }));
    const { olga, ada, room, hers, his } = await scene();
    for (let nap = 1; nap <= 3; nap++) {
      await sleep(room.id);
      await say(hers, `@Ada, nap ${nap}?`);
      const end = await his.until(
        `reply ${nap}`,
        () => his.of<AgentMessage>("agent_message").filter(({ phase }) => phase === "end")[nap - 1],
      );
      await ending(his, end.turn_id);
      await eventually("Ada is idle, once", () =>
        presenceOf(his)
          [`agent:${ada.id}`]?.map(({ status }) => status)
          .join() === "idle"
          ? true
          : undefined,
      );
      expect(presentOnce(his, `user:${olga.id}`)).toBe(1);
    }
    expect(his.said().filter((text) => text === "Awake.")).toHaveLength(3);
    hers.close();
    await his.until("olga is gone", () => (presentOnce(his, `user:${olga.id}`) === undefined ? true : undefined));
  });

  it("shows each of its agents once, whoever speaks first after waking", async () => {
    scriptedModel(() => ({ says: ["Awake."] }));
    const { olga, ada, room, hers, his } = await scene();
    const bo = await newAgent(olga, scripted("Bo"));
    await olga.post(`/rooms/${room.id}/participants`, { agent_id: bo.id });
    const third = await seated(olga, room.id);
    for (const [name, slept] of [
      ["Bo", false],
      ["Bo", false],
      ["Bo", true],
      ["Ada", true],
    ] as const) {
      if (slept) await sleep(room.id);
      const { response } = await say(hers, `@${name}?`);
      const end = await his.first<AgentMessage>(
        "agent_message",
        ({ in_reply_to }) => in_reply_to === response["message_id"],
      );
      for (const client of [his, third]) await ending(client, end.turn_id);
      for (const client of [his, third])
        await client.until(`${name} and the other idle, once each`, () => {
          const shown = [ada, bo].map(({ id }) =>
            presenceOf(client)
              [`agent:${id}`]?.map(({ status }) => status)
              .join(),
          );
          return shown.join() === "idle,idle" ? true : undefined;
        });
    }
  });

  it("in the middle of a turn still shows its end", async () => {
    const door = gate();
    const model = scriptedModel(async () => {
      await door.passed();
      return { status: 401 };
    });
    const { ada, room, hers, his } = await scene();
    await say(hers, "@Ada, take your time.");
    await his.first<Thinking>("agent_thinking", ({ state }) => state === "thinking");
    await eventually("the question", () => (model.asked.length > 0 ? true : undefined));
    await sleep(room.id);
    door.open();
    expect((await ending(his)).state).toBe("failed");
    await his.until("Ada idle, once", () =>
      presenceOf(his)
        [`agent:${ada.id}`]?.map(({ status }) => status)
        .join() === "idle"
        ? true
        : undefined,
    );
  });

  it("has not taken back whom it sent away", async () => {
    const [olga, sven]: [Person, Person] = [await person("olga"), await person("sven")];
    const room = await newRoom(olga, "private", { people: [sven] });
    const [hers, his] = [await seated(olga, room.id), await seated(sven, room.id)];
    await olga.delete(`/rooms/${room.id}/participants/${sven.id}`);
    await his.until("phx_close", (frames) => frames.find((frame) => frame[3] === "phx_close"));
    await sleep(room.id);
    await say(hers, "Between us");
    await hers.first("message_created");
    expect(await his.ask("heartbeat", {}, { topic: "phoenix", joinRef: null })).toMatchObject({ status: "ok" });
    expect(his.said()).toEqual([]);
    expect(presenceOf(await seated(olga, room.id))).not.toHaveProperty(`user:${sven.id}`);
  });

  it("remembers who left, and that a joined socket may join anew", async () => {
    const { room, hers, his } = await scene();
    await his.ask("phx_leave", {}, { joinRef: "1" });
    await sleep(room.id);
    await say(hers, "Anybody?");
    expect(await his.ask("new_message", { text: "I", client_msg_id: "1" })).toMatchObject({
      status: "error",
      response: { reason: "unmatched topic" },
    });
    await his.joined({ after_seq: 0 });
    await his.first("message_created");
    expect(his.said()).toEqual(["Anybody?"]);
  });
});
