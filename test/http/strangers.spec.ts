/** What people may not touch: other people's agents and rooms do not exist for them, and asking leaves no trace. */
import { listDurableObjectIds } from "cloudflare:test";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AgentBody,
  agentInput,
  bindings,
  type EventBody,
  eventsOf,
  expectProblem,
  newAgent,
  newRoom,
  type Page,
  type Person,
  person,
  type RoomBody,
  signedIn,
} from "../support/door.ts";

let olga: Person;
let sven: Person;
let aude: Person;
let agent: AgentBody;
let hidden: RoomBody;
let open: RoomBody;
let before: ReadonlyArray<ReadonlyArray<EventBody>>;

const logs = () =>
  Promise.all([
    eventsOf(aude, "agents", agent.id),
    eventsOf(aude, "rooms", hidden.id),
    eventsOf(aude, "rooms", open.id),
  ]);

beforeAll(async () => {
  [olga, sven, aude] = await Promise.all([person("olga"), person("sven"), person("aude", ["auditor"])]);
  agent = await newAgent(olga, { capabilities: ["calculator"] });
  [hidden, open] = await Promise.all([
    newRoom(olga, "private", { agents: [agent] }),
    newRoom(olga, "public", { agents: [agent] }),
  ]);
  await olga.post(`/rooms/${hidden.id}/messages`, { text: "Between us.", client_msg_id: "1" });
  before = await logs();
});

afterAll(async () => {
  // Whatever was refused above has left nothing behind.
  expect(await logs()).toEqual(before);
});

type Door = readonly [method: string, path: string, body?: unknown];

const agentDoors: ReadonlyArray<Door> = [
  ["GET", ""],
  ["PUT", "", { name: "Mine now" }],
  ["DELETE", ""],
  ["POST", "/activate", { active: false }],
  ["GET", "/tools"],
  ["PUT", "/tools", { tools: [] }],
  ["GET", "/events"],
  ["GET", "/conversations"],
  ["GET", "/memories"],
  ["POST", "/memories", { memory_type: "fact", content: "Mine now." }],
  ["POST", "/memories/search", { query: "What did they say?" }],
  ["POST", "/train", { items: [{ content: "Mine now." }] }],
  ["POST", "/chat", { message: "What did they say?" }],
];
const roomDoors: ReadonlyArray<Door> = [
  ["GET", ""],
  ["PUT", "/policy", { mode: "list" }],
  ["POST", "/join"],
  ["POST", "/leave"],
  ["POST", "/participants", { user_id: "sven" }],
  ["DELETE", "/participants/sven"],
  ["GET", "/messages"],
  ["POST", "/messages", { text: "Hello?", client_msg_id: "1" }],
  ["GET", "/events"],
];

const knock = (who: Person, [method, path, body]: Door) =>
  who.send(method, path, body === undefined ? undefined : JSON.stringify(body));

const named = (door: Door) => [`${door[0]} …${door[1]}`, door] as const;

/** A door with what is wrong with the request besides who asks. */
const faulty = ([method, path]: Door): ReadonlyArray<Door> =>
  method === "GET"
    ? [[method, `${path}?limit=abc&after=-1`]]
    : [
        [method, path, { nothing: "that fits" }],
        [method, path, "\ud800"],
      ];

describe("somebody else's agent", () => {
  it.each(agentDoors.map(named))("%s: there is none", async (_name, given) => {
    for (const door of [given, ...faulty(given)])
      expectProblem(await knock(sven, [door[0], `/agents/${agent.id}${door[1]}`, door[2]]), "not-found");
  });

  it("is not found by an admin's or auditor's hand either, but an auditor reads its events", async () => {
    const admin = await person("adam", ["admin"]);
    for (const who of [admin, aude])
      for (const door of agentDoors.filter(([, path]) => path !== "/events"))
        expectProblem(await knock(who, [door[0], `/agents/${agent.id}${door[1]}`, door[2]]), "not-found");
    expectProblem(await admin.get(`/agents/${agent.id}/events`), "not-found");
    expect((await aude.get<Page<EventBody>>(`/agents/${agent.id}/events`)).body.data).toEqual(before[0]);
  });

  it("an auditor's faulty question is answered as one, for they may know of the thing", async () => {
    for (const path of [`/agents/${agent.id}/events?limit=0`, `/rooms/${hidden.id}/events?limit=0`])
      expectProblem(await aude.get(path), "validation");
  });

  it("is in no list of others", async () => {
    expect((await sven.get<Page<AgentBody>>("/agents")).body.data).toEqual([]);
    expect((await sven.get<Page<unknown>>("/tools/executions")).body.data).toEqual([]);
    expect((await sven.get<Page<unknown>>(`/tools/executions?agent_id=${agent.id}`)).body.data ?? []).toEqual([]);
  });

  it("cannot be brought into a room of one's own", async () => {
    const own = await newRoom(sven);
    expectProblem(await sven.post(`/rooms/${own.id}/participants`, { agent_id: agent.id }), "not-found");
    expectProblem(await sven.post(`/agents/${agent.id}/chat`, { message: "Hi", room_id: own.id }), "not-found");
    expect((await sven.get<RoomBody>(`/rooms/${own.id}`)).body.participants).toHaveLength(1);
  });
});

