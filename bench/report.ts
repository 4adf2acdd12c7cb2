/** Prints a part's figures as one table and keeps them with where and when they were measured; used by run.ts. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import {
  type Budget,
  type Figure,
  type Measured,
  median,
  type Part,
  ratioOf,
  type Scale,
  withinBudget,
} from "./figures.ts";

const require = createRequire(import.meta.url);
/** The workerd that wrangler brings, which is the one that runs. */
const workerd = createRequire(require.resolve("wrangler/package.json"))("workerd/package.json") as {
  readonly version: string;
};

const git = (...argv: ReadonlyArray<string>): string => {
  try {
    return execFileSync("git", argv, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
  } catch {
    return ""; // not a checkout
  }
};

const load = (): ReadonlyArray<number> => loadavg().map((value) => Math.round(value * 100) / 100);

/** The machine and the program, and the load before the part began. */
export const surroundings = () => ({
  date: new Date().toISOString(),
  node: process.versions.node,
  workerd: workerd.version,
  cores: cpus().length,
  processor: cpus()[0]?.model ?? "unknown",
  load_before: load(),
  commit: git("rev-parse", "--short", "HEAD"),
  uncommitted: git("status", "--porcelain") !== "",
});

const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const shown = (value: number | undefined): string => (value === undefined ? "" : number.format(value));

const limitOf = ({ of, at, limit, source }: Budget): string =>
  `${at === "most" ? "≤" : "≥"} ${shown(limit)}${of === "ratio" ? " ×" : ""} (${source})`;

function verdict(figure: Figure): string {
  if (figure.budget === undefined) return "";
  return `${limitOf(figure.budget)}${withinBudget(figure) === false ? " OVER BUDGET" : ""}`;
}

function rowOf(figure: Figure): ReadonlyArray<string> {
  const { name, unit, rounds, bare } = figure;
  const spread = rounds.length > 1 ? `${shown(Math.min(...rounds))} … ${shown(Math.max(...rounds))}` : "";
  const reference = bare && shown(median(bare));
  return [name, shown(median(rounds)), unit, spread, reference ?? "", shown(ratioOf(figure)), verdict(figure)];
}

/** A Markdown table, its columns aligned so that it reads in a terminal too. */
export function table(figures: ReadonlyArray<Figure>): string {
  const head = ["figure", "median", "unit", "low … high", "bare", "× bare", "budget"];
  const rows = [head, ...figures.map(rowOf)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isText = (column: number) => column === 0 || column === 2 || column === 6;
  const line = (row: ReadonlyArray<string>) =>
    `| ${row.map((cell, column) => (isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (isText(column) ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(head), rule, ...rows.slice(1).map(line)].join("\n");
}

/** Prints the table, and writes the raw rounds to `results/<part>.json`; quick runs go beside them and are not kept in git. */
export function keep(
  part: Part,
  scale: Scale,
  around: ReturnType<typeof surroundings>,
  { figures, notes }: Measured,
): void {
  const over = figures.filter((figure) => withinBudget(figure) === false);
  console.log(`\n${part.name}: ${part.about}\n`);
  console.log(table(figures));
  for (const note of notes) console.log(`  · ${note}`);
  if (scale.quick) console.log("  · --quick: shows that it runs, measures nothing");
  else if (over.length > 0) console.log(`  · over budget: ${over.map(({ name }) => name).join(", ")}`);
  const folder = join(import.meta.dirname, "results", ...(scale.quick ? ["quick"] : []));
  const summary = figures.map((figure) => {
    const ratio = ratioOf(figure);
    return { ...figure, median: median(figure.rounds), ...(ratio === undefined ? {} : { ratio }) };
  });
  const result = { part: part.name, ...around, load_after: load(), ...scale, figures: summary, notes };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${part.name}.json`), `${JSON.stringify(result, null, 1)}\n`);
}
