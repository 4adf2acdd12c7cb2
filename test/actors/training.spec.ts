/** A training in the object behind it: it outlives the object's death at any moment, and what waits to be learned is sealed and then gone. */
import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { INDEX_MEMORIES } from "#actors/agent/memory/memory.ts";
import { Trainings } from "#actors/agent/memory/training.ts";
import { Ledger } from "#actors/kit/ledger.ts";
import { bindings, eventsOf, eventually, newAgent, person } from "../support/door.ts";

afterEach(() => vi.restoreAllMocks());

const ROWS = 450;
const WORD = "quokka";

async function training() {
  const olga = await person("olga");
  const ada = await newAgent(olga);
  const items = Array.from({ length: ROWS }, (_, index) => ({ content: index % 10 === 9 ? " " : `${WORD} ${index}` }));
  const stub = bindings.AGENT.getByName(ada.id);
  const begin = async () => {
    const begun = await olga.post<{ id: string }>(`/agents/${ada.id}/train`, { items });
    expect(begun.status, begun.text).toBe(202);
    return begun.body.id;
  };
  const status = async (id: string) => (await olga.get<{ status: string; done: number }>(`/operations/${id}`)).body;
  return { olga, ada, stub, begin, status };
}
type Stub = Awaited<ReturnType<typeof training>>["stub"];

/** What stands in a table of the object, every value as text. */
const rowsOf = (stub: Stub, query: string): Promise<ReadonlyArray<string>> =>
  runInDurableObject(stub, (_agent, { storage }) =>
    storage.sql
      .exec(query)
      .toArray()
      .flatMap((row) => Object.values(row))
      .map((value) => (value instanceof ArrayBuffer ? new TextDecoder("latin1").decode(value) : String(value))),
  );

