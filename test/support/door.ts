/** People at the door of the Worker under test: they sign in, call the API and read every answer to its end; used by the specs in workerd. */
import { env, exports } from "cloudflare:workers";
import { expect } from "vitest";
import type { AgentId, RoomId } from "#events/kit/ids.ts";
import type { Agent, Room, User, Vault } from "#src/worker.ts";

/** The bindings of wrangler.toml, and what test/support/worker-env.ts adds. */
export const bindings = env as unknown as {
  readonly AGENT: DurableObjectNamespace<Agent>;
  readonly ROOM: DurableObjectNamespace<Room>;
  readonly USER: DurableObjectNamespace<User>;
  readonly VAULT: DurableObjectNamespace<Vault>;
  readonly DB: D1Database;
  readonly CACHE: KVNamespace;
  readonly DEV_IDENTITY_PUBLIC_KEY: string;
  readonly DEV_IDENTITY_PRIVATE_KEY: string;
  readonly KEY_ENCRYPTION_KEYS: string;
};

const worker = (exports as unknown as { readonly default: { fetch(request: Request): Promise<Response> } }).default;

/** Where the Worker believes to stand. */
export const ORIGIN = "http://localhost";

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  readonly text: string;
}

type Json = Readonly<Record<string, unknown>>;

/** One request, its answer read to the end: an unread body keeps its object from being evicted. */
export async function request<Body = Json>(path: string, init: RequestInit = {}): Promise<Answer<Body>> {
  const response = await worker.fetch(new Request(`${ORIGIN}${path}`, init));
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : null) as Body, text };
}

/** A request for a socket; the answer has one when the door opened. */
export const upgrade = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  worker.fetch(new Request(`${ORIGIN}${path}`, { headers: { upgrade: "websocket", ...headers } }));

/** A name nobody else in this run has. */
export const fresh = (label: string): string => `${label}-${crypto.randomUUID().slice(0, 8)}`;

export type Role = "participant" | "auditor" | "admin";

