/** What decisions about keys need to know: which exist, and who holds a copy. */
import { Schema } from "effect";
import type { RecordedOf } from "../kit/envelope.ts";
import type { VaultEvent } from "./events.ts";

export const VaultState = Schema.Struct({
  keys: Schema.Record(Schema.String, Schema.Struct({ number: Schema.Int, lentTo: Schema.Array(Schema.String) })),
});
export type VaultState = typeof VaultState.Type;

export const initial: VaultState = { keys: {} };

/** The state after one more event. */
export function evolve(state: VaultState, event: RecordedOf<VaultEvent>): VaultState {
  const { subject } = event.open;
  const key = state.keys[subject] ?? { number: 0, lentTo: [] };
  const next =
    event.type === "KeyIssued"
      ? { ...key, number: event.open.number }
      : { ...key, lentTo: [...key.lentTo, event.open.stream] };
  return { keys: { ...state.keys, [subject]: next } };
}
