/** What a ledger promises of keys that turn and keys that die, and of what is made with them; the third part of the ledger's contract. */
import { describe, expect, it } from "vitest";
import { deriveKey, digest, freshKey } from "#actors/kit/seal.ts";
import type { SqlPort } from "#actors/kit/sql.ts";
import { Erased } from "#events/kit/envelope.ts";
import { userName } from "#events/kit/ids.ts";
import { room } from "#events/room/decide.ts";
import { dana } from "../support/given.ts";
import { accepted, open, TestKeys } from "../support/ledger-fixture.ts";
import { conversation, post, type WithSql } from "./ledger.ts";
import { said } from "./sealing.ts";

const by = userName(dana);

export function turningContract(withSql: WithSql): void {
  const on = (name: string, body: (sql: SqlPort) => void) => it(name, () => withSql(body));

  describe("words under keys that turn and die", () => {
    on("turn to the next generation in batches, readable all the while, and need the old one no more", (sql) => {
      const keys = new TestKeys();
      const ledger = conversation(sql, keys);
      const expected = said(ledger.reveal([2, 3, 4, 5]));
      const next = keys.turn(by);
      expect(ledger.rewrap(by, 3)).toBe(3);
      for (const reader of [ledger, open(room, sql, keys)]) expect(said(reader.reveal([2, 3, 4, 5]))).toEqual(expected);
      accepted(ledger.commit(post("four")));
      expect(ledger.rewrap(by, 3)).toBe(1);
      expect(ledger.rewrap(by, 3)).toBe(0);
      keys.retire(by, next.number - 1);
      for (const reader of [ledger, open(room, sql, keys)])
        expect(said(reader.reveal([2, 3, 4, 5, 6]))).toEqual([...expected, [6, "It says four."]]);
      keys.turn(by);
      expect(ledger.rewrap(by, 99)).toBe(5);
      keys.retire(by, next.number);
      expect(said(open(room, sql, keys).reveal([2, 3]))).toEqual(expected.slice(0, 2));
      expect(ledger.verify()).toEqual({ intact: true, head: 6 });
    });

    on("of a batch that is taken back stay as they were", (sql) => {
      const keys = new TestKeys();
      const ledger = conversation(sql, keys);
      const rows = () => sql.rows("SELECT seq, subject, wrapped FROM event_keys ORDER BY seq");
      const before = rows();
      keys.turn(by);
      sql.run(
        "CREATE TRIGGER full BEFORE INSERT ON event_keys WHEN NEW.seq = 4 BEGIN SELECT RAISE(ABORT, 'full'); END",
      );
      expect(() => ledger.rewrap(by, 99)).toThrow("full");
      expect(rows()).toEqual(before);
      sql.run("DROP TRIGGER full");
      expect(ledger.rewrap(by, 99)).toBe(4);
    });

    on("of a destroyed key go with all that was kept of them; those of a later one stay", (sql) => {
      const keys = new TestKeys();
      const ledger = conversation(sql, keys);
      keys.turn(by);
      accepted(ledger.commit(post("four")));
      const rows = sql.rows("SELECT seq, subject, wrapped FROM event_keys");
      ledger.forgetSubject(by, 1);
      keys.retire(by, 1);
      const expected = [
        [3, Erased],
        [6, "It says four."],
      ];
      for (const reader of [ledger, open(room, sql, keys)]) expect(said(reader.reveal([3, 6]))).toEqual(expected);
      expect(sql.rows("SELECT subject, number FROM destroyed_keys")).toEqual([[by, 1]]);
      for (const row of rows) sql.run("INSERT OR REPLACE INTO event_keys VALUES (?, ?, ?)", ...row);
      expect(said(open(room, sql, keys).reveal([3, 6]))).toEqual(expected);
      expect(ledger.rewrap(by, 99)).toBe(4);
      expect(sql.rows("SELECT seq FROM event_keys WHERE subject = ?", by)).toEqual([[6]]);
      expect(said(ledger.reveal([3, 6]))).toEqual(expected);
    });

    on("leave no hash of the request that brought them, and a repeat of it is answered as before", (sql) => {
      const ledger = conversation(sql);
      const prints = () => sql.rows("SELECT DISTINCT hex(fingerprint) FROM commands WHERE id IN ('one', 'two')");
      expect(prints()).toHaveLength(2);
      ledger.forget([3]);
      ledger.forgetSubject(by, 1);
      expect(prints()).toEqual([["00".repeat(32)]]);
      for (const text of ["It says one.", "Or something else."])
        expect(ledger.commit(post("one", { text, authorName: "Dana" }))).toMatchObject({ value: { from: 3, to: 3 } });
    });

    on("are read no longer than their key is at hand", (sql) => {
      const keys = new TestKeys();
      const ledger = conversation(sql, keys);
      expect(said(ledger.reveal([3]))).toEqual([[3, "It says one."]]);
      keys.withheld.add(by);
      expect(ledger.reveal([3])).toEqual({ outcome: "need-keys", subjects: [by] });
      keys.withheld.clear();
      expect(said(ledger.reveal([3]))).toEqual([[3, "It says one."]]);
      keys.destroyed.add(by);
      expect(said(ledger.reveal([3]))).toEqual([[3, Erased]]);
    });
  });

  describe("a hash of words", () => {
    on("is the same for the same words as long as their stream lives, through every turning of keys", (sql) => {
      const keys = new TestKeys();
      const ledger = conversation(sql, keys);
      const first = ledger.digest(by, "yes");
      expect(first).toMatch(/^hmac:[\w-]{22}$/);
      expect([ledger.digest(by, "yes"), ledger.digest(by, "no") === first]).toEqual([first, false]);
      const long = ledger.digest(by, "yes", `hmac:${"0".repeat(64)}`); // as older programs wrote it
      expect(long).toMatch(/^hmac:[0-9a-f]{64}$/);
      const { number } = keys.turn(by);
      expect(ledger.rewrap(by, 99)).toBe(5);
      keys.retire(by, number - 1);
      for (const reader of [ledger, open(room, sql, keys)]) expect(reader.digest(by, "yes")).toBe(first);
      expect(ledger.verify()).toEqual({ intact: true, head: 5 });
    });

    on("is another one once all words of its stream were forgotten, and not before", (sql) => {
      const ledger = conversation(sql);
      const first = ledger.digest(by, "yes");
      ledger.forget([3]);
      expect(ledger.digest(by, "yes")).toBe(first);
      ledger.forget();
      const then = ledger.digest(by, "yes");
      expect(then).toMatch(/^hmac:/);
      expect(then).not.toBe(first);
    });

    on("dies with its key, and till then waits for it", (sql) => {
      const keys = new TestKeys();
      const ledger = conversation(sql, keys);
      expect(ledger.digest(by, "yes")).not.toContain(digest("yes"));
      keys.withheld.add(by);
      expect(ledger.digest(by, "yes")).toEqual({ outcome: "need-keys", subjects: [by] });
      keys.withheld.clear();
      ledger.forgetSubject(by, 1);
      keys.destroyed.add(by);
      expect(ledger.digest(by, "yes")).toBe(Erased);
      expect(sql.rows("SELECT seq FROM event_keys WHERE subject = ?", by)).toEqual([]);
    });
  });

  describe("a derived key", () => {
    const key = new Uint8Array(32).map((_, index) => index);

    it("is HKDF-SHA-256 over its parts, each behind its length", async () => {
      const base = await crypto.subtle.importKey("raw", key, "HKDF", false, ["deriveBits"]);
      const info = new TextEncoder().encode("\0\0\0\u0005index\0\0\0\u0007agent:a\0\0\0\u00011");
      const method = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
      const expected = new Uint8Array(await crypto.subtle.deriveBits(method, base, 256));
      expect(deriveKey(key, ["index", "agent:a", "1"])).toEqual(expected);
    });

    it("is another one for every other key, purpose, stream and generation", () => {
      const parts = [
        ["index", "agent:a", "1"],
        ["vectors", "agent:a", "1"],
        ["index", "agent:b", "1"],
        ["index", "agent:a", "2"],
        ["indexa", "gent:a", "1"],
      ];
      const made = [...parts.map((info) => deriveKey(key, info)), deriveKey(freshKey(), parts[0]!)];
      expect(new Set(made.map((each) => Buffer.from(each).toString("hex"))).size).toBe(6);
    });
  });
}
