/** What agents remember: for the owner to add to, search, explain, correct, delete and teach; for everybody what is remembered about them. */
import { equal, match, ok } from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { look, views } from "./look.ts";
import { answered, count, eventually, openRoom, row, type Scenario, say } from "./scenario.ts";

let dana: Page;
let memoryPath: string;

const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name, exact: true }).click();
const dialog = (page: Page, name: string | RegExp): Locator => page.getByRole("dialog", { name });
const remembered = (page: Page): Locator => page.getByRole("list", { name: "What Ada remembers" }).locator("> li");
const visit = async (page: Page, path: string): Promise<void> => {
  await page.goto(new URL(path, page.url()).href);
};

interface Added {
  readonly content: string;
  readonly kind?: string;
  readonly importance?: string;
  readonly about?: string;
}

async function add(page: Page, { content, kind, importance, about }: Added): Promise<void> {
  await press(page, "Add");
  const form = dialog(page, "Add to Ada’s memory");
  await form.getByLabel("What is to be remembered").fill(content);
  if (kind) await form.getByLabel("Kind").selectOption(kind);
  if (importance) await form.getByLabel(/^Importance/).fill(importance);
  if (about) await form.getByLabel(/^About/).fill(about);
  await form.getByRole("button", { name: "Add", exact: true }).click();
}

async function search(page: Page, words: string): Promise<void> {
  await page.getByRole("searchbox", { name: "Search" }).fill(words);
  await page.getByRole("searchbox", { name: "Search" }).press("Enter");
}

/** Teaches what a file holds. */
async function teach(page: Page, name: string, text: string): Promise<void> {
  await press(page, "Teach");
  const form = dialog(page, "Teach Ada");
  await form.getByLabel(/^Or choose a file/).setInputFiles({ name, mimeType: "", buffer: Buffer.from(text) });
  await form.getByRole("button", { name: "Teach", exact: true }).click();
}

/** True for what one sees and could press without scrolling. */
const isInSight = (element: Element): boolean => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
};

const training = (page: Page): Locator => page.getByRole("region", { name: "Training" });

const broken = [
  '{"content":"The stage door is on the north side","memory_type":"semantic"}',
  "{this is not JSON",
  '{"content":"Curtain at eight","memory_type":"rumour"}',
  '{"content":"Erik is allergic to nuts","about":["erik"]}',
  '{"content":"Props are kept in the red trunk"}',
].join("\n");

