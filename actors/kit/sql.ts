/** The little SQL an actor needs, as a port: Durable Object storage here, node:sqlite in tests. */

/** A value that SQLite gives back. Blobs come as `Uint8Array` from every adapter. */
export type SqlValue = string | number | null | Uint8Array;

export interface SqlPort {
  /** Runs one statement for its effect; false when it wrote nothing. */
  run(query: string, ...parameters: ReadonlyArray<SqlValue>): boolean;
  /** All rows, each an array of column values in order: a third of the cost of objects on replay. */
  rows(query: string, ...parameters: ReadonlyArray<SqlValue>): ReadonlyArray<ReadonlyArray<SqlValue>>;
  /** All or nothing; a throw rolls back and is passed on. */
  transaction<A>(body: () => A): A;
}

type StoredValue = string | number | null | ArrayBuffer;

/** Blobs as byte arrays, in place: a copy of every row would double the cost of a replay. */
function fromStorage(row: StoredValue[]): ReadonlyArray<SqlValue> {
  const values = row as Array<StoredValue | Uint8Array>;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value instanceof ArrayBuffer) values[index] = new Uint8Array(value);
  }
  return values as SqlValue[];
}

/** The port over a Durable Object's own SQLite. */
export const durableSql = (storage: DurableObjectStorage): SqlPort => ({
  run: (query, ...parameters) => storage.sql.exec(query, ...parameters).rowsWritten > 0,
  rows: (query, ...parameters) => Array.from(storage.sql.exec(query, ...parameters).raw<StoredValue[]>(), fromStorage),
  transaction: (body) => storage.transactionSync(body),
});

/** The platform takes at most 100 bound values in a statement. */
const VALUES_AT_MOST = 100;

/** Inserts rows into `table (columns)`, as many with one statement as it takes: a statement costs more than a row. */
export function insertRows(sql: SqlPort, into: string, rows: ReadonlyArray<ReadonlyArray<SqlValue>>): void {
  const width = rows[0]?.length ?? 1;
  const atOnce = Math.floor(VALUES_AT_MOST / width);
  for (let start = 0; start < rows.length; start += atOnce) {
    const part = rows.slice(start, start + atOnce);
    sql.run(insertion(into, width, part.length), ...part.flat());
  }
}

const insertions = new Map<string, string>();

/** The statement for so many rows: every commit asks for the same few. */
function insertion(into: string, width: number, rows: number): string {
  const name = `${rows}/${into}`;
  const known = insertions.get(name);
  if (known !== undefined) return known;
  const row = `(${Array(width).fill("?").join(", ")})`;
  const made = `INSERT INTO ${into} VALUES ${Array(rows).fill(row).join(", ")}`;
  insertions.set(name, made);
  return made;
}
