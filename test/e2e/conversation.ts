/** A conversation in the room Welcome: asking, watching an agent work, being two people, coming back. */
import { equal, match, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import { answered, composer, count, eventually, messages, openRoom, row, type Scenario, say } from "./scenario.ts";

let dana: Page;
let erik: Page;

/** Notes every state the page goes through, so that a step that is over in a blink is seen all the same. */
const watch = (page: Page) =>
  page.evaluate(() => {
    const seen = { thinking: [] as string[], tools: [] as string[], announced: [] as string[] };
    Object.assign(globalThis, { seen });
    const note = (list: string[], text: string | null | undefined) => {
      if (text && list.at(-1) !== text) list.push(text);
    };
    new MutationObserver(() => {
      for (const row of document.querySelectorAll(".thinking")) note(seen.thinking, row.textContent);
      for (const card of document.querySelectorAll("details.tool summary")) note(seen.tools, card.textContent);
      note(seen.announced, document.querySelector("[data-announcer]")?.textContent);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });

const seenBy = (page: Page): Promise<{ thinking: string[]; tools: string[]; announced: string[] }> =>
  page.evaluate(
    () => (globalThis as unknown as { seen: { thinking: string[]; tools: string[]; announced: string[] } }).seen,
  );

const said = async (page: Page): Promise<ReadonlyArray<string>> =>
  (await messages(page).getByRole("listitem").locator(".plain, .markdown").allInnerTexts()).map((text) => text.trim());

export const conversation: Scenario = {
  title: "Conversation",
  checks: [
    [
      "a question to Ada: she is seen thinking, a tool card names the calculator, the reply has the result",
      async (stage) => {
        dana = await stage.visit();
        await openRoom(dana, "Welcome");
        await watch(dana);
        await say(dana, "@Ada what is 12.5% of 640?");
        await answered(dana, "80");
        const seen = await seenBy(dana);
        ok(seen.thinking.length > 0, "a thinking row stood there");
        const reply = row(dana, "80").last();
        await reply.getByText("calculator").waitFor();
        await reply.getByText("Done").waitFor();
        await reply.getByRole("img", { name: "AI agent" }).waitFor();
      },
    ],
    [
      "a tool that succeeded is folded up, and unfolds to its input and output",
      async () => {
        const card = row(dana, "80").last().locator("details.tool").first();
        equal(await card.getAttribute("open"), null);
        await card.locator("summary").click();
        await card.getByText("Input").waitFor();
        match((await card.innerText()) ?? "", /640/);
      },
    ],
    [
      "the finished reply is announced once; the stream itself is not a live region",
      async () => {
        const { announced } = await seenBy(dana);
        equal(announced.filter((text) => text.includes("80")).length, 1);
        equal(await messages(dana).locator("[aria-live]").count(), 0);
      },
    ],
    [
      "a second person in the same room sees the same messages",
      async (stage) => {
        erik = await stage.visit({ as: "erik", path: new URL(dana.url()).pathname });
        const join = erik.getByRole("button", { name: "Join the room" });
        await join.or(composer(erik)).first().waitFor();
        if (await join.isVisible()) await join.click();
        await openRoom(erik, "Welcome");
        await row(erik, "80").first().waitFor();
        equal((await said(erik)).join("\n"), (await said(dana)).join("\n"));
      },
    ],
    [
      "what one writes the other reads at once, and sees that one is here",
      async () => {
        await say(erik, "Hello from Erik");
        await row(dana, "Hello from Erik").waitFor();
        await count(row(erik, "Hello from Erik"), 1);
        const people = dana.getByRole("complementary", { name: "Who is here" });
        await people.getByRole("listitem").filter({ hasText: "Erik" }).getByText("here").waitFor();
      },
    ],
    [
      "a reload shows the same, the tool card included",
      async () => {
        // What has scrolled out of sight is there again once the list is at rest.
        await row(dana, "@Ada what is 12.5% of 640?").first().waitFor();
        const before = (await said(dana)).join("\n");
        await dana.reload();
        await openRoom(dana, "Welcome");
        await row(dana, "80").first().waitFor();
        await eventually("the same messages", async () => (await said(dana)).join("\n") === before);
        await row(dana, "80").last().getByText("calculator").waitFor();
      },
    ],
    [
      "a mention is picked and sent with the keyboard alone",
      async () => {
        await composer(dana).focus();
        await dana.keyboard.type("@");
        const list = dana.getByRole("listbox", { name: "Agents in this room" });
        await list.waitFor();
        equal(await list.getByRole("option").count(), 2);
        await dana.keyboard.press("ArrowDown");
        match((await list.getByRole("option", { selected: true }).innerText()) ?? "", /Bo/);
        await dana.keyboard.press("Escape");
        await list.waitFor({ state: "detached" });
        await dana.keyboard.type("b");
        await list.waitFor();
        await dana.keyboard.press("Tab");
        equal(await composer(dana).inputValue(), "@Bo ");
        await dana.keyboard.type("help me plan a picnic for six");
        await dana.keyboard.press("Enter");
        await row(dana, "@Bo help me plan a picnic for six").first().waitFor();
        const byBo = messages(dana)
          .getByRole("listitem")
          .filter({ has: dana.locator(".speaker", { hasText: /^Bo$/ }) });
        await byBo.first().waitFor({ timeout: 30_000 });
        await messages(dana).locator("[aria-busy=true]").waitFor({ state: "detached", timeout: 30_000 });
      },
    ],
    [
      "Shift+Enter breaks the line, and an unsent draft is there again after a reload",
      async () => {
        await composer(dana).fill("");
        await composer(dana).focus();
        await dana.keyboard.type("first line");
        await dana.keyboard.press("Shift+Enter");
        await dana.keyboard.type("second line");
        await dana.reload();
        await openRoom(dana, "Welcome");
        equal(await composer(dana).inputValue(), "first line\nsecond line");
        await composer(dana).fill("");
      },
    ],
    [
      "what people type is text: no markup, no script, and links that give nothing away",
      async () => {
        await say(dana, 'Look: <img src="x" onerror="document.title=1"> at https://example.org/a.');
        const line = row(dana, "Look:");
        await line.waitFor();
        equal(await line.locator("img").count(), 0);
        const link = line.getByRole("link");
        equal(await link.getAttribute("href"), "https://example.org/a");
        equal(await link.getAttribute("rel"), "noopener nofollow ugc");
      },
    ],
  ],
};
