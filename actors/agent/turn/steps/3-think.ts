/** Step 3, LLM processing: records the intent, asks one model, streams its prose by the sentence, records what came of it. */
import { Clock, Duration, Effect, Redacted, Stream } from "effect";
import type { ModelName, NextAsk } from "#events/agent/asking.ts";
import { isDue, limits, type TurnView } from "#events/agent/turn.ts";
import { type CallId, childId } from "#events/kit/ids.ts";
import { Garbled, kindOf, ModelFailure, type ModelReason, Stalled } from "../failures.ts";
import { onRecord, type Verdict } from "../filter.ts";
import {
  ChatModel,
  type ModelChoice,
  type ModelPart,
  Moderator,
  type Prompt,
  Recall,
  Rooms,
  Toolbox,
  TurnLedger,
} from "../ports.ts";
import { estimateTokens } from "../prompt.ts";
import { beginSpeech } from "../speech.ts";
import { metaOf, type Step } from "../step.ts";
import { toolNamed } from "../tool-words.ts";
import { promptOf } from "../transcript.ts";

/** Characters of the longest tokens in use, four times the usual: a model that says more than it was allowed never stops. */
const LONGEST_TOKEN = 16;
/** A longer pause than this is a timer's; the fiber ends. */
const LONGEST_SLEEP_MS = 10_000;

type WholeReply = Extract<ModelPart, { type: "reply" }>;

type Speech = Effect.Success<ReturnType<typeof beginSpeech>>;
type Spoken = ReturnType<Speech["verdict"]>;

/** One request: prose goes to the room as sentences complete and pass the filter, the whole reply comes back. */
const request = Effect.fnUntraced(function* (speech: Speech, choice: ModelChoice, prompt: Prompt, boxMs: number) {
  const chat = yield* ChatModel;
  let whole: WholeReply | undefined;
  let length = 0;
  const take = Effect.fnUntraced(function* (part: ModelPart) {
    if (part.type === "reply") {
      whole = part;
      return;
    }
    length += part.delta.length;
    if (length > choice.maxTokens * LONGEST_TOKEN)
      yield* failed(choice, new Garbled({ detail: "it never stops", begun: true }));
    yield* speech.say(part.delta);
  });
  yield* Stream.runForEach(chat.stream(choice, prompt), take).pipe(
    Effect.timeoutOrElse({
      duration: Duration.millis(boxMs),
      orElse: () => failed(choice, new Stalled({ silentMs: boxMs })),
    }),
  );
  yield* speech.end;
  return whole!;
});

const failed = ({ provider, model }: ModelChoice, reason: ModelReason) =>
  Effect.fail(new ModelFailure({ provider, model, reason }));

/** By the name that answered, else by the one that was asked: a server may call its model as it likes. */
const priceOf = (
  chat: ChatModel["Service"],
  answered: ModelName,
  asked: ModelName,
  tokensIn: number,
  tokensOut: number,
): number | null =>
  chat.price({ provider: answered.provider, model: answered.model }, tokensIn, tokensOut) ??
  chat.price(asked, tokensIn, tokensOut);

const recordReply = Effect.fnUntraced(function* (
  turn: TurnView,
  name: ModelName,
  reply: WholeReply,
  ms: number,
  spoken: Spoken,
) {
  const ledger = yield* TurnLedger;
  const chat = yield* ChatModel;
  const toolbox = yield* Toolbox;
  const round = turn.rounds.length + 1;
  const calls = yield* Effect.forEach(reply.calls, (call, index) =>
    Effect.map(ledger.digest(call.arguments), (argsHash) => ({
      callId: childId<CallId>("call", turn.turnId, `${round}/${index}`),
      // [S1] The open part holds no words of a model, and it may write anything where a name should be.
      tool: toolNamed(toolbox, call.tool),
      argsHash,
    })),
  );
  const inputs = Object.fromEntries(calls.map(({ callId }, index) => [callId, reply.calls[index]!.arguments]));
  const { provider, model, tokensIn, tokensOut } = reply;
  const known = tokensIn !== undefined && tokensOut !== undefined;
  yield* ledger.commit({
    type: "RecordModelReply",
    meta: yield* metaOf(turn, `round/${round}`),
    turnId: turn.turnId,
    attempt: turn.attempt,
    round,
    provider,
    model,
    finish: reply.finish,
    calls,
    ...(tokensIn === undefined ? {} : { tokensIn }),
    ...(tokensOut === undefined ? {} : { tokensOut }),
    microUsd: known ? priceOf(chat, reply, name, tokensIn, tokensOut) : null,
    ms,
    ...spoken,
    words: Redacted.make({ text: reply.text, arguments: inputs }),
  });
});

const recordFailure = Effect.fnUntraced(function* (
  turn: TurnView,
  name: ModelName,
  failure: ModelFailure,
  ms: number,
  spoken: Spoken,
) {
  const ledger = yield* TurnLedger;
  const { reason } = failure;
  const retryAfterMs = "retryAfterMs" in reason ? reason.retryAfterMs : undefined;
  const round = turn.rounds.length + 1;
  yield* ledger.commit({
    type: "RecordModelFailure",
    meta: yield* metaOf(turn, `round/${round}/failed/${asksOf(turn)}`),
    turnId: turn.turnId,
    attempt: turn.attempt,
    round,
    ...name,
    kind: kindOf(reason),
    reason: reason._tag,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }),
    ms,
    ...spoken,
  });
});

