/** What decisions about keys need to know: which generations live, who holds a copy, and who was not yet reached. */
import { Schema } from "effect";
import type { RecordedOf } from "../kit/envelope.ts";
import type { VaultEvent } from "./events.ts";

const SubjectKeys = Schema.Struct({
  /** The newest generation that was ever issued; 0 before the first. */
  number: Schema.Int,
  /** The generations that are not destroyed, oldest first. */
  living: Schema.Array(Schema.Int),
  /** True from the shredding until the subject is admitted again. */
  shredded: Schema.Boolean,
  /** Streams that hold a living generation. */
  lentTo: Schema.Array(Schema.String),
  /** Streams that have not confirmed yet that they forgot the generations up to this number. */
  recalling: Schema.Array(Schema.Struct({ stream: Schema.String, number: Schema.Int })),
  /** Streams that have not confirmed yet that they need the newest generation only. */
  renewing: Schema.Array(Schema.String),
});
export type SubjectKeys = typeof SubjectKeys.Type;

export const VaultState = Schema.Struct({
  keys: Schema.Record(Schema.String, SubjectKeys),
  /** The key-encryption key that a rotation goes on to; null when none is under way. */
  rotatingTo: Schema.NullOr(Schema.Int),
});
export type VaultState = typeof VaultState.Type;

export const initial: VaultState = { keys: {}, rotatingTo: null };

/** What is known of a subject that was never heard of. */
export const unknownSubject: SubjectKeys = {
  ...{ number: 0, living: [], shredded: false },
  ...{ lentTo: [], recalling: [], renewing: [] },
};

type KeyEvent = Exclude<RecordedOf<VaultEvent>, { readonly type: "RotationStarted" | "RotationCompleted" }>;

/** The state after one more event. */
export function evolve(state: VaultState, event: RecordedOf<VaultEvent>): VaultState {
  if (event.type === "RotationStarted") return { ...state, rotatingTo: event.open.kek };
  if (event.type === "RotationCompleted") return { ...state, rotatingTo: null };
  const { subject } = event.open;
  return { ...state, keys: { ...state.keys, [subject]: after(state.keys[subject] ?? unknownSubject, event) } };
}

function after(key: SubjectKeys, event: KeyEvent): SubjectKeys {
  switch (event.type) {
    case "KeyIssued": {
      const { number } = event.open;
      return { ...key, number, living: [...key.living, number], shredded: false, renewing: key.lentTo };
    }
    case "KeyLent":
      return { ...key, lentTo: [...key.lentTo, event.open.stream] };
    case "KeyShredded":
      return {
        ...{ ...key, living: [], shredded: true, lentTo: [], renewing: [] },
        recalling: [
          ...key.recalling.filter(({ stream }) => !key.lentTo.includes(stream)),
          ...key.lentTo.map((stream) => ({ stream, number: key.number })),
        ],
      };
    case "KeyRecalled":
      return { ...key, recalling: key.recalling.filter(({ stream }) => stream !== event.open.stream) };
    case "KeyRenewed":
      return { ...key, renewing: key.renewing.filter((stream) => stream !== event.open.stream) };
    case "KeyRetired":
      return { ...key, living: key.living.filter((number) => number !== event.open.number) };
  }
}
