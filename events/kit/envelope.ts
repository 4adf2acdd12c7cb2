/** What stands around an event once it is written; read by folds, projections and audit. */
import type { Redacted } from "effect";
import type { ActorName } from "./ids.ts";

/** What `decide` answers: an event that has not happened yet. Words stay wrapped, so no decision can read them [L3]. */
export interface Pending<Type extends string = string, Open = unknown> {
  readonly type: Type;
  readonly open: Open;
  /** Whose key seals the words, and the words. */
  readonly sealed?: { readonly subject: ActorName; readonly words: Words };
}

/** Words that people or agents said, wrapped so that neither a decision nor a log line can show them. */
export type Words = Redacted.Redacted<Readonly<Record<string, unknown>>>;

/** An event as it was recorded, without its words: all that folds and projections see. */
export interface Recorded<Event extends Pending = Pending> {
  readonly seq: number;
  readonly id: string;
  readonly type: Event["type"];
  /** The schema version as written; `open` is already lifted to the newest. */
  readonly v: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly actor: ActorName;
  readonly command: string;
  readonly correlation: string;
  readonly causation: string | null;
  readonly open: Event["open"];
  /** The ciphertext as stored; present on events that carry words, readable only with its key. */
  readonly sealed?: Uint8Array;
}

/** The union of events, each in its envelope, still discriminated by `type`. */
export type RecordedOf<Event extends Pending> = Event extends Pending ? Recorded<Event> : never;

/** A recorded event with its words, or with the sign that they were erased: what readers with keys see. */
export interface Unsealed {
  readonly event: Recorded;
  readonly words: Readonly<Record<string, unknown>> | Erased;
}

/** The words are gone: their key, or their person's key, was destroyed. */
export const Erased = Symbol.for("troupe/Erased");
export type Erased = typeof Erased;
