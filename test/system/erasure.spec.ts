/** The files of the real program, byte by byte: what an erased person said cannot be had from them any more, with all keys there are after the next rotation. */
import { randomBytes } from "node:crypto";
import { afterAll, expect, it } from "vitest";
import { type AgentId, agentName } from "#events/kit/ids.ts";
import { inClear } from "../sim/bytes.ts";
import { forget, newState, type Program, startProgram } from "../support/program.ts";
import { startServicesOutside } from "../support/services-outside.ts";
import { canariesIn, canary, type Kept, StateFiles } from "../support/state-files.ts";

const CANARIES = { dana: 1_000, eli: 100 } as const;
type Name = keyof typeof CANARIES;
const names = ["dana", "eli"] as const;
/** Of these, so many are asked to be remembered, so many stated to the agent, and of the rest each tenth is stated. */
const ASKED = 24;
const STATED = 12;
const POSTED_AT_ONCE = 8;
const SELDOM_MS = 500;

const state = newState();
const services = await startServicesOutside();
let program: Program | undefined;
afterAll(async () => {
  await program?.kill();
  await services.stop();
  forget(state);
});

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const [old, renewed] = [`1:${oldKey.toString("base64")}`, `2:${newKey.toString("base64")}`];
const before = new Map([[1, oldKey]]);
const after = new Map([[2, newKey]]);

const start = async (keys: string) => {
  program = await startProgram({ state, settings: { ...services.settings, KEY_ENCRYPTION_KEYS: keys } });
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

/** Looks again and again; what takes long is looked at less often. */
async function eventually<A>(
  what: string,
  look: () => A | undefined | Promise<A | undefined>,
  everyMs = 50,
): Promise<A> {
  const pause = () => new Promise((next) => setTimeout(next, everyMs));
  for (const until = Date.now() + 120_000; Date.now() < until; await pause()) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`never came: ${what}`);
}

// ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────────

interface Place {
  readonly agentId: AgentId;
  readonly roomId: string;
}

/** Olga's agent in a room of hers with two others, who let it remember them. */
async function meet(): Promise<Place> {
  const settings = { llm_provider: "anthropic", model_name: "claude-demo", system_prompt: "Be kind." };
  const { id: agentId } = await olga<{ id: AgentId }>("POST", "/agents", { name: "Ada", ...settings });
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

const say = (name: Name, roomId: string, text: string) =>
  byName[name]<object>("POST", `/rooms/${roomId}/messages`, { text, client_msg_id: text });

/** Says something to the agent, and waits for its answer. */
async function ask(name: Name, { agentId, roomId }: Place, text: string): Promise<void> {
  const answers = async () => {
    const path = `/rooms/${roomId}/messages?limit=5`;
    const { data } = await byName[name]<{ data: ReadonlyArray<{ author_id: string; seq: number }> }>("GET", path);
    return Math.max(0, ...data.filter(({ author_id }) => author_id === agentId).map(({ seq }) => seq));
  };
  const known = await answers();
  await say(name, roomId, text);
  await eventually("an answer", async () => ((await answers()) > known ? true : undefined));
}

const stated = (thing: string, name: Name, number: number) =>
  `My ${thing} is called ${canary(name, number)} of the quiet river side.`;

/** What somebody says to the agent, one thing after the other: what is to be remembered, facts, and what it knows of them. */
async function tell(name: Name, place: Place): Promise<void> {
  for (let number = 0; number < ASKED; number++)
    await ask(name, place, `@Ada please remember that my kettle is called ${canary(name, number)} of the hill.`);
  for (let number = ASKED; number < ASKED + STATED; number++)
    await ask(name, place, `@Ada ${stated("laptop", name, number)}`);
  await ask(name, place, "@Ada What is my kettle called?");
}

/** Everybody says the rest of their canaries in turns. */
async function talk({ roomId }: Place): Promise<void> {
  const rest = names.flatMap((name) =>
    Array.from({ length: CANARIES[name] - ASKED - STATED }, (_, index) => {
      const number = index + ASKED + STATED;
      const text = number % 10 === 0 ? stated("dinghy", name, number) : `${canary(name, number)}.`;
      return { name, text, share: index / (CANARIES[name] - ASKED - STATED) };
    }),
  );
  const waiting = rest.toSorted((one, other) => one.share - other.share);
  await Promise.all(
    Array.from({ length: POSTED_AT_ONCE }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        await say(next.name, roomId, next.text);
    }),
  );
}

// ── what whoever has all files finds ─────────────────────────────────────────────────────────────────────────────────

const files = new StateFiles(state);

/** Waits until nothing is left to an agent: notes, index, vectors here and elsewhere, read models. */
const atRest = ({ agentId }: Place) => {
  const rested = () => {
    const [left] = files.ask(
      agentName(agentId),
      `SELECT
         (SELECT COUNT(*) FROM timers WHERE kind IN
           ('summarize-room', 'index-memories', 'reembed-memories', 'sync-remote-vectors')) +
         (SELECT COUNT(*) FROM memories WHERE state = 'live' AND seq NOT IN (SELECT seq FROM vectors)) +
         (SELECT COUNT(*) FROM remote_vectors WHERE state <> 'there') +
         (SELECT COUNT(*) FROM feeds WHERE seq < (SELECT MAX(seq) FROM events)) AS things`,
    );
    return left?.things === 0 ? true : undefined;
  };
  return eventually("rest", rested, SELDOM_MS);
};

