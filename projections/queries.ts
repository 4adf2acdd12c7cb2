/** Every question the house asks of its read models; asked by `src/http`, and by the runner for its cursors. Views only. */
import { Result, Schema } from "effect";
import * as Base64Url from "effect/encoding/Base64Url";
import { Style, Traits } from "#events/agent/events.ts";
import { RoomKind } from "#events/room/addressing.ts";

type Database = Pick<D1Database, "prepare">;

// ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Sealed words: the stream's actor reveals them by their seq. */
const Sealed = Schema.Struct({ sealed: Schema.NullOr(Schema.String), seq: Schema.Int });
const Texts = Schema.fromJsonString(Schema.Array(Schema.String));

export const AgentRow = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  description: Schema.NullOr(Schema.fromJsonString(Sealed)),
  created_by: Schema.String,
  llm_provider: Schema.String,
  model_name: Schema.String,
  system_prompt: Schema.fromJsonString(Sealed),
  personality: Schema.NullOr(
    Schema.fromJsonString(Schema.Struct({ traits: Traits, communicationStyle: Style, words: Schema.NullOr(Sealed) })),
  ),
  /** Names of the tools that are not off. */
  capabilities: Texts,
  memory_enabled: Schema.BooleanFromBit,
  is_active: Schema.BooleanFromBit,
  max_tokens: Schema.NullOr(Schema.Int),
  temperature: Schema.NullOr(Schema.Finite),
  version: Schema.Int,
  /** The event of the agent's stream up to which the row is true. */
  seq: Schema.Int,
  created_at: Schema.String,
  updated_at: Schema.String,
});
export type AgentRow = typeof AgentRow.Type;

export const RoomRow = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  kind: RoomKind,
  created_by: Schema.String,
  created_at: Schema.String,
  closed: Schema.BooleanFromBit,
  joined: Schema.BooleanFromBit,
  message_count: Schema.Int,
  last_message_at: Schema.NullOr(Schema.String),
});
export type RoomRow = typeof RoomRow.Type;

export const ExecutionStatus = Schema.Literals(["pending", "success", "error", "denied", "unknown"]);
export type ExecutionStatus = typeof ExecutionStatus.Type;

export const ExecutionRow = Schema.Struct({
  id: Schema.String,
  agent_id: Schema.String,
  turn_id: Schema.String,
  tool_name: Schema.String,
  /** The event whose sealed `arguments` hold this call's input, under the call's id. */
  input_data: Schema.fromJsonString(Schema.Struct({ seq: Schema.Int, call: Schema.String })),
  output_data: Schema.NullOr(Schema.fromJsonString(Sealed)),
  execution_status: ExecutionStatus,
  error_message: Schema.NullOr(
    Schema.fromJsonString(Schema.Struct({ reason: Schema.String, words: Schema.NullOr(Sealed) })),
  ),
  executed_at: Schema.String,
  execution_time_ms: Schema.NullOr(Schema.Finite),
  replay: Schema.NullOr(Schema.Literals(["pure", "idempotent", "once"])),
});
export type ExecutionRow = typeof ExecutionRow.Type;

export const ConversationRow = Schema.Struct({
  id: Schema.String,
  agent_id: Schema.String,
  room_id: Schema.String,
  conversation_summary: Schema.NullOr(Schema.fromJsonString(Sealed)),
  last_message_at: Schema.NullOr(Schema.String),
  message_count: Schema.Int,
  created_at: Schema.String,
});
export type ConversationRow = typeof ConversationRow.Type;

// ── pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Which part of a list is wanted. */
export interface Paging {
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
  /** 1 to 200; 50 when left out. */
  readonly limit?: number | undefined;
}

/** A part of a list; `next` leads to the following one, null at the end. */
export interface Page<Row> {
  readonly items: ReadonlyArray<Row>;
  readonly next: string | null;
}

/** The cursor was not made by this list. */
export class BadCursor extends Schema.TaggedError<BadCursor>()("BadCursor", {}) {
  override readonly message = "This cursor does not belong to this list.";
}

export type Listed<Row> = Promise<Result.Result<Page<Row>, BadCursor>>;

