/** What a remote index has of an agent: sent when it was kept, removed when it was forgotten, and counted, over a service that lags and fails. */
import { beforeEach, describe, expect, it } from "@effect/vitest";
import { Clock, Effect } from "effect";
import { RemoteVectors, SYNC_REMOTE_VECTORS } from "#actors/agent/memory/embedding/remote.ts";
import { embeddingTables, nameIndexes } from "#actors/agent/memory/embedding/tables.ts";
import { AgentVectors } from "#actors/agent/memory/embedding/vectors.ts";
import { VectorIndex } from "#actors/agent/turn/memory-ports.ts";
import { withTables } from "#actors/kit/schema.ts";
import type { SqlPort } from "#actors/kit/sql.ts";
import { Timers } from "#actors/kit/timers.ts";
import { type ActorName, type AgentId, childId } from "#events/kit/ids.ts";
import { hashedVector } from "#src/memory/embed/hashed.ts";
import { keepingPauses } from "../contract/vector-index-clock.ts";
import { startVectorize } from "../contract/vector-index-vectorize.ts";
import { START } from "../support/given.ts";
import { TestKeys } from "../support/ledger-fixture.ts";
import { nodeSql } from "../support/sqlite.ts";

const ada: AgentId = childId("agent", "test", "ada");
const dana: ActorName = "user:dana";
const idOf = (seq: number): string => childId("memory", "test", String(seq));

let sql: SqlPort;
let keys: TestKeys;
let service: ReturnType<typeof startVectorize>["remote"];
let now: number;
/** The newest event. */
let head: number;

beforeEach(() => {
  sql = withTables(nodeSql(), "agent:test");
  for (const statement of embeddingTables) sql.run(statement);
  keys = new TestKeys();
  service = startVectorize({ dimensions: 256 }).remote;
  now = START;
  head = 1_000;
});

/** An agent that has just woken up, with this index in its settings. */
function wake(named = service.index) {
  const vectors = new AgentVectors("agent:test", { sql, keys, model: { name: "test/one", dimensions: 256 } });
  const timers = new Timers(sql, { set: () => {} });
  const remote = new RemoteVectors(ada, vectors, { sql, timers, index: named, head: () => head });
  const timer = () => timers.due(Number.MAX_SAFE_INTEGER).find(({ id }) => id === SYNC_REMOTE_VECTORS);
  const remember = (from: number, to: number, subject = dana) => {
    const seqs = Array.from({ length: to - from + 1 }, (_, place) => from + place);
    const vectorOf = (seq: number) => hashedVector(`No. ${seq}`);
    vectors.put(seqs.map((seq) => ({ seq, subject, own: vectorOf(seq), window: vectorOf(seq) })));
    remote.wrote(
      seqs.map((seq) => ({ seq, id: idOf(seq) })),
      now,
    );
  };
  /** Forgets with an event of its own, whose seq it answers. */
  const forget = (...seqs: ReadonlyArray<number>): number => {
    head += 1;
    vectors.remove(seqs);
    remote.left(seqs, now);
    remote.settled(now);
    return head;
  };
  const fire = (index = named) => {
    const still = { currentTimeMillis: Effect.sync(() => now), currentTimeMillisUnsafe: () => now };
    const round = Effect.flatMap(Clock.Clock, (patient) =>
      Effect.provideService(remote.fired(), Clock.Clock, Object.assign(Object.create(patient) as Clock.Clock, still)),
    );
    return Effect.runPromise(keepingPauses(Effect.provideService(round, VectorIndex, index), []));
  };
  /** Lets time pass from timer to timer, and the service catch up with each; answers how many rounds it took. */
  const settle = async (most = 60) => {
    for (let round = 0; round < most; round++) {
      const due = timer()?.due;
      if (due === undefined) return round;
      now = Math.max(now, due);
      await fire();
      service.store.settle();
    }
    return most;
  };
  return { vectors, remote, remember, forget, fire, settle, timer };
}

const there = () => [...service.held(ada)].toSorted();
const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, place) => idOf(from + place)).toSorted();

