/** Stopping an agent in the middle of its turn: by its button, by Escape, by a word; too early, too late, and as it looks to everybody. */
import { equal, match, ok } from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import type { Stage } from "./browser.ts";
import { type Line, tap } from "./line.ts";
import { look, views } from "./look.ts";
import { composer, count, eventually, messages, openRoom, row, type Scenario, say } from "./scenario.ts";

let dana: Page;
let erik: Page;

/** Some fifty words, so many times the pause; the first of them make a sentence of their own. */
const QUESTION = "@Ada who are you?";
const FIRST_WORDS = "I'm Ada.";
const LAST_WORDS = "under the same name";
/** Takes a tool before the first word. */
const SUM = "@Ada what is 17 * 23?";

const stopButton = (page: Page): Locator => page.getByRole("button", { name: "Stop Ada" });
const spoken = (page: Page): Locator => page.locator("[data-announcer]");
const idle = (page: Page) => messages(page).locator("[aria-busy=true]").waitFor({ state: "detached" });
const half = (page: Page): Locator => row(page, FIRST_WORDS).filter({ has: stopButton(page) });
const newest = (page: Page): Locator => messages(page).getByRole("listitem").last();
const nameless = (page: Page): Locator => messages(page).getByText("Stopped", { exact: true });
const lastStopped = (page: Page): Locator =>
  messages(page)
    .getByRole("listitem")
    .filter({ hasText: /Stopped/ })
    .last();

/** Ada in the middle of a reply, before everybody who is given. */
async function midReply(asker: Page, ...others: ReadonlyArray<Page>): Promise<void> {
  await say(asker, QUESTION);
  for (const page of [asker, ...others]) await half(page).waitFor();
}

const wordsOf = (page: Page): Promise<string> => lastStopped(page).locator(".markdown, .plain").innerText();

async function erikBesideDana(stage: Stage): Promise<void> {
  erik = await stage.visit({ as: "erik", path: new URL(dana.url()).pathname });
  const join = erik.getByRole("button", { name: "Join the room" });
  await join.or(composer(erik)).first().waitFor();
  if (await join.isVisible()) await join.click();
  await openRoom(erik, "Welcome");
}

