/** What went wrong with a request, in the words of the program (RFC 9457); made by the client, shown by the pages. */
import * as Effect from "effect/Effect";
import { HttpClientError } from "effect/http/HttpClientError";
import { isSchemaError, type SchemaError } from "effect/Schema";
import { makeFormatterStandardSchemaV1 } from "effect/SchemaIssue";

export interface Problem {
  /** The last part of the problem's `type`, or a word of the page's own: `unreachable`, `unreadable`. */
  readonly name: string;
  readonly title: string;
  readonly detail?: string;
  readonly traceId?: string;
  readonly errors: ReadonlyArray<{ readonly path: string; readonly message: string }>;
}

export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

const unreachable: Problem = {
  name: "unreachable",
  title: "Troupe does not answer.",
  detail: "The program may have been stopped, or the network is down.",
  errors: [],
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function issues(value: unknown): Problem["errors"] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((issue) => ({
    path: Array.isArray(issue.path) ? issue.path.join(".") : "",
    message: typeof issue.message === "string" ? issue.message : "",
  }));
}

/** A problem from a value that has the members of one, decoded or not. */
export function problemFrom(value: unknown): Problem | undefined {
  if (!isRecord(value) || typeof value.type !== "string" || typeof value.title !== "string") return undefined;
  return {
    name: value.type.slice(value.type.lastIndexOf("/") + 1),
    title: value.title,
    ...(typeof value.detail === "string" ? { detail: value.detail } : {}),
    ...(typeof value.trace_id === "string" ? { traceId: value.trace_id } : {}),
    errors: issues(value.errors),
  };
}

/** An answer that does not have the form it was promised to have. */
export const unreadable = (failure: unknown): Problem => ({
  name: "unreadable",
  title: "The answer could not be read.",
  detail: failure instanceof Error ? failure.message : String(failure),
  errors: [],
});

const format = makeFormatterStandardSchemaV1();

/** A request that the program would refuse; told in its words, and by the paths it would name. */
const invalid = ({ issue }: SchemaError): Problem => ({
  name: "validation",
  title: "The request is not valid.",
  errors: format(issue).issues.map(({ path = [], message }) => ({
    path: ["body", ...path.map((step) => (typeof step === "object" ? step.key : step))].map(String).join("."),
    message,
  })),
});

/** The problem behind whatever a client call failed with. */
export function problemOf(failure: unknown): Effect.Effect<Problem> {
  if (failure instanceof ProblemError) return Effect.succeed(failure.problem);
  const known = problemFrom(failure);
  if (known) return Effect.succeed(known);
  if (isSchemaError(failure)) return Effect.succeed(invalid(failure));
  if (!(failure instanceof HttpClientError)) return Effect.succeed(unreadable(failure));
  const response = failure.response;
  if (response === undefined) return Effect.succeed(unreachable);
  const bare: Problem = { name: `status-${response.status}`, title: `The answer was ${response.status}.`, errors: [] };
  return response.json.pipe(
    Effect.map((body) => problemFrom(body) ?? bare),
    Effect.catch(() => Effect.succeed(bare)),
  );
}

/** The problem carried by a rejected promise, for pages that only have an `unknown`. */
export function problemIn(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { name: "internal", title: "Something went wrong on this page.", detail, errors: [] };
}

export { unreachable };
