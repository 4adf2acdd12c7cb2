/** SystemActor: the house as a whole. Keeps the catalogue of streams, for Durable Objects cannot be listed. */
import type { SystemCommand } from "#events/system/commands.ts";
import { system } from "#events/system/decide.ts";
import type { SystemEvent } from "#events/system/events.ts";
import type { SystemState } from "#events/system/state.ts";
import { Actor } from "../kit/actor.ts";
import { now } from "../kit/clock.ts";
import type { ActorEnv, SystemDoor } from "../kit/doors.ts";

type Kind = SystemEvent["open"]["kind"];

export class SystemActor<Env extends ActorEnv = ActorEnv>
  extends Actor<SystemState, SystemCommand, SystemEvent, never, Env>
  implements SystemDoor
{
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, system);
  }

  register(kind: Kind, name: string): Promise<void> {
    return this.#note("RegisterStream", kind, name);
  }

  retire(kind: Kind, name: string): Promise<void> {
    return this.#note("RetireStream", kind, name);
  }

  /** The command's id is the stream's own: however often a feed says it, it is noted once. */
  #note(type: SystemCommand["type"], kind: Kind, name: string): Promise<void> {
    return this.behindWall(type, async () => {
      const id = `${type}/${kind}:${name}`;
      const meta = { id, at: now(), by: "system:root" as const, correlation: id, causation: null };
      await this.commit({ type, meta, kind, name });
    });
  }
}
