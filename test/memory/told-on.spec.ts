/** What an agent told on of what it remembers: it goes with it, however far it went, and is kept nowhere once that is gone. */
import { Effect } from "effect";
import { describe, expect, it } from "vitest";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { type MemoryId, userName } from "#events/kit/ids.ts";
import { accepted, answers, doorOf, drafts, notes, notesGone, owner } from "../support/answering.ts";
import { dana, eli, lobby, memoryId } from "../support/given.ts";
import { Remembering } from "../support/remembering.ts";

describe("what was told on", () => {
  /** Eli's birthday is told to Dana, once and again from that answer, and a model draws it from what was said. */
  function toldOn() {
    const agent = new Remembering();
    agent.tell({ type: "NoteConsent", userId: eli, granted: true });
    const fact = agent.add("Eli's birthday is on 12 May.", { about: [eli], speaker: userName(eli) });
    const seqOf = (id: MemoryId) => agent.row(id)!.seq;
    const first = answers(agent, "first", [seqOf(fact)]);
    const second = answers(agent, "second", [seqOf(first)]);
    // Two that name each other.
    const [drawn, ring] = [memoryId("added/2"), memoryId("added/3")];
    agent.add("Somebody's birthday is on 12 May.", { basis: "drawn", sources: [first, ring] });
    agent.add("There is a birthday in May.", { basis: "drawn", sources: [drawn] });
    const third = answers(agent, "third", [seqOf(drawn)]);
    const same = answers(agent, "same");
    agent.tell({ type: "MergeMemories", into: third, from: [same] });
    const other = answers(agent, "other");
    return { agent, fact, gone: [fact, first, second, drawn, ring, third, same], other };
  }

  it.each([
    [
      "its owner deletes it",
      async ({ agent, fact }: ReturnType<typeof toldOn>) => accepted(await doorOf(agent).forget(owner, "delete", fact)),
    ],
    [
      "whose it is takes their consent back",
      async ({ agent }: ReturnType<typeof toldOn>) =>
        void agent.tell({ type: "NoteConsent", userId: eli, granted: false }),
    ],
    [
      "whose it is is erased",
      async ({ agent }: ReturnType<typeof toldOn>) => {
        agent.indexKeys.destroyed.add(userName(eli));
        agent.memory.keyDied(userName(eli));
      },
    ],
  ])("goes, however often it was, when %s; and so do the notes that cover it", async (_what, happens) => {
    const told = toldOn();
    notes(told.agent);
    await happens(told);
    expect(told.gone.map((id) => told.agent.state(id))).toEqual(told.gone.map(() => undefined));
    expect(
      told.agent
        .of("MemoryForgotten")
        .flatMap(({ open }) => open.memoryIds)
        .toSorted(),
    ).toEqual(told.gone.toSorted());
    expect(told.agent.state(told.other)).toBe("live");
    expect(notesGone(told.agent)).toHaveLength(1);
    expect(told.agent.ledger.state.rooms[lobby]!.summary).toBeNull();
  });
});

describe("an answer that is written while what it was given with goes", () => {
  const birthday = "Eli's birthday is on 12 May.";

  it.each([
    ["nothing goes", true, async () => {}],
    [
      "somebody takes their consent back",
      false,
      async (agent: Remembering) => void agent.tell({ type: "NoteConsent", userId: eli, granted: false }),
    ],
    [
      "its owner deletes it",
      false,
      async (agent: Remembering, id: MemoryId) => accepted(await doorOf(agent).forget(owner, "delete", id)),
    ],
    [
      "its owner corrects it",
      false,
      async (agent: Remembering, id: MemoryId) =>
        accepted(await doorOf(agent).change(owner, "change", id, { content: "Eli's birthday is on 13 May." })),
    ],
  ] as const)("where %s: it is an episode is %s", async (_what, isKept, happens) => {
    const agent = new Remembering();
    agent.tell({ type: "NoteConsent", userId: eli, granted: true });
    const fact = agent.add(birthday, { about: [eli], speaker: userName(eli) });
    const post = drafts(agent, "one", [agent.row(fact)!.seq]);
    await happens(agent, fact);
    const { given, triggerSeq } = agent.ledger.state.turns[post.turnId]!;
    const [asked] = agent.ledger.reveal([triggerSeq]) as ReadonlyArray<Unsealed>;
    const said = { text: "It is on the twelfth.", roomId: lobby, asked: asked!, given, shown: [] };
    const kept = await Effect.runPromise(agent.memory.former().episode(userName(dana), said));
    expect(kept !== undefined).toBe(isKept);
  });
});

