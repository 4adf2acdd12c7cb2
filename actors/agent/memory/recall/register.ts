/** The register: one row of open facts for each memory, read out of the agent's log in the breath of each commit; owned by AgentMemory. */
import type { AgentEvent } from "#events/agent/events.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { type ActorName, type AgentId, agentName, type UserId, userName } from "#events/kit/ids.ts";
import { insertRows, type SqlPort, type SqlValue } from "../../../kit/sql.ts";
import { type FollowedLog, LogFollower } from "./log-follower.ts";
import { COLUMNS, type Column, columns, type Formed, type MemoryRow, type MemoryState, rowOf } from "./memory-row.ts";
import { HOLDING, MemoryPeople } from "./people.ts";
import { OF_MEMORIES, registerTables as tables } from "./tables.ts";
import { MemoryUses } from "./uses.ts";

type Of<T extends AgentEvent["type"]> = Extract<RecordedOf<AgentEvent>, { type: T }>;

/** Grows with every change of the tables in tables.ts: what an older program wrote is read out of the log anew. */
const VERSION = 6;

/** The events that the register is made of. */
const CONCERNS: ReadonlyArray<AgentEvent["type"]> = [
  "MemoryFormed",
  "MemoryRevised",
  "MemorySuperseded",
  "MemoriesMerged",
  "MemoriesSeparated",
  "MemoriesArchived",
  "MemoriesRestored",
  "MemoryForgotten",
  "ConsentNoted",
  "ContextAssembled",
  "RoomSummarized",
  "SummariesForgotten",
  "AgentDeleted",
];

/** A context is of use to the register for the memories in it, and most have none. */
const concerns = (event: RecordedOf<AgentEvent>): boolean =>
  event.type !== "ContextAssembled" || event.open.memorySeqs.length > 0;

/** The log, as far as the register reads it. */
export type RegisteredLog = FollowedLog<RecordedOf<AgentEvent>>;

/** Rows that left the agent's mind, by the events of their words. */
export interface Departures {
  /** All of them. */
  readonly left: ReadonlyArray<number>;
  /** Those whose words were taken back: what they said was never said. */
  readonly unsaid: ReadonlyArray<number>;
  /** Those whose time was over: what they said was said, and nobody knows it any more. */
  readonly past: ReadonlyArray<number>;
}

export class MemoryRegister {
  readonly #sql: SqlPort;
  readonly #follower: LogFollower<RecordedOf<AgentEvent>>;
  readonly #agent: () => AgentId;
  /** Whose words they may hold. */
  readonly people: MemoryPeople;
  /** Which turns had them in mind. */
  readonly uses: MemoryUses;

  /** `begun` is told when all rows are to be made anew. */
  constructor(sql: SqlPort, log: RegisteredLog, agent: () => AgentId, begun = () => {}) {
    this.#sql = sql;
    const following = { name: "memories", version: VERSION, tables, types: CONCERNS, concerns, begun };
    this.#follower = new LogFollower(sql, log, following);
    this.#agent = agent;
    this.people = new MemoryPeople(sql);
    this.uses = new MemoryUses(sql);
  }

