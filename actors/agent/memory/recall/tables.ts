/** The tables of the index of memories, which hold no word in clear; used in this folder. */
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
