/** Consent in the objects behind it: who is asked at a socket and how they answer, and that what is taken back stays unreadable whatever dies meanwhile. */
import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Ledger } from "#actors/kit/ledger.ts";
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
  type Person,
  person,
} from "../support/door.ts";
import { ending, say, scene, seated } from "./room-socket.ts";
import { scripted, scriptedModel } from "./scripted-model.ts";

afterEach(() => vi.restoreAllMocks());

interface Requested {
  readonly agent_id: string;
  readonly what: string;
  readonly days: number;
}

const memoriesOf = async (owner: Person, agent: { readonly id: string }) =>
  (await owner.get<Page<MemoryBody>>(`/agents/${agent.id}/memories`)).body.data;
const countOf = async (owner: Person, agent: { readonly id: string }, wanted: string) =>
  (await eventsOf(owner, "agents", agent.id)).filter(({ type }) => type === wanted).length;

describe("at a socket", () => {
  it("the question comes to the person alone, once, also after the agent was asleep", async () => {
    const { olga, ada, hers, his } = await scene();
    await say(his, "I am new here.");
    expect(await his.first<Requested>("consent_requested")).toEqual({
      ...{ agent_id: ada.id, what: expect.stringMatching(/\S/), days: 45 },
    });
    await evictDurableObject(bindings.AGENT.getByName(ada.id));
    await say(his, "I like the sea.");
    await say(hers, "So do I.");
    await hers.first<Requested>("consent_requested");
    await eventually("all that was said", async () =>
      (await countOf(olga, ada, "MessageReceived")) === 3 ? true : undefined,
    );
    for (const client of [hers, his]) expect(client.of("consent_requested")).toHaveLength(1);
    expect(await countOf(olga, ada, "ConsentAsked")).toBe(2);
  });

  it("is answered there: yes keeps what is said from then on, no forgets it", async () => {
    const { olga, ada, his, sven } = await scene();
    await say(his, "Not kept.");
    const answer = (granted: unknown) => his.ask("consent_decision", { agent_id: ada.id, granted });
    expect(await answer(true)).toMatchObject({ status: "ok", response: { decision: "granted" } });
    await say(his, "Kept.");
    await eventually("the memory", async () => ((await memoriesOf(olga, ada)).length === 1 ? true : undefined));
    expect(await memoriesOf(olga, ada)).toMatchObject([{ content: "Kept.", about: [sven.id] }]);
    expect(await answer(false)).toMatchObject({ status: "ok", response: { decision: "refused" } });
    expect(await memoriesOf(olga, ada)).toEqual([]);
    expect(await answer(true)).toMatchObject({ status: "ok" }); // who changes their mind back is heard
    expect(await countOf(olga, ada, "ConsentNoted")).toBe(3);
    for (const granted of ["yes", null, 1]) expect(await answer(granted)).toMatchObject({ status: "error" });
    const foreign = await his.ask("consent_decision", { agent_id: "nobody", granted: true });
    expect(foreign).toMatchObject({ status: "error", response: { reason: "not-found" } });
  });
});

