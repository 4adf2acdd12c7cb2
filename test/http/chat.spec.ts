/** Talking with an agent over HTTP, and repeating requests: what is said once is said once, and every answer can be had again. */
import { describe, expect, it } from "vitest";
import {
  type AgentBody,
  type Answer,
  agentInput,
  arrived,
  eventsOf,
  expectProblem,
  fresh,
  type MessageBody,
  messagesOf,
  newAgent,
  newRoom,
  type Page,
  type Person,
  person,
  type RoomBody,
} from "../support/door.ts";

interface Chat {
  readonly turn_id: string;
  readonly room_id: string;
  readonly message_id: string;
  readonly reply: {
    readonly message_id: string;
    readonly text: string;
    readonly parts: ReadonlyArray<{ type: string; text: string }>;
  };
  readonly tool_executions: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly usage: { readonly tokens_in: number; readonly tokens_out: number };
}

const chat = (who: Person, id: string, body: Readonly<Record<string, unknown>>, headers: Record<string, string> = {}) =>
  who.post<Chat>(`/agents/${id}/chat`, body, headers);

describe("an agent's budget, models and retention", () => {
  const limited = {
    ...{
      fallback_models: [{ llm_provider: "openai", model_name: "gpt-6-sol" }],
      talkativeness: 0.2,
      memory_retention_days: 7,
    },
    ...{ simple_model: { llm_provider: "anthropic", model_name: "claude-haiku-5-5" } },
    budget: { turn: { tokens: 100 }, asker: { micro_usd: 5 } },
  };

  it("are told as they were set, stay as they are when others change, and can be taken back", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga, limited);
    expect((await olga.get<AgentBody>(`/agents/${id}`)).body).toMatchObject(limited);
    await olga.put(`/agents/${id}`, { name: "Bea" });
    expect((await olga.get<AgentBody>(`/agents/${id}`)).body).toMatchObject({ name: "Bea", ...limited });
    const taken = { simple_model: null, budget: {}, memory_retention_days: null };
    await olga.put(`/agents/${id}`, taken);
    expect((await olga.get<AgentBody>(`/agents/${id}`)).body).toMatchObject(taken);
  });

  it("stop a turn before anybody is asked, and say so", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga, limited);
    const answer = await chat(olga, id, { message: "Hello!" });
    expectProblem(answer, "budget-exceeded");
    const events = await eventsOf(olga, "agents", id);
    expect(events.map(({ type }) => type)).not.toContain("ModelAsked");
  });

  it.each([
    [{ fallback_models: [{ llm_provider: "nobody", model_name: "x" }] }],
    [{ talkativeness: 1.1 }],
    [{ memory_retention_days: 0 }],
    [{ budget: { turn: { tokens: -1 } } }],
    [{ simple_model: { llm_provider: "anthropic", model_name: "" } }],
  ])("are refused when they make no sense: %j", async (wrong) => {
    const olga = await person("olga");
    expectProblem(await olga.post("/agents", { ...agentInput(), ...wrong }), "validation");
  });
});

