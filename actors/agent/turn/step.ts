/** The shape of a step, and how a step's command names its cause; used by the seven files in steps/. */
import { Clock, Effect } from "effect";
import type { TurnView } from "#events/agent/turn.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import { agentName } from "#events/kit/ids.ts";
import { TurnLedger } from "./ports.ts";

/** One of the seven: when it is due (asked of events), and what it does (ends with commands to the ledger). */
export interface Step<E, R> {
  readonly name: string;
  readonly isDue: (turn: TurnView) => boolean;
  readonly run: (turn: TurnView) => Effect.Effect<void, E, R>;
}

/**
 * The meta of a turn's command. Its id is derived from the turn and what it is about, so that a step that runs again
 * after a crash asks for the same thing, not for a second one.
 */
export const metaOf = Effect.fnUntraced(function* (turn: TurnView, label: string) {
  const ledger = yield* TurnLedger;
  const at = yield* Clock.currentTimeMillis;
  const meta: CommandMeta = {
    id: `${turn.turnId}/${label}`,
    at,
    by: agentName(ledger.agentId),
    correlation: turn.correlation,
    // The step holds the turn as it was when it began; what it has recorded since is the nearer cause.
    causation: ledger.turn(turn.turnId)?.lastEvent ?? turn.lastEvent,
  };
  return meta;
});
