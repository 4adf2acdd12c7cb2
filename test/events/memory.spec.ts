/** What an agent may remember, and of whom, as specifications of `decide`: consent, what stays of talk, and what is done to memories. */
import { describe, it } from "@effect/vitest";
import type { AgentCommand, AgentCommandOf, Episode, NewMemory } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import * as E from "#events/agent/events.ts";
import { AgentIsDeleted, ConsentRequired, MemoryIsOff } from "#events/agent/refusals.ts";
import { type ActorName, agentName, type UserId, userName } from "#events/kit/ids.ts";
import {
  type Asked,
  ada,
  agreed,
  assembled,
  bo,
  completed,
  created,
  dana,
  declined,
  drafted,
  eli,
  failed,
  given,
  heard,
  joined,
  lobby,
  memoryId,
  messageId,
  posted,
  replied,
  settings,
  started,
  turnId,
  words,
} from "../support/given.ts";

const said = words({ text: "Ada, one?", authorName: "Dana" });
const consent = (userId: UserId, granted: boolean) => E.ConsentNoted({ userId, granted });
const asked = (userId: UserId) => E.ConsentAsked({ userId, roomId: lobby });
const forgetful = E.AgentReconfigured(
  { version: 2, ...settings, memoryEnabled: false },
  userName(dana),
  words({ systemPrompt: "Be kind.", description: "" }),
);
const episode: Episode = { memoryId: memoryId("one"), importance: 0.4, names: [] };

/** Somebody says something that is not for Ada; an agent does for whoever it `answers`. */
const hear = (
  over: Partial<Episode> | null = {},
  author: ActorName = userName(dana),
  answers: { readonly answers?: UserId } = {},
): Asked<AgentCommand> => ({
  ...{ type: "ReceiveMessage", ...heard("one", { addressed: null, authorId: author }).open, words: said, ...answers },
  ...(over === null ? {} : { episode: { ...episode, ...over } }),
});
const heardOf = (author: ActorName = userName(dana), answers: { readonly answers?: UserId } = {}) => [
  E.MessageReceived({ ...heard("one", { addressed: null, authorId: author }).open, ...answers }, author, said),
  declined("one", "not-addressed"),
];
const kept = (seq: number, over: Partial<typeof E.MemoryFormed.open.Type> = {}) =>
  E.MemoryFormed({
    ...{ memoryId: memoryId("one"), turnId: turnId("one"), roomId: lobby, sourceSeqs: [seq], kind: "episodic" },
    ...{ importance: 0.4, about: [dana], basis: "said", origin: "person", audience: "public" },
    ...{ speaker: userName(dana), ...over },
  } as typeof E.MemoryFormed.open.Type);

describe("who may be remembered", () => {
  it("somebody whom the agent meets for the first time is asked, and nothing is kept of what they say", () => {
    given(agent, created, joined)
      .when(hear())
      .then(...heardOf(), asked(dana));
  });

  it("once: while there is no answer, and after a no, nothing is kept and nobody is asked again", () => {
    for (const before of [asked(dana), consent(dana, false)])
      given(agent, created, joined, before)
        .when(hear())
        .then(...heardOf());
  });

  it("with their leave what they say stays, without words of its own: those of the message are its own", () => {
    given(agent, created, joined, agreed)
      .when(hear())
      .then(...heardOf(), kept(4));
  });

  it("nothing that names somebody else stays before they have agreed as well", () => {
    for (const before of [[], [asked(eli)], [consent(eli, false)]])
      given(agent, created, joined, agreed, ...before)
        .when(hear({ names: [eli] }))
        .then(...heardOf());
    given(agent, created, joined, agreed, consent(eli, true))
      .when(hear({ names: [eli] }))
      .then(...heardOf(), kept(5, { about: [dana, eli] }));
  });

  it("another agent is not asked: what it says is of whoever had asked it, and stays where they agreed", () => {
    const by = agentName(bo);
    const toDana = { answers: dana };
    for (const before of [[], [asked(dana)], [consent(dana, false)]])
      given(agent, created, joined, ...before)
        .when(hear({}, by, toDana))
        .then(...heardOf(by, toDana));
    given(agent, created, joined, agreed)
      .when(hear({}, by, toDana))
      .then(...heardOf(by, toDana), kept(4, { about: [dana], origin: "agent", speaker: by }));
    given(agent, created, joined, agreed)
      .when(hear({ names: [eli] }, by, toDana))
      .then(...heardOf(by, toDana));
  });

  it("what another agent says is kept of nobody, where nobody knows who had asked it", () => {
    given(agent, created, joined, agreed)
      .when(hear({}, agentName(bo)))
      .then(...heardOf(agentName(bo)));
  });

  it("a message in which there is nothing to keep leaves nothing; what is pinned or sensitive is marked", () => {
    given(agent, created, joined, agreed)
      .when(hear(null))
      .then(...heardOf());
    given(agent, created, joined, agreed)
      .when(hear({ pinned: true, sensitive: true }))
      .then(...heardOf(), kept(4, { pinned: true, sensitive: true }));
  });

  it("what is said in a private room is for that room", () => {
    given(agent, created, E.RoomJoined({ roomId: lobby, kind: "private" }), agreed)
      .when(hear())
      .then(...heardOf(), kept(4, { audience: "room" }));
  });

  it("an agent that keeps no memories asks nobody, and keeps nothing", () => {
    for (const before of [[], [agreed]])
      given(agent, created, joined, ...before, forgetful)
        .when(hear())
        .then(...heardOf());
  });

  it("each person decides, and may decide otherwise; the same answer again changes nothing", () => {
    const note = (granted: boolean): Asked<AgentCommand> => ({ type: "NoteConsent", userId: dana, granted });
    given(agent, created).when(note(true)).then(consent(dana, true));
    given(agent, created, asked(dana)).when(note(false)).then(consent(dana, false));
    given(agent, created, agreed).when(note(false)).then(consent(dana, false));
    given(agent, created, agreed, consent(dana, false)).when(note(true)).then(agreed);
    given(agent, created, agreed).when(note(true)).nothing();
    given(agent, created, consent(dana, false)).when(note(false)).nothing();
  });
});

