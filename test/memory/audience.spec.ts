/** Who may hear which memory: in drawn histories the register's answer is what the rule says. */
import { describe, expect } from "vitest";
import { both, inForce, kept, mayHear } from "#actors/agent/memory/recall/audience.ts";
import { MemoryRegister } from "#actors/agent/memory/recall/register.ts";
import { withTables } from "#actors/kit/schema.ts";
import * as A from "#events/agent/events.ts";
import type { Pending, RecordedOf } from "#events/kit/envelope.ts";
import { type AgentId, agentName, type MemoryId, type RoomId, type UserId, userName } from "#events/kit/ids.ts";
import type { RoomKind } from "#events/room/addressing.ts";
import { property, type Wish, wishes } from "../support/arbitrary.ts";
import { agentId, memoryId, roomId, START, turnId } from "../support/given.ts";
import { nodeSql } from "../support/sqlite.ts";

const DAY = 86_400_000;
const RETENTION = 90;
const people = ["ana", "ben", "cem", "dov"] as ReadonlyArray<string> as ReadonlyArray<UserId>;
const rooms: ReadonlyArray<RoomId> = ["den", "hall", "attic"].map(roomId);
/** Whoever likes may read what is said in the hall. */
const kindOf = (room: RoomId): RoomKind => (room === rooms[1] ? "public" : "private");

const at = <A>(list: ReadonlyArray<A>, index: number): A => list[index % list.length]!;
/** Some of the people: those whose bit is set. */
const some = (bits: number): ReadonlyArray<UserId> => people.filter((_, index) => (bits >> index) % 2 === 1);

/** What the rule knows of a memory. */
interface Remembered {
  readonly id: MemoryId;
  readonly audience: "room" | "public" | "about";
  readonly room: RoomId;
  about: ReadonlySet<UserId>;
  readonly episodic: boolean;
  readonly pinned: boolean;
  readonly formedAt: number;
  state: "live" | "archived" | "merged" | "withdrawn";
  archivedAt: number;
}

type Event = RecordedOf<A.AgentEvent>;

/** An agent's log with its register, and beside it what the rule knows: both hear the same. */
class History {
  readonly memories = new Map<string, Remembered>();
  readonly register: MemoryRegister;
  readonly #label: string;
  readonly #events: Event[] = [];
  now = START;

  constructor(label: string) {
    this.#label = label;
    const events = this.#events;
    const log = {
      get head() {
        return events.length;
      },
      read: (after: number, limit: number, types: ReadonlyArray<string>) =>
        events.filter(({ seq, type }) => seq > after && types.includes(type)).slice(0, limit),
    };
    this.register = new MemoryRegister(withTables(nodeSql(), `agent:${label}`), log, () => agentId(label) as AgentId);
  }

