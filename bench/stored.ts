/** Counts what a program keeps: rows and payload bytes of its objects' SQLite files and of D1; read while it runs, used by parts/turn.ts and parts/long.ts. */
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface Stored {
  readonly rows: number;
  readonly bytes: number;
  /** Of them what stands in tables named `events`. */
  readonly eventRows: number;
  readonly eventBytes: number;
}

const nothing: Stored = { rows: 0, bytes: 0, eventRows: 0, eventBytes: 0 };

const combined = (left: Stored, right: Stored, sign: 1 | -1): Stored => ({
  rows: left.rows + sign * right.rows,
  bytes: left.bytes + sign * right.bytes,
  eventRows: left.eventRows + sign * right.eventRows,
  eventBytes: left.eventBytes + sign * right.eventBytes,
});

/** What came since. */
export const minus = (after: Stored, before: Stored): Stored => combined(after, before, -1);

/** Payload is what stands in the columns, without what SQLite needs around it. */
function ofTable(database: DatabaseSync, table: string): Stored {
  const columns = database.prepare("SELECT name FROM pragma_table_info(?)").all(table);
  const lengths = columns.map((row) => `COALESCE(LENGTH(CAST("${row.name}" AS BLOB)), 0)`);
  const found = database
    .prepare(`SELECT COUNT(*) AS rows, COALESCE(SUM(${lengths.join(" + ")}), 0) AS bytes FROM "${table}"`)
    .get();
  const rows = Number(found?.rows);
  const bytes = Number(found?.bytes);
  const events = table === "events";
  return { rows, bytes, eventRows: events ? rows : 0, eventBytes: events ? bytes : 0 };
}

/** Tables a program made; `_cf_` ones are the platform's. */
const tables =
  "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'";

function ofFile(path: string): Stored {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 2_000 });
  try {
    const names = database.prepare(tables).all();
    return names.reduce<Stored>((sum, row) => combined(sum, ofTable(database, String(row.name)), 1), nothing);
  } finally {
    database.close();
  }
}

function ofFolder(folder: string): Stored {
  if (!existsSync(folder)) return nothing;
  const files = globSync("**/*.sqlite", { cwd: folder }).filter((file) => !file.endsWith("metadata.sqlite"));
  return files.reduce<Stored>((sum, file) => combined(sum, ofFile(join(folder, file)), 1), nothing);
}

/** What lies under a state folder of wrangler now. */
export const stored = (state: string): { readonly objects: Stored; readonly readModels: Stored } => ({
  objects: ofFolder(join(state, "v3/do")),
  readModels: ofFolder(join(state, "v3/d1")),
});

/** Bytes of events: of Troupe's agents alone, and of all objects. */
export interface EventBytes {
  readonly agents: number;
  readonly all: number;
}

export const eventBytes = (state: string): EventBytes => ({
  agents: ofFolder(join(state, "v3/do/troupe-Agent")).eventBytes,
  all: ofFolder(join(state, "v3/do")).eventBytes,
});
