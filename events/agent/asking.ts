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
/** All that a turn may lose to models that answer wrongly, or not at all: 45 seconds less the time to say so. */
export const LONGEST_TROUBLE_MS = 42_000;
/** A reply that keeps coming may take this long, all its words included, in a turn in which nothing has gone wrong. */
const REPLY_MS = 120_000;
/** The longest silence of a model before it counts as lost. */
const SILENCE_MS = 30_000;
/** Below this nothing useful can come any more. */
const LEAST_MS = 2_000;
const FIRST_PAUSE_MS = 250;
/** How much longer each pause is than the one before: where nobody else can answer, a hiccup of five seconds is waited out. */
const GROWTH = { withStandIn: 2, alone: 6 } as const;

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
  | {
      readonly type: "ask";
      readonly name: ModelName;
      readonly why: AskWhy;
      /** How long nothing may come. */
      readonly silenceMs: number;
      /** How long the whole reply may take. */
      readonly boxMs: number;
    }
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

/** Between half and all of 250 ms · growthⁿ: a little off, so that turns do not march in step, yet the same on every replay. */
function pauseMs(seed: string, count: number, growth: number): number {
  const whole = FIRST_PAUSE_MS * growth ** (count - 1);
  const share = (sha256(`${seed}/${count}`)[0]! >>> 0) / 2 ** 32;
  return Math.round(whole * (0.5 + share / 2));
}

/** What a round's next request depends on besides its own requests. */
export interface Circumstances {
  /** The models that the owner granted, best first; the first is skipped while its breaker is open. */
  readonly candidates: ReadonlyArray<ModelName>;
  readonly health: Readonly<Record<string, Health>>;
  /** Time that earlier rounds of the turn have lost with failures. */
  readonly wastedMs: number;
  /** Spreads the pauses of different turns. */
  readonly seed: string;
  /** What asking this model for the first time in a round means. */
  readonly whyOf: (name: ModelName) => AskWhy;
}

/** The next request of a round. */
export function nextAsk(asking: Asking | null, at: number, circumstances: Circumstances): NextAsk {
  const { candidates, health, wastedMs, whyOf } = circumstances;
  const asks = asking?.asks ?? [];
  const last = asks.at(-1);
  // A request that got lost with its process, or on the way into the log, took no time of the providers'.
  const until = last !== undefined && last.failure === null ? last.at : at;
  const leftMs = LONGEST_TROUBLE_MS - wastedMs - (asking === null ? 0 : until - asking.since);
  const times = timesOf(wastedMs > 0 || asks.some(hasFailed), leftMs);
  const ask = (name: ModelName, why: AskWhy): NextAsk => ({ type: "ask", name, why, ...times });
  if (last === undefined) return firstOf(candidates, health, at, (name) => ask(name, whyOf(name)), null);
  const failure = last.failure ?? interrupted(last.at);
  const giveUp: NextAsk = { type: "give-up", reason: failure.reason, retryAfterMs: comeBackMs(asks, at) };
  if (leftMs < LEAST_MS) return giveUp;
  if (last.failure?.answered) return ask(nameOf(last), "again");
  if (failure.kind === "refused") return giveUp;
  const untried = candidates.filter((candidate) => !asks.some((other) => same(other, candidate)));
  // One whose breaker is open answers nobody, and is no reason to hurry.
  const standsIn = untried.some((candidate) => breakerMs(health[nameKey(candidate)], at) === 0);
  const growth = standsIn ? GROWTH.withStandIn : GROWTH.alone;
  const shut = breakerMs(health[nameKey(last)], at) > 0;
  const again = shut ? "no" : askAgain(asking!, failure, { at, leftMs, growth, seed: circumstances.seed });
  if (again === "now") return ask(nameOf(last), "again");
  if (again !== "no") return { type: "wait", until: again };
  return firstOf(untried, health, at, (name) => ask(name, whyOf(name)), giveUp);
}

