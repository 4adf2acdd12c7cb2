/** Handler for trainings: reads what was sent, row by row, and hands it to the agent, which learns it in the background. */
import { Effect, Result, Schema, SchemaIssue } from "effect";
import type { MemoryInput, TaughtRow } from "#actors/kit/memory-doors.ts";
import { textFault, valueFault } from "#events/kit/canonical.ts";
import { Asker, ask, commandId } from "../asker.ts";
import { MAX_PASSAGE, TrainingRow } from "../memory-api.ts";
import { memoryFault, memoryInput } from "../memory-input.ts";
import { problem } from "../problem.ts";
import { operationId, operationView } from "./operations.ts";
import { agentId } from "./paths.ts";

/** More rows than a body of 5 MiB has in earnest. */
const MAX_ROWS = 50_000;

const decodeRow = Schema.decodeUnknownResult(TrainingRow);
const decodeLine = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown));
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1();

/** What is wrong with a row, by the field that is at fault. */
const reasons: Readonly<Record<string, string>> = {
  memory_type: "unknown-kind",
  content: "no-content",
  importance_score: "importance-out-of-range",
  about: "no-person",
  sensitive: "sensitive-is-no-boolean",
  pinned: "pinned-is-no-boolean",
};

function reasonFor(issue: SchemaIssue.Issue): string {
  const [step] = issuesOf(issue).issues[0]?.path ?? [];
  return reasons[String(typeof step === "object" ? step.key : step)] ?? "not-an-item";
}

/** A row as a memory, or why it is none. */
function taught(row: number, value: unknown): TaughtRow {
  if (valueFault(value) !== undefined) return { row, reason: "not-storable" };
  const decoded = decodeRow(value);
  if (Result.isFailure(decoded)) return { row, reason: reasonFor(decoded.failure.issue) };
  const fault = memoryFault(decoded.success);
  if (fault !== undefined) return { row, reason: fault.reason };
  return { row, input: { kind: "semantic", ...memoryInput(decoded.success) } as MemoryInput };
}

/** JSON lines, numbered as a text editor numbers them; blank ones are no rows. */
const linesOf = (text: string): ReadonlyArray<TaughtRow> =>
  text.split(/\r?\n/).flatMap((line, index): ReadonlyArray<TaughtRow> => {
    if (line.trim() === "") return [];
    const value = decodeLine(line);
    return [Result.isFailure(value) ? { row: index + 1, reason: "not-json" } : taught(index + 1, value.success)];
  });

/** A text cut behind a sentence, else behind a word, else anywhere but within a character, so that no part is too long. */
function* cut(text: string): Generator<string> {
  let rest = text;
  while (rest.length > MAX_PASSAGE) {
    const head = rest.slice(0, MAX_PASSAGE);
    const sentence = Math.max(...[". ", "! ", "? ", "\n"].map((end) => head.lastIndexOf(end))) + 1;
    const word = head.lastIndexOf(" ");
    const whole = /[\ud800-\udbff]$/.test(head) ? MAX_PASSAGE - 1 : MAX_PASSAGE;
    const at = sentence > MAX_PASSAGE / 4 ? sentence : word > 0 ? word : whole;
    yield rest.slice(0, at).trim();
    rest = rest.slice(at).trim();
  }
  if (rest !== "") yield rest;
}

/** A document as passages of whole paragraphs, short neighbours together. */
export function passagesOf(text: string): ReadonlyArray<string> {
  const passages: string[] = [];
  for (const paragraph of text.split(/\r?\n[^\S\n]*(?:\r?\n[^\S\n]*)+/).map((each) => each.trim()))
    for (const part of cut(paragraph)) {
      const joined = `${passages.at(-1) ?? ""}\n\n${part}`;
      if (passages.length > 0 && joined.length <= MAX_PASSAGE) passages[passages.length - 1] = joined;
      else passages.push(part);
    }
  return passages;
}

/** The passages of one document stand beside each other, as what is said in one room does. */
const documentOf = (text: string, document: string): ReadonlyArray<TaughtRow> =>
  passagesOf(text).map((content, index) => {
    const row = index + 1;
    return { row, input: { kind: "semantic", content, context: { room_id: document, passage: row } } };
  });

/** Takes what the agent is to learn. Answers as soon as it is kept. */
export const train = Effect.fnUntraced(function* (
  id: string,
  payload: string | { readonly items: ReadonlyArray<unknown> },
) {
  const asking = yield* Asker;
  const known = yield* agentId(id);
  const door = asking.env.AGENT.getByName(known);
  yield* ask(({ principal }) => door.describe(principal));
  const operation = operationId(known, commandId(asking));
  const fault = typeof payload === "string" ? textFault(payload) : undefined;
  if (fault !== undefined) return yield* problem("validation", { errors: [{ path: ["body"], message: fault }] });
  const isLines = /^application\/x-ndjson\b/i.test(asking.request.headers.get("content-type") ?? "");
  const rows =
    typeof payload !== "string"
      ? payload.items.map((item, index) => taught(index + 1, item))
      : isLines
        ? linesOf(payload)
        : documentOf(payload, operation);
  if (rows.length === 0)
    return yield* problem("validation", { errors: [{ path: ["body"], message: "has nothing in it to learn" }] });
  if (rows.length > MAX_ROWS)
    return yield* problem("payload-too-large", { detail: `A training may have ${MAX_ROWS} rows at most.` });
  const begun = yield* ask(({ principal }) => door.train(principal, operation, rows));
  asking.headers.set("Location", `/api/operations/${operation}`);
  return operationView(begun);
});
