/** What a person decides about themselves: who may remember them, what is remembered of them, and that it be forgotten. */
import { describe, expect, it } from "vitest";
import {
  type AgentBody,
  type Answer,
  agrees,
  eventsOf,
  eventually,
  expectProblem,
  fresh,
  type MemoryBody,
  newAgent,
  newMemory,
  newRoom,
  type Page,
  type Person,
  person,
  request,
} from "../support/door.ts";

/** Others turn the keys of the same Vaults beside these specifications; keys.spec.ts says what is named then. */
const firstKey = expect.arrayContaining([1]);

interface Consent {
  readonly agent_id: string;
  readonly agent_name: string | null;
  readonly decision: string;
  readonly granted: boolean;
  readonly room_id: string | null;
}
interface OfMe {
  readonly agent: { readonly id: string; readonly name: string };
  readonly memory: MemoryBody;
  readonly others: number;
}

const decide = (who: Person, agent: { readonly id: string }, granted: boolean): Promise<Answer<Consent>> =>
  who.put<Consent>("/me/consents", { agent_id: agent.id, granted });
const consentsOf = async (who: Person) => (await who.get<{ data: ReadonlyArray<Consent> }>("/me/consents")).body.data;
const memoriesOf = async (owner: Person, agent: { readonly id: string }) =>
  (await owner.get<Page<MemoryBody>>(`/agents/${agent.id}/memories?limit=200`)).body.data;
const contents = async (owner: Person, agent: { readonly id: string }) =>
  (await memoriesOf(owner, agent)).map(({ content }) => content);
const ofMe = async (who: Person) => (await who.get<Page<OfMe>>("/me/memories?limit=200")).body.data;
const typesOf = async (who: Person, agent: { readonly id: string }) =>
  (await eventsOf(who, "agents", agent.id)).map(({ type }) => type);

/** A room with an agent and these people, and a way for each to say something that the agent has heard when it returns. */
async function room(owner: Person, ada: AgentBody, ...people: ReadonlyArray<Person>) {
  const { id } = await newRoom(owner, "private", { people, agents: [ada] });
  return {
    id,
    say: async (who: Person, text: string): Promise<void> => {
      const posted = await who.post<{ id: string }>(`/rooms/${id}/messages`, { text, client_msg_id: fresh("m") });
      expect(posted.status, posted.text).toBe(201);
      await eventually("the hearing", async () =>
        (await eventsOf(owner, "agents", ada.id)).find(({ open }) => open["messageId"] === posted.body.id),
      );
    },
  };
}

