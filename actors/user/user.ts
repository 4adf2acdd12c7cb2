/** UserActor: what the house knows of a person, who may remember them, and how they are forgotten. The inbox moves in later. */
import { Redacted } from "effect";
import { AgentUnknown } from "#events/agent/refusals.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import { Erased, type RecordedOf } from "#events/kit/envelope.ts";
import {
  type ActorName,
  type AgentId,
  agentName,
  type ErasureId,
  type RoomId,
  type UserId,
  userName,
} from "#events/kit/ids.ts";
import type { UserCommand } from "#events/user/commands.ts";
import { user } from "#events/user/decide.ts";
import type { UserEvent } from "#events/user/events.ts";
import type { UserRefusal } from "#events/user/refusals.ts";
import type { UserState } from "#events/user/state.ts";
import { Actor } from "../kit/actor.ts";
import { now } from "../kit/clock.ts";
import type { ActorEnv, ConsentView, Principal, UserDoor } from "../kit/doors.ts";
import type { Consumer } from "../kit/feeds.ts";
import type { ErasureReceipt } from "../kit/key-doors.ts";
import { vaultOf } from "../kit/keys.ts";
import { addReadModels, readModelFeeds } from "../kit/read-models.ts";
import { accepted, passedOn, type Reply, refused } from "../kit/reply.ts";
import { Erasures } from "./erasures.ts";

/** The feed that tells an agent what the person decided: each has its own, so that one that cannot be reached holds up no other. */
const feedOf = (agentId: AgentId): string => `agent:${agentId}`;
/** An answer to who asks to be erased: usually it is done by then, else the receipt says how far it is. */
const ANSWERED_WITHIN_MS = 3_000;

const unknownPerson = { _tag: "PersonUnknown", message: "There is no such person." };
const unknownErasure = { _tag: "PersonUnknown", message: "There was no such erasure." };
const notReached = {
  _tag: "AgentNotReached",
  message: "Your decision is kept, but the agent could not be told yet. It will be, as soon as it can be reached.",
  passing: true,
};

type Requested = Extract<RecordedOf<UserEvent>, { readonly type: "ErasureRequested" }>;