describe("what is about a person", () => {
  it("who is known only by the room, or was, is not kept before they agree: also after the agent was asleep", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const ada = await newAgent(olga);
    await agrees(olga, ada);
    const room = await newRoom(olga, "private", { people: [sven], agents: [ada] });
    const tell = async (text: string, count: number) => {
      await olga.post(`/rooms/${room.id}/messages`, { text, client_msg_id: fresh("m") });
      await eventually("the hearing", async () =>
        (await countOf(olga, ada, "MessageReceived")) === count ? true : undefined,
      );
    };
    await tell("Sven is ill.", 1);
    await olga.delete(`/rooms/${room.id}/participants/${sven.id}`);
    await tell("I saw Sven again.", 2);
    await evictDurableObject(bindings.AGENT.getByName(ada.id));
    await evictDurableObject(bindings.ROOM.getByName(room.id));
    await tell("It was Sven once more.", 3);
    await tell("It rains.", 4);
    expect(await memoriesOf(olga, ada)).toMatchObject([{ content: "It rains.", about: [olga.id] }]);
  });

  it("is what other agents answer them, too", async () => {
    scriptedModel(() => ({ says: ["Your leg will heal."] }));
    const olga = await person("olga");
    const [ada, bo] = [await newAgent(olga, scripted("Ada")), await newAgent(olga, scripted("Bo"))];
    const room = await newRoom(olga, "private", { agents: [ada, bo] });
    const there = await seated(olga, room.id);
    const asked = async (count: number) => {
      await say(there, "@Bo what of my leg?");
      await eventually("what Ada hears", async () =>
        (await countOf(olga, ada, "MessageReceived")) === count ? true : undefined,
      );
    };
    await asked(2);
    expect(await memoriesOf(olga, ada)).toEqual([]);
    await agrees(olga, ada);
    await asked(4);
    expect(await memoriesOf(olga, ada)).toMatchObject([
      { content: "Your leg will heal.", about: [olga.id] },
      { content: "@Bo what of my leg?", about: [olga.id] },
    ]);
    await olga.put("/me/consents", { agent_id: ada.id, granted: false });
    expect(await memoriesOf(olga, ada)).toEqual([]);
  });

  it("goes with their leave out of answers that said it again to somebody else, and comes into none without it", async () => {
    scriptedModel((_asked, count) => ({ says: [count === 1 ? "On a barge, that is all." : "Nixe it is."] }));
    const { olga, ada, sven, hers, his } = await scene();
    await agrees(olga, ada);
    const answered = (count: number) =>
      eventually("the answer", async () => ((await countOf(olga, ada, "ReplyPosted")) === count ? true : undefined));
    const told = async () => (await memoriesOf(olga, ada)).map(({ content }) => content).toSorted();
    const [first, second] = ["@Ada, and where is he?", "@Ada, what is its name?"];
    await say(his, "I have moved to a barge.");
    await say(hers, first);
    await answered(1);
    expect(await told()).toEqual([first]);
    await agrees(sven, ada);
    await say(his, "It has the name Nixe.");
    await say(hers, second);
    await answered(2);
    expect(await told()).toEqual([first, second, "It has the name Nixe.", "Nixe it is."]);
    await sven.put("/me/consents", { agent_id: ada.id, granted: false });
    expect(await told()).toEqual([first, second]);
  });

  it("comes to mind where nobody else hears it, and never in a room that anybody may read", async () => {
    const model = scriptedModel(() => ({ says: ["Noted."] }));
    const olga = await person("olga");
    const ada = await newAgent(olga, scripted("Ada"));
    await agrees(olga, ada);
    await newMemory(olga, ada, { content: "The boat is called Vera.", about: [olga.id], context: { room_id: "log" } });
    const prompts: string[] = [];
    for (const kind of ["public", "private"] as const) {
      const room = await newRoom(olga, kind, { agents: [ada] });
      const there = await seated(olga, room.id);
      await say(there, "@Ada what is the boat called?");
      await ending(there);
      prompts.push([model.asked.at(-1)?.system, ...(model.asked.at(-1)?.said ?? [])].join("\n"));
    }
    expect(prompts.map((prompt) => prompt.includes("Vera"))).toEqual([false, true]);
  });
});

/** Whatever this agent is told of consent breaks it, until the mocks are restored. */
function breaking(agent: { readonly id: string }): void {
  const { commit } = Ledger.prototype;
  vi.spyOn(Ledger.prototype, "commit").mockImplementation(function (this: Ledger<never, never, never, never>, command) {
    const { type } = command as { readonly type: string };
    if (type === "NoteConsent" && this.stream === `agent:${agent.id}`) throw new Error("the agent is broken");
    return commit.call(this, command) as never;
  });
}

