/** Where prose may be cut: behind sentences, behind a clause when people have waited, and nowhere else. */
import { describe, expect, it } from "@effect/vitest";
import { CLAUSE_AFTER_MS, Sentences } from "#actors/agent/turn/sentences.ts";
import { both, property, upTo, wishes } from "../support/arbitrary.ts";

/** What is shown of pieces that all come in the same millisecond. */
const shown = (...pieces: ReadonlyArray<string>) => {
  const sentences = new Sentences(0);
  return [...pieces.map((piece) => sentences.push(piece, 0)), sentences.rest()];
};

describe("prose is held back", () => {
  it("until a sentence has ended, white space included", () => {
    expect(shown("Hel", "lo.", " Wor")).toEqual(["", "", "Hello. ", "Wor"]);
    expect(shown("Yes! No? Per", "haps… ")).toEqual(["Yes! No? ", "Perhaps… ", ""]);
  });

  it("and let go with as many sentences as there are", () => {
    expect(shown("One. Two. Three")).toEqual(["One. Two. ", "Three"]);
  });

  it("up to the end of a line, which needs no full stop", () => {
    expect(shown("- tea\n- cof", "fee\n\n", "That")).toEqual(["- tea\n", "- coffee\n\n", "", "That"]);
  });

  it.each([
    "3.14 is",
    "e.g",
    "www.example.com/a?b",
    "12:30",
    "half,whole",
    "well…then",
  ])("and not cut inside %j", (text) => {
    expect(shown(text)).toEqual(["", text]);
  });

  it("behind closing quotes and brackets", () => {
    expect(shown('He said "no." Then')).toEqual(['He said "no." ', "Then"]);
    expect(shown("(So it is.) Then")).toEqual(["(So it is.) ", "Then"]);
  });
});

describe("a clause is enough", () => {
  it("when nothing was shown for 200 ms, and not before", () => {
    const sentences = new Sentences(0);
    expect(sentences.push("First, then", CLAUSE_AFTER_MS - 1)).toBe("");
    expect(sentences.push(" second", CLAUSE_AFTER_MS)).toBe("First, ");
    expect(sentences.push("; third", CLAUSE_AFTER_MS + 1)).toBe("");
    expect(sentences.push(" – and", 2 * CLAUSE_AFTER_MS)).toBe("then second; third – ");
  });

  it("and a sentence goes first when there is one", () => {
    const sentences = new Sentences(0);
    expect(sentences.push("Done. Next, the", 1_000)).toBe("Done. ");
  });

  it("and half a word is never shown, however long it takes", () => {
    const sentences = new Sentences(0);
    expect(sentences.push("Antidisestablish", 60_000)).toBe("");
    expect(sentences.rest()).toBe("Antidisestablish");
  });
});

const pieces = [" ", ". ", ", ", "a", "Hello", "\n", "3.1", "😀", '." ', "?", "…"];

describe("whatever comes, and whenever", () => {
  property(
    "everything is shown once, in order, and only at the end of something",
    both(wishes(60), upTo(300)),
    ([picks, pace]) => {
      const said = picks.map(({ which }) => pieces[which % pieces.length]!);
      const sentences = new Sentences(0);
      const out = said.map((piece, index) => sentences.push(piece, index * pace));
      expect(out.join("") + sentences.rest()).toBe(said.join(""));
      for (const piece of out) expect(piece).toMatch(/^$|\s$/);
    },
    200,
  );
});
