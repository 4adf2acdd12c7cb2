/** The programs under measurement, each with a state folder and a port of its own: Troupe, the bench Worker, the model server. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildPage } from "../scripts/build.ts";
import { migrateLocally } from "../scripts/local-database.ts";
import { developmentVariables, written } from "../scripts/variables.ts";
import { wranglerEnvironment, wranglerPath } from "../scripts/wrangler.ts";
import type { Inspected } from "./held.ts";
import type { ModelCall } from "./instant-model.ts";
import type { PacedReply, Streams } from "./paced-model.ts";
import { end, freePort, isAlive, kill, launch, until } from "./processes.ts";
import { call } from "./requests.ts";

const START_WITHIN_MS = 120_000;

export interface Program {
  readonly url: string;
  readonly pid: number;
  /** Where it keeps its files; gone once it has ended. */
  readonly state: string;
  end(): Promise<void>;
  /** Kills all its processes in one stroke, in the middle of whatever they do. Its files stay, for one that is started in its place. */
  kill(): Promise<void>;
}

/** Where a program listens, and the folder of all it writes. */
interface Place {
  readonly port: number;
  readonly home: string;
}

const logFileOf = ({ port, home }: Place): string => join(home, `output-${port}.log`);
const stateOf = ({ home }: Place): string => join(home, "state");

const homes = new Set<string>();
process.on("exit", () => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

/** A folder that is gone when the bench has ended, however it ends. */
export function folder(): string {
  const home = mkdtempSync(join(tmpdir(), "troupe-bench-"));
  homes.add(home);
  return home;
}

/** Waits for a program to come up; one that does not, or has died, is ended, and its own words are told. */
async function upAndRunning(program: Program, at: Place, isUp: () => Promise<boolean>): Promise<Program> {
  try {
    await until(`${program.url} to come up`, START_WITHIN_MS, async () => !isAlive(program.pid) || (await isUp()));
    if (!isAlive(program.pid)) throw new Error(`${program.url} has ended`);
    return program;
  } catch (error) {
    const said = readFileSync(logFileOf(at), "utf8").slice(-2_000);
    await program.end();
    throw new Error(`${error instanceof Error ? error.message : error}\n${said}`);
  }
}

function started(argv: ReadonlyArray<string>, env: NodeJS.ProcessEnv, at: Place): Program {
  const pid = launch(argv, env, logFileOf(at));
  return {
    url: `http://127.0.0.1:${at.port}`,
    pid,
    state: stateOf(at),
    end: async () => {
      await end(pid);
      rmSync(at.home, { recursive: true, force: true });
    },
    kill: () => kill(pid),
  };
}

/** Starts one of the bench's model servers, which answer what `ask` wants to know as JSON. */
async function startServer<Answer>(script: string): Promise<Program & { ask(path: string): Promise<Answer> }> {
  const at = { port: await freePort(), home: folder() };
  const program = started([join(import.meta.dirname, script), String(at.port)], process.env, at);
  const ask = (path: string) => call<Answer>("GET", `${program.url}${path}`);
  await upAndRunning(program, at, () => ask("/").then(() => true));
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

/** What Troupe needs to find its models on this machine. */
const modelsAt = (modelUrl: string) => ({ ANTHROPIC_API_KEY: "none", ANTHROPIC_BASE_URL: modelUrl });

/** Troupe as `npm start` runs it, its models on this machine; in the folder of a killed one it goes on where that stood. */
export async function startTroupe(modelUrl: string, home = folder()): Promise<Program> {
  const at = { port: await freePort(), home };
  const script = join(import.meta.dirname, "../scripts/start.ts");
  const flags = ["--port", String(at.port), "--state", stateOf(at)];
  const program = started([script, ...flags], { ...wranglerEnvironment(), ...modelsAt(modelUrl) }, at);
  // The address is printed when the first scene is set, so that nothing else happens while we measure.
  const isUp = async () => readFileSync(logFileOf(at), "utf8").includes("Troupe is running");
  return upAndRunning(program, at, isUp);
}

/** Troupe under `wrangler dev`, from its sources and with wrangler.toml as it is deployed; else like `startTroupe`. */
export async function startTroupeUnderWrangler(modelUrl: string, home = folder()): Promise<Program> {
  await buildPage();
  const at = { port: await freePort(), home };
  const { variables } = developmentVariables(stateOf(at));
  return startWrangler("../wrangler.toml", { ...variables, ...modelsAt(modelUrl) }, at);
}

/** The bench's own Worker, its read models migrated. */
export async function startWorker(modelUrl = "http://127.0.0.1:9"): Promise<Program & Inspected> {
  return startWrangler("wrangler.toml", { MODEL_URL: modelUrl }, { port: await freePort(), home: folder() });
}

/** `wrangler dev` of a Worker with these variables, its read models migrated. */
async function startWrangler(
  config: string,
  variables: Readonly<Record<string, string>>,
  at: Place,
): Promise<Program & Inspected> {
  const inspectorPort = await freePort();
  const state = stateOf(at);
  mkdirSync(state, { recursive: true });
  migrateLocally(state);
  const variablesFile = join(at.home, "variables.env");
  writeFileSync(variablesFile, written(variables));
  const options = {
    config: join(import.meta.dirname, config),
    ip: "127.0.0.1",
    port: at.port,
    "inspector-port": inspectorPort,
    "persist-to": state,
    "env-file": variablesFile,
    "show-interactive-dev-session": false,
    "log-level": "warn",
  };
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const scratch = join(dirname(options.config), ".wrangler/tmp");
  const others = entriesOf(scratch);
  const program = started([wranglerPath, "dev", "--local", ...flags], wranglerEnvironment(), at);
  const isUp = () => call<unknown>("GET", `${program.url}/health`).then(() => true);
  return {
    ...(await upAndRunning(program, at, isUp)),
    inspectorPort,
    kill: async () => {
      await program.kill();
      // Its bundles: thirty megabytes, which nobody else takes away for a day.
      for (const entry of entriesOf(scratch))
        if (!others.includes(entry)) rmSync(join(scratch, entry), { recursive: true, force: true });
    },
  };
}

const entriesOf = (path: string): ReadonlyArray<string> => (existsSync(path) ? readdirSync(path) : []);
