/** The composition root: binds the adapters to the actors, exports them, and opens the doors. */
import { Layer } from "effect";
import { AgentActor } from "#actors/agent/agent.ts";
import type { Abilities } from "#actors/agent/runtime.ts";
import type { ActorEnv, Principal } from "#actors/kit/doors.ts";
import { RoomActor } from "#actors/room/room.ts";
import { SystemActor } from "#actors/system/system.ts";
import { UserActor } from "#actors/user/user.ts";
import { type KeyEncryptionKeys, VaultActor } from "#actors/vault/vault.ts";
import { settingsOf, type Variables } from "./env.ts";
import { answer } from "./http/entry.ts";
import { isForPage, pageFor } from "./http/page.ts";
import { embedderLayer } from "./memory/embedder.ts";
import { rerankerLayer } from "./memory/reranker.ts";
import { vectorIndexLayer } from "./memory/vector-index.ts";
import { moderatorLayer } from "./models/moderator.ts";
import { chatModelLayer } from "./models/route.ts";
import { toolboxLayer } from "./tools/shelf.ts";

export interface Env extends ActorEnv, Variables {
  /** The page and what belongs to it. */
  readonly ASSETS?: Fetcher;
}

/** Built once per isolate and shared by its agents: SDK clients are not cheap. */
const abilities = new WeakMap<Env, Layer.Layer<Abilities>>();

export class Agent extends AgentActor<Env> {
  protected override abilities(env: Env): Layer.Layer<Abilities> {
    const known = abilities.get(env);
    if (known !== undefined) return known;
    const { models, embeddings, vectorIndex } = settingsOf(env);
    const made = Layer.mergeAll(
      chatModelLayer(models),
      toolboxLayer,
      moderatorLayer(models.openai),
      rerankerLayer(models.cloudflare),
      Layer.provideMerge(vectorIndexLayer(vectorIndex), embedderLayer(embeddings)),
    );
    abilities.set(env, made);
    return made;
  }

  protected override retentionDays(env: Env): number {
    return settingsOf(env).retentionDays;
  }
}

export class Room extends RoomActor<Env> {}

export class User extends UserActor<Env> {}

export class System extends SystemActor<Env> {}

export class Vault extends VaultActor<Env> {
  protected override keyEncryptionKeys(env: Env): KeyEncryptionKeys {
    return settingsOf(env).keyEncryptionKeys;
  }
}

/** People this isolate has already introduced to their own actor; forgetting some only means introducing them again. */
const introduced = new Set<string>();

export default {
  fetch(request, env, context) {
    // Files that are there Cloudflare sends by itself (wrangler.toml); on a developer's machine nobody stands in front.
    if (env.ASSETS !== undefined && isForPage(request)) return pageFor(request, env.ASSETS);
    return answer(request, env, (principal: Principal) => {
      if (introduced.has(principal.userId)) return;
      if (introduced.size > 10_000) introduced.clear();
      introduced.add(principal.userId);
      const arrival = env.USER.getByName(principal.userId).arrive(principal);
      context.waitUntil(arrival.catch(() => void introduced.delete(principal.userId)));
    });
  },
} satisfies ExportedHandler<Env>;
