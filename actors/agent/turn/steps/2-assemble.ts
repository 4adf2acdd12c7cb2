/** Step 2, context assembly: chooses what the model will see and records it by reference. */
import { Effect } from "effect";
import { isAnswered, isDue, type TurnView } from "#events/agent/turn.ts";
import { Erased } from "#events/kit/envelope.ts";
import { type ActorName, idOf } from "#events/kit/ids.ts";
import { hidden } from "../discretion.ts";
import { findingOf, moderateAll, POLICY_VERSION } from "../filter.ts";
import { type Moderator, Recall, Rooms, type Toolbox, TurnLedger } from "../ports.ts";
import { compilePrompt, estimateTokens, newestWithin, PROMPT_VERSION } from "../prompt.ts";
import { quick } from "../schedules.ts";
import { metaOf, type Step } from "../step.ts";
import { ingredientsOf } from "../transcript.ts";

/** And what was said right around each. */
const MEMORIES_AT_MOST = 8;
/** Of a longer question memory reads the beginning for what it asks; a message that is longer by itself is asked whole. */
const QUESTION_CHARS = 1_000;
/** However much a summary covers, so many of the newest messages are shown in full. */
const IN_FULL_AT_LEAST = 10;
/** What all messages together may take, by estimate: a long talk fits, and most models have room for far more. */
const MESSAGE_TOKENS = 24_000;

/**
 * The messages of a prompt, oldest first: those that no summary covers and that can be read, but never more than fit. What
 * is to be answered stands last, whatever came after it, and is there even when much did.
 */
const chosenMessages = Effect.fnUntraced(function* (turn: TurnView, coveredTo: number) {
  const ledger = yield* TurnLedger;
  if (turn.context !== null) return half(turn, turn.context.messageSeqs);
  const recent = ledger.recent(turn.roomId);
  const shown = recent.filter((seq, index) => seq > coveredTo || index >= recent.length - IN_FULL_AT_LEAST);
  const others = shown.filter((seq) => !isAnswered(turn, seq));
  const messages = yield* ledger.reveal([...others, ...turn.taken, turn.triggerSeq]);
  const readable = messages.filter(({ event, words }) => words !== Erased || event.seq === turn.triggerSeq);
  const fitting = newestWithin(readable, MESSAGE_TOKENS).length;
  return readable.flatMap(({ event: { seq } }, index) =>
    index >= readable.length - fitting || isAnswered(turn, seq) ? [seq] : [],
  );
});

/** What is left of a context that no model could take: the newer half, and in any case what is to be answered. */
function half(turn: TurnView, seqs: ReadonlyArray<number>): ReadonlyArray<number> {
  const others = seqs.filter((seq) => !isAnswered(turn, seq));
  const answered = seqs.filter((seq) => isAnswered(turn, seq));
  const left = Math.max(0, Math.ceil(seqs.length / 2) - answered.length);
  return [...others.slice(others.length - left), ...answered];
}

/** The notes of the room, where there is something in them; a memory that is off has none. */
const notesOf = Effect.fnUntraced(function* (turn: TurnView, memoryEnabled: boolean) {
  const ledger = yield* TurnLedger;
  const summary = memoryEnabled ? ledger.summary(turn.roomId) : null;
  const [found] = summary === null ? [] : yield* ledger.reveal([summary.seq]);
  return found === undefined || found.words === Erased || found.words.text === "" ? null : summary;
});

/** What is said in the messages that are to be answered, oldest first; of some the words may be gone. */
const wordsAnswered = Effect.fnUntraced(function* ({ taken, triggerSeq }: TurnView) {
  const ledger = yield* TurnLedger;
  const messages = yield* ledger.reveal([...taken, triggerSeq]);
  return messages.flatMap(({ event, words }) => {
    const { authorId } = event.open as { readonly authorId: string };
    return words === Erased ? [] : [{ seq: event.seq, authorId, text: String(words.text ?? "") }];
  });
});

