/** What prompts are made of in specifications: an agent, and things said in the lobby; no ledger needed. */
import { Redacted } from "effect";
import type { Ingredients, Recollection } from "#actors/agent/turn/ingredients.ts";
import type { Configuration } from "#actors/agent/turn/ports.ts";
import { MemoryFormed, RoomSummarized } from "#events/agent/events.ts";
import { Erased, type Pending, type Unsealed } from "#events/kit/envelope.ts";
import { agentName } from "#events/kit/ids.ts";
import { ada, bo, drafted, heard, lobby, memoryId, record, words as sealed } from "./given.ts";

type Remembered = Partial<typeof MemoryFormed.open.Type> & {
  readonly speakerName?: string;
  readonly until?: number | null;
};

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

/** A memory with words of its own, as it came to mind. */
export const remembered = (
  content: string | null,
  { speakerName, until = null, ...over }: Remembered = {},
): Recollection => {
  const facts = { kind: "semantic", importance: 0.5, about: [], audience: "room", speaker: null } as const;
  const frame = { memoryId: memoryId("one"), turnId: null, roomId: lobby, sourceSeqs: [], basis: "drawn" } as const;
  const event = MemoryFormed({ ...facts, ...frame, origin: "person", ...over }, agentName(ada), sealed());
  const words = { ...(content === null ? {} : { content }), ...(speakerName === undefined ? {} : { speakerName }) };
  return { memory: unsealed(event, content === null ? Erased : words), until };
};
/** A message as it came to mind. */
export const recalled = (memory: Unsealed): Recollection => ({ memory, until: null });

/** The ingredients of the smallest prompt. */
export const bare: Ingredients = {
  ...{ configuration, tools: [], memories: [], summary: null, messages: [said("Hello.")], rounds: [] },
  remembersAsker: true,
};
