/** What the index of memories promises on any SqlPort: one suite, run on node:sqlite beside it and inside a Durable Object elsewhere. */
import { describe, expect, it } from "vitest";
import type { SqlPort } from "#actors/kit/sql.ts";
import type { ActorName } from "#events/kit/ids.ts";
import { DAY, Memories, MINUTE } from "../support/memories.ts";

type WithSql = (body: (sql: SqlPort) => void) => void | Promise<void>;

const HOUR = 60 * MINUTE;
const dana: ActorName = "user:dana";
const eli: ActorName = "user:eli";

/** What nobody would write, and somebody will. */
const oddities: ReadonlyArray<string> = [
  ...[
    "",
    " ",
    "\u0000",
    "\ud800",
    "\udfff x",
    "a\u0000b kayak",
    "👩‍👩‍👧‍👦🦊",
    "e\u0301\u0301\u0301",
    "\u202eevil",
    "ﬁﬀ İıſß",
    "𝔘𝔫𝔦",
  ],
  ...[
    "kayak AND",
    "kayak OR (",
    '"kayak',
    "kayak*",
    "words:kayak",
    "NEAR(kayak river, 3)",
    "^kayak",
    "-kayak",
    "kayak + river",
  ],
  ...[
    "'; DROP TABLE index_words; --",
    "index_words(index_words) VALUES('delete-all')",
    "{kayak}",
    "%_?@#",
    "1e999 0x1F -0",
  ],
  ...[
    "私は東京に住んでいます",
    "เรือคายัค",
    "كاياك",
    "каяк",
    "\n\r\t",
    "@dana #d20000",
    "?".repeat(200),
    "“".repeat(2_000),
  ],
];

