/** What the next summary of a room covers: messages that the agent may keep, read from its log; used by summaries.ts. */
import type { AgentState } from "#events/agent/state.ts";
import type { Recorded } from "#events/kit/envelope.ts";
import type { RoomId, UserId } from "#events/kit/ids.ts";

/** So many messages without a summary get one: early, while all of them still stand in prompts. */
export const SUMMARIZE_AT = 30;
/** The newest messages are left to prompts in full. */
export const LEFT_IN_FULL = 10;
/** Should a room be far behind, one summary looks at no more messages than this; the next one follows at once. */
const AT_ONCE = 1_000;
const PAGE = 500;

/** The log of an agent, as far as summaries read it. */
export interface Log {
  readonly state: AgentState;
  readonly read: (after: number, limit: number, types: ReadonlyArray<string>) => ReadonlyArray<Recorded>;
}

/** A message of a room. */
export interface Said {
  /** The event that holds its words. */
  readonly seq: number;
  /** The people it is about, each of whom lets the agent remember them; null where it may not be kept. */
  readonly about: ReadonlyArray<UserId> | null;
}

/** Where the agent joined the room, if behind this seq: what it heard before it last left is no part of this talk. */
const membershipIn = (log: Log, roomId: RoomId, start: number): number =>
  log.read(start, PAGE, ["RoomJoined"]).findLast(({ open }) => (open as { roomId: RoomId }).roomId === roomId)?.seq ??
  start;

const READ = ["MessageReceived", "ReplyDrafted", "ReplyPosted", "MemoryFormed"];

/** The open parts of these, as far as they are read here. */
interface Open {
  readonly turnId: string;
  readonly roomId?: string;
  readonly about?: ReadonlyArray<UserId>;
  readonly basis?: string;
  readonly sourceSeqs?: ReadonlyArray<number>;
}

/**
 * A room's messages behind a seq, the oldest so many of them; own drafts count once they are posted. Only what the agent made a
 * memory of may be noted: it makes none of what people said who had not agreed, nor while its memory is off.
 */
function saidAfter(log: Log, roomId: RoomId, start: number, count: number): ReadonlyArray<Said> {
  const said: number[] = [];
  const drafts = new Map<string, number>();
  const remembered = new Map<number, ReadonlyArray<UserId>>();
  for (let after = membershipIn(log, roomId, start); ; ) {
    const page = log.read(after, PAGE, READ);
    for (const { type, seq, open } of page) {
      const { turnId, roomId: where, basis, sourceSeqs, about = [] } = open as unknown as Open;
      if (type === "ReplyDrafted") drafts.set(turnId, seq);
      if (where !== roomId) continue;
      if (type === "MessageReceived") said.push(seq);
      if (type === "ReplyPosted") said.push(drafts.get(turnId) ?? seq);
      if (type === "MemoryFormed" && basis === "said") remembered.set(sourceSeqs?.[0] ?? seq, about);
    }
    // The memory of a message stands behind it: one page more than the messages take.
    if (page.length < PAGE || said.length > count) break;
    after = page.at(-1)!.seq;
  }
  const { consents } = log.state;
  return said.map((seq) => {
    const about = remembered.get(seq);
    return { seq, about: about?.every((userId) => consents[userId] === "granted") ? about : null };
  });
}

/** What the next summary of a room goes over, oldest first; nothing when none is due. */
export function toSummarize(log: Log, roomId: RoomId): ReadonlyArray<Said> {
  const room = log.state.rooms[roomId];
  if (room === undefined || room.unsummarized < SUMMARIZE_AT || !log.state.memoryEnabled) return [];
  const count = Math.min(room.unsummarized - LEFT_IN_FULL, AT_ONCE);
  // A draft stands before what was said while it was posted: by seq, or what is left would not be what follows.
  return saidAfter(log, roomId, room.summary?.toSeq ?? 0, count)
    .toSorted((left, right) => left.seq - right.seq)
    .slice(0, count);
}
