/** What comes in at the doors: every body and every question that is not what it should be is refused by name, and changes nothing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AgentBody,
  type Answer,
  agentInput,
  type EventBody,
  eventsOf,
  expectProblem,
  fresh,
  type MessageBody,
  newAgent,
  newRoom,
  type Person,
  person,
  type RoomBody,
} from "../support/door.ts";

let olga: Person;
let agent: AgentBody;
let room: RoomBody;
let before: ReadonlyArray<ReadonlyArray<EventBody>>;

const logs = () => Promise.all([eventsOf(olga, "agents", agent.id), eventsOf(olga, "rooms", room.id)]);

beforeAll(async () => {
  olga = await person("olga");
  agent = await newAgent(olga);
  room = await newRoom(olga, "private", { agents: [agent] });
  before = await logs();
});

interface Door {
  readonly method: "POST" | "PUT";
  readonly path: () => string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly required: ReadonlyArray<string>;
}

const doors: Readonly<Record<string, Door>> = {
  "POST /agents": {
    method: "POST",
    path: () => "/agents",
    body: agentInput({
      description: "Research",
      capabilities: ["calculator"],
      memory_enabled: true,
      max_tokens: 100,
      temperature: 1,
      personality: {},
    }),
    required: ["name", "llm_provider", "model_name", "system_prompt"],
  },
  "PUT /agents/:id": {
    method: "PUT",
    path: () => `/agents/${agent.id}`,
    body: agentInput({
      description: "",
      capabilities: [],
      memory_enabled: false,
      max_tokens: 1,
      temperature: 0,
      personality: {},
    }),
    required: [],
  },
  "POST /agents/:id/activate": {
    method: "POST",
    path: () => `/agents/${agent.id}/activate`,
    body: { active: false },
    required: ["active"],
  },
  "PUT /agents/:id/tools": {
    method: "PUT",
    path: () => `/agents/${agent.id}/tools`,
    body: { tools: [] },
    required: ["tools"],
  },
  "POST /agents/:id/chat": {
    method: "POST",
    path: () => `/agents/${agent.id}/chat`,
    body: { message: "Hi" },
    required: ["message"],
  },
  "POST /agents/:id/memories": {
    method: "POST",
    path: () => `/agents/${agent.id}/memories`,
    body: { memory_type: "fact", content: "x", importance_score: 1, sensitive: true, pinned: true },
    required: ["memory_type", "content"],
  },
  "POST /agents/:id/memories/search": {
    method: "POST",
    path: () => `/agents/${agent.id}/memories/search`,
    body: { query: "x", memory_types: ["fact"], limit: 1, min_similarity: 1, time_range: {}, as_of: "2024-01-01" },
    required: ["query"],
  },
  "PUT /me/consents": {
    method: "PUT",
    path: () => "/me/consents",
    body: { agent_id: `agt_${"0".repeat(26)}`, granted: true },
    required: ["agent_id", "granted"],
  },
  "POST /rooms": {
    method: "POST",
    path: () => "/rooms",
    body: { name: "R", kind: "public" },
    required: ["name", "kind"],
  },
  "PUT /rooms/:id/policy": {
    method: "PUT",
    path: () => `/rooms/${room.id}/policy`,
    body: { mode: "mention" },
    required: ["mode"],
  },
  "POST /rooms/:id/participants": {
    method: "POST",
    path: () => `/rooms/${room.id}/participants`,
    body: { user_id: "sven" },
    required: ["user_id"],
  },
  "POST /rooms/:id/messages": {
    method: "POST",
    path: () => `/rooms/${room.id}/messages`,
    body: { text: "Hi", client_msg_id: "1" },
    required: ["text", "client_msg_id"],
  },
};

const names = Object.keys(doors);
const at = (name: string, body: BodyInit | undefined): Promise<Answer<Readonly<Record<string, unknown>>>> =>
  olga.send(doors[name]!.method, doors[name]!.path(), body);

/** A fault of the request, told with the place where it is. */
function expectFault(answer: Answer<unknown>, place?: string): void {
  expectProblem(answer, "validation");
  const { errors } = answer.body as {
    errors?: ReadonlyArray<{ path: ReadonlyArray<string | number>; message: string }>;
  };
  expect(errors?.length, answer.text).toBeGreaterThan(0);
  for (const { message } of errors!) expect(message).toMatch(/\S/);
  if (place !== undefined)
    expect(
      errors!.some(({ path }) => path.includes(place)),
      answer.text,
    ).toBe(true);
}

