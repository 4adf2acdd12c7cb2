/** What a prompt is made of, before it is text: gathered by transcript.ts, compiled by prompt.ts. */
import type { Unsealed } from "#events/kit/envelope.ts";
import type { Configuration, ModelCall, ToolDescription } from "./ports.ts";

/** What came of one call, as the model is told. */
export interface Outcome {
  readonly callId: string;
  readonly output: string;
  readonly failed: boolean;
  /** True for the house's own words, such as that the call was not permitted; else it is the tool that speaks. */
  readonly house: boolean;
}

/** One model round of the running turn: what the model said, and what came of its calls. */
export interface Round {
  readonly text: string;
  readonly calls: ReadonlyArray<ModelCall>;
  readonly results: ReadonlyArray<Outcome>;
}

/** A memory, and what is known of where it comes from. */
export interface Recollection {
  /** Null once it was erased. */
  readonly content: string | null;
  /** When it was formed, in milliseconds since 1970. */
  readonly learnedAt: number;
  /** True when it was learned in the room in which the turn speaks; null where that is not on record. */
  readonly here: boolean | null;
}

/** Everything a prompt is made of. */
export interface Ingredients {
  readonly configuration: Configuration;
  readonly tools: ReadonlyArray<ToolDescription>;
  readonly memories: ReadonlyArray<Recollection>;
  /** RoomSummarized with its words: what was said before these messages, in short. */
  readonly summary: Unsealed | null;
  /** MessageReceived and ReplyDrafted events with their words, oldest first; the message to answer stands last. */
  readonly messages: ReadonlyArray<Unsealed>;
  readonly rounds: ReadonlyArray<Round>;
}