describe("a private room of others", () => {
  it.each(roomDoors.map(named))("%s: there is none", async (_name, given) => {
    for (const door of [given, ...faulty(given)])
      expectProblem(await knock(sven, [door[0], `/rooms/${hidden.id}${door[1]}`, door[2]]), "not-found");
  });

  it("is not opened by a role; an auditor reads its events, and only those", async () => {
    for (const door of roomDoors.filter(([, path]) => path !== "/events"))
      expectProblem(await knock(aude, [door[0], `/rooms/${hidden.id}${door[1]}`, door[2]]), "not-found");
    expect((await aude.get<Page<EventBody>>(`/rooms/${hidden.id}/events`)).body.data).toEqual(before[1]);
  });

  it("does not open to an own agent's owner through chat", async () => {
    const own = await newAgent(sven);
    expectProblem(await sven.post(`/agents/${own.id}/chat`, { message: "Hi", room_id: hidden.id }), "not-found");
  });

  it("is in no list of others", async () => {
    const { body } = await sven.get<Page<RoomBody>>("/rooms?limit=200");
    expect(body.data.map(({ id }) => id)).toContain(open.id);
    expect(body.data.map(({ id }) => id)).not.toContain(hidden.id);
  });

  it.each(["constructor", "toString", "valueOf", "hasOwnProperty"])("is closed to somebody called %s", async (id) => {
    const odd = await signedIn(id);
    expectProblem(await odd.get(`/rooms/${hidden.id}`), "not-found");
    expectProblem(await odd.get(`/rooms/${hidden.id}/messages`), "not-found");
    expectProblem(await odd.post(`/rooms/${hidden.id}/messages`, { text: "I am in", client_msg_id: "1" }), "not-found");
  });
});

describe("a public room one has not joined", () => {
  it("may be seen and read", async () => {
    expect((await sven.get(`/rooms/${open.id}`)).body).toMatchObject({ id: open.id, joined: false });
    expect((await sven.get(`/rooms/${open.id}/messages`)).status).toBe(200);
  });

  const closed = roomDoors.filter(([method, path]) => path === "/events" || (method !== "GET" && path !== "/join"));
  it.each(closed.map(named))("%s is forbidden", async (_name, given) => {
    for (const door of [given, ...(given[0] === "POST" && given[2] === undefined ? [] : faulty(given))])
      expectProblem(await knock(sven, [door[0], `/rooms/${open.id}${door[1]}`, door[2]]), "forbidden");
  });

  it("its agents cannot be talked to through chat", async () => {
    expectProblem(await sven.post(`/agents/${agent.id}/chat`, { message: "Hi", room_id: open.id }), "forbidden");
  });
});

describe("what does not exist", () => {
  const absent = "0".repeat(26);
  const ids = (prefix: string, other: string) => [
    `${prefix}_${absent}`,
    other,
    "x",
    `${prefix}_`,
    `${prefix}_${absent}0`,
    `${prefix.toUpperCase()}_${absent}`,
    `%00${prefix}_${absent}`,
    `..%2F..%2F${prefix}_${absent}`,
    encodeURIComponent("агент"),
    "%E0%A4%A",
    "x".repeat(2_000),
  ];

  it("agents: unknown ids, ids of other kinds, no ids at all", async () => {
    for (const id of ids("agt", hidden.id))
      for (const door of agentDoors)
        expectProblem(await knock(olga, [door[0], `/agents/${id}${door[1]}`, door[2]]), "not-found");
  });

  it("rooms: unknown ids, ids of other kinds, no ids at all", async () => {
    for (const id of ids("rm", agent.id))
      for (const door of roomDoors)
        expectProblem(await knock(olga, [door[0], `/rooms/${id}${door[1]}`, door[2]]), "not-found");
  });

  it("faulty requests about ids that cannot be make no objects of those names", async () => {
    const names = ["no-such-agent", hidden.id];
    for (const name of names) {
      for (const body of ["{", "[]"]) expectProblem(await olga.send("PUT", `/agents/${name}`, body), "not-found");
      expectProblem(await olga.get(`/agents/${name}/events?limit=0`), "not-found");
    }
    const made = (await listDurableObjectIds(bindings.AGENT)).map(String);
    for (const name of names) expect(made).not.toContain(String(bindings.AGENT.idFromName(name)));
  });

  it("participants: people who are not there are gone already, agents too; nobody else's place is touched", async () => {
    const own = await newRoom(olga);
    expectProblem(await olga.post(`/rooms/${own.id}/participants`, { agent_id: `agt_${absent}` }), "not-found");
    expectProblem(await olga.post(`/rooms/${own.id}/participants`, { agent_id: own.id }), "not-found");
    expectProblem(await olga.post(`/rooms/${own.id}/participants`, { user_id: "no such person" }), "not-found");
    expect((await olga.delete(`/rooms/${own.id}/participants/nobody`)).status).toBe(204);
    expect((await olga.get<RoomBody>(`/rooms/${own.id}`)).body.participants).toHaveLength(1);
  });

  it("replies to messages that are not there, or are elsewhere", async () => {
    const own = await newRoom(olga);
    const said = before[1]!.find(({ type }) => type === "MessagePosted")!.open["messageId"];
    for (const reply_to of [`msg_${absent}`, "x", said])
      expectProblem(
        await olga.post(`/rooms/${own.id}/messages`, { text: "Yes", client_msg_id: "r", reply_to }),
        "validation",
      );
  });
});

it("an agent's owner needs its tools to exist", async () => {
  expectProblem(await olga.post("/agents", agentInput({ capabilities: ["telepathy"] })), "validation");
  expectProblem(
    await olga.put(`/agents/${agent.id}/tools`, { tools: [{ name: "constructor", mode: "allow" }] }),
    "validation",
  );
});
