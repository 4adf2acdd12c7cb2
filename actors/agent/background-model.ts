/** A model asked when nobody waits: within a time, within the day's budget, and not while it is failing; used by summaries.ts and memory/drawing.ts. */
import { Clock, Duration, Effect, Stream } from "effect";
import { breakerMs, type FailureKind, nameKey } from "#events/agent/asking.ts";
import { dayOf, emptyDay, nothing, overBudget } from "#events/agent/budget.ts";
import type { AgentState } from "#events/agent/state.ts";
import { agentName, type RoomId } from "#events/kit/ids.ts";
import { ModelFailure, Overloaded, Stalled } from "./turn/failures.ts";
import { ChatModel, type ModelChoice, type ModelPart, type Prompt } from "./turn/ports.ts";
import { estimateTokens } from "./turn/prompt.ts";

/** Within this time a model has answered, or it has failed. */
const MODEL_BOX = Duration.seconds(50);

/** Failures that may be gone a while later. */
export const passing: ReadonlyArray<FailureKind> = ["busy", "broken", "cut"];

export type WholeReply = Extract<ModelPart, { type: "reply" }>;

/** Whether the agent may spend so much for itself now: it answers, and no ceiling is in the way. */
function mayAsk(state: AgentState, roomId: RoomId, at: number, tokens: number, microUsd: number | null): boolean {
  const day = state.day.number === dayOf(at) ? state.day : emptyDay(dayOf(at));
  const whose = { roomId, asker: agentName(state.agentId!) };
  const over = overBudget(state.budget, { turn: nothing, day }, whose, { tokens, microUsd });
  return state.status === "active" && over === undefined;
}

/** Asks for one whole answer in a room's matter; `null` where no money is left, or the stand-in answered. */
export const askedBehind = Effect.fnUntraced(function* (
  state: AgentState,
  roomId: RoomId,
  choice: ModelChoice,
  prompt: Prompt,
) {
  const chat = yield* ChatModel;
  const { provider, model, maxTokens } = choice;
  const tokens = estimateTokens(prompt);
  const at = yield* Clock.currentTimeMillis;
  if (!mayAsk(state, roomId, at, tokens + maxTokens, chat.price(choice, tokens, maxTokens))) return null;
  if (breakerMs(state.health[nameKey(choice)], at) > 0)
    return yield* new ModelFailure({ provider, model, reason: new Overloaded({}) });
  let reply: WholeReply | undefined;
  yield* Stream.runForEach(chat.stream(choice, prompt), (part) =>
    Effect.sync(() => {
      if (part.type === "reply") reply = part;
    }),
  ).pipe(
    Effect.timeoutOrElse({
      duration: MODEL_BOX,
      orElse: () => {
        const reason = new Stalled({ silentMs: Duration.toMillis(MODEL_BOX) });
        return Effect.fail(new ModelFailure({ provider, model, reason }));
      },
    }),
  );
  return reply === undefined || reply.provider === "demo" ? null : reply;
});

/** What an answer cost, as events tell it; null where price or usage is not known. */
export const costOfReply = Effect.fnUntraced(function* ({ provider, model, tokensIn, tokensOut }: WholeReply) {
  const { price } = yield* ChatModel;
  if (tokensIn === undefined || tokensOut === undefined) return { microUsd: null };
  return { tokensIn, tokensOut, microUsd: price({ provider, model }, tokensIn, tokensOut) };
});
