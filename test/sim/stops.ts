/** What must be so of turns that somebody stopped: a stop that was acknowledged is on record, and nothing new begins after it; used by invariants.ts and people.ts. */
import type { Happened, Tell } from "./chronicle.ts";

interface Stoppable {
  readonly turnId: string;
  readonly place: string;
  started: boolean;
  /** There is a draft, or an end: nothing is left to be stopped. */
  settled: boolean;
  interrupted: boolean;
  /** A message on record says that it called this turn off. */
  calledOff: string | undefined;
}

/** What a stopped turn does not do any more. */
const beginnings = new Set([
  ...["TurnDelayed", "TurnContinued", "ContextAssembled", "ContextNarrowed", "ModelAsked", "ModelReplied"],
  ...["ModelFailed", "ModelGaveUp", "ToolRequested", "ToolExecuted", "ToolFailed", "TurnCompleted"],
]);
const settling = new Set(["ReplyDrafted", "TurnCompleted", "TurnFailed", "TurnDeclined", "TurnStopped"]);

export class Stops {
  readonly #tell: Tell;
  readonly #turns = new Map<string, Stoppable>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** An event of an agent has become safe. */
  see({ stream, type, open }: Happened): void {
    const turnId = String(open["turnId"]);
    if (type === "MessageReceived")
      this.#turns.set(turnId, {
        ...{ turnId, place: `${stream} in ${open["roomId"]}`, started: false, settled: false, interrupted: false },
        calledOff: undefined,
      });
    const turn = this.#turns.get(turnId);
    if (turn === undefined) return;
    if (type === "TurnStarted") turn.started = true;
    if (type === "TurnDeclined" && open["why"] === "called-off") {
      const other = this.#turns.get(String(open["into"]));
      // A call behind the draft is no call to answer, and stops nothing: what is drafted is said.
      if (other !== undefined && !other.settled) other.calledOff = turnId;
    }
    this.#goesOn(turn, type, open);
    if (type === "TurnInterrupted") turn.interrupted = true;
    if (settling.has(type)) turn.settled = true;
  }

  #goesOn({ turnId, interrupted, calledOff }: Stoppable, type: string, open: Happened["open"]): void {
    if (beginnings.has(type) && interrupted) this.#tell("stop", `${type} comes after ${turnId} was stopped`);
    if (beginnings.has(type) && !interrupted && calledOff !== undefined)
      this.#tell("stop", `${type} of ${turnId} comes after ${calledOff} called it off`);
    if (type === "ReplyDrafted" && interrupted && open["stopped"] !== true && open["notice"] !== true)
      this.#tell("stop", `${turnId} was stopped, and its draft does not say so`);
  }

  /** The turn of an agent in a room that could be stopped, as far as its log tells. */
  running(agentId: string, roomId: string): string | undefined {
    const place = `agent:${agentId} in ${roomId}`;
    for (const turn of this.#turns.values())
      if (turn.place === place && turn.started && !turn.settled && !turn.interrupted) return turn.turnId;
    return undefined;
  }

  /** Somebody was told that what ran there is stopped; this turn ran when they asked. */
  acknowledged(turnId: string): void {
    const turn = this.#turns.get(turnId);
    if (turn !== undefined && !turn.interrupted && !turn.settled)
      this.#tell("stop", `${turnId} goes on, and somebody was told that it is stopped`);
  }

  /** True once a stop of this turn is on record. */
  isStopped(turnId: string): boolean {
    return this.#turns.get(turnId)?.interrupted ?? false;
  }
}
