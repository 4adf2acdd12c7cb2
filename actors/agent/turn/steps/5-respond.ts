/** Step 5, response generation: the text that will be posted is drafted, before anybody can see it as said. */
import { Effect, Redacted } from "effect";
import { isDue, type TurnView } from "#events/agent/turn.ts";
import { noticeFor } from "../notices.ts";
import { Rooms, TurnLedger } from "../ports.ts";
import { metaOf, type Step } from "../step.ts";
import { roundsOf } from "../transcript.ts";
import { replyIdOf } from "./3-think.ts";

export const respond = {
  name: "respond",
  isDue: isDue.respond,
  run: Effect.fnUntraced(function* (turn) {
    const ledger = yield* TurnLedger;
    const rooms = yield* Rooms;
    const rounds = yield* roundsOf(turn);
    // A request that was stopped has no reply on record: what people have heard of it is all there is.
    const heard = turn.asking === null ? "" : rooms.shown(turn.turnId);
    const said = [...rounds.map(({ text }) => text), heard].map((text) => text.trim()).filter((text) => text !== "");
    if (turn.interrupted !== null && said.length === 0) return yield* end(turn);
    const notice = turn.interrupted === null && (turn.gaveUp !== null || said.length === 0);
    const text = notice
      ? noticeFor(turn.gaveUp?.reason ?? "Empty", turn.gaveUp?.retryAfterMs ?? null)
      : said.join("\n\n");
    yield* ledger.commit({
      type: "DraftReply",
      meta: yield* metaOf(turn, "draft"),
      turnId: turn.turnId,
      attempt: turn.attempt,
      replyId: replyIdOf(turn),
      chars: text.length,
      hash: ledger.digest(text),
      notice,
      masked: [],
      words: Redacted.make({ text }),
    });
  }),
} satisfies Step<unknown, TurnLedger | Rooms>;

/** Nothing was heard of it: it ends without a message. */
const end = Effect.fnUntraced(function* (turn: TurnView) {
  const ledger = yield* TurnLedger;
  const meta = yield* metaOf(turn, "end");
  yield* ledger.commit({ type: "EndTurn", meta, turnId: turn.turnId, attempt: turn.attempt });
});
