/** `npm start`: makes what a first start needs, runs the program locally, prints one box with its address, serves until Ctrl-C. */
import { enableCompileCache } from "node:module";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildPage, buildWorker } from "./build.ts";
import { migrateLocally } from "./local-database.ts";
import { seed } from "./seed.ts";

const DEFAULT_STATE = ".wrangler/state";

/** Says in one line why it cannot start, and ends. */
function giveUp(reason: string): never {
  console.error(`troupe cannot start: ${reason}`);
  process.exit(1);
}

/** Does it, or says why it could not, and ends. */
async function orGiveUp<A>(otherwise: string, doIt: () => A | Promise<A>): Promise<A> {
  try {
    return await doIt();
  } catch (error) {
    return giveUp(error instanceof Error ? error.message : otherwise);
  }
}

function readFlags(): { readonly port: number; readonly state: string } {
  try {
    const { values } = parseArgs({
      options: { port: { type: "string", default: "8787" }, state: { type: "string", default: DEFAULT_STATE } },
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

// What these two load takes 0.8 s to compile, and 0.5 s when it is kept.
enableCompileCache(".wrangler/compiled");
const [{ developmentVariables }, { startRuntime }] = await Promise.all([
  import("./variables.ts"),
  import("./runtime.ts"),
]);
const settings = await orGiveUp("the settings cannot be read", () => developmentVariables(state));
const [built] = await orGiveUp("the first build failed", () => Promise.all([buildWorker(), buildPage()]));
await orGiveUp("the database could not be prepared", () => migrateLocally(state));
// At exit miniflare ends the runtime by itself; its own handlers of these signals, set later, would answer 130 and 143.
process.on("SIGINT", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
await orGiveUp("the runtime did not come up", () =>
  startRuntime({ port, state, built, variables: settings.variables }),
);
await orGiveUp("the first scene could not be set", () => seed(`http://127.0.0.1:${port}`, state));
console.log(
  box([
    `Troupe is running: ${url}`,
    "",
    `Models     ${settings.live.length > 0 ? `live: ${settings.live.join(", ")}` : "the built-in demo (set ANTHROPIC_API_KEY or OPENAI_API_KEY for a real one)"}`,
    `Identity   ${settings.identity === "clerk" ? "Clerk" : "development: you are Dana; nobody but this machine can sign in"}`,
    `Data       ${state}`,
    "",
    `Stop with Ctrl-C · wipe the data with: npm run reset${state === resolve(DEFAULT_STATE) ? "" : ` -- --state ${state}`}`,
  ]),
);
