/** Agents over HTTP: their life from creation to deletion, their versions, their tools, their lists and their log. */
import { describe, expect, it } from "vitest";
import {
  type AgentBody,
  agentInput,
  agrees,
  type EventBody,
  eventsOf,
  expectProblem,
  fresh,
  newAgent,
  newRoom,
  type Page,
  type Person,
  person,
} from "../support/door.ts";

describe("an agent's life", () => {
  it("begins with what its owner said, and every default told", async () => {
    const olga = await person("olga");
    const personality = {
      traits: { openness: 0.8, neuroticism: 0 },
      communicationStyle: { formality: "casual", humor: "subtle" },
      interests: ["tides"],
      expertise: ["sailing"],
      limitations: [],
    };
    const made = await olga.post<AgentBody>(
      "/agents",
      agentInput({
        description: "Sails",
        personality,
        capabilities: ["calculator"],
        max_tokens: 500,
        temperature: 0.5,
      }),
    );
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^agt_[0-9a-z]{26}$/),
        ...{
          name: "Ada",
          description: "Sails",
          created_by: olga.id,
          llm_provider: "anthropic",
          model_name: "claude-sonnet-5-5",
        },
        ...{
          answered_by: "demo",
          system_prompt: "You answer what was asked.",
          personality,
          capabilities: ["calculator"],
        },
        ...{
          memory_enabled: true,
          max_tokens: 500,
          temperature: 0.5,
          is_active: true,
          version: 1,
          seq: expect.any(Number),
        },
      },
    });
    expect(made.headers.get("etag")).toBe('"v1"');
    expect(Math.abs(Date.parse(String(made.body["created_at"])) - Date.now())).toBeLessThan(60_000);
    const again = await olga.get<AgentBody>(`/agents/${made.body.id}`);
    expect(again.body).toEqual(made.body);
    expect(again.headers.get("etag")).toBe('"v1"');
    expect((await newAgent(olga)).id).not.toBe(made.body.id);
    expect(await newAgent(olga)).toMatchObject({
      description: "",
      personality: null,
      capabilities: [],
      max_tokens: null,
      temperature: null,
    });
  });

  it("takes any model name, its provider's demo in place", async () => {
    const olga = await person("olga");
    for (const [llm_provider, answered_by] of [
      ["anthropic", "demo"],
      ["cloudflare", "demo"],
      ["openai", "openai"],
    ])
      expect(await newAgent(olga, { llm_provider, model_name: "of-tomorrow" })).toMatchObject({
        model_name: "of-tomorrow",
        answered_by,
      });
  });

  it("changes by what is named; the rest stays", async () => {
    const olga = await person("olga");
    const made = await newAgent(olga, {
      description: "Old",
      capabilities: ["calculator"],
      personality: { interests: ["tides"] },
    });
    const changed = await olga.put<AgentBody>(`/agents/${made.id}`, { name: "Bea", memory_enabled: false });
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).toBe('"v2"');
    const { updated_at: _then, seq: _seq, ...old } = made;
    expect(changed.body).toMatchObject({ ...old, name: "Bea", memory_enabled: false, version: 2 });
    expect((await olga.get<AgentBody>(`/agents/${made.id}`)).body).toEqual(changed.body);
    expect((await olga.put<AgentBody>(`/agents/${made.id}`, { description: "", capabilities: [] })).body).toMatchObject(
      { description: "", capabilities: [], version: 3 },
    );
  });

  it("is switched off and on; doing it twice is doing it once", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    for (const active of [false, false, true, true])
      expect(await olga.post(`/agents/${id}/activate`, { active })).toMatchObject({
        status: 200,
        body: { is_active: active },
      });
    const types = (await eventsOf(olga, "agents", id)).map(({ type }) => type);
    expect(types).toEqual(["AgentCreated", "AgentDeactivated", "AgentActivated"]);
  });

  it("ends for good: every door is shut, its rooms let it go, its log remains to its owner", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    const room = await newRoom(olga, "private", { agents: [{ id }] });
    expect((await olga.delete(`/agents/${id}`)).status).toBe(204);
    expectProblem(await olga.get(`/agents/${id}`), "not-found");
    expectProblem(await olga.put(`/agents/${id}`, { name: "Ghost" }), "not-found");
    expectProblem(await olga.post(`/agents/${id}/activate`, { active: true }), "not-found");
    expectProblem(await olga.post(`/agents/${id}/chat`, { message: "Still there?" }), "not-found");
    expectProblem(await olga.post(`/rooms/${room.id}/participants`, { agent_id: id }), "not-found");
    expectProblem(await olga.delete(`/agents/${id}`), "not-found");
    expect((await eventsOf(olga, "agents", id)).at(-1)?.type).toBe("AgentDeleted");
    await expect
      .poll(async () => (await olga.get<{ participants: unknown[] }>(`/rooms/${room.id}`)).body.participants, {
        timeout: 10_000,
      })
      .toHaveLength(1);
    expectProblem(await olga.get(`/agents/${id}/events?limit=0`), "validation");
  });
});

