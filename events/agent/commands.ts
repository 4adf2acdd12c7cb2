/** What may be asked of an agent: by its owner, by rooms, and by its own turns. */
import type { CommandOf } from "../kit/define.ts";
import type { Words } from "../kit/envelope.ts";
import type { ActorName, AgentId, CallId, MemoryId, MessageId, RoomId, TurnId, UserId } from "../kit/ids.ts";
import type { Addressed, RoomKind } from "../room/addressing.ts";
import type { MemoryKind, Style, ToolGrant, Traits } from "./events.ts";

/** What an owner decides; the words (system prompt, description) stay wrapped. */
export interface Settings {
  readonly name: string;
  readonly provider: string;
  readonly model: string;
  readonly memoryEnabled: boolean;
  readonly maxTokens?: number;
  readonly temperature?: number;
}

export interface PersonalityChoice {
  readonly traits: typeof Traits.Type;
  readonly style: typeof Style.Type;
  readonly words: Words;
}

type Grants = ReadonlyArray<typeof ToolGrant.Type>;

/** A turn's own command names the attempt it belongs to: the fencing token [T5]. */
interface OfTurn {
  readonly turnId: TurnId;
  readonly attempt: number;
}

export type AgentCommand =
  | CommandOf<
      "CreateAgent",
      {
        agentId: AgentId;
        ownerId: UserId;
        settings: Settings;
        tools: Grants;
        personality?: PersonalityChoice;
        words: Words;
      }
    >
  | CommandOf<
      "ReconfigureAgent",
      { settings: Settings; words: Words; personality?: PersonalityChoice; tools?: Grants; ifVersion?: number }
    >
  | CommandOf<"GrantTools", { tools: Grants }>
  | CommandOf<"SetActive", { active: boolean }>
  | CommandOf<"DeleteAgent", { ifVersion?: number }>
  | CommandOf<"JoinRoom", { roomId: RoomId; kind: RoomKind }>
  | CommandOf<"LeaveRoom", { roomId: RoomId }>
  | CommandOf<
      "ReceiveMessage",
      {
        turnId: TurnId;
        roomId: RoomId;
        roomSeq: number;
        roomKind: RoomKind;
        messageId: MessageId;
        authorId: ActorName;
        hops: number;
        chars: number;
        replyTo: MessageId | null;
        addressed: Addressed | null;
        words: Words;
      }
    >
  | CommandOf<"StartTurn", { turnId: TurnId }>
  | CommandOf<"ResumeTurn", { turnId: TurnId }>
  | CommandOf<
      "RecordContext",
      OfTurn & {
        messageSeqs: ReadonlyArray<number>;
        memoryIds: ReadonlyArray<MemoryId>;
        memorySeqs: ReadonlyArray<number>;
        tools: ReadonlyArray<string>;
        promptVersion: number;
        promptHash: string;
        tokens: number;
        degraded?: string;
      }
    >
  | CommandOf<
      "RecordModelReply",
      OfTurn & {
        round: number;
        provider: string;
        model: string;
        finish: "end" | "tools" | "length";
        calls: ReadonlyArray<{ readonly callId: CallId; readonly tool: string; readonly argsHash: string }>;
        tokensIn?: number;
        tokensOut?: number;
        ms: number;
        words: Words;
      }
    >
  | CommandOf<"GiveUpOnModel", OfTurn & { round: number; reason: string; tried: number; retryAfterMs?: number }>
  | CommandOf<"RequestTool", OfTurn & { callId: CallId; replay: "pure" | "idempotent" | "once" | null }>
  | CommandOf<
      "SettleTool",
      OfTurn & {
        callId: CallId;
        ms: number;
        outcome:
          | { readonly kind: "executed"; readonly bytes: number; readonly words: Words }
          | { readonly kind: "failed"; readonly reason: string; readonly words: Words }
          | { readonly kind: "unknown" };
      }
    >
  | CommandOf<"DraftReply", OfTurn & { replyId: MessageId; chars: number; hash: string; notice: boolean; words: Words }>
  | CommandOf<
      "ConsiderMemories",
      OfTurn & {
        memories: ReadonlyArray<{
          readonly memoryId: MemoryId;
          readonly kind: MemoryKind;
          readonly importance: number;
          readonly about: ReadonlyArray<UserId>;
          readonly basis: "asked";
          readonly words: Words;
        }>;
      }
    >
  | CommandOf<"RecordPost", OfTurn & { messageId: MessageId; roomSeq: number }>
  | CommandOf<"FailTurn", OfTurn & { reason: string }>;

export type AgentCommandOf<T extends AgentCommand["type"]> = Extract<AgentCommand, { type: T }>;
