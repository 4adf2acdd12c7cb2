/** What each projection makes of its stream, how the views show it, and what no row may show. */
import * as Base64 from "effect/encoding/Base64";
import { describe, expect, it } from "vitest";
import * as A from "#events/agent/events.ts";
import type { Pending, Recorded } from "#events/kit/envelope.ts";
import {
  type AgentId,
  agentName,
  childId,
  type ErasureId,
  type MemoryId,
  type UserId,
  userName,
} from "#events/kit/ids.ts";
import * as R from "#events/room/events.ts";
import { ErasureRequested, PersonReturned } from "#events/user/events.ts";
import { liveFor, registry } from "#projections/index.ts";
import { deliver } from "#projections/kit/deliver.ts";
import type { StreamKind, StreamName } from "#projections/kit/projection.ts";
import { agentsRemembering } from "#projections/queries.ts";
import {
  agentId,
  arrived,
  asked,
  callId,
  created,
  DB,
  dana,
  deleted,
  denied,
  executed,
  failed,
  joined,
  memoryId,
  opened,
  person,
  personality,
  posted,
  received,
  record,
  remembered,
  requested,
  restore,
  roomId,
  rowsOf,
  SECRET,
  START,
  said,
  turnId,
  unknown,
  words,
} from "./histories.ts";

const second = (seq: number) => new Date(START + seq * 1000).toISOString();
const sealedOf = (event: Recorded | undefined) => ({ sealed: Base64.encode(event!.sealed!), seq: event!.seq });
const parsed = (row: Record<string, unknown> | undefined, column: string): unknown => JSON.parse(String(row?.[column]));

async function project(stream: StreamName, pending: ReadonlyArray<Pending>) {
  const events = record(pending);
  const projections = liveFor(stream.slice(0, stream.indexOf(":")) as StreamKind);
  await deliver(DB, projections, stream, { from: 0, to: events.length }, events);
  return { events, rows: await rowsOf(projections, stream) };
}

const ofAgent = (id: AgentId, pending: ReadonlyArray<Pending>) => project(`agent:${id}`, [created(id), ...pending]);

/** One of everything that can happen to an agent, but its end. */
const life: ReadonlyArray<Pending> = [
  personality(),
  A.ToolsGranted({
    tools: [
      { name: "calculator", mode: "allow" },
      { name: "web_search", mode: "off" },
    ],
  }),
  joined("a"),
  received("a"),
  asked(["1", "calculator"], ["2", "calculator"], ["3", "web_search"], ["4", "http_request"], ["5", "calculator"]),
  requested("1"),
  executed("1"),
  requested("2"),
  failed("2"),
  denied("3"),
  requested("4"),
  unknown("4"),
  requested("5"),
  remembered("1", 0.75),
  posted("a"),
];

const viewed = async (sql: string, ...values: ReadonlyArray<unknown>) =>
  (
    await DB.prepare(sql)
      .bind(...values)
      .all<Record<string, unknown>>()
  ).results;

