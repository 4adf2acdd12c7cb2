/** Being remembered: asked once, answered beside the conversation, used when it was a yes, taken back at any time. */
import { equal, match, ok } from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { type Line, tap } from "./line.ts";
import { look, views } from "./look.ts";
import { answered, composer, count, enterRoom, eventually, openRoom, row, type Scenario, say } from "./scenario.ts";

let dana: Page;
let erik: Page;

const question = (page: Page): Locator => page.getByRole("region", { name: /remember you\?$/ });
const yes = (page: Page, agent: string): Locator => page.getByRole("button", { name: `Remember me, ${agent}` });
const no = (page: Page, agent: string): Locator => page.getByRole("button", { name: `No, thanks, ${agent}` });

const chosen = (button: Locator): Locator => button.and(button.page().locator("[aria-pressed=true]"));

const nothing = /I find nothing about that in my memory|Nothing I remember fits that/;

/** Asks an agent, and waits until this is what it answers. */
async function asks(page: Page, agent: string, words: string, expected: string | RegExp): Promise<void> {
  const by = page.locator(".speaker", { hasText: new RegExp(`^${agent}$`) });
  const replies = row(page, expected).filter({ has: by });
  const before = await replies.count();
  await say(page, `@${agent} ${words}`);
  await count(replies, before + 1);
  await answered(page, expected);
}

const visit = async (page: Page, path: string): Promise<void> => {
  await page.goto(new URL(path, page.url()).href);
};

export const consent: Scenario = {
  title: "Consent",
  settings: {},
  checks: [
    [
      "nobody asks before anything was said",
      async (stage) => {
        dana = await stage.visit();
        await openRoom(dana, "Welcome");
        await count(question(dana), 0);
        await dana.getByRole("link", { name: "About me" }).first().click();
        await dana.getByRole("heading", { name: "Nobody has asked yet" }).waitFor();
      },
    ],
    [
      "the first words bring the question: to the one who spoke alone, and out of the way",
      async (stage) => {
        await visit(dana, "/");
        await openRoom(dana, "Welcome");
        erik = await stage.visit({ as: "erik", path: "/rooms" });
        await erik.getByRole("button", { name: "Join Welcome" }).click();
        await openRoom(erik, "Welcome");
        await asks(dana, "Ada", "what is 12.5% of 640?", "80");
        await question(dana).getByText("for 90 days").waitFor();
        for (const agent of ["Ada", "Bo"])
          equal(
            await chosen(yes(dana, agent))
              .or(chosen(no(dana, agent)))
              .count(),
            0,
          );
        ok(await composer(dana).evaluate((field) => field === document.activeElement), "one can go on writing");
        await row(erik, "80").first().waitFor();
        await count(question(erik), 0);
      },
    ],
    [
      "the question looks well in both widths and themes",
      async (stage) => {
        for (const { name, viewport, theme } of views) {
          const page = await stage.visit({ path: "/rooms", viewport, theme });
          await enterRoom(page, "Welcome");
          await question(page).waitFor();
          await look(page, `consent-${name}`);
        }
      },
    ],
    [
      "it is there after a reload, and is answered from the keyboard: the answer shows at once and can be changed at once",
      async () => {
        await dana.reload();
        await openRoom(dana, "Welcome");
        await question(dana).waitFor();
        await composer(dana).focus();
        // Backwards from where one writes: the link, Bo's two buttons, Ada's two.
        for (let steps = 0; steps < 4; steps++) await dana.keyboard.press("Shift+Tab");
        ok(await no(dana, "Ada").evaluate((button) => button === document.activeElement));
        await dana.keyboard.press("Enter");
        await chosen(no(dana, "Ada")).waitFor();
        await dana.keyboard.press("Shift+Tab");
        await dana.keyboard.press("Enter");
        await chosen(yes(dana, "Ada")).waitFor();
        equal(await chosen(no(dana, "Ada")).count(), 0);
        await no(dana, "Bo").click();
        await chosen(no(dana, "Bo")).waitFor();
      },
    ],
    [
      "who has answered is not asked again, and sees in the room who remembers them",
      async () => {
        await dana.getByRole("button", { name: "Done", exact: true }).click();
        ok(await composer(dana).evaluate((field) => field === document.activeElement), "the focus goes on");
        await dana.reload();
        await openRoom(dana, "Welcome");
        const cast = dana.getByRole("complementary", { name: "Who is here" }).getByRole("listitem");
        await cast.filter({ hasText: "Ada" }).getByText("remembers you").waitFor();
        await count(cast.filter({ hasText: "Bo" }).getByText("remembers you"), 0);
        await asks(dana, "Ada", "what is 20% of 45?", "9");
        await count(question(dana), 0);
      },
    ],
    [
      "after a yes what one says is remembered and used later",
      async () => {
        await asks(dana, "Ada", "remember that I prefer metric units", /in my memory\.$/);
        await asks(dana, "Ada", "what do you know about me?", /prefers metric units/);
      },
    ],
    [
      "after a no nothing is kept",
      async () => {
        await asks(dana, "Bo", "remember that my bicycle is green", /if you let me|if I may/);
        await asks(dana, "Bo", "what do you know about me?", nothing);
      },
    ],
    [
      "a yes that is taken back, when that was confirmed, makes the agent forget, with the next question already",
      async () => {
        await visit(dana, "/me");
        const asked = dana.getByRole("dialog", { name: "Shall Ada forget you?" });
        await no(dana, "Ada").click();
        await asked.getByText(/^Ada forgets (?:all \d+ memories|the one memory) it has of you, for good\./).waitFor();
        await asked.getByRole("button", { name: "Stay remembered" }).click();
        await chosen(yes(dana, "Ada")).waitFor();
        await no(dana, "Ada").click();
        await asked.getByRole("button", { name: "Forget me" }).click();
        await chosen(no(dana, "Ada")).waitFor();
        await visit(dana, "/rooms");
        await enterRoom(dana, "Welcome");
        await asks(dana, "Ada", "what do you know about me?", nothing);
        match(await dana.getByRole("complementary").innerText(), /^(?!.*remembers you)/s);
      },
    ],
    [
      "a question whose news was lost is there when the line has been cut and is up again",
      async (stage) => {
        let line: Line | undefined;
        const tapped = async (page: Page) => {
          line = await tap(page);
        };
        const mira = await stage.visit({ as: "mira", path: "/rooms", before: tapped });
        await mira.getByRole("button", { name: "Join Welcome" }).click();
        await openRoom(mira, "Welcome");
        ok(line);
        let lost = 0;
        line.swallow = (text) => text.includes("consent_requested") && lost++ >= 0;
        await say(mira, "Good evening, everybody");
        await eventually("both questions", async () => lost === 2);
        await count(question(mira), 0);
        await line.socket?.close();
        await question(mira).getByRole("heading", { name: "May Ada and Bo remember you?" }).waitFor();
      },
    ],
    [
      "an answer that is not taken does not stay, and says why",
      async () => {
        await visit(dana, "/me");
        await dana.route("**/api/me/consents", (route) =>
          route.request().method() === "PUT" ? route.abort() : route.fallback(),
        );
        await yes(dana, "Bo").click();
        await dana.getByRole("alert").getByText("Troupe does not answer.").waitFor();
        await chosen(no(dana, "Bo")).waitFor();
      },
    ],
  ],
};
