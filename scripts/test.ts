/** `npm test`: the whole suite, and one line at its end that says how it went. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildPage, buildWorker } from "./build.ts";
import { wranglerEnvironment } from "./wrangler.ts";

const require = createRequire(import.meta.url);
const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");
const folder = mkdtempSync(join(tmpdir(), "troupe-test-"));
const file = join(folder, "report.json");

// Programs that are started side by side must not build themselves side by side.
await Promise.all([buildWorker(), buildPage()]);

const run = spawnSync(
  process.execPath,
  [vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...process.argv.slice(2)],
  { stdio: "inherit", env: wranglerEnvironment() },
);

/** Counts as the reporter wrote them; a run that died before that has failed as a whole. */
function counts(): { readonly passed: number; readonly failed: number } {
  try {
    const report = JSON.parse(readFileSync(file, "utf8")) as Record<string, number>;
    const failed = (report["numFailedTests"] ?? 0) + (report["numFailedTests"] === 0 && run.status !== 0 ? 1 : 0);
    return { passed: report["numPassedTests"] ?? 0, failed };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { passed, failed } = counts();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 && run.status === 0 ? 0 : 1);
