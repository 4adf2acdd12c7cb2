/** Step 3, LLM processing: asks the model once, streams its prose by the sentence, records the whole reply or the giving up. */
import { Clock, Duration, Effect, Redacted, Stream } from "effect";
import { isDue, limits, type TurnView } from "#events/agent/turn.ts";
import { type CallId, childId, type MessageId } from "#events/kit/ids.ts";
import { isTransient, ModelFailure, Stalled } from "../failures.ts";
import { ChatModel, type ModelChoice, type ModelPart, type Prompt, Rooms, type Toolbox, TurnLedger } from "../ports.ts";
import { compilePrompt } from "../prompt.ts";
import { model as modelRetries } from "../schedules.ts";
import { Sentences } from "../sentences.ts";
import { metaOf, type Step } from "../step.ts";
import { ingredientsOf } from "../transcript.ts";

/** The longest a model may take for one reply, all its words included. */
const MODEL_BOX = Duration.seconds(120);
/** A provider that wants a longer pause than this is not waited for in memory. */
const LONGEST_WAIT_MS = 10_000;

type WholeReply = Extract<ModelPart, { type: "reply" }>;

/** The reply's id is the turn's child: however often it is said, it is one message [T1]. */
export const replyIdOf = (turn: TurnView): MessageId => childId("message", turn.turnId, "reply");

/** One request: prose goes to the room as sentences complete, the whole reply comes back. */
const ask = Effect.fnUntraced(function* (turn: TurnView, choice: ModelChoice, prompt: Prompt) {
  const chat = yield* ChatModel;
  const rooms = yield* Rooms;
  const sentences = new Sentences(yield* Clock.currentTimeMillis);
  const about = {
    event: "agent_message",
    turnId: turn.turnId,
    messageId: replyIdOf(turn),
    inReplyTo: turn.inReplyTo,
  } as const;
  let started = false;
  let whole: WholeReply | undefined;
  const show = (delta: string) => {
    if (delta === "") return;
    if (!started) {
      rooms.show(turn.roomId, { event: "agent_thinking", turnId: turn.turnId, state: "replying", label: "Replying…" });
      rooms.show(turn.roomId, { ...about, phase: "start" });
    }
    started = true;
    rooms.show(turn.roomId, { ...about, phase: "delta", delta });
  };
  yield* Stream.runForEach(chat.stream(choice, prompt), (part) =>
    part.type === "reply"
      ? Effect.sync(() => {
          whole = part;
        })
      : Effect.map(Clock.currentTimeMillis, (now) => show(sentences.push(part.delta, now))),
  );
  show(sentences.rest());
  return whole!;
});

/** How often the provider was asked; counted, because a person may want to know what a failure cost. */
interface Tries {
  count: number;
}

/**
 * Asks again while that may help: transient failures, and no pause asked for that is longer than a fiber may sleep. A
 * pause that the provider names is kept before the schedule's own.
 */
const askPatiently = (turn: TurnView, choice: ModelChoice, prompt: Prompt, tries: Tries) =>
  Effect.suspend(() => {
    tries.count += 1;
    return ask(turn, choice, prompt);
  }).pipe(
    Effect.tapError((failure) =>
      mayRetry(failure) && tries.count <= modelRetries.times ? Effect.sleep(retryAfter(failure)) : Effect.void,
    ),
    Effect.retry({ ...modelRetries, while: mayRetry }),
    Effect.timeoutOrElse({
      duration: MODEL_BOX,
      orElse: () =>
        Effect.fail(
          new ModelFailure({
            provider: choice.provider,
            model: choice.model,
            reason: new Stalled({ silentMs: Duration.toMillis(MODEL_BOX) }),
          }),
        ),
    }),
  );

const mayRetry = (failure: ModelFailure): boolean => isTransient(failure) && retryAfter(failure) <= LONGEST_WAIT_MS;

const retryAfter = (failure: ModelFailure): number =>
  "retryAfterMs" in failure.reason ? (failure.reason.retryAfterMs ?? 0) : 0;

const record = Effect.fnUntraced(function* (turn: TurnView, reply: WholeReply, ms: number) {
  const ledger = yield* TurnLedger;
  const round = turn.rounds.length + 1;
  const calls = reply.calls.map((call, index) => ({
    callId: childId<CallId>("call", turn.turnId, `${round}/${index}`),
    tool: call.tool,
    argsHash: ledger.digest(call.arguments),
  }));
  const inputs = Object.fromEntries(calls.map(({ callId }, index) => [callId, reply.calls[index]!.arguments]));
  yield* ledger.commit({
    type: "RecordModelReply",
    meta: yield* metaOf(turn, `round/${round}`),
    turnId: turn.turnId,
    attempt: turn.attempt,
    round,
    provider: reply.provider,
    model: reply.model,
    finish: reply.finish === "unknown" ? "length" : reply.finish,
    calls,
    ...(reply.tokensIn === undefined ? {} : { tokensIn: reply.tokensIn }),
    ...(reply.tokensOut === undefined ? {} : { tokensOut: reply.tokensOut }),
    ms,
    words: Redacted.make({ text: reply.text, arguments: inputs }),
  });
});

const giveUp = Effect.fnUntraced(function* (turn: TurnView, reason: string, tried: number, retryAfterMs: number) {
  const ledger = yield* TurnLedger;
  const round = turn.rounds.length + 1;
  yield* ledger.commit({
    type: "GiveUpOnModel",
    meta: yield* metaOf(turn, `round/${round}/gave-up`),
    turnId: turn.turnId,
    attempt: turn.attempt,
    round,
    reason,
    tried,
    ...(retryAfterMs > 0 ? { retryAfterMs } : {}),
  });
});

export const think = {
  name: "think",
  isDue: isDue.think,
  run: Effect.fnUntraced(function* (turn) {
    if (turn.rounds.length >= limits.rounds) return yield* giveUp(turn, "TooManyRounds", turn.rounds.length, 0);
    const ledger = yield* TurnLedger;
    const rooms = yield* Rooms;
    rooms.show(turn.roomId, { event: "agent_thinking", turnId: turn.turnId, state: "thinking", label: "Thinking…" });
    const configuration = yield* ledger.configuration();
    const prompt = compilePrompt(yield* ingredientsOf(turn, configuration, turn.context!));
    const startedAt = yield* Clock.currentTimeMillis;
    const tries: Tries = { count: 0 };
    yield* askPatiently(turn, configuration.choice, prompt, tries).pipe(
      Effect.flatMap((reply) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => record(turn, reply, Math.round(now - startedAt))),
      ),
      Effect.catchTag("ModelFailure", (failure) => giveUp(turn, failure.reason._tag, tries.count, retryAfter(failure))),
    );
  }),
} satisfies Step<unknown, TurnLedger | Rooms | ChatModel | Toolbox>;
