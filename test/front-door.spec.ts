/** What stands between the program and the world: which requests are the page's, and by which way models are asked. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { settingsOf, type Variables } from "#src/env.ts";
import { isForPage, OUR_PATHS } from "#src/http/entry.ts";

const configuration = readFileSync(join(import.meta.dirname, "../wrangler.toml"), "utf8");

describe("the front door", () => {
  it("answers the same paths by itself as behind Cloudflare's router", () => {
    const [, told] = /^run_worker_first = (\[.*\])$/m.exec(configuration)!;
    expect(JSON.parse(told!)).toEqual(OUR_PATHS);
  });

  it.each([
    ["/", true],
    ["/rooms/rm_1", true],
    ["/assets/index.js", true],
    ["/healthy", true],
    ["/api", true],
    ["/api/", false],
    ["/api/rooms", false],
    ["/health", false],
    ["/health?verbose=1", false],
    ["/parties/room/rm_1/websocket", false],
    ["/dev/token", false],
    ["/mcp", false],
  ])("leaves %s to the page: %s", (path, expected) => {
    expect(isForPage(new Request(`https://troupe.test${path}`))).toBe(expected);
  });
});

describe("the way out to models", () => {
  const given = (over: Partial<Variables>) =>
    settingsOf({ KEY_ENCRYPTION_KEYS: `1:${"A".repeat(43)}=`, ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "o", ...over });

  it("is the binding, where there is one", async () => {
    const asked: string[] = [];
    const OUTBOUND = {
      fetch: async (input: RequestInfo | URL) => {
        asked.push(String(input));
        return new Response("by the binding");
      },
    } as unknown as Fetcher;
    const { anthropic, openai } = given({ OUTBOUND }).models;
    for (const provider of [anthropic, openai])
      expect(await (await provider!.fetch!("https://model.test/v1")).text()).toBe("by the binding");
    expect(asked).toEqual(["https://model.test/v1", "https://model.test/v1"]);
  });

  it("is the platform's own without", () => {
    const { anthropic, openai } = given({}).models;
    expect([anthropic!.fetch, openai!.fetch]).toEqual([undefined, undefined]);
  });
});
