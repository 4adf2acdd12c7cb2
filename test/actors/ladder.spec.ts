/** The crash ladder in the real runtime: every object dies before or after the k-th commit of a turn with a tool and a memory, for every k; the alarm finds it, and people see one reply. */
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Ledger } from "#actors/kit/ledger.ts";
import { agrees, bindings, eventsOf, eventually, messagesOf, newAgent, newRoom, person } from "../support/door.ts";
import { scripted, scriptedModel } from "./scripted-model.ts";

afterEach(() => vi.restoreAllMocks());

/**
 * Lets the objects die at a commit of the agent's or the room's log since now; tells when it has happened. A dead object
 * commits nothing more: until `buried` says that all objects were aborted, every commit of these logs fails.
 */
function doomed(streams: ReadonlyArray<string>, when: "before" | "after", rung: number) {
  let count = 0;
  let state: "alive" | "dead" | "buried" = "alive";
  const die = (): never => {
    state = "dead";
    throw new Error("the object dies here");
  };
  const { commit } = Ledger.prototype;
  vi.spyOn(Ledger.prototype, "commit").mockImplementation(function (this: Ledger<never, never, never, never>, command) {
    if (state === "buried" || !streams.includes(this.stream)) return commit.call(this, command) as never;
    if (state === "dead") return die();
    count += 1;
    const last = count === rung;
    if (last && when === "before") return die();
    const reply = commit.call(this, command);
    return last ? die() : (reply as never);
  });
  return {
    isDead: () => state === "dead",
    buried: () => {
      state = "buried";
    },
    commits: () => count,
  };
}

const QUESTION = "@Ada, remember that my lucky number is 7. What is 17 * 23?";

async function stage() {
  scriptedModel(({ said }, count) =>
    count > 1 && said.some((line) => line.includes("391"))
      ? { says: ["It is 391."] }
      : { says: [], calls: [{ id: "call_1", tool: "calculator", json: ['{"expression":"17 * 23"}'] }] },
  );
  const olga = await person("olga");
  const agent = await newAgent(olga, scripted("Ada", { capabilities: ["calculator"] }));
  await agrees(olga, agent);
  const room = await newRoom(olga, "private", { agents: [agent] });
  const ask = () => olga.post(`/rooms/${room.id}/messages`, { text: QUESTION, client_msg_id: "question" });
  const repliesNow = async () => (await messagesOf(olga, room.id)).filter(({ ai_generated }) => ai_generated);
  return { olga, agent, room, ask, repliesNow, streams: [`agent:${agent.id}`, `room:${room.id}`] };
}

describe("a turn in the real runtime", () => {
  it.each([
    "before",
    "after",
  ] as const)("that dies %s any of its commits ends with one reply, a whole chain, and nothing lost", async (when) => {
    const undisturbed = await stage();
    const counting = doomed(undisturbed.streams, "after", Number.POSITIVE_INFINITY);
    await undisturbed.ask();
    await eventually("the reply", async () => ((await undisturbed.repliesNow()).length > 0 ? true : undefined));
    await eventually("the end", async () =>
      (await eventsOf(undisturbed.olga, "agents", undisturbed.agent.id)).at(-1)?.type === "TurnCompleted"
        ? true
        : undefined,
    );
    const rungs = counting.commits();
    vi.restoreAllMocks();
    expect(rungs).toBeGreaterThan(10);
    for (let rung = 1; rung <= rungs; rung++) {
      const { olga, agent, room, ask, repliesNow, streams } = await stage();
      const death = doomed(streams, when, rung);
      const answer = await ask().catch(() => undefined);
      await eventually(`death at commit ${rung}`, () => (death.isDead() ? true : undefined));
      await abortAllDurableObjects();
      death.buried();
      if (answer?.status !== 201) expect((await ask()).status).toBe(201); // nobody was told: it is said again
      const stubs = [bindings.ROOM.getByName(room.id), bindings.AGENT.getByName(agent.id)];
      await eventually(`the reply after death at commit ${rung}`, async () => {
        for (const stub of stubs) await runDurableObjectAlarm(stub);
        return (await eventsOf(olga, "agents", agent.id)).at(-1)?.type === "TurnCompleted" ? true : undefined;
      });
      expect(await repliesNow()).toMatchObject([{ text: "It is 391.", author_id: agent.id }]);
      const types = (await eventsOf(olga, "agents", agent.id)).map(({ type }) => type);
      expect(types.filter((type) => type === "MessageReceived")).toHaveLength(1);
      expect(types.filter((type) => type === "ReplyPosted")).toHaveLength(1);
      expect(types.filter((type) => type === "MemoryFormed")).toHaveLength(3);
      for (const stub of stubs)
        expect(
          await runInDurableObject(stub as DurableObjectStub, (actor) =>
            (actor as unknown as { ledger: { verify(): unknown } }).ledger.verify(),
          ),
        ).toMatchObject({ intact: true });
      vi.restoreAllMocks();
    }
  }, 120_000);
});
