/** Step 7, message broadcasting: the room takes the draft under an id of its own, so that saying it twice is saying it once. */
import { Effect } from "effect";
import type { ReplyDrafted } from "#events/agent/events.ts";
import { isDue, type TurnView } from "#events/agent/turn.ts";
import type { EventOf } from "#events/kit/define.ts";
import { Erased, type Recorded } from "#events/kit/envelope.ts";
import { type ActorName, childId, type MemoryId } from "#events/kit/ids.ts";
import { answerOf } from "../answer.ts";
import { DeliveryFailure } from "../failures.ts";
import { MemoryFormer, Rooms, TurnLedger } from "../ports.ts";
import { deliver } from "../schedules.ts";
import { metaOf, type Step } from "../step.ts";
import { takenAlong } from "../taken.ts";
import { usageOf } from "../usage.ts";

type Drafted = Recorded<EventOf<typeof ReplyDrafted>>;

/** Whoever reads it later has not seen the call: they should know before they ask for the same again. */
const unknownCalls = ({ rounds }: TurnView) =>
  rounds.flatMap(({ calls }) => calls.flatMap(({ isUnknown, callId, tool }) => (isUnknown ? [{ callId, tool }] : [])));

export const broadcast = {
  name: "broadcast",
  isDue: isDue.broadcast,
  run: Effect.fnUntraced(function* (turn) {
    const ledger = yield* TurnLedger;
    const rooms = yield* Rooms;
    const former = yield* MemoryFormer;
    const draft = turn.draft!;
    const [written] = yield* ledger.reveal([draft.seq]);
    if (written === undefined || written.words === Erased)
      return yield* new DeliveryFailure({ detail: "the draft was erased" });
    const { roomSeq } = yield* rooms
      .post({
        messageId: draft.replyId,
        turnId: turn.turnId,
        roomId: turn.roomId,
        inReplyTo: turn.inReplyTo,
        alsoInReplyTo: turn.taken.length === 0 ? [] : takenAlong(ledger, turn, draft.seq),
        hops: turn.hops + 1,
        text: String(written.words.text),
        notice: draft.notice,
        stopped: draft.stopped,
        model: turn.rounds.at(-1)?.model,
        usage: usageOf(turn.rounds, turn.asking !== null),
        tells: (written.event as Drafted).open.tells,
        unknown: unknownCalls(turn),
        causation: turn.lastEvent,
        correlation: turn.correlation,
      })
      .pipe(Effect.retry(deliver));
    yield* ledger.moment;
    const meta = yield* metaOf(turn, "post");
    // Last of all, and committed in the same breath: what was taken back until then is not said again in a memory.
    const answer = yield* answerOf(turn, String(written.words.text));
    const episode = yield* former.episode(turn.authorId as ActorName, answer);
    yield* ledger.commit({
      type: "RecordPost",
      meta,
      turnId: turn.turnId,
      attempt: turn.attempt,
      messageId: draft.replyId,
      roomSeq,
      ...(episode && { episode: { ...episode, memoryId: childId<MemoryId>("memory", turn.turnId, "reply") } }),
    });
  }),
} satisfies Step<unknown, TurnLedger | Rooms | MemoryFormer>;
