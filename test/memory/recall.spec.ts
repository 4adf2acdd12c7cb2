/** Which memory comes to mind: each feature of the score where it alone decides, against the newer one that a tie would go to. */
import { describe, expect, it } from "vitest";
import type { Search } from "#actors/agent/memory/recall/memory-index.ts";
import { DAY, Memories, type Saying } from "../support/memories.ts";
import { nodeSql } from "../support/sqlite.ts";

const memories = () => new Memories(nodeSql());
const HOUR = DAY / 24;

type Line = string | readonly [speaker: string | null, text: string, over?: Saying];

/** Two conversations in rooms of their own, the first two hours before the second; the seqs of their lines. */
function conversations(first: ReadonlyArray<Line>, second: ReadonlyArray<Line>, kept = memories()) {
  const said = [first, second].map((lines, room) => {
    kept.now += 2 * HOUR;
    return lines.map((line) => {
      const [speaker, text, over] = typeof line === "string" ? (["Dana", line] as const) : line;
      return kept.says(speaker, text, { room: `room ${room}`, ...over });
    });
  });
  return { kept, first: said[0]!, second: said[1]! };
}

const filler = ["The lamp hums.", "The door squeaks.", "The floor shines.", "The window rattles."];

describe("of two memories, the one is found before the other", () => {
  it("that holds the word itself, not its neighbour", () => {
    const { kept, first } = conversations(["The kayak leaks.", "The spoon broke."], []);
    expect(kept.found("kayak", { variant: "window" })).toEqual(first);
    expect(kept.found("kayak")).toEqual(first);
  });

  it("around which the other words are said", () => {
    const { kept, first, second } = conversations(
      ["The kayak leaks.", "The river froze."],
      ["The kayak leaks.", "The pillow tore."],
    );
    expect(kept.found("kayak river", { variant: "words" })).toEqual([first[1], second[0], first[0]]);
    expect(kept.found("kayak river", { variant: "window" }).slice(0, 2).sort()).toEqual(first);
  });

  it("in whose session the other words are said, further away", () => {
    const { kept, first, second } = conversations(
      ["The kayak leaks.", ...filler, "The river froze."],
      ["The kayak leaks.", ...filler, ["Dana", "The river froze.", { room: "another" }]],
    );
    const among = (found: ReadonlyArray<number>) => found.filter((seq) => seq === first[0] || seq === second[0]);
    expect(among(kept.found("kayak river", { variant: "window" }))).toEqual([second[0], first[0]]);
    expect(among(kept.found("kayak river"))).toEqual([first[0], second[0]]);
  });

  it("that answers a question with the words in it", () => {
    const { kept, first, second } = conversations(
      ["Is the kayak sold?", "Somebody carried it away."],
      ["The kayak is sold.", "Somebody carried it away."],
    );
    const among = (found: ReadonlyArray<number>) => found.filter((seq) => seq === first[1] || seq === second[1]);
    expect(among(kept.found("kayak sold", { variant: "window" }))).toEqual([second[1], first[1]]);
    expect(among(kept.found("kayak sold"))).toEqual([first[1], second[1]]);
  });

  it("that holds more of the question's words, though the other says one of them again and again", () => {
    const common = Array.from(
      { length: 10 },
      (_, index): Line => [...(["Eli", index < 4 ? "A river." : "A lamp."] as const), { room: `elsewhere ${index}` }],
    );
    const { kept, first, second } = conversations(
      [...common, "The kayak, river."],
      ["Kayak, kayak, kayak, kayak, kayak, kayak."],
    );
    const among = (found: ReadonlyArray<number>) => found.filter((seq) => seq === first.at(-1) || seq === second[0]);
    expect(among(kept.found("kayak river", { variant: "words" }))).toEqual([second[0], first.at(-1)]);
    expect(among(kept.found("kayak river"))).toEqual([first.at(-1), second[0]]);
  });

  it("that says the same in another word", () => {
    const { kept, first, second } = conversations(["A hamster lives there."], ["A lamp stands there."]);
    expect(kept.found("Which pets?")).toEqual(first);
    const also = [...first, ...second];
    expect(kept.found("Which pets?", { also })).toEqual([...first, ...second]);
    expect(kept.found("Which pets?", { also, variant: "structure" })).toEqual([...second, ...first]);
  });

  it("that the one person named said", () => {
    const kept = memories();
    const [hers, his] = ["Dana Levi", "Eli"].map((speaker) => kept.says(speaker, "The fence is painted."));
    expect(kept.found("What did Dana paint?")).toEqual([hers, his]);
    expect(kept.found("dana's fence?")).toEqual([hers, his]);
    expect(kept.found("What did Eli paint?")).toEqual([his, hers]);
    expect(kept.found("What did Dana and Eli paint?")).toEqual([his, hers]);
  });

  it("that was said in the presence of who is named, or speaks of them, however many others there are", () => {
    const kept = memories();
    const present = kept.says("Eli", "The fence is painted.", { room: "a" });
    kept.says("Dana", "Oh!", { room: "a" });
    const mention = kept.says("Eli", "Dana painted a fence in the end, at last.", { room: "b" });
    for (let index = 0; index < 300; index++) kept.says("Eli", "The fence is painted.", { room: `room ${index}` });
    const found = kept.found("Which fence did Dana paint?", { limit: 50 });
    expect(found).toHaveLength(3);
    expect(found).toEqual(expect.arrayContaining([present, mention]));
    expect(kept.found("Which fence did Mina paint?", { limit: 50 })).toHaveLength(50);
  });

  it.each([
    ["asks nothing", "The kayak leaks.", "The kayak leaks?"],
    ["asks nothing on the way", "The kayak leaks.", "What? The kayak leaks."],
    ["asks on the way rather than at its end", "What? The kayak leaks.", "The kayak leaks?"],
    ["speaks of whoever says it", "My kayak leaks.", "The kayak leaks."],
    ["quotes", 'The "kayak" leaks.', "The kayak leaks."],
  ])("that %s", (_why, better, other) => {
    const { kept, first, second } = conversations([better], [other]);
    expect(kept.found("What of the kayak?")).toEqual([...first, ...second]);
  });

  it.each([
    ["When did the kayak break?", "The kayak broke last Friday."],
    ["Where did the kayak break?", "The kayak broke at the lake."],
    ["How many times did the kayak break?", "The kayak broke three times."],
    ["Whose kayak broke?", "The kayak of Mina broke."],
    ["Why did the kayak break?", "The kayak broke because of rust."],
  ])("that has the form of an answer to: %s", (question, answer) => {
    const { kept, first, second } = conversations([answer], ["The kayak broke."]);
    expect(kept.found(question)).toEqual([...first, ...second]);
    expect(kept.found("kayak broke")).toEqual([...second, ...first]);
  });

  it("that was said on the day, rather than some days off, rather than weeks", () => {
    const kept = memories();
    const on = (at: number, room: string) => kept.says("Dana", "The kayak leaks.", { at, room });
    const day = Date.UTC(2026, 4, 7, 12);
    const [that, near, far] = [on(day, "a"), on(day + 5 * DAY, "b"), on(day + 40 * DAY, "c")];
    expect(kept.found("kayak, 2026-05-07?")).toEqual([that, near, far]);
    expect(kept.found("kayak?")).toEqual([far, near, that]);
  });

  it.each([
    ["the 7th of May 2026", "the 9th of March 2026"],
    ["May 2026", "March 2026"],
  ])("that speaks of the day, in other words: %s", (date, other) => {
    const { kept, first, second } = conversations(
      [`The kayak leaks since ${date}.`],
      [`The kayak leaks since ${other}.`],
    );
    expect(kept.found("kayak, 2026-05-07?")).toEqual([...first, ...second]);
    expect(kept.found("kayak, 2026-03-09?")).toEqual([...second, ...first]);
  });

  it("that states what is asked for, and was not superseded, unless it is asked what was before", () => {
    const { kept, first, second } = conversations(["The kayak is green."], ["The kayak is red."]);
    const [stated] = first;
    const fact = (superseded: boolean) => ({ facts: [{ seq: stated!, superseded }] });
    expect(kept.found("kayak color")).toEqual([...second, ...first]);
    expect(kept.found("kayak color", fact(false))).toEqual([...first, ...second]);
    expect(kept.found("kayak color", fact(true))).toEqual([...second, ...first]);
    expect(kept.found("kayak color, previously", fact(true))).toEqual([...first, ...second]);
    const both = [...fact(true).facts, ...fact(false).facts];
    expect(kept.found("kayak color", { facts: both })).toEqual([...first, ...second]);
  });

  it("that the register still holds to be in force, at the moment asked for", () => {
    const kept = memories();
    const [on, later] = [kept.now + DAY, kept.now + 9 * DAY];
    const [before, after] = conversations(
      [[null, "The kayak is green.", { kind: "semantic", supersededAt: later }]],
      [[null, "The kayak is red.", { kind: "semantic", at: on }]],
      kept,
    ).kept.found("kayak");
    expect([before, after]).toEqual([2, 1]);
    expect(kept.found("kayak", { now: later })).toEqual([2, 1]);
    expect(kept.found("kayak", { asOf: on - 1 })).toEqual([1]);
  });

  it("that is newer, when a question is about the present, though the older has a little more to it", () => {
    const { kept, first, second } = conversations(
      [["Dana", "The kayak leaks."]],
      [["Dana", "The old kayak leaks.", { at: Date.UTC(2027, 1, 1) }]],
    );
    expect(kept.found("kayak?")).toEqual([...first, ...second]);
    expect(kept.found("Is there a kayak now?")).toEqual([...second, ...first]);
  });

  it("that means the same, as embeddings see it", () => {
    const { kept, first, second } = conversations(["The kayak leaks."], ["The kayak leaks."]);
    const [one, other] = [first[0]!, second[0]!];
    const equal = { [one]: 0.5, [other]: 0.5 };
    expect(kept.search("kayak", { cosines: near({ [one]: 0.9, [other]: 0.1 }, equal) })).toMatchObject([
      { seq: one, similarity: 0.9 },
      { seq: other, similarity: 0.1 },
    ]);
    expect(kept.found("kayak", { cosines: near(equal, { [one]: 0.9, [other]: 0.1 }) })).toEqual([one, other]);
    expect(kept.found("rowing", { cosines: near({ [one]: 0.9, [other]: 0.1 }, equal) })).toEqual([one, other]);
  });
});