describe("an agent that cannot be told", () => {
  it("holds up no news to another, and whoever decides is told that it does not know yet", async () => {
    const olga = await person("olga");
    const [ada, bo] = [await newAgent(olga), await newAgent(olga)];
    for (const agent of [ada, bo]) await agrees(olga, agent);
    await newMemory(olga, bo, { about: [olga.id] });
    breaking(ada);
    const untold = await olga.put("/me/consents", { agent_id: ada.id, granted: false });
    expectProblem(untold, "internal");
    expect(untold.body).toMatchObject({ detail: expect.stringMatching(/not be told yet/) });
    expect((await olga.put("/me/consents", { agent_id: bo.id, granted: false })).status).toBe(200);
    expect(await memoriesOf(olga, bo)).toEqual([]);
    const decided = await olga.get<Page<{ agent_id: string; decision: string }>>("/me/consents");
    expect(decided.body.data.map(({ decision }) => decision)).toEqual(["refused", "refused"]);
    vi.restoreAllMocks();
    expect((await olga.put("/me/consents", { agent_id: ada.id, granted: false })).status).toBe(200);
    expect(await countOf(olga, ada, "ConsentNoted")).toBe(2);
  });

  it("keeps the receipt of an erasure open, which names it; told, it has forgotten what is under another's key as well", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const ada = await newAgent(olga);
    for (const who of [olga, sven]) await agrees(who, ada);
    await newMemory(olga, ada, { content: "Both sail.", about: [olga.id, sven.id] });
    breaking(ada);
    const { body } = await sven.post<{ id: string }>("/me/erase");
    const receipt = async () =>
      (await sven.get<{ completed_at: string | null; agents: unknown }>(`/me/erasures/${body.id}`)).body;
    const [agent_id, unknown] = [ada.id, null];
    expect(await receipt()).toMatchObject({
      completed_at: null,
      agents: [
        {
          agent_id,
          memories_forgotten: unknown,
          memories_left: unknown,
          vectors_elsewhere: unknown,
          indexes_left: unknown,
        },
      ],
    });
    vi.restoreAllMocks();
    const completed = await eventually("the end of the erasure", async () => {
      await runDurableObjectAlarm(bindings.USER.getByName(sven.id));
      const now = await receipt();
      return now.completed_at === null ? undefined : now;
    });
    expect(completed.agents).toEqual([
      { agent_id, memories_forgotten: 1, memories_left: 0, vectors_elsewhere: 0, indexes_left: [] },
    ]);
    expect(await memoriesOf(olga, ada)).toEqual([]);
  });
});

describe("what was taken back", () => {
  it("is in no prompt any more", async () => {
    const model = scriptedModel(() => ({ says: ["Noted."] }));
    const olga = await person("olga");
    const ada = await newAgent(olga, scripted("Ada"));
    await agrees(olga, ada);
    await newMemory(olga, ada, { content: "The boat is called Vera.", about: [olga.id], context: { room_id: "log" } });
    const room = await newRoom(olga, "private", { agents: [ada] });
    const there = await seated(olga, room.id);
    await say(there, "@Ada what is the boat called?");
    await ending(there);
    const prompt = () => [model.asked.at(-1)?.system, ...(model.asked.at(-1)?.said ?? [])].join("\n");
    expect(prompt()).toContain("Vera");
    await olga.put("/me/consents", { agent_id: ada.id, granted: false });
    await say(there, "@Ada and what is the boat called?");
    await eventually("the second answer", () => (model.asked.length === 2 ? true : undefined));
    expect(prompt()).not.toContain("Vera");
  });

  it("stays unreadable when the agent dies before it has forgotten, and is forgotten with its next commit", async () => {
    const olga = await person("olga");
    const ada = await newAgent(olga);
    await agrees(olga, ada);
    const made = await newMemory(olga, ada, { about: [olga.id] });
    const { commit } = Ledger.prototype;
    vi.spyOn(Ledger.prototype, "commit").mockImplementation(function (
      this: Ledger<never, never, never, never>,
      command,
    ) {
      const { type } = command as { readonly type: string };
      if (type === "ForgetMemories") throw new Error("the object dies here");
      return commit.call(this, command) as never;
    });
    await olga.put("/me/consents", { agent_id: ada.id, granted: false });
    await abortAllDurableObjects();
    vi.restoreAllMocks();
    expect(await countOf(olga, ada, "MemoryForgotten")).toBe(0);
    expect(await memoriesOf(olga, ada)).toEqual([]);
    expect((await olga.get(`/memories/${made.id}`)).status).toBe(404);
    expect((await olga.get<Page<unknown>>("/me/memories")).body.data).toEqual([]);
    await olga.post(`/agents/${ada.id}/activate`, { active: false });
    expect(await countOf(olga, ada, "MemoryForgotten")).toBe(1);
    await runDurableObjectAlarm(bindings.AGENT.getByName(ada.id));
  });

  it("is forgotten however much it is, in the answer to the same request", async () => {
    const olga = await person("olga");
    const ada = await newAgent(olga);
    await agrees(olga, ada);
    const items = Array.from({ length: 1_201 }, (_, index) => ({ content: `Fact ${index}.`, about: [olga.id] }));
    const begun = await olga.post<{ id: string }>(`/agents/${ada.id}/train`, { items });
    await eventually("the training", async () => {
      await runDurableObjectAlarm(bindings.AGENT.getByName(ada.id));
      const { body } = await olga.get<{ status: string }>(`/operations/${begun.body.id}`);
      return body.status === "done" ? true : undefined;
    });
    expect((await olga.put("/me/consents", { agent_id: ada.id, granted: false })).status).toBe(200);
    const forgotten = (await eventsOf(olga, "agents", ada.id)).filter(({ type }) => type === "MemoryForgotten");
    expect(new Set(forgotten.flatMap(({ open }) => open["memoryIds"] as string[])).size).toBe(1_201);
    expect(await memoriesOf(olga, ada)).toEqual([]);
  });
});

