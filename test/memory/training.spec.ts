/** What waits to be learned while the world changes: keys turn and die, people take back their word, the owner switches memory off. */
import { Effect } from "effect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AgentMemory } from "#actors/agent/memory/memory.ts";
import { GO_ON_LEARNING, Trainings } from "#actors/agent/memory/training.ts";
import type { Present } from "#actors/kit/doors.ts";
import type { MemoryInput, TaughtRow, TrainingProgress } from "#actors/kit/memory-doors.ts";
import type { Principal } from "#actors/kit/principal.ts";
import { type Reply, refused } from "#actors/kit/reply.ts";
import { Timers } from "#actors/kit/timers.ts";
import type { AgentCommand } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import { AgentIsDeleted } from "#events/agent/refusals.ts";
import type { Unsealed } from "#events/kit/envelope.ts";
import { type ActorName, agentName, type UserId, userName } from "#events/kit/ids.ts";
import { type Asked, ada, dana, eli, lobby, memoryId, roomId, START, settings, words } from "../support/given.ts";
import { accepted, metaFor, open, TestKeys } from "../support/ledger-fixture.ts";
import { noVectors } from "../support/rememberer.ts";
import { nodeSql } from "../support/sqlite.ts";

const owner: Principal = { userId: dana, name: "Dana", roles: [] };
const self = agentName(ada);

/** An agent of Dana's that may remember Eli, its memory and its trainings. */
function stage() {
  const keys = new TestKeys();
  const reports: string[] = [];
  /** What the Vault answers, and what becomes of a chunk that is taught. */
  const outside = {
    fetchKeys: (): Promise<void> => Promise.reject(new Error("every key is at hand")),
    attendance: (): Promise<ReadonlyArray<Present> | null> => Promise.resolve([]),
    taught: (): "taken" | "refused" => "taken",
  };
  let trainings: Trainings | undefined;
  let memory: AgentMemory | undefined;
  const ledger = open(agent, nodeSql(), keys, {
    along: (_state, events) => trainings?.along(events),
    told: (events) => memory?.committed(events),
  });
  const timers = new Timers(ledger.tables, { set: () => {} });
  const owns = {
    ...{ ledger, timers, keys, agentId: () => ada, now: () => START, fetchKeys: () => outside.fetchKeys() },
    report: (what: string) => void reports.push(what),
  };
  const does = (command: Asked<AgentCommand>) =>
    accepted(ledger.commit({ meta: metaFor(`c${ledger.head}`, userName(dana)), ...command } as AgentCommand));
  const owned = { settings, words: words({ systemPrompt: "Be kind.", description: "" }) };
  does({ type: "CreateAgent", agentId: ada, ownerId: dana, tools: [], ...owned });
  does({ type: "NoteConsent", userId: eli, granted: true });
  memory = new AgentMemory({
    ...{ ...owns, services: () => noVectors, attendance: () => outside.attendance() },
    commit: (command) => ledger.commit(command),
    meta: (id) => metaFor(`${id}/${ledger.head}`, self),
    indexKey: (subject) => {
      const key = keys.get(subject);
      return typeof key === "object" ? key.key : key;
    },
    reveal: (seqs) => Effect.sync(() => ledger.reveal(seqs) as ReadonlyArray<Unsealed>),
  });
  memory.attendance.told(lobby, [{ userId: eli, name: "Eli Ek", isHere: true }]);
  /** Whether all was indexed when a chunk was taught, chunk by chunk. */
  const levels: boolean[] = [];
  trainings = new Trainings({
    ...{ ...owns, memory, tables: ledger.tables, isOwner: ({ userId }) => userId === dana },
    commit: (command) => {
      if (command.type !== "TeachItems") return ledger.commit(command);
      if (outside.taught() === "refused") return refused(new AgentIsDeleted());
      levels.push(memory.isLevel);
      return ledger.commit(command);
    },
    meta: (id: string, by: ActorName) => metaFor(id, by),
  });
  const formed = () => ledger.read(0, 10_000, ["MemoryFormed"]);
  return { ledger, keys, does, trainings, owned, memory, timers, outside, levels, formed, reports };
}

const rows: ReadonlyArray<TaughtRow> = [
  { row: 1, input: { kind: "semantic", content: "Tea comes from Assam." } },
  { row: 2, input: { kind: "social", content: "Eli takes no sugar.", about: [eli] } },
];

