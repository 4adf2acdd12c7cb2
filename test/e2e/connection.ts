/** When the line breaks: what is said meanwhile comes once, what was on its way is sent once, and long rooms stay light. */
import { equal, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import { type Line, tap } from "./line.ts";
import { composer, count, enterRoom, eventually, messages, openRoom, row, type Scenario, say } from "./scenario.ts";

let dana: Page;
let erik: Page;
let line: Line;

/** As many messages as a busy room has in a year, given in place of its own. */
function manyMessages(roomId: string, total: number) {
  const data = Array.from({ length: total }, (_, index) => ({
    id: `msg_${index}`,
    room_id: roomId,
    // Below every real one, so that what is said now comes after them.
    seq: index - total,
    author_id: index % 2 === 0 ? "erik" : "agt_1",
    author_kind: index % 2 === 0 ? "user" : "agent",
    author_name: index % 2 === 0 ? "Erik" : "Ada",
    text: `Line **${index}** of many${" and on".repeat(index % 30)}`,
    ai_generated: index % 2 === 1,
    created_at: new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString(),
  }));
  return { data, page: { next_cursor: null, has_more: false } };
}

export const connection: Scenario = {
  title: "Connection",
  checks: [
    [
      "a lost connection is told, what is said meanwhile comes once, nothing is doubled",
      async (stage) => {
        dana = await stage.visit({
          path: "/rooms",
          before: async (page) => {
            line = await tap(page);
          },
        });
        await enterRoom(dana, "Welcome");
        erik = await stage.visit({ as: "erik", path: new URL(dana.url()).pathname });
        await openRoom(erik, "Welcome");
        await say(erik, "Before the cut");
        await row(dana, "Before the cut").waitFor();
        line.up = false;
        await line.socket?.close({ code: 1012 });
        await dana.getByText("Connection lost, reconnecting…").waitFor();
        await say(erik, "During the cut");
        await row(erik, "During the cut").waitFor();
        equal(await row(dana, "During the cut").count(), 0);
        line.up = true;
        await row(dana, "During the cut").waitFor({ timeout: 20_000 });
        await dana.getByText("Connection lost, reconnecting…").waitFor({ state: "detached" });
        await count(row(dana, "During the cut"), 1);
        await count(row(dana, "Before the cut"), 1);
      },
    ],
    [
      "a message whose answer was lost is shown as not sent; trying again sends it once",
      async () => {
        line.swallow = (text) => text.includes("phx_reply") || text.includes("Only once");
        await say(dana, "Only once");
        await row(dana, "Only once").getByText("Sending…").waitFor();
        const retry = row(dana, "Only once").getByRole("button", { name: "Try again" });
        await retry.waitFor({ timeout: 20_000 });
        line.swallow = () => false;
        await retry.click();
        await retry.waitFor({ state: "detached" });
        await dana.reload();
        await openRoom(dana, "Welcome");
        await row(dana, "Only once").first().waitFor();
        await count(row(dana, "Only once"), 1);
        await count(row(erik, "Only once"), 1);
      },
    ],
    [
      "a room of 5 000 messages keeps few of them in the document, opens at its end and scrolls to its beginning",
      async (stage) => {
        const page = await stage.visit({
          path: "/rooms",
          before: (fresh) =>
            fresh.route(/\/api\/rooms\/[^/]+\/messages\?/, (route) => {
              const roomId = new URL(route.request().url()).pathname.split("/")[3] ?? "";
              return route.fulfill({ json: manyMessages(roomId, 5_000) });
            }),
        });
        await enterRoom(page, "Welcome");
        await row(page, "Line 4999 of many").or(row(page, "Line **4999** of many")).first().waitFor();
        ok((await messages(page).getByRole("listitem").count()) < 120, "only what is near is in the document");
        await messages(page).evaluate((frame) => {
          frame.scrollTop = 0;
        });
        await row(page, /Line \**0\** of many/).waitFor();
        await page.getByRole("button", { name: "Latest" }).click();
        await row(page, /Line \**4999\** of many/).waitFor();
      },
    ],
    [
      "who reads further up is left in peace, and told how much is new",
      async (stage) => {
        const page = await stage.visit({
          path: "/rooms",
          before: (fresh) =>
            fresh.route(/\/api\/rooms\/[^/]+\/messages\?/, (route) => {
              const roomId = new URL(route.request().url()).pathname.split("/")[3] ?? "";
              return route.fulfill({ json: { ...manyMessages(roomId, 200) } });
            }),
        });
        await enterRoom(page, "Welcome");
        await row(page, /Line \**199\** of many/).waitFor();
        await messages(page).hover();
        await page.mouse.wheel(0, -3_000);
        await page.getByRole("button", { name: "Latest" }).waitFor();
        const before = await messages(page).evaluate((frame) => frame.scrollTop);
        await say(erik, "News from below");
        await page.getByRole("button", { name: "1 new" }).waitFor();
        equal(await messages(page).evaluate((frame) => frame.scrollTop), before);
        await page.getByRole("button", { name: "1 new" }).click();
        await row(page, "News from below").waitFor();
        await eventually("the pill goes", async () => (await page.locator(".pill").count()) === 0);
        ok(await composer(page).isVisible());
      },
    ],
  ],
};
