/** The documents keep their word: links lead somewhere, commands and files they name exist, and what they print can be run. */
import { spawn } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { join, posix } from "node:path";
import { Effect, Schema } from "effect";
import { parseSync } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ToolCaller } from "#actors/agent/turn/ports.ts";
import type { AgentDescription } from "#actors/kit/doors.ts";
import { answer } from "#src/http/entry.ts";
import { problemTypes } from "#src/http/problems.ts";
import { defineTool, type Tool } from "#src/tools/tool.ts";
import { workerVariables } from "./support/worker-env.ts";

const root = join(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

type Documents = ReadonlyMap<string, string>;

/** What lies behind the documents: the files there are, and the scripts of package.json. */
interface Repository {
  readonly has: (path: string) => boolean;
  readonly text: (path: string) => string | undefined;
  readonly scripts: ReadonlySet<string>;
}

const documents: Documents = new Map(
  [...globSync("*.md", { cwd: root }), ...globSync("docs/**/*.md", { cwd: root })]
    .sort()
    .map((file) => [file, read(file)] as const),
);

const repository: Repository = {
  has: (path) => existsSync(join(root, path)),
  text: (path) => (existsSync(join(root, path)) ? read(path) : undefined),
  scripts: new Set(
    Object.keys((JSON.parse(read("package.json")) as { readonly scripts: Record<string, string> }).scripts),
  ),
};

// ── what documents say ──────────────────────────────────────────────────────────────────────────────────────────────

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;
const blocksOf = (text: string, language: string): ReadonlyArray<string> =>
  [...text.matchAll(FENCE)].filter(([, found]) => found === language).map(([, , body]) => body!);
const proseOf = (text: string): string => text.replaceAll(FENCE, "");
const inlineCode = (text: string): ReadonlyArray<string> =>
  [...proseOf(text).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);

/** The anchor that a heading gets: small letters, no punctuation, blanks as hyphens. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
const anchorsIn = (text: string): ReadonlyArray<string> =>
  [...proseOf(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));

const linksIn = (text: string): ReadonlyArray<string> =>
  [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g), ...proseOf(text).matchAll(/\b(?:src|srcset|href)="([^"]+)"/g)].map(
    ([, target]) => target!,
  );

/** The first folder or the ending says that a piece of code is meant as a path of this repository. */
const isPath = (code: string): boolean =>
  /^(\.ci|actors|bench|docs|events|migrations|projections|scripts|src|test|web)\/[\w./-]*$/.test(code) ||
  /^[\w.-]+\.(md|toml|json|mts)$/.test(code);

/** The file that the README tells how to make. */
const EXAMPLE = "src/tools/information/word-count.ts";

// ── the rules ───────────────────────────────────────────────────────────────────────────────────────────────────────

type Fault = readonly [file: string, what: string];
type Rule = (documents: Documents, repository: Repository) => ReadonlyArray<Fault>;

const each =
  (faults: (text: string, file: string, repository: Repository) => ReadonlyArray<string>): Rule =>
  (known, behind) =>
    [...known].flatMap(([file, text]) => faults(text, file, behind).map((what): Fault => [file, what]));

const rules = {
  "every link leads to a file": each((text, file, { has }) =>
    linksIn(text)
      .filter((target) => !/^(\w+:|#)/.test(target))
      .filter((target) => !has(posix.join(posix.dirname(file), target.split("#")[0]!))),
  ),
  "every anchor is a heading": each((text, file, { text: textOf }) =>
    linksIn(text).filter((target) => {
      const [path, anchor] = target.split("#");
      if (anchor === undefined || /^\w+:/.test(target)) return false;
      const aim = path === "" ? text : textOf(posix.join(posix.dirname(file), path!));
      return aim !== undefined && !anchorsIn(aim).includes(anchor);
    }),
  ),
  "every npm script exists": each((text, _file, { scripts }) =>
    [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)]
      .map(([, run, short]) => run ?? short!)
      .filter((name) => !scripts.has(name)),
  ),
  "every path in backticks exists": each((text, _file, { has }) =>
    inlineCode(text)
      .filter(isPath)
      .filter((path) => path !== EXAMPLE && !has(path)),
  ),
  "a decision says problem, options, choice and cost": each((text, file) =>
    /^docs\/decisions\//.test(file)
      ? ["Problem", "Options", "Choice", "Cost"].filter((part) => !text.includes(`**${part}.**`))
      : [],
  ),
  "the README is short": each((text, file) => {
    const lines = text.trimEnd().split("\n").length;
    return file === "README.md" && lines >= 150 ? [`${lines} lines`] : [];
  }),
} satisfies Record<string, Rule>;

describe("the documents", () => {
  it("are found", () => {
    expect([...documents.keys()]).toEqual(
      expect.arrayContaining(["CHANGELOG.md", "CONTRIBUTING.md", "README.md", "docs/tour.md"]),
    );
  });

  it.each(Object.entries(rules))("%s", (_name, rule) => {
    expect(rule(documents, repository)).toEqual([]);
  });

  it("number the decisions without a gap", () => {
    const numbers = globSync("docs/decisions/*.md", { cwd: root })
      .map((file) => Number(/(\d{4})-[a-z0-9-]+\.md$/.exec(file)?.[1]))
      .sort((left, right) => left - right);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it("explain every problem the API can answer, with its status", () => {
    const told = [...read("docs/problems.md").matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)];
    expect(Object.fromEntries(told.map(([, name, status]) => [name, Number(status)]))).toEqual(
      Object.fromEntries(Object.entries(problemTypes).map(([name, { status }]) => [name, status])),
    );
  });

  it("explain every setting the program reads", () => {
    const declared = /interface Variables \{([\s\S]*?)\n\}/.exec(read("src/env.ts"))![1]!;
    const settings = [...declared.matchAll(/readonly ([A-Z_]+)\?/g)].map(([, name]) => name!);
    const told = new Set(inlineCode(read("docs/settings.md")));
    expect(settings.length).toBeGreaterThan(5);
    expect(settings.filter((name) => !told.has(name))).toEqual([]);
    const tables = [...read("docs/settings.md").matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell]) => inlineCode(cell!));
    expect(tables.filter((name) => !settings.includes(name))).toEqual([]);
  });
});

// ── what the README prints ──────────────────────────────────────────────────────────────────────────────────────────

const readme = documents.get("README.md")!;
const curls = blocksOf(readme, "sh").filter((block) => block.includes("curl"));

describe("the README's shell blocks", () => {
  /** Each is executed word for word: the second by `.ci/run`, the first, after its `npm ci`, by the browser tests. */
  const executedElsewhere = ["npm ci && npm start", "npm ci && npm test"];

  it("are executed here or elsewhere", () => {
    const others = blocksOf(readme, "sh").filter((block) => !curls.includes(block));
    expect(others.map((block) => block.trim())).toEqual(executedElsewhere);
    expect(curls).toHaveLength(1);
    expect(read(".ci/run")).toMatch(/^npm ci\b[\s\S]*^npm test$[\s\S]*^npm run e2e$/m);
    const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: Record<string, string> };
    expect(scripts.start).toBe("node scripts/start.ts");
    expect(read("test/e2e/program.ts")).toContain('"scripts/start.ts"');
  });
});

