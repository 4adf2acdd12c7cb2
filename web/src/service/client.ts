/** The typed client of the program's HTTP interface, derived from its one declaration; every request of the page is made here. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as FetchHttpClient from "effect/http/FetchHttpClient";
import * as HttpClient from "effect/http/HttpClient";
import * as HttpClientRequest from "effect/http/HttpClientRequest";
import * as HttpApiClient from "effect/http-api/HttpApiClient";
import { isSchemaError } from "effect/Schema";
import { Api } from "#src/http/api.ts";
import { currentToken, forgetToken } from "./identity.ts";
import { ProblemError, problemOf, unreadable } from "./problem.ts";

const token = Effect.promise(() => currentToken().catch((error: unknown) => error));

/** What a text is sent as, where an endpoint takes several kinds of it. */
const ContentType = Context.Reference<string | undefined>("troupe/web/ContentType", { defaultValue: () => undefined });

/** Adds the token; a refused one (they are good for hours only) is renewed and the request made once more. */
const signed = (http: HttpClient.HttpClient): HttpClient.HttpClient =>
  HttpClient.make((request) => {
    const once = Effect.gen(function* () {
      const held = yield* token;
      if (typeof held !== "string") return yield* Effect.die(held);
      const contentType = yield* ContentType;
      const typed = contentType ? HttpClientRequest.setHeader(request, "content-type", contentType) : request;
      const response = yield* http.execute(HttpClientRequest.bearerToken(typed, held));
      if (response.status === 401) forgetToken(held);
      return response;
    });
    return Effect.flatMap(once, (response) => (response.status === 401 ? once : Effect.succeed(response)));
  });

/** From here on a fault of form is one of the request: it was found before anything was sent. */
const read = <A, E, R>(answer: Effect.Effect<A, E, R>) =>
  Effect.mapError(answer, (failure) => (isSchemaError(failure) ? new ProblemError(unreadable(failure)) : failure));

export const client = Effect.runSync(
  HttpApiClient.make(Api, { transformClient: signed, transformResponse: read }).pipe(
    Effect.provide(FetchHttpClient.layer),
  ),
);

export interface Extras {
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
}

/** Runs a call of the client; what it fails with is always a `ProblemError`. */
export async function call<A>(effect: Effect.Effect<A, unknown>, extras: Extras = {}): Promise<A> {
  const settled = await Effect.runPromise(
    effect.pipe(
      Effect.catchDefect((defect) => Effect.fail(defect)),
      Effect.catch((failure) =>
        Effect.flatMap(problemOf(failure), (problem) => Effect.fail(new ProblemError(problem))),
      ),
      Effect.result,
      Effect.provideService(FetchHttpClient.RequestInit, { headers: { ...extras.headers } }),
      Effect.provideService(ContentType, extras.contentType),
    ),
    extras.signal ? { signal: extras.signal } : undefined,
  );
  if (settled._tag === "Failure") throw settled.failure;
  return settled.success;
}

/** For requests that make something: a retry with the same key makes it once. */
export const idempotencyKey = (): Record<string, string> => ({ "idempotency-key": crypto.randomUUID() });
