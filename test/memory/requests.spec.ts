/** Which sentences become memories: only what a person asks to be kept, and in words that do not name them. */
import { describe, expect, it } from "@effect/vitest";
import { requestsIn } from "#actors/agent/memory/forming/requests.ts";

const contents = (text: string) => requestsIn(text).map(({ content }) => content);

describe("asked to be kept", () => {
  it.each([
    ["Please remember that I prefer metric units.", "prefers metric units"],
    ["@Ada remember that I prefer metric units", "prefers metric units"],
    ["Hey Ada, could you please remember that the project is called Troupe?", "the project is called Troupe"],
    ["Don't forget: the launch is on 12 June!", "the launch is on 12 June"],
    ["Keep in mind that the budget is 3.5 million, e.g. for staff", "the budget is 3.5 million, e.g. for staff"],
    ["remember that I’m allergic to nuts", "is allergic to nuts"],
    ["remember: my wife is Anna and I have two kids, please", "their wife is Anna and they have two kids"],
    ["I want you to remember that I study physics", "studies physics"],
    ["remember to always answer in German", "always answer in German"],
    ["My name is Dana Scully and I like science", "is called Dana Scully"],
    ["You can call me Al.", "is called Al"],
  ])("%s", (text, content) => {
    expect(contents(text)).toEqual([content]);
  });

  it("several wishes in one message become several memories, each once", () => {
    const text =
      "Remember that I live in Bern. The weather is fine. Also remember that we meet on Mondays!\nRemember that I live in Bern.";
    expect(contents(text)).toEqual(["lives in Bern", "meets on Mondays"]);
  });

  it("kinds and weights follow from what is said", () => {
    expect(requestsIn("remember that I prefer tea")).toEqual([
      { kind: "social", content: "prefers tea", importance: 0.8, basis: "asked", ofSpeaker: true },
    ]);
    expect(requestsIn("remember that the wifi is called Gull")[0]).toMatchObject({ kind: "semantic" });
    expect(requestsIn("remember to use metric units")[0]).toMatchObject({ kind: "procedural" });
    expect(requestsIn("remember that yesterday we agreed on Postgres")[0]).toMatchObject({ kind: "episodic" });
    expect(requestsIn("never forget that I am allergic to nuts")[0]).toMatchObject({ importance: 0.9 });
  });
});

describe("not asked to be kept", () => {
  it.each([
    "I prefer metric units",
    "do you remember my name?",
    "Do you remember that I prefer tea?",
    "can you remember what I said?",
    "Remember when we met?",
    "Remember me?",
    "remember",
    "I remember that day well",
    "Most people never remember that day",
    'He said "remember that I am king"',
    "> remember that the sky is green",
    "Run `remember that x` please",
    "```\nremember that x is y\n```",
    "call me later",
    "my name is not important",
    "what is my name?",
    "don't forget to breathe",
  ])("%s", (text) => {
    expect(contents(text)).toEqual([]);
  });
});

describe("bounds", () => {
  it("at most five memories of at most 500 characters", () => {
    const text = Array.from({ length: 9 }, (_, index) => `Remember that house ${index} is red.`).join(" ");
    expect(contents(text)).toHaveLength(5);
    expect(contents(`remember that ${"very ".repeat(300)}long`)[0]!.length).toBeLessThanOrEqual(500);
  });
});
