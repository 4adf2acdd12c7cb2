/** The endpoints of what a person decides about themselves, declared; part of the API in api.ts. */
import { Schema } from "effect";
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api";
import { Confirmations, WhatRemains } from "./erasure-api.ts";
import { MemoryView } from "./memory-api.ts";
import { anyProblem } from "./problems.ts";
import { ById, Cursor, Limit, pageOf } from "./shapes.ts";

/** What the caller answered an agent that would like to remember them. */
export const ConsentView = Schema.Struct({
  agent_id: Schema.String,
  /** Null for an agent that is gone. */
  agent_name: Schema.NullOr(Schema.String),
  decision: Schema.Literals(["asked", "granted", "refused"]),
  granted: Schema.Boolean,
  /** How long the agent keeps what was said, in days. */
  days: Schema.NullOr(Schema.Int),
  /** Where the agent met the caller. */
  room_id: Schema.NullOr(Schema.String),
  at: Schema.String,
});
export type ConsentView = typeof ConsentView.Type;

/**
 * What an agent remembers about the caller. `memory.about` names nobody else; where others are in it and somebody else
 * said it, its content and context are null.
 */
export const MemoryOfMe = Schema.Struct({
  agent: Schema.Struct({ id: Schema.String, name: Schema.String }),
  memory: MemoryView,
  /** How many other people it is about. */
  others: Schema.Int,
});
export type MemoryOfMe = typeof MemoryOfMe.Type;

/** What became of a person's wish to be forgotten; null is not yet. */
const ErasureReceipt = Schema.Struct({
  id: Schema.String,
  subject: Schema.String,
  requested_at: Schema.String,
  /** From then on nobody can read the words any more. */
  unreadable_at: Schema.NullOr(Schema.String),
  completed_at: Schema.NullOr(Schema.String),
  streams: Confirmations,
  /** Every agent that had met the person; null where it could not be asked. */
  agents: Schema.Array(
    Schema.Struct({
      agent_id: Schema.String,
      /** Memories about the person that it forgot with this. */
      memories_forgotten: Schema.NullOr(Schema.Int),
      memories_left: Schema.NullOr(Schema.Int),
      /** Vectors that its index elsewhere has not been seen to have removed yet. */
      vectors_elsewhere: Schema.NullOr(Schema.Int),
      /** Indexes that are no longer in the settings and may hold such vectors, by name. */
      indexes_left: Schema.NullOr(Schema.Array(Schema.String)),
    }),
  ),
  /** The generations of the key that were destroyed, and the SHA-256 that each is known by. */
  generations: Schema.Array(Schema.Int),
  fingerprints: Schema.Array(Schema.String),
  what_remains: WhatRemains,
});
export type ErasureReceipt = typeof ErasureReceipt.Type;

export const Privacy = HttpApiGroup.make("privacy")
  .add(
    HttpApiEndpoint.get("listConsents", "/me/consents", {
      query: { limit: Limit, cursor: Cursor },
      success: pageOf(ConsentView),
      error: anyProblem,
    }),
    HttpApiEndpoint.put("decideConsent", "/me/consents", {
      payload: Schema.Struct({ agent_id: Schema.String, granted: Schema.Boolean }),
      success: ConsentView,
      error: anyProblem,
    }),
    HttpApiEndpoint.get("listMemoriesOfMe", "/me/memories", {
      query: { limit: Limit, cursor: Cursor },
      success: pageOf(MemoryOfMe),
      error: anyProblem,
    }),
    HttpApiEndpoint.delete("deleteMemoryOfMe", "/me/memories/:id", {
      params: ById,
      success: HttpApiSchema.NoContent,
      error: anyProblem,
    }),
    HttpApiEndpoint.post("eraseMe", "/me/erase", {
      success: ErasureReceipt.pipe(HttpApiSchema.status(202)),
      error: anyProblem,
    }),
    HttpApiEndpoint.get("getErasure", "/me/erasures/:id", {
      params: ById,
      success: ErasureReceipt,
      error: anyProblem,
    }),
    HttpApiEndpoint.post("comeBack", "/me/come-back", { success: HttpApiSchema.NoContent, error: anyProblem }),
  )
  .prefix("/api");