/** The ids of an agent's memories that fit a condition. */
const memoriesOf = ({ agentId }: Place, where: string): ReadonlyArray<string> =>
  files
    .ask(agentName(agentId), `SELECT memory_id FROM memories WHERE ${where} ORDER BY memory_id`)
    .map(({ memory_id }) => String(memory_id));

/** How many of somebody's canaries there are in each kind of place. */
const inEach = (kept: ReadonlyArray<Kept>, name: Name): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...Map.groupBy(kept, ({ kind }) => kind)]
      .map(([kind, those]) => [kind, canariesIn(those.map(({ words }) => words).join("\n"), name).size] as const)
      .filter(([, count]) => count > 0),
  );

/** A few of everybody's canaries, as the index is asked for words. */
const sample = names.flatMap((name) => [0, 30, 40, 99].map((number) => canary(name, number)));

const some = expect.any(Number);
/** Of somebody's canaries those that were asked to be remembered or stated, and those that make a fact. */
const kept = ASKED + STATED;
const facts = (name: Name) => kept + Math.floor((CANARIES[name] - 1) / 10) - Math.floor((kept - 1) / 10);

/** Where all of somebody's canaries stand that they said themselves. */
const said = (name: Name) => ({
  ...{ "a person's MessagePosted": CANARIES[name], "a person's MessageReceived": CANARIES[name] },
  ...{ "a person's MemoryFormed": kept, "a person's MemoryFormed in D1": kept, fact: facts(name) },
  ...{ vocabulary: CANARIES[name], vector: CANARIES[name], "window's vector": CANARIES[name] },
});
/** Where those stand that the agent said again. */
const repeated = {
  ...{ "an agent's ModelReplied": some, "an agent's ReplyDrafted": some, "an agent's MessagePosted": some },
  "an agent's RoomSummarized": some,
};

it("hold none of a thousand canaries of somebody who was erased, and all of somebody else's", async () => {
  // Given what two people said, and what was made of it
  await start(old);
  const place = await meet();
  await tell("eli", place); // what the agent says to it holds nothing of dana's yet
  await talk(place);
  await atRest(place);
  await tell("dana", place);
  await ask("eli", place, "@Ada What is Dana's kettle called?");
  await atRest(place);
  await program!.stop();

  const known = files.kept(before);
  expect(inEach(known, "dana")).toEqual({
    ...{ ...said("dana"), ...repeated },
    ...{ "a person's MemoryFormed in KV": some, "an agent's RoomSummarized in D1": some },
  });
  expect(inEach(known, "eli")).toMatchObject({ ...said("eli"), ...repeated });
  const then = files.found(before);
  expect(then.readable(known)).toHaveLength(known.length);
  expect(then.indexed(sample, known)).toEqual(sample);
  const hers = memoriesOf(place, "seq IN (SELECT seq FROM memory_people WHERE user_id = 'dana')");
  expect(hers.length).toBeGreaterThan(CANARIES.dana);
  expect(services.held(place.agentId).toSorted()).toEqual(memoriesOf(place, "state = 'live'"));

  // When one of them is erased and the key-encryption key is turned
  await start(old);
  const { id } = await dana<{ id: string }>("POST", "/me/erase");
  const receipt = async () => {
    const { completed_at } = await dana<{ completed_at: string | null }>("GET", `/me/erasures/${id}`);
    return completed_at ?? undefined;
  };
  await eventually("the receipt", receipt, SELDOM_MS);
  await program!.stop();
  await start(`${old},${renewed}`);
  await eli("GET", `/rooms/${place.roomId}/messages`);
  await eventually("the rotation", () => ([...files.wrappedUnder()].join() === "2" ? true : undefined));
  await program!.stop();
  await start(renewed);
  const { data } = await eli<{ data: ReadonlyArray<{ author_id: string; text: string | null }> }>(
    "GET",
    `/rooms/${place.roomId}/messages?limit=200`,
  );
  expect(data.some(({ text }) => canariesIn(text ?? "", "eli").size > 0)).toBe(true);
  await atRest(place);
  await program!.stop();

  // Then hers are nowhere but in words of the agent's own, and eli's are where they were
  const anew = files.kept(after);
  expect(inEach(anew, "dana")).toEqual({});
  expect(inEach(anew, "eli")).toMatchObject({ ...said("eli"), ...repeated });
  const now = files.found(after);
  const left = now.readable(known);
  expect(inEach(left, "dana")).toEqual({});
  // Notes, vocabulary and windows are made anew: what they were before is gone with hers.
  const isMadeAnew = ({ kind }: Kept) => /^an agent's RoomSummarized|^vocabulary|^window/.test(kind);
  const [lasting, lasted] = [known, left].map((those) => those.filter((each) => !isMadeAnew(each)));
  expect(inEach(lasted!, "eli")).toEqual(inEach(lasting!, "eli"));
  expect(now.indexed(sample, known)).toEqual(sample.filter((word) => word.startsWith("canaryeli")));
  expect(services.held(place.agentId).toSorted()).toEqual(memoriesOf(place, "state = 'live'"));
  const outside = [...files.texts("D1"), ...files.texts("KV"), ...services.held(place.agentId)].join("\n");
  expect(hers.filter((memoryId) => outside.includes(memoryId))).toEqual([]);
  const secrets = known.map(({ secret }) => secret);
  expect(inClear(now.bytes, secrets)).toEqual([]);
  for (const bytes of now.bytes) expect(/canary/i.test(bytes.toString("latin1"))).toBe(false);
}, 300_000);