describe("the rows of an agent", () => {
  it("ai_agents: as its owner configured it, and true as of the cursor", async () => {
    const id = agentId("configured");
    const changed = A.AgentReconfigured(
      {
        version: 2,
        name: "Ada II",
        provider: "openai",
        model: "gpt",
        memoryEnabled: false,
        maxTokens: 900,
        temperature: 1,
      },
      userName(dana),
      words("new prompt"),
    );
    const { events } = await ofAgent(id, [...life, changed, A.AgentDeactivated({})]);
    const [row] = await viewed("SELECT * FROM ai_agents WHERE id = ?", id);
    expect(row).toMatchObject({
      id,
      name: "Ada II",
      created_by: dana,
      llm_provider: "openai",
      model_name: "gpt",
      memory_enabled: 0,
      is_active: 0,
      max_tokens: 900,
      temperature: 1,
      version: 2,
      created_at: second(1),
      updated_at: second(18),
      seq: 18,
    });
    expect(parsed(row, "system_prompt")).toEqual(sealedOf(events[16]));
    expect(parsed(row, "description")).toEqual(sealedOf(events[16]));
    expect(parsed(row, "capabilities")).toEqual(["calculator"]);
    expect(parsed(row, "personality")).toEqual({
      traits: { openness: 0.9 },
      communicationStyle: { humor: "subtle" },
      words: sealedOf(events[1]),
    });
  });

  it("tool_executions: from the model's wish to the outcome, its input named by the event that holds it", async () => {
    const { events, rows } = await ofAgent(agentId("tools"), life);
    const all = rows.tool_executions_v1!;
    const row = (label: string) => all.find(({ id }) => id === callId(label));
    expect(all).toHaveLength(5);
    expect(row("1")).toMatchObject({
      turn_id: turnId("a"),
      tool_name: "calculator",
      execution_status: "success",
      error_message: null,
      executed_at: second(6),
      execution_time_ms: 7,
      replay: "once",
    });
    expect(parsed(row("1"), "input_data")).toEqual({ seq: 6, call: callId("1") });
    expect(parsed(row("1"), "output_data")).toEqual(sealedOf(events[7]));
    expect(row("2")).toMatchObject({ execution_status: "error", output_data: null, execution_time_ms: 9 });
    expect(parsed(row("2"), "error_message")).toEqual({ reason: "timeout", words: sealedOf(events[9]) });
    expect(row("3")).toMatchObject({ execution_status: "denied", replay: null, execution_time_ms: null });
    expect(parsed(row("3"), "error_message")).toEqual({ reason: "not-granted", words: null });
    expect(row("4")).toMatchObject({ execution_status: "unknown", replay: "once" });
    expect(row("5")).toMatchObject({ execution_status: "pending", replay: "once" });
  });

  it("agent_conversations: counts on after leaving and coming back; agent_memories: sealed, with their facts", async () => {
    const id = agentId("talkative");
    const left = A.RoomLeft({ roomId: roomId("a") });
    const { events, rows } = await ofAgent(id, [...life, left, joined("a"), received("a"), joined("b")]);
    const [one, other] = rows.agent_conversations_v1!.toSorted((a, b) =>
      String(a.created_at).localeCompare(String(b.created_at)),
    );
    expect(one).toMatchObject({
      id: `${id}:${roomId("a")}`,
      room_id: roomId("a"),
      message_count: 3,
      last_message_at: second(19),
      created_at: second(4),
    });
    expect(other).toMatchObject({ room_id: roomId("b"), message_count: 0, last_message_at: null });
    const [memory] = rows.agent_memories_v1!;
    expect(memory).toMatchObject({
      id: memoryId("1"),
      agent_id: id,
      memory_type: "semantic",
      importance_score: 0.75,
      created_at: second(15),
      access_count: 0,
    });
    expect(parsed(memory, "content")).toEqual(sealedOf(events[14]));
    expect(parsed(memory, "about")).toEqual([dana]);
  });

  it("agent_memories over time: what is over says so, what is archived is marked, what was merged or forgotten is gone", async () => {
    const id = agentId("tidy");
    const [one, other, third] = ["one", "other", "third"].map(memoryId) as [MemoryId, MemoryId, MemoryId];
    const formed = [remembered("one"), remembered("other"), remembered("third")];
    const over = A.MemorySuperseded({ memoryId: one, by: other, validTo: START, retractedAt: START });
    const shownAfter = async (...events: ReadonlyArray<Pending>) => {
      await restore(liveFor("agent"), `agent:${id}`);
      await ofAgent(id, [...formed, over, ...events]);
      const { results } = await DB.prepare("SELECT id, state FROM agent_memories WHERE agent_id = ?")
        .bind(id)
        .all<{ id: MemoryId; state: string }>();
      return new Map(results.map((row) => [row.id, row.state]));
    };
    const merged = A.MemoriesMerged({ into: other, from: [third] });
    const archived = A.MemoriesArchived({ memoryIds: [one] });
    expect(await shownAfter(merged, archived)).toEqual(
      new Map([
        [one, "archived"],
        [other, "live"],
      ]),
    );
    const rows = await rowsOf(liveFor("agent"), `agent:${id}`);
    expect(rows.agent_memories_v1!.find((row) => row.id === one)).toMatchObject({
      ...{ valid_to: new Date(START).toISOString(), superseded_by: other },
    });
    const lighter = A.MemoryRevised({
      ...{ memoryId: one, version: 2, replacesSeq: 1, kind: "semantic", importance: 0.25, about: [dana] },
      ...{ basis: "asked", origin: "person", audience: "room", speaker: userName(dana) },
    });
    await shownAfter(lighter);
    const [revised] = (await rowsOf(liveFor("agent"), `agent:${id}`)).agent_memories_v1!.filter(
      (row) => row.id === one,
    );
    expect(revised).toMatchObject({ importance_score: 0.25 });
    expect(parsed(revised, "content")).toMatchObject({ sealed: expect.any(String) });
    expect(await agentsRemembering(DB, third)).toEqual([id]);
    const back = [A.MemoriesSeparated({ into: other, from: [third] }), A.MemoriesRestored({ memoryIds: [one] })];
    expect([...(await shownAfter(merged, archived, ...back)).values()]).toEqual(["live", "live", "live"]);
    const forgotten = A.MemoryForgotten({ memoryIds: [one, third], seqs: [2, 4], why: "faded" });
    expect(await shownAfter(merged, archived, forgotten)).toEqual(new Map([[other, "live"]]));
    expect(await agentsRemembering(DB, third)).toEqual([]);
  });

  it("after AgentDeleted nothing of it is left, and nothing of another agent is touched", async () => {
    const [gone, stays] = [agentId("gone"), agentId("stays")];
    const { rows: before } = await ofAgent(stays, life);
    for (const late of [[], life]) {
      const { events } = await ofAgent(gone, [...late, deleted()]);
      const { projection_cursors: cursors, ...rows } = await rowsOf(liveFor("agent"), `agent:${gone}`);
      expect(Object.keys(rows)).toHaveLength(4);
      expect(Object.values(rows).flat()).toEqual([]);
      expect(cursors).toHaveLength(4);
      await DB.prepare("DELETE FROM projection_cursors WHERE stream = ?").bind(`agent:${gone}`).run();
      const half = events.length - 1;
      await deliver(DB, liveFor("agent"), `agent:${gone}`, { from: 0, to: half }, events.slice(0, half));
      await deliver(DB, liveFor("agent"), `agent:${gone}`, { from: half, to: half + 1 }, events.slice(half));
      const { projection_cursors: _, ...again } = await rowsOf(liveFor("agent"), `agent:${gone}`);
      expect(Object.values(again).flat()).toEqual([]);
      await DB.prepare("DELETE FROM projection_cursors WHERE stream = ?").bind(`agent:${gone}`).run();
    }
    expect(await rowsOf(liveFor("agent"), `agent:${stays}`)).toEqual(before);
  });
});

