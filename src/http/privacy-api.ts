/** The endpoints of what a person decides about themselves, declared; part of the API in api.ts. */
import { Schema } from "effect";
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api";
import { anyProblem } from "./problems.ts";

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
  )
  .prefix("/api");
