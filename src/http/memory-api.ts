/** The endpoints of an agent's memory, its trainings and operations, declared; part of the API in api.ts. */
import { Schema } from "effect";
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api";
import { UserId } from "#events/kit/ids.ts";
import { anyProblem } from "./problems.ts";
import { ById, Cursor, Limit, pageOf, Seq } from "./shapes.ts";

/** Characters that a passage of a document has at most when it is learned. */
export const MAX_PASSAGE = 1_000;

/** The four kinds, and the older words for them in the same order. */
export const MemoryType = Schema.Literals([
  "episodic",
  "semantic",
  "procedural",
  "social",
  "conversation",
  "fact",
  "skill",
  "preference",
]);
export type MemoryType = typeof MemoryType.Type;

const Kind = Schema.Literals(["episodic", "semantic", "procedural", "social"]);
const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }));
const ShareInQuery = Schema.FiniteFromString.check(Schema.isBetween({ minimum: 0, maximum: 1 }));
const People = Schema.Array(UserId).check(Schema.isMaxLength(20));

const particulars = {
  importance_score: Schema.optionalKey(Share),
  /** Any JSON of at most 4 KiB, given back as it came; `at`, `speaker` and `room_id` are read. */
  context: Schema.optionalKey(Schema.Unknown),
  /** Each of them must have agreed to be remembered. */
  about: Schema.optionalKey(People),
  sensitive: Schema.optionalKey(Schema.Boolean),
  pinned: Schema.optionalKey(Schema.Boolean),
};

export const NewMemory = Schema.Struct({ memory_type: MemoryType, content: Schema.String, ...particulars });

/** What is left out stays as it is. */
export const MemoryChange = Schema.Struct({
  memory_type: Schema.optionalKey(MemoryType),
  content: Schema.optionalKey(Schema.String),
  ...particulars,
});

/** A row of a training; a fact, unless it says what it is. */
export const TrainingRow = Schema.Struct({
  memory_type: Schema.optionalKey(MemoryType),
  content: Schema.String,
  ...particulars,
});

export const MemoryView = Schema.Struct({
  id: Schema.String,
  agent_id: Schema.String,
  memory_type: Kind,
  /** Null once it was erased. */
  content: Schema.NullOr(Schema.String),
  importance_score: Schema.Finite,
  context: Schema.Unknown,
  about: Schema.Array(Schema.String),
  sensitive: Schema.Boolean,
  pinned: Schema.Boolean,
  /** A merged one lives on in another. */
  state: Schema.Literals(["live", "archived", "merged"]),
  merged_into: Schema.NullOr(Schema.String),
  valid_from: Schema.String,
  valid_to: Schema.NullOr(Schema.String),
  superseded_by: Schema.NullOr(Schema.String),
  source: Schema.Struct({
    turn_id: Schema.NullOr(Schema.String),
    room_id: Schema.NullOr(Schema.String),
    event_seqs: Schema.Array(Schema.Int),
    memory_ids: Schema.Array(Schema.String),
    basis: Schema.Literals(["said", "asked", "drawn", "added", "trained", "observed"]),
    origin: Schema.Literals(["person", "agent", "tool", "owner"]),
    /** When the owner put it in these words; `basis` says where it came from before. Null while it has its first words. */
    reworded_at: Schema.NullOr(Schema.String),
  }),
  created_at: Schema.String,
  said_at: Schema.String,
  accessed_at: Schema.NullOr(Schema.String),
  access_count: Schema.Int,
  version: Schema.Int,
  /** The event of the agent's log that formed it. */
  seq: Schema.Int,
});
export type MemoryView = typeof MemoryView.Type;

/** A memory with what it was made of, as far as that is still there. */
const ExplainedMemory = Schema.Struct({
  ...MemoryView.fields,
  events: Schema.Array(
    Schema.Struct({
      seq: Schema.Int,
      type: Schema.String,
      at: Schema.String,
      actor: Schema.String,
      room_id: Schema.NullOr(Schema.String),
      message_id: Schema.NullOr(Schema.String),
      text: Schema.NullOr(Schema.String),
    }),
  ),
  memories: Schema.Array(MemoryView),
});

