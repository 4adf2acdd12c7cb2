/** Words as memory sees them. */
import { describe, expect, it } from "@effect/vitest";
import { stemsOf, wordsOf } from "#actors/agent/memory/language/stems.ts";

describe("stems", () => {
  it.each([
    ["She was running to the races", ["run", "race"]],
    ["I don't eat meat", ["eat", "meat"]],
    ["Never on Mondays", ["never", "mondai"]],
    ["Café, CAFE, cafés", ["cafe", "cafe", "cafe"]],
    ["It cost 3.50, not 1,000", ["cost", "3.50", "not", "1,000"]],
    ["私は東京に住んでいます", ["私は", "は東", "東京", "京に", "に住", "住ん", "んで", "でい", "いま", "ます"]],
    ["Привет, мир", ["привет", "мир"]],
    ["🦊 👩‍👩‍👧 ❤️👍🏽 🇨🇭", ["🦊", "👩", "👩", "👧", "❤", "👍", "🇨🇭"]],
    ["\u0000\ud800 x", ["x"]],
    ["", []],
  ])("of %j", (text, stems) => {
    expect(stemsOf(text)).toEqual(stems);
  });

  it("cuts what no person writes", () => {
    expect(wordsOf("a".repeat(100_000))).toEqual(["a".repeat(40)]);
  });
});