/** So many rows, each with words of its own. */
const shelves = (from: number, count: number): ReadonlyArray<TaughtRow> =>
  Array.from({ length: count }, (_, index) => ({
    ...{ row: index + 1, input: { kind: "semantic", content: `Shelf ${from + index} holds kayaks.` } },
  }));

/** Does it again until that is so; a hundred times at most. */
async function until(isSo: () => boolean, again: () => Promise<unknown>): Promise<void> {
  for (let time = 0; !isSo(); time++) {
    expect(time).toBeLessThan(100);
    await again();
  }
}

const progressIn = (reply: Reply<TrainingProgress>): TrainingProgress => {
  expect(reply).toMatchObject({ outcome: "accepted" });
  return (reply as Extract<typeof reply, { outcome: "accepted" }>).value;
};

/** Begins, lets `meanwhile` happen, learns to the end. */
async function learned(meanwhile: (scene: ReturnType<typeof stage>) => void): Promise<TrainingProgress> {
  const scene = stage();
  expect(progressIn(await scene.trainings.begin(owner, "op", rows))).toMatchObject({
    status: "running",
    done: 0,
    total: 2,
  });
  meanwhile(scene);
  await scene.trainings.goOn("op");
  await scene.trainings.goOn("op");
  return progressIn(scene.trainings.progress(owner, "op"));
}

