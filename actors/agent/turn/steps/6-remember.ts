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

/** “likes tea” and “their boat is called Nixe”, with whose they are; “the ferry leaves at seven” is their word, and not about them. */
function withName(name: string, content: string, ofSpeaker: boolean): string {
  if (content.startsWith("their ")) return `${name}'s ${content.slice("their ".length)}`;
  return ofSpeaker ? `${name} ${content}` : `${name} asked to keep in mind: ${content}`;
}

/** A message, with whose it is. */
interface Heard {
  readonly seq: number;
  readonly author: ActorName;
  readonly name: string;
}

/** A memory of what somebody said, by that person's id and name. */
function drawn(
  turn: TurnView,
  { seq, author, name }: Heard,
  { names = [], content, fact, ofSpeaker = false, ...formed }: Formed,
  label: string,
): DrawnMemory {
  return {
    ...formed,
    memoryId: memoryIn(turn, label),
    sourceSeq: seq,
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

/** What becomes of one message; of one whose words are gone, nothing. */
const memoriesOf = Effect.fnUntraced(function* (turn: TurnView, message: Unsealed) {
  const former = yield* MemoryFormer;
  const { event, words } = discreet(message);
  if (words === Erased) return [];
  const author = (event.open as { readonly authorId: ActorName }).authorId;
  const heard: Heard = { seq: event.seq, author, name: String(words.authorName ?? "") };
  const said = { roomId: turn.roomId, authorId: author, authorName: heard.name, at: event.at };
  const formed = yield* former.form({ text: String(words.text ?? ""), ...said });
  const isTrigger = event.seq === turn.triggerSeq;
  return formed.map((one, index) => drawn(turn, heard, one, isTrigger ? String(index) : `${event.seq}/${index}`));
});

export const remember = {
  name: "remember",
  isDue: isDue.remember,
  run: Effect.fnUntraced(function* (turn) {
    const ledger = yield* TurnLedger;
    // Secrets that somebody let slip are not what is worth keeping; what was taken together is, as if each had its own answer.
    const messages = yield* ledger.reveal([...turn.taken, turn.triggerSeq]);
    const memories = yield* Effect.forEach(messages, (message) => memoriesOf(turn, message));
    yield* ledger.commit({
      type: "ConsiderMemories",
      meta: yield* metaOf(turn, "remember"),
      turnId: turn.turnId,
      attempt: turn.attempt,
      memories: memories.flat(),
    });
  }),
} satisfies Step<unknown, TurnLedger | MemoryFormer>;
