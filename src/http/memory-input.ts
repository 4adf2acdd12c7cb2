/** A memory as people send it, looked over for everything that a schema cannot say; used by the handlers of memories and trainings. */
import type { MemoryInput } from "#actors/kit/memory-doors.ts";
import type { MemoryKind } from "#events/agent/events.ts";
import { textFault, utf8Bytes } from "#events/kit/canonical.ts";
import { isNoMoment } from "#events/kit/moment.ts";
import type { MemoryChange, MemoryType } from "./memory-api.ts";

/** Bytes of UTF-8 that one memory may have. */
export const MAX_CONTENT_BYTES = 16 * 1024;
/** Bytes of JSON that its context may have. */
export const MAX_CONTEXT_BYTES = 4 * 1024;

const older: Readonly<Record<string, MemoryKind>> = {
  conversation: "episodic",
  fact: "semantic",
  skill: "procedural",
  preference: "social",
};

/** The kind behind a word of the contract. */
export const kindOf = (word: MemoryType): MemoryKind => older[word] ?? (word as MemoryKind);

/** Why something is no memory: by a word for machines, and for people. */
export interface MemoryFault {
  readonly reason: "empty" | "not-storable" | "too-long" | "context-too-long" | "no-moment";
  readonly path: ReadonlyArray<string>;
  readonly message: string;
}

/** What is wrong with the words; undefined when nothing is. */
export function memoryFault({ content, context }: typeof MemoryChange.Type): MemoryFault | undefined {
  if (content !== undefined) {
    if (content.trim() === "") return { reason: "empty", path: ["content"], message: "is empty" };
    const fault = textFault(content);
    if (fault !== undefined) return { reason: "not-storable", path: ["content"], message: fault };
    if (utf8Bytes(content) > MAX_CONTENT_BYTES)
      return { reason: "too-long", path: ["content"], message: "A memory may have 16 KiB at most." };
  }
  if (context !== undefined && utf8Bytes(JSON.stringify(context)) > MAX_CONTEXT_BYTES)
    return { reason: "context-too-long", path: ["context"], message: "A context may have 4 KiB at most." };
  // A context is its sender's own; only a date that is none would be taken for now, and nobody would notice.
  const at = typeof context === "object" && context !== null ? (context as { readonly at?: unknown }).at : undefined;
  if (typeof at === "string" && isNoMoment(at))
    return { reason: "no-moment", path: ["context", "at"], message: "is no date or date-time of RFC 3339" };
  return undefined;
}

/** As the agent takes it. */
export const memoryInput = (sent: typeof MemoryChange.Type): Partial<MemoryInput> => ({
  ...(sent.memory_type === undefined ? {} : { kind: kindOf(sent.memory_type) }),
  ...(sent.content === undefined ? {} : { content: sent.content }),
  ...(sent.importance_score === undefined ? {} : { importance: sent.importance_score }),
  ...(sent.context === undefined ? {} : { context: sent.context }),
  ...(sent.about === undefined ? {} : { about: sent.about }),
  ...(sent.sensitive === undefined ? {} : { sensitive: sent.sensitive }),
  ...(sent.pinned === undefined ? {} : { pinned: sent.pinned }),
});
