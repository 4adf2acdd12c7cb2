/** One request to a provider of embeddings or an index, what its answer means, and how often it is asked again; used by the adapters beside it. */

import { Clock, Duration, Effect, Random, Schema } from "effect";
import {
  Broken,
  Cut,
  Garbled,
  Overloaded,
  RateLimited,
  SpentOut,
  Stalled,
  Unacceptable,
  Unauthorized,
  Unreachable,
} from "#actors/agent/turn/failures.ts";
import { isPassing, type MemoryReason, waitOf } from "#actors/agent/turn/memory-ports.ts";

/** A request has this long, answer included. */
const DEADLINE_MS = 20_000;
/** Characters of an answer: the vectors of the largest batch, as numbers, take a third of it. */
const LONGEST = 16 * 1024 * 1024;

export interface Request {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An answer of any status. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

export type Fetch = typeof globalThis.fetch;

/** Sends a request and reads the answer whole; fails only where none came. Interrupting it closes the connection. */
export const send = (request: Request, fetch: Fetch): Effect.Effect<Answer, MemoryReason> =>
  Effect.flatMap(Clock.Clock, (clock) =>
    Effect.tryPromise({
      try: async (signal): Promise<Answer> => {
        const { method, url, headers, body } = request;
        const response = await fetch(url, {
          method,
          signal,
          // A redirect would carry the key to whoever it names.
          redirect: "manual",
          headers: { accept: "application/json", ...(body === undefined ? {} : JSON_BODY), ...headers },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }).catch(() => Promise.reject(new Unreachable()));
        const retryAfterMs = waitNamedBy(response.headers, clock.currentTimeMillisUnsafe());
        return { status: response.status, text: await textOf(response), retryAfterMs };
      },
      catch: (error): MemoryReason => (error instanceof Unreachable || error instanceof Garbled ? error : new Cut()),
    }),
  ).pipe(
    Effect.timeoutOrElse({
      duration: Duration.millis(DEADLINE_MS),
      orElse: () => Effect.fail<MemoryReason>(new Stalled({ silentMs: DEADLINE_MS })),
    }),
  );

const JSON_BODY = { "content-type": "application/json" };

async function textOf(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length > LONGEST) {
      void reader.cancel().catch(() => {});
      throw new Garbled({ detail: "longer than any answer" });
    }
  }
}

/** A day: longer waits, and what no clock can hold, are told as one. */
const LONGEST_WAIT_MS = 86_400_000;

/** `retry-after` in milliseconds from `now`: seconds, or a date of RFC 9110 with its time of day; anything else is ignored. */
function waitNamedBy(headers: Headers, now: number): number | undefined {
  const named = headers.get("retry-after")?.trim() ?? "";
  const ms = /^\d+(\.\d+)?$/.test(named)
    ? Number(named) * 1_000
    : /^[A-Z][a-z]{2,8},? .*\d\d:\d\d:\d\d/.test(named)
      ? Date.parse(named) - now
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, Math.ceil(ms)), LONGEST_WAIT_MS);
}

/** What an answer that is no success means (the rows of reference/security.md § 10). */
export function reasonOf({ status, text, retryAfterMs }: Answer): MemoryReason {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 402 || (status < 500 && /insufficient_quota|credit_balance|billing/.test(text))) return new SpentOut();
  if (status === 401 || status === 403) return new Unauthorized();
  if (status === 429) return new RateLimited(wait);
  if (status === 503) return new Overloaded(wait);
  if (status >= 500 || status === 408) return new Broken(wait);
  return new Unacceptable({ detail: `${status} ${text.slice(0, 300)}` });
}

/** Reads the JSON of a successful answer; every other one fails with what it means. */
export const read = <S extends Schema.ConstraintDecoder<unknown>>(schema: S, what: string) => {
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(schema));
  return (answer: Answer): Effect.Effect<S["Type"], MemoryReason> =>
    answer.status >= 200 && answer.status < 300
      ? Effect.mapError(
          decode(answer.text),
          () => new Garbled({ detail: `${what} is not of the shape it should have` }),
        )
      : Effect.fail(reasonOf(answer));
};

/** A request is sent so often in all (security.md § 10: “yes, max 3”) … */
const TRIES = 4;
/** … after pauses that double from here, each cut by chance (“full jitter 0.5-8 s”) … */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
/** … or as long as the provider asks for. What it asks beyond this is left to a timer. */
const PATIENCE_MS = 10_000;

/** Tries again what may pass: a busy provider, a fault of theirs, a lost connection. */
export const patiently = <A>(attempt: Effect.Effect<A, MemoryReason>, tried = 1): Effect.Effect<A, MemoryReason> =>
  Effect.catch(attempt, (reason) => {
    const asked = waitOf(reason) ?? 0;
    if (!isPassing(reason) || tried >= TRIES || asked > PATIENCE_MS) return Effect.fail(reason);
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tried);
    return Random.nextBetween(FIRST_PAUSE_MS, longest).pipe(
      Effect.flatMap((pause) => Effect.sleep(Duration.millis(Math.max(asked, pause)))),
      Effect.andThen(patiently(attempt, tried + 1)),
    );
  });
