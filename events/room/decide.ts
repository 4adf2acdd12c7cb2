/** Who may do what in a room: answers what happens next, or why not. */
import { Result } from "effect";
import { AgentIsInactive } from "../agent/refusals.ts";
import type { Decider } from "../kit/decider.ts";
import { type ActorName, agentName, childId, idOf, type MessageId, type RoomId, userName } from "../kit/ids.ts";
import { own } from "../kit/own.ts";
import type { RoomCommand, RoomCommandOf } from "./commands.ts";
import * as E from "./events.ts";
import {
  AgentNotHere,
  AlreadyOpen,
  NotParticipant,
  NotRoomOwner,
  RoomIsClosed,
  RoomIsPrivate,
  type RoomRefusal,
  RoomUnknown,
} from "./refusals.ts";
import * as R from "./rhythm.ts";
import { evolve, initial, type RoomState, RoomState as RoomStateSchema } from "./state.ts";

type Answer = Result.Result<ReadonlyArray<E.RoomEvent>, RoomRefusal>;
const accept = (...events: ReadonlyArray<E.RoomEvent>): Answer => Result.succeed(events);
const refuse = (refusal: RoomRefusal): Answer => Result.fail(refusal);

/** The refusal for a person without a seat: a private room does not even show that it exists. */
function seatless(by: ActorName, state: RoomState): RoomRefusal | undefined {
  if (own(state.people, idOf(by)) !== undefined) return undefined;
  return state.kind === "public" ? new NotParticipant() : new RoomIsPrivate();
}

/** Answers for participants only. */
const seated =
  <C extends RoomCommand>(answer: (command: C, state: RoomState) => Answer) =>
  (command: C, state: RoomState): Answer => {
    const refusal = seatless(command.meta.by, state);
    return refusal === undefined ? answer(command, state) : refuse(refusal);
  };

function open({ roomId, name, kind, ownerId, words }: RoomCommandOf<"OpenRoom">, state: RoomState): Answer {
  if (state.status !== "unknown") return refuse(new AlreadyOpen());
  return accept(
    E.RoomOpened({ roomId, name, kind, ownerId }),
    E.ParticipantJoined({ userId: ownerId, by: userName(ownerId) }, userName(ownerId), words),
  );
}

function admit(
  { userId, words, isAgain = false }: Pick<RoomCommandOf<"JoinRoom">, "userId" | "words" | "isAgain">,
  by: ActorName,
  state: RoomState,
): Answer {
  return own(state.people, userId) === undefined || isAgain
    ? accept(E.ParticipantJoined({ userId, by }, userName(userId), words))
    : accept();
}

const remove = seated<RoomCommandOf<"RemoveParticipant">>(({ userId, meta }, state) => {
  if (meta.by !== userName(userId) && meta.by !== userName(state.ownerId!)) return refuse(new NotRoomOwner());
  return own(state.people, userId) === undefined ? accept() : accept(E.ParticipantLeft({ userId, by: meta.by }));
});

/** In a round the floor goes on to whoever is next, in the same breath. */
function goingOn(rhythm: R.Rhythm): ReadonlyArray<E.RoomEvent> {
  const agentId = R.nextInRound(rhythm);
  if (agentId === undefined) return [];
  const { messageId, place } = rhythm.floor!;
  return [E.FloorGranted({ messageId, agentId, place: place + 1 })];
}

/** The room's owner may send an agent away, and an agent may go by itself. */
function dismiss({ agentId, meta }: RoomCommandOf<"DismissAgent">, state: RoomState): Answer {
  if (meta.by !== agentName(agentId)) {
    const refusal = seatless(meta.by, state);
    if (refusal !== undefined) return refuse(refusal);
    if (meta.by !== userName(state.ownerId!)) return refuse(new NotRoomOwner());
  }
  if (own(state.agents, agentId) === undefined) return accept();
  return accept(E.AgentDismissed({ agentId, by: meta.by }), ...goingOn(R.agentLeft(state.rhythm, agentId)));
}

/** A participant may bring an agent, and an agent that is here may be known by a new name. */
function invite({ agentId, agentName: name, meta }: RoomCommandOf<"InviteAgent">, state: RoomState): Answer {
  const known = own(state.agents, agentId);
  if (meta.by === agentName(agentId)) {
    if (known === undefined) return refuse(new AgentNotHere({ agentId }));
  } else {
    const refusal = seatless(meta.by, state);
    if (refusal !== undefined) return refuse(refusal);
  }
  return known?.name === name ? accept() : accept(E.AgentInvited({ agentId, name, by: meta.by }));
}

/** Only the agent itself tells, and only where it takes part. */
function switchAgent({ agentId, active, meta }: RoomCommandOf<"SwitchAgent">, state: RoomState): Answer {
  const known = own(state.agents, agentId);
  if (known === undefined || meta.by !== agentName(agentId)) return refuse(new AgentNotHere({ agentId }));
  return known.active === active ? accept() : accept(E.AgentSwitched({ agentId, active, by: meta.by }));
}

/**
 * A person's word is always passed on to those it addresses. One that addresses nobody is put before the agents as the
 * room's mode has it, unless it calls off what they are doing.
 */
