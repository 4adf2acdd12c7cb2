/** A model asked when nobody waits: within a time, within the day's budget, and not while it is failing; used by summaries.ts and memory/drawing.ts. */
import { Clock, Duration, Effect, Stream } from "effect";
import { breakerMs, type FailureKind, nameKey } from "#events/agent/asking.ts";
import type { Purpose } from "#events/agent/events.ts";
import type { AgentState } from "#events/agent/state.ts";
import { agentName, type RoomId } from "#events/kit/ids.ts";
import { Garbled, kindOf, ModelFailure, type ModelReason, Overloaded, Stalled } from "./turn/failures.ts";
import { ChatModel, type ModelChoice, type ModelPart, type Prompt, TurnLedger } from "./turn/ports.ts";
import { estimateTokens } from "./turn/prompt.ts";

/** Within this time a model has answered, or it has failed. */
const MODEL_BOX = Duration.seconds(50);

/** Failures that may be gone a while later. */
export const passing: ReadonlyArray<FailureKind> = ["busy", "broken", "cut"];

type WholeReply = Extract<ModelPart, { type: "reply" }>;

/** What an answer cost, as events tell it, and the request that counts it; `microUsd` is null where price or usage is not known. */
export interface Cost {
  readonly request: string;
  readonly tokensIn?: number;
  readonly tokensOut?: number;
  readonly microUsd: number | null;
}
export interface Answered {
  readonly reply: WholeReply;
  readonly cost: Cost;
}

/** What is asked for, in whose matter. */
interface Matter {
  readonly purpose: Purpose;
  readonly roomId: RoomId;
}

const failed = ({ provider, model }: ModelChoice, reason: ModelReason) =>
  Effect.fail(new ModelFailure({ provider, model, reason }));

const metaOf = Effect.fnUntraced(function* (id: string) {
  const { agentId } = yield* TurnLedger;
  return { id, at: yield* Clock.currentTimeMillis, by: agentName(agentId), correlation: id, causation: null };
});

/** The one answer of a model, whole, or its failure. */
const request = Effect.fnUntraced(function* (choice: ModelChoice, prompt: Prompt) {
  const chat = yield* ChatModel;
  let reply: WholeReply | undefined;
  yield* Stream.runForEach(chat.stream(choice, prompt), (part) =>
    Effect.sync(() => {
      if (part.type === "reply") reply = part;
    }),
  ).pipe(
    Effect.timeoutOrElse({
      duration: MODEL_BOX,
      orElse: () => failed(choice, new Stalled({ silentMs: Duration.toMillis(MODEL_BOX) })),
    }),
  );
  return reply ?? (yield* failed(choice, new Garbled({ detail: "it ended without a reply", begun: false })));
});

/** By the name that answered, else by the one that was asked: a server may call its model as it likes. */
const costOf = Effect.fnUntraced(function* (id: string, asked: ModelChoice, answered: WholeReply) {
  const { price } = yield* ChatModel;
  const { provider, model, tokensIn, tokensOut } = answered;
  if (tokensIn === undefined || tokensOut === undefined) return { request: id, microUsd: null } satisfies Cost;
  const microUsd = price({ provider, model }, tokensIn, tokensOut) ?? price(asked, tokensIn, tokensOut);
  return { request: id, tokensIn, tokensOut, microUsd } satisfies Cost;
});

/**
 * Asks for one whole answer in a room's matter: the intent with its reserve is on record before the request, and what it
 * cost is before the answer is used, whatever becomes of it. `null` where the agent may not spend, or the stand-in answered.
 */
export const askedBehind = Effect.fnUntraced(function* (
  state: () => AgentState,
  matter: Matter,
  choice: ModelChoice,
  prompt: Prompt,
) {
  const ledger = yield* TurnLedger;
  const chat = yield* ChatModel;
  const { provider, model, maxTokens } = choice;
  const at = yield* Clock.currentTimeMillis;
  if (breakerMs(state().health[nameKey(choice)], at) > 0) return yield* failed(choice, new Overloaded({}));
  const tokensIn = estimateTokens(prompt);
  const id = `behind/${matter.purpose}/${matter.roomId}/${state().head}`;
  const asked = { request: id, ...matter, provider, model };
  const reserve = { tokens: tokensIn + maxTokens, microUsd: chat.price(choice, tokensIn, maxTokens) };
  const allowed = yield* ledger.commit({ type: "AskBehind", meta: yield* metaOf(id), ...asked, ...reserve }).pipe(
    Effect.as(true),
    Effect.catchTag("Overtaken", () => Effect.succeed(false)),
  );
  if (!allowed) return null;
  const lasted = Effect.map(Clock.currentTimeMillis, (now) => Math.max(0, Math.round(now - at)));
  const reply = yield* request(choice, prompt).pipe(
    Effect.tapErrorTag("ModelFailure", ({ reason }) =>
      Effect.gen(function* () {
        const failure = { kind: kindOf(reason), reason: reason._tag, ms: yield* lasted };
        const meta = yield* metaOf(`${id}/failed`);
        yield* ledger.commit({ type: "RecordFailureBehind", meta, ...asked, ...failure });
      }),
    ),
  );
  const cost = yield* costOf(id, choice, reply);
  const named = { ...asked, provider: reply.provider, model: reply.model };
  const meta = yield* metaOf(`${id}/replied`);
  yield* ledger.commit({ type: "RecordReplyBehind", meta, ...named, ...cost, ms: yield* lasted });
  return reply.provider === "demo" ? null : ({ reply, cost } satisfies Answered);
});
