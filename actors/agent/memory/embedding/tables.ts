/** The tables of an agent's vectors, derived and rebuildable, with no number of a vector in the clear; made by embeddings.ts on first need. */
import type { SqlPort } from "../../../kit/sql.ts";

/** In place of a name: no index was ever told anything until then. */
export const ANY_INDEX = "";
/** In place of its name where it was not written down yet which index a vector was sent to. */
export const UNKNOWN_INDEX = "unknown";

const remoteTables: ReadonlyArray<string> = [
  // What each remote index has, should get and must lose: ids that say nothing. `name` is the index's own.
  `CREATE TABLE remote_vectors (
     name TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (name, id)
   ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX remote_vectors_by_seq ON remote_vectors (seq)",
  "CREATE INDEX remote_vectors_to_do ON remote_vectors (name, state) WHERE state <> 'there'",
  // When an index was seen without all that was forgotten up to this event: what receipts go by.
  `CREATE TABLE remote_settled (
     name TEXT NOT NULL, head INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (name, head)
   ) STRICT, WITHOUT ROWID`,
];

export const embeddingTables: ReadonlyArray<string> = [
  // `key` is the generation of the subject's key that `sealed` needs.
  `CREATE TABLE vectors (
     seq INTEGER PRIMARY KEY, subject TEXT NOT NULL, key INTEGER NOT NULL, model TEXT NOT NULL,
     dimensions INTEGER NOT NULL, sealed BLOB NOT NULL
   ) STRICT`,
  "CREATE INDEX vectors_of_subject ON vectors (subject)",
  // Whose words are in the window of `seq` beside its own: what is forgotten has to leave the windows of others too.
  `CREATE TABLE vector_sources (
     source INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (source, seq)
   ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX vector_sources_of ON vector_sources (seq)",
  // One row: the job that brings the vectors to the embedder of today. `run` changes whenever it is begun anew or cancelled.
  `CREATE TABLE reembedding (
     one INTEGER PRIMARY KEY CHECK (one = 1), run INTEGER NOT NULL, model TEXT NOT NULL, status TEXT NOT NULL,
     cursor INTEGER NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL, skipped INTEGER NOT NULL,
     size INTEGER NOT NULL, attempts INTEGER NOT NULL, error TEXT
   ) STRICT`,
  ...remoteTables,
];

/** True when a memory of this agent was ever to be embedded. Asked each time: what is undone takes the tables with it. */
export const hasVectors = (sql: SqlPort): boolean =>
  sql.rows("SELECT 1 FROM sqlite_master WHERE name = 'vectors'").length > 0;

/**
 * Makes the tables where there are none; all of them or none. What was forgotten up to `head`, the newest event of the log, is
 * nowhere else: nothing was ever sent.
 */
export function makeVectors(sql: SqlPort, head: number): void {
  if (hasVectors(sql)) return;
  sql.transaction(() => {
    for (const statement of embeddingTables) sql.run(statement);
    sql.run("INSERT INTO remote_settled (name, head, at) VALUES (?, ?, 0)", ANY_INDEX, head);
  });
}

/** Gives tables of before their indexes' names, which nobody wrote down. Call it before they are used. */
export function nameIndexes(sql: SqlPort): void {
  const [made] = sql.rows("SELECT sql FROM sqlite_master WHERE name = 'remote_vectors'");
  if (made === undefined || String(made[0]).includes("name TEXT")) return;
  sql.transaction(() => {
    sql.run("DROP INDEX remote_vectors_by_seq");
    sql.run("ALTER TABLE remote_vectors RENAME TO unnamed_vectors");
    for (const statement of remoteTables) sql.run(statement);
    sql.run(
      "INSERT INTO remote_vectors (name, id, seq, state) SELECT ?, id, seq, state FROM unnamed_vectors",
      UNKNOWN_INDEX,
    );
    sql.run("DROP TABLE unnamed_vectors");
  });
}
