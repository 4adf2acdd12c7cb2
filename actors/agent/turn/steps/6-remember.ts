/** Step 6, memory storage: what somebody said who lets the agent remember them becomes memories, with ids derived from the turn. */
import { Effect, Redacted } from "effect";
import type { DrawnMemory } from "#events/agent/commands.ts";
import { isDue, type TurnView } from "#events/agent/turn.ts";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { type ActorName, childId, idOf, type MemoryId, type UserId } from "#events/kit/ids.ts";
import { discreet } from "../discretion.ts";
import { type Formed, MemoryFormer, TurnLedger } from "../ports.ts";
import { metaOf, type Step } from "../step.ts";

/** Whoever corrects themselves does so at once, or a few messages later. */
const FRESH_MS = 600_000;
const LOOKED_BACK = 6;

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

/** What the same person had said right before, unless that is long ago; the model's own words may stand between. */
const saidBefore = Effect.fnUntraced(function* ({ roomId, triggerSeq, authorId }: TurnView, at: number) {
  const ledger = yield* TurnLedger;
  const recent = ledger.recent(roomId);
  const earlier = yield* ledger.reveal(recent.slice(0, recent.indexOf(triggerSeq)).slice(-LOOKED_BACK));
  const before = earlier.findLast(({ event }) => (event.open as { readonly authorId?: string }).authorId === authorId);
  return before === undefined || at - before.event.at > FRESH_MS ? undefined : textOf(discreet(before));
});

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
    const formed = yield* trigger === undefined || trigger.words === Erased
      ? Effect.succeed([])
      : Effect.flatMap(saidBefore(turn, trigger.event.at), (before) =>
          former.form({
            ...{ text: textOf(trigger), roomId, authorId, authorName: name, at: trigger.event.at },
            ...(before === undefined ? {} : { before }),
          }),
        );
    yield* ledger.commit({
      type: "ConsiderMemories",
      meta: yield* metaOf(turn, "remember"),
      turnId: turn.turnId,
      attempt: turn.attempt,
      memories: formed.map((one, index) => drawn(turn, name, one, index)),
    });
  }),
} satisfies Step<unknown, TurnLedger | MemoryFormer>;
