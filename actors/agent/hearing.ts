/** What a room tells an agent, as the agent's commands; used by AgentActor. */
import { Redacted } from "effect";
import type { AgentCommand, Episode } from "#events/agent/commands.ts";
import { turnOf } from "#events/agent/decide.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import { type ActorName, type AgentId, childId, type MemoryId, type RoomId, type TurnId } from "#events/kit/ids.ts";
import type { Heard } from "../kit/doors.ts";

/** A message as a memory: its id follows from the turn that the message belongs to. */
const episodeOf = (turnId: TurnId): MemoryId => childId<MemoryId>("memory", turnId, "message");

/** Who hears, and what it makes of a text as a memory. */
export interface Listener {
  readonly agentId: AgentId;
  readonly meta: (id: string, by: ActorName) => CommandMeta;
  /** Undefined where nothing that this author says may be kept. */
  readonly episode: (
    author: ActorName,
    said: { readonly text: string; readonly roomId: RoomId },
  ) => Omit<Episode, "memoryId"> | undefined;
}

/** The command that records it, known by the thing heard. */
export function commandOf(roomId: RoomId, item: Heard, { agentId, meta, episode }: Listener): AgentCommand {
  const id = `${roomId}:${item.seq}`;
  if (item.kind === "joined") return { type: "JoinRoom", meta: meta(id, item.by), roomId, kind: item.roomKind };
  if (item.kind === "left") return { type: "LeaveRoom", meta: meta(id, item.by), roomId };
  const { roomKind, messageId, authorId, authorName, text, hops, replyTo, addressed, callsOff, answers } = item;
  const turnId = turnOf(agentId, messageId);
  const kept = text ? episode(authorId, { text, roomId }) : undefined;
  return {
    type: "ReceiveMessage",
    meta: { ...meta(`${turnId}/receive`, authorId), causation: item.causation, correlation: item.correlation },
    turnId,
    ...{ roomId, roomSeq: item.seq, roomKind, messageId, authorId, hops, replyTo, addressed, callsOff },
    chars: text?.length ?? 0,
    ...(answers === null ? {} : { answers }),
    ...(kept === undefined ? {} : { episode: { ...kept, memoryId: episodeOf(turnId) } }),
    words: Redacted.make({ text: text ?? "", authorName }),
  };
}
