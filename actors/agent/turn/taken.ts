/** Which messages a turn took along, as the log tells; used by step 7 and by whoever tells how a turn ended. */
import type { TurnDeclined } from "#events/agent/events.ts";
import type { EventOf } from "#events/kit/define.ts";
import type { Recorded } from "#events/kit/envelope.ts";
import type { MessageId, TurnId } from "#events/kit/ids.ts";

type Declined = Recorded<EventOf<typeof TurnDeclined>>;

interface Log {
  read(after: number, limit: number, types: ReadonlyArray<string>, before: number): ReadonlyArray<Recorded>;
}

/**
 * The messages that waited and are answered by this turn, beside the one at `triggerSeq`; oldest first. A turn takes them
 * along before it does anything, so that they stand between its message and any later place of its own.
 */
export const takenAlong = (
  log: Log,
  { turnId, triggerSeq }: { readonly turnId: TurnId; readonly triggerSeq: number },
  before: number,
): ReadonlyArray<MessageId> =>
  (log.read(triggerSeq, before - triggerSeq, ["TurnDeclined"], before) as ReadonlyArray<Declined>)
    .filter(({ open }) => open.why === "coalesced" && open.into === turnId)
    .map(({ open }) => open.trigger);
