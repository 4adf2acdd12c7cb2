/** How every screen looks and whether everybody can use it: each screen in both widths and both themes, checked by axe. */
import { equal } from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Stage } from "./browser.ts";
import { look, type View, views } from "./look.ts";
import { answered, type Check, composer, enterRoom, openRoom, row, type Scenario, say } from "./scenario.ts";

interface Screen {
  readonly name: string;
  readonly as?: "dana" | "erik" | "mira";
  readonly path: string;
  /** Leads to the state that is looked at. */
  readonly reach: (page: Page) => Promise<void>;
}

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name }).waitFor();

const firstAgent = async (page: Page, link: RegExp) => {
  await heading(page, "Agents");
  await page.getByRole("main").getByRole("link", { name: link }).first().click();
};

const screens: ReadonlyArray<Screen> = [
  {
    name: "room",
    path: "/rooms",
    reach: async (page) => {
      await enterRoom(page, "Welcome");
      await row(page, /./).first().waitFor();
    },
  },
  {
    name: "room-mention",
    path: "/rooms",
    reach: async (page) => {
      await enterRoom(page, "Welcome");
      await composer(page).focus();
      await page.keyboard.type("@");
      await page.getByRole("listbox").waitFor();
    },
  },
  {
    name: "room-people",
    path: "/rooms",
    reach: async (page) => {
      await enterRoom(page, "Welcome");
      const button = page.getByRole("button", { name: /^Who is here/ });
      if (await button.isVisible()) await button.click();
      await page.getByRole("heading", { name: "Who is here" }).waitFor();
    },
  },
  {
    name: "room-invite",
    path: "/rooms",
    reach: async (page) => {
      await enterRoom(page, "Welcome");
      const button = page.getByRole("button", { name: /^Who is here/ });
      if (await button.isVisible()) await button.click();
      await page.getByRole("button", { name: "Invite", exact: true }).click();
      await page
        .getByRole("dialog", { name: "Invite to this room" })
        .getByRole("heading", { name: "A person" })
        .waitFor();
    },
  },
  {
    name: "room-empty",
    path: "/rooms",
    reach: async (page) => {
      await heading(page, "Rooms");
      await page
        .getByRole("main")
        .getByRole("link", { name: /Empty stage/ })
        .click();
      await page.getByRole("heading", { name: "Nothing has been said here yet" }).waitFor();
    },
  },
  { name: "rooms", path: "/rooms", reach: (page) => page.getByRole("main").getByRole("list").first().waitFor() },
  {
    name: "rooms-new",
    path: "/rooms",
    reach: async (page) => {
      await page.getByRole("button", { name: "New room" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "agents", path: "/agents", reach: (page) => page.getByRole("link", { name: "Ada", exact: true }).waitFor() },
  {
    name: "agents-empty",
    as: "mira",
    path: "/agents",
    reach: (page) => page.getByRole("heading", { name: "You have no agents yet" }).waitFor(),
  },
  {
    name: "agent-new",
    path: "/agents/new",
    reach: (page) => page.getByText("Allow").first().waitFor({ state: "attached" }),
  },
  {
    name: "agent",
    path: "/agents",
    reach: async (page) => {
      await firstAgent(page, /^Edit Ada/);
      await heading(page, "Ada");
      await page.getByText("Allow").first().waitFor({ state: "attached" });
    },
  },
  {
    name: "agent-delete",
    path: "/agents",
    reach: async (page) => {
      await firstAgent(page, /^Edit Ada/);
      await page.getByRole("button", { name: "Delete" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "agent-events",
    path: "/agents",
    reach: async (page) => {
      await firstAgent(page, /^Events of Ada/);
      await page.getByRole("list", { name: "Events of Ada" }).locator("summary").first().click();
    },
  },
  {
    name: "agent-memory",
    path: "/agents",
    reach: async (page) => {
      await firstAgent(page, /^Memory of Bo/);
      const nothing = page.getByRole("heading", { name: "Bo remembers nothing yet" });
      await page.getByRole("list", { name: "What Bo remembers" }).or(nothing).waitFor();
    },
  },
  { name: "me", path: "/me", reach: (page) => page.getByRole("heading", { name: "What they remember" }).waitFor() },
  { name: "agent-missing", path: "/agents/agt_none", reach: (page) => page.getByRole("alert").waitFor() },
  {
    name: "not-found",
    path: "/nowhere",
    reach: (page) => page.getByRole("heading", { name: "There is nothing at this address" }).waitFor(),
  },
];

/** One window for each person, width and theme: what it has loaded once it need not load for every screen. */
const windows = new Map<string, Page>();

async function windowFor(stage: Stage, screen: Screen, { name, viewport, theme }: View): Promise<Page> {
  const key = `${screen.as ?? "dana"} ${name}`;
  const known = windows.get(key);
  if (known) {
    await known.evaluate(() => localStorage.clear());
    await known.goto(new URL(screen.path, stage.url).href);
    return known;
  }
  const page = await stage.visit({ as: screen.as ?? "dana", path: screen.path, viewport, theme });
  windows.set(key, page);
  return page;
}

async function lookAt(stage: Stage, screen: Screen, view: View): Promise<void> {
  const page = await windowFor(stage, screen, view);
  await screen.reach(page);
  await look(page, `${screen.name}-${view.name}`);
}

const looks = screens.flatMap((screen) =>
  views.map((view): Check => [`${screen.name}, ${view.width}, ${view.theme}`, (stage) => lookAt(stage, screen, view)]),
);

export const appearance: Scenario = {
  title: "Appearance",
  checks: [
    [
      "the stage is set: something said in Welcome, and a room where nothing was",
      async (stage) => {
        const page = await stage.visit({ path: "/rooms" });
        await enterRoom(page, "Welcome");
        await say(page, "@Ada what is 20% of 45?");
        await answered(page, "9");
        await page.goto(new URL("/rooms", stage.url).href);
        await page.getByRole("button", { name: "New room" }).click();
        await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Empty stage");
        await page.getByRole("dialog").getByRole("button", { name: "Create room" }).click();
        await openRoom(page, "Empty stage");
      },
    ],
    ...looks,
    [
      "with colours forced by the system everything still has an edge",
      async (stage) => {
        const page = await stage.visit({
          path: "/rooms",
          before: (fresh) => fresh.emulateMedia({ forcedColors: "active" }),
        });
        await enterRoom(page, "Welcome");
        const border = await composer(page).evaluate(
          (field) => getComputedStyle(field.parentElement ?? field).borderTopStyle,
        );
        equal(border, "solid");
      },
    ],
  ],
};
