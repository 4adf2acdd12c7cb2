/** Prose on its way to people: what is shown of it while it comes, wherever it is cut, is what the verdict on the whole says. */
import { describe, expect, it } from "@effect/vitest";
import { FilteredStream, judge } from "#actors/agent/turn/filter.ts";
import { normalise } from "#actors/agent/turn/filter-text.ts";
import { listedWords } from "#src/models/moderator.ts";
import { both, property, upTo, wishes } from "../support/arbitrary.ts";
import { anthropic, card, email, iban, jwt, pem, phone } from "../support/sensitive.ts";

/** What is shown of pieces as they come, and in the end. */
const streamed = (pieces: ReadonlyArray<string>, ...said: ReadonlyArray<string>) => {
  const stream = new FilteredStream("out", { said, words: listedWords });
  const shown = pieces.map((piece) => stream.push(piece));
  const { rest, verdict: whole } = stream.finish();
  return { shown: [...shown, rest], whole };
};

describe("prose as it comes", () => {
  it("is shown up to what may still grow", () => {
    expect(streamed(["Good morning. ", "It is lo", "vely. "]).shown).toEqual([
      "Good morning. ",
      "It is ",
      "lovely. ",
      "",
    ]);
  });

  it("a secret in pieces never shows its beginning", () => {
    const { shown } = streamed(["The key is sk-", "ant-api03-Zm9vYmF", "yYmF6cXV4. ", "Bye."]);
    expect(shown).toEqual(["The key is ", "", "[secret]. ", "", "Bye."]);
  });

  it("nor does one that reaches over blanks and lines", () => {
    expect(streamed(["Pay 4111 ", "1111 1111 ", "1111 ", "today. "]).shown).toEqual([
      "Pay ",
      "",
      "",
      "[card] today. ",
      "",
    ]);
    expect(streamed(["Send Authorization: ", "Bearer ", "a1b2c3d4e5, ", "along. "]).shown).toEqual([
      "Send ",
      "",
      "Authorization: Bearer [secret], ",
      "along. ",
      "",
    ]);
    expect(streamed(["Here:\n", ...pem.split(/(?<=\n)/), "\nDone. "]).shown.join("|")).toBe(
      "Here:\n||||||[secret]\nDone. |",
    );
  });

  it("a word in pieces withholds the rest, and what was shown stays within what had passed", () => {
    const { shown, whole } = streamed(["You are kind. But f\u200bu", "ck that. ", "More. "]);
    expect(shown).toEqual(["You are kind. But ", "", "", ""]);
    expect(whole).toEqual({ action: "withhold", rules: ["abusive-language"], text: "" });
  });

  it("a word spelled out is one", () => {
    expect(streamed(["Oh f ", "u ", "c ", "k ", "it. "]).shown).toEqual(["Oh ", "", "", "", "", ""]);
  });

  it("what was said here may be said again in pieces", () => {
    expect(streamed(["It is dana", "@example.org. "], email).shown).toEqual(["It is ", "dana@example.org. ", ""]);
  });

  it("a script without blanks is not held back", () => {
    expect(streamed(["今日は", "いい天気です"]).shown).toEqual(["今日は", "いい天気です", ""]);
  });
});

const fragments = [
  ...[
    " ",
    " ",
    "  ",
    "\n",
    ". ",
    ", ",
    ": ",
    "-",
    "(",
    ")",
    "/",
    '"',
    "@",
    "+",
    "=",
    "1",
    "42",
    "4111",
    "1111",
    "A",
    "a",
  ],
  ...[
    "Hello",
    "world",
    "IBAN",
    "U",
    "é",
    "\u200b",
    "\u0301",
    "ﷺ",
    "😀",
    "日本",
    "です。",
    "ѕ",
    "привет",
    "½",
    "\ud83d",
  ],
  ...["f", "u", "c", "k", "fuck", "ｓｈｉｔ", "sh", "it"],
  ...[
    "Authorization:",
    "Bearer",
    "a1b2c3d4e5f6a7b8",
    "aws_secret_access_key",
    "-----BEGIN",
    "PRIVATE",
    "KEY-----",
    "BLOCK",
  ],
  ...[
    anthropic,
    anthropic.slice(0, 7),
    jwt,
    pem,
    pem.slice(0, 100),
    pem.slice(100),
    "https://dana:hunter22@example.org/",
  ],
  ...[card, iban, "GB82 WEST 1234 5698 7654 32", phone, "+1 (212) 555-0123", email, "@example.org", "dana"],
];

/** A text put together from fragments, and the same text in pieces cut without regard to them. */
const cut = (picks: ReadonlyArray<{ readonly which: number; readonly how: number }>, longest: number) => {
  const text = picks.map(({ which }) => fragments[which % fragments.length]!).join("");
  const pieces: string[] = [];
  for (let at = 0, turn = 0; at < text.length; turn += 1) {
    const length = 1 + (picks[turn % picks.length]!.how % longest);
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return { text, pieces };
};

describe("however prose is cut", () => {
  property(
    "what is shown is what the verdict on the whole says, and never the beginning of what is withheld",
    both(wishes(24), upTo(60)),
    ([picks, longest]) => {
      const { text, pieces } = cut(picks, longest + 1);
      const whole = judge(text, "out", { said: [email], words: listedWords });
      const { shown, whole: inPieces } = streamed(pieces, email);
      expect(inPieces.action).toBe(whole.action);
      if (whole.action !== "withhold") {
        expect(shown.join("")).toBe(whole.text);
        expect(inPieces).toEqual(whole);
        return;
      }
      const { text: read, from } = normalise(text);
      const first = Math.min(...listedWords(read).map(({ start }) => start));
      expect(judge(text.slice(0, from(first)), "out", { said: [email], words: () => [] }).text).toContain(
        shown.join(""),
      );
    },
    3_000,
  );
});
