/** The socket of a room, frame by frame: who is let in, what each frame is answered with, and that nothing from one socket disturbs another. */
import { beforeAll, describe, expect, it } from "vitest";
import { eventsOf, fresh, newAgent, newRoom, type Person, person, type RoomBody, upgrade } from "../support/door.ts";
import { FrameClient, presenceOf } from "../support/phoenix-frames.ts";
import { connect, path, seated } from "./room-socket.ts";

let olga: Person;
let room: RoomBody;

beforeAll(async () => {
  olga = await person("olga");
  room = await newRoom(olga, "public");
});

const bearer = (token: string) => `base64url.bearer.phx.${btoa(token).replace(/=+$/, "")}`;

const ok = (response: unknown = expect.anything()) => ({ status: "ok", response });
const error = (reason: string) => ({ status: "error", response: expect.objectContaining({ reason }) });

describe("the upgrade", () => {
  const tried = async (to: string, headers: Record<string, string> = {}) => {
    const response = await upgrade(to, headers);
    response.webSocket?.accept();
    response.webSocket?.close(1000);
    if (response.status !== 101) await response.text();
    return { status: response.status, protocol: response.headers.get("sec-websocket-protocol") };
  };

  it("takes the token in the subprotocol and echoes `phoenix`, and only that", async () => {
    for (const offer of [`phoenix, ${bearer(olga.token)}`, `phoenix,${bearer(olga.token)}`])
      expect(await tried(path(room.id), { "sec-websocket-protocol": offer })).toEqual({
        status: 101,
        protocol: "phoenix",
      });
  });

  it("takes the token in the query and echoes nothing that was not offered", async () => {
    expect(await tried(`${path(room.id)}&token=${olga.token}`)).toEqual({ status: 101, protocol: null });
    expect(await tried(`/parties/room/${room.id}?token=${olga.token}`)).toEqual({ status: 101, protocol: null });
    expect(await tried(`${path(room.id)}&token=${olga.token}`, { "sec-websocket-protocol": "phoenix" })).toEqual({
      status: 101,
      protocol: "phoenix",
    });
  });

  it.each([
    ["no token", ""],
    ["an empty token", "&token="],
    ["no real token", "&token=a.b.c"],
    ["a cut token", "&token=CUT"],
  ])("%s: 403, before any socket", async (_what, query) => {
    expect(await tried(path(room.id) + query.replace("CUT", olga.token.slice(0, -9)))).toEqual({
      status: 403,
      protocol: null,
    });
  });

  it("a bad token in the subprotocol: 403, also beside a good one in the query", async () => {
    for (const offer of ["phoenix", `phoenix, ${bearer("a.b.c")}`, "phoenix, base64url.bearer.phx.%%%"])
      expect((await tried(path(room.id), { "sec-websocket-protocol": offer })).status).toBe(403);
    const both = `${path(room.id)}&token=${olga.token}`;
    expect((await tried(both, { "sec-websocket-protocol": `phoenix, ${bearer("a.b.c")}` })).status).toBe(403);
  });

  it.each(["1.0.0", "3.0.0", "", "2"])("version %s: 403", async (vsn) => {
    expect((await tried(`/parties/room/${room.id}/websocket?vsn=${vsn}&token=${olga.token}`)).status).toBe(403);
  });

  it("a page of another origin: 403; of this one, or no page at all: welcome", async () => {
    const to = `${path(room.id)}&token=${olga.token}`;
    for (const origin of [
      "https://evil.example",
      "http://localhost:1",
      "http://localhost.evil.example",
      "null",
      "localhost",
    ])
      expect((await tried(to, { origin })).status, origin).toBe(403);
    for (const origin of ["http://localhost"]) expect((await tried(to, { origin })).status).toBe(101);
  });

  it("there is no other door", async () => {
    for (const to of [
      `/parties/rooms/${room.id}`,
      "/parties/vault/0",
      `/parties/room/${fresh("x")}`,
      `/parties/room/${room.id}/other`,
      `/parties/room/${room.id}/websocket/x`,
      "/parties/room/",
    ])
      expect((await tried(`${to}?vsn=2.0.0&token=${olga.token}`)).status, to).toBe(404);
  });

  it("what a client says of itself in headers of ours is not believed", async () => {
    const sven = await person("sven");
    const claimed = encodeURIComponent(JSON.stringify({ userId: olga.id, name: "Olga", roles: ["admin"] }));
    const response = await upgrade(`${path(room.id)}&token=${sven.token}`, {
      "x-troupe-principal": claimed,
      "x-partykit-room": "other",
    });
    const client = new FrameClient(response.webSocket!, `room:${room.id}`);
    response.webSocket!.accept();
    await client.joined();
    expect(Object.keys(presenceOf(client))).toContain(`user:${sven.id}`);
    client.close();
  });
});

