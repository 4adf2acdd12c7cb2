/** How commands and events become text and bytes, always the same way; used by the ledger. */
import { Redacted } from "effect";
import type { CommandMeta } from "#events/kit/define.ts";
import type { Pending } from "#events/kit/envelope.ts";
import type { SqlValue } from "./sql.ts";

/** An event as text, ready to be measured, sealed and stored. */
export interface Prepared<E extends Pending> {
  readonly event: E;
  readonly open: string;
  /** Empty for an event without words. */
  readonly words: string;
}

export const prepare = <E extends Pending>(event: E): Prepared<E> => ({
  event,
  open: JSON.stringify(event.open),
  words: event.sealed ? JSON.stringify(Redacted.value(event.sealed.words)) : "",
});

/** The first nine columns as one JSON array: what the chain protects beside the payload. */
export const headerOf = (row: ReadonlyArray<SqlValue>): string => JSON.stringify(row.slice(0, 9));

/**
 * A command's content as text: everything but its id, its time, its place in a chain of causes, and what the house
 * itself found out about it (`addressed` depends on who was in the room).
 */
export function canonical(command: { readonly type: string; readonly meta: CommandMeta }): string {
  const { meta, addressed: _found, ...content } = command as typeof command & { readonly addressed?: unknown };
  return JSON.stringify([meta.by, opened(content)]);
}

/** Words unwrapped, all the way down. By hand: a replacer makes JSON.stringify several times slower. */
function opened(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Redacted.isRedacted(value)) return Redacted.value(value);
  if (Array.isArray(value)) return typeof value[0] === "object" ? value.map(opened) : value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, opened(item)]));
}

/** Equal byte for byte. */
export function same(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
