/** Rooms over HTTP: opening, coming and going, saying things, and reading them back. */
import { describe, expect, it } from "vitest";
import {
  arrived,
  eventsOf,
  expectProblem,
  fresh,
  type MessageBody,
  messagesOf,
  newAgent,
  newRoom,
  type Page,
  person,
  type RoomBody,
} from "../support/door.ts";

const say = (text: string, more: Readonly<Record<string, unknown>> = {}) => ({
  text,
  client_msg_id: fresh("m"),
  ...more,
});

/** What the development identity calls a person. */
const nameOf = (id: string) => `${id[0]!.toUpperCase()}${id.slice(1)}`;

describe("a room", () => {
  it.each(["public", "private", "direct"])("%s: its founder is its owner and first participant", async (kind) => {
    const olga = await person("olga");
    const made = await olga.post<RoomBody>("/rooms", { name: "Harbour", kind });
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^rm_[0-9a-z]{26}$/),
        ...{ name: "Harbour", kind, created_by: olga.id, joined: true, seq: 2, created_at: expect.any(String) },
        participants: [{ kind: "user", user_id: olga.id, is_owner: true, name: expect.any(String) }],
      },
    });
    expect((await olga.get<RoomBody>(`/rooms/${made.body.id}`)).body).toEqual(made.body);
    const { body } = await olga.get<Page<RoomBody>>("/rooms?limit=200");
    expect(body.data.find(({ id }) => id === made.body.id)).toMatchObject({
      name: "Harbour",
      kind,
      joined: true,
      message_count: 0,
      last_message_at: null,
    });
  });

  it("a public one is joined and left by anybody, once each", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const { id } = await newRoom(olga, "public");
    const listed = async () =>
      (await sven.get<Page<RoomBody>>("/rooms?limit=200")).body.data.find((room) => room.id === id)?.["joined"];
    expect(await listed()).toBe(false);
    for (let times = 0; times < 2; times++)
      expect(await sven.post(`/rooms/${id}/join`)).toMatchObject({ status: 200, body: { joined: true } });
    expect(await listed()).toBe(true);
    expect((await sven.post(`/rooms/${id}/leave`)).status).toBe(204);
    expect(await listed()).toBe(false);
    expectProblem(await sven.post(`/rooms/${id}/leave`), "forbidden");
    expectProblem(await sven.post(`/rooms/${id}/messages`, say("One more thing")), "forbidden");
    const types = (await eventsOf(olga, "rooms", id)).map(({ type }) => type);
    expect(types).toEqual(["RoomOpened", "ParticipantJoined", "ParticipantJoined", "ParticipantLeft"]);
  });

  it("a private one opens to those who are brought, and closes behind those who go", async () => {
    const [olga, sven] = [await person("olga"), await arrived("sven")];
    const { id } = await newRoom(olga, "private");
    expectProblem(await sven.get(`/rooms/${id}`), "not-found");
    const added = await olga.post<RoomBody>(`/rooms/${id}/participants`, { user_id: sven.id });
    expect(added).toMatchObject({
      status: 201,
      body: { participants: [{ user_id: olga.id }, { user_id: sven.id, name: nameOf(sven.id), is_owner: false }] },
    });
    expect((await sven.get<RoomBody>(`/rooms/${id}`)).body).toMatchObject({ joined: true });
    expect((await sven.get<Page<RoomBody>>("/rooms?limit=200")).body.data.map((room) => room.id)).toContain(id);
    expect((await sven.post(`/rooms/${id}/messages`, say("Thanks"))).status).toBe(201);
    expect((await olga.delete(`/rooms/${id}/participants/${sven.id}`)).status).toBe(204);
    for (const path of ["", "/messages", "/events"]) expectProblem(await sven.get(`/rooms/${id}${path}`), "not-found");
    expectProblem(await sven.post(`/rooms/${id}/messages`, say("Wait")), "not-found");
    expectProblem(await sven.post(`/rooms/${id}/join`), "not-found");
    expect((await sven.get<Page<RoomBody>>("/rooms?limit=200")).body.data.map((room) => room.id)).not.toContain(id);
  });

  it("only its owner sends others away", async () => {
    const [olga, sven, tove] = [await person("olga"), await person("sven"), await person("tove")];
    const agent = await newAgent(olga);
    const { id } = await newRoom(olga, "private", { people: [sven, tove], agents: [agent] });
    for (const other of [olga.id, tove.id, agent.id])
      expectProblem(await sven.delete(`/rooms/${id}/participants/${other}`), "forbidden");
    expect((await sven.delete(`/rooms/${id}/participants/${sven.id}`)).status).toBe(204);
    expect((await olga.delete(`/rooms/${id}/participants/${agent.id}`)).status).toBe(204);
    const { body } = await olga.get<RoomBody>(`/rooms/${id}`);
    expect(body.participants.map(({ user_id, agent_id }) => user_id ?? agent_id)).toEqual([olga.id, tove.id]);
  });

  it("lets its owner choose who speaks when, and nobody else", async () => {
    const [olga, sven] = [await person("olga"), await arrived("sven")];
    const { id } = await newRoom(olga, "private", { people: [sven] });
    const modeFor = async (who: typeof olga) => (await who.get<RoomBody>(`/rooms/${id}`)).body["mode"];
    expect(await modeFor(olga)).toBe("mention");
    for (const mode of ["natural", "list", "pooled", "manual", "mention", "list", "list"]) {
      const chosen = await olga.put<RoomBody>(`/rooms/${id}/policy`, { mode });
      expect(chosen).toMatchObject({ status: 200, body: { id, mode } });
      expect([await modeFor(olga), await modeFor(sven)]).toEqual([mode, mode]);
    }
    for (const body of [{ mode: "natural" }, { mode: "loud" }, {}])
      expectProblem(await sven.put(`/rooms/${id}/policy`, body), "forbidden");
    expect(await modeFor(sven)).toBe("list");
    const chosen = (await eventsOf(olga, "rooms", id)).filter(({ type }) => type === "RoomPolicySet");
    expect(chosen.map(({ open }) => open["mode"])).toEqual(["natural", "list", "pooled", "manual", "mention", "list"]);
  });

  it("knows its agents by the names they have now", async () => {
    const olga = await person("olga");
    const agent = await newAgent(olga, { name: "Ada" });
    const { id } = await newRoom(olga, "private", { agents: [agent] });
    const names = async () => (await olga.get<RoomBody>(`/rooms/${id}`)).body.participants.map(({ name }) => name);
    expect(await names()).toContain("Ada");
    await olga.put(`/agents/${agent.id}`, { name: "Grace" });
    await expect.poll(names, { timeout: 10_000 }).toContain("Grace");
    expect(await names()).not.toContain("Ada");
  });

  it("takes one participant at a time, a person or an agent", async () => {
    const olga = await person("olga");
    const { id } = await newRoom(olga);
    for (const who of [{}, { name: "sven" }, { user_id: 7 }, { agent_id: null }])
      expectProblem(await olga.post(`/rooms/${id}/participants`, who), "validation");
  });
});

