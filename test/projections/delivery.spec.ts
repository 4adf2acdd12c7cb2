/** [P1] the effect of a delivery happens once; [P2] rows built again equal the rows built live. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Recorded } from "#events/kit/envelope.ts";
import { agentName } from "#events/kit/ids.ts";
import { liveFor } from "#projections/index.ts";
import { type Database, deliver, guard, ProjectionFailure } from "#projections/kit/deliver.ts";
import { fold, type Statement } from "#projections/kit/fold.ts";
import {
  type Change,
  defineProjection,
  defineTable,
  type Projection,
  type StreamKind,
  type StreamName,
} from "#projections/kit/projection.ts";
import {
  agentHistories,
  agentId,
  asked,
  created,
  DB,
  executed,
  joined,
  personality,
  posted,
  received,
  record,
  remembered,
  requested,
  restore,
  roomHistories,
  roomId,
  rowsOf,
} from "./histories.ts";

const between = (events: ReadonlyArray<Recorded>, from: number, to: number) => events.slice(from, to);

/** A feed as actors have them: read behind the bookmark, deliver, move the bookmark to where the cursors say. */
async function pump(
  db: Database,
  stream: StreamName,
  events: ReadonlyArray<Recorded>,
  size: () => number,
  bookmark = 0,
) {
  const projections = liveFor(stream.slice(0, stream.indexOf(":")) as StreamKind);
  let from = bookmark;
  for (let tries = 0; from < events.length; tries++) {
    if (tries > 500) throw new Error("the feed makes no progress");
    const to = Math.min(events.length, from + size());
    try {
      const answer = await deliver(db, projections, stream, { from, to }, between(events, from, to));
      from = answer.outcome === "applied" ? to : Math.min(...Object.values(answer.cursors));
    } catch (failure) {
      if (!(failure instanceof ProjectionFailure)) throw failure;
    }
  }
}

const inOne = () => Number.MAX_SAFE_INTEGER;
const oneByOne = () => 1;
const cycle = (values: ReadonlyArray<number>) => {
  let index = 0;
  return () => values[index++ % values.length]!;
};

const bound = ({ sql, parameters }: Statement) => DB.prepare(sql).bind(...parameters);

const history = (name: string) => {
  const id = agentId(name);
  const stream: StreamName = agentName(id) as `agent:${string}`;
  const moves = [
    joined("a"),
    received("a"),
    asked(["a", "calculator"]),
    requested("a"),
    executed("a"),
    remembered("a"),
  ];
  return { stream, events: record([created(id), ...moves, posted("a"), received("a"), received("a")], agentName(id)) };
};