const MemorySearch = Schema.Struct({
  query: Schema.String.check(Schema.isMaxLength(16_384)),
  memory_types: Schema.optionalKey(Schema.Array(MemoryType).check(Schema.isMinLength(1), Schema.isMaxLength(8))),
  about: Schema.optionalKey(UserId),
  limit: Schema.optionalKey(Schema.Finite.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 200 }))),
  min_similarity: Schema.optionalKey(Share),
  min_importance: Schema.optionalKey(Share),
  /** When it was said, in RFC 3339: from, and before. */
  time_range: Schema.optionalKey(
    Schema.Struct({ from: Schema.optionalKey(Schema.String), to: Schema.optionalKey(Schema.String) }),
  ),
  /** Only what was held to be true at that moment, in RFC 3339. */
  as_of: Schema.optionalKey(Schema.String),
});
export type MemorySearch = typeof MemorySearch.Type;

const MemoryResult = Schema.Struct({ memory: MemoryView, similarity: Schema.Finite, relevance_score: Schema.Finite });

export const OperationView = Schema.Struct({
  id: Schema.String,
  status: Schema.Literals(["running", "done", "cancelled", "failed"]),
  done: Schema.Int,
  total: Schema.Int,
  /** Null while it runs. */
  result: Schema.NullOr(
    Schema.Struct({
      taken: Schema.Int,
      refused: Schema.Int,
      /** A thousand rows that were not taken at most, by their place in what was sent, behind `refused_after`. */
      refused_rows: Schema.Array(Schema.Struct({ row: Schema.Int, reason: Schema.String })),
      /** The `refused_after` of the next ones; null at the end. */
      next_refused: Schema.NullOr(Schema.Int),
    }),
  ),
  error: Schema.NullOr(Schema.String),
});
export type OperationView = typeof OperationView.Type;

const Lines = Schema.String.pipe(HttpApiSchema.asText({ contentType: "application/x-ndjson" }));
const PlainDocument = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/plain" }));
const MarkdownDocument = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/markdown" }));

export const Memories = HttpApiGroup.make("memories")
  .add(
    HttpApiEndpoint.get("listMemories", "/agents/:id/memories", {
      params: ById,
      query: {
        memory_type: Schema.optionalKey(MemoryType),
        about: Schema.optionalKey(UserId),
        min_importance: Schema.optionalKey(ShareInQuery),
        state: Schema.optionalKey(Schema.Literals(["live", "archived", "merged"])),
        as_of: Schema.optionalKey(Schema.String),
        limit: Limit,
        cursor: Cursor,
      },
      success: pageOf(MemoryView),
      error: anyProblem,
    }),
    HttpApiEndpoint.post("addMemory", "/agents/:id/memories", {
      params: ById,
      payload: NewMemory,
      success: MemoryView.pipe(HttpApiSchema.status(201)),
      error: anyProblem,
    }),
    HttpApiEndpoint.post("searchMemories", "/agents/:id/memories/search", {
      params: ById,
      payload: MemorySearch,
      success: Schema.Struct({
        results: Schema.Array(MemoryResult),
        /** Something that ranks did not answer, and it was searched without it. */
        degraded: Schema.Boolean,
      }),
      error: anyProblem,
    }),
    HttpApiEndpoint.get("getMemory", "/memories/:id", { params: ById, success: ExplainedMemory, error: anyProblem }),
    HttpApiEndpoint.put("updateMemory", "/memories/:id", {
      params: ById,
      payload: MemoryChange,
      success: MemoryView,
      error: anyProblem,
    }),
    HttpApiEndpoint.delete("deleteMemory", "/memories/:id", {
      params: ById,
      success: HttpApiSchema.NoContent,
      error: anyProblem,
    }),
    HttpApiEndpoint.post("restoreMemory", "/memories/:id/restore", {
      params: ById,
      success: MemoryView,
      error: anyProblem,
    }),
    HttpApiEndpoint.post("separateMemory", "/memories/:id/separate", {
      params: ById,
      success: MemoryView,
      error: anyProblem,
    }),
    HttpApiEndpoint.post("train", "/agents/:id/train", {
      params: ById,
      payload: [Schema.Struct({ items: Schema.Array(Schema.Unknown) }), Lines, PlainDocument, MarkdownDocument],
      success: OperationView.pipe(HttpApiSchema.status(202)),
      error: anyProblem,
    }),
    HttpApiEndpoint.get("getOperation", "/operations/:id", {
      params: ById,
      query: { refused_after: Seq },
      success: OperationView,
      error: anyProblem,
    }),
    HttpApiEndpoint.delete("cancelOperation", "/operations/:id", {
      params: ById,
      success: OperationView,
      error: anyProblem,
    }),
    HttpApiEndpoint.post("resumeOperation", "/operations/:id/resume", {
      params: ById,
      success: OperationView,
      error: anyProblem,
    }),
  )
  .prefix("/api");