  /** Reads what was committed since it last looked. Answers how many events concerned it, and which rows left. */
  catchUp(): Departures & { readonly noted: number } {
    const left: number[] = [];
    const unsaid: number[] = [];
    const past: number[] = [];
    let noted = 0;
    this.#follower.catchUp((page) => {
      noted += page.length;
      for (const event of page) {
        const seqs = this.#note(event);
        left.push(...seqs);
        if (isTakenBack(event)) unsaid.push(...seqs);
        else if (event.type === "MemoryForgotten") past.push(...seqs);
      }
    });
    return { noted, left, unsaid, past };
  }

  /** Answers the rows that are no longer to be found. */
  #note(event: RecordedOf<AgentEvent>): ReadonlyArray<number> {
    switch (event.type) {
      case "MemoryFormed":
        this.#formed(event as Formed);
        return [];
      case "MemoryRevised":
        return this.#revised(event);
      case "MemorySuperseded": {
        const { memoryId, by, validTo, retractedAt } = event.open;
        this.#sql.run(
          "UPDATE memories SET superseded_at = ?, retracted_at = ?, superseded_by = ? WHERE memory_id = ?",
          ...[validTo, retractedAt, by, memoryId],
        );
        return [];
      }
      case "MemoriesMerged":
        return this.#merged(event);
      case "MemoriesSeparated":
        return this.#separated(event);
      case "MemoriesArchived":
        return this.#away(event.open.memoryIds, "archived", event.at);
      case "MemoriesRestored":
        return this.#back(event.open.memoryIds, event.at);
      case "MemoryForgotten":
        return this.#forgotten(event);
      case "ConsentNoted":
        return event.open.granted ? [] : this.#withdrawn(event.open.userId);
      case "ContextAssembled":
        this.uses.noted(event);
        return [];
      case "RoomSummarized":
        this.people.noted(event);
        return [];
      case "SummariesForgotten":
        this.people.unnoted(event.open.roomId);
        return [];
      case "AgentDeleted":
        for (const table of OF_MEMORIES) this.#sql.run(`DELETE FROM ${table}`);
        return [];
      default:
        return [];
    }
  }

  #formed({ seq, at, open, sealed }: Formed): void {
    const own = sealed !== undefined;
    const words = own ? seq : (open.sourceSeqs[0] ?? seq);
    this.#insert({
      ...{ seq: words, formed_seq: seq, memory_id: open.memoryId, version: 1 },
      ...{ subject: this.#subjectOf(open), ...this.#facts(open, at), recorded_at: at, kept_from: at },
      ...{ room_id: open.roomId, turn_id: open.turnId, source_seqs: JSON.stringify(open.sourceSeqs) },
    });
    this.people.of(words, open);
    this.people.behind(words, open);
  }

  /** Words of its own are sealed for the first person it is about; a message's, for who said it. */
  #subjectOf({ basis, speaker, about }: Formed["open"]): ActorName {
    if (basis === "said" && speaker !== null) return speaker;
    return about[0] === undefined ? agentName(this.#agent()) : userName(about[0]);
  }

  #facts(open: Omit<Formed["open"], "memoryId" | "turnId" | "roomId" | "sourceSeqs">, at: number) {
    return {
      ...{ kind: open.kind, audience: open.audience, speaker: open.speaker, basis: open.basis, origin: open.origin },
      ...{ attribute: open.attribute ?? null, importance: open.importance, pinned: open.pinned ? 1 : 0 },
      ...{ sensitive: open.sensitive ? 1 : 0, said_at: open.saidAt ?? at, valid_from: open.validFrom ?? null },
      ...{ sources: JSON.stringify(open.sources ?? []), about: JSON.stringify(open.about) },
    };
  }

  #insert(row: Partial<Record<Column, SqlValue>>): void {
    const whole: typeof row = { state: "live", access_count: 0, ...row };
    insertRows(this.#sql, `memories (${COLUMNS})`, [columns.map((column) => whole[column] ?? null)]);
  }

  #revised({ seq, at, open, sealed }: Of<"MemoryRevised">): ReadonlyArray<number> {
    const before = this.find(open.memoryId);
    if (before === undefined) return [];
    if (sealed === undefined) {
      this.#sql.run(
        "UPDATE memories SET version = ?, kind = ?, audience = ?, importance = ?, pinned = ?, sensitive = ? WHERE seq = ?",
        ...[open.version, open.kind, open.audience, open.importance, open.pinned ? 1 : 0, open.sensitive ? 1 : 0],
        before.seq,
      );
      return [];
    }
    this.people.of(seq, open);
    this.people.moved(before.seq, seq);
    this.uses.moved(before.seq, seq);
    this.#drop([before.seq]);
    this.#displacedNothing([open.memoryId]);
    this.#insert({
      ...{ seq, formed_seq: before.formedSeq, memory_id: open.memoryId, version: open.version },
      ...{ ...this.#facts(open, at), said_at: open.saidAt ?? before.saidAt, recorded_at: before.recordedAt },
      ...{ subject: open.about[0] === undefined ? agentName(this.#agent()) : userName(open.about[0]) },
      ...{ room_id: before.roomId, turn_id: before.turnId, source_seqs: JSON.stringify(before.sourceSeqs) },
      ...{ accessed_at: before.accessedAt, access_count: before.accessCount, state: before.state },
      ...{ superseded_at: before.supersededAt, retracted_at: before.retractedAt, superseded_by: before.supersededBy },
      ...{ archived_at: before.archivedAt, kept_from: before.keptFrom, merged_into: before.mergedInto },
      ...{ valid_from: open.validFrom ?? before.validFrom, sources: JSON.stringify(before.sources) },
    });
    return [before.seq];
  }

  /** Each stands in the one that stays, with whatever was merged into it before: so all of it can be taken apart again. */
  #merged({ open }: Of<"MemoriesMerged">): ReadonlyArray<number> {
    const named = JSON.stringify(open.from);
    this.#sql.run(
      `UPDATE memories SET access_count = access_count +
         (SELECT COALESCE(SUM(access_count), 0) FROM memories WHERE memory_id IN (SELECT value FROM json_each(?)))
       WHERE memory_id = ?`,
      ...[named, open.into],
    );
    this.#sql.run(
      "UPDATE memories SET merged_into = ? WHERE memory_id IN (SELECT value FROM json_each(?))",
      ...[open.into, named],
    );
    return this.#away(open.from, "merged", null);
  }

  /** Each stands for itself again, and is never taken for the same as the other. */
  #separated({ open, at }: Of<"MemoriesSeparated">): ReadonlyArray<number> {
    for (const pair of open.from.flatMap((memoryId) => [
      [open.into, memoryId],
      [memoryId, open.into],
    ]))
      this.#sql.run("INSERT OR IGNORE INTO memories_apart (one, other) VALUES (?, ?)", ...pair);
    return this.#back(open.from, at);
  }

  /** Out of the agent's mind, but for what was withdrawn: that stays so. */
  #away(memoryIds: ReadonlyArray<string>, state: MemoryState, archivedAt: number | null): ReadonlyArray<number> {
    const seqs = this.#sql.rows(
      `UPDATE memories SET state = ?, archived_at = ?, indexed = 0
       WHERE memory_id IN (SELECT value FROM json_each(?)) AND state <> 'withdrawn' RETURNING seq`,
      ...[state, archivedAt, JSON.stringify(memoryIds)],
    );
    return seqs.map(([seq]) => Number(seq));
  }

  /** Those that come back are to be indexed anew. */
  #back(memoryIds: ReadonlyArray<string>, at: number): ReadonlyArray<number> {
    this.#sql.run(
      `UPDATE memories SET state = 'live', archived_at = NULL, merged_into = NULL, indexed = 0, kept_from = ?
       WHERE memory_id IN (SELECT value FROM json_each(?)) AND state IN ('archived', 'merged')`,
      ...[at, JSON.stringify(memoryIds)],
    );
    return [];
  }

  #forgotten(event: Of<"MemoryForgotten">): ReadonlyArray<number> {
    const named = JSON.stringify(event.open.memoryIds);
    const seqs = this.#sql
      .rows("SELECT seq FROM memories WHERE memory_id IN (SELECT value FROM json_each(?))", named)
      .map(([seq]) => Number(seq));
    this.#drop(seqs);
    this.#sql.run(
      `DELETE FROM memories_apart
       WHERE one IN (SELECT value FROM json_each(?)) OR other IN (SELECT value FROM json_each(?))`,
      ...[named, named],
    );
    if (isTakenBack(event)) this.#displacedNothing(event.open.memoryIds);
    return seqs;
  }

  /** What was never said has taken nothing's place. */
  #displacedNothing(memoryIds: ReadonlyArray<string>): void {
    this.#sql.run(
      `UPDATE memories SET superseded_at = NULL, retracted_at = NULL, superseded_by = NULL
       WHERE superseded_by IN (SELECT value FROM json_each(?))`,
      JSON.stringify(memoryIds),
    );
  }

  #drop(seqs: ReadonlyArray<number>): void {
    for (const table of OF_MEMORIES)
      this.#sql.run(`DELETE FROM ${table} WHERE seq IN (SELECT value FROM json_each(?))`, JSON.stringify(seqs));
  }

  /** From this breath on nobody reads them. */
  #withdrawn(userId: UserId): ReadonlyArray<number> {
    return this.#sql
      .rows(`UPDATE memories SET state = 'withdrawn' WHERE ${HOLDING} RETURNING seq`, ...[userId, userId])
      .map(([seq]) => Number(seq));
  }

  // ── questions ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** True while nothing was ever remembered, or nothing of it is left. */
  get isEmpty(): boolean {
    return this.#sql.rows("SELECT 1 FROM memories LIMIT 1").length === 0;
  }

  find(memoryId: string): MemoryRow | undefined {
    return this.where("m.memory_id = ?", [memoryId], 1)[0];
  }

  /** Rows that fit a condition over alias `m`, newest first unless told. */
  where(
    condition: string,
    parameters: ReadonlyArray<SqlValue>,
    limit: number,
    order = "m.seq DESC",
  ): ReadonlyArray<MemoryRow> {
    return this.#sql
      .rows(`SELECT ${COLUMNS} FROM memories m WHERE ${condition} ORDER BY ${order} LIMIT ?`, ...parameters, limit)
      .map(rowOf);
  }

  /** These memories, and all that was merged into them, or into what was. */
  withMerged(rows: ReadonlyArray<MemoryRow>): ReadonlyArray<MemoryRow> {
    const within = `WITH RECURSIVE within(id) AS (
      SELECT value FROM json_each(?) UNION SELECT memory_id FROM memories JOIN within ON merged_into = within.id
    ) SELECT id FROM within`;
    const named = JSON.stringify(rows.map(({ memoryId }) => memoryId));
    const merged = this.where(`m.state = 'merged' AND m.memory_id IN (${within})`, [named], Number.MAX_SAFE_INTEGER);
    return [...new Map([...rows, ...merged].map((row) => [row.seq, row])).values()];
  }

  /** Whether any of these was once taken apart from any of the others. */
  areApart(some: ReadonlyArray<MemoryRow>, others: ReadonlyArray<MemoryRow>): boolean {
    const [one, other] = [some, others].map((rows) => JSON.stringify(rows.map(({ memoryId }) => memoryId)));
    const pair = `SELECT 1 FROM memories_apart
      WHERE one IN (SELECT value FROM json_each(?)) AND other IN (SELECT value FROM json_each(?)) LIMIT 1`;
    return this.#sql.rows(pair, one!, other!).length > 0;
  }

  count(condition: string, parameters: ReadonlyArray<SqlValue>): number {
    return Number(this.#sql.rows(`SELECT count(*) FROM memories m WHERE ${condition}`, ...parameters)[0]?.[0] ?? 0);
  }

  /** Which of these a fact in force was drawn from: named among its sources, or by the message whose words they are. */
  grounds(rows: ReadonlyArray<MemoryRow>): ReadonlySet<number> {
    const inForce = "m.kind = 'semantic' AND m.state IN ('live', 'merged') AND m.superseded_at IS NULL";
    const named = this.#sql.rows(
      `SELECT DISTINCT j.value FROM memories m, json_each(m.sources) j
       WHERE m.sources <> '[]' AND ${inForce} AND j.value IN (SELECT value FROM json_each(?))`,
      JSON.stringify(rows.map(({ memoryId }) => memoryId)),
    );
    const quoted = this.#sql.rows(
      `SELECT DISTINCT j.value FROM memories m, json_each(m.source_seqs) j
       WHERE m.source_seqs <> '[]' AND ${inForce} AND j.value IN (SELECT value FROM json_each(?))`,
      JSON.stringify(rows.flatMap(({ kind, seq }) => (kind === "episodic" ? [seq] : []))),
    );
    const ids = new Set(named.map(([memoryId]) => String(memoryId)));
    return new Set([
      ...rows.flatMap(({ seq, memoryId }) => (ids.has(memoryId) ? [seq] : [])),
      ...quoted.map(([seq]) => Number(seq)),
    ]);
  }

  /** Memories that were drawn from any of these: that name it among their sources, or the message that it is. */
  drawnFrom(rows: ReadonlyArray<MemoryRow>): ReadonlyArray<MemoryRow> {
    const drawn = `m.basis IN ('asked', 'drawn') AND (${holdsAny("sources")} OR ${holdsAny("source_seqs")})`;
    const [ids, seqs] = [rows.map(({ memoryId }) => memoryId), rows.map(({ seq }) => seq)];
    return this.where(drawn, [JSON.stringify(ids), JSON.stringify(seqs)], Number.MAX_SAFE_INTEGER);
  }

  /** What the agent said in answer to any of these, or with them before it: it may say the same. By the events of their words. */
  answersWith(seqs: ReadonlyArray<number>): ReadonlyArray<MemoryRow> {
    const said = `m.basis = 'said' AND m.speaker LIKE 'agent:%' AND ${holdsAny("source_seqs")}`;
    return this.where(said, [JSON.stringify(seqs)], Number.MAX_SAFE_INTEGER);
  }

  /** Rows by the events of their words. */
  bySeq(seqs: ReadonlyArray<number>): ReadonlyArray<MemoryRow> {
    return this.where("m.seq IN (SELECT value FROM json_each(?))", [JSON.stringify(seqs)], seqs.length);
  }

  /** Seqs of live memories behind one, in rising order. */
  liveAfter(seq: number, limit: number): ReadonlyArray<number> {
    const query = "SELECT seq FROM memories WHERE seq > ? AND state = 'live' ORDER BY seq LIMIT ?";
    return this.#sql.rows(query, seq, limit).map(([one]) => Number(one));
  }

  /** Seqs of everything that a subject's key seals. */
  of(subject: ActorName): ReadonlyArray<number> {
    return this.#sql.rows("SELECT seq FROM memories WHERE subject = ?", subject).map(([seq]) => Number(seq));
  }

  /** Live memories that the index does not hold yet, oldest first, but those of these subjects. */
  unindexed(limit: number, without: ReadonlyArray<ActorName>): ReadonlyArray<MemoryRow> {
    const waiting = "m.indexed = 0 AND m.state = 'live' AND m.subject NOT IN (SELECT value FROM json_each(?))";
    return this.where(waiting, [JSON.stringify(without)], limit, "m.seq");
  }

  markIndexed(seqs: ReadonlyArray<number>): void {
    this.#sql.run(
      "UPDATE memories SET indexed = 1 WHERE seq IN (SELECT value FROM json_each(?))",
      JSON.stringify(seqs),
    );
  }

  /** Everything of a subject is to be indexed anew. */
  markUnindexed(subject: ActorName): void {
    this.#sql.run("UPDATE memories SET indexed = 0 WHERE subject = ?", subject);
  }
}

const holdsAny = (list: "sources" | "source_seqs") =>
  `EXISTS (SELECT 1 FROM json_each(m.${list}) WHERE value IN (SELECT value FROM json_each(?)))`;

/** Whether what a memory said is taken back with its words, or only not known any more. */
export function isTakenBack({ type, open }: RecordedOf<AgentEvent>): boolean {
  if (type === "MemoryForgotten") return open.why !== "expired" && open.why !== "faded";
  return type === "MemoryRevised" || type === "ConsentNoted";
}