describe("messages", () => {
  it("have their place, their author and their time, and stay as they were said", async () => {
    const olga = await person("olga");
    const { id, seq } = await newRoom(olga);
    const first = await olga.post<MessageBody>(`/rooms/${id}/messages`, say("  Hello,\nworld  "));
    expect(first).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^msg_[0-9a-z]{26}$/),
        ...{
          room_id: id,
          seq: seq + 1,
          author_id: olga.id,
          author_kind: "user",
          text: "  Hello,\nworld  ",
          ai_generated: false,
        },
        author_name: nameOf(olga.id),
      },
    });
    const reply = await olga.post<MessageBody>(`/rooms/${id}/messages`, say("Indeed", { reply_to: first.body.id }));
    expect(reply.body).toMatchObject({ reply_to: first.body.id, seq: seq + 2 });
    expect(await messagesOf(olga, id)).toEqual([first.body, reply.body]);
  });

  it("sent twice under one client_msg_id are one message; other words under it are refused", async () => {
    const olga = await person("olga");
    const { id } = await newRoom(olga);
    const once = say("Only once");
    const sent = await Promise.all([1, 2, 3].map(() => olga.post<MessageBody>(`/rooms/${id}/messages`, once)));
    expect(new Set(sent.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    expectProblem(
      await olga.post(`/rooms/${id}/messages`, { ...once, text: "Something else" }),
      "idempotency-conflict",
    );
    expect(await messagesOf(olga, id)).toHaveLength(1);
  });

  it("one person's client_msg_id is nobody else's, nor another room's", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const [here, there] = [await newRoom(olga, "private", { people: [sven] }), await newRoom(olga)];
    const text = say("Same words");
    const ids = await Promise.all([
      olga.post<MessageBody>(`/rooms/${here.id}/messages`, text),
      sven.post<MessageBody>(`/rooms/${here.id}/messages`, text),
      olga.post<MessageBody>(`/rooms/${there.id}/messages`, text),
    ]);
    expect(new Set(ids.map(({ body }) => body.id)).size).toBe(3);
  });

  it("sent again after the room changed are still the same message", async () => {
    const olga = await person("olga");
    const ada = await newAgent(olga, { name: "Ada" });
    await olga.post(`/agents/${ada.id}/activate`, { active: false });
    const { id } = await newRoom(olga);
    const once = say("@Ada, are you coming?");
    const first = await olga.post<MessageBody>(`/rooms/${id}/messages`, once);
    await olga.post(`/rooms/${id}/participants`, { agent_id: ada.id });
    const again = await olga.post<MessageBody>(`/rooms/${id}/messages`, once);
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(await messagesOf(olga, id)).toHaveLength(1);
  });

  it("come newest first page by page backwards, oldest first forwards, each once", async () => {
    const olga = await person("olga");
    const { id } = await newRoom(olga);
    for (let count = 1; count <= 5; count++) await olga.post(`/rooms/${id}/messages`, say(String(count)));
    const walk = async (start: string) => {
      const pages: string[] = [];
      for (let query = start; ; ) {
        const { body } = await olga.get<Page<MessageBody>>(`/rooms/${id}/messages?limit=2${query}`);
        pages.push(body.data.map(({ text }) => text).join());
        if (!body.page.has_more) return pages;
        query = `&cursor=${body.page.next_cursor}`;
      }
    };
    expect(await walk("")).toEqual(["4,5", "2,3", "1"]);
    expect(await walk("&after_seq=0")).toEqual(["1,2", "3,4", "5"]);
    const third = (await messagesOf(olga, id))[2]!.seq;
    expect(await walk(`&after_seq=${third}`)).toEqual(["4,5"]);
    expect(await walk(`&before_seq=${third}`)).toEqual(["1,2"]);
  });

  it("a hundred at once, of ten people, are a hundred in one order for everybody", async () => {
    const olga = await person("olga");
    const people = await Promise.all(Array.from({ length: 10 }, () => person("guest")));
    const { id } = await newRoom(olga, "private", { people });
    const sent = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        people[index % 10]!.post<MessageBody>(`/rooms/${id}/messages`, say(`${index}`)),
      ),
    );
    expect(sent.every(({ status }) => status === 201)).toBe(true);
    const seen = await messagesOf(olga, id);
    const numbers = seen.map(({ text }) => Number(text));
    expect(numbers.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, index) => seen[0]!.seq + index));
    expect(await messagesOf(people[0]!, id)).toEqual(seen);
    const listed = async () =>
      (await olga.get<Page<RoomBody>>("/rooms?limit=200")).body.data.find((room) => room.id === id);
    await expect
      .poll(listed, { timeout: 10_000 })
      .toMatchObject({ message_count: 100, last_message_at: seen.at(-1)!["created_at"] });
  });
});

