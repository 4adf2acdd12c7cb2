/** Follows an agent's log by a bookmark that moves with the rows made of it; used by the register and the ties. */
import type { Recorded } from "#events/kit/envelope.ts";
import type { SqlPort } from "../../../kit/sql.ts";

/** The log, as far as a follower reads it. */
export interface FollowedLog<E> {
  readonly head: number;
  read(after: number, limit: number, types: ReadonlyArray<string>): ReadonlyArray<E>;
}

/** What a follower keeps, and what of. */
export interface Following<E> {
  /** The bookmark's key in the table `meta`. */
  readonly name: string;
  /** Grows with every change of the tables: what an older program wrote is read out of the log anew. */
  readonly version: number;
  /** The statements that make them. */
  readonly tables: ReadonlyArray<string>;
  /** The types of events that they are made of. */
  readonly types: ReadonlyArray<string>;
  /** False for an event of these types that leaves nothing behind: most turns do not, and a bookmark costs a page. */
  readonly concerns?: (event: E) => boolean;
  /** Told that the tables are made anew: what was made of their rows is to be as well. */
  readonly begun?: () => void;
}

const PAGE = 1_000;
/** Where nothing concerned it for so many events, the bookmark is moved all the same: less is to be read after a wake. */
const BEHIND_AT_MOST = 500;

export class LogFollower<E extends Recorded> {
  readonly #sql: SqlPort;
  readonly #log: FollowedLog<E>;
  readonly #following: Following<E>;
  /** How far the log was read; unknown until the tables were looked at. */
  #read: number | undefined;
  #bookmark = 0;

  constructor(sql: SqlPort, log: FollowedLog<E>, following: Following<E>) {
    this.#sql = sql;
    this.#log = log;
    this.#following = following;
  }

  /**
   * Hands over what was committed since it last looked, in pages; everything, after a change of its tables. Rows and
   * bookmark are written together: a page that breaks off in the middle is read again.
   */
  catchUp(take: (page: ReadonlyArray<E>) => void): void {
    const { head } = this.#log;
    // Of an agent that was never made there are no tables, and none to be made.
    if (head === 0) return;
    this.#read ??= this.#open();
    while (this.#read < head) {
      const { types, concerns } = this.#following;
      const read = this.#log.read(this.#read, PAGE, types);
      const to = read.length < PAGE ? head : read.at(-1)!.seq;
      const page = concerns === undefined ? read : read.filter(concerns);
      if (page.length > 0 || to - this.#bookmark >= BEHIND_AT_MOST) this.#note(page, to, take);
      this.#read = to;
    }
  }

  #note(page: ReadonlyArray<E>, to: number, take: (page: ReadonlyArray<E>) => void): void {
    this.#sql.transaction(() => {
      take(page);
      this.#mark(to);
    });
  }

  #mark(to: number): void {
    const { name, version } = this.#following;
    this.#sql.run("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", name, `${version}/${to}`);
    this.#bookmark = to;
  }

  #open(): number {
    const { name, version, tables, begun } = this.#following;
    const found = this.#sql.rows("SELECT value FROM meta WHERE key = ?", name)[0]?.[0];
    const [written, seq] = String(found ?? "0/0")
      .split("/")
      .map(Number);
    if (written === version) {
      this.#bookmark = seq!;
      return seq!;
    }
    this.#sql.transaction(() => {
      for (const statement of tables) {
        const table = /^CREATE TABLE (\w+)/.exec(statement)?.[1];
        if (table !== undefined) this.#sql.run(`DROP TABLE IF EXISTS ${table}`);
      }
      for (const statement of tables) this.#sql.run(statement);
      begun?.();
      // Nothing of what is in the log may concern it for long: without a mark, every wake would make the tables again.
      this.#mark(0);
    });
    return 0;
  }
}