const post = seated<RoomCommandOf<"PostMessage">>((command, state) => {
  const { meta, messageId, chars, replyTo, addressed, named, callsOff, words } = command;
  const absent = addressed.find(({ agentId }) => own(state.agents, agentId) === undefined);
  if (absent !== undefined) return refuse(new AgentNotHere(absent));
  // Whoever says something to one agent alone waits for its answer, and there will be none.
  if (addressed.some(({ agentId, how }) => how === "invoked" && !own(state.agents, agentId)!.active))
    return refuse(new AgentIsInactive());
  const toAnybody = addressed.length === 0 && !named && !callsOff;
  const offered = toAnybody ? R.offered(state.rhythm, state.agents) : [];
  const first = offered.find(({ how }) => how === "invoked");
  const open = { messageId, by: meta.by, chars, hops: 0, replyTo, brake: null, callsOff, turn: null };
  return accept(
    E.MessagePosted({ ...open, addressed: [...R.calledOn(state.rhythm, addressed), ...offered] }, meta.by, words),
    ...(first ? [E.FloorGranted({ messageId, agentId: first.agentId, place: 1 })] : []),
  );
});

/** The room counts the hops and the words itself, and so decides how far a reply carries. */
function postReply(command: RoomCommandOf<"PostReply">, state: RoomState): Answer {
  const { agentId, meta, messageId, chars, words, turnId, inReplyTo } = command;
  const { alsoInReplyTo, notice, stopped, model, tokensIn, tokensOut, tells, unknown } = command;
  if (own(state.agents, agentId) === undefined || meta.by !== agentName(agentId))
    return refuse(new AgentNotHere({ agentId }));
  const about = { turnId, inReplyTo, notice, stopped, model, tokensIn, tokensOut, tells };
  const turn = {
    ...about,
    ...(alsoInReplyTo === undefined ? {} : { alsoInReplyTo }),
    ...(unknown === undefined ? {} : { unknown }),
  };
  const hops = R.hopsAfter(command.answeredHops);
  const word = { agentId, messageId, inReplyTo };
  const { addressed, brake } = R.passedOn(state.rhythm, word, hops, command.addressed);
  const open = { messageId, by: meta.by, chars, hops, replyTo: null, addressed, brake, callsOff: false, turn };
  return accept(
    E.MessagePosted(open, meta.by, words),
    ...goingOn(R.agentSpoke(state.rhythm, { ...word, seq: 0, addressed })),
  );
}

/** An agent will not answer, as far as one knows: its word is free again, and a round goes on without it. */
function passFloor({ messageId, agentId, why }: RoomCommandOf<"PassFloor">, { rhythm }: RoomState): Answer {
  const passed = { messageId, agentId, why };
  if (!R.mayPass(rhythm, passed)) return accept();
  return accept(E.FloorPassed(passed), ...goingOn(R.floorPassed(rhythm, passed)));
}

const invoke = seated<RoomCommandOf<"InvokeAgent">>(({ meta, messageId, agentId, replyTo }, state) => {
  const known = own(state.agents, agentId);
  if (known === undefined) return refuse(new AgentNotHere({ agentId }));
  return known.active
    ? accept(E.AgentInvoked({ messageId, agentId, by: meta.by, replyTo }))
    : refuse(new AgentIsInactive());
});

const setPolicy = seated<RoomCommandOf<"SetPolicy">>(({ meta, mode }, state) => {
  if (meta.by !== userName(state.ownerId!)) return refuse(new NotRoomOwner());
  return mode === state.rhythm.mode ? accept() : accept(E.RoomPolicySet({ mode, by: meta.by }));
});

const close = seated<RoomCommandOf<"CloseRoom">>(({ meta }, state) =>
  meta.by === userName(state.ownerId!) ? accept(E.RoomClosed({ by: meta.by })) : refuse(new NotRoomOwner()),
);

const answers: { readonly [T in RoomCommand["type"]]: (command: RoomCommandOf<T>, state: RoomState) => Answer } = {
  OpenRoom: open,
  JoinRoom: (command, state) => {
    const { userId, meta } = command;
    const mayJoin = state.kind === "public" || userId === state.ownerId || own(state.people, userId) !== undefined;
    return mayJoin ? admit(command, meta.by, state) : refuse(new RoomIsPrivate());
  },
  AddParticipant: seated((command, state) => admit(command, command.meta.by, state)),
  RemoveParticipant: remove,
  InviteAgent: invite,
  DismissAgent: dismiss,
  SwitchAgent: switchAgent,
  PostMessage: post,
  PostReply: postReply,
  InvokeAgent: invoke,
  SetPolicy: setPolicy,
  PassFloor: passFloor,
  CloseRoom: close,
};

/** What happens next in this room, or why it does not. */
export function decide(command: RoomCommand, state: RoomState): Answer {
  if (command.type !== "OpenRoom") {
    if (state.status === "unknown") return refuse(new RoomUnknown());
    if (state.status === "closed") return refuse(new RoomIsClosed());
  }
  const answer = answers[command.type] as (command: RoomCommand, state: RoomState) => Answer;
  return answer(command, state);
}

export const room: Decider<RoomState, RoomCommand, E.RoomEvent, RoomRefusal> = {
  kind: "room",
  foldVersion: 6,
  initial,
  events: E.roomEvents,
  state: RoomStateSchema,
  evolve,
  decide,
  isFinal: (state) => state.status === "closed",
};

/** The message that a command makes, or makes again: always the same. */
export const messageOfCommand = (roomId: RoomId, commandId: string): MessageId => childId("message", roomId, commandId);

/** A person's message is the same message by whichever door it comes: the id is the person's and the client's own. */
export const messageCommand = (userId: string, clientMessageId: string): string =>
  childId("command", userId, clientMessageId);
