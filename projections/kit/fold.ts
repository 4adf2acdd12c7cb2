/** Folds the changes of a whole batch into a few statements that leave the same rows as one by one; `deliver.ts` runs them. */
import type { Recorded } from "#events/kit/envelope.ts";
import type { Change, Projection, Row, Stream, TableShape, Value } from "./projection.ts";

/** One SQL statement and what is bound to it. */
export interface Statement {
  readonly sql: string;
  readonly parameters: ReadonlyArray<Value>;
}

/** UTF-8 needs at most three bytes for a UTF-16 unit, so this many stay below a megabyte; D1 binds two at most. */
const LARGEST_PARAMETER = 330_000;

/**
 * What a batch makes of one row, whatever the table holds. All changes of a key compose into this form, so their order
 * is settled in memory and the statements of a table need only one order: delete, update, insert.
 */
interface Fate {
  readonly key: ReadonlyArray<Value>;
  /** A row from before the batch goes. */
  removed: boolean;
  /** What a row from before the batch gets, unless it goes. */
  set: Record<string, Value>;
  add: Record<string, number>;
  /** The row that stands here if none did before. */
  absent: Row | null;
}

interface Fates {
  readonly table: TableShape;
  /** All rows from before the batch go. */
  cleared: boolean;
  readonly byKey: Map<string, Fate>;
}

function fateOf({ table, byKey }: Fates, row: Row): Fate {
  const key = table.key.map((column) => row[column] ?? null);
  const name = key.length === 1 ? String(key[0]) : JSON.stringify(key);
  const known = byKey.get(name);
  if (known !== undefined) return known;
  const fate: Fate = { key, removed: false, set: {}, add: {}, absent: null };
  byKey.set(name, fate);
  return fate;
}

function update(fate: Fate, { set, add }: Extract<Change, { kind: "update" }>): void {
  if (fate.absent !== null) {
    const counted = Object.entries(add).map(([column, by]) => [column, Number(fate.absent?.[column]) + by]);
    fate.absent = { ...fate.absent, ...set, ...Object.fromEntries(counted) };
  }
  Object.assign(fate.set, set);
  for (const [column, by] of Object.entries(add)) {
    if (column in fate.set) fate.set[column] = Number(fate.set[column]) + by;
    else fate.add[column] = (fate.add[column] ?? 0) + by;
  }
}

function apply(fates: Fates, change: Change): void {
  if (change.kind === "clear") {
    fates.cleared = true;
    fates.byKey.clear();
  } else if (change.kind === "insert") {
    const fate = fateOf(fates, change.row);
    fate.absent ??= change.row;
  } else if (change.kind === "update") {
    update(fateOf(fates, change.key), change);
  } else {
    Object.assign(fateOf(fates, change.key), { removed: true, set: {}, add: {}, absent: null });
  }
}

/** JSON arrays of these rows, each small enough to be bound. A row that is too large by itself goes alone. */
function* parameters(rows: Iterable<ReadonlyArray<Value>>): Generator<string> {
  let texts: string[] = [];
  let length = 0;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (texts.length > 0 && length + text.length > LARGEST_PARAMETER) {
      yield `[${texts.join()}]`;
      texts = [];
      length = 0;
    }
    texts.push(text);
    length += text.length + 1;
  }
  if (texts.length > 0) yield `[${texts.join()}]`;
}

const bound = (sql: string, rows: Iterable<ReadonlyArray<Value>>, stream: Stream): Statement[] =>
  parameters(rows)
    .map((text) => ({ sql, parameters: [text, stream.id] }))
    .toArray();

function deletes({ table, cleared, byKey }: Fates, stream: Stream): Statement[] {
  if (cleared) return [{ sql: `DELETE FROM ${table.name} WHERE ${table.scope} = ?1`, parameters: [stream.id] }];
  const values = table.key.map((_, index) => `value ->> ${index}`);
  const sql = `DELETE FROM ${table.name} WHERE (${[table.scope, ...table.key].join()})
    IN (SELECT ${["?2", ...values].join()} FROM json_each(?1))`;
  const gone = byKey.values().filter((fate) => fate.removed);
  const keys = gone.map((fate) => fate.key);
  return bound(sql, keys, stream);
}

/** One statement for all rows that get the same columns: a missing column and a null are then two things. */
function updates({ table, byKey }: Fates, stream: Stream): Statement[] {
  const columns = Object.keys(table.columns);
  const sorts = Map.groupBy(
    byKey.values().filter((fate) => !fate.removed),
    (fate) => columns.map((column) => (column in fate.set ? "=" : column in fate.add ? "+" : ".")).join(""),
  );
  return [...sorts].flatMap(([sort, fates]) => {
    const touched = columns.filter((_, index) => sort[index] !== ".");
    if (touched.length === 0) return [];
    const named = [...table.key, ...touched].map((column, index) => `, value ->> ${index} AS ${column}`).join("");
    const assign = (column: string): string =>
      sort[columns.indexOf(column)] === "=" ? `change.${column}` : `${table.name}.${column} + change.${column}`;
    const same = table.key.map((column) => ` AND ${table.name}.${column} = change.${column}`).join("");
    // Materialised, or the planner sees that the scope is a constant and walks through all changes for each row of the
    // stream instead of looking each change's row up.
    const sql = `WITH change AS MATERIALIZED (SELECT ?2 AS scope${named} FROM json_each(?1))
      UPDATE ${table.name} SET ${touched.map((column) => `${column} = ${assign(column)}`).join()}
      FROM change WHERE ${table.name}.${table.scope} = change.scope${same}`;
    const rows = fates.map(({ key, set, add }) => [
      ...key,
      ...touched.map((column) => set[column] ?? add[column] ?? null),
    ]);
    return bound(sql, rows, stream);
  });
}

function inserts({ table, byKey }: Fates, stream: Stream): Statement[] {
  const columns = Object.keys(table.columns);
  const rows = byKey
    .values()
    .flatMap(({ absent }) => (absent === null ? [] : [columns.map((column) => absent[column] ?? null)]));
  const values = columns.map((_, index) => `value ->> ${index}`);
  // Without a WHERE, SQLite would read ON CONFLICT as the ON of a join.
  const sql = `INSERT INTO ${table.name} (${[table.scope, ...columns].join()})
    SELECT ${["?2", ...values].join()} FROM json_each(?1) WHERE true
    ON CONFLICT (${[table.scope, ...table.key].join()}) DO NOTHING`;
  return bound(sql, rows, stream);
}

/** The statements by which a projection takes in these events of a stream, in their order. */
export function fold(
  projection: Projection,
  stream: Stream,
  events: ReadonlyArray<Recorded>,
): ReadonlyArray<Statement> {
  const tables = new Map(
    projection.tables.map((table): [string, Fates] => [table.name, { table, cleared: false, byKey: new Map() }]),
  );
  for (const event of events)
    for (const change of projection.project(event, stream)) {
      const fates = tables.get(change.table);
      if (fates === undefined) throw new Error(`${projection.id} changes ${change.table}, which is not its own`);
      apply(fates, change);
    }
  return [...tables.values()].flatMap((fates) => [
    ...deletes(fates, stream),
    ...updates(fates, stream),
    ...inserts(fates, stream),
  ]);
}
