/** Which memories were said in one sitting, and in which order: sessions and positions of the index; used by memory-index.ts. */
import type { SqlPort } from "../../../kit/sql.ts";
import { listed } from "./tables.ts";

/** A pause after which what is said belongs to another session. */
const PAUSE_MS = 30 * 60_000;

/** Where a memory stands. The session is called by its first memory's seq, so that the same memories always make the same. */
export interface Standing {
  readonly session: number;
  readonly position: number;
}

interface Turn extends Standing {
  readonly seq: number;
  readonly saidAt: number;
}

type Row = readonly [seq: number, saidAt: number, session: number, position: number];

const turnOf = (row: Row | undefined): Turn | undefined =>
  row && { seq: row[0], saidAt: row[1], session: row[2], position: row[3] };

/** The memory beside a moment in a place, on the side that `order` says; no further away than a pause. */
function beside(sql: SqlPort, at: { place: number; saidAt: number; seq: number }, order: "before" | "after") {
  const [beyond, within, way, furthest] =
    order === "before" ? ["<", ">=", "DESC", at.saidAt - PAUSE_MS] : [">", "<=", "ASC", at.saidAt + PAUSE_MS];
  const rows = sql.rows(
    `SELECT seq, said_at, session, position FROM index_entries
      WHERE place = ? AND (said_at, seq) ${beyond} (?, ?) AND said_at ${within} ?
      ORDER BY said_at ${way}, seq ${way} LIMIT 1`,
    ...[at.place, at.saidAt, at.seq, furthest],
  );
  return turnOf(rows[0] as unknown as Row | undefined);
}

const turnsOf = (sql: SqlPort, sessions: ReadonlyArray<number>): Turn[] => {
  const rows = sql.rows(
    "SELECT seq, said_at, session, position FROM index_entries WHERE session IN (SELECT value FROM json_each(?))",
    listed(sessions),
  ) as unknown as ReadonlyArray<Row>;
  return rows.map((row) => turnOf(row)!);
};

/** Divides the turns of one place at its pauses; answers where each stands and writes it down where it stood elsewhere. */
function settle(sql: SqlPort, turns: Turn[]): Map<number, Standing> {
  turns.sort((left, right) => left.saidAt - right.saidAt || left.seq - right.seq);
  const standings = new Map<number, Standing>();
  let before: Turn | undefined;
  let session = 0;
  let position = 0;
  for (const turn of turns) {
    const goesOn = before !== undefined && turn.saidAt - before.saidAt <= PAUSE_MS;
    session = goesOn ? session : turn.seq;
    position = goesOn ? position + 1 : 0;
    standings.set(turn.seq, { session, position });
    if (turn.session !== session || turn.position !== position)
      sql.run("UPDATE index_entries SET session = ?, position = ? WHERE seq = ?", session, position, turn.seq);
    before = turn;
  }
  return standings;
}

/** Where a new memory stands. One that was said between others moves those after it. */
export function standingOf(sql: SqlPort, at: { place: number; saidAt: number; seq: number }): Standing {
  const [before, after] = [beside(sql, at, "before"), beside(sql, at, "after")];
  if (after === undefined)
    return before === undefined
      ? { session: at.seq, position: 0 }
      : { session: before.session, position: before.position + 1 };
  const turns = turnsOf(sql, before === undefined ? [after.session] : [...new Set([before.session, after.session])]);
  const itself = { seq: at.seq, saidAt: at.saidAt, session: at.seq, position: 0 };
  return settle(sql, [...turns, itself]).get(at.seq)!;
}

/** Closes the gaps in these sessions, and parts them where a pause has come to be. */
export function closeGaps(sql: SqlPort, sessions: Iterable<number>): void {
  for (const session of sessions) settle(sql, turnsOf(sql, [session]));
}

/**
 * What was said right before a memory in its session, oldest first, as far as it is live and whoever may ever hear the
 * memory may hear it too (`mayHear` in audience.ts): only then may its words say how near the memory is to a question.
 */
export function precedingOf(sql: SqlPort, seq: number, atMost: number): ReadonlyArray<number> {
  const isAboutAllOf = `NOT EXISTS (SELECT 1 FROM memory_people x WHERE x.seq = m.seq AND NOT EXISTS (
    SELECT 1 FROM memory_people y WHERE y.seq = o.seq AND y.user_id = x.user_id))`;
  const rows = sql.rows(
    `SELECT o.seq FROM index_entries e
       JOIN index_entries p ON p.session = e.session AND p.position >= e.position - ? AND p.position < e.position
       JOIN memories m ON m.seq = e.seq JOIN memories o ON o.seq = p.seq
      WHERE e.seq = ? AND o.state = 'live' AND (o.audience = 'public' OR (m.audience <> 'public' AND ${isAboutAllOf}
        AND (m.audience <> 'room' OR (o.audience = 'room' AND o.room_id = m.room_id))))
      ORDER BY p.position`,
    ...[atMost, seq],
  );
  return rows.map(([one]) => Number(one));
}
