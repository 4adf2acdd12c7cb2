/** How a tool is made: from a schema and a function to something that takes a model's JSON text and answers JSON text; used by every file of a tool and by shelf.ts. */
import { Effect, Schema } from "effect";
import { BadInput, Timeout, TooLarge, ToolFailure, type ToolReason } from "#actors/agent/turn/failures.ts";
import type { Replay, ToolCaller } from "#actors/agent/turn/ports.ts";

/** The families of the specification. */
export type Family = "information" | "communication" | "creative" | "integration";

/** How a tool starts out for an agent it is granted to: used at once, or only after somebody has said yes. */
export type Permission = "allow" | "ask";

/** A tool, ready for the shelf. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly family: Family;
  readonly permission: Permission;
  readonly replay: Replay;
  /** JSON Schema of the input. */
  readonly input: Readonly<Record<string, unknown>>;
  /** `input` is the model's text, exactly as it wrote it; the result is JSON text of at most 64 KiB. */
  readonly run: (input: string, caller: ToolCaller) => Effect.Effect<string, ToolFailure>;
}

interface Definition<Input, Output> {
  /** In lower case with underscores: what every provider takes. */
  readonly name: string;
  readonly description: string;
  readonly family: Family;
  readonly permission: Permission;
  readonly replay: Replay;
  readonly timeoutMs: number;
  /** A struct; fields it does not name are refused. */
  readonly input: Schema.Codec<Input, unknown>;
  /** Fails with the bare reason; the tool's name is put to it here. */
  readonly run: (input: Input, caller: ToolCaller) => Effect.Effect<Output, ToolReason>;
}

/** A model that writes more than this as arguments has lost the thread. */
const MOST_INPUT = 64 * 1024;
const MOST_OUTPUT = 64 * 1024;
/** `unknown` stands on record for every name that no tool has. */
const NAME = /^(?!unknown$)[a-z][a-z0-9_]{0,63}$/;

/** Makes a tool: strict reading of what the model wrote, the tool's own time, a bound on what comes back. */
export function defineTool<Input, Output>(definition: Definition<Input, Output>): Tool {
  const { name, description, family, permission, replay, timeoutMs, input, run } = definition;
  if (!NAME.test(name)) throw new Error(`“${name}” is no name for a tool`);
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(input), { onExcessProperty: "error", errors: "all" });
  const fail = (reason: ToolReason) => new ToolFailure({ tool: name, reason });
  const read = (text: string) =>
    text.length > MOST_INPUT
      ? Effect.fail(new BadInput({ detail: "The arguments are too long." }))
      : Effect.mapError(decode(text), (error) => new BadInput({ detail: readable(error.message) }));
  return {
    name,
    description,
    family,
    permission,
    replay,
    input: jsonSchemaOf(input),
    run: (text, caller) =>
      read(text).pipe(
        Effect.flatMap((decoded) => run(decoded, caller)),
        Effect.timeoutOrElse({
          duration: timeoutMs,
          orElse: () => Effect.fail(new Timeout({ afterMs: timeoutMs })),
        }),
        Effect.flatMap(written),
        Effect.mapError(fail),
      ),
  };
}

/** Schema's own words name the place and what was expected there, never the value: fit for a model to read. */
const readable = (message: string): string => message.replace(/\s+/g, " ").slice(0, 500);

function written(output: unknown): Effect.Effect<string, TooLarge> {
  const text = JSON.stringify(output) ?? "null";
  // A character is at most three bytes, so most results need no counting.
  const bytes = text.length * 3 <= MOST_OUTPUT ? text.length : new TextEncoder().encode(text).length;
  return bytes > MOST_OUTPUT ? Effect.fail(new TooLarge({ bytes })) : Effect.succeed(text);
}

function jsonSchemaOf(input: Schema.Constraint): Readonly<Record<string, unknown>> {
  const { schema, definitions } = Schema.toJsonSchemaDocument(input, { onExcessProperty: "error" });
  if (schema.type !== "object") throw new Error("a tool takes an object");
  return Object.keys(definitions).length === 0 ? schema : { ...schema, $defs: definitions };
}
