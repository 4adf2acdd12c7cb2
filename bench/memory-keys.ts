/** What the index of memories stands on in this bench: keys, and the columns of the register; on both sides of the wire. */
import type { SqlPort } from "#actors/kit/sql.ts";
import type { ActorName } from "#events/kit/ids.ts";

/** A key of their own for each subject; which one it is does not matter here. */
export const keys = {
  get(subject: ActorName): Uint8Array {
    const key = new Uint8Array(32);
    new TextEncoder().encodeInto(subject, key);
    return key;
  },
};

/** The columns of the register that the index reads. */
export const makeRegister = (sql: SqlPort): void =>
  sql.run(`CREATE TABLE IF NOT EXISTS memories (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, room TEXT NOT NULL, said_at INTEGER NOT NULL,
    state TEXT NOT NULL, superseded_at INTEGER, retracted_at INTEGER
  )`);

export const everything = { where: "m.state = 'live'", parameters: [] };
