/** Reads what a prompt is made of back out of the log, by reference; the same for assembling, thinking and explaining. */
import { Effect } from "effect";
import type { ContextAssembled } from "#events/agent/events.ts";
import type { TurnView } from "#events/agent/turn.ts";
import type { EventOf } from "#events/kit/define.ts";
import { Erased, type Recorded, type Unsealed } from "#events/kit/envelope.ts";
import { discreet, verdictOnRounds } from "./discretion.ts";
import type { Ingredients, Outcome, Round } from "./ingredients.ts";
import { type Configuration, type Prompt, Toolbox, TurnLedger } from "./ports.ts";
import { compilePrompt, compilers, HIDES_TOOL_WORDS } from "./prompt.ts";

/** A context as it was recorded. */
type Context = Recorded<EventOf<typeof ContextAssembled>>;

/** Where the words of a prompt stand in the log. */
export type References = Pick<
  Context["open"],
  "messageSeqs" | "memorySeqs" | "over" | "remembersAsker" | "summarySeq" | "tools" | "configSeq" | "personalitySeq"
>;

/** Where the words of a round stand in the log. */
export interface RoundReference {
  readonly seq: number;
  readonly calls: ReadonlyArray<{ readonly callId: string; readonly tool: string; readonly settledSeq: number | null }>;
}

/** What the model is told of a call: the tool's own words, or the house's where it has none. */
function outcomeText({ event, words }: Unsealed): Omit<Outcome, "callId"> {
  const open = event.open as { readonly why?: string; readonly reason?: string };
  if (words === Erased) return { output: "[erased]", failed: true, house: true };
  switch (event.type) {
    case "ToolExecuted":
      return { output: String(words.result), failed: false, house: false };
    case "ToolFailed":
      return { output: `${open.reason}: ${String(words.detail ?? "")}`, failed: true, house: false };
    case "ToolDenied":
      return { output: `Not permitted: ${open.why}.`, failed: true, house: true };
    default: {
      const output = "The outcome is unknown: it may have happened. Check before you repeat it.";
      return { output, failed: true, house: true };
    }
  }
}

