/** Ties: how much passed between the agent and each person in each room, as numbers without words, read out of the agent's log in the breath of each commit; owned by AgentMemory. */
import { noTie, reciprocity, type Sign, type Tie, tieAt, tied } from "#events/agent/memory.ts";
import type { Recorded } from "#events/kit/envelope.ts";
import { type ActorName, type RoomId, type UserId, userName } from "#events/kit/ids.ts";
import type { SqlPort } from "../../../kit/sql.ts";
import { type FollowedLog, LogFollower } from "./log-follower.ts";

/** Grows with every change of the table below: what an older program wrote is read out of the log anew. */
const VERSION = 1;

const TABLE = `CREATE TABLE ties (
  room_id TEXT NOT NULL, user_id TEXT NOT NULL, sum REAL NOT NULL, at INTEGER NOT NULL,
  received INTEGER NOT NULL, sent INTEGER NOT NULL, PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID`;

/** The log, as far as ties read it. */
export type TiedLog = FollowedLog<Recorded>;

/** What passed between the agent and a person in a room. */
export interface Relation {
  readonly userId: UserId;
  /** How close they are at the moment asked for; see `tieAt` in events/agent/memory.ts. */
  readonly tie: number;
  /** 0 to 1. */
  readonly reciprocity: number;
  /** Messages of the person, and messages of the agent to them. */
  readonly received: number;
  readonly sent: number;
}

const READ = ["MemoryFormed", "ConsentNoted", "AgentDeleted"];

interface Formed {
  readonly basis: string;
  readonly roomId: RoomId | null;
  readonly speaker: string | null;
  readonly about: ReadonlyArray<UserId>;
  readonly sourceSeqs: ReadonlyArray<number>;
}

export class Ties {
  readonly #sql: SqlPort;
  readonly #log: TiedLog;
  readonly #follower: LogFollower<Recorded>;
  readonly #agent: () => ActorName;

  constructor(sql: SqlPort, log: TiedLog, agent: () => ActorName) {
    this.#sql = sql;
    this.#log = log;
    this.#follower = new LogFollower(sql, log, { name: "ties", version: VERSION, tables: [TABLE], types: READ });
    this.#agent = agent;
  }

  /** Reads what was committed since it last looked. */
  catchUp(): void {
    this.#follower.catchUp((page) => {
      for (const event of page) this.#note(event);
    });
  }

  /** Only what became a memory counts: that is of people who agreed, while memory was on. */
  #note(event: Recorded): void {
    if (event.type === "ConsentNoted") {
      const { userId, granted } = event.open as { readonly userId: UserId; readonly granted: boolean };
      if (!granted) this.#drop(userId);
    }
    if (event.type === "AgentDeleted") this.#sql.run("DELETE FROM ties");
    if (event.type !== "MemoryFormed") return;
    const { basis, roomId, speaker, about, sourceSeqs } = event.open as unknown as Formed;
    const [person] = about;
    if (basis !== "said" || roomId === null || person === undefined) return;
    if (speaker === userName(person)) this.#count(roomId, person, this.#signOf(sourceSeqs[0]!), event.at, [1, 0]);
    // What the agent says is of whoever had asked, who stands first.
    if (speaker === this.#agent()) this.#count(roomId, person, "reply", event.at, [0, 1]);
  }

  /** A message that addresses the agent weighs more than one that does not. */
  #signOf(seq: number): Sign {
    const [message] = this.#log.read(seq - 1, 1, ["MessageReceived"]);
    const addressed = (message?.open as { readonly addressed?: string | null } | undefined)?.addressed;
    return addressed === "mention" || addressed === "reply" ? addressed : "message";
  }

  #count(roomId: RoomId, userId: UserId, sign: Sign, at: number, [received, sent]: readonly [number, number]): void {
    const [row] = this.#sql.rows("SELECT sum, at FROM ties WHERE room_id = ? AND user_id = ?", roomId, userId);
    const before: Tie = row === undefined ? noTie : { sum: Number(row[0]), at: Number(row[1]) };
    const { sum, at: latest } = tied(before, sign, at);
    this.#sql.run(
      `INSERT INTO ties (room_id, user_id, sum, at, received, sent) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (room_id, user_id) DO UPDATE SET
         sum = excluded.sum, at = excluded.at, received = received + excluded.received, sent = sent + excluded.sent`,
      ...[roomId, userId, sum, Math.floor(latest), received, sent],
    );
  }

  /** Nothing is known of a person any more. */
  forget(userId: UserId): void {
    this.catchUp();
    if (this.#log.head > 0) this.#drop(userId);
  }

  #drop(userId: UserId): void {
    this.#sql.run("DELETE FROM ties WHERE user_id = ?", userId);
  }

  /** Everybody of a room as they stand at a moment, the closest first. */
  in(roomId: RoomId, now: number, limit: number): ReadonlyArray<Relation> {
    this.catchUp();
    if (this.#log.head === 0) return [];
    return this.#sql
      .rows("SELECT user_id, sum, at, received, sent FROM ties WHERE room_id = ?", roomId)
      .map(([userId, sum, at, received, sent]) => ({
        userId: String(userId) as UserId,
        tie: tieAt({ sum: Number(sum), at: Number(at) }, now),
        reciprocity: reciprocity(Number(received), Number(sent)),
        ...{ received: Number(received), sent: Number(sent) },
      }))
      .toSorted((left, right) => right.tie - left.tie)
      .slice(0, limit);
  }
}
