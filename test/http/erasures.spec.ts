/** The receipts of what an agent erased: who gets one, what it says, and that it is read when the agent is gone. */
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { embeddingTables } from "#actors/agent/memory/embedding/tables.ts";
import {
  type AgentBody,
  type Answer,
  agrees,
  bindings,
  eventsOf,
  eventually,
  expectProblem,
  type MemoryBody,
  newAgent,
  newMemory,
  newRoom,
  type Page,
  type Person,
  person,
  request,
} from "../support/door.ts";
import { own, scene } from "./remembered.ts";

/** Others turn the keys of the same Vaults beside these specifications; keys.spec.ts says what is named then. */
const firstKey = expect.arrayContaining([1]);

interface Receipt extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly agent_id: string;
  readonly what: string;
  readonly why: string;
  readonly requested_at: string;
  readonly unreadable_at: string | null;
  readonly completed_at: string | null;
  readonly memory_ids: ReadonlyArray<string>;
  readonly streams: ReadonlyArray<{ readonly stream: string; readonly confirmed_at: string | null }>;
  readonly what_remains: { readonly restorable_until: string | null } & Readonly<Record<string, unknown>>;
}

const DAY = 86_400_000;
const absent = `agt_${"0".repeat(26)}`;

/** Where the answer says that its receipt is, without what every path begins with. */
const receiptAt = (deleted: Answer<unknown>): string => {
  expect(deleted.status, deleted.text).toBe(204);
  expect(deleted.headers.get("location")).toMatch(/^\/api\/agents\/agt_\w{26}\/erasures\/evt_\w{26}$/);
  return deleted.headers.get("location")!.slice("/api".length);
};
const receipt = async (who: Person, path: string): Promise<Receipt> => {
  const answer = await who.get<Receipt>(path);
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
};
const listed = async (who: Person, agent: { readonly id: string }, query = "") =>
  (await who.get<Page<Receipt>>(`/agents/${agent.id}/erasures${query}`)).body;

/** Nobody learns from this answer that the agent is there: but for the path it is the one of an agent that is not. */
const expectUnknown = (answer: Answer<object>, unknown: Answer<object>) => {
  expectProblem(answer, "not-found");
  const { instance: _at, trace_id: _trace, ...told } = answer.body as Record<string, unknown>;
  expect(unknown.body).toMatchObject(told);
};

describe("a memory that its owner deletes", () => {
  it("is answered with the way to a receipt that says what went, and what could still bring it back", async () => {
    const { olga, ada } = await scene();
    const made = await newMemory(olga, ada, { content: "The safe is behind the mirror." });
    const path = receiptAt(await olga.delete(`/memories/${made.id}`));
    const told = await receipt(olga, path);
    const [forgotten] = (await eventsOf(olga, "agents", ada.id)).filter(({ type }) => type === "MemoryForgotten");
    const at = new Date(forgotten!.at).toISOString();
    expect(told).toEqual({
      ...{ id: forgotten!.id, agent_id: ada.id, what: "memories", why: "asked", requested_by: `user:${olga.id}` },
      ...{ requested_at: at, unreadable_at: at, completed_at: at, memory_ids: [made.id], room_id: null },
      ...{ vectors_elsewhere: 0, streams: [], generations: [], fingerprints: [] },
      what_remains: {
        restorable_until: new Date(forgotten!.at + 30 * DAY).toISOString(),
        openable_with: firstKey,
        words_of_others: "What was said in rooms stays readable there, also where a memory said the same.",
        indexes_left: [],
      },
    });
  });

  it("a second time is not there, and no receipt is named", async () => {
    const { olga, ada } = await scene();
    const { id } = await newMemory(olga, ada);
    receiptAt(await olga.delete(`/memories/${id}`));
    const again = await olga.delete(`/memories/${id}`);
    expectProblem(again, "not-found");
    expect(again.headers.get("location")).toBeNull();
    expect((await listed(olga, ada)).data).toHaveLength(1);
  });

  it("has a receipt for the owner and auditors; to anybody else there is no such agent", async () => {
    const [{ olga, ada }, sven, audra] = [await scene(), await person("sven"), await person("audra", ["auditor"])];
    const { id } = await newMemory(olga, ada);
    const path = receiptAt(await olga.delete(`/memories/${id}`));
    const [told] = (await listed(olga, ada)).data;
    expect([await receipt(audra, path), (await listed(audra, ada)).data]).toEqual([told, [told]]);
    for (const place of [path.split("/").at(-1)!, `evt_${"0".repeat(26)}`, "x"])
      expectUnknown(
        await sven.get(`/agents/${ada.id}/erasures/${place}`),
        await sven.get(`/agents/${absent}/erasures/${place}`),
      );
    for (const query of ["", "?limit=1", "?limit=0", "?cursor=x"])
      expectUnknown(await sven.get(`/agents/${ada.id}/erasures${query}`), await sven.get(`/agents/${absent}/erasures`));
    expectProblem(await request(`/api${path}`), "unauthenticated");
  });
});

