/** Who may hear which memory, as conditions over the register; every read of a memory goes through one of these. */
import { RESTORABLE } from "#events/agent/memory.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { RoomId, UserId } from "#events/kit/ids.ts";
import type { RoomKind } from "#events/room/addressing.ts";
import type { SqlValue } from "../../../kit/sql.ts";
import { HOLDING } from "./people.ts";

/** A condition over alias `m` of table `memories`, with its bound values. */
export interface Scope {
  readonly where: string;
  readonly parameters: ReadonlyArray<SqlValue>;
}

const DAY_MS = 86_400_000;

/** Not past its time: what is due is unreadable, however late the sweep comes. */
const inTime = (now: number, retentionDays: number): Scope => ({
  where: "m.kind <> 'episodic' OR m.pinned = 1 OR m.recorded_at > ?",
  parameters: [now - retentionDays * DAY_MS],
});

/** Past its time, whether it is gone already or not: an episode, or what was archived and could have been restored. */
export const overdue = (now: number, retentionDays: number): Scope => ({
  // By seq, so that the few are found by their own indexes and nothing else is looked at: a turn asks.
  where: `m.seq IN (
      SELECT seq FROM memories WHERE kind = 'episodic' AND recorded_at <= ? AND pinned = 0
      UNION ALL SELECT seq FROM memories WHERE state = 'archived' AND archived_at <= ? AND pinned = 0
    )`,
  parameters: [now - retentionDays * DAY_MS, now - RESTORABLE],
});

/** Live, and not past its time. */
export const inForce = (now: number, retentionDays: number): Scope =>
  both({ where: "m.state = 'live'", parameters: [] }, inTime(now, retentionDays));

/** Whatever is there to be shown to the owner: live, merged into another, or archived and restorable. */
export const kept = (now: number, retentionDays: number): Scope =>
  both(
    {
      where: "m.state IN ('live', 'merged') OR (m.state = 'archived' AND m.archived_at > ?)",
      parameters: [now - RESTORABLE],
    },
    inTime(now, retentionDays),
  );

/**
 * What was held to be true at a moment: it was known and held already, and it was not known then that it was over. What
 * was imported counts as known since it was said.
 */
export const believedAt = (moment: number): Scope => ({
  where: `m.said_at <= ? AND COALESCE(m.valid_from, m.said_at) <= ?
    AND (m.superseded_at IS NULL OR m.superseded_at > ? OR m.retracted_at > ?)`,
  parameters: [moment, moment, moment, moment],
});

/** What is about a person. */
export const concerning = (userId: UserId): Scope => ({
  where: "EXISTS (SELECT 1 FROM memory_people p WHERE p.user_id = ? AND p.seq = m.seq)",
  parameters: [userId],
});

/** What is about a person, or may say again what they said. */
export const holding = (userId: UserId): Scope => ({
  where: `m.${HOLDING}`,
  parameters: [userId, userId],
});

/** A room, and who is there as far as one knows. */
export interface Hearers {
  readonly roomId: RoomId;
  /** Undefined for a room that the agent is not in. */
  readonly kind: RoomKind | undefined;
  /** Null where nobody can say. */
  readonly present: ReadonlyArray<UserId> | null;
}

/** Nothing is about more people than these; and a statement takes a hundred values. */
const ALL_AT_MOST = 20;

/**
 * What may be called to mind in a room: formed there, public, or about each of the people present, one by one. The last is
 * nothing where nobody can say who is present, and in a public room: there, whoever likes may read what is said.
 */
export const mayHear = ({ roomId, kind, present }: Hearers): Scope => {
  const here = "m.audience = 'public' OR (m.audience = 'room' AND m.room_id = ?)";
  const all = kind === undefined || kind === "public" ? [] : (present ?? []);
  if (all.length === 0 || all.length > ALL_AT_MOST) return { where: `(${here})`, parameters: [roomId] };
  // Indexed by person and memory: a look-up for each of the people, nearly always one or two.
  const aboutAll = all
    .map(() => "EXISTS (SELECT 1 FROM memory_people p WHERE p.user_id = ? AND p.seq = m.seq)")
    .join(" AND ");
  return { where: `(${here} OR (${aboutAll}))`, parameters: [roomId, ...all] };
};

/** All of these at once. */
export const both = (...scopes: ReadonlyArray<Scope>): Scope => ({
  where: scopes.map(({ where }) => `(${where})`).join(" AND "),
  parameters: scopes.flatMap(({ parameters }) => parameters),
});

/** In days, by the agent's owner or the house. */
export const retentionOf = (state: AgentState, house: number): number => state.retentionDays ?? house;
