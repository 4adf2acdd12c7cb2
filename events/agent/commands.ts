/** What may be asked of an agent: by its owner, by rooms, and by its own turns. */
import type { CommandOf } from "../kit/define.ts";
import type { Words } from "../kit/envelope.ts";
import type { ActorName, AgentId, CallId, MemoryId, MessageId, RoomId, TurnId, UserId } from "../kit/ids.ts";
import type { Addressed, RoomKind } from "../room/addressing.ts";
import type { AskWhy, FailureKind, ModelName } from "./asking.ts";
import type { Budget } from "./budget.ts";
import type {
  Audience,
  Basis,
  Finish,
  MemoriesDrawn,
  MemoryForgotten,
  MemoryKind,
  ModelAskedBehind,
  ModelFailedBehind,
  ModelRepliedBehind,
  Origin,
  Style,
  ToolGrant,
  Traits,
} from "./events.ts";
import type { ContentVerdict, Finding, Opinion } from "./verdict.ts";

/** What an owner decides; the words (system prompt, description) stay wrapped. */
export interface Settings {
  readonly name: string;
  readonly provider: string;
  readonly model: string;
  readonly memoryEnabled: boolean;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly fallbacks?: ReadonlyArray<ModelName>;
  readonly simpleModel?: ModelName;
  readonly talkativeness?: number;
  readonly budget?: Budget;
  readonly retentionDays?: number;
}

export interface PersonalityChoice {
  readonly traits: typeof Traits.Type;
  readonly style: typeof Style.Type;
  readonly words: Words;
}

type Grants = ReadonlyArray<typeof ToolGrant.Type>;

/** A message as a memory: who is in it, and what weight it has. */
export interface Episode {
  readonly memoryId: MemoryId;
  readonly importance: number;
  /** The people who are named in it, beside who said it. */
  readonly names: ReadonlyArray<UserId>;
  /** Of an answer: the messages and notes that it may say again, by the events of their words. */
  readonly repeats?: ReadonlyArray<number>;
  readonly sensitive?: boolean;
  readonly pinned?: boolean;
}

/** A memory with words of its own. */
export interface NewMemory {
  readonly memoryId: MemoryId;
  readonly kind: MemoryKind;
  readonly importance: number;
  readonly about: ReadonlyArray<UserId>;
  readonly origin: Origin;
  readonly audience: Audience;
  readonly speaker: ActorName | null;
  readonly roomId: RoomId | null;
  readonly sourceSeqs: ReadonlyArray<number>;
  readonly saidAt?: number;
  readonly validFrom?: number;
  readonly attribute?: string;
  readonly pinned?: boolean;
  readonly sensitive?: boolean;
  readonly sources?: ReadonlyArray<MemoryId>;
  readonly words: Words;
}

/** The people whom the words of a memory name, as far as the house found out: it is about them too. */
type Named = ReadonlyArray<UserId>;

/** A row of what the owner teaches: a memory, or why it cannot be one. */
export type TrainingItem =
  | { readonly row: number; readonly memory: NewMemory & { readonly basis: Basis }; readonly named?: Named }
  | { readonly row: number; readonly reason: string };

/** A memory that a turn makes of a message; where it may surface follows from the room. */
export type DrawnMemory = Omit<NewMemory, "audience" | "roomId" | "sourceSeqs"> & {
  readonly basis: "asked" | "drawn";
  /** The message, by its event: the one that is answered, or one that was taken together with it. */
  readonly sourceSeq: number;
};

/** A turn's own command names the attempt it belongs to: the fencing token [T5]. */
interface OfTurn {
  readonly turnId: TurnId;
  readonly attempt: number;
}

/** What kept a reply back. */
interface Withheld {
  readonly rules: ReadonlyArray<string>;
  readonly policyVersion: number;
  readonly moderation: Opinion | null;
}

