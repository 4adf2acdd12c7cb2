/** Talking with one agent over HTTP: the message goes into a room like any other, and the answer is waited for. */
import { Effect } from "effect";
import type { TurnOutcome } from "#actors/kit/doors.ts";
import { MAX_MESSAGE_BYTES } from "#actors/room/frames.ts";
import { turnOf } from "#events/agent/decide.ts";
import { textFault, utf8Bytes } from "#events/kit/canonical.ts";
import { type AgentId, childId, type MessageId, type RoomId } from "#events/kit/ids.ts";
import { newId, now } from "../../env.ts";
import { Asker, ask, commandId, perform, touched } from "../asker.ts";
import { problem } from "../problem.ts";
import type { ProblemName } from "../problems.ts";
import { executionOf } from "./executions.ts";
import { agentId as agentIdOf, roomId as roomIdOf } from "./paths.ts";

/** A chat waits this long for its answer before it becomes a promise of one. */
const CHAT_WAIT_MS = 110_000;

/**
 * The room of one person and one agent: always the same for the same two. It is looked at each time rather than
 * trusted to have been made whole: the person may have left it, the agent may have been sent away, and a crash may have come
 * before it did. For an agent that is switched off none is opened, and it is not brought back into one.
 */
const directRoom = Effect.fnUntraced(function* (agentId: AgentId) {
  const asking = yield* Asker;
  const agent = yield* ask(({ env, principal }) => env.AGENT.getByName(agentId).describe(principal));
  const roomId = childId<RoomId>("room", agentId, asking.principal.userId);
  const door = asking.env.ROOM.getByName(roomId);
  const known = yield* perform(({ principal }) => door.describe(principal));
  const command = () => newId<string>("command");
  const here = known.outcome === "accepted" && known.value.participants.some(({ id }) => id === agentId);
  if (!here && !agent.active) return yield* problem("agent-inactive");
  if (known.outcome === "refused") {
    const input = { roomId, name: agent.name, kind: "direct" as const };
    const opened = yield* perform(({ principal }) => door.open(principal, command(), input));
    // Somebody else was faster, or the person had left: its owner may always come back.
    if (opened.outcome === "refused") yield* ask(({ principal }) => door.join(principal, command()));
  }
  if (!here) yield* ask(({ principal }) => door.inviteAgent(principal, command(), agentId, agent.name));
  return roomId;
});

/** Turns that failed for other reasons than a model's. */
const failureProblems: Readonly<Record<string, ProblemName>> = {
  TurnBudget: "budget-exceeded",
  AgentBudget: "budget-exceeded",
  RoomBudget: "budget-exceeded",
  AskerBudget: "budget-exceeded",
  Withheld: "content-filtered",
  SwitchedOff: "agent-inactive",
};

/** Why there is no answer of the model; with the time to come back, where one is known. */
const failureOf = Effect.fnUntraced(function* ({ failure, text, retryAt }: Replied) {
  const { headers } = yield* Asker;
  const name = failureProblems[failure ?? ""] ?? "provider-unavailable";
  if (name === "provider-unavailable" && retryAt !== null && retryAt > now())
    headers.set("Retry-After", String(Math.ceil((retryAt - now()) / 1_000)));
  return problem(name, { detail: text ?? failure ?? "" });
});

type Replied = Extract<TurnOutcome, { ending: "replied" }>;

const chatAnswer = (outcome: TurnOutcome, agentId: AgentId, roomId: RoomId, messageId: string) =>
  Effect.gen(function* () {
    const { turnId: turn_id } = outcome;
    if (outcome.ending === "open") return { turn_id, room_id: roomId, message_id: messageId };
    if (outcome.ending === "declined")
      return yield* Effect.fail(
        outcome.why === "inactive"
          ? problem("agent-inactive")
          : problem("conflict", { detail: `The agent keeps silent: ${outcome.why}.` }),
      );
    if (outcome.ending === "failed")
      return yield* problem("conflict", { detail: `The turn ended: ${outcome.reason}.` });
    if (outcome.failure !== null) return yield* Effect.flatMap(failureOf(outcome), Effect.fail);
    const { usage } = outcome;
    return {
      turn_id,
      room_id: roomId,
      message_id: messageId,
      reply: {
        message_id: outcome.messageId,
        in_reply_to: outcome.inReplyTo,
        ...(outcome.alsoInReplyTo.length > 0 ? { also_in_reply_to: outcome.alsoInReplyTo } : {}),
        text: outcome.text,
        parts: [{ type: "text" as const, text: outcome.text ?? "" }],
        ...(outcome.stopped ? { stopped: true as const } : {}),
      },
      tool_executions: outcome.tools.map((tool) => executionOf(tool, agentId, turn_id)),
      usage: usage && { tokens_in: usage.tokensIn, tokens_out: usage.tokensOut },
    };
  });

/** Says something to an agent, in a room or in private, and answers with what it says back. */
export const chat = Effect.fnUntraced(function* (
  id: string,
  { message, room_id }: { readonly message: string; readonly room_id?: string },
) {
  const asking = yield* Asker;
  const agentId = yield* agentIdOf(id);
  const fault = message.trim() === "" ? "is empty" : textFault(message);
  if (fault !== undefined) return yield* problem("validation", { errors: [{ path: ["message"], message: fault }] });
  if (utf8Bytes(message) > MAX_MESSAGE_BYTES)
    return yield* problem("payload-too-large", { detail: "A message may have 16 KiB at most." });
  const roomId = room_id === undefined ? yield* directRoom(agentId) : yield* roomIdOf(room_id);
  touched(asking, roomId);
  const posted = yield* ask(({ env, principal }) =>
    env.ROOM.getByName(roomId).post(principal, commandId(asking), { text: message, invoke: agentId }),
  );
  const waitMs = /\brespond-async\b/.test(asking.request.headers.get("prefer") ?? "") ? 0 : CHAT_WAIT_MS;
  if (waitMs === 0)
    return yield* chatAnswer({ ending: "open", turnId: turnOf(agentId, posted.id) }, agentId, roomId, posted.id);
  const outcome = yield* perform(({ env }) => env.AGENT.getByName(agentId).outcome(posted.id as MessageId, waitMs));
  return yield* chatAnswer(outcome, agentId, roomId, posted.id);
});
