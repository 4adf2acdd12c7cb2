/** The evaluation set of memory: whole, countable, and asked in other words than those of the answers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@effect/vitest";
import { stemsOf, wordsOf } from "#actors/agent/memory/language/stems.ts";
import { Category, type Conversation, readEvaluationSet } from "../../bench/memory/evaluation-set.ts";

const files = readEvaluationSet();
const set = [...files.values()];
const readme = readFileSync(join(import.meta.dirname, "../../bench/memory/README.md"), "utf8");

const turnsOf = ({ sessions }: Conversation) => sessions.flatMap(({ turns }) => turns);
const turns = set.flatMap(turnsOf);
const questions = set.flatMap((conversation) => conversation.questions);
const inCategory = (category: string) => questions.filter((question) => question.category === category);
const twice = (values: ReadonlyArray<string>) => values.filter((value, index) => values.indexOf(value) !== index);

/** The share of a question's stems that its evidence has too, 0 to 1. */
const leanings = set.flatMap((conversation) => {
  const said = new Map(turnsOf(conversation).map(({ id, text }) => [id, stemsOf(text)]));
  return conversation.questions.map(({ text, evidence }) => {
    const asked = [...new Set(stemsOf(text))];
    const answered = new Set(evidence.flatMap((id) => said.get(id) ?? []));
    return asked.filter((stem) => answered.has(stem)).length / asked.length;
  });
});
const meanLeaning = leanings.reduce((sum, share) => sum + share, 0) / leanings.length;

describe("the evaluation set", () => {
  it.each([...files])("%s is whole", (file, conversation) => {
    const { id, people, sessions } = conversation;
    const said = turnsOf(conversation);
    expect(file).toBe(`${id}.json`);
    expect(new Set(said.map(({ speaker }) => speaker))).toEqual(new Set(people.map((person) => person.id)));
    expect(said.map((turn) => turn.id)).toEqual(
      sessions.flatMap((session, index) => session.turns.map((_, place) => `s${index + 1}:${place + 1}`)),
    );
    const known = new Set(said.map((turn) => turn.id));
    expect(conversation.questions.flatMap(({ evidence }) => evidence).filter((turn) => !known.has(turn))).toEqual([]);
    expect(conversation.questions.flatMap((question) => twice(question.evidence))).toEqual([]);
  });

  it.each([...files])("%s goes on for months and is asked about afterwards", (_, { sessions, questions }) => {
    const moments = sessions.map(({ at }) => Date.parse(at));
    expect(moments).toEqual([...new Set(moments)].sort((a, b) => a - b));
    expect(moments.at(-1)! - moments[0]!).toBeGreaterThan(100 * 86_400_000);
    const early = questions.filter((asked) => asked.asked_at && Date.parse(asked.asked_at) <= moments.at(-1)!);
    expect(early).toEqual([]);
  });

  it("says nothing twice", () => {
    expect(twice(set.map(({ id }) => id))).toEqual([]);
    expect(twice(questions.map(({ id }) => id))).toEqual([]);
    expect(twice(questions.map(({ text }) => text))).toEqual([]);
    expect(twice(turns.map(({ text }) => text).filter((text) => wordsOf(text).length > 5))).toEqual([]);
  });

  it("has enough of everything", () => {
    expect(set.length).toBeGreaterThanOrEqual(20);
    expect(questions.length).toBeGreaterThanOrEqual(300);
    const few = Category.literals.filter((category) => inCategory(category).length < 25);
    expect(few).toEqual([]);
  });

  it("asks for several turns where several are needed", () => {
    expect(inCategory("multi-hop").filter(({ evidence }) => evidence.length < 2)).toEqual([]);
  });

  it("misspells what it calls misspelt", () => {
    const vocabulary = new Set(turns.flatMap(({ text }) => wordsOf(text)));
    const spelt = inCategory("misspelt").filter(({ text }) => wordsOf(text).every((word) => vocabulary.has(word)));
    expect(spelt).toEqual([]);
  });

  it("leans on the words of the answers no more than people do", () => {
    expect(meanLeaning).toBeLessThanOrEqual(0.5);
  });

  it("is counted in its description", () => {
    const rows = Category.literals.map((category) => `| ${category} | ${inCategory(category).length} |`);
    const figures = [
      `${set.length} conversations`,
      `${set.flatMap(({ people }) => people).length} people`,
      `${set.flatMap(({ sessions }) => sessions).length} sessions`,
      `${turns.length} turns`,
      `${questions.length} questions`,
      `${questions.flatMap(({ evidence }) => evidence).length} turns as evidence`,
      `**${meanLeaning.toFixed(2)}**`,
      ...rows,
    ];
    expect(figures.filter((figure) => !readme.includes(figure))).toEqual([]);
  });
});
