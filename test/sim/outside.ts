/** D1 and KV as a simulated house reaches them: real SQL over the real migrations, on a way that sometimes fails. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";

const folder = join(import.meta.dirname, "../../migrations");
const migrations = readdirSync(folder)
  .filter((file) => file.endsWith(".sql"))
  .sort()
  .map((file) => readFileSync(join(folder, file), "utf8"))
  .join("\n");

type Value = string | number | null;
type Rows = ReadonlyArray<Readonly<Record<string, unknown>>>;

/** How a request gets there and its answer back; straight when the tables are asked by a test. */
export type Way = <A>(what: string, effect: () => A) => Promise<A>;

interface Statement {
  readonly query: string;
  readonly values: ReadonlyArray<Value>;
}

/** One database for the whole house. */
export class ReadModels {
  readonly #database = new DatabaseSync(":memory:");
  readonly #prepared = new Map<string, StatementSync>();

  constructor() {
    this.#database.exec(migrations);
  }

  /** The binding `DB`; `rewrite` bends statements for a mutant. */
  binding(way: Way, rewrite: (query: string) => string = (query) => query): D1Database {
    const statement = (query: string, values: ReadonlyArray<Value> = []) => ({
      ...{ query, values },
      bind: (...bound: ReadonlyArray<Value>) => statement(query, bound),
      all: () => way("D1", () => ({ results: this.#run({ query, values }), success: true, meta: {} })),
    });
    const binding = {
      prepare: (query: string) => statement(rewrite(query)),
      batch: (statements: ReadonlyArray<Statement>) => way("D1", () => this.#batch(statements)),
    };
    return binding as unknown as D1Database;
  }

  /** Every row of every table, in order of their keys: what two databases are compared by. */
  content(): string {
    const tables = this.#run({
      query: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      values: [],
    });
    const rows = tables.map(({ name }) => [name, this.#run({ query: `SELECT * FROM ${name}`, values: [] })] as const);
    return rows
      .filter(([name]) => name !== "projection_cursors")
      .map(([name, found]) => `${name}\n${found.map(textOf).sort().join("\n")}`)
      .join("\n");
  }

  close(): void {
    this.#database.close();
  }

  #batch(statements: ReadonlyArray<Statement>) {
    this.#database.exec("BEGIN");
    try {
      const results = statements.map((statement) => ({ results: this.#run(statement), success: true, meta: {} }));
      this.#database.exec("COMMIT");
      return results;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #run({ query, values }: Statement): Rows {
    const known = this.#prepared.get(query) ?? this.#database.prepare(query);
    this.#prepared.set(query, known);
    return known.all(...values) as Rows;
  }
}

const textOf = (row: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(row, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );

/** Keys and values; a write is as much as is asked of it. */
export class Caches {
  readonly kept = new Map<string, string>();

  /** The binding `CACHE`. */
  binding(way: Way): KVNamespace {
    const binding = {
      put: (key: string, value: string) => way("KV", () => void this.kept.set(key, value)),
      get: (key: string) => way("KV", () => this.kept.get(key) ?? null),
    };
    return binding as unknown as KVNamespace;
  }
}
