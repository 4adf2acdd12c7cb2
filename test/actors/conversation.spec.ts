/** A conversation in the objects behind it: what the read models and caches show, what sleep, death and alarms do to it, and where it ends. */
import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { Option } from "effect";
import { describe, expect, it } from "vitest";
import { cachedAgentOf, cachedMemoriesOf } from "#projections/kit/caches.ts";
import {
  type Answer,
  agrees,
  bindings,
  eventsOf,
  eventually,
  fresh,
  type MessageBody,
  messagesOf,
  newAgent,
  newRoom,
  type Person,
  person,
} from "../support/door.ts";
import { gate, scripted, scriptedModel } from "./scripted-model.ts";

const { DB, CACHE } = bindings;
const agentAt = (id: string) => bindings.AGENT.getByName(id);
const roomAt = (id: string) => bindings.ROOM.getByName(id);

const say = (who: Person, roomId: string, text: string): Promise<Answer<MessageBody>> =>
  who.post(`/rooms/${roomId}/messages`, { text, client_msg_id: fresh("m") });
const repliesIn = async (who: Person, roomId: string) =>
  (await messagesOf(who, roomId)).filter(({ author_kind }) => author_kind === "agent");
const replies = (who: Person, roomId: string, count: number) =>
  eventually(`${count} replies`, async () => {
    const found = await repliesIn(who, roomId);
    return found.length >= count ? found : undefined;
  });
const typesOf = async (who: Person, id: string) => (await eventsOf(who, "agents", id)).map(({ type }) => type);
const countOf = (types: ReadonlyArray<string>, type: string) => types.filter((other) => other === type).length;

