/** What it costs to show prose while it comes: counted in characters that patterns read, never in time. */
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest";
import { FilteredStream, judge } from "#actors/agent/turn/filter.ts";
import { LONGEST_SENTENCE, Sentences } from "#actors/agent/turn/sentences.ts";
import { listedWords } from "#src/models/moderator.ts";
import { pem } from "../support/sensitive.ts";

const exec = RegExp.prototype.exec;
let read = 0;

/** Every search with a pattern, whichever method asks for it, comes by here. */
beforeEach(() => {
  read = 0;
  RegExp.prototype.exec = function (text: string) {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const match = exec.call(this, text);
    read += (match === null ? text.length : match.index + match[0].length) - from;
    return match;
  };
});
afterEach(() => {
  RegExp.prototype.exec = exec;
});

/** Prose in small pieces on its way through both, and how many characters were read for each of its own. */
function streamed(text: string) {
  read = 0;
  const sentences = new Sentences(0);
  const filtered = new FilteredStream("out", { said: [], words: () => [] });
  let shown = "";
  for (let at = 0; at < text.length; at += 4) shown += filtered.push(sentences.push(text.slice(at, at + 4), 0));
  shown += filtered.push(sentences.rest()) + filtered.finish().rest;
  return { shown, cost: read / text.length };
}

/** So many characters of the same again and again. */
const filled = (length: number, pattern: string): string =>
  pattern.repeat(Math.ceil(length / pattern.length)).slice(0, length);

describe("prose as it comes", () => {
  it.each([
    ["sentences", "", "A sentence of the usual length, with a clause in it. "],
    ["words without an end", "", "word "],
    ["letters without a blank", "", "x"],
    ["closing brackets", "", ".)"],
    ["a clause without end", "", "word, "],
    ["words with accents", "", "wörd "],
    ["single letters, each on its line", "", "a\nb\n"],
    ["single letters with accents", "", "é\nè\n"],
    ["a private key without end", pem.slice(0, 100), `${"x".repeat(64)}\n`],
    ["a script without blanks", "", "今日は"],
  ])("costs no more a character when it is long: %s", (_what, begun, pattern) => {
    const few = begun + filled(4_000, pattern);
    const many = begun + filled(32_000, pattern);
    expect(streamed(many).cost).toBeLessThan(2 * streamed(few).cost);
    expect(streamed(many).shown).toBe(judge(many, "out", { said: [], words: () => [] }).text);
  });

  it("costs nothing while nothing comes", () => {
    const filtered = new FilteredStream("out", { said: [], words: listedWords });
    expect(filtered.push("One tw")).toBe("One ");
    read = 0;
    for (let times = 0; times < 100; times++) filtered.push("");
    expect(read).toBe(0);
  });
});

describe("a sentence without end", () => {
  const pushed = (text: string) => {
    const sentences = new Sentences(0);
    return [sentences.push(text, 0), sentences.rest()];
  };

  it("is held up to a length, then shown up to its last blank", () => {
    const long = filled(LONGEST_SENTENCE, "word ");
    expect(pushed(long)).toEqual(["", long]);
    expect(pushed(`${long}wo`)).toEqual([long, "wo"]);
  });

  it("and as it is, when it has no blank", () => {
    expect(pushed("x".repeat(LONGEST_SENTENCE + 1))).toEqual(["x".repeat(LONGEST_SENTENCE + 1), ""]);
  });
});
