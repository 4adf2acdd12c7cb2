/** What people and agents say as commands: whom it speaks to is read here, for decisions never see words; used by RoomActor. */
import { Redacted } from "effect";
import { turnOf } from "#events/agent/decide.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { type ActorName, type AgentId, idOf, type MessageId, userName } from "#events/kit/ids.ts";
import { addressedAgents, namesSomebody } from "#events/room/addressing.ts";
import { callsOff } from "#events/room/calling-off.ts";
import type { RoomCommandOf } from "#events/room/commands.ts";
import type { RoomEvent } from "#events/room/events.ts";
import type { Addressee } from "#events/room/rhythm.ts";
import type { RoomState } from "#events/room/state.ts";
import type { PostInput, ReplyInput } from "../kit/doors.ts";
import { isOutlived } from "../kit/event-keys.ts";
import type { Keyring } from "../kit/revealed.ts";
import type { SqlPort } from "../kit/sql.ts";

type Event = RecordedOf<RoomEvent>;

/** A room's log, as far as what agents say depends on it. */
interface RoomLog {
  readonly state: RoomState;
  readonly tables: SqlPort;
  message(messageId: string): Event | undefined;
}

function addressed(text: string, { kind, agents }: RoomState, replyTo?: Event): ReadonlyArray<Addressee> {
  const here = Object.entries(agents).map(([agentId, { name }]) => ({ agentId: agentId as AgentId, name }));
  const answered =
    replyTo?.type === "MessagePosted" ? { messageId: replyTo.open.messageId, author: replyTo.open.by } : undefined;
  return addressedAgents(text, { kind, agents: here }, answered);
}

/** What a person says. `replyTo` is the message that `input` names as the one it answers. */
export function postCommand(
  meta: CommandMeta,
  state: RoomState,
  { text, invoke, replyTo }: PostInput,
  more: { readonly messageId: MessageId; readonly authorName: string; readonly replyTo: Event | undefined },
): RoomCommandOf<"PostMessage"> {
  const found = addressed(text, state, more.replyTo);
  const others = found.filter(({ agentId }) => agentId !== invoke);
  return {
    type: "PostMessage",
    meta,
    messageId: more.messageId,
    chars: text.length,
    replyTo: (replyTo as MessageId | undefined) ?? null,
    addressed: invoke ? [{ agentId: invoke, how: "invoked" }, ...others] : found,
    named: namesSomebody(text),
    callsOff: callsOff(text, Object.values(state.agents)),
    words: Redacted.make({ text, authorName: more.authorName }),
  };
}

/** The replies of agents that may say again what somebody said, by their events. */
export const saidAgain = (tables: SqlPort, subject: ActorName): ReadonlyArray<number> =>
  tables
    .rows(
      `SELECT seq FROM events
       WHERE type = 'MessagePosted' AND EXISTS (SELECT 1 FROM json_each(open, '$.turn.tells') WHERE value = ?)`,
      idOf(subject),
    )
    .map(([seq]) => Number(seq));

/** What tells whether a reply comes too late. */
type Answering = Pick<RoomCommandOf<"PostReply">, "tells" | "inReplyTo" | "alsoInReplyTo">;

/**
 * Whether a reply has come too late: somebody whose words it may say again is erased, or what it answers went with a key,
 * be it that whoever said it has come back since.
 */
export function isLate({ tells, inReplyTo, alsoInReplyTo = [] }: Answering, log: RoomLog, keys: Keyring): boolean {
  const subjects = tells.map(userName);
  const answered = [inReplyTo, ...alsoInReplyTo].flatMap((messageId) => log.message(messageId)?.seq ?? []);
  return subjects.some((subject) => keys.get(subject) === "destroyed") || isOutlived(log.tables, answered, subjects);
}

/** The replies among these that have come too late. */
export const outliving = (events: ReadonlyArray<Event>, log: RoomLog, keys: Keyring): ReadonlyArray<number> =>
  events.flatMap(({ type, seq, open }) =>
    type === "MessagePosted" && open.turn !== null && isLate(open.turn, log, keys) ? [seq] : [],
  );

/**
 * What an agent says. What it answers is a message; an invitation to speak is none. One that points at a
 * message has that answered, but in a turn of its own: a person has just spoken, whatever agents had said before.
 */
export function replyCommand(meta: CommandMeta, log: RoomLog, reply: ReplyInput): RoomCommandOf<"PostReply"> {
  const { agentId, messageId, turnId, inReplyTo, alsoInReplyTo, notice, model, tokensIn, tokensOut, tells, text } =
    reply;
  const answered = log.message(inReplyTo);
  const isInvited = turnId !== turnOf(agentId, inReplyTo);
  return {
    type: "PostReply",
    meta,
    ...{ agentId, messageId, turnId, inReplyTo, notice, model, tokensIn, tokensOut, tells },
    ...(alsoInReplyTo.length === 0 ? {} : { alsoInReplyTo }),
    stopped: reply.stopped,
    ...(reply.unknown && { unknown: reply.unknown }),
    chars: text.length,
    answeredHops: answered?.type === "MessagePosted" && !isInvited ? answered.open.hops : 0,
    addressed: addressed(text, log.state).filter((other) => other.agentId !== agentId),
    words: Redacted.make({ text, authorName: reply.agentName }),
  };
}
