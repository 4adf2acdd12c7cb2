/** What there is to tidy in an agent's memories, a portion at a time: the commands that say so, decided from rows and facts; used by sweep.ts. */
import type { AgentCommand } from "#events/agent/commands.ts";
import {
  type Forgettable,
  KEEP_FLOOR,
  keepScore,
  leastKeepScore,
  MOST_MEMORIES,
  mayBeForgotten,
  NEVER_BEFORE,
  RESTORABLE,
  toArchive,
} from "#events/agent/memory.ts";
import { Erased } from "#events/kit/envelope.ts";
import type { MemoryId } from "#events/kit/ids.ts";
import { digest } from "../../kit/seal.ts";
import { duplicatesAmong } from "./forming/duplicates.ts";
import type { AgentMemory, Opened } from "./memory.ts";
import { inForce } from "./recall/audience.ts";
import type { MemoryRow } from "./recall/memory-row.ts";
import type { MemoryRegister } from "./recall/register.ts";

type Told = "SupersedeMemory" | "MergeMemories" | "SeparateMemories" | "ArchiveMemories" | "ForgetMemories";
type WithoutMeta<C> = C extends unknown ? Omit<C, "meta"> : never;

/** A command to be given; the same label is the same command. */
export interface Order {
  readonly label: string;
  readonly command: WithoutMeta<Extract<AgentCommand, { readonly type: Told }>>;
}

/** What is found in one breath. */
export interface Portion {
  readonly orders: ReadonlyArray<Order>;
  /** How many memories were looked at. */
  readonly looked: number;
  /** Behind what to go on; null when nothing is left to look at. */
  readonly next: number | null;
}

/** What is looked at, and what it is measured by. */
export interface Tidied {
  readonly memory: AgentMemory;
  readonly now: number;
  /** Of the log: what is ordered twice at the same head is ordered once. */
  readonly head: number;
  /** How many live memories there may be. */
  readonly most?: number;
}

/*
 * How much is done in a breath is counted, not timed: in production the clock stands still while the object computes. A row
 * that is judged costs microseconds, a text that is opened and compared a tenth of a millisecond, a memory that leaves a large
 * index up to ten: some 30 ms a breath, 130 at worst (measured with 3 600 memories of which every third was said before).
 */
const COMMANDS_AT_ONCE = 100;
const FORGOTTEN_AT_ONCE = 100;
const COMPARED_AT_ONCE = 10;
/** Of the memories that share a rare word with one, the newest so many; what more share is no rare word. */
const ALIKE = 10;
const ALIKE_IN_ALL = 100;
/** The least important rows, among which those are that weigh least; more where many of them are much used or protected. */
const WEIGHED_AT_ONCE = 1_000;
const WEIGHED_AT_MOST = 16_000;

const nothingLeft: Portion = { orders: [], looked: 0, next: null };

const idsOf = (rows: ReadonlyArray<MemoryRow>): ReadonlyArray<MemoryId> => rows.map(({ memoryId }) => memoryId);

/** Facts that are known to be over, of which the log does not say so yet. */
export function superseded({ memory }: Tidied, cursor: number): Portion {
  const { register, facts } = memory;
  const over = facts.over(cursor, COMMANDS_AT_ONCE);
  const rows = register.bySeq(over).filter(({ state, supersededAt }) => state === "live" && supersededAt === null);
  const standing = facts.superseded(rows.map(({ seq }) => seq));
  const orders = rows.flatMap(({ seq, memoryId }): ReadonlyArray<Order> => {
    const { supersededAt, retractedAt, supersededBy = null } = standing.get(seq) ?? {};
    const [by] = supersededBy === null ? [] : register.bySeq([supersededBy]);
    if (supersededAt === undefined || by === undefined || by.memoryId === memoryId) return [];
    const command = {
      ...({ type: "SupersedeMemory", memoryId, by: by.memoryId } as const),
      ...{ validTo: supersededAt, retractedAt: retractedAt! },
    };
    return [{ label: `supersede/${memoryId}/${by.memoryId}/${supersededAt}`, command }];
  });
  return { orders, looked: over.length, next: over.length < COMMANDS_AT_ONCE ? null : over.at(-1)! };
}

