/** What recall reads in words: forms of sentences, what a question wants, names, spelling, other words for the same; and how words become numbers. */
import { describe, expect, it } from "vitest";
import { isConcept, relatedTo } from "#actors/agent/memory/language/concepts.ts";
import { Form, formOf } from "#actors/agent/memory/language/forms.ts";
import { namedIn, nameOf, nameWords } from "#actors/agent/memory/language/names.ts";
import { rootsOf } from "#actors/agent/memory/language/roots.ts";
import { distance, editsAllowed, isSlipOf, lettersOf, mayBeWithin } from "#actors/agent/memory/language/spelling.ts";
import { wantedBy } from "#actors/agent/memory/language/wanted.ts";
import { entriesOfSpans, entriesWithin } from "#actors/agent/memory/recall/spans.ts";
import { numbersIn } from "#actors/agent/memory/recall/tables.ts";
import { packed, spelled, tokensUnder, unpacked } from "#actors/agent/memory/recall/tokens.ts";
import { keyedDigest } from "#actors/kit/seal.ts";
import { listOf, oneOf, property, strings } from "../support/arbitrary.ts";

const DAY = 24 * 60 * 60_000;

describe("the form of a sentence", () => {
  const names = Object.keys(Form) as Array<keyof typeof Form>;
  const formsOf = (text: string) => names.filter((name) => (formOf(text) & Form[name]) !== 0);

  it.each<[string, ReadonlyArray<keyof typeof Form>]>([
    ["", []],
    ["The lamp hums.", []],
    ["Is it?", ["endsInQuestion", "asks"]],
    ['"Is it?" she asked', ["asks", "quotation"]],
    ["Well? It hums.", ["asks"]],
    ["I'm off", ["firstPerson"]],
    ["the US team", ["capital"]],
    ["We left last week", ["firstPerson", "time"]],
    ["It opened in 2019", ["time", "number"]],
    ["It opens in May", ["time", "place"]],
    ["It may open", []],
    ["It stands in the old park", ["place"]],
    ["They flew to Bergen", ["place", "capital"]],
    ["The dog is called Biscuit", ["capital"]],
    ["See you on Monday", ["time"]],
    ["It costs twelve pounds", ["number"]],
    ["Because it rained", ["reason"]],
  ])("of %j", (text, forms) => {
    expect(formsOf(text)).toEqual(forms);
  });

  property(
    "is read of any text, and in no time",
    strings(["?", '"', "“", "'", "in the ", "I ", "A", "a ", " ", "1", "last ", "\n", "May "]).map((text) =>
      text.repeat(2_000),
    ),
    (text) => {
      expect(formOf(text)).toBeGreaterThanOrEqual(0);
    },
    40,
  );
});

describe("a question", () => {
  it.each<[string, ReadonlyArray<number>]>([
    ["The lamp hums.", []],
    ["When did it rain?", [Form.time]],
    ["Which year was that?", [Form.time, Form.capital | Form.quotation]],
    ["Where is the key?", [Form.place]],
    ["How many keys are there?", [Form.number]],
    ["Who has the key?", [Form.capital | Form.quotation]],
    ["Why is it gone?", [Form.reason]],
    ["How did she feel?", [Form.reason]],
  ])("wants, by %j", (text, forms) => {
    expect(wantedBy(text).forms.map(({ form }) => form)).toEqual(forms);
  });

  it.each([
    ["Where does she live?", true, false],
    ["Where did she live?", false, false],
    ["Where did she live before?", false, true],
    ["What was her old number?", false, true],
    ["How old is she?", true, false],
    ["Where did she use to work? I mean, where she used to be.", false, true],
  ])("%j speaks of the present: %j, of what was before: %j", (text, present, former) => {
    expect(wantedBy(text)).toMatchObject({ present, former });
  });
});

describe("names", () => {
  const words = nameWords(["Dana Levi", "Dana Katz", "Eli", "Will", "Zoë"].map(nameOf));
  const peopleIn = (text: string) => namedIn(text, words).people.map((names) => [...names].sort());

  it.each<[string, ReadonlyArray<ReadonlyArray<string>>, string]>([
    ["nobody here", [], "nobody here"],
    ["What does Eli's dog eat?", [["eli"]], "What does   dog eat?"],
    ["dana", [["dana katz", "dana levi"]], " "],
    ["Dana Levi and eli’s", [["dana levi"], ["eli"]], "    and  "],
    ["will it rain, Zoe", [["zoe"]], "will it rain,  "],
    ["Will rains", [["will"]], "  rains"],
  ])("in %j", (text, people, rest) => {
    expect(peopleIn(text)).toEqual(people);
    expect(namedIn(text, words).rest).toBe(rest);
  });
});

