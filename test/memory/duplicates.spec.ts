/** Which memories say the same: precision before recall, for what is merged wrongly is lost. */
import { describe, expect, it } from "@effect/vitest";
import { duplicatesAmong, isDuplicate } from "#actors/agent/memory/forming/duplicates.ts";
import { drawn } from "../support/drawn.ts";
import { pairs, weighed } from "../support/sayings.ts";

const said = (text: string, speaker = "user:dana", saidAt = 0) => ({ text, speaker, saidAt });
const same = (left: string, right: string) => isDuplicate(said(left), said(right));

describe("two memories are one when they say the same", () => {
  it.each([
    ["I live in Bern", "By the way, I'm living in Bern!"],
    ["I like tea", "I really like tea."],
    ["I go to the gym on Mondays", "On Mondays I go to the gym"],
    ["We have 3 dogs", "we have three dogs"],
    ["My gym is FitPoint", "I think my gym is FitPoint, you know"],
    ["I have a dog", "I've got a dog"],
    ["I do not eat meat", "I don’t eat meat"],
    ["My favourite colour is green", "My favorite color is green"],
    ["The restaurant opens at noon", "The restuarant opens at noon"],
    ["My gym is the big FitPoint downtown", "My gym is the big shiny FitPoint downtown"],
    ["私は東京に住んでいます", "私は東京に住んでいます。"],
  ])("%s / %s", (left, right) => {
    expect([same(left, right), same(right, left)]).toEqual([true, true]);
  });
});

describe("they are two when something differs that matters", () => {
  it.each([
    ["another value", "My favourite colour is green", "My favourite colour is grey"],
    ["another owner", "My sister's car is red", "My brother's car is red"],
    ["another owner", "Dana's old car is a red Golf", "Tom's old car is a red Golf"],
    ["another person", "He likes tea", "She likes tea"],
    ["another number", "My number is 555-0134", "My number is 555-0135"],
    ["a negation", "I like tea", "I don't like tea"],
    ["a negation", "I smoke", "I no longer smoke"],
    ["a time", "We meet in the small room", "We meet tomorrow in the small room"],
    ["another time", "I work at Acme", "I worked at Acme"],
    ["what is not yet so", "I visit Rome in spring", "I will visit Rome in spring"],
    ["a question", "Mina is coming", "Is Mina coming?"],
    ["who did it", "Mina loves Tom", "Tom loves Mina"],
    ["which one rather", "I prefer tea to coffee", "I prefer coffee to tea"],
    ["names a letter apart", "I met Marta at work", "I met Maria at work"],
    ["words a letter apart", "I love the beach house", "I love the beach horse"],
    ["a name more", "We visited the castle with the children", "We visited the castle with the children and Mina"],
    ["nothing but fillers", "the", "a"],
  ])("%s: %s / %s", (_, left, right) => {
    expect([same(left, right), same(right, left)]).toEqual([false, false]);
  });

  it("the words of two people are two memories", () => {
    expect(isDuplicate(said("I like tea"), said("I like tea", "user:eli"))).toBe(false);
  });
});

describe("drawn pairs", () => {
  it("of 1 500 none is merged that is not the same, and 95 in 100 of the same are", () => {
    const { precision, recall } = weighed(pairs(20_270_131, 1_500));
    expect(precision).toBe(1);
    expect(recall).toBeGreaterThanOrEqual(0.95);
  });

  it("a thousand odd texts are compared without a throw, and each with itself the same as the other way round", () => {
    const texts = [...drawn(20_261_124, 1_000)];
    for (const [index, text] of texts.entries()) {
      const next = texts[(index + 1) % texts.length]!;
      expect(same(text, next)).toBe(same(next, text));
    }
  });
});

describe("consolidation", () => {
  it("keeps the longest of each group, with the others in the order in which they were said", () => {
    const memories = [
      said("I like tea", "user:dana", 3),
      said("By the way, I really like tea!", "user:dana", 2),
      said("I like tea.", "user:dana", 1),
      said("I like coffee", "user:dana", 4),
      said("I like tea", "user:eli", 5),
    ];
    expect(duplicatesAmong(memories)).toEqual([{ kept: memories[1], merged: [memories[2], memories[0]] }]);
  });

  it("finds in a crowd what it finds pair by pair", () => {
    const crowd = pairs(20_270_202, 300).flatMap(({ left, right }, index) =>
      [left, right].map((one) => ({ ...one, speaker: `${one.speaker} ${index}` })),
    );
    const merged = new Set(
      duplicatesAmong(crowd).flatMap(({ merged: others }) => others.map(({ speaker }) => speaker)),
    );
    const expected = new Set(
      pairs(20_270_202, 300).flatMap(({ left, right }, index) =>
        isDuplicate(left, right) ? [`${left.speaker} ${index}`] : [],
      ),
    );
    expect(merged).toEqual(expected);
  });
});
