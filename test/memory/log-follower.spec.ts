/** A follower of a log: what it reads again after a wake, and that its tables are made once. */
import { describe, expect, it } from "vitest";
import { LogFollower } from "#actors/agent/memory/recall/log-follower.ts";
import type { SqlPort } from "#actors/kit/sql.ts";
import type { Recorded } from "#events/kit/envelope.ts";
import { nodeSql } from "../support/sqlite.ts";

const META = "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT";
const TABLE = "CREATE TABLE kept (seq INTEGER PRIMARY KEY) STRICT";

/** A log of so many events that tells where it was read from; the ones in `concerning` leave a row behind. */
class Log {
  readonly readFrom: number[] = [];
  head: number;
  readonly #concerning: ReadonlySet<number>;
  constructor(head: number, ...concerning: ReadonlyArray<number>) {
    this.head = head;
    this.#concerning = new Set(concerning);
  }
  read(after: number, limit: number): ReadonlyArray<Recorded> {
    this.readFrom.push(after);
    return Array.from({ length: this.head }, (_, index) => ({ seq: index + 1 }) as Recorded)
      .filter(({ seq }) => seq > after)
      .slice(0, limit);
  }
  readonly concerns = ({ seq }: Recorded): boolean => this.#concerning.has(seq);
}

/** An object that wakes over these tables: a new follower, and what it ran. */
function wake(sql: SqlPort, log: Log) {
  const ran: string[] = [];
  let begun = 0;
  const counting: SqlPort = {
    ...sql,
    run: (query, ...parameters) => ran.push(query) > 0 && sql.run(query, ...parameters),
  };
  const follower = new LogFollower(counting, log, {
    ...{ name: "kept", version: 1, tables: [TABLE], types: [], concerns: log.concerns },
    begun: () => {
      begun += 1;
    },
  });
  const look = () =>
    follower.catchUp((page) => {
      for (const { seq } of page) counting.run("INSERT INTO kept VALUES (?)", seq);
    });
  return { look, ran, begun: () => begun, kept: () => sql.rows("SELECT seq FROM kept ORDER BY seq").flat() };
}

function fresh(): SqlPort {
  const sql = nodeSql();
  sql.run(META);
  return sql;
}

describe("where nothing in the log concerns it", () => {
  it("its tables are made once, not with every wake", () => {
    const [sql, log] = [fresh(), new Log(5)];
    const first = wake(sql, log);
    first.look();
    expect(first.begun()).toBe(1);
    const second = wake(sql, log);
    second.look();
    expect([second.begun(), second.ran]).toEqual([0, []]);
  });

  it("nothing is written with each commit, and a wake reads no more than some hundred events again", () => {
    const [sql, log] = [fresh(), new Log(5)];
    const first = wake(sql, log);
    first.look();
    const made = first.ran.length;
    for (; log.head < 1_200; log.head += 5) first.look();
    expect(first.ran.length - made).toBe(2);
    log.readFrom.length = 0;
    wake(sql, log).look();
    expect(log.readFrom).toEqual([1_000]);
  });
});

it("what concerned it is there once, however often it woke", () => {
  const [sql, log] = [fresh(), new Log(5, 2, 4, 7, 2_002)];
  wake(sql, log).look();
  wake(sql, log).look();
  log.head = 2_500;
  const later = wake(sql, log);
  later.look();
  expect([later.kept(), later.begun()]).toEqual([[2, 4, 7, 2_002], 0]);
});