describe("[P1] exactly once in effect", () => {
  it("a duplicate and a reordered delivery write nothing and tell where the cursors stand", async () => {
    const { stream, events } = history("twice");
    const send = (from: number, to: number) =>
      deliver(DB, liveFor("agent"), stream, { from, to }, between(events, from, to));
    const all = (seq: number) => Object.fromEntries(liveFor("agent").map(({ id }) => [id, seq]));

    expect(await send(4, 8)).toEqual({ outcome: "elsewhere", cursors: all(0) });
    expect(await send(0, 4)).toEqual({ outcome: "applied" });
    expect(await send(4, 8)).toEqual({ outcome: "applied" });
    const once = await rowsOf(liveFor("agent"), stream);
    expect(await send(0, 4)).toEqual({ outcome: "elsewhere", cursors: all(8) });
    expect(await send(4, 8)).toEqual({ outcome: "elsewhere", cursors: all(8) });
    expect(await rowsOf(liveFor("agent"), stream)).toEqual(once);
    expect(once.agent_conversations_v1).toMatchObject([{ message_count: 2 }]);
  });

  it("of concurrent deliveries of the same batch one is applied", async () => {
    const { stream, events } = history("race");
    const range = { from: 0, to: events.length };
    const answers = await Promise.all([1, 2, 3].map(() => deliver(DB, liveFor("agent"), stream, range, events)));
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual(["applied", "elsewhere", "elsewhere"]);
    expect((await rowsOf(liveFor("agent"), stream)).agent_conversations_v1).toMatchObject([{ message_count: 4 }]);
  });

  it("the guard undoes the batch whether it stands before or after the statements of the rows", async () => {
    const { stream, events } = history("guard");
    const projections = liveFor("agent");
    await deliver(DB, projections, stream, { from: 0, to: 5 }, between(events, 0, 5));
    const before = await rowsOf(projections, stream);
    const source = { kind: "agent", id: stream.slice("agent:".length) } as const;
    const stale = guard(projections, stream, { from: 3, to: 8 });
    const rows = projections.flatMap((projection) => fold(projection, source, between(events, 5, 8)));
    expect(rows.length).toBeGreaterThan(0);
    for (const statements of [
      [...stale, ...rows],
      [...rows, ...stale],
    ])
      await expect(DB.batch(statements.map(bound))).rejects.toThrow(
        "NOT NULL constraint failed: projection_cursors.seq",
      );
    expect(await rowsOf(projections, stream)).toEqual(before);
  });

  it("lost requests, lost answers and a second feed of the same stream leave the rows of a quiet run", async () => {
    const { stream, events } = history("storm");
    await pump(DB, stream, events, inOne);
    const quiet = JSON.stringify(await rowsOf(liveFor("agent"), stream));
    await restore(liveFor("agent"), stream);

    const fate = cycle([0, 1, 2, 0, 0, 2, 1, 0, 2]);
    const storm: Database = {
      prepare: (sql) => DB.prepare(sql),
      batch: async <Row>(statements: D1PreparedStatement[]) => {
        const now = fate();
        if (now === 1) throw new Error("connection lost before the request");
        const answer = await DB.batch<Row>(statements);
        if (now === 2) throw new Error("connection lost before the answer");
        return answer;
      },
    };
    await Promise.all([
      pump(storm, stream, events, cycle([2, 1, 3])),
      pump(storm, stream, events, cycle([1, 4])),
      pump(storm, stream, events, cycle([5, 2])),
    ]);
    expect(JSON.stringify(await rowsOf(liveFor("agent"), stream))).toBe(quiet);
  });

  it("a database restored from a backup is told of as such, and what it forgot is replayed", async () => {
    const { stream, events } = history("backup");
    const projections = liveFor("agent");
    await pump(DB, stream, between(events, 0, 4), inOne);
    const backup = await rowsOf(projections, stream);
    await pump(DB, stream, events, inOne, 4);
    const whole = await rowsOf(projections, stream);

    const more = [...events, ...record([posted("a")], "agent:test", events.length + 1)];
    await restore(projections, stream, backup);
    const range = { from: events.length, to: more.length };
    const answer = await deliver(DB, projections, stream, range, more.slice(-1));
    expect(answer).toEqual({ outcome: "elsewhere", cursors: Object.fromEntries(projections.map(({ id }) => [id, 4])) });
    await pump(DB, stream, events, oneByOne, events.length - 1);
    await restore(projections, stream);
    await pump(DB, stream, events, inOne, events.length - 1);
    expect(await rowsOf(projections, stream)).toEqual(whole);
  });

  it("projections that are not level are told apart, and nothing of the batch is written", async () => {
    const { stream, events } = history("uneven");
    const [first, ...others] = liveFor("agent") as [Projection, ...Projection[]];
    await deliver(DB, [first], stream, { from: 0, to: 3 }, between(events, 0, 3));
    const answer = await deliver(DB, [first, ...others], stream, { from: 0, to: 3 }, between(events, 0, 3));
    expect(answer).toEqual({
      outcome: "elsewhere",
      cursors: { [first.id]: 3, ...Object.fromEntries(others.map(({ id }) => [id, 0])) },
    });
    expect((await rowsOf(liveFor("agent"), stream)).agent_conversations_v1).toEqual([]);
  });

  it("events that nobody reads move the cursor; a database that does not answer is a typed failure", async () => {
    const { stream, events } = history("quiet");
    expect(await deliver(DB, liveFor("agent"), stream, { from: 0, to: 9 }, [])).toEqual({ outcome: "applied" });
    const { projection_cursors: cursors, ...rows } = await rowsOf(liveFor("agent"), stream);
    expect(cursors!.map(({ seq }) => seq)).toEqual(liveFor("agent").map(() => 9));
    expect(Object.values(rows).flat()).toEqual([]);

    const away = () => Promise.reject(new Error("no network"));
    const lost = deliver(
      { prepare: (sql) => DB.prepare(sql), batch: away },
      liveFor("agent"),
      stream,
      { from: 9, to: 10 },
      [],
    );
    await expect(lost).rejects.toMatchObject({ _tag: "ProjectionFailure", stream, detail: "Error: no network" });
    const refused = defineProjection({
      name: "refused",
      version: 1,
      reads: "agent",
      tables: liveFor("agent")[1]!.tables,
      project: {
        AgentCreated: () => [{ kind: "insert", table: "agent_memories_v1", row: { id: "no content" } }],
      },
    });
    await expect(deliver(DB, [refused], stream, { from: 0, to: 9 }, events.slice(0, 9))).rejects.toBeInstanceOf(
      ProjectionFailure,
    );
  });

  it("a caller's mistake stops before the database", async () => {
    const { stream, events } = history("mistake");
    const send = (to: StreamName, range: { from: number; to: number }, batch: ReadonlyArray<Recorded>) =>
      deliver(DB, liveFor("agent"), to, range, batch);
    await expect(send("room:rm_1", { from: 0, to: 1 }, [])).rejects.toThrow("agents@1 does not read room:rm_1");
    await expect(send(stream, { from: 0, to: 9 }, events.toReversed())).rejects.toThrow("out of order");
    await expect(send(stream, { from: 1, to: 9 }, events)).rejects.toThrow("out of order");
    await expect(send(stream, { from: 0, to: 3 }, events)).rejects.toThrow("out of order");
  });
});

