/** The conversations of bench/memory and the questions about them, and how good an answer is; used by parts/memory.ts and parts/recall.ts. */
import { Category, readEvaluationSet, type Conversation as Written } from "./memory/evaluation-set.ts";

export const CATEGORIES = Category.literals;

/** A turn, with when it was said: a session's turns follow one another by the minute. */
export interface Turn {
  readonly id: string;
  readonly speaker: string;
  readonly saidAt: number;
  readonly text: string;
}

export interface Question {
  readonly text: string;
  readonly askedAt: number;
  readonly evidence: ReadonlyArray<string>;
  readonly category: (typeof CATEGORIES)[number];
}

export interface Conversation {
  readonly id: string;
  readonly turns: ReadonlyArray<Turn>;
  readonly questions: ReadonlyArray<Question>;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
function timed({ id, people, sessions, questions }: Written): Conversation {
  const names = new Map<string, string>(people.map((person) => [person.id, person.name]));
  const turns = sessions.flatMap(({ at, turns: said }) =>
    said.map((turn, index) => ({
      ...{ id: turn.id, text: turn.text, speaker: names.get(turn.speaker)! },
      saidAt: Date.parse(at) + index * MINUTE,
    })),
  );
  const end = turns.at(-1)!.saidAt + DAY;
  return {
    id,
    turns,
    questions: questions.map(({ text, asked_at, evidence, category }) => ({
      ...{ text, evidence, category },
      askedAt: asked_at === undefined ? end : Date.parse(asked_at),
    })),
  };
}

/** The whole set, in the order of its files' names. */
export const conversations = (): ReadonlyArray<Conversation> => Array.from(readEvaluationSet().values(), timed);

/** Share of the evidence among the first `limit` of what was found. */
export const recall = (found: ReadonlyArray<string>, evidence: ReadonlyArray<string>, limit: number): number =>
  found.slice(0, limit).filter((id) => evidence.includes(id)).length / evidence.length;

/** Normalised discounted cumulative gain over the first `limit`; each turn is evidence or is not. */
export function gain(found: ReadonlyArray<string>, evidence: ReadonlyArray<string>, limit: number): number {
  const discounted = (hits: ReadonlyArray<boolean>) =>
    hits.slice(0, limit).reduce((sum, hit, rank) => sum + (hit ? 1 / Math.log2(rank + 2) : 0), 0);
  return discounted(found.map((id) => evidence.includes(id))) / discounted(evidence.map(() => true));
}
