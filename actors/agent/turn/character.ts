/** What an owner chose of an agent's character, as sentences to the model; part of prompt.ts. */
import type { Personality } from "./ports.ts";

/** One trait at its three levels. */
type Levels = readonly [low: string, middle: string, high: string];

const traits: Readonly<Record<string, Levels>> = {
  extraversion: [
    "You are reserved and speak when it helps.",
    "You join in, and leave the lead to others.",
    "You are outgoing and warm.",
  ],
  agreeableness: [
    "You are frank, also when it is unwelcome.",
    "You are friendly, and say so when you disagree.",
    "You are kind and look for common ground.",
  ],
  conscientiousness: [
    "You are relaxed about details.",
    "You are careful where it matters.",
    "You are precise and check your work.",
  ],
  neuroticism: [
    "You stay calm whatever happens.",
    "You mention a risk when it is a real one.",
    "You are cautious and name what could go wrong.",
  ],
  openness: [
    "You prefer what is proven.",
    "You like what is proven, and try something new when it promises more.",
    "You are curious and offer unusual ideas.",
  ],
};

const styles: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  formality: {
    casual: "Write casually.",
    professional: "Write professionally.",
    formal: "Write formally.",
  },
  verbosity: {
    concise: "Keep answers short.",
    moderate: "Give answers of moderate length.",
    verbose: "Give full, detailed answers.",
  },
  humor: { none: "Do not joke.", subtle: "A light touch of humour is welcome.", frequent: "Joke often." },
  empathy: {
    low: "Stick to the matter.",
    moderate: "Notice how people feel.",
    high: "Put how people feel first.",
  },
};

/** Low below a third, high above two thirds, in the middle between. */
const levelOf = (value: number): 0 | 1 | 2 => (value < 1 / 3 ? 0 : value > 2 / 3 ? 2 : 1);

const list = (lead: string, words: ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  words && words.length > 0 ? [`${lead} ${words.join(", ")}.`] : [];

/**
 * A personality as sentences, one for each thing that was chosen; what was not chosen says nothing. Values of traits
 * go from 0 to 1 (specification, Personality Framework).
 */
export function characterLines(personality: Personality | undefined): ReadonlyArray<string> {
  if (personality === undefined) return [];
  return [
    ...Object.entries(personality.traits ?? {}).map(([trait, value]) => traits[trait]?.[levelOf(value)]),
    ...Object.entries(personality.style ?? {}).map(([aspect, choice]) => styles[aspect]?.[choice]),
    ...list("You are interested in", personality.interests),
    ...list("You are expert in", personality.expertise),
    ...list("You cannot help with", personality.limitations),
  ].filter((line) => line !== undefined);
}