describe("the read models", () => {
  /** The specification's columns, and those of the base chat (contract § 6). */
  const columns: Readonly<Record<string, ReadonlyArray<string>>> = {
    ai_agents: [
      "id",
      "name",
      "description",
      "created_by",
      "llm_provider",
      "model_name",
      "system_prompt",
      "personality",
      "capabilities",
      "memory_enabled",
      "is_active",
      "created_at",
      "updated_at",
    ],
    agent_memories: [
      "id",
      "agent_id",
      "memory_type",
      "content",
      "embedding_vector",
      "importance_score",
      "context",
      "created_at",
      "accessed_at",
      "access_count",
    ],
    agent_conversations: [
      "id",
      "agent_id",
      "room_id",
      "conversation_summary",
      "last_message_at",
      "message_count",
      "relationship_data",
      "created_at",
    ],
    tool_executions: [
      "id",
      "agent_id",
      "tool_name",
      "input_data",
      "output_data",
      "execution_status",
      "error_message",
      "executed_at",
      "execution_time_ms",
    ],
    users: ["clerk_user_id"],
    chat_rooms: ["id", "name", "kind", "created_by", "created_at"],
    room_members: ["room_id", "member_kind", "member_id"],
  };
  type Row = Readonly<Record<string, unknown>>;
  const rows = async (table: string, column: string, value: string) =>
    (await DB.prepare(`SELECT * FROM ${table} WHERE ${column} = ?`).bind(value).all<Row>()).results;

  it("show a conversation in all seven tables, under the specification's names, once each [P1]", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga, { capabilities: ["calculator"], personality: { traits: { openness: 1 } } });
    await agrees(olga, { id });
    const chat = async (message: string) =>
      (await olga.post<{ room_id: string }>(`/agents/${id}/chat`, { message })).body;
    await chat("What is 17 * 23456789?");
    const { room_id } = await chat("Remember that my boat is called Nixe.");
    const expected = {
      ai_agents: ["id", id, 1],
      // Each message is a memory; what was asked to be kept, and the fact in it, are two more.
      agent_memories: ["agent_id", id, 6],
      agent_conversations: ["agent_id", id, 1],
      tool_executions: ["agent_id", id, 1],
      users: ["clerk_user_id", olga.id, 1],
      chat_rooms: ["id", room_id, 1],
      room_members: ["room_id", room_id, 2],
    } as const;
    const shown = await eventually("all rows", async () => {
      const found = await Promise.all(
        Object.entries(expected).map(
          async ([table, [column, value]]) => [table, await rows(table, column, value)] as const,
        ),
      );
      const tables = Object.fromEntries(found);
      return found.every(([table, { length }]) => length >= expected[table as keyof typeof expected][2]) &&
        tables["agent_conversations"]![0]!["message_count"] === 4
        ? tables
        : undefined;
    });
    for (const [table, [, , count]] of Object.entries(expected)) {
      expect(shown[table], table).toHaveLength(count);
      expect(Object.keys(shown[table]![0]!), table).toEqual(expect.arrayContaining([...columns[table]!]));
    }
    expect(shown["tool_executions"]![0]).toMatchObject({ tool_name: "calculator", execution_status: "success" });
    expect(shown["agent_memories"]![0]).toMatchObject({
      memory_type: expect.stringMatching(/^(episodic|semantic|procedural|social)$/),
    });
    expect(shown["chat_rooms"]![0]).toMatchObject({ kind: "direct", created_by: olga.id, message_count: 4 });
    // Words are sealed at rest: nothing that was said stands in clear in any row. A short number may stand there by chance.
    expect(JSON.stringify(shown)).not.toMatch(/Nixe|17 \*|398765413|You answer what/);
  });

  it("forget an agent that is deleted", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    expect(await rows("ai_agents", "id", id)).toHaveLength(1);
    await olga.delete(`/agents/${id}`);
    expect(await rows("ai_agents", "id", id)).toEqual([]);
  });

  it("KV shows how an agent stands for an hour and what it remembers for six, sealed", async () => {
    const olga = await person("olga");
    const { id } = await newAgent(olga);
    await agrees(olga, { id });
    await olga.post(`/agents/${id}/chat`, { message: "Remember that my boat is called Nixe." });
    await olga.post(`/agents/${id}/activate`, { active: false });
    const [state, memories] = await eventually("both keys", async () => {
      const [agent, remembered] = await Promise.all([cachedAgentOf(CACHE, id), cachedMemoriesOf(CACHE, id)]);
      if (Option.isNone(agent) || Option.isNone(remembered)) return undefined;
      return agent.value.value.status === "inactive" ? [agent.value, remembered.value] : undefined;
    });
    expect(state.value).toMatchObject({ id, name: "Ada", active_conversations: [{ running_turn_id: null }] });
    expect(memories.value.map(({ about }) => about)).toEqual(Array(3).fill([olga.id]));
    expect(memories.value.filter(({ content }) => typeof content === "string")).toHaveLength(1);
    expect(await CACHE.get(`agent:${id}:recent_memories`)).not.toContain("Nixe");
    const { keys } = await CACHE.list({ prefix: `agent:${id}:` });
    const hoursLeft = keys.map(({ name, expiration }) => [
      name,
      Math.ceil((expiration! * 1_000 - Date.now()) / 3_600_000),
    ]);
    expect(hoursLeft).toEqual([
      [`agent:${id}:recent_memories`, 6],
      [`agent:${id}:state`, 1],
    ]);
  });
});

describe("sleep", () => {
  it("between messages takes nothing away: agent, room and vault go on from their logs", async () => {
    const olga = await person("olga");
    const agent = await newAgent(olga, { capabilities: ["calculator"] });
    const chat = (message: string) =>
      olga.post<{ room_id: string; reply: { text: string } }>(`/agents/${agent.id}/chat`, { message });
    const { room_id } = (await chat("Please remember that my boat is called Nixe.")).body;
    const before = [await eventsOf(olga, "agents", agent.id), await messagesOf(olga, room_id)] as const;
    await evictDurableObject(agentAt(agent.id));
    await evictDurableObject(roomAt(room_id));
    expect([await eventsOf(olga, "agents", agent.id), await messagesOf(olga, room_id)]).toEqual(before);
    expect((await olga.get(`/agents/${agent.id}`)).body).toMatchObject({
      system_prompt: "You answer what was asked.",
      version: 1,
    });
    await evictDurableObject(agentAt(agent.id));
    expect((await chat("What is my boat called?")).body.reply.text).toContain("Nixe");
    expect((await messagesOf(olga, room_id)).length).toBe(4);
  });

  it("does not make a repeated request a new one", async () => {
    const olga = await person("olga");
    const agent = await newAgent(olga);
    const headers = { "idempotency-key": fresh("key") };
    const first = await olga.post<{ room_id: string }>(`/agents/${agent.id}/chat`, { message: "Hello" }, headers);
    await evictDurableObject(agentAt(agent.id));
    await evictDurableObject(roomAt(first.body.room_id));
    const again = await olga.post(`/agents/${agent.id}/chat`, { message: "Hello" }, headers);
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });
});

