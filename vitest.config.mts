/** Where the tests run: plain specifications and simulated houses in Node, everything that touches the platform inside workerd. */
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { workerVariables } from "./test/support/worker-env.ts";

export default defineConfig(async () => {
  const migrations = await readD1Migrations("./migrations");
  return {
    test: {
      // By itself it leaves one core of two idle.
      maxWorkers: 2,
      projects: [
        {
          test: {
            name: "pure",
            // Modules are loaded once, not once per file: a third of the time went there.
            isolate: false,
            environment: "node",
            include: ["test/{events,turn,contract,tools,models,memory}/**/*.spec.ts", "test/*.spec.ts"],
          },
        },
        {
          plugins: [
            cloudflareTest({
              wrangler: { configPath: "./wrangler.toml" },
              miniflare: { bindings: { TEST_MIGRATIONS: migrations, ...workerVariables() } },
            }),
          ],
          test: {
            name: "workers",
            include: ["test/{projections,actors,http}/**/*.spec.ts"],
            setupFiles: ["./test/support/migrated.ts"],
            // The Worker is loaded once, not once per file (a quarter of the time): each test makes people and things of its own.
            isolate: false,
            testTimeout: 30_000,
            // Whole libraries in a file each: read one module at a time, they take half a minute and more than a socket holds.
            deps: {
              optimizer: {
                ssr: {
                  enabled: true,
                  include: [
                    "@anthropic-ai/sdk",
                    "@anthropic-ai/sdk/core/streaming",
                    "@clerk/backend",
                    "chrono-node/en",
                    "effect",
                    "effect/encoding/Base64",
                    "effect/encoding/Base64Url",
                    "effect/http",
                    "effect/http-api",
                    "mathjs",
                    "obscenity",
                    "openai",
                    "partyserver",
                    "stemmer",
                  ],
                },
              },
            },
          },
        },
        {
          // The actors' own classes, in Node: the platform's base class has another one in its place.
          resolve: {
            alias: { "cloudflare:workers": `${import.meta.dirname}/test/sim/workers-runtime.ts` },
          },
          test: {
            name: "sim",
            environment: "node",
            include: ["test/sim/**/*.spec.ts"],
            testTimeout: 60_000,
            server: { deps: { inline: ["partyserver"] } },
          },
        },
        {
          test: {
            name: "system",
            environment: "node",
            include: ["test/system/**/*.spec.ts"],
            testTimeout: 60_000,
            hookTimeout: 120_000,
          },
        },
      ],
    },
  };
});
