/** What actors may ask of one another, and of the platform: the types that cross the walls between objects. */
import type { ModelName } from "#events/agent/asking.ts";
import type { Budget } from "#events/agent/budget.ts";
import type { Style, ToolGrant, Traits } from "#events/agent/events.ts";
import type { ActorName, AgentId, ErasureId, MessageId, RoomId, TurnId, UserId } from "#events/kit/ids.ts";
import type { Addressed, RoomKind } from "#events/room/addressing.ts";
import type { UnknownCall } from "#events/room/events.ts";
import type { RoomMode } from "#events/room/rhythm.ts";
import type { Message, ServerFrames } from "../room/frames.ts";
import type { BorrowerDoor, ErasureDoors, ErasureReceipt, Forgotten, VaultDoor } from "./key-doors.ts";
import type { EmbeddingProgress, MemoryDoors } from "./memory-doors.ts";
import type { Principal } from "./principal.ts";
import type { Reply } from "./reply.ts";

export type { Principal } from "./principal.ts";

/** An event as auditors get it. */
export interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly v: number;
  readonly at: number;
  readonly actor: string;
  readonly command: string;
  readonly correlation: string;
  readonly causation: string | null;
  readonly open: unknown;
  readonly hash: string;
}

export interface HistoryQuery {
  readonly after: number;
  readonly limit: number;
  readonly type?: string;
}

export interface History {
  readonly events: ReadonlyArray<EventRow>;
  readonly more: boolean;
}

/** The words of an agent's owner. */
export interface PersonalityInput {
  readonly traits: typeof Traits.Type;
  readonly style: typeof Style.Type;
  readonly interests: ReadonlyArray<string>;
  readonly expertise: ReadonlyArray<string>;
  readonly limitations: ReadonlyArray<string>;
}

export interface AgentInput {
  readonly name: string;
  readonly description: string;
  readonly provider: string;
  readonly model: string;
  readonly systemPrompt: string;
  readonly memoryEnabled: boolean;
  readonly maxTokens?: number;
  readonly temperature?: number;
  /** Who stands in, best first. */
  readonly fallbacks?: ReadonlyArray<ModelName>;
  /** For simple messages; null for none. */
  readonly simpleModel?: ModelName | null;
  readonly talkativeness?: number | null;
  /** For how many days it keeps what was said; null leaves it to the house. */
  readonly retentionDays?: number | null;
  readonly budget?: Budget;
  readonly personality?: PersonalityInput;
  readonly tools?: ReadonlyArray<typeof ToolGrant.Type>;
}

/** An agent as its owner sees it; words are null once erased. */
export interface AgentDescription {
  readonly agentId: AgentId;
  readonly ownerId: UserId;
  readonly name: string;
  readonly description: string | null;
  readonly provider: string;
  readonly model: string;
  readonly systemPrompt: string | null;
  readonly memoryEnabled: boolean;
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  readonly fallbacks: ReadonlyArray<ModelName>;
  readonly simpleModel: ModelName | null;
  readonly talkativeness: number | null;
  readonly retentionDays: number | null;
  readonly budget: Budget;
  readonly personality: PersonalityInput | null;
  readonly tools: ReadonlyArray<typeof ToolGrant.Type>;
  readonly active: boolean;
  readonly version: number;
  readonly seq: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Left out where no memory was ever to be embedded. */
  readonly embedding?: EmbeddingProgress;
}

/** Somebody who takes part in a room, or did and went: either can be spoken of. */
export interface Present {
  readonly userId: UserId;
  readonly name: string;
  readonly isHere: boolean;
}

/** What anybody who meets an agent may know of it. */
export interface AgentIntroduction {
  readonly name: string;
  /** How long it keeps what was said. */
  readonly retentionDays: number;
}

/** What a room tells an agent, in the room's order. */
export type Heard =
  | { readonly kind: "joined"; readonly seq: number; readonly by: ActorName; readonly roomKind: RoomKind }
  | { readonly kind: "left"; readonly seq: number; readonly by: ActorName }
  | {
      readonly kind: "message";
      readonly seq: number;
      readonly roomKind: RoomKind;
      readonly messageId: MessageId;
      readonly authorId: ActorName;
      readonly authorName: string;
      readonly text: string | null;
      readonly hops: number;
      readonly replyTo: MessageId | null;
      readonly addressed: Addressed | null;
      /** The whole message says nothing but to leave off. */
      readonly callsOff: boolean;
      /** The person whose word an agent's message goes back to; null for what a person says, and where nobody knows. */
      readonly answers: UserId | null;
      readonly causation: string;
      readonly correlation: string;
    };

/** Who is in a room while something is said there. */
export interface FullHouse {
  /** Whether anybody looks: agents show no signs of life to an empty room. */
  readonly watched: boolean;
  /** The people who take part, or did; null where they are too many to be told one by one. */
  readonly people: ReadonlyArray<Present> | null;
}

