/** What does not decode becomes a `validation` problem — but only for those who may know of the thing at all. */
import { Effect, Schema, SchemaIssue } from "effect";
import { HttpApiMiddleware } from "effect/http-api";
import { AgentId, RoomId } from "#events/kit/ids.ts";
import { RequestValidation } from "./api.ts";
import { Asker, type Asking } from "./asker.ts";
import { problem, problemOf } from "./problem.ts";
import type { Problem } from "./problems.ts";
import { memoryRight } from "./routes/memories.ts";

/**
 * The order of checks is token, path and method, rights, body. A body is decoded before its handler can ask for
 * rights, so a body's fault is told only after asking: undefined when the caller may know, else what it gets instead.
 */
export async function missingRight({ env, principal, request, ...rest }: Asking): Promise<Problem | undefined> {
  const [, , kind, id, sub] = new URL(request.url).pathname.split("/");
  if (id !== undefined && kind === "memories") return memoryRight({ env, principal, request, ...rest }, id);
  if (id === undefined || (kind !== "agents" && kind !== "rooms")) return undefined;
  // Only an id of ours names an object: asking any other name would make one.
  if (!(kind === "agents" ? isAgentId(id) : isRoomId(id))) return problem("not-found");
  const door = kind === "agents" ? env.AGENT.getByName(id) : env.ROOM.getByName(id);
  // What was erased is told of an agent that is gone, too, and to auditors, like its log.
  const isOfTheLog = sub === "events" || sub === "erasures";
  const reply = isOfTheLog ? await door.history(principal, { after: 0, limit: 1 }) : await door.describe(principal);
  if (reply.outcome === "refused") return problemOf(reply.refusal);
  if (sub === "policy" && "joined" in reply.value && reply.value.joined && reply.value.ownerId !== principal.userId)
    return problem("forbidden", { detail: "Only the owner of the room may do this." });
  const forAll = kind === "agents" || request.method === "GET" || sub === "join";
  return forAll || ("joined" in reply.value && reply.value.joined)
    ? undefined
    : problem("forbidden", { detail: "Join the room first." });
}

const isAgentId = Schema.is(AgentId);
const isRoomId = Schema.is(RoomId);
const format = SchemaIssue.makeFormatterStandardSchemaV1();

export const RequestValidationLayer = HttpApiMiddleware.layerSchemaErrorTransform(
  RequestValidation,
  (error) =>
    Effect.gen(function* () {
      // An answer of ours that does not fit its own schema is our fault.
      if (error.kind === "Body" || error.kind === "ResponseHeaders") return yield* problem("internal");
      const asking = yield* Asker;
      const missing = yield* Effect.promise(() => missingRight(asking));
      if (missing !== undefined) return yield* missing;
      const slot = error.kind === "Payload" ? "body" : error.kind.toLowerCase();
      return yield* problem("validation", {
        errors: format(error.cause.issue).issues.map(({ path, message }) => ({
          path: [
            slot,
            ...(path ?? []).map((step) =>
              typeof step === "object" ? String(step.key) : typeof step === "symbol" ? String(step) : step,
            ),
          ],
          message,
        })),
      });
    }) as Effect.Effect<never, Problem>,
);
