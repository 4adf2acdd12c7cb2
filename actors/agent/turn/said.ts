/** What an agent may say again though it is somebody's contact or payment data: because people said it here, or its owner; used by steps 3 and 5, and where tool calls are shown. */
import { Effect } from "effect";
import type { TurnView } from "#events/agent/turn.ts";
import { Erased } from "#events/kit/envelope.ts";
import { TurnLedger } from "./ports.ts";

/** The people's own words among these messages, and the instructions of the agent's owner; nothing that came from tools. */
export const saidAmong = Effect.fnUntraced(function* (messageSeqs: ReadonlyArray<number>) {
  const ledger = yield* TurnLedger;
  const { systemPrompt } = yield* ledger.configuration();
  const messages = yield* ledger.reveal(messageSeqs);
  return [
    systemPrompt,
    ...messages.flatMap(({ event, words }) =>
      words === Erased || !String((event.open as { readonly authorId?: string }).authorId).startsWith("user:")
        ? []
        : [String(words.text ?? "")],
    ),
  ];
});

/** The same among the messages of a turn's context. */
export const saidByPeople = (turn: TurnView) => saidAmong(turn.context?.messageSeqs ?? [turn.triggerSeq]);
