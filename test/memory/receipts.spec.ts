/** What the receipts of an agent say while the Vault or an index elsewhere is behind, or cannot be asked. */
import { describe, expect, it } from "@effect/vitest";
import { AgentErasures } from "#actors/agent/erasures.ts";
import type { ActorEnv } from "#actors/kit/doors.ts";
import type { AgentErasure, Confirmation, VaultDoor } from "#actors/kit/key-doors.ts";
import { agentName } from "#events/kit/ids.ts";
import { accepted, doorOf, owner } from "../support/answering.ts";
import { ada } from "../support/given.ts";
import { DAY, Remembering } from "../support/remembering.ts";

const away = (): Promise<never> => Promise.reject(new Error("away"));
const MINUTE = 60_000;

/** The receipt of the newest erasure, with this Vault, and an index that was seen without all since then; null: not yet. */
async function newest(agent: Remembering, vault: Partial<VaultDoor>, removedAt: number | null): Promise<AgentErasure> {
  const answering = { keysAt: away, keysUpTo: away, shred: away, ...vault };
  const erasures = new AgentErasures({
    env: { VAULT: { getByName: () => answering } } as unknown as ActorEnv,
    ...{ ledger: agent.ledger, agentId: () => ada, mayRead: () => true },
    unknownAgent: { _tag: "AgentUnknown", message: "" },
    embeddings: () => ({
      standing: () => ({ due: 4, there: 3, going: removedAt === null ? 2 : 0, removed: removedAt === null ? 1 : 0 }),
      indexesLeft: () => ["another", "another"],
      removedAt: () => removedAt,
    }),
  });
  const reply = await erasures.list(owner, { limit: 1 });
  if (reply.outcome === "refused") throw new Error(reply.refusal._tag);
  return reply.value.erasures[0]!;
}

describe("the receipt of a memory", () => {
  const forgetting = async () => {
    const agent = new Remembering();
    accepted(await doorOf(agent).forget(owner, "delete", agent.add("The kayak is called Vera.")));
    return { agent, at: agent.of("MemoryForgotten")[0]!.at };
  };

  it("says that nobody can read it, also while the Vault is away and the index has not confirmed", async () => {
    const { agent, at } = await forgetting();
    expect(await newest(agent, {}, null)).toMatchObject({
      ...{ unreadableAt: at, completedAt: null, elsewhere: 3 },
      whatRemains: { restorableUntil: at + 30 * DAY, openableWith: null, indexesLeft: ["another"] },
    });
  });

  it("is complete when the index was seen without it", async () => {
    const { agent, at } = await forgetting();
    const asked: unknown[] = [];
    const keysAt: VaultDoor["keysAt"] = async (...question) => {
      asked.push(question);
      return [[1, 2]];
    };
    expect(await newest(agent, { keysAt }, at + 5)).toMatchObject({
      ...{ unreadableAt: at, completedAt: at + 5, elsewhere: 0, whatRemains: { openableWith: [1, 2] } },
    });
    expect(asked).toEqual([[agentName(ada), [at]]]);
  });
});

describe("the receipt of an agent", () => {
  const deleted = () => {
    const agent = new Remembering();
    agent.tell({ type: "DeleteAgent" });
    return { agent, at: agent.of("AgentDeleted")[0]!.at };
  };
  const shredding = (shreddedAt: number, streams: ReadonlyArray<Confirmation>): Partial<VaultDoor> => ({
    shred: async () => ({ shreddedAt, streams, generations: [1, 2], fingerprints: ["aa", "bb"], kek: 7 }),
    keysUpTo: async (kek) => [kek],
  });

  it("does not say what only the Vault knows while that is away", async () => {
    const { agent, at } = deleted();
    expect(await newest(agent, {}, at)).toMatchObject({
      ...{ requestedAt: at, unreadableAt: null, completedAt: null, streams: [], generations: [] },
      whatRemains: { restorableUntil: null, openableWith: null },
    });
  });

  it("is open while a stream has not confirmed, which reads for five minutes more at most", async () => {
    const { agent, at } = deleted();
    const streams = [
      { stream: "room:a", confirmedAt: at + 20 },
      { stream: "room:b", confirmedAt: null },
    ];
    expect(await newest(agent, shredding(at + 10, streams), at)).toMatchObject({
      ...{ unreadableAt: at + 10 + 5 * MINUTE, completedAt: null, streams },
    });
  });

  it("is open while the index has not confirmed, and complete with the last of both", async () => {
    const { agent, at } = deleted();
    const told = shredding(at + 10, [{ stream: "room:a", confirmedAt: at + 20 }]);
    expect(await newest(agent, told, null)).toMatchObject({ unreadableAt: at + 20, completedAt: null });
    expect(await newest(agent, told, at + 30)).toMatchObject({
      ...{ unreadableAt: at + 20, completedAt: at + 30, generations: [1, 2], fingerprints: ["aa", "bb"] },
      whatRemains: { restorableUntil: at + 20 + 30 * DAY, openableWith: [7] },
    });
    expect(await newest(agent, told, at)).toMatchObject({ completedAt: at + 20 });
  });
});
