/**
 * What can have happened to an agent. These schemas are the storage format: a field once written is never renamed or
 * removed, it gets a new version and an upcast.
 */
import { Schema } from "effect";
import { defineEvent, type EventOf } from "../kit/define.ts";
import { ActorName, AgentId, CallId, MemoryId, MessageId, RoomId, TurnId, UserId } from "../kit/ids.ts";
import { Addressed, RoomKind } from "../room/addressing.ts";

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));
const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }));

/** The specification's five traits, each 0 to 1. */
export const Traits = Schema.Struct({
  extraversion: Schema.optionalKey(Share),
  agreeableness: Schema.optionalKey(Share),
  conscientiousness: Schema.optionalKey(Share),
  neuroticism: Schema.optionalKey(Share),
  openness: Schema.optionalKey(Share),
});

/** The specification's four choices of style. */
export const Style = Schema.Struct({
  formality: Schema.optionalKey(Schema.Literals(["casual", "professional", "formal"])),
  verbosity: Schema.optionalKey(Schema.Literals(["concise", "moderate", "verbose"])),
  humor: Schema.optionalKey(Schema.Literals(["none", "subtle", "frequent"])),
  empathy: Schema.optionalKey(Schema.Literals(["low", "moderate", "high"])),
});

export const MemoryKind = Schema.Literals(["episodic", "semantic", "procedural", "social"]);
export type MemoryKind = typeof MemoryKind.Type;

export const ToolMode = Schema.Literals(["off", "ask", "allow"]);
export type ToolMode = typeof ToolMode.Type;
export const ToolGrant = Schema.Struct({ name: Schema.String, mode: ToolMode });

/** What an owner decides about an agent, as far as it is not words. */
const settings = {
  name: Schema.String,
  provider: Schema.String,
  model: Schema.String,
  memoryEnabled: Schema.Boolean,
  maxTokens: Schema.optionalKey(Count),
  temperature: Schema.optionalKey(Schema.Finite),
};

const config = ["systemPrompt", "description"];

// ── life ────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const AgentCreated = defineEvent("AgentCreated", {
  v: 1,
  about: "A person made an agent.",
  open: { agentId: AgentId, ownerId: UserId, ...settings },
  sealed: config,
});
export const AgentReconfigured = defineEvent("AgentReconfigured", {
  v: 1,
  about: "The owner changed the agent; this is its whole configuration from here on.",
  open: { version: Count, ...settings },
  sealed: config,
});
export const PersonalitySet = defineEvent("PersonalitySet", {
  v: 1,
  about: "The owner chose how the agent is and speaks.",
  open: { traits: Traits, style: Style },
  sealed: ["interests", "expertise", "limitations"],
});
export const ToolsGranted = defineEvent("ToolsGranted", {
  v: 1,
  about: "The owner decided which tools the agent may use; this list replaces the one before.",
  open: { tools: Schema.Array(ToolGrant) },
});
export const AgentActivated = defineEvent("AgentActivated", { v: 1, about: "The agent may answer again.", open: {} });
export const AgentDeactivated = defineEvent("AgentDeactivated", {
  v: 1,
  about: "The agent listens but does not answer.",
  open: {},
});
export const AgentDeleted = defineEvent("AgentDeleted", {
  v: 1,
  about: "The owner deleted the agent; nothing follows. The rooms it was in are told.",
  open: { rooms: Schema.Array(RoomId) },
});
export const RoomJoined = defineEvent("RoomJoined", {
  v: 1,
  about: "The agent became a participant of a room.",
  open: { roomId: RoomId, kind: RoomKind },
});
export const RoomLeft = defineEvent("RoomLeft", {
  v: 1,
  about: "The agent is no longer a participant of the room.",
  open: { roomId: RoomId },
});

