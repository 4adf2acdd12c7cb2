/** How an event and a command are declared; every stream's `events.ts` and `commands.ts` uses it. */
import { Schema } from "effect";
import type { Pending, Words } from "./envelope.ts";
import type { ActorName } from "./ids.ts";
import type { Upcasts } from "./upcast.ts";

type Fields = Schema.Struct.Fields;
type OpenOf<F extends Fields> = Schema.Struct.Type<F>;

/** One event type: its newest schema, its words if it has any, and the way up from older versions. */
export interface EventDefinition<Type extends string = string, Open = unknown> {
  readonly type: Type;
  /** The newest version; what is written today. */
  readonly v: number;
  /** What it tells, in one sentence; printed in docs/events.md. */
  readonly about: string;
  /** Facts, ids and numbers; no personal data [S1]. Decodes and encodes as JSON. */
  readonly open: Schema.Codec<Open, unknown>;
  /** Names of the sealed words, empty when there are none. */
  readonly sealed: ReadonlyArray<string>;
  readonly upcasts: Upcasts;
}

/** A definition that is also the constructor of its pending events. */
export interface DefinedEvent<Type extends string, Open> extends EventDefinition<Type, Open> {
  (open: Open): Pending<Type, Open>;
  (open: Open, subject: ActorName, words: Words): Pending<Type, Open>;
}

/** The pending event that a definition makes. */
export type EventOf<D> = D extends EventDefinition<infer Type, infer Open> ? Pending<Type, Open> : never;

/**
 * Declares an event type. `sealed` names the words that are encrypted under the subject's key; everything in `open` is
 * stored in the clear for ever.
 */
export function defineEvent<const Type extends string, F extends Fields>(
  type: Type,
  declaration: {
    readonly v: number;
    readonly about: string;
    readonly open: F;
    readonly sealed?: ReadonlyArray<string>;
    readonly upcasts?: Upcasts;
  },
): DefinedEvent<Type, OpenOf<F>> {
  const make = (open: OpenOf<F>, subject?: ActorName, words?: Words): Pending<Type, OpenOf<F>> =>
    subject === undefined || words === undefined ? { type, open } : { type, open, sealed: { subject, words } };
  return Object.assign(make, {
    type,
    v: declaration.v,
    about: declaration.about,
    open: Schema.Struct(declaration.open) as unknown as Schema.Codec<OpenOf<F>, unknown>,
    sealed: declaration.sealed ?? [],
    upcasts: declaration.upcasts ?? {},
  });
}

/**
 * What every command carries beside its own fields. Ids and time enter the domain here and nowhere else.
 */
export interface CommandMeta {
  /** One id, one outcome [L2]. Derived, never random, wherever a retry could happen. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly by: ActorName;
  /** The conversation this belongs to, from the first request on. */
  readonly correlation: string;
  /** The event or command that caused this one; null at a door. */
  readonly causation: string | null;
  /** Refuse unless the stream still stands here. */
  readonly ifSeq?: number;
}

/** A command of this type with these fields. */
export type CommandOf<Type extends string, F> = { readonly type: Type; readonly meta: CommandMeta } & Readonly<F>;
