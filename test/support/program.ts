/** The real program as `npm start` runs it: on a free port, with a state folder and a process group of its own; used by test/system. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_MS = 90_000;
const STOP_MS = 15_000;
const ROOT = join(import.meta.dirname, "../..");

export interface Program {
  readonly url: string;
  readonly port: number;
  readonly state: string;
  /** Asks it to end, as Ctrl-C does, and waits until it has. Answers its exit code. */
  stop(): Promise<number | null>;
  /** Ends every process of it in one stroke, in the middle of whatever they do. */
  kill(): Promise<void>;
  /** Ends the runtime alone, and those that take its place as soon as they are there, so often; waits until one is back. */
  killRuntime(times?: number): Promise<void>;
  /** Ids of its processes that still run. */
  processes(): ReadonlyArray<number>;
}

export const freePort = (): Promise<number> =>
  new Promise((answer, fail) => {
    const probe = createServer();
    probe.once("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (address !== null && typeof address === "object" ? answer(address.port) : fail(address)));
    });
  });

export const newState = (): string => mkdtempSync(join(tmpdir(), "troupe-system-"));
export const forget = (state: string): void =>
  rmSync(state, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });

/** Runs the start script; the caller's own settings must not leak into it. */
function launch(parameters: ReadonlyArray<string>, settings: Readonly<Record<string, string>>): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(CLERK|ANTHROPIC|OPENAI|KEY_|DEMO_|APP_ENV|VITEST|NODE_OPTIONS)/.test(name),
  );
  const child = spawn(process.execPath, ["scripts/start.ts", ...parameters], {
    cwd: ROOT,
    detached: true, // a process group of its own
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...Object.fromEntries(inherited), DEMO_WORD_PAUSE_MS: "0", ...settings },
  });
  // A group of its own would outlive a test run that breaks off.
  const end = () => signal(child, "SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  return child;
}

const exited = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((done) => child.once("exit", (code) => done(code)));

/** Runs it until it ends by itself: for starts that must fail. */
export async function failingStart(parameters: ReadonlyArray<string>, settings: Readonly<Record<string, string>> = {}) {
  const child = launch(parameters, settings);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const late = setTimeout(() => signal(child, "SIGKILL"), START_MS);
  const code = await exited(child);
  clearTimeout(late);
  return { code, said: said.trim() };
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** Processes of a group, by the one listing that Linux and macOS share. */
function groupOf(leader: number | undefined): ReadonlyArray<number> {
  const listed = execFileSync("ps", ["-A", "-o", "pid=,pgid=,stat="], { encoding: "utf8" });
  return listed.split("\n").flatMap((line) => {
    const [pid, group, status = ""] = line.trim().split(/\s+/);
    return Number(group) === leader && !status.startsWith("Z") ? [Number(pid)] : [];
  });
}

const commandOf = (pid: number): string => {
  try {
    return execFileSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return ""; // it is gone
  }
};

/** Waits for the box, which the program prints when it serves. */
function serving(child: ChildProcess): Promise<void> {
  let said = "";
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`it did not start within ${START_MS / 1000} s:\n${said}`)), START_MS);
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.includes("Troupe is running")) return;
      clearTimeout(timer);
      done();
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(new Error(`it ended with code ${code}:\n${said}`));
    });
  });
}

/** Starts it and waits until it serves. */
export async function startProgram(options: {
  readonly state: string;
  readonly settings?: Readonly<Record<string, string>>;
}): Promise<Program> {
  const port = await freePort();
  const child = launch(["--port", String(port), "--state", options.state], options.settings ?? {});
  const program: Program = {
    url: `http://127.0.0.1:${port}`,
    port,
    state: options.state,
    stop: async () => {
      signal(child, "SIGINT");
      const late = setTimeout(() => signal(child, "SIGKILL"), STOP_MS);
      const code = await exited(child);
      clearTimeout(late);
      return code;
    },
    kill: async () => {
      signal(child, "SIGKILL");
      await exited(child);
      while (groupOf(child.pid).length > 0) await new Promise((next) => setTimeout(next, 20));
    },
    killRuntime: async (times = 1) => {
      const struck: number[] = [];
      const runtimeOf = () => groupOf(child.pid).filter((pid) => commandOf(pid).includes("workerd"));
      const fresh = () => runtimeOf().filter((pid) => !struck.includes(pid));
      const moment = () => new Promise((next) => setTimeout(next, 20));
      for (let time = 0; time < times; time++) {
        while (fresh().length === 0) await moment();
        struck.push(...fresh());
        for (const pid of struck.filter((pid) => runtimeOf().includes(pid))) process.kill(pid, "SIGKILL");
      }
      const isBack = () => fetch(`${program.url}/health`).then((answer) => answer.ok);
      while (fresh().length === 0 || !(await isBack().catch(() => false))) await moment();
    },
    processes: () => groupOf(child.pid),
  };
  try {
    await serving(child);
  } catch (error) {
    await program.kill();
    throw error;
  }
  return program;
}
