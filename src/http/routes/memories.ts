/** Handlers for an agent's memory: what it remembers, where that comes from, and how its owner changes it. */
import { Effect } from "effect";
import { HttpApiBuilder } from "effect/http-api";
import type { AgentDoor } from "#actors/kit/doors.ts";
import type { MemoryDescription, MemoryFilter, MemoryInput } from "#actors/kit/memory-doors.ts";
import type { Reply } from "#actors/kit/reply.ts";
import type { AgentId, UserId } from "#events/kit/ids.ts";
import { isDay, momentIn } from "#events/kit/moment.ts";
import { agentsOf, agentsRemembering } from "#projections/queries.ts";
import { Api } from "../api.ts";
import { Asker, type Asking, ask, commandId, perform, SETTLE_MS, wantedVersion } from "../asker.ts";
import type { MemoryChange, MemorySearch, MemoryType, MemoryView, NewMemory } from "../memory-api.ts";
import { kindOf, memoryFault, memoryInput } from "../memory-input.ts";
import { problem } from "../problem.ts";
import { cancel, operation, resume } from "./operations.ts";
import { badCursor } from "./pages.ts";
import { agentId, memoryId } from "./paths.ts";
import { iso, isoOrNull, namesReceipt } from "./receipts.ts";
import { train } from "./training.ts";

const DEFAULT_LIMIT = 50;
const DEFAULT_RESULTS = 10;
const DAY_MS = 86_400_000;

/** A memory as the API tells it. */
export const memoryView = (memory: MemoryDescription): MemoryView => ({
  id: memory.memoryId,
  agent_id: memory.agentId,
  memory_type: memory.kind,
  content: memory.content,
  importance_score: memory.importance,
  context: memory.context,
  about: memory.about,
  sensitive: memory.sensitive,
  pinned: memory.pinned,
  state: memory.state,
  merged_into: memory.mergedInto,
  valid_from: iso(memory.validFrom),
  valid_to: isoOrNull(memory.validTo),
  superseded_by: memory.supersededBy,
  source: {
    turn_id: memory.source.turnId,
    room_id: memory.source.roomId,
    event_seqs: memory.source.eventSeqs,
    memory_ids: memory.source.memoryIds,
    basis: memory.source.basis,
    origin: memory.source.origin,
    reworded_at: isoOrNull(memory.source.rewordedAt),
  },
  created_at: iso(memory.createdAt),
  said_at: iso(memory.saidAt),
  accessed_at: isoOrNull(memory.accessedAt),
  access_count: memory.accessCount,
  version: memory.version,
  seq: memory.seq,
});

/** One memory; its version goes into the ETag. */
const shown = (memory: MemoryDescription, asking: Asking): MemoryView => {
  asking.headers.set("ETag", `"v${memory.version}"`);
  return memoryView(memory);
};

/** The cursor of lists of memories: the event behind which to go on. */
export const placeOf = (cursor: string | undefined) =>
  cursor === undefined || /^[1-9]\d{0,14}$/.test(cursor)
    ? Effect.succeed(cursor === undefined ? {} : { before: Number(cursor) })
    : Effect.fail(badCursor());

/** A moment of the request; a fault of it when it is none. */
const moment = (text: string | undefined, path: ReadonlyArray<string>) => {
  const at = text === undefined ? undefined : momentIn(text);
  return text !== undefined && at === undefined
    ? Effect.fail(problem("validation", { errors: [{ path, message: "is no date or date-time of RFC 3339" }] }))
    : Effect.succeed(at);
};

/** A moment to look back from; a day is looked back at from its end. */
const lookBack = (text: string | undefined, path: ReadonlyArray<string>) =>
  Effect.map(moment(text, path), (at) => (at !== undefined && isDay(text!) ? at + DAY_MS - 1 : at));

const filterOf = (
  kinds: ReadonlyArray<MemoryType> | undefined,
  about: UserId | undefined,
  minImportance: number | undefined,
  asOf: number | undefined,
): MemoryFilter => ({
  ...(kinds === undefined ? {} : { kinds: kinds.map(kindOf) }),
  ...(about === undefined ? {} : { about }),
  ...(minImportance === undefined ? {} : { minImportance }),
  ...(asOf === undefined ? {} : { asOf }),
});