describe("what waits to be learned", () => {
  it("is learned", async () => {
    expect(await learned(() => {})).toMatchObject({ status: "done", done: 2, result: { taken: 2, refused: 0 } });
  });

  it("is learned when the agent's key has turned meanwhile and the old one is gone", async () => {
    const turned = await learned(({ keys, trainings }) => {
      keys.turn(self);
      trainings.keyTurned(self);
      keys.retire(self, 1);
    });
    expect(turned).toMatchObject({ status: "done", result: { taken: 2 } });
  });

  it("cannot be learned when its key is gone, and the training says that it failed", async () => {
    const failed = await learned(({ keys }) => {
      keys.turn(self);
      keys.retire(self, 1);
    });
    expect(failed).toMatchObject({ status: "failed", done: 0, total: 2, result: { taken: 0, refused: 0 } });
  });

  it("is not learned about somebody who takes back their word, or is erased; the rest is", async () => {
    const without = { status: "done", result: { taken: 1, refusedRows: [{ row: 2, reason: "consent-required" }] } };
    expect(await learned(({ does }) => does({ type: "NoteConsent", userId: eli, granted: false }))).toMatchObject(
      without,
    );
    expect(await learned(({ keys }) => keys.destroyed.add(userName(eli)))).toMatchObject(without);
  });

  it("is not learned by an agent whose memory is switched off", async () => {
    const off = await learned(({ does, owned }) =>
      does({ type: "ReconfigureAgent", ...owned, settings: { ...settings, memoryEnabled: false } }),
    );
    expect(off.result?.refusedRows.map(({ reason }) => reason)).toEqual(["memory-off", "memory-off"]);
  });

  it("is about whomever its words name, and for them alone", async () => {
    const { ledger, trainings } = stage();
    await trainings.begin(owner, "op", [{ row: 1, input: { kind: "semantic", content: "Eli has an IBAN." } }]);
    await trainings.goOn("op");
    const [formed] = ledger.read(0, 100, ["MemoryFormed"]);
    expect(formed).toMatchObject({ open: { about: [eli], audience: "about" } });
  });

  it("is sensitive when its words are, unless the owner says otherwise", async () => {
    const { ledger, trainings } = stage();
    const iban = { kind: "semantic", content: "The IBAN is DE89 3704 0044 0532 0130 00." } as const;
    await trainings.begin(owner, "op", [
      { row: 1, input: iban },
      { row: 2, input: { ...iban, sensitive: false } },
      { row: 3, input: { kind: "semantic", content: "Tea comes from Assam." } },
    ]);
    await trainings.goOn("op");
    const formed = ledger.read(0, 100, ["MemoryFormed"]).map(({ open }) => open as { readonly sensitive?: boolean });
    expect(formed.map(({ sensitive }) => sensitive)).toEqual([true, undefined, undefined]);
  });

  it("waits in rows that the platform takes, whatever it is made of", async () => {
    const { ledger, trainings } = stage();
    const input = {
      ...{ kind: "semantic" as const, content: "\u0001".repeat(1_300), context: "x".repeat(4_000) },
      about: Array.from({ length: 20 }, (_, index) => `${index}`.padStart(128, "u") as UserId),
    };
    await trainings.begin(
      owner,
      "op",
      Array.from({ length: 400 }, (_, index) => ({ row: index + 1, input })),
    );
    const [[longest]] = ledger.tables.rows("SELECT max(length(sealed)) FROM training_chunks") as [[number]];
    expect(longest).toBeLessThan(1_000_000);
  });

  it("names every row that is not taken, a thousand at a time", async () => {
    const { trainings } = stage();
    const broken = Array.from({ length: 2_500 }, (_, index) => ({ row: index + 1, reason: "empty" }));
    await trainings.begin(owner, "op", broken);
    for (let chunk = 0; chunk <= 2_500 / 200 + 1; chunk++) await trainings.goOn("op");
    const named = [];
    let pages = 0;
    for (let after: number | null = 0; after !== null; pages++) {
      const { result } = progressIn(trainings.progress(owner, "op", { after }));
      named.push(...result!.refusedRows);
      after = result!.nextRefused;
    }
    expect(pages).toBe(3);
    expect(named).toEqual(broken);
  });

  it("is the owner's to see and to end, and nobody else's", async () => {
    const { trainings } = stage();
    await trainings.begin(owner, "op", rows);
    const stranger = { ...owner, userId: eli };
    for (const reply of [trainings.progress(stranger, "op"), trainings.cancel(stranger, "op")])
      expect(reply).toMatchObject({ outcome: "refused", refusal: { _tag: "AgentUnknown" } });
    expect(await trainings.begin(stranger, "other", rows)).toMatchObject({ outcome: "refused" });
    expect(progressIn(trainings.cancel(owner, "op"))).toMatchObject({ status: "cancelled", done: 0 });
  });

  it("takes of rows that say the same in the same words the first, and names the others", async () => {
    const { trainings, ledger } = stage();
    const said = (row: number, over: Partial<MemoryInput>): TaughtRow => ({
      ...{ row, input: { kind: "semantic", content: "Tea comes from Assam.", ...over } },
    });
    await trainings.begin(owner, "op", [
      said(1, {}),
      said(2, { content: " Tea comes  from Assam.\n", importance: 0.9 }),
      said(3, { kind: "procedural" }),
      said(4, { context: { at: "2024-05-01" } }),
      said(5, { about: [eli] }),
      said(6, { content: "Tea comes from Assam?" }),
    ]);
    await trainings.goOn("op");
    await trainings.goOn("op");
    expect(progressIn(trainings.progress(owner, "op")).result).toMatchObject({
      ...{ taken: 5, refused: 1, refusedRows: [{ row: 2, reason: "duplicate" }] },
    });
    expect(ledger.read(0, 100, ["MemoryFormed"])).toHaveLength(5);
  });
});

describe("a step", () => {
  it("that hangs is taken again in a minute, one that is done is followed by the next at once", async () => {
    const { trainings, timers, outside, does } = stage();
    does({ type: "JoinRoom", roomId: roomId("attic"), kind: "private" });
    const answer = Promise.withResolvers<null>();
    outside.attendance = () => answer.promise;
    await trainings.begin(owner, "op", rows);
    expect(timers.dueOf("op")).toBe(START);
    const hanging = trainings.goOn("op");
    expect(timers.dueOf("op")).toBe(START + 60_000);
    answer.resolve(null);
    await hanging;
    expect(timers.dueOf("op")).toBe(START);
    await trainings.goOn("op");
    expect(timers.dueOf("op")).toBeUndefined();
  });

  it("during which the training is cancelled learns nothing, and is not taken again", async () => {
    const { trainings, timers, outside, does, formed } = stage();
    does({ type: "JoinRoom", roomId: roomId("attic"), kind: "private" });
    const answer = Promise.withResolvers<null>();
    outside.attendance = () => answer.promise;
    await trainings.begin(owner, "op", rows);
    const waiting = trainings.goOn("op");
    trainings.cancel(owner, "op");
    answer.resolve(null);
    await waiting;
    expect(progressIn(trainings.progress(owner, "op"))).toMatchObject({ status: "cancelled", done: 0 });
    expect([formed(), timers.dueOf("op")]).toEqual([[], undefined]);
  });

  it("that is refused ends the training: what is left was not learned, and operators hear of it", async () => {
    const { trainings, timers, outside, formed, ledger, reports } = stage();
    await trainings.begin(owner, "op", shelves(0, 300));
    await trainings.goOn("op");
    outside.taught = () => "refused";
    await until(
      () => timers.dueOf("op") === undefined,
      () => trainings.goOn("op"),
    );
    expect(progressIn(trainings.progress(owner, "op"))).toMatchObject({
      ...{ status: "failed", done: 200, total: 300, result: { taken: 200, refused: 0 } },
    });
    expect(formed()).toHaveLength(200);
    expect(ledger.tables.rows("SELECT * FROM training_chunks")).toEqual([]);
    expect(reports).toEqual(["chunk 2 of op was refused"]);
  });
});