const agentId = "agt_1t9y1w53kca6gsrx8xqwk10ab9";
const messageId = "msg_1t9y1w53kca6gsrx8xqwk10ab9";
const ada: AgentDescription = {
  agentId: agentId as AgentDescription["agentId"],
  ownerId: "dana" as AgentDescription["ownerId"],
  ...{ name: "Ada", description: "", provider: "anthropic", model: "claude-sonnet-5-5", systemPrompt: "Be kind." },
  ...{ memoryEnabled: true, maxTokens: null, temperature: null, personality: null, tools: [], active: true },
  ...{ fallbacks: [], simpleModel: null, talkativeness: null, retentionDays: null, budget: {} },
  ...{ version: 1, seq: 3, createdAt: 0, updatedAt: 0 },
};
const done = (value: unknown) => async () => ({ outcome: "accepted", value, seq: 1, replayed: true });

/** Actors that agree to everything, and a table with one row: the doors in front of them are the real ones. */
function agreeable(said: string[]) {
  const row = {
    ...{ id: agentId, name: "Ada", description: null, created_by: "dana", llm_provider: "anthropic" },
    ...{ model_name: "claude-sonnet-5-5", system_prompt: '{"sealed":null,"seq":1}', personality: null },
    ...{ capabilities: "[]", memory_enabled: 1, is_active: 1, max_tokens: null, temperature: null, version: 1, seq: 1 },
    ...{ created_at: "2026-01-01T00:00:00.000Z", updated_at: "2026-01-01T00:00:00.000Z" },
  };
  const room = {
    describe: done({ participants: [{ id: ada.agentId }] }),
    post: async (_by: unknown, _command: string, { text }: { readonly text: string }) => {
      said.push(text);
      return done({ id: messageId })();
    },
  };
  const replied = {
    ending: "replied",
    turnId: "trn_1t9y1w53kca6gsrx8xqwk10ab9",
    messageId,
    inReplyTo: messageId,
    alsoInReplyTo: [],
    text: "80",
    stopped: false,
    tools: [],
  };
  const outcome = async () => ({ ...replied, usage: { tokensIn: 1, tokensOut: 1 }, failure: null, retryAt: null });
  return {
    ...workerVariables(),
    DB: { prepare: () => ({ bind: () => ({ all: async () => ({ results: [row] }) }) }) },
    AGENT: { getByName: () => ({ describe: done(ada), outcome }) },
    ROOM: { getByName: () => room },
  } as unknown as Parameters<typeof answer>[1];
}

