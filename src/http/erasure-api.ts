/** The endpoints of what an agent erased, declared, and what its receipts share with a person's; part of the API in api.ts. */
import { Schema } from "effect";
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api";
import { anyProblem } from "./problems.ts";
import { ById, Cursor, Limit, pageOf } from "./shapes.ts";

/** Every stream that held the key, and when it had forgotten it. */
export const Confirmations = Schema.Array(
  Schema.Struct({ stream: Schema.String, confirmed_at: Schema.NullOr(Schema.String) }),
);

/** What could still bring back what was erased. */
export const WhatRemains = Schema.Struct({
  /** A point-in-time restore of the platform could bring the key back until then. */
  restorable_until: Schema.NullOr(Schema.String),
  /** Key-encryption keys, by number, that could open a stray copy of the key; null when the Vault could not be asked. */
  openable_with: Schema.NullOr(Schema.Array(Schema.Int)),
  /** What was said under other keys, in a sentence. */
  words_of_others: Schema.String,
  /** Indexes that are no longer in the settings and may hold vectors that were to go, by name: nobody asks them any more. */
  indexes_left: Schema.Array(Schema.String),
});
export type WhatRemains = typeof WhatRemains.Type;

/** What an agent erased; null is not yet. The id is that of the event in the agent's log. */
const AgentErasure = Schema.Struct({
  id: Schema.String,
  agent_id: Schema.String,
  /** Memories with what said the same because of them, words that a correction replaced, the notes of a room, or all of the agent. */
  what: Schema.Literals(["memories", "words", "notes", "agent"]),
  why: Schema.Literals(["asked", "corrected", "faded", "expired", "withdrawn", "erased", "left-room"]),
  /** The person who asked for just this, as `user:…`; null where it followed from something else: a withdrawal, an erasure, a term. */
  requested_by: Schema.NullOr(Schema.String),
  requested_at: Schema.String,
  /** From then on nobody can read the words any more. */
  unreadable_at: Schema.NullOr(Schema.String),
  completed_at: Schema.NullOr(Schema.String),
  memory_ids: Schema.Array(Schema.String),
  /** The room whose notes went. */
  room_id: Schema.NullOr(Schema.String),
  /** Vectors that its index elsewhere has not been seen to have removed yet, of whatever was erased. */
  vectors_elsewhere: Schema.Int,
  /** Of an agent: every stream that held its key. */
  streams: Confirmations,
  /** Of an agent: the generations of its key that were destroyed, and the SHA-256 that each is known by. */
  generations: Schema.Array(Schema.Int),
  fingerprints: Schema.Array(Schema.String),
  what_remains: WhatRemains,
});
export type AgentErasure = typeof AgentErasure.Type;

export const Erasures = HttpApiGroup.make("erasures")
  .add(
    HttpApiEndpoint.get("listErasures", "/agents/:id/erasures", {
      params: ById,
      query: { limit: Limit, cursor: Cursor },
      success: pageOf(AgentErasure),
      error: anyProblem,
    }),
    HttpApiEndpoint.get("getErasureOfAgent", "/agents/:id/erasures/:erasureId", {
      params: { ...ById, erasureId: Schema.String },
      success: AgentErasure,
      error: anyProblem,
    }),
  )
  .prefix("/api");
