/** Reads what a prompt is made of back out of the log, by reference; the same for assembling, thinking and explaining. */
import { Effect } from "effect";
import type { TurnView } from "#events/agent/turn.ts";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { type Configuration, type Remembered, Toolbox, TurnLedger } from "./ports.ts";
import type { Ingredients, Round } from "./prompt.ts";

/** What the model is told of a call that has no result. */
function outcomeText({ event, words }: Unsealed): { readonly output: string; readonly failed: boolean } {
  const open = event.open as { readonly why?: string; readonly reason?: string };
  if (words === Erased) return { output: "[erased]", failed: true };
  switch (event.type) {
    case "ToolExecuted":
      return { output: String(words.result), failed: false };
    case "ToolFailed":
      return { output: `${open.reason}: ${String(words.detail ?? "")}`, failed: true };
    case "ToolDenied":
      return { output: `Not permitted: ${open.why}.`, failed: true };
    default:
      return { output: "The outcome is unknown: it may have happened. Check before you repeat it.", failed: true };
  }
}

/** One round with its words. */
const roundOf = Effect.fnUntraced(function* (round: TurnView["rounds"][number]) {
  const ledger = yield* TurnLedger;
  const [reply, ...outcomes] = yield* ledger.reveal([
    round.seq,
    ...round.calls.flatMap(({ settledSeq }) => (settledSeq === null ? [] : [settledSeq])),
  ]);
  const words = reply === undefined || reply.words === Erased ? {} : reply.words;
  const inputs = (words.arguments ?? {}) as Readonly<Record<string, string>>;
  const settled: Round = {
    text: String(words.text ?? ""),
    calls: round.calls.map(({ callId, tool }) => ({ callId, tool, arguments: inputs[callId] ?? "{}" })),
    results: outcomes.map((outcome) => ({
      callId: (outcome.event.open as { readonly callId: string }).callId,
      ...outcomeText(outcome),
    })),
  };
  return settled;
});

/** The rounds of a turn with their words: prose, calls with arguments, results. */
export const roundsOf = (turn: TurnView) => Effect.forEach(turn.rounds, roundOf);

/** Memories by where they were formed, with their words; erased ones are left out. */
export const memoriesAt = Effect.fnUntraced(function* (seqs: ReadonlyArray<number>) {
  const ledger = yield* TurnLedger;
  const found = yield* ledger.reveal(seqs);
  return found.flatMap(({ event, words }): ReadonlyArray<Remembered> => {
    const { memoryId } = event.open as Pick<Remembered, "memoryId">;
    return words === Erased ? [] : [{ memoryId, seq: event.seq, content: String(words.content) }];
  });
});

/** Everything the prompt of this turn is made of, from references to words. */
export const ingredientsOf = Effect.fnUntraced(function* (
  turn: TurnView,
  configuration: Configuration,
  context: {
    readonly messageSeqs: ReadonlyArray<number>;
    readonly memorySeqs: ReadonlyArray<number>;
    readonly tools: ReadonlyArray<string>;
  },
) {
  const ledger = yield* TurnLedger;
  const toolbox = yield* Toolbox;
  const ingredients: Ingredients = {
    configuration,
    tools: toolbox.describe(context.tools),
    memories: yield* memoriesAt(context.memorySeqs),
    messages: yield* ledger.reveal(context.messageSeqs),
    rounds: yield* roundsOf(turn),
  };
  return ingredients;
});
