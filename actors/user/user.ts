/** UserActor: what the house knows of a person. For now that they came; the inbox and consent move in later. */
import { Redacted } from "effect";
import { Erased, type RecordedOf } from "#events/kit/envelope.ts";
import { userName } from "#events/kit/ids.ts";
import type { UserCommand } from "#events/user/commands.ts";
import { user } from "#events/user/decide.ts";
import type { UserEvent } from "#events/user/events.ts";
import type { UserState } from "#events/user/state.ts";
import { Actor } from "../kit/actor.ts";
import { now } from "../kit/clock.ts";
import type { ActorEnv, Principal, UserDoor } from "../kit/doors.ts";
import { addReadModels, readModelFeeds } from "../kit/read-models.ts";

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
