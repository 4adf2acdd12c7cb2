/** An agent between its owner's words and its events, both ways; pure, used by AgentActor. */
import { Redacted } from "effect";
import type { PersonalityChoice, Settings } from "#events/agent/commands.ts";
import type { AgentState } from "#events/agent/state.ts";
import { Erased, type Unsealed, type Words } from "#events/kit/envelope.ts";
import type { AgentDescription, AgentInput, PersonalityInput, WordsReference } from "../kit/doors.ts";

/** The settings that are not words. */
export const settingsOf = (input: AgentInput): Settings => ({
  name: input.name,
  provider: input.provider,
  model: input.model,
  memoryEnabled: input.memoryEnabled,
  ...(input.maxTokens == null ? {} : { maxTokens: input.maxTokens }),
  ...(input.temperature == null ? {} : { temperature: input.temperature }),
  ...(input.fallbacks === undefined ? {} : { fallbacks: input.fallbacks }),
  ...(input.simpleModel == null ? {} : { simpleModel: input.simpleModel }),
  ...(input.talkativeness == null ? {} : { talkativeness: input.talkativeness }),
  ...(input.retentionDays == null ? {} : { retentionDays: input.retentionDays }),
  ...(input.budget === undefined ? {} : { budget: input.budget }),
});

/** The owner's words about the agent. */
export const inputWords = ({ systemPrompt, description }: AgentInput): Words =>
  Redacted.make({ systemPrompt, description });

/** The personality, its words wrapped. */
export const personalityOf = ({ traits, style, ...words }: PersonalityInput): PersonalityChoice => ({
  traits,
  style,
  words: Redacted.make(words),
});

/** The agent as its owner sees it, from its state and the words found at `configSeq` and `personalitySeq`. */
export function describe(state: AgentState, head: number, found: ReadonlyArray<Unsealed>): AgentDescription {
  const wordsAt = (seq: number) => {
    const words = found.find(({ event }) => event.seq === seq)?.words;
    return words === undefined || words === Erased ? undefined : words;
  };
  const config = wordsAt(state.configSeq);
  const personality = wordsAt(state.personalitySeq);
  const list = (key: string) => (personality?.[key] as ReadonlyArray<string> | undefined) ?? [];
  return {
    agentId: state.agentId!,
    ownerId: state.ownerId!,
    name: state.name,
    description: (config?.description as string | undefined) ?? null,
    provider: state.provider,
    model: state.model,
    systemPrompt: (config?.systemPrompt as string | undefined) ?? null,
    memoryEnabled: state.memoryEnabled,
    maxTokens: state.maxTokens,
    temperature: state.temperature,
    fallbacks: state.fallbacks,
    simpleModel: state.simpleModel,
    talkativeness: state.talkativeness,
    retentionDays: state.retentionDays,
    budget: state.budget,
    personality:
      state.personalitySeq === 0
        ? null
        : {
            traits: state.traits,
            style: state.style,
            interests: list("interests"),
            expertise: list("expertise"),
            limitations: list("limitations"),
          },
    tools: Object.entries(state.tools).map(([name, mode]) => ({ name, mode })),
    active: state.status === "active",
    version: state.version,
    seq: head,
    createdAt: state.createdAt,
    updatedAt: state.updatedAt,
  };
}

/** The words that were asked for, in that order; null for what is erased or is not there. */
export function wordsAt(
  references: ReadonlyArray<WordsReference>,
  found: ReadonlyArray<Unsealed>,
): ReadonlyArray<Record<string, unknown> | null> {
  const words = new Map(found.map(({ event, words: said }) => [event.seq, said]));
  return references.map(({ seq }) => {
    const said = words.get(seq);
    return said === undefined || typeof said === "symbol" ? null : { ...said };
  });
}

/** What an owner wants in the end: what is left out stays as it is. */
export const changed = (current: AgentDescription, input: Partial<AgentInput>): AgentInput =>
  ({
    ...{ ...current, description: current.description ?? "", systemPrompt: current.systemPrompt ?? "" },
    ...input,
  }) as AgentInput;
