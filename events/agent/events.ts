/**
 * What can have happened to an agent. These schemas are the storage format: a field once written is never renamed or
 * removed, it gets a new version and an upcast.
 */
import { Schema } from "effect";
import { defineEvent, type EventOf } from "../kit/define.ts";
import { AgentId, RoomId, UserId } from "../kit/ids.ts";
import { RoomKind } from "../room/addressing.ts";
import { ModelName } from "./asking.ts";
import { behindEvents } from "./behind-events.ts";
import { Budget } from "./budget.ts";
import { memoryEvents } from "./memory-events.ts";
import * as T from "./turn-events.ts";

export * from "./behind-events.ts";
export * from "./memory-events.ts";
export * from "./turn-events.ts";

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
  /** Who stands in when the chosen model does not answer, best first; naming it here is the owner's grant. */
  fallbacks: Schema.optionalKey(Schema.Array(ModelName)),
  /** The cheap model for simple messages, where the owner allows one. */
  simpleModel: Schema.optionalKey(ModelName),
  /** How readily it speaks where nobody asked it. */
  talkativeness: Schema.optionalKey(Share),
  budget: Schema.optionalKey(Budget),
  /** How long episodes are kept; the house's own rule when left out. */
  retentionDays: Schema.optionalKey(Count),
};

/** New settings are all optional: what was written without them says the same as before. */
const same = (open: Readonly<Record<string, unknown>>) => ({ ...open });
const unchanged = { 1: same, 2: same };

const config = ["systemPrompt", "description"];

// ── life ────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const AgentCreated = defineEvent("AgentCreated", {
  v: 3,
  upcasts: unchanged,
  about: "A person made an agent.",
  open: { agentId: AgentId, ownerId: UserId, ...settings },
  sealed: config,
});
export const AgentReconfigured = defineEvent("AgentReconfigured", {
  v: 3,
  upcasts: unchanged,
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
  about:
    "The owner deleted the agent; nothing follows. The keys to all words in its log are gone with it, and the rooms it was in are told.",
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

// ── rooms in the long run ───────────────────────────────────────────────────────────────────────────────────────────
export const RoomSummarized = defineEvent("RoomSummarized", {
  v: 3,
  upcasts: { 1: (open) => ({ ...open, about: null }), 2: same },
  about: "What was said in a room up to a message, in short: laid over the log for prompts, never in its place.",
  open: {
    roomId: RoomId,
    /** The first and the last event it covers, in this log. */
    fromSeq: Count,
    toSeq: Count,
    messages: Count,
    /** The model that wrote it, or `rules`. */
    by: Schema.String,
    /** The request it comes of, whose cost its own events count; without one, its cost is counted with this. */
    request: Schema.optionalKey(Schema.String),
    tokensIn: Schema.optionalKey(Count),
    tokensOut: Schema.optionalKey(Count),
    microUsd: Schema.NullOr(Count),
    /** Whose words it may hold, with those of the summary before it: each had agreed to be remembered. Null: nobody knows. */
    about: Schema.NullOr(Schema.Array(UserId)),
  },
  sealed: ["text"],
});
export const SummariesForgotten = defineEvent("SummariesForgotten", {
  v: 2,
  upcasts: { 1: same },
  about:
    "The notes of a room held what the agent may not keep any more: their keys are gone, and new notes will be made.",
  open: {
    roomId: RoomId,
    /** The summaries whose words went. */
    seqs: Schema.Array(Count),
    why: Schema.Literals(["asked", "faded", "expired", "withdrawn", "erased", "left-room"]),
  },
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
  T.MessageReceived,
  T.TurnStarted,
  T.TurnDeclined,
  T.TurnResumed,
  T.TurnDelayed,
  T.TurnContinued,
  T.TurnInterrupted,
  T.ContextAssembled,
  T.ContextNarrowed,
  T.ModelAsked,
  T.ModelFailed,
  T.ModelReplied,
  T.ModelGaveUp,
  T.ToolRequested,
  T.ToolDenied,
  T.ToolExecuted,
  T.ToolFailed,
  T.ToolOutcomeUnknown,
  T.ReplyDrafted,
  T.ReplyWithheld,
  T.ReplyPosted,
  T.TurnCompleted,
  T.TurnStopped,
  T.TurnFailed,
  RoomSummarized,
  SummariesForgotten,
  ...behindEvents,
  ...memoryEvents,
] as const;

export type AgentEvent = EventOf<(typeof agentEvents)[number]>;