describe("the rows of rooms and people", () => {
  it("chat_rooms counts messages; room_members has who is there now, with names of agents only", async () => {
    const [id, ada, bob] = [roomId("hall"), agentId("ada"), agentId("bob")];
    const by = userName(dana);
    const erin = "user_erin" as UserId;
    const { rows } = await project(`room:${id}`, [
      opened(id),
      arrived(dana),
      arrived(erin),
      R.AgentInvited({ agentId: ada, name: "Ada", by }),
      R.AgentInvited({ agentId: bob, name: "Bob", by }),
      said(),
      said(agentName(ada)),
      R.ParticipantLeft({ userId: erin, by }),
      R.AgentDismissed({ agentId: bob, by }),
      R.AgentInvited({ agentId: ada, name: "Ada II", by }),
      R.RoomClosed({ by }),
    ]);
    expect(rows.chat_rooms_v1).toEqual([
      {
        id,
        name: "Lobby",
        kind: "public",
        created_by: dana,
        created_at: second(1),
        closed: 1,
        message_count: 2,
        last_message_at: second(7),
      },
    ]);
    expect(rows.room_members_v1).toEqual([
      { room_id: id, member_kind: "agent", member_id: ada, name: "Ada II", joined_at: second(4) },
      { room_id: id, member_kind: "user", member_id: dana, name: null, joined_at: second(2) },
    ]);
  });

  it("users: the name sealed", async () => {
    const { events } = await project(`user:${dana}`, [person(dana)]);
    const [row] = await viewed("SELECT * FROM users WHERE clerk_user_id = ?", dana);
    expect(row).toMatchObject({ clerk_user_id: dana, created_at: second(1) });
    expect(parsed(row, "display_name")).toEqual(sealedOf(events[0]));
  });

  it("users: no name once they asked to be erased, and the new one when they come back", async () => {
    const erasure = (userId: UserId) =>
      ErasureRequested({ userId, erasureId: childId<ErasureId>("erasure", userId, "1") });
    const [gone, back] = ["user_gone" as UserId, "user_back" as UserId];
    const shown = async (id: UserId) => (await viewed("SELECT display_name FROM users WHERE clerk_user_id = ?", id))[0];
    await project(`user:${gone}`, [person(gone), erasure(gone)]);
    expect(await shown(gone)).toEqual({ display_name: null });
    const returned = PersonReturned({ userId: back }, userName(back), words("Erin"));
    const { events } = await project(`user:${back}`, [person(back), erasure(back), returned]);
    expect(parsed(await shown(back), "display_name")).toEqual(sealedOf(events[2]));
  });
});