describe("a remote index", () => {
  it("gets what was kept, in parts, and is then left alone", async () => {
    const { remote, remember, settle } = wake();
    remember(1, 450);
    expect(remote.standing()).toEqual({ due: 450, there: 0, going: 0, removed: 0 });
    await settle();
    expect(there()).toEqual(ids(1, 450));
    expect(remote.standing()).toEqual({ due: 0, there: 450, going: 0, removed: 0 });
    const before = service.heard.length;
    expect([await settle(), service.heard.length - before]).toEqual([0, 0]);
  });

  it("loses what was forgotten, and it is counted", async () => {
    const { remote, remember, forget, settle } = wake();
    remember(1, 10);
    await settle();
    service.store.lags = true;
    forget(3, 4);
    expect(remote.standing()).toMatchObject({ there: 8, going: 2 });
    await settle();
    expect(there()).toEqual([...ids(1, 2), ...ids(5, 10)].toSorted());
    expect(remote.standing()).toEqual({ due: 0, there: 8, going: 0, removed: 0 });
  });

  it("is asked again when it has not lost what it was told to lose", async () => {
    const { remote, remember, forget, fire, settle, timer } = wake();
    remember(1, 5);
    await settle();
    // It says yes, and does nothing for a day.
    service.store.lags = true;
    forget(1);
    for (let round = 0; round < 6; round++) {
      now = timer()!.due;
      await fire();
      expect(remote.standing().going + remote.standing().removed).toBe(1);
    }
    await settle();
    expect(there()).toEqual(ids(2, 5));
    expect(remote.standing()).toEqual({ due: 0, there: 4, going: 0, removed: 0 });
  });

  it("never gets what was forgotten before it was sent, nor keeps what was forgotten while it was", async () => {
    const { remote, remember, forget, fire, settle } = wake();
    remember(1, 3);
    forget(2);
    await fire();
    const { upsert } = service.index;
    const isTaken = (...sent: Parameters<typeof upsert>) =>
      Effect.tap(upsert(...sent), () => Effect.sync(() => forget(3)));
    await fire({ ...service.index, upsert: isTaken });
    expect(remote.standing()).toMatchObject({ there: 1, going: 1 });
    await settle();
    expect(there()).toEqual([idOf(1)]);
    expect(remote.standing()).toEqual({ due: 0, there: 1, going: 0, removed: 0 });
  });

  it("that fails is tried later, longer each time, also by the next process", async () => {
    const { remote, remember, settle, fire, timer } = wake();
    remember(1, 3);
    service.meets(...Array.from({ length: 8 }, () => ({ fault: "broken" as const })));
    const pauses: number[] = [];
    for (let failed = 0; failed < 2; failed++) {
      await fire();
      pauses.push(timer()!.due - now);
    }
    expect(pauses).toEqual([5_000, 10_000]);
    expect(remote.standing()).toMatchObject({ due: 3 });
    const next = wake();
    await next.settle();
    expect(there()).toEqual(ids(1, 3));
    await settle();
  });

  it("whose answer was lost gets the same again", async () => {
    const { remember, fire } = wake();
    remember(1, 3);
    // The request arrives and the process dies before its answer: the rows still say that it is due.
    const before = sql.rows("SELECT name, id, seq, state FROM remote_vectors");
    await fire();
    for (const row of before)
      sql.run("INSERT OR REPLACE INTO remote_vectors (name, id, seq, state) VALUES (?, ?, ?, ?)", ...row);
    const { remote, settle } = wake();
    await settle();
    expect(there()).toEqual(ids(1, 3));
    expect(remote.standing()).toMatchObject({ due: 0, there: 3 });
  });

  it("gets what can be opened, while the rest waits for its key", async () => {
    const { remember } = wake();
    remember(1, 2);
    remember(3, 3, "user:eli");
    keys.withheld.add(dana);
    const { remote, fire, settle, timer } = wake();
    await fire();
    expect(there()).toEqual([idOf(3)]);
    await fire();
    expect(timer()!.due - now).toBe(15_000);
    keys.withheld.clear();
    await settle();
    expect(there()).toEqual(ids(1, 3));
    expect(remote.standing()).toMatchObject({ due: 0, there: 3 });
  });

  it("is emptied of an agent down to the last one, those that nobody wrote down among them", async () => {
    const { remote, remember, settle } = wake();
    remember(1, 300);
    await settle();
    const strays = Array.from({ length: 1_200 }, (_, place) => ({
      ...{ id: idOf(1_000 + place), values: hashedVector(`Stray ${place}`) },
    }));
    await Effect.runPromise(service.index.upsert(ada, strays));
    service.store.lags = true;
    remote.forgotAll(now);
    await settle();
    service.store.settle();
    expect(there()).toEqual([]);
    expect(remote.standing()).toEqual({ due: 0, there: 0, going: 0, removed: 0 });
    expect(sql.rows("SELECT * FROM remote_vectors")).toEqual([]);
  });
});

