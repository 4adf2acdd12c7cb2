/** What an agent may spend, and what it has: reserved before a model is asked, settled when its usage is known; folded by state, asked by decide. */
import { Schema } from "effect";

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));

/** A ceiling; what is not named is not limited. */
export const Ceiling = Schema.Struct({
  tokens: Schema.optionalKey(Count),
  /** Millionths of a US dollar. */
  microUsd: Schema.optionalKey(Count),
});
export type Ceiling = typeof Ceiling.Type;

/** The owner's ceilings: of one turn; and of one UTC day for the agent, for each room, and for each person who asks. */
export const Budget = Schema.Struct({
  turn: Schema.optionalKey(Ceiling),
  agent: Schema.optionalKey(Ceiling),
  room: Schema.optionalKey(Ceiling),
  asker: Schema.optionalKey(Ceiling),
});
export type Budget = typeof Budget.Type;
export type Scope = keyof Budget;

/**
 * What holds where the owner named nothing: far above a day of talk, far below what a loop could burn in an hour. One
 * turn may fill a window of 200 000 tokens once and then some.
 */
export const standard: Budget = {
  turn: { tokens: 400_000 },
  agent: { tokens: 20_000_000 },
  asker: { tokens: 5_000_000 },
};

/** What was spent, reserves included. `unpriced` counts tokens whose price nobody knows: never taken for free. */
export const Spent = Schema.Struct({ tokens: Count, microUsd: Count, unpriced: Count });
export type Spent = typeof Spent.Type;
export const nothing: Spent = { tokens: 0, microUsd: 0, unpriced: 0 };

/** One UTC day of an agent. */
export const Day = Schema.Struct({
  /** Days since 1970. */
  number: Schema.Int,
  agent: Spent,
  rooms: Schema.Record(Schema.String, Spent),
  askers: Schema.Record(Schema.String, Spent),
});
export type Day = typeof Day.Type;

const DAY_MS = 86_400_000;

export const dayOf = (at: number): number => Math.floor(at / DAY_MS);

export const emptyDay = (number: number): Day => ({ number, agent: nothing, rooms: {}, askers: {} });

/** What was spent on the day of this moment. Time may step back, a day does not: what was spent stays spent. */
export const dayAt = (day: Day, at: number): Day => (dayOf(at) > day.number ? emptyDay(dayOf(at)) : day);

/** An amount of tokens at a price; null for one that nobody knows. */
export interface Amount {
  readonly tokens: number;
  readonly microUsd: number | null;
}

/** What was reserved for a request, and on which day it was counted. */
export const Reserve = Schema.Struct({ tokens: Count, microUsd: Schema.NullOr(Count), day: Schema.Int });
export type Reserve = typeof Reserve.Type;

/** Adds what is reserved, or takes it back (`sign` −1) when the real usage takes its place. Never below nothing. */
export function add(spent: Spent, { tokens, microUsd }: Amount, sign: 1 | -1 = 1): Spent {
  const sum = (one: number, other: number) => Math.max(0, one + sign * other);
  return {
    tokens: sum(spent.tokens, tokens),
    microUsd: sum(spent.microUsd, microUsd ?? 0),
    unpriced: sum(spent.unpriced, microUsd === null ? tokens : 0),
  };
}

/** Whom an amount counts for: a room, and those who share it, for one turn answers messages of several people. */
export interface Whose {
  readonly roomId: string;
  readonly askers: ReadonlyArray<string>;
}

/** What each of so many bears; rounded up, so that nothing is borne by nobody. */
const shareOf = ({ tokens, microUsd }: Amount, among: number): Amount => ({
  tokens: Math.ceil(tokens / among),
  microUsd: microUsd === null ? null : Math.ceil(microUsd / among),
});

/** The day after an amount was added to everybody it counts for. */
export function addToDay(day: Day, { roomId, askers }: Whose, amount: Amount, sign: 1 | -1 = 1): Day {
  const share = shareOf(amount, askers.length);
  const shares = askers.map((asker) => [asker, add(day.askers[asker] ?? nothing, share, sign)]);
  return {
    ...day,
    agent: add(day.agent, amount, sign),
    rooms: { ...day.rooms, [roomId]: add(day.rooms[roomId] ?? nothing, amount, sign) },
    askers: { ...day.askers, ...Object.fromEntries(shares) },
  };
}

/** What a reply used in place of its reserve; null where it did not say. A price that got lost is not nothing. */
export const usedInstead = (
  reserved: Amount,
  { tokensIn, tokensOut, microUsd }: { tokensIn?: number; tokensOut?: number; microUsd: number | null },
): Amount | null =>
  tokensIn === undefined || tokensOut === undefined
    ? null
    : { tokens: tokensIn + tokensOut, microUsd: microUsd ?? reserved.microUsd };

/**
 * The day after the real usage took the place of a reserve, now (`at`). Where usage is not known the reserve is kept:
 * what was not said cannot be taken for nothing. A reserve of a day that is over takes nothing from the new one.
 */
export function settleOnDay(before: Day, whose: Whose, reserved: Reserve, used: Amount | null, at: number): Day {
  if (used === null) return before;
  const released = before.number === reserved.day ? addToDay(before, whose, reserved, -1) : before;
  return addToDay(dayAt(released, at), whose, used);
}

/** True when the ceiling does not allow this much more. Money that cannot be counted does not pass a ceiling in money. */
function exceeds(ceiling: Ceiling | undefined, spent: Spent, amount: Amount): boolean {
  if (ceiling === undefined) return false;
  if (ceiling.tokens !== undefined && spent.tokens + amount.tokens > ceiling.tokens) return true;
  if (ceiling.microUsd === undefined) return false;
  return amount.microUsd === null || spent.microUsd + amount.microUsd > ceiling.microUsd;
}

/**
 * Those of these who bear a request of this amount in equal shares: who has too little left for a share bears none, and
 * the others more; nobody where none can.
 */
export function payersOf(
  budget: Budget,
  day: Day,
  askers: ReadonlyArray<string>,
  amount: Amount,
): ReadonlyArray<string> {
  const { asker: ceiling } = { ...standard, ...budget };
  const share = shareOf(amount, askers.length);
  const able = askers.filter((asker) => !exceeds(ceiling, day.askers[asker] ?? nothing, share));
  return able.length === askers.length ? able : payersOf(budget, day, able, amount);
}

/** The first scope whose ceiling a request of this amount would break; undefined when it may be made. */
export function overBudget(
  budget: Budget,
  spent: { readonly turn: Spent; readonly day: Day },
  whose: Whose,
  amount: Amount,
): Scope | undefined {
  const ceilings = { ...standard, ...budget };
  const { turn, day } = spent;
  const scopes: ReadonlyArray<readonly [Scope, Spent]> = [
    ["turn", turn],
    ["agent", day.agent],
    ["room", day.rooms[whose.roomId] ?? nothing],
  ];
  const over = scopes.find(([scope, so]) => exceeds(ceilings[scope], so, amount))?.[0];
  return over ?? (payersOf(budget, day, whose.askers, amount).length === 0 ? "asker" : undefined);
}
