/** The shape every stream has: four rooms as one value; run by the ledger and by the tests. */
import type { Result, Schema } from "effect";
import type { CommandMeta, EventDefinition } from "./define.ts";
import type { Pending, Recorded } from "./envelope.ts";

/** A named "no" of the domain: deterministic, carried as a value. */
export interface Refusal {
  readonly _tag: string;
  /** One sentence for the person who asked. */
  readonly message: string;
  /** True when asking again later may succeed; such a refusal is answered but not kept under the command id. */
  readonly passing?: boolean;
}

/**
 * One kind of stream. `decide` answers what happens next or why not; `evolve` folds what happened into the small state
 * that decisions need. Both are pure and total.
 */
export interface Decider<
  State,
  Command extends { readonly type: string; readonly meta: CommandMeta },
  Event extends Pending,
  No extends Refusal,
> {
  /** The stream's kind: `agent`, `room`, … */
  readonly kind: string;
  /** Raise it when `evolve` or the state's shape changes: older snapshots are then ignored [L7]. */
  readonly foldVersion: number;
  readonly initial: State;
  readonly events: ReadonlyArray<EventDefinition>;
  /** Reads and writes snapshots of the state as JSON. */
  readonly state: Schema.Codec<State, unknown>;
  evolve(state: State, event: Recorded<Event>): State;
  decide(command: Command, state: State): Result.Result<ReadonlyArray<Event>, No>;
  /** True when nothing may follow: timers are cancelled. */
  isFinal(state: State): boolean;
}

/** Folds a list of recorded events from a state, left to right. */
export function fold<State, Event extends Pending>(
  decider: Pick<Decider<State, never, Event, Refusal>, "evolve">,
  events: Iterable<Recorded<Event>>,
  from: State,
): State {
  let state = from;
  for (const event of events) state = decider.evolve(state, event);
  return state;
}