describe("death in the middle of a turn", () => {
  /** An agent that is stuck in its model's first answer, and what the model says to whoever asks later. */
  async function stuck(deaths = 1) {
    const door = gate();
    const model = scriptedModel(async (_asked, count) => {
      if (count <= deaths) await door.passed();
      return { says: ["I am back."] };
    });
    const olga = await person("olga");
    const agent = await newAgent(olga, scripted("Ada"));
    const room = await newRoom(olga, "private", { agents: [agent] });
    const asked = (times: number) =>
      eventually(`question ${times}`, () => (model.asked.length >= times ? true : undefined));
    await say(olga, room.id, "@Ada, are you there?");
    await asked(1);
    return { olga, agent, room, door, asked };
  }

  it("is followed by a resumed turn and exactly one reply, though the dead answer too [T1]", async () => {
    const { olga, agent, room, door } = await stuck();
    await abortAllDurableObjects();
    await runDurableObjectAlarm(agentAt(agent.id));
    expect(await replies(olga, room.id, 1)).toMatchObject([{ text: "I am back.", author_id: agent.id }]);
    door.open();
    await say(olga, room.id, "Thank you.");
    await eventually("the turn's end", async () =>
      (await typesOf(olga, agent.id)).includes("TurnCompleted") ? true : undefined,
    );
    const types = await typesOf(olga, agent.id);
    expect([
      countOf(types, "TurnStarted"),
      countOf(types, "TurnResumed"),
      countOf(types, "ReplyPosted"),
      countOf(types, "TurnCompleted"),
    ]).toEqual([1, 1, 1, 1]);
    expect(await repliesIn(olga, room.id)).toHaveLength(1);
  });

  it("twice is survived twice; alarms that ring for nothing do nothing", async () => {
    const { olga, agent, room, door, asked } = await stuck(2);
    for (let death = 1; death <= 2; death++) {
      await abortAllDurableObjects();
      await Promise.allSettled([runDurableObjectAlarm(agentAt(agent.id)), runDurableObjectAlarm(agentAt(agent.id))]);
      await asked(death + 1);
    }
    await replies(olga, room.id, 1);
    door.open();
    await runDurableObjectAlarm(agentAt(agent.id));
    await runDurableObjectAlarm(roomAt(room.id));
    await runDurableObjectAlarm(agentAt(agent.id));
    const types = await typesOf(olga, agent.id);
    expect([countOf(types, "TurnResumed"), countOf(types, "TurnCompleted"), countOf(types, "TurnFailed")]).toEqual([
      2, 1, 0,
    ]);
    expect(await repliesIn(olga, room.id)).toHaveLength(1);
  });

  it("of the room before its agents were told: they are told after all", async () => {
    scriptedModel(() => ({ says: ["Yes."] }));
    const olga = await person("olga");
    const agent = await newAgent(olga, scripted("Ada"));
    const room = await newRoom(olga, "private", { agents: [agent] });
    const posted = say(olga, room.id, "@Ada?");
    const outcome = await posted.catch(() => undefined);
    await abortAllDurableObjects();
    expect(outcome?.status).toBe(201);
    await runDurableObjectAlarm(roomAt(room.id));
    await runDurableObjectAlarm(agentAt(agent.id));
    expect(await replies(olga, room.id, 1)).toHaveLength(1);
  });

  it("of everything, when nobody waits: the chain of every log is whole", async () => {
    const { olga, agent, room, door } = await stuck();
    await abortAllDurableObjects();
    door.open();
    await runDurableObjectAlarm(agentAt(agent.id));
    await replies(olga, room.id, 1);
    for (const stub of [agentAt(agent.id), roomAt(room.id)]) {
      const verdict = await runInDurableObject(stub, (actor) =>
        (actor as unknown as { ledger: { head: number; verify(): unknown } }).ledger.verify(),
      );
      expect(verdict).toMatchObject({ intact: true });
    }
  });
});

