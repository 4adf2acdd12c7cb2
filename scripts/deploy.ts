/** `npm run deploy`: migrations, the page, the Worker — in the order in which each needs the one before. */
import { spawnSync } from "node:child_process";
import { buildPage } from "./build.ts";
import { wranglerPath } from "./wrangler.ts";

const wrangler = (...argv: ReadonlyArray<string>): void => {
  const { status } = spawnSync(process.execPath, [wranglerPath, ...argv], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};

await buildPage();
wrangler("d1", "migrations", "apply", "troupe", "--remote", "--env", "production");
wrangler("deploy", "--env", "production", ...process.argv.slice(2));