type TurnOrLifeCommand =
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
        callsOff: boolean;
        /** The person whose word another agent's message goes back to; left out where nobody knows. */
        answers?: UserId;
        /** As a memory; left out when there is nothing in it to keep. */
        episode?: Episode;
        words: Words;
      }
    >
  | CommandOf<"StartTurn", { turnId: TurnId }>
  | CommandOf<"ResumeTurn", { turnId: TurnId }>
  /** Stops this turn, or whichever has the floor in the room. */
  | CommandOf<"StopTurn", { roomId: RoomId; turnId?: TurnId }>
  | CommandOf<"DelayTurn", OfTurn & { until: number }>
  | CommandOf<"ContinueTurn", { turnId: TurnId }>
  | CommandOf<
      "RecordContext",
      OfTurn & {
        messageSeqs: ReadonlyArray<number>;
        memoryIds: ReadonlyArray<MemoryId>;
        memorySeqs: ReadonlyArray<number>;
        over: ReadonlyArray<{ seq: number; until: number }>;
        remembersAsker: boolean;
        summarySeq: number | null;
        /** The configuration that the prompt was compiled from; the one that stands now when left out. */
        configSeq?: number;
        personalitySeq?: number;
        tools: ReadonlyArray<string>;
        policyVersion: number;
        masked: ReadonlyArray<string>;
        verdicts: ReadonlyArray<Finding & { readonly seq: number }>;
        promptVersion: number;
        promptHash: string;
        tokens: number;
        degraded?: string;
      }
    >
  | CommandOf<"NarrowContext", OfTurn & { memorySeqs: ReadonlyArray<number> }>
  | CommandOf<
      "AskModel",
      OfTurn &
        ModelName & {
          round: number;
          why: AskWhy;
          tokens: number;
          microUsd: number | null;
          /** On what tools have answered in the turn. */
          verdict?: ContentVerdict;
        }
    >
  | CommandOf<
      "RecordModelFailure",
      OfTurn &
        ModelName & {
          round: number;
          kind: FailureKind;
          reason: string;
          retryAfterMs?: number;
          ms: number;
          verdict?: ContentVerdict;
        }
    >
  | CommandOf<
      "RecordModelReply",
      OfTurn & {
        round: number;
        provider: string;
        model: string;
        finish: typeof Finish.Type;
        calls: ReadonlyArray<{ readonly callId: CallId; readonly tool: string; readonly argsHash: string }>;
        tokensIn?: number;
        tokensOut?: number;
        microUsd: number | null;
        ms: number;
        verdict?: ContentVerdict;
        words: Words;
      }
    >
  | CommandOf<"GiveUpOnModel", OfTurn & { round: number; reason: string; tried: number; retryAfterMs?: number }>
  | CommandOf<
      "RequestTools",
      OfTurn & {
        calls: ReadonlyArray<{ readonly callId: CallId; readonly replay: "pure" | "idempotent" | "once" | null }>;
      }
    >
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
  | CommandOf<"WithholdReply", OfTurn & Withheld>
  | CommandOf<
      "DraftReply",
      OfTurn & {
        replyId: MessageId;
        chars: number;
        hash: string;
        notice: boolean;
        /** Whose words it may say again. */
        tells: ReadonlyArray<UserId>;
        /** On what is said; a notice has none. */
        verdict?: ContentVerdict;
        /** What kept the reply back; the words are the notice in its place. */
        withheld?: Withheld;
        words: Words;
      }
    >
  /** Ends a turn that was stopped before anything of it was heard. */
  | CommandOf<"EndTurn", OfTurn>
  | CommandOf<
      "ConsiderMemories",
      OfTurn & {
        memories: ReadonlyArray<DrawnMemory>;
      }
    >
  | CommandOf<
      "RecordPost",
      OfTurn & {
        messageId: MessageId;
        roomSeq: number;
        /** The reply as a memory, where it is one. */
        episode?: Episode;
      }
    >
  | CommandOf<"FailTurn", OfTurn & { reason: string }>
  | CommandOf<
      "SummarizeRoom",
      {
        roomId: RoomId;
        fromSeq: number;
        toSeq: number;
        messages: number;
        by: string;
        /** The request it comes of, whose cost is counted by itself. */
        request?: string;
        tokensIn?: number;
        tokensOut?: number;
        microUsd: number | null;
        about: ReadonlyArray<UserId>;
        /** The summary that it goes on from. */
        after: number | null;
        words: Words;
      }
    >
  /** Asks a model while nobody waits; refused where no ceiling of the day allows it. */
  | CommandOf<"AskBehind", (typeof ModelAskedBehind.open)["Type"]>
  | CommandOf<"RecordFailureBehind", (typeof ModelFailedBehind.open)["Type"]>
  | CommandOf<"RecordReplyBehind", (typeof ModelRepliedBehind.open)["Type"]>
  /** A person is erased, and with them what notes of rooms hold of them. */
  | CommandOf<"ForgetSummaries", { userId: UserId }>;