/** Cosines of a question, as vectors tell them: of those that are asked for, or of all. */
function near(
  own: Readonly<Record<number, number>>,
  window: Readonly<Record<number, number>> = own,
): NonNullable<Search["cosines"]> {
  const among = (values: typeof own, seqs: ReadonlyArray<number> | undefined) =>
    new Map(
      Object.entries(values).flatMap(([seq, value]) =>
        (seqs?.includes(Number(seq)) ?? true) ? [[Number(seq), value]] : [],
      ),
    );
  return (seqs) => ({ own: among(own, seqs), window: among(window, seqs) });
}

describe("by meaning", () => {
  it("a neighbour of what fits is measured like any other: by its own cosine, not by words", () => {
    const kept = memories();
    const [hit, next] = ["The kayak leaks.", "It was mended with tar."].map((text) => kept.says("Dana", text));
    const far = Array.from({ length: 120 }, (_, index) =>
      kept.says("Eli", `Number ${index} hums.`, { room: `room ${index}` }),
    );
    const cosines = near({ ...Object.fromEntries(far.map((seq) => [seq, 0.3])), [hit!]: 0.9, [next!]: 0.2 });
    const found = kept.search("kayak", { cosines, limit: 200 });
    expect(found.find(({ seq }) => seq === next)).toMatchObject({ similarity: 0.2 });
  });

  it("the nearest hundred are looked at, whatever their length and whoever is named, also where all are far", () => {
    const kept = memories();
    const long = kept.says("Eli", Array.from({ length: 60 }, (_, index) => `word${index}`).join(" "), { room: "long" });
    const others = Array.from({ length: 150 }, (_, index) => kept.says("Dana", "So.", { room: `room ${index}` }));
    const cosines = near({ ...Object.fromEntries(others.map((seq) => [seq, -0.6])), [long]: -0.5 });
    for (const text of ["rowing", "Dana's rowing"]) {
      const found = kept.found(text, { cosines, limit: 200 });
      expect(found).toHaveLength(100);
      expect(found).toContain(long);
    }
  });
});

