/** Every named "no" of a person's actor; made in `decide`, told to people by src/http/problem.ts. */
import { Schema } from "effect";

/** Nobody comes back, or is remembered anew, while what they said is still being forgotten. */
export class ErasureUnderWay extends Schema.TaggedError<ErasureUnderWay>()("ErasureUnderWay", {}) {
  override readonly message = "You are still being forgotten. Try again when that is completed.";
  readonly passing = true;
}

/** Who was erased is remembered by nobody until they say that they are back. */
export class PersonIsErased extends Schema.TaggedError<PersonIsErased>()("PersonIsErased", {}) {
  override readonly message = "You were erased. Say first that you are back; then you can be remembered anew.";
  readonly passing = true;
}

export type UserRefusal = ErasureUnderWay | PersonIsErased;
