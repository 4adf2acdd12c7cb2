/** AgentMemory: what an agent remembers. Keeps register and index level with the log, recalls, and forgets; owned by AgentActor. */
import { Effect } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import { Erased, type RecordedOf, type Unsealed } from "#events/kit/envelope.ts";
import type { AgentId, MemoryId, RoomId, UserId } from "#events/kit/ids.ts";
import type { Present } from "../kit/doors.ts";
import type { Ledger, NeedKeys } from "../kit/ledger.ts";
import type { Reply } from "../kit/reply.ts";
import type { Committed } from "../kit/settled-commands.ts";
import { requestsIn } from "./forming/requests.ts";
import { wordsOf } from "./language/stems.ts";
import { both, inForce, mayHear, RETENTION_DAYS, retentionOf, type Scope } from "./recall/audience.ts";
import { best, type Found, LOOKED_AT, type Opened } from "./recall/recall.ts";
import { MemoryRegister, type MemoryRow } from "./recall/register.ts";
import { type KeyFailure, RecallFailure } from "./turn/failures.ts";
import type { MemoryFormer, Recall } from "./turn/ports.ts";

/** So many memories are forgotten with one commit: their ids stand in its event. */
const FORGOTTEN_AT_ONCE = 500;

/** What AgentMemory needs of its agent. */
export interface MemoryHost {
  readonly ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
  readonly agentId: () => AgentId;
  readonly now: () => number;
  readonly commit: (command: AgentCommand) => Reply<Committed> | NeedKeys;
  readonly meta: (id: string) => AgentCommand["meta"];
  readonly reveal: (seqs: ReadonlyArray<number>) => Effect.Effect<ReadonlyArray<Unsealed>, KeyFailure>;
  /** The house's rule for episodes; in days. */
  readonly retentionDays?: number;
}

const notAmong = (seqs: ReadonlyArray<number>): Scope => ({
  where: "m.seq NOT IN (SELECT value FROM json_each(?))",
  parameters: [JSON.stringify(seqs)],
});

/** The words of a memory: its own, or the message's that it is. */
export const contentOf = ({ words }: Unsealed): string | null =>
  words === Erased ? null : String(words.content ?? words.text ?? "");

export class AgentMemory {
  readonly #host: MemoryHost;
  readonly #register: MemoryRegister;
  /** Who is in each room, as the room last said; nobody knows of the others. */
  readonly #present = new Map<RoomId, ReadonlyArray<Present> | null>();

  constructor(host: MemoryHost) {
    this.#host = host;
    this.#register = new MemoryRegister(host.ledger.tables, host.ledger, host.agentId);
  }

  /** A room said who is there. */
  present(roomId: RoomId, people: ReadonlyArray<Present> | null): void {
    this.#present.set(roomId, people);
  }

  /** The register, level with the log. */
  get register(): MemoryRegister {
    this.#register.catchUp();
    return this.#register;
  }

  /** Inside the transaction of these events: the keys of what is forgotten go with it. */
  forgetKeys(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    for (const { type, open } of events) {
      if (type === "MemoryForgotten") this.#host.ledger.forget(open.seqs);
      if (type === "MemoryRevised") this.#host.ledger.forget([open.replacesSeq]);
    }
  }

  /** Something was committed, in this breath: what was taken back with it is unreadable from here on. */
  committed(): void {
    this.#register.catchUp();
    // What a death kept from being forgotten is forgotten with the next commit; nobody could read it in between.
    this.#forgetAll({ where: "m.state = 'withdrawn'", parameters: [] }, "withdrawn");
  }

  /** Forgets everything about a person. */
  forgetAbout(userId: UserId): void {
    const where = "EXISTS (SELECT 1 FROM memory_people p WHERE p.user_id = ? AND p.seq = m.seq)";
    this.#forgetAll({ where, parameters: [userId] }, "erased");
  }

