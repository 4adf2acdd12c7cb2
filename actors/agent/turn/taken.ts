/** Which messages a turn took along, as the log tells; used by step 7 and by whoever tells how a turn ended. */
import type { TurnDeclined } from "#events/agent/events.ts";
import type { EventOf } from "#events/kit/define.ts";
import type { Recorded } from "#events/kit/envelope.ts";
import type { MessageId, TurnId } from "#events/kit/ids.ts";

/** How many verdicts are looked through: a turn takes its messages along in the breath in which it starts. */
const VERDICTS = 1_000;

type Declined = Recorded<EventOf<typeof TurnDeclined>>;

/** The messages that waited and are answered by this turn, beside the one at `triggerSeq`; oldest first. */
export const takenAlong = (
  log: { read(after: number, limit: number, types: ReadonlyArray<"TurnDeclined">): ReadonlyArray<Recorded> },
  { turnId, triggerSeq }: { readonly turnId: TurnId; readonly triggerSeq: number },
): ReadonlyArray<MessageId> =>
  (log.read(triggerSeq, VERDICTS, ["TurnDeclined"]) as ReadonlyArray<Declined>)
    .filter(({ open }) => open.why === "coalesced" && open.into === turnId)
    .map(({ open }) => open.trigger);
