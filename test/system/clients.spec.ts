/** The running program through the clients people have: phoenix, partysocket, fetch; and what is left of a conversation after `kill -9`. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PartySocket } from "partysocket";
import { type Channel, Socket } from "phoenix";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FrameClient, type WireFrame, type WireSocket } from "../support/phoenix-frames.ts";
import { forget, newState, type Program, startProgram } from "../support/program.ts";
import { anthropicFrames, chatFrames, type FakeAnswer } from "../support/provider-words.ts";

interface Message {
  readonly id: string;
  readonly seq: number;
  readonly text: string;
  readonly author_id: string;
  readonly in_reply_to?: string;
}
type Frame = Readonly<Record<string, unknown>>;

/** About eight words a second: slow enough to be killed in the middle of a sentence. */
const SLOWLY = { DEMO_WORD_PAUSE_MS: "120" };
const state = newState();
let program: Program;
let token: string;
let room: string;
const names = new Map<string, string>();

async function call<Body>(method: string, path: string, body?: unknown, as: string = token): Promise<Body> {
  const response = await fetch(`${program.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${as}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as Body;
}

async function start(settings: Readonly<Record<string, string>>): Promise<void> {
  program = await startProgram({ state, settings });
  token = await signIn("dana", ["admin"]);
  const rooms = (await call<{ data: Array<{ id: string; name: string }> }>("GET", "/api/rooms")).data.filter(
    ({ name }) => name === "Welcome",
  );
  expect(rooms).toHaveLength(1);
  room = rooms[0]!.id;
  const { participants } = await call<{ participants: Array<{ agent_id?: string; name: string }> }>(
    "GET",
    `/api/rooms/${room}`,
  );
  for (const { agent_id, name } of participants) if (agent_id !== undefined) names.set(name, agent_id);
}

const messages = async () => (await call<{ data: Message[] }>("GET", `/api/rooms/${room}/messages?limit=200`)).data;
const post = (text: string, as: string = token) =>
  call<Message>("POST", `/api/rooms/${room}/messages`, { text, client_msg_id: crypto.randomUUID() }, as);
const signIn = async (user: string, roles: ReadonlyArray<string> = []) =>
  (await call<{ token: string }>("POST", "/dev/token", { user, roles })).token;
const repliesTo = async (id: string) => (await messages()).filter(({ in_reply_to }) => in_reply_to === id);

async function eventually<A>(what: string, look: () => Promise<A | undefined> | A | undefined): Promise<A> {
  for (const until = Date.now() + 30_000; Date.now() < until; await new Promise((next) => setTimeout(next, 25))) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`never came: ${what}`);
}

beforeAll(() => start(SLOWLY));
afterAll(async () => {
  await program?.kill();
  forget(state);
});

/** The stock client as its documentation uses it, with everything it hears kept. */
function phoenix(options: object, parameters: () => object = () => ({})) {
  const socket = new Socket(
    `ws://127.0.0.1:${program.port}/parties/room/${room}`,
    options as ConstructorParameters<typeof Socket>[1],
  );
  const channel: Channel = socket.channel(`room:${room}`, parameters);
  const heard: Array<{ readonly event: string; readonly payload: Frame }> = [];
  channel.onMessage = (event: string, payload: Frame) => {
    heard.push({ event, payload });
    return payload;
  };
  socket.connect();
  const push = <Response>(what: Channel, event: string, payload: object): Promise<Response> =>
    new Promise((done, fail) =>
      what.push(event, payload).receive("ok", done).receive("error", fail).receive("timeout", fail),
    );
  const join = (): Promise<Frame> =>
    new Promise((done, fail) => channel.join().receive("ok", done).receive("error", fail).receive("timeout", fail));
  return {
    socket,
    channel,
    heard,
    join,
    push: <Response>(event: string, payload: object) => push<Response>(channel, event, payload),
  };
}

const saidBy = (heard: ReadonlyArray<{ readonly event: string; readonly payload: Frame }>) =>
  heard.flatMap(({ event, payload }) =>
    event === "message_created" || payload["phase"] === "end" ? [`${payload["seq"]} ${payload["text"]}`] : [],
  );

it("the page is the one that people get, whoever had it built: without what React tells its developers", async () => {
  const text = async (path: string) => (await fetch(`${program.url}${path}`)).text();
  const [, script] = /<script type="module"[^>]*src="([^"]+)"/.exec(await text("/")) ?? [];
  const source = await text(script!);
  expect(source.length).toBeGreaterThan(100_000);
  expect(source).not.toMatch(/jsxDEV|react\.dev\/link\/warning-keys/);
});

