/** A reply on its way to people while the model still writes it: by the sentence, and nothing that the content rules have not let pass; used by step 3. */
import { Clock, Effect } from "effect";
import type { TurnView } from "#events/agent/turn.ts";
import { childId, type MessageId } from "#events/kit/ids.ts";
import { FilteredStream, type Moderated, moderate, onRecord, POLICY_VERSION } from "./filter.ts";
import { Moderator, Rooms, TurnLedger } from "./ports.ts";
import { saidByPeople } from "./said.ts";
import { Sentences } from "./sentences.ts";
import { metaOf } from "./step.ts";

/** The reply's id is the turn's child: however often it is said, it is one message [T1]. */
export const replyIdOf = ({ turnId }: Pick<TurnView, "turnId">): MessageId => childId("message", turnId, "reply");

/**
 * The speech of one request. `say` takes the next piece of prose, `end` what is left. What is kept back is recorded as
 * soon as it is known, and from then on nothing more is shown: not in this request, and in no later one of the turn.
 * `verdict` is that on all that was looked at, if anything was.
 */
export const beginSpeech = Effect.fnUntraced(function* (turn: TurnView) {
  const rooms = yield* Rooms;
  const { words, provider } = yield* Moderator;
  const said = yield* saidByPeople(turn);
  const clock = yield* Clock.Clock;
  const sentences = new Sentences(clock.currentTimeMillisUnsafe());
  const filtered = new FilteredStream("out", { said, words });
  const show = shower(turn, rooms);
  let silenced = turn.withheld;
  let isJudged = false;
  const unasked = provider === null ? null : ({ provider, outcome: "not-asked" } as const);
  /** On the stretch that a provider was asked about last; a stretch that it does not let pass is the last one. */
  let opinion: Omit<Moderated, "text"> = { action: "pass", rules: [], moderation: unasked };
  const withhold = Effect.fnUntraced(function* (rules: ReadonlyArray<string>) {
    silenced = true;
    const ledger = yield* TurnLedger;
    yield* ledger.commit({
      type: "WithholdReply",
      // Another request, or the same one after a crash, may be withheld by other rules: that is another command.
      meta: yield* metaOf(turn, `round/${turn.rounds.length + 1}/withhold/${turn.attempt}/${turn.asking?.asks.length}`),
      turnId: turn.turnId,
      attempt: turn.attempt,
      rules,
      policyVersion: POLICY_VERSION,
      moderation: opinion.moderation,
    });
  });
  const letOut = Effect.fnUntraced(function* (text: string) {
    if (silenced) return;
    isJudged ||= text !== "" || filtered.withheld.length > 0;
    if (filtered.withheld.length > 0) return yield* withhold(filtered.withheld);
    if (text === "") return;
    // A provider's opinion comes before the words are out: nobody can unread them.
    if (provider !== null && text.trim() !== "") opinion = yield* moderate(text, "out", { said });
    if (opinion.action === "withhold") return yield* withhold(opinion.rules);
    show(text);
  });
  return {
    // Most pieces are words in the middle of a sentence, and end nothing.
    say: (delta: string) =>
      Effect.suspend(() => {
        const sentence = sentences.push(delta, clock.currentTimeMillisUnsafe());
        return sentence === "" ? Effect.void : letOut(filtered.push(sentence));
      }),
    end: Effect.suspend(() => letOut(filtered.push(sentences.rest()) + filtered.finish().rest)),
    verdict: () => {
      if (!isJudged) return {};
      const { action, rules } = filtered.verdict;
      const named = [...new Set([...rules, ...opinion.rules])];
      return {
        verdict: onRecord({ action: silenced ? "withhold" : action, rules: named, moderation: opinion.moderation }),
      };
    },
  };
});

/** Shows prose in the room, with the signs that go before its first piece. */
function shower(turn: TurnView, rooms: Rooms["Service"]): (delta: string) => void {
  const { turnId, inReplyTo, roomId } = turn;
  const about = { event: "agent_message", turnId, messageId: replyIdOf(turn), inReplyTo } as const;
  let started = false;
  return (delta) => {
    if (!started) {
      rooms.show(roomId, { event: "agent_thinking", turnId, state: "replying", label: "Replying…" });
      rooms.show(roomId, { ...about, phase: "start" });
    }
    started = true;
    rooms.show(roomId, { ...about, phase: "delta", delta });
  };
}
