/** The models we know, as data: names, windows, prices with their date, and what stands in for retired ones; read by route.ts, the adapters and src/http. */

/** What a million tokens cost, in millionths of a US dollar; a long prompt may cost more, from a number of tokens on. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** The day these figures were true. */
  readonly asOf: string;
  readonly long?: { readonly above: number; readonly input: number; readonly output: number };
}

export interface KnownModel {
  readonly id: string;
  readonly provider: "anthropic" | "openai" | "cloudflare";
  /** Tokens of prompt and answer together; undefined where we do not know. */
  readonly contextWindow: number | undefined;
  readonly maxOutput: number | undefined;
  /** Undefined: not known. Never a guess. */
  readonly price: Price | undefined;
  readonly takesTemperature: boolean;
  /** Whether reasoning can be switched off, which Chat Completions demands before it takes tools (GPT-5.4 on). */
  readonly reasoningOff?: boolean;
  /** The day it stops or stopped answering, where its provider has named one. */
  readonly retired?: string;
  readonly replacement?: string;
}

const M = 1_000_000;

/** Figures of platform.claude.com/docs (models overview, November 2026). From Opus 4.7 on a temperature is answered 400. */
const claude = (id: string, input: number, output: number, rest: Partial<KnownModel> = {}): KnownModel => ({
  id,
  provider: "anthropic",
  contextWindow: M,
  maxOutput: 128_000,
  price: { input: input * M, output: output * M, asOf: "2026-11-01" },
  takesTemperature: false,
  ...rest,
});

/** The generation before 4.6: a smaller window, and `temperature` still taken. */
const older = { contextWindow: 200_000, maxOutput: 64_000, takesTemperature: true } as const;

/**
 * Figures of developers.openai.com/api/docs/pricing as its readers report them (November 2026): standard tier; above
 * 272 000 tokens of prompt the whole request costs double on input and one and a half on output.
 */
const gpt = (id: string, input: number, output: number, rest: Partial<KnownModel> = {}): KnownModel => ({
  id,
  provider: "openai",
  contextWindow: 1_050_000,
  maxOutput: 128_000,
  price: {
    input: input * M,
    output: output * M,
    asOf: "2026-11-05",
    long: { above: 272_000, input: 2 * input * M, output: 1.5 * output * M },
  },
  takesTemperature: false,
  ...rest,
});

/** Named in the library's types, not looked up further. */
const unpriced = { contextWindow: undefined, maxOutput: undefined, price: undefined } as const;

/** Names from `AiModels` in @cloudflare/workers-types; prices of the documentation's pricing page where it lists them. */
const workersAi = (id: string, price?: readonly [input: number, output: number]): KnownModel => ({
  id,
  provider: "cloudflare",
  contextWindow: undefined,
  maxOutput: undefined,
  price: price && { input: price[0] * M, output: price[1] * M, asOf: "2026-09-20" },
  takesTemperature: true,
});