export function recallContract(withSql: WithSql): void {
  const on = (name: string, body: (kept: Memories) => void) =>
    it(name, () => withSql((sql) => body(new Memories(sql))));

  describe("an index", () => {
    on("finds nothing where nothing was kept, and makes no tables for being asked", (kept) => {
      expect(kept.found("kayak")).toEqual([]);
      kept.index.remove([1]);
      kept.index.clear();
      expect(kept.sql.rows("SELECT 1 FROM sqlite_master WHERE name LIKE 'index%'")).toEqual([]);
    });

    on("takes and is asked whatever people write, and finds it where it has words", (kept) => {
      for (const text of oddities) kept.says("Dana", text);
      kept.says("Dana", `${"kayak ".repeat(16_000)}river`);
      kept.says("\ud800 \u0000", "The lamp hums.", { room: "\ud800" });
      for (const text of oddities) expect(() => kept.search(text)).not.toThrow();
      expect(kept.found("東京")[0]).toBe(oddities.indexOf("私は東京に住んでいます") + 1);
      expect(kept.found("каяк")[0]).toBe(oddities.indexOf("каяк") + 1);
      expect(kept.found("kayak NEAR(river)", { limit: 99 })).toEqual(
        expect.arrayContaining([12, 13, 14, oddities.length + 1]),
      );
    });

    on("finds a single picture, and a single character that stands in a word", (kept) => {
      const [hedgehog, tokyo] = [kept.says("Dana", "I saw a 🦔!"), kept.says("Dana", "私は東京に住んでいます")];
      kept.says("Dana", "The lamp hums.");
      const by = (text: string) => kept.found(text, { minSimilarity: 0.9 });
      expect([by("🦔"), by("京")]).toEqual([[hedgehog], [tokyo]]);
    });

    on("gives one memory one place, however often it is added", (kept) => {
      const seq = kept.says("Dana", "The kayak leaks.");
      const entry = { seq, subject: dana, place: "lobby", saidAt: kept.now, speaker: "Dana" };
      kept.index.add({ ...entry, text: "The lamp hums." });
      kept.index.add({ ...entry, text: "The lamp hums." });
      expect([kept.found("kayak"), kept.found("lamp")]).toEqual([[], [seq]]);
    });

    on("after a wake finds what it found before", (kept) => {
      for (const text of ["The kayak leaks.", "My accordion hums.", "The lamp hums."]) kept.says("Dana", text);
      const before = ["kayak", "acordion", "hums"].map((text) => kept.search(text));
      kept.reopen();
      expect(["kayak", "acordion", "hums"].map((text) => kept.search(text))).toEqual(before);
    });

    on("keeps words over more parts than are kept apart", (kept) => {
      const seqs = Array.from({ length: 200 }, (_, index) => kept.says("Dana", `thing${index}x`));
      expect(Number(kept.sql.rows("SELECT COUNT(*) FROM index_vocabulary")[0]![0])).toBeLessThan(20);
      kept.reopen();
      expect(seqs.map((seq) => kept.found(`thing${seq - 1}x`)[0])).toEqual(seqs);
    });

    on("believes nothing that a transaction took back", (kept) => {
      kept.says("Dana", "The lamp hums.");
      const failing = (text: string) => () =>
        kept.sql.transaction(() => {
          kept.index.add({ seq: 7, subject: dana, place: "lobby", saidAt: kept.now, speaker: "Dana", text });
          throw new Error("no");
        });
      expect(failing("The kayak leaks.")).toThrow("no");
      expect(kept.found("kayak")).toEqual([]);
      const seq = kept.says("Dana", "The kayak sank.");
      expect(kept.reopen().found("kayak leaks")[0]).toBe(seq);
    });
  });

  describe("sessions", () => {
    const around = (kept: Memories, text: string) => {
      const [hit] = kept.search(text, { limit: 1 });
      return [hit!.before, hit!.after];
    };

    on("end with a pause of more than thirty minutes, and with the room", (kept) => {
      const at = kept.now;
      const first = kept.says("Dana", "The kayak leaks.", { at });
      const second = kept.says("Dana", "The accordion hums.", { at: at + 30 * MINUTE });
      kept.says("Dana", "The lamp flickers.", { at: at + 60 * MINUTE + 1 });
      kept.says("Dana", "The window rattles.", { at: at + 60 * MINUTE + 2, room: "other" });
      expect(["kayak", "accordion", "flickers", "rattles"].map((text) => around(kept, text))).toEqual([
        [null, second],
        [first, null],
        [null, null],
        [null, null],
      ]);
    });

    on("are those of what was said when, in whatever order it is learned", (kept) => {
      const at = kept.now;
      const early = kept.says("Dana", "The kayak leaks.", { at });
      const late = kept.says("Dana", "The accordion hums.", { at: at + 50 * MINUTE });
      expect(around(kept, "kayak")).toEqual([null, null]);
      const between = kept.says("Dana", "The window rattles.", { at: at + 25 * MINUTE });
      expect(around(kept, "rattles")).toEqual([early, late]);
      kept.index.remove([between]);
      expect([around(kept, "kayak"), around(kept, "accordion")]).toEqual([
        [null, null],
        [null, null],
      ]);
    });
  });

  describe("what is taken out", () => {
    on("is found no more, and its words leave the vocabulary when no other memory holds them", (kept) => {
      const [one, other] = ["The kayak leaks.", "The accordion leaks."].map((text) => kept.says("Dana", text));
      kept.index.remove([one!, 99]);
      for (const memories of [kept, kept.reopen()]) {
        expect([memories.found("kayak"), memories.found("kayk"), memories.found("leaks")]).toEqual([[], [], [other]]);
        expect(memories.search("kayak leaks")[0]!.similarity).toBeLessThan(1);
      }
      const again = kept.says("Dana", "The kayak sank.");
      expect(kept.found("kayak")[0]).toBe(again);
    });

    on("while its key is not at hand leaves the vocabulary when the key is back", (kept) => {
      const [one, other] = ["The kayak leaks.", "The accordion leaks."].map((text) => kept.says("Dana", text));
      kept.keys.taken.add(dana);
      kept.index.remove([one!]);
      kept.keys.taken.clear();
      expect([kept.found("leaks"), kept.found("kayk")]).toEqual([[other], []]);
      const sealed = () =>
        kept.sql
          .rows("SELECT sealed FROM index_vocabulary")
          .reduce((sum, [bytes]) => sum + (bytes as Uint8Array).length, 0);
      const size = sealed();
      kept.says("Dana", "The kayak sank.");
      expect(sealed()).toBeGreaterThan(size + "kayak".length + "sank".length);
    });

    on("of one subject leaves the others, and closes the gaps", (kept) => {
      const [first, , third] = [
        kept.says("Dana", "The kayak leaks."),
        kept.says("Eli", "The kayak sank."),
        kept.says("Dana", "The kayak is gone."),
      ];
      kept.index.clear(eli);
      expect(kept.search("kayak leaks", { limit: 1 })).toMatchObject([{ seq: first, after: third }]);
      expect(kept.found("sank")).toEqual([]);
      expect(kept.reopen().found("kayak")).toHaveLength(2);
    });

    on("as a whole leaves nothing, and all can be indexed anew", (kept) => {
      kept.says("Dana", "The kayak leaks.");
      kept.index.clear();
      const tables = ["index_entries", "index_vocabulary", "index_subjects", "index_postings", "index_words_docsize"];
      for (const table of tables) expect(kept.sql.rows(`SELECT COUNT(*) FROM ${table}`)).toEqual([[0]]);
      const seq = kept.says("Dana", "The kayak leaks.");
      expect(kept.found("kayak")).toEqual([seq]);
    });
  });

  describe("without its key", () => {
    on("nothing of a subject is found, nor taken in, and nothing throws", (kept) => {
      const [hers, his] = [kept.says("Dana", "The kayak leaks."), kept.says("Eli", "The kayak sank.")];
      for (const missing of [kept.keys.taken, kept.keys.destroyed]) {
        missing.add(dana);
        expect(kept.search("kayak", { also: [hers] })).toMatchObject([{ seq: his, before: null, after: null }]);
        expect(kept.reopen().found("kayak leaks Dana")).toEqual([his]);
        expect(
          kept.index.add({ seq: 50, subject: dana, place: "lobby", saidAt: kept.now, speaker: "Dana", text: "kayak" }),
        ).toBe(false);
        expect(() => kept.index.remove([hers])).not.toThrow();
        missing.clear();
        kept.index.add({
          seq: hers,
          subject: dana,
          place: "lobby",
          saidAt: kept.now - MINUTE,
          speaker: "Dana",
          text: "The kayak leaks.",
        });
        expect(kept.found("leaks")[0]).toBe(hers);
      }
      kept.keys.destroyed.add(dana);
      kept.index.clear(dana);
      expect(kept.found("kayak")).toEqual([his]);
    });

    on("of the same subject in a new generation nothing is found, until it is indexed anew", (kept) => {
      kept.says("Dana", "The kayak leaks.");
      kept.keys.generation = 2;
      expect(kept.found("kayak")).toEqual([]);
      kept.index.clear(dana);
      const seq = kept.says("Dana", "The kayak leaks.");
      expect(kept.reopen().found("kayak")).toEqual([seq]);
    });
  });

  describe("scope", () => {
    on("binds its values, and counts the whole condition", (kept) => {
      const seqs = ["a", "b", "c"].map((room) => kept.says("Dana", "The kayak leaks.", { room, at: kept.now + HOUR }));
      const scope = { where: "m.room = ? OR m.room = ?", parameters: ["a", "c"] };
      expect(kept.found("kayak", { scope })).toEqual([seqs[2], seqs[0]]);
      expect(kept.found("kayak", { scope, asOf: kept.now - HOUR })).toEqual([seqs[0]]);
      expect(kept.found("kayak", { scope, asOf: kept.now - DAY })).toEqual([]);
    });
  });
}