describe("frames", () => {
  it("a heartbeat is answered, joined or not, the stock client's and ours", async () => {
    const client = await connect(olga, room.id);
    client.send(JSON.stringify([null, "7", "phoenix", "heartbeat", {}]));
    client.send('[null,"hb","phoenix","heartbeat",{}]');
    for (const ref of ["7", "hb"])
      expect(await client.until(`beat ${ref}`, (frames) => frames.find((frame) => frame[1] === ref))).toEqual([
        null,
        ref,
        "phoenix",
        "phx_reply",
        { status: "ok", response: {} },
      ]);
    client.close();
  });

  it("a join is answered with the room's seq, then with who is here", async () => {
    const client = await connect(olga, room.id);
    expect(await client.join()).toEqual(ok({ seq: expect.any(Number) }));
    await client.first("presence_state");
    const [joinReply, state] = client.frames;
    expect(joinReply!.slice(0, 4)).toEqual(["1", "1", `room:${room.id}`, "phx_reply"]);
    expect(state!.slice(0, 4)).toEqual(["1", null, `room:${room.id}`, "presence_state"]);
    expect(state![4]).toMatchObject({
      [`user:${olga.id}`]: { metas: [{ kind: "user", status: "online", phx_ref: expect.any(String) }] },
    });
    client.close();
  });

  it("joining a public room makes one a participant; a private one of others is not there", async () => {
    const sven = await person("sven");
    const [open, hidden] = [await newRoom(olga, "public"), await newRoom(olga, "private")];
    const client = await connect(sven, open.id);
    await client.joined();
    expect((await sven.get(`/rooms/${open.id}`)).body).toMatchObject({ joined: true });
    const refused = await connect(sven, hidden.id);
    expect(await refused.join()).toEqual({ status: "error", response: { reason: "not-found", retry: false } });
    const nowhere = await connect(sven, `rm_${"0".repeat(26)}`);
    expect(await nowhere.join()).toEqual({ status: "error", response: { reason: "not-found", retry: false } });
    for (const other of [client, refused, nowhere]) other.close();
  });

  it("after leaving, the channel closes and nothing more comes", async () => {
    const [client, other] = [await connect(olga, room.id), await connect(olga, room.id)];
    await Promise.all([client.joined(), other.joined()]);
    expect(await client.ask("phx_leave", {}, { joinRef: "1" })).toEqual(ok({}));
    expect(await client.until("phx_close", (frames) => frames.find((frame) => frame[3] === "phx_close"))).toEqual([
      "1",
      "1",
      `room:${room.id}`,
      "phx_close",
      {},
    ]);
    const text = fresh("after");
    await other.ask("new_message", { text, client_msg_id: fresh("m") });
    await other.first("message_created", (message) => message["text"] === text);
    expect(await client.ask("new_message", { text, client_msg_id: "1" })).toEqual(error("unmatched topic"));
    expect(client.said()).toEqual([]);
    for (const each of [client, other]) each.close();
  });

  it("a second join of a socket closes the first, then is answered; nothing comes twice", async () => {
    const client = await connect(olga, room.id);
    await client.joined();
    await client.joined();
    const own = client.frames.filter(
      ([, ref, , event]) => event === "phx_close" || (event === "phx_reply" && ref === "2"),
    );
    expect(own.map(([joinRef, ref, , event]) => [joinRef, ref, event])).toEqual([
      ["1", "1", "phx_close"],
      ["2", "2", "phx_reply"],
    ]);
    const text = fresh("once");
    await client.ask("new_message", { text, client_msg_id: fresh("m") });
    expect(client.said().filter((said) => said === text)).toHaveLength(1);
    // What still comes under the first join is of the past.
    client.send(JSON.stringify(["1", "99", client.topic, "new_message", { text: "late", client_msg_id: fresh("m") }]));
    await client.ask("heartbeat", {}, { topic: "phoenix", joinRef: null });
    expect(client.said()).not.toContain("late");
    client.close();
  });

  it("who has not joined, or speaks to another topic, is told so", async () => {
    const client = await connect(olga, room.id);
    expect(await client.ask("new_message", { text: "Hi", client_msg_id: "1" })).toEqual(error("unmatched topic"));
    await client.joined();
    for (const topic of ["room:other", "agent:x", `room:${room.id} `, "", "lobby"]) {
      expect(await client.ask("new_message", { text: "Hi", client_msg_id: "1" }, { topic })).toEqual(
        error("unmatched topic"),
      );
      expect(await client.ask("phx_join", {}, { topic })).toEqual(error("unmatched topic"));
    }
    expect(await client.ask("anything", {}, { topic: "phoenix" })).toEqual(error("unmatched topic"));
    client.close();
  });

  it("every push is answered, also when it is nothing anybody knows", async () => {
    const client = await connect(olga, room.id);
    await client.joined();
    for (const event of [
      "shout",
      "message_created",
      "agent_message",
      "presence_state",
      "phx_error",
      "",
      "constructor",
      "x".repeat(1_000),
    ])
      expect(await client.ask(event, {})).toMatchObject({
        status: "error",
        response: { reason: "validation", detail: expect.any(String) },
      });
    client.close();
  });

  it("a payload that does not fit is named as that", async () => {
    const client = await connect(olga, room.id);
    await client.joined();
    const messages = [
      null,
      [],
      "Hi",
      7,
      {},
      { text: "Hi" },
      { client_msg_id: "1" },
      { text: 7, client_msg_id: "1" },
      { text: "", client_msg_id: "1" },
      { text: " \n", client_msg_id: "1" },
      { text: "Hi", client_msg_id: "" },
      { text: "Hi", client_msg_id: "x".repeat(129) },
      { text: "\ud800", client_msg_id: "1" },
      { text: "a\0b", client_msg_id: "1" },
      { text: "Hi", client_msg_id: "\udc00" },
      { text: "Hi", client_msg_id: "1", reply_to: 7 },
      { text: "Hi", client_msg_id: "1", reply_to: "msg_x" },
    ];
    for (const payload of messages)
      expect(await client.ask("new_message", payload), JSON.stringify(payload)).toEqual(error("validation"));
    for (const payload of [null, {}, { agent_id: 7, client_msg_id: "1" }, { client_msg_id: "1" }])
      expect(await client.ask("invoke_agent", payload)).toEqual(error("validation"));
    for (const agent_id of ["x", room.id, `agt_${"0".repeat(26)}`])
      expect(await client.ask("invoke_agent", { agent_id, client_msg_id: fresh("m") })).toEqual(error("not-found"));
    expect(await client.ask("new_message", { text: "x".repeat(16_385), client_msg_id: "1" })).toEqual(
      error("payload-too-large"),
    );
    expect(await client.join({ after_seq: "abc" })).toEqual(error("validation"));
    expect(await client.join({ after_seq: 1.5 })).toEqual(error("validation"));
    client.close();
  });
});