describe("in the room Welcome", () => {
  it.each([
    ["authToken", () => ({ authToken: token })],
    ["a token in its parameters", () => ({ params: { token } })],
  ])("the stock client with %s talks with Ada, and a partysocket beside it sees the same", async (_how, options) => {
    const party = new PartySocket({ host: `127.0.0.1:${program.port}`, party: "room", room, query: { token } });
    await once(party as unknown as EventTarget, "open");
    const other = new FrameClient(party as unknown as WireSocket, `room:${room}`);
    await other.joined();
    const client = phoenix(options());
    expect(await client.join()).toMatchObject({ seq: expect.any(Number) });
    const { message_id } = await client.push<{ message_id: string }>("new_message", {
      text: "@Ada, what is 17 * 23?",
      client_msg_id: crypto.randomUUID(),
    });
    const ended = (frames: ReadonlyArray<{ readonly event: string; readonly payload: Frame }>) =>
      frames.find(({ event, payload }) => event === "agent_thinking" && payload["state"] === "done") &&
      frames.find(({ payload }) => payload["phase"] === "end" && payload["in_reply_to"] === message_id);
    const end = await eventually("Ada's reply", () => ended(client.heard));
    expect(end.payload).toMatchObject({
      agent_id: names.get("Ada"),
      text: expect.stringContaining("391"),
      ai_generated: true,
    });
    const of = (event: string) => client.heard.filter((frame) => frame.event === event).map(({ payload }) => payload);
    expect(of("agent_thinking").map(({ state: shown }) => shown)).toEqual(
      expect.arrayContaining(["thinking", "tools", "replying", "done"]),
    );
    expect(of("tool_execution").map(({ tool, status }) => `${tool} ${status}`)).toEqual([
      "calculator running",
      "calculator success",
    ]);
    expect(of("agent_message").map(({ phase }) => phase)).toEqual(expect.arrayContaining(["start", "delta", "end"]));
    expect(of("presence_state")[0]).toMatchObject({
      "user:dana": { metas: [{}, ...[{}]] },
      [`agent:${names.get("Ada")}`]: { metas: [{ kind: "agent" }] },
    });
    await other.first("agent_message", (payload) => payload["phase"] === "end");
    const wire = (frames: ReadonlyArray<WireFrame>) => frames.map(([, , , event, payload]) => ({ event, payload }));
    await eventually("the same for both", () =>
      saidBy(wire(other.frames)).join() === saidBy(client.heard).join() ? true : undefined,
    );
    client.socket.disconnect();
    party.close();
  });

  it("after a lost connection the stock client comes back by itself and hears exactly what it missed", async () => {
    let after: number | undefined;
    const client = phoenix({ authToken: token, reconnectAfterMs: () => 300, rejoinAfterMs: () => 300 }, () =>
      after === undefined ? {} : { after_seq: after },
    );
    const { seq } = await client.join();
    after = seq as number;
    await post("before");
    await eventually("the first message", () => (saidBy(client.heard).length === 1 ? true : undefined));
    after = Number(client.heard.find(({ event }) => event === "message_created")!.payload["seq"]);
    (client.socket as unknown as { conn: WebSocket }).conn.close(4000, "the train entered a tunnel");
    const missed = [await post("missed 1"), await post("missed 2")];
    await eventually("what was missed", () => (saidBy(client.heard).length >= 3 ? true : undefined));
    await client.push("new_message", { text: "back again", client_msg_id: crypto.randomUUID() });
    await eventually("its own words", () =>
      saidBy(client.heard).some((said) => said.endsWith("back again")) ? true : undefined,
    );
    expect(saidBy(client.heard).map((said) => said.replace(/^\d+ /, ""))).toEqual([
      "before",
      "missed 1",
      "missed 2",
      "back again",
    ]);
    expect(saidBy(client.heard)).toContain(`${missed[1]!.seq} missed 2`);
    client.socket.disconnect();
  });

  it("without a good token no socket opens", async () => {
    for (const options of [{}, { authToken: "nonsense" }, { params: { token: "nonsense" } }]) {
      const client = phoenix({ ...options, reconnectAfterMs: () => 600_000 });
      await new Promise<void>((done) => client.socket.onError(() => done()));
      expect(client.socket.isConnected()).toBe(false);
      client.socket.disconnect();
    }
  });

  it("a request of a megabyte is refused without harm", async () => {
    const response = await fetch(`${program.url}/api/rooms`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: "x".repeat(1_000_000),
    });
    expect([response.status, ((await response.json()) as Frame)["type"]]).toEqual([
      413,
      "https://troupe.dev/problems/payload-too-large",
    ]);
  });
});

/** The turns of Ada's latest events of this type. */
async function turnsOf(type: string) {
  const events = await call<{ data: Array<{ open: { turnId?: string } }> }>(
    "GET",
    `/api/agents/${names.get("Ada")}/events?limit=200&type=${type}`,
  );
  return events.data.map(({ open }) => open.turnId);
}

/** What dies, and what brings it back. */
const deaths = [
  ["all of it", () => program.kill().then(() => start(SLOWLY))],
  ["the runtime alone, which comes back by itself,", () => program.killRuntime()],
  ["the runtime and the two that take its place", () => program.killRuntime(3)],
] as const;

