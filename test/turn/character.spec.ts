/** An agent's character in its prompt: every choice of its owner shows, each in a sentence of its own. */
import { describe, expect, it } from "@effect/vitest";
import type { Configuration, Personality } from "#actors/agent/turn/ports.ts";
import { compilePrompt } from "#actors/agent/turn/prompt.ts";
import { Style, Traits } from "#events/agent/events.ts";
import { bare, configuration } from "../support/ingredients.ts";

const systemOf = (personality: Partial<Personality> | undefined, over: Partial<Configuration> = {}): string =>
  compilePrompt({ ...bare, configuration: { ...configuration, ...over, ...(personality && { personality }) } }).system;

describe("the agent's character", () => {
  const plain = systemOf(undefined);
  /** What a choice adds to the text. */
  const adds = (personality: Partial<Personality>) => {
    const lines = systemOf(personality).split("\n");
    expect(lines.filter((line) => !plain.includes(line))).toHaveLength(1);
    return lines.find((line) => !plain.includes(line));
  };

  it("begins with its name and the owner's own words", () => {
    expect(plain).toContain("You are Ada,");
    expect(plain).toContain("Be kind.");
  });

  const levels: ReadonlyArray<readonly [trait: string, low: string, middle: string, high: string]> = [
    [
      "extraversion",
      "You are reserved and speak when it helps.",
      "You join in, and leave the lead to others.",
      "You are outgoing and warm.",
    ],
    [
      "agreeableness",
      "You are frank, also when it is unwelcome.",
      "You are friendly, and say so when you disagree.",
      "You are kind and look for common ground.",
    ],
    [
      "conscientiousness",
      "You are relaxed about details.",
      "You are careful where it matters.",
      "You are precise and check your work.",
    ],
    [
      "neuroticism",
      "You stay calm whatever happens.",
      "You mention a risk when it is a real one.",
      "You are cautious and name what could go wrong.",
    ],
    [
      "openness",
      "You prefer what is proven.",
      "You like what is proven, and try something new when it promises more.",
      "You are curious and offer unusual ideas.",
    ],
  ];

  it.each(levels)("shows %s at each of its three levels", (trait, low, middle, high) => {
    const at = (value: number) => adds({ traits: { [trait]: value } });
    expect([0, 0.33, 0.34, 0.5, 0.66, 0.67, 1].map(at)).toEqual([low, low, middle, middle, middle, high, high]);
  });

  const choices: ReadonlyArray<readonly [aspect: string, choice: string, sentence: string]> = [
    ["formality", "casual", "Write casually."],
    ["formality", "professional", "Write professionally."],
    ["formality", "formal", "Write formally."],
    ["verbosity", "concise", "Keep answers short."],
    ["verbosity", "moderate", "Give answers of moderate length."],
    ["verbosity", "verbose", "Give full, detailed answers."],
    ["humor", "none", "Do not joke."],
    ["humor", "subtle", "A light touch of humour is welcome."],
    ["humor", "frequent", "Joke often."],
    ["empathy", "low", "Stick to the matter."],
    ["empathy", "moderate", "Notice how people feel."],
    ["empathy", "high", "Put how people feel first."],
  ];

  it.each(choices)("shows %s: %s", (aspect, choice, sentence) => {
    expect(adds({ style: { [aspect]: choice } })).toBe(sentence);
  });

  it.each([
    ["interests", "You are interested in chess, tea."],
    ["expertise", "You are expert in chess, tea."],
    ["limitations", "You cannot help with chess, tea."],
  ])("shows its %s", (kind, sentence) => {
    expect(adds({ [kind]: ["chess", "tea"] })).toBe(sentence);
    expect(systemOf({ [kind]: [] })).toBe(plain);
  });

  it("shows every choice that can be made: nothing is missing from these tables", () => {
    expect(levels.map(([trait]) => trait).toSorted()).toEqual(Object.keys(Traits.fields).toSorted());
    const all = Object.entries(Style.fields).flatMap(([aspect, { schema }]) =>
      schema.literals.map((choice) => `${aspect} ${choice}`),
    );
    expect(choices.map(([aspect, choice]) => `${aspect} ${choice}`)).toEqual(all);
  });

  it("says when memory is off", () => {
    expect(plain).not.toContain("Memory is off.");
    expect(systemOf(undefined, { memoryEnabled: false })).toContain("Memory is off.");
  });

  it("has no empty sections when the owner said nothing", () => {
    expect(systemOf(undefined, { systemPrompt: "" })).not.toMatch(/\n\n\n|\s$/);
  });
});