describe("a training", () => {
  it("that dies before or after any of its commits goes on where it stood: no row is lost, none is learned twice", async () => {
    const counted = await training();
    let commits = 0;
    const { commit } = Ledger.prototype;
    const spied = vi.spyOn(Ledger.prototype, "commit");
    spied.mockImplementation(function (this: Ledger<never, never, never, never>, command) {
      if (this.stream === `agent:${counted.ada.id}`) commits += 1;
      return commit.call(this, command) as never;
    });
    const undisturbed = await counted.begin();
    await eventually("the end", async () => ((await counted.status(undisturbed)).status === "done" ? true : undefined));
    vi.restoreAllMocks();
    expect(commits).toBeGreaterThanOrEqual(5);
    for (const when of ["before", "after"] as const)
      for (let rung = 2; rung <= commits; rung++) {
        const { olga, ada, stub, begin, status } = await training();
        const id = await begin();
        // It has begun, so that dying counts from here: the start is the first commit of the ladder.
        let count = 1;
        let dead = false;
        vi.spyOn(Ledger.prototype, "commit").mockImplementation(function (
          this: Ledger<never, never, never, never>,
          command,
        ) {
          if (this.stream !== `agent:${ada.id}`) return commit.call(this, command) as never;
          count += 1;
          if (dead || (count >= rung && when === "before")) {
            dead = true;
            throw new Error("the object dies here");
          }
          const reply = commit.call(this, command);
          if (count >= rung) dead = true;
          if (dead) throw new Error("the object dies here");
          return reply as never;
        });
        await eventually(`death at commit ${rung}`, async () => {
          if (!dead) await runDurableObjectAlarm(stub).catch(() => {});
          return dead ? true : undefined;
        });
        await abortAllDurableObjects();
        vi.restoreAllMocks();
        await eventually(`the end after death ${when} commit ${rung}`, async () => {
          await runDurableObjectAlarm(bindings.AGENT.getByName(ada.id));
          return (await status(id)).status === "done" ? true : undefined;
        });
        const events = await eventsOf(olga, "agents", ada.id);
        const of = (type: string) => events.filter((event) => event.type === type);
        expect(new Set(of("MemoryFormed").map(({ open }) => open["memoryId"])).size).toBe(ROWS * 0.9);
        expect(of("MemoryFormed")).toHaveLength(ROWS * 0.9);
        expect(of("TrainingItemRefused").map(({ open }) => open["item"])).toEqual(
          Array.from({ length: ROWS / 10 }, (_, index) => (index + 1) * 10),
        );
        expect(of("TrainingEnded")).toHaveLength(1);
      }
  }, 120_000);

  it("keeps what waits sealed, and nothing of it when it is over", async () => {
    const { stub, begin, status } = await training();
    const { prototype } = Ledger;
    const { commit } = prototype;
    let held = true;
    vi.spyOn(prototype, "commit").mockImplementation(function (this: Ledger<never, never, never, never>, command) {
      const { type } = command as { readonly type: string };
      if (held && type === "TeachItems") throw new Error("not yet");
      return commit.call(this, command) as never;
    });
    const id = await begin();
    const waiting = await rowsOf(stub, "SELECT * FROM training_chunks");
    expect(waiting.length).toBeGreaterThan(4);
    expect(waiting.join("\n")).not.toContain(WORD);
    held = false;
    vi.restoreAllMocks();
    await eventually("the end", async () => {
      await runDurableObjectAlarm(stub);
      return (await status(id)).status === "done" ? true : undefined;
    });
    expect(await rowsOf(stub, "SELECT * FROM training_chunks")).toEqual([]);
    const timers = await rowsOf(stub, "SELECT id FROM timers WHERE kind NOT IN ('sweep-memories', 'index-memories')");
    expect(timers).toEqual([]);
  });

  it("has ended when what it taught can be found", async () => {
    const { olga, ada, begin, status } = await training();
    const id = await begin();
    await eventually("the end", async () => ((await status(id)).status === "done" ? true : undefined));
    const asked = { query: `${WORD} ${ROWS - 2}`, limit: 1 };
    const found = await olga.post<{ degraded: boolean; results: ReadonlyArray<{ memory: { content: string } }> }>(
      `/agents/${ada.id}/memories/search`,
      asked,
    );
    expect(found.body).toMatchObject({ degraded: false, results: [{ memory: { content: asked.query } }] });
  });

  it("goes on after the object was put to sleep, without anybody asking", async () => {
    const { stub, begin, status } = await training();
    const id = await begin();
    await evictDurableObject(stub);
    await eventually("the end", async () => ((await status(id)).status === "done" ? true : undefined));
  });

  it.each<readonly [string, (held: Promise<void>) => Promise<void>]>([
    ["fails", () => Promise.reject(new Error("the Vault is away"))],
    ["hangs", (held) => held],
  ])("whose step %s keeps no other timer from its time", async (_how, step) => {
    const { stub, begin, status } = await training();
    const released = Promise.withResolvers<void>();
    vi.spyOn(Trainings.prototype, "goOn").mockImplementation(() => step(released.promise));
    const id = await begin();
    await runInDurableObject(stub, (_agent, { storage }) => {
      const later = "INSERT OR REPLACE INTO timers (id, due, kind, body) VALUES (?, 2, ?, 'null')";
      storage.sql.exec("UPDATE timers SET due = 1 WHERE id = ?", id);
      storage.sql.exec(later, INDEX_MEMORIES, INDEX_MEMORIES);
      return storage.setAlarm(Date.now());
    });
    // Nothing is to be indexed, so that it goes as soon as it has rung.
    await eventually("the other timer's time", async () => {
      const timers = await rowsOf(stub, "SELECT id FROM timers");
      return timers.includes(INDEX_MEMORIES) ? undefined : timers.includes(id) || undefined;
    });
    released.resolve();
    vi.restoreAllMocks();
    await eventually("the end", async () => ((await status(id)).status === "done" ? true : undefined));
  });

  it("ends with its agent, and leaves nothing of what waited", async () => {
    const { olga, ada, stub, begin } = await training();
    const id = await begin();
    await olga.delete(`/agents/${ada.id}`);
    expect((await olga.get(`/operations/${id}`)).status).toBe(404);
    expect(await rowsOf(stub, "SELECT * FROM training_chunks")).toEqual([]);
    const { length } = await eventsOf(olga, "agents", ada.id);
    await runDurableObjectAlarm(stub);
    expect(await eventsOf(olga, "agents", ada.id)).toHaveLength(length);
  });
});
