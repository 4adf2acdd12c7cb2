/** What a description of a memory says is over: as soon as it was said, and to each person only by what is theirs to see. */
import { beforeEach, describe, expect, it } from "vitest";
import { MemoryDoor } from "#actors/agent/memory/door.ts";
import type { Reply } from "#actors/kit/reply.ts";
import type { Unsealed } from "#events/kit/envelope.ts";
import { userName } from "#events/kit/ids.ts";
import { ada, dana, eli } from "../support/given.ts";
import { metaFor } from "../support/ledger-fixture.ts";
import { DAY, Remembering } from "../support/remembering.ts";

let agent = new Remembering();
beforeEach(() => {
  agent = new Remembering();
});

const by = (userId: typeof dana) => ({ userId, name: "", roles: [] });
const door = () =>
  new MemoryDoor({
    ...{ ledger: agent.ledger, memory: agent.memory, agentId: () => ada, now: () => agent.now },
    isOwner: ({ userId }) => userId === dana,
    commit: (command) => agent.ledger.commit(command),
    meta: (id, who) => metaFor(id, who),
    fetchKeys: async () => {},
    revealed: async (seqs) => agent.ledger.reveal(seqs) as ReadonlyArray<Unsealed>,
  });

async function answered<A>(reply: Promise<Reply<A>>): Promise<A> {
  const answer = await reply;
  if (answer.outcome !== "accepted") throw new Error(answer.outcome);
  return answer.value;
}

describe("a fact that was put right", () => {
  it("is over in every answer at once, without a sweep, and says what took its place", async () => {
    const bern = agent.add("Dana lives in Bern.");
    agent.now += DAY;
    const rome = agent.add("Dana moved to Rome.");
    const over = { memoryId: bern, validTo: agent.now, supersededBy: rome };
    const { memories } = await answered(door().list(by(dana), { state: "live", limit: 10 }));
    expect(memories).toMatchObject([{ memoryId: rome, validTo: null, supersededBy: null }, over]);
    expect((await answered(door().explain(by(dana), bern))).memory).toMatchObject(over);
    const { found } = await answered(door().search(by(dana), { text: "Bern", limit: 1, minSimilarity: 0.1 }));
    expect(found.map(({ memory }) => memory)).toMatchObject([over]);
    const mine = await answered(door().about(by(dana), { limit: 10 }));
    expect(mine.memories.map(({ memory }) => memory)).toMatchObject([{ memoryId: rome, validTo: null }, over]);
  });

  it("holds again when what put it right is forgotten", async () => {
    const bern = agent.add("Dana lives in Bern.");
    agent.now += DAY;
    const rome = agent.add("Dana moved to Rome.");
    await answered(door().forget(by(dana), "forget", rome));
    const { memories } = await answered(door().list(by(dana), { state: "live", limit: 10 }));
    expect(memories).toMatchObject([{ memoryId: bern, validTo: null, supersededBy: null }]);
  });

  it("is not over to a person by what is only others' to see", async () => {
    agent.tell({ type: "NoteConsent", userId: eli, granted: true });
    const told = { speaker: userName(dana), about: [dana] };
    const bern = agent.add("Eli lives in Bern.", { ...told, about: [dana, eli] });
    agent.now += DAY;
    agent.add("Eli moved to Rome.", told);
    const { memories } = await answered(door().list(by(dana), { state: "live", limit: 10 }));
    expect(memories.find(({ memoryId }) => memoryId === bern)?.validTo).toBe(agent.now);
    const hers = await answered(door().about(by(eli), { limit: 10 }));
    expect(hers.memories.map(({ memory }) => memory)).toMatchObject([{ memoryId: bern, validTo: null }]);
  });
});
