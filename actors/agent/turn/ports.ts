/** What a turn needs from above and beside it, as services; adapters stand in actors/agent and src. */

import { Context, Data, type Effect, type Stream } from "effect";
import type { ModelName, NextAsk } from "#events/agent/asking.ts";
import type { AgentCommand, Episode } from "#events/agent/commands.ts";
import type { ContextAssembled } from "#events/agent/events.ts";
import type { TurnView } from "#events/agent/turn.ts";
import type { EventOf } from "#events/kit/define.ts";
import type { Recorded, Unsealed } from "#events/kit/envelope.ts";
import type { ActorName, AgentId, CallId, MemoryId, MessageId, RoomId, TurnId, UserId } from "#events/kit/ids.ts";
import type { UnknownCall } from "#events/room/events.ts";
import type {
  DeliveryFailure,
  KeyFailure,
  ModelFailure,
  ModerationFailure,
  RecallFailure,
  ToolFailure,
} from "./failures.ts";

/** A tool as a model is told of it. `input` is a JSON Schema of type `object`. */
export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * A call that a model asked for. `arguments` is the text exactly as the model wrote it, which need not be JSON; `callId`
 * is unlike any other's in the reply.
 */
export interface ModelCall {
  readonly callId: string;
  readonly tool: string;
  readonly arguments: string;
}

/** One entry of a conversation, in no provider's words. */
export type PromptMessage =
  | { readonly role: "user"; readonly text: string }
  | { readonly role: "assistant"; readonly text: string; readonly calls: ReadonlyArray<ModelCall> }
  | {
      readonly role: "tool";
      readonly results: ReadonlyArray<{ readonly callId: string; readonly output: string; readonly failed: boolean }>;
    };

/** Everything a model gets to see in one round. */
export interface Prompt {
  readonly system: string;
  readonly messages: ReadonlyArray<PromptMessage>;
  readonly tools: ReadonlyArray<ToolDescription>;
}

/** Which model is asked, and how. */
export interface ModelChoice {
  /** `anthropic`, `openai` or `cloudflare`, as the agent's owner chose. */
  readonly provider: string;
  readonly model: string;
  readonly maxTokens: number;
  readonly temperature?: number;
  /** Asks for one JSON answer instead of a stream: its prose comes in one piece, and nothing before the model is done. */
  readonly whole?: boolean;
  /** How long nothing may come before the request has stalled, in milliseconds; 30 000 unless told. */
  readonly silenceMs?: number;
}

/**
 * Why a model stopped: it was done, it wants tools, its tokens ran out, or a reason that nobody here knows. Only `tools`
 * comes with calls that may run.
 */
export type Finish = "end" | "tools" | "length" | "unknown";

/** What comes out of a model: pieces of prose as they come, then exactly one whole reply, last. */
export type ModelPart =
  | { readonly type: "text"; readonly delta: string }
  | {
      readonly type: "reply";
      readonly text: string;
      readonly calls: ReadonlyArray<ModelCall>;
      readonly finish: Finish;
      /** The provider and model that really answered; `demo` when the stand-in did. */
      readonly provider: string;
      readonly model: string;
      /** Undefined where the provider did not say. */
      readonly tokensIn: number | undefined;
      readonly tokensOut: number | undefined;
    };

/**
 * A provider of chat models. The stream ends with a `reply` part only after the provider's terminal event; anything
 * else fails with a `ModelFailure`. A reply has at most 1 Mi characters of text and 64 calls of at most 256 Ki each. When
 * the stream fails or is interrupted, the connection is closed. It never retries.
 */
export class ChatModel extends Context.Service<
  ChatModel,
  {
    readonly stream: (choice: ModelChoice, prompt: Prompt) => Stream.Stream<ModelPart, ModelFailure>;
    /** What so many tokens cost, in millionths of a US dollar; null where the price is not known. */
    readonly price: (name: ModelName, tokensIn: number, tokensOut: number) => number | null;
  }
>()("troupe/turn/ChatModel") {}

/** How often a tool's effect may happen: as often as one likes, once per key, or once at all. */
export type Replay = "pure" | "idempotent" | "once";