/** Whoever was told of a memory may ask for it by its id alone: the read model that finds it must know it by then. */
const settled = (id: AgentId) => perform(({ env }) => env.AGENT.getByName(id).settle(SETTLE_MS));

const list = Effect.fnUntraced(function* (
  id: string,
  query: {
    readonly memory_type?: MemoryType;
    readonly about?: UserId;
    readonly min_importance?: number;
    readonly state?: "live" | "archived" | "merged";
    readonly as_of?: string;
    readonly limit?: number;
    readonly cursor?: string;
  },
) {
  const known = yield* agentId(id);
  // Rights come before the body and the query: a stranger learns nothing of what is wrong with the question.
  yield* ask(({ env, principal }) => env.AGENT.getByName(known).describe(principal));
  const { memory_type, about, min_importance, state = "live", limit = DEFAULT_LIMIT } = query;
  const asOf = yield* lookBack(query.as_of, ["query", "as_of"]);
  const filter = filterOf(memory_type && [memory_type], about, min_importance, asOf);
  const wanted = { ...filter, state, limit, ...(yield* placeOf(query.cursor)) };
  const { memories, next } = yield* ask(({ env, principal }) => env.AGENT.getByName(known).memories(principal, wanted));
  yield* settled(known);
  return {
    data: memories.map(memoryView),
    page: { next_cursor: next === null ? null : String(next), has_more: next !== null },
  };
});

/** Refuses what the agent could not keep as it came. */
const checked = (sent: typeof MemoryChange.Type) => {
  const fault = memoryFault(sent);
  if (fault === undefined) return Effect.void;
  return Effect.fail(
    fault.reason === "too-long" || fault.reason === "context-too-long"
      ? problem("payload-too-large", { detail: fault.message })
      : problem("validation", { errors: [{ path: ["body", ...fault.path], message: fault.message }] }),
  );
};

const add = Effect.fnUntraced(function* (id: string, payload: typeof NewMemory.Type) {
  const asking = yield* Asker;
  const known = yield* agentId(id);
  yield* ask(({ env, principal }) => env.AGENT.getByName(known).describe(principal));
  yield* checked(payload);
  const input = memoryInput(payload) as MemoryInput;
  const memory = yield* ask(({ env, principal }) =>
    env.AGENT.getByName(known).addMemory(principal, commandId(asking), input),
  );
  yield* settled(known);
  return shown(memory, asking);
});

const search = Effect.fnUntraced(function* (id: string, wanted: MemorySearch) {
  const known = yield* agentId(id);
  yield* ask(({ env, principal }) => env.AGENT.getByName(known).describe(principal));
  if (wanted.query.trim() === "")
    return yield* problem("validation", { errors: [{ path: ["body", "query"], message: "is empty" }] });
  const { memory_types, about, min_importance, min_similarity = 0, limit = DEFAULT_RESULTS, time_range = {} } = wanted;
  const asOf = yield* lookBack(wanted.as_of, ["body", "as_of"]);
  const from = yield* moment(time_range.from, ["body", "time_range", "from"]);
  const to = yield* moment(time_range.to, ["body", "time_range", "to"]);
  const { found, degraded } = yield* ask(({ env, principal }) =>
    env.AGENT.getByName(known).searchMemories(principal, {
      ...filterOf(memory_types, about, min_importance, asOf),
      ...{ text: wanted.query, limit, minSimilarity: min_similarity },
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    }),
  );
  yield* settled(known);
  return {
    results: found.map(({ memory, similarity, relevance }) => ({
      memory: memoryView(memory),
      similarity,
      relevance_score: relevance,
    })),
    degraded,
  };
});

/**
 * The agents that may have a memory, the likeliest first: a memory's path does not name its agent. The read model knows
 * it; should it be late, the caller's own agents are asked.
 */
async function candidates({ env, principal }: Asking, id: string): Promise<ReadonlyArray<string>> {
  const known = await agentsRemembering(env.DB, id);
  if (known.length > 0) return known;
  const own = await agentsOf(env.DB, principal.userId, { limit: 200 });
  return own._tag === "Success" ? own.success.items.map((agent) => agent.id) : [];
}

