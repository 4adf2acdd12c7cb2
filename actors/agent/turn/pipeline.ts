/** READ THIS FIRST: the seven steps of a turn, and the loop that runs and resumes them; called by AgentActor. */
import { Effect } from "effect";
import type { TurnId } from "#events/kit/ids.ts";
import { TurnLedger } from "./ports.ts";
import { receive } from "./steps/1-receive.ts";
import { assemble } from "./steps/2-assemble.ts";
import { think } from "./steps/3-think.ts";
import { useTools } from "./steps/4-use-tools.ts";
import { respond } from "./steps/5-respond.ts";
import { remember } from "./steps/6-remember.ts";
import { broadcast } from "./steps/7-broadcast.ts";

/** The specification's response pipeline, in its order. A step does not know the others; events make the next one due. */
export const pipeline = [receive, assemble, think, useTools, respond, remember, broadcast] as const;

/**
 * Runs a turn from wherever its events say it stands, to its end. A restart calls it again with the same id: there is
 * no other way to resume.
 */
export const runTurn = Effect.fnUntraced(function* (turnId: TurnId) {
  const ledger = yield* TurnLedger;
  for (;;) {
    const turn = ledger.turn(turnId);
    const step = turn && pipeline.find((candidate) => candidate.isDue(turn));
    if (turn === undefined || step === undefined) return;
    yield* step.run(turn);
    if (ledger.turn(turnId) === turn) return yield* Effect.die(new Error(`step ${step.name} recorded nothing`)); // [T3]
  }
});
