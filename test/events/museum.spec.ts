/** The museum: one stored row of every event version that was ever written, and that today's program still reads each of them. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@effect/vitest";
import { Schema } from "effect";
import { valueFault } from "#events/kit/canonical.ts";
import type { EventDefinition } from "#events/kit/define.ts";
import { registry } from "#events/registry.ts";
import { catalogue } from "../../scripts/events-docs.ts";
import { open } from "../support/ledger-fixture.ts";
import { nodeSql } from "../support/sqlite.ts";
import { streams } from "./histories.ts";

const museum = join(import.meta.dirname, "museum");
const root = join(import.meta.dirname, "../..");

const Piece = Schema.fromJsonString(
  Schema.Struct({
    ...{ seq: Schema.Literal(1), id: Schema.String, type: Schema.String, v: Schema.Int, at: Schema.Int },
    ...{
      actor: Schema.String,
      command: Schema.String,
      correlation: Schema.String,
      causation: Schema.NullOr(Schema.String),
    },
    open: Schema.Record(Schema.String, Schema.Unknown),
    sealed: Schema.Array(Schema.String),
  }),
);

const pieces = readdirSync(museum).flatMap((kind) =>
  readdirSync(join(museum, kind)).map((file) => {
    const piece = Schema.decodeUnknownSync(Piece)(readFileSync(join(museum, kind, file), "utf8"));
    return [`${kind}/${file}`, kind, piece] as const;
  }),
);

const definitionOf = (kind: string, type: string): EventDefinition =>
  registry[kind]!.find((definition) => definition.type === type)!;

describe("the museum", () => {
  it("has a piece of every version of every event, and nothing else", () => {
    const wanted = Object.entries(registry).flatMap(([kind, definitions]) =>
      definitions.flatMap(({ type, v }) =>
        Array.from({ length: v }, (_, index) => `${kind}/${type}.v${index + 1}.json`),
      ),
    );
    expect(pieces.map(([name]) => name).sort()).toEqual(wanted.sort());
  });

  it("holds what its labels say", () => {
    for (const [name, kind, { type, v }] of pieces) expect(`${kind}/${type}.v${v}.json`).toBe(name);
  });

  it("never changes a piece, and never gives one away", () => {
    const paths = ["--name-only", "--diff-filter=MDRT", "--", "test/events/museum"];
    expect([...git("log", "--format=", ...paths), ...git("diff", "HEAD", ...paths)]).toEqual([]);
  });
});

/** Paths that git tells of; none where there is no history to ask, as in an unpacked archive. */
function git(...argv: ReadonlyArray<string>): ReadonlyArray<string> {
  try {
    return execFileSync("git", argv, { cwd: root, encoding: "utf8", stdio: "pipe" }).split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

describe("a piece", () => {
  it.each(pieces)("%s is read as the newest version has it, by the ledger itself", (_name, kind, piece) => {
    const [, { decider }] = streams.find(([name]) => name === kind)!;
    const sql = nodeSql();
    sql.transaction(() => open(decider, sql).tables.run("DELETE FROM commands")); // makes the tables
    const sealed = piece.sealed.length > 0 ? new Uint8Array(28) : null;
    sql.run(
      "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...[piece.seq, piece.id, piece.type, piece.v, piece.at, piece.actor, piece.command, piece.correlation],
      ...[piece.causation, JSON.stringify(piece.open), sealed, new Uint8Array(32)],
    );
    const ledger = open(decider, sql);
    const [event] = ledger.read(0, 9);
    const schema = definitionOf(kind, piece.type).open;
    expect(Schema.decodeUnknownSync(schema)(event?.open, { onExcessProperty: "error" })).toEqual(event?.open);
    expect(ledger.reveal([1])).toHaveLength(1);
    expect(ledger.head).toBe(1);
  });

  it.each(pieces)("%s names no words that its event has forgotten since", (_name, kind, { type, sealed }) => {
    expect(definitionOf(kind, type).sealed).toEqual(expect.arrayContaining([...sealed]));
  });

  it.each(pieces)("%s could have come through a door", (_name, _kind, piece) => {
    expect(valueFault(piece.open)).toBeUndefined();
  });
});

it("docs/events.md tells what the declarations say (npm run events:docs)", () => {
  expect(readFileSync(join(root, "docs/events.md"), "utf8")).toBe(catalogue());
});
