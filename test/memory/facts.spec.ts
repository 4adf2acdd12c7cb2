/** What is known of what memories state: which value holds now, which was believed then, and what is left of it when memories or keys go. */
import { beforeEach, describe, expect, it } from "vitest";
import { FactStore, type Stating } from "#actors/agent/memory/recall/facts.ts";
import type { SqlPort } from "#actors/kit/sql.ts";
import type { ActorName } from "#events/kit/ids.ts";
import { START } from "../support/given.ts";
import { DAY, TestIndexKeys } from "../support/memories.ts";
import { nodeSql } from "../support/sqlite.ts";

const dana: ActorName = "user:dana";
const JANUARY = START;
const MARCH = START + 60 * DAY;
const MAY = START + 120 * DAY;
const NOW = START + 200 * DAY;

let sql = nodeSql();
let keys = new TestIndexKeys();
let facts = new FactStore(sql, keys);
beforeEach(() => {
  sql = nodeSql();
  keys = new TestIndexKeys();
  facts = new FactStore(sql, keys);
});

const states = (seq: number, text: string, saidAt: number, over: Partial<Stating> = {}) =>
  facts.add({ seq, subject: dana, text, saidAt, speaker: { id: "dana", name: "Dana" }, ...over });

/** The memories that state where Dana lives, those that are believed at a moment first. */
const livesAt = (at: number, attribute = "home", subjects = [dana]) => {
  const stated = facts.stating({ attribute, whose: [{ subject: "dana" }], at }, subjects);
  const of = (superseded: boolean) => stated.flatMap((each) => (each.superseded === superseded ? [each.seq] : []));
  return { believed: of(false), past: of(true) };
};

describe("a new value", () => {
  beforeEach(() => {
    states(1, "I live in Bern.", JANUARY);
    states(2, "I live in Rome.", MARCH);
  });

  it("takes the place of the old one; as of the past the old one is believed", () => {
    expect(livesAt(NOW)).toEqual({ believed: [2], past: [1] });
    expect(livesAt(MARCH - DAY).believed).toEqual([1]);
    expect(livesAt(JANUARY - DAY).believed).toEqual([]);
    expect([...facts.holding([1, 2])]).toEqual([2]);
    expect(facts.superseded([1, 2])).toEqual(
      new Map([[1, { seq: 1, supersededAt: MARCH, retractedAt: MARCH, supersededBy: 2 }]]),
    );
    expect(facts.over(0, 10)).toEqual([1]);
    expect(facts.over(1, 10)).toEqual([]);
  });

  it("that is taken back brings the old one back", () => {
    facts.remove([2]);
    expect(livesAt(NOW)).toEqual({ believed: [1], past: [] });
    expect([...facts.holding([1, 2])]).toEqual([1]);
  });

  it("that is only no longer known does not", () => {
    facts.expire([2]);
    expect(livesAt(NOW)).toEqual({ believed: [], past: [1] });
  });

  it("in the middle of three, taken back, leaves the last one alone in force: the first ends with it", () => {
    states(3, "I live in Oslo.", MAY);
    facts.remove([2]);
    expect(livesAt(NOW)).toEqual({ believed: [3], past: [1] });
    expect(facts.superseded([1]).get(1)).toEqual({ seq: 1, supersededAt: MAY, retractedAt: MAY, supersededBy: 3 });
    facts.remove([3]);
    expect(livesAt(NOW)).toEqual({ believed: [1], past: [] });
  });

  it("and the one after it, taken back together, leave the first in force", () => {
    states(3, "I live in Oslo.", MAY);
    facts.remove([2, 3]);
    expect(livesAt(NOW)).toEqual({ believed: [1], past: [] });
  });

  it("is read anew where it was read before, and stands there once", () => {
    for (let time = 0; time < 3; time++) states(2, "I live in Rome.", MARCH);
    expect(sql.rows("SELECT seq FROM memory_facts ORDER BY seq")).toEqual([[1], [2]]);
    expect(livesAt(NOW)).toEqual({ believed: [2], past: [1] });
  });

  it("that comes in late, for a time before, is over at once", () => {
    facts.clear();
    states(5, "I live in Rome.", MARCH);
    states(4, "I live in Bern.", JANUARY);
    expect(livesAt(NOW)).toEqual({ believed: [5], past: [4] });
  });

  it("that was known first is why the older one is known to be over", () => {
    facts.clear();
    states(5, "I moved to Rome on 1 February 2027.", MAY);
    states(4, "I live in Bern.", JANUARY);
    expect(livesAt(MARCH + 30 * DAY)).toEqual({ believed: [4], past: [5] });
    expect(livesAt(NOW)).toEqual({ believed: [5], past: [4] });
  });

  it("is over since when the log says so, whatever else is known", () => {
    states(3, "I work at Acme.", MARCH, { over: { validTo: MAY, retractedAt: MAY } });
    expect([...facts.holding([3])]).toEqual([]);
    expect(livesAt(NOW, "employer")).toEqual({ believed: [], past: [3] });
  });
});

