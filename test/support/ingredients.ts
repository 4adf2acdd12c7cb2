/** What prompts are made of in specifications: an agent, and things said in the lobby; no ledger needed. */
import { Redacted } from "effect";
import type { Ingredients } from "#actors/agent/turn/ingredients.ts";
import type { Configuration } from "#actors/agent/turn/ports.ts";
import { RoomSummarized } from "#events/agent/events.ts";
import type { Pending, Unsealed } from "#events/kit/envelope.ts";
import { agentName } from "#events/kit/ids.ts";
import { ada, bo, drafted, heard, lobby, record, words as sealed } from "./given.ts";

/** An agent that nobody has given a character. */
export const configuration: Configuration = {
  configSeq: 1,
  personalitySeq: 0,
  name: "Ada",
  systemPrompt: "Be kind.",
  choice: { provider: "anthropic", model: "claude", maxTokens: 100 },
  tools: [],
  memoryEnabled: true,
  personality: undefined,
};

/** A pending event as the log gives it back, with its own words unless others are named. */
export const unsealed = (event: Pending, words: Unsealed["words"] = Redacted.value(event.sealed!.words)): Unsealed => ({
  event: record([event])[0]!,
  words,
});
/** What Dana says to Ada, unless said otherwise. */
export const said = (text: string, authorName = "Dana", over = {}): Unsealed =>
  unsealed(heard("one", over), { text, authorName });
export const saidByAgent = (text: string, authorName = "Bo") => said(text, authorName, { authorId: agentName(bo) });
/** What Ada said. */
export const own = (text: string): Unsealed => unsealed(drafted("one"), { text });
/** A summary of the lobby. */
export const summary = (text: string): Unsealed =>
  unsealed(
    RoomSummarized(
      { roomId: lobby, fromSeq: 3, toSeq: 22, messages: 20, by: "rules", microUsd: 0, about: [] },
      agentName(ada),
      sealed({ text }),
    ),
  );

/** The ingredients of the smallest prompt. */
export const bare: Ingredients = {
  ...{ configuration, tools: [], memories: [], summary: null, messages: [said("Hello.")], rounds: [] },
};