/** Memories that nobody has compared yet, in the order in which they were formed, and those that may say the same. */
export function comparable(
  { memory, now }: Tidied,
  { after, upTo }: { readonly after: number; readonly upTo: number },
): { readonly rows: ReadonlyArray<MemoryRow>; readonly fresh: ReadonlySet<number>; readonly next: number | null } {
  const { where, parameters } = inForce(now, memory.retentionDays);
  const unmerged = `m.superseded_at IS NULL AND m.kind <> 'procedural' AND (${where})`;
  const new_ = "m.formed_seq > ? AND m.formed_seq <= ?";
  const rows = memory.register.where(
    `${new_} AND ${unmerged}`,
    [after, upTo, ...parameters],
    COMPARED_AT_ONCE,
    "m.formed_seq",
  );
  const seqs = rows.map(({ seq }) => seq);
  const alike = memory.alike(seqs, ALIKE).slice(0, ALIKE_IN_ALL);
  const others = memory.register.where(
    `m.seq IN (SELECT value FROM json_each(?)) AND ${unmerged}`,
    [JSON.stringify(alike), ...parameters],
    alike.length,
  );
  const next = rows.length < COMPARED_AT_ONCE ? null : rows.at(-1)!.formedSeq;
  return { rows: [...rows, ...others], fresh: new Set(seqs), next };
}

/** What must be the same of two memories besides what they say: where they may surface, whom they are about, who said it. */
function circle({ row, words }: Opened): string {
  const { kind, audience, roomId, about, origin, speaker, sensitive, pinned } = row;
  const { words: said } = words;
  const name = said === Erased ? null : (said.speakerName ?? said.authorName ?? null);
  const place = audience === "room" ? roomId : null;
  return JSON.stringify([kind, audience, place, about.toSorted(), origin, speaker, name, sensitive, pinned]);
}

/** Of each group of memories that say the same, the longest stays. Only what is fresh is judged: the others were before. */
export function merged(opened: ReadonlyArray<Opened>, fresh: ReadonlySet<number>, register: MemoryRegister): Portion {
  // Their words were awaited: what was changed or forgotten meanwhile is no longer what they say.
  const still = new Set(register.bySeq(opened.map(({ row }) => row.seq)).flatMap(stillLive));
  const sayings = opened.flatMap((each) =>
    still.has(each.row.seq)
      ? [{ row: each.row, text: each.content, speaker: circle(each), saidAt: each.row.saidAt }]
      : [],
  );
  const orders = duplicatesAmong(sayings).flatMap(({ kept, merged: others }): ReadonlyArray<Order> => {
    const same = others.map(({ row }) => row).filter(({ seq }) => fresh.has(seq) || fresh.has(kept.row.seq));
    const from = idsOf(notApart(kept.row, same, register));
    if (from.length === 0) return [];
    const into = kept.row.memoryId;
    return [{ label: `merge/${digest(JSON.stringify([into, from]))}`, command: { type: "MergeMemories", into, from } }];
  });
  return { orders, looked: fresh.size, next: null };
}

/** Those that can join a memory without anything meeting again in it that was taken apart. */
function notApart(kept: MemoryRow, others: ReadonlyArray<MemoryRow>, register: MemoryRegister) {
  let together = register.withMerged([kept]);
  return others.filter((other) => {
    const joining = register.withMerged([other]);
    if (register.areApart(together, joining)) return false;
    together = [...together, ...joining];
    return true;
  });
}

const stillLive = ({ seq, state }: MemoryRow): ReadonlyArray<number> => (state === "live" ? [seq] : []);

const forgotten = ({ memory, head }: Tidied, rows: ReadonlyArray<MemoryRow>, why: "expired" | "faded"): Order => ({
  label: `forget/${head}/${rows[0]!.memoryId}`,
  command: {
    ...{ type: "ForgetMemories", memoryIds: idsOf(rows), seqs: rows.map(({ seq }) => seq), why },
    rooms: memory.forgetting.noting(rows),
  },
});

/** What was merged into these and does not go with them comes back first. */
function comingApart(
  { memory: { register }, head }: Tidied,
  rows: ReadonlyArray<MemoryRow>,
  stays: (row: MemoryRow) => boolean,
): ReadonlyArray<Order> {
  const staying = register.withMerged(rows).filter((row) => row.mergedInto !== null && stays(row));
  return rows.flatMap((row): ReadonlyArray<Order> => {
    const from = idsOf(staying.filter(({ mergedInto }) => mergedInto === row.memoryId));
    const command = { type: "SeparateMemories", into: row.memoryId, from } as const;
    return from.length === 0 ? [] : [{ label: `separate/${head}/${row.memoryId}`, command }];
  });
}

