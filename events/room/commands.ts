/** What may be asked of a room: by people through a door, and by agents that take part in it. */
import type { CommandOf } from "../kit/define.ts";
import type { Words } from "../kit/envelope.ts";
import type { AgentId, MessageId, RoomId, TurnId, UserId } from "../kit/ids.ts";
import type { Addressed, RoomKind } from "./addressing.ts";

export type RoomCommand =
  | CommandOf<"OpenRoom", { roomId: RoomId; name: string; kind: RoomKind; ownerId: UserId; words: Words }>
  | CommandOf<"JoinRoom", { userId: UserId; words: Words }>
  | CommandOf<"AddParticipant", { userId: UserId; words: Words }>
  | CommandOf<"RemoveParticipant", { userId: UserId }>
  | CommandOf<"InviteAgent", { agentId: AgentId; agentName: string }>
  | CommandOf<"DismissAgent", { agentId: AgentId }>
  | CommandOf<
      "PostMessage",
      {
        messageId: MessageId;
        chars: number;
        replyTo: MessageId | null;
        addressed: ReadonlyArray<{ readonly agentId: AgentId; readonly how: Addressed }>;
        words: Words;
      }
    >
  | CommandOf<
      "PostReply",
      {
        agentId: AgentId;
        messageId: MessageId;
        turnId: TurnId;
        inReplyTo: MessageId;
        chars: number;
        hops: number;
        notice: boolean;
        model: string | null;
        tokensIn: number | null;
        tokensOut: number | null;
        addressed: ReadonlyArray<{ readonly agentId: AgentId; readonly how: Addressed }>;
        words: Words;
      }
    >
  | CommandOf<"InvokeAgent", { messageId: MessageId; agentId: AgentId; replyTo: MessageId | null }>
  | CommandOf<"CloseRoom", Record<never, never>>;

export type RoomCommandOf<T extends RoomCommand["type"]> = Extract<RoomCommand, { type: T }>;
