/** What comes to mind at a message: what fits its words, with what was said right around it, and what is known at all where that is asked; used by AgentMemory for turns. */
import { Clock, Effect } from "effect";
import type { UserId } from "#events/kit/ids.ts";
import type { KeyFailure } from "../turn/failures.ts";
import type { Recalled } from "../turn/ports.ts";
import { endedAmong } from "./description.ts";
import { asksWhatIsKnown, attributeAsked } from "./language/questions.ts";
import { lessonIn, OF_OTHERS } from "./lessons.ts";
import { both, concerning, type Scope } from "./recall/audience.ts";
import type { FactStore } from "./recall/facts.ts";
import type { MemoryRow } from "./recall/memory-row.ts";
import type { Answered, Found, Opened, Question } from "./recall/mind.ts";
import type { MemoryRegister } from "./recall/register.ts";

/** An agent's memory, as far as it is asked here. */
interface Searched {
  readonly register: MemoryRegister;
  readonly facts: FactStore;
  readonly search: (question: Message) => Effect.Effect<Answered, KeyFailure>;
  readonly open: (found: ReadonlyArray<Found>) => Effect.Effect<ReadonlyArray<Opened>, KeyFailure>;
}

/** The message, what may be called to mind at it, what is shown anyway, and the tools that its answer may use. */
type Message = Omit<Question, "now" | "nearness"> & {
  readonly without: ReadonlyArray<number>;
  readonly tools: ReadonlyArray<string>;
};

/** Of each memory that is asked for without a word of it, so many are looked at for one that still holds. */
const LOOKED_AT = 4;

const among = (seqs: ReadonlyArray<number>, isAmong = true): Scope => ({
  where: `m.seq ${isAmong ? "" : "NOT "}IN (SELECT value FROM json_each(?))`,
  parameters: [JSON.stringify(seqs)],
});

/** What is about a person, and not merely said by them. */
const aboutOnly = (userId: string): Scope => ({
  where: "EXISTS (SELECT 1 FROM json_each(m.about) WHERE value = ?)",
  parameters: [userId],
});

/** What was kept on purpose and not merely said. */
const ON_PURPOSE: Scope = {
  where: "m.kind <> 'episodic'",
  parameters: [],
};

/**
 * Until when memories held, as far as this may be told: where what took the place of one was said elsewhere, that it is over
 * is nobody's business here either.
 */
function over(memory: Searched, rows: ReadonlyArray<MemoryRow>, scope: Scope): ReadonlyMap<number, number> {
  const successors: Scope = {
    where: "m.memory_id IN (SELECT value FROM json_each(?))",
    parameters: [JSON.stringify(rows.flatMap(({ supersededBy }) => supersededBy ?? []))],
  };
  const { where, parameters } = both(successors, scope);
  const told = new Set<string>(memory.register.where(where, parameters, rows.length).map(({ memoryId }) => memoryId));
  const stated = endedAmong(memory, rows, scope);
  return new Map(
    rows.flatMap((row): ReadonlyArray<[number, number]> => {
      const { supersededAt, supersededBy } = stated.get(row.seq) ?? row;
      const isTold = stated.has(row.seq) || supersededBy === null || told.has(supersededBy);
      return supersededAt === null || !isTold ? [] : [[row.seq, supersededAt]];
    }),
  );
}

const unasked = (row: MemoryRow): Found => ({ row, similarity: 0, relevance: 0 });

/** Whom a message in the first person asks about, when what is asked for is one's own: others' are no answer to it. */
function ofOneself({ text, own = text, asker }: Message, now: number): ReadonlyArray<Scope> {
  if (asker === undefined) return [];
  if (asksWhatIsKnown(own) === "speaker") return [aboutOnly(asker)];
  return attributeAsked(own, now)?.subject === "speaker" ? [concerning(asker as UserId)] : [];
}

/** "What do you know about me?" shares no word with any of it: the newest of what was kept on purpose and still holds. */
function known(memory: Searched, { text, own = text, limit, scope }: Message, audience: Scope): ReadonlyArray<Found> {
  if (asksWhatIsKnown(own) === undefined || limit === 0) return [];
  const { where, parameters } = both(ON_PURPOSE, scope);
  const rows = memory.register.where(where, parameters, limit * LOOKED_AT);
  const ended = over(memory, rows, audience);
  return rows
    .filter(({ seq }) => !ended.has(seq))
    .slice(0, limit)
    .map(unasked);
}

/** Each once, between what was said right before it and right after: the answer is often one turn on (memory.md § 5). */
function withNeighbours(memory: Searched, found: ReadonlyArray<Opened>, scope: Scope) {
  const own = new Map(found.map((each) => [each.row.seq, each]));
  const order = new Set(found.flatMap(({ row, before, after }) => [before ?? [], row.seq, after ?? []].flat()));
  const { where, parameters } = both(among([...order.difference(own)]), scope);
  const rows = memory.register.where(where, parameters, order.size);
  return Effect.map(memory.open(rows.map(unasked)), (opened): ReadonlyArray<Opened> => {
    for (const each of opened) own.set(each.row.seq, each);
    return Array.from(order, (seq) => own.get(seq) ?? []).flat();
  });
}

/**
 * What comes to mind at a message: at most `limit` memories that fit, best first, and the two turns around each. Where it is
 * asked what is known at all, that stands in front; asked in the first person, only what is about whoever asks. Of what tools taught, one comes along.
 */
export const recollection = (memory: Searched, message: Message): Effect.Effect<Recalled, KeyFailure> =>
  Effect.gen(function* () {
    if (memory.register.isEmpty) return { memories: [], degraded: false };
    const { scope: audience } = message;
    const lesson = yield* lessonIn(memory, message.tools, audience);
    const anybodys = both(audience, among(message.without, false), OF_OTHERS);
    const own = both(anybodys, ...ofOneself(message, yield* Clock.currentTimeMillis));
    const asked = {
      ...message,
      limit: message.limit - lesson.length,
      // Where others ask as well, what is about them may be the answer to theirs.
      scope: message.own === undefined ? own : anybodys,
    };
    const { found, degraded } = yield* memory.search(asked);
    const first = yield* memory.open(known(memory, { ...asked, scope: own }, audience));
    const fitting = found.filter(({ row }) => !first.some((other) => other.row.seq === row.seq));
    const chosen = [...first, ...fitting].slice(0, asked.limit);
    const whole = [...(yield* withNeighbours(memory, chosen, asked.scope)), ...lesson];
    const rows = whole.map(({ row }) => row);
    const ended = over(memory, rows, audience);
    const memories = whole.map(({ row: { memoryId, seq }, content }) => ({
      ...{ memoryId, seq, content, until: ended.get(seq) ?? null },
    }));
    return { memories, degraded };
  });
