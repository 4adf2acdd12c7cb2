/** Being erased: asked for twice, told by a receipt on every device, and over when the person says that they are back. */
import { match, ok } from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { look } from "./look.ts";
import { count, enterRoom, eventually, openRoom, row, type Scenario, say } from "./scenario.ts";

let erik: Page;

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const dialog = (page: Page, name: string): Locator => page.getByRole("dialog", { name });
const visit = async (page: Page, path: string): Promise<void> => {
  await page.goto(new URL(path, page.url()).href);
};

export const erasure: Scenario = {
  title: "Erasure",
  settings: {},
  checks: [
    [
      "everything about a person is erased when they typed that they mean it; the receipt stays, and they can come back",
      async (stage) => {
        erik = await stage.visit({ as: "erik", path: "/rooms" });
        await erik.getByRole("button", { name: "Join Welcome" }).click();
        await openRoom(erik, "Welcome");
        await say(erik, "My locker is number nine");
        await row(erik, "My locker is number nine").waitFor();
        await count(row(erik, "Sending…"), 0);
        await visit(erik, "/me");
        await press(erik, "Erase everything about me");
        const form = dialog(erik, "Erase everything about you?");
        const confirm = form.getByRole("button", { name: "Erase for good" });
        ok(await confirm.isDisabled());
        await form.getByLabel(/to confirm/).fill("erase me");
        await confirm.click();
        const receipt = erik.getByRole("region", { name: "Receipt" });
        await receipt.getByRole("heading", { name: "Your words were erased" }).waitFor({ timeout: 30_000 });
        match(await receipt.innerText(), /(\d+) of \1 logs that held your key/);
        match(await receipt.innerText(), /could bring the key back until \w+ \d+, \d{4}/);
        await look(erik, "me-erased");
        await erik.reload();
        await receipt.getByRole("heading", { name: "Your words were erased" }).waitFor();
        match(await receipt.innerText(), /other people said in their rooms stays readable/);
        const elsewhere = await stage.visit({ as: "erik", path: "/me" });
        await elsewhere.getByRole("region", { name: "Receipt" }).getByRole("button", { name: "I am back" }).waitFor();
      },
    ],
    [
      "of who was erased nobody reads a word; nothing is taken from them until they are back",
      async (stage) => {
        const dana = await stage.visit({ path: "/rooms" });
        await enterRoom(dana, "Welcome");
        await row(dana, "These words were erased.").first().waitFor();
        await count(row(dana, "locker"), 0);
        await visit(erik, "/rooms");
        await enterRoom(erik, "Welcome");
        await erik.getByText("You were erased: no room takes a word from you").waitFor();
        await say(erik, "Is anybody here?");
        await row(erik, "Not sent.").waitFor();
        await visit(erik, "/me");
        await press(erik, "I am back");
        await erik.getByText("Welcome back: what you say").waitFor();
        await visit(erik, "/rooms");
        await enterRoom(erik, "Welcome");
        await say(erik, "I am here again");
        // A room asks for the new key when it has forgotten that there was none, which takes seconds.
        const retry = row(erik, "I am here again").getByRole("button", { name: "Try again" });
        await eventually("a word of Erik", async () => {
          if (await retry.isVisible()) await retry.click();
          return row(dana, "I am here again").isVisible();
        });
      },
    ],
  ],
};
