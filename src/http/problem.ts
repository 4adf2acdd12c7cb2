/** Refusals and failures as problem documents (RFC 9457): a name of the contract, one sentence, and never a cause or a stack. */
import type { RefusalData } from "#actors/kit/reply.ts";
import { problemNameOf } from "#events/problem-names.ts";
import { type Problem, type ProblemName, problemClasses, problemTypes } from "./problems.ts";

/** What a problem says beside its name. */
export interface ProblemDetail {
  readonly detail?: string;
  readonly errors?: ReadonlyArray<{ readonly path: ReadonlyArray<string | number>; readonly message: string }>;
}

/** A problem as an error value; `instance` and `trace_id` are added where it leaves. */
export function problem(name: ProblemName, said: ProblemDetail = {}): Problem {
  const Class = problemClasses[name] as unknown as new (fields: ProblemDetail) => Problem;
  return new Class(said);
}

/** The problem for a refusal. */
export const problemOf = (refusal: RefusalData): Problem =>
  problem(problemNameOf(refusal), { detail: refusal.message });

/** A problem as a response, for what is answered before the API is reached. */
export function problemResponse(
  name: ProblemName,
  said: ProblemDetail,
  at: { instance: string; trace: string },
  headers: HeadersInit = {},
): Response {
  const { status, title } = problemTypes[name];
  const body = {
    type: `https://troupe.dev/problems/${name}`,
    title,
    status,
    ...said,
    instance: at.instance,
    trace_id: at.trace,
  };
  const answer = new Headers(headers);
  answer.set("content-type", "application/problem+json");
  return new Response(JSON.stringify(body), { status, headers: answer });
}
