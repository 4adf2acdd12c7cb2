/** The one thing that tools taught which comes to mind in a turn: chosen by the tools at hand, not by words that it shares with a message; used by AgentMemory. */
import { Effect, Option, Schema } from "effect";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import type { KeyFailure } from "../turn/failures.ts";
import { lessonFor } from "./forming/tool-lessons.ts";
import { both, type Scope } from "./recall/audience.ts";
import type { Found } from "./recall/mind.ts";
import type { MemoryRegister } from "./recall/register.ts";

/** An agent's memory, as far as it is asked here. */
interface Taught<Opened> {
  readonly register: MemoryRegister;
  readonly open: (found: ReadonlyArray<Found>) => Effect.Effect<ReadonlyArray<Opened>, KeyFailure>;
}

/** Everything but lessons: what is searched by words. */
export const OF_OTHERS: Scope = { where: "m.basis <> 'observed'", parameters: [] };
const OF_TOOLS: Scope = { where: "m.basis = 'observed'", parameters: [] };
/** Among so many lessons, the surest, one is chosen. */
const SUREST = 50;

const decodePractice = Schema.decodeUnknownOption(
  Schema.Struct({ tools: Schema.Array(Schema.String), worked: Schema.Int, failed: Schema.Int }),
);

/** What a lesson is about, which stands with its words (see practice.ts). */
const practiceIn = ({ words }: Unsealed) =>
  Option.toArray(decodePractice(words === Erased ? undefined : words.context));

/** One lesson or none. */
export function lessonIn<Opened extends { readonly words: Unsealed }>(
  memory: Taught<Opened>,
  granted: ReadonlyArray<string>,
  scope: Scope,
): Effect.Effect<ReadonlyArray<Opened>, KeyFailure> {
  if (granted.length === 0) return Effect.succeed([]);
  const { where, parameters } = both(OF_TOOLS, scope);
  const rows = memory.register.where(where, parameters, SUREST, "m.importance DESC, m.seq DESC");
  return Effect.map(memory.open(rows.map((row) => ({ row, similarity: 0, relevance: 0 }))), (opened) => {
    const lessons = opened.flatMap((lesson) => practiceIn(lesson.words).map((practice) => ({ ...practice, lesson })));
    const chosen = lessonFor(lessons, granted);
    return chosen === undefined ? [] : [chosen.lesson];
  });
}
