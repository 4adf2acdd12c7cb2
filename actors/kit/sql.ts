/** The little SQL an actor needs, as a port: Durable Object storage here, node:sqlite in tests. */

/** A value that SQLite gives back. Blobs come as `Uint8Array` from every adapter. */
export type SqlValue = string | number | null | Uint8Array;

export interface SqlPort {
  /** Runs one statement for its effect. */
  run(query: string, ...parameters: ReadonlyArray<SqlValue>): void;
  /** All rows, each an array of column values in order: a third of the cost of objects on replay. */
  rows(query: string, ...parameters: ReadonlyArray<SqlValue>): ReadonlyArray<ReadonlyArray<SqlValue>>;
  /** All or nothing; a throw rolls back and is passed on. */
  transaction<A>(body: () => A): A;
}

const fromStorage = (value: string | number | null | ArrayBuffer): SqlValue =>
  value instanceof ArrayBuffer ? new Uint8Array(value) : value;

/** The port over a Durable Object's own SQLite. */
export const durableSql = (storage: DurableObjectStorage): SqlPort => ({
  run: (query, ...parameters) => void storage.sql.exec(query, ...parameters),
  rows: (query, ...parameters) =>
    Array.from(storage.sql.exec(query, ...parameters).raw<(string | number | null | ArrayBuffer)[]>(), (row) =>
      row.map(fromStorage),
    ),
  transaction: (body) => storage.transactionSync(body),
});
