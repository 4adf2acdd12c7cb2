/** What a ledger promises of words and of reading back: sealed, forgettable, in order; the second half of the ledger's contract. */
import { describe, expect, it } from "vitest";
import {
  freshKey,
  openWords,
  type Place,
  rewrapKey,
  type SubjectKey,
  sealWords,
  unwrapKey,
  wrapKey,
} from "#actors/kit/seal.ts";
import type { SqlPort } from "#actors/kit/sql.ts";
import { agent } from "#events/agent/decide.ts";
import { fold } from "#events/kit/decider.ts";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { userName } from "#events/kit/ids.ts";
import { LogFromTheFuture } from "#events/kit/upcast.ts";
import { room } from "#events/room/decide.ts";
import { ada, dana, eli, messageId, settings, words } from "../support/given.ts";
import { accepted, everythingIn, metaFor, open, TestKeys } from "../support/ledger-fixture.ts";
import { begin, conversation, join, post, triggers, type WithSql } from "./ledger.ts";

const by = userName(dana);

/** The words found at these places. */
export const said = (found: ReturnType<ReturnType<typeof conversation>["reveal"]>) =>
  (found as ReadonlyArray<Unsealed>).map(({ event, words }) => [
    event.seq,
    words === Erased ? Erased : (words.text ?? null),
  ]);