describe("garbage", () => {
  it("from one socket is answered or cuts that socket alone; nobody else notices, nothing is written", async () => {
    const own = await newRoom(olga, "public");
    const [victim, calm] = [await connect(olga, own.id), await connect(olga, own.id)];
    await Promise.all([victim.joined(), calm.joined()]);
    const before = await eventsOf(olga, "rooms", own.id);
    const seen = calm.frames.length;
    const broken = [
      "",
      "{",
      "null",
      "7",
      "[]",
      "[1,2,3,4,5]",
      '[null,null,"t","e"]',
      '[null,null,"t","e",{},1]',
      '["1",2,"t","e",{}]',
      "[".repeat(50_000),
      "\u0000",
      '{"topic":"room"}',
    ];
    for (const [index, text] of broken.entries()) {
      victim.send(text);
      await victim.until(
        `an answer to garbage ${index}`,
        (frames) =>
          frames.filter(([, , , event, payload]) => event === "phx_reply" && payload["status"] === "error")[index],
      );
    }
    victim.send(new Uint8Array([0x5b, 0x5d]).buffer);
    await victim.until("an answer to a binary frame", (frames) =>
      frames.filter(([, , , , payload]) => payload["status"] === "error").length > broken.length ? true : undefined,
    );
    expect(await victim.ask("heartbeat", {}, { topic: "phoenix" })).toEqual(ok({}));
    expect(calm.frames.length).toBe(seen);
    expect(await eventsOf(olga, "rooms", own.id)).toEqual(before);
    for (const each of [victim, calm]) each.close();
  });

  it.each([
    ["in ASCII", "x".repeat(65_537)],
    ["in UTF-8", "ü".repeat(33_000)],
    ["of half a megabyte", "x".repeat(500_000)],
  ])("a frame above 64 KiB %s closes its socket with 1009, and no other", async (_what, text) => {
    const [victim, calm] = [await connect(olga, room.id), await connect(olga, room.id)];
    await Promise.all([victim.joined(), calm.joined()]);
    victim.send(JSON.stringify(["1", "9", victim.topic, "new_message", { text, client_msg_id: "1" }]));
    expect(await victim.untilClosed()).toBe(1009);
    expect(await calm.ask("new_message", { text: "Still here", client_msg_id: fresh("m") })).toEqual(ok());
    await calm.until("the victim is gone from presence", () =>
      presenceOf(calm)[`user:${olga.id}`]?.length === 1 ? true : undefined,
    );
    calm.close();
  });
});

