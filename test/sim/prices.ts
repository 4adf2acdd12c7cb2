/** What simulated models cost, in millionths of a US dollar a token; asked by minds.ts, and held against what the house counts by spending.ts. */
import type { ModelName } from "#events/agent/asking.ts";

interface Price {
  readonly input: number;
  readonly output: number;
}

/** Answers take several times what questions do, so that one kind of token cannot pass for the other. */
const prices: Readonly<Record<string, Price>> = {
  "demo/demo-1": { input: 2, output: 9 },
  "demo/demo-2": { input: 1, output: 4 },
  "studio/grand": { input: 3, output: 15 },
  "studio/upright": { input: 1, output: 5 },
};

/** The model of an agent of which nothing else is said; its notes are left to rules. */
export const demo: ModelName = { provider: "demo", model: "demo-1" };

const grand: ModelName = { provider: "studio", model: "grand" };
/** Nobody knows what it costs. */
const found: ModelName = { provider: "studio", model: "found-in-the-attic" };

/** What an owner may choose, and who may stand in. */
export const chosen: ReadonlyArray<ModelName> = [demo, demo, grand, grand, found];
export const standIns: ReadonlyArray<ModelName> = [
  { provider: "demo", model: "demo-2" },
  { provider: "studio", model: "upright" },
  found,
];

/** What a provider calls the model that it answered with: mostly as it was asked for, at times by a name without a price. */
export const calledBack = ({ provider, model }: ModelName, request: number): ModelName => ({
  ...{ provider, model: request % 10 === 9 ? `${model}-of-today` : model },
});

const priceOf = ({ provider, model }: ModelName): Price | undefined => prices[`${provider}/${model}`];

export function costOf(name: ModelName, tokensIn: number, tokensOut: number): number | null {
  const price = priceOf(name);
  return price === undefined ? null : price.input * tokensIn + price.output * tokensOut;
}

/** Between what so many tokens cost as questions alone and as answers alone; nothing else can be their price. */
export function isPriceOf(name: ModelName, tokens: number, microUsd: number | null): boolean {
  const price = priceOf(name);
  if (price === undefined || microUsd === null) return price === undefined && microUsd === null;
  return microUsd >= price.input * tokens && microUsd <= price.output * tokens;
}