describe("what the agent says itself", () => {
  const post: Asked<AgentCommand> = {
    ...{ type: "RecordPost", turnId: turnId("one"), attempt: 1, messageId: messageId("one/reply"), roomSeq: 8 },
    episode: { memoryId: memoryId("reply"), importance: 0.2, names: [] },
  };
  const drafting = (notice = false) => [
    ...[created, joined, agreed, heard("one"), started("one"), assembled("one"), replied("one")],
    ...[drafted("one", notice), E.MemoriesConsidered({ turnId: turnId("one"), formed: 0 })],
  ];
  const reply = kept(8, {
    ...{ memoryId: memoryId("reply"), importance: 0.2, origin: "agent", speaker: agentName(ada) },
    // Its own words, the message that it answers, and what came to mind at that.
    sourceSeqs: [8, 4],
  });

  it("stays once it was said, as of whoever had asked", () => {
    given(agent, ...drafting())
      .when(post)
      .then(posted("one"), reply, completed("one", 6_000));
  });

  it("goes with all memories that came to mind for it: of a longer context too, and those that left it", () => {
    const again = assembled("one", { memorySeqs: [2, 3] });
    given(
      agent,
      ...[created, joined, agreed, heard("one"), started("one"), assembled("one", { memorySeqs: [1, 2] }), again],
      ...[E.ContextNarrowed({ turnId: turnId("one"), memorySeqs: [3] }), replied("one"), drafted("one")],
      E.MemoriesConsidered({ turnId: turnId("one"), formed: 0 }),
    )
      .when(post)
      .then(
        posted("one"),
        { ...reply, open: { ...reply.open, sourceSeqs: [10, 4, 1, 2, 3] } },
        completed("one", 8_000),
      );
  });

  it("is of all who had asked, be it by way of other agents: of nobody, where one of them is not known or did not agree", () => {
    const then = [started("one"), assembled("one"), replied("one"), drafted("one")];
    const considered = E.MemoriesConsidered({ turnId: turnId("one"), formed: 0 });
    const answering = (first: E.AgentEvent, ...others: ReadonlyArray<E.AgentEvent>) =>
      given(agent, created, joined, agreed, first, ...others, ...then, considered).when(post);
    const byBo = (answers: { readonly answers?: UserId }) => heard("one", { authorId: agentName(bo), ...answers });
    const plain = [posted("one"), completed("one", 6_000)];
    answering(byBo({ answers: dana })).then(posted("one"), reply, completed("one", 6_000));
    answering(byBo({ answers: eli })).then(...plain);
    answering(byBo({})).then(...plain);
    const together = [heard("two", { authorId: userName(eli) }), declined("two", "coalesced", "one")];
    answering(heard("one"), ...together).then(posted("one"), completed("one", 8_000));
  });

  it("does not stay when it is a notice, when it names somebody who did not agree, when they have taken it back, or with memory off", () => {
    const plain = [posted("one"), completed("one", 6_000)];
    given(agent, ...drafting(true))
      .when(post)
      .then(posted("one"), failed("one", "Empty", 6_000));
    const naming = { ...post, episode: { memoryId: memoryId("reply"), importance: 0.2, names: [eli] } };
    given(agent, ...drafting())
      .when(naming as Asked<AgentCommand>)
      .then(...plain);
    for (const late of [consent(dana, false), forgetful])
      given(agent, ...drafting(), late)
        .when(post)
        .then(posted("one"), completed("one", 7_000));
  });
});