/** Who asks a tool to run, and where. */
export interface ToolCaller {
  readonly agentId: string;
  readonly turnId: string;
  readonly roomId: string;
  /** Same call, same key: what makes an idempotent tool idempotent. */
  readonly key: string;
}

/** The tools that exist. Whether an agent may use one is the gate's question, not this one's. */
export class Toolbox extends Context.Service<
  Toolbox,
  {
    readonly describe: (names: ReadonlyArray<string>) => ReadonlyArray<ToolDescription>;
    /** Undefined for a name that no tool has. */
    readonly replayOf: (name: string) => Replay | undefined;
    /** `input` is the model's JSON text; the result is JSON text of at most 64 KiB. */
    readonly run: (name: string, input: string, caller: ToolCaller) => Effect.Effect<string, ToolFailure>;
  }
>()("troupe/turn/Toolbox") {}

/** A memory as it goes into a prompt. */
export interface Remembered {
  readonly memoryId: MemoryId;
  readonly seq: number;
  readonly content: string;
  /** Until when what it says held, as far as is known; null while it holds. */
  readonly until: number | null;
}

/** What came to mind, best first, each with what was said right around it. */
export interface Recalled {
  readonly memories: ReadonlyArray<Remembered>;
  /** True when something that was asked did not answer, so that another memory may have fitted better. */
  readonly degraded: boolean;
}

/** Search in this agent's own memories; no other agent's can be named. */
export class Recall extends Context.Service<
  Recall,
  {
    readonly search: (query: {
      readonly text: string;
      /** So many that fit; what was said around them comes on top. */
      readonly limit: number;
      /** Only what everybody who is here now may hear comes to mind. */
      readonly roomId: RoomId;
      /** Whom "I" and "my" stand for: a person's id. */
      readonly asker: string;
      /** What the asker said of it, where others' words are in it as well: in theirs, "I" is somebody else. */
      readonly own?: string;
      /** Events whose words are at hand already. */
      readonly without: ReadonlyArray<number>;
    }) => Effect.Effect<Recalled, RecallFailure>;
    /** Whether this person let the agent remember them; another agent always does. */
    readonly remembers: (author: ActorName) => boolean;
    /** Those of these memories, by the events of their words, that may still be told in a room. */
    readonly tellable: (seqs: ReadonlyArray<number>, roomId: RoomId) => ReadonlyArray<number>;
  }
>()("troupe/turn/Recall") {}

/** A memory about to be formed. */
export interface Formed {
  readonly kind: "episodic" | "semantic" | "procedural" | "social";
  readonly content: string;
  /** 0 to 1. */
  readonly importance: number;
  /** Whether the person asked for it to be kept, or the house drew it from what they said. */
  readonly basis: "asked" | "drawn";
  readonly attribute?: string;
  readonly validFrom?: number;
  readonly pinned?: boolean;
  readonly sensitive?: boolean;
  /** Whether it goes on from the name of whoever said it: "likes tea". */
  readonly ofSpeaker?: boolean;
  /** Who else is named in it. */
  readonly names?: ReadonlyArray<UserId>;
  /** A plain statement, as its pattern read it. */
  readonly fact?: { readonly subject: string; readonly attribute: string; readonly value: string };
}

