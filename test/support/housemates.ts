/** Agents who remember in the same rooms what the same people say, under the same keys of these people, each with the doors of its owner and of people; for attempts.spec.ts. */
import { Effect } from "effect";
import { expect } from "vitest";
import { commandOf } from "#actors/agent/hearing.ts";
import { MemoryDoor } from "#actors/agent/memory/door.ts";
import { AgentMemory } from "#actors/agent/memory/memory.ts";
import type { MemoryInput } from "#actors/kit/memory-doors.ts";
import type { Principal } from "#actors/kit/principal.ts";
import { Timers } from "#actors/kit/timers.ts";
import type { AgentCommand } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import type { Unsealed } from "#events/kit/envelope.ts";
import { type ActorName, type AgentId, agentName, type RoomId, type UserId, userName } from "#events/kit/ids.ts";
import type { RoomKind } from "#events/room/addressing.ts";
import { agentId, messageId, START, settings, words } from "./given.ts";
import { metaFor, open, type TestKeys } from "./ledger-fixture.ts";
import { noVectors } from "./rememberer.ts";
import { nodeSql } from "./sqlite.ts";

/** A room, and who is in it. */
export interface Place {
  readonly id: RoomId;
  readonly kind: RoomKind;
  readonly people: ReadonlyArray<UserId>;
}

/** What they are called. */
export const nameOf = (userId: UserId): string => userId.charAt(0).toUpperCase() + userId.slice(1);

export const principal = (userId: UserId): Principal => ({ userId, name: nameOf(userId), roles: ["participant"] });

export class Housemate {
  readonly id: AgentId;
  readonly memory: AgentMemory;
  readonly door: MemoryDoor;
  readonly #ledger;
  #now = START;

  constructor(label: string, keys: TestKeys, owner: UserId, places: ReadonlyArray<Place>) {
    const id = agentId(label);
    this.id = id;
    const sql = nodeSql();
    const ledger = open(agent, sql, keys, {
      stream: agentName(id),
      along: (_state, events) => this.memory.forgetting.keys(events),
      told: (events) => this.memory.committed(events),
    });
    this.#ledger = ledger;
    const own = {
      ...{ ledger, agentId: () => id, now: () => this.#now, fetchKeys: async () => {} },
      commit: (command: AgentCommand) => ledger.commit(command),
    };
    const revealed = (seqs: ReadonlyArray<number>) => ledger.reveal(seqs) as ReadonlyArray<Unsealed>;
    this.memory = new AgentMemory({
      ...{ ...own, keys, timers: new Timers(sql, { set: () => {} }), services: () => noVectors },
      meta: (command) => this.#meta(`${command}/${ledger.head}`, agentName(id)),
      indexKey: (subject) => {
        const key = keys.get(subject);
        return typeof key === "object" ? key.key : key;
      },
      reveal: (seqs) => Effect.sync(() => revealed(seqs)),
      attendance: async () => null,
      report: (what, cause) => expect.fail(`${what}: ${String(cause)}`),
    });
    this.door = new MemoryDoor({
      ...{ ...own, memory: this.memory, isOwner: ({ userId }) => userId === owner },
      meta: (command, by) => this.#meta(command, by),
      revealed: async (seqs) => revealed(seqs),
    });
    const meta = () => this.#meta(`begin/${ledger.head}`, userName(owner));
    this.#take({ type: "CreateAgent", meta: meta(), agentId: id, ownerId: owner, settings, tools: [], words: words() });
    for (const { id: roomId, kind } of places) this.#take({ type: "JoinRoom", meta: meta(), roomId, kind });
  }

  #meta(id: string, by: ActorName) {
    return metaFor(id, by, { at: this.#now });
  }

  #take(command: AgentCommand): void {
    expect(this.#ledger.commit(command)).toMatchObject({ outcome: "accepted" });
  }

  decides(userId: UserId, granted: boolean): void {
    const meta = this.#meta(`consent/${this.#ledger.head}`, userName(userId));
    this.#take({ type: "NoteConsent", meta, userId, granted });
  }

  /** A room tells what somebody said there, as AgentActor hears it. */
  hears({ id: roomId, kind, people }: Place, by: UserId, text: string): void {
    this.#now += 60_000;
    const seq = this.#ledger.head;
    this.memory.attendance.told(
      roomId,
      people.map((userId) => ({ userId, name: nameOf(userId), isHere: true })),
    );
    const { episode } = this.memory;
    const meta = (id: string, who: ActorName) => this.#meta(id, who);
    this.#take(
      commandOf(
        roomId,
        {
          ...{ kind: "message", seq, roomKind: kind, messageId: messageId(`${this.id}/${seq}`) },
          ...{
            authorId: userName(by),
            authorName: nameOf(by),
            text,
            hops: 0,
            replyTo: null,
            addressed: null,
            answers: null,
          },
          ...{ callsOff: false, causation: "test", correlation: "test" },
        },
        { agentId: this.id, meta, episode },
      ),
    );
  }

  /** Its owner adds a memory. */
  async learns(owner: UserId, input: MemoryInput): Promise<void> {
    this.#now += 60_000;
    expect(await this.door.add(principal(owner), `add/${this.#ledger.head}`, input)).toMatchObject({
      outcome: "accepted",
    });
  }

  /** What comes to its mind in a room while these are there: events and texts. */
  async recalls(text: string, { id: roomId }: Place, people: ReadonlyArray<UserId>) {
    this.memory.attendance.told(
      roomId,
      people.map((userId) => ({ userId, name: nameOf(userId), isHere: true })),
    );
    const question = { text, limit: 8, roomId, asker: people[0] ?? "", without: [] };
    return (await Effect.runPromise(this.memory.recall().search(question))).memories;
  }

  get head(): number {
    return this.#ledger.head;
  }
}
