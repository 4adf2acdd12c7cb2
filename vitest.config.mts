/** Where the tests run: plain specifications in Node, everything that touches the platform inside workerd. */
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig(async () => {
  const migrations = await readD1Migrations("./migrations");
  return {
    test: {
      projects: [
        {
          test: {
            name: "pure",
            environment: "node",
            include: ["test/{events,turn,contract,tools,models,memory}/**/*.spec.ts", "test/*.spec.ts"],
          },
        },
        {
          plugins: [
            cloudflareTest({
              wrangler: { configPath: "./wrangler.toml" },
              miniflare: { bindings: { TEST_MIGRATIONS: migrations, APP_ENV: "development" } },
            }),
          ],
          test: {
            name: "workers",
            include: ["test/{projections,actors,http}/**/*.spec.ts"],
            setupFiles: ["./test/support/migrated.ts"],
          },
        },
      ],
    },
  };
});
