/** Memories over HTTP that change: corrected, deleted, archived and restored, and asked where they come from. */
import { describe, expect, it } from "vitest";
import {
  agrees,
  bindings,
  eventsOf,
  eventually,
  expectProblem,
  type MemoryBody,
  newMemory,
  newRoom,
  type Page,
  person,
} from "../support/door.ts";
import { contents, found, memoriesOf, own, scene } from "./remembered.ts";

/** Olga says something to Ada in a room of their own, and Ada remembers it. */
async function spoken(text: string) {
  const { olga, ada } = await scene();
  await agrees(olga, ada);
  const room = await newRoom(olga, "private", { agents: [ada] });
  await olga.post(`/rooms/${room.id}/messages`, { text, client_msg_id: "1" });
  const said = await eventually("the memory", async () => (await memoriesOf(olga, ada))[0]);
  return { olga, ada, said };
}

describe("a change", () => {
  it("changes what is named, keeps the rest, forgets the old words and counts the version", async () => {
    const { olga, ada } = await scene();
    await agrees(olga, ada);
    const context = { at: "2024-05-03", note: "kept" };
    const made = await newMemory(olga, ada, { content: "Ferry at seven.", context, about: [olga.id] });
    const changed = await olga.put<MemoryBody>(`/memories/${made.id}`, { content: "Ferry at nine.", pinned: true });
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).toBe('"v2"');
    expect(changed.body).toEqual({ ...made, content: "Ferry at nine.", pinned: true, version: 2 });
    expect(await memoriesOf(olga, ada)).toEqual([changed.body]);
    expect((await found(olga, ada, { query: "nine", min_similarity: 0.1 })).length).toBe(1);
    expect(await found(olga, ada, { query: "seven", min_similarity: 0.1 })).toEqual([]);
    const words = await bindings.AGENT.getByName(ada.id).reveal({ userId: olga.id as never, name: "Olga", roles: [] }, [
      { seq: made.seq },
    ]);
    expect(words).toMatchObject({ value: [null] });
  });

  it("writes only what is different: an episode that weighs more keeps its words, whose they are, and where it may surface", async () => {
    const { olga, ada, said } = await spoken("My kayak is called Vera.");
    const heavier = await olga.put<MemoryBody>(`/memories/${said.id}`, { importance_score: 0.9, pinned: true });
    expect(heavier.body).toEqual({ ...said, importance_score: 0.9, pinned: true, version: 2 });
    const { body } = await olga.get<{ events: ReadonlyArray<object> }>(`/memories/${said.id}`);
    expect(body.events).toMatchObject([{ text: "My kayak is called Vera." }]);
    const { content, memory_type, about, sensitive } = heavier.body;
    const again = { content, memory_type, about, sensitive, importance_score: 0.9 };
    expect((await olga.put<MemoryBody>(`/memories/${said.id}`, again)).body).toEqual(heavier.body);
    const revisions = (await eventsOf(olga, "agents", ada.id)).filter(({ type }) => type === "MemoryRevised");
    expect(revisions.map(({ open }) => [open["origin"], open["audience"]])).toEqual([["person", "room"]]);
  });

  it("leaves out nobody whom it is about, and lets it surface nowhere where it did not", async () => {
    const { olga, ada, said } = await spoken("My kayak is called Vera.");
    const sven = await person("sven");
    await agrees(sven, ada);
    for (const change of [{ about: [] }, { about: [sven.id] }, { sensitive: false }])
      expect((await olga.put<MemoryBody>(`/memories/${said.id}`, change)).body).toEqual(said);
    expectProblem(await olga.put(`/memories/${said.id}`, { about: ["nobody"] }), "consent-required");
    await olga.put(`/memories/${said.id}`, { content: "The kayak is called Nixe.", about: [] });
    const mine = await olga.get<Page<{ memory: MemoryBody }>>("/me/memories");
    expect(mine.body.data.map(({ memory }) => memory.id)).toContain(said.id);
    const [revised] = (await eventsOf(olga, "agents", ada.id)).filter(({ type }) => type === "MemoryRevised");
    expect(revised?.open).toMatchObject({ about: [olga.id], audience: "room", origin: "owner" });
    await olga.put("/me/consents", { agent_id: ada.id, granted: false });
    expectProblem(await olga.get(`/memories/${said.id}`), "not-found");
  });

  it("of what somebody said tells when the owner reworded it, and where it came from before", async () => {
    const { olga, said } = await spoken("My kayak is called Vera.");
    expect(said.source).toMatchObject({ basis: "said", origin: "person", reworded_at: null });
    const changed = await olga.put<MemoryBody>(`/memories/${said.id}`, { content: "The kayak is called Nixe." });
    const { reworded_at } = changed.body.source;
    expect(changed.body.source).toMatchObject({ basis: "said", origin: "owner" });
    expect(Date.parse(String(reworded_at))).toBeGreaterThanOrEqual(Date.parse(String(said["created_at"])));
    const heavier = await olga.put<MemoryBody>(`/memories/${said.id}`, { importance_score: 0.9 });
    expect(heavier.body.source).toMatchObject({ reworded_at: String(reworded_at) });
  });

  it("of the owner's own words may add people, and takes none away", async () => {
    const { olga, ada } = await scene();
    const sven = await person("sven");
    for (const who of [olga, sven]) await agrees(who, ada);
    const made = await newMemory(olga, ada, { content: "Ferry at seven.", about: [sven.id] });
    const changed = await olga.put<MemoryBody>(`/memories/${made.id}`, { about: [olga.id] });
    expect(changed.body.about).toEqual([sven.id, olga.id]);
    expect((await sven.get<Page<object>>("/me/memories")).body.data).toMatchObject([{ memory: { id: made.id } }]);
  });

  it("is refused by whoever saw an older version, and so is a deletion", async () => {
    const { olga, ada } = await scene();
    const made = await newMemory(olga, ada);
    const put = (match: string, content: string) =>
      olga.put<MemoryBody>(`/memories/${made.id}`, { content }, { "if-match": match });
    expect((await put('"v1"', "Second.")).status).toBe(200);
    for (const stale of ['"v1"', '"v3"', "v2", "garbage"])
      expectProblem(await put(stale, "Third."), "precondition-failed");
    expectProblem(await olga.delete(`/memories/${made.id}`, { "if-match": '"v1"' }), "precondition-failed");
    expect(contents(await memoriesOf(olga, ada))).toEqual(["Second."]);
    expect((await olga.delete(`/memories/${made.id}`, { "if-match": '"v2"' })).status).toBe(204);
  });

  it("keeps the bounds of a memory", async () => {
    const { olga, ada } = await scene();
    const { id } = await newMemory(olga, ada);
    for (const change of [{ content: " " }, { importance_score: 2 }, { memory_type: "dream" }, { about: [""] }])
      expectProblem(await olga.put(`/memories/${id}`, change), "validation");
    expectProblem(await olga.put(`/memories/${id}`, { content: "x".repeat(16_385) }), "payload-too-large");
  });
});

