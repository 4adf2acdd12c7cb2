/** Agents that their owner has switched off, over HTTP: nothing is said to them alone, and rooms know of it at once. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { UserId } from "#events/kit/ids.ts";
import { Room } from "#src/worker.ts";
import { gate } from "../actors/scripted-model.ts";
import {
  bindings,
  expectProblem,
  fresh,
  messagesOf,
  newAgent,
  newRoom,
  type Person,
  person,
  type RoomBody,
} from "../support/door.ts";

afterEach(() => void vi.restoreAllMocks());

interface Chat {
  readonly room_id: string;
  readonly reply: { readonly text: string };
}

const chat = (who: Person, id: string, body: Readonly<Record<string, unknown>>, headers: Record<string, string> = {}) =>
  who.post<Chat>(`/agents/${id}/chat`, body, headers);

describe("a chat with an agent that is switched off", () => {
  it("says so, and answers again when switched on", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    await olga.post(`/agents/${id}/activate`, { active: false });
    expectProblem(await chat(olga, id, { message: "Hello" }), "agent-inactive");
    await olga.post(`/agents/${id}/activate`, { active: true });
    const answer = await chat(olga, id, { message: "Hello again" });
    expect(answer.status).toBe(200);
    const said = (await messagesOf(olga, answer.body.room_id)).map(({ text }) => text);
    expect(said).toEqual(["Hello again", answer.body.reply.text]);
  });

  it("in a room is refused to who is there, before anything is said", async () => {
    const [olga, sven, una] = [await person("olga"), await person("sven"), await person("una")];
    const agent = await newAgent(olga);
    const room = await newRoom(olga, "private", { people: [sven], agents: [agent] });
    await olga.post(`/agents/${agent.id}/activate`, { active: false });
    const asked = { message: "Hello", room_id: room.id };
    expectProblem(await chat(sven, agent.id, asked, { prefer: "respond-async" }), "agent-inactive");
    expectProblem(await chat(sven, agent.id, asked), "agent-inactive");
    expectProblem(await chat(una, agent.id, asked), "not-found");
    expect(await messagesOf(olga, room.id)).toEqual([]);
  });

  it("with one that was sent away does not bring it back, and says nothing", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    const { room_id } = (await chat(olga, id, { message: "Hello" })).body;
    await olga.post(`/agents/${id}/activate`, { active: false });
    await olga.delete(`/rooms/${room_id}/participants/${id}`);
    expectProblem(await chat(olga, id, { message: "Are you there?" }), "agent-inactive");
    const { participants } = (await olga.get<RoomBody>(`/rooms/${room_id}`)).body;
    expect(participants.map(({ agent_id }) => agent_id)).not.toContain(id);
    expect(await messagesOf(olga, room_id)).toHaveLength(2);
  });

  it("with one that was switched off since, a repeat has its first answer and nothing new is said", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    const repeat = { "idempotency-key": fresh("key") };
    const first = await chat(olga, id, { message: "Hello" }, repeat);
    await olga.post(`/agents/${id}/activate`, { active: false });
    expect(await chat(olga, id, { message: "Hello" }, repeat)).toMatchObject({ status: 200, body: first.body });
    expectProblem(await chat(olga, id, { message: "Hello" }, { "idempotency-key": fresh("key") }), "agent-inactive");
    expect(await messagesOf(olga, first.body.room_id)).toHaveLength(2);
  });
});

describe("switching an agent off", () => {
  it("waits for its rooms, which no other request does", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    await newRoom(olga, "private", { agents: [{ id }] });
    const room = gate();
    vi.spyOn(Room.prototype, "agentChanged").mockImplementation(room.passed);
    const agent = bindings.AGENT.getByName(id);
    const by = { userId: olga.id as UserId, name: "Olga", roles: [] };
    await agent.setActive(by, fresh("command"), false);
    const order: string[] = [];
    const withRooms = agent.settle(60_000, { rooms: true }).then(() => order.push("with its rooms"));
    await agent.settle(60_000);
    order.push("without its rooms");
    room.open();
    await withRooms;
    expect(order).toEqual(["without its rooms", "with its rooms"]);
  });

  it("tells a room that does not answer again in its time, and no sooner because somebody looks", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    await newRoom(olga, "private", { agents: [{ id }] });
    const told = vi.spyOn(Room.prototype, "agentChanged").mockRejectedValue(new Error("away"));
    const time = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(time); // the second in which it is left alone does not end
    const agent = bindings.AGENT.getByName(id);
    await agent.setActive({ userId: olga.id as UserId, name: "Olga", roles: [] }, fresh("command"), false);
    for (let look = 0; look < 4; look++) await agent.settle(60_000, { rooms: true });
    expect(told).toHaveBeenCalledTimes(1);
  });
});