describe("words alone", () => {
  it("find what holds them, whatever form it has", () => {
    const { kept, first } = conversations(["The kayak leaks.", "I work as a nurse.", '"Never," they said.'], []);
    expect(kept.found("kayak")[0]).toBe(first[0]);
    expect(kept.found("kayak", { minSimilarity: 0.9 })).toEqual([first[0]]);
  });
});

describe("a question", () => {
  it.each([
    ["kyaak", "one letter changed over"],
    ["kayk", "one missing"],
    ["kayaak", "one too many"],
    ["kajak", "another one"],
  ])("with %s is understood: %s", (misspelt) => {
    const { kept, first } = conversations(["The kayak leaks."], ["The lamp hums."]);
    expect(kept.found(misspelt)).toEqual(first);
    expect(kept.found(misspelt, { variant: "structure" })).toEqual([]);
  });

  it("of seven letters bears two slips, and a word that is spelt right is left alone", () => {
    const { kept, first } = conversations(["The accordion leaks."], ["The horse neighs."]);
    expect(kept.found("acordeon")).toEqual(first);
    expect(kept.found("house")).toEqual([]);
    expect(kept.found("2027")).toEqual([]);
  });

  it("is not answered by a name it holds, when that is of somebody who speaks, unless it holds nothing else", () => {
    const { kept, first, second } = conversations([["Eli", "Dana laughed."]], [["Dana", "The kayak leaks."]]);
    expect(kept.found("Dana's kayak?")).toEqual(second);
    expect(kept.found("Dana?")).toEqual(first);
  });

  it("still knows a name when a word that ends like it was forgotten", () => {
    const kept = memories();
    const rick = kept.says("Rick", "The kayak leaks.", { subject: "user:both" });
    const brick = kept.says("Eli", "A brick.", { subject: "user:both", room: "elsewhere" });
    kept.says("Eli", "The kayak leaks.", { subject: "user:both", room: "elsewhere" });
    kept.index.remove([brick]);
    expect(kept.found("Rick's kayak?")).toEqual([rick]);
  });

  it("takes words that are no names elsewhere for names in capitals only", () => {
    const kept = memories();
    const [hers, his] = ["May", "Eli"].map((speaker) => kept.says(speaker, "The kayak leaks."));
    expect(kept.found("What about the kayak of May?")).toEqual([hers, his]);
    expect(kept.found("What may the kayak do?")).toEqual([his, hers]);
  });

  it("gets as many answers as it asks for, of the kinds it asks for, with what was said around each", () => {
    const kept = memories();
    const [before, wanted, after] = ["The lamp hums.", "The kayak leaks.", "The door squeaks."].map((text) =>
      kept.says("Dana", text),
    );
    const drawn = kept.says(null, "Dana has a kayak.", { kind: "semantic", room: "" });
    expect(kept.search("kayak leaks", { limit: 1 })).toEqual([
      { seq: wanted, before, after, similarity: 1, relevanceScore: expect.any(Number) },
    ]);
    expect(kept.search("kayak leaks", { kinds: ["semantic"] })).toMatchObject([
      { seq: drawn, before: null, after: null },
    ]);
    expect(kept.found("kayak leaks", { limit: 0 })).toEqual([]);
  });

  it("scores what it is answered by: shares from 0 to 1, less for words that nobody used; scores in the same order", () => {
    const { kept } = conversations(["The kayak leaks.", "The ladder leaks."], ["A spoon leaks."]);
    const hits = kept.search("kayak leaks");
    expect(hits.map(({ relevanceScore }) => relevanceScore)).toEqual(
      hits.map(({ relevanceScore }) => relevanceScore).toSorted((left, right) => right - left),
    );
    expect(hits[0]!.similarity).toBe(1);
    // Half for what only its neighbour says.
    expect(hits[1]!.similarity).toBeGreaterThan(0.5);
    expect(hits[2]!.similarity).toBeLessThan(0.5);
    expect(kept.search("kayak qqqqqqqq")[0]!.similarity).toBeLessThan(0.7);
  });

  it("answers as many as are wanted of those that fit well enough, whatever comes before them", () => {
    const { kept, first, second } = conversations(["The roof drips."], ["The kayak leaks."]);
    const over = { facts: [{ seq: first[0]!, superseded: false }], limit: 1 };
    expect(kept.found("kayak leaks", over)).toEqual(first);
    expect(kept.found("kayak leaks", { ...over, minSimilarity: 0.5 })).toEqual(second);
  });

  it("finds what another source found, though no word fits, and neighbours four turns away", () => {
    const kept = memories();
    const [first] = ["The kayak leaks.", ...filler, "The roof drips."].map((text) => kept.says("Dana", text));
    expect(kept.found("kayak").toSorted()).toEqual([first, first! + 1, first! + 2, first! + 3, first! + 4]);
    expect(kept.found("xylophone")).toEqual([]);
    expect(kept.found("xylophone", { also: [first!] })).toContain(first);
    expect(kept.found("xylophone", { facts: [{ seq: first!, superseded: false }], limit: 1 })).toEqual([first]);
  });
});
