/** Finds the system's Chromium and opens windows in it as one person or another; used by run and by every scenario. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const places = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

export const findChromium = (): string | undefined =>
  places.find((place) => place !== undefined && place !== "" && existsSync(place));

export const launch = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

export const wide = { width: 1280, height: 800 };
export const narrow = { width: 390, height: 844 };

export interface Window {
  readonly as?: "dana" | "erik" | "mira";
  readonly path?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly theme?: "light" | "dark";
  /** Done to the window before anything is loaded: routes, scripts. */
  readonly before?: (page: Page) => Promise<unknown>;
}

/** What a page complained about: a check fails on any of it. */
const complaints = new WeakMap<Page, string[]>();
export const complaintsOf = (page: Page): ReadonlyArray<string> => complaints.get(page) ?? [];

export class Stage {
  readonly url: string;
  readonly #browser: Browser;
  #open: BrowserContext[] = [];

  constructor(url: string, browser: Browser) {
    this.url = url;
    this.#browser = browser;
  }

  /** A window of its own: another one is another person's, or another device's. */
  async visit({ as = "dana", path = "/", viewport = wide, theme = "light", before }: Window = {}): Promise<Page> {
    const context = await this.#browser.newContext({ viewport, colorScheme: theme, reducedMotion: "reduce" });
    this.#open.push(context);
    const page = await context.newPage();
    const heard: string[] = [];
    complaints.set(page, heard);
    page.on("pageerror", (error) => heard.push(String(error)));
    page.on("console", (message) => {
      // The browser itself reports every refused request; those are told by the page.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        heard.push(message.text());
    });
    await before?.(page);
    const address = new URL(path, this.url);
    address.searchParams.set("as", as);
    await page.goto(address.href);
    return page;
  }

  /** Closes all windows of a scenario, and tells what their pages complained about. */
  async clear(): Promise<ReadonlyArray<string>> {
    const heard = this.#open.flatMap((context) => context.pages().flatMap(complaintsOf));
    await Promise.all(this.#open.map((context) => context.close()));
    this.#open = [];
    return heard;
  }
}
