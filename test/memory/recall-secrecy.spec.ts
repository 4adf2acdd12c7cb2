/** What nobody may read: memories out of scope do not count in any way, and no word stands in clear in any byte of the index. */
import { describe, expect, it } from "vitest";
import type { SqlPort, SqlValue } from "#actors/kit/sql.ts";
import type { ActorName } from "#events/kit/ids.ts";
import { both, listOf, oneOf, property, upTo } from "../support/arbitrary.ts";
import { DAY, Memories, MINUTE } from "../support/memories.ts";
import { nodeSql } from "../support/sqlite.ts";

const bytesOf = new TextEncoder();
const textOf = new TextDecoder("latin1");

/** Every value of every table, those behind the full-text index included, as one text. */
function dump(sql: SqlPort): string {
  const tables = sql.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'memories'");
  const text = (value: SqlValue) => (value instanceof Uint8Array ? textOf.decode(value) : String(value));
  return tables
    .filter(([name]) => name !== "index_postings" && name !== "index_frequencies")
    .flatMap(([name]) => sql.rows(`SELECT * FROM "${name}"`).flatMap((row) => row.map(text)))
    .join("\n")
    .toLowerCase();
}

// ── scope ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const words = ["kayak", "river", "lamp", "accordion", "sourdough"];
const people = ["Dana", "Eli", "Mina"];

interface Said {
  readonly seq: number;
  readonly words: ReadonlyArray<string>;
  readonly room: string;
  readonly at: number;
  readonly isSeen: boolean;
}

interface Line {
  readonly words: ReadonlyArray<string>;
  readonly room: string;
  readonly speaker: string;
  readonly pause: number;
  readonly isSeen: boolean;
}

const lines = listOf(
  both(both(listOf(oneOf(words), 3), oneOf(people)), both(both(upTo(2), upTo(1)), upTo(9))).map(
    ([[said, speaker], [[room, hidden], pause]]): Line => ({
      ...{ words: said, speaker, room: `room ${room}`, isSeen: hidden === 0 },
      pause: pause === 9 ? 31 * MINUTE : MINUTE,
    }),
  ),
  40,
);

/** Says the lines; those that may not be seen are only told apart by the register. */
function said(kept: Memories, spoken: ReadonlyArray<Line>, subject?: ActorName): ReadonlyArray<Said> {
  return spoken.map(({ words: each, room, speaker, pause, isSeen }) => {
    const at = kept.now + pause;
    const kind = isSeen ? "episodic" : "hidden";
    const whose = subject === undefined ? {} : { subject };
    const seq = kept.says(speaker, `The ${each.join(" ")}.`, { room, at, kind, ...whose });
    return { seq, words: each, room, at, isSeen };
  });
}

const seenOnly = { where: "m.kind <> ? OR 1 = 0", parameters: ["hidden"] };

/** The turns that stand so near in the same session, seen ones only; positions count all. */
function near(all: ReadonlyArray<Said>, { seq, room }: Said, reach: number): ReadonlyArray<Said> {
  const inRoom = all.filter((each) => each.room === room);
  const index = inRoom.findIndex((each) => each.seq === seq);
  const goesOn = (from: number, to: number) =>
    inRoom.slice(from + 1, to + 1).every((each, step) => each.at - inRoom[from + step]!.at <= 30 * MINUTE);
  return inRoom.filter(
    (each, place) =>
      each.isSeen && Math.abs(place - index) <= reach && goesOn(Math.min(place, index), Math.max(place, index)),
  );
}

describe("out of scope", () => {
  property(
    "nothing is answered, shown as a neighbour, or counted among the words around",
    both(lines, listOf(oneOf([...words, ...people]), 3)),
    ([spoken, asked]) => {
      const kept = new Memories(nodeSql());
      const all = said(kept, spoken);
      const hits = kept.search(asked.join(" "), { scope: seenOnly, limit: 100 });
      for (const { seq, before, after, similarity } of hits) {
        const hit = all.find((each) => each.seq === seq)!;
        expect(hit.isSeen).toBe(true);
        const beside = near(all, hit, 1).map((each) => each.seq);
        for (const neighbour of [before, after]) if (neighbour !== null) expect(beside).toContain(neighbour);
        const around = near(all, hit, 2).flatMap((each) => each.words);
        expect(similarity > 0).toBe(asked.some((word) => around.includes(word)));
      }
    },
    150,
  );

  property(
    "what is hidden changes only how rare a word seems: with other words in it, every score stays the same",
    lines,
    (spoken) => {
      const [plain, other] = [new Memories(nodeSql()), new Memories(nodeSql())];
      // Under one key the same words are as frequent in both, only that hidden turns hold each other's.
      const hidden = spoken.filter(({ isSeen }) => !isSeen).map((line) => line.words);
      const turned = [...hidden.slice(1), ...hidden.slice(0, 1)];
      const swapped = spoken.map((line) => (line.isSeen ? line : { ...line, words: turned.shift()! }));
      said(plain, spoken, "user:dana");
      said(other, swapped, "user:dana");
      const search = (kept: Memories) => kept.search("kayak river lamp", { scope: seenOnly, limit: 100 });
      expect(search(other)).toEqual(search(plain));
    },
    150,
  );

  it("nothing is found a thousand ways: by its words, misspelt, by date, fact, cosine, other source, person or neighbour", () => {
    const kept = new Memories(nodeSql());
    const hidden = Array.from({ length: 25 }, (_, index) =>
      kept.says(people[index % 3]!, `Secret${index} kayak of 2026-05-07, river and lamp.`, { kind: "hidden" }),
    );
    const seen = kept.says("Dana", "The lamp hums.");
    const all = new Map(hidden.map((seq) => [seq, 0.99]));
    const more = [
      {},
      { also: hidden },
      { facts: hidden.map((seq) => ({ seq, superseded: false })) },
      { cosines: () => ({ own: all, window: all }) },
      { kinds: ["hidden", "episodic"] },
    ];
    let tries = 0;
    for (let index = 0; index < 25; index++)
      for (const text of [
        `secret${index}`,
        `secrt${index}`,
        "kayak 2026-05-07",
        "Dana's river?",
        "canoe",
        "Eli",
        "lamp",
        "",
      ])
        for (const over of more) {
          const hits = kept.search(text, { scope: seenOnly, limit: 100, ...over });
          expect(
            hits.flatMap(({ seq, before, after }) => [seq, before, after]).filter((seq) => hidden.includes(seq ?? 0)),
          ).toEqual([]);
          expect(hits.filter(({ seq }) => seq !== seen)).toEqual([]);
          tries += 1;
        }
    expect(tries).toBe(1_000);
  });

  it("however many there are, they take no place from what may be seen", () => {
    const kept = new Memories(nodeSql());
    const seen = kept.says("Dana", "The kayak leaks.", { room: "other" });
    for (let index = 0; index < 1_300; index++) kept.says("Dana", "Kayak, kayak!", { kind: "hidden" });
    for (const text of ["kayak", "canoe", "What of Dana's kayak?"])
      expect(kept.found(text, { scope: seenOnly })).toEqual([seen]);
  });

  it("of subjects that are not asked for, nothing is found", () => {
    const kept = new Memories(nodeSql());
    kept.says("Dana", "The kayak leaks.");
    kept.says("Eli", "The kayak sank.");
    expect(kept.search("kayak sank leaks", { subjects: ["user:eli"] })).toMatchObject([{ seq: 2, before: null }]);
    expect(kept.search("kayak", { subjects: [] })).toEqual([]);
  });
});

