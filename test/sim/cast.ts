/** The house's own actor classes, unchanged, with the abilities and keys that a simulated run gives them; built by the platform. */
import type { Layer } from "effect";
import { AgentActor } from "#actors/agent/agent.ts";
import type { Abilities } from "#actors/agent/runtime.ts";
import type { ActorEnv } from "#actors/kit/doors.ts";
import { RoomActor } from "#actors/room/room.ts";
import { SystemActor } from "#actors/system/system.ts";
import { UserActor } from "#actors/user/user.ts";
import { type KeyEncryptionKeys, VaultActor } from "#actors/vault/vault.ts";
import { RETENTION_DAYS } from "#events/agent/memory.ts";
import type { Actor, Kind } from "./instance.ts";

/** What an instance finds in its environment: the stubs carry who it is. */
export interface SimulatedEnv extends ActorEnv {
  readonly abilities: Layer.Layer<Abilities>;
  readonly keyEncryptionKeys: KeyEncryptionKeys;
}

class Agent extends AgentActor<SimulatedEnv> {
  protected override abilities({ abilities }: SimulatedEnv): Layer.Layer<Abilities> {
    return abilities;
  }

  protected override retentionDays(): number {
    return RETENTION_DAYS;
  }
}

class Vault extends VaultActor<SimulatedEnv> {
  protected override keyEncryptionKeys({ keyEncryptionKeys }: SimulatedEnv): KeyEncryptionKeys {
    return keyEncryptionKeys;
  }
}

const classes = { AGENT: Agent, ROOM: RoomActor, USER: UserActor, SYSTEM: SystemActor, VAULT: Vault };

/** A new instance of this kind. @throws what its constructor throws. */
export const actorOf = (kind: Kind, ctx: DurableObjectState, env: SimulatedEnv): Actor =>
  new classes[kind](ctx, env) as unknown as Actor;
