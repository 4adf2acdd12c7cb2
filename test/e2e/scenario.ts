/** What a scenario is, and the few steps that many of them take; written by the scenarios, played by run. */
import { equal } from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import type { Stage } from "./browser.ts";

export type Check = readonly [name: string, run: (stage: Stage) => Promise<void>];

/** Its checks are played in order; what one has done, the next finds. */
export interface Scenario {
  readonly title: string;
  /** What the program must be set to for it; such a scenario has a program of its own. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly checks: ReadonlyArray<Check>;
}

export const composer = (page: Page): Locator => page.getByLabel(/^Message to /);
export const messages = (page: Page): Locator => page.getByRole("region", { name: "Messages" });
/** A row of the timeline that holds these words. */
export const row = (page: Page, words: string | RegExp): Locator =>
  messages(page).getByRole("listitem").filter({ hasText: words });

export async function openRoom(page: Page, name: string): Promise<void> {
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await composer(page).waitFor();
}

/** From the list of rooms into one of them. */
export async function enterRoom(page: Page, name: string): Promise<void> {
  await page.getByRole("main").getByRole("link", { name }).click();
  await openRoom(page, name);
}

export async function say(page: Page, words: string): Promise<void> {
  await composer(page).fill(words);
  await composer(page).press("Enter");
}

/** The end of an agent's turn: its words stand there, and nothing of it is busy any more. */
export async function answered(page: Page, words: string | RegExp): Promise<void> {
  await row(page, words).first().waitFor({ timeout: 30_000 });
  await messages(page).locator("[aria-busy=true]").waitFor({ state: "detached", timeout: 30_000 });
}

/** Waits until there are that many; says how many there were when that does not come. */
export async function count(locator: Locator, expected: number): Promise<void> {
  const until = Date.now() + 10_000;
  while ((await locator.count()) !== expected && Date.now() < until) await locator.page().waitForTimeout(50);
  equal(await locator.count(), expected);
}

/** Waits until a condition of the test's own holds. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 15_000;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`it never came: ${what}`);
    await new Promise((later) => setTimeout(later, 50));
  }
}
