/** What stands between the program and the world: which requests are the page's, and by which way models are asked. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { settingsOf, type Variables } from "#src/env.ts";
import { isForPage, OUR_PATHS, pageFor } from "#src/http/page.ts";

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
    ["/apis", true],
    ["/api", false],
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

describe("the page", () => {
  /** Files by their path, as the platform serves them where it handles what is not found not at all. */
  const assets = {
    fetch: async (request: Request) => {
      const { pathname } = new URL(request.url);
      const file = { "/": "the page", "/assets/index-1.js": "its script" }[pathname];
      if (file === undefined) return new Response(null, { status: 404 });
      return request.method === "GET" ? new Response(file) : new Response(null, { status: 405 });
    },
  } as unknown as Fetcher;
  const asked = async (path: string, method = "GET") => {
    const response = await pageFor(new Request(`https://troupe.test${path}`, { method }), assets);
    return [response.status, await response.text()];
  };

  it("is there at every address that is no file's, with its files by their names", async () => {
    for (const path of ["/", "/rooms/rm_1", "/rooms/rm_1?message=3"])
      expect(await asked(path)).toEqual([200, "the page"]);
    expect(await asked("/assets/index-1.js")).toEqual([200, "its script"]);
    expect(await asked("/rooms/rm_1", "POST")).toEqual([405, ""]);
  });

  it("is not what stands in for a part of another build, and nobody keeps that it is missing", async () => {
    const response = await pageFor(new Request("https://troupe.test/assets/index-0.js"), assets);
    expect([response.status, response.headers.get("cache-control")]).toEqual([404, "no-store"]);
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
