/** The files of the real program, byte by byte: what an erased person said cannot be had from them any more, with all keys there are after the next rotation. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, expect, it } from "vitest";
import { openWords, type Place, unwrapEventKey, unwrapKey } from "#actors/kit/seal.ts";
import { decipherable, inClear } from "../sim/bytes.ts";
import { forget, newState, type Program, startProgram } from "../support/program.ts";

const CANARIES = { dana: 1_000, eli: 100 } as const;
type Name = keyof typeof CANARIES;
const POSTED_AT_ONCE = 8;

const state = newState();
let program: Program | undefined;
afterAll(async () => {
  await program?.kill();
  forget(state);
});

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const [old, renewed] = [`1:${oldKey.toString("base64")}`, `2:${newKey.toString("base64")}`];

const start = async (keys: string) => {
  program = await startProgram({ state, settings: { KEY_ENCRYPTION_KEYS: keys } });
};

async function request<Body>(method: string, path: string, token?: string, body?: unknown): Promise<Body> {
  const response = await fetch(`${program!.url}${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as Body;
}

/** Somebody who is signed in anew at each start. */
const as =
  (user: string) =>
  async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
    const { token } = await request<{ token: string }>("POST", "/dev/token", undefined, { user, roles: [] });
    return request<Body>(method, `/api${path}`, token, body);
  };
const [olga, dana, eli] = [as("olga"), as("dana"), as("eli")];
const byName = { dana, eli };

async function eventually<A>(what: string, look: () => Promise<A | undefined>): Promise<A> {
  for (const until = Date.now() + 60_000; Date.now() < until; await new Promise((next) => setTimeout(next, 50))) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`never came: ${what}`);
}

// ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────────

const canary = (name: Name, number: number): string => `canary-${name}-${number}.`;

/** Olga's agent in a room of hers with two others, who let it remember them. */
async function meet(): Promise<{ readonly agentId: string; readonly roomId: string }> {
  const settings = { llm_provider: "anthropic", model_name: "claude-demo", system_prompt: "Be kind." };
  const { id: agentId } = await olga<{ id: string }>("POST", "/agents", { name: "Ada", ...settings });
  const { id: roomId } = await olga<{ id: string }>("POST", "/rooms", { name: "Harbour", kind: "private" });
  await olga("POST", `/rooms/${roomId}/participants`, { agent_id: agentId });
  for (const who of [dana, eli]) {
    const { id } = await who<{ id: string }>("GET", "/me");
    await olga("POST", `/rooms/${roomId}/participants`, { user_id: id });
    await who("POST", `/rooms/${roomId}/messages`, { text: "Hello.", client_msg_id: "hello" });
    await eventually("the question", async () =>
      (await who<{ data: ReadonlyArray<object> }>("GET", "/me/consents")).data.length > 0 ? true : undefined,
    );
    await who("PUT", "/me/consents", { agent_id: agentId, granted: true });
  }
  return { agentId, roomId };
}

/** Everybody says their canaries, and the agent remembers each. */
async function talk(roomId: string): Promise<void> {
  const waiting = (["dana", "eli"] as const).flatMap((name) =>
    Array.from({ length: CANARIES[name] }, (_, number) => ({ name, text: canary(name, number) })),
  );
  await Promise.all(
    Array.from({ length: POSTED_AT_ONCE }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        await byName[next.name]("POST", `/rooms/${roomId}/messages`, { text: next.text, client_msg_id: next.text });
    }),
  );
  for (const name of ["dana", "eli"] as const) {
    const last = { text: `@Ada what did I say?`, client_msg_id: `last of ${name}` };
    await byName[name]("POST", `/rooms/${roomId}/messages`, last);
  }
}

// ── what whoever has all files finds ─────────────────────────────────────────────────────────────────────────────────

const paths = (): ReadonlyArray<string> =>
  readdirSync(state, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
const files = (): ReadonlyArray<Buffer> => paths().map((path) => readFileSync(path));

/** Every object's own database, with the stream that it says it is. */
function* objects(): Generator<{ readonly database: DatabaseSync; readonly stream: string }> {
  for (const path of paths().filter((each) => /\/do\/.*\.sqlite$/.test(each))) {
    // The program may run: whoever finds it writing waits.
    const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    const has = (table: string) =>
      database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table) !== undefined;
    if (has("event_keys")) {
      const { value } = database.prepare("SELECT value FROM meta WHERE key = 'stream'").get() as { value: string };
      yield { database, stream: value };
    }
    database.close();
  }
}

interface KeyRow {
  readonly subject: string;
  readonly number: number;
  readonly kek: number;
  readonly wrapped: Uint8Array;
}
interface EventRow extends Omit<Place, "stream"> {
  readonly sealed: Uint8Array;
  readonly wrapped: Uint8Array;
}

