/** The retry policies of a turn, by name, for all but models: those are asked as events/agent/asking.ts says. Schedules are for seconds. */
import { Duration, Schedule } from "effect";

/** For what is near: the Vault, the own index. */
export const quick = { schedule: Schedule.spaced(Duration.millis(100)), times: 2 };

/** For a provider's moderation, which somebody is waiting for: 200 ms, 400 ms, each a little off. */
export const moderation = { schedule: Schedule.exponential(Duration.millis(200)).pipe(Schedule.jittered), times: 2 };

/** For the room, which is an object next door: then the alarm takes over. */
export const deliver = { schedule: Schedule.exponential(Duration.millis(50)).pipe(Schedule.jittered), times: 4 };

/** For what a tool talks to, within the tool's half minute: 250 ms, 500 ms, each a little off. */
export const tool = { schedule: Schedule.exponential(Duration.millis(250)).pipe(Schedule.jittered), times: 2 };