/** The first of these models whose breaker lets a request through; else the end, with the time until one does. */
function firstOf(
  candidates: ReadonlyArray<ModelName>,
  health: Readonly<Record<string, Health>>,
  at: number,
  ask: (name: ModelName) => NextAsk,
  otherwise: Extract<NextAsk, { type: "give-up" }> | null,
): NextAsk {
  const shutMs = candidates.map((candidate) => breakerMs(health[nameKey(candidate)], at));
  const open = candidates[shutMs.indexOf(0)];
  if (open !== undefined) return ask(open);
  const times = [...shutMs, otherwise?.retryAfterMs ?? null].filter((ms) => ms !== null);
  const retryAfterMs = times.length > 0 ? Math.min(...times) : null;
  return { type: "give-up", reason: otherwise?.reason ?? "Failing", retryAfterMs };
}

/** Once anything has gone wrong in a turn, a reply gets what is left of its time, whole; until then, one that keeps coming is not hurried. */
const timesOf = (troubled: boolean, leftMs: number) => {
  const ms = Math.max(leftMs, LEAST_MS);
  return { silenceMs: Math.min(SILENCE_MS, ms), boxMs: troubled ? ms : REPLY_MS };
};

const hasFailed = ({ failure }: Asking["asks"][number]): boolean => failure !== null;

/**
 * What a round that got its reply had lost with failures before; the reply's own time is not lost. A failure that took
 * no time counts as a millisecond, for the turn has to know that something went wrong.
 */
export const lostIn = ({ since, asks }: Asking): number =>
  asks.some(hasFailed) ? Math.max(1, asks.at(-1)!.at - since) : 0;

/** When the first of the providers that named a time may be asked again, from now on. */
function comeBackMs(asks: Asking["asks"], at: number): number | null {
  const newest = new Map(asks.map((ask) => [nameKey(ask), ask.failure]));
  const times = [...newest.values()].flatMap((failure) =>
    failure?.retryAfterMs == null ? [] : [Math.max(0, failure.at + failure.retryAfterMs - at)],
  );
  return times.length > 0 ? Math.min(...times) : null;
}

const nameOf = ({ provider, model }: ModelName): ModelName => ({ provider, model });

/** A request whose fiber died: nobody knows how it went, its reserve is kept, and the provider is not to blame. */
const interrupted = (at: number) => ({ at, kind: "broken" as const, reason: INTERRUPTED, retryAfterMs: null });
const INTERRUPTED = "Interrupted";

/** Time that passed while nobody was there to ask is not the providers': it moves everything that happened before it. */
export const shifted = (asking: Asking, byMs: number): Asking => ({
  ...asking,
  since: asking.since + byMs,
  asks: asking.asks.map((ask) => ({
    ...ask,
    at: ask.at + byMs,
    failure: ask.failure && { ...ask.failure, at: ask.failure.at + byMs },
  })),
});

/** Whether the model that was asked last is asked once more: now, at a time, or not. */
function askAgain(
  asking: Asking,
  failure: NonNullable<Asking["asks"][number]["failure"]>,
  now: { readonly at: number; readonly leftMs: number; readonly growth: number; readonly seed: string },
): "now" | "no" | number {
  const { at, leftMs, growth, seed } = now;
  const last = asking.asks.at(-1)!;
  const count = asking.asks.filter((ask) => same(ask, last)).length;
  // Who was silent for half a minute once will be again, and the round's time is nearly gone.
  if (count >= ASKS[failure.kind] || failure.reason === "Stalled") return "no";
  if (failure.reason === INTERRUPTED) return "now";
  const pause = Math.max(failure.retryAfterMs ?? 0, pauseMs(`${seed}/${asking.round}`, count, growth));
  const due = failure.at + pause;
  if (asking.waitedMs + pause > LONGEST_WAIT_MS || due - at > leftMs - LEAST_MS) return "no";
  return at >= due ? "now" : due;
}