describe("[P2] rebuild = live", () => {
  const seed = { seed: 20261001, numRuns: 30 };
  /** Seconds on a quiet machine, but D1 on a busy one takes its time. */
  const patience = 60_000;
  const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });

  async function equal(stream: StreamName, events: ReadonlyArray<Recorded>, small: ReadonlyArray<number>) {
    const projections = liveFor(stream.slice(0, stream.indexOf(":")) as StreamKind);
    const built: string[] = [];
    for (const size of [cycle(small), inOne, oneByOne]) {
      await restore(projections, stream);
      await pump(DB, stream, events, size);
      built.push(JSON.stringify(await rowsOf(projections, stream)));
    }
    expect(built[1]).toBe(built[0]);
    expect(built[2]).toBe(built[0]);
  }

  it(
    "for random histories of an agent, byte for byte: small batches, one batch, one by one",
    async () => {
      const id = agentId("random");
      await fc.assert(
        fc.asyncProperty(agentHistories(id), sizes, (events, small) => equal(`agent:${id}`, events, small)),
        seed,
      );
    },
    patience,
  );

  it(
    "for random histories of a room, whose people and agents come and go",
    async () => {
      const id = roomId("random");
      await fc.assert(
        fc.asyncProperty(roomHistories(id), sizes, (events, small) => equal(`room:${id}`, events, small)),
        seed,
      );
    },
    patience,
  );

  it(
    "for any changes at all of a table, in any order: folded together or one by one",
    async () => {
      await DB.exec(
        "CREATE TABLE scratch (stream TEXT, a TEXT, b TEXT, n INTEGER NOT NULL, t TEXT, PRIMARY KEY (stream, a, b)) STRICT",
      );
      const table = defineTable({
        name: "scratch",
        scope: "stream",
        key: ["a", "b"],
        columns: { a: "text", b: "text", n: "integer", t: "text?" },
      });
      const few = fc.integer({ min: 0, max: 3 });
      const key = fc.record({ a: fc.constantFrom("x", "y"), b: fc.constantFrom("x", "'\"\u00fc") });
      const change = fc.oneof(
        { weight: 4, arbitrary: fc.tuple(key, few).map(([at, n]) => table.insert({ ...at, n })) },
        { weight: 3, arbitrary: fc.tuple(key, few).map(([at, n]) => table.update(at, { t: `t${n}` }, { n })) },
        { weight: 2, arbitrary: fc.tuple(key, few).map(([at, n]) => table.update(at, { n, t: null })) },
        { weight: 2, arbitrary: key.map((at) => table.remove(at)) },
        { weight: 1, arbitrary: fc.constant(table.clear()) },
      );
      const events = record(Array.from({ length: 12 }, () => joined("a")));
      const build = async (changes: ReadonlyArray<ReadonlyArray<Change>>, size: number) => {
        const project = ({ seq }: Recorded) => changes[seq - 1] ?? [];
        const projection = {
          id: "scratch@1",
          name: "scratch",
          version: 1,
          reads: "system",
          tables: [table],
          types: [],
          project,
        } as const;
        await restore([projection], "system:root");
        for (let from = 0; from < events.length; from += size) {
          const to = from + size;
          await deliver(DB, [projection], "system:root", { from, to }, between(events, from, to));
        }
        return rowsOf([projection], "system:root");
      };
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 12 }), async (changes) => {
          const oneAtATime = await build(changes, 1);
          for (const size of [3, 12]) expect(await build(changes, size)).toEqual(oneAtATime);
        }),
        seed,
      );
    },
    patience,
  );

  it("a batch whose rows exceed a parameter is split and leaves the same rows", async () => {
    const { stream } = history("large");
    const id = agentId("large");
    const many = Array.from({ length: 40 }, (_, index) => remembered(`large ${index}`));
    const events = record([created(id), ...many]).map((event) => ({
      ...event,
      sealed: new Uint8Array(20_000).fill(65),
    }));
    const source = { kind: "agent", id } as const;
    const statements = liveFor("agent").flatMap((projection) => fold(projection, source, events));
    const sizesOf = statements.flatMap(({ parameters }) => parameters.map((value) => String(value).length));
    expect(Math.max(...sizesOf)).toBeLessThan(340_000);
    expect(statements.filter(({ sql }) => sql.includes("agent_memories_v1")).length).toBeGreaterThan(3);
    await equal(stream, events, [7]);
  });

  it("a thousand events of a conversation need a handful of statements", () => {
    const id = agentId("busy");
    const turns = Array.from({ length: 250 }, (_, index) => [
      received("a"),
      asked([`${index}`, "calculator"]),
      executed(`${index}`),
      posted("a"),
    ]);
    const events = record([created(id), joined("a"), ...turns.flat()]);
    const statements = liveFor("agent").flatMap((projection) => fold(projection, { kind: "agent", id }, events));
    expect(statements.length).toBeLessThanOrEqual(5);
  });

  it("a change finds its row by its key, not by walking through the rows of its stream", async () => {
    const id = agentId("plan");
    const moves = record([received("a"), executed("a"), personality()]);
    const statements = liveFor("agent").flatMap((projection) => fold(projection, { kind: "agent", id }, moves));
    const plans = await Promise.all(
      statements.map(async ({ sql, parameters }) => {
        const plan = DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(...parameters);
        return (await plan.all<{ detail: string }>()).results
          .map(({ detail }) => detail)
          .find((step) => /_v1/.test(step));
      }),
    );
    expect(plans).toEqual([
      expect.stringMatching(/^SEARCH ai_agents_v1 .*\(id=\?\)/),
      expect.stringMatching(/^SEARCH agent_conversations_v1 .*\(agent_id=\? AND room_id=\?\)/),
      expect.stringMatching(/^SEARCH tool_executions_v1 .*\(agent_id=\? AND id=\?\)/),
    ]);
  });
});