describe("a consent", () => {
  it("is listed with those to all other agents, a page at a time", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const agents = [await newAgent(olga), await newAgent(olga), await newAgent(olga)];
    for (const agent of agents) await agrees(sven, agent);
    const seen: string[] = [];
    for (let query = "?limit=2"; query !== ""; ) {
      const { body } = await sven.get<Page<Consent>>(`/me/consents${query}`);
      seen.push(...body.data.map(({ agent_id }) => agent_id));
      expect(body.page.has_more).toBe(seen.length === 2);
      query = body.page.next_cursor === null ? "" : `?limit=2&cursor=${body.page.next_cursor}`;
    }
    expect(seen).toEqual(agents.map(({ id }) => id));
    for (const query of ["limit=0", "limit=201", "cursor=x", "cursor=", `cursor=agt_${"0".repeat(26)}`])
      expectProblem(await sven.get(`/me/consents?${query}`), "validation");
  });

  it("is asked for once, when somebody speaks to an agent that does not know them; until then nothing is kept", async () => {
    const olga = await person("olga");
    const ada = await newAgent(olga);
    const { id, say } = await room(olga, ada);
    for (const text of ["My cat is called Mia.", "She is three.", "And grey."]) await say(olga, text);
    const types = await typesOf(olga, ada);
    expect(types.filter((type) => type === "ConsentAsked")).toHaveLength(1);
    expect(types).not.toContain("MemoryFormed");
    expect(await memoriesOf(olga, ada)).toEqual([]);
    const asked = await eventually("the question", async () => (await consentsOf(olga))[0]);
    expect(asked).toMatchObject({
      agent_id: ada.id,
      agent_name: "Ada",
      decision: "asked",
      granted: false,
      room_id: id,
    });
  });

  it("holds from the next message on, and no earlier", async () => {
    const olga = await person("olga");
    const ada = await newAgent(olga);
    const { say } = await room(olga, ada);
    await say(olga, "Said before.");
    expect(await decide(olga, ada, true)).toMatchObject({ status: 200, body: { decision: "granted", granted: true } });
    await say(olga, "Said after.");
    expect(await contents(olga, ada)).toEqual(["Said after."]);
  });

  it("taken back: the very next answer shows nothing of them, the log says what was forgotten, and only a new yes keeps anew", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const ada = await newAgent(olga);
    const { say } = await room(olga, ada, sven);
    await agrees(olga, ada);
    await agrees(sven, ada);
    await say(sven, "My boat is blue.");
    await say(olga, "Mine is red.");
    const added = await newMemory(olga, ada, { content: "He sails on Sundays.", about: [sven.id] });
    const trained = await olga.post<{ id: string }>(`/agents/${ada.id}/train`, {
      items: [{ content: "He hates fog.", about: [sven.id] }],
    });
    await eventually("the training", async () =>
      (await olga.get<{ status: string }>(`/operations/${trained.body.id}`)).body.status === "done" ? true : undefined,
    );
    const his = (await memoriesOf(olga, ada)).filter(({ about }) => about.includes(sven.id));
    expect(his).toHaveLength(3);

    expect(await decide(sven, ada, false)).toMatchObject({
      status: 200,
      body: { decision: "refused", granted: false },
    });
    expect(await contents(olga, ada)).toEqual(["Mine is red."]);
    for (const { id } of his) expectProblem(await olga.get(`/memories/${id}`), "not-found");
    expectProblem(await olga.put(`/memories/${added.id}`, { content: "x" }), "not-found");
    const search = await olga.post<{ results: ReadonlyArray<{ memory: MemoryBody }> }>(
      `/agents/${ada.id}/memories/search`,
      { query: "boat blue Sundays fog" },
    );
    for (const { memory } of search.body.results) expect(memory.about).not.toContain(sven.id);
    expect(await ofMe(sven)).toEqual([]);
    const events = await eventsOf(olga, "agents", ada.id);
    const noted = events.findLast(({ type }) => type === "ConsentNoted");
    const forgotten = events.find(({ type }) => type === "MemoryForgotten");
    expect(forgotten?.seq).toBe(noted!.seq + 1);
    expect(forgotten?.open).toMatchObject({
      memoryIds: expect.arrayContaining(his.map(({ id }) => id)),
      why: "withdrawn",
    });

    await say(sven, "My boat is green.");
    expect(await contents(olga, ada)).toEqual(["Mine is red."]);
    await agrees(sven, ada);
    await say(sven, "My boat is white.");
    expect(await contents(olga, ada)).toEqual(["My boat is white.", "Mine is red."]);
  });

  it("of one does not stand for another who is named", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const ada = await newAgent(olga);
    const { say } = await room(olga, ada, sven);
    await agrees(olga, ada);
    await say(olga, "Sven broke his arm.");
    await say(olga, "I broke nothing.");
    expect(await contents(olga, ada)).toEqual(["I broke nothing."]);
    await agrees(sven, ada);
    await say(olga, "Sven is well again.");
    expect((await memoriesOf(olga, ada))[0]).toMatchObject({
      content: "Sven is well again.",
      about: expect.arrayContaining([olga.id, sven.id]),
    });
    await decide(sven, ada, false);
    expect(await contents(olga, ada)).toEqual(["I broke nothing."]);
  });

  it("decided twice is decided once; deciding nothing new changes nothing", async () => {
    const olga = await person("olga");
    const ada = await newAgent(olga);
    for (const granted of [true, true, false, false, true])
      expect(await decide(olga, ada, granted)).toMatchObject({ status: 200, body: { granted } });
    const noted = (await eventsOf(olga, "agents", ada.id)).filter(({ type }) => type === "ConsentNoted");
    expect(noted.map(({ open }) => open["granted"])).toEqual([true, false, true]);
    expect(await consentsOf(olga)).toHaveLength(1);
  });

  it("is each person's own: nobody sees another's or decides for them", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const ada = await newAgent(olga);
    await agrees(sven, ada);
    expect(await consentsOf(olga)).toEqual([]);
    await sven.put("/me/consents", { agent_id: ada.id, granted: true, user_id: olga.id });
    expectProblem(
      await olga.post(`/agents/${ada.id}/memories`, { memory_type: "fact", content: "x", about: [olga.id] }),
      "consent-required",
    );
  });

  it("is given to an agent that exists; what is no agent, or no decision, is refused by name and leaves nothing", async () => {
    const olga = await person("olga");
    const [ada, gone] = [await newAgent(olga), await newAgent(olga)];
    await olga.delete(`/agents/${gone.id}`);
    const absent = `agt_${"0".repeat(26)}`;
    for (const agent_id of [absent, gone.id, "x", "", "constructor", `${ada.id}0`])
      expectProblem(await olga.put("/me/consents", { agent_id, granted: true }), "not-found");
    for (const body of ["", "{", "[]", "{}", '{"granted":true}', `{"agent_id":"${ada.id}"}`])
      expectProblem(await olga.send("PUT", "/me/consents", body), "validation");
    for (const granted of ["yes", 1, null])
      expectProblem(await olga.put("/me/consents", { agent_id: ada.id, granted }), "validation");
    expect(await consentsOf(olga)).toEqual([]);
    expect(await typesOf(olga, ada)).toEqual(["AgentCreated"]);
  });

  it("is given where one met: a stranger learns nothing of an agent, who takes part in a room of its own may decide at once", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const ada = await newAgent(olga);
    for (const granted of [true, false]) expectProblem(await decide(sven, ada, granted), "not-found");
    expect(await consentsOf(sven)).toEqual([]);
    const { id } = await newRoom(olga, "public", { agents: [ada] });
    expectProblem(await decide(sven, ada, true), "not-found");
    await sven.post(`/rooms/${id}/join`);
    expect(await decide(sven, ada, true)).toMatchObject({ status: 200, body: { granted: true, agent_name: "Ada" } });
    await sven.post(`/rooms/${id}/leave`);
    for (const granted of [false, true]) expect((await decide(sven, ada, granted)).status).toBe(200);
  });

  it("is taken back from an agent that is gone, and given to none", async () => {
    const olga = await person("olga");
    const ada = await newAgent(olga);
    await agrees(olga, ada);
    await olga.delete(`/agents/${ada.id}`);
    expectProblem(await decide(olga, ada, true), "not-found");
    expect(await decide(olga, ada, false)).toMatchObject({ status: 200, body: { granted: false, agent_name: null } });
  });

  it("is checked in the order of all checks: token, then method, then body", async () => {
    for (const path of ["/api/me/consents", "/api/me/memories"]) expectProblem(await request(path), "unauthenticated");
    const body = { method: "PUT", body: "{" };
    expectProblem(await request("/api/me/consents", body), "unauthenticated");
    const olga = await person("olga");
    for (const method of ["POST", "DELETE", "PATCH"])
      expectProblem(
        await olga.send(method, "/me/consents", method === "DELETE" ? undefined : "{"),
        "method-not-allowed",
      );
  });
});