/** What memory is asked: as many of these messages as it reads, the newest last; apart, the asker's own where others ask too. */
function questionIn(answered: Effect.Success<ReturnType<typeof wordsAnswered>>, asker: string) {
  let chars = 0;
  const tooMuch = answered.findLastIndex(({ text }, index) => {
    chars += text.length + 1;
    return chars > QUESTION_CHARS && index < answered.length - 1;
  });
  const read = answered.slice(tooMuch + 1);
  const own = read.filter(({ authorId }) => authorId === asker);
  const joined = (messages: typeof read) => messages.map(({ text }) => text).join("\n");
  return { text: joined(read), ...(own.length < read.length ? { own: joined(own) } : {}) };
}

/** What comes to mind at the messages that are to be answered, beside those that are shown anyway. */
const recalled = Effect.fnUntraced(function* (turn: TurnView, shown: ReadonlyArray<number>) {
  const recall = yield* Recall;
  const asker = idOf(turn.authorId as ActorName);
  const question = questionIn(yield* wordsAnswered(turn), turn.authorId);
  return yield* recall
    .search({ ...question, limit: MEMORIES_AT_MOST, roomId: turn.roomId, asker, without: shown })
    .pipe(
      Effect.retry(quick),
      Effect.map(({ memories, degraded }) => ({ memories, degraded: degraded ? "some memories" : undefined })),
      Effect.catchTag("RecallFailure", () => Effect.succeed({ memories: [], degraded: "memories" })),
    );
});

/**
 * The verdicts on the messages that are to be answered, by the rules and by a provider's moderation, and the rules that
 * hide something in whatever is shown.
 */
const judged = Effect.fnUntraced(function* (shown: ReadonlyArray<number>, turn: TurnView) {
  const ledger = yield* TurnLedger;
  const answered = yield* wordsAnswered(turn);
  const found = yield* moderateAll(
    answered.map(({ text }) => text),
    "in",
    { said: [] },
  );
  const verdicts = answered.map(({ seq }, index) => ({ seq, ...findingOf(found[index]!) }));
  const masked = [...hidden(yield* ledger.reveal(shown)), ...found.flatMap(({ rules }) => rules)];
  return { masked: [...new Set(masked)], verdicts };
});

export const assemble = {
  name: "assemble",
  isDue: isDue.assemble,
  run: Effect.fnUntraced(function* (turn) {
    const ledger = yield* TurnLedger;
    const rooms = yield* Rooms;
    const recall = yield* Recall;
    rooms.show(turn.roomId, {
      event: "agent_thinking",
      turnId: turn.turnId,
      state: "context",
      label: "Reading the room…",
    });
    const configuration = yield* ledger.configuration();
    const summary = yield* notesOf(turn, configuration.memoryEnabled);
    const messageSeqs = yield* chosenMessages(turn, summary?.toSeq ?? 0);
    const found = configuration.memoryEnabled
      ? yield* recalled(turn, messageSeqs)
      : { memories: [], degraded: undefined };
    const references = {
      messageSeqs,
      memorySeqs: found.memories.map(({ seq }) => seq),
      over: found.memories.flatMap(({ seq, until }) => (until === null ? [] : [{ seq, until }])),
      remembersAsker: !configuration.memoryEnabled || recall.remembers(turn.authorId as ActorName),
      summarySeq: summary?.seq ?? null,
      tools: configuration.tools,
      configSeq: configuration.configSeq,
      personalitySeq: configuration.personalitySeq,
    };
    const prompt = compilePrompt(yield* ingredientsOf(references, configuration, turn.rounds));
    const shorter = turn.context !== null;
    const degraded = shorter ? "shortened" : found.degraded;
    yield* ledger.commit({
      type: "RecordContext",
      meta: yield* metaOf(turn, shorter ? "context/shorter" : "context"),
      turnId: turn.turnId,
      attempt: turn.attempt,
      ...references,
      memoryIds: found.memories.map(({ memoryId }) => memoryId),
      policyVersion: POLICY_VERSION,
      ...(yield* judged([...references.messageSeqs, ...references.memorySeqs], turn)),
      promptVersion: PROMPT_VERSION,
      promptHash: yield* ledger.digest(JSON.stringify(prompt)),
      tokens: estimateTokens(prompt),
      ...(degraded === undefined ? {} : { degraded }),
    });
  }),
} satisfies Step<unknown, TurnLedger | Rooms | Recall | Toolbox | Moderator>;
