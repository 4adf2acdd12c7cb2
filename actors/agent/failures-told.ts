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

type Failed = Extract<RecordedOf<AgentEvent>, { type: "TurnFailed" }>;
type Received = Extract<RecordedOf<AgentEvent>, { type: "MessageReceived" }>;

/** An agent's log, as far as its failed turns are told from it. */
export interface FailureLog extends ProjectedLog {
  readonly state: AgentState;
  madeBy(prefix: string): ReadonlyArray<number>;
  read(after: number, limit: number, types?: ReadonlyArray<string>, before?: number): ReturnType<ProjectedLog["read"]>;
}

/**
 * Whoever asked is told once: under the id of the reply that never came, which the room refuses where it has that reply
 * after all. It runs no step of the turn, so that what killed the turn does not kill this.
 */
export async function tellFailure(
  { seq, open, id, correlation }: Failed,
  log: FailureLog,
  env: ActorEnv,
): Promise<void> {
  const { turnId, roomId, reason } = open;
  const [triggerSeq] = log.madeBy(`${turnId}/receive`);
  if (reason !== NO_PROGRESS || triggerSeq === undefined) return;
  const [received] = log.read(triggerSeq - 1, 1) as ReadonlyArray<Received>;
  const { messageId, replyTo, chars } = received!.open;
  const notice: ReplyInput = {
    ...{ agentId: log.state.agentId as AgentId, agentName: log.state.name, turnId, messageId: replyIdOf({ turnId }) },
    inReplyTo: chars === 0 && replyTo !== null ? replyTo : messageId,
    alsoInReplyTo: takenAlong(log, { turnId, triggerSeq }, seq),
    text: noticeFor(reason, null),
    ...{ hops: 0, notice: true, stopped: false, model: null, tokensIn: null, tokensOut: null, tells: [] },
    ...{ causation: id, correlation },
  };
  await env.ROOM.getByName(roomId).postReply(replyCommandId(turnId), notice, []);
}