describe("versions (ETag, If-Match)", () => {
  it("a change with the version at hand passes, one with an older is refused and changes nothing", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    const put = (name: string, etag: string) => olga.put<AgentBody>(`/agents/${id}`, { name }, { "if-match": etag });
    const first = await put("Bea", '"v1"');
    expect(first.status).toBe(200);
    expectProblem(await put("Cleo", '"v1"'), "precondition-failed");
    expectProblem(await put("Cleo", '"v99"'), "precondition-failed");
    expectProblem(await put("Cleo", "v2"), "precondition-failed");
    expectProblem(await put("Cleo", '"abc"'), "precondition-failed");
    expect((await olga.get<AgentBody>(`/agents/${id}`)).body.name).toBe("Bea");
    expect((await put("Cleo", first.headers.get("etag")!)).body.name).toBe("Cleo");
    expect((await put("Dido", "*")).body.name).toBe("Dido");
  });

  it("of two changes from the same version one wins", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    const both = await Promise.all(
      ["Bea", "Cleo"].map((name) => olga.put(`/agents/${id}`, { name }, { "if-match": '"v1"' })),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 412]);
  });

  it("holds for tools and deletion as well", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    await olga.put(`/agents/${id}`, { name: "Bea" });
    const stale = { "if-match": '"v1"' };
    expectProblem(await olga.put(`/agents/${id}/tools`, { tools: [] }, stale), "precondition-failed");
    expectProblem(await olga.delete(`/agents/${id}`, stale), "precondition-failed");
    expect((await olga.delete(`/agents/${id}`, { "if-match": '"v2"' })).status).toBe(204);
  });
});

describe("tools", () => {
  it("are all on the shelf, with what they take", async () => {
    const { body } = await (await person("olga")).get<Page<Record<string, unknown>>>("/tools");
    expect(body.data.map(({ name }) => name)).toEqual(expect.arrayContaining(["calculator", "time_date"]));
    for (const tool of body.data)
      expect(tool).toMatchObject({
        description: expect.stringMatching(/\S/),
        family: expect.any(String),
        input_schema: { type: "object" },
      });
  });

  it("are granted by their owner; a list replaces the one before", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga, { capabilities: ["calculator"] });
    const granted = async () => (await olga.get<{ tools: unknown }>(`/agents/${id}/tools`)).body.tools;
    expect(await granted()).toEqual([{ name: "calculator", mode: "allow" }]);
    const tools = [
      { name: "time_date", mode: "ask" },
      { name: "calculator", mode: "off" },
    ];
    expect((await olga.put(`/agents/${id}/tools`, { tools })).body).toEqual({ tools });
    expect(await granted()).toEqual(tools);
    expect((await olga.get<AgentBody>(`/agents/${id}`)).body).toMatchObject({ capabilities: ["time_date"] });
    expect((await olga.put(`/agents/${id}/tools`, { tools: [] })).body).toEqual({ tools: [] });
  });
});