const fact = (over: Partial<NewMemory> = {}): NewMemory & { readonly basis: E.Basis } => ({
  ...({ memoryId: memoryId("fact"), kind: "semantic", importance: 0.5, about: [dana], origin: "owner" } as const),
  ...({ audience: "about", speaker: null, roomId: null, sourceSeqs: [], basis: "added" } as const),
  ...over,
  words: words({ content: "Tea, no sugar." }),
});
const formedOf = (
  { words: content, ...open }: ReturnType<typeof fact>,
  subject: ActorName,
  turn: string | null = null,
) => E.MemoryFormed({ ...open, turnId: turn === null ? null : turnId(turn) }, subject, content);

describe("what the owner adds", () => {
  const add = (...memories: ReadonlyArray<ReturnType<typeof fact>>): Asked<AgentCommand> => ({
    type: "AddMemories",
    memories,
  });

  it("is sealed for the first person it is about, or for the agent where it is about nobody", () => {
    given(agent, created, agreed)
      .when(add(fact(), fact({ memoryId: memoryId("other"), about: [] })))
      .then(
        formedOf(fact(), userName(dana)),
        formedOf(fact({ memoryId: memoryId("other"), about: [] }), agentName(ada)),
      );
  });

  it("is taken whole or not at all: not about people who have not agreed, and not with memory off", () => {
    for (const before of [[], [asked(eli)], [consent(eli, true), consent(eli, false)]])
      given(agent, created, agreed, ...before)
        .when(add(fact(), fact({ memoryId: memoryId("other"), about: [dana, eli] })))
        .refused(ConsentRequired, { userId: eli });
    given(agent, created, agreed, forgetful).when(add(fact())).refused(MemoryIsOff);
    given(agent, created, agreed, E.AgentDeleted({ rooms: [] }))
      .when(add(fact()))
      .refused(AgentIsDeleted);
  });
});

describe("what a turn draws from a message", () => {
  const { roomId: _room, sourceSeqs: _seqs, audience: _audience, ...own } = fact();
  const consider = (...about: ReadonlyArray<ReadonlyArray<UserId>>): Asked<AgentCommand> => ({
    ...{ type: "ConsiderMemories", turnId: turnId("one"), attempt: 1 },
    memories: about.map((people) => ({ ...own, basis: "drawn", about: people, sourceSeq: 4 })),
  });
  const due = [
    ...[created, joined, agreed, heard("one"), started("one"), assembled("one"), replied("one"), drafted("one")],
  ];

  it("belongs to its room and its message; of whoever did not agree nothing is drawn", () => {
    const drawn = fact({ roomId: lobby, sourceSeqs: [4], audience: "public" });
    given(agent, ...due)
      .when(consider([dana], [dana, eli], [eli]))
      .then(
        formedOf({ ...drawn, basis: "drawn" }, userName(dana), "one"),
        E.MemoriesConsidered({ turnId: turnId("one"), formed: 1 }),
      );
  });

  it("is nothing with memory off", () => {
    given(agent, ...due, forgetful)
      .when(consider([dana]))
      .then(E.MemoriesConsidered({ turnId: turnId("one"), formed: 0 }));
  });
});

describe("what the owner corrects", () => {
  const { roomId: _room, sourceSeqs: _seqs, words: content, ...open } = fact();
  const revise = (over: Partial<AgentCommandOf<"ReviseMemory">> = {}): Asked<AgentCommand> => ({
    ...{ type: "ReviseMemory", ...open, about: [dana], version: 3, replacesSeq: 7, ...over },
  });

  it("has the next version, and names the event whose words are forgotten", () => {
    const revised = E.MemoryRevised({ ...open, version: 4, replacesSeq: 7 }, userName(dana), content);
    given(agent, created, agreed)
      .when(revise({ words: content }))
      .then(revised);
  });

  it("has no words where it keeps its own", () => {
    given(agent, created, agreed)
      .when(revise({ importance: 0.9 }))
      .then(E.MemoryRevised({ ...open, importance: 0.9, version: 4, replacesSeq: 7 }));
  });

  it("is refused about people who have not agreed, and when its new words name one", () => {
    for (const over of [{ about: [eli] }, { named: [eli] }])
      given(agent, created, agreed)
        .when(revise({ words: content, ...over }))
        .refused(ConsentRequired, { userId: eli });
  });
});

