/** What a ledger promises on any SqlPort: one suite, run on node:sqlite in ledger.spec.ts and inside a Durable Object elsewhere. */
import { describe, expect, it } from "vitest";
import type { SqlPort, SqlValue } from "#actors/kit/sql.ts";
import type { AgentCommand } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import { type UserId, userName } from "#events/kit/ids.ts";
import type { RoomCommand } from "#events/room/commands.ts";
import { room } from "#events/room/decide.ts";
import { system } from "#events/system/decide.ts";
import { type Asked, ada, dana, eli, heard, lobby, messageId, settings, words } from "../support/given.ts";
import { accepted, metaFor, open, replyOf, TestKeys } from "../support/ledger-fixture.ts";

/**
 * Runs a body on a fresh database. It takes the body instead of giving a port away, because the storage of a Durable
 * Object may only be touched from inside that object.
 */
export type WithSql = (body: (sql: SqlPort) => void) => void | Promise<void>;

const by = userName(dana);
export const begin: RoomCommand = {
  type: "OpenRoom",
  meta: metaFor("open", by),
  ...{ roomId: lobby, name: "Lobby", kind: "public" as const, ownerId: dana, words: words({ name: "Dana" }) },
};
export const join = (userId: UserId): RoomCommand => ({
  type: "JoinRoom",
  ...{ meta: metaFor(`join/${userId}`, userName(userId)), userId, words: words({ name: userId }) },
});
export const post = (
  id: string,
  said: object = { text: `It says ${id}.`, authorName: "Dana" },
  over: object = {},
): RoomCommand => ({
  type: "PostMessage",
  ...{ meta: { ...metaFor(id, by), ...over }, messageId: messageId(id), chars: 9, replyTo: null, addressed: [] },
  ...{ named: false, callsOff: false, words: words({ ...said }) },
});
const close = (userId: UserId): RoomCommand => ({
  type: "CloseRoom",
  meta: metaFor(`close/${userId}`, userName(userId)),
});
const register = (index: number) =>
  ({ type: "RegisterStream", meta: metaFor(`r/${index}`, by), kind: "room", name: String(index) }) as const;

/** A room with its owner in it and three messages: seqs 1 to 5. */
export function conversation(sql: SqlPort, keys = new TestKeys()) {
  const ledger = open(room, sql, keys);
  for (const command of [begin, post("one"), post("two"), post("three")]) accepted(ledger.commit(command));
  return ledger;
}

/** Rows of a table; none where the table has not been made yet. */
const count = (sql: SqlPort, table: string): number =>
  sql.rows("SELECT 1 FROM sqlite_master WHERE name = ?", table).length === 0
    ? 0
    : Number(sql.rows(`SELECT count(*) FROM ${table}`)[0]![0]);

/** Throws at the given statement of the next transactions, before it or after it, until it is disarmed. */
function faulty(sql: SqlPort) {
  const fault = { at: 0, after: false, passed: 0 };
  let inside = false;
  const strike = <A>(statement: () => A): A => {
    fault.passed += inside ? 1 : 0;
    const struck = inside && fault.passed === fault.at;
    const answer = struck && !fault.after ? undefined : statement();
    if (struck) throw new Error("the disk is full");
    return answer!;
  };
  const port: SqlPort = {
    rows: (query, ...parameters) => strike(() => sql.rows(query, ...parameters)),
    run: (query, ...parameters) => strike(() => sql.run(query, ...parameters)),
    transaction: (body) => {
      [inside, fault.passed] = [true, 0];
      try {
        return sql.transaction(body);
      } finally {
        inside = false;
      }
    },
  };
  return { port, fault };
}

/** A value that differs from this one in one place. */
const flipped = (value: SqlValue): SqlValue => {
  if (value === null) return "x";
  if (typeof value === "number") return value + 1;
  // The third character: inside a name even where the text is JSON, which SQLite would not take broken.
  if (typeof value === "string")
    return value.slice(0, 2) + String.fromCharCode(value.charCodeAt(2) ^ 1) + value.slice(3);
  return value.with(value.length >> 1, value[value.length >> 1]! ^ 1);
};

const columns = "seq id type v at actor command correlation causation open sealed hash".split(" ");
export const triggers = ["events_gapless", "events_immutable", "events_permanent"];