describe("a memory that is deleted by whom it is about", () => {
  it("has a receipt that they may read, and no other of that agent", async () => {
    const [{ olga, ada }, sven, dana] = [await scene(), await person("sven"), await person("dana")];
    for (const who of [sven, dana]) await agrees(who, ada);
    const his = await newMemory(olga, ada, { content: "He sails.", about: [sven.id] });
    const hers = await newMemory(olga, ada, { content: "She rides.", about: [dana.id] });
    const path = receiptAt(await sven.delete(`/me/memories/${his.id}`));
    const other = receiptAt(await dana.delete(`/me/memories/${hers.id}`));
    const told = await receipt(sven, path);
    expect(told).toMatchObject({ why: "asked", requested_by: `user:${sven.id}`, memory_ids: [his.id] });
    expect(await receipt(olga, path)).toEqual(told);
    for (const foreign of [other, `/agents/${ada.id}/erasures`])
      expectUnknown(await sven.get(foreign), await sven.get(`/agents/${absent}/erasures`));
    expectProblem(await sven.delete(`/me/memories/${his.id}`), "not-found");
  });
});

describe("the erasures of an agent", () => {
  it("are a list, the newest first, page by page: whatever went, and why", async () => {
    const [{ olga, ada }, sven] = [await scene(), await person("sven")];
    await agrees(sven, ada);
    const ids: string[] = [];
    for (const content of ["One.", "Two.", "Three."]) ids.push((await newMemory(olga, ada, { content })).id);
    const about = await newMemory(olga, ada, { content: "He sails.", about: [sven.id] });
    await olga.delete(`/memories/${ids[0]}`);
    await olga.put(`/memories/${ids[1]}`, { content: "Deux." });
    await olga.put(`/memories/${ids[1]}`, { importance_score: 0.9 });
    await sven.put("/me/consents", { agent_id: ada.id, granted: false });
    await own(ada, { type: "ForgetMemories", memoryIds: [ids[2]], seqs: [], why: "faded", rooms: [] });
    const all = (await listed(olga, ada)).data;
    const [user, self] = [`user:${olga.id}`, null];
    expect(all.map(({ what, why, requested_by, memory_ids }) => [what, why, requested_by, memory_ids])).toEqual([
      ["memories", "faded", self, [ids[2]]],
      ["memories", "withdrawn", self, [about.id]],
      ["words", "corrected", user, [ids[1]]],
      ["memories", "asked", user, [ids[0]]],
    ]);
    for (const each of all) expect(await receipt(olga, `/agents/${ada.id}/erasures/${each.id}`)).toEqual(each);
    const pages: Receipt[] = [];
    for (let cursor = ""; ; ) {
      const { data, page } = await listed(olga, ada, `?limit=3${cursor}`);
      pages.push(...data);
      if (!page.has_more) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(pages).toEqual(all);
    for (const query of ["limit=0", "limit=201", "cursor=x", "cursor="])
      expectProblem(await olga.get(`/agents/${ada.id}/erasures?${query}`), "validation");
  });

  it("are nothing else of its log", async () => {
    const { olga, ada } = await scene();
    await newMemory(olga, ada);
    expect(await listed(olga, ada)).toEqual({ data: [], page: { next_cursor: null, has_more: false } });
    for (const { id } of [...(await eventsOf(olga, "agents", ada.id)), { id: `evt_${"z".repeat(26)}` }, { id: "x" }])
      expectProblem(await olga.get(`/agents/${ada.id}/erasures/${id}`), "not-found");
  });
});

describe("an agent that is deleted", () => {
  it("has a receipt that names every stream that held its key, for its former owner, who finds nothing else of it", async () => {
    const [olga, audra] = [await person("olga"), await person("audra", ["auditor"])];
    const ada = await newAgent(olga);
    const room = await newRoom(olga, "private", { agents: [ada] });
    const said = await olga.post<{ reply: { text: string } }>(`/agents/${ada.id}/chat`, {
      ...{ message: "What is 12.5% of 640?", room_id: room.id },
    });
    expect(said.status, said.text).toBe(200);
    const path = receiptAt(await olga.delete(`/agents/${ada.id}`));
    const told = await eventually("the end of the erasure", async () => {
      const now = await receipt(olga, path);
      return now.completed_at === null ? undefined : now;
    });
    expect(told).toMatchObject({
      ...{ agent_id: ada.id, what: "agent", why: "asked", requested_by: `user:${olga.id}`, memory_ids: [] },
      ...{ generations: [1], fingerprints: [expect.stringMatching(/^[0-9a-f]{64}$/)], vectors_elsewhere: 0 },
      what_remains: {
        ...{ openable_with: firstKey, indexes_left: [] },
        words_of_others: expect.stringContaining("also where it quotes or speaks of the agent"),
      },
    });
    expect(told.streams.map(({ stream }) => stream).toSorted()).toEqual([`agent:${ada.id}`, `room:${room.id}`]);
    const confirmed = told.streams.map(({ confirmed_at }) => confirmed_at!).toSorted();
    expect([told.requested_at, ...confirmed, told.completed_at].toSorted()).toEqual([
      ...[told.requested_at, ...confirmed],
      confirmed.at(-1),
    ]);
    expect(told.unreadable_at).toBe(confirmed.at(-1));
    expect(Date.parse(told.what_remains.restorable_until!)).toBe(Date.parse(told.unreadable_at!) + 30 * DAY);
    expect((await listed(audra, ada)).data).toEqual([told]);
    for (const gone of ["", "/memories", "/conversations", "/tools"])
      expectProblem(await olga.get(`/agents/${ada.id}${gone}`), "not-found");
    const again = await olga.delete(`/agents/${ada.id}`);
    expectProblem(again, "not-found");
    expect(again.headers.get("location")).toBeNull();
    expectProblem(await olga.get(`/agents/${ada.id}/erasures?limit=0`), "validation");
    expectUnknown(await (await person("sven")).get(path), await olga.get(`/agents/${absent}/erasures`));
  });
});

describe("an index that the settings name no more", () => {
  const FORMER = "pinecone/former.example";
  /** The vectors of these memories were sent there, while it was the agent's index. */
  const sent = (agent: AgentBody, ...memories: ReadonlyArray<MemoryBody>) =>
    runInDurableObject(bindings.AGENT.getByName(agent.id), (_agent, { storage }) => {
      for (const statement of embeddingTables) storage.sql.exec(statement);
      for (const { id, seq } of memories)
        storage.sql.exec("INSERT INTO remote_vectors VALUES (?, ?, ?, 'there')", FORMER, id, seq);
    });

  it("is named where it may hold what was erased, and holds up neither a memory's receipt nor an agent's", async () => {
    const { olga, ada } = await scene();
    const [here, there] = [await newMemory(olga, ada, { content: "Here." }), await newMemory(olga, ada)];
    await sent(ada, there);
    const deleted = async (path: string) => receipt(olga, receiptAt(await olga.delete(path)));
    expect(await deleted(`/memories/${here.id}`)).toMatchObject({
      ...{ completed_at: expect.stringMatching(/Z$/), vectors_elsewhere: 0, what_remains: { indexes_left: [] } },
    });
    const path = receiptAt(await olga.delete(`/memories/${there.id}`));
    const told = { completed_at: expect.stringMatching(/Z$/), what_remains: { indexes_left: [FORMER] } };
    expect(await receipt(olga, path)).toMatchObject({ ...told, vectors_elsewhere: 0 });
    const last = receiptAt(await olga.delete(`/agents/${ada.id}`));
    await eventually("the end of the agent's erasure", async () =>
      (await receipt(olga, last)).completed_at === null ? undefined : true,
    );
    for (const each of [path, last]) expect(await receipt(olga, each)).toMatchObject(told);
  });

  it("is named in the receipt of a person, by each agent that had used it", async () => {
    const [{ olga, ada }, sven] = [await scene(), await person("sven")];
    const bo = await newAgent(olga, { name: "Bo" });
    for (const agent of [ada, bo]) await agrees(sven, agent);
    const about = { content: "He sails.", about: [sven.id] };
    await sent(ada, await newMemory(olga, ada, about));
    await newMemory(olga, bo, about);
    const { body } = await sven.post<{ id: string }>("/me/erase");
    const done = await eventually("the end of the erasure", async () => {
      const now = await receipt(sven, `/me/erasures/${body.id}`);
      return now.completed_at === null ? undefined : now;
    });
    const left = { memories_forgotten: 1, memories_left: 0, vectors_elsewhere: 0 };
    expect(done).toMatchObject({
      agents: expect.arrayContaining([
        { agent_id: ada.id, ...left, indexes_left: [FORMER] },
        { agent_id: bo.id, ...left, indexes_left: [] },
      ]),
      what_remains: { indexes_left: [FORMER] },
    });
  });
});
