/** Step 6, memory storage: what the person asked to be kept becomes memories, with ids derived from the turn. */
import { Effect, Redacted } from "effect";
import { isDue } from "#events/agent/turn.ts";
import { Erased } from "#events/kit/envelope.ts";
import { type ActorName, childId, idOf, type MemoryId, type UserId } from "#events/kit/ids.ts";
import { discreet } from "../discretion.ts";
import { MemoryFormer, TurnLedger } from "../ports.ts";
import { metaOf, type Step } from "../step.ts";

export const remember = {
  name: "remember",
  isDue: isDue.remember,
  run: Effect.fnUntraced(function* (turn) {
    const ledger = yield* TurnLedger;
    const former = yield* MemoryFormer;
    const { memoryEnabled } = yield* ledger.configuration();
    // Secrets that somebody let slip are not what is worth keeping.
    const [trigger] = (yield* ledger.reveal([turn.triggerSeq])).map(discreet);
    const bySomeone = turn.authorId.startsWith("user:");
    const formed =
      memoryEnabled && bySomeone && trigger !== undefined && trigger.words !== Erased
        ? former.form({ text: String(trigger.words.text ?? ""), authorId: turn.authorId })
        : [];
    // Who it is about stands in the memory itself: in a room with several people "prefers tea" would be nobody's.
    const name = trigger === undefined || trigger.words === Erased ? "" : String(trigger.words.authorName ?? "");
    yield* ledger.commit({
      type: "ConsiderMemories",
      meta: yield* metaOf(turn, "remember"),
      turnId: turn.turnId,
      attempt: turn.attempt,
      memories: formed.map(({ kind, importance, basis, content }, index) => ({
        memoryId: childId<MemoryId>("memory", turn.turnId, String(index)),
        kind,
        importance,
        basis,
        about: [idOf(turn.authorId as ActorName) as UserId],
        words: Redacted.make({ content: name === "" ? content : `${name} ${content}` }),
      })),
    });
  }),
} satisfies Step<unknown, TurnLedger | MemoryFormer>;