/** Commands about memories that belong to no turn. What they name exists: the register was asked in the same breath. */
type MemoryCommand =
  /** What the owner adds, a training teaches, or the agent draws from what it has. */
  | CommandOf<"AddMemories", { memories: ReadonlyArray<NewMemory & { readonly basis: Basis }>; named?: Named }>
  /** Without words it keeps those that it has, and whom it is about. */
  | CommandOf<
      "ReviseMemory",
      Omit<NewMemory, "sourceSeqs" | "roomId" | "words"> & {
        basis: Basis;
        version: number;
        replacesSeq: number;
        words?: Words;
        named?: Named;
        /** Rooms whose notes cover the words that it replaces, and memories that say what those said. */
        rooms?: ReadonlyArray<RoomId>;
        displaces?: ReadonlyArray<MemoryId>;
        /** True when it was archived and is to come back with this. */
        restores?: boolean;
      }
    >
  | CommandOf<"SupersedeMemory", { memoryId: MemoryId; by: MemoryId; validTo: number; retractedAt: number }>
  | CommandOf<"MergeMemories", { into: MemoryId; from: ReadonlyArray<MemoryId> }>
  | CommandOf<"SeparateMemories", { into: MemoryId; from: ReadonlyArray<MemoryId> }>
  | CommandOf<"ArchiveMemories", { memoryIds: ReadonlyArray<MemoryId> }>
  | CommandOf<"RestoreMemories", { memoryIds: ReadonlyArray<MemoryId> }>
  | CommandOf<
      "ForgetMemories",
      {
        memoryIds: ReadonlyArray<MemoryId>;
        seqs: ReadonlyArray<number>;
        why: (typeof MemoryForgotten.open.Type)["why"];
        /** Rooms whose notes cover one of them. */
        rooms?: ReadonlyArray<RoomId>;
      }
    >
  /** What a model drew from what was said in a room, up to `toSeq`; what it may not keep is left out. */
  | CommandOf<
      "DrawMemories",
      Omit<(typeof MemoriesDrawn.open)["Type"], "drawn" | "roomId"> & {
        roomId: RoomId;
        /** Everybody whom what the model was shown is about. */
        shown: ReadonlyArray<UserId>;
        memories: ReadonlyArray<NewMemory & { readonly basis: "drawn" }>;
      }
    >
  | CommandOf<"EndSweep", { looked: number; merged: number; superseded: number; archived: number; forgotten: number }>
  | CommandOf<"NoteConsent", { userId: UserId; granted: boolean }>
  /** `digest` tells another training under the same id: what is to be learned stands beside the log until it is. */
  | CommandOf<"StartTraining", { trainingId: string; items: number; digest: string }>
  | CommandOf<"TeachItems", { trainingId: string; items: ReadonlyArray<TrainingItem> }>
  | CommandOf<"EndTraining", { trainingId: string; taken: number; refused: number; cancelled: boolean }>;

export type AgentCommand = TurnOrLifeCommand | MemoryCommand;

export type AgentCommandOf<T extends AgentCommand["type"]> = Extract<AgentCommand, { type: T }>;
