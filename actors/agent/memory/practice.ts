/** What an agent learns of its tools when a turn with tools is over: what worked, what failed and how, what goes well together; one of the jobs of jobs.ts. */
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
  prospects,
  shapeOf,
  skillsIn,
  type ToolUse,
} from "./forming/procedural.ts";
import type { JobHost, MemoryJob } from "./job.ts";

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

/** A use of a tool in a turn that is remembered. */
interface PractisedUse extends ToolUse {
  readonly seq: number;
  readonly asker: string;
}

type NewMemory = AgentCommandOf<"AddMemories">["memories"][number];

const READ = ["MemoryFormed", "ModelReplied", "ToolExecuted", "ToolFailed"];

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
}

/** What the newest part of the log tells of tools, without words. */
interface Practised {
  readonly outcomes: ReadonlyArray<Recorded>;
  /** Who asked, by turn: of turns whose messages became memories, and still may be. */
  readonly askers: ReadonlyMap<string, string>;
  /** Where the arguments of a call stand. */
  readonly replies: ReadonlyMap<string, number>;
}

/**
 * Reads what tools did. A turn counts when what was said in it is remembered: then whoever asked has agreed, and memory was on.
 */
function recordOf(ledger: TurnLedger["Service"], state: Parameters<typeof mayRemember>[0]): Practised {
  const outcomes: Recorded[] = [];
  const askers = new Map<string, string>();
  const replies = new Map<string, number>();
  for (let after = Math.max(0, state.head - REACH); ; ) {
    const page = ledger.read(after, PAGE, READ);
    for (const event of page) {
      const { turnId, basis, speaker, about = [], calls = [] } = event.open as unknown as Open;
      if (event.type === "MemoryFormed") {
        if (basis === "said" && !askers.has(turnId) && mayRemember(state, about)) askers.set(turnId, String(speaker));
      } else if (event.type === "ModelReplied") for (const { callId } of calls) replies.set(callId, event.seq);
      else outcomes.push(event);
    }
    if (page.length < PAGE) break;
    after = page.at(-1)!.seq;
  }
  const kept = outcomes.filter(({ open }) => askers.has((open as unknown as Open).turnId));
  return { outcomes: kept.slice(-USES), askers, replies };
}

const decodeArguments = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown));

/** The uses of tools with their arguments, oldest first; without those whose words are gone. */
const usesOf = Effect.fnUntraced(function* ({ outcomes, askers, replies }: Practised) {
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
interface Lesson {
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

function lessonsOf(tool: string, shape: string, uses: ReadonlyArray<PractisedUse>, now: number): ReadonlyArray<Lesson> {
  const known = uses.reduce<Experience>(experienced, noExperience(tool, shape));
  const chance = prospects(known, now);
  const worked = uses.filter((use) => use.worked);
  const failed = Map.groupBy(
    uses.filter((use) => !use.worked),
    ({ error }) => error ?? "Unknown",
  );
  const success: Lesson = {
    about: ["worked", tool, shape],
    content: `The tool ${tool} worked with arguments of the form ${shape}${templateIn(known, uses)}.`,
    ...{ importance: chance, seqs: worked.slice(0, 3).map(({ seq }) => seq) },
  };
  const failures = [...failed].map(
    ([error, those]): Lesson => ({
      about: ["failed", tool, shape, error],
      content: `The tool ${tool} failed with ${error} on arguments of the form ${shape}.`,
      ...{ importance: 1 - chance, seqs: those.slice(-3).map(({ seq }) => seq) },
    }),
  );
  return [...(worked.length > 0 ? [success] : []), ...failures];
}

/** Everything that can be learned of these uses. */
export function lessonsIn(uses: ReadonlyArray<PractisedUse>, now: number): ReadonlyArray<Lesson> {
  const alike = Map.groupBy(uses, ({ tool, arguments: given }) => JSON.stringify([tool, shapeOf(given)]));
  const single = [...alike.values()].flatMap((group) => {
    const shape = shapeOf(group[0]!.arguments);
    return isPlain(shape) ? lessonsOf(group[0]!.tool, shape, group, now) : [];
  });
  const skills = skillsIn(uses).map(({ tools, successes, rank }): Lesson => {
    const seqs = uses.filter(({ tool, worked }) => worked && tools.includes(tool)).map(({ seq }) => seq);
    return {
      about: ["skill", ...tools],
      content: `One after the other, the tools ${tools.join(", ")} led to the end ${successes} times.`,
      ...{ importance: rank, seqs: seqs.slice(-tools.length * 3) },
    };
  });
  return [...single, ...skills];
}

const memoryOf = (agentId: string, { about, content, importance, seqs }: Lesson): NewMemory => ({
  memoryId: childId<MemoryId>("memory", agentId, JSON.stringify(["practice", ...about])),
  ...{ kind: "procedural", basis: "observed", origin: "tool", audience: "public", importance },
  ...{ about: [], speaker: null, roomId: null, sourceSeqs: seqs },
  words: Redacted.make({ content }),
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

  /** Each lesson is a command of its own, known by what it says: learned once, also when it was forgotten since. */
  #learn() {
    const { state, meta } = this.#host;
    return Effect.gen(function* () {
      const ledger = yield* TurnLedger;
      if (!state().memoryEnabled) return;
      const uses = yield* usesOf(recordOf(ledger, state()));
      for (const lesson of lessonsIn(uses, yield* Clock.currentTimeMillis)) {
        const memory = memoryOf(ledger.agentId, lesson);
        // Learned already, with another weight: it stays as it was.
        yield* ledger
          .commit({ type: "AddMemories", meta: meta(`learn/${memory.memoryId}`), memories: [memory] })
          .pipe(Effect.catchTag("Overtaken", () => Effect.void));
      }
    });
  }

  #ring(due: number): void {
    this.#host.timers.set({ id: TIMER, due, kind: this.kind, body: null });
  }
}