const giveUp = Effect.fnUntraced(function* (turn: TurnView, reason: string, retryAfterMs: number | null) {
  const ledger = yield* TurnLedger;
  const round = turn.rounds.length + 1;
  yield* ledger.commit({
    type: "GiveUpOnModel",
    meta: yield* metaOf(turn, `round/${round}/gave-up`),
    turnId: turn.turnId,
    attempt: turn.attempt,
    round,
    reason,
    tried: asksOf(turn),
    ...(retryAfterMs === null ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }),
  });
});

/** How often models were asked in the running round. */
const asksOf = (turn: TurnView): number =>
  turn.asking?.round === turn.rounds.length + 1 ? turn.asking.asks.length : 0;

/** Who came in meanwhile must not hear what the others may: what cannot be told to everybody now leaves the context. */
const narrowed = Effect.fnUntraced(function* (turn: TurnView) {
  const ledger = yield* TurnLedger;
  const recall = yield* Recall;
  const { memorySeqs } = turn.context!;
  const tellable = memorySeqs.length === 0 ? [] : recall.tellable(memorySeqs, turn.roomId);
  const left = memorySeqs.filter((seq) => !tellable.includes(seq));
  if (left.length === 0) return turn;
  yield* ledger.commit({
    type: "NarrowContext",
    meta: yield* metaOf(turn, `narrow/${left.join()}`),
    turnId: turn.turnId,
    attempt: turn.attempt,
    memorySeqs: left,
  });
  return ledger.turn(turn.turnId) ?? turn;
});

/** One request from its intent to what came of it. A ceiling may turn the intent into the end of the asking. */
const ask = Effect.fnUntraced(function* (
  turn: TurnView,
  { name, why, silenceMs, boxMs }: Extract<NextAsk, { type: "ask" }>,
) {
  const ledger = yield* TurnLedger;
  const chat = yield* ChatModel;
  const configuration = yield* ledger.configuration();
  const { prompt, verdict } = yield* promptOf(yield* narrowed(turn));
  const choice = { ...configuration.choice, ...name, silenceMs };
  const round = turn.rounds.length + 1;
  const tokensIn = estimateTokens(prompt);
  yield* ledger.commit({
    type: "AskModel",
    meta: yield* metaOf(turn, `round/${round}/ask/${asksOf(turn) + 1}`),
    turnId: turn.turnId,
    attempt: turn.attempt,
    round,
    ...name,
    why,
    tokens: tokensIn + choice.maxTokens,
    microUsd: chat.price(name, tokensIn, choice.maxTokens),
    ...(yield* onTools(verdict)),
  });
  const asked = ledger.turn(turn.turnId);
  if (asked === undefined || asked.gaveUp !== null) return;
  const startedAt = yield* Clock.currentTimeMillis;
  const lasted = Clock.currentTimeMillis.pipe(
    Effect.map((now) => Math.max(0, Math.round(now - startedAt))),
    Effect.tap(() => ledger.moment),
  );
  const speech = yield* beginSpeech(asked);
  yield* request(speech, choice, prompt, boxMs).pipe(
    Effect.flatMap((reply) => Effect.flatMap(lasted, (ms) => recordReply(asked, name, reply, ms, speech.verdict()))),
    Effect.catchTag("ModelFailure", (failure) =>
      Effect.flatMap(lasted, (ms) => recordFailure(asked, name, failure, ms, speech.verdict())),
    ),
  );
});

/** What the rules made of what tools have answered; no provider is asked about that. */
const onTools = Effect.fnUntraced(function* (verdict: Pick<Verdict, "action" | "rules"> | undefined) {
  const { provider } = yield* Moderator;
  const moderation = provider === null ? null : ({ provider, outcome: "not-asked" } as const);
  return verdict === undefined ? {} : { verdict: onRecord({ ...verdict, moderation }) };
});

export const think = {
  name: "think",
  isDue: isDue.think,
  run: Effect.fnUntraced(function* (turn) {
    if (turn.rounds.length >= limits.rounds) return yield* giveUp(turn, "TooManyRounds", null);
    const ledger = yield* TurnLedger;
    const rooms = yield* Rooms;
    rooms.show(turn.roomId, { event: "agent_thinking", turnId: turn.turnId, state: "thinking", label: "Thinking…" });
    for (;;) {
      const now = yield* Clock.currentTimeMillis;
      const next = ledger.nextAsk(turn, now);
      if (next.type === "give-up") return yield* giveUp(turn, next.reason, next.retryAfterMs);
      if (next.type === "ask") return yield* ask(turn, next);
      if (next.until - now > LONGEST_SLEEP_MS)
        return yield* ledger.commit({
          type: "DelayTurn",
          meta: yield* metaOf(turn, `round/${turn.rounds.length + 1}/delay/${asksOf(turn)}`),
          turnId: turn.turnId,
          attempt: turn.attempt,
          until: next.until,
        });
      yield* Effect.sleep(next.until - now);
    }
  }),
} satisfies Step<unknown, TurnLedger | Rooms | Recall | ChatModel | Toolbox | Moderator>;
