/** Builds the page when its sources are newer than what was built last; used by start and the browser tests. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const BUILT = "web/dist/.built";

/** What the page is made of, as one digest: its own sources, what it imports of ours, and its tools. */
function sources(): string {
  const digest = createHash("sha256");
  const patterns = [
    "web/{public,src}/**/*.*",
    "web/*.*",
    "events/**/*.ts",
    "actors/room/frames.ts",
    "src/http/{api,problems}.ts",
  ];
  for (const file of globSync([...patterns, "package-lock.json"]).sort())
    digest.update(file).update(readFileSync(file));
  return digest.digest("hex");
}

/** @throws with the tool's own words when the page does not build. */
export function buildPage(): void {
  const now = sources();
  if (existsSync(BUILT) && readFileSync(BUILT, "utf8") === now) return;
  const vite = join(dirname(require.resolve("vite/package.json")), "bin/vite.js");
  const built = spawnSync(process.execPath, [vite, "build", "web", "--logLevel", "warn"], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(`the page does not build:\n${built.stdout}${built.stderr}`);
  mkdirSync(dirname(BUILT), { recursive: true });
  writeFileSync(BUILT, now);
}
