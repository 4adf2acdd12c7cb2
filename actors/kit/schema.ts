/** The tables of an actor, as numbered migrations that never change; run by the ledger before anything else. */
import type { SqlPort } from "./sql.ts";

/** One object is one stream, so `seq` is the whole order. The triggers let a row be written once and never touched [L1] [L4]. */
const ledger = [
  // An id is made of its stream and its seq, so the seq makes it unique. Objects made before 2026-11-23 have an index to
  // say so, which serves nothing and costs each commit a page.
  `CREATE TABLE events (
     seq INTEGER PRIMARY KEY,
     id TEXT NOT NULL,
     type TEXT NOT NULL,
     v INTEGER NOT NULL,
     at INTEGER NOT NULL,
     actor TEXT NOT NULL,
     command TEXT NOT NULL,
     correlation TEXT NOT NULL,
     causation TEXT,
     open TEXT NOT NULL,
     sealed BLOB,
     hash BLOB NOT NULL
   ) STRICT`,
  // Partial, because an index over all types would cost each event of a commit a page of its own.
  "CREATE INDEX events_of_memory ON events (seq) WHERE type = 'MemoryFormed'",
  "CREATE INDEX events_by_message ON events (open ->> '$.messageId') WHERE type = 'MessagePosted'",
  `CREATE TRIGGER events_gapless BEFORE INSERT ON events
   WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM events)
   BEGIN SELECT RAISE(ABORT, 'the log is gapless and only grows'); END`,
  `CREATE TRIGGER events_immutable BEFORE UPDATE ON events
   BEGIN SELECT RAISE(ABORT, 'a written event never changes'); END`,
  `CREATE TRIGGER events_permanent BEFORE DELETE ON events
   BEGIN SELECT RAISE(ABORT, 'a written event stays'); END`,
  "CREATE TABLE event_keys (seq INTEGER PRIMARY KEY, subject TEXT NOT NULL, wrapped BLOB NOT NULL) STRICT",
  // Without rowid the id is stored once, in the only tree: half the pages that a commit has to write.
  `CREATE TABLE commands (
     id TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, reply TEXT NOT NULL, at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
  "CREATE TABLE snapshots (fold INTEGER NOT NULL, seq INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (fold)) STRICT",
  `CREATE TABLE feeds (
     consumer TEXT PRIMARY KEY, seq INTEGER NOT NULL, attempts INTEGER NOT NULL, not_before INTEGER, error TEXT
   ) STRICT`,
  "CREATE TABLE timers (id TEXT PRIMARY KEY, due INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL) STRICT",
];

/**
 * Whose key was destroyed, up to which generation: known here even when the Vault cannot be asked. And of which generation
 * the keys are derived that were used here: the newest one may be lent before everything was made anew with it.
 */
const generations = [
  "CREATE TABLE destroyed_keys (subject TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  "CREATE TABLE derived_keys (subject TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID",
];

const migrations: ReadonlyArray<ReadonlyArray<string>> = [ledger, generations];

/**
 * The port with its tables in place. An object that was only ever asked about stays empty: its tables are made with
 * the first thing that is written, so that guessing names costs nobody storage.
 * @throws when the tables are of a newer program, or belong to another stream.
 */
export function withTables(sql: SqlPort, stream: string): SqlPort {
  if (sql.rows("SELECT 1 FROM sqlite_master WHERE name = 'meta'").length > 0) {
    migrate(sql, stream);
    return sql;
  }
  let made = false;
  const make = () => {
    if (!made) migrate(sql, stream);
    made = true;
  };
  return {
    rows: (query, ...parameters) => (made ? sql.rows(query, ...parameters) : []),
    run: (query, ...parameters) => {
      make();
      return sql.run(query, ...parameters);
    },
    transaction: (body) => {
      make();
      return sql.transaction(body);
    },
  };
}

function migrate(sql: SqlPort, stream: string): void {
  sql.run("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT");
  const known = new Map(sql.rows("SELECT key, value FROM meta") as ReadonlyArray<[string, string]>);
  if ((known.get("stream") ?? stream) !== stream) throw new Error(`${stream} opened the log of ${known.get("stream")}`);
  const number = Number(known.get("schema") ?? 0);
  if (number > migrations.length) throw new Error(`schema ${number} was made by a newer program`);
  if (number === migrations.length) return;
  sql.transaction(() => {
    for (const statement of migrations.slice(number).flat()) sql.run(statement);
    sql.run(
      "INSERT OR REPLACE INTO meta (key, value) VALUES ('schema', ?), ('stream', ?)",
      String(migrations.length),
      stream,
    );
  });
}