/** The keys of all subjects, by name and generation, and the number of the key-encryption key that each is wrapped under. */
function subjectKeys(keys: ReadonlyMap<number, Uint8Array>) {
  const found = new Map<string, { readonly key: Uint8Array; readonly kek: number }>();
  for (const { database, stream } of objects()) {
    if (!stream.startsWith("vault:")) continue;
    for (const row of database.prepare("SELECT subject, number, kek, wrapped FROM key_generations").all()) {
      const { subject, number, kek, wrapped } = row as unknown as KeyRow;
      found.set(`${subject} ${number}`, { key: unwrapKey(keys.get(kek)!, wrapped, subject, number), kek });
    }
  }
  return found;
}

/** The words of all events by the key of each, in hex: those of a person's messages, and what agents made of them. */
function wordsOf(keyOf: (subject: string, number: number) => Uint8Array): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const { database, stream } of objects()) {
    const query =
      "SELECT e.seq, e.type, e.v, e.sealed, k.subject, k.wrapped FROM events e JOIN event_keys k ON k.seq = e.seq";
    for (const row of database.prepare(query).all()) {
      const { sealed, wrapped, ...at } = row as unknown as EventRow;
      const place = { stream, ...at };
      const number = Buffer.from(wrapped).readUInt32BE(0);
      const key = { number, key: keyOf(at.subject, number) };
      const { eventKey } = unwrapEventKey(wrapped, place, key);
      words.set(Buffer.from(eventKey).toString("hex"), openWords(sealed, wrapped, place, key));
    }
  }
  return words;
}

it("hold none of a thousand canaries of somebody who was erased, and all of somebody else's", async () => {
  await start(old);
  const { agentId, roomId } = await meet();
  await talk(roomId);
  await eventually("all that is remembered", async () => {
    const { data } = await dana<{ data: ReadonlyArray<object> }>("GET", `/me/memories?limit=1`);
    const events = await olga<{ data: ReadonlyArray<object> }>("GET", `/agents/${agentId}/events?type=ReplyPosted`);
    return data.length > 0 && events.data.length === 2 ? true : undefined;
  });
  await program!.stop();

  const former = subjectKeys(new Map([[1, oldKey]]));
  const words = wordsOf((subject, number) => former.get(`${subject} ${number}`)!.key);
  const secrets = [...words.keys()].map((key) => Buffer.from(key, "hex"));
  /** The canaries that whoever has every file and these key-encryption keys can read. */
  const canariesWith = (keys: ReadonlyMap<number, Uint8Array>) => {
    const ever = [...former.values(), ...subjectKeys(keys).values()].map(({ key }) => key);
    const bytes = files();
    const living = [...decipherable(bytes, [...keys.values()], ever)].map((key) => Buffer.from(key, "hex"));
    const read = [...decipherable(bytes, living, secrets)].map((key) => words.get(key));
    const found = new Set(read.join().match(/canary-\w+-\d+\./g));
    return Object.fromEntries(
      (["dana", "eli"] as const).map((name) => [
        name,
        Array.from({ length: CANARIES[name] }, (_, number) => canary(name, number)).filter((each) => found.has(each))
          .length,
      ]),
    );
  };
  expect(canariesWith(new Map([[1, oldKey]]))).toEqual(CANARIES);

  await start(old);
  const { id } = await dana<{ id: string }>("POST", "/me/erase");
  await eventually("the receipt", async () => {
    const { completed_at } = await dana<{ completed_at: string | null }>("GET", `/me/erasures/${id}`);
    return completed_at ?? undefined;
  });
  await program!.stop();
  await start(`${old},${renewed}`);
  await eli("GET", `/rooms/${roomId}/messages`);
  const both = new Map([
    [1, oldKey],
    [2, newKey],
  ]);
  await eventually("the rotation", async () =>
    [...subjectKeys(both).values()].every(({ kek }) => kek === 2) ? true : undefined,
  );
  await program!.stop();
  await start(renewed);
  const { data } = await eli<{ data: ReadonlyArray<{ author_id: string; text: string | null }> }>(
    "GET",
    `/rooms/${roomId}/messages?limit=200`,
  );
  expect(data.some(({ text }) => text?.startsWith("canary-eli"))).toBe(true);
  await program!.stop();

  expect(canariesWith(new Map([[2, newKey]]))).toEqual({ dana: 0, eli: CANARIES.eli });
  expect(inClear(files(), secrets)).toEqual([]);
  for (const bytes of files()) expect(bytes.includes("canary-")).toBe(false);
}, 180_000);