export class UserActor<Env extends ActorEnv = ActorEnv>
  extends Actor<UserState, UserCommand, UserEvent, UserRefusal, Env>
  implements UserDoor
{
  protected override readonly readModels = readModelFeeds("user");
  #arriving: Promise<void> | undefined;
  readonly #erasures: Erasures;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, user);
    this.#erasures = new Erasures({
      ...{ env, ledger: this.ledger },
      complete: async (erasureId, { shreddedAt, generations, fingerprints, kek, streams, agents }, { id }) => {
        const meta = { ...this.#meta(`${erasureId}/complete`, "system:vault"), correlation: id, causation: id };
        const erasing = { shreddedAt, generations, fingerprints, kek, streams, agents };
        await this.commit({ type: "CompleteErasure", meta, erasureId, ...erasing });
      },
    });
    addReadModels(this.feeds, this.ledger, "user", env.DB);
    this.feeds.add({
      name: "system",
      deliver: async (_events, { to }) => {
        await env.SYSTEM.getByName("root").register("user", String(ctx.id.name));
        return to;
      },
    });
    for (const agentId of Object.keys(this.ledger.state.consents)) this.#tell(agentId as AgentId, 0);
    this.feeds.add({
      name: "erasure",
      wants: new Set<UserEvent["type"]>(["ErasureRequested"]),
      deliver: async (events, { to }) => {
        for (const event of events) await this.#erasures.goOn(event as Requested);
        return to;
      },
    });
  }

  /** Adds the feed of an agent that the person has met, from behind a seq. */
  #tell(agentId: AgentId, after: number): void {
    const name = feedOf(agentId);
    if (this.feeds.names().includes(name)) return;
    const wants = new Set<UserEvent["type"]>(["ConsentDecided"]);
    const userId = this.ctx.id.name as UserId;
    const deliver: Consumer["deliver"] = async (events, { to }) => {
      for (const { type, seq, open } of events as ReadonlyArray<RecordedOf<UserEvent>>)
        if (type === "ConsentDecided" && open.agentId === agentId)
          await this.env.AGENT.getByName(agentId).noteConsent(`${userId}/consent/${seq}`, userId, open.granted);
      return to;
    };
    this.feeds.add({ name, wants, deliver }, after);
  }

  /** Notes a person's first coming; every later one changes nothing. */
  arrive(by: Principal): Promise<void> {
    this.#arriving ??= this.behindWall("arrive", () => this.#note(by)).finally(() => {
      this.#arriving = undefined;
    });
    return this.#arriving;
  }

  async #note(by: Principal): Promise<void> {
    if (this.ledger.state.userId !== null) return;
    const meta = this.#meta(`${by.userId}/arrive`, userName(by.userId));
    await this.commit({ type: "Arrive", meta, userId: by.userId, words: Redacted.make({ name: by.name }) });
  }

  requestConsent(commandId: string, agentId: AgentId, roomId: RoomId): Promise<boolean> {
    return this.behindWall("requestConsent", async () => {
      const meta = this.#meta(commandId, agentName(agentId));
      const reply = await this.commit({ type: "RequestConsent", meta, agentId, roomId });
      return reply.outcome === "accepted" && !reply.replayed && reply.value.to >= reply.value.from;
    });
  }

  decideConsent(by: Principal, commandId: string, agentId: AgentId, granted: boolean): Promise<Reply<ConsentView>> {
    return this.behindWall("decideConsent", async (): Promise<Reply<ConsentView>> => {
      const known = this.ledger.state.consents[agentId] !== undefined;
      // Whoever guesses names must not fill the person's log; and an agent that is gone remembers nobody any more.
      const introduced = () => this.env.AGENT.getByName(agentId).introduce(known ? undefined : by);
      if ((granted || !known) && (await introduced()) === null) return refused(new AgentUnknown());
      const meta = this.#meta(commandId, userName(by.userId));
      const reply = await this.commit({ type: "DecideConsent", meta, agentId, granted });
      if (reply.outcome === "refused") return reply;
      await this.feeds.pump(feedOf(agentId));
      if (this.feeds.position(feedOf(agentId)) < reply.seq) return refused(notReached);
      return accepted({ agentId, ...this.ledger.state.consents[agentId]! }, reply.seq, reply.replayed);
    });
  }

  consents(by: Principal): Promise<ReadonlyArray<ConsentView>> {
    return this.behindWall("consents", async () =>
      Object.entries(by.userId === this.ctx.id.name ? this.ledger.state.consents : {}).map(([agentId, consent]) => ({
        agentId: agentId as AgentId,
        ...consent,
      })),
    );
  }

  /** What the person is called, empty once they were erased; null for somebody who was never here. */
  displayName(): Promise<string | null> {
    return this.behindWall("displayName", async () => {
      await this.#arriving; // their first request may still be on its way through the Vault
      const { userId, nameSeq } = this.ledger.state;
      if (userId === null) return null;
      const [named] = await this.revealed([nameSeq]);
      return named === undefined || named.words === Erased ? "" : String(named.words.name ?? "");
    });
  }

  erase(by: Principal, commandId: string): Promise<Reply<ErasureReceipt>> {
    return this.behindWall("erase", async (): Promise<Reply<ErasureReceipt>> => {
      if (!this.#isSelf(by)) return refused(unknownPerson);
      const meta = this.#meta(commandId, userName(by.userId));
      const reply = await this.commit({ type: "RequestErasure", meta, userId: by.userId });
      if (reply.outcome === "refused") return reply;
      const late = new Promise((resolve) => setTimeout(resolve, ANSWERED_WITHIN_MS));
      const agents = Object.keys(this.ledger.state.consents).map((agentId) => feedOf(agentId as AgentId));
      await Promise.race([Promise.all(["erasure", ...agents].map((name) => this.feeds.pump(name))), late]);
      // The one that this command asked for, or the one that stood already.
      const [made] = reply.value.to < reply.value.from ? [] : this.ledger.read(reply.value.from - 1, 1);
      const id = (made as Requested | undefined)?.open.erasureId ?? this.ledger.state.erasure?.erasureId;
      return this.#receipt(id, reply.replayed);
    });
  }

  erasure(by: Principal, id: string): Promise<Reply<ErasureReceipt>> {
    return this.behindWall("erasure", async () => (this.#isSelf(by) ? this.#receipt(id) : refused(unknownPerson)));
  }

  standingErasure(by: Principal): Promise<ErasureId | null> {
    return this.behindWall("standingErasure", async () =>
      this.#isSelf(by) ? (this.ledger.state.erasure?.erasureId ?? null) : null,
    );
  }

  comeBack(by: Principal, commandId: string): Promise<Reply> {
    return this.behindWall("comeBack", async (): Promise<Reply> => {
      if (!this.#isSelf(by)) return refused(unknownPerson);
      const subject = userName(by.userId);
      if (this.ledger.state.erasure?.completed) {
        const last = this.ledger.read(0, Number.MAX_SAFE_INTEGER, ["ErasureCompleted"]).at(-1)!;
        await this.env.VAULT.getByName(vaultOf(subject)).admit(subject, { by: subject, causation: last.id });
        this.keys.again(subject);
      }
      const meta = this.#meta(commandId, subject);
      const words = Redacted.make({ name: by.name });
      const reply = await this.commit({ type: "ComeBack", meta, userId: by.userId, words });
      return passedOn(reply);
    });
  }

  async settle(waitMs: number): Promise<void> {
    await this.level(waitMs);
  }

  async #receipt(id: string | undefined, replayed = false): Promise<Reply<ErasureReceipt>> {
    const receipt = id === undefined ? undefined : await this.#erasures.receipt(id);
    return receipt === undefined ? refused(unknownErasure) : accepted(receipt, this.ledger.head, replayed);
  }

  #isSelf(by: Principal): boolean {
    return by.userId === (this.ctx.id.name as UserId);
  }

  #meta(id: string, by: ActorName): CommandMeta {
    return { id, at: now(), by, correlation: id, causation: null };
  }

  protected override afterCommit(events: ReadonlyArray<RecordedOf<UserEvent>>): void {
    for (const { type, seq, open } of events)
      if (type === "ConsentDecided" || type === "ConsentRequested") this.#tell(open.agentId, seq - 1);
    this.followLog(events);
  }
}
