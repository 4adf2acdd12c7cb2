/** The tables of the register and of the index of memories, which hold no word in clear; used in this folder. */
import type { SqlPort, SqlValue } from "../../../kit/sql.ts";

/**
 * `words` of the full-text index are tokens (see tokens.ts). It keeps which memories hold a token and nothing more: how often and
 * how near each other is not asked, and columns of counts would double it. Its two readings are views of the same tree.
 */
const TABLES = [
  `CREATE VIRTUAL TABLE index_words USING fts5(
     words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
   )`,
  // A word is looked up in each part of the tree: four of a size become one, not sixteen, and a search costs a third less.
  "INSERT INTO index_words (index_words, rank) VALUES ('crisismerge', 4)",
  "CREATE VIRTUAL TABLE index_postings USING fts5vocab('index_words', 'instance')",
  "CREATE VIRTUAL TABLE index_frequencies USING fts5vocab('index_words', 'row')",
  // `version` rises with every change: what is held in memory of a subject is good while it agrees.
  `CREATE TABLE index_subjects (
     id INTEGER PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     entries INTEGER NOT NULL,
     words INTEGER NOT NULL,
     version INTEGER NOT NULL,
     stale INTEGER NOT NULL
   ) STRICT`,
  "CREATE TABLE index_places (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
  `CREATE TABLE index_entries (
     seq INTEGER PRIMARY KEY,
     subject INTEGER NOT NULL,
     place INTEGER NOT NULL,
     said_at INTEGER NOT NULL,
     session INTEGER NOT NULL,
     position INTEGER NOT NULL,
     speaker INTEGER NOT NULL,
     form INTEGER NOT NULL,
     length INTEGER NOT NULL,
     tokens BLOB NOT NULL
   ) STRICT`,
  "CREATE INDEX index_entries_by_time ON index_entries (place, said_at, seq)",
  "CREATE INDEX index_entries_by_session ON index_entries (session, position, speaker)",
  "CREATE TABLE index_vocabulary (part INTEGER PRIMARY KEY, subject INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT",
  "CREATE INDEX index_vocabulary_by_subject ON index_vocabulary (subject)",
];

/** Those whose rows go with a memory. */
export const OF_MEMORIES = ["memories", "memory_people", "memory_tells", "memory_uses"];

/** The statements that make the tables of the register. */
export const registerTables = [
  `CREATE TABLE memories (
     seq INTEGER PRIMARY KEY, formed_seq INTEGER NOT NULL, memory_id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
     kind TEXT NOT NULL, subject TEXT NOT NULL, room_id TEXT, turn_id TEXT, audience TEXT NOT NULL, speaker TEXT,
     basis TEXT NOT NULL, origin TEXT NOT NULL, attribute TEXT, importance REAL NOT NULL, pinned INTEGER NOT NULL,
     sensitive INTEGER NOT NULL, state TEXT NOT NULL, said_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL,
     valid_from INTEGER, superseded_at INTEGER, retracted_at INTEGER, superseded_by TEXT, archived_at INTEGER, kept_from INTEGER NOT NULL,
     merged_into TEXT,
     accessed_at INTEGER, access_count INTEGER NOT NULL, source_seqs TEXT NOT NULL, sources TEXT NOT NULL, about TEXT NOT NULL,
     indexed INTEGER NOT NULL DEFAULT 0
   ) STRICT`,
  "CREATE INDEX memories_to_index ON memories (seq) WHERE indexed = 0 AND state = 'live'",
  "CREATE INDEX memories_by_forming ON memories (formed_seq)",
  "CREATE INDEX memories_withdrawn ON memories (seq) WHERE state = 'withdrawn'",
  "CREATE INDEX memories_by_attribute ON memories (subject, attribute) WHERE attribute IS NOT NULL",
  "CREATE INDEX memories_by_age ON memories (kind, recorded_at)",
  "CREATE INDEX memories_by_importance ON memories (importance) WHERE state = 'live'",
  "CREATE INDEX memories_archived ON memories (archived_at) WHERE state = 'archived'",
  "CREATE INDEX memories_by_successor ON memories (superseded_by) WHERE superseded_by IS NOT NULL",
  "CREATE INDEX memories_with_sources ON memories (seq) WHERE sources <> '[]'",
  "CREATE INDEX memories_merged ON memories (merged_into) WHERE merged_into IS NOT NULL",
  "CREATE TABLE memories_apart (one TEXT NOT NULL, other TEXT NOT NULL, PRIMARY KEY (one, other)) STRICT, WITHOUT ROWID",
  "CREATE TABLE memory_people (user_id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (user_id, seq)) STRICT, WITHOUT ROWID",
  "CREATE INDEX memory_people_of ON memory_people (seq)",
  // Whose words a memory, or the notes of a room, may say again without being about them: no right to hear it follows from that.
  "CREATE TABLE memory_tells (user_id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (user_id, seq)) STRICT, WITHOUT ROWID",
  "CREATE INDEX memory_tells_of ON memory_tells (seq)",
  // How far the newest notes of a room reach: what is noted next begins there.
  "CREATE TABLE memory_notes (room_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, to_seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  "CREATE TABLE memory_uses (seq INTEGER NOT NULL, turn_id TEXT NOT NULL, PRIMARY KEY (seq, turn_id)) STRICT, WITHOUT ROWID",
];

/** True when something was ever indexed here. Asked each time: a commit that is undone takes the tables with it. */
export const hasTables = (sql: SqlPort): boolean =>
  sql.rows("SELECT 1 FROM sqlite_master WHERE name = 'index_subjects'").length > 0;

/** Makes the tables where there are none; all of them or none. */
export function makeTables(sql: SqlPort): void {
  if (hasTables(sql)) return;
  sql.transaction(() => {
    for (const statement of TABLES) sql.run(statement);
  });
}

/** A list as one bound value, to be read by `json_each`: a statement takes no more than a hundred values. */
export const listed = (values: ReadonlyArray<string | number | ReadonlyArray<number>>): string =>
  JSON.stringify(values);

/** Whole numbers that SQLite wrote one behind the other with commas (`group_concat`); of nothing, none. */
export function numbersIn(text: SqlValue | undefined): Float64Array {
  if (typeof text !== "string" || text === "") return new Float64Array();
  const found = new Float64Array(text.length + 1);
  let count = 0;
  let number = 0;
  for (let index = 0; index <= text.length; index++) {
    const code = index < text.length ? text.charCodeAt(index) : 44;
    if (code === 44) {
      found[count++] = number;
      number = 0;
    } else number = number * 10 + code - 48;
  }
  return found.subarray(0, count);
}