describe("an answer that is no memory itself", () => {
  const wordsOf = (agent: Remembering, type: "ModelReplied" | "ToolExecuted" | "ReplyDrafted") =>
    (agent.ledger.reveal(agent.of(type).map(({ seq }) => seq)) as ReadonlyArray<Unsealed>).map(
      ({ words }) => words !== Erased,
    );
  const knowing = () => {
    const agent = new Remembering();
    accepted(agent.tell({ type: "NoteConsent", userId: eli, granted: true }));
    const fact = agent.add("Eli's birthday is on 12 May.", { about: [eli], speaker: userName(eli) });
    return { agent, fact };
  };
  const posts = (agent: Remembering, post: ReturnType<typeof drafts>) =>
    accepted(agent.tell({ type: "RecordPost", ...post, roomSeq: 90 }, `${post.turnId}/post`));

  it("loses its words in the agent's own log with what it was given, also when that had been put otherwise since", async () => {
    const { agent, fact } = knowing();
    const given = agent.row(fact)!.seq;
    posts(agent, drafts(agent, "told", [given]));
    posts(agent, drafts(agent, "other"));
    const change = { content: "Eli's birthday is on 13 May." };
    accepted(await doorOf(agent).change(owner, "change", fact, change));
    expect(wordsOf(agent, "ReplyDrafted")).toEqual([true, true]);
    accepted(await doorOf(agent).forget(owner, "delete", fact));
    expect(wordsOf(agent, "ReplyDrafted")).toEqual([false, true]);
    expect(wordsOf(agent, "ModelReplied")).toEqual([false, false, true, true]);
    expect(wordsOf(agent, "ToolExecuted")).toEqual([false, true]);
  });

  it("keeps them for as long as it is on its way", () => {
    const { agent, fact } = knowing();
    const post = drafts(agent, "told", [agent.row(fact)!.seq]);
    accepted(agent.tell({ type: "NoteConsent", userId: eli, granted: false }));
    expect(wordsOf(agent, "ReplyDrafted")).toEqual([true]);
    posts(agent, post);
    expect(wordsOf(agent, "ReplyDrafted")).toEqual([false]);
  });

  it("loses them when it ends, where somebody it tells of was erased meanwhile: also one whom nobody remembered", () => {
    const { agent } = knowing();
    const post = drafts(agent, "told", [], { tells: () => [dana, eli] });
    agent.ledger.forgetSubject(userName(eli), 1);
    agent.memory.keyDied(userName(eli));
    expect(wordsOf(agent, "ReplyDrafted")).toEqual([true]);
    posts(agent, post);
    posts(agent, drafts(agent, "other"));
    expect(wordsOf(agent, "ReplyDrafted")).toEqual([false, true]);
  });

  it("keeps them where what it was given was only put otherwise meanwhile, or has expired since", async () => {
    const { agent, fact } = knowing();
    const episode = agent.says("My boat is called Nixe.");
    const post = drafts(
      agent,
      "told",
      [fact, episode].map((id) => agent.row(id)!.seq),
    );
    const change = { content: "Eli's birthday is on 13 May." };
    accepted(await doorOf(agent).change(owner, "change", fact, change));
    posts(agent, post);
    await agent.sweptAfter(91);
    expect(agent.state(episode)).toBeUndefined();
    expect(wordsOf(agent, "ReplyDrafted")).toEqual([true]);
  });
});
