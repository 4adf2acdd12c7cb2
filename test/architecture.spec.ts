/** The walls of the house as a test: no file breaks a rule, and every rule bites when a violation is planted. */
import { describe, expect, it } from "@effect/vitest";
import { houseOf, type Rule, readHouse, rules, told } from "./support/architecture.ts";

describe("the house keeps its walls", () => {
  const house = readHouse();

  it("finds the house", () => {
    expect([...house.keys()]).toEqual(
      expect.arrayContaining(["events/kit/ids.ts", "actors/kit/ledger.ts", "src/worker.ts"]),
    );
  });

  it.each(Object.keys(rules) as Rule[])("%s", (rule) => {
    expect(told(rules[rule](house))).toEqual([]);
  });
});

describe("the walls bite", () => {
  const opening = "/** One. */\n";
  const planted: ReadonlyArray<readonly [Rule, Record<string, string>, ReadonlyArray<string>]> = [
    [
      "imports follow the table",
      { "events/a.ts": `${opening}import { x } from "#actors/kit/ledger.ts";` },
      ["events/a.ts:2"],
    ],
    [
      "imports follow the table",
      { "events/a.ts": `${opening}import type { x } from "partyserver";` },
      ["events/a.ts:2"],
    ],
    ["imports follow the table", { "events/a.ts": `${opening}type X = import("#src/env.ts").X;` }, ["events/a.ts:2"]],
    [
      "imports follow the table",
      { "projections/a.ts": `${opening}export * from "#actors/kit/sql.ts";` },
      ["projections/a.ts:2"],
    ],
    [
      "imports follow the table",
      { "actors/agent/turn/a.ts": `${opening}import "../agent.ts";` },
      ["actors/agent/turn/a.ts:2"],
    ],
    [
      "imports follow the table",
      { "actors/agent/memory/language/a.ts": `${opening}import { x } from "#events/kit/ids.ts";` },
      ["actors/agent/memory/language/a.ts:2"],
    ],
    [
      "imports follow the table",
      { "actors/kit/feeds.ts": `${opening}import { hash } from "node:crypto";` },
      ["actors/kit/feeds.ts:2"],
    ],
    [
      "imports follow the table",
      { "actors/room/a.ts": `${opening}import { q } from "#projections/queries.ts";` },
      ["actors/room/a.ts:2"],
    ],
    [
      "imports follow the table",
      { "src/models/a.ts": `${opening}import { t } from "../tools/shelf.ts";` },
      ["src/models/a.ts:2"],
    ],
    [
      "imports follow the table",
      { "src/http/a.ts": `${opening}\nconst x = await import("#actors/room/room.ts");` },
      ["src/http/a.ts:3"],
    ],
    ["imports follow the table", { "src/http/a.ts": `${opening}import type { R } from "#actors/room/room.ts";` }, []],
    ["imports follow the table", { "src/stray.ts": opening }, ["src/stray.ts:1"]],
    [
      "imports follow the table",
      { "web/src/a.ts": `${opening}import { d } from "#events/agent/decide.ts";` },
      ["web/src/a.ts:2"],
    ],
    [
      "imports follow the table",
      { "actors/kit/a.ts": `${opening}import { g } from "#test/support/given.ts";` },
      ["actors/kit/a.ts:2"],
    ],
    [
      "imports follow the table",
      { "scripts/verify-chain.ts": `${opening}import { g } from "#events/kit/ids.ts";` },
      ["scripts/verify-chain.ts:2"],
    ],
    [
      "an SDK is known to one file",
      {
        "src/http/auth.ts": 'import { v } from "@clerk/backend";',
        "src/http/b.ts": '\nimport type { J } from "@clerk/backend/jwt";',
      },
      ["src/http/b.ts:2"],
    ],
    ["crossings of walls begin with #", { "scripts/a.ts": 'import { s } from "../src/env.ts";' }, ["scripts/a.ts:1"]],
    [
      "no ring of imports, types included",
      {
        "a/a.ts": 'import type { b } from "./b.ts";',
        "a/b.ts": 'export * from "./c.ts";',
        "a/c.ts": '\nimport "./a.ts";',
      },
      ["a/c.ts:2"],
    ],
    ["time, chance and the console have their places", { "events/a.ts": "const at = Date.now();" }, ["events/a.ts:1"]],
    [
      "time, chance and the console have their places",
      { "src/tools/a.ts": "// Math.random\nMath.random();" },
      ["src/tools/a.ts:2"],
    ],
    [
      "time, chance and the console have their places",
      { "src/http/a.ts": "crypto.randomUUID();\nconsole.error(1);" },
      ["src/http/a.ts:1", "src/http/a.ts:2"],
    ],
    [
      "time, chance and the console have their places",
      { "projections/a.ts": "new Date(5);\nnew Date();" },
      ["projections/a.ts:2"],
    ],
    [
      "time, chance and the console have their places",
      { "actors/kit/clock.ts": "Date.now();", "src/env.ts": "console.log(1);" },
      [],
    ],
    [
      "JSON is parsed beside a schema",
      { "src/a.ts": "const a = (t) => JSON.parse(t);\nconst b = (t) => Schema.is(A)(JSON.parse(t));" },
      ["src/a.ts:1"],
    ],
    [
      "[L3] no word is opened where decisions are made",
      { "events/a.ts": 'import { Redacted } from "effect";\nRedacted.value(w);' },
      ["events/a.ts:1", "events/a.ts:2"],
    ],
    [
      "[L3] no word is opened where decisions are made",
      { "events/a.ts": 'import { type Redacted, Schema } from "effect";' },
      [],
    ],
    [
      "[L6] a commit is one breath",
      {
        "actors/kit/ledger.ts":
          "class Ledger {\n  commit() { return this.#a(); }\n  async #a() { await 1; }\n  async archive() {}\n}",
      },
      ["actors/kit/ledger.ts:3"],
    ],
    ["no file over 400 lines", { "web/a.css": "x\n".repeat(401) }, ["web/a.css:401"]],
    [
      "every file says what it is",
      { "src/a.ts": 'import "./b.ts";\n/** Late. */', "src/b.ts": "/**\n * Two\n * lines.\n */" },
      ["src/a.ts:1"],
    ],
    [
      "names are kebab-case nouns",
      { "src/agentDoor.ts": "", "src/utils.ts": "", "src/a/common/b.ts": "", "src/a-b.spec.ts": "" },
      ["src/agentDoor.ts:1", "src/utils.ts:1", "src/a/common/b.ts:1"],
    ],
  ];

  it.each(planted)("%s (%#)", (rule, files, expected) => {
    const found = rules[rule](houseOf(Object.entries(files)));
    expect(found.map(([file, line]) => `${file}:${line}`)).toEqual(expected);
  });

  it("every rule has been planted against", () => {
    expect(Object.keys(rules).filter((rule) => !planted.some(([name]) => name === rule))).toEqual([]);
  });
});
