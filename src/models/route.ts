/** Which adapter answers for which provider: the one place where models meet; its layer is bound in src/worker.ts. */

import { Layer, Stream } from "effect";
import { ModelFailure, Unacceptable } from "#actors/agent/turn/failures.ts";
import { ChatModel, type ModelChoice, type ModelPart, type Prompt } from "#actors/agent/turn/ports.ts";
import { anthropicModel } from "./anthropic.ts";
import { costOf, resolveModel } from "./catalogue.ts";
import { DEMO_PROVIDER, demoModel } from "./demo.ts";
import { openAiModel } from "./openai.ts";
import { type AiBinding, workersAiModel } from "./workers-ai.ts";

/** How a provider is reached. */
interface ProviderSettings {
  readonly apiKey: string;
  readonly baseUrl?: string | undefined;
  /** The platform's own when there is none. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export interface ModelSettings {
  readonly anthropic?: ProviderSettings | undefined;
  readonly openai?: ProviderSettings | undefined;
  readonly cloudflare?: AiBinding | undefined;
  /** 25 ms between words reads like somebody typing; tests and benches take 0. */
  readonly demo: { readonly seed: number; readonly wordPauseMs: number };
}

type Model = { readonly stream: (choice: ModelChoice, prompt: Prompt) => Stream.Stream<ModelPart, ModelFailure> };

/** Whether a provider answers itself. */
const isLive = (settings: ModelSettings, provider: string): boolean =>
  (provider === "anthropic" || provider === "openai" || provider === "cloudflare") && settings[provider] !== undefined;

/** Sends each choice to its provider, or to the demo where that provider is not configured. Clients are made here, once. */
export const chatModelLayer = (settings: ModelSettings): Layer.Layer<ChatModel> =>
  Layer.sync(ChatModel, () => {
    const demo = (missing?: string): Model => demoModel({ ...settings.demo, missing });
    const models = new Map<string, Model>([
      ["anthropic", settings.anthropic ? anthropicModel(settings.anthropic) : demo("ANTHROPIC_API_KEY")],
      ["openai", settings.openai ? openAiModel(settings.openai) : demo("OPENAI_API_KEY")],
      ["cloudflare", settings.cloudflare ? workersAiModel(settings.cloudflare) : demo("up the AI binding")],
      [DEMO_PROVIDER, demo()],
    ]);
    return {
      // What the demo says costs nothing, whatever the model that it stands in for would.
      price: ({ provider, model }, tokensIn, tokensOut) =>
        isLive(settings, provider)
          ? (costOf(provider, resolveModel(provider, model).runs, tokensIn, tokensOut) ?? null)
          : 0,
      stream: (choice, prompt) => {
        const model = models.get(choice.provider);
        if (model === undefined) {
          const reason = new Unacceptable({ detail: `no provider is called “${choice.provider.slice(0, 60)}”` });
          return Stream.fail(new ModelFailure({ provider: choice.provider, model: choice.model, reason }));
        }
        return model.stream({ ...choice, model: resolveModel(choice.provider, choice.model).runs }, prompt);
      },
    };
  });