describe("said twice", () => {
  it("a fact holds as long as one of them is known", () => {
    states(1, "I live in Bern.", JANUARY);
    states(2, "As I said, I live in Bern.", MARCH);
    facts.remove([1]);
    expect(livesAt(NOW).believed).toEqual([2]);
    facts.remove([2]);
    expect(livesAt(NOW)).toEqual({ believed: [], past: [] });
  });
});

describe("a fact more", () => {
  const cities = ["Bern", "Rome", "Oslo", "Bern", "Paris"];
  const tell = (times: number) => {
    for (let seq = 1; seq <= times; seq++)
      states(seq, `I live in ${cities[seq % 5]}. I like tea.`, JANUARY + seq * DAY);
  };

  it("is put beside those that are open: nothing is opened again for it", () => {
    let opened = 0;
    const counting: SqlPort = {
      ...sql,
      rows: (query, ...parameters) => {
        const rows = sql.rows(query, ...parameters);
        if (query.includes("sealed, ") && query.startsWith("SELECT")) opened += rows.length;
        return rows;
      },
    };
    facts = new FactStore(counting, keys);
    tell(60);
    expect(opened).toBe(0);
    expect(sql.rows("SELECT count(*) FROM memory_facts")).toEqual([[120]]);
  });

  it("leaves open what would be read from the tables", () => {
    tell(23);
    states(7, "I live in Lima.", MARCH);
    states(30, "I no longer live in Lima.", MAY, { over: { validTo: NOW, retractedAt: NOW } });
    const woken = new FactStore(sql, keys);
    for (const attribute of ["home", "likes"])
      for (const at of [JANUARY + 3 * DAY, MARCH, MAY, NOW]) {
        const asked = { attribute, whose: [{ subject: "dana" }], at };
        expect(facts.stating(asked, [dana])).toEqual(woken.stating(asked, [dana]));
      }
  });
});

describe("facts of a room", () => {
  it("are kept under the key of whoever said them, apart from everybody else's", () => {
    const eli: ActorName = "user:eli";
    states(1, "I live in Bern.", JANUARY);
    facts.add({ seq: 2, subject: eli, text: "I live in Rome.", saidAt: MARCH, speaker: { id: "eli", name: "Eli" } });
    expect(livesAt(NOW)).toEqual({ believed: [1], past: [] });
    facts.add({ seq: 3, subject: eli, text: "Dana lives in Oslo.", saidAt: MAY, speaker: { id: "eli", name: "Eli" } });
    const ofDana = facts.stating({ attribute: "home", whose: [{ subject: "dana" }], at: NOW }, [dana, eli]);
    expect(ofDana.map(({ seq }) => seq)).toEqual([1, 3]);
    expect([...facts.holding([1, 2, 3])]).toEqual([1, 2, 3]);
    expect(livesAt(NOW, "home", [dana]).believed).toEqual([1]);
  });
});

describe("keys", () => {
  it("no word of a fact stands in clear, nor one that was forgotten", () => {
    states(1, "I live in Bern.", JANUARY);
    states(2, "My employer is Acme.", MARCH);
    const bytes = () =>
      sql
        .rows("SELECT * FROM memory_facts")
        .flat()
        .map((value) => (value instanceof Uint8Array ? new TextDecoder("latin1").decode(value) : String(value)))
        .join("\n")
        .toLowerCase();
    expect(bytes()).toContain(dana);
    for (const word of ["bern", "acme", "home", "employer", "live"]) expect(bytes()).not.toContain(word);
  });

  it("that are not at hand, or are no more, let nothing be read and nothing be added", () => {
    states(1, "I live in Bern.", JANUARY);
    for (const gone of [keys.taken, keys.destroyed]) {
      gone.add(dana);
      expect(livesAt(NOW)).toEqual({ believed: [], past: [] });
      states(2, "I live in Rome.", MARCH);
      expect(sql.rows("SELECT seq FROM memory_facts")).toEqual([[1]]);
      gone.clear();
    }
    expect(livesAt(NOW).believed).toEqual([1]);
  });

  it("that turn: cleared and read anew under the new one, all is as it was; of a person who is erased nothing is left", () => {
    const read = () => {
      states(1, "I live in Bern.", JANUARY);
      states(2, "I live in Rome.", MARCH);
    };
    read();
    keys.generation = 2;
    facts.clear(dana);
    read();
    expect(livesAt(NOW)).toEqual({ believed: [2], past: [1] });
    expect(new FactStore(sql, keys).holding([1, 2])).toEqual(new Set([2]));
    facts.clear(dana);
    expect(sql.rows("SELECT * FROM memory_facts")).toEqual([]);
  });
});