it.each(
  deaths,
)("kill -9 on %s in the middle of a reply loses nothing that was answered, and the reply comes, once", async (_, strike) => {
  const client = phoenix({ authToken: token, reconnectAfterMs: () => 600_000 });
  await client.join();
  const guests = await Promise.all(["eli", "finn", "gus", "ida", "jo"].map((name) => signIn(name)));
  for (const guest of guests) await call("POST", `/api/rooms/${room}/join`, undefined, guest);
  const resumedBefore = await turnsOf("TurnResumed");
  const acknowledged: Message[] = [];
  /** Four messages of each guest at once; what is answered is kept, what is not may be lost. */
  const storm = () =>
    Promise.allSettled(
      guests.flatMap((guest) =>
        [1, 2, 3, 4].map(async (count) => acknowledged.push(await post(`storm ${count}`, guest))),
      ),
    );
  await storm();
  const { message_id } = await client.push<{ message_id: string }>("new_message", {
    text: "Hello @Ada",
    client_msg_id: crypto.randomUUID(),
  });
  await eventually("the first words of the reply", () =>
    client.heard.find(({ payload }) => payload["phase"] === "delta"),
  );
  const struck = storm();
  const back = strike();
  await struck;
  client.socket.disconnect();
  expect(acknowledged.length).toBeGreaterThanOrEqual(20);
  expect(
    client.heard.filter(({ payload }) => payload["phase"] === "end" && payload["in_reply_to"] === message_id),
  ).toEqual([]);
  await back;
  const [reply] = await eventually("the reply", async () => {
    const found = await repliesTo(message_id);
    return found.length > 0 ? found : undefined;
  });
  expect(reply).toMatchObject({ author_id: names.get("Ada"), text: expect.stringContaining("Ada") });
  expect(await messages()).toEqual(expect.arrayContaining(acknowledged));
  const resumed = (await turnsOf("TurnResumed")).filter((turn) => !resumedBefore.includes(turn));
  expect(resumed).toHaveLength(1);
  await eventually("the end of the turn", async () =>
    (await turnsOf("TurnCompleted")).includes(resumed[0]) ? true : undefined,
  );
  const later = await post("@Ada, what is 2 + 2?");
  await eventually("the next reply", async () => ((await repliesTo(later.id)).length > 0 ? true : undefined));
  expect(await repliesTo(message_id)).toHaveLength(1);
});

/** Both providers on one port: they ask for the calculator first, and tell its result when they get it. */
async function startProviders() {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request.setEncoding("utf8")) body += part;
    // A long room is also summed up in the background, without tools.
    if (body.includes('"tools"')) asked.push(String(request.url));
    const answer: FakeAnswer = body.includes('\\"value\\":391')
      ? { says: ["It is ", "391, ", "says the provider."], ends: "end" }
      : {
          says: [],
          calls: [{ id: "call_1", tool: "calculator", json: ['{"expression":', '"17 * 23"}'] }],
          ends: "tools",
        };
    const frames = String(request.url).endsWith("/messages") ? anthropicFrames(answer) : chatFrames(answer);
    response.writeHead(200, { "content-type": "text/event-stream" }).end(frames.join(""));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}

it("with providers configured the same conversation runs through their own libraries, also after its people changed the first scene", async () => {
  const providers = await startProviders();
  // What people do to the first scene is theirs: the next start must not stumble over it.
  await call("PUT", `/api/agents/${names.get("Ada")}`, { name: "Grace" });
  await call("DELETE", `/api/agents/${names.get("Bo")}`);
  expect(await program.stop()).toBe(0);
  await eventually("every process to be gone", () => (program.processes().length === 0 ? true : undefined));
  await start({ ANTHROPIC_BASE_URL: `${providers.url}/anthropic`, OPENAI_BASE_URL: `${providers.url}/openai/v1` });
  expect([...names.keys()]).toContain("Grace");
  const otto = await call<{ id: string; answered_by: string }>("POST", "/api/agents", {
    name: "Otto",
    llm_provider: "openai",
    model_name: "gpt-4",
    system_prompt: "Count.",
    capabilities: ["calculator"],
  });
  for (const id of [names.get("Grace")!, otto.id]) {
    const chat = await call<{ reply: { text: string }; tool_executions: Frame[] }>("POST", `/api/agents/${id}/chat`, {
      message: "What is 17 * 23?",
    });
    expect(chat).toMatchObject({
      reply: { text: "It is 391, says the provider." },
      tool_executions: [{ tool: "calculator", status: "success", output: '{"value":391}' }],
    });
  }
  expect(providers.asked).toEqual([
    "/anthropic/v1/messages",
    "/anthropic/v1/messages",
    "/openai/v1/chat/completions",
    "/openai/v1/chat/completions",
  ]);
  providers.stop();
});