/** A curl that knows what the README uses of it, and stops at anything else. */
const CURL = `
const [url, headers, rest] = [[], {}, process.argv.slice(1)];
let body;
while (rest.length > 0) {
  const word = rest.shift();
  if (word === "-H") { const [name, value] = rest.shift().split(/:\\s*/); headers[name] = value; }
  else if (word === "-d") body = rest.shift();
  else if (word === "-s") continue;
  else if (word.startsWith("-")) throw new Error("curl " + word);
  else url.push(word);
}
if (url.length !== 1) throw new Error("curl " + url.join(" "));
const response = await fetch("http://" + url[0], { method: body === undefined ? "GET" : "POST", headers, body });
process.stdout.write(await response.text());
process.exitCode = response.ok ? 0 : 22;
`;

describe.skipIf(process.platform === "win32")("the README's curl snippet", () => {
  const said: string[] = [];
  const env = agreeable(said);
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
    const request = new Request(`http://localhost${incoming.url}`, {
      method: incoming.method ?? "GET",
      headers: incoming.headers as Record<string, string>,
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    const response = await answer(request, env, () => {});
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(await response.text());
  });
  beforeAll(() => new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening)));
  afterAll(() => new Promise((closed) => server.close(closed)));

  const run = (script: string): Promise<string> =>
    new Promise((resolve) => {
      const { port } = server.address() as AddressInfo;
      const here = script.replaceAll("localhost:8787", `127.0.0.1:${port}`);
      const functions = `curl() { "$NODE" --input-type=module -e "$CURL" -- "$@"; }\nset -e\n`;
      const shell = spawn("sh", ["-c", functions + here], { env: { ...process.env, NODE: process.execPath, CURL } });
      let output = "";
      shell.stdout.on("data", (chunk) => (output += chunk));
      shell.stderr.on("data", (chunk) => (output += chunk));
      shell.on("close", (code) => resolve(`${output}\nended with ${code}`));
    });

  it("signs in, finds an agent, and gets its reply", async () => {
    const output = await run(curls[0]!);
    expect(output).toContain('"text":"80"');
    expect(output).toContain("ended with 0");
    expect(said).toEqual(["what is 12.5% of 640?"]);
  }, 30_000);

  it("would not pass with a wrong path", async () => {
    expect(await run(curls[0]!.replace("/chat", "/talk"))).toContain("ended with 22");
  }, 30_000);
});

