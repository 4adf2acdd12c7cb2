/** Which model a turn asks next, when, and when it stops asking: the one retry policy of the house, a pure function of the turn's own events. */
import { Schema } from "effect";
import { sha256 } from "../kit/sha256.ts";

/** A model by its provider's and its own name. */
export const ModelName = Schema.Struct({ provider: Schema.String, model: Schema.String });
export type ModelName = typeof ModelName.Type;

/**
 * What a failed request means for the next one (reference: provider faults): `busy` asks us to come back, `broken` may
 * work a moment later, `cut` ended in mid-answer, `money` and `ours` will not work again, `refused` is an answer.
 */
export const FailureKind = Schema.Literals(["busy", "broken", "cut", "money", "ours", "refused"]);
export type FailureKind = typeof FailureKind.Type;

/** The one reason of `ours` that a turn can do something about: it asks once more, with a shorter context. */
export const TOO_LONG = "TooLong";

/** Why this model is asked: the owner's choice, the cheap one for a simple message, the same once more, or a stand-in. */
export const AskWhy = Schema.Literals(["chosen", "simple", "again", "fallback"]);
export type AskWhy = typeof AskWhy.Type;

/** Requests to one model in one round: the first and three more; a cut answer is asked for once more only. */
const ASKS: Readonly<Record<FailureKind, number>> = { busy: 4, broken: 4, cut: 2, money: 1, ours: 1, refused: 1 };
/** All waiting of one round together; past it, it is the fallback's turn. */
export const LONGEST_WAIT_MS = 30_000;
/** A round whose models answer wrongly, or not at all, is over by then: 45 seconds less the time to say so. */
const ROUND_MS = 42_000;
/** The longest silence of a model before it counts as lost. */
const SILENCE_MS = 30_000;
/** Below this nothing useful can come any more. */
const LEAST_MS = 2_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

/** The breaker: five failures within a minute open it, then one request every half minute tries whether it is over. */
export const breaker = { failures: 5, withinMs: 60_000, probeEveryMs: 30_000 } as const;

/** How a model has been doing, as far as this agent knows. */
export const Health = Schema.Struct({
  /** When its latest requests failed for reasons that pass; empty after a reply. */
  failures: Schema.Array(Schema.Finite),
  askedAt: Schema.Finite,
  /** The breaker: open from five failures within a minute until the next reply. */
  open: Schema.Boolean,
});
export type Health = typeof Health.Type;

/** The requests of the running round so far. */
export const Asking = Schema.Struct({
  round: Schema.Int,
  /** When the first of them was made. */
  since: Schema.Finite,
  waitedMs: Schema.Finite,
  asks: Schema.Array(
    Schema.Struct({
      ...ModelName.fields,
      at: Schema.Finite,
      /** Null while nobody knows how it went; after a crash that is for ever. */
      failure: Schema.NullOr(
        Schema.Struct({
          at: Schema.Finite,
          kind: FailureKind,
          reason: Schema.String,
          retryAfterMs: Schema.NullOr(Schema.Finite),
          /** True once the context was shortened because of it: of the shorter one it says nothing. */
          answered: Schema.optionalKey(Schema.Boolean),
        }),
      ),
    }),
  ),
});
export type Asking = typeof Asking.Type;

/** What to do next: ask this model, wait until then, or stop asking. */
export type NextAsk =
  | { readonly type: "ask"; readonly name: ModelName; readonly why: AskWhy; readonly silenceMs: number }
  | { readonly type: "wait"; readonly until: number }
  | { readonly type: "give-up"; readonly reason: string; readonly retryAfterMs: number | null };

const same = (one: ModelName, other: ModelName): boolean =>
  one.provider === other.provider && one.model === other.model;

/** The key of a model in records. */
export const nameKey = ({ provider, model }: ModelName): string => `${provider}/${model}`;

/** Milliseconds until this model may be asked, by its breaker; 0 when it is closed or a probe is due. */
export function breakerMs(health: Health | undefined, at: number): number {
  if (health === undefined || !health.open) return 0;
  return Math.max(0, Math.max(health.askedAt, health.failures.at(-1) ?? 0) + breaker.probeEveryMs - at);
}