export const memory: Scenario = {
  title: "Memory",
  settings: {},
  checks: [
    [
      "an agent's card leads to its memory, which says what it is when there is nothing in it",
      async (stage) => {
        dana = await stage.visit({ path: "/agents" });
        await dana.getByRole("link", { name: "Memory of Ada" }).click();
        await dana.getByRole("heading", { name: "Ada remembers nothing yet" }).waitFor();
        memoryPath = new URL(dana.url()).pathname;
      },
    ],
    [
      "a memory is added with its kind and importance, and stands on top",
      async () => {
        await add(dana, { content: "The premiere is on 12 June", kind: "semantic", importance: "0.8" });
        const first = remembered(dana).first();
        await first.getByText("The premiere is on 12 June").waitFor();
        match(await first.innerText(), /Fact[\s\S]*importance 80%/);
        await add(dana, { content: "To strike the set, unscrew the flats first", kind: "procedural" });
        await remembered(dana).first().getByText("To strike the set").waitFor();
        await count(remembered(dana), 2);
      },
    ],
    [
      "nothing is added about somebody who has not agreed, and the words are not lost over it",
      async () => {
        const size = dana.viewportSize()!;
        await add(dana, { content: "Erik sings bass", about: "erik" });
        const form = dialog(dana, "Add to Ada’s memory");
        await form.getByRole("alert").getByText("Somebody has not agreed to be remembered.").waitFor();
        equal(await form.getByLabel("What is to be remembered").inputValue(), "Erik sings bass");
        await dana.setViewportSize({ width: 1280, height: 600 });
        ok(await form.getByRole("button", { name: "Cancel" }).evaluate(isInSight), "the way out stays in sight");
        await dana.setViewportSize(size);
        await press(dana, "Cancel");
        await count(remembered(dana), 2);
      },
    ],
    [
      "a search shows what fits best first, with both scores; it is left by emptying the field",
      async () => {
        await search(dana, "when is the premiere?");
        const first = remembered(dana).first();
        await first.getByText(/similarity \d\.\d\d · relevance \d\.\d\d/).waitFor();
        match(await first.innerText(), /premiere is on 12 June/);
        ok(await dana.getByLabel("State").isDisabled(), "what was put away is not searched");
        await dana.getByRole("searchbox", { name: "Search" }).fill("");
        await count(remembered(dana), 2);
        equal(await remembered(dana).getByText("similarity").count(), 0);
      },
    ],
    [
      "kind, importance, state, person and day narrow the list",
      async () => {
        await dana.getByLabel("Kind").selectOption("procedural");
        await count(remembered(dana), 1);
        await dana.getByLabel("Importance").selectOption("0.7");
        await dana.getByRole("heading", { name: "No such memories" }).waitFor();
        await dana.getByLabel("Kind").selectOption("");
        await remembered(dana).getByText("The premiere is on 12 June").waitFor();
        const about = dana.getByRole("textbox", { name: "About" });
        await about.fill("dana");
        await about.press("Enter");
        await dana.getByRole("heading", { name: "No such memories" }).waitFor();
        await about.fill("");
        await about.press("Enter");
        await dana.getByLabel("Importance").selectOption("0");
        await dana.getByLabel("Believed on").fill("2020-05-12");
        await dana.getByRole("heading", { name: "No such memories" }).waitFor();
        await dana.getByLabel("Believed on").fill("");
        await count(remembered(dana), 2);
        await dana.getByLabel("State").selectOption("archived");
        await dana.getByRole("heading", { name: "No such memories" }).waitFor();
        await dana.getByLabel("State").selectOption("live");
      },
    ],
    [
      "why it is remembered is told, and leads to the event in the log",
      async () => {
        const premiere = remembered(dana).filter({ hasText: "premiere" });
        await premiere.getByText("Why does it remember this?").click();
        await premiere.getByText("The agent’s owner added it.").waitFor();
        await premiere
          .getByRole("link", { name: /^event \d+$/ })
          .first()
          .click();
        await dana.getByText(/^Shown from event \d+ on/).waitFor();
        const open = dana.getByRole("list", { name: "Events of Ada" }).locator("details[open]");
        await open.getByText("MemoryFormed").waitFor();
        await count(open, 1);
        await visit(dana, memoryPath);
      },
    ],
    [
      "who corrects over somebody else's correction is told kindly, keeps what was typed, and can load the newer one",
      async (stage) => {
        const other = await stage.visit({ path: memoryPath });
        const words = (page: Page) => dialog(page, "Correct a memory").getByLabel("What is to be remembered");
        for (const page of [dana, other]) {
          await page.getByRole("button", { name: /^Correct: The premiere/ }).click();
          await words(page).waitFor();
        }
        await words(dana).fill("The premiere is on 14 June");
        await press(dana, "Save");
        await remembered(dana).getByText("The premiere is on 14 June").waitFor();
        await words(other).fill("The premiere is on 1 July");
        await press(other, "Save");
        await other.getByText("This memory was changed in the meantime.").waitFor();
        equal(await words(other).inputValue(), "The premiere is on 1 July");
        await press(other, "Load the newer one");
        await eventually("the newer words", async () => (await words(other).inputValue()).includes("14 June"));
        await words(other).fill("The premiere is on 16 June");
        await press(other, "Save");
        await remembered(other).getByText("The premiere is on 16 June").waitFor();
      },
    ],
    [
      "a memory is deleted when that was confirmed",
      async () => {
        await dana.reload();
        await dana.getByRole("button", { name: /^Delete: To strike/ }).click();
        await dialog(dana, "Delete this memory?").getByText("To strike the set").waitFor();
        await press(dana, "Keep it");
        await count(remembered(dana), 2);
        await dana.getByRole("button", { name: /^Delete: To strike/ }).click();
        await press(dana, "Delete for good");
        await count(remembered(dana), 1);
        await dana.reload();
        await count(remembered(dana), 1);
      },
    ],
    [
      "of JSON lines the good ones are learnt, and each bad one is named with its row; also after a reload",
      async () => {
        await teach(dana, "notes.jsonl", broken);
        await training(dana).getByText("2 of 5 became memories").waitFor({ timeout: 20_000 });
        await remembered(dana).getByText("Props are kept in the red trunk").waitFor();
        await dana.reload();
        await training(dana).getByText("3 refused: which, and why").click();
        await training(dana).getByRole("listitem").first().waitFor();
        const rows = await training(dana).getByRole("listitem").allInnerTexts();
        equal(rows.length, 3);
        match(
          rows.join("\n"),
          /Row 2 is not JSON\.[\s\S]*Row 3 is of a kind[\s\S]*Row 4 is about somebody who has not/,
        );
        await press(dana, "Put aside");
        await count(training(dana), 0);
      },
    ],
    [
      "pasted text is learnt passage by passage",
      async () => {
        await press(dana, "Teach");
        const form = dialog(dana, "Teach Ada");
        await form.getByLabel("Paste here").fill("The house opened in 1911.\n\nIts architect was Ida Brandt.");
        await form.getByRole("button", { name: "Teach", exact: true }).click();
        await training(dana).getByText("became memories").waitFor({ timeout: 20_000 });
        await remembered(dana).getByText("Its architect was Ida Brandt.").waitFor();
        await press(dana, "Put aside");
      },
    ],
    [
      "a list of items in a JSON file is learnt item by item",
      async () => {
        await teach(
          dana,
          "trunks.json",
          '[{"content":"Wigs are in the blue trunk"},{"content":"Hats hang by the door"}]',
        );
        await training(dana).getByText("2 of 2 became memories").waitFor({ timeout: 20_000 });
        await remembered(dana).getByText("Hats hang by the door", { exact: true }).waitFor();
        await press(dana, "Put aside");
      },
    ],
    [
      "a long training shows how far it is, and can be cancelled; what was learnt stays",
      async () => {
        const lines = Array.from({ length: 20_000 }, (_, index) => `{"content":"Seat ${index} is free"}`).join("\n");
        await teach(dana, "seats.ndjson", lines);
        await training(dana).getByRole("progressbar").waitFor();
        await training(dana).getByRole("button", { name: "Cancel" }).click();
        await training(dana).getByRole("heading", { name: "Cancelled" }).waitFor();
        const [, taken] = /([\d,]+) of 20,000 became memories/.exec(await training(dana).innerText()) ?? [];
        ok(taken !== undefined && Number(taken.replace(",", "")) < 20_000);
        await press(dana, "Put aside");
      },
    ],
    [
      "more than is taken at once is told before it is sent",
      async () => {
        await press(dana, "Teach");
        const form = dialog(dana, "Teach Ada");
        const file = { name: "all.txt", mimeType: "text/plain", buffer: Buffer.alloc(5 * 1024 * 1024 + 1, "a") };
        await form.getByLabel(/^Or choose a file/).setInputFiles(file);
        await form.getByRole("alert").getByText("5.0 MB are taken at once").waitFor();
        ok(await form.getByRole("button", { name: "Teach", exact: true }).isDisabled());
        await press(dana, "Cancel");
      },
    ],
    [
      "somebody else's agent shows its memory to nobody else",
      async (stage) => {
        const mira = await stage.visit({ as: "mira", path: memoryPath });
        await mira.getByRole("alert").first().waitFor();
        await count(remembered(mira), 0);
        await count(mira.getByRole("button", { name: "Add", exact: true }), 0);
      },
    ],
    [
      "who is remembered sees by whom and what, and deletes one of it: the agent has forgotten",
      async () => {
        await visit(dana, "/");
        await openRoom(dana, "Welcome");
        await say(dana, "@Ada what is 12.5% of 640?");
        await answered(dana, "80");
        await press(dana, "Remember me, Ada");
        await say(dana, "@Ada remember that I prefer metric units");
        await answered(dana, /in my memory\.$/);
        await visit(dana, "/me");
        const mine = dana.getByRole("region", { name: "What Ada remembers about you" }).locator("li");
        const wish = mine.filter({ hasText: "prefers metric units" });
        await wish.getByText("Somebody asked for it to be remembered.").waitFor();
        await wish.getByRole("button", { name: /^Delete/ }).click();
        await press(dana, "Delete for good");
        await count(wish, 0);
        await dana.reload();
        await mine.first().waitFor();
        await count(wish, 0);
      },
    ],
    [
      "a memory that is only made weightier stays what somebody said; reworded, it says since when it is the owner’s",
      async () => {
        await visit(dana, "/");
        await openRoom(dana, "Welcome");
        await say(dana, "My bicycle is green");
        await row(dana, "My bicycle is green").waitFor();
        await visit(dana, memoryPath);
        const said = remembered(dana).filter({ hasText: "My bicycle is green" });
        await eventually("the episode", async () => {
          await dana.reload();
          await remembered(dana).first().waitFor();
          return (await said.count()) === 1;
        });
        await said.getByRole("button", { name: /^Correct/ }).click();
        await dialog(dana, "Correct a memory")
          .getByLabel(/^Importance/)
          .fill("0.9");
        await press(dana, "Save");
        await said.getByText("importance 90%").waitFor();
        await said.getByText("Why does it remember this?").click();
        await said.getByText("It was said in a conversation. It goes back to a person’s words.").waitFor();
        await said.getByRole("button", { name: /^Correct/ }).click();
        await dialog(dana, "Correct a memory").getByLabel("What is to be remembered").fill("The bicycle is blue");
        await press(dana, "Save");
        const reworded = remembered(dana).filter({ hasText: "The bicycle is blue" });
        await reworded
          .getByText(/^The agent’s owner put it in these words on .+ It was said in a conversation\.$/)
          .waitFor();
      },
    ],
    [
      "switched off, it takes nothing more, and says that what it keeps is kept",
      async () => {
        const agentPath = memoryPath.replace(/\/memory$/, "");
        const toggle = async () => {
          await visit(dana, agentPath);
          await dana.getByRole("checkbox", { name: /^Memory/ }).click();
          await press(dana, "Save");
          await eventually("a saved agent", () => dana.getByRole("button", { name: "Save", exact: true }).isDisabled());
          await visit(dana, memoryPath);
          await remembered(dana).first().waitFor();
        };
        await toggle();
        await dana.getByText("what is kept here is kept, but not used until it is on").waitFor();
        for (const name of ["Add", "Teach"]) ok(await dana.getByRole("button", { name, exact: true }).isDisabled());
        await search(dana, "trunk");
        await dana.getByRole("heading", { name: "Nothing is recalled" }).waitFor();
        await toggle();
        ok(await dana.getByRole("button", { name: "Add", exact: true }).isEnabled());
      },
    ],
    [
      "both pages look well full, in both widths and themes",
      async (stage) => {
        for (const { name, viewport, theme } of views) {
          const page = await stage.visit({ path: memoryPath, viewport, theme });
          await remembered(page).first().getByText("Why does it remember this?").click();
          await page.locator(".provenance").first().waitFor();
          await look(page, `memory-${name}`);
          await press(page, "Add");
          await look(page, `memory-add-${name}`);
          await press(page, "Cancel");
          await press(page, "Teach");
          await look(page, `memory-teach-${name}`);
          await visit(page, "/me");
          await page.getByRole("region", { name: "What Ada remembers about you" }).waitFor();
          await look(page, `me-${name}`);
        }
      },
    ],
  ],
};
