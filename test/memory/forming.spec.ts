/** What one message gives to remember, and what a new fact does to those that were known. */
import { describe, expect, it } from "@effect/vitest";
import { glean, memoriesOf } from "#actors/agent/memory/forming/message.ts";
import { sensitivityOf } from "#actors/agent/memory/forming/sensitivity.ts";
import { believedAt, type Fact, type KnownFact, outcomeOf } from "#actors/agent/memory/forming/supersession.ts";
import { statementsIn } from "#actors/agent/memory/language/statements.ts";
import { drawn } from "../support/drawn.ts";
import { judged, type Update, updates } from "../support/updates.ts";

const dana = { id: "user:dana", name: "Dana" };
const day = (number: number) => Date.UTC(2025, 5, number);
const heard = (text: string) => glean({ text, speaker: dana, at: day(18) });

/** Says one text after the other, a day apart from the first of June on, and keeps the facts. */
function told(...texts: ReadonlyArray<string>): ReadonlyArray<KnownFact> {
  let facts: ReadonlyArray<KnownFact> = [];
  for (const [index, text] of texts.entries())
    for (const statement of statementsIn(text, day(index + 1))) {
      const at = day(index + 1);
      const { fact, ended } = outcomeOf(statement, { at, speaker: dana, facts });
      const until = new Map(ended.map(({ id, validTo }) => [id, validTo]));
      facts = facts.map((one) => (until.has(one.id) ? { ...one, validTo: until.get(one.id), retractedAt: at } : one));
      if (fact !== undefined)
        facts = [...facts, { ...fact, id: `${index}:${facts.length}`, recordedAt: at, retractedAt: undefined }];
    }
  return facts;
}
const brief = ({ subject, attribute, value }: Fact) => `${subject} ${attribute} ${value}`;
const inForceAt = (facts: ReturnType<typeof told>, at: number) =>
  facts.filter(({ validFrom, validTo }) => validFrom <= at && (validTo === undefined || at < validTo));
const holding = (...texts: ReadonlyArray<string>) => inForceAt(told(...texts), day(30)).map(brief);

describe("one message", () => {
  it("gives facts that stand for themselves, and what was asked for", () => {
    const found = heard(
      "Thanks Ada! My sister Mina lives in Oslo and works at Equinor. I moved to Bern last month. Remember that I like tea.",
    );
    expect(found.facts.map(({ about, content }) => [about, content])).toEqual([
      ["mina", "Mina lives in Oslo"],
      ["mina", "Mina works at Equinor"],
      ["user:dana", "Dana's sister is called Mina"],
      ["user:dana", "Dana lives in Bern"],
      ["user:dana", "Dana likes tea"],
    ]);
    expect(found.facts[3]).toMatchObject({ validFrom: Date.UTC(2025, 4) });
    expect(found.requests).toMatchObject([{ content: "likes tea", basis: "asked" }]);
  });

  it.each([
    ["Remember that I prefer metric units", "prefers metric units"],
    ["Please remember I love tea.", "loves tea"],
    ["Remember that my salary is 5000 euros.", "their salary is 5000 euros"],
    ["Remember that my boat is called Nixe.", "their boat is called Nixe"],
  ])("is one memory where it asks for what it states: %s", (text, content) => {
    expect(memoriesOf(heard(text)).map((formed) => formed.content)).toEqual([content]);
  });

  it("becomes memories: what was asked for is pinned, and is not drawn a second time", () => {
    const formed = memoriesOf(
      heard("Remember that I like tea. I live in Bern and my doctor is Dr. Weber. I'm allergic to nuts."),
    );
    expect(formed).toMatchObject([
      {
        content: "likes tea",
        basis: "asked",
        pinned: true,
        attribute: "likes",
        fact: { subject: "user:dana", value: "tea" },
      },
      { content: "Dana lives in Bern", basis: "drawn", attribute: "home", fact: { value: "Bern" } },
      { content: "Dana's doctor is Dr. Weber", basis: "drawn" },
      { content: "Dana is allergic to nuts", basis: "drawn", sensitive: true, fact: { attribute: "allergy" } },
    ]);
    expect(formed.slice(2).map(({ attribute }) => attribute)).toEqual([undefined, undefined]);
  });

  it("what was spoken of right before is what “it” stands for, in the same message", () => {
    const said = { speaker: dana, at: day(18) };
    const { facts } = glean({ ...said, text: "I used to live in Bern. Actually it's Basel now" });
    expect(facts.map(({ content }) => content)).toContain("Dana lives in Basel");
    expect(glean({ ...said, text: "Actually it's Basel now" }).facts).toEqual([]);
  });

  it.each([
    ["What's up?", []],
    ["My phone number is 555-0134", ["contact"]],
    ["I'm at 12 Elm Street", ["contact"]],
    ["I was diagnosed with asthma", ["health"]],
    ["My salary is 80,000 euros", ["money"]],
    ["The door code is 4471", ["credentials"]],
    ["Pay to DE89 3704 0044 0532 0130 00, my mail is dana@example.org", ["money", "contact"]],
    ["It happened on 2025-05-03 at 10:30, in room 12", []],
    ["I like tea", []],
  ])("is sensitive by what it holds: %s", (text, sensitivity) => {
    expect(new Set(sensitivityOf(text))).toEqual(new Set(sensitivity));
  });

  it("no odd one makes it throw, and its weight is a share", () => {
    for (const text of drawn(20_261_125, 1_000)) {
      const { importance } = heard(text);
      expect(importance >= 0 && importance <= 1).toBe(true);
    }
  });
});