export function ledgerContract(withSql: WithSql): void {
  /** A test with a database of its own. */
  const on = (name: string, body: (sql: SqlPort) => void) => it(name, () => withSql(body));

  describe("a port", () => {
    on("gives values back as they were put in", (sql) => {
      sql.run("CREATE TABLE kept (t TEXT, i INTEGER, r REAL, b BLOB, n TEXT) STRICT");
      const row = ["é😀", 2 ** 53 - 1, 0.5, new Uint8Array([0, 255]), null];
      sql.run("INSERT INTO kept VALUES (?, ?, ?, ?, ?)", ...row);
      expect(sql.rows("SELECT * FROM kept")).toEqual([row]);
    });

    on("does all of a transaction or nothing, and passes on what it answers or throws", (sql) => {
      sql.run("CREATE TABLE kept (t TEXT) STRICT");
      const succeeding = () => {
        sql.run("INSERT INTO kept VALUES ('a')");
        return 7;
      };
      expect(sql.transaction(succeeding)).toBe(7);
      const error = new Error("no");
      const failing = () => {
        sql.run("INSERT INTO kept VALUES ('b')");
        throw error;
      };
      expect(() => sql.transaction(failing)).toThrow(error);
      expect(sql.rows("SELECT t FROM kept")).toEqual([["a"]]);
    });
  });

  describe("[L1] seq", () => {
    on("is gapless from 1, over commits of one event, of several and of none, and over restarts", (sql) => {
      const keys = new TestKeys();
      expect(accepted(open(room, sql, keys).commit(begin))).toEqual({ from: 1, to: 2 });
      const ledger = open(room, sql, keys);
      expect(accepted(ledger.commit(post("one")))).toEqual({ from: 3, to: 3 });
      expect(accepted(ledger.commit(join(dana)))).toEqual({ from: 4, to: 3 });
      expect(accepted(ledger.commit(post("two")))).toEqual({ from: 4, to: 4 });
      expect(ledger.read(0, 99).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
      expect(ledger.head).toBe(4);
    });

    on("is gapless over a commit of more events than one statement takes", (sql) => {
      const ledger = open(agent, sql);
      const tell = (id: string, command: Asked<AgentCommand>) =>
        accepted(ledger.commit({ ...command, meta: metaFor(id, by) } as AgentCommand));
      tell("a", {
        type: "CreateAgent",
        agentId: ada,
        ownerId: dana,
        settings,
        tools: [],
        words: words({ systemPrompt: "" }),
      });
      tell("b", { type: "JoinRoom", roomId: lobby, kind: "public" });
      for (let index = 0; index < 40; index++)
        tell(`c${index}`, {
          type: "ReceiveMessage",
          ...heard(String(index)).open,
          words: words({ text: `No. ${index}` }),
        });
      const { from, to } = tell("d", { type: "LeaveRoom", roomId: lobby });
      expect(to - from + 1).toBe(41); // 40 endings and the leaving itself
      expect(ledger.verify()).toEqual({ intact: true, head: to });
      expect(open(agent, sql).state).toEqual(ledger.state);
    });
  });

  describe("[L2] a command id", () => {
    on("has one outcome", (sql) => {
      const ledger = conversation(sql);
      expect(ledger.commit(post("two"))).toEqual({
        outcome: "accepted",
        value: { from: 4, to: 4 },
        seq: 4,
        replayed: true,
      });
      expect(ledger.head).toBe(5);
    });

    on("keeps a settled refusal, also over a restart", (sql) => {
      const ledger = conversation(sql);
      accepted(ledger.commit(join(eli)));
      const refusal = { outcome: "refused", refusal: { _tag: "NotRoomOwner" } };
      expect(ledger.commit(close(eli))).toMatchObject(refusal);
      accepted(ledger.commit(close(dana)));
      expect(ledger.commit(close(eli))).toMatchObject(refusal);
      expect(open(room, sql).commit(close(eli))).toMatchObject(refusal);
    });

    on("forgets a passing refusal", (sql) => {
      const ledger = conversation(sql);
      const early = post("eli", {}, { by: userName(eli) });
      expect(ledger.commit(early)).toMatchObject({
        outcome: "refused",
        refusal: { _tag: "NotParticipant", passing: true },
      });
      accepted(ledger.commit(join(eli)));
      accepted(ledger.commit(early));
    });

    on("is not kept where there is nothing yet: asking for a name that was guessed costs no storage", (sql) => {
      const ledger = open(room, sql);
      expect(ledger.commit(join(eli))).toMatchObject({ refusal: { _tag: "RoomUnknown" } });
      expect(ledger.read(0, 9)).toEqual([]);
      expect(sql.rows("SELECT name FROM sqlite_master WHERE name = 'commands'")).toEqual([]);
      accepted(ledger.commit(begin));
      accepted(ledger.commit(join(eli)));
    });

    on("belongs to one content: other words, fields or askers are refused, and cost nothing", (sql) => {
      const ledger = conversation(sql);
      const reused = { outcome: "refused", refusal: { _tag: "CommandIdReused" } };
      expect(ledger.commit(post("two", { text: "Something else.", authorName: "Dana" }))).toMatchObject(reused);
      expect(ledger.commit({ ...post("two"), chars: 10 } as RoomCommand)).toMatchObject(reused);
      expect(ledger.commit(post("two", undefined, { by: userName(eli) }))).toMatchObject(reused);
      accepted(ledger.commit(post("two", undefined, { at: 1, correlation: "other", causation: "other", ifSeq: 99 })));
      expect(count(sql, "events")).toBe(5);
    });

    on("belongs to one content, whatever the words are called", (sql) => {
      const ledger = conversation(sql);
      accepted(ledger.commit(post("four", { meta: "a" })));
      expect(ledger.commit(post("four", { meta: "b" }))).toMatchObject({ refusal: { _tag: "CommandIdReused" } });
    });
  });

  on("[L3] words stay closed: nothing of a pending event can be named, printed or serialised", (sql) => {
    const ledger = conversation(sql);
    const pending = { words: words({ text: "secret" }) };
    // @ts-expect-error words have no fields: a decision that reads one does not compile
    expect(pending.words.text).toBeUndefined();
    expect(`${JSON.stringify(pending)} ${String(pending.words)}`).not.toContain("secret");
    expect(JSON.stringify(ledger.state)).not.toContain("It says");
  });

  describe("[L4] a written event", () => {
    const row = "'evt_x', 'RoomClosed', 1, 1, 'user:x', 'c', 'c', NULL, '{}', NULL, x'00'";
    it.each([
      ["UPDATE events SET open = '{}' WHERE seq = 2", "never changes"],
      ["DELETE FROM events WHERE seq = 5", "stays"],
      ["DELETE FROM events", "stays"],
      [`INSERT OR REPLACE INTO events VALUES (3, ${row})`, "gapless"],
      [`INSERT INTO events VALUES (7, ${row})`, "gapless"],
      [`INSERT INTO events VALUES (0, ${row})`, "gapless"],
    ])("cannot be touched by %s", (statement, why) =>
      withSql((sql) => {
        const ledger = conversation(sql);
        expect(() => sql.run(statement)).toThrow(why);
        expect(ledger.verify()).toEqual({ intact: true, head: 5 });
      }));

    on("that was tampered with is found, whichever column of whichever row it was", (sql) => {
      const ledger = conversation(sql);
      for (const trigger of triggers) sql.run(`DROP TRIGGER ${trigger}`);

      const found: string[] = [];
      for (const [index, kept] of sql.rows("SELECT * FROM events ORDER BY seq").entries())
        for (const [place, column] of columns.entries()) {
          const value = kept[place]!;
          const other =
            column === "seq"
              ? Number(value) + 100
              : column === "sealed" && value === null
                ? new Uint8Array(1)
                : flipped(value);
          sql.run(`UPDATE events SET ${column} = ? WHERE id = ?`, other, kept[1]!);
          if (!ledger.verify().intact) found.push(`${index + 1} ${column}`);
          const changed = column === "id" ? other : kept[1]!;
          expect(ledger.verify()).toEqual({ intact: false, brokenAt: index + 1 });
          sql.run(`UPDATE events SET ${column} = ? WHERE id = ?`, value, changed);
        }
      expect(found).toHaveLength(5 * columns.length);
      expect(ledger.verify()).toEqual({ intact: true, head: 5 });
    });

    on("that had no words cannot be given empty ones, which would look erased", (sql) => {
      const ledger = conversation(sql);
      for (const trigger of triggers) sql.run(`DROP TRIGGER ${trigger}`);
      sql.run("UPDATE events SET sealed = x'' WHERE seq = 1");
      expect(ledger.verify()).toEqual({ intact: false, brokenAt: 1 });
    });

    on("that was taken away or changed places is found", (sql) => {
      const ledger = conversation(sql);
      for (const trigger of triggers) sql.run(`DROP TRIGGER ${trigger}`);
      sql.run("UPDATE events SET seq = 100 WHERE seq = 3");
      sql.run("UPDATE events SET seq = 3 WHERE seq = 4");
      sql.run("UPDATE events SET seq = 4 WHERE seq = 100");
      expect(ledger.verify()).toEqual({ intact: false, brokenAt: 3 });
      sql.run("DELETE FROM events WHERE seq = 2");
      expect(ledger.verify()).toEqual({ intact: false, brokenAt: 2 });
    });
  });

  describe("[L5] when a transaction throws", () => {
    on("at any statement, before or after it, nothing has happened, and the next commit works", (sql) => {
      const { port, fault } = faulty(sql);
      const told: number[] = [];
      const ledger = open(room, port, new TestKeys(), {
        told: (events: ReadonlyArray<unknown>) => void told.push(events.length),
      });
      accepted(ledger.commit(begin));
      const statements = fault.passed;
      expect(statements).toBe(3); // the events, their keys, and the command's outcome
      for (let index = 1; index <= 3; index++)
        for (const after of [false, true]) {
          const [state, head, command] = [ledger.state, ledger.head, post(`${index}/${after}`)];
          Object.assign(fault, { at: index, after });
          expect(() => ledger.commit(command)).toThrow("the disk is full");
          expect([ledger.state, ledger.head, count(sql, "events")]).toEqual([state, head, head]);
          expect(ledger.read(head, 9)).toEqual([]);
          fault.at = 0;
          expect(replyOf(ledger.commit(command))).toMatchObject({
            outcome: "accepted",
            replayed: false,
            seq: head + 1,
          });
          expect(ledger.verify()).toEqual({ intact: true, head: head + 1 });
        }
      expect(told).toEqual([2, 1, 1, 1, 1, 1, 1]);
    });

    on("in what goes along with it, nothing has happened either, a snapshot included", (sql) => {
      let broken = false;
      const along = () => {
        if (broken) throw new Error("no alarm");
      };
      const ledger = open(system, sql, new TestKeys(), { along });
      for (let index = 1; index < 500; index++) accepted(ledger.commit(register(index)));
      broken = true;
      expect(() => ledger.commit(register(500))).toThrow("no alarm");
      expect([ledger.head, ledger.state.registered, count(sql, "snapshots")]).toEqual([499, 499, 0]);
      broken = false;
      accepted(ledger.commit(register(500)));
      expect(sql.rows("SELECT seq FROM snapshots")).toEqual([[500]]);
      expect(open(system, sql).state).toEqual(ledger.state);
    });
  });

  describe("[L6] a commit", () => {
    on("answers in the same breath, and what hears of it finds it done", (sql) => {
      const heard: unknown[] = [];
      const ledger = open(room, sql, new TestKeys(), {
        told: (events: ReadonlyArray<{ readonly seq: number }>) =>
          void heard.push([events.map(({ seq }) => seq), ledger.head, count(sql, "events")]),
      });
      expect(ledger.commit(begin)).not.toBeInstanceOf(Promise);
      expect(heard).toEqual([[[1, 2], 2, 2]]);
    });

    on("names the keys it needs and leaves no trace, until they are there", (sql) => {
      const keys = new TestKeys();
      keys.withheld.add(by);
      const ledger = open(room, sql, keys);
      expect(ledger.commit(begin)).toEqual({ outcome: "need-keys", subjects: [by] });
      expect([count(sql, "events"), count(sql, "commands")]).toEqual([0, 0]);
      keys.withheld.clear();
      accepted(ledger.commit(begin));
    });

    on("can ask for the place where the caller saw the stream", (sql) => {
      const ledger = conversation(sql);
      expect(ledger.commit(post("four", {}, { ifSeq: 4 }))).toMatchObject({
        refusal: { _tag: "StreamMoved", head: 5 },
      });
      accepted(ledger.commit(post("four", {}, { ifSeq: 5 })));
    });

    on("takes no event larger than 256 KiB, in bytes, and forgets that it was asked", (sql) => {
      const ledger = conversation(sql);
      const tooLarge = { outcome: "refused", refusal: { _tag: "EventTooLarge" } };
      expect(ledger.commit(post("big", { text: "x".repeat(256 * 1024) }))).toMatchObject(tooLarge);
      expect(ledger.commit(post("big", { text: "好".repeat(90_000) }))).toMatchObject(tooLarge);
      accepted(ledger.commit(post("big", { text: "x".repeat(255 * 1024) })));
    });
  });

  describe("[L7] a snapshot that cannot be read", () => {
    const state = (over: object) => JSON.stringify({ ...system.initial, ...over });
    it.each([
      ["is no JSON", 500, "{half"],
      ["is of another shape", 500, '{"registered": []}'],
      ["holds a number that its state cannot", 500, state({ registered: 499.5 })],
      ["is of events that the log has not got", 501, state({ registered: 7 })],
    ])("because it %s changes nothing", (_why, seq, text) =>
      withSql((sql) => {
        const ledger = open(system, sql);
        for (let index = 1; index <= 500; index++) accepted(ledger.commit(register(index)));
        sql.run("UPDATE snapshots SET seq = ?, state = ?", seq, text);
        const again = open(system, sql);
        expect([again.state, again.head]).toEqual([ledger.state, 500]);
        accepted(again.commit(register(501)));
        expect(again.verify()).toEqual({ intact: true, head: 501 });
        // What cannot be read is replaced by what can, so that only one start was slow.
        expect(sql.rows("SELECT seq, state FROM snapshots")).toEqual([[501, JSON.stringify(again.state)]]);
      }));
  });
}
