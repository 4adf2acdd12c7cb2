/** Looks at a page as people with all kinds of eyes do: nothing sticks out, axe finds nothing, a picture is kept if asked for; used by scenarios. */
import { equal } from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { narrow, wide } from "./browser.ts";

const folder = process.env.E2E_SCREENSHOTS;
const tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

/** Both widths in both themes. */
export const views = (["wide", "narrow"] as const).flatMap((width) =>
  (["light", "dark"] as const).map((theme) => ({
    width,
    theme,
    viewport: width === "wide" ? wide : narrow,
    name: `${width}-${theme}`,
  })),
);
export type View = (typeof views)[number];

/** Fails on anything that sticks out to the side, and on anything that axe finds. */
export async function look(page: Page, name: string): Promise<void> {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  equal(overflow, 0, "nothing sticks out to the side");
  if (folder) {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`) });
  }
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary}`),
  );
  equal(found.join("\n"), "");
}
