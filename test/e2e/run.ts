/** `npm run e2e [-- title…]`: the page in a real browser against the running program; prints one line for each check. */
import type { Browser } from "playwright-core";
import { agents } from "./agents.ts";
import { answers } from "./answers.ts";
import { appearance } from "./appearance.ts";
import { findChromium, launch, Stage } from "./browser.ts";
import { connection } from "./connection.ts";
import { consent } from "./consent.ts";
import { conversation } from "./conversation.ts";
import { entrance } from "./entrance.ts";
import { erasure } from "./erasure.ts";
import { memory } from "./memory.ts";
import { type Program, startProgram } from "./program.ts";
import { rooms } from "./rooms.ts";
import type { Scenario } from "./scenario.ts";
import { stopping } from "./stopping.ts";

const scenarios: ReadonlyArray<Scenario> = [
  ...[entrance, conversation, stopping, rooms, agents, answers],
  ...[consent, memory, erasure, connection, appearance],
];

const titles = scenarios.map(({ title }) => title.toLowerCase());
const wanted = process.argv.slice(2).map((title) => title.toLowerCase());
const stranger = wanted.find((title) => !titles.includes(title));
if (stranger !== undefined) {
  console.error(`There is no scenario ${stranger}; there are ${titles.join(", ")}.`);
  process.exit(1);
}
const chosen = scenarios.filter(({ title }) => wanted.length === 0 || wanted.includes(title.toLowerCase()));

const chromium = findChromium();
if (chromium === undefined) {
  console.error("No Chromium found: install it (apt-get install chromium, or any Chrome) or set CHROMIUM_PATH to one.");
  process.exit(1);
}

let passed = 0;
let failed = 0;

type Say = (line: string) => void;

async function check(name: string, run: () => Promise<void>, say: Say): Promise<void> {
  const began = Date.now();
  try {
    await run();
    passed++;
    say(`  ok    ${name} (${Date.now() - began} ms)`);
  } catch (error) {
    failed++;
    say(`  FAIL  ${name}\n${String(error instanceof Error ? error.stack : error).replaceAll(/^/gm, "        ")}`);
  }
}

/** Told when it is over: another one may be played at the same time. */
async function play(scenario: Scenario, stage: Stage): Promise<void> {
  const lines = [scenario.title];
  const say: Say = (line) => void lines.push(line);
  for (const [name, run] of scenario.checks) await check(name, () => run(stage), say);
  const quiet = async () => {
    const heard = await stage.clear();
    if (heard.length > 0) throw new Error(heard.join("\n"));
  };
  await check("the pages had nothing to complain about", quiet, say);
  console.log(lines.join("\n"));
}

const programs = new Set<Program>();

async function started(settings?: Scenario["settings"]): Promise<Program> {
  const program = await startProgram(settings);
  programs.add(program);
  return program;
}

async function stopped(program: Program): Promise<void> {
  programs.delete(program);
  await program.stop();
}

const stopAll = () => Promise.all([...programs].map(stopped));
const end = () => void stopAll().then(() => process.exit(1));
process.once("SIGINT", end);
process.once("SIGTERM", end);

/** Those that share a program, one after the other: what one has done, the next finds. */
async function playTogether(browser: Browser): Promise<void> {
  const shared = chosen.filter(({ settings }) => settings === undefined);
  if (shared.length === 0) return;
  const url = process.env.E2E_URL ?? (await started()).url;
  for (const scenario of shared) await play(scenario, new Stage(url, browser));
}

/** Those that have a program each. */
async function playAlone(browser: Browser): Promise<void> {
  for (const scenario of chosen.filter(({ settings }) => settings !== undefined)) {
    const own = await started(scenario.settings);
    await play(scenario, new Stage(own.url, browser));
    await stopped(own);
  }
}

const browser = await launch(chromium);
try {
  // Side by side: most of the time goes by while words appear.
  await Promise.all([playTogether(browser), playAlone(browser)]);
} finally {
  await browser.close();
  await stopAll();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
