/** What an agent learns of its tools when a turn with tools is over: what worked, what failed and how, what goes well together, revised with every use; one of the jobs of jobs.ts. */
import { Cause, Clock, Effect, Option, Redacted, Schema } from "effect";
import type { AgentCommandOf } from "#events/agent/commands.ts";
import { isRemembered, mayRemember } from "#events/agent/consent.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import { Erased, type Recorded, type RecordedOf, type Unsealed } from "#events/kit/envelope.ts";
import { type ActorName, childId, type MemoryId, type UserId } from "#events/kit/ids.ts";
import type { Timer } from "../../kit/timers.ts";
import { TurnLedger } from "../turn/ports.ts";
import {
  type Experience,
  experienced,
  noExperience,
  type Practice as Practised,
  prospects,
  shapeOf,
  skillsIn,
  type ToolUse,
} from "./forming/tool-lessons.ts";
import type { JobHost, MemoryJob } from "./job.ts";
import type { MemoryRow } from "./recall/memory-row.ts";
import { contentOf } from "./recall/mind.ts";

/** The kind of its timer, of which there is one. */
export const LEARN_FROM_TOOLS = "learn-from-tools";
const TIMER = "practice";

/** Turns follow upon turns: what was learned can wait until they are over. */
const SOON_MS = 5_000;
/** The timer rings again after this long, should its work have died or a key have been away. */
const AGAIN_MS = 60_000;
/** So far back into the log a look goes, and so many uses it takes in at most. */
const REACH = 20_000;
const USES = 200;
const PAGE = 500;

/** A lesson is told anew when what it says is another, or it weighs so much more or less. */
const MOVED = 0.05;

/** A use of a tool in a turn that is remembered. */
interface PractisedUse extends ToolUse {
  readonly seq: number;
  readonly asker: string;
}

type NewMemory = AgentCommandOf<"AddMemories">["memories"][number];

const READ = ["MemoryFormed", "MemoryForgotten", "ModelReplied", "ToolExecuted", "ToolFailed"];

/** The open parts of these, as far as they are read here. */
interface Open {
  readonly turnId: string;
  readonly tool: string;
  readonly callId: string;
  readonly reason?: string;
  readonly basis?: string;
  readonly speaker?: string | null;
  readonly about?: ReadonlyArray<UserId>;
  readonly calls?: ReadonlyArray<{ readonly callId: string }>;
  readonly memoryIds?: ReadonlyArray<string>;
}

/** What the newest part of the log tells of tools, without words. */
interface Told {
  readonly outcomes: ReadonlyArray<Recorded>;
  /** Who asked, by turn: of turns whose messages became memories, and still may be. */
  readonly askers: ReadonlyMap<string, string>;
  /** Where the arguments of a call stand. */
  readonly replies: ReadonlyMap<string, number>;
  /** When a memory was last forgotten, by its id. */
  readonly forgotten: ReadonlyMap<string, number>;
}

/**
 * Reads what tools did. A turn counts when what was said in it is remembered: then whoever asked has agreed, and memory was on.
 */
function recordOf(ledger: TurnLedger["Service"], state: Parameters<typeof mayRemember>[0]): Told {
  const outcomes: Recorded[] = [];
  const askers = new Map<string, string>();
  const replies = new Map<string, number>();
  const forgotten = new Map<string, number>();
  for (let after = Math.max(0, state.head - REACH); ; ) {
    const page = ledger.read(after, PAGE, READ);
    for (const event of page) {
      const { turnId, basis, speaker, about = [], calls = [], memoryIds = [] } = event.open as unknown as Open;
      if (event.type === "MemoryFormed") {
        if (basis === "said" && !askers.has(turnId) && mayRemember(state, about)) askers.set(turnId, String(speaker));
      } else if (event.type === "MemoryForgotten") for (const id of memoryIds) forgotten.set(id, event.seq);
      else if (event.type === "ModelReplied") for (const { callId } of calls) replies.set(callId, event.seq);
      else outcomes.push(event);
    }
    if (page.length < PAGE) break;
    after = page.at(-1)!.seq;
  }
  const kept = outcomes.filter(({ open }) => askers.has((open as unknown as Open).turnId));
  return { outcomes: kept.slice(-USES), askers, replies, forgotten };
}

const decodeArguments = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown));

