/** What becomes of a message that an agent hears: its verdict, or a turn that waits, begins or is called off; part of decide.ts. */
import { Result } from "effect";
import type { Addressed } from "../room/addressing.ts";
import { type Listener, type Silence, silence, TALKATIVENESS } from "./attention.ts";
import type { AgentCommand, AgentCommandOf } from "./commands.ts";
import { heardAsMemory } from "./consent.ts";
import { type Answer, accept, refuse, stopped } from "./decide-turn.ts";
import * as E from "./events.ts";
import { NotInRoom, TurnOver, WrongMoment } from "./refusals.ts";
import type { AgentState } from "./state.ts";
import type { TurnView } from "./turn.ts";

/**
 * What one turn takes of the messages that wait. All of it belongs into the prompt, so it surely fits there: a character
 * is a token at most, by the estimate that bounds a prompt's messages, and names and marks need some room.
 */
const TOGETHER = { messages: 20, chars: 20_000 } as const;

/** Why a turn gives up that begins while its agent is switched off. */
const SWITCHED_OFF = "SwitchedOff";

/** What the attention policy knows of this agent in this room. */
const listener = (state: AgentState, room: AgentState["rooms"][keyof AgentState["rooms"]] | undefined): Listener => ({
  active: state.status === "active",
  present: room !== undefined,
  talkativeness: state.talkativeness ?? state.traits.extraversion ?? TALKATIVENESS,
  lastFloorAt: room?.lastFloorAt ?? null,
});

/** A message, its verdict where it gets one at once, and what of it stays. */
const receive = (command: AgentCommandOf<"ReceiveMessage">, state: AgentState): Answer =>
  Result.map(verdict(command, state), (events) => [...events, ...heardAsMemory(command, state)]);

/** Most messages get their verdict in the breath in which they are heard; one that wants the floor while it is taken waits. */
function verdict(command: AgentCommandOf<"ReceiveMessage">, state: AgentState): Answer {
  const room = state.rooms[command.roomId];
  if (room === undefined) return refuse(new NotInRoom({ roomId: command.roomId }));
  const { type: _type, meta: _meta, episode: _episode, words, ...open } = command;
  const { turnId, roomId, messageId: trigger } = open;
  const heard = E.MessageReceived(open, command.authorId, words);
  const off = calledOff(command, state);
  if (off !== undefined) {
    const declined = E.TurnDeclined({ turnId, roomId, trigger, why: "called-off", into: off.into });
    return accept(heard, declined, ...off.turns.flatMap((turn) => stopped(turn, command.authorId, "called-off")));
  }
  const why = silence({ ...command, agentId: state.agentId!, at: command.meta.at }, listener(state, room));
  if (why !== undefined && !isTold(why, command))
    return accept(heard, E.TurnDeclined({ turnId, roomId, trigger, why }));
  const floorIsFree = room.running === null && room.waiting.length === 0;
  return floorIsFree ? accept(heard, ...begun({ turnId, roomId, trigger }, state)) : accept(heard);
}

/** The ways of speaking to this one agent of all. Who is called in next in a round is passed over, and the round goes on. */
const NAMED: ReadonlyArray<Addressed | null> = ["direct", "mention", "reply", "question"];

/** A person who speaks to an agent that is switched off is told so, or would wait for an answer that never comes. */
const isTold = (why: Silence, { authorId, addressed }: Pick<TurnView, "authorId" | "addressed">): boolean =>
  why === "inactive" && !authorId.startsWith("agent:") && NAMED.includes(addressed);

/** The beginning of a turn; that of an agent which is switched off has come to its notice already. */
const begun = (
  { turnId, roomId, trigger }: Pick<TurnView, "turnId" | "roomId" | "trigger">,
  { status }: AgentState,
): ReadonlyArray<E.AgentEvent> => [
  E.TurnStarted({ turnId, roomId, trigger, attempt: 1 }),
  ...(status === "active" ? [] : [E.ModelGaveUp({ turnId, round: 1, reason: SWITCHED_OFF, tried: 0 })]),
];

