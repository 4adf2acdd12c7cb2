/** What goes wrong in a run and how often: drawn from the seed, some seeds mild and some wild; asked by platform, network and outside. */
import type { Chance } from "./chance.ts";

/** How often each thing goes wrong, of one. */
export interface Weather {
  /** Per step: the object that just moved, or another one, dies. */
  readonly crash: number;
  /** Of those that die: how many go on for a while without their storage. */
  readonly stale: number;
  /** Of those that die: how many lose what was not yet safe. */
  readonly lose: number;
  /** Per step: every object dies at once, as when a new version is deployed. */
  readonly deploy: number;
  /** Per step: an object that has nothing to do leaves memory. */
  readonly sleep: number;
  /** Per call between objects. */
  readonly requestLost: number;
  readonly answerLost: number;
  readonly doubled: number;
  /** Calls of these methods never arrive. */
  readonly deaf: ReadonlySet<string>;
  /** Of all messages: how many take seconds instead of milliseconds. */
  readonly slow: number;
  /** Per statement that writes: storage refuses it, and the object goes on. Only a full one does; one that breaks takes the object along. */
  readonly full: number;
  /** Per transaction: it cannot be ended and is taken back. */
  readonly transaction: number;
  /** How far the clocks of two machines may be off, each way. */
  readonly skewMs: number;
  /** Per alarm. */
  readonly lateAlarm: number;
  readonly doubleAlarm: number;
  /** Per call to D1 or KV: not done, or done and not told. */
  readonly database: number;
  /** Per question to a model: it fails, or falls silent. */
  readonly model: number;
  /** Per use of a tool: it fails, or its answer never comes. */
  readonly tool: number;
}

/** Fair weather: nothing goes wrong. */
export const calm: Weather = {
  deaf: new Set(),
  ...{ crash: 0, stale: 0, lose: 0, deploy: 0, sleep: 0, requestLost: 0, answerLost: 0, doubled: 0, slow: 0, full: 0 },
  ...{ transaction: 0, skewMs: 0, lateAlarm: 0, doubleAlarm: 0, database: 0, model: 0, tool: 0 },
};

/**
 * The weather of a seed. Each fault is there in two of three seeds only: faults hide one another, and what needs one of
 * them often would hardly be found where all of them happen sometimes (“swarm testing”, Groce et al. 2012).
 */
export function weatherOf(chance: Chance): Weather {
  const rate = (most: number): number => (chance.maybe(2 / 3) ? most * chance.share() ** 2 : 0);
  return {
    deaf: calm.deaf,
    crash: rate(0.2),
    stale: rate(0.8),
    lose: chance.share(),
    deploy: rate(0.02),
    sleep: rate(0.2),
    requestLost: rate(0.2),
    answerLost: rate(0.2),
    doubled: rate(0.25),
    slow: rate(0.2),
    full: rate(0.01),
    transaction: rate(0.08),
    skewMs: Math.floor(rate(4_000)),
    lateAlarm: rate(0.5),
    doubleAlarm: rate(0.5),
    database: rate(0.4),
    model: rate(0.9),
    tool: rate(0.9),
  };
}
