/** What an agent may say again though it is somebody's contact or payment data: because people said it here, or its owner; used by steps 3 and 5. */
import { Effect } from "effect";
import type { TurnView } from "#events/agent/turn.ts";
import { Erased } from "#events/kit/envelope.ts";
import { TurnLedger } from "./ports.ts";

/** The people's own words among the messages of a turn's context, and its owner's instructions; nothing that came from tools. */
export const saidByPeople = Effect.fnUntraced(function* (turn: TurnView) {
  const ledger = yield* TurnLedger;
  const { systemPrompt } = yield* ledger.configuration();
  const messages = yield* ledger.reveal(turn.context?.messageSeqs ?? [turn.triggerSeq]);
  return [
    systemPrompt,
    ...messages.flatMap(({ event, words }) =>
      words === Erased || !String((event.open as { readonly authorId?: string }).authorId).startsWith("user:")
        ? []
        : [String(words.text ?? "")],
    ),
  ];
});
