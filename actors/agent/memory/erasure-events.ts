/** Which events of an agent's log say that words were erased, and so are their receipts; asked by AgentErasures, MemoryDoor and Embeddings. */
import type { AgentEvent } from "#events/agent/events.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { accepted, type Reply } from "../../kit/reply.ts";
import type { Committed } from "../../kit/settled-commands.ts";

/** The types of events with which words go for good. */
export const ERASING = ["MemoryForgotten", "MemoryRevised", "SummariesForgotten", "AgentDeleted"] as const;

export type ErasureEvent = Extract<RecordedOf<AgentEvent>, { readonly type: (typeof ERASING)[number] }>;

/**
 * True where words went. A correction counts when a person made it: what an agent puts otherwise by itself, as it does with
 * each use of a tool, nobody asked to be erased.
 */
export function isErasure(event: RecordedOf<AgentEvent>): event is ErasureEvent {
  if (event.type === "MemoryRevised") return event.sealed !== undefined && event.actor.startsWith("user:");
  return (ERASING as ReadonlyArray<string>).includes(event.type);
}

/** The id of the receipt of what a command erased: that of the event that says so. */
export function receiptOf(
  reply: Reply<Committed>,
  log: { readonly read: (after: number, limit: number) => ReadonlyArray<RecordedOf<AgentEvent>> },
): Reply<string> {
  if (reply.outcome === "refused") return reply;
  const { from, to } = reply.value;
  const { id } = log.read(from - 1, to - from + 1).find(isErasure)!;
  return accepted(id, reply.seq, reply.replayed);
}