// ── turn ────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const MessageReceived = defineEvent("MessageReceived", {
  v: 1,
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
  about: "The agent decided not to answer a message, and why.",
  open: {
    turnId: TurnId,
    roomId: RoomId,
    trigger: MessageId,
    why: Schema.Literals([
      "not-addressed",
      "too-many-hops",
      "not-selected",
      "cool-down",
      "inactive",
      "coalesced",
      "left-room",
    ]),
    /** The turn that answers instead, when messages were taken together. */
    into: Schema.optionalKey(TurnId),
  },
  // The second version knows more reasons.
  upcasts: { 1: (open) => ({ ...open }) },
});
export const TurnResumed = defineEvent("TurnResumed", {
  v: 1,
  about: "A turn whose fiber died goes on from the log; older attempts are fenced off.",
  open: { turnId: TurnId, attempt: Count },
});
export const ContextAssembled = defineEvent("ContextAssembled", {
  v: 1,
  about: "What the model is going to see: by reference, so that the exact prompt can be compiled again.",
  open: {
    turnId: TurnId,
    messageSeqs: Schema.Array(Count),
    memoryIds: Schema.Array(MemoryId),
    memorySeqs: Schema.Array(Count),
    configSeq: Count,
    tools: Schema.Array(Schema.String),
    promptVersion: Count,
    promptHash: Schema.String,
    tokens: Count,
    /** Set when something was left out because a part of the house did not answer. */
    degraded: Schema.optionalKey(Schema.String),
  },
});
export const ModelReplied = defineEvent("ModelReplied", {
  v: 1,
  about: "A model gave a whole reply: prose, tool calls, or both.",
  open: {
    turnId: TurnId,
    round: Count,
    provider: Schema.String,
    model: Schema.String,
    finish: Schema.Literals(["end", "tools", "length"]),
    calls: Schema.Array(Schema.Struct({ callId: CallId, tool: Schema.String, argsHash: Schema.String })),
    tokensIn: Schema.optionalKey(Count),
    tokensOut: Schema.optionalKey(Count),
    ms: Count,
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
  v: 1,
  about: "The text that will be posted, before it is.",
  open: {
    turnId: TurnId,
    replyId: MessageId,
    chars: Count,
    hash: Schema.String,
    /** True for the house's own words when no model answered. */
    notice: Schema.Boolean,
  },
  sealed: ["text"],
});
export const MemoryFormed = defineEvent("MemoryFormed", {
  v: 1,
  about: "The agent will remember something.",
  open: {
    memoryId: MemoryId,
    turnId: TurnId,
    roomId: RoomId,
    kind: MemoryKind,
    importance: Share,
    about: Schema.Array(UserId),
    /** Whether the person asked for it. */
    basis: Schema.Literals(["asked"]),
    sourceSeqs: Schema.Array(Count),
  },
  sealed: ["content"],
});
export const MemoriesConsidered = defineEvent("MemoriesConsidered", {
  v: 1,
  about: "The agent went over what was said for anything worth keeping.",
  open: { turnId: TurnId, formed: Count },
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
export const TurnFailed = defineEvent("TurnFailed", {
  v: 1,
  about: "The turn ended without a reply of the model.",
  open: { turnId: TurnId, roomId: RoomId, reason: Schema.String, ms: Count },
});

export const agentEvents = [
  AgentCreated,
  AgentReconfigured,
  PersonalitySet,
  ToolsGranted,
  AgentActivated,
  AgentDeactivated,
  AgentDeleted,
  RoomJoined,
  RoomLeft,
  MessageReceived,
  TurnStarted,
  TurnDeclined,
  TurnResumed,
  ContextAssembled,
  ModelReplied,
  ModelGaveUp,
  ToolRequested,
  ToolDenied,
  ToolExecuted,
  ToolFailed,
  ToolOutcomeUnknown,
  ReplyDrafted,
  MemoryFormed,
  MemoriesConsidered,
  ReplyPosted,
  TurnCompleted,
  TurnFailed,
] as const;

export type AgentEvent = EventOf<(typeof agentEvents)[number]>;
