/** Where an agent's answers come from: stand-ins, a model for simple messages, talkativeness and budgets, in its form and in what follows from them. */
import { equal, match, ok } from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { look, views } from "./look.ts";
import { answered, messages, openRoom, type Scenario, say } from "./scenario.ts";

let dana: Page;
let agentPath: string;

const field = (page: Page, name: string): Locator => page.getByRole("main").getByLabel(name, { exact: true });
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const toggleMore = (page: Page) => page.getByText(/^More/).click();
const standIns = async (page: Page): Promise<ReadonlyArray<string>> => {
  const found: string[] = [];
  for (const one of await page.getByLabel(/^Model of stand-in/).all()) found.push(await one.inputValue());
  return found;
};
const focused = (page: Page): Promise<string | null> =>
  page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? null);

/** Everything that was chosen for Cleo, as its form shows it. */
async function asChosen(page: Page): Promise<void> {
  equal((await standIns(page)).join(" "), "gpt-6-sol claude-opus-5-5");
  equal(await field(page, "Provider of stand-in 1").inputValue(), "openai");
  equal(await field(page, "Provider for simple messages").inputValue(), "anthropic");
  equal(await field(page, "Model for simple messages").inputValue(), "claude-haiku-5-5");
  ok(!(await field(page, "By its personality").isChecked()));
  equal(await field(page, "Talkativeness").getAttribute("aria-valuetext"), "80%");
  equal(await field(page, "One answer: tokens").inputValue(), "12");
  equal(await field(page, "A day in all: US dollars").inputValue(), "0.05");
  equal(await field(page, "A day for each person: tokens").inputValue(), "");
}

