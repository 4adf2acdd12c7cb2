/** What a model gets to see: every choice of the owner shows, everybody is called by name, and the same log gives the same text. */
import { describe, expect, it } from "@effect/vitest";
import { Redacted } from "effect";
import type { Configuration, Personality, Prompt } from "#actors/agent/turn/ports.ts";
import { compilePrompt, estimateTokens, type Ingredients } from "#actors/agent/turn/prompt.ts";
import { Style, Traits } from "#events/agent/events.ts";
import { Erased, type Pending, type Unsealed } from "#events/kit/envelope.ts";
import { agentName, userName } from "#events/kit/ids.ts";
import { bo, dana, drafted, eli, heard, memoryId, record } from "../support/given.ts";

const configuration: Configuration = {
  name: "Ada",
  systemPrompt: "Be kind.",
  choice: { provider: "anthropic", model: "claude", maxTokens: 100 },
  tools: [],
  memoryEnabled: true,
  personality: undefined,
};

const unsealed = (event: Pending, words: Unsealed["words"] = Redacted.value(event.sealed!.words)): Unsealed => ({
  event: record([event])[0]!,
  words,
});
const said = (text: string, authorName = "Dana", over = {}): Unsealed =>
  unsealed(heard("one", over), { text, authorName });
const own = (text: string): Unsealed => unsealed(drafted("one"), { text });

const compiled = (over: Partial<Ingredients> = {}): Prompt =>
  compilePrompt({ configuration, tools: [], memories: [], messages: [said("Hello.")], rounds: [], ...over });
const systemOf = (personality: Partial<Personality> | undefined, over: Partial<Configuration> = {}): string =>
  compiled({ configuration: { ...configuration, ...over, ...(personality && { personality }) } }).system;
const linesOf = (messages: ReadonlyArray<Unsealed>) =>
  compiled({ messages }).messages.map((message) => [message.role, "text" in message ? message.text : ""]);

describe("the agent's character", () => {
  const plain = systemOf(undefined);
  const traits = Object.keys(Traits.fields);
  const choices = Object.entries(Style.fields).flatMap(([aspect, { schema }]) =>
    schema.literals.map((choice): readonly [string, string] => [aspect, choice]),
  );

  it("begins with its name and the owner's own words", () => {
    expect(plain).toContain("You are Ada,");
    expect(plain).toContain("Be kind.");
  });

  it.each(traits)("shows %s at both of its poles, each in its own way, and not in between", (trait) => {
    const at = (value: number) => systemOf({ traits: { [trait]: value } });
    const [low, high] = [at(0), at(1)];
    expect(new Set([plain, low, high]).size).toBe(3);
    expect([at(0.33), at(0.34), at(0.5), at(0.66), at(0.67)]).toEqual([low, plain, plain, plain, high]);
  });

  it("shows every choice of style, each in its own way", () => {
    expect(choices).toHaveLength(12);
    expect(new Set([plain, ...choices.map(([aspect, choice]) => systemOf({ style: { [aspect]: choice } }))]).size).toBe(
      13,
    );
  });

  it.each(["interests", "expertise", "limitations"] as const)("shows its %s", (kind) => {
    const system = systemOf({ [kind]: ["chess", "tea"] });
    expect(system).toContain("chess, tea");
    expect(systemOf({ [kind]: [] })).toBe(plain);
  });

  it("shows its interests, its expertise and its limitations as three different things", () => {
    const about = ["interests", "expertise", "limitations"].map((kind) => systemOf({ [kind]: ["tea"] }));
    expect(new Set(about).size).toBe(3);
  });

  it("says when memory is off", () => {
    expect(plain).not.toContain("Memory is off.");
    expect(systemOf(undefined, { memoryEnabled: false })).toContain("Memory is off.");
  });

  it("has no empty sections when the owner said nothing", () => {
    expect(systemOf(undefined, { systemPrompt: "" })).not.toMatch(/\n\n\n|\s$/);
  });
});

describe("what it remembers", () => {
  it("is listed in the order in which it was found", () => {
    const memories = ["Dana likes tea.", "Eli likes chess."].map((content) => ({
      memoryId: memoryId(content),
      seq: 1,
      content,
    }));
    expect(compiled({ memories }).system).toMatch(
      /# What you remember\n\(Notes of what people told you[^\n]*\)\n- Dana likes tea\.\n- Eli likes chess\./,
    );
    expect(compiled().system).not.toContain("remember");
  });
});

describe("the conversation", () => {
  it("calls everybody by name, and agents what they are", () => {
    expect(linesOf([said("Hello."), said("Hi.", "Eli", { authorId: userName(eli) })])).toEqual([
      ["user", "Dana: Hello.\nEli: Hi."],
    ]);
    expect(linesOf([said("Hello.", "Bo", { authorId: agentName(bo) })])).toEqual([["user", "Bo (an agent): Hello."]]);
    expect(linesOf([said("Hello.", "")])).toEqual([["user", `${userName(dana)}: Hello.`]]);
  });

  it("gives the agent's own words as its own, without a name", () => {
    expect(linesOf([said("Hello."), own("Good day."), said("Tea?")])).toEqual([
      ["user", "Dana: Hello."],
      ["assistant", "Good day."],
      ["user", "Dana: Tea?"],
    ]);
  });

  it("begins with somebody else, for providers want it so", () => {
    expect(linesOf([own("Good day."), said("Tea?")]).map(([role]) => role)).toEqual(["user", "assistant", "user"]);
  });

  it("alternates, whoever spoke twice in a row", () => {
    const roles = linesOf([said("a"), said("b"), own("c"), own("d"), said("e")]).map(([role]) => role);
    expect(roles).toEqual(["user", "assistant", "user"]);
    expect(JSON.stringify(linesOf([said("a"), own("c"), own("d"), said("e")]))).toMatch(/c.+d/);
  });

  it("shows that something was said and erased, but not by whom", () => {
    expect(linesOf([unsealed(heard("one"), Erased), said("Tea?")])).toEqual([
      ["user", "somebody: [erased]\nDana: Tea?"],
    ]);
    expect(linesOf([said("a"), unsealed(drafted("one"), Erased)])[1]).toEqual(["assistant", "[erased]"]);
  });

  it("gives an invocation without words a meaning", () => {
    expect(linesOf([said("", "Dana", { addressed: "invoked", chars: 0 })])).toEqual([
      ["user", "Dana: (asks you to say something)"],
    ]);
  });
});

describe("rounds of tools", () => {
  it("stand behind the conversation: what was asked for, then what came of it", () => {
    const call = { callId: "call_1", tool: "clock", arguments: "{}" };
    const results = [{ callId: "call_1", output: "noon", failed: false }];
    expect(compiled({ rounds: [{ text: "Let me see.", calls: [call], results }] }).messages.slice(1)).toEqual([
      { role: "assistant", text: "Let me see.", calls: [call] },
      { role: "tool", results },
    ]);
  });
});

describe("the compiler", () => {
  it("gives the same text for the same ingredients, to the byte", () => {
    const personality = { traits: { openness: 1, extraversion: 0 }, style: { humor: "none" }, interests: ["chess"] };
    const all = (): Partial<Ingredients> => ({
      configuration: { ...configuration, personality },
      messages: [said("a"), own("b")],
    });
    expect(JSON.stringify(compiled(all()))).toBe(JSON.stringify(compiled(all())));
  });

  it("estimates tokens from the length", () => {
    expect(estimateTokens(compiled({ messages: [said("x".repeat(4_000))] }))).toBeGreaterThan(1_000);
  });
});
