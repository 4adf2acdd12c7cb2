/** The register of an agent's memories, read out of its log: what each event does to a row, and that the log is all it needs. */
import { describe, expect, it } from "vitest";
import { MemoryRegister } from "#actors/agent/memory/recall/register.ts";
import type { SqlPort } from "#actors/kit/sql.ts";
import { userName } from "#events/kit/ids.ts";
import { ada, dana, eli, lobby, memoryId, START, words } from "../support/given.ts";
import { DAY, Remembering } from "../support/remembering.ts";

const OWN = ["memories", "memory_people", "memories_apart"];
const rowsOf = (sql: SqlPort) =>
  OWN.map((table) => {
    const columns = sql
      .rows(`SELECT name FROM pragma_table_info('${table}') WHERE name <> 'indexed'`)
      .map(([name]) => name);
    return sql.rows(`SELECT ${columns.join()} FROM ${table} ORDER BY 1, 2`);
  });

/** A register over the same log that has read nothing yet. */
function another({ ledger, sql }: Remembering, failing?: (query: string) => boolean) {
  for (const table of OWN) sql.run(`DROP TABLE IF EXISTS ${table}`);
  sql.run("DELETE FROM meta WHERE key = 'memories'");
  const port: SqlPort = {
    ...sql,
    run: (query, ...parameters) => {
      if (failing?.(query)) throw new Error("no");
      return sql.run(query, ...parameters);
    },
  };
  return new MemoryRegister(port, ledger, () => ada);
}

/** One of everything that can happen to memories. */
function eventful() {
  const agent = new Remembering();
  const said = agent.says("My kayak is called Vera.");
  const [fact, twin, faint, gone] = [
    agent.add("Dana takes her tea without sugar.", { saidAt: START - DAY, attribute: "taste", pinned: true }),
    agent.add("Dana takes her tea without any sugar.", { sources: [memoryId("elsewhere")] }),
    agent.add("Faint and far.", { validFrom: START - 2 * DAY }),
    agent.add("Soon forgotten."),
  ];
  agent.now += DAY;
  const at = agent.now;
  agent.tell({ type: "MergeMemories", into: twin, from: [fact] });
  agent.tell({ type: "SupersedeMemory", memoryId: said, by: twin, validTo: START, retractedAt: START });
  agent.tell({ type: "ArchiveMemories", memoryIds: [faint] });
  agent.tell({ type: "ForgetMemories", memoryIds: [gone], seqs: [agent.row(gone)!.seq], why: "asked" });
  agent.prompted("used", [{ memoryId: said, seq: agent.row(said)!.seq }]);
  return { agent, said, fact, twin, faint, gone, at };
}

