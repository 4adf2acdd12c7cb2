/** What may happen to an agent's memories: every permission and limit of them; part of decide.ts. */
import type { AgentCommand, AgentCommandOf, NewMemory } from "./commands.ts";
import { audienceIn, mayRemember, notesAboutForgotten, notesForgotten, subjectOf } from "./consent.ts";
import { type Answer, accept, refuse, whenDue } from "./decide-turn.ts";
import * as E from "./events.ts";
import { ConsentRequired, MemoryIsOff } from "./refusals.ts";
import type { AgentState } from "./state.ts";
import type { TurnView } from "./turn.ts";

const formed = (
  { words, ...open }: NewMemory & { readonly basis: E.Basis },
  state: AgentState,
  turnId: TurnView["turnId"] | null,
): E.AgentEvent => E.MemoryFormed({ ...open, turnId }, subjectOf(state, open.about), words);

/** What a turn draws from what was said. Whoever did not agree to be remembered is left out. */
const considerMemories = whenDue<AgentCommandOf<"ConsiderMemories">>("remember", (command, turn, state) => {
  const { turnId, roomId, triggerSeq, taken } = turn;
  const memories = command.memories.filter(
    ({ about, sourceSeq }) =>
      state.memoryEnabled && mayRemember(state, about) && [triggerSeq, ...taken].includes(sourceSeq),
  );
  const audience = audienceIn(state, roomId);
  return accept(
    ...memories.map(({ sourceSeq, ...memory }) =>
      formed({ ...memory, audience, roomId, sourceSeqs: [sourceSeq] }, state, turnId),
    ),
    E.MemoriesConsidered({ turnId, formed: memories.length }),
  );
});

const withoutConsent = (memories: ReadonlyArray<Pick<NewMemory, "about">>, state: AgentState) =>
  memories.flatMap(({ about }) => about).find((userId) => !mayRemember(state, [userId]));

/** Whom its words name, it is about as well: then it is for them, and no longer for everybody. */
const naming = <M extends Pick<NewMemory, "about" | "audience">>(memory: M, named: NewMemory["about"] = []): M => {
  const about = [...new Set([...memory.about, ...named])];
  const { audience } = memory;
  return about.length === memory.about.length
    ? memory
    : { ...memory, about, audience: audience === "public" ? "about" : audience };
};

/** All of them or none. */
function addMemories({ memories: added, named }: AgentCommandOf<"AddMemories">, state: AgentState): Answer {
  if (!state.memoryEnabled) return refuse(new MemoryIsOff());
  const memories = added.map((memory) => naming(memory, named));
  const userId = withoutConsent(memories, state);
  if (userId !== undefined) return refuse(new ConsentRequired({ userId }));
  return accept(...memories.map((memory) => formed(memory, state, null)));
}

/** What was looked through is looked through once; anew, where somebody of whom it is took consent back meanwhile. */
function drawMemories(command: AgentCommandOf<"DrawMemories">, state: AgentState): Answer {
  const { memories, shown, ...open } = fields(command);
  if (!state.memoryEnabled || (state.drawn[open.roomId] ?? 0) >= open.toSeq) return accept();
  if (!mayRemember(state, shown)) return accept();
  const allowed = memories.filter(({ about }) => mayRemember(state, about));
  const dropped = open.dropped + memories.length - allowed.length;
  return accept(
    ...allowed.map((memory) => formed(memory, state, null)),
    E.MemoriesDrawn({ ...open, drawn: allowed.length, dropped }),
  );
}

/** Without new words its own stay where they are, under the key they have. */
function revise(command: AgentCommandOf<"ReviseMemory">, state: AgentState): Answer {
  const { words, named, rooms = [], displaces = [], restores = false, ...facts } = fields(command);
  const { at } = command.meta;
  const open = naming({ ...facts, version: facts.version + 1 }, named);
  const userId = withoutConsent([open], state);
  if (userId !== undefined) return refuse(new ConsentRequired({ userId }));
  return accept(
    words === undefined ? E.MemoryRevised(open) : E.MemoryRevised(open, subjectOf(state, open.about), words),
    ...(restores ? [E.MemoriesRestored({ memoryIds: [open.memoryId] })] : []),
    ...rooms.flatMap((roomId) => notesForgotten(state, roomId, "asked")),
    ...displaces.map((memoryId) => E.MemorySuperseded({ memoryId, by: open.memoryId, validTo: at, retractedAt: at })),
  );
}

const startTraining = ({ trainingId, items }: AgentCommandOf<"StartTraining">, state: AgentState): Answer =>
  state.memoryEnabled ? accept(E.TrainingStarted({ trainingId, items })) : refuse(new MemoryIsOff());

/** Each item by itself: what cannot be taken is on record by its row, and keeps no other from being taken. */
function teachItems({ trainingId, items }: AgentCommandOf<"TeachItems">, state: AgentState): Answer {
  const refused = (item: number, reason: string) => E.TrainingItemRefused({ trainingId, item, reason });
  return accept(
    ...items.map((item): E.AgentEvent => {
      if ("reason" in item) return refused(item.row, item.reason);
      if (!state.memoryEnabled) return refused(item.row, "memory-off");
      const memory = naming(item.memory, item.named);
      if (!mayRemember(state, memory.about)) return refused(item.row, "consent-required");
      return formed(memory, state, null);
    }),
  );
}

/** Each person decides for themselves, and may change their mind. */
function noteConsent({ userId, granted }: AgentCommandOf<"NoteConsent">, state: AgentState): Answer {
  return state.consents[userId] === (granted ? "granted" : "refused")
    ? accept()
    : accept(E.ConsentNoted({ userId, granted }), ...(granted ? [] : notesAboutForgotten(state, userId, "withdrawn")));
}

/** Notes of rooms that hold what is forgotten go with it. */
const forgetMemories = ({ memoryIds, seqs, why, rooms = [] }: AgentCommandOf<"ForgetMemories">, state: AgentState) =>
  accept(E.MemoryForgotten({ memoryIds, seqs, why }), ...rooms.flatMap((roomId) => notesForgotten(state, roomId, why)));

const fields = <C extends { readonly type: unknown; readonly meta: unknown }>({
  type: _type,
  meta: _meta,
  ...rest
}: C) => rest;

/** What each command about memories is answered. */
export const memoryAnswers = {
  ConsiderMemories: considerMemories,
  AddMemories: addMemories,
  ReviseMemory: revise,
  SupersedeMemory: (command) => accept(E.MemorySuperseded(fields(command))),
  MergeMemories: (command) => accept(E.MemoriesMerged(fields(command))),
  SeparateMemories: (command) => accept(E.MemoriesSeparated(fields(command))),
  ArchiveMemories: (command) => accept(E.MemoriesArchived(fields(command))),
  RestoreMemories: (command) => accept(E.MemoriesRestored(fields(command))),
  ForgetMemories: forgetMemories,
  ForgetSummaries: ({ userId }, state) => accept(...notesAboutForgotten(state, userId, "erased")),
  DrawMemories: drawMemories,
  EndSweep: (command) => accept(E.MemoriesSwept(fields(command))),
  NoteConsent: noteConsent,
  StartTraining: startTraining,
  TeachItems: teachItems,
  EndTraining: (command) => accept(E.TrainingEnded(fields(command))),
} satisfies { readonly [T in AgentCommand["type"]]?: (command: AgentCommandOf<T>, state: AgentState) => Answer };
