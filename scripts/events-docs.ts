/** `npm run events:docs`: writes docs/events.md from the declarations of events; with `--check` it only tells whether that is needed. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { SchemaAST } from "effect";
import type { EventDefinition } from "#events/kit/define.ts";
import * as ids from "#events/kit/ids.ts";
import { registry } from "#events/registry.ts";
import { registry as projections } from "#projections/index.ts";

const target = join(import.meta.dirname, "../docs/events.md");

const streams: Readonly<Record<string, string>> = {
  agent: "one for each agent",
  room: "one for each room",
  user: "one for each person",
  system: "the house as a whole: `system:root`",
  vault: "the keys, in sixteen shards: `vault:0` to `vault:f`",
};

/** The regular expression that a schema of text asks for, if it asks for one. */
const patternOf = ({ checks }: SchemaAST.AST): string | undefined =>
  checks?.flatMap(({ annotations }) => {
    const { representation } = (annotations ?? {}) as { representation?: { payload?: { source?: string } } };
    return representation?.payload?.source ?? [];
  })[0];

const { AgentId, RoomId, MessageId, TurnId, CallId, MemoryId, ErasureId, UserId, ActorName } = ids;
const named = new Map(
  Object.entries({ AgentId, RoomId, MessageId, TurnId, CallId, MemoryId, ErasureId, UserId }).map(([name, { ast }]) => [
    patternOf(ast) ?? "",
    name,
  ]),
);

/** What a number may be, in words. */
function numberText({ checks }: SchemaAST.AST): string {
  const expected = checks?.map(({ annotations }) => String(annotations?.expected)) ?? [];
  if (expected.includes("a value between 0 and 1")) return "number from 0 to 1";
  if (!expected.includes("an integer")) return "number";
  return expected.some((text) => text.endsWith("equal to 0")) ? "count" : "integer";
}

/** What the house calls this type of text, if it has a name. */
export const nameOf = (ast: SchemaAST.AST): string | undefined => named.get(patternOf(ast) ?? "");

/** A type as readers of the catalogue have it. */
export function typeText(ast: SchemaAST.AST): string {
  switch (ast._tag) {
    case "String":
      return nameOf(ast) ?? "text";
    case "Number":
      return numberText(ast);
    case "Boolean":
      return "yes or no";
    case "Null":
      return "null";
    case "Literal":
      return JSON.stringify(ast.literal);
    case "TemplateLiteral":
      return ast === ActorName.ast ? "ActorName" : "text";
    case "Union":
      return ast.types.map(typeText).join(" \\| ");
    case "Arrays":
      return `list of ${ast.rest.map(typeText).join(", ")}`;
    case "Objects":
      return `{ ${fieldsOf(ast)
        .map(([name, type]) => `${name}: ${type}`)
        .join(", ")} }`;
    default:
      throw new Error(`the catalogue has no words for ${ast._tag}`);
  }
}

/** Name and type of every field; a question mark behind those that may be left out. */
function fieldsOf(ast: SchemaAST.AST): ReadonlyArray<readonly [name: string, type: string]> {
  if (ast._tag !== "Objects") throw new Error("the open part of an event is a struct");
  return ast.propertySignatures.map(({ name, type }) => [
    `${String(name)}${type.context?.isOptional ? "?" : ""}`,
    typeText(type),
  ]);
}

function readersOf(kind: string, type: string): string {
  const readers = projections
    .flatMap(({ live, candidate }) => [live, ...(candidate ? [candidate] : [])])
    .filter(({ reads, types }) => reads === kind && types.includes(type))
    .map(({ id }) => `\`${id}\``);
  return readers.length === 0 ? "no projection" : readers.join(", ");
}

function eventText(kind: string, { type, v, about, open, sealed }: EventDefinition): string {
  const fields = fieldsOf(open.ast);
  const rows = fields.map(([name, text]) => `| \`${name}\` | ${text} |`);
  const versions = v === 1 ? "1" : `${v}; older ones are lifted when they are read`;
  const words = sealed.length === 0 ? "none" : sealed.map((word) => `\`${word}\``).join(", ");
  return [
    `### ${type}`,
    about,
    ...(rows.length === 0 ? [] : [["| Open | |", "|---|---|", ...rows].join("\n")]),
    `Version ${versions} · sealed words: ${words} · read by ${readersOf(kind, type)}`,
  ].join("\n\n");
}

/** The whole catalogue as Markdown. */
export function catalogue(): string {
  const sections = Object.entries(registry).map(([kind, events]) =>
    [`## ${kind}: ${streams[kind] ?? ""}`, ...events.map((event) => eventText(kind, event))].join("\n\n"),
  );
  return `${[
    "# Events",
    "What can have happened in the house. Generated from the declarations in `events/` by `npm run events:docs`; not to be edited.",
    "Every event has an *open* part, which is stored in the clear for ever and holds facts, ids and numbers only, and may have *sealed words*, which are encrypted under the key of the person or agent they belong to. Around both stands an envelope: `seq`, `id`, `type`, `v`, `at`, `actor`, `command`, `correlation`, `causation`.",
    ...sections,
  ].join("\n\n")}\n`;
}

/** Writes the catalogue. */
export const writeCatalogue = (): void => writeFileSync(target, catalogue());

function stale(): boolean {
  try {
    return readFileSync(target, "utf8") !== catalogue();
  } catch {
    return true;
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  if (!values.check) writeCatalogue();
  else if (stale()) {
    console.error("docs/events.md does not tell what events/ declares: npm run events:docs");
    process.exit(1);
  }
}
