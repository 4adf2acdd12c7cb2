/** Step 6, memory storage: what somebody said who lets the agent remember them becomes memories, with ids derived from the turn. */
import { Effect, Redacted } from "effect";
import type { DrawnMemory } from "#events/agent/commands.ts";
import { isDue, type TurnView } from "#events/agent/turn.ts";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { type ActorName, childId, idOf, type MemoryId, type UserId } from "#events/kit/ids.ts";
import { discreet } from "../discretion.ts";
import { type Formed, MemoryFormer, TurnLedger } from "../ports.ts";
import { metaOf, type Step } from "../step.ts";

const memoryIn = (turn: TurnView, label: string): MemoryId => childId<MemoryId>("memory", turn.turnId, label);

const textOf = ({ words }: Unsealed): string => (words === Erased ? "" : String(words.text ?? ""));

/** “likes tea” and “their boat is called Nixe”, with whose they are; “the ferry leaves at seven” is their word, and not about them. */
function withName(name: string, content: string, ofSpeaker: boolean): string {
  if (content.startsWith("their ")) return `${name}'s ${content.slice("their ".length)}`;
  return ofSpeaker ? `${name} ${content}` : `${name} asked to keep in mind: ${content}`;
}

/** A memory of what somebody said, by that person's id and name. */
function drawn(
  turn: TurnView,
  name: string,
  { names = [], content, fact, ofSpeaker = false, ...formed }: Formed,
  index: number,
): DrawnMemory {
  const author = turn.authorId as ActorName;
  return {
    ...formed,
    memoryId: memoryIn(turn, String(index)),
    about: [...new Set([idOf(author) as UserId, ...names])],
    origin: "person",
    speaker: author,
    // Who it is about stands in the memory itself, as it does in what was drawn from a statement: in a room with several
    // people "prefers tea" would be nobody's.
    words: Redacted.make({
      content: name === "" || formed.basis === "drawn" ? content : withName(name, content, ofSpeaker),
      speakerName: name,
      ...(fact === undefined ? {} : { fact }),
    }),
  };
}

export const remember = {
  name: "remember",
  isDue: isDue.remember,
  run: Effect.fnUntraced(function* (turn) {
    const ledger = yield* TurnLedger;
    const former = yield* MemoryFormer;
    const { roomId, authorId } = turn;
    // Secrets that somebody let slip are not what is worth keeping.
    const [trigger] = (yield* ledger.reveal([turn.triggerSeq])).map(discreet);
    const name = trigger === undefined || trigger.words === Erased ? "" : String(trigger.words.authorName ?? "");
    const formed =
      trigger !== undefined && trigger.words !== Erased
        ? yield* former.form({ text: textOf(trigger), roomId, authorId, authorName: name, at: trigger.event.at })
        : [];
    yield* ledger.commit({
      type: "ConsiderMemories",
      meta: yield* metaOf(turn, "remember"),
      turnId: turn.turnId,
      attempt: turn.attempt,
      memories: formed.map((one, index) => drawn(turn, name, one, index)),
    });
  }),
} satisfies Step<unknown, TurnLedger | MemoryFormer>;
