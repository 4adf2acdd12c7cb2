/** Who may do what in a room: answers what happens next, or why not. */
import { Result } from "effect";
import type { Decider } from "../kit/decider.ts";
import { type ActorName, agentName, childId, idOf, type UserId, userName } from "../kit/ids.ts";
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

function admit(userId: UserId, by: ActorName, words: RoomCommandOf<"JoinRoom">["words"], state: RoomState): Answer {
  return own(state.people, userId) === undefined
    ? accept(E.ParticipantJoined({ userId, by }, userName(userId), words))
    : accept();
}

const remove = seated<RoomCommandOf<"RemoveParticipant">>(({ userId, meta }, state) => {
  if (meta.by !== userName(userId) && meta.by !== userName(state.ownerId!)) return refuse(new NotRoomOwner());
  return own(state.people, userId) === undefined ? accept() : accept(E.ParticipantLeft({ userId, by: meta.by }));
});

/** The room's owner may send an agent away, and an agent may go by itself. */
function dismiss({ agentId, meta }: RoomCommandOf<"DismissAgent">, state: RoomState): Answer {
  if (meta.by !== agentName(agentId)) {
    const refusal = seatless(meta.by, state);
    if (refusal !== undefined) return refuse(refusal);
    if (meta.by !== userName(state.ownerId!)) return refuse(new NotRoomOwner());
  }
  return own(state.agents, agentId) === undefined ? accept() : accept(E.AgentDismissed({ agentId, by: meta.by }));
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

const post = seated<RoomCommandOf<"PostMessage">>(({ meta, messageId, chars, replyTo, addressed, words }, state) => {
  const absent = addressed.find(({ agentId }) => own(state.agents, agentId) === undefined);
  if (absent !== undefined) return refuse(new AgentNotHere(absent));
  return accept(
    E.MessagePosted({ messageId, by: meta.by, chars, hops: 0, replyTo, addressed, turn: null }, meta.by, words),
  );
});

function postReply(command: RoomCommandOf<"PostReply">, state: RoomState): Answer {
  const { agentId, meta, messageId, chars, hops, addressed, words, turnId, inReplyTo } = command;
  const { notice, model, tokensIn, tokensOut } = command;
  if (own(state.agents, agentId) === undefined || meta.by !== agentName(agentId))
    return refuse(new AgentNotHere({ agentId }));
  const turn = { turnId, inReplyTo, notice, model, tokensIn, tokensOut };
  return accept(
    E.MessagePosted({ messageId, by: meta.by, chars, hops, replyTo: null, addressed, turn }, meta.by, words),
  );
}

const invoke = seated<RoomCommandOf<"InvokeAgent">>(({ meta, messageId, agentId, replyTo }, state) =>
  own(state.agents, agentId) === undefined
    ? refuse(new AgentNotHere({ agentId }))
    : accept(E.AgentInvoked({ messageId, agentId, by: meta.by, replyTo })),
);

const close = seated<RoomCommandOf<"CloseRoom">>(({ meta }, state) =>
  meta.by === userName(state.ownerId!) ? accept(E.RoomClosed({ by: meta.by })) : refuse(new NotRoomOwner()),
);

const answers: { readonly [T in RoomCommand["type"]]: (command: RoomCommandOf<T>, state: RoomState) => Answer } = {
  OpenRoom: open,
  JoinRoom: ({ userId, meta, words }, state) =>
    state.kind === "public" || userId === state.ownerId || own(state.people, userId) !== undefined
      ? admit(userId, meta.by, words, state)
      : refuse(new RoomIsPrivate()),
  AddParticipant: seated(({ userId, meta, words }, state) => admit(userId, meta.by, words, state)),
  RemoveParticipant: remove,
  InviteAgent: invite,
  DismissAgent: dismiss,
  PostMessage: post,
  PostReply: postReply,
  InvokeAgent: invoke,
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
  foldVersion: 1,
  initial,
  events: E.roomEvents,
  state: RoomStateSchema,
  evolve,
  decide,
  isFinal: (state) => state.status === "closed",
};

/** A person's message is the same message by whichever door it comes: the id is the person's and the client's own. */
export const messageCommand = (userId: string, clientMessageId: string): string =>
  childId("command", userId, clientMessageId);
