/** What can have happened in a room. These schemas are the storage format: versioned, never renamed. */
import { Schema } from "effect";
import { defineEvent, type EventOf } from "../kit/define.ts";
import { ActorName, AgentId, CallId, MessageId, RoomId, TurnId, UserId } from "../kit/ids.ts";
import { Addressed, RoomKind } from "./addressing.ts";
import { Brake, PassedBecause, RoomMode } from "./rhythm.ts";

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));

export const RoomOpened = defineEvent("RoomOpened", {
  v: 1,
  about: "A person opened a room.",
  open: { roomId: RoomId, name: Schema.String, kind: RoomKind, ownerId: UserId },
});
export const ParticipantJoined = defineEvent("ParticipantJoined", {
  v: 1,
  about: "A person became a participant.",
  open: { userId: UserId, by: ActorName },
  sealed: ["name"],
});
export const ParticipantLeft = defineEvent("ParticipantLeft", {
  v: 1,
  about: "A person is no longer a participant.",
  open: { userId: UserId, by: ActorName },
});
export const AgentInvited = defineEvent("AgentInvited", {
  v: 1,
  about: "An agent became a participant.",
  open: { agentId: AgentId, name: Schema.String, by: ActorName },
});
export const AgentDismissed = defineEvent("AgentDismissed", {
  v: 1,
  about: "An agent is no longer a participant.",
  open: { agentId: AgentId, by: ActorName },
});
export const AgentSwitched = defineEvent("AgentSwitched", {
  v: 1,
  about: "The owner of an agent that takes part switched it on or off.",
  open: { agentId: AgentId, active: Schema.Boolean, by: ActorName },
});
export const RoomPolicySet = defineEvent("RoomPolicySet", {
  v: 1,
  about: "The owner chose who speaks when.",
  open: { mode: RoomMode, by: ActorName },
});
/** A tool call of which nobody knows what came: it may have happened. */
export const UnknownCall = Schema.Struct({ callId: CallId, tool: Schema.String });
export type UnknownCall = typeof UnknownCall.Type;

export const MessagePosted = defineEvent("MessagePosted", {
  v: 4,
  about: "Somebody said something; the room's seq is its place in the conversation.",
  open: {
    messageId: MessageId,
    by: ActorName,
    chars: Count,
    /** How many agents have answered one another since a person last spoke. */
    hops: Count,
    replyTo: Schema.NullOr(MessageId),
    addressed: Schema.Array(Schema.Struct({ agentId: AgentId, how: Addressed })),
    /** Why an agent's message was not passed on to all whom it names; null when nothing was held back. */
    brake: Schema.NullOr(Brake),
    /** A person's whole message says nothing but to leave off. */
    callsOff: Schema.Boolean,
    /** Set on what an agent says. */
    turn: Schema.NullOr(
      Schema.Struct({
        turnId: TurnId,
        inReplyTo: MessageId,
        /** Messages that it answers as well, oldest first: they waited for the same turn. */
        alsoInReplyTo: Schema.optionalKey(Schema.Array(MessageId)),
        notice: Schema.Boolean,
        /** Somebody stopped the agent in the middle of it. */
        stopped: Schema.Boolean,
        model: Schema.NullOr(Schema.String),
        tokensIn: Schema.NullOr(Count),
        tokensOut: Schema.NullOr(Count),
        /** Whose words it may say again: it is forgotten with any of them who is erased. */
        tells: Schema.Array(UserId),
        /** Calls of its turn whose outcome nobody knows; left out where there is none. */
        unknown: Schema.optionalKey(Schema.Array(UnknownCall)),
      }),
    ),
  },
  sealed: ["text", "authorName"],
  upcasts: {
    1: ({ turn, ...open }) => ({
      ...open,
      brake: null,
      callsOff: false,
      turn: turn === null ? null : { ...(turn as object), stopped: false },
    }),
    2: ({ turn, ...open }) => ({ ...open, turn: turn === null ? null : { ...(turn as object), tells: [] } }),
    3: (open) => ({ ...open }),
  },
});
export const FloorGranted = defineEvent("FloorGranted", {
  v: 1,
  about: "In a round, it became an agent's turn to answer a message that addresses nobody.",
  open: {
    messageId: MessageId,
    agentId: AgentId,
    /** Counts the agents of the round from 1. Until its turn comes, an agent is not told of the message. */
    place: Count,
  },
});
export const FloorPassed = defineEvent("FloorPassed", {
  v: 1,
  about: "An agent that was offered the floor, or had it in a round, did not answer the message, and why.",
  open: { messageId: MessageId, agentId: AgentId, why: PassedBecause },
});
export const AgentInvoked = defineEvent("AgentInvoked", {
  v: 1,
  about: "A person asked an agent to speak without saying anything new.",
  open: { messageId: MessageId, agentId: AgentId, by: ActorName, replyTo: Schema.NullOr(MessageId) },
});
export const RoomClosed = defineEvent("RoomClosed", {
  v: 1,
  about: "The room was closed; nothing follows.",
  open: { by: ActorName },
});

export const roomEvents = [
  RoomOpened,
  ParticipantJoined,
  ParticipantLeft,
  AgentInvited,
  AgentDismissed,
  RoomPolicySet,
  MessagePosted,
  FloorGranted,
  FloorPassed,
  AgentInvoked,
  RoomClosed,
  AgentSwitched,
] as const;

export type RoomEvent = EventOf<(typeof roomEvents)[number]>;