const DEFAULT_LIMIT = 50;
const LARGEST_LIMIT = 200;

/**
 * A list: its name, which its cursors carry; the two columns it is sorted by, which never change and together are
 * unique; and the place before all rows. A cursor is the place of the last row shown, so rows that come or go
 * elsewhere neither repeat nor hide another.
 */
interface List<Row> {
  readonly name: string;
  readonly row: Schema.Codec<Row, unknown>;
  readonly place: (row: Row) => readonly [string, string];
  readonly start: readonly [string, string];
}

/** Sorts after every ISO-8601 moment. */
const AFTER_ALL_TIME = "~";

const newest = <Row extends { readonly id: string }>(
  name: string,
  row: Schema.Codec<Row, unknown>,
  since: (row: Row) => string,
): List<Row> => ({ name, row, place: (item) => [since(item), item.id], start: [AFTER_ALL_TIME, ""] });

const Place = Schema.fromJsonString(Schema.Tuple([Schema.String, Schema.String, Schema.String]));
const decodePlace = Schema.decodeUnknownResult(Place);

function placeOf(
  { name, start }: Pick<List<never>, "name" | "start">,
  cursor: string | undefined,
): Result.Result<readonly [string, string], BadCursor> {
  if (cursor === undefined) return Result.succeed(start);
  const place = Result.flatMap(Base64Url.decodeString(cursor), (text) => decodePlace(text));
  if (Result.isFailure(place) || place.success[0] !== name) return Result.fail(new BadCursor());
  return Result.succeed([place.success[1], place.success[2]]);
}

const cursorAt = (list: string, place: readonly [string, string]): string =>
  Base64Url.encode(JSON.stringify([list, ...place]));

/** Reads one page: `ask` gets the place to go on from, and how many rows to answer with at most. */
async function pageOf<Row>(
  list: List<Row>,
  { cursor, limit = DEFAULT_LIMIT }: Paging,
  ask: (place: readonly [string, string], count: number) => D1PreparedStatement,
): Listed<Row> {
  const place = placeOf(list, cursor);
  if (Result.isFailure(place)) return Result.fail(place.failure);
  const wanted = Math.min(LARGEST_LIMIT, Math.max(1, Math.trunc(limit)));
  const { results } = await ask(place.success, wanted + 1).all();
  const rows = Schema.decodeUnknownSync(Schema.Array(list.row))(results);
  const items = rows.slice(0, wanted);
  const last = items.at(-1);
  const more = rows.length > wanted && last !== undefined;
  return Result.succeed({ items, next: more ? cursorAt(list.name, list.place(last)) : null });
}

// ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const agentsNewest = newest("agents-newest", AgentRow, (row) => row.created_at);
const agentsByName: List<AgentRow> = {
  name: "agents-by-name",
  row: AgentRow,
  place: (row) => [row.name, row.id],
  start: ["", ""],
};

/** The agents of an owner, newest first, or by name without regard to case. */
export const agentsOf = (
  db: Database,
  owner: string,
  paging: Paging & { readonly order?: "newest" | "name" | undefined } = {},
): Listed<AgentRow> =>
  paging.order === "name"
    ? pageOf(agentsByName, paging, (place, count) =>
        db
          .prepare(
            `SELECT * FROM ai_agents
             WHERE created_by = ?1 AND name COLLATE NOCASE >= ?2 AND (name COLLATE NOCASE, id) > (?2, ?3)
             ORDER BY name COLLATE NOCASE, id LIMIT ?4`,
          )
          .bind(owner, ...place, count),
      )
    : pageOf(agentsNewest, paging, (place, count) =>
        db
          .prepare(
            `SELECT * FROM ai_agents WHERE created_by = ?1 AND (created_at, id) < (?2, ?3)
             ORDER BY created_at DESC, id DESC LIMIT ?4`,
          )
          .bind(owner, ...place, count),
      );

const roomsNewest = newest("rooms", RoomRow, (row) => row.created_at);

/**
 * The rooms a person takes part in, and the open public ones, newest first. Two halves with a limit each, so that
 * neither the house's public rooms nor other people's private ones are read beyond the page.
 */
