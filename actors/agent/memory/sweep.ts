/** The daily tidying of an agent's memories: what is over, said twice, past its time or of little weight; a job of jobs.ts. */
import { Cause, Duration, Effect, Exit, Schema } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { digest } from "../../kit/seal.ts";
import type { Timer, Timers } from "../../kit/timers.ts";
import { KeyFailure } from "../turn/failures.ts";
import type { AgentMemory } from "./memory.ts";
import { archived, comparable, expired, faded, merged, type Order, type Portion, superseded } from "./tidying.ts";

/** The kind of the timer that drives the sweep, and its id. */
export const SWEEP_MEMORIES = "sweep-memories";

const DAY_MS = 86_400_000;
/** Between two breaths there is room for a turn. */
const BETWEEN_MS = 100;
/** A breath that died with its process is taken again after this long. */
const AGAIN_MS = 60_000;

/**
 * What is over is put on record before what says so is forgotten, and memories that say the same are one before they are
 * counted.
 */
const STAGES = ["supersede", "merge", "expire", "archive", "fade"] as const;
type Stage = (typeof STAGES)[number];

/** How far the sweep is: the body of its timer, written with each command that it gives, so that nothing is counted twice. */
const Progress = Schema.Struct({
  /** Null between two sweeps. */
  stage: Schema.NullOr(Schema.Literals(STAGES)),
  cursor: Schema.Int,
  /** The head of the log when it began: what came since is for the next one. */
  upTo: Schema.Int,
  /** Up to which event memories were compared with those before them. */
  compared: Schema.Int,
  ...{ looked: Schema.Int, merged: Schema.Int, superseded: Schema.Int, archived: Schema.Int, forgotten: Schema.Int },
});
type Progress = typeof Progress.Type;

const isProgress = Schema.is(Progress);
const waiting: Progress = {
  ...{ stage: null, cursor: 0, upTo: 0, compared: 0 },
  ...{ looked: 0, merged: 0, superseded: 0, archived: 0, forgotten: 0 },
};

/** How the timer is set; without progress it is not. */
interface Setting {
  readonly progress: Progress | null;
  readonly due: number;
}

/** The progress after a command was taken. */
function counted(progress: Progress, { command }: Order): Progress {
  switch (command.type) {
    case "SupersedeMemory":
      return { ...progress, superseded: progress.superseded + 1 };
    case "MergeMemories":
      return { ...progress, merged: progress.merged + command.from.length };
    case "ArchiveMemories":
      return { ...progress, archived: progress.archived + command.memoryIds.length };
    case "ForgetMemories":
      return { ...progress, forgotten: progress.forgotten + command.memoryIds.length };
    default:
      return progress;
  }
}

/** Nothing in a breath takes long but a Vault that never answers. */
const BREATH_BOX = Duration.seconds(30);

/**
 * When an agent tidies next, in milliseconds since 1970: once a day, at a time of day that follows from its id, so that not
 * all agents wake at once.
 */
export function nextSweep(agentId: string, now: number): number {
  const own = Number.parseInt(digest(agentId).slice(0, 8), 16) % DAY_MS;
  return now + DAY_MS - ((((now - own) % DAY_MS) + DAY_MS) % DAY_MS);
}

/** What the sweep needs of its agent: the part that it uses of what every job is given. */
export interface SweepHost {
  readonly memory: AgentMemory;
  readonly state: () => AgentState;
  readonly timers: Timers;
  readonly now: () => number;
  /** Takes a command in this breath; true when it was accepted. */
  readonly commit: (command: AgentCommand) => boolean;
  readonly meta: (id: string) => AgentCommand["meta"];
  readonly run: (program: Effect.Effect<void>) => void;
  readonly report: (what: string, cause: unknown) => void;
}

export class MemorySweep {
  readonly kind = SWEEP_MEMORIES;
  readonly #host: SweepHost;
  readonly #most: number | undefined;
  /** What the timer is set to in the transaction that is being written. */
  #along: Setting | undefined;
  /** Whether it was: a command that was settled before writes nothing. */
  #isWritten = false;
  #isWorking = false;

  /** `most` live memories are kept, if not as many as events/agent/memory.ts says. */
  constructor(host: SweepHost, most?: number) {
    this.#host = host;
    this.#most = most;
  }

  noticed(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    const { timers, now } = this.#host;
    if (this.#along !== undefined) {
      this.#ring(this.#along);
      this.#isWritten = true;
    } else if (events.some(({ type }) => type === "MemoryFormed") && timers.dueOf(SWEEP_MEMORIES) === undefined)
      this.#ring({ progress: waiting, due: this.#next(now()) });
  }