describe("a row", () => {
  it("has the facts of the event that formed it; without words of its own it stands at those of the message", () => {
    const { agent, said } = eventful();
    const [formed] = agent.of("MemoryFormed");
    expect(agent.row(said)).toMatchObject({
      ...{ memoryId: said, seq: formed!.open.sourceSeqs[0], formedSeq: formed!.seq, version: 1, kind: "episodic" },
      ...{ subject: `user:${dana}`, speaker: `user:${dana}`, about: [dana], roomId: lobby, audience: "public" },
      ...{ basis: "said", origin: "person", importance: 0.5, pinned: false, sensitive: false, state: "live" },
      ...{ saidAt: START, recordedAt: START, keptFrom: START, attribute: null, validFrom: null },
    });
  });

  it("changes with each event: merged, superseded, archived, forgotten, used", () => {
    const { agent, said, fact, twin, faint, gone, at } = eventful();
    expect(agent.row(fact)).toMatchObject({ state: "merged", mergedInto: twin, attribute: "taste", pinned: true });
    expect(agent.row(fact)).toMatchObject({ saidAt: START - DAY });
    expect(agent.row(twin)).toMatchObject({ state: "live", mergedInto: null, sources: [memoryId("elsewhere")] });
    expect(agent.row(said)).toMatchObject({
      supersededAt: START,
      retractedAt: START,
      supersededBy: twin,
      accessCount: 1,
      accessedAt: at,
    });
    expect(agent.row(faint)).toMatchObject({ state: "archived", archivedAt: at, validFrom: START - 2 * DAY });
    expect(agent.row(gone)).toBeUndefined();
  });

  it("comes back: separated as it was, restored with a new time from which it is kept, revised with the next version", () => {
    const { agent, fact, twin, faint } = eventful();
    agent.now += DAY;
    agent.tell({ type: "SeparateMemories", into: twin, from: [fact] });
    agent.tell({ type: "RestoreMemories", memoryIds: [faint] });
    expect(agent.row(twin)?.sources).toEqual([memoryId("elsewhere")]);
    for (const id of [fact, faint])
      expect(agent.row(id)).toMatchObject({
        ...{ state: "live", archivedAt: null, mergedInto: null, keptFrom: agent.now, recordedAt: START },
      });
    const before = agent.row(faint)!;
    agent.tell({
      ...{ type: "ReviseMemory", memoryId: faint, kind: "social", importance: 0.9, about: [dana], basis: "added" },
      ...{ origin: "owner", audience: "about", speaker: null, version: 1, replacesSeq: before.seq },
      words: words({ content: "Near and clear." }),
    });
    const { seq } = agent.of("MemoryRevised")[0]!;
    expect(agent.row(faint)).toMatchObject({
      ...{ seq, formedSeq: before.formedSeq, version: 2, kind: "social", importance: 0.9 },
      ...{ recordedAt: START, keptFrom: agent.now, validFrom: START - 2 * DAY, saidAt: before.saidAt },
    });
    expect(agent.sql.rows("SELECT 1 FROM event_keys WHERE seq = ?", before.seq)).toEqual([]);
  });

  it("keeps its words, their key and its place in the index when only its facts are revised", () => {
    const { agent, said, at } = eventful();
    const before = agent.row(said)!;
    agent.tell({
      ...{ type: "ReviseMemory", memoryId: said, kind: "episodic", importance: 0.9, about: [dana], basis: "said" },
      ...{ origin: "person", audience: "public", speaker: userName(dana), version: 1, replacesSeq: before.seq },
      pinned: true,
    });
    expect(agent.row(said)).toEqual({ ...before, version: 2, importance: 0.9, pinned: true, accessedAt: at });
    expect(agent.sql.rows("SELECT count(*) FROM event_keys WHERE seq = ?", before.seq)).toEqual([[1]]);
    expect(agent.sql.rows("SELECT indexed FROM memories WHERE seq = ?", before.seq)).toEqual([[1]]);
  });

  it("is also about whoever said it, whatever its people are said to be", () => {
    const agent = new Remembering();
    const added = agent.add("The ferry leaves at seven.", { about: [], speaker: userName(dana) });
    agent.tell({ type: "NoteConsent", userId: dana, granted: false });
    expect(agent.row(added)).toBeUndefined();
  });

  it("holds again when what took its place was taken back, and not when that has only faded", () => {
    for (const why of ["asked", "erased", "faded", "expired"] as const) {
      const { agent, said, twin } = eventful();
      agent.tell({ type: "ForgetMemories", memoryIds: [twin], seqs: [agent.row(twin)!.seq], why });
      expect(agent.row(said)?.supersededBy, why).toBe(why === "asked" || why === "erased" ? null : twin);
    }
  });

  it("is withdrawn with the leave of anybody it is about, and forgotten with the same breath or the next commit", () => {
    const agent = new Remembering();
    agent.tell({ type: "NoteConsent", userId: eli, granted: true });
    const [own, both] = [agent.add("Of Dana."), agent.add("Of both.", { about: [dana, eli] })];
    agent.tell({ type: "NoteConsent", userId: eli, granted: false });
    expect([agent.state(own), agent.state(both)]).toEqual(["live", undefined]);
    expect(agent.of("MemoryForgotten").map(({ open }) => [open.memoryIds, open.why])).toEqual([[[both], "withdrawn"]]);
  });
});

describe("the log is all that a register needs", () => {
  it("rebuilt from it, it is what it was", () => {
    const { agent } = eventful();
    const live = rowsOf(agent.sql);
    expect(live[0]).toHaveLength(4);
    another(agent).catchUp();
    expect(rowsOf(agent.sql)).toEqual(live);
  });

  it("a page that breaks off in the middle is read again, whole: wherever it breaks", () => {
    const { agent } = eventful();
    const live = rowsOf(agent.sql);
    let writes = 0;
    another(agent, () => {
      writes += 1;
      return false;
    }).catchUp();
    expect(writes).toBeGreaterThan(15);
    for (let broken = 1; broken <= writes; broken++) {
      let count = 0;
      let isBroken = false;
      const register = another(agent, () => {
        count += 1;
        isBroken ||= count === broken;
        return count === broken;
      });
      expect(() => register.catchUp()).toThrow("no");
      expect(isBroken).toBe(true);
      register.catchUp();
      expect(rowsOf(agent.sql), `broken at ${broken}`).toEqual(live);
    }
  });

  it("what an older program wrote is read anew", () => {
    const { agent } = eventful();
    const live = rowsOf(agent.sql);
    agent.sql.run("UPDATE meta SET value = '1/99' WHERE key = 'memories'");
    agent.sql.run("UPDATE memories SET importance = 0");
    new MemoryRegister(agent.sql, agent.ledger, () => ada).catchUp();
    expect(rowsOf(agent.sql)).toEqual(live);
  });
});