describe("a remote index, for receipts", () => {
  it("has lost what an event forgot when it was counted without it, and is told of no earlier and no later one for that", async () => {
    const { remote, remember, forget, settle } = wake();
    remember(1, 5);
    await settle();
    const [never, early] = [forget(77), now];
    expect(remote.settledSince(never)).toBe(early);
    service.store.lags = true;
    now += 1_000;
    const first = forget(1);
    const [second, asked] = [forget(2), now];
    for (const seq of [first, second]) expect(remote.settledSince(seq)).toBeNull();
    await settle();
    expect(remote.settledSince(first)).toBeGreaterThan(asked);
    expect(remote.settledSince(second)).toBe(remote.settledSince(first));
    expect(remote.settledSince(never)).toBe(early);
    expect(remote.settledSince(second + 1)).toBeNull();
  });

  it("that was not reached before there was something new in its place has the old until it takes that", async () => {
    const { remote, remember, forget, fire, settle } = wake();
    remember(1, 2);
    await settle();
    service.meets(...Array.from({ length: 4 }, () => ({ fault: "broken" as const })));
    const seq = forget(2);
    await fire();
    remember(2, 2);
    remote.settled(now);
    expect([remote.standing(), remote.settledSince(seq)]).toEqual([{ due: 0, there: 1, going: 1, removed: 0 }, null]);
    await settle();
    expect([remote.standing(), there()]).toEqual([{ due: 0, there: 2, going: 0, removed: 0 }, ids(1, 2)]);
    expect(remote.settledSince(seq)).not.toBeNull();
  });

  it("that takes a vector while that is forgotten and made anew gets the new one as well", async () => {
    const { remote, remember, forget, fire, settle } = wake();
    remember(1, 1);
    const { upsert } = service.index;
    const meanwhile = () => {
      forget(1);
      remember(1, 1);
    };
    const isTaken = (...sent: Parameters<typeof upsert>) => Effect.tap(upsert(...sent), () => Effect.sync(meanwhile));
    await fire({ ...service.index, upsert: isTaken });
    remote.settled(now);
    expect([remote.standing(), remote.settledSince(head)]).toEqual([{ due: 0, there: 0, going: 1, removed: 0 }, null]);
    await settle();
    expect([remote.standing().there, remote.settledSince(head)]).toEqual([1, expect.any(Number)]);
  });

  it("of an agent has lost all when it counts none", async () => {
    const { remote, remember, settle } = wake();
    remember(1, 3);
    await settle();
    remote.forgotAll(now);
    remote.settled(now);
    expect(remote.settledSince(head)).toBeNull();
    const asked = now;
    await settle();
    expect(remote.settledSince(head)).toBeGreaterThan(asked);
  });
});

describe("an index that is no longer in the settings", () => {
  const another = () => ({ ...startVectorize({ dimensions: 256 }).remote.index, name: "another" });
  const none = () => ({ ...service.index, name: "local", remote: false });

  it.each([
    ["for another one", another],
    ["for none", none],
  ])("and is left %s, is named once something goes that it may hold, and holds up nothing", async (_how, index) => {
    const before = wake();
    before.remember(1, 3);
    await before.settle();
    const { remote, forget, settle } = wake(index());
    expect(remote.indexesLeft()).toEqual([]);
    const seq = forget(2);
    expect(remote.indexesLeft()).toEqual([service.index.name]);
    expect(remote.standing()).toMatchObject({ there: 0, going: 0, removed: 0 });
    expect(remote.settledSince(seq)).toBe(now);
    await settle();
    expect([there(), remote.indexesLeft()]).toEqual([ids(1, 3), [service.index.name]]);
  });

  it("keeps its own rows while another one gets the same vectors, and both lose what is forgotten", async () => {
    const before = wake();
    before.remember(1, 2);
    await before.settle();
    const other = another();
    const { remote, remember, forget, settle } = wake(other);
    remember(1, 2);
    await settle();
    expect(remote.standing()).toEqual({ due: 0, there: 2, going: 0, removed: 0 });
    forget(1);
    await settle();
    expect(await Effect.runPromise(other.count(ada))).toBe(1);
    expect([remote.standing(), remote.indexesLeft()]).toEqual([
      { due: 0, there: 1, going: 0, removed: 0 },
      [service.index.name],
    ]);
    const back = wake();
    back.remote.goOn(now);
    expect(back.remote.standing()).toEqual({ due: 0, there: 1, going: 1, removed: 0 });
    await back.settle();
    expect([there(), back.remote.indexesLeft()]).toEqual([[idOf(2)], []]);
  });

  it("is named for an agent that is deleted, down to what nobody wrote down", async () => {
    const before = wake();
    before.remember(1, 2);
    await before.settle();
    await Effect.runPromise(service.index.upsert(ada, [{ id: idOf(900), values: hashedVector("Stray") }]));
    const { remote, settle } = wake(another());
    remote.forgotAll(now);
    await settle();
    expect(remote.indexesLeft()).toEqual([service.index.name]);
    const back = wake();
    back.remote.goOn(now);
    await back.settle();
    expect([there(), back.remote.indexesLeft()]).toEqual([[], []]);
  });
});

describe("rows of before the names of indexes", () => {
  const older = [
    "DROP TABLE remote_settled",
    "DROP TABLE remote_vectors",
    "CREATE TABLE remote_vectors (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX remote_vectors_by_seq ON remote_vectors (seq)",
    `INSERT INTO remote_vectors VALUES ('${idOf(1)}', 1, 'there'), ('${idOf(2)}', 2, 'going')`,
  ];
  beforeEach(() => {
    for (const statement of older) sql.run(statement);
    nameIndexes(sql);
    nameIndexes(sql);
  });

  it("belong to the index of the settings, where there is one", () => {
    const { remote } = wake();
    remote.goOn(now);
    expect(remote.standing()).toEqual({ due: 0, there: 1, going: 1, removed: 0 });
    expect(remote.indexesLeft()).toEqual([]);
  });

  it("are those of an index that nobody can name, where there is none", () => {
    const { remote } = wake({ ...service.index, name: "local", remote: false });
    expect([remote.standing().going, remote.indexesLeft()]).toEqual([0, ["unknown"]]);
  });
});
