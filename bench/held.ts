/** What an agent's memory holds in the JavaScript heap, measured in this process over the files that an object wrote; used by parts/recall.ts. */
import { copyFileSync, existsSync, globSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { nodeSql } from "../test/support/sqlite.ts";
import { BenchMind } from "./mind.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes of living objects and buffers, nothing that could be thrown away among them. */
function living(): number {
  for (let round = 0; round < 3; round++) collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The largest object of this class under a state folder of wrangler, copied to where nobody else writes. */
function copied(state: string, className: string, folder: string): string {
  const files = globSync(`v3/do/*${className}/*.sqlite`, { cwd: state }).map((file) => join(state, file));
  const sizes = files.map(
    (file) => [file, statSync(file).size + (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0)] as const,
  );
  const [largest] = sizes.toSorted(([, left], [, right]) => right - left)[0]!;
  for (const file of [largest, `${largest}-wal`])
    if (existsSync(file)) copyFileSync(file, join(folder, basename(file)));
  return join(folder, basename(largest));
}

/** An agent over this file that has answered these questions. */
async function answered(questions: ReadonlyArray<string>, now: number, file: string): Promise<BenchMind> {
  const mind = new BenchMind(nodeSql(file));
  for (const text of questions) await mind.search({ text, now, limit: 10 });
  return mind;
}

/** Bytes that become free when an agent goes that has answered these questions. */
export async function heldAfter(questions: ReadonlyArray<string>, now: number, state: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "troupe-held-"));
  const minds: BenchMind[] = [];
  try {
    minds.push(await answered(questions, now, copied(state, "Memories", folder)));
    await setImmediate();
    const there = living();
    minds.pop();
    await setImmediate();
    return there - living();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