/** What a message calls off: turns that are to end, and the one it was meant for; undefined where it is one like any other. */
function calledOff(
  command: AgentCommandOf<"ReceiveMessage">,
  state: AgentState,
): { readonly turns: ReadonlyArray<TurnView>; readonly into: TurnView["turnId"] } | undefined {
  if (!command.callsOff) return undefined;
  const meant = turnsMeant(command, state);
  // What is drafted is said, however long the room takes to hear it; to answer the call would be one word more.
  const turns = meant.filter(({ draft }) => draft === null);
  const into = (turns[0] ?? meant[0])?.turnId;
  if (into !== undefined) return { turns, into };
  // It was said before the reply that it was to stop, and is heard behind it.
  const replied = state.rooms[command.roomId]?.replied;
  const isLate = replied != null && command.addressed !== null && command.roomSeq < replied.roomSeq;
  return isLate ? { turns, into: replied.turnId } : undefined;
}

/**
 * The turns of this room that a call to leave off speaks to. One that runs: when the agent is named, when nobody else
 * waits for its answer, or when only agents talk with one another. One that waits: the person's own.
 */
function turnsMeant(command: AgentCommandOf<"ReceiveMessage">, state: AgentState): ReadonlyArray<TurnView> {
  const { roomId, authorId, addressed } = command;
  const owes = (turn: TurnView) => turn.askers.every((asker) => asker === authorId || asker.startsWith("agent:"));
  return Object.values(state.turns).filter(
    (turn) =>
      turn.roomId === roomId && (turn.attempt === 0 ? turn.authorId === authorId : addressed !== null || owes(turn)),
  );
}

/** As many of the messages that wait, oldest first, as one prompt surely has room for; the first of them in any case. */
function takenTogether(waiting: ReadonlyArray<TurnView>): ReadonlyArray<TurnView> {
  let chars = 0;
  const tooMuch = waiting.findIndex((turn, index) => {
    chars += turn.chars;
    return index > 0 && (index >= TOGETHER.messages || chars > TOGETHER.chars);
  });
  return tooMuch < 0 ? waiting : waiting.slice(0, tooMuch);
}

/**
 * The verdict on a message: an answer, or silence with its reason. The messages that wait are taken together, oldest
 * first, and the newest of them is answered; those that one prompt has no room for wait for the next turn.
 */
function start(command: AgentCommandOf<"StartTurn">, state: AgentState): Answer {
  const turn = state.turns[command.turnId];
  if (turn === undefined) return refuse(new TurnOver());
  if (turn.attempt > 0) return accept();
  const { turnId, roomId, trigger } = turn;
  const room = state.rooms[roomId];
  const offer = { ...turn, messageId: trigger, agentId: state.agentId!, at: command.meta.at };
  const why = silence(offer, listener(state, room));
  if (why !== undefined && !isTold(why, turn)) return accept(E.TurnDeclined({ turnId, roomId, trigger, why }));
  // Whoever waits here was spoken to: everything else got its verdict when it was heard.
  const together = takenTogether(room!.waiting.map((id) => state.turns[id]!));
  if (room!.running !== null || !together.includes(turn)) return refuse(new WrongMoment({ step: "receive" }));
  const newest = together.at(-1)!;
  const older = together.slice(0, -1);
  return accept(
    ...older.map((other) =>
      E.TurnDeclined({
        turnId: other.turnId,
        roomId,
        trigger: other.trigger,
        why: "coalesced",
        into: newest.turnId,
      }),
    ),
    ...begun(newest, state),
  );
}

/** What each command that begins a turn is answered. */
export const hearingAnswers = {
  ReceiveMessage: receive,
  StartTurn: start,
} satisfies Pick<
  { readonly [T in AgentCommand["type"]]: (command: AgentCommandOf<T>, state: AgentState) => Answer },
  "ReceiveMessage" | "StartTurn"
>;
