/** `npm run e2e`: the page in a real browser against the running program; prints one line for each check. */
import { agents } from "./agents.ts";
import { appearance } from "./appearance.ts";
import { findChromium, launch, Stage } from "./browser.ts";
import { connection } from "./connection.ts";
import { conversation } from "./conversation.ts";
import { entrance } from "./entrance.ts";
import { startProgram } from "./program.ts";
import { rooms } from "./rooms.ts";
import type { Scenario } from "./scenario.ts";

const scenarios: ReadonlyArray<Scenario> = [entrance, conversation, rooms, agents, connection, appearance];

const chromium = findChromium();
if (chromium === undefined) {
  console.error("No Chromium found: install it (apt-get install chromium, or any Chrome) or set CHROMIUM_PATH to one.");
  process.exit(1);
}

let passed = 0;
let failed = 0;

async function check(name: string, run: () => Promise<void>): Promise<void> {
  const began = Date.now();
  try {
    await run();
    passed++;
    console.log(`  ok    ${name} (${Date.now() - began} ms)`);
  } catch (error) {
    failed++;
    console.log(
      `  FAIL  ${name}\n${String(error instanceof Error ? error.stack : error).replaceAll(/^/gm, "        ")}`,
    );
  }
}

async function play(scenario: Scenario, stage: Stage): Promise<void> {
  console.log(scenario.title);
  for (const [name, run] of scenario.checks) await check(name, () => run(stage));
  await check("the pages had nothing to complain about", async () => {
    const heard = await stage.clear();
    if (heard.length > 0) throw new Error(heard.join("\n"));
  });
}

const running = process.env.E2E_URL;
const program = running === undefined ? await startProgram() : { url: running, stop: async () => {} };
const end = () => void program.stop().then(() => process.exit(1));
process.once("SIGINT", end);
process.once("SIGTERM", end);
try {
  const browser = await launch(chromium);
  try {
    const stage = new Stage(program.url, browser);
    for (const scenario of scenarios) await play(scenario, stage);
  } finally {
    await browser.close();
  }
} finally {
  await program.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
