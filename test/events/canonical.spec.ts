/** What may not enter the house, because SQLite or JSON would give something else back than was put in. */
import { describe, expect, it } from "@effect/vitest";
import { textFault, utf8Bytes, valueFault } from "#events/kit/canonical.ts";
import { nodeSql } from "../support/sqlite.ts";

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

describe("text", () => {
  it("may be anything that comes back as it was", () => {
    const texts = ["", "plain", "é ß 好 😀", "\u0001\t\n\u007f", "\u{10ffff}", "\ufeff"];
    const sql = nodeSql();
    sql.run("CREATE TABLE said (text TEXT NOT NULL) STRICT");
    for (const text of texts) {
      expect(textFault(text)).toBeUndefined();
      sql.run("INSERT INTO said VALUES (?)", text);
    }
    expect(sql.rows("SELECT text FROM said").map(([text]) => text)).toEqual(texts);
  });

  it("may not hold half of a pair, or NUL", () => {
    for (const text of ["\ud800", "a\udc00b", "\udc00\ud800"]) expect(textFault(text)).toMatch(/surrogate/);
    expect(textFault("a\0")).toMatch(/NUL/);
  });

  it("is measured in bytes of UTF-8", () => {
    expect(["", "a", "é", "好", "😀"].map(utf8Bytes)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe("a document", () => {
  it("passes when all of it may be stored", () => {
    const good = { text: "é", list: [1, -0.5, 2 ** 53 - 1, null, true, { deep: {} }], "": [] };
    expect(valueFault(good)).toBeUndefined();
    expect(valueFault(nested(64))).toBeUndefined();
  });

  it.each<[string, ReadonlyArray<string | number>, RegExp]>([
    ['{"a":["x","\\ud800"]}', ["a", 1], /surrogate/],
    ['{"a":{"b\\u0000":1}}', ["a", "(key)"], /NUL/],
    ['[{"n":9007199254740993}]', [0, "n"], /2\^53/],
    ["-1e300", [], /2\^53/],
    ['{"n":1e999}', ["n"], /./],
  ])("%s is refused, and the place is named", (json, path, message) => {
    expect(valueFault(JSON.parse(json))).toEqual({ path, message: expect.stringMatching(message) });
  });

  it("may not be nested deeper than readers of a log can follow", () => {
    expect(valueFault(nested(65))?.message).toMatch(/deeper/);
    expect(valueFault(nested(5_000))?.message).toMatch(/deeper/);
  });
});
