/** Every named "no" of a room; made in `decide`, told to people by src/http/problem.ts and as reply frames. */
import { Schema } from "effect";
import type { AgentIsInactive } from "../agent/refusals.ts";

export class RoomUnknown extends Schema.TaggedError<RoomUnknown>()("RoomUnknown", {}) {
  override readonly message = "There is no such room.";
  // Passing: it may be opened yet, and a guessed name must cost no storage.
  readonly passing = true;
}
export class RoomIsClosed extends Schema.TaggedError<RoomIsClosed>()("RoomIsClosed", {}) {
  override readonly message = "This room was closed.";
}
export class AlreadyOpen extends Schema.TaggedError<AlreadyOpen>()("AlreadyOpen", {}) {
  override readonly message = "This room exists already.";
}
/** The person may know of the room, but takes no part in it. */
export class NotParticipant extends Schema.TaggedError<NotParticipant>()("NotParticipant", {}) {
  override readonly message = "Join the room first.";
  readonly passing = true;
}
/** Private rooms are for those who were invited; to all others they do not exist. */
export class RoomIsPrivate extends Schema.TaggedError<RoomIsPrivate>()("RoomIsPrivate", {}) {
  override readonly message = "There is no such room.";
  readonly passing = true;
}
export class NotRoomOwner extends Schema.TaggedError<NotRoomOwner>()("NotRoomOwner", {}) {
  override readonly message = "Only the owner of the room may do this.";
}
export class AgentNotHere extends Schema.TaggedError<AgentNotHere>()("AgentNotHere", { agentId: Schema.String }) {
  override readonly message = "The agent is not a participant of this room.";
  readonly passing = true;
}

export type RoomRefusal =
  | RoomUnknown
  | RoomIsClosed
  | AlreadyOpen
  | NotParticipant
  | RoomIsPrivate
  | NotRoomOwner
  | AgentNotHere
  | AgentIsInactive;