describe("the README's code", () => {
  it("makes a tool that works", async () => {
    const [block] = blocksOf(readme, "ts");
    const body = stripTypeScriptTypes(block!)
      .replace(/^import .*$/gm, "")
      .replace(/^export const \w+ =/m, "return");
    const make = new Function("Effect", "Schema", "defineTool", body);
    const tool = make(Effect, Schema, defineTool) as Tool;
    const caller: ToolCaller = { agentId, turnId: "trn_1", roomId: "rm_1", key: "call_1" };
    expect(tool.name).toBe("word_count");
    expect(await Effect.runPromise(tool.run('{"text":"three small words"}', caller))).toBe('{"words":3}');
    const imports = parseSync("tool.ts", block!).module.staticImports.map(({ moduleRequest }) => moduleRequest.value);
    expect(imports).toEqual(["effect", "../tool.ts"]);
    expect(block!.trim().split("\n").length).toBeLessThanOrEqual(18);
  });

  it("speaks to a room in the frames that the room knows", () => {
    const [block] = blocksOf(readme, "js");
    expect(parseSync("talk.js", block!).errors).toEqual([]);
    const events = [...block!.matchAll(/\.(?:on|push)\("(\w+)"/g)].map(([, name]) => name!);
    expect(events).toEqual(["agent_message", "new_message"]);
    const frames = read("actors/room/frames.ts") + read("actors/room/channel.ts");
    expect(events.filter((name) => !frames.includes(name))).toEqual([]);
  });
});

// ── the rules bite ──────────────────────────────────────────────────────────────────────────────────────────────────

describe("the rules bite", () => {
  const small: Repository = {
    has: (path) => path === "docs/a.md" || path === "src/a.ts",
    text: (path) => (path === "docs/a.md" ? "# The first\n" : undefined),
    scripts: new Set(["start", "check"]),
  };
  const planted: ReadonlyArray<readonly [keyof typeof rules, string, string, ReadonlyArray<string>]> = [
    ["every link leads to a file", "docs/b.md", "[a](a.md) [b](c.md) [w](https://x.y/z)", ["c.md"]],
    [
      "every link leads to a file",
      "README.md",
      '<img src="docs/none.png"> [a](docs/a.md#the-first)',
      ["docs/none.png"],
    ],
    ["every anchor is a heading", "docs/b.md", "[a](a.md#the-first) [b](a.md#the-second)", ["a.md#the-second"]],
    ["every npm script exists", "README.md", "`npm run check` and `npm run fly`, `npm start`", ["fly"]],
    [
      "every path in backticks exists",
      "README.md",
      "`src/a.ts` `src/b.ts` `/api/x` `tsconfig.json`",
      ["src/b.ts", "tsconfig.json"],
    ],
    [
      "a decision says problem, options, choice and cost",
      "docs/decisions/0001-a.md",
      "**Problem.** **Options.** **Choice.**",
      ["Cost"],
    ],
    ["the README is short", "README.md", "\nx".repeat(200), ["201 lines"]],
  ];

  it.each(planted)("%s: %s", (rule, file, text, expected) => {
    expect(rules[rule](new Map([[file, text]]), small).map(([, what]) => what)).toEqual(expected);
  });

  it("every rule has been planted against", () => {
    expect(Object.keys(rules).filter((rule) => !planted.some(([name]) => name === rule))).toEqual([]);
  });
});
