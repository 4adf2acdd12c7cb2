/** Whom a text names, of the people of a room: any part of a name counts, plain words never do, and what is in doubt is said to be. */
import { describe, expect, it } from "vitest";
import { mayName, peopleNamed } from "#actors/agent/memory/language/named.ts";
import type { UserId } from "#events/kit/ids.ts";

const room = (...names: ReadonlyArray<string>) => names.map((name, n) => ({ userId: `user_${n}` as UserId, name }));
/** The names of whom a text names; `doubt` where nobody can say. */
const named = (text: string, names: ReadonlyArray<string>, author?: number) => {
  const found = peopleNamed(text, room(...names), author === undefined ? undefined : (`user_${author}` as UserId));
  return found?.map((userId) => names[Number(userId.slice("user_".length))]).toSorted() ?? "doubt";
};

describe("a person is named", () => {
  it.each([
    ["Dana broke her arm.", ["Dana Levi"]],
    ["I met Levi.", ["Dana Levi"]],
    ["Smith's boat", ["Dana Smith"]],
    ["tell @dana", ["Dana Levi"]],
    ["@will come", ["Will Orr"]],
    ["I saw Will there.", ["Will Orr"]],
    ["Zoé est là.", ["Zoe Roux"]],
    ["דנה שברה", ["דנה לוי"]],
    ["我见过王小明了", ["王小明"]],
    ["DANA!", ["dana"]],
  ])("in “%s”", (text, [name]) => {
    expect(named(text, [name!, "Bob Ek"])).toEqual([name]);
  });

  it("once, however many words of the name there are, and whoever shares one of them", () => {
    expect(named("Dana Levi said that Dana is well.", ["Dana Levi", "Dana Smith"])).toEqual(["Dana Levi"]);
    expect(named("Dana Levi met Dana Smith.", ["Dana Levi", "Dana Smith"])).toEqual(["Dana Levi", "Dana Smith"]);
  });
});

describe("nobody is named", () => {
  it.each([
    ["The boat is on the sea, and The End.", "the"],
    ["On Monday I sail; you and I.", "Monday I You"],
    ["It may rain, will it?", "Will May"],
    ["A room with 42 seats", "42"],
    ["i like the boat and my sister", "Boat Sister"],
    ["Danas and Bobsled", "Dana"],
    ["", "Dana"],
  ])("in “%s” by whoever goes by “%s”", (text, name) => {
    expect(named(text, [name])).toEqual([]);
  });
});

describe("it is in doubt", () => {
  it.each([
    ["Alex broke his arm.", ["Alex Orr", "Alex Ek"]],
    ["I saw sven.", ["Sven"]],
    ["sven broke his arm", ["Sven"]],
    ["Will broke his arm.", ["Will Orr"]],
  ])("whom “%s” names", (text, names) => {
    expect(named(text, names)).toBe("doubt");
  });

  it("but not where nobody but the author can be meant", () => {
    expect(named("i am sven", ["Sven", "Dana"], 0)).toEqual(["Sven"]);
    expect(named("i am sven", ["Sven", "Sven Ek"], 0)).toBe("doubt");
  });
});

it.each([
  ["I like the sea.", false],
  ["On Monday we sail.", false],
  ["7 + 5 = 12", false],
  ["I met Bob.", true],
  ["bob is here", true],
  ["I met @bob", true],
  ["דנה", true],
])("where nobody knows who is there, “%s” may name somebody: %s", (text, expected) => {
  expect(mayName(text)).toBe(expected);
});
