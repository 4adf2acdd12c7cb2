/** Rooms: making one, inviting, leaving, joining again. */
import { equal } from "node:assert/strict";
import type { Page } from "playwright-core";
import { answered, composer, openRoom, row, type Scenario, say } from "./scenario.ts";

let dana: Page;
let roomPath: string;

export const rooms: Scenario = {
  title: "Rooms",
  checks: [
    [
      "the list shows each room's kind, how much was said and when",
      async (stage) => {
        dana = await stage.visit({ path: "/rooms" });
        const welcome = dana.getByRole("main").getByRole("link", { name: /Welcome/ });
        await welcome.getByText("public").waitFor();
        await welcome.getByText(/\d+ messages/).waitFor();
        await welcome.getByText(/last/).waitFor();
      },
    ],
    [
      "a new room is empty and says what to do",
      async () => {
        await dana.getByRole("button", { name: "New room" }).click();
        const dialog = dana.getByRole("dialog", { name: "New room" });
        await dialog.getByLabel("Name", { exact: true }).fill("Rehearsal");
        await dialog.getByLabel("Public").check();
        await dialog.getByRole("button", { name: "Create room" }).click();
        await openRoom(dana, "Rehearsal");
        await dana.getByRole("heading", { name: "Nothing has been said here yet" }).waitFor();
        roomPath = new URL(dana.url()).pathname;
      },
    ],
    [
      "an agent that is invited is here at once, and answers when named",
      async () => {
        await dana.getByRole("button", { name: "Invite", exact: true }).click();
        const dialog = dana.getByRole("dialog", { name: "Invite to this room" });
        await dialog.getByRole("button", { name: "Invite Ada" }).click();
        await dana.getByRole("listitem").filter({ hasText: "Ada" }).getByText("listening").first().waitFor();
        await dana.keyboard.press("Escape");
        await dialog.waitFor({ state: "detached" });
        await say(dana, "@Ada what is 7 * 6?");
        await answered(dana, "42");
      },
    ],
    [
      "its owner chooses that agents answer without being named",
      async () => {
        const choice = dana.getByRole("complementary").getByLabel("Who speaks when");
        await choice.selectOption({ label: "One at a time" });
        await dana.getByRole("complementary").getByText("the agent that was silent longest").waitFor();
        await say(dana, "What is 6 * 9?");
        await answered(dana, "54");
        await choice.selectOption({ label: "When spoken to" });
        await dana.getByRole("complementary").getByText("when it is named with @, replied to").waitFor();
      },
    ],
    [
      "a person who is invited finds the room in their list",
      async (stage) => {
        await dana.getByRole("button", { name: "Invite", exact: true }).click();
        const dialog = dana.getByRole("dialog", { name: "Invite to this room" });
        await dialog.getByLabel("Their id").fill("erik");
        await dialog.getByRole("button", { name: "Invite", exact: true }).click();
        await dana.getByRole("complementary").getByText("Erik").waitFor();
        const erik = await stage.visit({ as: "erik", path: "/rooms" });
        await erik
          .getByRole("main")
          .getByRole("link", { name: /Rehearsal/ })
          .click();
        await openRoom(erik, "Rehearsal");
        await row(erik, "42").first().waitFor();
      },
    ],
    [
      "an open room can be joined from the list, and left again",
      async (stage) => {
        const mira = await stage.visit({ as: "mira", path: "/rooms" });
        await mira.getByRole("button", { name: "Join Rehearsal" }).click();
        await openRoom(mira, "Rehearsal");
        await mira.getByRole("button", { name: "Leave the room" }).click();
        await mira.getByRole("button", { name: "Join Rehearsal" }).waitFor();
      },
    ],
    [
      "who is not in a room is told so at its door, and can come in",
      async (stage) => {
        const mira = await stage.visit({ as: "mira", path: roomPath });
        await mira.getByRole("button", { name: "Join the room" }).click();
        await openRoom(mira, "Rehearsal");
        equal(await composer(mira).isEditable(), true);
      },
    ],
  ],
};