describe("chat", () => {
  it("answers with the reply, the tools it took and what it cost, and all of it is on record", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga, { capabilities: ["calculator"] });
    const answer = await chat(olga, id, { message: "What is 17 * 23?" });
    expect(answer.status).toBe(200);
    const { turn_id, room_id, message_id, reply, tool_executions, usage } = answer.body;
    expect(reply.text).toContain("391");
    expect(reply).toMatchObject({ in_reply_to: message_id });
    expect(reply).not.toHaveProperty("stopped");
    expect(reply.parts).toEqual([{ type: "text", text: reply.text }]);
    expect(tool_executions).toMatchObject([
      {
        agent_id: id,
        turn_id,
        tool: "calculator",
        status: "success",
        input: '{"expression":"17 * 23"}',
        output: '{"value":391}',
        error: null,
        ms: expect.any(Number),
      },
    ]);
    expect(usage.tokens_in).toBeGreaterThan(0);
    expect(usage.tokens_out).toBeGreaterThan(0);
    const said = await messagesOf(olga, room_id);
    expect(said).toMatchObject([
      { id: message_id, author_id: olga.id, author_kind: "user", ai_generated: false },
      {
        id: reply.message_id,
        author_id: id,
        author_kind: "agent",
        ai_generated: true,
        in_reply_to: message_id,
        turn_id,
        text: reply.text,
      },
    ]);
    const { body } = await olga.get<Page<unknown>>(`/tools/executions?agent_id=${id}`);
    expect(body.data).toEqual(tool_executions);
  });

  it("read your writes: its room, its conversation and its calls are in the lists at once", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga, { capabilities: ["calculator"] });
    const { room_id } = (await chat(olga, id, { message: "What is 2 + 2?" })).body;
    const rooms = (await olga.get<Page<RoomBody>>("/rooms?limit=200")).body.data;
    expect(rooms.find((room) => room.id === room_id)).toMatchObject({ kind: "direct", joined: true });
    const conversations = (await olga.get<Page<unknown>>(`/agents/${id}/conversations`)).body.data;
    expect(conversations).toMatchObject([{ agent_id: id, room_id, message_count: 2 }]);
    expect((await olga.get<Page<unknown>>(`/tools/executions?agent_id=${id}`)).body.data).toHaveLength(1);
  });

  it("the same two always talk in the same room, where earlier words are known", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    const first = (await chat(olga, id, { message: "Please remember that my boat is called Nixe." })).body;
    const second = (await chat(olga, id, { message: "What is my boat called?" })).body;
    expect(second.room_id).toBe(first.room_id);
    expect(second.reply.text).toContain("Nixe");
    expect(await messagesOf(olga, first.room_id)).toHaveLength(4);
  });

  it("goes into a room both are in, for everybody there to read", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const agent = await newAgent(olga);
    const room = await newRoom(olga, "private", { people: [sven], agents: [agent] });
    const answer = await chat(olga, agent.id, { message: "Hello", room_id: room.id });
    expect(answer).toMatchObject({ status: 200, body: { room_id: room.id } });
    expect((await messagesOf(sven, room.id)).map(({ text }) => text)).toEqual(["Hello", answer.body.reply.text]);
  });

  it("is refused in a room the agent is not in, and nothing is said there", async () => {
    const olga = await person("olga");
    const agent = await newAgent(olga);
    const room = await newRoom(olga);
    expectProblem(await chat(olga, agent.id, { message: "Hello", room_id: room.id }), "not-found");
    for (const room_id of [agent.id, "x", `rm_${"0".repeat(26)}`])
      expectProblem(await chat(olga, agent.id, { message: "Hello", room_id }), "not-found");
    expect(await messagesOf(olga, room.id)).toEqual([]);
  });

  it("with `Prefer: respond-async` answers at once; the reply follows in the room", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    const answer = await chat(olga, id, { message: "Hello" }, { prefer: "respond-async" });
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      turn_id: expect.stringMatching(/^trn_/),
      room_id: expect.any(String),
      message_id: expect.any(String),
    });
    const { room_id, message_id, turn_id } = answer.body;
    await expect
      .poll(async () => (await messagesOf(olga, room_id)).at(-1), { timeout: 10_000 })
      .toMatchObject({ author_id: id, in_reply_to: message_id, turn_id });
  });

  it("tools that are not granted are not run", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga, { capabilities: ["calculator"] });
    await olga.put(`/agents/${id}/tools`, { tools: [{ name: "calculator", mode: "off" }] });
    const answer = await chat(olga, id, { message: "What is 17 * 23?" });
    expect(answer.body.tool_executions).toEqual([]);
    expect(answer.body.reply.text).not.toContain("391");
  });

  it("executions are listed newest first, by agent, tool and status, page by page", async () => {
    const olga = await person("olga");
    const [ada, bea] = [
      await newAgent(olga, { capabilities: ["calculator"] }),
      await newAgent(olga, { name: "Bea", capabilities: ["time_date"] }),
    ];
    for (const message of ["What is 1 + 1?", "What is 2 + 2?"]) await chat(olga, ada.id, { message });
    await chat(olga, bea.id, { message: "What time is it in Berlin?" });
    const list = async (query: string) =>
      (await olga.get<Page<{ tool: string; input: string; id: string }>>(`/tools/executions?${query}`)).body;
    expect((await list(`agent_id=${ada.id}`)).data.map(({ input }) => input)).toEqual([
      '{"expression":"2 + 2"}',
      '{"expression":"1 + 1"}',
    ]);
    await expect
      .poll(async () => (await list("")).data.map(({ tool }) => tool), { timeout: 10_000 })
      .toEqual(["time_date", "calculator", "calculator"]);
    expect((await list("tool=calculator")).data).toHaveLength(2);
    expect((await list("status=error")).data).toEqual([]);
    const first = await list("limit=2");
    const rest = await list(`limit=2&cursor=${first.page.next_cursor}`);
    expect([first, rest].map(({ page }) => page.has_more)).toEqual([true, false]);
    expect(new Set([...first.data, ...rest.data].map(({ id }) => id)).size).toBe(3);
    expectProblem(await olga.get("/tools/executions?agent_id=x"), "not-found");
  });
});

