/** `size`: the Worker's bundle and the page's scripts, gzipped; built here, so the figures are those of the tree as it stands. */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildPage } from "../../scripts/build.ts";
import { wranglerEnvironment, wranglerPath } from "../../scripts/wrangler.ts";
import { type Budget, budgets, type Figure, type Part } from "../figures.ts";

const root = join(import.meta.dirname, "../..");
const unit = "kB";

const kilobytes = (files: ReadonlyArray<string>) => {
  const contents = files.map((file) => readFileSync(file));
  return {
    raw: contents.reduce((sum, content) => sum + content.length, 0) / 1_000,
    gz: contents.reduce((sum, content) => sum + gzipSync(content).length, 0) / 1_000,
  };
};

const figure = (name: string, value: number, budget?: Budget): Figure => ({
  ...{ name, unit, rounds: [value] },
  ...(budget === undefined ? {} : { budget }),
});

/** What a deployment would upload, made by wrangler itself and not sent. */
function workerFigures(): ReadonlyArray<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "troupe-bench-bundle-"));
  try {
    const argv = [wranglerPath, "deploy", "--dry-run", "--outdir", folder];
    const made = spawnSync(process.execPath, argv, { cwd: root, encoding: "utf8", env: wranglerEnvironment() });
    if (made.status !== 0) throw new Error(`the Worker does not build:\n${made.stdout}${made.stderr}`);
    const files = globSync("**/*.{js,mjs,wasm}", { cwd: folder }).map((file) => join(folder, file));
    const { raw, gz } = kilobytes(files);
    return [figure("Worker, gzipped", gz, budgets.workerKilobytes), figure("Worker, as it is", raw)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Scripts that a script imports before it runs. */
const imported = (source: string): ReadonlyArray<string> =>
  [
    ...source.matchAll(
      /(?:^|[;}\s])(?:import|export)(?:[\w*{][^"';]*?from|\s*[\w*{][^"';]*?from)?\s*"\.\/([^"]+\.js)"/g,
    ),
  ].map(([, name]) => name!);

/** What the page loads before anybody has chosen a way: the scripts of index.html and all they import. */
function initialScripts(dist: string): ReadonlySet<string> {
  const html = readFileSync(join(dist, "index.html"), "utf8");
  const named = [...html.matchAll(/<(?:script|link)\b[^>]*?(?:src|href)="\/([^"]+\.js)"/g)].map(([, name]) => name!);
  const found = new Set(named);
  for (const name of found)
    for (const other of imported(readFileSync(join(dist, name), "utf8")))
      found.add(name.includes("/") ? `${name.slice(0, name.lastIndexOf("/"))}/${other}` : other);
  return found;
}

function pageFigures(): ReadonlyArray<Figure> {
  const dist = join(root, "web/dist");
  const initial = initialScripts(dist);
  const path = (name: string) => join(dist, name);
  const chunks = globSync("**/*.js", { cwd: dist })
    .filter((name) => !initial.has(name))
    .map((name) => ({ name, gz: kilobytes([path(name)]).gz }))
    .toSorted((left, right) => right.gz - left.gz);
  const styles = globSync("**/*.css", { cwd: dist }).map(path);
  const shortName = (name: string) => name.replace(/^assets\//, "").replace(/-[\w-]{8}\.js$/, "");
  return [
    figure("page, initial scripts, gzipped", kilobytes([...initial].map(path)).gz, budgets.pageKilobytes),
    figure("page, styles, gzipped", kilobytes(styles).gz),
    ...chunks.map(({ name, gz }) => figure(`page, chunk ${shortName(name)}, gzipped`, gz, budgets.chunkKilobytes)),
  ];
}

export const size: Part = {
  name: "size",
  about: "what a deployment uploads and what a page loads",
  async measure() {
    await buildPage();
    const notes = ["sizes do not vary, so there is one round; kB are thousands of bytes"];
    return { figures: [...workerFigures(), ...pageFigures()], notes };
  },
};