describe("a body", () => {
  afterAll(async () => {
    expect(await logs()).toEqual(before);
  });

  const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  const notJson: ReadonlyArray<readonly [string, BodyInit]> = [
    ["nothing", ""],
    ["blanks", "   "],
    ["half a document", '{"name":"Ada"'],
    ["two documents", "{}{}"],
    ["a comment", '{/* */"name":"Ada"}'],
    ["a form", "name=Ada&kind=public"],
    ["bytes that are not UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ["a surrogate encoded as UTF-8", new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ["a list", "[]"],
    ["a text", '"Ada"'],
    ["null", "null"],
    ["a number", "1"],
    ["a list of itself a hundred deep", `${"[".repeat(100)}${"]".repeat(100)}`],
    ["a thing a hundred deep", deep(100)],
    ["a thing a hundred thousand deep", deep(40_000)],
  ];

  it.each(names)("%s: is a JSON object in UTF-8", async (name) => {
    for (const [what, body] of notJson)
      await at(name, body).then(
        (answer) => expectFault(answer),
        (error) => Promise.reject(new Error(what, { cause: error })),
      );
  });

  it.each(names)("%s: is at most 256 KiB, told or not told beforehand", async (name) => {
    const door = doors[name]!;
    const large = JSON.stringify({ ...door.body, filler: "x".repeat(1_000_000) });
    expectProblem(await at(name, large), "payload-too-large");
    const untold = new Blob([large]).stream();
    expectProblem(await at(name, untold), "payload-too-large");
  });

  it.each(names)("%s: has every field it needs", async (name) => {
    const { body, required } = doors[name]!;
    for (const field of required) {
      const { [field]: _left, ...rest } = body;
      expectFault(await at(name, JSON.stringify(rest)), field === "user_id" ? undefined : field);
    }
  });

  const others: ReadonlyArray<unknown> = [null, true, 7, "x".repeat(40_000), ["x"], { x: 1 }, [], {}];
  /** What a field takes besides its own kind of value, because that is valid there. */
  const fits = (field: string, value: unknown): boolean =>
    (["active", "memory_enabled", "sensitive", "pinned", "granted"].includes(field) && value === true) ||
    (["max_tokens", "limit"].includes(field) && value === 7) ||
    (["capabilities", "tools"].includes(field) && Array.isArray(value) && value.length === 0) ||
    (["personality", "time_range"].includes(field) &&
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value));

  it.each(names)("%s: has values of the right kind in every field", async (name) => {
    const { body } = doors[name]!;
    for (const field of Object.keys(body))
      for (const value of others) {
        if (fits(field, value)) continue;
        const answer = await at(name, JSON.stringify({ ...body, [field]: value }));
        if (answer.status === 413)
          expect([field, typeof value]).toEqual([expect.stringMatching(/^(message|text|content)$/), "string"]);
        else if (answer.status === 404)
          expect([field, typeof value]).toEqual([expect.stringMatching(/^(user|agent)_id$/), "string"]);
        else expectFault(answer);
      }
  });

  /** Half a surrogate pair, the other half, a NUL: as JSON writes them. */
  const storable = ['"\\ud800"', '"a\\udc00b"', '"a\\u0000b"'];

  it.each(names)("%s: has nothing in it that a log would change", async (name) => {
    const { body } = doors[name]!;
    for (const text of storable)
      for (const field of [...Object.keys(body), "extra"]) {
        const written = JSON.stringify({ ...body, [field]: "MARK" }).replace('"MARK"', text);
        expectFault(await at(name, written), field);
        expectFault(await at(name, `{${text}: 1}`));
      }
    for (const number of ["9007199254740993", "-9007199254740993", "1e300", "123456789012345678901234567890"])
      expectFault(await at(name, JSON.stringify({ ...body, extra: "MARK" }).replace('"MARK"', number)), "extra");
  });

  it.each([
    ["POST /agents", "name", [""]],
    ["POST /agents", "name", ["x".repeat(101)]],
    ["POST /agents", "system_prompt", [""]],
    ["POST /agents", "model_name", [""]],
    ["POST /agents", "llm_provider", ["", "Anthropic", "mistral"]],
    ["POST /agents", "temperature", [-0.1, 2.1]],
    ["POST /agents", "max_tokens", [0, 1.5, -1, 1_000_000]],
    [
      "POST /agents",
      "personality",
      [{ traits: { openness: 1.1 } }, { communicationStyle: { humor: "dry" } }, { interests: [""] }],
    ],
    ["POST /agents", "capabilities", [["telepathy"], [""], ["__proto__"]]],
    [
      "PUT /agents/:id/tools",
      "tools",
      [[{ name: "calculator", mode: "sometimes" }], [{ name: "calculator" }], [{ mode: "ask" }]],
    ],
    ["POST /agents/:id/chat", "message", ["", "  \n\t "]],
    ["POST /rooms", "name", ["", "x".repeat(101)]],
    ["POST /rooms", "kind", ["", "secret", "Public"]],
    ["PUT /rooms/:id/policy", "mode", ["", "List", "always", "constructor"]],
    ["POST /rooms/:id/messages", "text", ["", " \n "]],
    ["POST /rooms/:id/messages", "client_msg_id", ["", "x".repeat(129)]],
  ] as const)("%s: %s keeps its bounds", async (name, field, values) => {
    for (const value of values)
      expectFault(await at(name, JSON.stringify({ ...doors[name]!.body, [field]: value })), field);
  });

  it("a message has at most 16 KiB in UTF-8, by either door", async () => {
    for (const text of ["x".repeat(16_385), "ü".repeat(8_193), "😀".repeat(4_097)]) {
      expectProblem(
        await at("POST /rooms/:id/messages", JSON.stringify({ text, client_msg_id: "long" })),
        "payload-too-large",
      );
      expectProblem(await at("POST /agents/:id/chat", JSON.stringify({ message: text })), "payload-too-large");
    }
  });
});

