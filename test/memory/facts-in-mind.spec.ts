/** Facts as an agent uses them: asked for by name or by whoever asks, whatever a person's id is; and what was believed at a moment. */
import { Effect } from "effect";
import { beforeEach, describe, expect, it } from "vitest";
import { believedAt, both } from "#actors/agent/memory/recall/audience.ts";
import { userName } from "#events/kit/ids.ts";
import { dana, eli } from "../support/given.ts";
import { DAY, Remembering } from "../support/remembering.ts";

let agent = new Remembering();
beforeEach(() => {
  agent = new Remembering();
});

/** Somebody else than Dana asks. */
const asked = async (text: string, over: { readonly asker?: string; readonly askerName?: string } = {}) => {
  const search = agent.memory.search({ text, limit: 10, scope: agent.memory.inForce(), asker: eli, ...over });
  return (await Effect.runPromise(search)).found.map(({ row }) => row.memoryId);
};

/** What the owner adds and what a model drew from what Dana said: nobody's name stands beside the words. */
const nameless = { added: { speaker: null }, drawn: { origin: "person" } } as const;

describe("where somebody lives", () => {
  it("is asked for by their name: the newest value comes before the one that holds more of the question's words", async () => {
    const bern = agent.says("I live in Bern.");
    agent.now += DAY;
    const rome = agent.says("I moved to Rome.");
    expect(await asked("Where does Dana live?")).toEqual([rome, bern]);
    expect((await asked("Where did Dana live before?"))[0]).toBe(bern);
  });

  it("is asked for by a part of their name, or by more of it than they give", async () => {
    const bern = agent.says("I live in Bern.", { name: "Dana Levi" });
    agent.now += DAY;
    const rome = agent.says("I moved to Rome.", { name: "Dana Levi" });
    for (const name of ["Dana", "Levi", "Dana Levi"])
      expect(await asked(`Where does ${name} live?`), name).toEqual([rome, bern]);
  });

  it("is asked for by whoever it is, and by nobody else", async () => {
    const bern = agent.says("I live in Bern.");
    agent.now += DAY;
    const rome = agent.says("I moved to Rome.");
    expect(await asked("Where do I live?", { asker: dana })).toEqual([rome, bern]);
    expect((await asked("Where do I live?"))[0]).toBe(bern);
  });

  it("is asked for by whoever it is, of what others said of them by name", async () => {
    const other = agent.says("Eli lives in Bern.");
    agent.now += DAY;
    const newer = agent.says("Eli moved to Rome.");
    expect((await asked("Where do I live?"))[0]).toBe(other);
    expect(await asked("Where do I live?", { askerName: "Eli" })).toEqual([newer, other]);
  });

  it.each([
    "added",
    "drawn",
  ] as const)("is one chain of values, also where one was %s without a speaker's name", async (how) => {
    const first = agent.add("Dana lives in Oslo.", { ...nameless[how], basis: how, name: null });
    agent.now += DAY;
    const bern = agent.says("I live in Bern.");
    agent.now += DAY;
    const last = agent.add("Dana lives in Rome.", { ...nameless[how], basis: how, name: null });
    expect(await agent.swept()).toMatchObject({ superseded: 2 });
    expect([agent.row(first), agent.row(bern), agent.row(last)]).toMatchObject([
      { supersededBy: bern },
      { supersededBy: last },
      { supersededBy: null },
    ]);
  });

  it("is not told of another of the same name, whose id is known", async () => {
    agent.tell({ type: "NoteConsent", userId: eli, granted: true });
    const bern = agent.says("I live in Bern.");
    agent.add("I live in Rome.", { about: [dana, eli], speaker: userName(eli) });
    expect(await agent.swept()).toMatchObject({ superseded: 0 });
    expect((await asked("Where do I live?", { asker: dana, askerName: "Dana" }))[0]).toBe(bern);
  });
});

describe("what was believed at a moment", () => {
  const JANUARY = Date.UTC(2027, 0, 10);
  const [APRIL, MAY, JUNE] = [Date.UTC(2027, 3, 1), Date.UTC(2027, 4, 15), Date.UTC(2027, 5, 1)];

  /** In June Dana says of April what was not known before. */
  const moved = async () => {
    agent.now = JANUARY;
    const before = agent.says("I live in Lisbon.", { pinned: true });
    agent.now = JUNE;
    const since = agent.says("I moved to Porto in April.", { pinned: true });
    return { before, since };
  };
  const listed = (at: number) => {
    const { where, parameters } = both(agent.memory.inForce(), believedAt(at));
    return agent.memory.register.where(where, parameters, 10).map((row) => row.memoryId);
  };
  const searched = async (at: number) => {
    const scope = both(agent.memory.inForce(), believedAt(at));
    const search = agent.memory.search({ text: "Where does Dana live?", limit: 10, scope, asker: eli, asOf: at });
    return (await Effect.runPromise(search)).found.map(({ row }) => row.memoryId);
  };

  it("is what had been said by then, though it was over already; a list and a search say the same", async () => {
    const { before, since } = await moved();
    expect(await agent.swept()).toMatchObject({ superseded: 1 });
    expect(agent.row(before)).toMatchObject({ supersededBy: since, retractedAt: JUNE });
    expect(agent.row(before)!.supersededAt).toBeLessThan(MAY);
    for (const [at, believed] of [
      [JANUARY - DAY, []],
      [APRIL, [before]],
      [MAY, [before]],
      [JUNE, [since]],
      [JUNE + DAY, [since]],
    ] as const) {
      expect(listed(at), new Date(at).toISOString()).toEqual(believed);
      expect(await searched(at), new Date(at).toISOString()).toEqual(believed);
    }
  });

  it("is the same once everything was read out of the log anew", async () => {
    const { before, since } = await moved();
    await agent.swept();
    agent.sql.run("UPDATE meta SET value = '0/0' WHERE key = 'memories'");
    agent.wake();
    expect([await searched(MAY), await searched(JUNE)]).toEqual([[before], [since]]);
  });
});
