/** What comes to mind at a message: what fits its words, with what was said right around it, and what is known at all where that is asked; used by AgentMemory for turns. */
import { Effect } from "effect";
import type { KeyFailure } from "../turn/failures.ts";
import type { Recalled } from "../turn/ports.ts";
import { asksWhatIsKnown } from "./language/questions.ts";
import { lessonIn, OF_OTHERS } from "./lessons.ts";
import { both, type Scope } from "./recall/audience.ts";
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

/** The message, what may be called to mind at it, and the tools that its answer may use. */
type Message = Omit<Question, "now" | "nearness"> & { readonly tools: ReadonlyArray<string> };

/** Of each memory that is asked for without a word of it, so many are looked at for one that still holds. */
const LOOKED_AT = 4;

const among = (seqs: ReadonlyArray<number>): Scope => ({
  where: "m.seq IN (SELECT value FROM json_each(?))",
  parameters: [JSON.stringify(seqs)],
});

/** What is about a person, and not merely said by them. */
const aboutOnly = (userId: string): Scope => ({
  where: "EXISTS (SELECT 1 FROM json_each(m.about) WHERE value = ?)",
  parameters: [userId],
});

/** What was kept on purpose and not merely said. */
const ON_PURPOSE: Scope = {
  where: "m.kind <> 'episodic' AND m.superseded_at IS NULL",
  parameters: [],
};

const unasked = (row: MemoryRow): Found => ({ row, similarity: 0, relevance: 0 });

/** "What do you know about me?" shares no word with any of it: the newest of what was kept on purpose and still holds. */
function known({ register, facts }: Searched, { text, limit, scope, asker }: Message): ReadonlyArray<Found> {
  const whose = asksWhatIsKnown(text);
  if (whose === undefined || limit === 0) return [];
  const oneself = whose === "speaker" && asker !== undefined ? [aboutOnly(asker)] : [];
  const { where, parameters } = both(ON_PURPOSE, ...oneself, scope);
  const rows = register.where(where, parameters, limit * LOOKED_AT);
  const over = facts.superseded(rows.map(({ seq }) => seq));
  return rows
    .filter(({ seq }) => !over.has(seq))
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
 * asked what is known at all, that stands in front and takes half the room. Of what tools taught, one comes along.
 */
export const recollection = (memory: Searched, message: Message): Effect.Effect<Recalled, KeyFailure> =>
  Effect.gen(function* () {
    const { register, facts } = memory;
    if (register.isEmpty) return { memories: [], degraded: false };
    const lesson = yield* lessonIn(memory, message.tools, message.scope);
    const asked = { ...message, limit: message.limit - lesson.length, scope: both(message.scope, OF_OTHERS) };
    const { found, degraded } = yield* memory.search(asked);
    const first = yield* memory.open(known(memory, { ...asked, limit: Math.ceil(asked.limit / 2) }));
    const fitting = found.filter(({ row }) => !first.some((other) => other.row.seq === row.seq));
    const chosen = [...first, ...fitting].slice(0, asked.limit);
    const whole = [...(yield* withNeighbours(memory, chosen, asked.scope)), ...lesson];
    const over = facts.superseded(whole.map(({ row }) => row.seq));
    const memories = whole.map(({ row: { memoryId, seq, supersededAt }, content }) => ({
      ...{ memoryId, seq, content, until: supersededAt ?? over.get(seq)?.supersededAt ?? null },
    }));
    return { memories, degraded };
  });
