/** What an object keeps when it dies: its SQLite and its alarm, with the line between what is safe and what is not yet. */
import { DatabaseSync, type StatementSync } from "node:sqlite";

type Value = string | number | null | Uint8Array;
type Row = ReadonlyArray<Value>;

interface Prepared {
  readonly statement: StatementSync;
  readonly reads: boolean;
}

const READS = /^\s*(SELECT|WITH|PRAGMA|EXPLAIN)\b/i;

/**
 * A database. All that is written after a flush stands in one open transaction: a crash may take it back as a
 * whole, for the platform makes writes durable together that no wait lies between.
 */
export class Disk {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();
  #open = false;
  #depth = 0;
  /** When the alarm is to ring, as the object sees it. */
  alarm: number | null = null;
  #safeAlarm: number | null = null;
  /** What is kept beside the tables, by key. Nothing in the house depends on it, so that no crash takes it back. */
  readonly kept = new Map<string, unknown>();

  /** In memory, unless somebody wants to look at the bytes of its file. */
  constructor(path = ":memory:") {
    this.#database = new DatabaseSync(path);
    this.#database.exec("PRAGMA synchronous = OFF");
  }

  /** True while something is written that a crash may still take back. */
  get unsafe(): boolean {
    return this.#open || this.alarm !== this.#safeAlarm;
  }

  get safeAlarm(): number | null {
    return this.#safeAlarm;
  }

  /** Runs one statement; all its rows. */
  execute(query: string, parameters: ReadonlyArray<unknown>): ReadonlyArray<Row> {
    const { statement, reads } = this.#prepare(query);
    if (!reads && !this.#open) {
      this.#command("BEGIN");
      this.#open = true;
    }
    return statement.all(...(parameters as Value[])) as unknown as ReadonlyArray<Row>;
  }

  /** Rows that the last statement wrote, if it was one that writes. */
  changes(): number {
    return Number(this.execute("SELECT changes()", [])[0]![0]);
  }

  reads(query: string): boolean {
    return this.#prepare(query).reads;
  }

  columns(query: string): ReadonlyArray<string> {
    return this.#prepare(query)
      .statement.columns()
      .map(({ name }) => String(name));
  }

  /** All or nothing, the alarm included. `seal` may still refuse when the body is done: a transaction that could not be ended. */
  transaction<A>(body: () => A, seal: () => void): A {
    if (!this.#open) this.#command("BEGIN");
    this.#open = true;
    const point = `point${this.#depth++}`;
    const { alarm } = this;
    this.#command(`SAVEPOINT ${point}`);
    try {
      const result = body();
      seal();
      this.#command(`RELEASE ${point}`);
      return result;
    } catch (error) {
      this.#command(`ROLLBACK TO ${point}`);
      this.#command(`RELEASE ${point}`);
      this.alarm = alarm;
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  /** What was written is safe from here on. */
  flush(): void {
    if (this.#open) this.#command("COMMIT");
    this.#open = false;
    this.#safeAlarm = this.alarm;
  }

  /** A crash takes back what was not safe yet. */
  lose(): void {
    if (this.#open) this.#command("ROLLBACK");
    this.#open = false;
    this.alarm = this.#safeAlarm;
  }

  /** The alarm rings: while it is handled, none is set. */
  takeAlarm(): void {
    this.alarm = null;
    this.#safeAlarm = null;
  }

  /** The alarm was not handled: it rings again, unless the object has set a nearer one meanwhile. */
  restoreAlarm(at: number): void {
    this.alarm = Math.min(at, this.alarm ?? at);
    this.#safeAlarm = Math.min(at, this.#safeAlarm ?? at);
  }

  close(): void {
    this.#database.close();
  }

  /** Prepared like everything else: there are more of these than of all others together. */
  #command(query: string): void {
    this.#prepare(query).statement.run();
  }

  #prepare(query: string): Prepared {
    const known = this.#prepared.get(query);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(query);
    statement.setReturnArrays(true);
    const made = { statement, reads: READS.test(query) };
    this.#prepared.set(query, made);
    return made;
  }
}
