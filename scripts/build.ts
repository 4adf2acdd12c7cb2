/** Builds the page and the Worker when their sources differ from what was built last; used by start, deploy and the bench. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { wranglerEnvironment, wranglerPath } from "./wrangler.ts";

const require = createRequire(import.meta.url);

/** Something that is built: from which files, by which program, and where it is noted what was built last. */
interface Build {
  readonly what: string;
  readonly sources: ReadonlyArray<string>;
  readonly command: ReadonlyArray<string>;
  readonly note: string;
}

const page: Build = {
  what: "the page",
  sources: [
    "web/{public,src}/**/*.*",
    "web/*.*",
    "events/**/*.ts",
    "actors/room/frames.ts",
    "src/http/{api,problems}.ts",
    "package-lock.json",
  ],
  command: [join(dirname(require.resolve("vite/package.json")), "bin/vite.js"), "build", "web", "--logLevel", "warn"],
  note: "web/dist/.built",
};

const FOLDER = ".wrangler/build";

const worker: Build = {
  what: "the program",
  sources: ["{events,projections,actors,src}/**/*.ts", "wrangler.toml", "package-lock.json"],
  command: [wranglerPath, "deploy", "--dry-run", "--outdir", FOLDER],
  note: `${FOLDER}/.built`,
};

/** What a thing is made of, as one digest. */
function digestOf({ sources }: Build): string {
  const digest = createHash("sha256");
  for (const file of globSync([...sources]).sort()) digest.update(file).update(readFileSync(file));
  return digest.digest("hex");
}

/** @throws with the tool's own words when it does not build. */
function build(thing: Build): void {
  const now = digestOf(thing);
  if (existsSync(thing.note) && readFileSync(thing.note, "utf8") === now) return;
  const built = spawnSync(process.execPath, [...thing.command], { encoding: "utf8", env: wranglerEnvironment() });
  if (built.status !== 0) throw new Error(`${thing.what} does not build:\n${built.stdout}${built.stderr}`);
  mkdirSync(dirname(thing.note), { recursive: true });
  writeFileSync(thing.note, now);
}

/** Builds what the browser gets. @throws with the tool's own words when it does not build. */
export const buildPage = (): void => build(page);

/**
 * Builds the Worker into one file and answers its path. Kept between starts: bundling the libraries takes as long as
 * everything else of a start, and 700 MB for as long as the program runs.
 * @throws with the tool's own words when it does not build.
 */
export function buildWorker(): string {
  build(worker);
  return join(FOLDER, "worker.js");
}
