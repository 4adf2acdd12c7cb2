/** What can have happened in a room. These schemas are the storage format: versioned, never renamed. */
import { Schema } from "effect";
import { defineEvent, type EventOf } from "../kit/define.ts";
import { ActorName, AgentId, MessageId, RoomId, TurnId, UserId } from "../kit/ids.ts";
import { Addressed, RoomKind } from "./addressing.ts";

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
export const MessagePosted = defineEvent("MessagePosted", {
  v: 1,
  about: "Somebody said something; the room's seq is its place in the conversation.",
  open: {
    messageId: MessageId,
    by: ActorName,
    chars: Count,
    /** How many agents have answered one another since a person last spoke. */
    hops: Count,
    replyTo: Schema.NullOr(MessageId),
    addressed: Schema.Array(Schema.Struct({ agentId: AgentId, how: Addressed })),
    /** Set on what an agent says. */
    turn: Schema.NullOr(
      Schema.Struct({
        turnId: TurnId,
        inReplyTo: MessageId,
        notice: Schema.Boolean,
        model: Schema.NullOr(Schema.String),
        tokensIn: Schema.NullOr(Count),
        tokensOut: Schema.NullOr(Count),
      }),
    ),
  },
  sealed: ["text", "authorName"],
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
  MessagePosted,
  AgentInvoked,
  RoomClosed,
] as const;

export type RoomEvent = EventOf<(typeof roomEvents)[number]>;
