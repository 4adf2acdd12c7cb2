/** How one comes in: who one is, what is a demo here, and what is said when there is no way in. */
import { match, ok } from "node:assert/strict";
import { composer, openRoom, type Scenario } from "./scenario.ts";

const problem = (status: number, name: string, title: string) => ({
  status,
  contentType: "application/problem+json",
  body: JSON.stringify({
    type: `https://troupe.dev/problems/${name}`,
    title,
    status,
    trace_id: "0af7651916cd43dd8448eb211c80319c",
  }),
});

export const entrance: Scenario = {
  title: "Entrance",
  checks: [
    [
      "the first thing one sees is the room Welcome, with two agents and three ways to begin",
      async (stage) => {
        const page = await stage.visit();
        await openRoom(page, "Welcome");
        const people = page.getByRole("complementary", { name: "Who is here" });
        for (const name of ["Ada", "Bo"])
          await people.getByRole("listitem").filter({ hasText: name }).getByRole("img", { name: "AI agent" }).waitFor();
        for (const starter of [
          "@Ada what is 12.5% of 640?",
          "@Bo help me plan a picnic for six",
          "@Ada remember that I prefer metric units",
        ])
          await page.getByRole("button", { name: starter, exact: true }).waitFor();
      },
    ],
    [
      "the strip says who one is, what answers, and where data goes",
      async (stage) => {
        const page = await stage.visit({ as: "erik" });
        const strip = page.getByRole("banner");
        await strip.waitFor();
        const said = (await strip.textContent()) ?? "";
        match(said, /Demo: you are/);
        match(said, /development identity/);
        match(said, /demo model/);
        match(said, /stays on this machine/);
        ok((await page.getByLabel("You are").inputValue()) === "erik");
        ok(!page.url().includes("as="), "the choice of person does not stay in the address");
      },
    ],
    [
      "one can become somebody else, and stays that one after a reload",
      async (stage) => {
        const page = await stage.visit();
        await openRoom(page, "Welcome");
        await page.getByLabel("You are").selectOption("mira");
        await page.waitForLoadState("load");
        await page.getByLabel("You are").waitFor();
        await page.reload();
        await page.getByLabel("You are").waitFor();
        ok((await page.getByLabel("You are").inputValue()) === "mira");
      },
    ],
    [
      "the theme can be chosen by hand and is there again after a reload",
      async (stage) => {
        const page = await stage.visit({ theme: "light" });
        const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        await page.getByRole("button", { name: /^Theme: system/ }).waitFor();
        const light = await background();
        await page.getByRole("button", { name: /^Theme: system/ }).click();
        await page.getByRole("button", { name: /^Theme: light/ }).click();
        const dark = await background();
        ok(light !== dark, "dark looks different");
        await page.reload();
        await page.getByRole("button", { name: /^Theme: dark/ }).waitFor();
        ok((await background()) === dark);
      },
    ],
    [
      "the first key leads past the navigation to the content",
      async (stage) => {
        const page = await stage.visit({ path: "/agents" });
        await page.getByRole("heading", { level: 1, name: "Agents" }).waitFor();
        await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
        await page.keyboard.press("Tab");
        ok(
          await page.getByRole("link", { name: "Skip to content" }).evaluate((link) => link === document.activeElement),
        );
        await page.keyboard.press("Enter");
        ok(await page.getByRole("main").evaluate((main) => main === document.activeElement));
      },
    ],
    [
      "where no sign-in is configured the page says what to set, and opens nothing",
      async (stage) => {
        const page = await stage.visit({
          before: (fresh) => fresh.route("**/dev/token", (route) => route.fulfill(problem(404, "not-found", "No."))),
        });
        await page.getByRole("heading", { level: 1, name: "Sign-in is not configured here" }).waitFor();
        await page.getByText("CLERK_JWT_KEY").waitFor();
        ok((await composer(page).count()) === 0);
      },
    ],
    [
      "a failure is told with its title and a trace id to copy, and can be tried again",
      async (stage) => {
        let broken = true;
        const page = await stage.visit({
          path: "/agents",
          before: (fresh) =>
            fresh.route("**/api/agents?*", (route) =>
              broken ? route.fulfill(problem(500, "internal", "Something went wrong on our side.")) : route.fallback(),
            ),
        });
        const alert = page.getByRole("alert");
        await alert.getByText("Something went wrong on our side.").waitFor();
        await alert.getByText("0af7651916cd43dd8448eb211c80319c").waitFor();
        broken = false;
        await alert.getByRole("button", { name: "Try again" }).click();
        await page.getByRole("link", { name: "Ada", exact: true }).waitFor();
      },
    ],
    [
      "an address with nothing behind it says so",
      async (stage) => {
        const page = await stage.visit({ path: "/nowhere" });
        await page.getByRole("heading", { name: "There is nothing at this address" }).waitFor();
        await page.goto(new URL("/rooms/rm_00000000000000000000000000", stage.url).href);
        await page.getByRole("alert").waitFor();
      },
    ],
  ],
};
