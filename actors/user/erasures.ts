/** The erasing of a person: their key destroyed at the Vault, every stream and every agent told, and the receipt; owned by UserActor. */

import type { RecordedOf } from "#events/kit/envelope.ts";
import { type AgentId, type ErasureId, userName } from "#events/kit/ids.ts";
import type { Erasing, UserCommand } from "#events/user/commands.ts";
import type { UserEvent } from "#events/user/events.ts";
import type { UserRefusal } from "#events/user/refusals.ts";
import type { UserState } from "#events/user/state.ts";
import type { ActorEnv } from "../kit/doors.ts";
import type { ErasureReceipt, Forgotten, Shredding } from "../kit/key-doors.ts";
import type { Ledger } from "../kit/ledger.ts";
import { openableWith, shred, unreadableAt, whatRemains } from "../kit/receipts.ts";

/** How long the Vault may take to reach the streams before it answers how far it is. */
const REACHED_WITHIN_MS = 2_000;

type Requested = Extract<RecordedOf<UserEvent>, { readonly type: "ErasureRequested" }>;
type Completed = Extract<RecordedOf<UserEvent>, { readonly type: "ErasureCompleted" }>;
type Streams = ErasureReceipt["streams"];

const AGENT = "agent:";
/** Of an agent that could not be asked. */
const unknown = { forgotten: null, left: null, elsewhere: null, indexesLeft: null };
/** Of one that was never made. */
const nothing: Forgotten = { forgotten: 0, left: 0, elsewhere: 0, indexesLeft: [] };

export interface ErasingPerson {
  readonly env: ActorEnv;
  readonly ledger: Ledger<UserState, UserCommand, UserEvent, UserRefusal>;
  readonly complete: (erasureId: ErasureId, erasing: Erasing, cause: Requested) => Promise<void>;
}

export class Erasures {
  readonly #person: ErasingPerson;

  constructor(person: ErasingPerson) {
    this.#person = person;
  }

  /**
   * Has the key of this erasure destroyed, and completes it when every stream has confirmed, and no agent has anything left of
   * the person, be it in the index elsewhere that it asks: what is left with another one is for the receipt alone. Doing it again goes on where it stood. @throws while one has.
   */
  async goOn(requested: Requested): Promise<void> {
    const { erasureId, userId } = requested.open;
    if (this.#completed(erasureId) !== undefined) return;
    const told = await this.#shred(requested, REACHED_WITHIN_MS);
    const confirmed = told.streams.flatMap(({ stream, confirmedAt }) =>
      confirmedAt === null ? [] : [{ stream, confirmedAt }],
    );
    const left = told.streams.length - confirmed.length;
    if (left > 0) throw new Error(`${left} streams have not forgotten ${userName(userId)} yet`);
    const asked = await this.#agents(requested, told.streams);
    const agents = asked.flatMap(({ agentId, forgotten, left: there, elsewhere }) =>
      forgotten !== null && there === 0 && elsewhere === 0 ? [{ agentId, forgotten }] : [],
    );
    const remembering = asked.length - agents.length;
    if (remembering > 0) throw new Error(`${remembering} agents have not forgotten ${userName(userId)} yet`);
    await this.#person.complete(erasureId, { ...told, streams: confirmed, agents }, requested);
  }

  /**
   * Tells every agent that had met the person that it may not remember them, and has it say how far it has forgotten them. Some
   * hold no word under the person's own key, and hear of it in no other way.
   */
  #agents({ at, open: { userId, erasureId } }: Requested, streams: Streams): Promise<ErasureReceipt["agents"]> {
    const { env, ledger } = this.#person;
    const borrowers = streams.flatMap(({ stream }) => (stream.startsWith(AGENT) ? [stream.slice(AGENT.length)] : []));
    const met = [...new Set([...Object.keys(ledger.state.consents), ...borrowers])].toSorted() as AgentId[];
    return Promise.all(
      met.map(async (agentId) => {
        const note = env.AGENT.getByName(agentId).noteConsent(`${erasureId}/consent`, userId, false, at);
        const reply = await note.catch(() => null);
        if (reply === null) return { agentId, ...unknown };
        return { agentId, ...(reply.outcome === "refused" ? nothing : reply.value) };
      }),
    );
  }

  /** The receipt as it stands; undefined when there is no such erasure. */
  async receipt(id: string): Promise<ErasureReceipt | undefined> {
    const requested = this.#all<Requested>("ErasureRequested").find(({ open }) => open.erasureId === id);
    if (requested === undefined) return undefined;
    const completed = this.#completed(id);
    // Without an answer of the Vault it is not known how far it is; that it was asked for is.
    const shredding = completed?.open ?? (await this.#shred(requested, 0).catch(() => undefined));
    const agents =
      completed === undefined
        ? await this.#agents(requested, shredding?.streams ?? [])
        : await this.#done(completed.open.agents ?? []);
    return {
      ...{ id: requested.open.erasureId, subject: userName(requested.open.userId) },
      requestedAt: requested.at,
      unreadableAt: shredding === undefined ? null : unreadableAt(shredding),
      completedAt: completed?.at ?? null,
      streams: shredding?.streams ?? [],
      agents,
      generations: shredding?.generations ?? [],
      fingerprints: shredding?.fingerprints ?? [],
      whatRemains: whatRemains(
        completed?.at ?? null,
        shredding === undefined
          ? null
          : await openableWith(this.#person.env, userName(requested.open.userId), shredding),
        agents.flatMap(({ indexesLeft }) => indexesLeft ?? []),
      ),
    };
  }

  /** Agents that had forgotten the person by then; what an index holds that nobody asks is as it is today. */
  #done(agents: NonNullable<Completed["open"]["agents"]>): Promise<ErasureReceipt["agents"]> {
    return Promise.all(
      agents.map(async (agent) => {
        const left = this.#person.env.AGENT.getByName(agent.agentId).indexesLeft();
        return { ...nothing, ...agent, indexesLeft: await left.catch(() => null) };
      }),
    );
  }

  #shred({ open, id }: Requested, waitMs: number): Promise<Shredding> {
    const subject = userName(open.userId);
    return shred(this.#person.env, subject, { by: subject, causation: id }, waitMs);
  }

  #completed(id: string): Completed | undefined {
    return this.#all<Completed>("ErasureCompleted").find(({ open }) => open.erasureId === id);
  }

  /** There are at most a few in a life. */
  #all<Event extends Requested | Completed>(type: Event["type"]): ReadonlyArray<Event> {
    return this.#person.ledger.read(0, Number.MAX_SAFE_INTEGER, [type]) as ReadonlyArray<Event>;
  }
}
