/** Whose words memories and notes may hold: of those they are about, and of those they may say again; kept by the register. */
import type { AgentEvent } from "#events/agent/events.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { idOf, type UserId } from "#events/kit/ids.ts";
import { insertRows, type SqlPort } from "../../../kit/sql.ts";
import type { Formed } from "./memory-row.ts";

type Facts = Pick<Formed["open"], "about" | "speaker">;
type Origins = Pick<Formed["open"], "sourceSeqs" | "sources">;
type Noted = Extract<RecordedOf<AgentEvent>, { type: "RoomSummarized" }>;

/** The condition that a memory may hold words of a person, whose id is bound twice. */
export const HOLDING =
  "seq IN (SELECT seq FROM memory_people WHERE user_id = ? UNION SELECT seq FROM memory_tells WHERE user_id = ?)";

export class MemoryPeople {
  readonly #sql: SqlPort;

  constructor(sql: SqlPort) {
    this.#sql = sql;
  }

  /** A memory is about these; whoever said it is among them, whatever else is written down. */
  of(seq: number, { about, speaker }: Facts): void {
    const people = new Set<string>(speaker?.startsWith("user:") ? [...about, idOf(speaker)] : about);
    insertRows(
      this.#sql,
      "memory_people (user_id, seq)",
      Array.from(people, (userId) => [userId, seq]),
    );
  }

  /** It may say again what everybody said who is in what it comes from, and in what that came from. */
  behind(seq: number, { sourceSeqs, sources = [] }: Origins): void {
    const from = sourceSeqs.filter((source) => source !== seq);
    if (from.length === 0 && sources.length === 0) return;
    this.#sql.run(
      `WITH origins(seq) AS (
         SELECT value FROM json_each(?) UNION SELECT seq FROM memories WHERE memory_id IN (SELECT value FROM json_each(?))
       ), whose(user_id) AS (
         SELECT user_id FROM memory_people WHERE seq IN origins UNION SELECT user_id FROM memory_tells WHERE seq IN origins
       )
       INSERT OR IGNORE INTO memory_tells (user_id, seq)
       SELECT user_id, ? FROM whose WHERE user_id NOT IN (SELECT user_id FROM memory_people WHERE seq = ?)`,
      ...[JSON.stringify(from), JSON.stringify(sources), seq, seq],
    );
  }

  /** A memory has other words: what it may say again it still may, for the agent's own words may have been left as they were. */
  moved(from: number, to: number): void {
    this.#sql.run(
      `INSERT OR IGNORE INTO memory_tells (user_id, seq) SELECT user_id, ? FROM memory_tells
       WHERE seq = ? AND user_id NOT IN (SELECT user_id FROM memory_people WHERE seq = ?)`,
      ...[to, from, to],
    );
  }

  /** Notes say again what those said whose words they may hold, what the notes before them do, and the memories that they cover. */
  noted({ seq, open: { roomId, toSeq, about } }: Noted): void {
    const [before] = this.#sql.rows("SELECT seq, to_seq FROM memory_notes WHERE room_id = ?", roomId);
    const [carried, from] = [Number(before?.[0] ?? 0), Number(before?.[1] ?? 0)];
    this.#sql.run(
      `INSERT OR IGNORE INTO memory_tells (user_id, seq)
       SELECT value, ? FROM json_each(?)
       UNION SELECT user_id, ? FROM memory_tells WHERE seq = ?
       UNION SELECT t.user_id, ? FROM memories m JOIN memory_tells t ON t.seq = m.seq
         WHERE m.seq > ? AND m.seq <= ? AND m.room_id = ?`,
      ...[seq, JSON.stringify(about ?? []), seq, carried, seq, from, toSeq, roomId],
    );
    this.#sql.run("INSERT OR REPLACE INTO memory_notes (room_id, seq, to_seq) VALUES (?, ?, ?)", roomId, seq, toSeq);
  }

  /** The notes of a room are gone: the next ones begin anew. */
  unnoted(roomId: string): void {
    this.#sql.run("DELETE FROM memory_notes WHERE room_id = ?", roomId);
  }

  /** Everybody whose words any of these may hold: memories, by the events of their words, and notes. */
  in(seqs: ReadonlyArray<number>): ReadonlyArray<UserId> {
    const among = "WHERE seq IN (SELECT value FROM json_each(?))";
    const query = `SELECT user_id FROM memory_people ${among} UNION SELECT user_id FROM memory_tells ${among}`;
    const listed = JSON.stringify(seqs);
    return this.#sql.rows(query, listed, listed).map(([userId]) => userId as UserId);
  }
}
