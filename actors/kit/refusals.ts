/** What a log itself refuses, whatever its stream is about; answered by the ledger beside the refusals of `decide`. */
import { Schema } from "effect";

/** The same command id came with other content. */
export class CommandIdReused extends Schema.TaggedError<CommandIdReused>()("CommandIdReused", {}) {
  override readonly message = "This key was used for another request.";
}
/** The stream has moved on from where the caller saw it. */
export class StreamMoved extends Schema.TaggedError<StreamMoved>()("StreamMoved", { head: Schema.Finite }) {
  override readonly message = "It was changed in the meantime.";
}
/** An event larger than the log takes (`../reference/platform.md` § 4: the platform's own limit is not enforced locally). */
export class EventTooLarge extends Schema.TaggedError<EventTooLarge>()("EventTooLarge", { bytes: Schema.Finite }) {
  override readonly message = "This is too large to be kept.";
}
/** The person's words can no longer be kept: their key was destroyed. */
export class SubjectErased extends Schema.TaggedError<SubjectErased>()("SubjectErased", {}) {
  override readonly message = "This person was erased.";
}
