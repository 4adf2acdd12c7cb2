/** The programs under measurement, each with a state folder and a port of its own: Troupe, the bench Worker, the model server. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateLocally } from "../scripts/local-database.ts";
import { wranglerEnvironment, wranglerPath } from "../scripts/wrangler.ts";
import type { Inspected } from "./held.ts";
import type { ModelCall } from "./instant-model.ts";
import type { PacedReply, Streams } from "./paced-model.ts";
import { end, freePort, isAlive, launch, until } from "./processes.ts";
import { call } from "./requests.ts";

const START_WITHIN_MS = 120_000;

export interface Program {
  readonly url: string;
  readonly pid: number;
  /** Where it keeps its files; gone once it has ended. */
  readonly state: string;
  end(): Promise<void>;
}

const homes = new Set<string>();
process.on("exit", () => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

/** A folder that is gone when the bench has ended, however it ends. */
function folder(): string {
  const home = mkdtempSync(join(tmpdir(), "troupe-bench-"));
  homes.add(home);
  return home;
}

/** Waits for a program to come up; one that does not, or has died, is ended, and its own words are told. */
async function upAndRunning(program: Program, logFile: string, isUp: () => Promise<boolean>): Promise<Program> {
  try {
    await until(`${program.url} to come up`, START_WITHIN_MS, async () => !isAlive(program.pid) || (await isUp()));
    if (!isAlive(program.pid)) throw new Error(`${program.url} has ended`);
    return program;
  } catch (error) {
    const said = readFileSync(logFile, "utf8").slice(-2_000);
    await program.end();
    throw new Error(`${error instanceof Error ? error.message : error}\n${said}`);
  }
}

function started(argv: ReadonlyArray<string>, env: NodeJS.ProcessEnv, at: { port: number; home: string }) {
  const pid = launch(argv, env, join(at.home, "output.log"));
  return {
    url: `http://127.0.0.1:${at.port}`,
    pid,
    state: join(at.home, "state"),
    end: async () => {
      await end(pid);
      rmSync(at.home, { recursive: true, force: true });
    },
  };
}

/** Starts one of the bench's model servers, which answer what `ask` wants to know as JSON. */
async function startServer<Answer>(script: string): Promise<Program & { ask(path: string): Promise<Answer> }> {
  const at = { port: await freePort(), home: folder() };
  const program = started([join(import.meta.dirname, script), String(at.port)], process.env, at);
  const ask = (path: string) => call<Answer>("GET", `${program.url}${path}`);
  await upAndRunning(program, join(at.home, "output.log"), () => ask("/").then(() => true));
  return { ...program, ask };
}

/** Answers at once, and tells how long each answer took. */
export interface ModelServer extends Program {
  /** The calls since they were last taken. */
  takeCalls(): Promise<ReadonlyArray<ModelCall>>;
}

export async function startModel(): Promise<ModelServer> {
  const { ask, ...program } = await startServer<ReadonlyArray<ModelCall>>("instant-model.ts");
  return { ...program, takeCalls: () => ask("/") };
}

/** Speaks at a pace, and tells when it said what. */
export interface PacedModel extends Program {
  /** The replies since they were last taken. */
  takeReplies(): Promise<ReadonlyArray<PacedReply>>;
  /** How many replies are held open now. */
  held(): Promise<number>;
  /** Brings the held replies to their end. */
  release(): Promise<void>;
}

export async function startPacedModel(): Promise<PacedModel> {
  const { ask, ...program } = await startServer<Streams>("paced-model.ts");
  return {
    ...program,
    takeReplies: async () => (await ask("/replies")).replies,
    held: async () => (await ask("/held")).held,
    release: async () => void (await ask("/release")),
  };
}

/** Troupe as `npm start` runs it, its models on this machine. */
export async function startTroupe(modelUrl: string): Promise<Program> {
  const at = { port: await freePort(), home: folder() };
  const script = join(import.meta.dirname, "../scripts/start.ts");
  const flags = ["--port", String(at.port), "--state", join(at.home, "state")];
  const env = { ...wranglerEnvironment(), ANTHROPIC_API_KEY: "none", ANTHROPIC_BASE_URL: modelUrl };
  const logFile = join(at.home, "output.log");
  const program = started([script, ...flags], env, at);
  // The address is printed when the first scene is set, so that nothing else happens while we measure.
  return upAndRunning(program, logFile, async () => readFileSync(logFile, "utf8").includes("Troupe is running"));
}

/** The bench's own Worker, its read models migrated. */
export async function startWorker(modelUrl = "http://127.0.0.1:9"): Promise<Program & Inspected> {
  const inspectorPort = await freePort();
  const at = { port: await freePort(), home: folder() };
  const state = join(at.home, "state");
  mkdirSync(state);
  migrateLocally(state);
  const variablesFile = join(at.home, "variables.env");
  writeFileSync(variablesFile, `MODEL_URL="${modelUrl}"\n`);
  const config = join(import.meta.dirname, "wrangler.toml");
  const options = {
    config,
    ip: "127.0.0.1",
    port: at.port,
    "inspector-port": inspectorPort,
    "persist-to": state,
    "env-file": variablesFile,
    "show-interactive-dev-session": false,
    "log-level": "warn",
  };
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const argv = [wranglerPath, "dev", "--local", ...flags];
  const program = started(argv, wranglerEnvironment(), at);
  const isUp = () => call<unknown>("GET", `${program.url}/health`).then(() => true);
  return { ...(await upAndRunning(program, join(at.home, "output.log"), isUp)), inspectorPort };
}
