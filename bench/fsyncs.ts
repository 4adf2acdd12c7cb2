/** Counts how often a program asks the disk to keep something, with strace over all its processes; times mean nothing meanwhile. Used by parts/turn.ts. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep, tree } from "./processes.ts";

const isInstalled = (): boolean => spawnSync("strace", ["-V"], { stdio: "ignore" }).status === 0;

/**
 * Runs `body` under strace and answers how many fsync and fdatasync calls there were; undefined where strace is not
 * installed or not allowed.
 */
export async function countFsyncs(pid: number, body: () => Promise<void>): Promise<number | undefined> {
  if (!isInstalled()) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "troupe-bench-strace-"));
  const file = join(folder, "trace");
  const attached = tree(pid).flatMap((each) => ["-p", String(each)]);
  const strace = spawn("strace", ["-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", file, ...attached], {
    stdio: "ignore",
  });
  try {
    await sleep(1_500);
    if (strace.exitCode !== null || !existsSync(file)) return undefined;
    await body();
    await sleep(1_000);
    strace.kill("SIGINT");
    await sleep(500);
    // A call that was cut in two by another thread is one line that ends and one that begins with "resumed".
    const lines = readFileSync(file, "utf8").split("\n");
    return lines.filter((line) => /\b(fsync|fdatasync)\(/.test(line)).length;
  } finally {
    strace.kill("SIGINT");
    rmSync(folder, { recursive: true, force: true });
  }
}
