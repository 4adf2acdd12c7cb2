/** Applies the migrations to the local D1 database, when there are any it has not seen; used by start. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wranglerEnvironment, wranglerPath } from "./wrangler.ts";

/** @throws with wrangler's own words when a migration does not apply. */
export async function migrateLocally(state: string): Promise<void> {
  const wanted = readdirSync("migrations").sort().join("\n");
  const seen = join(state, "troupe-migrations");
  if (existsSync(seen) && readFileSync(seen, "utf8") === wanted) return;
  const applied = spawnSync(
    process.execPath,
    [wranglerPath, "d1", "migrations", "apply", "troupe", "--local", "--persist-to", state],
    { env: wranglerEnvironment(), encoding: "utf8" },
  );
  if (applied.status !== 0) throw new Error(`the database could not be prepared:\n${applied.stdout}${applied.stderr}`);
  writeFileSync(seen, wanted);
}