/** One round with its words. */
const roundOf = Effect.fnUntraced(function* (round: RoundReference) {
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

/** Everything a prompt is made of, from references to words. Tools describe themselves as they are today. */
export const ingredientsOf = Effect.fnUntraced(function* (
  references: References,
  configuration: Configuration,
  rounds: ReadonlyArray<RoundReference>,
) {
  const ledger = yield* TurnLedger;
  const toolbox = yield* Toolbox;
  const { messageSeqs, memorySeqs, over, remembersAsker, summarySeq, tools } = references;
  const messages = (yield* ledger.reveal(messageSeqs)).map(discreet);
  const [summary] = summarySeq === null ? [] : yield* ledger.reveal([summarySeq]);
  const until = new Map(over.map((each) => [each.seq, each.until]));
  const ingredients: Ingredients = {
    configuration,
    tools: toolbox.describe(tools),
    memories: (yield* ledger.reveal(memorySeqs)).map((memory) => ({
      memory,
      until: until.get(memory.event.seq) ?? null,
    })),
    remembersAsker,
    // What was erased of notes, or never in them, is no part of a prompt.
    summary: summary === undefined || summary.words === Erased || summary.words.text === "" ? null : summary,
    messages,
    rounds: yield* Effect.forEach(rounds, roundOf),
  };
  return ingredients;
});

const contextAt = Effect.fnUntraced(function* (seq: number) {
  const ledger = yield* TurnLedger;
  const [found] = yield* ledger.reveal([seq]);
  return found?.event.type === "ContextAssembled" ? (found.event as Context) : undefined;
});

/**
 * Compiles the prompt of a context, with what happened in these rounds behind it, by the compiler and the configuration
 * of its time, and says what the rules made of what tools answered in them. A version of a newer program is compiled by the
 * newest that this one knows.
 */
const compiledFrom = Effect.fnUntraced(function* (
  context: Context,
  rounds: ReadonlyArray<RoundReference>,
  memorySeqs: ReadonlyArray<number>,
) {
  const ledger = yield* TurnLedger;
  const configuration = yield* ledger.configurationAt(context);
  const { promptVersion } = context.open;
  const compile = compilers[promptVersion] ?? compilePrompt;
  const ingredients = yield* ingredientsOf({ ...context.open, memorySeqs }, configuration, rounds);
  const verdict = promptVersion < HIDES_TOOL_WORDS ? undefined : verdictOnRounds(ingredients.rounds);
  return { prompt: compile(ingredients), verdict };
});

/**
 * The prompt for the next round of a turn that has its context: what was recorded, whatever has changed since; with the
 * verdict on what tools have answered, where any has.
 */
export const promptOf = Effect.fnUntraced(function* (turn: TurnView) {
  const context = yield* contextAt(turn.context!.seq);
  return yield* compiledFrom(context!, turn.rounds, turn.context!.memorySeqs);
});

/** A prompt as it was, or as near as its words can still be had. */
export interface RebuiltPrompt {
  readonly prompt: Prompt;
  /** The hash of the prompt as it is compiled now, made as the recorded one was. */
  readonly hash: string;
  /** The hash in the log. It differs when words were erased, or tools describe themselves otherwise today. */
  readonly recordedHash: string;
}

/**
 * Compiles the prompt of a recorded context again, from the log alone; undefined where no context stands. With `round`
 * (1 and up) it is the prompt of that round, with the rounds before it; the recorded hash belongs to the first prompt
 * that was compiled from the context.
 */
export const rebuildPrompt = Effect.fnUntraced(function* (contextSeq: number, round?: number) {
  const ledger = yield* TurnLedger;
  const context = yield* contextAt(contextSeq);
  if (context === undefined) return undefined;
  const { rounds, left } = before(ledger, context, round);
  const memorySeqs = context.open.memorySeqs.filter((seq) => round === undefined || !left.includes(seq));
  const { prompt } = yield* compiledFrom(context, rounds, memorySeqs);
  const rebuilt: RebuiltPrompt = {
    prompt,
    hash: yield* ledger.digest(JSON.stringify(prompt), context.open.promptHash),
    recordedHash: context.open.promptHash,
  };
  return rebuilt;
});

const PAGE = 500;
const outcomes = ["ToolExecuted", "ToolFailed", "ToolDenied", "ToolOutcomeUnknown"];
const endings = ["TurnCompleted", "TurnStopped", "TurnFailed"];

/** Everything that the events of a turn's rounds have in their open parts, as far as it is read here. */
interface OfRound {
  readonly turnId: string;
  readonly round: number;
  readonly calls: ReadonlyArray<{ readonly callId: string; readonly tool: string }>;
  readonly callId: string;
  readonly memorySeqs: ReadonlyArray<number>;
}

/**
 * The rounds of a context's turn before this one (before the context itself when none is named), and the memories that
 * had left the context by then.
 */
function before(ledger: TurnLedger["Service"], { seq: contextSeq, open }: Context, round: number | undefined) {
  const rounds: RoundReference[] = [];
  const left: number[] = [];
  const found = { rounds, left } as const;
  // What a turn answers stands last in its context, and all else of the turn behind it in the log.
  for (let after = open.messageSeqs.at(-1) ?? 0; ; ) {
    const page = ledger.read(after, PAGE, ["ModelReplied", "ContextNarrowed", ...outcomes, ...endings]);
    for (const event of page) {
      const part = event.open as OfRound;
      if (part.turnId !== open.turnId) continue;
      if (endings.includes(event.type)) return found;
      if (event.type === "ContextNarrowed") left.push(...part.memorySeqs);
      else if (event.type !== "ModelReplied") settle(rounds, part.callId, event.seq);
      else if (round === undefined ? event.seq > contextSeq : part.round >= round) return found;
      else rounds.push({ seq: event.seq, calls: part.calls.map((call) => ({ ...call, settledSeq: null })) });
    }
    if (page.length < PAGE) return found;
    after = page.at(-1)!.seq;
  }
}

/** Notes in the last round where the outcome of a call stands. */
function settle(rounds: RoundReference[], callId: string, settledSeq: number): void {
  const last = rounds.at(-1);
  if (last === undefined) return;
  const calls = last.calls.map((call) => (call.callId === callId ? { ...call, settledSeq } : call));
  rounds[rounds.length - 1] = { ...last, calls };
}