  /** A batch at a time; doing it again goes on where it stood. */
  #forgetAll({ where, parameters }: Scope, why: "withdrawn" | "erased"): void {
    const rows = this.#register.where(where, parameters, FORGOTTEN_AT_ONCE);
    // Each batch is a commit, after which this is called again.
    if (rows.length > 0 && this.forget(rows, why, String(rows[0]!.seq)).outcome === "accepted" && why === "erased")
      this.#forgetAll({ where, parameters }, why);
  }

  /** Forgets these memories, words and keys, in one commit. */
  forget(
    rows: ReadonlyArray<MemoryRow>,
    why: Extract<AgentCommand, { type: "ForgetMemories" }>["why"],
    label: string,
  ): Reply<Committed> | NeedKeys {
    return this.#host.commit({
      type: "ForgetMemories",
      meta: this.#host.meta(`forget/${label}`),
      memoryIds: rows.map(({ memoryId }) => memoryId),
      seqs: rows.map(({ seq }) => seq),
      why,
    });
  }

  get retentionDays(): number {
    return retentionOf(this.#host.ledger.state, this.#host.retentionDays ?? RETENTION_DAYS);
  }

  /** What may be read at all just now. */
  inForce(): Scope {
    return inForce(this.#host.now(), this.retentionDays);
  }

  /** Those of these memories that may still be shown. */
  live(memoryIds: ReadonlyArray<string>): ReadonlySet<string> {
    const named = { where: "m.memory_id IN (SELECT value FROM json_each(?))", parameters: [JSON.stringify(memoryIds)] };
    const { where, parameters } = both(named, this.inForce());
    return new Set(this.register.where(where, parameters, memoryIds.length + 1).map(({ memoryId }) => memoryId));
  }

  /** What may be called to mind in a room just now. */
  #scopeIn(roomId: RoomId): Scope {
    const people = this.#present.get(roomId);
    return both(this.inForce(), mayHear(roomId, people?.map(({ userId }) => userId) ?? null));
  }

  /** Searches everything in scope; the same for turns and for the owner. */
  search(scope: Scope, text: string, limit: number): Effect.Effect<ReadonlyArray<Found>, KeyFailure> {
    return Effect.suspend(() => {
      const rows = this.register.where(scope.where, scope.parameters, LOOKED_AT);
      return Effect.map(this.open(rows), (found) => best(found, text, limit));
    });
  }

  /** These memories with their words, without those that cannot be read any more. */
  open(rows: ReadonlyArray<MemoryRow>): Effect.Effect<ReadonlyArray<Opened>, KeyFailure> {
    return Effect.map(this.#host.reveal(rows.map(({ seq }) => seq)), (found) => {
      const contents = new Map(found.map((unsealed) => [unsealed.event.seq, contentOf(unsealed)]));
      return rows.flatMap((row) => {
        const content = contents.get(row.seq);
        return content == null ? [] : [{ row, content }];
      });
    });
  }

  /** The port of a turn. */
  recall(): Recall["Service"] {
    return {
      search: ({ text, limit, roomId, without }) =>
        this.search(both(this.#scopeIn(roomId), notAmong(without)), text, limit).pipe(
          Effect.map((found) =>
            found.map(({ row, content }) => ({ memoryId: row.memoryId as MemoryId, seq: row.seq, content })),
          ),
          Effect.mapError(({ detail }) => new RecallFailure({ detail })),
        ),
      tellable: (seqs, roomId) => {
        const chosen = { where: "m.seq IN (SELECT value FROM json_each(?))", parameters: [JSON.stringify(seqs)] };
        const { where, parameters } = both(chosen, this.#scopeIn(roomId));
        return this.register.where(where, parameters, seqs.length + 1).map(({ seq }) => seq);
      },
    };
  }

  /** The port of a turn. */
  former(): MemoryFormer["Service"] {
    return {
      form: ({ text }) => requestsIn(text),
      episode: ({ text, roomId }) => ({ importance: 0.3, names: this.named(text, roomId) }),
    };
  }

  /** The people of a room whose names stand in a text. */
  named(text: string, roomId: RoomId): ReadonlyArray<UserId> {
    const people = this.#present.get(roomId) ?? [];
    const words = new Set(wordsOf(text));
    return people
      .filter(({ name }) => {
        const [first] = wordsOf(name);
        return first !== undefined && words.has(first);
      })
      .map(({ userId }) => userId);
  }
}
