/** The daily sweep in the object behind it: it wakes by the alarm, outlives the object's death, shows in the tables, and its mergings can be undone. */
import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SWEEP_MEMORIES } from "#actors/agent/memory/sweep.ts";
import { Ledger } from "#actors/kit/ledger.ts";
import { settingsOf } from "#src/env.ts";
import {
  agrees,
  bindings,
  eventsOf,
  eventually,
  expectProblem,
  type MemoryBody,
  newAgent,
  newMemory,
  person,
} from "../support/door.ts";

afterEach(() => vi.restoreAllMocks());

async function scene() {
  const olga = await person("olga");
  const ada = await newAgent(olga);
  await agrees(olga, ada);
  const add = (content: string, over: object = {}) => newMemory(olga, ada, { content, about: [olga.id], ...over });
  const stub = () => bindings.AGENT.getByName(ada.id);
  const reports = async () =>
    (await eventsOf(olga, "agents", ada.id)).filter(({ type }) => type === "MemoriesSwept").map(({ open }) => open);
  const dueOf = () =>
    runInDurableObject(stub(), (_agent, { storage }) =>
      Number(storage.sql.exec<{ due: number }>("SELECT due FROM timers WHERE id = ?", SWEEP_MEMORIES).one().due),
    );
  /** Its time comes: the timer is put back, and the alarm rings until the sweep is reported. */
  const swept = async () => {
    const before = (await reports()).length;
    return eventually("the end of the sweep", async () => {
      await runInDurableObject(stub(), (_agent, { storage }) => {
        storage.sql.exec("UPDATE timers SET due = 0 WHERE id = ?", SWEEP_MEMORIES);
        return storage.setAlarm(Date.now());
      });
      await runDurableObjectAlarm(stub());
      const all = await reports();
      return all.length > before ? all.at(-1)! : undefined;
    });
  };
  const shown = async () =>
    (
      await bindings.DB.prepare("SELECT id FROM agent_memories WHERE agent_id = ? ORDER BY id")
        .bind(ada.id)
        .all<{ id: string }>()
    ).results.map(({ id }) => id);
  return { olga, ada, add, stub, reports, dueOf, swept, shown };
}

describe("the daily sweep", () => {
  it("is set with the first memory for a time within a day, outlives sleep, and is set for the next day when it is done", async () => {
    const { add, stub, dueOf, swept } = await scene();
    const before = Date.now();
    await add("The ferry leaves at seven.");
    const due = await dueOf();
    expect(due).toBeGreaterThan(before);
    expect(due).toBeLessThanOrEqual(Date.now() + 86_400_000);
    await evictDurableObject(stub());
    expect(await dueOf()).toBe(due);
    expect(await swept()).toMatchObject({ merged: 0, superseded: 0, archived: 0, forgotten: 0 });
    const next = await dueOf();
    expect(next).toBeGreaterThan(Date.now());
    expect((next - due) % 86_400_000).toBe(0);
  });

  it("merges what was said twice, tells the tables, and the owner takes it apart again; for others there is no such memory", async () => {
    const { olga, ada, add, swept, shown } = await scene();
    const short = await add("The ferry to the island leaves at seven.");
    const long = await add("As I said, the ferry to the island leaves at seven!");
    expect(await swept()).toMatchObject({ merged: 1 });
    await eventually("the read model", async () => ((await shown()).length === 1 ? true : undefined));
    expect(await shown()).toEqual([long.id]);
    const merged = await olga.get<MemoryBody>(`/memories/${short.id}`);
    expect(merged.body).toMatchObject({ id: short.id, state: "merged" });
    const kept = (await olga.get<MemoryBody & { source: { memory_ids: unknown } }>(`/memories/${long.id}`)).body;
    expect(kept.source.memory_ids).toEqual([short.id]);
    const sven = await person("sven");
    expectProblem(await sven.post(`/memories/${long.id}/separate`), "not-found");
    for (const _time of [1, 2]) {
      const apart = await olga.post<MemoryBody>(`/memories/${long.id}/separate`);
      expect(apart).toMatchObject({ status: 200, body: { id: long.id, state: "live" } });
    }
    expect(await shown()).toEqual([short.id, long.id].toSorted());
    const separated = (await eventsOf(olga, "agents", ada.id)).filter(({ type }) => type === "MemoriesSeparated");
    expect(separated.map(({ open }) => open)).toEqual([{ into: long.id, from: [short.id] }]);
    expect(await swept()).toMatchObject({ merged: 0 });
    expect(await shown()).toEqual([short.id, long.id].toSorted());
  });

  it("takes apart one of several by its own id", async () => {
    const { olga, add, swept } = await scene();
    const [one, other] = [
      await add("The ferry to the island leaves at seven."),
      await add("Well, the ferry to the island leaves at seven."),
    ];
    const long = await add("By the way, the ferry to the island leaves at seven!");
    expect(await swept()).toMatchObject({ merged: 2 });
    const apart = await olga.post<MemoryBody>(`/memories/${one.id}/separate`);
    expect(apart).toMatchObject({ status: 200, body: { id: one.id, state: "live" } });
    const kept = (await olga.get<MemoryBody & { source: { memory_ids: unknown } }>(`/memories/${long.id}`)).body;
    expect(kept.source.memory_ids).toEqual([other.id]);
  });

  it("that dies at any of its commits goes on after the object woke, and is reported once", async () => {
    const sayings = ["", "As I said, ", "By the way, "].map(
      (lead) => `${lead}the ferry to the island leaves at seven.`,
    );
    for (let rung = 1; rung <= 3; rung++) {
      const { ada, add, swept, reports } = await scene();
      for (const text of sayings) await add(text);
      await add("I live in Bern.");
      await add("I live in Rome.");
      const { commit } = Ledger.prototype;
      let count = 0;
      vi.spyOn(Ledger.prototype, "commit").mockImplementation(function (
        this: Ledger<never, never, never, never>,
        command,
      ) {
        const { type } = command as { readonly type: string };
        const isSweeping = ["SupersedeMemory", "MergeMemories", "EndSweep"].includes(type);
        if (this.stream !== `agent:${ada.id}` || !isSweeping) return commit.call(this, command) as never;
        count += 1;
        if (count >= rung) throw new Error("the object dies here");
        return commit.call(this, command) as never;
      });
      const dying = swept().catch(() => undefined);
      await eventually(`death at commit ${rung}`, async () => (count >= rung ? true : undefined));
      await abortAllDurableObjects();
      vi.restoreAllMocks();
      await dying;
      if ((await reports()).length === 0) await swept();
      expect(await reports(), `rung ${rung}`).toMatchObject([{ merged: 2, superseded: 1, archived: 0, forgotten: 0 }]);
    }
  }, 60_000);
});

describe("how long what was said is kept", () => {
  it("is the house's setting, where the owner says nothing: people are told so", async () => {
    const olga = await person("olga");
    const ada = await newAgent(olga);
    await agrees(olga, ada);
    const consents = await olga.get<{ data: ReadonlyArray<{ agent_id: string; days: number }> }>("/me/consents");
    const { retentionDays } = settingsOf(bindings as object);
    expect(retentionDays).not.toBe(90);
    expect(consents.body.data.find(({ agent_id }) => agent_id === ada.id)?.days).toBe(retentionDays);
    expect(settingsOf({ ...bindings, RETENTION_DAYS: "30" }).retentionDays).toBe(30);
    expect(settingsOf({ ...bindings, RETENTION_DAYS: " " }).retentionDays).toBe(90);
  });
});
