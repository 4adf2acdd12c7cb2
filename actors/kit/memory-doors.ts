/** What may be asked of an agent's memory across the walls between objects: its types, and the part of the agent's door they belong to. */
import type { Basis, MemoryKind, Origin } from "#events/agent/memory-events.ts";
import type { AgentId, MemoryId, RoomId, UserId } from "#events/kit/ids.ts";
import type { Principal } from "./principal.ts";
import type { Reply } from "./reply.ts";

/** A memory as its owner gives it. What is left out has its default, or stays as it is. */
export interface MemoryInput {
  readonly kind: MemoryKind;
  readonly content: string;
  /** 0 to 1. */
  readonly importance?: number;
  /** Any JSON, given back as it came. The engine reads `at`, `speaker` and `room_id` where it is an object. */
  readonly context?: unknown;
  readonly about?: ReadonlyArray<UserId>;
  readonly sensitive?: boolean;
  readonly pinned?: boolean;
}

/** Where a memory comes from. */
export interface MemorySource {
  readonly turnId: string | null;
  readonly roomId: string | null;
  /** The events of the agent's log that it was made of. */
  readonly eventSeqs: ReadonlyArray<number>;
  /** The memories that it was drawn from, or that were merged into it. */
  readonly memoryIds: ReadonlyArray<string>;
  readonly basis: Basis;
  readonly origin: Origin;
  /** When the owner put it in these words; null where they are those that it was formed with. */
  readonly rewordedAt: number | null;
}

/** A memory as its owner sees it; times are milliseconds since 1970. */
export interface MemoryDescription {
  readonly memoryId: MemoryId;
  readonly agentId: AgentId;
  readonly kind: MemoryKind;
  /** Null once its words were erased. */
  readonly content: string | null;
  readonly importance: number;
  readonly context: unknown;
  readonly about: ReadonlyArray<UserId>;
  readonly sensitive: boolean;
  readonly pinned: boolean;
  readonly state: "live" | "archived" | "merged";
  /** The memory in which it lives on; null while it stands for itself. */
  readonly mergedInto: MemoryId | null;
  readonly validFrom: number;
  /** Null while it holds. */
  readonly validTo: number | null;
  readonly supersededBy: string | null;
  readonly source: MemorySource;
  readonly createdAt: number;
  readonly saidAt: number;
  readonly accessedAt: number | null;
  readonly accessCount: number;
  readonly version: number;
  /** The event that formed it. */
  readonly seq: number;
}

/** An event that a memory was made of, with what was said in it. */
export interface Evidence {
  readonly seq: number;
  readonly type: string;
  readonly at: number;
  readonly actor: string;
  readonly roomId: string | null;
  readonly messageId: string | null;
  /** Null when it has no words, or they were erased. */
  readonly text: string | null;
}

/** A memory, and all that it comes from as far as it is still there. */
export interface ExplainedMemory {
  readonly memory: MemoryDescription;
  readonly events: ReadonlyArray<Evidence>;
  readonly memories: ReadonlyArray<MemoryDescription>;
}

/** Which memories are wanted. */
export interface MemoryFilter {
  readonly kinds?: ReadonlyArray<MemoryKind>;
  readonly about?: UserId;
  readonly minImportance?: number;
  /** What was held to be true at this moment. */
  readonly asOf?: number;
}

export interface MemoryQuery extends MemoryFilter {
  readonly state: "live" | "archived" | "merged";
  readonly limit: number;
  /** Only what was formed before this event. */
  readonly before?: number;
}

export interface MemoryPage {
  readonly memories: ReadonlyArray<MemoryDescription>;
  /** `before` of the next page; null at the end. */
  readonly next: number | null;
}

export interface MemorySearch extends MemoryFilter {
  readonly text: string;
  readonly limit: number;
  readonly minSimilarity: number;
  /** When it was said: from, and before; milliseconds since 1970. */
  readonly from?: number;
  readonly to?: number;
}

export interface FoundMemory {
  readonly memory: MemoryDescription;
  /** 0 to 1. */
  readonly similarity: number;
  /** 0 to 1: the order of the results. */
  readonly relevance: number;
}

/** What a search found, best first; `degraded` when something that ranks was asked and did not answer. */
export interface FoundMemories {
  readonly found: ReadonlyArray<FoundMemory>;
  readonly degraded: boolean;
}

/** What an agent remembers of a person, as that person sees it. */
export interface MemoryOfMe {
  readonly memory: MemoryDescription;
  /** How many others it is about as well; unless the person said it, its words are then withheld. */
  readonly others: number;
}

export interface MemoriesOfMe {
  readonly agentName: string;
  readonly memories: ReadonlyArray<MemoryOfMe>;
  readonly next: number | null;
}

