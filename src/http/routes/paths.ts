/** Ids in paths and bodies: one that cannot be an id of ours names nothing that exists. */
import { Effect, Schema } from "effect";
import { AgentId, MemoryId, RoomId, UserId } from "#events/kit/ids.ts";
import { problem } from "../problem.ts";
import type { Problem } from "../problems.ts";

const named =
  <I extends string>(is: (value: string) => value is I, what: string) =>
  (id: string): Effect.Effect<I, Problem> =>
    is(id) ? Effect.succeed(id) : Effect.fail(problem("not-found", { detail: `There is no such ${what}.` }));

export const agentId = named<AgentId>(Schema.is(AgentId) as (value: string) => value is AgentId, "agent");
export const roomId = named<RoomId>(Schema.is(RoomId) as (value: string) => value is RoomId, "room");
export const userId = named<UserId>(Schema.is(UserId) as (value: string) => value is UserId, "person");
export const memoryId = named<MemoryId>(Schema.is(MemoryId) as (value: string) => value is MemoryId, "memory");