export const roomsFor = (db: Database, person: string, paging: Paging = {}): Listed<RoomRow> =>
  pageOf(roomsNewest, paging, (place, count) =>
    db
      .prepare(
        `SELECT * FROM (
           SELECT r.*, 1 AS joined FROM room_members AS m JOIN chat_rooms AS r ON r.id = m.room_id
           WHERE m.member_kind = 'user' AND m.member_id = ?1 AND (r.created_at, r.id) < (?2, ?3)
           ORDER BY r.created_at DESC, r.id DESC LIMIT ?4)
         UNION ALL SELECT * FROM (
           SELECT r.*, 0 AS joined FROM chat_rooms AS r
           WHERE r.kind = 'public' AND r.closed = 0 AND (r.created_at, r.id) < (?2, ?3) AND NOT EXISTS (
             SELECT 1 FROM room_members AS m WHERE m.room_id = r.id AND m.member_kind = 'user' AND m.member_id = ?1)
           ORDER BY r.created_at DESC, r.id DESC LIMIT ?4)
         ORDER BY created_at DESC, id DESC LIMIT ?4`,
      )
      .bind(person, ...place, count),
  );

const executionsNewest = newest("executions", ExecutionRow, (row) => row.executed_at);

/**
 * The tool calls of an owner's agents, newest first; each filter narrows them. Sorting all of them reads the index
 * alone; results, which can be large, are read for the page only.
 */
export const executionsFor = (
  db: Database,
  owner: string,
  paging: Paging & {
    readonly agent?: string | undefined;
    readonly tool?: string | undefined;
    readonly status?: string | undefined;
  } = {},
): Listed<ExecutionRow> => {
  const filters = [
    ["e.agent_id", paging.agent],
    ["e.tool_name", paging.tool],
    ["e.execution_status", paging.status],
  ].filter((filter): filter is [string, string] => filter[1] !== undefined);
  const narrowed = filters.map(([column], index) => ` AND ${column} = ?${index + 5}`).join("");
  return pageOf(executionsNewest, paging, (place, count) =>
    db
      .prepare(
        `SELECT * FROM tool_executions WHERE (agent_id, id) IN (
           SELECT e.agent_id, e.id FROM ai_agents AS a JOIN tool_executions AS e ON e.agent_id = a.id
           WHERE a.created_by = ?1 AND (e.executed_at, e.id) < (?2, ?3)${narrowed}
           ORDER BY e.executed_at DESC, e.id DESC LIMIT ?4)
         ORDER BY executed_at DESC, id DESC`,
      )
      .bind(owner, ...place, count, ...filters.map(([, value]) => value)),
  );
};

const conversationsNewest = newest("conversations", ConversationRow, (row) => row.created_at);

/** An agent's conversations, the room it joined last first. */
export const conversationsOf = (db: Database, agent: string, paging: Paging = {}): Listed<ConversationRow> =>
  pageOf(conversationsNewest, paging, (place, count) =>
    db
      .prepare(
        `SELECT * FROM agent_conversations WHERE agent_id = ?1 AND (created_at, id) < (?2, ?3)
         ORDER BY created_at DESC, id DESC LIMIT ?4`,
      )
      .bind(agent, ...place, count),
  );

/** Which agents remember something under this id: one, or none. */
export async function agentsRemembering(db: Database, memory: string): Promise<ReadonlyArray<string>> {
  const { results } = await db
    .prepare("SELECT agent_id FROM agent_memory_holders WHERE id = ?1 LIMIT 10")
    .bind(memory)
    .all<{ agent_id: string }>();
  return results.map(({ agent_id }) => agent_id);
}

// ── cursors of projections ──────────────────────────────────────────────────────────────────────────────────────────

/** How far every projection has come in a stream, by `name@version`; one that has not begun is missing. */
export async function cursorsOf(db: Database, stream: string): Promise<Readonly<Record<string, number>>> {
  const { results } = await db
    .prepare("SELECT projection, version, seq FROM projection_cursors WHERE stream = ?1")
    .bind(stream)
    .all<{ projection: string; version: number; seq: number }>();
  return Object.fromEntries(results.map(({ projection, version, seq }) => [`${projection}@${version}`, seq]));
}