export interface Person {
  readonly id: string;
  readonly token: string;
  /** Sends exactly this, whatever it is. */
  send<Body = Json>(
    method: string,
    path: string,
    body?: BodyInit,
    headers?: Record<string, string>,
  ): Promise<Answer<Body>>;
  get<Body = Json>(path: string): Promise<Answer<Body>>;
  post<Body = Json>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<Body>>;
  put<Body = Json>(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer<Body>>;
  delete<Body = Json>(path: string, headers?: Record<string, string>): Promise<Answer<Body>>;
}

/** Somebody new, signed in through the development door. */
export async function person(label: string, roles: ReadonlyArray<Role> = []): Promise<Person> {
  return signedIn(fresh(label), roles);
}

/** Lets an agent remember this person, which it has asked wherever they met. */
export const agrees = async (who: Person, agent: { readonly id: string }): Promise<void> => {
  const [agentId, roomId] = [agent.id as AgentId, `rm_${"0".repeat(26)}` as RoomId];
  await bindings.USER.getByName(who.id).requestConsent(fresh("asked"), agentId, roomId);
  expect((await who.put("/me/consents", { agent_id: agent.id, granted: true })).status).toBe(200);
};

/** Somebody with this very id. */
export async function signedIn(id: string, roles: ReadonlyArray<Role> = []): Promise<Person> {
  const { body } = await request<{ token: string }>("/dev/token", {
    method: "POST",
    body: JSON.stringify({ user: id, roles }),
  });
  return bearer(id, body.token);
}

/** Whoever holds this token. */
export function bearer(id: string, token: string): Person {
  const send: Person["send"] = (method, path, body, headers = {}) =>
    request(`/api${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  const json = (body: unknown) => (body === undefined ? undefined : JSON.stringify(body));
  return {
    id,
    token,
    send,
    get: (path) => send("GET", path),
    post: (path, body, headers) => send("POST", path, json(body), headers),
    put: (path, body, headers) => send("PUT", path, json(body), headers),
    delete: (path, headers) => send("DELETE", path, undefined, headers),
  };
}

export interface AgentBody extends Json {
  readonly id: string;
  readonly name: string;
  readonly version: number;
}
export interface RoomBody extends Json {
  readonly id: string;
  readonly seq: number;
  readonly participants: ReadonlyArray<{
    readonly user_id?: string;
    readonly agent_id?: string;
    readonly name: string;
  }>;
}
export interface Page<Item> {
  readonly data: ReadonlyArray<Item>;
  readonly page: { readonly next_cursor: string | null; readonly has_more: boolean };
}
export interface EventBody {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly v: number;
  readonly at: number;
  readonly actor: string;
  readonly command: string;
  readonly correlation: string;
  readonly causation: string | null;
  readonly open: Json;
  readonly hash: string;
}
export interface MessageBody extends Json {
  readonly id: string;
  readonly seq: number;
  readonly text: string;
  readonly author_id: string;
  readonly author_kind: "user" | "agent";
  readonly in_reply_to?: string;
}

export interface MemoryBody extends Json {
  readonly id: string;
  readonly agent_id: string;
  readonly memory_type: string;
  readonly content: string | null;
  readonly version: number;
  readonly seq: number;
  readonly state: string;
  readonly about: ReadonlyArray<string>;
  readonly source: Json;
}

/** Adds a memory to an agent of one's own. */
export async function newMemory(owner: Person, agent: { readonly id: string }, input: Json = {}): Promise<MemoryBody> {
  const body = { memory_type: "semantic", content: "The shop closes at six.", ...input };
  const made = await owner.post<MemoryBody>(`/agents/${agent.id}/memories`, body);
  expect(made.status, made.text).toBe(201);
  return made.body;
}

/** What an agent needs to be made. */
export const agentInput = (changes: Json = {}): Json => ({
  name: "Ada",
  llm_provider: "anthropic",
  model_name: "claude-sonnet-5-5",
  system_prompt: "You answer what was asked.",
  ...changes,
});

export async function newAgent(owner: Person, changes: Json = {}): Promise<AgentBody> {
  const made = await owner.post<AgentBody>("/agents", agentInput(changes));
  expect(made.status, made.text).toBe(201);
  return made.body;
}

/** Somebody the house knows, for only those can be brought into rooms: people arrive with their first request. */
export async function arrived(label: string): Promise<Person> {
  const somebody = await person(label);
  await arrive(somebody);
  return somebody;
}

async function arrive({ id, get }: Person): Promise<void> {
  expect((await get("/me")).status).toBe(200);
  await eventually(`the arrival of ${id}`, async () => (await bindings.USER.getByName(id).displayName()) ?? undefined);
}

/** A room with these people and agents in it; agents are the owner's own. */
export async function newRoom(
  owner: Person,
  kind: "public" | "private" | "direct" = "private",
  members: { readonly people?: ReadonlyArray<Person>; readonly agents?: ReadonlyArray<{ readonly id: string }> } = {},
): Promise<RoomBody> {
  const made = await owner.post<RoomBody>("/rooms", { name: fresh("Room"), kind });
  expect(made.status, made.text).toBe(201);
  const add = async (who: Json) => {
    const added = await owner.post(`/rooms/${made.body.id}/participants`, who);
    expect(added.status, added.text).toBe(201);
  };
  await Promise.all((members.people ?? []).map(arrive));
  for (const { id } of members.people ?? []) await add({ user_id: id });
  for (const { id } of members.agents ?? []) await add({ agent_id: id });
  return made.body;
}

/** The log of an agent or a room, whole, as this person may read it. */
export async function eventsOf(
  reader: Person,
  kind: "agents" | "rooms",
  id: string,
): Promise<ReadonlyArray<EventBody>> {
  const events: EventBody[] = [];
  for (;;) {
    const page = await reader.get<Page<EventBody>>(`/${kind}/${id}/events?limit=200&after=${events.at(-1)?.seq ?? 0}`);
    expect(page.status, page.text).toBe(200);
    events.push(...page.body.data);
    if (!page.body.page.has_more) return events;
  }
}

export async function messagesOf(reader: Person, roomId: string): Promise<ReadonlyArray<MessageBody>> {
  const page = await reader.get<Page<MessageBody>>(`/rooms/${roomId}/messages?limit=200`);
  expect(page.status, page.text).toBe(200);
  return page.body.data;
}

/** The contract's problem names that this program can answer, with their status. */
const problems = {
  validation: 400,
  unauthenticated: 401,
  forbidden: 403,
  "not-found": 404,
  "method-not-allowed": 405,
  conflict: 409,
  "agent-inactive": 409,
  "precondition-failed": 412,
  "payload-too-large": 413,
  "idempotency-conflict": 422,
  internal: 500,
  "not-configured": 501,
  "budget-exceeded": 402,
  "provider-unavailable": 503,
  "auth-not-configured": 503,
  "consent-required": 403,
} as const;

/** The answer is this problem, as RFC 9457 and the contract want it told. */
export function expectProblem(answer: Answer<unknown>, name: keyof typeof problems): void {
  expect({ status: answer.status, ...(answer.body as Json) }, answer.text).toMatchObject({
    type: `https://troupe.dev/problems/${name}`,
    title: expect.stringMatching(/\S/),
    status: problems[name],
    instance: expect.stringMatching(/^\//),
    trace_id: expect.stringMatching(/^[0-9a-f-]{32,36}$/),
  });
  expect(answer.status).toBe(problems[name]);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.text).not.toMatch(/\bat [\w.<>]+ \(|node_modules|\.ts:\d/); // no stack, ever
}

/** Waits until `look` finds something; fails with what it was after when that does not come. */
export async function eventually<A>(
  what: string,
  look: () => Promise<A | undefined> | A | undefined,
  withinMs = 15_000,
): Promise<A> {
  for (const until = Date.now() + withinMs; Date.now() < until; await new Promise((next) => setTimeout(next, 20))) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`never came: ${what}`);
}
