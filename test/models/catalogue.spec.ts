/** The catalogue of models, and which adapter a choice reaches. */
import { describe, expect, it } from "@effect/vitest";
import { Effect, Layer, Stream } from "effect";
import { ChatModel } from "#actors/agent/turn/ports.ts";
import { providersLive } from "#src/env.ts";
import { costOf, findModel, models, resolveModel } from "#src/models/catalogue.ts";
import { chatModelLayer, type ModelSettings } from "#src/models/route.ts";
import { fakeBinding } from "../support/fake-provider.ts";

describe("names", () => {
  it.each([
    ["anthropic", "claude-3-sonnet", "claude-sonnet-5-5"],
    ["anthropic", "claude-3-opus-20240229", "claude-opus-5-5"],
    ["anthropic", "claude-3-haiku", "claude-haiku-5-5"],
    ["openai", "gpt-4", "gpt-6-sol"],
    ["openai", "gpt-4-turbo", "gpt-6.1-terra"],
    ["openai", "gpt-3.5-turbo", "gpt-6-luna"],
  ])("%s's %s stands for %s, with a notice that says so", (provider, name, runs) => {
    const resolved = resolveModel(provider, name);
    expect(resolved.runs).toBe(runs);
    expect(resolved.notice).toContain(runs);
    expect(resolved.known?.price).toBeDefined();
  });

  it("a name it does not know is taken as it is, its price unknown", () => {
    expect(resolveModel("openai", "llama3.2")).toEqual({ runs: "llama3.2", known: undefined, notice: undefined });
    expect(costOf("openai", "llama3.2", 10, 10)).toBeUndefined();
  });

  it("names are unique, and every replacement is itself a model", () => {
    expect(new Set(models.map(({ provider, id }) => `${provider} ${id}`)).size).toBe(models.length);
    for (const { provider, replacement } of models) {
      if (replacement !== undefined) expect(findModel(provider, replacement)?.retired).toBeUndefined();
    }
  });
});

describe("cost", () => {
  it("counts in millionths of a dollar, rounded up, by the snapshot's model", () => {
    expect(costOf("anthropic", "claude-haiku-4-5-20251001", 1_000, 100)).toBe(1_500);
    expect(costOf("anthropic", "claude-haiku-5-5", 1, 0)).toBe(1);
  });

  it("a long prompt pays the long prompt's rate", () => {
    expect(costOf("openai", "gpt-6-sol", 300_000, 1_000)).toBe(300_000 * 4 + 1_000 * 15);
  });

  it("the demo is free, and without usage nothing is claimed", () => {
    expect(costOf("demo", "troupe-demo", 5, 5)).toBe(0);
    expect(costOf("anthropic", "claude-sonnet-5-5", undefined, 5)).toBeUndefined();
  });
});

describe("routes", () => {
  const ask = (settings: ModelSettings, provider: string, model = "claude-3-opus") =>
    Effect.gen(function* () {
      const chat = yield* ChatModel;
      const parts = yield* Stream.runCollect(
        chat.stream(
          { provider, model, maxTokens: 100 },
          { system: "", messages: [{ role: "user", text: "hi" }], tools: [] },
        ),
      );
      return parts.at(-1)!;
    }).pipe(Effect.provide(Layer.fresh(chatModelLayer(settings))));
  const quick: ModelSettings = { demo: { seed: 1, wordPauseMs: 0 } };

  it.live.each(["anthropic", "openai", "cloudflare", "demo"])("without a key the demo stands in for %s", (provider) =>
    Effect.gen(function* () {
      expect(yield* ask(quick, provider)).toMatchObject({ provider: "demo", model: "troupe-demo" });
    }),
  );

  it.live("a configured provider answers itself, under the name that stands for the asked one", () =>
    Effect.gen(function* () {
      const { binding, heard } = fakeBinding({ says: ["Yes."], ends: "end" });
      const reply = yield* ask({ ...quick, cloudflare: binding }, "cloudflare", "@cf/x/y");
      expect(reply).toMatchObject({ text: "Yes.", provider: "cloudflare", model: "@cf/x/y" });
      expect(heard.requests).toHaveLength(1);
    }),
  );

  it.live("a provider nobody knows is refused, not guessed", () =>
    Effect.gen(function* () {
      expect((yield* Effect.flip(ask(quick, "mistral"))).reason._tag).toBe("Unacceptable");
    }),
  );

  it("says which providers are live", () => {
    expect(providersLive({ ...quick, openai: { apiKey: "k" } })).toEqual({
      anthropic: false,
      openai: true,
      cloudflare: false,
    });
  });
});
