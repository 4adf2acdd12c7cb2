/** A room's events as people see them: messages and frames; pure, used by RoomActor. */

import { Erased, type RecordedOf, type Unsealed } from "#events/kit/envelope.ts";
import { idOf, type RoomId } from "#events/kit/ids.ts";
import { own } from "#events/kit/own.ts";
import type { RoomEvent } from "#events/room/events.ts";
import type { RoomState } from "#events/room/state.ts";
import type { Principal, ReplyInput, RoomDescription, Sighting } from "../kit/doors.ts";
import type { Message, ServerFrames } from "./frames.ts";

type Posted = Extract<RecordedOf<RoomEvent>, { type: "MessagePosted" }>;

/** Events that a client which comes back must be told; all others concern nobody's screen. */
export const shownTypes = [
  "MessagePosted",
  "ParticipantJoined",
  "ParticipantLeft",
  "AgentInvited",
  "AgentDismissed",
  "RoomPolicySet",
] as const;

const iso = (at: number): string => new Date(at).toISOString();

/** A stored message, as HTTP and frames tell it. */
export function messageOf({ event, words }: Unsealed, roomId: string): Message {
  const { seq, at, open } = event as Posted;
  const { by, messageId, replyTo, turn } = open;
  const said = words === Erased ? undefined : words;
  return {
    id: messageId,
    room_id: roomId,
    seq,
    author_id: idOf(by),
    author_kind: turn === null ? "user" : "agent",
    author_name: said === undefined ? "" : String(said.authorName ?? ""),
    text: said === undefined ? null : String(said.text ?? ""),
    ...(replyTo === null ? {} : { reply_to: replyTo }),
    ...(turn === null ? {} : { in_reply_to: turn.inReplyTo, turn_id: turn.turnId }),
    ...(turn?.alsoInReplyTo ? { also_in_reply_to: turn.alsoInReplyTo } : {}),
    ...(turn?.model ? { model: turn.model } : {}),
    ...(turn?.notice ? { notice: true } : {}),
    ...(turn?.stopped ? { stopped: true } : {}),
    ...(turn?.unknown ? { unknown_calls: turn.unknown.map(({ callId, tool }) => ({ id: callId, tool })) } : {}),
    ai_generated: turn !== null,
    created_at: iso(at),
  };
}

/** The end of a streamed reply: the stored message, which replaces every delta. */
function agentMessage(message: Message, turn: NonNullable<Posted["open"]["turn"]>): ServerFrames["agent_message"] {
  const { tokensIn, tokensOut } = turn;
  return {
    message_id: message.id,
    turn_id: turn.turnId,
    agent_id: message.author_id,
    agent_name: message.author_name,
    phase: "end",
    ai_generated: true,
    in_reply_to: turn.inReplyTo,
    ...(turn.alsoInReplyTo ? { also_in_reply_to: turn.alsoInReplyTo } : {}),
    text: message.text,
    ...(tokensIn === null || tokensOut === null ? {} : { usage: { tokens_in: tokensIn, tokens_out: tokensOut } }),
    ...(turn.model === null ? {} : { model: turn.model }),
    ...(turn.notice ? { notice: true } : {}),
    ...(turn.stopped ? { stopped: true } : {}),
    ...(message.unknown_calls ? { unknown_calls: message.unknown_calls } : {}),
    created_at: message.created_at,
    seq: message.seq,
  };
}

interface Frame {
  readonly event: keyof ServerFrames;
  readonly payload: unknown;
}

/** The frames that tell of these events, live and when caught up; some are shown to nobody. */
export const framesOf = (unsealed: ReadonlyArray<Unsealed>, roomId: string): ReadonlyArray<Frame> =>
  unsealed.flatMap((each) => frameOf(each, roomId) ?? []);

function frameOf(unsealed: Unsealed, roomId: string): Frame | undefined {
  const event = unsealed.event as RecordedOf<RoomEvent>;
  const { seq } = event;
  const name = unsealed.words === Erased ? "" : String(unsealed.words.name ?? "");
  switch (event.type) {
    case "MessagePosted": {
      const message = messageOf(unsealed, roomId);
      const { turn } = event.open;
      return turn === null
        ? { event: "message_created", payload: message }
        : { event: "agent_message", payload: agentMessage(message, turn) };
    }
    case "ParticipantJoined":
      return { event: "participant_joined", payload: { kind: "user", user_id: event.open.userId, name, seq } };
    case "AgentInvited":
      return {
        event: "participant_joined",
        payload: { kind: "agent", agent_id: event.open.agentId, name: event.open.name, seq },
      };
    case "ParticipantLeft":
      return { event: "participant_left", payload: { user_id: event.open.userId, seq } };
    case "AgentDismissed":
      return { event: "participant_left", payload: { agent_id: event.open.agentId, seq } };
    case "RoomPolicySet":
      return { event: "policy_changed", payload: { mode: event.open.mode, seq } };
    default:
      return undefined;
  }
}

/** The last sign of a turn: whoever saw it thinking sees it end. */
export const closing = ({ turnId, agentId, notice, stopped }: ReplyInput): Sighting => ({
  event: "agent_thinking",
  payload: {
    turn_id: turnId,
    agent_id: agentId,
    state: stopped ? "stopped" : notice ? "failed" : "done",
    label: "",
  },
});

/** A room as somebody sees it; `names` are the ParticipantJoined events with the people's names. */
export function describe(
  { name, kind, ownerId, openedAt, people, agents, rhythm }: RoomState,
  roomId: RoomId,
  seq: number,
  names: ReadonlyArray<Unsealed>,
  by: Principal,
): RoomDescription {
  const nameAt = new Map(
    names.map(({ event, words }) => [event.seq, words === Erased ? "" : String(words.name ?? "")]),
  );
  return {
    roomId,
    name,
    kind,
    ownerId: ownerId!,
    openedAt,
    mode: rhythm.mode,
    joined: own(people, by.userId) !== undefined,
    participants: [
      ...Object.entries(people).map(([id, { joinedSeq }]) => ({
        kind: "user" as const,
        id,
        name: nameAt.get(joinedSeq) || id,
      })),
      ...Object.entries(agents).map(([id, agent]) => ({ kind: "agent" as const, id, name: agent.name })),
    ],
    seq,
  };
}
