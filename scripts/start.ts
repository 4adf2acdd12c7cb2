/** `npm start`: makes what a first start needs, runs the program locally, prints one box with its address, serves until Ctrl-C. */
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildPage, buildWorker } from "./build.ts";
import { migrateLocally } from "./local-database.ts";
import { seed } from "./seed.ts";
import { developmentVariables } from "./variables.ts";
import { wranglerArguments, wranglerEnvironment, wranglerPath } from "./wrangler.ts";

/** Says in one line why it cannot start, and ends. */
function giveUp(reason: string): never {
  console.error(`troupe cannot start: ${reason}`);
  process.exit(1);
}

function readFlags(): { readonly port: number; readonly state: string } {
  try {
    const { values } = parseArgs({
      options: { port: { type: "string", default: "8787" }, state: { type: "string", default: ".wrangler/state" } },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) giveUp(`--port ${values.port} is not a port number`);
    return { port, state: resolve(values.state) };
  } catch (error) {
    return giveUp(error instanceof Error ? error.message : "the flags are not understood");
  }
}

/** True when nobody listens there yet. */
const isFree = (port: number): Promise<boolean> =>
  new Promise((answer) => {
    const probe = createServer();
    probe.once("error", () => answer(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => answer(true)));
  });

async function healthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`);
    await response.text();
    return response.ok;
  } catch {
    return false; // not listening yet
  }
}

const sleep = (ms: number) => new Promise((resolved) => setTimeout(resolved, ms));

function box(lines: ReadonlyArray<string>): string {
  const width = Math.max(...lines.map((line) => line.length));
  const rule = "─".repeat(width + 4);
  return [`┌${rule}┐`, ...lines.map((line) => `│  ${line.padEnd(width)}  │`), `└${rule}┘`].join("\n");
}

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18))
  giveUp(`Node ${process.versions.node} is too old; run it with npm, which brings its own (npm ci && npm start)`);

const { port, state } = readFlags();
const url = `http://localhost:${port}`;
if (!(await isFree(port))) giveUp(`port ${port} is taken; choose another with: npm start -- --port ${port + 1}`);

const variables = (() => {
  try {
    return developmentVariables(state);
  } catch (error) {
    return giveUp(error instanceof Error ? error.message : "the settings cannot be read");
  }
})();
const script = (() => {
  try {
    buildPage();
    migrateLocally(state);
    return buildWorker();
  } catch (error) {
    return giveUp(error instanceof Error ? error.message : "the first build failed");
  }
})();

const program = spawn(
  process.execPath,
  [wranglerPath, ...wranglerArguments({ port, state, variablesFile: variables.file, script })],
  {
    env: wranglerEnvironment(state),
    stdio: ["ignore", "inherit", "inherit"],
  },
);
let ending = false;
const end = (signal: NodeJS.Signals) => {
  ending = true;
  program.kill(signal);
};
process.on("SIGINT", () => end("SIGINT"));
process.on("SIGTERM", () => end("SIGTERM"));
program.on("exit", (code) => process.exit(ending ? 0 : (code ?? 1)));

for (let tries = 0; !(await healthy(`http://127.0.0.1:${port}`)); tries++) {
  if (tries > 1_200) {
    end("SIGTERM");
    giveUp("it did not come up within a minute");
  }
  await sleep(50);
}
try {
  await seed(`http://127.0.0.1:${port}`, state);
} catch (error) {
  end("SIGTERM");
  giveUp(error instanceof Error ? error.message : "the first scene could not be set");
}
console.log(
  box([
    `Troupe is running: ${url}`,
    "",
    `Models     ${variables.live.length > 0 ? `live: ${variables.live.join(", ")}` : "the built-in demo (set ANTHROPIC_API_KEY or OPENAI_API_KEY for a real one)"}`,
    `Identity   ${variables.identity === "clerk" ? "Clerk" : "development: you are Dana; nobody but this machine can sign in"}`,
    `Data       ${state}`,
    "",
    "Stop with Ctrl-C · wipe the data with: npm run reset",
  ]),
);
