/** An answer with all that it was written with, read back out of the log by reference; used by the steps that draft it and post it. */
import { Effect } from "effect";
import type { TurnView } from "#events/agent/turn.ts";
import { type Answer, TurnLedger } from "./ports.ts";

/** This text as the answer of a turn, with what its model was shown. */
export const answerOf = Effect.fnUntraced(function* ({ roomId, context, triggerSeq, given }: TurnView, text: string) {
  const ledger = yield* TurnLedger;
  const others = context?.messageSeqs.filter((seq) => seq !== triggerSeq) ?? [];
  const notes = context?.summarySeq == null ? [] : [context.summarySeq];
  const [asked, ...shown] = yield* ledger.reveal([triggerSeq, ...others, ...notes]);
  return { text, roomId, asked: asked!, given, shown } satisfies Answer;
});
