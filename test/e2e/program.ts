/** Starts the program as `npm start` does, on a free port with a state folder of its own, and ends it again; used by run. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Program {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const START_MS = 120_000;
const STOP_MS = 10_000;

const freePort = (): Promise<number> =>
  new Promise((answer, fail) => {
    const probe = createServer();
    probe.once("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (address !== null && typeof address === "object" ? answer(address.port) : fail(address)));
    });
  });

const exited = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((done) => child.once("exit", () => done()));

/** Ready is what the program itself calls ready: the box, printed when the first scene is set, and a healthy answer. */
function ready(child: ChildProcess, url: string): Promise<void> {
  let said = "";
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`it did not start within ${START_MS / 1000} s:\n${said}`)), START_MS);
    const settle = (error?: Error) => {
      clearTimeout(timer);
      if (error) fail(error);
      else done();
    };
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.includes("Troupe is running")) return;
      fetch(`${url}/health`).then(
        (response) => settle(response.ok ? undefined : new Error(`/health answered ${response.status}`)),
        settle,
      );
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    child.once("exit", (code) => settle(new Error(`it ended with code ${code}:\n${said}`)));
  });
}

/** `settings` come on top of what the environment has. */
export async function startProgram(settings: Readonly<Record<string, string>> = {}): Promise<Program> {
  const port = await freePort();
  const state = mkdtempSync(join(tmpdir(), "troupe-e2e-"));
  const url = `http://127.0.0.1:${port}`;
  const root = join(import.meta.dirname, "../..");
  // A process group of its own: whatever the program starts ends with it. Windows has no groups, and no need of one.
  const child = spawn(process.execPath, ["scripts/start.ts", "--port", String(port), "--state", state], {
    cwd: root,
    env: { ...process.env, ...settings },
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const signal = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(process.platform === "win32" ? child.pid : -child.pid, name);
    } catch {
      // It has ended by itself.
    }
  };
  const stop = async () => {
    signal("SIGTERM");
    const late = setTimeout(() => signal("SIGKILL"), STOP_MS);
    await exited(child);
    clearTimeout(late);
    rmSync(state, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    await ready(child, url);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}
