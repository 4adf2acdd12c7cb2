/** A clock whose pauses take no time and are kept, so that patience can be read instead of waited for; used by the suites of embedders and indexes. */
import { Clock, Duration, Effect } from "effect";

/** What is longer than a pause between two tries is the deadline of a request. */
const DEADLINE_MS = 15_000;

/**
 * Runs an effect and keeps its pauses, in milliseconds. Deadlines never come, unless `expiry` says when: it gets the
 * number of the deadline, from 1.
 */
export const keepingPauses = <A, E>(
  effect: Effect.Effect<A, E>,
  pauses: number[],
  expiry: (number: number) => Promise<unknown> = () => new Promise(() => {}),
): Effect.Effect<A, E> =>
  Effect.flatMap(Clock.Clock, (real) => {
    let deadlines = 0;
    const sleep = (duration: Duration.Duration) =>
      Effect.suspend(() => {
        const ms = Duration.toMillis(duration);
        if (ms > DEADLINE_MS) return Effect.asVoid(Effect.promise(() => expiry(++deadlines)));
        pauses.push(ms);
        return Effect.void;
      });
    return Effect.provideService(effect, Clock.Clock, Object.assign(Object.create(real) as Clock.Clock, { sleep }));
  });
