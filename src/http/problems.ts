/** The problem types of the contract (RFC 9457), each declared once; used by the API document, the handlers and the sockets. */
import { Schema } from "effect";
import { HttpApiError } from "effect/http-api";

const BASE = "https://troupe.dev/problems/";

/** Name, status and title of every problem that this program can answer. */
export const problemTypes = {
  validation: { status: 400, title: "The request is not valid." },
  unauthenticated: { status: 401, title: "A valid token is needed." },
  "budget-exceeded": { status: 402, title: "A budget does not allow it." },
  forbidden: { status: 403, title: "You may not do this." },
  "consent-required": { status: 403, title: "Somebody has not agreed to be remembered." },
  "not-found": { status: 404, title: "There is no such thing." },
  "method-not-allowed": { status: 405, title: "This path does not take this method." },
  conflict: { status: 409, title: "It does not fit with what stands." },
  "agent-inactive": { status: 409, title: "The agent is switched off." },
  "precondition-failed": { status: 412, title: "It was changed in the meantime." },
  "payload-too-large": { status: 413, title: "The request is too large." },
  "content-filtered": { status: 422, title: "The content rules did not let it pass." },
  "idempotency-conflict": { status: 422, title: "This key was used for another request." },
  internal: { status: 500, title: "Something went wrong on our side." },
  "not-configured": { status: 501, title: "This is not configured here." },
  "provider-unavailable": { status: 503, title: "What is needed for an answer could not be reached." },
  "auth-not-configured": { status: 503, title: "Sign-in is not configured here." },
} as const;

export type ProblemName = keyof typeof problemTypes;

const extensions = {
  trace_id: Schema.optional(Schema.String),
  errors: Schema.optional(
    Schema.Array(
      Schema.Struct({ path: Schema.Array(Schema.Union([Schema.String, Schema.Finite])), message: Schema.String }),
    ),
  ),
};

const declare = <N extends ProblemName>(name: N) => ({
  type: `${BASE}${name}` as const,
  status: problemTypes[name].status,
  title: problemTypes[name].title,
});

class Validation extends HttpApiError.Problem<Validation>()("Validation", declare("validation"), extensions) {}
class Unauthenticated extends HttpApiError.Problem<Unauthenticated>()(
  "Unauthenticated",
  declare("unauthenticated"),
  extensions,
) {}
class BudgetExceeded extends HttpApiError.Problem<BudgetExceeded>()(
  "BudgetExceeded",
  declare("budget-exceeded"),
  extensions,
) {}
class ContentFiltered extends HttpApiError.Problem<ContentFiltered>()(
  "ContentFiltered",
  declare("content-filtered"),
  extensions,
) {}
class ConsentRequired extends HttpApiError.Problem<ConsentRequired>()(
  "ConsentRequired",
  declare("consent-required"),
  extensions,
) {}
class Forbidden extends HttpApiError.Problem<Forbidden>()("Forbidden", declare("forbidden"), extensions) {}
class NotFound extends HttpApiError.Problem<NotFound>()("NotFound", declare("not-found"), extensions) {}
class MethodNotAllowed extends HttpApiError.Problem<MethodNotAllowed>()(
  "MethodNotAllowed",
  declare("method-not-allowed"),
  extensions,
) {}
class Conflict extends HttpApiError.Problem<Conflict>()("Conflict", declare("conflict"), extensions) {}
class AgentInactive extends HttpApiError.Problem<AgentInactive>()(
  "AgentInactive",
  declare("agent-inactive"),
  extensions,
) {}
class PreconditionFailed extends HttpApiError.Problem<PreconditionFailed>()(
  "PreconditionFailed",
  declare("precondition-failed"),
  extensions,
) {}
class PayloadTooLarge extends HttpApiError.Problem<PayloadTooLarge>()(
  "PayloadTooLarge",
  declare("payload-too-large"),
  extensions,
) {}
class IdempotencyConflict extends HttpApiError.Problem<IdempotencyConflict>()(
  "IdempotencyConflict",
  declare("idempotency-conflict"),
  extensions,
) {}
class Internal extends HttpApiError.Problem<Internal>()("Internal", declare("internal"), extensions) {}
class NotConfigured extends HttpApiError.Problem<NotConfigured>()(
  "NotConfigured",
  declare("not-configured"),
  extensions,
) {}
class ProviderUnavailable extends HttpApiError.Problem<ProviderUnavailable>()(
  "ProviderUnavailable",
  declare("provider-unavailable"),
  extensions,
) {}
class AuthNotConfigured extends HttpApiError.Problem<AuthNotConfigured>()(
  "AuthNotConfigured",
  declare("auth-not-configured"),
  extensions,
) {}

/** The class of each problem, by its name in the contract. */
export const problemClasses = {
  validation: Validation,
  unauthenticated: Unauthenticated,
  "budget-exceeded": BudgetExceeded,
  forbidden: Forbidden,
  "consent-required": ConsentRequired,
  "not-found": NotFound,
  "method-not-allowed": MethodNotAllowed,
  conflict: Conflict,
  "agent-inactive": AgentInactive,
  "precondition-failed": PreconditionFailed,
  "payload-too-large": PayloadTooLarge,
  "content-filtered": ContentFiltered,
  "idempotency-conflict": IdempotencyConflict,
  internal: Internal,
  "not-configured": NotConfigured,
  "provider-unavailable": ProviderUnavailable,
  "auth-not-configured": AuthNotConfigured,
} as const;

/** Any problem, as an error value that the API knows how to answer. */
export type Problem = InstanceType<(typeof problemClasses)[ProblemName]>;

/** Every problem class, as endpoints declare them. */
export const anyProblem = Object.values(problemClasses);
