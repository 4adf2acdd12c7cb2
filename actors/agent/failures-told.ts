/** The last word of a turn that could not say it itself: told to its room from the log, by whichever life comes next; used by the agent's feed to rooms. */
import { NO_PROGRESS } from "#events/agent/decide-turn.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import type { AgentId } from "#events/kit/ids.ts";
import type { ActorEnv, ReplyInput } from "../kit/doors.ts";
import type { ProjectedLog } from "../kit/read-models.ts";
import { replyCommandId } from "./rooms.ts";
import { noticeFor } from "./turn/notices.ts";
import { replyIdOf } from "./turn/speech.ts";
import { takenAlong } from "./turn/taken.ts";

type Event = RecordedOf<AgentEvent>;
type Of<T extends Event["type"]> = Extract<Event, { readonly type: T }>;

/** What of a turn its last word is made of. */
const TOLD = ["TurnInterrupted", "ModelGaveUp", "ToolOutcomeUnknown"] as const;
type Told = Of<(typeof TOLD)[number]>;
const isOf =
  <T extends Event["type"]>(type: T) =>
  (event: Event): event is Of<T> =>
    event.type === type;

/** An agent's log, as far as its failed turns are told from it. */
export interface FailureLog extends ProjectedLog {
  readonly state: AgentState;
  madeBy(prefix: string): ReadonlyArray<number>;
  read(after: number, limit: number, types?: ReadonlyArray<string>, before?: number): ReadonlyArray<Event>;
}

/**
 * Whoever asked is told once: under the id of the reply that never came, which the room refuses where it has that reply
 * after all. It runs no step of the turn, so that what killed the turn does not kill this. Who said stop is told nothing.
 */
export async function tellFailure(failed: Of<"TurnFailed">, log: FailureLog, env: ActorEnv): Promise<void> {
  const { turnId, roomId, reason } = failed.open;
  if (reason !== NO_PROGRESS) return;
  const [triggerSeq] = log.madeBy(`${turnId}/receive`);
  if (triggerSeq === undefined) return;
  const told = log.read(triggerSeq, failed.seq - triggerSeq, TOLD, failed.seq) as ReadonlyArray<Told>;
  const own = told.filter(({ open }) => open.turnId === turnId);
  if (own.some(isOf("TurnInterrupted"))) return;
  const [received] = log.read(triggerSeq - 1, 1) as ReadonlyArray<Of<"MessageReceived">>;
  const { messageId, replyTo, chars } = received!.open;
  const gaveUp = own.findLast(isOf("ModelGaveUp"))?.open;
  // Whoever reads it has not seen the call: they should know before they ask for the same again.
  const unknown = own.filter(isOf("ToolOutcomeUnknown")).map(({ open: { callId, tool } }) => ({ callId, tool }));
  const notice: ReplyInput = {
    ...{ agentId: log.state.agentId as AgentId, agentName: log.state.name, turnId, messageId: replyIdOf({ turnId }) },
    inReplyTo: chars === 0 && replyTo !== null ? replyTo : messageId,
    alsoInReplyTo: takenAlong(log, { turnId, triggerSeq }, failed.seq),
    text: noticeFor(gaveUp?.reason ?? reason, gaveUp?.retryAfterMs ?? null),
    ...(unknown.length > 0 && { unknown }),
    ...{ hops: 0, notice: true, stopped: false, model: null, tokensIn: null, tokensOut: null, tells: [] },
    ...{ causation: failed.id, correlation: failed.correlation },
  };
  await env.ROOM.getByName(roomId).postReply(replyCommandId(turnId), notice, []);
}
