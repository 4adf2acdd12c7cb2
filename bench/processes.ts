/** Starts the programs under measurement, ends them by their ids, and reads their cost from /proc; used by program.ts. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

/** sysconf(_SC_CLK_TCK) on Linux. */
const TICKS_PER_SECOND = 100;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds of the machine's own steady clock, which all its programs share: when something was, told across them. */
export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** A port nobody listens on. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

/** Asks until the answer is yes. A question that fails is a no. */
export async function until(
  what: string,
  timeoutMs: number,
  question: () => Promise<boolean> | boolean,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const yes = await Promise.resolve()
      .then(question)
      .catch(() => false);
    if (yes) return;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(25);
  }
}

const running = new Set<number>();

/** Starts a program of this Node, as the leader of a process group of its own; its output goes into `logFile`. */
export function launch(argv: ReadonlyArray<string>, env: NodeJS.ProcessEnv, logFile: string): number {
  const out = openSync(logFile, "a");
  const child = spawn(process.execPath, argv, { env, stdio: ["ignore", out, out], detached: true });
  closeSync(out);
  if (child.pid === undefined) throw new Error(`${argv[0]} did not start`);
  const { pid } = child;
  running.add(pid);
  child.once("exit", () => running.delete(pid));
  return pid;
}

/** The fields of /proc/<pid>/stat behind the name, which may hold spaces and brackets itself. */
function statOf(pid: number): ReadonlyArray<string> | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined; // gone meanwhile
  }
}

/** False for one that has ended, waited for or not. */
export const isAlive = (pid: number): boolean => {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== "Z";
};

/** The process and everything it started. */
export function tree(pid: number): ReadonlyArray<number> {
  if (!existsSync("/proc/self/stat")) return [pid];
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const parent = /^\d+$/.test(name) ? Number(statOf(Number(name))?.[1]) : Number.NaN;
    if (!Number.isNaN(parent)) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [pid];
  for (const next of found) found.push(...(children.get(next) ?? []));
  return found.filter(isAlive);
}

/** Those of a program's processes in which Workers run. */
export const runtimesOf = (pid: number): ReadonlyArray<number> =>
  tree(pid).filter((each) => {
    try {
      return readFileSync(`/proc/${each}/comm`, "utf8").trim() === "workerd";
    } catch {
      return false; // gone meanwhile
    }
  });

/** Milliseconds of CPU that the process and all it started have used so far. */
export function cpuMs(pid: number): number {
  const ticks = tree(pid).map((each) => {
    const stat = statOf(each);
    return stat === undefined ? 0 : Number(stat[11]) + Number(stat[12]);
  });
  return (ticks.reduce((sum, value) => sum + value, 0) * 1_000) / TICKS_PER_SECOND;
}

/**
 * Bytes of memory that the process and all it started hold now, without pages of files: those depend on who else reads
 * them. Undefined where the kernel does not tell.
 */
export function memoryBytes(pid: number): number | undefined {
  try {
    const kilobytes = tree(pid).map((each) => {
      const told = readFileSync(`/proc/${each}/smaps_rollup`, "utf8");
      return Number(/^Pss_Anon:\s+(\d+) kB/m.exec(told)?.[1]);
    });
    const sum = kilobytes.reduce((left, right) => left + right, 0);
    return Number.isNaN(sum) ? undefined : sum * 1_024;
  } catch {
    return undefined;
  }
}

function signal(pids: ReadonlyArray<number>, name: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, name);
    } catch {
      // It has ended by itself.
    }
}

/** Ends a program we started and all it started: asked first, then made to. */
export async function end(pid: number): Promise<void> {
  const pids = tree(pid);
  signal(pids, "SIGTERM");
  for (let waited = 0; waited < 5_000 && pids.some(isAlive); waited += 50) {
    if (waited === 3_000) signal(pids.filter(isAlive), "SIGKILL");
    await sleep(50);
  }
  running.delete(pid);
}

/**
 * Kills a program we started and all its group in one stroke: whoever is ended first cannot start another in its place.
 * Waits until none of them is left.
 */
export async function kill(pid: number): Promise<void> {
  const pids = tree(pid);
  signal([-pid], "SIGKILL");
  while (pids.some(isAlive)) await sleep(20);
  running.delete(pid);
}

/** Ends whatever is still running. */
export async function endEverything(): Promise<void> {
  await Promise.all([...running].map(end));
}