/** Every model we know. The first of each provider is what a form may suggest. */
export const models: ReadonlyArray<KnownModel> = [
  claude("claude-sonnet-5-5", 2, 10),
  claude("claude-opus-5-5", 4, 20),
  claude("claude-fable-5-1", 10, 50),
  claude("claude-haiku-5-5", 0.1, 0.5, {
    price: {
      input: 0.1 * M,
      output: 0.5 * M,
      asOf: "2026-11-01",
      long: { above: 100_000, input: 0.5 * M, output: 2.5 * M },
    },
  }),
  claude("claude-opus-5", 5, 25),
  claude("claude-sonnet-5", 2, 10),
  claude("claude-haiku-4-5", 1, 5, older),
  claude("claude-sonnet-4-5", 3, 15, { ...older, retired: "2026-11-30", replacement: "claude-sonnet-5-5" }),
  claude("claude-fable-5-2", 0, 0, unpriced),
  claude("claude-opus-4-8", 0, 0, unpriced),
  claude("claude-opus-4-7", 0, 0, unpriced),
  claude("claude-opus-4-6", 0, 0, { ...unpriced, takesTemperature: true }),
  claude("claude-sonnet-4-6", 0, 0, { ...unpriced, takesTemperature: true }),
  claude("claude-opus-4-5", 0, 0, { ...unpriced, takesTemperature: true }),
  gpt("gpt-6.1-terra", 1, 5, { reasoningOff: true }),
  gpt("gpt-6-sol", 2, 10, { reasoningOff: true }),
  gpt("gpt-6-luna", 0.1, 0.5, { reasoningOff: true }),
  gpt("gpt-6.1-sol", 2, 10),
  gpt("gpt-6-astra", 10, 50),
  gpt("gpt-5.6-sol", 4, 20, { reasoningOff: true }),
  gpt("gpt-5.6-terra", 2, 12, { reasoningOff: true }),
  gpt("gpt-5.6-luna", 0.2, 1.2, { reasoningOff: true }),
  gpt("gpt-5.5", 0, 0, { ...unpriced, reasoningOff: true }),
  gpt("gpt-5.4", 0, 0, { ...unpriced, reasoningOff: true }),
  gpt("gpt-5.4-mini", 0, 0, { ...unpriced, reasoningOff: true }),
  gpt("gpt-5", 0, 0, { ...unpriced, retired: "2026-12-11", replacement: "gpt-6.1-sol" }),
  gpt("gpt-5-mini", 0, 0, { ...unpriced, retired: "2026-12-11", replacement: "gpt-6.1-terra" }),
  gpt("gpt-4.1", 0, 0, { ...unpriced, takesTemperature: true, retired: "2027-01-14", replacement: "gpt-6-luna" }),
  gpt("gpt-4.1-mini", 0, 0, { ...unpriced, takesTemperature: true, retired: "2027-01-14", replacement: "gpt-6-luna" }),
  gpt("gpt-4o", 0, 0, { ...unpriced, takesTemperature: true, retired: "2027-01-14", replacement: "gpt-6-luna" }),
  gpt("gpt-4o-mini", 0, 0, { ...unpriced, takesTemperature: true, retired: "2027-01-14", replacement: "gpt-6-luna" }),
  workersAi("@cf/meta/llama-3.3-70b-instruct-fp8-fast", [0.293, 2.253]),
  workersAi("@cf/meta/llama-3.2-3b-instruct", [0.051, 0.335]),
  workersAi("@cf/meta/llama-3.2-1b-instruct", [0.027, 0.201]),
  workersAi("@cf/meta/llama-4-scout-17b-16e-instruct"),
  workersAi("@cf/openai/gpt-oss-120b"),
  workersAi("@cf/openai/gpt-oss-20b"),
  workersAi("@cf/mistralai/mistral-small-3.1-24b-instruct"),
  workersAi("@cf/qwen/qwen3-30b-a3b-fp8"),
  workersAi("@cf/zai-org/glm-4.7-flash"),
  workersAi("@cf/google/gemma-4-26b-a4b-it"),
];

/**
 * The specification's names, all of them switched off by their providers, and what runs instead: the same tier of the
 * present line-up; of OpenAI's only models that take tools through Chat Completions.
 */
const aliases: ReadonlyMap<string, string> = new Map([
  ["anthropic claude-3-opus", "claude-opus-5-5"],
  ["anthropic claude-3-sonnet", "claude-sonnet-5-5"],
  ["anthropic claude-3-haiku", "claude-haiku-5-5"],
  ["openai gpt-4", "gpt-6-sol"],
  ["openai gpt-4-turbo", "gpt-6.1-terra"],
  ["openai gpt-3.5-turbo", "gpt-6-luna"],
]);

const byName = new Map(models.map((model) => [`${model.provider} ${model.id}`, model]));

/** A snapshot's name ends in its day: `claude-haiku-4-5-20251001`, `gpt-5-2025-08-07`. */
const SNAPSHOT = /-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/;

/** The model of that name, or of the name without its snapshot's date; undefined for one we do not know. */
export const findModel = (provider: string, name: string): KnownModel | undefined =>
  byName.get(`${provider} ${name}`) ?? byName.get(`${provider} ${name.replace(SNAPSHOT, "")}`);

/** What a name stands for. */
export interface Resolved {
  /** The name that is sent to the provider. */
  readonly runs: string;
  readonly known: KnownModel | undefined;
  /** For the person who chose the name, when something else runs; undefined otherwise. */
  readonly notice: string | undefined;
}

/** What runs under a name: the model itself, or today's model for one of the specification's. Unknown names stay as they are. */
export function resolveModel(provider: string, name: string): Resolved {
  const key = `${provider} ${name}`;
  const runs = aliases.get(key) ?? aliases.get(key.replace(SNAPSHOT, "")) ?? name;
  return {
    runs,
    known: findModel(provider, runs),
    notice: runs === name ? undefined : `“${name}” is no longer offered by its provider; “${runs}” runs in its place.`,
  };
}

/** What a reply cost in millionths of a US dollar, rounded up; undefined where price or usage is not known. */
export function costOf(
  provider: string,
  model: string,
  tokensIn: number | undefined,
  tokensOut: number | undefined,
): number | undefined {
  if (provider === "demo") return 0;
  const price = findModel(provider, model)?.price;
  if (price === undefined || tokensIn === undefined || tokensOut === undefined) return undefined;
  const rate = price.long !== undefined && tokensIn > price.long.above ? price.long : price;
  return Math.ceil((tokensIn * rate.input + tokensOut * rate.output) / M);
}