/** The uses of tools with their arguments, oldest first; without those whose words are gone. */
const usesOf = Effect.fnUntraced(function* ({ outcomes, askers, replies }: Told) {
  const ledger = yield* TurnLedger;
  const seqOf = ({ open }: Recorded) => replies.get((open as unknown as Open).callId);
  const wanted = [...new Set(outcomes.flatMap((event) => seqOf(event) ?? []))];
  const words = new Map<number, Unsealed["words"]>(
    (yield* ledger.reveal(wanted)).map((found) => [found.event.seq, found.words] as const),
  );
  return outcomes.flatMap((event): ReadonlyArray<PractisedUse> => {
    const { turnId, tool, callId, reason } = event.open as unknown as Open;
    const said = words.get(seqOf(event) ?? 0);
    if (said === undefined || said === Erased) return [];
    const given = (said.arguments as Readonly<{ [callId: string]: string }> | undefined)?.[callId];
    const decoded = Option.getOrUndefined(decodeArguments(given));
    if (decoded === undefined) return [];
    const outcome = event.type === "ToolExecuted" ? { worked: true } : { worked: false, error: reason ?? "Unknown" };
    return [{ turnId, tool, arguments: decoded, at: event.at, seq: event.seq, asker: askers.get(turnId)!, ...outcome }];
  });
});

/** A shape of which every name is one that a program would give: others may be what somebody said. */
const isPlain = (shape: string): boolean =>
  shape.length <= 400 && [...shape.matchAll(/"([^"]*)"/g)].every(([, key]) => /^[A-Za-z_][\w-]{0,31}$/.test(key!));

/** Something learned: what it is known by, what it says, how sure it is, and what it comes from. */
interface Lesson extends Practised {
  readonly about: ReadonlyArray<string>;
  readonly content: string;
  readonly importance: number;
  readonly seqs: ReadonlyArray<number>;
}

/** What several people's arguments have in common is nobody's own, and may be told. */
const templateIn = ({ template }: Experience, uses: ReadonlyArray<PractisedUse>): string => {
  const askers = new Set(uses.flatMap(({ worked, asker }) => (worked ? [asker] : [])));
  return askers.size < 2 || template === undefined ? "" : `, such as ${JSON.stringify(template)}`;
};

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

const failuresIn = ({ failures }: Experience): string =>
  failures.size === 0
    ? ""
    : `; it failed with ${[...failures].map(([error, count]) => `${error} ${times(count)}`).join(", ")}`;

/** What is known of a tool with arguments of one shape. It is worth as much as it is sure, that it works or that it fails. */
function lessonOf(tool: string, shape: string, uses: ReadonlyArray<PractisedUse>, now: number): Lesson {
  const known = uses.reduce<Experience>(experienced, noExperience(tool, shape));
  const chance = prospects(known, now);
  const worked = known.successes;
  return {
    ...{ about: ["tool", tool, shape], tools: [tool], worked, failed: uses.length - worked },
    content: `The tool ${tool} worked ${worked} of ${times(uses.length)} with arguments of the form ${shape}${templateIn(known, uses)}${failuresIn(known)}.`,
    ...{ importance: Math.max(chance, 1 - chance), seqs: uses.slice(-3).map(({ seq }) => seq) },
  };
}

/** Everything that can be learned of these uses. */
export function lessonsIn(uses: ReadonlyArray<PractisedUse>, now: number): ReadonlyArray<Lesson> {
  const alike = Map.groupBy(uses, ({ tool, arguments: given }) => JSON.stringify([tool, shapeOf(given)]));
  const single = [...alike.values()].flatMap((group) => {
    const shape = shapeOf(group[0]!.arguments);
    return isPlain(shape) ? [lessonOf(group[0]!.tool, shape, group, now)] : [];
  });
  const skills = skillsIn(uses).map(({ tools, successes, tries, rank }): Lesson => {
    const seqs = uses.filter(({ tool, worked }) => worked && tools.includes(tool)).map(({ seq }) => seq);
    return {
      ...{ about: ["skill", ...tools], tools, worked: successes, failed: tries - successes },
      content: `One after the other, the tools ${tools.join(", ")} led to the end ${successes} of ${times(tries)}.`,
      ...{ importance: rank, seqs: seqs.slice(-tools.length * 3) },
    };
  });
  return [...single, ...skills];
}

/** Known by what it is about: what is learned of that later revises it. */
const idOf = (agentId: string, { about }: Lesson): MemoryId =>
  childId<MemoryId>("memory", agentId, JSON.stringify(["practice", ...about]));

const wordsOf = ({ content, tools, worked, failed }: Lesson) =>
  Redacted.make({ content, context: { tools, worked, failed } });

