/** Who may be remembered, and what of a message stays: nothing about anybody who did not agree; part of the deciders. */
import { type ActorName, agentName, idOf, type RoomId, type TurnId, type UserId, userName } from "../kit/ids.ts";
import type { AgentCommandOf, Episode } from "./commands.ts";
import * as E from "./events.ts";
import type { TurnView } from "./turn.ts";
import type { AgentState } from "./views.ts";

const PERSON = "user:";

/** True when every one of these people let the agent remember them. */
export const mayRemember = (state: AgentState, people: ReadonlyArray<UserId>): boolean =>
  people.every((userId) => state.consents[userId] === "granted");

/** Whose a message is as far as memory goes: a person's their own, an agent's that of whoever it goes back to. Null: nobody knows. */
export const personBehind = (author: ActorName, answers?: UserId): UserId | null =>
  author.startsWith(PERSON) ? (idOf(author) as UserId) : (answers ?? null);

/** True when what this author says may be kept at all; who is named in it is another question. */
export const isRemembered = (state: AgentState, author: ActorName): boolean =>
  state.memoryEnabled && (!author.startsWith(PERSON) || mayRemember(state, [idOf(author) as UserId]));

/** True when something can be drawn from what this author says: they are a person, and let the agent remember them. */
export const isDrawnFrom = (state: AgentState, author: ActorName): boolean =>
  author.startsWith(PERSON) && isRemembered(state, author);

/** A message as an episodic memory: it has no words of its own, those of the message are its own. */
export const episodic = (
  { memoryId, importance, names, sensitive, pinned }: Episode,
  said: {
    readonly audience: E.Audience;
    readonly by: ActorName;
    readonly about: ReadonlyArray<UserId>;
    readonly turnId: TurnId;
    readonly roomId: RoomId;
    readonly seq: number;
    /** What an answer was given with, and what it may say again. */
    readonly given?: ReadonlyArray<number>;
  },
): E.AgentEvent =>
  E.MemoryFormed({
    memoryId,
    turnId: said.turnId,
    roomId: said.roomId,
    sourceSeqs: [said.seq, ...(said.given ?? [])],
    kind: "episodic",
    importance,
    about: [...new Set([...said.about, ...names])],
    basis: "said",
    origin: said.by.startsWith(PERSON) ? "person" : "agent",
    audience: said.audience,
    speaker: said.by,
    ...(sensitive ? { sensitive } : {}),
    ...(pinned ? { pinned } : {}),
  });

/**
 * What a message leaves behind in the commit in which it is heard. A person whom the agent meets for the first time is
 * asked; until they say yes, nothing of what they say or what is said of them is kept.
 */
export function heardAsMemory(
  command: AgentCommandOf<"ReceiveMessage">,
  state: AgentState,
): ReadonlyArray<E.AgentEvent> {
  const { authorId, roomId, turnId, episode, answers } = command;
  if (!state.memoryEnabled) return [];
  const person = personBehind(authorId, answers);
  if (person === null) return [];
  const unasked = authorId.startsWith(PERSON) && state.consents[person] === undefined;
  if (unasked) return [E.ConsentAsked({ userId: person, roomId })];
  const about = [person, ...(episode?.names ?? [])];
  if (episode === undefined || !mayRemember(state, about)) return [];
  // The message itself is the first event of this commit.
  return [
    episodic(episode, {
      by: authorId,
      about,
      turnId,
      roomId,
      seq: state.head + 1,
      audience: audienceIn(state, roomId),
    }),
  ];
}

/** The reply as a memory, once it was said: of all who had asked, and of those who are named in it. */
export function saidAsMemory({ episode }: AgentCommandOf<"RecordPost">, turn: TurnView, state: AgentState) {
  if (episode === undefined || turn.draft === null || turn.draft.notice || !state.memoryEnabled) return [];
  if (turn.people === null) return [];
  const about = [...(turn.people as ReadonlyArray<UserId>), ...episode.names];
  if (!mayRemember(state, about)) return [];
  const { turnId, roomId, draft, triggerSeq, given } = turn;
  const by = agentName(state.agentId!);
  const said = { by, about, turnId, roomId, seq: draft.seq, audience: audienceIn(state, roomId) };
  return [episodic(episode, { ...said, given: [...new Set([triggerSeq, ...given, ...(episode.repeats ?? [])])] })];
}

/** The notes of a room go, in the commit in which the agent may not keep any more what they hold. */
export function notesForgotten(
  state: AgentState,
  roomId: RoomId,
  why: (typeof E.SummariesForgotten.open.Type)["why"],
): ReadonlyArray<E.AgentEvent> {
  const seqs = state.rooms[roomId]?.summaries ?? [];
  return seqs.length === 0 ? [] : [E.SummariesForgotten({ roomId, seqs, why })];
}

/** The notes that may hold words of a person go, in all rooms. */
export const notesAboutForgotten = (state: AgentState, userId: UserId, why: "withdrawn" | "erased") =>
  Object.entries(state.rooms).flatMap(([roomId, { summary }]) =>
    summary !== null && (summary.about?.includes(userId) ?? true) ? notesForgotten(state, roomId as RoomId, why) : [],
  );

/** What is said in a public room may be told anywhere. */
export const audienceIn = (state: AgentState, roomId: RoomId): E.Audience =>
  state.rooms[roomId]?.kind === "public" ? "public" : "room";

/** The name under which a memory's words are sealed: the first person it is about, else the agent. */
export const subjectOf = (state: AgentState, about: ReadonlyArray<UserId>): ActorName =>
  about[0] === undefined ? `agent:${state.agentId}` : userName(about[0]);
