/** Builds the page and the Worker when their sources differ from what was built last; used by start, deploy and the bench. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { wranglerEnvironment, wranglerPath } from "./wrangler.ts";

const require = createRequire(import.meta.url);
const run = promisify(execFile);

/** Something that is built: from which files, by which program, and where it is noted what was built last. */
interface Build {
  readonly what: string;
  readonly sources: ReadonlyArray<string>;
  readonly command: ReadonlyArray<string>;
  /** What the program does not write by itself. */
  readonly finish?: () => Promise<void>;
  readonly note: string;
}

const page: Build = {
  what: "the page",
  sources: [
    "web/{public,src}/**/*.*",
    "web/*.*",
    "events/**/*.ts",
    "actors/room/frames.ts",
    "src/http/*.ts",
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
  finish: writeOptions,
  note: `${FOLDER}/.built`,
};

/** Notes what wrangler.toml binds, as miniflare wants it: reading it anew at each start would load all of wrangler. */
async function writeOptions(): Promise<void> {
  const { unstable_getMiniflareWorkerOptions: optionsOf } = await import("wrangler");
  writeFileSync(join(FOLDER, "worker.json"), JSON.stringify(optionsOf("wrangler.toml").workerOptions));
}

/** What a thing is made of, and where it stands, as one digest. */
function digestOf({ sources }: Build): string {
  const digest = createHash("sha256").update(process.cwd());
  for (const file of globSync([...sources]).sort()) digest.update(file).update(readFileSync(file));
  return digest.digest("hex");
}

/** @throws with the tool's own words when it does not build. */
async function build(thing: Build): Promise<void> {
  const now = digestOf(thing);
  if (existsSync(thing.note) && readFileSync(thing.note, "utf8") === now) return;
  // Whoever runs it: a test runner's NODE_ENV makes a page of half as much again, with React's own checks in it.
  const env = { ...wranglerEnvironment(), NODE_ENV: "production" };
  await run(process.execPath, [...thing.command], { env }).catch((failed) => {
    throw new Error(`${thing.what} does not build:\n${failed.stdout}${failed.stderr}`);
  });
  await thing.finish?.();
  mkdirSync(dirname(thing.note), { recursive: true });
  writeFileSync(thing.note, now);
}

/** Builds what the browser gets. @throws with the tool's own words when it does not build. */
export const buildPage = (): Promise<void> => build(page);

/**
 * Builds the Worker into one file, beside it what it is bound to, and answers their folder. Kept between starts:
 * bundling the libraries takes as long as everything else of a start.
 * @throws with the tool's own words when it does not build.
 */
export async function buildWorker(): Promise<string> {
  // Wrangler wants the folder of the page to be there, and both are built side by side.
  mkdirSync("web/dist", { recursive: true });
  await build(worker);
  return FOLDER;
}