  fired({ body }: Timer): void {
    if (this.#host.state().status === "deleted") {
      this.#host.timers.cancel(SWEEP_MEMORIES); // it was under way when that was decided
      return;
    }
    const before = isProgress(body) ? body : waiting;
    if (this.#isWorking) {
      // A timer that stays due rings for nothing, at once and for ever.
      this.#ring({ progress: before, due: this.#host.now() + AGAIN_MS });
      return;
    }
    const progress =
      before.stage === null
        ? { ...waiting, stage: STAGES[0], upTo: this.#host.state().head, compared: before.compared }
        : before;
    this.#ring({ progress, due: this.#host.now() + AGAIN_MS });
    this.#isWorking = true; // only now: a timer that could not be moved has begun nothing
    this.#host.run(
      this.#breath(progress).pipe(
        Effect.timeoutOrElse({
          duration: BREATH_BOX,
          orElse: () => Effect.fail(new KeyFailure({ detail: "the Vault is silent" })),
        }),
        Effect.exit,
        Effect.map((exit) => this.#ended(progress, exit)),
        Effect.ensuring(
          Effect.sync(() => {
            this.#isWorking = false;
          }),
        ),
      ),
    );
  }

  #breath(progress: Progress): Effect.Effect<void, KeyFailure> {
    if (progress.stage === "merge") return this.#compare(progress);
    return Effect.sync(() => this.#carryOut(progress, this.#find(progress)));
  }

  /** Keys that cannot be had are no reason to let what is due stand: what was not compared is compared tomorrow. */
  #ended(progress: Progress, exit: Exit.Exit<void, KeyFailure>): void {
    if (Exit.isSuccess(exit)) return;
    this.#host.report("sweep of memories", Cause.pretty(exit.cause));
    const isWithoutKeys = exit.cause.reasons.some((reason) => reason._tag === "Fail");
    if (isWithoutKeys) this.#moveOn(progress, null);
  }

  #tidied() {
    const { memory, now, state } = this.#host;
    const most = this.#most === undefined ? {} : { most: this.#most };
    return { memory, now: now(), head: state().head, ...most };
  }

  #find({ stage, cursor }: Progress): Portion {
    if (stage === "supersede") return superseded(this.#tidied(), cursor);
    if (stage === "expire") return expired(this.#tidied());
    return stage === "archive" ? archived(this.#tidied()) : faded(this.#tidied());
  }

  /** Words are needed: keys are fetched first, and what waited for them is indexed. */
  #compare(progress: Progress): Effect.Effect<void, KeyFailure> {
    const { memory } = this.#host;
    return Effect.flatMap(memory.ready(), () => {
      // What is not indexed yet would be compared with nothing.
      if (!memory.isLevel) return Effect.sync(() => this.#moveOn(progress, progress.cursor));
      const { compared: after, upTo } = progress;
      const { rows, fresh, next } = comparable(this.#tidied(), { after, upTo });
      const found = rows.map((row) => ({ row, similarity: 0, relevance: 0 }));
      return Effect.map(memory.open(found), (opened) => {
        const portion = { ...merged(opened, fresh, memory.register), next };
        this.#carryOut({ ...progress, compared: next ?? upTo }, portion, progress.compared);
      });
    });
  }

  /** Gives the commands, each together with how far the sweep is then. `compared` stays where it was until all are given. */
  #carryOut(progress: Progress, { orders, looked, next }: Portion, compared = progress.compared): void {
    let then: Progress = { ...progress, compared };
    for (const order of orders) {
      const after = counted(then, order);
      if (!this.#take(order, after)) {
        this.#moveOn(then, null);
        return;
      }
      if (this.#isWritten) then = after;
    }
    this.#moveOn({ ...then, compared: progress.compared, looked: then.looked + looked }, next);
  }

  #take({ label, command }: Order, progress: Progress): boolean {
    const { commit, meta, now } = this.#host;
    return this.#with({ progress, due: now() + AGAIN_MS }, () =>
      commit({ ...command, meta: meta(`${this.#host.state().agentId}/sweep/${label}`) }),
    );
  }

  #with<A>(along: Setting, body: () => A): A {
    this.#along = along;
    this.#isWritten = false;
    try {
      return body();
    } finally {
      this.#along = undefined;
    }
  }

  /** To where this stage goes on, or to the next; behind the last one the sweep is over. */
  #moveOn(progress: Progress, next: number | null): void {
    const { now } = this.#host;
    const stage = next === null ? STAGES[STAGES.indexOf(progress.stage as Stage) + 1] : progress.stage;
    if (stage === undefined) this.#end(progress);
    else this.#ring({ progress: { ...progress, stage, cursor: next ?? 0 }, due: now() + BETWEEN_MS });
  }

  /** Reported, and set for tomorrow in the same transaction; for an agent without memories, not at all. */
  #end({ stage: _stage, cursor: _cursor, upTo, compared, ...counts }: Progress): void {
    const { memory, now, commit, meta, state } = this.#host;
    const isEmpty = memory.register.count("1", []) === 0;
    const along = { progress: isEmpty ? null : { ...waiting, compared }, due: this.#next(now()) };
    const id = `${state().agentId}/sweep/end/${upTo}/${state().head}`;
    this.#with(along, () => commit({ type: "EndSweep", meta: meta(id), ...counts }));
  }

  #ring({ progress, due }: Setting): void {
    if (progress === null) this.#host.timers.cancel(SWEEP_MEMORIES);
    else this.#host.timers.set({ id: SWEEP_MEMORIES, kind: SWEEP_MEMORIES, due, body: progress });
  }

  #next(now: number): number {
    return nextSweep(this.#host.state().agentId ?? "", now);
  }
}
