/** What an agent learns of its tools, from their uses alone. */
import { describe, expect, it } from "@effect/vitest";
import {
  experienced,
  lessonFor,
  noExperience,
  prospects,
  shapeOf,
  skillsIn,
  type ToolUse,
} from "#actors/agent/memory/forming/tool-lessons.ts";
import { noTally, tallied, tallyAt, wilsonLower } from "#events/agent/memory.ts";

const DAY = 86_400_000;
const use = (differs: Partial<ToolUse> = {}): ToolUse => ({
  ...{ turnId: "trn_one", tool: "weather", arguments: { city: "Bern", units: "metric", days: 3 }, worked: true, at: 0 },
  ...differs,
});
const learned = (...uses: ReadonlyArray<ToolUse>) => uses.reduce(experienced, noExperience("weather", "any"));

describe("the shape of arguments", () => {
  it.each([
    [{ days: 3, city: "Bern" }, '{"city":string,"days":number}'],
    [
      { list: [1, 2, "a"], nested: { on: true, none: null } },
      '{"list":[number|string],"nested":{"none":null,"on":boolean}}',
    ],
    [[], "[]"],
    ["text", "string"],
    [undefined, "undefined"],
  ])("%j is %s", (value, shape) => {
    expect(shapeOf(value)).toBe(shape);
  });

  it("holds nothing of what was said, and is short however deep it goes", () => {
    expect(shapeOf({ to: "dana@example.org" })).not.toContain("dana");
    let deep: unknown = "x";
    for (let level = 0; level < 1_000; level++) deep = { deep };
    expect(shapeOf(deep).length).toBeLessThan(100);
  });
});

describe("what worked", () => {
  it("is counted as Beta(1 + ok, 1 + failed), and forgotten by half in thirty days", () => {
    const experience = learned(use(), use(), use({ worked: false, error: "Timeout" }));
    expect(prospects(experience, 0)).toBeCloseTo(3 / 5, 12);
    expect(prospects(experience, 30 * DAY)).toBeCloseTo(2 / 3.5, 12);
  });

  it("counts the same in whatever order it is told", () => {
    const early = tallied(tallied(noTally, true, 0), false, 30 * DAY);
    const late = tallied(tallied(noTally, false, 30 * DAY), true, 0);
    expect(tallyAt(late, 40 * DAY)).toEqual(tallyAt(early, 40 * DAY));
    expect(early).toEqual({ ok: 0.5, failed: 1, at: 30 * DAY });
  });

  it("leaves a template of what the arguments had in common, without anybody's words", () => {
    const bern = use();
    const rome = use({ arguments: { city: "Rome", units: "metric", days: 5 } });
    expect(learned(bern, rome).template).toEqual({ city: "…", units: "metric", days: "…" });
    expect(learned(bern).template).toEqual({ city: "…", units: "metric", days: 3 });
    expect(learned(use({ worked: false })).template).toBeUndefined();
  });

  it("keeps what it failed with, by the class of the failure", () => {
    const failing = ["Timeout", "Remote", "Timeout"].map((error) => use({ worked: false, error }));
    expect([...learned(...failing, use()).failures]).toEqual([
      ["Timeout", 2],
      ["Remote", 1],
    ]);
  });
});

describe("skills", () => {
  const turn = (turnId: string, tools: ReadonlyArray<string>, failing?: string) =>
    tools.map((tool, at) => use({ turnId, tool, at, worked: tool !== failing }));

  it("are sequences that worked in three turns, the surest first", () => {
    const uses = [
      ...["a", "b", "c", "d"].flatMap((turnId) => turn(turnId, ["search", "read", "write"])),
      ...["e", "f", "g"].flatMap((turnId) => turn(turnId, ["weather", "mail"])),
      ...turn("h", ["weather", "mail"], "mail"),
      ...["i", "j"].flatMap((turnId) => turn(turnId, ["draw", "mail"])),
    ];
    const skills = skillsIn(uses);
    expect(skills.map(({ tools }) => tools)).toEqual([
      ["search", "read", "write"],
      ["weather", "mail"],
    ]);
    expect(skills[1]).toMatchObject({ successes: 3, tries: 4, rank: wilsonLower(3, 4) });
  });

  it("are ranked by Wilson's lower bound: three of three prove less than nine of ten", () => {
    // 8 of 10 at 95 %: 0.4902 (Wilson 1927; Brown, Cai and DasGupta 2001, table of intervals).
    expect(wilsonLower(8, 10)).toBeCloseTo(0.4902, 4);
    expect(wilsonLower(3, 3)).toBeLessThan(wilsonLower(9, 10));
    expect([wilsonLower(0, 0), wilsonLower(0, 5)]).toEqual([0, 0]);
  });
});

describe("the one lesson that a turn is reminded of", () => {
  const skill = { tools: ["weather", "mail"], worked: 3, failed: 1 };
  const sound = { tools: ["weather"], worked: 9, failed: 1 };
  const broken = { tools: ["mail"], worked: 1, failed: 2 };

  it.each([
    ["what fails before all else", [sound, skill, broken], ["weather", "mail"], broken],
    ["how tools go together before what one does", [sound, skill], ["weather", "mail", "read"], skill],
    ["the first of equals", [sound, { ...sound, worked: 5 }], ["weather"], sound],
    ["nothing of a tool that is not granted", [skill, broken, sound], ["weather"], sound],
    ["nothing where no tool is", [sound], [], undefined],
  ])("is %s", (_, lessons, granted, chosen) => {
    expect(lessonFor(lessons, granted)).toBe(chosen);
  });
});
