/** Applies the migrations to the local D1 database before the program opens it; used by start and the browser tests. */
import { createHash, createHmac } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const KIND = "miniflare-D1DatabaseObject";

/**
 * Where the local runtime keeps a D1 database (miniflare 5 `durableObjectNamespaceIdFromName`). Asking wrangler to
 * apply them starts a second runtime and takes two seconds of a first start that should take two in all; the browser
 * tests would fail at once if a newer wrangler kept it elsewhere.
 */
function databaseFile(state: string, id: string): string {
  const key = createHash("sha256").update(KIND).digest();
  const name = createHmac("sha256", key).update(id).digest().subarray(0, 16);
  const check = createHmac("sha256", key).update(name).digest().subarray(0, 16);
  return join(state, "v3/d1", KIND, `${Buffer.concat([name, check]).toString("hex")}.sqlite`);
}

/** The database's id in wrangler.toml, which names it on this machine too. */
function databaseId(): string {
  const id = /^database_id\s*=\s*"([^"]+)"/m.exec(readFileSync("wrangler.toml", "utf8"))?.[1];
  if (id === undefined) throw new Error("wrangler.toml names no D1 database");
  return id;
}

/**
 * Applies every migration the database has not seen, each as a whole, and notes them where `wrangler d1 migrations`
 * looks. @throws with the file's name when one does not apply.
 */
export function migrateLocally(state: string): void {
  const file = databaseFile(state, databaseId());
  mkdirSync(join(file, ".."), { recursive: true });
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(
      "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
    );
    const seen = new Set(
      database
        .prepare("SELECT name FROM d1_migrations")
        .all()
        .map((row) => row["name"]),
    );
    for (const name of readdirSync("migrations")
      .filter((entry) => entry.endsWith(".sql"))
      .sort())
      if (!seen.has(name)) apply(database, name);
  } finally {
    database.close();
  }
}

function apply(database: DatabaseSync, name: string): void {
  try {
    database.exec(`BEGIN; ${readFileSync(join("migrations", name), "utf8")}`);
    database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").run(name);
    database.exec("COMMIT");
  } catch (error) {
    throw new Error(`migration ${name} does not apply: ${error instanceof Error ? error.message : error}`);
  }
}