describe("what holds for every projection", () => {
  /** Column names as the specification's tables have them. */
  const specification = {
    ai_agents:
      "id name description created_by llm_provider model_name system_prompt personality capabilities memory_enabled is_active created_at updated_at",
    agent_memories:
      "id agent_id memory_type content embedding_vector importance_score context created_at accessed_at access_count",
    agent_conversations:
      "id agent_id room_id conversation_summary last_message_at message_count relationship_data created_at",
    tool_executions:
      "id agent_id tool_name input_data output_data execution_status error_message executed_at execution_time_ms",
    users: "clerk_user_id",
    chat_rooms: "id",
    room_members: "room_id",
  };
  const columnsOf = async (table: string) =>
    (await viewed('SELECT name, type, "notnull" AS needed FROM pragma_table_info(?)', table)).map((column) => ({
      name: String(column.name),
      type: `${String(column.type).toLowerCase()}${column.needed === 1 ? "" : "?"}`,
    }));

  it("the views show at least the specification's columns, under its names", async () => {
    for (const [view, columns] of Object.entries(specification)) {
      const names = (await columnsOf(view)).map(({ name }) => name);
      expect(names, view).toEqual(expect.arrayContaining(columns.split(" ")));
    }
  });

  it("the migrations make the very columns that the projections declare", async () => {
    for (const table of registry.flatMap(({ live }) => live.tables)) {
      const actual = Object.fromEntries((await columnsOf(table.name)).map(({ name, type }) => [name, type]));
      expect(actual, table.name).toEqual({ [table.scope]: "text", ...table.columns });
    }
  });

  const everything: ReadonlyArray<readonly [StreamName, ReadonlyArray<Pending>]> = [
    [`agent:${agentId("whole")}`, [created(agentId("whole")), ...life, A.AgentActivated({})]],
    [`room:${roomId("whole")}`, [opened(roomId("whole")), arrived(dana), said()]],
    ["user:user_whole", [person("user_whole" as UserId)]],
  ];

  it("[S2] marked words appear in no column: neither in clear nor behind the base 64", async () => {
    for (const [stream, pending] of everything) {
      const { events, rows } = await project(stream, pending);
      const texts = Object.values(rows)
        .flat()
        .flatMap((row) => Object.values(row).map(String));
      const sealed = texts
        .join()
        .matchAll(/"sealed":"([^"]+)"/g)
        .map(([, text]) => text)
        .toArray();
      const ciphers = events.flatMap(({ sealed }) => (sealed === undefined ? [] : [Base64.encode(sealed)]));
      expect(texts.filter((text) => text.includes(SECRET))).toEqual([]);
      expect(sealed.filter((text) => atob(text!).includes(SECRET))).toEqual([]);
      expect(sealed.filter((text) => !ciphers.includes(text!))).toEqual([]);
      if (!stream.startsWith("room")) expect(sealed.length).toBeGreaterThan(0);
    }
  });

  it("[P3] project answers data alone: frozen input, the same answer twice, nothing that is not JSON", () => {
    const frozen = <T>(value: T): T => {
      if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
        for (const inner of Object.values(value)) frozen(inner);
        Object.freeze(value);
      }
      return value;
    };
    for (const [stream, pending] of everything) {
      const source = frozen({ kind: stream.split(":")[0] as StreamKind, id: stream.slice(stream.indexOf(":") + 1) });
      for (const event of record(pending).map(frozen))
        for (const projection of liveFor(source.kind)) {
          const bytes = event.sealed?.slice();
          const changes = projection.project(event, source);
          expect(projection.project(event, source)).toEqual(changes);
          expect(JSON.parse(JSON.stringify(changes))).toEqual(changes);
          expect(event.sealed).toEqual(bytes);
        }
    }
  });
});