export interface ToolOutcome {
  readonly callId: string;
  readonly tool: string;
  readonly status: "pending" | "success" | "error" | "denied" | "unknown";
  readonly input: string | null;
  readonly output: string | null;
  readonly error: string | null;
  readonly ms: number | null;
  readonly at: number;
}

/** How a message was answered, or why not. */
export type TurnOutcome =
  | {
      readonly ending: "replied";
      readonly turnId: TurnId;
      readonly messageId: MessageId;
      /** The message that it answers; others may have been taken together with it. */
      readonly inReplyTo: MessageId;
      /** Those that were taken together with it, oldest first. */
      readonly alsoInReplyTo: ReadonlyArray<MessageId>;
      readonly text: string | null;
      /** Set when somebody stopped the agent in the middle of it. */
      readonly stopped: boolean;
      readonly tools: ReadonlyArray<ToolOutcome>;
      /** Null where the last request was left without a reply on record, or a reply did not say: nobody knows then. */
      readonly usage: { readonly tokensIn: number; readonly tokensOut: number } | null;
      /** Set when the house spoke in place of a model that did not answer. */
      readonly failure: string | null;
      /** When to come back after that (ms since 1970); null where nobody said. */
      readonly retryAt: number | null;
    }
  | { readonly ending: "declined"; readonly turnId: TurnId; readonly why: string }
  | { readonly ending: "failed"; readonly turnId: TurnId; readonly reason: string }
  | { readonly ending: "open"; readonly turnId: TurnId };

/** Words by where they stand: `call` names one call's arguments in an event that holds those of several. */
export interface WordsReference {
  readonly seq: number;
  readonly call?: string;
}

/** An agent's door, for rooms and for the Worker. */
export interface AgentDoor extends BorrowerDoor, MemoryDoors, ErasureDoors {
  create(by: Principal, commandId: string, agentId: AgentId, input: AgentInput): Promise<Reply<AgentDescription>>;
  change(
    by: Principal,
    commandId: string,
    input: Partial<AgentInput>,
    ifVersion?: number,
  ): Promise<Reply<AgentDescription>>;
  setActive(by: Principal, commandId: string, active: boolean): Promise<Reply<AgentDescription>>;
  /** Answers the id of its receipt. */
  remove(by: Principal, commandId: string, ifVersion?: number): Promise<Reply<string>>;
  describe(by: Principal): Promise<Reply<AgentDescription>>;
  /** Records what a room tells. Answers when it is recorded, not when it is answered. */
  hear(roomId: RoomId, house: FullHouse, heard: ReadonlyArray<Heard>): Promise<void>;
  /** Waits until the turn that answers this message has ended, or `waitMs` have passed. */
  outcome(messageId: MessageId, waitMs: number): Promise<TurnOutcome>;
  /** What anybody who meets it may know; null for an agent that is not there, or that this person has not met. */
  introduce(to?: Principal): Promise<AgentIntroduction | null>;
  /** A person let it remember them, or took it back. */
  /** Answers what was forgotten of the person since a moment, now unless told. */
  noteConsent(commandId: string, userId: UserId, granted: boolean, since?: number): Promise<Reply<Forgotten>>;
  /** Ends this turn in this room, or without one whatever runs here, as somebody who takes part in it asks. */
  stop(by: Principal, roomId: RoomId, turnId?: TurnId): Promise<Reply>;
  history(by: Principal, query: HistoryQuery): Promise<Reply<History>>;
  /** Opens words for the owner, in the order asked for; null for what is erased or is not there. */
  reveal(
    by: Principal,
    references: ReadonlyArray<WordsReference>,
  ): Promise<Reply<ReadonlyArray<Record<string, unknown> | null>>>;
  /** Resolves when the read models, and where it is asked for its rooms, know all that had happened here, or after `waitMs`. */
  settle(waitMs: number, also?: { readonly rooms: boolean }): Promise<void>;
}

export interface PostInput {
  readonly text: string;
  readonly replyTo?: string;
  /** Addressed whether or not the text says so. */
  readonly invoke?: AgentId;
}

export interface ReplyInput {
  readonly agentId: AgentId;
  readonly agentName: string;
  readonly messageId: MessageId;
  readonly turnId: TurnId;
  readonly inReplyTo: MessageId;
  /** What it answers as well: messages that waited for the same turn, oldest first. */
  readonly alsoInReplyTo: ReadonlyArray<MessageId>;
  readonly text: string;
  /** What the agent believes; the room counts for itself. */
  readonly hops: number;
  readonly notice: boolean;
  /** Set when somebody stopped the agent in the middle of it. */
  readonly stopped: boolean;
  readonly model: string | null;
  readonly tokensIn: number | null;
  readonly tokensOut: number | null;
  /** Whose words it may say again. */
  readonly tells: ReadonlyArray<UserId>;
  /** Calls of its turn whose outcome nobody knows, if there are any. */
  readonly unknown?: ReadonlyArray<UnknownCall>;
  readonly causation: string;
  readonly correlation: string;
}

/** What an agent tells its rooms of itself: another name, that it was switched on or off, or that it is gone. */
export type AgentChange = { readonly name: string } | { readonly active: boolean } | "gone";