/** Something that was said in a room. */
export interface Said {
  readonly text: string;
  readonly roomId: RoomId;
  readonly authorId: string;
  readonly authorName: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** An answer as it was said, and all that it was written with. */
export interface Answer extends Pick<Said, "text" | "roomId"> {
  /** The message that it answers. */
  readonly asked: Unsealed;
  /** The memories that came to mind, by the events of their words. */
  readonly given: ReadonlyArray<number>;
  /** The other messages that were shown, and the notes of the room. */
  readonly shown: ReadonlyArray<Unsealed>;
}

/** Finds in what was said what an agent should remember. */
export class MemoryFormer extends Context.Service<
  MemoryFormer,
  {
    /** What deserves a memory of its own; nothing of what may not be kept. */
    readonly form: (said: Said) => Effect.Effect<ReadonlyArray<Formed>>;
    /**
     * Whose words an answer may say again beside those of these people who asked, remembered or not: of what came to mind, and
     * of what it repeats.
     */
    readonly tells: (
      asker: ActorName,
      people: ReadonlyArray<UserId>,
      answer: Answer,
    ) => Effect.Effect<ReadonlyArray<UserId>>;
    /**
     * An answer itself as a memory: what weight it has, who is named in it, and what it may say again. Undefined where `asker`
     * is not remembered, or nobody can say whom it names; where something that it may say again is not kept, or not any more;
     * and of what only tells what is remembered, because it was asked for: it would be remembered again and again.
     */
    readonly episode: (asker: ActorName, answer: Answer) => Effect.Effect<Omit<Episode, "memoryId"> | undefined>;
  }
>()("troupe/turn/MemoryFormer") {}

/** Which way a text goes: `in` from people to a model, `out` from an agent to people. */
export type Direction = "in" | "out";

/** A word of the list: from `start` up to `end` of the text that was asked about, and the rule's name in verdicts. */
export interface ListedWord {
  readonly start: number;
  readonly end: number;
  readonly rule: string;
}

/** Knows what may not be said: a list of words, and a provider's opinion where one is configured. */
export class Moderator extends Context.Service<
  Moderator,
  {
    /**
     * Listed words in a text, however they are disguised. One reaches over white space only where its letters stand alone,
     * one blank between two: the filter cuts texts elsewhere.
     */
    readonly words: (text: string) => ReadonlyArray<ListedWord>;
    /** The provider that is asked for its opinion; null where none is. */
    readonly provider: string | null;
    /**
     * The categories that the provider flags, by its own names, for each of these texts, in their order and in one request;
     * none where none is asked. It never retries.
     */
    readonly check: (
      texts: ReadonlyArray<string>,
    ) => Effect.Effect<ReadonlyArray<ReadonlyArray<string>>, ModerationFailure>;
  }
>()("troupe/turn/Moderator") {}

/** A sign of life for the people in the room: shown if somebody looks, lost if nobody does. */
export type Sign =
  | {
      readonly event: "agent_thinking";
      readonly turnId: TurnId;
      readonly state: "queued" | "context" | "thinking" | "tools" | "replying" | "done" | "stopped" | "failed";
      readonly label: string;
    }
  | {
      readonly event: "agent_message";
      readonly turnId: TurnId;
      readonly phase: "start" | "delta" | "error";
      readonly messageId: MessageId;
      readonly inReplyTo: MessageId;
      readonly delta?: string;
    }
  | {
      readonly event: "tool_execution";
      readonly turnId: TurnId;
      readonly callId: CallId;
      readonly tool: string;
      readonly status: "pending" | "running" | "success" | "error" | "denied" | "unknown";
      readonly input?: string;
      readonly output?: string;
      readonly error?: string;
      readonly ms?: number;
    };

/** A reply or a notice on its way into the room. */
export interface OutgoingMessage {
  readonly messageId: MessageId;
  readonly turnId: TurnId;
  readonly roomId: RoomId;
  readonly inReplyTo: MessageId;
  /** What it answers as well: messages that waited for the same turn, oldest first. */
  readonly alsoInReplyTo: ReadonlyArray<MessageId>;
  /** How many agents have answered one another since a person last spoke. */
  readonly hops: number;
  readonly text: string;
  readonly notice: boolean;
  /** True when somebody stopped it before it was whole. */
  readonly stopped: boolean;
  readonly model: string | undefined;
  /** Null where the last request was left without a reply on record, or a reply did not say: nobody knows then. */
  readonly usage: { readonly tokensIn: number; readonly tokensOut: number } | null;
  /** Whose words it may say again. */
  readonly tells: ReadonlyArray<UserId>;
  /** Calls of its turn whose outcome nobody knows. */
  readonly unknown: ReadonlyArray<UnknownCall>;
  readonly causation: string;
  readonly correlation: string;
}

/** The room a turn speaks in. */
export class Rooms extends Context.Service<
  Rooms,
  {
    /** Posts under the message's own id, so that saying it twice is saying it once [T1]. Answers the room's seq. */
    readonly post: (message: OutgoingMessage) => Effect.Effect<{ readonly roomSeq: number }, DeliveryFailure>;
    /** Never waits and never fails: nothing may depend on a sign. */
    readonly show: (roomId: RoomId, sign: Sign) => void;
    /** False while nobody looks: then no sign need be made. */
    readonly watched: (roomId: RoomId) => boolean;
    /** What was shown of the reply that a turn's running request is giving; empty after a restart. */
    readonly shown: (turnId: TurnId) => string;
  }
>()("troupe/turn/Rooms") {}

/** The agent's own log, as a turn may use it. */
export class TurnLedger extends Context.Service<
  TurnLedger,
  {
    readonly agentId: AgentId;
    /** The fold of one open turn; undefined when it is no longer open. */
    readonly turn: (turnId: TurnId) => TurnView | undefined;
    /** Which model the turn asks next, and when. */
    readonly nextAsk: (turn: TurnView, at: number) => NextAsk;
    /** The newest summary of a room that may be read, and up to which event it reaches. */
    readonly summary: (roomId: RoomId) => { readonly seq: number; readonly toSeq: number } | null;
    /** Seqs of the newest messages of a room, own and others', oldest first; none that waits for a turn of its own. */
    readonly recent: (roomId: RoomId) => ReadonlyArray<number>;
    /** What the house knows of its agent: who it is and how it wants to speak. */
    readonly configuration: () => Effect.Effect<Configuration, KeyFailure>;
    /** The same as it was when this context was assembled, with the tools that the context names. */
    readonly configurationAt: (
      context: Recorded<EventOf<typeof ContextAssembled>>,
    ) => Effect.Effect<Configuration, KeyFailure>;
    /**
     * Waits for the end of the present moment where many turns are at work, so that what they have to record is one write.
     * To be waited for where the world was waited for anyway, before anything is decided.
     */
    readonly moment: Effect.Effect<void>;
    /** Every decision of a turn passes the same `decide` as a person's request. A refusal ends the fiber's claim. */
    readonly commit: (command: AgentCommand) => Effect.Effect<void, KeyFailure | Overtaken>;
    /** Events by seq, with their words, in the order asked for; missing ones are left out. */
    readonly reveal: (seqs: ReadonlyArray<number>) => Effect.Effect<ReadonlyArray<Unsealed>, KeyFailure>;
    /** Events of these types with `seq > after`, oldest first, at most `limit`; without their words. */
    readonly read: (
      after: number,
      limit: number,
      types: ReadonlyArray<string>,
      before?: number,
    ) => ReadonlyArray<Recorded>;
    /**
     * A hash of words that dies with the agent's key; the turn itself may not touch cryptography. Made as `like` was, for
     * comparison with one that an older program recorded.
     */
    readonly digest: (text: string, like?: string) => Effect.Effect<string, KeyFailure>;
  }
>()("troupe/turn/TurnLedger") {}

/** The agent, unsealed: what the compiled prompt is made of. */
export interface Configuration {
  /** The events it stands in; 0 for a personality that was never chosen. */
  readonly configSeq: number;
  readonly personalitySeq: number;
  readonly name: string;
  readonly systemPrompt: string;
  readonly choice: ModelChoice;
  readonly tools: ReadonlyArray<string>;
  readonly memoryEnabled: boolean;
  readonly personality: Personality | undefined;
}

export interface Personality {
  readonly traits?: Readonly<Record<string, number>> | undefined;
  readonly style?: Readonly<Record<string, string>> | undefined;
  readonly interests?: ReadonlyArray<string> | undefined;
  readonly expertise?: ReadonlyArray<string> | undefined;
  readonly limitations?: ReadonlyArray<string> | undefined;
}

/** The domain refused a turn's own command: the turn was overtaken or is over, and the fiber that asked must end. */
export class Overtaken extends Data.TaggedError("Overtaken")<{ readonly refusal: string }> {}
