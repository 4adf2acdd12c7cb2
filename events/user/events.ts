/** What can have happened to a person, as far as the house knows. These schemas are the storage format. */
import { Schema } from "effect";
import { defineEvent, type EventOf } from "../kit/define.ts";
import { AgentId, ErasureId, RoomId, UserId } from "../kit/ids.ts";

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
export const PersonReturned = defineEvent("PersonReturned", {
  v: 1,
  about: "A person who was erased uses the house again. What they said before stays gone.",
  open: { userId: UserId },
  sealed: ["name"],
});
export const ErasureRequested = defineEvent("ErasureRequested", {
  v: 1,
  about: "A person asked for everything they ever said to be made unreadable.",
  open: { userId: UserId, erasureId: ErasureId },
});
export const ErasureCompleted = defineEvent("ErasureCompleted", {
  v: 2,
  upcasts: { 1: (open) => ({ ...open, agents: null }) },
  about:
    "The person's key is destroyed, every stream that held it has forgotten it, and no agent remembers the person: the receipt.",
  open: {
    erasureId: ErasureId,
    shreddedAt: Schema.Int,
    generations: Schema.Array(Schema.Int),
    fingerprints: Schema.Array(Schema.String),
    kek: Schema.Int,
    streams: Schema.Array(Schema.Struct({ stream: Schema.String, confirmedAt: Schema.Int })),
    /** How many memories each agent forgot with it. Null: nobody counted. */
    agents: Schema.NullOr(Schema.Array(Schema.Struct({ agentId: AgentId, forgotten: Schema.Int }))),
  },
});

export const userEvents = [
  ...[PersonArrived, ConsentRequested, ConsentDecided],
  ...[PersonReturned, ErasureRequested, ErasureCompleted],
] as const;
export type UserEvent = EventOf<(typeof userEvents)[number]>;