describe("what was learned", () => {
  afterEach(() => void vi.useRealTimers());

  it("is indexed before more is learned, and before the training has ended", async () => {
    const { trainings, memory, timers, levels, formed } = stage();
    await trainings.begin(owner, "op", shelves(0, 450));
    let rung = 0;
    await until(
      () => timers.dueOf("op") === undefined,
      () => {
        rung += 1;
        return trainings.goOn("op");
      },
    );
    expect(levels).toEqual([true, true, true]);
    expect([formed().length, memory.isLevel]).toEqual([450, true]);
    expect(rung).toBeGreaterThan(4);
  });

  it("waits no longer for the index than its keys can be had: without the Vault the training ends all the same", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { trainings, keys, timers, does, memory, levels, outside, reports } = stage();
    const about = { kind: "semantic", importance: 0.5, about: [eli], audience: "about", speaker: null } as const;
    keys.get(userName(eli));
    does({
      type: "AddMemories",
      memories: Array.from({ length: 10 }, (_, index) => ({
        ...{ ...about, basis: "added", origin: "owner", roomId: null, sourceSeqs: [] },
        ...{ memoryId: memoryId(`sugar ${index}`), words: words({ content: `Eli took ${index} cubes.` }) },
      })),
    });
    // What was indexed of Eli's is to be sought by a key that cannot be had.
    keys.withheld.add(userName(eli));
    outside.fetchKeys = () => Promise.reject(new Error("the Vault is away"));
    await trainings.begin(owner, "op", shelves(0, 450));
    await until(
      () => timers.dueOf("op") === undefined,
      async () => {
        const step = trainings.goOn("op");
        await vi.advanceTimersByTimeAsync(1_000);
        await step;
      },
    );
    expect(progressIn(trainings.progress(owner, "op"))).toMatchObject({ status: "done", done: 450 });
    expect(levels).toContain(false);
    expect(memory.isLevel).toBe(false);
    expect(reports).toContain("indexing of memories");
  });

  it("stays when the training is cancelled while it is indexed", async () => {
    const { trainings, memory, timers, formed } = stage();
    await trainings.begin(owner, "op", shelves(0, 450));
    await trainings.goOn("op");
    expect(memory.isLevel).toBe(false);
    expect(progressIn(trainings.cancel(owner, "op"))).toMatchObject({ status: "cancelled", done: 200, total: 450 });
    await trainings.goOn("op");
    expect(progressIn(trainings.progress(owner, "op"))).toMatchObject({ status: "cancelled", done: 200 });
    expect([formed().length, timers.dueOf("op")]).toEqual([200, undefined]);
  });

  it("of two trainings at once is all of both, and both end", async () => {
    const { trainings, timers, levels, formed } = stage();
    await trainings.begin(owner, "one", shelves(0, 250));
    await trainings.begin(owner, "two", shelves(1_000, 250));
    const due = () => timers.due(START).filter(({ kind }) => kind === GO_ON_LEARNING);
    await until(
      () => due().length === 0,
      () => Promise.all(due().map(({ id }) => trainings.goOn(id))),
    );
    for (const id of ["one", "two"])
      expect(progressIn(trainings.progress(owner, id))).toMatchObject({ status: "done", done: 250 });
    expect([formed().length, levels.length]).toEqual([500, 4]);
  });
});