export interface RoomParticipant {
  readonly kind: "user" | "agent";
  readonly id: string;
  readonly name: string;
}

export interface RoomDescription {
  readonly roomId: RoomId;
  readonly name: string;
  readonly kind: RoomKind;
  readonly ownerId: UserId;
  readonly openedAt: number;
  readonly mode: RoomMode;
  readonly joined: boolean;
  readonly participants: ReadonlyArray<RoomParticipant>;
  readonly seq: number;
}

/** A frame for everybody in the room who looks. */
export interface Sighting {
  readonly event: keyof ServerFrames;
  readonly payload: unknown;
  /** For this person alone. */
  readonly only?: UserId;
}

/** A room's door, for agents and for the Worker. */
export interface RoomDoor extends BorrowerDoor {
  open(
    by: Principal,
    commandId: string,
    input: { roomId: RoomId; name: string; kind: RoomKind },
  ): Promise<Reply<RoomDescription>>;
  join(by: Principal, commandId: string): Promise<Reply<RoomDescription>>;
  addPerson(by: Principal, commandId: string, userId: UserId, name: string): Promise<Reply<RoomDescription>>;
  removePerson(by: Principal, commandId: string, userId: UserId): Promise<Reply>;
  inviteAgent(by: Principal, commandId: string, agentId: AgentId, name: string): Promise<Reply<RoomDescription>>;
  dismissAgent(by: Principal, commandId: string, agentId: AgentId): Promise<Reply>;
  /** The room's owner chooses who speaks when. */
  setPolicy(by: Principal, commandId: string, mode: RoomMode): Promise<Reply<RoomDescription>>;
  post(by: Principal, commandId: string, input: PostInput): Promise<Reply<Message>>;
  postReply(
    commandId: string,
    reply: ReplyInput,
    sightings: ReadonlyArray<Sighting>,
  ): Promise<Reply<{ roomSeq: number }>>;
  show(sightings: ReadonlyArray<Sighting>): Promise<void>;
  /** Who is there, for an agent that takes part: as it is told with each message. Null for any other. */
  attendance(agentId: AgentId): Promise<FullHouse["people"]>;
  /** An agent says what is new of itself. */
  agentChanged(commandId: string, agentId: AgentId, change: AgentChange): Promise<void>;
  describe(by: Principal): Promise<Reply<RoomDescription>>;
  messages(
    by: Principal,
    range: { after?: number; before?: number; limit: number },
  ): Promise<Reply<{ messages: ReadonlyArray<Message>; more: boolean }>>;
  history(by: Principal, query: HistoryQuery): Promise<Reply<History>>;
  settle(waitMs: number): Promise<void>;
}

/** What a person answered an agent that would like to remember them. */
export interface ConsentView {
  readonly agentId: AgentId;
  readonly decision: "asked" | "granted" | "refused";
  readonly at: number;
  readonly roomId: RoomId | null;
}

export interface UserDoor extends BorrowerDoor {
  /** Destroys the person's key everywhere. Answers the receipt as it stands within seconds; repeating it is asking how far it is. */
  erase(by: Principal, commandId: string): Promise<Reply<ErasureReceipt>>;
  /** The receipt of one of their erasures. */
  erasure(by: Principal, id: string): Promise<Reply<ErasureReceipt>>;
  /** Who was erased uses the house again: from now on what they say is kept, under a new key. */
  comeBack(by: Principal, commandId: string): Promise<Reply>;
  /** The erasure that stands for the person; null for who was never erased, or has come back. */
  standingErasure(by: Principal): Promise<ErasureId | null>;
  arrive(by: Principal): Promise<void>;
  /** An agent that met the person asks; asking again changes nothing. True the first time. */
  requestConsent(commandId: string, agentId: AgentId, roomId: RoomId): Promise<boolean>;
  /** The person decides. Answers when the agent knows; taken back, what it knew of them is unreadable by then. */
  decideConsent(by: Principal, commandId: string, agentId: AgentId, granted: boolean): Promise<Reply<ConsentView>>;
  consents(by: Principal): Promise<ReadonlyArray<ConsentView>>;
  /** What the person is called; null for somebody who was never here. */
  displayName(): Promise<string | null>;
  settle(waitMs: number): Promise<void>;
}

export interface SystemDoor extends BorrowerDoor {
  register(kind: "agent" | "room" | "user", name: string): Promise<void>;
  retire(kind: "agent" | "room" | "user", name: string): Promise<void>;
}

/** Objects of one kind, by name. */
export interface Namespace<Door> {
  getByName(name: string): Door & { fetch(request: Request): Promise<Response> };
}

/** What every actor finds in its environment. */
export interface ActorEnv {
  readonly AGENT: Namespace<AgentDoor>;
  readonly ROOM: Namespace<RoomDoor>;
  readonly USER: Namespace<UserDoor>;
  readonly SYSTEM: Namespace<SystemDoor>;
  readonly VAULT: Namespace<VaultDoor>;
  readonly DB: D1Database;
  readonly CACHE: KVNamespace;
}