describe("a deletion", () => {
  it("leaves nothing to be read, listed or found, and says so in the log", async () => {
    const { olga, ada } = await scene();
    const made = await newMemory(olga, ada, { content: "The safe opens with 4711." });
    expect((await olga.delete(`/memories/${made.id}`)).status).toBe(204);
    expectProblem(await olga.get(`/memories/${made.id}`), "not-found");
    expectProblem(await olga.put(`/memories/${made.id}`, { content: "x" }), "not-found");
    expectProblem(await olga.delete(`/memories/${made.id}`), "not-found");
    expect(await memoriesOf(olga, ada)).toEqual([]);
    expect(await found(olga, ada, { query: "safe" })).toEqual([]);
    expect((await eventsOf(olga, "agents", ada.id)).at(-1)).toMatchObject({
      type: "MemoryForgotten",
      open: { memoryIds: [made.id], seqs: [made.seq], why: "asked" },
    });
  });

  it("takes along what was merged into it", async () => {
    const { olga, ada } = await scene();
    const [into, from] = [
      await newMemory(olga, ada, { content: "One." }),
      await newMemory(olga, ada, { content: "Same." }),
    ];
    await own(ada, { type: "MergeMemories", into: into.id, from: [from.id] });
    expect(contents(await memoriesOf(olga, ada))).toEqual(["One."]);
    const explained = await olga.get<{ memories: ReadonlyArray<MemoryBody> }>(`/memories/${into.id}`);
    expect(explained.body.memories).toMatchObject([{ id: from.id, state: "merged", content: "Same." }]);
    await olga.delete(`/memories/${into.id}`);
    expectProblem(await olga.get(`/memories/${from.id}`), "not-found");
  });
});

it("what was merged is in a list of its own, and says where it lives on", async () => {
  const { olga, ada } = await scene();
  const [into, from] = [
    await newMemory(olga, ada, { content: "One." }),
    await newMemory(olga, ada, { content: "Same." }),
  ];
  await own(ada, { type: "MergeMemories", into: into.id, from: [from.id] });
  expect(await memoriesOf(olga, ada, "?state=merged")).toEqual([{ ...from, state: "merged", merged_into: into.id }]);
  const apart = await olga.post<MemoryBody>(`/memories/${from.id}/separate`);
  expect(apart.body).toEqual(from);
  expect(await memoriesOf(olga, ada, "?state=merged")).toEqual([]);
});

it("what was archived is in its own list, found by no search, and comes back when it is restored", async () => {
  const { olga, ada } = await scene();
  const made = await newMemory(olga, ada, { content: "The kayak leaks." });
  await own(ada, { type: "ArchiveMemories", memoryIds: [made.id] });
  expect(await memoriesOf(olga, ada)).toEqual([]);
  expect(await found(olga, ada, { query: "kayak" })).toEqual([]);
  expect(await memoriesOf(olga, ada, "?state=archived")).toEqual([{ ...made, state: "archived" }]);
  for (const _time of [1, 2]) {
    const restored = await olga.post<MemoryBody>(`/memories/${made.id}/restore`);
    expect(restored).toMatchObject({ status: 200, body: made });
  }
  expect(await memoriesOf(olga, ada)).toEqual([made]);
  expect((await found(olga, ada, { query: "kayak" })).length).toBe(1);
});

it("why something is remembered: the memory tells the message it comes from", async () => {
  const { olga, ada } = await scene();
  await agrees(olga, ada);
  const room = await newRoom(olga, "private", { agents: [ada] });
  const said = await olga.post(`/rooms/${room.id}/messages`, { text: "My kayak is called Vera.", client_msg_id: "1" });
  const [memory] = await eventually("the memory", async () => {
    const list = await memoriesOf(olga, ada);
    return list.length > 0 ? list : undefined;
  });
  expect(memory).toMatchObject({ memory_type: "episodic", content: "My kayak is called Vera.", about: [olga.id] });
  const { body } = await olga.get<{ source: object; events: ReadonlyArray<object> }>(`/memories/${memory!.id}`);
  expect(body.source).toMatchObject({ room_id: room.id, turn_id: expect.stringMatching(/^trn_/), basis: "said" });
  expect(body.events).toMatchObject([
    {
      ...{ type: "MessageReceived", actor: `user:${olga.id}`, room_id: room.id },
      ...{ message_id: said.body["id"], text: "My kayak is called Vera." },
    },
  ]);
});
