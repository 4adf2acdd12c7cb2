/** What a commit comes to, decided before anything is touched; the ledger's own. */
import { Redacted } from "effect";
import type { Refusal } from "#events/kit/decider.ts";
import type { Pending, Recorded, RecordedOf } from "#events/kit/envelope.ts";
import type { ActorName } from "#events/kit/ids.ts";
import type { Prepared } from "./encoding.ts";
import { EventTooLarge, SubjectErased } from "./refusals.ts";
import type { Revealed } from "./revealed.ts";
import type { SubjectKey } from "./seal.ts";

/** Bytes of one event, open part and words as JSON together. */
export const MAX_EVENT_BYTES = 256 * 1024;

/** What goes into the same transaction as a commit: timers, bookmarks. Runs after the events are inserted. */
export type AlongWith<State, E extends Pending> = (next: State, events: ReadonlyArray<RecordedOf<E>>) => void;

/** Keys that must be fetched before the command can be taken again. */
export interface NeedKeys {
  readonly outcome: "need-keys";
  readonly subjects: ReadonlyArray<ActorName>;
}

/** The keys of one commit, each as it was found at its beginning. */
export type HeldKeys = ReadonlyMap<ActorName, SubjectKey | "destroyed" | undefined>;

/** The words of an event that is being written, as they are kept for those who read it next. */
export const keptWords = (
  event: Recorded,
  { subject, words }: NonNullable<Pending["sealed"]>,
  lent: HeldKeys,
): Parameters<Revealed["keep"]> => [event, Redacted.value(words), subject, (lent.get(subject) as SubjectKey).number];

/** What a commit comes to, decided before anything is touched. */
export type Plan<E extends Pending, No extends Refusal> =
  | { readonly outcome: "write"; readonly prepared: ReadonlyArray<Prepared<E>>; readonly keys: HeldKeys }
  | { readonly outcome: "refuse"; readonly refusal: Refusal | No; readonly settles?: boolean };

/** Why these events may not be written, if so. */
export function obstacle<E extends Pending>(prepared: ReadonlyArray<Prepared<E>>, keys: HeldKeys): Refusal | undefined {
  for (const { event, open, words } of prepared) {
    if (event.sealed && keys.get(event.sealed.subject) === "destroyed") return new SubjectErased();
    const bytes = Buffer.byteLength(open) + Buffer.byteLength(words);
    if (bytes > MAX_EVENT_BYTES) return new EventTooLarge({ bytes });
  }
  return undefined;
}