  #record({ type, open, sealed }: Pending): void {
    const seq = this.#events.length + 1;
    const event = { seq, id: `evt_${seq}`, type, v: 1, at: this.now, open, actor: agentName(agentId(this.#label)) };
    const bytes = sealed === undefined ? {} : { sealed: new Uint8Array(1) };
    this.#events.push({ ...event, ...bytes, command: "c", correlation: "c", causation: null } as unknown as Event);
  }

  /** What this wish stands for, done to both. */
  do({ what, which, how }: Wish): void {
    this.now += (how % 40) * DAY;
    const chosen = at([...this.memories.values()], which);
    if (what < 55 || chosen === undefined) this.#form(which, how);
    else if (what < 65) this.#move("archived", chosen);
    else if (what < 73) this.#move("live", chosen);
    else if (what < 80) this.#move("merged", chosen);
    else if (what < 86) this.#revise(chosen, how);
    else if (what < 92) this.#forget(chosen);
    else this.#withdraw(at(people, which));
  }

  #form(which: number, how: number): void {
    const id = memoryId(`${this.#label}/${this.memories.size}/${this.#events.length}`);
    const audience = at(["room", "public", "about"] as const, which);
    const [about, room] = [some(how % 16), at(rooms, Math.floor(which / 3))];
    const [episodic, pinned] = [how % 2 === 0, how % 7 === 0];
    const speaker = about[0] === undefined ? null : userName(about[0]);
    const facts = {
      ...{
        memoryId: id,
        turnId: turnId("t"),
        roomId: room,
        kind: episodic ? ("episodic" as const) : ("social" as const),
      },
      ...{ importance: 0.5, about, basis: "said" as const, origin: "person" as const, audience, speaker, pinned },
    };
    const own = which % 2 === 0;
    const words = {} as NonNullable<Pending["sealed"]>["words"];
    this.#record(
      own
        ? A.MemoryFormed({ ...facts, sourceSeqs: [] }, agentName(agentId(this.#label)), words)
        : A.MemoryFormed({ ...facts, sourceSeqs: [1_000_000 + this.#events.length] }),
    );
    this.memories.set(id, {
      ...{ id, audience, room, about: new Set(about), episodic, pinned, formedAt: this.now },
      ...{ state: "live", archivedAt: 0 },
    });
  }

  #move(state: "live" | "archived" | "merged", memory: Remembered): void {
    const memoryIds = [memory.id];
    if (state === "archived") this.#record(A.MemoriesArchived({ memoryIds }));
    else if (state === "live") this.#record(A.MemoriesRestored({ memoryIds }));
    else this.#record(A.MemoriesMerged({ into: at([...this.memories.values()], 0).id, from: memoryIds }));
    if (memory.state === "withdrawn") return; // nothing brings it back
    memory.state = state;
    memory.archivedAt = this.now;
  }

  #revise(memory: Remembered, how: number): void {
    const about = some(how % 16);
    this.#record(
      A.MemoryRevised(
        {
          ...{ memoryId: memory.id, version: 2, replacesSeq: 1, kind: memory.episodic ? "episodic" : "social" },
          ...{ importance: 0.5, about, basis: "added", origin: "owner", audience: memory.audience, speaker: null },
          pinned: memory.pinned,
        },
        agentName(agentId(this.#label)),
        {} as NonNullable<Pending["sealed"]>["words"],
      ),
    );
    memory.about = new Set(about);
  }

  #forget(memory: Remembered): void {
    this.#record(A.MemoryForgotten({ memoryIds: [memory.id], seqs: [1], why: "asked" }));
    this.memories.delete(memory.id);
  }

  /** Taken back, but not forgotten yet: as after a death between the two. */
  #withdraw(userId: UserId): void {
    this.#record(A.ConsentNoted({ userId, granted: false }));
    for (const memory of this.memories.values()) if (memory.about.has(userId)) memory.state = "withdrawn";
  }

  /** The ids that may be called to mind in a room, by the register. */
  heard(room: RoomId, present: ReadonlyArray<UserId> | null): ReadonlyArray<string> {
    this.register.catchUp();
    const { where, parameters } = both(
      inForce(this.now, RETENTION),
      mayHear({ roomId: room, kind: kindOf(room), present }),
    );
    return this.register.where(where, parameters, 1_000).map((row) => row.memoryId);
  }

  /** The ids that the owner is shown. */
  shown(): ReadonlyArray<string> {
    this.register.catchUp();
    const { where, parameters } = kept(this.now, RETENTION);
    return this.register.where(where, parameters, 1_000).map((row) => row.memoryId);
  }

  inTime({ episodic, pinned, formedAt }: Remembered): boolean {
    return !episodic || pinned || formedAt > this.now - RETENTION * DAY;
  }
}

/** Whoever is there, or nobody knows who. */
const audiences: ReadonlyArray<ReadonlyArray<UserId> | null> = [
  null,
  ...Array.from({ length: 16 }, (_, bits) => some(bits)),
];

const isAbout = ({ about }: Remembered, present: ReadonlyArray<UserId> | null): boolean =>
  present !== null && present.length > 0 && present.every((userId) => about.has(userId));

describe("in whatever order things were remembered, changed, merged, archived and taken back", () => {
  property(
    "a room hears what the rule says, and private words of elsewhere only where nobody else hears them than whom they are about",
    wishes(60),
    (history) => {
      const ada = new History("ada");
      for (const wish of history) {
        ada.do(wish);
        const [room, present] = [at(rooms, wish.which), at(audiences, wish.how)];
        const heard = ada.heard(room, present);
        const allowed = [...ada.memories.values()].filter(
          (memory) =>
            memory.state === "live" &&
            ada.inTime(memory) &&
            (memory.audience === "public" ||
              (memory.audience === "room" && memory.room === room) ||
              (kindOf(room) === "private" && isAbout(memory, present))),
        );
        expect(heard.toSorted()).toEqual(allowed.map(({ id }) => id).toSorted());
        for (const id of heard) {
          const memory = ada.memories.get(id)!;
          const isFromHere = memory.audience === "room" && memory.room === room;
          if (memory.audience !== "public" && !isFromHere)
            expect([kindOf(room), isAbout(memory, present)]).toEqual(["private", true]);
        }
      }
    },
    50,
  );

  property(
    "the owner is shown what is kept, nothing that was taken back, and no archive older than thirty days",
    wishes(25),
    (history) => {
      const ada = new History("ada");
      for (const wish of history) ada.do(wish);
      const shown = [...ada.memories.values()].filter(
        (memory) =>
          ada.inTime(memory) &&
          (memory.state === "live" ||
            memory.state === "merged" ||
            (memory.state === "archived" && memory.archivedAt > ada.now - 30 * DAY)),
      );
      expect(ada.shown().toSorted()).toEqual(shown.map(({ id }) => id).toSorted());
    },
    100,
  );
});