export const answers: Scenario = {
  title: "Answers",
  checks: [
    [
      "a new agent gets stand-ins in an order, a model for simple messages, a talkativeness and budgets",
      async (stage) => {
        dana = await stage.visit({ path: "/agents/new" });
        await field(dana, "Name").fill("Cleo");
        await dana.getByLabel(/^System prompt/).fill("You are Cleo, a patient proofreader.");
        ok(!(await dana.getByRole("button", { name: "Add a stand-in" }).isVisible()), "it is folded");
        await toggleMore(dana);
        await press(dana, "Add a stand-in");
        equal(await focused(dana), "Provider of stand-in 1");
        await field(dana, "Provider of stand-in 1").selectOption("anthropic");
        await field(dana, "Model of stand-in 1").fill("claude-opus-5-5");
        await press(dana, "Add a stand-in");
        await field(dana, "Provider of stand-in 2").selectOption("openai");
        await field(dana, "Model of stand-in 2").fill("gpt-6-sol");
        await field(dana, "Provider for simple messages").selectOption("anthropic");
        equal(await field(dana, "Model for simple messages").inputValue(), "claude-haiku-5-5");
        await field(dana, "By its personality").uncheck();
        await field(dana, "Talkativeness").fill("0.8");
        await field(dana, "One answer: tokens").fill("12");
        await field(dana, "A day in all: US dollars").fill("0.05");
        await press(dana, "Move stand-in 2 up");
        equal(await focused(dana), "Move stand-in 1 down", "the focus goes with the one that was moved");
        await press(dana, "Create agent");
        await dana.getByRole("heading", { level: 1, name: "Cleo" }).waitFor();
        agentPath = new URL(dana.url()).pathname;
      },
    ],
    [
      "all of it is there after a reload, and said in a few words while it is folded",
      async () => {
        await dana.reload();
        await dana
          .getByText("2 stand-ins, simple messages to claude-haiku-5-5, talkativeness 80%, and budgets")
          .waitFor();
        await toggleMore(dana);
        await asChosen(dana);
      },
    ],
    [
      "five stand-ins are the most; they are moved and removed by keyboard, and taken back by a reload before they are saved",
      async () => {
        for (let count = 2; count < 5; count++) await press(dana, "Add a stand-in");
        equal(await dana.getByRole("button", { name: "Add a stand-in" }).count(), 0);
        await field(dana, "Move stand-in 1 down").press("Enter");
        equal(await focused(dana), "Move stand-in 2 down");
        equal((await standIns(dana)).slice(0, 2).join(" "), "claude-opus-5-5 gpt-6-sol");
        for (let count = 5; count > 0; count--) {
          await field(dana, "Remove stand-in 1").press("Enter");
          if (count > 1) equal(await focused(dana), "Remove stand-in 1");
        }
        equal((await standIns(dana)).length, 0);
        dana.once("dialog", (dialog) => void dialog.accept());
        await dana.reload();
        await toggleMore(dana);
        await asChosen(dana);
      },
    ],
    [
      "what the program does not take is told at its field, also when it was folded away",
      async () => {
        await field(dana, "Model of stand-in 2").fill("  ");
        await toggleMore(dana);
        await press(dana, "Save");
        const wrong = field(dana, "Model of stand-in 2");
        await wrong.and(dana.locator("[aria-invalid]")).waitFor();
        equal(await focused(dana), "Model of stand-in 2");
        const words = await wrong.evaluate((input) => input.getAttribute("aria-describedby") ?? "");
        match((await dana.locator(`[id="${words}"]`).innerText()) ?? "", /length/);
        await look(dana, "agent-fault");
        await wrong.fill("claude-opus-5-5");
        await dana.getByText("Not saved yet").waitFor({ state: "detached" });
      },
    ],
    [
      "the form looks well unfolded, in both widths and themes",
      async (stage) => {
        for (const { name, viewport, theme } of views) {
          const page = await stage.visit({ path: agentPath, viewport, theme });
          await page.getByText("2 stand-ins, simple messages to claude-haiku-5-5").waitFor();
          await toggleMore(page);
          await page.getByText("Answers from").scrollIntoViewIfNeeded();
          await look(page, `agent-more-${name}`);
          await page.getByText("US dollars").scrollIntoViewIfNeeded();
          await look(page, `agent-budget-${name}`);
        }
      },
    ],
    [
      "an answer beyond its budget is not given: a notice says so, and stays one after a reload",
      async () => {
        await dana.goto(new URL("/rooms", dana.url()).href);
        await press(dana, "New room");
        const dialog = dana.getByRole("dialog", { name: "New room" });
        await dialog.getByLabel("Name", { exact: true }).fill("Proofs");
        await dialog.getByRole("button", { name: "Create room" }).click();
        await openRoom(dana, "Proofs");
        await press(dana, "Invite");
        await dana.getByRole("dialog").getByRole("button", { name: "Invite Cleo" }).click();
        await dana.getByRole("complementary").getByRole("listitem").filter({ hasText: "Cleo" }).waitFor();
        await dana.keyboard.press("Escape");
        await say(dana, "@Cleo, how does this read?");
        await answered(dana, "more than one answer may");
        const notice = messages(dana).locator(".notice").filter({ hasText: "more than one answer may" });
        await notice.waitFor();
        await dana.reload();
        await notice.waitFor();
        await look(dana, "room-notice");
      },
    ],
    [
      "the agent's events tell in words what happened",
      async () => {
        await dana.goto(new URL(`${agentPath}/events`, dana.url()).href);
        const events = dana.getByRole("list", { name: "Events of Cleo" }).getByRole("listitem");
        const told = async (type: string, words: RegExp) =>
          match(await events.filter({ hasText: type }).first().locator(".event-words").innerText(), words);
        await events.filter({ hasText: "TurnFailed" }).waitFor();
        await told("AgentCreated", /^Made: Cleo asks claude-sonnet-5-5, then gpt-6-sol and claude-opus-5-5$/);
        await told("MessageReceived", /^Heard 26 characters from dana, addressed by name$/);
        await told("ModelGaveUp", /^Gave up after 0 requests: TurnBudget$/);
        for (const words of await events.locator(".event-words").allInnerTexts())
          ok(words !== "", "every event has words");
      },
    ],
  ],
};