const memoryOf = (memoryId: MemoryId, lesson: Lesson): NewMemory => ({
  ...{ memoryId, kind: "procedural", basis: "observed", origin: "tool", audience: "public" },
  ...{ importance: lesson.importance, about: [], speaker: null, roomId: null, sourceSeqs: lesson.seqs },
  words: wordsOf(lesson),
});

/** The lesson as it stands now, with what its owner decided about it. */
const revisionOf = (row: MemoryRow, lesson: Lesson) => ({
  ...{ memoryId: row.memoryId, kind: row.kind, basis: row.basis, origin: row.origin, audience: row.audience },
  ...{ about: row.about, speaker: row.speaker as ActorName | null },
  ...{ pinned: row.pinned, sensitive: row.sensitive, importance: lesson.importance, words: wordsOf(lesson) },
  ...{ version: row.version, replacesSeq: row.seq },
});

export class Practice implements MemoryJob {
  readonly kind = LEARN_FROM_TOOLS;
  readonly #host: JobHost<TurnLedger>;
  #running = false;

  constructor(host: JobHost<TurnLedger>) {
    this.#host = host;
  }

  noticed(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    const state = this.#host.state();
    for (const event of events) {
      if (event.type !== "TurnCompleted" && event.type !== "TurnStopped" && event.type !== "TurnFailed") continue;
      const turn = state.turns[event.open.turnId];
      const hasTools = turn?.rounds.some(({ calls }) => calls.length > 0) ?? false;
      if (hasTools && isRemembered(state, turn!.authorId as ActorName)) this.#ring(event.at + SOON_MS);
    }
  }

  fired(_timer: Timer): void {
    const { now, run, timers, report } = this.#host;
    const again = now() + AGAIN_MS;
    this.#ring(again);
    if (this.#running) return;
    this.#running = true;
    run(
      this.#learn().pipe(
        Effect.andThen(
          Effect.sync(() => {
            // Another turn may have ended meanwhile, and set it anew.
            if (timers.dueOf(TIMER) === again) timers.cancel(TIMER);
          }),
        ),
        Effect.catchCause((cause) => Effect.sync(() => report("practice", Cause.pretty(cause)))),
        Effect.ensuring(
          Effect.sync(() => {
            this.#running = false;
          }),
        ),
      ),
    );
  }

  /** What is new is added, also what was forgotten and has been seen since; what has moved is revised. */
  #learn() {
    const { state, meta, memory } = this.#host;
    return Effect.gen({ self: this }, function* () {
      const ledger = yield* TurnLedger;
      if (!state().memoryEnabled) return;
      const told = recordOf(ledger, state());
      const lessons = lessonsIn(yield* usesOf(told), yield* Clock.currentTimeMillis);
      const known = lessons.flatMap((lesson) => memory.register.find(idOf(ledger.agentId, lesson)) ?? []);
      const said = new Map(
        (yield* ledger.reveal(known.map(({ seq }) => seq))).map((one) => [one.event.seq, contentOf(one)] as const),
      );
      for (const lesson of lessons) {
        const memoryId = idOf(ledger.agentId, lesson);
        const row = memory.register.find(memoryId);
        const newest = lesson.seqs.at(-1)!;
        if (row !== undefined) this.#revise(row, lesson, said.get(row.seq));
        else if (newest > (told.forgotten.get(memoryId) ?? 0))
          yield* ledger
            .commit({
              ...{ type: "AddMemories", meta: meta(`learn/${memoryId}/${newest}`) },
              memories: [memoryOf(memoryId, lesson)],
            })
            .pipe(Effect.catchTag("Overtaken", () => Effect.void));
      }
    });
  }

  /** In the breath in which the row was read. What the owner has put in words of their own stays as it is. */
  #revise(row: MemoryRow, lesson: Lesson, said: string | null | undefined): void {
    const { commit, meta } = this.#host;
    const hasMoved = said !== lesson.content || Math.abs(row.importance - lesson.importance) >= MOVED;
    if (said === undefined || row.origin !== "tool" || !hasMoved) return;
    const label = `${row.memoryId}/${row.version}`;
    if (row.state === "archived")
      commit({ type: "RestoreMemories", meta: meta(`relearn/${label}`), memoryIds: [row.memoryId] });
    commit({ type: "ReviseMemory", meta: meta(`learn/${label}`), ...revisionOf(row, lesson) });
  }

  #ring(due: number): void {
    this.#host.timers.set({ id: TIMER, due, kind: this.kind, body: null });
  }
}