/** Episodes whose time is over. What was said again later, and merged into one of them, has a time of its own: it comes back first. */
export function expired(tidied: Tidied): Portion {
  const { memory, now } = tidied;
  const { register, retentionDays } = memory;
  const due = now - retentionDays * 86_400_000;
  const late = "m.kind = 'episodic' AND m.pinned = 0 AND m.recorded_at <= ?";
  const rows = register.where(late, [due], FORGOTTEN_AT_ONCE, "m.recorded_at, m.seq");
  if (rows.length === 0) return nothingLeft;
  const isDue = (row: MemoryRow) => row.kind === "episodic" && !row.pinned && row.recordedAt <= due;
  const orders = [...comingApart(tidied, rows, (row) => !isDue(row)), forgotten(tidied, rows, "expired")];
  return { orders, looked: rows.length, next: rows.length < FORGOTTEN_AT_ONCE ? null : 0 };
}

const forgettable = (row: MemoryRow, inForce: boolean) => ({
  ...{ row, importance: row.importance, formedAt: row.recordedAt, accessCount: row.accessCount, pinned: row.pinned },
  ...{ inForce, consolidated: true },
});

/** Those that weigh least of these, at most so many; with room for all, those below the floor. */
function lightest<A extends Forgettable>(memories: ReadonlyArray<A>, tooMany: number, now: number): ReadonlyArray<A> {
  if (tooMany > 0) return toArchive(memories, memories.length - Math.min(tooMany, FORGOTTEN_AT_ONCE), now);
  const light = memories.filter((memory) => mayBeForgotten(memory, now) && keepScore(memory, now) < KEEP_FLOOR);
  return toArchive(light, Math.max(0, light.length - FORGOTTEN_AT_ONCE), now);
}

/**
 * Memories that leave the agent's mind: while there are more than there may be, those that weigh least; then those below the
 * floor. A score is never less than its importance makes it, so that the least important ones need to be looked at only.
 */
export function archived(tidied: Tidied): Portion {
  const { memory, now, head, most = MOST_MEMORIES } = tidied;
  const { register, facts } = memory;
  const tooMany = register.count("m.state = 'live'", []) - most;
  // What came back is as safe as what is new, and what is not indexed yet was not looked through for facts.
  const may = "m.state = 'live' AND m.indexed = 1 AND m.pinned = 0 AND m.kept_from <= ?";
  for (let count = WEIGHED_AT_ONCE; ; count *= 4) {
    const rows = register.where(may, [now - NEVER_BEFORE], count, "m.importance, m.seq");
    const holding = facts.holding(rows.map(({ seq }) => seq)).union(register.grounds(rows));
    const weighed = rows.map((row) => forgettable(row, holding.has(row.seq)));
    const chosen = lightest(weighed, tooMany, now);
    const isAll = rows.length < count || count >= WEIGHED_AT_MOST;
    const least = leastKeepScore(rows.at(-1)?.importance ?? 1);
    const bound = tooMany > 0 ? Math.max(...chosen.map((each) => keepScore(each, now))) : KEEP_FLOOR;
    const wanted = tooMany > 0 ? Math.min(tooMany, FORGOTTEN_AT_ONCE) : FORGOTTEN_AT_ONCE;
    const isFull = chosen.length === wanted;
    if (!isAll && (tooMany > 0 ? !isFull || bound > least : !isFull && least < bound)) continue;
    if (chosen.length === 0) return { ...nothingLeft, looked: rows.length };
    const leaving = chosen.map(({ row }) => row);
    const command = { type: "ArchiveMemories", memoryIds: idsOf(leaving) } as const;
    // Its owner may have unpinned a memory that another one lives on in, which is pinned still.
    const orders = [...comingApart(tidied, leaving, ({ pinned }) => pinned), { label: `archive/${head}`, command }];
    return { orders, looked: rows.length, next: isFull || tooMany > 0 ? 0 : null };
  }
}

/** What was archived and could have been restored for long enough. */
export function faded(tidied: Tidied): Portion {
  const { memory, now } = tidied;
  const { register } = memory;
  const rows = register.where(
    "m.state = 'archived' AND m.archived_at <= ? AND m.pinned = 0",
    [now - RESTORABLE],
    FORGOTTEN_AT_ONCE,
    "m.archived_at, m.seq",
  );
  if (rows.length === 0) return nothingLeft;
  const orders = [forgotten(tidied, register.withMerged(rows), "faded")];
  return { orders, looked: rows.length, next: rows.length < FORGOTTEN_AT_ONCE ? null : 0 };
}
