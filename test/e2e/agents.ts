/** Agents: making one, changing it, two at once changing it, its events, switching it off, deleting it. */
import { equal, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import { count, eventually, type Scenario } from "./scenario.ts";

let dana: Page;

const field = (page: Page, name: string) => page.getByRole("main").getByLabel(name);
const save = (page: Page) => page.getByRole("button", { name: "Save", exact: true });

export const agents: Scenario = {
  title: "Agents",
  checks: [
    [
      "a person without agents is told what an agent is, and how to make one",
      async (stage) => {
        const mira = await stage.visit({ as: "mira", path: "/agents" });
        await mira.getByRole("heading", { name: "You have no agents yet" }).waitFor();
        await mira.getByRole("main").getByRole("link", { name: "New agent" }).waitFor();
      },
    ],
    [
      "the cards say what each agent is for, which model it asks, and that the demo answers",
      async (stage) => {
        dana = await stage.visit({ path: "/agents" });
        const ada = dana.getByRole("main").getByRole("listitem").filter({ hasText: "Ada" });
        await ada.getByText("claude-sonnet-5-5").waitFor();
        await ada.getByText("demo model answers").waitFor();
        await ada.getByRole("switch", { name: "Ada is active", checked: true }).waitFor();
      },
    ],
    [
      "a new agent is made with a prompt and a tool",
      async () => {
        await dana.getByRole("link", { name: "New agent" }).click();
        await field(dana, "Name").fill("Cleo");
        await field(dana, "System prompt").fill("You are Cleo, a patient proofreader.");
        await field(dana, "calculator").selectOption("allow");
        await dana.getByRole("button", { name: "Create agent" }).click();
        await dana.getByRole("heading", { level: 1, name: "Cleo" }).waitFor();
        equal(await field(dana, "calculator").inputValue(), "allow");
        await dana.getByText("Version 1").waitFor();
      },
    ],
    [
      "a change is saved as a new version and is there after a reload",
      async () => {
        await field(dana, "Description").fill("Reads what others wrote.");
        await save(dana).click();
        await dana.getByText("Version 2").waitFor();
        ok(await save(dana).isDisabled(), "nothing is left to save");
        await dana.reload();
        await dana.getByRole("heading", { level: 1, name: "Cleo" }).waitFor();
        equal(await field(dana, "Description").inputValue(), "Reads what others wrote.");
      },
    ],
    [
      "who saves over somebody else's change is told, keeps what was typed, and can load the newer one",
      async (stage) => {
        const other = await stage.visit({ path: new URL(dana.url()).pathname });
        await other.getByRole("heading", { level: 1, name: "Cleo" }).waitFor();
        await field(dana, "Description").fill("The quicker change.");
        await save(dana).click();
        await dana.getByText("Version 3").waitFor();
        await field(other, "Description").fill("The slower change.");
        await save(other).click();
        await other.getByText("This agent was changed in the meantime.").waitFor();
        equal(await field(other, "Description").inputValue(), "The slower change.");
        await other.getByRole("button", { name: "Load the newer version" }).click();
        await eventually(
          "the newer words",
          async () => (await field(other, "Description").inputValue()) === "The quicker change.",
        );
      },
    ],
    [
      "an agent is switched off and on again",
      async () => {
        await dana.getByRole("switch", { name: "Cleo is active" }).click();
        await dana.getByRole("switch", { name: "Cleo is active", checked: false }).waitFor();
        await dana.getByRole("switch", { name: "Cleo is active" }).click();
        await dana.getByRole("switch", { name: "Cleo is active", checked: true }).waitFor();
      },
    ],
    [
      "its events stand in order, open to their facts, and can be filtered by type",
      async () => {
        await dana.getByRole("link", { name: "Events" }).click();
        const rows = dana.getByRole("list", { name: "Events of Cleo" }).getByRole("listitem");
        await rows.filter({ hasText: "AgentCreated" }).waitFor();
        const numbers = await dana.locator(".event-number").allInnerTexts();
        equal(numbers.join(" "), numbers.map((_, index) => index + 1).join(" "));
        await rows.filter({ hasText: "AgentCreated" }).locator("summary").click();
        await rows
          .filter({ hasText: "AgentCreated" })
          .getByText(/"name": "Cleo"/)
          .waitFor();
        await dana.getByLabel("Type").selectOption("AgentReconfigured");
        await rows.filter({ hasText: "AgentCreated" }).waitFor({ state: "detached" });
        await count(rows.filter({ hasText: "AgentReconfigured" }), 2);
        await dana.getByLabel("Type").selectOption("AgentDeleted");
        await dana.getByRole("heading", { name: "No such events" }).waitFor();
      },
    ],
    [
      "events that happen meanwhile come in by themselves when the list is live",
      async (stage) => {
        await dana.getByLabel("Type").selectOption("");
        await dana.getByRole("switch", { name: "Live" }).click();
        const before = await dana.locator(".event-number").count();
        const other = await stage.visit({ path: new URL(dana.url()).pathname.replace("/events", "") });
        await other.getByRole("switch", { name: "Cleo is active" }).click();
        await eventually("a new event", async () => (await dana.locator(".event-number").count()) > before);
      },
    ],
    [
      "an agent is deleted only when its name was typed",
      async () => {
        await dana.getByRole("link", { name: "To the agent" }).click();
        await dana.getByRole("button", { name: "Delete" }).click();
        const dialog = dana.getByRole("dialog", { name: "Delete Cleo?" });
        const confirm = dialog.getByRole("button", { name: "Delete for good" });
        ok(await confirm.isDisabled());
        await dialog.getByLabel(/to confirm/).fill("Cleo");
        await confirm.click();
        await dana.getByRole("heading", { level: 1, name: "Agents" }).waitFor();
        await count(dana.getByRole("main").getByRole("listitem").filter({ hasText: "Cleo" }), 0);
      },
    ],
  ],
};
