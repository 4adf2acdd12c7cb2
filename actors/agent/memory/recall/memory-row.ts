/** A row of the register as the program has it, and the columns it is read from; used by register.ts. */
import type { MemoryFormed } from "#events/agent/events.ts";
import type { EventOf } from "#events/kit/define.ts";
import type { Recorded } from "#events/kit/envelope.ts";
import type { ActorName, MemoryId, UserId } from "#events/kit/ids.ts";
import { parseList } from "../../../kit/encoding.ts";
import type { SqlValue } from "../../../kit/sql.ts";

export type Formed = Recorded<EventOf<typeof MemoryFormed>>;

/**
 * `live` may be recalled; `archived` left the agent's mind and can be restored; `merged` lives on in another one;
 * `withdrawn` waits to be forgotten, and nobody reads it any more.
 */
export type MemoryState = "live" | "archived" | "merged" | "withdrawn";

/** A memory's open facts. */
export interface MemoryRow {
  /** The event that holds its words: of the memory, or of the message that it is. */
  readonly seq: number;
  /** The event that formed it. */
  readonly formedSeq: number;
  readonly memoryId: MemoryId;
  readonly version: number;
  readonly kind: Formed["open"]["kind"];
  /** Whose key seals the words. */
  readonly subject: ActorName;
  readonly about: ReadonlyArray<UserId>;
  readonly roomId: string | null;
  readonly turnId: string | null;
  readonly audience: Formed["open"]["audience"];
  readonly speaker: string | null;
  readonly basis: Formed["open"]["basis"];
  readonly origin: Formed["open"]["origin"];
  readonly attribute: string | null;
  readonly importance: number;
  readonly pinned: boolean;
  readonly sensitive: boolean;
  readonly state: MemoryState;
  readonly saidAt: number;
  readonly recordedAt: number;
  readonly validFrom: number | null;
  /** When a newer value took its place in the world; null while it holds. */
  readonly supersededAt: number | null;
  /** Since when that is known. */
  readonly retractedAt: number | null;
  readonly supersededBy: string | null;
  readonly archivedAt: number | null;
  /** Since when it stands in the agent's mind without a break: when it was recorded, or came back. */
  readonly keptFrom: number;
  /** The memory in which it lives on; null while it stands for itself. */
  readonly mergedInto: MemoryId | null;
  readonly accessedAt: number | null;
  readonly accessCount: number;
  readonly sourceSeqs: ReadonlyArray<number>;
  /** The memories that it was drawn from. */
  readonly sources: ReadonlyArray<string>;
}

export const columns = [
  "seq",
  "formed_seq",
  "memory_id",
  "version",
  "kind",
  "subject",
  "room_id",
  "turn_id",
  "audience",
  "speaker",
  "basis",
  "origin",
  "attribute",
  "importance",
  "pinned",
  "sensitive",
  "state",
  "said_at",
  "recorded_at",
  "valid_from",
  "superseded_at",
  "retracted_at",
  "superseded_by",
  "archived_at",
  "kept_from",
  "merged_into",
  "accessed_at",
  "access_count",
  "source_seqs",
  "sources",
  "about",
] as const;
export const COLUMNS = columns.join(", ");

export type Column = (typeof columns)[number];

const list = <A>(text: SqlValue): ReadonlyArray<A> => {
  const found = parseList(String(text));
  return found as ReadonlyArray<A>;
};

/** The row that these values stand for, in the order of `COLUMNS`. */
export function rowOf(values: ReadonlyArray<SqlValue>): MemoryRow {
  const at = (column: Column) => values[columns.indexOf(column)] ?? null;
  const text = (column: Column) => (at(column) === null ? null : String(at(column)));
  const number = (column: Column) => (at(column) === null ? null : Number(at(column)));
  return {
    seq: Number(at("seq")),
    formedSeq: Number(at("formed_seq")),
    memoryId: String(at("memory_id")) as MemoryId,
    version: Number(at("version")),
    kind: at("kind") as MemoryRow["kind"],
    subject: at("subject") as ActorName,
    about: list<UserId>(at("about")),
    roomId: text("room_id"),
    turnId: text("turn_id"),
    audience: at("audience") as MemoryRow["audience"],
    speaker: text("speaker"),
    basis: at("basis") as MemoryRow["basis"],
    origin: at("origin") as MemoryRow["origin"],
    attribute: text("attribute"),
    importance: Number(at("importance")),
    pinned: at("pinned") === 1,
    sensitive: at("sensitive") === 1,
    state: at("state") as MemoryState,
    saidAt: Number(at("said_at")),
    recordedAt: Number(at("recorded_at")),
    validFrom: number("valid_from"),
    supersededAt: number("superseded_at"),
    retractedAt: number("retracted_at"),
    supersededBy: text("superseded_by"),
    archivedAt: number("archived_at"),
    keptFrom: Number(at("kept_from")),
    mergedInto: text("merged_into") as MemoryId | null,
    accessedAt: number("accessed_at"),
    accessCount: Number(at("access_count")),
    sourceSeqs: list<number>(at("source_seqs")),
    sources: list<string>(at("sources")),
  };
}
