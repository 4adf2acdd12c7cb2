/**
 * What can have happened in an agent's turns. These schemas are the storage format: a field once written is never
 * renamed or removed, it gets a new version and an upcast. Read through events.ts.
 */
import { Schema } from "effect";
import { defineEvent } from "../kit/define.ts";
import { ActorName, CallId, MemoryId, MessageId, RoomId, TurnId, UserId } from "../kit/ids.ts";
import { Addressed, RoomKind } from "../room/addressing.ts";
import { AskWhy, FailureKind } from "./asking.ts";
import { ContentVerdict, Finding, Opinion } from "./verdict.ts";

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));

/** Why a model stopped: it was done, it wants tools, its tokens ran out, or for a reason this program does not know. */
export const Finish = Schema.Literals(["end", "tools", "length", "unknown"]);

/** What a version gained is optional: what was written without it says the same as before. */
const same = (open: Readonly<Record<string, unknown>>) => ({ ...open });
const unchanged = { 1: same };

export const MessageReceived = defineEvent("MessageReceived", {
  v: 3,
  upcasts: { 1: (open) => ({ ...open, callsOff: false }), 2: same },
  about: "A message of somebody else in one of the agent's rooms reached it.",
  open: {
    turnId: TurnId,
    roomId: RoomId,
    roomSeq: Count,
    roomKind: RoomKind,
    messageId: MessageId,
    authorId: ActorName,
    hops: Count,
    chars: Count,
    replyTo: Schema.NullOr(MessageId),
    /** How the message addresses this agent, if it does. */
    addressed: Schema.NullOr(Addressed),
    /** True when all it says is to leave off: "stop", "never mind". */
    callsOff: Schema.Boolean,
    /** The person whose word another agent's message goes back to, where that is known. */
    answers: Schema.optionalKey(UserId),
  },
  sealed: ["text", "authorName"],
});
export const TurnStarted = defineEvent("TurnStarted", {
  v: 1,
  about: "The agent decided to answer a message.",
  open: { turnId: TurnId, roomId: RoomId, trigger: MessageId, attempt: Count },
});
export const TurnDeclined = defineEvent("TurnDeclined", {
  v: 2,
  upcasts: unchanged,
  about: "The agent decided not to answer a message, and why.",
  open: {
    turnId: TurnId,
    roomId: RoomId,
    trigger: MessageId,
    why: Schema.Literals([
      "not-addressed",
      "not-selected",
      "cool-down",
      "too-many-hops",
      "inactive",
      "coalesced",
      "called-off",
      "left-room",
    ]),
    /** The turn that answers instead, when messages were taken together, or that was called off. */
    into: Schema.optionalKey(TurnId),
  },
});
export const TurnResumed = defineEvent("TurnResumed", {
  v: 1,
  about: "A turn whose fiber died goes on from the log; older attempts are fenced off.",
  open: { turnId: TurnId, attempt: Count },
});
export const TurnDelayed = defineEvent("TurnDelayed", {
  v: 1,
  about:
    "The next request must wait longer than a fiber may sleep: the fiber ends, and a timer takes the turn up again.",
  open: { turnId: TurnId, until: Schema.Finite },
});
export const TurnContinued = defineEvent("TurnContinued", {
  v: 1,
  about: "The time a turn had to wait is over.",
  open: { turnId: TurnId },
});
export const TurnInterrupted = defineEvent("TurnInterrupted", {
  v: 1,
  about: "Somebody stopped the turn: it begins nothing new, and keeps what people have heard of it.",
  open: { turnId: TurnId, by: ActorName, why: Schema.Literals(["stopped", "called-off"]) },
});
export const ContextAssembled = defineEvent("ContextAssembled", {
  v: 4,
  upcasts: {
    1: (open) => ({ ...open, personalitySeq: 0, summarySeq: null, policyVersion: 0, masked: [] }),
    2: (open) => ({ ...open, over: [], remembersAsker: true }),
    3: (open) => ({ ...open, verdicts: [] }),
  },
  about: "What the model is going to see: by reference, so that the exact prompt can be compiled again.",
  open: {
    turnId: TurnId,
    messageSeqs: Schema.Array(Count),
    memoryIds: Schema.Array(MemoryId),
    memorySeqs: Schema.Array(Count),
    /** Those among them that were known to hold no longer, and until when they did. */
    over: Schema.Array(Schema.Struct({ seq: Count, until: Schema.Int })),
    /** False where whoever is answered had not agreed to be remembered. */
    remembersAsker: Schema.Boolean,
    configSeq: Count,
    personalitySeq: Count,
    /** The summary that stands for all that was said before these messages, if there is one. */
    summarySeq: Schema.NullOr(Count),
    tools: Schema.Array(Schema.String),
    promptVersion: Count,
    /** The version of the content rules, and those that hid something from the model. */
    policyVersion: Count,
    masked: Schema.Array(Schema.String),
    /** On each message that is answered, by its event and by these rules; that of one whose words are gone is left out. */
    verdicts: Schema.Array(Schema.Struct({ seq: Count, ...Finding.fields })),
    promptHash: Schema.String,
    tokens: Count,
    /** Set when something was left out because a part of the house did not answer. */
    degraded: Schema.optionalKey(Schema.String),
  },
});
export const ContextNarrowed = defineEvent("ContextNarrowed", {
  v: 1,
  about:
    "Memories left the context before a model was asked: somebody came in who may not hear them, or they were taken back.",
  open: { turnId: TurnId, memorySeqs: Schema.Array(Count) },
});
export const ModelAsked = defineEvent("ModelAsked", {
  v: 2,
  upcasts: unchanged,
  about: "A model is about to be asked: the intent, with the most it may cost, written before the request.",
  open: {
    turnId: TurnId,
    round: Count,
    provider: Schema.String,
    model: Schema.String,
    why: AskWhy,
    /** Reserved until the usage is known; kept when it never is. */
    tokens: Count,
    /** Null where the price is not known. */
    microUsd: Schema.NullOr(Count),
    /** Who bears it in equal shares, where several people asked; left out where it is the author of the one message. */
    payers: Schema.optionalKey(Schema.Array(Schema.String)),
    /** On what tools have answered in this turn, which the model is shown; left out where none has. */
    verdict: Schema.optionalKey(ContentVerdict),
  },
});
export const ModelFailed = defineEvent("ModelFailed", {
  v: 2,
  upcasts: unchanged,
  about: "One request to a model gave no usable reply; its reserve is kept.",
  open: {
    turnId: TurnId,
    round: Count,
    provider: Schema.String,
    model: Schema.String,
    kind: FailureKind,
    reason: Schema.String,
    retryAfterMs: Schema.optionalKey(Count),
    ms: Count,
    /** On the prose that had come, as far as any was looked at. */
    verdict: Schema.optionalKey(ContentVerdict),
  },
});
export const ModelReplied = defineEvent("ModelReplied", {
  v: 3,
  upcasts: { 1: (open) => ({ ...open, microUsd: null }), 2: same },
  about: "A model gave a whole reply: prose, tool calls, or both.",
  open: {
    turnId: TurnId,
    round: Count,
    provider: Schema.String,
    model: Schema.String,
    finish: Finish,
    calls: Schema.Array(Schema.Struct({ callId: CallId, tool: Schema.String, argsHash: Schema.String })),
    tokensIn: Schema.optionalKey(Count),
    tokensOut: Schema.optionalKey(Count),
    /** What it cost, in millionths of a US dollar; null where price or usage is not known. */
    microUsd: Schema.NullOr(Count),
    ms: Count,
    /** On its prose, sentence by sentence before people saw it; left out where there was none to see. */
    verdict: Schema.optionalKey(ContentVerdict),
  },
  sealed: ["text", "arguments"],
});
export const ModelGaveUp = defineEvent("ModelGaveUp", {
  v: 1,
  about: "No model gave a usable reply; the turn ends with a notice.",
  open: {
    turnId: TurnId,
    round: Count,
    reason: Schema.String,
    tried: Count,
    retryAfterMs: Schema.optionalKey(Count),
  },
});
export const ToolRequested = defineEvent("ToolRequested", {
  v: 1,
  about: "The gate let a tool call pass: the intent, written before the effect.",
  open: {
    turnId: TurnId,
    callId: CallId,
    tool: Schema.String,
    replay: Schema.Literals(["pure", "idempotent", "once"]),
    key: Schema.String,
  },
});
export const ToolDenied = defineEvent("ToolDenied", {
  v: 1,
  about: "The gate refused a tool call; the model is told.",
  open: {
    turnId: TurnId,
    callId: CallId,
    tool: Schema.String,
    why: Schema.Literals([
      "not-granted",
      "needs-approval",
      "unknown-tool",
      "reply-cut-short",
      "too-many-calls",
      "turn-over",
    ]),
  },
});
export const ToolExecuted = defineEvent("ToolExecuted", {
  v: 1,
  about: "A tool did its work.",
  open: { turnId: TurnId, callId: CallId, tool: Schema.String, ms: Count, bytes: Count },
  sealed: ["result"],
});
export const ToolFailed = defineEvent("ToolFailed", {
  v: 1,
  about: "A tool did not do its work; the model is told why.",
  open: { turnId: TurnId, callId: CallId, tool: Schema.String, reason: Schema.String, ms: Count },
  sealed: ["detail"],
});
export const ToolOutcomeUnknown = defineEvent("ToolOutcomeUnknown", {
  v: 1,
  about: "A tool that must not run twice was interrupted: it may or may not have happened.",
  open: { turnId: TurnId, callId: CallId, tool: Schema.String },
});
export const ReplyDrafted = defineEvent("ReplyDrafted", {
  v: 4,
  upcasts: {
    1: (open) => ({ ...open, stopped: false, masked: [] }),
    2: (open) => ({ ...open, tells: [] }),
    3: same,
  },
  about: "The text that will be posted, before it is.",
  open: {
    turnId: TurnId,
    replyId: MessageId,
    chars: Count,
    hash: Schema.String,
    /** True for the house's own words when no model answered. */
    notice: Schema.Boolean,
    /** True when somebody stopped it before it was whole. */
    stopped: Schema.Boolean,
    /** The content rules that hid something in it, in older versions; now the verdict names them. */
    masked: Schema.optionalKey(Schema.Array(Schema.String)),
    /** Whose words the turn may have said again: of who asked, and of whom it repeats. With any of them who is erased its words go. */
    tells: Schema.Array(UserId),
    /** On the whole of it; left out of a notice, whose words are the house's own. */
    verdict: Schema.optionalKey(ContentVerdict),
  },
  sealed: ["text"],
});
export const ReplyWithheld = defineEvent("ReplyWithheld", {
  v: 2,
  upcasts: unchanged,
  about: "The content rules did not let the reply pass: a notice is drafted in its place.",
  open: {
    turnId: TurnId,
    rules: Schema.Array(Schema.String),
    policyVersion: Count,
    /** Null where no provider's moderation is configured; left out by older programs. */
    moderation: Schema.optionalKey(Schema.NullOr(Opinion)),
  },
});
export const ReplyPosted = defineEvent("ReplyPosted", {
  v: 1,
  about: "The room took the reply and numbered it.",
  open: { turnId: TurnId, roomId: RoomId, messageId: MessageId, roomSeq: Count },
});
export const TurnCompleted = defineEvent("TurnCompleted", {
  v: 1,
  about: "The turn ended with a reply.",
  open: { turnId: TurnId, ms: Count },
});
export const TurnStopped = defineEvent("TurnStopped", {
  v: 1,
  about: "The turn ended because somebody stopped it; what it had said stands, if anything.",
  open: { turnId: TurnId, roomId: RoomId, ms: Count },
});
export const TurnFailed = defineEvent("TurnFailed", {
  v: 1,
  about: "The turn ended without a reply of the model.",
  open: { turnId: TurnId, roomId: RoomId, reason: Schema.String, ms: Count },
});