describe("what is remembered about me", () => {
  it("is shown for every agent, page by page, without what is another's", async () => {
    const [olga, sven, dana] = [await person("olga"), await person("sven"), await person("dana")];
    const agents = await Promise.all(["Ada", "Bo", "Cy"].map((name) => newAgent(olga, { name })));
    for (const agent of agents) {
      await agrees(sven, agent);
      await agrees(dana, agent);
      await newMemory(olga, agent, { content: "Of nobody." });
      await newMemory(olga, agent, { content: "Of Dana.", about: [dana.id] });
      await newMemory(olga, agent, { content: "Of both.", about: [dana.id, sven.id], context: { secret: 1 } });
      await newMemory(olga, agent, { content: `Of Sven, by ${agent.name}.`, about: [sven.id] });
    }
    const all = await ofMe(sven);
    expect(all).toHaveLength(6);
    for (const { id, name } of agents)
      expect(all.filter(({ agent }) => agent.id === id)).toMatchObject([
        { agent: { name }, others: 0, memory: { content: `Of Sven, by ${name}.`, about: [sven.id] } },
        { agent: { name }, others: 1, memory: { content: null, context: null, about: [sven.id] } },
      ]);
    const pages: OfMe[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await sven.get<Page<OfMe>>(`/me/memories?limit=2${cursor}`);
      expect(body.data.length).toBeLessThanOrEqual(2);
      pages.push(...body.data);
      if (!body.page.has_more) break;
      cursor = `&cursor=${body.page.next_cursor}`;
    }
    expect(pages).toEqual(all);
    expect(await ofMe(olga)).toEqual([]);
    for (const query of ["limit=0", "limit=201", "cursor=x", "cursor=", "cursor=7"])
      expectProblem(await sven.get(`/me/memories?${query}`), "validation");
  });

  it("shows a person's own words, whoever else is named in them", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const ada = await newAgent(olga);
    const { say } = await room(olga, ada, sven);
    await agrees(olga, ada);
    await agrees(sven, ada);
    await say(sven, "Olga and I went to sea.");
    expect(await ofMe(sven)).toMatchObject([{ others: 1, memory: { content: "Olga and I went to sea." } }]);
    expect(await ofMe(olga)).toMatchObject([{ others: 1, memory: { content: null, about: [olga.id] } }]);
  });

  it("can be forgotten by that person, and by nobody whom it is not about", async () => {
    const [olga, sven, dana] = [await person("olga"), await person("sven"), await person("dana")];
    const ada = await newAgent(olga);
    for (const who of [sven, dana]) await agrees(who, ada);
    const [his, hers] = [
      await newMemory(olga, ada, { content: "His.", about: [sven.id] }),
      await newMemory(olga, ada, { content: "Hers.", about: [dana.id] }),
    ];
    for (const id of [hers.id, `mem_${"0".repeat(26)}`, ada.id, "x"])
      expectProblem(await sven.delete(`/me/memories/${id}`), "not-found");
    expectProblem(await olga.delete(`/me/memories/${hers.id}`), "not-found");
    expect((await sven.delete(`/me/memories/${his.id}`)).status).toBe(204);
    expectProblem(await sven.delete(`/me/memories/${his.id}`), "not-found");
    expectProblem(await olga.get(`/memories/${his.id}`), "not-found");
    expect(await ofMe(sven)).toEqual([]);
    expect(await contents(olga, ada)).toEqual(["Hers."]);
    expect((await eventsOf(olga, "agents", ada.id)).at(-1)).toMatchObject({
      ...{ type: "MemoryForgotten", actor: `user:${sven.id}`, open: { memoryIds: [his.id], why: "asked" } },
    });
  });
});

