/** Step 5, response generation: the text that will be posted is drafted, before anybody can see it as said. */
import { Effect, Redacted } from "effect";
import { isDue, type TurnView } from "#events/agent/turn.ts";
import type { ActorName, UserId } from "#events/kit/ids.ts";
import { answerOf } from "../answer.ts";
import { type Moderated, moderate, onRecord, POLICY_VERSION } from "../filter.ts";
import { draftable } from "../longest-draft.ts";
import { noticeFor } from "../notices.ts";
import { MemoryFormer, type Moderator, Rooms, TurnLedger } from "../ports.ts";
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
    // Stopped or not, what was kept back is not said: it would be judged anew, and the whole may sound better.
    const whole = turn.withheld && turn.interrupted !== null ? [] : rounds.map(({ text }) => text);
    const said = [...whole, heard].map((text) => text.trim()).filter((text) => text !== "");
    if (turn.interrupted !== null && said.length === 0) return yield* end(turn);
    const tells = yield* toldIn(turn, said.join("\n\n"));
    const failed = turn.interrupted === null && (turn.gaveUp !== null || said.length === 0);
    if (failed)
      return yield* draft(turn, noticeFor(turn.gaveUp?.reason ?? "Empty", turn.gaveUp?.retryAfterMs ?? null), {
        notice: true,
        tells,
      });
    // What was kept back while it was written is not let go because the whole sounds better.
    if (turn.withheld && turn.interrupted === null)
      return yield* draft(turn, noticeFor("Withheld", null), { notice: true, tells });
    const verdict = yield* moderate(said.join("\n\n"), "out", { said: yield* saidByPeople(turn) });
    if (verdict.action === "withhold")
      return yield* draft(turn, noticeFor("Withheld", null), { notice: true, tells, withheld: verdict });
    yield* draft(turn, draftable(verdict.text), { notice: false, tells, passed: verdict });
  }),
} satisfies Step<unknown, TurnLedger | Rooms | Moderator | MemoryFormer>;

/** Whose words the models of a turn may have said again; a notice in their place does not, but theirs stay on record. */
const toldIn = Effect.fnUntraced(function* (turn: TurnView, text: string) {
  const former = yield* MemoryFormer;
  const people = (turn.people ?? []) as ReadonlyArray<UserId>;
  const told = yield* former.tells(turn.authorId as ActorName, people, yield* answerOf(turn, text));
  return [...new Set([...people, ...told])];
});

const withheldBy = ({ rules, moderation }: Moderated) => ({ rules, policyVersion: POLICY_VERSION, moderation });

/** Records the text that will be posted: the agent's, or the house's in its place. */
const draft = Effect.fnUntraced(function* (
  turn: TurnView,
  text: string,
  verdict: {
    readonly notice: boolean;
    readonly tells: ReadonlyArray<UserId>;
    readonly passed?: Moderated;
    readonly withheld?: Moderated;
  },
) {
  const ledger = yield* TurnLedger;
  const { notice, tells, passed, withheld } = verdict;
  yield* ledger.commit({
    type: "DraftReply",
    meta: yield* metaOf(turn, "draft"),
    turnId: turn.turnId,
    attempt: turn.attempt,
    replyId: replyIdOf(turn),
    chars: text.length,
    hash: yield* ledger.digest(text),
    notice,
    tells,
    ...(passed && { verdict: onRecord(passed) }),
    ...(withheld && { withheld: withheldBy(withheld) }),
    words: Redacted.make({ text }),
  });
});

/** Nothing was heard of it: it ends without a message. */
const end = Effect.fnUntraced(function* (turn: TurnView) {
  const ledger = yield* TurnLedger;
  const meta = yield* metaOf(turn, "end");
  yield* ledger.commit({ type: "EndTurn", meta, turnId: turn.turnId, attempt: turn.attempt });
});
