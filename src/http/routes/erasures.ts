/** Handlers for the receipts of what agents erased: for their owners, for auditors, and one for the person who asked for it. */
import { Effect } from "effect";
import { HttpApiBuilder } from "effect/http-api";
import type { AgentErasure as Receipt } from "#actors/kit/key-doors.ts";
import { Api } from "../api.ts";
import { ask } from "../asker.ts";
import type { AgentErasure } from "../erasure-api.ts";
import { placeOf } from "./memories.ts";
import { agentId } from "./paths.ts";
import { confirmationsView, iso, isoOrNull, remainsView } from "./receipts.ts";

const DEFAULT_LIMIT = 50;

/** What was said in rooms is in their logs, under the keys of who said it. */
const WORDS_OF_OTHERS: Readonly<Record<Receipt["what"], string>> = {
  memories: "What was said in rooms stays readable there, also where a memory said the same.",
  words: "What was said in rooms stays readable there, also where the words before said the same.",
  notes: "What the notes summed up stays readable in the room.",
  agent:
    "What people and other agents said in its rooms stays readable there, also where it quotes or speaks of the agent.",
};

const view = (receipt: Receipt): AgentErasure => ({
  id: receipt.id,
  agent_id: receipt.agentId,
  what: receipt.what,
  why: receipt.why,
  requested_by: receipt.requestedBy,
  requested_at: iso(receipt.requestedAt),
  unreadable_at: isoOrNull(receipt.unreadableAt),
  completed_at: isoOrNull(receipt.completedAt),
  memory_ids: receipt.memoryIds,
  room_id: receipt.roomId,
  vectors_elsewhere: receipt.elsewhere,
  streams: confirmationsView(receipt.streams),
  generations: receipt.generations,
  fingerprints: receipt.fingerprints,
  what_remains: remainsView(receipt.whatRemains, WORDS_OF_OTHERS[receipt.what]),
});

const list = Effect.fnUntraced(function* (
  id: string,
  { limit = DEFAULT_LIMIT, cursor }: { readonly limit?: number; readonly cursor?: string },
) {
  const known = yield* agentId(id);
  // Rights come before the query: a stranger learns nothing of what is wrong with the question.
  yield* ask(({ env, principal }) => env.AGENT.getByName(known).history(principal, { after: 0, limit: 1 }));
  const wanted = { limit, ...(yield* placeOf(cursor)) };
  const { erasures, next } = yield* ask(({ env, principal }) => env.AGENT.getByName(known).erasures(principal, wanted));
  return {
    data: erasures.map(view),
    page: { next_cursor: next === null ? null : String(next), has_more: next !== null },
  };
});

const one = Effect.fnUntraced(function* (id: string, erasureId: string) {
  const known = yield* agentId(id);
  return view(yield* ask(({ env, principal }) => env.AGENT.getByName(known).erasure(principal, erasureId)));
});

export const ErasureRoutes = HttpApiBuilder.group(
  Api,
  "erasures",
  Effect.fnUntraced(function* (handlers) {
    return handlers.handleAll({
      listErasures: ({ params, query }) => list(params.id, query),
      getErasureOfAgent: ({ params }) => one(params.id, params.erasureId),
    });
  }),
);