describe("what the owner adds or teaches", () => {
  const plain = { ...fact({ about: [], audience: "public" }), basis: "added" as const };
  const { words: content, ...open } = plain;
  const alsoEli = E.MemoryFormed({ ...open, about: [eli], audience: "about", turnId: null }, userName(eli), content);

  it("is about whomever its words name, and for them alone", () => {
    given(agent, created, consent(eli, true))
      .when({ type: "AddMemories", memories: [plain], named: [eli] })
      .then(alsoEli);
    given(agent, created, consent(eli, true))
      .when({ type: "TeachItems", trainingId: "op", items: [{ row: 1, memory: plain, named: [eli] }] })
      .then(alsoEli);
  });

  it("is not kept when its words name somebody who has not agreed", () => {
    given(agent, created, consent(eli, false))
      .when({ type: "AddMemories", memories: [plain], named: [eli] })
      .refused(ConsentRequired, { userId: eli });
    given(agent, created, consent(eli, false))
      .when({ type: "TeachItems", trainingId: "op", items: [{ row: 1, memory: plain, named: [eli] }] })
      .then(E.TrainingItemRefused({ trainingId: "op", item: 1, reason: "consent-required" }));
  });
});

describe("what a training teaches", () => {
  it("is taken row by row, and what is not taken says why by its row", () => {
    const items = [
      { row: 1, memory: { ...fact(), basis: "trained" as const } },
      { row: 2, reason: "empty" },
      { row: 3, memory: { ...fact({ memoryId: memoryId("other"), about: [eli] }), basis: "trained" as const } },
    ];
    const teach: Asked<AgentCommand> = { type: "TeachItems", trainingId: "t", items };
    const no = (item: number, reason: string) => E.TrainingItemRefused({ trainingId: "t", item, reason });
    given(agent, created, agreed)
      .when(teach)
      .then(formedOf({ ...fact(), basis: "trained" }, userName(dana)), no(2, "empty"), no(3, "consent-required"));
    given(agent, created, agreed, forgetful).when(teach).then(no(1, "memory-off"), no(2, "empty"), no(3, "memory-off"));
    const begin: Asked<AgentCommand> = { type: "StartTraining", trainingId: "t", items: 3, digest: "00" };
    given(agent, created)
      .when(begin)
      .then(E.TrainingStarted({ trainingId: "t", items: 3 }));
    given(agent, created, forgetful).when(begin).refused(MemoryIsOff);
    const end = { trainingId: "t", taken: 1, refused: 2, cancelled: false };
    given(agent, created)
      .when({ type: "EndTraining", ...end })
      .then(E.TrainingEnded(end));
  });
});

describe("what becomes of memories in time", () => {
  const [one, other] = [memoryId("one"), memoryId("other")];
  const merging = { into: one, from: [other] };
  const memoryIds = [one, other];

  it("is recorded as it is told, also with memory off: what is there is looked after, and can be forgotten", () => {
    for (const before of [[], [forgetful]]) {
      const then = given(agent, created, agreed, ...before);
      const over = { memoryId: one, by: other, validTo: 5, retractedAt: 9 };
      then.when({ type: "SupersedeMemory", ...over }).then(E.MemorySuperseded(over));
      then.when({ type: "MergeMemories", ...merging }).then(E.MemoriesMerged(merging));
      then.when({ type: "SeparateMemories", ...merging }).then(E.MemoriesSeparated(merging));
      then.when({ type: "ArchiveMemories", memoryIds }).then(E.MemoriesArchived({ memoryIds }));
      then.when({ type: "RestoreMemories", memoryIds }).then(E.MemoriesRestored({ memoryIds }));
      for (const why of ["asked", "faded", "expired", "withdrawn", "erased"] as const)
        then
          .when({ type: "ForgetMemories", memoryIds, seqs: [3], why })
          .then(E.MemoryForgotten({ memoryIds, seqs: [3], why }));
      const counts = { looked: 9, merged: 1, superseded: 2, archived: 3, forgotten: 4 };
      then.when({ type: "EndSweep", ...counts }).then(E.MemoriesSwept(counts));
    }
  });
});
