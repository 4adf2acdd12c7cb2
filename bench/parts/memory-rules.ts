/** `memory-rules`: what becomes a memory by rules alone: facts that change, duplicates, what forgetting keeps, and what one message costs. */
import { messageFormOf } from "#actors/agent/memory/forming/importance.ts";
import { glean } from "#actors/agent/memory/forming/message.ts";
import { type Forgettable, importanceOf, toArchive } from "#events/agent/memory.ts";
import { pairs, weighed } from "../../test/support/sayings.ts";
import { judged, updates } from "../../test/support/updates.ts";
import { type Conversation, conversations } from "../evaluation-set.ts";
import { type Figure, type Part, aboutRules as rules, type Scale } from "../figures.ts";

const DAY = 86_400_000;
/** Not those of the tests; each round has seeds of its own. */
const SEED = 4_242;
const unit = "%";

const percent = (right: number, all: number): number => (100 * right) / Math.max(1, all);

/** Facts that change, 120 of each of the twelve families a round. */
function updateFigures({ quick, rounds }: Scale): ReadonlyArray<Figure> {
  const count = quick ? 120 : 1_440;
  const shares = (wording: "plain" | "free", of: "newFirst" | "oldAsOf" | "nothingLater") =>
    Array.from({ length: rounds }, (_, round) => {
      const all = updates(SEED + round, count, wording);
      return percent(all.filter((update) => judged(update)[of]).length, all.length);
    });
  return [
    { name: "plain updates: the new value holds", unit, rounds: shares("plain", "newFirst"), budget: rules.plain },
    { name: "plain updates: as of before, the old one", unit, rounds: shares("plain", "oldAsOf"), budget: rules.plain },
    { name: "plain updates: nothing later shown", unit, rounds: shares("plain", "nothingLater"), budget: rules.plain },
    { name: "free updates: the new value holds", unit, rounds: shares("free", "newFirst"), budget: rules.free },
    { name: "free updates: as of before, the old one", unit, rounds: shares("free", "oldAsOf") },
    { name: "free updates: nothing later shown", unit, rounds: shares("free", "nothingLater"), budget: rules.plain },
  ];
}

function duplicateFigures({ quick, rounds }: Scale): ReadonlyArray<Figure> {
  const found = Array.from({ length: rounds }, (_, round) => weighed(pairs(SEED + round, quick ? 200 : 3_000)));
  return [
    {
      name: "duplicates: precision",
      unit,
      rounds: found.map(({ precision }) => 100 * precision),
      budget: rules.precision,
    },
    { name: "duplicates: recall", unit, rounds: found.map(({ recall }) => 100 * recall), budget: rules.recall },
  ];
}

interface Turn extends Forgettable {
  readonly evidence: boolean;
}

/** The turns of a conversation as memories, weighed as an agent weighs what it hears. */
function remembered({ turns, questions }: Conversation): ReadonlyArray<Turn> {
  const evidence = new Set(questions.flatMap((question) => question.evidence));
  return turns.map(({ id, text, saidAt }) => ({
    ...{ importance: importanceOf(messageFormOf(text)), formedAt: saidAt, accessCount: 0 },
    ...{ pinned: false, inForce: false, consolidated: true, evidence: evidence.has(id) },
  }));
}

/** How probably a turn that is evidence weighs more than one that is not (Mann and Whitney's U by the number of pairs). */
function areaUnderCurve(turns: ReadonlyArray<Turn>): number {
  const wanted = turns.filter(({ evidence }) => evidence);
  const others = turns.filter(({ evidence }) => !evidence);
  const won = wanted.flatMap((one) =>
    others.map((other): number =>
      one.importance > other.importance ? 1 : one.importance === other.importance ? 0.5 : 0,
    ),
  );
  return won.reduce((sum, share) => sum + share, 0) / Math.max(1, won.length);
}

/** Of the evidence in the evaluation set, what is left when only a share of each conversation is kept. */
function forgettingFigures(): ReadonlyArray<Figure> {
  const sets = conversations().map(remembered);
  const now = Math.max(...sets.flat().map(({ formedAt }) => formedAt)) + 400 * DAY;
  const wanted = sets.flat().filter(({ evidence }) => evidence).length;
  const left = (share: number, gone: (turns: ReadonlyArray<Turn>, kept: number) => ReadonlyArray<Turn>) =>
    percent(
      wanted -
        sets.flatMap((turns) => gone(turns, Math.round(share * turns.length))).filter(({ evidence }) => evidence)
          .length,
      wanted,
    );
  const byWorth = (turns: ReadonlyArray<Turn>, kept: number) => toArchive(turns, kept, now);
  const byAge = (turns: ReadonlyArray<Turn>, kept: number) =>
    turns.toSorted((one, other) => one.formedAt - other.formedAt).slice(0, turns.length - kept);
  const auc = sets.map(areaUnderCurve);
  return [
    {
      name: "importance by form: area under the curve",
      unit,
      rounds: [100 * (auc.reduce((sum, one) => sum + one, 0) / auc.length)],
    },
    ...[0.9, 0.7, 0.5].map(
      (share): Figure => ({
        name: `evidence left when ${100 * share} % are kept; bare: the newest`,
        ...{ unit, rounds: [left(share, byWorth)], bare: [left(share, byAge)] },
      }),
    ),
  ];
}

/** Milliseconds of processor time, which other programs on the machine do not take. */
function processorMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** What all rules together take for one message, in this process. */
function costFigures({ quick, rounds }: Scale): ReadonlyArray<Figure> {
  const said = conversations().flatMap(({ turns }) => turns);
  const messages = quick ? said.slice(0, 200) : said;
  const gleaned = ({ text, saidAt, speaker }: (typeof said)[number]) =>
    glean({ text, speaker: { id: `user:${speaker}`, name: speaker }, at: saidAt });
  const first = processorMs(() => gleaned(messages[0]!));
  for (const message of messages) gleaned(message);
  const long = {
    ...messages[0]!,
    text: messages
      .map(({ text }) => text)
      .join(" ")
      .slice(0, 16_384),
  };
  const each = (work: () => void) => Array.from({ length: rounds }, () => processorMs(work));
  const all = each(() => messages.forEach(gleaned)).map((ms) => ms / messages.length);
  return [
    { name: "all rules, a message, processor time", unit: "ms", rounds: all, budget: rules.messageMs },
    { name: "all rules, 16 KiB of prose, processor time", unit: "ms", rounds: each(() => gleaned(long)) },
    { name: "all rules, the first message of a process", unit: "ms", rounds: [first] },
  ];
}

export const memoryRules: Part = {
  name: "memory-rules",
  about: "facts that change, duplicates and forgetting by rules alone, without a model",
  async measure(scale) {
    // The first message of all is measured before anything has been compiled.
    const cost = costFigures(scale);
    return {
      figures: [...updateFigures(scale), ...duplicateFigures(scale), ...forgettingFigures(), ...cost],
      notes: [
        "updates and duplicates are drawn from seeds that no test has, a new one each round; the wordings are the house's own",
        "forgetting: the 24 conversations of bench/memory, each turn one memory, none used; evidence is what a question needs",
      ],
    };
  },
};