interface Receipt extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly completed_at: string | null;
  readonly streams: ReadonlyArray<{ readonly stream: string; readonly confirmed_at: string | null }>;
}

describe("being erased", () => {
  const erased = async (who: Person): Promise<Receipt> => {
    const asked = await who.post<Receipt>("/me/erase");
    expect(asked.status, asked.text).toBe(202);
    expect(asked.headers.get("location")).toBe(`/api/me/erasures/${asked.body.id}`);
    return eventually("the end of the erasure", async () => {
      const { body } = await who.get<Receipt>(`/me/erasures/${asked.body.id}`);
      return body.completed_at === null ? undefined : body;
    });
  };

  it("is answered with a receipt that names every stream; nothing of the person is read anywhere afterwards", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const ada = await newAgent(olga);
    const { id, say } = await room(olga, ada, sven);
    for (const who of [olga, sven]) await agrees(who, ada);
    await say(sven, "My boat is blue.");
    await say(olga, "Sven is a sailor.");
    await say(olga, "I am none.");
    const added = await newMemory(olga, ada, { content: "He sails on Sundays.", about: [sven.id] });
    const receipt = await erased(sven);
    expect(receipt).toMatchObject({
      id: expect.stringMatching(/^\w+_[0-9a-z]{26}$/),
      ...{ subject: `user:${sven.id}`, unreadable_at: expect.stringMatching(/Z$/), generations: [1] },
      fingerprints: [expect.stringMatching(/^[0-9a-f]{64}$/)],
      what_remains: {
        ...{ restorable_until: expect.stringMatching(/Z$/), openable_with: firstKey, indexes_left: [] },
        words_of_others: expect.stringContaining("also where it quotes or speaks of the person"),
      },
    });
    expect(receipt.streams.map(({ stream }) => stream)).toEqual(
      expect.arrayContaining([`agent:${ada.id}`, `room:${id}`, `user:${sven.id}`]),
    );
    for (const { confirmed_at } of receipt.streams) expect(confirmed_at).toMatch(/Z$/);
    expect(await contents(olga, ada)).toEqual(["I am none."]);
    expectProblem(await olga.get(`/memories/${added.id}`), "not-found");
    expect((await olga.get(`/rooms/${id}/messages`)).text).not.toContain("blue");
    expect(await ofMe(sven)).toEqual([]);
    expectProblem(
      await olga.post(`/agents/${ada.id}/memories`, { memory_type: "fact", content: "x", about: [sven.id] }),
      "consent-required",
    );
  });

  it("is not undone by coming back: who does is nobody's memory until they agree anew", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const ada = await newAgent(olga);
    const { id, say } = await room(olga, ada, sven);
    await agrees(sven, ada);
    await say(sven, "My boat is blue.");
    const receipt = await erased(sven);
    const mute = await sven.post(`/rooms/${id}/messages`, { text: "Hello?", client_msg_id: fresh("m") });
    expectProblem(mute, "forbidden");
    expectProblem(await decide(sven, ada, true), "forbidden");
    expect((await sven.get("/me")).body).toMatchObject({ erasure_id: receipt.id });
    expect((await sven.post("/me/come-back")).status).toBe(204);
    expect((await sven.get("/me")).body).toMatchObject({ erasure_id: null });
    for (const { granted } of await consentsOf(sven)) expect(granted).toBe(false);
    await eventually("a room that has heard of it", async () => {
      const posted = await sven.post(`/rooms/${id}/messages`, { text: "My boat is green.", client_msg_id: "green" });
      return posted.status === 201 ? true : undefined;
    });
    expect(await contents(olga, ada)).toEqual([]);
    await agrees(sven, ada);
    await say(sven, "My boat is white.");
    expect(await contents(olga, ada)).toEqual(["My boat is white."]);
  });

  it("is each person's own: nobody else finds the receipt, and what is no erasure is not found", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    expect((await sven.get("/me")).status).toBe(200);
    const { id } = await erased(sven);
    for (const [who, wanted] of [
      [olga, id],
      [sven, "x"],
      [sven, `ers_${"0".repeat(26)}`],
    ] as const)
      expectProblem(await who.get(`/me/erasures/${wanted}`), "not-found");
    expectProblem(await request("/api/me/erase", { method: "POST" }), "unauthenticated");
  });
});
