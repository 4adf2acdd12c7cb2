/** Search in the register, in its plainest form: newest memories in scope, compared by their stems; used by AgentMemory. */
import { stemsOf } from "../language/stems.ts";
import type { MemoryRow } from "./register.ts";

/** How many of the newest memories are looked at: unsealing one costs about 20 µs. */
export const LOOKED_AT = 200;
/** Newest memories go along even when no word fits: "what do you know about me?" shares none with any of them. */
const ALWAYS = 3;

/** A memory with its words. */
export interface Opened {
  readonly row: MemoryRow;
  readonly content: string;
}

/** A memory that was found. */
export interface Found extends Opened {
  /** 0 to 1: the share of the question's stems that it holds. */
  readonly similarity: number;
  /** 0 to 1: the order among those that were found. */
  readonly relevance: number;
}

/** The best of these, newest first given, for a question; scored by the share of its stems. */
export function best(found: ReadonlyArray<Opened>, text: string, limit: number): ReadonlyArray<Found> {
  const wanted = new Set(stemsOf(text));
  const scored = found.map((memory, age) => {
    const stems = new Set(stemsOf(memory.content));
    return { memory, age, score: [...wanted].filter((stem) => stems.has(stem)).length };
  });
  return scored
    .filter(({ score, age }) => score > 0 || age < ALWAYS)
    .sort((left, right) => right.score - left.score || left.age - right.age)
    .slice(0, limit)
    .map(({ memory, score }) => {
      const share = wanted.size === 0 ? 0 : score / wanted.size;
      return { ...memory, similarity: share, relevance: share };
    });
}
