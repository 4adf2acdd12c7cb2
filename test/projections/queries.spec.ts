/** What lists show: whose things, in which order, page by page, and what a wrong cursor gets. */
import { Result } from "effect";
import { describe, expect, it } from "vitest";
import type { Pending } from "#events/kit/envelope.ts";
import { type RoomId, type UserId, userName } from "#events/kit/ids.ts";
import * as R from "#events/room/events.ts";
import { liveFor } from "#projections/index.ts";
import { deliver } from "#projections/kit/deliver.ts";
import type { StreamKind, StreamName } from "#projections/kit/projection.ts";
import {
  agentsOf,
  BadCursor,
  conversationsOf,
  cursorsOf,
  executionsFor,
  type Listed,
  type Page,
  type Paging,
  roomsFor,
} from "#projections/queries.ts";
import {
  agentId,
  arrived,
  asked,
  callId,
  created,
  DB,
  deleted,
  denied,
  executed,
  joined,
  opened,
  posted,
  received,
  record,
  roomId,
  said,
} from "./histories.ts";

/** Streams of these tests begin one after another, so that lists have an order. */
let seq = 0;
async function happen(stream: StreamName, ...pending: ReadonlyArray<Pending>) {
  const events = record(pending, "system:test", seq + 1);
  const from = Math.max(0, ...Object.values(await cursorsOf(DB, stream)));
  seq += events.length;
  const kind = stream.slice(0, stream.indexOf(":")) as StreamKind;
  expect(await deliver(DB, liveFor(kind), stream, { from, to: seq }, events)).toEqual({ outcome: "applied" });
}

const make = (label: string, owner: UserId, name = label) =>
  happen(`agent:${agentId(label)}`, created(agentId(label), { ownerId: owner, name }));

async function page<Row>(listed: Listed<Row>): Promise<Page<Row>> {
  return Result.getOrThrow(await listed);
}

async function all<Row>(list: (paging: Paging) => Listed<Row>, limit: number): Promise<Row[]> {
  const { items, next } = await page(list({ limit }));
  const rows = [...items];
  for (let cursor = next; cursor !== null; ) {
    const following = await page(list({ limit, cursor }));
    expect(following.items.length).toBeGreaterThan(0);
    rows.push(...following.items);
    cursor = following.next;
  }
  return rows;
}

const names = (rows: ReadonlyArray<{ readonly name: string }>) => rows.map(({ name }) => name);

describe("agents of an owner", () => {
  it("newest first or by name, only the owner's, in pages", async () => {
    const [owner, other] = ["user_list" as UserId, "user_other" as UserId];
    for (const [label, name] of [
      ["l1", "bea"],
      ["l2", "Ada"],
      ["l3", "Cleo"],
      ["l4", "ada"],
    ] as const)
      await make(label, owner, name);
    await make("l5", other, "Zoe");
    expect(names(await all((paging) => agentsOf(DB, owner, paging), 2))).toEqual(["ada", "Cleo", "Ada", "bea"]);
    const byName = await all((paging) => agentsOf(DB, owner, { ...paging, order: "name" }), 1);
    expect(names(byName).map((name) => name.toLowerCase())).toEqual(["ada", "ada", "bea", "cleo"]);
    expect(new Set(byName.map(({ id }) => id)).size).toBe(4);
    expect((await page(agentsOf(DB, other))).items[0]).toMatchObject({
      id: agentId("l5"),
      memory_enabled: true,
      is_active: true,
      capabilities: [],
      personality: null,
      system_prompt: { seq: expect.any(Number) },
      seq,
    });
  });

  it("a cursor keeps its place when rows come and go", async () => {
    const owner = "user_moving" as UserId;
    for (const label of ["m1", "m2", "m3", "m4"]) await make(label, owner);
    const { items, next } = await page(agentsOf(DB, owner, { limit: 2 }));
    expect(names(items)).toEqual(["m4", "m3"]);
    await make("m5", owner);
    await happen(`agent:${agentId("m3")}`, deleted());
    const rest = await page(agentsOf(DB, owner, { limit: 2, cursor: next! }));
    expect(names(rest.items)).toEqual(["m2", "m1"]);
    expect(rest.next).toBeNull();
  });

  it("a cursor that was not made by this list is a typed error; a limit stays within 1 and 200", async () => {
    const owner = "user_limits" as UserId;
    for (const label of ["c1", "c2"]) await make(label, owner);
    const { next } = await page(agentsOf(DB, owner, { limit: 1 }));
    const foreign = [
      roomsFor(DB, owner, { cursor: next! }),
      agentsOf(DB, owner, { cursor: next!, order: "name" }),
      ...["", "?", "e30", btoa("[1,2,3]"), btoa('["agents-newest"]'), btoa("not json")].map((cursor) =>
        agentsOf(DB, owner, { cursor }),
      ),
    ];
    for (const listed of foreign) {
      const answer: Result.Result<unknown, BadCursor> = await listed;
      expect(Result.isFailure(answer) && answer.failure).toBeInstanceOf(BadCursor);
    }
    expect((await page(agentsOf(DB, owner, { limit: 0 }))).items).toHaveLength(1);
    expect((await page(agentsOf(DB, owner, { limit: 10_000 }))).items).toHaveLength(2);
  });
});

