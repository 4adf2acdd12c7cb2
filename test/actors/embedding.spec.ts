/** Embeddings in the objects behind them: made by the provider that the settings name, over sleep and death, shown to the owner, and gone with what is forgotten. */
import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { Schema } from "effect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Agent, type Env } from "#src/worker.ts";
import {
  type AgentBody,
  agrees,
  bindings,
  eventually,
  expectProblem,
  newAgent,
  newMemory,
  person,
} from "../support/door.ts";

/** What means the same lies in the same direction, whatever the letters. */
const MEANINGS = [
  ["cat", "feline", "whiskers"],
  ["boat", "vessel", "sails"],
];
function meaningOf(text: string): Float32Array {
  const values = new Float32Array(1536);
  for (const [place, group] of MEANINGS.entries())
    values[place] = group.filter((word) => text.toLowerCase().includes(word)).length;
  values[MEANINGS.length] = 0.2;
  return values;
}

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({ input: Schema.Array(Schema.String) })));
const inBase64 = (values: Float32Array): string => Buffer.from(values.buffer).toString("base64");

/** The texts of each request to the provider, and whether it refuses them. */
let asked: Array<ReadonlyArray<string>>;
let isAway: boolean;

/** The Worker's own composition, as if it had been started with these settings. */
function startedWith(settings: Record<string, unknown>) {
  const prototype = Agent.prototype as unknown as { abilities: (env: Env) => unknown };
  const { abilities } = prototype;
  let started: Env | undefined;
  vi.spyOn(prototype, "abilities").mockImplementation(function (this: Agent, env) {
    started ??= { ...env, ...settings };
    return abilities.call(this, started);
  });
}

beforeEach(() => {
  asked = [];
  isAway = false;
  const real = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    if (url.href !== "http://models.test/v1/embeddings") return real(input, init);
    const { input: texts } = decode(String(init?.body));
    asked.push(texts);
    if (isAway) return Response.json({ error: { message: "no" } }, { status: 401 });
    return Response.json({
      data: texts.map((text, index) => ({ index, embedding: inBase64(meaningOf(text)) })),
    });
  });
});
afterEach(() => vi.restoreAllMocks());

interface Operation {
  readonly status: string;
  readonly done: number;
  readonly total: number;
  readonly error: string | null;
}

const stubOf = ({ id }: { readonly id: string }) => bindings.AGENT.getByName(id);

const countIn = (agent: { readonly id: string }, table: string): Promise<number> =>
  runInDurableObject(stubOf(agent), (_agent, { storage }) => {
    const has = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", table).toArray().length > 0;
    return has ? Number(storage.sql.exec(`SELECT count(*) AS n FROM ${table}`).one().n) : -1;
  });

async function rememberer() {
  const olga = await person("olga");
  const ada = await newAgent(olga);
  await agrees(olga, ada);
  const cat = await newMemory(olga, ada, { content: "Moritz lost his whiskers.", about: [olga.id] });
  const boat = await newMemory(olga, ada, { content: "Vera sails on Sunday.", about: [olga.id] });
  const shown = async () => {
    const { body } = await olga.get<AgentBody & { embedding?: Operation & { operation_id: string } }>(
      `/agents/${ada.id}`,
    );
    return body.embedding;
  };
  const operation = async () => (await olga.get<Operation>(`/operations/${(await shown())?.operation_id}`)).body;
  const settled = () =>
    eventually("the last vector", async () => {
      await runDurableObjectAlarm(stubOf(ada));
      return (await operation()).status === "done" ? true : undefined;
    });
  const found = async (query: string) => {
    const { body } = await olga.post<{ results: ReadonlyArray<{ memory: { id: string }; similarity: number }> }>(
      `/agents/${ada.id}/memories/search`,
      { query },
    );
    return body.results;
  };
  return { olga, ada, cat, boat, shown, operation, settled, found };
}

const openAi = { EMBEDDINGS: "openai" };

describe("an agent with embeddings", () => {
  it("embeds behind the conversation what it learns, tells its owner how far it is, and finds what means the same", async () => {
    startedWith(openAi);
    const { olga, ada, cat, boat, shown, operation, settled, found } = await rememberer();
    const sven = await person("sven");
    expect(await shown()).toMatchObject({ model: "openai/text-embedding-3-small", total: 2, skipped: 0 });
    expectProblem(await sven.get(`/operations/${(await shown())?.operation_id}`), "not-found");
    await settled();
    expect(await operation()).toMatchObject({ done: 2, total: 2, result: null, error: null });
    expect((await found("feline"))[0]).toMatchObject({ memory: { id: cat.id } });
    await evictDurableObject(stubOf(ada));
    const [first] = await found("vessel");
    expect([first?.memory.id, first!.similarity > 0.9]).toEqual([boat.id, true]);
    await olga.delete(`/memories/${cat.id}`);
    expect(await countIn(ada, "vectors")).toBe(1);
    await olga.put("/me/consents", { agent_id: ada.id, granted: false });
    expect(await countIn(ada, "vectors")).toBe(0);
  });

  it("goes on where it stood when it dies, waits out a failing provider, and searches without it", async () => {
    startedWith(openAi);
    isAway = true;
    const { olga, ada, cat, operation, settled, found } = await rememberer();
    await eventually("a failure that is waited out", async () => {
      await runDurableObjectAlarm(stubOf(ada));
      return (await operation()).error?.includes("Unauthorized") ? true : undefined;
    });
    expect((await found("whiskers")).map(({ memory }) => memory.id)).toContain(cat.id);
    const search = await olga.post(`/agents/${ada.id}/memories/search`, { query: "whiskers" });
    expect(search.body["degraded"]).toBe(true);
    await abortAllDurableObjects();
    isAway = false;
    // An hour passes: what does not pass by itself is looked after that often.
    await runInDurableObject(stubOf(ada), (_agent, { storage }) => void storage.sql.exec("UPDATE timers SET due = 0"));
    await settled();
    expect(await countIn(ada, "vectors")).toBe(2);
  });

  it("stops when its owner says so, tells what waits meanwhile, and goes on with all of it when they say so", async () => {
    startedWith(openAi);
    isAway = true;
    const { olga, ada, shown, operation, settled } = await rememberer();
    const sven = await person("sven");
    const { operation_id: id } = (await shown())!;
    expectProblem(await sven.delete(`/operations/${id}`), "not-found");
    expect((await olga.delete<Operation>(`/operations/${id}`)).body).toMatchObject({ status: "cancelled", done: 0 });
    isAway = false;
    await newMemory(olga, ada, { content: "Another one." });
    await runDurableObjectAlarm(stubOf(ada));
    expect(await operation()).toMatchObject({ status: "cancelled", done: 0, total: 3 });
    expect(await countIn(ada, "vectors")).toBe(0);
    expectProblem(await sven.post(`/operations/${id}/resume`), "not-found");
    expect((await olga.post<Operation>(`/operations/${id}/resume`)).body).toMatchObject({
      status: "running",
      total: 3,
    });
    await settled();
    expect([await operation(), await countIn(ada, "vectors")]).toMatchObject([{ done: 3, total: 3 }, 3]);
  });
});

describe("an agent without", () => {
  it("has no tables for them, no operation, and asks nobody", async () => {
    const { ada, cat, shown, found } = await rememberer();
    expect((await found("whiskers")).map(({ memory }) => memory.id)).toContain(cat.id);
    expect([await shown(), await countIn(ada, "vectors"), asked]).toEqual([undefined, -1, []]);
  });
});
