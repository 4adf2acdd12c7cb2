/** `npm run museum:add`: puts a piece into test/events/museum for every event version that has none; pieces that are there stay as they are. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SchemaAST } from "effect";
import type { EventDefinition } from "#events/kit/define.ts";
import { childId, eventId, type Kind } from "#events/kit/ids.ts";
import { registry } from "#events/registry.ts";
import { nameOf, typeText, writeCatalogue } from "./events-docs.ts";

const museum = join(import.meta.dirname, "../test/events/museum");
const AT = Date.UTC(2026, 9, 1, 12);

/** What fields hold in life, by as much of their path as it takes; one that is not here gets what its type suggests. */
const lifelike: Readonly<Record<string, string | number>> = {
  name: "Ada",
  "tools.name": "calculator",
  "RoomOpened.name": "Lobby",
  "StreamRegistered.name": childId("agent", "museum", "agentId"),
  "StreamRetired.name": childId("agent", "museum", "agentId"),
  provider: "anthropic",
  model: "claude-sonnet-4-5",
  maxTokens: 1024,
  temperature: 0.7,
  tool: "calculator",
  tools: "calculator",
  mode: "allow",
  finish: "tools",
  hash: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
  argsHash: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
  promptHash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  key: childId("call", "museum", "callId"),
  reason: "Overloaded",
  degraded: "memories",
  subject: "user:user_dana",
  stream: `room:${childId("room", "museum", "roomId")}`,
  promptVersion: 1,
  attempt: 1,
  round: 1,
  request: `behind/summary/${childId("room", "museum", "roomId")}/412`,
  number: 1,
  generations: 1,
  fingerprint: "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
  fingerprints: "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
  kek: 1,
  shreddedAt: AT,
  confirmedAt: AT + 120,
  tried: 4,
  hops: 1,
  place: 2,
  chars: 42,
  tokensIn: 812,
  tokensOut: 57,
  tokens: 640,
  ms: 1250,
  bytes: 96,
  retryAfterMs: 30_000,
};

const kinds: Readonly<Record<string, Kind>> = {
  AgentId: "agent",
  RoomId: "room",
  MessageId: "message",
  TurnId: "turn",
  CallId: "call",
  MemoryId: "memory",
  ErasureId: "erasure",
};

const lastOf = (path: string): string => path.slice(path.lastIndexOf(".") + 1);

/** What is known of the field at `MessagePosted.turn.model`: of the whole path, of `turn.model`, of `model`. */
function known(path: string): string | number | undefined {
  for (let rest = path; ; rest = rest.slice(rest.indexOf(".") + 1)) {
    if (lifelike[rest] !== undefined || !rest.includes(".")) return lifelike[rest];
  }
}

/** A text as this schema wants it. */
function textFor(ast: SchemaAST.AST, path: string): string {
  const name = nameOf(ast);
  const kind = kinds[name ?? ""];
  if (kind !== undefined) return childId(kind, "museum", lastOf(path));
  return name === "UserId" ? "user_dana" : String(known(path) ?? lastOf(path));
}

/** A value as this schema wants it, with every field in it and nothing null. */
function exampleOf(ast: SchemaAST.AST, path: string): unknown {
  switch (ast._tag) {
    case "String":
      return textFor(ast, path);
    case "Number":
      return known(path) ?? (typeText(ast) === "number from 0 to 1" ? 0.8 : 7);
    case "Boolean":
      return !["notice", "callsOff", "stopped"].includes(lastOf(path));
    case "Null":
      return null;
    case "Literal":
      return ast.literal;
    case "TemplateLiteral":
      return "user:user_dana";
    case "Union": {
      const wanted = ast.types.find((type) => type._tag === "Literal" && type.literal === known(path));
      return exampleOf(wanted ?? ast.types[0]!, path);
    }
    case "Arrays":
      return ast.rest.map((item) => exampleOf(item, path));
    case "Objects":
      return Object.fromEntries(
        ast.propertySignatures.map(({ name, type }) => [name, exampleOf(type, `${path}.${String(name)}`)]),
      );
    default:
      throw new Error(`the museum has no example of ${ast._tag}`);
  }
}

/** The stored row, its open part as JSON. Sealed words are named; their bytes are random by design and say nothing. */
function pieceOf(kind: string, definition: EventDefinition): string {
  const stream = `${kind}:museum`;
  const row = {
    ...{ seq: 1, id: eventId(AT, stream, 1), type: definition.type, v: definition.v, at: AT, actor: "user:user_dana" },
    ...{
      command: "cmd_museum",
      correlation: "cmd_museum",
      causation: null,
      open: exampleOf(definition.open.ast, definition.type),
    },
    sealed: definition.sealed,
  };
  return `${JSON.stringify(row, null, 2)}\n`;
}

for (const [kind, definitions] of Object.entries(registry))
  for (const definition of definitions)
    for (let v = 1; v <= definition.v; v++) {
      const path = join(museum, kind, `${definition.type}.v${v}.json`);
      if (existsSync(path)) continue;
      if (v < definition.v) throw new Error(`${path} is gone: only the past can write it, look for it in the history`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, pieceOf(kind, definition));
      console.log(`added ${path}`);
    }
writeCatalogue();
