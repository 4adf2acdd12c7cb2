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

/** A memory as it came to mind. */
export interface Recollection {
  /** The event of its words: its own, or that of the message that it is. */
  readonly memory: Unsealed;
  /** Until when it held, in milliseconds since 1970, as far as that was known; null while it does. */
  readonly until: number | null;
}

/** Everything a prompt is made of. */
export interface Ingredients {
  readonly configuration: Configuration;
  readonly tools: ReadonlyArray<ToolDescription>;
  readonly memories: ReadonlyArray<Recollection>;
  /** False where whoever is answered has not agreed to be remembered. */
  readonly remembersAsker: boolean;
  /** RoomSummarized with its words: what was said before these messages, in short. */
  readonly summary: Unsealed | null;
  /** MessageReceived and ReplyDrafted events with their words, oldest first; the message to answer stands last. */
  readonly messages: ReadonlyArray<Unsealed>;
  readonly rounds: ReadonlyArray<Round>;
}

/** The room in which the turn speaks: that of the message to answer. */
export const roomOf = ({ messages }: Ingredients): string | undefined =>
  (messages.at(-1)?.event.open as { readonly roomId?: string } | undefined)?.roomId;
