/** What waits to be learned while the world changes: keys turn and die, people take back their word, the owner switches memory off. */
import { Effect } from "effect";
import { describe, expect, it } from "vitest";
import { Trainings } from "#actors/agent/memory/training.ts";
import type { MemoryInput, TaughtRow, TrainingProgress } from "#actors/kit/memory-doors.ts";
import type { Principal } from "#actors/kit/principal.ts";
import type { Reply } from "#actors/kit/reply.ts";
import { Timers } from "#actors/kit/timers.ts";
import type { AgentCommand } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { type ActorName, agentName, type UserId, userName } from "#events/kit/ids.ts";
import { type Asked, ada, dana, eli, START, settings, words } from "../support/given.ts";
import { accepted, metaFor, open, TestKeys } from "../support/ledger-fixture.ts";
import { nodeSql } from "../support/sqlite.ts";

const owner: Principal = { userId: dana, name: "Dana", roles: [] };
const self = agentName(ada);

/** An agent of Dana's that may remember Eli, and its trainings. */
function stage() {
  const keys = new TestKeys();
  let trainings: Trainings | undefined;
  const along = (_state: unknown, events: ReadonlyArray<RecordedOf<AgentEvent>>) => trainings?.along(events);
  const ledger = open(agent, nodeSql(), keys, { along });
  const does = (command: Asked<AgentCommand>) =>
    accepted(ledger.commit({ meta: metaFor(`c${ledger.head}`, userName(dana)), ...command } as AgentCommand));
  const owned = { settings, words: words({ systemPrompt: "Be kind.", description: "" }) };
  does({ type: "CreateAgent", agentId: ada, ownerId: dana, tools: [], ...owned });
  does({ type: "NoteConsent", userId: eli, granted: true });
  trainings = new Trainings({
    ...{ ledger, tables: ledger.tables, timers: new Timers(ledger.tables, { set: () => {} }), keys },
    memory: {
      ...{ acquaintances: (text) => (text.includes("Eli") ? [eli] : []), meetAll: async () => {} },
      ...{ isLevel: true, indexMore: () => Effect.succeed(false) },
    },
    ...{ agentId: () => ada, now: () => START, isOwner: ({ userId }) => userId === dana },
    commit: (command) => ledger.commit(command),
    meta: (id: string, by: ActorName) => metaFor(id, by),
    fetchKeys: () => Promise.reject(new Error("every key is at hand")),
  });
  return { ledger, keys, does, trainings, owned };
}

const rows: ReadonlyArray<TaughtRow> = [
  { row: 1, input: { kind: "semantic", content: "Tea comes from Assam." } },
  { row: 2, input: { kind: "social", content: "Eli takes no sugar.", about: [eli] } },
];

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
