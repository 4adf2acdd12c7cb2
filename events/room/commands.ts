/** What may be asked of a room: by people through a door, and by agents that take part in it. */
import type { CommandOf } from "../kit/define.ts";
import type { Words } from "../kit/envelope.ts";
import type { AgentId, MessageId, RoomId, TurnId, UserId } from "../kit/ids.ts";
import type { RoomKind } from "./addressing.ts";
import type { UnknownCall } from "./events.ts";
import type { Addressee, PassedBecause, RoomMode } from "./rhythm.ts";

export type RoomCommand =
  | CommandOf<"OpenRoom", { roomId: RoomId; name: string; kind: RoomKind; ownerId: UserId; words: Words }>
  /** `isAgain`: under a name of today, for the one they came with can no longer be read. */
  | CommandOf<"JoinRoom", { userId: UserId; isAgain?: boolean; words: Words }>
  | CommandOf<"AddParticipant", { userId: UserId; words: Words }>
  | CommandOf<"RemoveParticipant", { userId: UserId }>
  | CommandOf<"InviteAgent", { agentId: AgentId; agentName: string }>
  | CommandOf<"DismissAgent", { agentId: AgentId }>
  /** An agent says of itself that its owner switched it on or off. */
  | CommandOf<"SwitchAgent", { agentId: AgentId; active: boolean }>
  | CommandOf<
      "PostMessage",
      {
        messageId: MessageId;
        chars: number;
        replyTo: MessageId | null;
        addressed: ReadonlyArray<Addressee>;
        /** Somebody is named with @, an agent or a person. */
        named: boolean;
        callsOff: boolean;
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
        /** What it answers as well, where it is more than one message. */
        alsoInReplyTo?: ReadonlyArray<MessageId>;
        chars: number;
        /** The hops of the message it answers, as the room's own log has them. */
        answeredHops: number;
        notice: boolean;
        stopped: boolean;
        model: string | null;
        tokensIn: number | null;
        tokensOut: number | null;
        /** Whose words it may say again. */
        tells: ReadonlyArray<UserId>;
        /** Calls whose outcome nobody knows, if there are any. */
        unknown?: ReadonlyArray<UnknownCall>;
        addressed: ReadonlyArray<Addressee>;
        words: Words;
      }
    >
  | CommandOf<"InvokeAgent", { messageId: MessageId; agentId: AgentId; replyTo: MessageId | null }>
  | CommandOf<"SetPolicy", { mode: RoomMode }>
  | CommandOf<"PassFloor", { messageId: MessageId; agentId: AgentId; why: PassedBecause }>
  | CommandOf<"CloseRoom", Record<never, never>>;

export type RoomCommandOf<T extends RoomCommand["type"]> = Extract<RoomCommand, { type: T }>;
