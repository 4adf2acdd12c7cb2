/** The endpoints of what a person decides about themselves, declared; part of the API in api.ts. */
import { Schema } from "effect";
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api";
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

export const Privacy = HttpApiGroup.make("privacy")
  .add(
    HttpApiEndpoint.get("listConsents", "/me/consents", {
      success: Schema.Struct({ data: Schema.Array(ConsentView) }),
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
  )
  .prefix("/api");