describe("a new fact", () => {
  it.each([
    ["takes the old one's place", ["I live in Bern", "I moved to Basel"], ["user:dana home Basel"]],
    ["is known by its old value", ["I drive a Golf", "We swapped the Golf for a Tesla"], ["user:dana car Tesla"]],
    [
      "leaves what may hold beside it",
      ["I speak French", "I speak German"],
      ["user:dana language French", "user:dana language German"],
    ],
    ["said again is one", ["I live in Bern", "Oh, I live in bern"], ["user:dana home Bern"]],
    [
      "is put right by what it is not",
      ["I am allergic to peanuts", "I'm not allergic to peanuts, I'm allergic to walnuts"],
      ["user:dana allergy walnuts"],
    ],
    ["that something ended leaves nothing", ["I work at Acme", "I quit my job at Acme"], []],
    [
      "that another thing ended changes nothing",
      ["I live in Bern", "I no longer live in Rome"],
      ["user:dana home Bern"],
    ],
    ["of liking ends disliking", ["I hate olives", "I like olives"], ["user:dana likes olives"]],
    [
      "of somebody else changes nothing",
      ["I live in Bern", "Mina lives in Oslo"],
      ["user:dana home Bern", "mina home Oslo"],
    ],
    ["of a namesake is one's own", ["I live in Bern", "Dana lives in Basel"], ["user:dana home Basel"]],
    ["whose old value nobody knows is left", ["I left Acme for Globex"], []],
  ])("%s", (_, texts, facts) => {
    expect(holding(...texts)).toEqual(facts);
  });

  it("ends the old one in the world when the new one begins, and in what was believed when it was said", () => {
    const facts = told("I live in Bern", "Nice weather", "I moved to Basel yesterday");
    expect(inForceAt(facts, day(2)).map(brief)).toEqual(["user:dana home Basel"]);
    expect(believedAt(facts, day(2)).map(brief)).toEqual(["user:dana home Bern"]);
    expect(believedAt(facts, day(3)).map(brief)).toEqual(["user:dana home Basel"]);
  });

  it("that begins later leaves the old one until then", () => {
    const facts = told("I work at Acme", "From 20 June 2025 on I'll work at Globex");
    expect(inForceAt(facts, day(19)).map(brief)).toEqual(["user:dana employer Acme"]);
    expect(inForceAt(facts, day(20)).map(brief)).toEqual(["user:dana employer Globex"]);
  });
});

describe("drawn updates", () => {
  const share = (all: ReadonlyArray<Update>, of: "newFirst" | "oldAsOf" | "nothingLater") =>
    all.filter((update) => judged(update)[of]).length / all.length;

  it("in plain words: the new value now, the old one then, and nothing that was said later", () => {
    const all = updates(20_270_303, 480, "plain");
    expect(all.filter((update) => Object.values(judged(update)).includes(false))).toEqual([]);
  });

  it("in free words: at least 65 in 100 are understood, and none shows what was said later", () => {
    const all = updates(20_270_304, 480, "free");
    expect(share(all, "newFirst")).toBeGreaterThanOrEqual(0.65);
    expect(share(all, "nothingLater")).toBe(1);
  });
});