describe("spelling", () => {
  it.each([
    ["kayak", "kayak", 0],
    ["kyaak", "kayak", 1],
    ["kayk", "kayak", 1],
    ["kajaks", "kayak", 2],
    ["accordion", "acordeon", 2],
    ["river", "kayak", 3],
    ["", "ab", 2],
  ])("%s is from %s, counted up to three: %i", (left, right, edits) => {
    expect(distance(left, right, 2)).toBe(edits);
    expect(distance(right, left, 2)).toBe(edits);
  });

  it.each([
    ["dog", 0],
    ["2027", 0],
    ["kayak", 1],
    ["seven7s", 0],
    ["kayaker", 2],
  ])("%s bears %i", (word, edits) => {
    expect(editsAllowed(word)).toBe(edits);
  });

  it.each([
    ["alerg", "allerg", true],
    ["fone", "phone", true],
    ["freind", "friend", true],
    ["sign", "sing", false],
    ["along", "alone", false],
    ["year", "ear", false],
    ["phone", "phone", false],
  ])("%s for %s is a slip: %j", (written, meant, isSlip) => {
    expect(isSlipOf(written, meant)).toBe(isSlip);
  });

  const word = listOf(oneOf(["a", "b", "c", "x", "yz"]), 8).map((letters) => letters.join(""));
  property(
    "no word within reach is ruled out by its letters",
    listOf(word, 2),
    ([left, right = "a"]) => {
      for (const edits of [1, 2])
        if (distance(left!, right, edits) <= edits)
          expect(mayBeWithin(lettersOf(left!), lettersOf(right), edits)).toBe(true);
    },
    500,
  );
});

describe("other words for the same", () => {
  it("are in one group with it, and never the word itself", () => {
    expect([...relatedTo(rootsOf("puppies")[0]!)]).toEqual(expect.arrayContaining([...rootsOf("dog leash")]));
    expect(relatedTo("dog").has("dog")).toBe(false);
    expect([isConcept("kayak"), isConcept("qqqq")]).toEqual([true, false]);
    expect(relatedTo("qqqq").size).toBe(0);
  });

  it("are forms of a word that no rule makes", () => {
    expect(rootsOf("She bought the children’s shoes and left")).toEqual(["bui", "child", "shoe", "leav"]);
    expect(rootsOf("women wrote, men swam")).toEqual(rootsOf("woman write man swim"));
  });
});

describe("a token", () => {
  // RFC 4231, test case 2: the key is "Jefe".
  it("is the beginning of HMAC-SHA-256", () => {
    const key = new TextEncoder().encode("Jefe");
    const said = "what do ya want for nothing?";
    expect(Buffer.from(keyedDigest(key)(said)).toString("hex")).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
    // Its first six bytes, the lowest first.
    expect(tokensUnder(key)(said)).toBe(0x60bf46c1dc5b);
  });

  property(
    "comes back as it was packed, in order, each time as often",
    listOf(oneOf([0, 1, 255, 2 ** 24, 2 ** 40 + 3, 2 ** 48 - 1]), 9),
    (tokens) => {
      expect(unpacked(packed(tokens))).toEqual(tokens.toSorted((left, right) => left - right));
      for (const token of tokens) expect(spelled(token)).toMatch(/^[0-9a-z]{10}$/);
    },
  );

  it("is listed by SQLite as a number behind a number", () => {
    expect([...numbersIn("1,23,456789012")]).toEqual([1, 23, 456_789_012]);
    expect([numbersIn(""), numbersIn(null)].map(({ length }) => length)).toEqual([0, 0]);
  });
});

describe("dates", () => {
  const day = (year: number, month: number, date: number) => Date.UTC(year, month - 1, date);
  const span = (from: number, to: number) => [{ from, to }];

  it("are kept by the day, the month or the year, as finely as one speaks of them", () => {
    expect(entriesOfSpans(span(DAY, 3 * DAY))).toEqual(["#d1", "#d2"]);
    expect(entriesOfSpans(span(day(2026, 6, 1), day(2026, 9, 1)))).toEqual(
      [5, 6, 7].map((month) => `#m${2026 * 12 + month}`),
    );
    expect(entriesOfSpans(span(day(2019, 1, 1), day(2021, 1, 1)))).toEqual(["#y2019", "#y2020"]);
  });

  it.each([
    ["a day, in its month", span(day(2026, 5, 7), day(2026, 5, 8)), span(day(2026, 5, 1), day(2026, 6, 1)), true],
    ["a summer, on a day of it", span(day(2026, 6, 1), day(2026, 9, 1)), span(day(2026, 7, 9), day(2026, 7, 10)), true],
    ["years, in a week of them", span(day(2019, 1, 1), day(2022, 1, 1)), span(day(2020, 2, 1), day(2020, 2, 8)), true],
    ["a day, on the next", span(day(2026, 5, 7), day(2026, 5, 8)), span(day(2026, 5, 8), day(2026, 5, 9)), false],
    ["a summer, after it", span(day(2026, 6, 1), day(2026, 9, 1)), span(day(2026, 9, 1), day(2026, 9, 2)), false],
  ])("overlap when they do: %s", (_what, said, asked, overlap) => {
    const kept = entriesOfSpans(said);
    expect(entriesWithin(asked).some((entry) => kept.includes(entry))).toBe(overlap);
  });

  it("that are none are left out, and no span is endless", () => {
    expect(entriesOfSpans([...span(5, 5), ...span(9, 1), ...span(Number.NaN, 7), ...span(0, Infinity)])).toEqual([]);
    expect(entriesWithin(span(0, 8e15 - 1)).length).toBeLessThan(1_300);
  });
});