export function sealingContract(withSql: WithSql): void {
  const on = (name: string, body: (sql: SqlPort) => void) => it(name, () => withSql(body));

  describe("words", () => {
    on("come back in the order they were asked for; what is not there is left out", (sql) => {
      const keys = new TestKeys();
      const living = conversation(sql, keys);
      for (const ledger of [living, open(room, sql, keys)]) {
        expect(said(ledger.reveal([5, 3, 99, 1, 3]))).toEqual([
          [5, "It says three."],
          [3, "It says one."],
          [1, null],
          [3, "It says one."],
        ]);
        expect(ledger.reveal([])).toEqual([]);
      }
    });

    on("stand in no table in clear", (sql) => {
      conversation(sql);
      expect(everythingIn(sql)).not.toContain("It says");
    });

    on("need their key, each once, and open when it has come", (sql) => {
      const keys = new TestKeys();
      conversation(sql, keys);
      keys.withheld.add(by);
      const ledger = open(room, sql, keys);
      expect(ledger.reveal([1, 2, 3])).toEqual({ outcome: "need-keys", subjects: [by] });
      expect(said(ledger.reveal([1]))).toEqual([[1, null]]);
      keys.withheld.clear();
      expect(said(ledger.reveal([3]))).toEqual([[3, "It says one."]]);
    });

    on("are gone when the key of their event is deleted; the chain still fits and the fold still runs", (sql) => {
      const keys = new TestKeys();
      const { state } = conversation(sql, keys);
      sql.run("DELETE FROM event_keys WHERE seq IN (2, 4)");
      const ledger = open(room, sql, keys);
      expect(said(ledger.reveal([2, 3, 4, 5]))).toEqual([
        [2, Erased],
        [3, "It says one."],
        [4, Erased],
        [5, "It says three."],
      ]);
      expect(ledger.verify()).toEqual({ intact: true, head: 5 });
      expect(ledger.state).toEqual(state);
    });

    on("are gone with the commit that forgets them, also its own, and stay where that commit is taken back", (sql) => {
      const keys = new TestKeys();
      let forget: (seqs: ReadonlyArray<number>) => void = () => {};
      const ledger = open(room, sql, keys, { along: (_next, events) => forget(events.map(({ seq }) => seq)) });
      for (const command of [begin, post("one"), post("two")]) accepted(ledger.commit(command));
      forget = () => {
        ledger.forget([3]);
        throw new Error("the disk is full");
      };
      expect(() => ledger.commit(post("three"))).toThrow("the disk is full");
      expect(said(ledger.reveal([3]))).toEqual([[3, "It says one."]]);
      forget = ([own]) => ledger.forget([3, own!]);
      accepted(ledger.commit(post("three")));
      forget = () => {};
      accepted(ledger.commit(post("four")));
      const expected = [
        [3, Erased],
        [4, "It says two."],
        [5, Erased],
        [6, "It says four."],
      ];
      for (const reader of [ledger, open(room, sql, keys)]) expect(said(reader.reveal([3, 4, 5, 6]))).toEqual(expected);
      expect(sql.rows("SELECT seq FROM event_keys WHERE seq IN (3, 5)")).toEqual([]);
      expect(ledger.verify()).toEqual({ intact: true, head: 6 });
    });

    on("that were refused leave no hash behind, for guesses to be tried on", (sql) => {
      const ledger = open(agent, sql);
      const create = { type: "CreateAgent", agentId: ada, ownerId: dana, settings, tools: [] } as const;
      const ask = (id: string, systemPrompt: string, name = "Ada") => {
        const meta = metaFor(id, userName(dana));
        return ledger.commit({ ...create, settings: { ...settings, name }, meta, words: words({ systemPrompt }) });
      };
      accepted(ask("a", "Be kind."));
      expect(ask("b", "Be secret.")).toMatchObject({ refusal: { _tag: "AlreadyCreated" } });
      expect(ask("b", "Be secret.")).toMatchObject({ refusal: { _tag: "AlreadyCreated" } });
      const prints = sql.rows("SELECT id, hex(fingerprint) = ? FROM commands ORDER BY id", "0".repeat(64));
      expect(prints).toEqual([
        ["a", 0],
        ["b", 1],
      ]);
    });

    on("are gone when their person's key was destroyed, and no new ones are kept", (sql) => {
      const keys = new TestKeys();
      conversation(sql, keys);
      keys.destroyed.add(by);
      const ledger = open(room, sql, keys);
      expect(said(ledger.reveal([3]))).toEqual([[3, Erased]]);
      expect(ledger.commit(post("four"))).toMatchObject({ outcome: "refused", refusal: { _tag: "SubjectErased" } });
      accepted(ledger.commit(join(eli)));
      expect(ledger.verify()).toEqual({ intact: true, head: 6 });
    });

    on("cannot be given to another person, or changed places with others", (sql) => {
      const keys = new TestKeys();
      conversation(sql, keys);
      const keyOf = (seq: number) => sql.rows("SELECT wrapped FROM event_keys WHERE seq = ?", seq)[0]![0]!;
      const [third, fourth] = [keyOf(3), keyOf(4)];
      sql.run("UPDATE event_keys SET subject = ? WHERE seq = 3", userName(eli));
      expect(() => open(room, sql, keys).reveal([3])).toThrow();
      sql.run("UPDATE event_keys SET subject = ?, wrapped = ? WHERE seq = 3", by, fourth);
      expect(() => open(room, sql, keys).reveal([3])).toThrow();
      for (const trigger of triggers) sql.run(`DROP TRIGGER ${trigger}`);
      sql.run("UPDATE events SET sealed = (SELECT sealed FROM events WHERE seq = 4) WHERE seq = 3");
      expect(() => open(room, sql, keys).reveal([3])).toThrow();
      sql.run("UPDATE event_keys SET wrapped = ? WHERE seq = 3", third);
      expect(() => open(room, sql, keys).reveal([3])).toThrow();
    });

    const place: Place = { stream: "room:a", seq: 3, type: "MessagePosted", v: 11, subject: "user:dana" };
    const elsewhere: ReadonlyArray<readonly [name: string, place: Place]> = [
      ["stream", { ...place, stream: "room:b" }],
      ["seq", { ...place, seq: 4 }],
      ["type", { ...place, type: "AgentInvoked" }],
      ["v", { ...place, v: 2 }],
      ["subject", { ...place, subject: "user:eli" }],
      ["border between two fields", { ...place, type: "MessagePosted1", v: 1 }],
    ];

    it.each(elsewhere)("are bound to their place: another %s does not open them", (_name, other) => {
      const key = { number: 1, key: freshKey() };
      const { sealed, wrapped } = sealWords("secret", place, key);
      expect(openWords(sealed, wrapped, place, key)).toBe("secret");
      expect(() => openWords(sealed, wrapped, other, key)).toThrow();
      const next = { number: 2, key: freshKey() };
      const rewrapped = rewrapKey(wrapped, place, key, next);
      expect(openWords(sealed, rewrapped, place, next)).toBe("secret");
      expect(() => openWords(sealed, rewrapped, other, next)).toThrow();
      expect(() => rewrapKey(wrapped, other, key, next)).toThrow();
    });

    it("are bound to the generation they were sealed under, through every turning of keys", () => {
      const generation = (number: number): SubjectKey => ({ number, key: freshKey() });
      const [first, second, third] = [generation(1), generation(2), generation(3)];
      const { sealed, wrapped } = sealWords("secret", place, first);
      const twice = rewrapKey(rewrapKey(wrapped, place, first, second), place, second, third);
      expect(openWords(sealed, twice, place, third)).toBe("secret");
      for (const wrong of [first, second]) expect(() => openWords(sealed, twice, place, wrong)).toThrow();
      const sameKeyOtherNumber = sealWords("secret", place, { ...first, number: 2 });
      expect(() => openWords(sealed, sameKeyOtherNumber.wrapped, place, { ...first, number: 2 })).toThrow();
      for (let index = 0; index < twice.length; index++)
        expect(() => openWords(sealed, Uint8Array.from(twice).with(index, twice[index]! ^ 1), place, third)).toThrow();
    });

    const other = freshKey();
    const kek = freshKey();
    const ofDana = wrapKey(kek, other, "user:dana", 11);

    it.each([
      ["another key-encryption key", () => unwrapKey(freshKey(), ofDana, "user:dana", 11)],
      ["another subject", () => unwrapKey(kek, ofDana, "user:eli", 11)],
      ["another generation", () => unwrapKey(kek, ofDana, "user:dana", 12)],
      ["another border between the two", () => unwrapKey(kek, ofDana, "user:dana1", 1)],
    ])("stay sealed where a person's key was wrapped for %s", (_name, open) => {
      expect(unwrapKey(kek, ofDana, "user:dana", 11)).toEqual(Buffer.from(other));
      expect(open).toThrow();
    });

    it("are bound to their key: another one, another generation, or one changed bit does not open them", () => {
      const key = { number: 7, key: freshKey() };
      const { sealed, wrapped } = sealWords("secret", place, key);
      expect(() => openWords(sealed, wrapped, place, { ...key, key: freshKey() })).toThrow();
      for (let index = 0; index < wrapped.length; index++)
        expect(() =>
          openWords(sealed, Uint8Array.from(wrapped).with(index, wrapped[index]! ^ 1), place, key),
        ).toThrow();
      for (let index = 0; index < sealed.length; index++)
        expect(() => openWords(Uint8Array.from(sealed).with(index, sealed[index]! ^ 1), wrapped, place, key)).toThrow();
    });

    it("are sealed anew each time, so that equal words never look equal", () => {
      const key = { number: 1, key: freshKey() };
      const all = Array.from({ length: 500 }, () => sealWords("yes", place, key));
      for (const part of ["sealed", "wrapped"] as const) {
        const nonceAt = part === "sealed" ? 0 : 4;
        const texts = all.map((words) => Buffer.from(words[part]).toString("hex"));
        expect(new Set(texts.map((text) => text.slice(2 * nonceAt, 2 * nonceAt + 24))).size).toBe(500);
        expect(new Set(texts.map((text) => text.length)).size).toBe(1);
      }
      expect(all.every(({ sealed, wrapped }) => openWords(sealed, wrapped, place, key) === "yes")).toBe(true);
    });
  });

  describe("reading", () => {
    on("gives the same from memory as from the tables, whatever is asked for", (sql) => {
      const keys = new TestKeys();
      accepted(open(room, sql, keys).commit(begin));
      const halfway = open(room, sql, keys); // has the second half of the log in memory, and the first not
      for (const id of ["one", "two", "three", "four"]) accepted(halfway.commit(post(id)));
      const ledgers = [open(room, sql, keys), halfway];
      // Where the bytes come from shows in their class only.
      const plain = (event: { readonly sealed?: Uint8Array }) => ({
        ...event,
        sealed: event.sealed && Uint8Array.from(event.sealed),
      });
      for (const after of [0, 1, 3, 5, 6, 7])
        for (const limit of [1, 2, 99])
          for (const types of [undefined, ["MessagePosted"], ["MessagePosted", "RoomOpened"], []])
            for (const before of [undefined, 1, 2, 4, 6, 9]) {
              const [first, ...others] = ledgers.map((ledger) => ledger.read(after, limit, types, before).map(plain));
              for (const other of others) expect(other).toEqual(first);
            }
      for (const seqs of [[6, 3, 1, 7], [6, 4], []])
        expect(said(halfway.reveal(seqs))).toEqual(said(ledgers[0]!.reveal(seqs)));
    });

    on("begins behind one place and ends before another", (sql) => {
      const ledger = conversation(sql);
      for (const log of [ledger, open(room, sql)]) {
        expect(log.read(2, 9, undefined, 5).map(({ seq }) => seq)).toEqual([3, 4]);
        expect(log.read(0, 9, ["RoomOpened", "MessagePosted"], 4).map(({ seq }) => seq)).toEqual([1, 3]);
        expect(log.read(3, 9, undefined, 2)).toEqual([]);
      }
    });

    on("finds the newest of a type, a message by its id, and the links of the chain", (sql) => {
      const ledger = conversation(sql);
      expect(ledger.newest("MessagePosted", 2).map(({ seq }) => seq)).toEqual([5, 4]);
      expect(ledger.newest("MessagePosted", 9, 4).map(({ seq }) => seq)).toEqual([3]);
      expect(ledger.message(messageId("two"))?.seq).toBe(4);
      expect(ledger.message(messageId("nine"))).toBeUndefined();
      const links = ledger.hashes(1, 3);
      expect([...links.keys()]).toEqual([2, 3, 4]);
      expect(links.get(3)).toMatch(/^[0-9a-f]{64}$/);
    });

    on("finds what commands made, by how their ids begin", (sql) => {
      const ledger = open(room, sql);
      accepted(ledger.commit(begin));
      for (const id of ["trn_a/start", "trn_b/start", "trn_a0/x", "trn_a/draft"]) accepted(ledger.commit(post(id)));
      accepted(ledger.commit({ ...join(dana), meta: metaFor("trn_a/nothing", by) }));
      expect(ledger.madeBy("trn_a/")).toEqual([3, 6]);
      expect(ledger.madeBy("open")).toEqual([1, 2]);
      expect(ledger.madeBy("trn_c/")).toEqual([]);
    });

    on("tells the state as it was after any event", (sql) => {
      const ledger = conversation(sql);
      accepted(ledger.commit(join(eli)));
      const events = ledger.read(0, 99);
      for (let seq = 0; seq <= 6; seq++)
        expect(ledger.stateAt(seq)).toEqual(fold(room, events.slice(0, seq), room.initial));
      expect(ledger.stateAt(99)).toEqual(ledger.state);
    });
  });

  describe("a log that this program must not touch", () => {
    const written = (sql: SqlPort, type: string, v: number) =>
      sql.run("INSERT INTO events VALUES (6, 'evt_x', ?, ?, 1, 'user:x', 'c', 'c', NULL, '{}', NULL, x'00')", type, v);

    on("is one with an event of a type that is not known yet", (sql) => {
      conversation(sql);
      written(sql, "RoomFenced", 1);
      expect(() => open(room, sql)).toThrow(new LogFromTheFuture("RoomFenced", 1));
    });

    on("is one with an event of a version that is not known yet", (sql) => {
      conversation(sql);
      written(sql, "RoomClosed", 2);
      expect(() => open(room, sql)).toThrow(new LogFromTheFuture("RoomClosed", 2));
    });

    on("is one with tables of a newer program", (sql) => {
      conversation(sql);
      sql.run("UPDATE meta SET value = '999' WHERE key = 'schema'");
      expect(() => open(room, sql)).toThrow("newer program");
    });

    on("is another stream's", (sql) => {
      conversation(sql);
      expect(() => open(room, sql, new TestKeys(), { stream: "room:other" })).toThrow(
        "room:other opened the log of room:test",
      );
    });
  });
}
