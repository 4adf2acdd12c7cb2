/** What an answer by HTTP status or by a named error means in the port's words; used by the adapters of HTTP providers. */

import {
  Broken,
  type ModelReason,
  Overloaded,
  RateLimited,
  Refused,
  SpentOut,
  TooLong,
  Unacceptable,
  Unauthorized,
} from "#actors/agent/turn/failures.ts";

/** A turn's house waits minutes at most; what is longer than a day, or no number a clock can hold, is told as a day. */
const LONGEST_WAIT_MS = 86_400_000;

/** The three forms of a date that RFC 9110 § 5.6.7 allows; `Date.parse` alone takes “soon 1” for a day of 2001. */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/;

/**
 * Where a provider asks us to wait, in milliseconds from `now`: `retry-after-ms`, or `retry-after` in seconds or as a
 * date. Anything else is ignored.
 */
export function retryAfterMs(headers: Headers | undefined, now: number): number | undefined {
  const milliseconds = headers?.get("retry-after-ms")?.trim();
  if (milliseconds && /^\d+(\.\d+)?$/.test(milliseconds)) return within(Number(milliseconds));
  const after = headers?.get("retry-after")?.trim();
  if (!after) return undefined;
  if (/^\d+(\.\d+)?$/.test(after)) return within(Number(after) * 1_000);
  const date = httpDate.test(after) ? Date.parse(after) : Number.NaN;
  return Number.isNaN(date) ? undefined : within(Math.max(0, date - now));
}

const within = (ms: number): number => Math.min(Math.ceil(ms), LONGEST_WAIT_MS);

/** What a provider complains of; `code` is its machine-readable name, where it gives one. */
export interface Complaint {
  readonly detail: string;
  readonly code?: string | null | undefined;
  readonly retryAfterMs?: number | undefined;
}

const tooLong = /too long|too many (input |prompt )?tokens|context.{0,12}(length|window|size)|maximum context/i;
/** Names under which a 429, or a 400, means “no more money”. */
const spent = /spend_limit|insufficient_quota|credit_balance|billing/;
const filtered = /content_filter|content_policy/;
const crowded = /overloaded|slow_down/;
const temporary: ReadonlyArray<number> = [408, 409, 425];

/**
 * What an HTTP status means (reference/security.md § 10). Anthropic answers 400 with a sentence alone when the account is
 * empty, so that one is told by its words.
 */
export function reasonOfStatus(status: number, complaint: Complaint): ModelReason {
  const { detail, retryAfterMs } = complaint;
  const code = complaint.code ?? "";
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 402 || (status < 500 && spent.test(code)) || (status === 400 && /credit balance/i.test(detail)))
    return new SpentOut();
  if (status === 401 || status === 403) return new Unauthorized();
  if (status === 413 || (status === 400 && (tooLong.test(detail) || tooLong.test(code)))) return new TooLong();
  if (status === 400 && filtered.test(code)) return new Refused();
  if (status === 429) return new RateLimited(wait);
  if (status === 503 || status === 529 || (status >= 500 && crowded.test(code))) return new Overloaded(wait);
  if (status >= 500 || temporary.includes(status)) return new Broken(wait);
  return new Unacceptable({ detail: detail.slice(0, 300) });
}
