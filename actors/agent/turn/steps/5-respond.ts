/** Step 5, response generation: the text that will be posted is drafted, before anybody can see it as said. */
import { Effect, Redacted } from "effect";
import { isDue, type TurnView } from "#events/agent/turn.ts";
import { moderate, POLICY_VERSION } from "../filter.ts";
import { noticeFor } from "../notices.ts";
import { type Moderator, Rooms, TurnLedger } from "../ports.ts";
import { saidByPeople } from "../said.ts";
import { replyIdOf } from "../speech.ts";
import { metaOf, type Step } from "../step.ts";
import { roundsOf } from "../transcript.ts";

export const respond = {
  name: "respond",
  isDue: isDue.respond,
  run: Effect.fnUntraced(function* (turn) {
    const rooms = yield* Rooms;
    const rounds = yield* roundsOf(turn);
    // A request that was stopped has no reply on record: what people have heard of it is all there is.
    const heard = turn.asking === null ? "" : rooms.shown(turn.turnId);
    const said = [...rounds.map(({ text }) => text), heard].map((text) => text.trim()).filter((text) => text !== "");
    if (turn.interrupted !== null && said.length === 0) return yield* end(turn);
    const failed = turn.interrupted === null && (turn.gaveUp !== null || said.length === 0);
    if (failed)
      return yield* draft(turn, noticeFor(turn.gaveUp?.reason ?? "Empty", turn.gaveUp?.retryAfterMs ?? null), {
        notice: true,
      });
    // What was kept back while it was written is not let go because the whole sounds better.
    if (turn.withheld && turn.interrupted === null)
      return yield* draft(turn, noticeFor("Withheld", null), { notice: true });
    const verdict = yield* moderate(said.join("\n\n"), "out", { said: yield* saidByPeople(turn) });
    if (verdict.action === "withhold")
      return yield* draft(turn, noticeFor("Withheld", null), { notice: true, withheld: verdict.rules });
    yield* draft(turn, verdict.text, { notice: false, masked: verdict.rules });
  }),
} satisfies Step<unknown, TurnLedger | Rooms | Moderator>;

/** Records the text that will be posted: the agent's, or the house's in its place. */
const draft = Effect.fnUntraced(function* (
  turn: TurnView,
  text: string,
  verdict: {
    readonly notice: boolean;
    readonly masked?: ReadonlyArray<string>;
    readonly withheld?: ReadonlyArray<string>;
  },
) {
  const ledger = yield* TurnLedger;
  const { notice, masked = [], withheld } = verdict;
  yield* ledger.commit({
    type: "DraftReply",
    meta: yield* metaOf(turn, "draft"),
    turnId: turn.turnId,
    attempt: turn.attempt,
    replyId: replyIdOf(turn),
    chars: text.length,
    hash: yield* ledger.digest(text),
    notice,
    masked,
    ...(withheld === undefined ? {} : { withheld: { rules: withheld, policyVersion: POLICY_VERSION } }),
    words: Redacted.make({ text }),
  });
});

/** Nothing was heard of it: it ends without a message. */
const end = Effect.fnUntraced(function* (turn: TurnView) {
  const ledger = yield* TurnLedger;
  const meta = yield* metaOf(turn, "end");
  yield* ledger.commit({ type: "EndTurn", meta, turnId: turn.turnId, attempt: turn.attempt });
});
