/** Keeps an agent's turns running: a fiber for each that may go on, resumed, held by timers, interrupted; owned by AgentActor. */
import { Cause, Exit, type Fiber } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import { NO_PROGRESS } from "#events/agent/decide-turn.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import { type AgentState, actionable } from "#events/agent/state.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import type { TurnId } from "#events/kit/ids.ts";
import { now } from "../kit/clock.ts";
import type { Timers } from "../kit/timers.ts";
import { runTurn } from "./turn/pipeline.ts";

/** A turn that the world keeps from its end is given up after this long (house.md II.8: five minutes without progress). */
const GIVE_UP_AFTER_MS = 5 * 60_000;

/** The kind of the timer that holds a turn which has to wait for long: nothing sleeps in memory. */
export const CONTINUE_TURN = "continue-turn";

/** What the turns need of their agent. */
export interface TurnsHost {
  readonly state: () => AgentState;
  readonly timers: Timers;
  /** Takes a command of the agent's own; true when it was accepted. */
  readonly commit: (command: AgentCommand) => boolean;
  readonly meta: (id: string) => CommandMeta;
  readonly fork: (program: ReturnType<typeof runTurn>) => Fiber.Fiber<unknown, unknown>;
  readonly report: (what: string, cause: unknown) => void;
}

export class Turns {
  readonly #host: TurnsHost;
  readonly #fibers = new Map<TurnId, Fiber.Fiber<unknown, unknown>>();
  /** Turns without a fiber that go on in their present attempt as soon as they have one: nobody has died. */
  readonly #begun = new Set<TurnId>();
  /** Turns whose fiber was told to end, because somebody stopped them. */
  readonly #interrupted = new Set<TurnId>();
  /** Turns whose fiber failed for reasons of the world, since when nothing happened; each heartbeat takes them up again. */
  readonly #resting = new Map<TurnId, number>();

  constructor(host: TurnsHost) {
    this.#host = host;
  }

  /**
   * Hears what was committed: turns begin, get on, are interrupted, and end. Comes last of all that follows a commit, for a
   * fiber that is interrupted may commit at once.
   */
  committed(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    for (const { type, open } of events) {
      if (!("turnId" in open) || open.turnId === null) continue;
      const { turnId } = open;
      this.#resting.delete(turnId);
      if (this.#host.state().turns[turnId] === undefined) this.#over(turnId);
      else if (type === "TurnStarted") this.#goesOn(turnId);
      else if (type === "TurnInterrupted") this.#interrupt(turnId);
    }
  }

  /** Whoever ended it: a fiber that still works for it works for nobody. One that ended it itself is about to return. */
  #over(turnId: TurnId): void {
    this.#begun.delete(turnId);
    this.#interrupted.delete(turnId);
    this.#fibers.get(turnId)?.interruptUnsafe();
  }

  /** The same attempt goes on after the interruption, to say what was heard of it. */
  #interrupt(turnId: TurnId): void {
    const fiber = this.#fibers.get(turnId);
    if (fiber === undefined) this.#begun.add(turnId);
    else {
      this.#interrupted.add(turnId);
      fiber.interruptUnsafe();
    }
  }

  #goesOn(turnId: TurnId): void {
    if (!this.#fibers.has(turnId)) this.#begun.add(turnId);
  }

  /** Inside the transaction of these events: the timers that hold turns. */
  setTimers(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    for (const { type, open } of events) {
      if (type === "TurnDelayed")
        this.#host.timers.set({ id: open.turnId, due: open.until, kind: CONTINUE_TURN, body: null });
      if (type === "TurnContinued" || type === "TurnInterrupted") this.#host.timers.cancel(open.turnId);
    }
  }

  /** The timer of a turn has rung; doing it twice is doing it once. */
  continue(turnId: TurnId): void {
    const delayedUntil = this.#host.state().turns[turnId]?.delayedUntil;
    if (delayedUntil == null) {
      this.#host.timers.cancel(turnId); // it ended meanwhile
      return;
    }
    this.#goesOn(turnId);
    this.#host.commit({ type: "ContinueTurn", meta: this.#host.meta(`${turnId}/continue/${delayedUntil}`), turnId });
    this.work();
  }

  /** The world may be back: resting turns go on where they are, in the same attempt. One that has a fiber does not rest. */
  heartbeat(): void {
    for (const [turnId, since] of this.#resting) {
      if (this.#fibers.has(turnId)) continue;
      const attempt = this.#host.state().turns[turnId]?.attempt ?? 0;
      const meta = this.#host.meta(`${turnId}/give-up/${attempt}`);
      if (now() - since < GIVE_UP_AFTER_MS) this.#goesOn(turnId);
      else this.#host.commit({ type: "FailTurn", meta, turnId, attempt, reason: NO_PROGRESS });
    }
    this.work(true);
  }

  /** How many turns are at work. */
  get atWork(): number {
    return this.#fibers.size;
  }

  /** Starts a fiber for every turn that may start or go on and has none; resting ones only when woken. */
  work(wake = false): void {
    for (const turnId of actionable(this.#host.state()))
      if (!this.#fibers.has(turnId) && (wake || !this.#resting.has(turnId))) this.#run(turnId);
  }

  #run(turnId: TurnId): void {
    const turn = this.#host.state().turns[turnId];
    if (turn === undefined) return; // taken together with another one a moment ago
    const goesOn = this.#begun.delete(turnId);
    if (turn.attempt > 0 && !goesOn) {
      // No fiber, but it had begun: whoever ran it is gone. A new attempt fences off whatever may be left of it [T5].
      const meta = this.#host.meta(`${turnId}/resume/${turn.attempt}`);
      if (!this.#host.commit({ type: "ResumeTurn", meta, turnId })) return;
      if (this.#host.state().turns[turnId] === undefined) return;
    }
    const fiber = this.#host.fork(runTurn(turnId));
    this.#fibers.set(turnId, fiber);
    fiber.addObserver((exit) => this.#ended(turnId, exit));
  }

  #ended(turnId: TurnId, exit: Exit.Exit<unknown, unknown>): void {
    this.#fibers.delete(turnId);
    const interrupted = this.#interrupted.delete(turnId);
    const isOpen = this.#host.state().turns[turnId] !== undefined;
    if (isOpen && interrupted) this.#goesOn(turnId);
    else if (isOpen && Exit.isFailure(exit)) {
      if (!this.#resting.has(turnId)) this.#resting.set(turnId, now());
      this.#host.report(`${turnId} rests until the next heartbeat`, Cause.pretty(exit.cause));
    }
    try {
      this.work();
    } catch (defect) {
      // A fiber calls this, and behind it is no wall: what could not begin now begins with the next heartbeat.
      this.#host.report(`${turnId} has ended, and the next could not begin`, defect);
    }
  }
}
