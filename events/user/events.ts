/** What can have happened to a person, as far as the house knows. These schemas are the storage format. */
import { Schema } from "effect";
import { defineEvent, type EventOf } from "../kit/define.ts";
import { AgentId, RoomId, UserId } from "../kit/ids.ts";

export const PersonArrived = defineEvent("PersonArrived", {
  v: 1,
  about: "A person used the house for the first time.",
  open: { userId: UserId },
  sealed: ["name"],
});
export const ConsentRequested = defineEvent("ConsentRequested", {
  v: 1,
  about: "An agent that met the person would like to remember them.",
  open: { agentId: AgentId, roomId: RoomId },
});
export const ConsentDecided = defineEvent("ConsentDecided", {
  v: 1,
  about: "The person let an agent remember them, or took it back.",
  open: { agentId: AgentId, granted: Schema.Boolean },
});
export const userEvents = [PersonArrived, ConsentRequested, ConsentDecided] as const;
export type UserEvent = EventOf<(typeof userEvents)[number]>;
