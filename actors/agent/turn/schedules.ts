/** Every retry policy of a turn, by name. Schedules are for seconds; what must wait longer is a timer. */
import { Duration, Schedule } from "effect";

/** For what is near: the Vault, the own index. */
export const quick = { schedule: Schedule.spaced(Duration.millis(100)), times: 2 };

/** For a model that may answer a moment later: 250 ms, 500 ms, 1 s, each a little off, so that turns do not march in step. */
export const model = { schedule: Schedule.exponential(Duration.millis(250)).pipe(Schedule.jittered), times: 3 };

/** For a provider's moderation, which somebody is waiting for: 200 ms, 400 ms, each a little off. */
export const moderation = { schedule: Schedule.exponential(Duration.millis(200)).pipe(Schedule.jittered), times: 2 };

/** For the room, which is an object next door: then the alarm takes over. */
export const deliver = { schedule: Schedule.exponential(Duration.millis(50)).pipe(Schedule.jittered), times: 4 };
