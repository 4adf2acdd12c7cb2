/** Time and chance enter the house here, and nowhere else on this floor. */
import { type Kind, makeId } from "#events/kit/ids.ts";

/** Milliseconds since 1970. */
export const now = (): number => Date.now();

/** A new id of this kind, made of now and chance. */
export const newId = <I extends string>(kind: Kind): I =>
  makeId<I>(kind, Date.now(), crypto.getRandomValues(new Uint8Array(10)));
