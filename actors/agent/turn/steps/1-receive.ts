/** Step 1, message reception: a message without a verdict gets one. */
import { Effect } from "effect";
import { isDue } from "#events/agent/turn.ts";
import { TurnLedger } from "../ports.ts";
import { metaOf, type Step } from "../step.ts";

export const receive = {
  name: "receive",
  isDue: isDue.receive,
  run: Effect.fnUntraced(function* (turn) {
    const ledger = yield* TurnLedger;
    yield* ledger.commit({ type: "StartTurn", meta: yield* metaOf(turn, "start"), turnId: turn.turnId });
  }),
} satisfies Step<unknown, TurnLedger>;
