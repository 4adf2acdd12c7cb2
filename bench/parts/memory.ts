/** `memory`: how much of what answers a question is found, by each variant of the ranking, on the conversations of bench/memory. */
import { CATEGORIES, type Conversation, conversations, gain, type Question, recall } from "../evaluation-set.ts";
import { aboutMemory, type Figure, type Part } from "../figures.ts";
import { fullText, remembered, type Store } from "../memory-stores.ts";

const LIMITS = [5, 10, 25, 50] as const;
const VARIANTS = [
  ["full text, stems", "words"],
  ["+ window", "window"],
  ["+ structure", "structure"],
  ["all", "all"],
] as const;

/** A question with what it found. */
interface Asked {
  readonly question: Question;
  /** Ids as a store gives them. */
  readonly evidence: ReadonlyArray<string>;
  readonly found: ReadonlyArray<string>;
}

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share: number): number => Math.round(share * 1_000) / 10;

async function askAll(of: ReadonlyArray<Conversation>, store: Store): Promise<ReadonlyArray<Asked>> {
  const asked: Asked[] = [];
  for (const { id, questions } of of)
    for (const question of questions) {
      const evidence = question.evidence.map((turn) => `${id} ${turn}`);
      asked.push({ question, evidence, found: await store.ask(question, LIMITS.at(-1)!) });
    }
  return asked;
}

/** Each conversation asked of a store of its own. */
async function askApart(of: ReadonlyArray<readonly [Conversation, Store]>): Promise<ReadonlyArray<Asked>> {
  const asked: Asked[] = [];
  for (const [each, store] of of) asked.push(...(await askAll([each], store)));
  return asked;
}

const recallAt = (asked: ReadonlyArray<Asked>, limit: number): number =>
  percent(mean(asked.map(({ found, evidence }) => recall(found, evidence, limit))));
const gainAt = (asked: ReadonlyArray<Asked>, limit: number): number =>
  percent(mean(asked.map(({ found, evidence }) => gain(found, evidence, limit))));

/** One line of the table: recall at each limit, gain, and recall at ten by category. */
const lineOf = (name: string, asked: ReadonlyArray<Asked>): ReadonlyArray<string | number> => [
  name,
  ...LIMITS.map((limit) => recallAt(asked, limit)),
  gainAt(asked, 10),
  ...CATEGORIES.map((category) =>
    recallAt(
      asked.filter(({ question }) => question.category === category),
      10,
    ),
  ),
];

function tableOf(lines: ReadonlyArray<ReadonlyArray<string | number>>): string {
  const head = ["variant", ...LIMITS.map((limit) => `R@${limit}`), "nDCG@10", ...CATEGORIES];
  const rows = [head, ...lines].map((line) => line.map((cell) => (typeof cell === "number" ? cell.toFixed(1) : cell)));
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const drawn = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | "));
  return [drawn[0], widths.map((width) => "-".repeat(width)).join("-|-"), ...drawn.slice(1)].join("\n    ");
}

const figuresOf = (
  label: string,
  asked: ReadonlyArray<Asked>,
  bare: ReadonlyArray<Asked>,
  budgets: typeof aboutMemory | undefined,
): ReadonlyArray<Figure> => [
  ...LIMITS.map((limit) => ({
    name: `R@${limit}, ${label}`,
    unit: "%",
    rounds: [recallAt(asked, limit)],
    bare: [recallAt(bare, limit)],
    ...(budgets === undefined ? {} : { budget: budgets.recall[limit] }),
  })),
  {
    name: `nDCG@10, ${label}`,
    unit: "%",
    rounds: [gainAt(asked, 10)],
    bare: [gainAt(bare, 10)],
    ...(budgets === undefined ? {} : { budget: budgets.gain }),
  },
];

/** How much of what answers is still found when an agent has forgotten a share of each conversation by its own rule. */
async function afterForgetting(all: ReadonlyArray<Conversation>, percentage: 30 | 50): Promise<Figure> {
  const asked = await askApart(all.map((each) => [each, remembered([each], { forgotten: percentage / 100 })()]));
  const budget = aboutMemory.forgetting[percentage];
  return { name: `R@10, ${percentage} % forgotten`, unit: "%", rounds: [recallAt(asked, 10)], budget };
}

export const memory: Part = {
  name: "memory",
  about: "what is found of the turns that answer a question; bare: SQLite's full text, Porter's stems, in clear",
  async measure({ quick }) {
    const all = conversations().slice(0, quick ? 2 : undefined);
    const minds = all.map((each) => [each, remembered([each])] as const);
    const plain = await askApart(all.map((each) => [each, fullText([each])]));
    const byVariant: Array<readonly [string, ReadonlyArray<Asked>]> = [];
    for (const [name, variant] of VARIANTS)
      byVariant.push([name, await askApart(minds.map(([each, mind]) => [each, mind(variant)]))]);
    const best = byVariant.at(-1)![1];
    const together = await askAll(all, remembered(all, { together: true })());
    const plainTogether = await askAll(all, fullText(all));
    const byTwelve: Asked[] = [];
    for (let first = 0; first < all.length; first += 12) {
      const dozen = all.slice(first, first + 12);
      byTwelve.push(...(await askAll(dozen, remembered(dozen, { together: true })())));
    }
    const people = new Set(all.flatMap(({ turns: said }) => said.map(({ speaker }) => speaker)));
    const named = byTwelve.filter(({ question }) =>
      (question.text.match(/\p{L}+/gu) ?? []).some((word) => people.has(word)),
    );
    const forgotten = [await afterForgetting(all, 30), await afterForgetting(all, 50)];
    const lines = [
      ["full text, SQLite's", plain] as const,
      ...byVariant,
      ["all, twelve in a store", byTwelve] as const,
      ["all, in one store", together] as const,
    ];
    const turns = all.reduce((sum, { turns: said }) => sum + said.length, 0);
    return {
      figures: [
        ...byVariant.flatMap(([name, asked]) =>
          figuresOf(name, asked, plain, name === "all" ? aboutMemory : undefined),
        ),
        {
          name: "R@10, all, twelve in a store",
          ...{ unit: "%", rounds: [recallAt(byTwelve, 10)], budget: aboutMemory.oneStore },
        },
        { name: "R@10, of these where the question names somebody", unit: "%", rounds: [recallAt(named, 10)] },
        ...figuresOf("all, in one store", together, plainTogether, undefined),
        ...forgotten,
        ...CATEGORIES.map((category) => {
          const of = (asked: ReadonlyArray<Asked>) =>
            recallAt(
              asked.filter(({ question }) => question.category === category),
              10,
            );
          const budget = aboutMemory.byCategory[category];
          const figure = { name: `R@10, ${category}`, unit: "%", rounds: [of(best)], bare: [of(plain)] };
          return budget === undefined ? figure : { ...figure, budget };
        }),
      ],
      notes: [
        `${all.length} conversations, ${turns} turns, ${best.length} questions; nothing is left to chance, so there is one round`,
        "each turn is heard and kept by an agent, and asked for in its room among those who were there; in one store: by its owner",
        "“the grandmother” is somebody in several conversations: whoever asks twelve of them at once may be answered by another one",
        "the budgets are those of memory.md § 7, which are meant for conversations that nobody here has seen, and for its categories",
        "not measured here: recall over facts that a model has drawn, and with embeddings of a real model: there is none on this machine",
        `R@10 by category on the right:\n    ${tableOf(lines.map(([name, asked]) => lineOf(name, asked)))}`,
      ],
    };
  },
};