describe("a room's log", () => {
  it("is for its owner and for auditors, not for everybody who takes part", async () => {
    const [olga, sven, aude] = [await person("olga"), await arrived("sven"), await person("aude", ["auditor"])];
    const { id } = await newRoom(olga, "private", { people: [sven] });
    expectProblem(await sven.get(`/rooms/${id}/events`), "forbidden");
    expect(await eventsOf(aude, "rooms", id)).toEqual(await eventsOf(olga, "rooms", id));
  });

  it("is gapless, paged, and tells no words [L1] [S1]", async () => {
    const olga = await person("olga");
    const { id } = await newRoom(olga);
    for (const text of ["Zanzibar", "xylophone"]) await olga.post(`/rooms/${id}/messages`, say(text));
    const events = await eventsOf(olga, "rooms", id);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(JSON.stringify(events)).not.toMatch(/Zanzibar|xylophone/);
    const { body } = await olga.get(`/rooms/${id}/events?after=1&limit=2&type=MessagePosted`);
    expect(body).toEqual({ data: events.slice(2, 4), page: { next_cursor: null, has_more: false } });
    const first = (await olga.get<Page<unknown>>(`/rooms/${id}/events?limit=3`)).body;
    const rest = (await olga.get<Page<unknown>>(`/rooms/${id}/events?limit=3&cursor=${first.page.next_cursor}`)).body;
    expect([...first.data, ...rest.data]).toEqual(events);
  });
});