describe("presence", () => {
  it("tells who comes and goes, each socket once, agents among them", async () => {
    const sven = await person("sven");
    const agent = await newAgent(olga, { name: "Ada" });
    const own = await newRoom(olga, "public", { agents: [agent] });
    const watcher = await connect(olga, own.id);
    await watcher.joined();
    expect(presenceOf(watcher)).toMatchObject({
      [`user:${olga.id}`]: [{ status: "online" }],
      [`agent:${agent.id}`]: [{ status: "idle", kind: "agent" }],
    });
    const [first, second] = [await connect(sven, own.id), await connect(sven, own.id)];
    const count = (many: number) =>
      watcher.until(`${many} of sven`, () =>
        (presenceOf(watcher)[`user:${sven.id}`]?.length ?? 0) === many ? true : undefined,
      );
    await first.joined();
    await count(1);
    await second.joined();
    await count(2);
    first.close();
    await count(1);
    await second.ask("phx_leave", {}, { joinRef: "1" });
    await count(0);
    const bea = await newAgent(olga, { name: "Bea" });
    await olga.post(`/rooms/${own.id}/participants`, { agent_id: bea.id });
    await watcher.until("Bea", () => presenceOf(watcher)[`agent:${bea.id}`]);
    await olga.delete(`/rooms/${own.id}/participants/${bea.id}`);
    await watcher.until("Bea is gone", () => (presenceOf(watcher)[`agent:${bea.id}`] === undefined ? true : undefined));
    for (const each of [watcher, second]) each.close();
  });

  it("shows an agent that is switched off as that, to who is here and to who comes, until it is switched on", async () => {
    const [ada, bea] = [await newAgent(olga, { name: "Ada" }), await newAgent(olga, { name: "Bea" })];
    const own = await newRoom(olga, "public", { agents: [ada] });
    const watcher = await seated(olga, own.id);
    const standing = (client: FrameClient, { id }: { readonly id: string }, status: string) =>
      client.until(`${id} ${status}`, () =>
        presenceOf(client)
          [`agent:${id}`]?.map((meta) => meta.status)
          .join() === status
          ? true
          : undefined,
      );
    await standing(watcher, ada, "idle");
    await olga.post(`/agents/${ada.id}/activate`, { active: false });
    await standing(watcher, ada, "off");
    await standing(await seated(olga, own.id), ada, "off");
    await olga.post(`/agents/${bea.id}/activate`, { active: false });
    await olga.post(`/rooms/${own.id}/participants`, { agent_id: bea.id });
    await standing(watcher, bea, "off");
    await olga.post(`/agents/${ada.id}/activate`, { active: true });
    await standing(watcher, ada, "idle");
  });

  it("whoever is sent away has their channel closed and hears no more", async () => {
    const sven = await person("sven");
    const own = await newRoom(olga, "private", { people: [sven] });
    const [watcher, guest] = [await connect(olga, own.id), await connect(sven, own.id)];
    await Promise.all([watcher.joined(), guest.joined()]);
    await olga.delete(`/rooms/${own.id}/participants/${sven.id}`);
    await guest.until("phx_close", (frames) => frames.find((frame) => frame[3] === "phx_close"));
    await watcher.ask("new_message", { text: "Now that he is gone", client_msg_id: "1" });
    expect(await guest.ask("heartbeat", {}, { topic: "phoenix", joinRef: null })).toEqual(ok({}));
    expect(guest.said()).toEqual([]);
    expect(await guest.join()).toEqual(error("not-found"));
    for (const each of [watcher, guest]) each.close();
  });
});
