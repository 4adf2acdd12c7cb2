/**
 * What can have happened to a request to a model that nobody waits for: it is made behind the talk, for the agent itself.
 * These schemas are the storage format: a field once written is never renamed or removed, it gets a new version and an
 * upcast. Read through events.ts.
 */
import { Schema } from "effect";
import { defineEvent } from "../kit/define.ts";
import { RoomId } from "../kit/ids.ts";
import { FailureKind } from "./asking.ts";

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));

/** What is wanted of the model: the notes of a room, or what is worth keeping of what was said there. */
export const Purpose = Schema.Literals(["summary", "memories"]);
export type Purpose = typeof Purpose.Type;

/** Which request it is; of each purpose a room has one at a time. */
const ofRequest = { request: Schema.String, purpose: Purpose, roomId: RoomId } as const;

export const ModelAskedBehind = defineEvent("ModelAskedBehind", {
  v: 1,
  about:
    "A model is about to be asked while nobody waits: the intent, with the most it may cost, written before the request.",
  open: {
    ...ofRequest,
    provider: Schema.String,
    model: Schema.String,
    /** Reserved until the usage is known; kept when it never is. */
    tokens: Count,
    /** Null where the price is not known. */
    microUsd: Schema.NullOr(Count),
  },
});
export const ModelFailedBehind = defineEvent("ModelFailedBehind", {
  v: 1,
  about: "A request for which nobody waited gave no usable answer; its reserve is kept.",
  open: {
    ...ofRequest,
    provider: Schema.String,
    model: Schema.String,
    kind: FailureKind,
    reason: Schema.String,
    ms: Count,
  },
});
export const ModelRepliedBehind = defineEvent("ModelRepliedBehind", {
  v: 1,
  about:
    "A model answered while nobody waited: its usage, where it is known, takes the reserve's place, whatever becomes of the answer.",
  open: {
    ...ofRequest,
    provider: Schema.String,
    model: Schema.String,
    tokensIn: Schema.optionalKey(Count),
    tokensOut: Schema.optionalKey(Count),
    /** What it cost, in millionths of a US dollar; null where price or usage is not known. */
    microUsd: Schema.NullOr(Count),
    ms: Count,
  },
});

export const behindEvents = [ModelAskedBehind, ModelFailedBehind, ModelRepliedBehind] as const;
