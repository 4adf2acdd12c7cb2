/** The tables of an agent's vectors, derived and rebuildable, with no number of a vector in the clear; made by embeddings.ts on first need. */
import type { SqlPort } from "../../../kit/sql.ts";

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
  // What the remote index has, should get and must lose: ids that say nothing.
  `CREATE TABLE remote_vectors (
     id TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL
   ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX remote_vectors_by_seq ON remote_vectors (seq)",
];

/** True when a memory of this agent was ever to be embedded. Asked each time: what is undone takes the tables with it. */
export const hasVectors = (sql: SqlPort): boolean =>
  sql.rows("SELECT 1 FROM sqlite_master WHERE name = 'vectors'").length > 0;

/** Makes the tables where there are none; all of them or none. */
export function makeVectors(sql: SqlPort): void {
  if (hasVectors(sql)) return;
  sql.transaction(() => {
    for (const statement of embeddingTables) sql.run(statement);
  });
}