describe("rooms for a person", () => {
  const by = userName("user_host" as UserId);
  const open = (label: string, kind: "public" | "private", ...then: ReadonlyArray<Pending>) => {
    const id: RoomId = roomId(label);
    return happen(`room:${id}`, opened(id, { kind, ownerId: "user_host" as UserId }), ...then);
  };

  it("joined and open public ones, newest first, with counts; never another's private room", async () => {
    const guest = "user_guest" as UserId;
    await open("r1", "public", said(), said());
    await open("r2", "private", arrived(guest), said());
    await open("r3", "private");
    await open("r4", "public", arrived(guest));
    await open("r5", "public", R.RoomClosed({ by }));
    await open("r6", "public", arrived(guest), R.ParticipantLeft({ userId: guest, by }));
    const mine = new Set(["r1", "r2", "r3", "r4", "r5", "r6"].map(roomId));
    const list = async (limit: number) =>
      (await all((paging) => roomsFor(DB, guest, paging), limit)).filter(({ id }) => mine.has(id as RoomId));
    const rooms = await list(1);
    expect(rooms.map(({ id, joined, message_count }) => [id, joined, message_count])).toEqual([
      [roomId("r6"), false, 0],
      [roomId("r4"), true, 0],
      [roomId("r2"), true, 1],
      [roomId("r1"), false, 2],
    ]);
    expect(rooms.at(-1)).toMatchObject({ kind: "public", created_by: "user_host", closed: false });
    expect(await list(3)).toEqual(rooms);
  });
});

describe("what an agent did", () => {
  it("tool executions of an owner's agents, filtered, newest first; conversations and memories of an agent", async () => {
    const owner = "user_tools" as UserId;
    const [one, two] = [agentId("t1"), agentId("t2")];
    for (const label of ["t1", "t2"]) await make(label, owner);
    await make("t3", "user_stranger" as UserId);
    await happen(`agent:${one}`, asked(["x1", "calculator"]), executed("x1"));
    await happen(`agent:${two}`, asked(["x2", "calculator"], ["x3", "web_search"]), denied("x3"));
    await happen(`agent:${agentId("t3")}`, asked(["x4", "calculator"]));
    await happen(`agent:${one}`, asked(["x5", "web_search"]));
    const ids = async (filters: Parameters<typeof executionsFor>[2]) =>
      (await all((paging) => executionsFor(DB, owner, { ...filters, ...paging }), 1)).map(({ id }) => id);

    expect((await ids({})).toSorted()).toEqual(["x1", "x2", "x3", "x5"].map(callId).toSorted());
    expect((await ids({}))[0]).toBe(callId("x5"));
    expect(await ids({ agent: one })).toEqual([callId("x5"), callId("x1")]);
    expect(await ids({ agent: two, tool: "calculator" })).toEqual([callId("x2")]);
    expect(await ids({ status: "denied" })).toEqual([callId("x3")]);
    expect(await ids({ agent: agentId("t3") })).toEqual([]);
    const [first] = (await page(executionsFor(DB, owner, { status: "success" }))).items;
    expect(first).toMatchObject({
      agent_id: one,
      input_data: { call: callId("x1") },
      replay: null,
      error_message: null,
    });

    await happen(`agent:${one}`, joined("a"), received("a"), posted("a"), joined("b"));
    const conversations = await all((paging) => conversationsOf(DB, one, paging), 1);
    expect(conversations.map(({ room_id, message_count }) => [room_id, message_count])).toEqual([
      [roomId("b"), 0],
      [roomId("a"), 2],
    ]);
  });

  it("a page is read through indexes, whatever else the house holds", async () => {
    const asked: string[] = [];
    const watched = {
      prepare: (sql: string) => {
        asked.push(sql);
        return DB.prepare(sql);
      },
    };
    const owner = "user_plan";
    await agentsOf(watched, owner);
    await agentsOf(watched, owner, { order: "name" });
    await roomsFor(watched, owner);
    await executionsFor(watched, owner);
    await executionsFor(watched, owner, { tool: "calculator" });
    await conversationsOf(watched, owner);
    expect(asked).toHaveLength(6);
    for (const sql of asked) {
      const parameters = new Set(sql.match(/\?\d/g));
      const plan = await DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...Array.from(parameters, () => 1))
        .all<{ detail: string }>();
      const scans = plan.results.filter(({ detail }) => /^SCAN (?!\()/.test(detail));
      expect(scans, sql).toEqual([]);
    }
  });
});
