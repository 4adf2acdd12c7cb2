/** Many timers on the one alarm that an object has: the earliest wins; used by every actor's base. */
import { Schema } from "effect";
import type { SqlPort } from "./sql.ts";

/** The one alarm, as a port. Setting it inside a transaction is undone with it. */
export interface Alarm {
  set(at: number): void;
}

export interface Timer {
  readonly id: string;
  readonly due: number;
  readonly kind: string;
  readonly body: unknown;
}

const decodeBody = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Unknown));

export class Timers {
  readonly #sql: SqlPort;
  readonly #alarm: Alarm;
  /** When the alarm will ring as far as we know; unknown after a restart. */
  #armed: number | undefined;

  constructor(sql: SqlPort, alarm: Alarm) {
    this.#sql = sql;
    this.#alarm = alarm;
  }

  /** Sets a timer; the same id moves it. Call it inside a commit, so that both happen or neither. */
  set({ id, due, kind, body }: Timer): void {
    this.#sql.run(
      "INSERT OR REPLACE INTO timers (id, due, kind, body) VALUES (?, ?, ?, ?)",
      ...[id, due, kind, JSON.stringify(body)],
    );
    this.wakeBy(due);
  }

  cancel(id: string): void {
    this.#sql.run("DELETE FROM timers WHERE id = ?", id);
  }

  cancelAll(): void {
    this.#sql.run("DELETE FROM timers");
  }

  /** The timers whose time has come, earliest first. They stay until cancelled: firing twice must be harmless. */
  due(now: number): ReadonlyArray<Timer> {
    return this.#sql
      .rows("SELECT id, due, kind, body FROM timers WHERE due <= ? ORDER BY due", now)
      .map(([id, due, kind, body]) => ({
        id: String(id),
        due: Number(due),
        kind: String(kind),
        body: decodeBody(body),
      }));
  }

  /** When this timer is due; undefined when it is not set. */
  dueOf(id: string): number | undefined {
    const due = this.#sql.rows("SELECT due FROM timers WHERE id = ?", id)[0]?.[0];
    return due == null ? undefined : Number(due);
  }

  next(): number | undefined {
    const due = this.#sql.rows("SELECT MIN(due) FROM timers")[0]?.[0];
    return due == null ? undefined : Number(due);
  }

  /**
   * Makes sure the alarm rings at `at` or before. An alarm that rings early is left as it is: moving it costs a write
   * to the platform's own alarm store, ringing for nothing costs almost nothing.
   */
  wakeBy(at: number): void {
    if (this.#armed !== undefined && this.#armed <= at) return;
    this.#alarm.set(at);
    this.#armed = at;
  }

  /** The alarm has rung: it must be set anew for whatever is still to come. */
  rang(): void {
    this.#armed = undefined;
  }
}
