/** Which turns had which memories in mind, and how often and when each was last used; kept by the register. */
import type { AgentEvent } from "#events/agent/events.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import type { TurnId } from "#events/kit/ids.ts";
import type { SqlPort } from "../../../kit/sql.ts";

type Assembled = Extract<RecordedOf<AgentEvent>, { type: "ContextAssembled" }>;

export class MemoryUses {
  readonly #sql: SqlPort;

  constructor(sql: SqlPort) {
    this.#sql = sql;
  }

  /** These went into a prompt. */
  noted({ at, open: { turnId, memoryIds, memorySeqs } }: Assembled): void {
    this.#sql.run(
      `UPDATE memories SET accessed_at = ?, access_count = access_count + 1
       WHERE memory_id IN (SELECT value FROM json_each(?))`,
      ...[at, JSON.stringify(memoryIds)],
    );
    this.#sql.run(
      "INSERT OR IGNORE INTO memory_uses (seq, turn_id) SELECT value, ? FROM json_each(?)",
      ...[turnId, JSON.stringify(memorySeqs)],
    );
  }

  /** A memory has other words: it is what those turns had in mind all the same. */
  moved(from: number, to: number): void {
    this.#sql.run("UPDATE memory_uses SET seq = ? WHERE seq = ?", to, from);
  }

  /** The turns that had any of these in mind, by the events of their words. */
  turnsWith(seqs: ReadonlyArray<number>): ReadonlyArray<TurnId> {
    return this.#sql
      .rows(
        "SELECT DISTINCT turn_id FROM memory_uses WHERE seq IN (SELECT value FROM json_each(?))",
        JSON.stringify(seqs),
      )
      .map(([turnId]) => turnId as TurnId);
  }
}