/** Health after a failure that passes. */
export function afterFailure(health: Health | undefined, at: number): Health {
  const failures = [...(health?.failures ?? []), at].slice(-breaker.failures);
  const many = failures.length === breaker.failures && at - failures[0]! <= breaker.withinMs;
  return { failures, askedAt: health?.askedAt ?? at, open: many || (health?.open ?? false) };
}

/** Between half and all of 250 ms · 2ⁿ, at most 8 s: a little off, so that turns do not march in step, yet the same on every replay. */
function pauseMs(seed: string, count: number): number {
  const whole = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (count - 1));
  const share = (sha256(`${seed}/${count}`)[0]! >>> 0) / 2 ** 32;
  return Math.round(whole * (0.5 + share / 2));
}

/**
 * The next request of a round. `candidates` are the models that the owner granted, best first; the first is skipped
 * while its breaker is open. `seed` spreads the pauses of different turns.
 */
export function nextAsk(
  asking: Asking | null,
  candidates: ReadonlyArray<ModelName>,
  health: Readonly<Record<string, Health>>,
  at: number,
  options: { readonly seed: string; readonly simple: boolean },
): NextAsk {
  const asks = asking?.asks ?? [];
  const last = asks.at(-1);
  const leftMs = ROUND_MS - (asking === null ? 0 : at - asking.since);
  const failure = last === undefined ? undefined : (last.failure ?? interrupted(last.at));
  const spent = asks.length > 0 && leftMs < LEAST_MS;
  const silenceMs = Math.min(SILENCE_MS, leftMs);
  if (last?.failure?.answered && !spent) return { type: "ask", name: nameOf(last), why: "again", silenceMs };
  if (failure?.kind === "refused" || failure?.kind === "ours" || spent)
    return { type: "give-up", reason: failure?.reason ?? "Stalled", retryAfterMs: failure?.retryAfterMs ?? null };
  if (last !== undefined && failure !== undefined) {
    const shut = breakerMs(health[nameKey(last)], at) > 0;
    const again = shut ? "no" : askAgain(asking!, last, failure, at, leftMs, options.seed);
    if (again === "now") return { type: "ask", name: nameOf(last), why: "again", silenceMs };
    if (again !== "no") return { type: "wait", until: again };
  }
  const untried = candidates.filter((candidate) => !asks.some((ask) => same(ask, candidate)));
  const open = untried.find((candidate) => breakerMs(health[nameKey(candidate)], at) === 0);
  if (open !== undefined) {
    const first = candidates[0] !== undefined && same(open, candidates[0]);
    return { type: "ask", name: open, why: first ? (options.simple ? "simple" : "chosen") : "fallback", silenceMs };
  }
  const probes = untried.map((candidate) => breakerMs(health[nameKey(candidate)], at));
  const retryAfterMs = failure?.retryAfterMs ?? (probes.length > 0 ? Math.min(...probes) : null);
  return { type: "give-up", reason: failure?.reason ?? "Overloaded", retryAfterMs };
}

const nameOf = ({ provider, model }: ModelName): ModelName => ({ provider, model });

/** A request whose fiber died: nobody knows how it went, its reserve is kept, and the provider is not to blame. */
const interrupted = (at: number) => ({ at, kind: "broken" as const, reason: INTERRUPTED, retryAfterMs: null });
const INTERRUPTED = "Interrupted";

/** Whether the same model is asked once more: now, at a time, or not. */
function askAgain(
  asking: Asking,
  last: Asking["asks"][number],
  failure: NonNullable<Asking["asks"][number]["failure"]>,
  at: number,
  leftMs: number,
  seed: string,
): "now" | "no" | number {
  const count = asking.asks.filter((ask) => same(ask, last)).length;
  // Who was silent for half a minute once will be again, and the round's time is nearly gone.
  if (count >= ASKS[failure.kind] || failure.reason === "Stalled") return "no";
  if (failure.reason === INTERRUPTED) return "now";
  const pause = Math.max(failure.retryAfterMs ?? 0, pauseMs(`${seed}/${asking.round}`, count));
  const due = failure.at + pause;
  if (asking.waitedMs + pause > LONGEST_WAIT_MS || due - at > leftMs - LEAST_MS) return "no";
  return at >= due ? "now" : due;
}