export const stopping: Scenario = {
  title: "Stopping",
  settings: { DEMO_WORD_PAUSE_MS: "500" },
  checks: [
    [
      "anybody in the room can stop a reply; what was heard of it stays, marked, and it says no more",
      async (stage) => {
        dana = await stage.visit();
        await openRoom(dana, "Welcome");
        await erikBesideDana(stage);
        await midReply(dana, erik);
        await stopButton(erik).click();
        for (const page of [dana, erik]) await idle(page);
        await lastStopped(erik).getByText("Stopped by you").waitFor();
        // Dana owns Ada and may read in its record who it was.
        await lastStopped(dana).getByText("Stopped by Erik").waitFor();
        const kept = await wordsOf(dana);
        match(kept, /^I'm Ada\./);
        ok(!kept.includes(LAST_WORDS), "it did not come to its end");
        equal(await wordsOf(erik), kept);
        match((await spoken(dana).textContent()) ?? "", /\(stopped\)$/);
      },
    ],
    [
      "after a reload it is the same, with its mark",
      async () => {
        const kept = await wordsOf(dana);
        for (const page of [dana, erik]) {
          await page.reload();
          await openRoom(page, "Welcome");
          await lastStopped(page).waitFor();
          equal(await wordsOf(page), kept);
        }
        await lastStopped(dana).getByText("Stopped by Erik").waitFor();
        equal(await stopButton(dana).count(), 0);
      },
    ],
    [
      "stopped before a word was heard, a turn ends in a line that says so",
      async () => {
        await say(dana, SUM);
        await stopButton(dana).click();
        await lastStopped(dana).getByText("Stopped by you before anything was said").waitFor();
        await lastStopped(erik).getByText("before anything was said").waitFor();
        await idle(dana);
        match((await spoken(dana).textContent()) ?? "", /Ada was stopped before saying anything/);
        await count(row(dana, "391"), 0);
        await look(dana, "room-unheard");
      },
    ],
    [
      "by keyboard the button is one step from where one writes, and the focus is not lost with it",
      async () => {
        // The question whether one may be remembered stands between them until it is put off or answered.
        await dana.getByRole("button", { name: "Not now" }).click();
        await midReply(dana);
        await composer(dana).focus();
        await dana.keyboard.press("Shift+Tab");
        ok(await stopButton(dana).evaluate((button) => button === document.activeElement));
        await dana.keyboard.press("Enter");
        await idle(dana);
        await lastStopped(dana).getByText("Stopped by you").waitFor();
        ok(await messages(dana).evaluate((region) => region === document.activeElement));
      },
    ],
    [
      "Escape twice where one writes stops it too; once only says so",
      async () => {
        await midReply(dana);
        await composer(dana).press("Escape");
        await dana.getByRole("main").getByText("Escape once more stops Ada.").waitFor();
        ok(await stopButton(dana).isEnabled());
        await composer(dana).press("Escape");
        await idle(dana);
        await newest(dana).getByText("Stopped by you").waitFor();
      },
    ],
    [
      "who says to leave it is understood",
      async () => {
        await midReply(dana);
        await say(dana, "never mind");
        await idle(dana);
        await newest(dana).getByText("Stopped by you").waitFor();
        await row(dana, "never mind").waitFor();
      },
    ],
    [
      "a stop that does not get through is told, and can be pressed again; one that comes too late is told politely",
      async (stage) => {
        let line: Line | undefined;
        const late = await stage.visit({
          path: new URL(dana.url()).pathname,
          before: async (page) => {
            line = await tap(page);
          },
        });
        await openRoom(late, "Welcome");
        if (line === undefined) throw new Error("there is no line to tap");
        line.swallow = (text) => /"phase":"end"|"state":"done"/.test(text);
        line.answer = (text) => {
          const [joinRef, ref, topic, event] = JSON.parse(text) as ReadonlyArray<unknown>;
          if (event !== "agent_command") return undefined;
          return JSON.stringify([
            joinRef,
            ref,
            topic,
            "phx_reply",
            { status: "error", response: { reason: "internal" } },
          ]);
        };
        await say(late, "@Ada hello");
        await stopButton(late).click();
        await messages(late).getByText("Not stopped. The room refused it.").waitFor();
        ok(await stopButton(late).isEnabled());
        await look(late, "room-not-stopped");
        line.answer = () => undefined;
        await row(dana, /Good to see you|Hello Dana|Hi Dana/).waitFor();
        await idle(dana);
        await stopButton(late).click();
        await stopButton(late).waitFor({ state: "detached" });
        await eventually("it is told", async () => (await spoken(late).textContent()) === "Nothing is running here.");
        await late.reload();
        await row(late, /Good to see you|Hello Dana|Hi Dana/).waitFor();
      },
    ],
    [
      "a reply at work and one that was stopped look well in both widths and themes, and a thumb can press the button",
      async (stage) => {
        const path = new URL(dana.url()).pathname;
        for (const { name, width, viewport, theme } of views) {
          const page = await stage.visit({ path, viewport, theme });
          await openRoom(page, "Welcome");
          await lastStopped(page).waitFor();
          await midReply(page);
          const button = await stopButton(page).boundingBox();
          const least = width === "narrow" ? 44 : 24;
          ok(button !== null && button.height >= least && button.width >= least, `${least} pixels both ways`);
          await look(page, `room-at-work-${name}`);
          await stopButton(page).click();
          await idle(page);
          await eventually("every mark has a name", async () => (await nameless(page).count()) === 0);
          await look(page, `room-stopped-${name}`);
        }
      },
    ],
  ],
};
