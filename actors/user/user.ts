/** UserActor: what the house knows of a person: that they came, and who may remember them. */
import { Redacted } from "effect";
import { AgentUnknown } from "#events/agent/refusals.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import { Erased, type RecordedOf } from "#events/kit/envelope.ts";
import { type ActorName, type AgentId, agentName, type RoomId, type UserId, userName } from "#events/kit/ids.ts";
import type { UserCommand } from "#events/user/commands.ts";
import { user } from "#events/user/decide.ts";
import type { UserEvent } from "#events/user/events.ts";
import type { UserState } from "#events/user/state.ts";
import { Actor } from "../kit/actor.ts";
import { now } from "../kit/clock.ts";
import type { ActorEnv, ConsentView, Principal, UserDoor } from "../kit/doors.ts";
import { addReadModels, readModelFeeds } from "../kit/read-models.ts";
import { accepted, type Reply, refused } from "../kit/reply.ts";

/** The feed that tells agents what the person decided. */
const AGENTS = "agents";

export class UserActor<Env extends ActorEnv = ActorEnv>
  extends Actor<UserState, UserCommand, UserEvent, never, Env>
  implements UserDoor
{
  #arriving: Promise<void> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, user);
    addReadModels(this.feeds, this.ledger, "user", env.DB);
    this.feeds.add({
      name: "system",
      deliver: async (_events, { to }) => {
        await env.SYSTEM.getByName("root").register("user", String(ctx.id.name));
        return to;
      },
    });
    this.feeds.add({
      name: AGENTS,
      wants: new Set<UserEvent["type"]>(["ConsentDecided"]),
      deliver: async (events, { to }) => {
        const userId = ctx.id.name as UserId;
        for (const event of events as ReadonlyArray<RecordedOf<UserEvent>>)
          if (event.type === "ConsentDecided") {
            const { agentId, granted } = event.open;
            await env.AGENT.getByName(agentId).noteConsent(`${userId}/consent/${event.seq}`, userId, granted);
          }
        return to;
      },
    });
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
    const id = `${by.userId}/arrive`;
    await this.commit({
      type: "Arrive",
      meta: { id, at: now(), by: userName(by.userId), correlation: id, causation: null },
      userId: by.userId,
      words: Redacted.make({ name: by.name }),
    });
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
      // Whoever guesses names must not fill the person's log.
      if (!known && (await this.env.AGENT.getByName(agentId).introduce()) === null) return refused(new AgentUnknown());
      const meta = this.#meta(commandId, userName(by.userId));
      const reply = await this.commit({ type: "DecideConsent", meta, agentId, granted });
      if (reply.outcome === "refused") return reply;
      await this.feeds.pump(AGENTS);
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

  #meta(id: string, by: ActorName): CommandMeta {
    return { id, at: now(), by, correlation: id, causation: null };
  }

  /** What the person is called; null for somebody who was never here. */
  displayName(): Promise<string | null> {
    return this.behindWall("displayName", async () => {
      await this.#arriving; // their first request may still be on its way through the Vault
      if (this.ledger.state.userId === null) return null;
      const [arrived] = await this.revealed([1]);
      return arrived === undefined || arrived.words === Erased ? "" : String(arrived.words.name ?? "");
    });
  }

  async settle(waitMs: number): Promise<void> {
    await this.readModelsLevel(waitMs);
  }

  protected override readModels(): ReadonlyArray<string> {
    return readModelFeeds("user");
  }

  protected override afterCommit(events: ReadonlyArray<RecordedOf<UserEvent>>): void {
    this.followLog(events);
  }
}
