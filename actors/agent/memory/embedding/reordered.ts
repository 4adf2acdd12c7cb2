/** The second opinion of a cross-encoder on the order of what a search found; used by AgentMemory, which goes on without where it fails. */
import { Effect, Option } from "effect";
import { Reranker } from "../../turn/memory-ports.ts";
import { inTime } from "./nearness.ts";

/** So many of the first are read again; the others keep their places behind them. */
export const REORDERED = 30;

interface Answer {
  readonly content: string;
  /** 0 to 1: falls from the first to the last. */
  readonly relevance: number;
}

/**
 * The answers to a question, the first of them in the order of the reranker, each with the relevance of its place. As
 * they were where there is no reranker, or none that answers in time. Never fails.
 */
export const reordered = <A extends Answer>(
  question: string,
  found: ReadonlyArray<A>,
): Effect.Effect<ReadonlyArray<A>, never, Reranker> =>
  Effect.gen(function* () {
    const reranker = yield* Reranker;
    const first = found.slice(0, REORDERED);
    if (!reranker.configured || first.length < 2) return found;
    const asked = reranker.score(
      question,
      first.map(({ content }) => content),
    );
    const scores = Option.getOrElse(yield* inTime(asked), () => []);
    if (scores.length !== first.length) return found;
    const order = first.map((_, place) => place).sort((one, other) => scores[other]! - scores[one]! || one - other);
    const moved = order.map((place, index) => ({ ...first[place]!, relevance: first[index]!.relevance }));
    return [...moved, ...found.slice(first.length)];
  });
