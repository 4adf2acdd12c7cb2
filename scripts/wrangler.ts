/** How wrangler is run on this machine: from the package's own file, offline, without its trace store. Used by build, check, deploy, tests and benches. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** The file behind the `wrangler` command; run with this Node, so that no PATH can bring another. */
export const wranglerPath = join(dirname(require.resolve("wrangler/package.json")), "bin/wrangler.js");

/**
 * The environment of a local run, with wrangler's own logs and registry under `state` too. The trace store makes every
 * call ten times slower (wrangler 4.155).
 */
export const wranglerEnvironment = (state = ".wrangler"): NodeJS.ProcessEnv => ({
  ...process.env,
  WRANGLER_LOG_PATH: join(state, "logs"),
  WRANGLER_REGISTRY_PATH: join(state, "registry"),
  CI: "1",
  X_LOCAL_OBSERVABILITY: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
});
