/** AgentErasures: the receipts of what an agent forgot, read off its log: memories, notes, and the agent itself; owned by AgentActor. */
import type { AgentCommand } from "#events/agent/commands.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { type ActorName, type AgentId, agentName, seqOf, userName } from "#events/kit/ids.ts";
import type { ActorEnv } from "../kit/doors.ts";
import type { AgentErasure, ErasurePage } from "../kit/key-doors.ts";
import { vaultOf } from "../kit/keys.ts";
import type { Ledger } from "../kit/ledger.ts";
import type { Principal } from "../kit/principal.ts";
import { allConfirmedAt, openableWith, shred, unreadableAt, whatRemains } from "../kit/receipts.ts";
import { accepted, type Reply, refused } from "../kit/reply.ts";
import type { Embeddings } from "./memory/embedding/embeddings.ts";
import { ERASING, type ErasureEvent, isErasure } from "./memory/erasure-events.ts";

const unknownErasure = { _tag: "AgentUnknown", message: "There was no such erasure." };

/** What receipts need of their agent. */
export interface ErasingAgent {
  readonly env: ActorEnv;
  readonly ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
  readonly agentId: () => AgentId;
  readonly embeddings: () => Pick<Embeddings, "standing" | "indexesLeft" | "removedAt">;
  /** Whether the log may be read: by the owner, also when the agent is gone, and by auditors. */
  readonly mayRead: (by: Principal) => boolean;
  readonly unknownAgent: { readonly _tag: string; readonly message: string };
}

/** What is the same of all receipts that are asked for at once. */
interface Standing {
  readonly elsewhere: number;
  readonly indexesLeft: ReadonlyArray<string>;
}

export class AgentErasures {
  readonly #agent: ErasingAgent;

  constructor(agent: ErasingAgent) {
    this.#agent = agent;
  }

  /** A page of receipts, the newest first. */
  async list(
    by: Principal,
    { limit, before = Number.MAX_SAFE_INTEGER }: { readonly limit: number; readonly before?: number },
  ): Promise<Reply<ErasurePage>> {
    const { ledger, mayRead, unknownAgent } = this.#agent;
    if (!mayRead(by)) return refused(unknownAgent);
    const found = ERASING.flatMap((type) => this.#newest(type, limit + 1, before));
    const events = found.toSorted((left, right) => right.seq - left.seq).slice(0, limit + 1);
    const shown = events.slice(0, limit);
    const next = events.length > limit ? shown.at(-1)!.seq : null;
    return accepted({ erasures: await this.#receipts(shown), next }, ledger.head);
  }

  /** One receipt, also for the person who asked for it; whoever may not read it learns nothing of the agent. */
  async one(by: Principal, id: string): Promise<Reply<AgentErasure>> {
    const { ledger, mayRead, unknownAgent } = this.#agent;
    const seq = seqOf(id);
    const [event] = seq > 0 && seq <= ledger.head ? ledger.read(seq - 1, 1) : [];
    const isThere = event !== undefined && event.id === id && isErasure(event);
    if (!mayRead(by) && !(isThere && event.actor === userName(by.userId))) return refused(unknownAgent);
    if (!isThere) return refused(unknownErasure);
    return accepted((await this.#receipts([event]))[0]!, ledger.head);
  }

  #newest(type: ErasureEvent["type"], limit: number, before: number): ReadonlyArray<ErasureEvent> {
    const found: ErasureEvent[] = [];
    for (let from = before; found.length < limit; ) {
      const events = this.#agent.ledger.newest(type, limit, from);
      found.push(...events.filter(isErasure));
      if (events.length < limit) break;
      from = events.at(-1)!.seq;
    }
    return found;
  }

  async #receipts(events: ReadonlyArray<ErasureEvent>): Promise<ReadonlyArray<AgentErasure>> {
    const { env, agentId, embeddings } = this.#agent;
    const subject = agentName(agentId());
    const moments = events.map(({ at }) => at);
    // The Vaults turn their keys together: what holds for the agent's own holds for those of the people.
    const vault = env.VAULT.getByName(vaultOf(subject));
    const openable = await vault.keysAt(subject, moments).catch(() => null);
    const { going, removed } = embeddings().standing();
    const standing = { elsewhere: going + removed, indexesLeft: embeddings().indexesLeft() };
    return Promise.all(
      events.map((event, index) =>
        event.type === "AgentDeleted"
          ? this.#ofAgent(event, standing)
          : this.#ofWords(event, openable?.[index] ?? null, standing),
      ),
    );
  }

  /** Words went with their keys in the commit itself. */
  #ofWords(
    event: Exclude<ErasureEvent, { readonly type: "AgentDeleted" }>,
    openable: ReadonlyArray<number> | null,
    standing: Standing,
  ): AgentErasure {
    // Notes were never embedded.
    const { elsewhere, indexesLeft } =
      event.type === "SummariesForgotten" ? { elsewhere: 0, indexesLeft: [] } : standing;
    return {
      ...{ ...this.#common(event), ...contentOf(event), elsewhere },
      unreadableAt: event.at,
      completedAt: event.type === "SummariesForgotten" ? event.at : this.#agent.embeddings().removedAt(event),
      ...{ streams: [], generations: [], fingerprints: [] },
      whatRemains: whatRemains(event.at, openable, indexesLeft),
    };
  }

  /** Its own words, wherever it said them, went with its key: every stream that holds it is told. */
  async #ofAgent(
    event: Extract<ErasureEvent, { readonly type: "AgentDeleted" }>,
    { elsewhere, indexesLeft }: Standing,
  ): Promise<AgentErasure> {
    const { env, agentId, embeddings } = this.#agent;
    const subject = agentName(agentId());
    const order = { by: event.actor, causation: event.id };
    // Without an answer of the Vault it is not known how far it is; that it was asked for is.
    const shredding = await shred(env, subject, order, 0).catch(() => undefined);
    const gone = shredding === undefined ? null : unreadableAt(shredding);
    const confirmed = shredding === undefined ? null : allConfirmedAt(shredding.streams);
    // Its own stream is one of them, and has told its index by then.
    const removed = confirmed === null ? null : embeddings().removedAt(event);
    return {
      ...{ ...this.#common(event), elsewhere, what: "agent", why: "asked", memoryIds: [], roomId: null },
      unreadableAt: gone,
      completedAt: confirmed === null || removed === null ? null : Math.max(event.at, confirmed, removed),
      streams: shredding?.streams ?? [],
      generations: shredding?.generations ?? [],
      fingerprints: shredding?.fingerprints ?? [],
      whatRemains: whatRemains(
        gone,
        shredding === undefined ? null : await openableWith(env, subject, shredding),
        indexesLeft,
      ),
    };
  }

  #common({ id, at, actor }: RecordedOf<AgentEvent>) {
    const requestedBy: ActorName | null = actor.startsWith("user:") ? actor : null;
    return { id, agentId: this.#agent.agentId(), requestedBy, requestedAt: at };
  }
}

function contentOf(
  event: Exclude<ErasureEvent, { readonly type: "AgentDeleted" }>,
): Pick<AgentErasure, "what" | "why" | "memoryIds" | "roomId"> {
  switch (event.type) {
    case "MemoryForgotten":
      return { what: "memories", why: event.open.why, memoryIds: event.open.memoryIds, roomId: null };
    case "MemoryRevised":
      return { what: "words", why: "corrected", memoryIds: [event.open.memoryId], roomId: null };
    case "SummariesForgotten":
      return { what: "notes", why: event.open.why, memoryIds: [], roomId: event.open.roomId };
  }
}