// ── canaries ────────────────────────────────────────────────────────────────────────────────────────────────────────

describe("of a thousand texts", () => {
  const canary = (index: number) => `canary${index.toString(36)}q`;
  const kept = new Memories(nodeSql());
  for (let index = 0; index < 1_000; index++)
    kept.says(`Person${index % 7}`, `My ${canary(index)} flew to Bergen on 2026-05-${10 + (index % 20)}.`, {
      subject: `user:${index % 7}`,
    });

  it("no word and no name stands in any table", () => {
    const bytes = dump(kept.sql);
    const found = Array.from({ length: 1_000 }, (_, index) => canary(index)).filter((word) => bytes.includes(word));
    expect(found).toEqual([]);
    for (const word of ["bergen", "flew", "person1", "person", "@", "#d"].filter((each) => each.length > 2))
      expect(bytes).not.toContain(word);
    // The sieve holds: what does stand there in clear is found.
    expect(bytes).toContain("lobby");
    expect(bytes).toContain("user:3");
  });

  it("each can be found", () => {
    const found = Array.from({ length: 1_000 }, (_, index) => kept.found(canary(index), { limit: 1 })[0]);
    expect(found).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
  });

  it("the same word of two subjects looks different, and no row says which words are in which order", () => {
    const two = new Memories(nodeSql());
    two.says("Dana", "kayak river");
    two.says("Eli", "kayak river");
    two.says("Dana", "river kayak");
    const [hers, his, again] = two.sql
      .rows("SELECT tokens FROM index_entries ORDER BY seq")
      .map(([bytes]) => textOf.decode(bytes as Uint8Array));
    expect(hers).not.toBe(his);
    expect(hers).toBe(again);
  });

  it("with the key destroyed nothing can be told from the rows: no query of it finds any", () => {
    const gone = new Memories(nodeSql());
    gone.says("Dana", "The kayak leaks.");
    gone.keys.destroyed.add("user:dana");
    expect(["kayak", "leaks", "", "Dana", "kayk", "canoe"].flatMap((text) => gone.reopen().search(text))).toEqual([]);
    expect(dump(gone.sql)).not.toContain(textOf.decode(bytesOf.encode("kayak")));
  });
});

// ── rebuild ─────────────────────────────────────────────────────────────────────────────────────────────────────────

describe("an index that was built anew", () => {
  property(
    "answers as the one that lived: through removals, late arrivals and wakes",
    both(lines, listOf(upTo(39), 10)),
    ([spoken, removed]) => {
      const live = new Memories(nodeSql());
      // Every third line is learned late: it was said an hour and a half before the one in front of it.
      const shifted = spoken.map((line, index) => (index % 3 === 2 ? { ...line, pause: -90 * MINUTE } : line));
      const all = said(live, shifted);
      const gone = removed.flatMap((index) => all[index]?.seq ?? []);
      live.index.remove(gone.slice(0, 5));
      live.reopen().index.remove(gone.slice(5));

      const rebuilt = new Memories(nodeSql());
      said(rebuilt, shifted);
      rebuilt.index.clear();
      for (const [index, each] of all.entries()) {
        if (gone.includes(each.seq)) continue;
        const { speaker } = shifted[index]!;
        const subject: ActorName = `user:${speaker.toLowerCase()}`;
        const text = `The ${each.words.join(" ")}.`;
        rebuilt.index.add({ seq: each.seq, subject, place: each.room, saidAt: each.at, speaker, text });
      }
      for (const text of ["kayak", "river lamp", "Dana's acordion", "sourdough?"])
        expect(live.search(text, { limit: 100, now: DAY })).toEqual(rebuilt.search(text, { limit: 100, now: DAY }));
    },
    100,
  );
});
