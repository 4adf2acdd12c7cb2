/** The SqlPort over node:sqlite, so that everything above it runs in Node in milliseconds; for tests of the pure floors. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SqlPort, SqlValue } from "#actors/kit/sql.ts";

/** A fresh database in memory, or the one in a file. */
export function nodeSql(file = ":memory:"): SqlPort {
  const database = new DatabaseSync(file);
  const prepared = new Map<string, StatementSync>();
  const statement = (query: string): StatementSync => {
    const known = prepared.get(query);
    if (known !== undefined) return known;
    const made = database.prepare(query);
    made.setReturnArrays(true);
    prepared.set(query, made);
    return made;
  };
  return {
    run: (query, ...parameters) => statement(query).run(...parameters).changes > 0,
    rows: (query, ...parameters) =>
      statement(query).all(...parameters) as unknown as ReadonlyArray<ReadonlyArray<SqlValue>>,
    transaction: (body) => {
      database.exec("SAVEPOINT breath");
      try {
        const result = body();
        database.exec("RELEASE breath");
        return result;
      } catch (error) {
        database.exec("ROLLBACK TO breath; RELEASE breath");
        throw error;
      }
    },
  };
}