describe("Idempotency-Key", () => {
  type Repeat = (
    olga: Person,
    body: unknown,
    headers: Record<string, string>,
  ) => Promise<Answer<Readonly<Record<string, unknown>>>>;
  interface Case {
    readonly make: (olga: Person) => Promise<Repeat>;
    readonly first: unknown;
    readonly other: unknown;
  }
  const cases: Readonly<Record<string, Case>> = {
    agents: {
      make: async () => (olga, body, headers) => olga.post("/agents", body, headers),
      first: agentInput({ capabilities: ["calculator"], personality: { interests: ["tides"] } }),
      other: agentInput({ name: "Bea" }),
    },
    rooms: {
      make: async () => (olga, body, headers) => olga.post("/rooms", body, headers),
      first: { name: "Harbour", kind: "private" },
      other: { name: "Beach", kind: "private" },
    },
    participants: {
      make: async (olga) => {
        const [{ id }, sven, tove] = await Promise.all([newRoom(olga), arrived("sven"), arrived("tove")]);
        return (who, first, headers) =>
          who.post(`/rooms/${id}/participants`, { user_id: first ? sven.id : tove.id }, headers);
      },
      first: true,
      other: false,
    },
    messages: {
      make: async (olga) => {
        const { id } = await newRoom(olga);
        return (who, body, headers) => who.post(`/rooms/${id}/messages`, body, headers);
      },
      first: { text: "Hello", client_msg_id: "1" },
      other: { text: "Goodbye", client_msg_id: "1" },
    },
    activate: {
      make: async (olga) => {
        const { id } = await newAgent(olga);
        return (who, body, headers) => who.post(`/agents/${id}/activate`, body, headers);
      },
      first: { active: false },
      other: { active: true },
    },
    chat: {
      make: async (olga) => {
        const { id } = await newAgent(olga, { capabilities: ["calculator"] });
        return (who, body, headers) => who.post(`/agents/${id}/chat`, body, headers);
      },
      first: { message: "What is 17 * 23?" },
      other: { message: "What is 17 * 24?" },
    },
  };

  it.each(
    Object.keys(cases),
  )("%s: the same request has the same answer, however often and however fast", async (name) => {
    const { make, first } = cases[name]!;
    const olga = await person("olga");
    const repeat = await make(olga);
    const headers = { "idempotency-key": fresh("key") };
    const answers = [
      await repeat(olga, first, headers),
      ...(await Promise.all([1, 2, 3].map(() => repeat(olga, first, headers)))),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => answers[0]!.status));
    for (const again of answers.slice(1)) expect(again.body).toEqual(answers[0]!.body);
    expect(answers.map((answer) => answer.headers.get("idempotency-replayed"))).toEqual([null, "true", "true", "true"]);
  });

  it.each(Object.keys(cases))("%s: of several first requests at once one is done", async (name) => {
    const { make, first } = cases[name]!;
    const olga = await person("olga");
    const repeat = await make(olga);
    const headers = { "idempotency-key": fresh("key") };
    const answers = await Promise.all([1, 2, 3, 4].map(() => repeat(olga, first, headers)));
    expect(answers.filter((answer) => answer.headers.get("idempotency-replayed") === null)).toHaveLength(1);
    for (const answer of answers) expect(answer).toMatchObject({ status: answers[0]!.status, body: answers[0]!.body });
  });

  it.each(
    Object.keys(cases),
  )("%s: another body under the same key is refused, and the first answer stands", async (name) => {
    const { make, first, other } = cases[name]!;
    const olga = await person("olga");
    const repeat = await make(olga);
    const headers = { "idempotency-key": fresh("key") };
    const answer = await repeat(olga, first, headers);
    expectProblem(await repeat(olga, other, headers), "idempotency-conflict");
    expect((await repeat(olga, first, headers)).body).toEqual(answer.body);
  });

  it("belongs to a person and a door: the same key elsewhere, or of somebody else, is another", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const headers = { "idempotency-key": "same" };
    const body = { name: "Harbour", kind: "public" };
    const rooms = [
      await olga.post<RoomBody>("/rooms", body, headers),
      await sven.post<RoomBody>("/rooms", body, headers),
    ];
    expect(rooms.map(({ status }) => status)).toEqual([201, 201]);
    expect(rooms[0]!.body.id).not.toBe(rooms[1]!.body.id);
    expect((await olga.post<AgentBody>("/agents", agentInput(), headers)).status).toBe(201);
    expect((await sven.post(`/rooms/${rooms[0]!.body.id}/join`, undefined, headers)).status).toBe(200);
  });

  it("the same thing said in another order of keys is the same request", async () => {
    const olga = await person("olga");
    const headers = { "idempotency-key": fresh("key") };
    const made = await olga.send<RoomBody>("POST", "/rooms", '{"name":"R","kind":"private"}', headers);
    const again = await olga.send<RoomBody>("POST", "/rooms", ' {"kind":"private", "name":"R"}', headers);
    expect(again.body.id).toBe(made.body.id);
  });

  it("a repeat is the same request also when what it names has changed since", async () => {
    const olga = await person("olga");
    const [room, ada] = [await newRoom(olga), await newAgent(olga, { name: "Ada" })];
    const headers = { "idempotency-key": fresh("key") };
    const add = () => olga.post<RoomBody>(`/rooms/${room.id}/participants`, { agent_id: ada.id }, headers);
    expect((await add()).status).toBe(201);
    await olga.put(`/agents/${ada.id}`, { name: "Grace" });
    const again = await add();
    expect(again.status, again.text).toBe(201);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });

  it("a request that was refused may be put right under the same key", async () => {
    const olga = await person("olga");
    const headers = { "idempotency-key": fresh("key") };
    expectProblem(await olga.post("/rooms", { name: "", kind: "private" }, headers), "validation");
    expect((await olga.post("/rooms", { name: "R", kind: "private" }, headers)).status).toBe(201);
  });

  it("without a key every request is a new one", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    const [first, second] = [await chat(olga, id, { message: "Hello" }), await chat(olga, id, { message: "Hello" })];
    expect(first.body.message_id).not.toBe(second.body.message_id);
    const types = (await eventsOf(olga, "agents", id)).map(({ type }) => type);
    expect(types.filter((type) => type === "TurnCompleted")).toHaveLength(2);
    const said = await messagesOf(olga, first.body.room_id);
    expect(said.map(({ author_kind }: MessageBody) => author_kind)).toEqual(["user", "agent", "user", "agent"]);
  });
});