describe("what is valid, though it looks odd", () => {
  it("a key twice: the last one counts, everywhere", async () => {
    const made = await olga.send<RoomBody>("POST", "/rooms", '{"name":"first","name":"second","kind":"private"}');
    expect(made).toMatchObject({ status: 201, body: { name: "second" } });
    expect((await olga.get<RoomBody>(`/rooms/${made.body.id}`)).body).toMatchObject({ name: "second" });
  });

  it("fields nobody knows are passed over, even __proto__ and constructor", async () => {
    const made = await olga.send<RoomBody>(
      "POST",
      "/rooms",
      '{"name":"r","kind":"private","__proto__":{"admin":true},"constructor":1}',
    );
    expect(made.status).toBe(201);
    expect(made.body).not.toHaveProperty("admin");
  });

  it("text in every script comes back as it was sent, up to the last of 16 KiB", async () => {
    const own = await newRoom(olga);
    const texts = [
      "naïve café ☕️",
      "日本語のテキスト",
      "مرحبا بالعالم",
      "👩‍👩‍👧‍👦🏳️‍🌈",
      "e\u0301 ≠ \u00e9",
      "\u202eabc\u202c",
      "\ufeffbom",
      "x".repeat(16_384),
      "'); DROP TABLE events; --",
    ];
    for (const text of texts) {
      const posted = await olga.post<MessageBody>(`/rooms/${own.id}/messages`, { text, client_msg_id: fresh("m") });
      expect(posted).toMatchObject({ status: 201, body: { text } });
    }
    const { body } = await olga.get<{ data: ReadonlyArray<MessageBody> }>(`/rooms/${own.id}/messages`);
    expect(body.data.map(({ text }) => text)).toEqual(texts);
  });

  it("any content type is read as JSON", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]) {
      const made = await olga.send("POST", "/rooms", '{"name":"r","kind":"private"}', { "content-type": type });
      expect(made.status).toBe(201);
    }
  });
});

describe("a question", () => {
  const lists = () => [
    "/agents",
    "/tools",
    "/tools/executions",
    "/rooms",
    `/agents/${agent.id}/events`,
    `/agents/${agent.id}/conversations`,
    `/rooms/${room.id}/messages`,
    `/rooms/${room.id}/events`,
  ];

  it("asks for 1 to 200 things", async () => {
    for (const path of lists()) {
      for (const limit of ["0", "201", "-1", "1.5", "abc", "", "NaN", "Infinity", "1;2"])
        expectFault(await olga.get(`${path}?limit=${limit}`), "limit");
      expectFault(await olga.get(`${path}?limit=1&limit=2`), "limit");
      for (const limit of [1, 200]) expect((await olga.get(`${path}?limit=${limit}`)).status).toBe(200);
    }
  });

  it("goes on from a cursor of the same list, and from nothing else", async () => {
    const foreign = btoa(JSON.stringify(["elsewhere", "2026", "x"])).replace(/=+$/, "");
    for (const path of lists())
      for (const cursor of ["", "garbage", "-1", "1.5", foreign, "%00", "x".repeat(5_000)])
        expectFault(await olga.get(`${path}?cursor=${cursor}`), "cursor");
  });

  it("goes on from a place in a log that can be one", async () => {
    for (const path of [`/agents/${agent.id}/events`, `/rooms/${room.id}/events`])
      for (const after of ["-1", "abc", "1.5"]) expectFault(await olga.get(`${path}?after=${after}`), "after");
    for (const field of ["after_seq", "before_seq"])
      for (const value of ["-1", "abc", "1.5"])
        expectFault(await olga.get(`/rooms/${room.id}/messages?${field}=${value}`), field);
    expect((await olga.get<{ data: unknown[] }>(`/rooms/${room.id}/events?after=9007199254740991`)).body.data).toEqual(
      [],
    );
  });
});
