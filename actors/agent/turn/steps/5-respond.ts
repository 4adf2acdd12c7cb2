/** Step 5, response generation: the text that will be posted is drafted, before anybody can see it as said. */
import { Effect, Redacted } from "effect";
import { isDue } from "#events/agent/turn.ts";
import { noticeFor } from "../notices.ts";
import { TurnLedger } from "../ports.ts";
import { metaOf, type Step } from "../step.ts";
import { roundsOf } from "../transcript.ts";
import { replyIdOf } from "./3-think.ts";

export const respond = {
  name: "respond",
  isDue: isDue.respond,
  run: Effect.fnUntraced(function* (turn) {
    const ledger = yield* TurnLedger;
    const said = (yield* roundsOf(turn)).flatMap(({ text }) => (text.trim() === "" ? [] : [text.trim()]));
    const notice = turn.gaveUp !== null || said.length === 0;
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
      words: Redacted.make({ text }),
    });
  }),
} satisfies Step<unknown, TurnLedger>;
