/** `npm run check`: everything that can be told of the code without running it. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { wranglerEnvironment, wranglerPath } from "./wrangler.ts";

const require = createRequire(import.meta.url);
const packaged = (name: string, file: string): string => join(dirname(require.resolve(`${name}/package.json`)), file);

/** Shapes of secrets that must never be in the tree. */
const secrets =
  /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----|\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}|\bsk_(?:live|test)_[A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}\b/;

function secretsInTree(): number {
  const files = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  }).stdout.split("\n");
  const found = files
    .filter((file) => /\.(ts|tsx|mts|json|md|toml|sql|css|html|yml)$/.test(file))
    .filter((file) => {
      try {
        return secrets.test(readFileSync(file, "utf8"));
      } catch {
        return false; // listed, but gone from the tree
      }
    });
  for (const file of found) console.error(`${file} holds something that looks like a secret`);
  return found.length === 0 ? 0 : 1;
}

const run =
  (...argv: ReadonlyArray<string>) =>
  () =>
    spawnSync(process.execPath, argv, { stdio: "inherit", env: wranglerEnvironment() }).status ?? 1;

const checks: ReadonlyArray<readonly [string, () => number]> = [
  ["types", run(packaged("typescript", "bin/tsc"), "--noEmit", "-p", ".")],
  ["types of the page", run(packaged("typescript", "bin/tsc"), "--noEmit", "-p", "web/tsconfig.json")],
  ["lint and format", run(packaged("@biomejs/biome", "bin/biome"), "check", "--error-on-warnings")],
  ["generated types", run(wranglerPath, "types", "--check")],
  ["docs of events", run("scripts/events-docs.ts", "--check")],
  [
    "architecture",
    run(packaged("vitest", "vitest.mjs"), "run", "--project", "pure", "test/architecture.spec.ts", "--reporter=dot"),
  ],
  ["secrets", secretsInTree],
];

const failed = checks.filter(([name, check]) => {
  const status = check();
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name}`);
  return status !== 0;
});
process.exit(failed.length === 0 ? 0 : 1);
