/** How commands and events become text and bytes, always the same way; used by the ledger. */
import { Redacted, Schema } from "effect";
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
 * A stored JSON object. Looked over, not decoded: the row was checked when it was written, cannot have changed since,
 * and a codec for JSON text costs ten times the parsing (10.7 µs an event, measured).
 */
export const parseObject = (() => {
  const isObject = Schema.is(Schema.Record(Schema.String, Schema.Unknown));
  return (text: string): Readonly<Record<string, unknown>> => {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) throw new Error("a stored value is not an object");
    return value;
  };
})();

const StoredReply = Schema.Union([
  Schema.Struct({ from: Schema.Int, to: Schema.Int }),
  Schema.Struct({ refusal: Schema.Record(Schema.String, Schema.Unknown) }),
]);

/** What the `commands` table holds of an outcome: the range of events it made, or the refusal. */
export const parseStoredReply = (() => {
  const isReply = Schema.is(StoredReply);
  return (text: string): typeof StoredReply.Type => {
    const value: unknown = JSON.parse(text);
    if (!isReply(value)) throw new Error("a stored value is not the outcome of a command");
    return value;
  };
})();

/** A stored JSON array, looked over like an object. */
export const parseList = (() => {
  const isList = Schema.is(Schema.Array(Schema.Unknown));
  return (text: string): ReadonlyArray<unknown> => {
    const value: unknown = JSON.parse(text);
    if (!isList(value)) throw new Error("a stored value is not a list");
    return value;
  };
})();

/** What the house itself found out for a command: another time it may find something else, and the request is the same. */
const found: ReadonlySet<string> = new Set([
  ...["meta", "addressed", "named", "callsOff", "agentName", "episode"],
  ...["alsoInReplyTo", "unknown", "tokensIn", "tokensOut"],
]);

/** A command's content as text: who asks for what, without its id, its time, its causes, and what the house looked up. */
export function canonical(command: { readonly type: string; readonly meta: CommandMeta }): string {
  const content: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(command)) if (!found.has(key)) content[key] = opened(value);
  return JSON.stringify([command.meta.by, content]);
}

/** Words unwrapped, all the way down. By hand: a replacer makes JSON.stringify several times slower. */
function opened(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Redacted.isRedacted(value)) {
    // Whom a token calls by which name may change between two tries of the same request.
    const { authorName: _name, ...words } = Redacted.value(value) as Readonly<Record<string, unknown>>;
    return words;
  }
  if (Array.isArray(value)) return typeof value[0] === "object" ? value.map(opened) : value;
  const entries = Object.entries(value);
  // Most hold nothing that could be wrapped.
  if (entries.every(([, item]) => typeof item !== "object" || item === null)) return value;
  return Object.fromEntries(entries.map(([key, item]) => [key, opened(item)]));
}

/** Equal byte for byte. */
export function same(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