describe("several at once", () => {
  it("messages that come while a turn runs are answered together, and every one of them gets an answer", async () => {
    const door = gate();
    const model = scriptedModel(async (asked, count) => {
      if (count === 1) await door.passed();
      return { says: [`Answer ${count}: ${asked.last.split("\n").at(-1)}`] };
    });
    const olga = await person("olga");
    const agent = await newAgent(olga, scripted("Ada"));
    const room = await newRoom(olga, "private", { agents: [agent] });
    type Chat = { message_id: string; reply: { message_id: string; in_reply_to: string; also_in_reply_to?: string[] } };
    const chat = (message: string) =>
      olga.post<Chat>(`/agents/${agent.id}/chat`, {
        message,
        room_id: room.id,
      });
    const first = chat("one");
    await eventually("the first question", () => (model.asked.length === 1 ? true : undefined));
    const later = ["two", "three", "four"].map(chat);
    await eventually("all four to be heard", async () =>
      countOf(await typesOf(olga, agent.id), "MessageReceived") === 4 ? true : undefined,
    );
    door.open();
    const answers = await Promise.all([first, ...later]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const [one, ...rest] = answers.map(({ body }) => body.reply.message_id);
    expect(new Set(rest).size).toBe(1);
    expect(rest).not.toContain(one);
    const said = await repliesIn(olga, room.id);
    expect(said).toHaveLength(2);
    // Each of the three sees that its message was answered, over HTTP and in the room.
    const { in_reply_to, also_in_reply_to = [] } = answers[1]!.body.reply;
    const asked = (await messagesOf(olga, room.id))
      .filter(({ author_kind }) => author_kind === "user")
      .map(({ id }) => id);
    expect([...also_in_reply_to, in_reply_to]).toEqual(asked.slice(1));
    expect(said).toMatchObject([{ in_reply_to: asked[0] }, { in_reply_to, also_in_reply_to }]);
    expect(said[0]).not.toHaveProperty("also_in_reply_to");
    const read = model.asked[1]!.said.join("\n");
    for (const word of ["one", "two", "three", "four"]) expect(read).toContain(word);
    expect(countOf(await typesOf(olga, agent.id), "TurnCompleted")).toBe(2);
  });

  it("two agents that call on each other stop by themselves, until a person speaks again", async () => {
    scriptedModel(({ system }) => ({
      says: [system.includes("You are Ada,") ? "What do you say, @Bo?" : "I do not know. @Ada?"],
    }));
    const olga = await person("olga");
    const [ada, bo] = [await newAgent(olga, scripted("Ada")), await newAgent(olga, scripted("Bo"))];
    const room = await newRoom(olga, "private", { agents: [ada, bo] });
    const settled = () =>
      eventually("silence", async () => {
        const types = [...(await typesOf(olga, ada.id)), ...(await typesOf(olga, bo.id))];
        const open =
          countOf(types, "MessageReceived") - countOf(types, "TurnDeclined") - countOf(types, "TurnCompleted");
        const heard = (await messagesOf(olga, room.id)).length * 2 - (await repliesIn(olga, room.id)).length;
        return open === 0 && countOf(types, "MessageReceived") === heard ? types : undefined;
      });
    await say(olga, room.id, "@Ada, begin.");
    const first = await settled();
    const many = (await repliesIn(olga, room.id)).length;
    expect(many).toBeGreaterThan(1);
    expect(many).toBeLessThanOrEqual(6);
    expect(first).toContain("TurnDeclined");
    await say(olga, room.id, "@Ada, once more.");
    await settled();
    expect((await repliesIn(olga, room.id)).length).toBe(2 * many);
  });

  it("a model that asks for tools without end is stopped, and its turn ends with a word", async () => {
    const model = scriptedModel((_asked, count) => ({
      says: [],
      calls: [{ id: `c${count}`, tool: "calculator", json: [`{"expression":"${count}+1"}`] }],
    }));
    const olga = await person("olga");
    const agent = await newAgent(olga, scripted("Ada", { capabilities: ["calculator"] }));
    const answer = await olga.post(`/agents/${agent.id}/chat`, { message: "Go on for ever." });
    expect(answer.status).toBe(503);
    expect(model.asked.length).toBeLessThanOrEqual(8);
    expect((await typesOf(olga, agent.id)).slice(-2)).toEqual(["ReplyPosted", "TurnFailed"]);
  });
});
