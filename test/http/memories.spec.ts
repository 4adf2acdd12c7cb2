/** An agent's memory over HTTP: what its owner adds and finds, what is refused, and that nobody else learns of it. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { VaultActor } from "#actors/vault/vault.ts";
import {
  agrees,
  bindings,
  eventsOf,
  eventually,
  expectProblem,
  fresh,
  type MemoryBody,
  newAgent,
  newMemory,
  newRoom,
  type Page,
  person,
} from "../support/door.ts";
import { contents, found, memoriesOf, scene, supersede } from "./remembered.ts";

describe("a memory that the owner adds", () => {
  it("is told whole, and is found again by its id, in the list and by its words, at once", async () => {
    const { olga, ada } = await scene();
    await agrees(olga, ada);
    const context = {
      at: "2024-05-03T10:00:00+02:00",
      speaker: "Dana",
      room_id: "the-diary",
      own: [1, { deep: null }],
    };
    const made = await olga.post<MemoryBody>(`/agents/${ada.id}/memories`, {
      ...{ memory_type: "semantic", content: "The ferry leaves at seven.", importance_score: 0.8 },
      ...{ context, about: [olga.id, olga.id], sensitive: true, pinned: true },
    });
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^mem_[0-9a-z]{26}$/),
        ...{ agent_id: ada.id, memory_type: "semantic", content: "The ferry leaves at seven.", importance_score: 0.8 },
        ...{ context, about: [olga.id], sensitive: true, pinned: true, state: "live", version: 1 },
        ...{ valid_from: "2024-05-03T08:00:00.000Z", valid_to: null, superseded_by: null, access_count: 0 },
        ...{ said_at: "2024-05-03T08:00:00.000Z", accessed_at: null },
        source: { turn_id: null, room_id: null, event_seqs: [], memory_ids: [], basis: "added", origin: "owner" },
      },
    });
    expect(made.headers.get("etag")).toBe('"v1"');
    expect(Math.abs(Date.parse(String(made.body["created_at"])) - Date.now())).toBeLessThan(60_000);
    const again = await olga.get<MemoryBody>(`/memories/${made.body.id}`);
    expect(again.body).toEqual({ ...made.body, events: [], memories: [] });
    expect(again.headers.get("etag")).toBe('"v1"');
    expect(await memoriesOf(olga, ada)).toEqual([made.body]);
    const [hit] = await found(olga, ada, { query: "ferry" });
    expect(hit?.memory).toEqual(made.body);
    for (const share of [hit!.similarity, hit!.relevance_score]) {
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThanOrEqual(1);
    }
  });

  it("is stored under the four kinds, whichever word it was sent with", async () => {
    const { olga, ada } = await scene();
    const words = { conversation: "episodic", fact: "semantic", skill: "procedural", preference: "social" };
    for (const [word, kind] of Object.entries(words)) {
      expect(await newMemory(olga, ada, { memory_type: word, content: word })).toMatchObject({ memory_type: kind });
      expect(await newMemory(olga, ada, { memory_type: kind, content: kind })).toMatchObject({ memory_type: kind });
      for (const asked of [word, kind])
        expect(contents(await memoriesOf(olga, ada, `?memory_type=${asked}`))).toEqual([kind, word]);
    }
    expect((await olga.post(`/agents/${ada.id}/memories`, { memory_type: "dream", content: "x" })).status).toBe(400);
  });

  it("takes any JSON of 4 KiB for a context, and every text of 16 KiB for content", async () => {
    const { olga, ada } = await scene();
    const contexts = [
      null,
      0,
      "",
      "a",
      [],
      {},
      { at: "yesterday", speaker: 7, room_id: {} },
      { ["x".repeat(4_000)]: 1 },
    ];
    for (const context of contexts)
      expect(await newMemory(olga, ada, { context }), JSON.stringify(context)).toMatchObject({ context });
    const texts = [
      "naïve café ☕️",
      "مرحبا",
      "👩‍👩‍👧‍👦",
      "\u202eabc\u202c",
      '"NEAR(x)" AND NOT *',
      "'); DROP TABLE memories; --",
      "x".repeat(16_384),
    ];
    for (const content of texts) {
      const made = await newMemory(olga, ada, { content });
      expect(made.content).toBe(content);
      expect((await olga.post(`/agents/${ada.id}/memories/search`, { query: content })).status).toBe(200);
    }
  });

  it("is refused by name when it cannot be one, and then nothing is stored", async () => {
    const { olga, ada } = await scene();
    const path = `/agents/${ada.id}/memories`;
    const memory = { memory_type: "semantic", content: "x" };
    const before = await eventsOf(olga, "agents", ada.id);
    for (const content of ["", " \n\t", 7, null, "a\u0000b"])
      expectProblem(await olga.post(path, { ...memory, content }), "validation");
    expectProblem(await olga.send("POST", path, '{"memory_type":"semantic","content":"\\ud800"}'), "validation");
    for (const content of ["x".repeat(16_385), "ü".repeat(8_193), "x".repeat(100_000)])
      expectProblem(await olga.post(path, { ...memory, content }), "payload-too-large");
    expectProblem(await olga.post(path, { ...memory, context: "x".repeat(4_096) }), "payload-too-large");
    for (const at of ["2026-13-45", "2026-02-30", "2026-01-01T25:00:00Z"])
      expect((await olga.post(path, { ...memory, context: { at } })).body).toMatchObject({
        ...{ status: 400, errors: [{ path: ["body", "context", "at"] }] },
      });
    for (const importance_score of [-0.1, 1.1, "0.5", null])
      expectProblem(await olga.post(path, { ...memory, importance_score }), "validation");
    for (const about of ["olga", [""], ["no such person"], [7], Array(21).fill("olga")])
      expectProblem(await olga.post(path, { ...memory, about }), "validation");
    expectProblem(await olga.post(path, { content: "x" }), "validation");
    expectProblem(await olga.post(path, { memory_type: "semantic" }), "validation");
    expect(await eventsOf(olga, "agents", ada.id)).toEqual(before);
  });

  it("is about nobody who has not agreed", async () => {
    const { olga, ada } = await scene();
    const sven = await person("sven");
    for (const about of [[olga.id], [sven.id], ["constructor"], [fresh("nobody")]])
      expectProblem(
        await olga.post(`/agents/${ada.id}/memories`, { memory_type: "social", content: "x", about }),
        "consent-required",
      );
    await agrees(sven, ada);
    const made = await newMemory(olga, ada, { about: [sven.id] });
    expectProblem(await olga.put(`/memories/${made.id}`, { about: [sven.id, olga.id] }), "consent-required");
    expect(await memoriesOf(olga, ada)).toEqual([made]);
  });

  it("is about those whom its words name, and not kept of anybody who has not agreed, as new or as changed words", async () => {
    const { olga, ada } = await scene();
    const sven = await person("sven");
    const room = await newRoom(olga, "private", { people: [sven], agents: [ada] });
    await olga.post(`/rooms/${room.id}/messages`, { text: "Hello!", client_msg_id: "1" });
    await eventually("the agent to hear it", async () =>
      (await eventsOf(olga, "agents", ada.id)).find(({ type }) => type === "MessageReceived"),
    );
    const [name] = sven.id.split("-");
    const content = `The doctor called S${name!.slice(1)} again.`;
    const post = () => olga.post<MemoryBody>(`/agents/${ada.id}/memories`, { memory_type: "semantic", content });
    const plain = await newMemory(olga, ada, { content: "The doctor called." });
    expectProblem(await post(), "consent-required");
    expectProblem(await olga.put(`/memories/${plain.id}`, { content }), "consent-required");
    expect(await memoriesOf(olga, ada)).toEqual([plain]);
    await agrees(sven, ada);
    expect((await post()).body["about"]).toEqual([sven.id]);
    expect((await olga.put<MemoryBody>(`/memories/${plain.id}`, { content })).body["about"]).toEqual([sven.id]);
    const audiences = (await eventsOf(olga, "agents", ada.id)).flatMap(({ open }) => open["audience"] ?? []);
    expect(audiences).toEqual(["public", "about", "about"]);
  });

  it("is sensitive when its words are, unless the owner says otherwise", async () => {
    const { olga, ada } = await scene();
    const content = "The IBAN is DE89 3704 0044 0532 0130 00.";
    const made = await newMemory(olga, ada, { content });
    expect(made["sensitive"]).toBe(true);
    expect((await newMemory(olga, ada, { content, sensitive: false }))["sensitive"]).toBe(false);
    expect((await olga.put<MemoryBody>(`/memories/${made.id}`, { sensitive: false })).body["sensitive"]).toBe(false);
  });

  it("is not taken by an agent that keeps none", async () => {
    const olga = await person("olga");
    const ada = await newAgent(olga, { memory_enabled: false });
    expectProblem(await olga.post(`/agents/${ada.id}/memories`, { memory_type: "semantic", content: "x" }), "conflict");
  });

  it("sent twice under one key is one memory; another under that key is refused", async () => {
    const { olga, ada } = await scene();
    const key = { "idempotency-key": fresh("key") };
    const post = (content: string) =>
      olga.post<MemoryBody>(`/agents/${ada.id}/memories`, { memory_type: "semantic", content, context: { a: 1 } }, key);
    const [first, second] = [await post("Once."), await post("Once.")];
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expectProblem(await post("Twice."), "idempotency-conflict");
    expect(await memoriesOf(olga, ada)).toHaveLength(1);
  });
});

describe("a list of memories", () => {
  it("goes page by page, the newest first, narrowed by kind, person and weight", async () => {
    const { olga, ada } = await scene();
    await agrees(olga, ada);
    for (let n = 1; n <= 5; n++)
      await newMemory(olga, ada, {
        ...{ content: `Number ${n}.`, importance_score: n / 5 },
        ...{ about: n % 2 === 0 ? [olga.id] : [], memory_type: n < 3 ? "social" : "semantic" },
      });
    const pages: string[][] = [];
    for (let cursor = ""; ; ) {
      const { body } = await olga.get<Page<MemoryBody>>(`/agents/${ada.id}/memories?limit=2${cursor}`);
      pages.push(contents(body.data) as string[]);
      if (!body.page.has_more) break;
      cursor = `&cursor=${body.page.next_cursor}`;
    }
    expect(pages).toEqual([["Number 5.", "Number 4."], ["Number 3.", "Number 2."], ["Number 1."]]);
    const of = async (query: string) => contents(await memoriesOf(olga, ada, query));
    expect(await of("?memory_type=social")).toEqual(["Number 2.", "Number 1."]);
    expect(await of(`?about=${olga.id}`)).toEqual(["Number 4.", "Number 2."]);
    expect(await of("?min_importance=0.8")).toEqual(["Number 5.", "Number 4."]);
    expect(await of(`?about=${olga.id}&min_importance=0.8&memory_type=fact`)).toEqual(["Number 4."]);
    expect(await of("?state=archived")).toEqual([]);
  });

  it("refuses a question that cannot be one", async () => {
    const { olga, ada } = await scene();
    for (const query of [
      ...["limit=0", "limit=201", "cursor=", "cursor=garbage", "cursor=-1", "cursor=0", "memory_type=dream"],
      ...["min_importance=2", "min_importance=x", "state=withdrawn", "as_of=soon", "as_of=2024-02-30", "about="],
    ])
      expectProblem(await olga.get(`/agents/${ada.id}/memories?${query}`), "validation");
    for (const search of [
      ...[{}, { query: "" }, { query: " " }, { query: 7 }, { query: "x", limit: 0 }, { query: "x", limit: 1.5 }],
      ...[
        { query: "x", min_similarity: 2 },
        { query: "x", memory_types: [] },
        { query: "x", memory_types: ["dream"] },
      ],
      ...[
        { query: "x", as_of: "then" },
        { query: "x", time_range: { from: "then" } },
      ],
    ])
      expectProblem(await olga.post(`/agents/${ada.id}/memories/search`, search), "validation");
  });

  it("shows what was believed then, in a list and in a search: not what was only said later of that time", async () => {
    const { olga, ada } = await scene();
    const at = (day: string) => ({ context: { at: day } });
    const old = await newMemory(olga, ada, { content: "Dana lives in Lisbon.", ...at("2024-03-01") });
    const now = await newMemory(olga, ada, { content: "Dana lives in Porto.", ...at("2024-06-01") });
    // Said in June: it was so since April.
    await supersede(ada, [old, now], { validTo: Date.UTC(2024, 3, 1), retractedAt: Date.UTC(2024, 5, 1) });
    const asOf = async (day: string) => contents(await memoriesOf(olga, ada, `?as_of=${day}`));
    expect(await asOf("2024-02-29")).toEqual([]);
    expect(await asOf("2024-05-15")).toEqual(["Dana lives in Lisbon."]);
    // A day is looked back at from its end.
    expect(await asOf("2024-03-01")).toEqual(["Dana lives in Lisbon."]);
    expect(await asOf("2024-05-31")).toEqual(["Dana lives in Lisbon."]);
    expect(await asOf("2024-06-01")).toEqual(["Dana lives in Porto."]);
    expect(await asOf("2024-06-01T00:00:00Z")).toEqual(["Dana lives in Porto."]);
    const believed = async (as_of: string) =>
      (await found(olga, ada, { query: "Where does Dana live?", as_of })).map(({ memory }) => memory.content);
    expect(await believed("2024-05-15")).toEqual(["Dana lives in Lisbon."]);
    expect(await believed("2024-06-01T00:00:00Z")).toEqual(["Dana lives in Porto."]);
    expect((await olga.get<MemoryBody>(`/memories/${old.id}`)).body).toMatchObject({
      ...{ valid_to: "2024-04-01T00:00:00.000Z", superseded_by: now.id, state: "live" },
    });
  });
});

describe("a search", () => {
  it("is narrowed by kind, time and likeness, and by how many are wanted", async () => {
    const { olga, ada } = await scene();
    const said = (content: string, day: string, memory_type = "semantic") =>
      newMemory(olga, ada, { content, memory_type, context: { at: day } });
    await said("The kayak leaks.", "2024-01-10");
    await said("The kayak was mended.", "2024-02-10", "episodic");
    await said("The pillow tore.", "2024-02-11");
    const of = async (search: object) =>
      (await found(olga, ada, { query: "kayak", min_similarity: 0.1, ...search })).map(({ memory }) => memory.content);
    expect((await of({})).toSorted()).toEqual(["The kayak leaks.", "The kayak was mended."]);
    expect(await of({ memory_types: ["conversation"] })).toEqual(["The kayak was mended."]);
    expect(await of({ time_range: { to: "2024-02-01" } })).toEqual(["The kayak leaks."]);
    expect(await of({ time_range: { from: "2024-02-01", to: "2024-02-28" } })).toEqual(["The kayak was mended."]);
    expect(await of({ limit: 1 })).toHaveLength(1);
  });

  it("recalls nothing while memory is off, and all of it when it is on again", async () => {
    const { olga, ada } = await scene();
    await newMemory(olga, ada, { content: "The kayak leaks." });
    for (const memory_enabled of [false, true]) {
      await olga.put(`/agents/${ada.id}`, { memory_enabled });
      expect(await found(olga, ada, { query: "kayak" })).toHaveLength(memory_enabled ? 1 : 0);
    }
  });

  it("says when the keys are out of reach, and answers when they are back", async () => {
    const { olga, ada } = await scene();
    await newMemory(olga, ada, { content: "The kayak leaks." });
    await evictDurableObject(bindings.AGENT.getByName(ada.id));
    const away = vi.spyOn(VaultActor.prototype, "lend").mockRejectedValue(new Error("away"));
    expectProblem(await olga.post(`/agents/${ada.id}/memories/search`, { query: "kayak" }), "provider-unavailable");
    away.mockRestore();
    expect(await found(olga, ada, { query: "kayak" })).toHaveLength(1);
  });
});

describe("somebody else's memory", () => {
  it("does not exist: not by its id, not by its agent, not for a fault in the request, not for an auditor", async () => {
    const { olga, ada } = await scene();
    const made = await newMemory(olga, ada);
    const sven = await person("sven");
    await agrees(sven, ada);
    await newAgent(sven);
    const before = await eventsOf(olga, "agents", ada.id);
    for (const who of [sven, await person("aude", ["auditor", "admin"])]) {
      for (const method of ["GET", "PUT", "DELETE"])
        for (const body of method === "PUT" ? ["{}", "{", "[]", '{"importance_score":7}'] : [undefined])
          expectProblem(await who.send(method, `/memories/${made.id}`, body), "not-found");
      expectProblem(await who.post(`/memories/${made.id}/restore`), "not-found");
      for (const query of ["", "?limit=0", "?as_of=x"])
        expectProblem(await who.get(`/agents/${ada.id}/memories${query}`), "not-found");
      for (const body of ['{"memory_type":"semantic","content":"x"}', "{", '{"content":""}'])
        expectProblem(await who.send("POST", `/agents/${ada.id}/memories`, body), "not-found");
      for (const body of ['{"query":"shop"}', '{"query":""}', "x"])
        expectProblem(await who.send("POST", `/agents/${ada.id}/memories/search`, body), "not-found");
      expectProblem(await who.delete(`/me/memories/${made.id}`), "not-found");
    }
    expect(await eventsOf(olga, "agents", ada.id)).toEqual(before);
  });

  it("an id that is none, or of another thing, is of no memory", async () => {
    const { olga, ada } = await scene();
    for (const id of [`mem_${"0".repeat(26)}`, ada.id, "x", "mem_", "%00", "..%2Fagents"])
      for (const method of ["GET", "PUT", "DELETE"])
        expectProblem(await olga.send(method, `/memories/${id}`, method === "PUT" ? "{}" : undefined), "not-found");
  });
});

it("neither D1, nor KV, nor any table of the agent holds a word of it in clear", async () => {
  const { olga, ada } = await scene();
  await agrees(olga, ada);
  const canary = () => `canary${crypto.randomUUID().replaceAll("-", "")}`;
  const [content, note, speaker] = [canary(), canary(), canary()];
  await newMemory(olga, ada, {
    ...{ content: `IBAN ${content}`, sensitive: true, about: [olga.id] },
    context: { note, speaker, room_id: note },
  });
  await newMemory(olga, ada, { content: `Plain ${content}`, context: { note, speaker } });
  expect((await found(olga, ada, { query: content })).length).toBeGreaterThan(0);
  const { results: rows } = await bindings.DB.prepare("SELECT * FROM agent_memories WHERE agent_id = ?")
    .bind(ada.id)
    .all();
  expect(rows).toHaveLength(2);
  const cached = await eventually("the memories in KV", () =>
    bindings.CACHE.get(`agent:${ada.id}:recent_memories`).then((value) => value ?? undefined),
  );
  const stored = await runInDurableObject(bindings.AGENT.getByName(ada.id), (_actor, { storage }) => {
    const tables = storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
    const readable = tables.map(({ name }) => name).filter((name) => !name.startsWith("_cf"));
    const bytes = new TextDecoder("latin1");
    return readable.flatMap((name) =>
      storage.sql
        .exec(`SELECT * FROM "${name}"`)
        .toArray()
        .flatMap((row) => Object.values(row))
        .map((value) => (value instanceof ArrayBuffer ? bytes.decode(value) : String(value))),
    );
  });
  const everything = [JSON.stringify(rows), cached, ...stored].join("\n");
  expect(everything).toContain(ada.id);
  for (const word of [content, note, speaker]) expect(everything.toLowerCase()).not.toContain(word);
});
