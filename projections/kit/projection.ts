/** How a projection is declared: its tables and, per event, what becomes of their rows; every file in `projections/` uses it. */
import type { AgentEvent } from "#events/agent/events.ts";
import type { Recorded, RecordedOf } from "#events/kit/envelope.ts";
import type { RoomEvent } from "#events/room/events.ts";
import type { SystemEvent } from "#events/system/events.ts";
import type { UserEvent } from "#events/user/events.ts";

interface EventsByKind {
  readonly agent: AgentEvent;
  readonly room: RoomEvent;
  readonly user: UserEvent;
  readonly system: SystemEvent;
}

/** The kinds of streams that can be projected. The Vault's is not among them: nobody lists keys. */
export type StreamKind = keyof EventsByKind;
export type StreamName<K extends StreamKind = StreamKind> = `${K}:${string}`;

/** The stream an event comes from, as a projection sees it. */
export interface Stream {
  readonly kind: StreamKind;
  readonly id: string;
}

/** What a column holds. SQLite has no booleans and no dates: those are 0 or 1, and ISO-8601 text in UTC. */
export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

/**
 * What becomes of rows, as data. A change can only name rows of its own stream: the runner adds the scope column, so no
 * event of one agent can touch a row of another.
 */
export type Change =
  /** The row, unless there is one with its key. */
  | { readonly kind: "insert"; readonly table: string; readonly row: Row }
  /** The row with this key, if there is one: some columns set, some counted up. */
  | { readonly kind: "update"; readonly table: string; readonly key: Row; readonly set: Row; readonly add: Added }
  | { readonly kind: "remove"; readonly table: string; readonly key: Row }
  /** All rows of this stream. */
  | { readonly kind: "clear"; readonly table: string };
export type Added = Readonly<Record<string, number>>;

/** A question mark allows null. */
type ColumnType = "text" | "integer" | "real" | "text?" | "integer?" | "real?";
type Columns = Readonly<Record<string, ColumnType>>;

type ValueOf<T extends ColumnType> =
  | (T extends "text" | "text?" ? string : number)
  | (T extends `${string}?` ? null : never);
type RowOf<C extends Columns> = { readonly [N in keyof C]: ValueOf<C[N]> };
type Nullable<C extends Columns> = { [N in keyof C]: C[N] extends `${string}?` ? N : never }[keyof C];
type Countable<C extends Columns> = { [N in keyof C]: C[N] extends "integer" ? N : never }[keyof C];

/** What the runner knows about a table of some projection's version. */
export interface TableShape {
  readonly name: string;
  /** The column that holds the id of the stream a row belongs to. */
  readonly scope: string;
  /** The columns that, with the scope, tell rows apart; none when a stream has one row. */
  readonly key: ReadonlyArray<string>;
  /** All columns but the scope. */
  readonly columns: Columns;
}

/** A table's shape and the four changes its projection can ask for. */
export interface Table<C extends Columns, K extends keyof C> extends TableShape {
  /** Adds a row unless its key is taken; columns that may be null may be left out. */
  insert(row: Omit<RowOf<C>, Nullable<C>> & Partial<Pick<RowOf<C>, Nullable<C>>>): Change;
  /** Sets columns, and counts others up, of the row with this key, if it exists. */
  update(
    key: Pick<RowOf<C>, K>,
    set: Partial<Omit<RowOf<C>, K>>,
    add?: { readonly [N in Countable<C>]?: number },
  ): Change;
  /** Removes the row with this key. */
  remove(key: Pick<RowOf<C>, K>): Change;
  /** Removes every row of the stream. */
  clear(): Change;
}

/** Declares a table; `migrations/` creates it, with the scope and the key as its primary key. */
export function defineTable<const C extends Columns, const K extends keyof C & string>(declaration: {
  readonly name: string;
  readonly scope: string;
  readonly key: ReadonlyArray<K>;
  readonly columns: C;
}): Table<C, K> {
  const { name: table } = declaration;
  return {
    ...declaration,
    insert: (row) => ({ kind: "insert", table, row: row as Row }),
    update: (key, set, add = {}) => ({
      kind: "update",
      table,
      key: key as Row,
      set: set as Row,
      add: add as Added,
    }),
    remove: (key) => ({ kind: "remove", table, key: key as Row }),
    clear: () => ({ kind: "clear", table }),
  };
}

/** One version of a projection, as the runner sees it. */
export interface Projection {
  /** `name@version`: whose bookmark, whose cursor. */
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly reads: StreamKind;
  readonly tables: ReadonlyArray<TableShape>;
  /** The event types it reads. */
  readonly types: ReadonlyArray<string>;
  /** What an event makes of the rows; nothing when the projection does not read its type. Pure [P3]. */
  project(event: Recorded, stream: Stream): ReadonlyArray<Change>;
}

type Handlers<Event extends Recorded> = {
  readonly [T in Event["type"]]?: (event: Extract<Event, { type: T }>, stream: Stream) => ReadonlyArray<Change>;
};

/**
 * Declares a projection. `project` lists the events it reads; each answers changes as data and does nothing else, so
 * that reading a stream again can cause nothing but the same rows [P3].
 */
export function defineProjection<const K extends StreamKind>(declaration: {
  readonly name: string;
  /** Raised with a new table; the old version serves until the new one has caught up. */
  readonly version: number;
  readonly reads: K;
  readonly tables: ReadonlyArray<TableShape>;
  readonly project: Handlers<RecordedOf<EventsByKind[K]>>;
}): Projection {
  const { name, version, reads, tables } = declaration;
  const handlers = new Map<string, unknown>(Object.entries(declaration.project));
  return {
    id: `${name}@${version}`,
    name,
    version,
    reads,
    tables,
    types: [...handlers.keys()],
    project: (event, stream) => {
      const handler = handlers.get(event.type) as Projection["project"] | undefined;
      return handler === undefined ? [] : handler(event, stream);
    },
  };
}
