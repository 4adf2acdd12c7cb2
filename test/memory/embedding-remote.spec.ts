/** What a remote index has of an agent: sent when it was kept, removed when it was forgotten, and counted, over a service that lags and fails. */
import { beforeEach, describe, expect, it } from "@effect/vitest";
import { Clock, Effect } from "effect";
import { RemoteVectors, SYNC_REMOTE_VECTORS } from "#actors/agent/memory/embedding/remote.ts";
import { embeddingTables } from "#actors/agent/memory/embedding/tables.ts";
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

beforeEach(() => {
  sql = withTables(nodeSql(), "agent:test");
  for (const statement of embeddingTables) sql.run(statement);
  keys = new TestKeys();
  service = startVectorize({ dimensions: 256 }).remote;
  now = START;
});

/** An agent that has just woken up. */
function wake() {
  const vectors = new AgentVectors("agent:test", { sql, keys, model: { name: "test/one", dimensions: 256 } });
  const timers = new Timers(sql, { set: () => {} });
  const remote = new RemoteVectors(ada, vectors, { sql, timers });
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
  const forget = (...seqs: ReadonlyArray<number>) => {
    vectors.remove(seqs);
    remote.left(seqs, now);
  };
  const fire = (index = service.index) => {
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
    const before = sql.rows("SELECT id, seq, state FROM remote_vectors");
    await fire();
    for (const [id, seq, state] of before)
      sql.run("INSERT OR REPLACE INTO remote_vectors (id, seq, state) VALUES (?, ?, ?)", id!, seq!, state!);
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
    expect(timer()!.due - now).toBe(60_000);
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