/** The first of these agents that knows the memory, as far as the caller may know. */
const holder = Effect.fnUntraced(function* (id: string) {
  const wanted = yield* memoryId(id);
  const asking = yield* Asker;
  const found = yield* perform(async (current) => {
    const agents = await candidates(current, wanted);
    const replies = await Promise.all(
      agents.map((agent) => current.env.AGENT.getByName(agent).memory(current.principal, wanted)),
    );
    const index = replies.findIndex(({ outcome }) => outcome === "accepted");
    return index < 0 ? undefined : { agent: agents[index]! as AgentId, reply: replies[index]! };
  });
  if (found?.reply.outcome !== "accepted") return yield* problem("not-found", { detail: "There is no such memory." });
  const door = asking.env.AGENT.getByName(found.agent);
  return { agent: found.agent, memory: wanted, door, explained: found.reply.value };
});

/** Undefined when the caller may know of the memory: asked where a request is at fault before its handler runs. */
export const memoryRight = (asking: Asking, id: string) =>
  Effect.runPromise(
    holder(id).pipe(
      Effect.provideService(Asker, asking),
      Effect.match({ onSuccess: () => undefined, onFailure: (missing) => missing }),
    ),
  );

const explain = Effect.fnUntraced(function* (id: string) {
  const { explained } = yield* holder(id);
  const { memory, events, memories } = explained;
  return {
    ...shown(memory, yield* Asker),
    events: events.map(({ seq, type, at, actor, roomId, messageId, text }) => ({
      ...{ seq, type, at: iso(at), actor, room_id: roomId, message_id: messageId, text },
    })),
    memories: memories.map(memoryView),
  };
});

/** Asks the agent of a memory to change it, and waits until the read models show that. */
const changed = <A>(
  id: string,
  call: (door: AgentDoor, command: string, memory: string, asking: Asking) => Promise<Reply<A>>,
) =>
  Effect.gen(function* () {
    const { agent, door, memory } = yield* holder(id);
    const value = yield* ask((asking) => call(door, commandId(asking), memory, asking));
    yield* settled(agent);
    return value;
  });

const change = Effect.fnUntraced(function* (id: string, payload: typeof MemoryChange.Type) {
  const asking = yield* Asker;
  yield* holder(id);
  const version = yield* wantedVersion(asking);
  yield* checked(payload);
  const input = memoryInput(payload);
  const memory = yield* changed(id, (door, command, known, { principal }) =>
    door.changeMemory(principal, command, known, input, version),
  );
  return shown(memory, asking);
});

const remove = Effect.fnUntraced(function* (id: string) {
  const asking = yield* Asker;
  const { agent } = yield* holder(id);
  const version = yield* wantedVersion(asking);
  const receipt = yield* changed(id, (door, command, known, { principal }) =>
    door.forgetMemory(principal, command, known, version),
  );
  namesReceipt(asking, agent, receipt);
});

const restore = Effect.fnUntraced(function* (id: string) {
  const memory = yield* changed(id, (door, command, known, { principal }) =>
    door.restoreMemory(principal, command, known),
  );
  return shown(memory, yield* Asker);
});

const separate = Effect.fnUntraced(function* (id: string) {
  const memory = yield* changed(id, (door, command, known, { principal }) =>
    door.separateMemory(principal, command, known),
  );
  return shown(memory, yield* Asker);
});

export const MemoryRoutes = HttpApiBuilder.group(
  Api,
  "memories",
  Effect.fnUntraced(function* (handlers) {
    return handlers.handleAll({
      listMemories: ({ params, query }) => list(params.id, query),
      addMemory: ({ params, payload }) => add(params.id, payload),
      searchMemories: ({ params, payload }) => search(params.id, payload),
      getMemory: ({ params }) => explain(params.id),
      updateMemory: ({ params, payload }) => change(params.id, payload),
      deleteMemory: ({ params }) => remove(params.id),
      restoreMemory: ({ params }) => restore(params.id),
      separateMemory: ({ params }) => separate(params.id),
      train: ({ params, payload }) => train(params.id, payload),
      getOperation: ({ params, query }) => operation(params.id, query.refused_after),
      cancelOperation: ({ params }) => cancel(params.id),
      resumeOperation: ({ params }) => resume(params.id),
    });
  }),
);
