/** The Recall port in its simplest form: the newest memories of this agent, compared word by word in memory; built by AgentActor. */
import { Effect } from "effect";
import type { MemoryFormed } from "#events/agent/events.ts";
import type { EventOf } from "#events/kit/define.ts";
import { Erased, type Recorded, type Unsealed } from "#events/kit/envelope.ts";
import type { KeyFailure } from "../turn/failures.ts";
import { RecallFailure } from "../turn/failures.ts";
import type { Recall, Remembered } from "../turn/ports.ts";

type Formed = Recorded<EventOf<typeof MemoryFormed>>;

/** How many of the newest memories are looked at: unsealing one costs about 20 µs. */
const LOOKED_AT = 200;
/** Newest memories go along even when no word fits: "what do you know about me?" shares none with any of them. */
const ALWAYS = 3;

/** Words of three letters and more, in lower case, without an ending that only bends them. */
const stems = (text: string): ReadonlySet<string> =>
  new Set((text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []).map((word) => word.replace(/(ing|ed|es|s)$/u, "")));

const overlap = (wanted: ReadonlySet<string>, content: string): number => {
  const found = stems(content);
  return [...wanted].filter((stem) => found.has(stem)).length;
};

/** A memory may surface where it was learned, or for the person it is about; nowhere else. */
const mayHear = (event: Formed, query: Parameters<Recall["Service"]["search"]>[0]): boolean =>
  event.open.roomId === query.roomId || event.open.about.some((userId) => query.asker === `user:${userId}`);

export const localRecall = (log: {
  readonly newest: (limit: number) => ReadonlyArray<Formed>;
  readonly reveal: (seqs: ReadonlyArray<number>) => Effect.Effect<ReadonlyArray<Unsealed>, KeyFailure>;
}): Recall["Service"] => ({
  search: (query) =>
    Effect.suspend(() => {
      const candidates = log.newest(LOOKED_AT).filter((event) => mayHear(event, query));
      return Effect.map(log.reveal(candidates.map(({ seq }) => seq)), (found) => best(found, query.text, query.limit));
    }).pipe(Effect.mapError(({ detail }) => new RecallFailure({ detail }))),
});

function best(found: ReadonlyArray<Unsealed>, text: string, limit: number): ReadonlyArray<Remembered> {
  const wanted = stems(text);
  const scored = found.flatMap(({ event, words }, age) => {
    if (words === Erased) return [];
    const content = String(words.content ?? "");
    const { memoryId } = event.open as Formed["open"];
    return [{ memory: { memoryId, seq: event.seq, content }, score: overlap(wanted, content), age }];
  });
  return scored
    .filter(({ score, age }) => score > 0 || age < ALWAYS)
    .sort((left, right) => right.score - left.score || left.age - right.age)
    .slice(0, limit)
    .map(({ memory }) => memory);
}