describe("with somebody who is erased", () => {
  const nameOf = async (owner: Person, roomId: string, who: Person) => {
    const { body } = await owner.get<{ participants: ReadonlyArray<{ user_id?: string; name: string }> }>(
      `/rooms/${roomId}`,
    );
    return body.participants.find(({ user_id }) => user_id === who.id)?.name;
  };

  it("goes from the room what agents answered them, and what they said again of theirs to others", async () => {
    scriptedModel((_asked, count) => ({ says: [["Blue is fine.", "Nixe it is.", "Good morning!"][count - 1]!] }));
    const { olga, ada, sven, room, hers, his } = await scene();
    const answered = (count: number) =>
      eventually("the answer", async () => ((await countOf(olga, ada, "ReplyPosted")) === count ? true : undefined));
    const texts = async () => {
      const { body } = await olga.get<Page<{ text: string | null; ai_generated: boolean }>>(
        `/rooms/${room.id}/messages`,
      );
      return body.data.filter((message) => message.ai_generated).map(({ text }) => text);
    };
    await say(his, "@Ada, my barge is Nixe. Which colour?");
    await answered(1);
    await say(hers, "@Ada, what is its name?");
    await answered(2);
    await say(hers, "@Ada, hello!");
    await answered(3);
    expect(await texts()).toEqual(["Blue is fine.", "Nixe it is.", "Good morning!"]);
    await sven.post("/me/erase");
    await eventually("the room", async () =>
      (await texts()).filter((text) => text === null).length === 2 ? true : undefined,
    );
    expect(await texts()).toEqual([null, null, "Good morning!"]);
  });

  it("comes their name again when they come back and speak: whom a text names has to be known", async () => {
    const { olga, sven, room, his } = await scene();
    await say(his, "Hello.");
    const before = await nameOf(olga, room.id, sven);
    const { body } = await sven.post<{ id: string }>("/me/erase");
    await eventually("the erasure", async () => {
      await runDurableObjectAlarm(bindings.USER.getByName(sven.id));
      const receipt = await sven.get<{ completed_at: string | null }>(`/me/erasures/${body.id}`);
      return receipt.body.completed_at ?? undefined;
    });
    await sven.post("/me/come-back");
    await eventually("a room that has heard of it", async () => {
      const posted = await sven.post(`/rooms/${room.id}/messages`, { text: "I am back.", client_msg_id: "back" });
      return posted.status === 201 ? true : undefined;
    });
    expect(await nameOf(olga, room.id, sven)).toBe(before);
    const joined = (await eventsOf(olga, "rooms", room.id)).filter(
      ({ type, open }) => type === "ParticipantJoined" && open["userId"] === sven.id,
    );
    expect(joined).toHaveLength(2);
  });
});