/** A row of what the owner teaches, by its place in what was sent: a memory, or why it is none. */
export type TaughtRow =
  | { readonly row: number; readonly input: MemoryInput }
  | { readonly row: number; readonly reason: string };

/** How far a training has got. */
export interface TrainingProgress {
  readonly trainingId: string;
  readonly status: "running" | "done" | "cancelled" | "failed";
  readonly done: number;
  readonly total: number;
  /** Null while it runs. */
  readonly result: {
    readonly taken: number;
    readonly refused: number;
    /** A thousand of them, behind the place that was asked for. */
    readonly refusedRows: ReadonlyArray<{ readonly row: number; readonly reason: string }>;
    /** Where the next ones begin; null at the end. */
    readonly nextRefused: number | null;
  } | null;
}

/** How far the agent's memories are embedded. */
export interface EmbeddingProgress {
  readonly status: "running" | "done" | "cancelled";
  /** Provider and model. */
  readonly model: string;
  /** Memories that are through, the skipped ones among them. */
  readonly done: number;
  readonly total: number;
  /** Memories that the provider does not take whatever is done. */
  readonly skipped: number;
  /** What went wrong last, while it is being waited out: the name of a reason, no words. */
  readonly error: string | undefined;
}

/** What an agent knows of a person in a room. */
export interface PersonInRoom {
  readonly userId: UserId;
  /** How close they are: a sum of signs that halves in thirty days. */
  readonly tie: number;
  /** 0 to 1: whether both speak as much. */
  readonly reciprocity: number;
  /** 0 to 1: how much they may be relied on, at least. */
  readonly trust: number;
  readonly received: number;
  readonly sent: number;
  /** Stems of what they speak of, most telling first. */
  readonly topics: ReadonlyArray<string>;
  /** Whom they named, and who that is to them. */
  readonly names: ReadonlyArray<{ readonly relation: string; readonly name: string }>;
}

/** A room as an agent has it in mind. */
export interface ConversationDescription {
  readonly roomId: RoomId;
  /** Its running notes; null where there are none. */
  readonly summary: string | null;
  /** The people it remembers, the closest first. */
  readonly people: ReadonlyArray<PersonInRoom>;
}

/** The part of an agent's door that leads to its memory. */
export interface MemoryDoors {
  memories(by: Principal, query: MemoryQuery): Promise<Reply<MemoryPage>>;
  memory(by: Principal, memoryId: string): Promise<Reply<ExplainedMemory>>;
  addMemory(by: Principal, commandId: string, input: MemoryInput): Promise<Reply<MemoryDescription>>;
  changeMemory(
    by: Principal,
    commandId: string,
    memoryId: string,
    input: Partial<MemoryInput>,
    ifVersion?: number,
  ): Promise<Reply<MemoryDescription>>;
  /** Forgets it for good, with what was merged into it and what was drawn from any of these. Answers the id of its receipt. */
  forgetMemory(by: Principal, commandId: string, memoryId: string, ifVersion?: number): Promise<Reply<string>>;
  restoreMemory(by: Principal, commandId: string, memoryId: string): Promise<Reply<MemoryDescription>>;
  /** Takes apart what was merged. */
  separateMemory(by: Principal, commandId: string, memoryId: string): Promise<Reply<MemoryDescription>>;
  searchMemories(by: Principal, search: MemorySearch): Promise<Reply<FoundMemories>>;
  /** What it knows of these rooms and the people there; nothing while its memory is off. */
  conversations(by: Principal, roomIds: ReadonlyArray<RoomId>): Promise<Reply<ReadonlyArray<ConversationDescription>>>;
  /** What it remembers about the person who asks. */
  memoriesOf(by: Principal, query: { readonly limit: number; readonly before?: number }): Promise<Reply<MemoriesOfMe>>;
  /** Forgets something that is about the person who asks. Answers the id of its receipt. */
  forgetMemoryOf(by: Principal, commandId: string, memoryId: string): Promise<Reply<string>>;
  /** Takes something to learn; it is learned in the background. The id names the command too: sent twice, it is learned once. */
  train(by: Principal, trainingId: string, rows: ReadonlyArray<TaughtRow>): Promise<Reply<TrainingProgress>>;
  /** `after` is where the refused rows to be named begin, as the training before told. */
  training(by: Principal, trainingId: string, after?: number): Promise<Reply<TrainingProgress>>;
  /** Ends it where it stands; what was taken stays. */
  cancelTraining(by: Principal, trainingId: string): Promise<Reply<TrainingProgress>>;
  /** Of the embedding of all memories; cancelled, it stays so until it is resumed, or another model is chosen. */
  embedding(by: Principal, wish?: "cancel" | "resume"): Promise<Reply<EmbeddingProgress>>;
}
