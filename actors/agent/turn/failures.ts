/** Every way the world can break a turn, one tagged error per port with a tagged reason; steps match on them, adapters raise them. */
import { Schema } from "effect";
import type { FailureKind } from "#events/agent/asking.ts";

/** The provider asks us to come back later; `retryAfterMs` only where it named a time. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  retryAfterMs: Schema.optional(Schema.Finite),
}) {}
/** The provider is over its capacity (503, 529, or one of the names it has for that). */
export class Overloaded extends Schema.TaggedError<Overloaded>()("Overloaded", {
  retryAfterMs: Schema.optional(Schema.Finite),
}) {}
/** The provider answered with a fault of its own (500, 502, 504, or a request that timed out on its side). */
export class Broken extends Schema.TaggedError<Broken>()("Broken", { retryAfterMs: Schema.optional(Schema.Finite) }) {}
/** The provider could not be reached at all. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", {}) {}
/** The answer had begun and then ended without its terminal event: closed, reset, or broken off by an error event. */
export class Cut extends Schema.TaggedError<Cut>()("Cut", {}) {}
/** Nothing, or next to nothing, came for too long; `silentMs` is how long that was. */
export class Stalled extends Schema.TaggedError<Stalled>()("Stalled", { silentMs: Schema.Finite }) {}
/** The provider declined to answer for reasons of content. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {}) {}
/** The prompt does not fit into the model's window. */
export class TooLong extends Schema.TaggedError<TooLong>()("TooLong", {}) {}
/** The provider answered with what is no well-formed reply; `begun` when it had begun as one. */
export class Garbled extends Schema.TaggedError<Garbled>()("Garbled", {
  detail: Schema.String,
  begun: Schema.optional(Schema.Boolean),
}) {}
/** The model asked for more tools at once than a whole turn may use: none of the calls could run. */
export class TooManyCalls extends Schema.TaggedError<TooManyCalls>()("TooManyCalls", {}) {}
/** The tokens that the owner allows an answer ran out before anything of it could be used. */
export class OutOfTokens extends Schema.TaggedError<OutOfTokens>()("OutOfTokens", {}) {}
/** The provider does not accept our key, or the key may not use this model. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {}) {}
/** The credit, quota or spending limit of our account with the provider is used up: waiting does not help. */
export class SpentOut extends Schema.TaggedError<SpentOut>()("SpentOut", {}) {}
/** The provider does not take the request as it is: a wrong model name, a wrong parameter. */
export class Unacceptable extends Schema.TaggedError<Unacceptable>()("Unacceptable", { detail: Schema.String }) {}

export const ModelReason = Schema.Union([
  RateLimited,
  Overloaded,
  Broken,
  Unreachable,
  Cut,
  Stalled,
  Refused,
  TooLong,
  Garbled,
  TooManyCalls,
  OutOfTokens,
  Unauthorized,
  SpentOut,
  Unacceptable,
]);
export type ModelReason = typeof ModelReason.Type;

/** The chat model gave no reply that could be used. */
export class ModelFailure extends Schema.TaggedError<ModelFailure>()("ModelFailure", {
  provider: Schema.String,
  model: Schema.String,
  reason: ModelReason,
}) {}

const kinds: Readonly<Record<ModelReason["_tag"], FailureKind>> = {
  RateLimited: "busy",
  Overloaded: "busy",
  Broken: "broken",
  Unreachable: "broken",
  Garbled: "broken",
  Cut: "cut",
  Stalled: "cut",
  TooManyCalls: "cut",
  Unauthorized: "money",
  SpentOut: "money",
  TooLong: "ours",
  OutOfTokens: "ours",
  Unacceptable: "ours",
  Refused: "refused",
};

/**
 * The row of the provider fault matrix (reference/security.md § 10) that a reason belongs to:
 *
 * - `busy`: “yes, max 3; wait = max(retry-after, backoff), capped at 60 s in the turn, else deferred by alarm”
 * - `broken` (408, 409, 5xx; DNS, TLS, refused; HTML or empty body with 200): “yes, max 3, full jitter 0.5-8 s”
 * - `cut` (no terminal event; reset; `error` event after 200; bad JSON; stall; drip; calls without end): “once, only if no tool ran in this
 *   step; text kept as `interrupted`”
 * - `money` (credentials and money): “no; provider off for the tenant, alert, stop event”
 * - `ours` (caller's fault): “no (one compaction for size)”
 * - `refused`: “no; streamed text withdrawn”
 */
export const kindOf = (reason: ModelReason): FailureKind =>
  reason._tag === "Garbled" && reason.begun ? "cut" : kinds[reason._tag];

const transient: ReadonlyArray<FailureKind> = ["busy", "broken", "cut"];

/** Whether the same request may succeed a little later. */
export const isTransient = ({ reason }: ModelFailure | ModerationFailure): boolean =>
  transient.includes(kindOf(reason));

/** The provider's moderation gave no opinion that could be used; agents then keep silent. */
export class ModerationFailure extends Schema.TaggedError<ModerationFailure>()("ModerationFailure", {
  provider: Schema.String,
  reason: ModelReason,
}) {}

/** The tool ran out of its time. */
export class Timeout extends Schema.TaggedError<Timeout>()("Timeout", { afterMs: Schema.Finite }) {}
/** The model's arguments do not fit the tool's schema, or mean nothing to it. */
export class BadInput extends Schema.TaggedError<BadInput>()("BadInput", { detail: Schema.String }) {}
/** What the tool talks to answered with an error. */
export class Remote extends Schema.TaggedError<Remote>()("Remote", { detail: Schema.String }) {}
/** A rule of the house forbids what the tool was asked to do. */
export class Blocked extends Schema.TaggedError<Blocked>()("Blocked", { detail: Schema.String }) {}
/** The tool's result is larger than a turn may carry. */
export class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", { bytes: Schema.Finite }) {}

export const ToolReason = Schema.Union([Timeout, BadInput, Remote, Blocked, TooLarge]);
export type ToolReason = typeof ToolReason.Type;

/** A tool call had no usable result; told to the model as the call's result. */
export class ToolFailure extends Schema.TaggedError<ToolFailure>()("ToolFailure", {
  tool: Schema.String,
  reason: ToolReason,
}) {}

/** Memories could not be searched; the turn goes on without them. */
export class RecallFailure extends Schema.TaggedError<RecallFailure>()("RecallFailure", { detail: Schema.String }) {}

/** The room could not be reached; the reply stays due. */
export class DeliveryFailure extends Schema.TaggedError<DeliveryFailure>()("DeliveryFailure", {
  detail: Schema.String,
}) {}

/** The Vault could not be asked for a key. */
export class KeyFailure extends Schema.TaggedError<KeyFailure>()("KeyFailure", { detail: Schema.String }) {}
