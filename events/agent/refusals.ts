/** Every named "no" of an agent; made in `decide`, told to people by src/http/problem.ts. */
import { Schema } from "effect";

export class AgentUnknown extends Schema.TaggedError<AgentUnknown>()("AgentUnknown", {}) {
  override readonly message = "There is no such agent.";
  // Passing: it may be made yet, and a guessed name must cost no storage.
  readonly passing = true;
}
export class AgentIsDeleted extends Schema.TaggedError<AgentIsDeleted>()("AgentIsDeleted", {}) {
  override readonly message = "This agent was deleted.";
}
export class AlreadyCreated extends Schema.TaggedError<AlreadyCreated>()("AlreadyCreated", {}) {
  override readonly message = "This agent exists already.";
}
/** The caller saw an older version than the one that stands. */
export class Stale extends Schema.TaggedError<Stale>()("Stale", { head: Schema.Finite }) {
  override readonly message = "It was changed in the meantime.";
}
export class NotInRoom extends Schema.TaggedError<NotInRoom>()("NotInRoom", { roomId: Schema.String }) {
  override readonly message = "The agent is not a participant of this room.";
  readonly passing = true;
}
export class TurnOver extends Schema.TaggedError<TurnOver>()("TurnOver", {}) {
  override readonly message = "The turn is over.";
}
/** A newer attempt has taken the turn over; the asker is a fiber that should have ended. */
export class TurnSuperseded extends Schema.TaggedError<TurnSuperseded>()("TurnSuperseded", {
  attempt: Schema.Finite,
}) {
  override readonly message = "A newer attempt has taken this turn over.";
  // Passing: the new attempt asks under the same derived id, and must not get the old one's answer.
  readonly passing = true;
}
/** The step this command belongs to is not due. */
export class WrongMoment extends Schema.TaggedError<WrongMoment>()("WrongMoment", { step: Schema.String }) {
  override readonly message = "The turn is at another step.";
  readonly passing = true;
}
/** Nothing runs here that could be stopped: it has ended, or is about to be heard. */
export class NothingToStop extends Schema.TaggedError<NothingToStop>()("NothingToStop", {}) {
  override readonly message = "Nothing is running here.";
  readonly passing = true;
}
export class WorkExhausted extends Schema.TaggedError<WorkExhausted>()("WorkExhausted", { what: Schema.String }) {
  override readonly message = "The turn has used up the work it may do.";
}

export class MemoryIsOff extends Schema.TaggedError<MemoryIsOff>()("MemoryIsOff", {}) {
  override readonly message = "This agent keeps no memories.";
  readonly passing = true;
}
/** The agent is switched off: it asks no model for itself, and in rooms nobody speaks to it alone or calls it in. */
export class AgentIsInactive extends Schema.TaggedError<AgentIsInactive>()("AgentIsInactive", {}) {
  override readonly message = "The agent is switched off.";
  readonly passing = true;
}
/** A request that nobody waits for might break a ceiling of the day. */
export class OverBudget extends Schema.TaggedError<OverBudget>()("OverBudget", { scope: Schema.String }) {
  override readonly message = "The budget does not allow it today.";
  readonly passing = true;
}
/** Somebody whom a memory is about has not let the agent remember them. */
export class ConsentRequired extends Schema.TaggedError<ConsentRequired>()("ConsentRequired", {
  userId: Schema.String,
}) {
  override readonly message = "Somebody this is about has not agreed to be remembered.";
  readonly passing = true;
}
export class MemoryUnknown extends Schema.TaggedError<MemoryUnknown>()("MemoryUnknown", {}) {
  override readonly message = "There is no such memory.";
  readonly passing = true;
}

/** The agent was never given this to learn. */
export class TrainingUnknown extends Schema.TaggedError<TrainingUnknown>()("TrainingUnknown", {}) {
  override readonly message = "There is no such operation.";
  readonly passing = true;
}

export type AgentRefusal =
  | AgentUnknown
  | AgentIsDeleted
  | AlreadyCreated
  | Stale
  | NotInRoom
  | TurnOver
  | TurnSuperseded
  | WrongMoment
  | NothingToStop
  | WorkExhausted
  | AgentIsInactive
  | OverBudget
  | MemoryIsOff
  | ConsentRequired
  | MemoryUnknown
  | TrainingUnknown;