describe("lists", () => {
  it("show a new agent at once, newest first, and a deleted one no more", async () => {
    const olga = await person("olga");
    const listed = async () => (await olga.get<Page<AgentBody>>("/agents")).body.data.map(({ id }) => id);
    expect(await listed()).toEqual([]);
    const [first, second] = [await newAgent(olga), await newAgent(olga)];
    expect(await listed()).toEqual([second.id, first.id]);
    await olga.put(`/agents/${first.id}`, { name: "Bea" });
    const { body } = await olga.get<Page<AgentBody>>("/agents");
    expect(body.data[1]).toEqual((await olga.get<AgentBody>(`/agents/${first.id}`)).body);
    await olga.delete(`/agents/${second.id}`);
    expect(await listed()).toEqual([first.id]);
  });

  it("come page by page, each thing once", async () => {
    const olga = await person("olga");
    const made = [];
    for (let count = 0; count < 4; count++) made.unshift((await newAgent(olga)).id);
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: Page<AgentBody> = (await olga.get<Page<AgentBody>>(`/agents?limit=1${cursor && `&cursor=${cursor}`}`))
        .body;
      expect(page.data).toHaveLength(1);
      expect(page.page.has_more).toBe(page.page.next_cursor !== null);
      seen.push(page.data[0]!.id);
      cursor = page.page.next_cursor;
    }
    expect(seen).toEqual(made);
  });

  it("a page whose agents were deleted meanwhile still leads on", async () => {
    const olga = await person("olga");
    const [old, middle, young] = [await newAgent(olga), await newAgent(olga), await newAgent(olga)];
    const first = (await olga.get<Page<AgentBody>>("/agents?limit=1")).body;
    expect(first.data[0]!.id).toBe(young.id);
    await olga.delete(`/agents/${young.id}`);
    await olga.delete(`/agents/${middle.id}`);
    const rest = (await olga.get<Page<AgentBody>>(`/agents?cursor=${first.page.next_cursor}`)).body;
    expect(rest.data.map(({ id }) => id)).toEqual([old.id]);
  });
});

describe("the log", () => {
  interface Told {
    readonly olga: Person;
    readonly id: string;
    readonly roomId: string;
    readonly events: ReadonlyArray<EventBody>;
  }
  const told = async (): Promise<Told> => {
    const olga = await person("olga");
    const { id } = await newAgent(olga, { capabilities: ["calculator"], system_prompt: "Guard the word xylophone." });
    await agrees(olga, { id });
    const say = async (message: string) => {
      const chat = await olga.post<{ room_id: string }>(`/agents/${id}/chat`, { message });
      expect(chat.status, chat.text).toBe(200);
      return chat.body.room_id;
    };
    await say("Remember that my boat is in Zanzibar.");
    const roomId = await say("What is 6 * 7?");
    return { olga, id, roomId, events: await eventsOf(olga, "agents", id) };
  };

  it("is gapless from 1, in order of time, every event caused by one before it or by a door [L1]", async () => {
    const { olga, id, roomId, events } = await told();
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted((left, right) => left - right));
    expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
    expect(new Set(events.map(({ hash }) => hash)).size).toBe(events.length);
    for (const { hash, at, v, actor } of events) {
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      expect(Number.isInteger(at) && v >= 1).toBe(true);
      expect(actor).toMatch(/^(user|agent|system):/);
    }
    const known = new Set([...events, ...(await eventsOf(olga, "rooms", roomId))].map((event) => event.id));
    for (const { causation } of events) if (causation?.startsWith("evt_")) expect(known).toContain(causation);
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining([
        "AgentCreated",
        "RoomJoined",
        "MessageReceived",
        "TurnStarted",
        "ContextAssembled",
        "ModelReplied",
        "ToolRequested",
        "ToolExecuted",
        "MemoryFormed",
        "ReplyDrafted",
        "ReplyPosted",
        "TurnCompleted",
      ]),
    );
    expect((await eventsOf(olga, "agents", id)).length).toBe(events.length);
  });

  it("holds no word in the open that people or models said [S1]", async () => {
    const { olga, roomId, events } = await told();
    const open = JSON.stringify([events, await eventsOf(olga, "rooms", roomId)]);
    expect(open).not.toMatch(/xylophone|Zanzibar|What is|6 [*×] 7/);
  });

  it("is read in pages, after any place, and by type", async () => {
    const { olga, id, events } = await told();
    const page = (await olga.get<Page<EventBody>>(`/agents/${id}/events?after=2&limit=3`)).body;
    expect(page).toEqual({ data: events.slice(2, 5), page: { next_cursor: "5", has_more: true } });
    const last = (await olga.get<Page<EventBody>>(`/agents/${id}/events?after=${events.length - 1}`)).body;
    expect(last).toEqual({ data: events.slice(-1), page: { next_cursor: null, has_more: false } });
    const received = (await olga.get<Page<EventBody>>(`/agents/${id}/events?type=MessageReceived`)).body;
    expect(received.data).toEqual(events.filter(({ type }) => type === "MessageReceived"));
    expect((await olga.get<Page<EventBody>>(`/agents/${id}/events?type=${fresh("Nothing")}`)).body.data).toEqual([]);
  });
});
