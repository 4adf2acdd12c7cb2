/** What an answer may say again: the messages and notes that its model saw beside the question; used by AgentMemory when an answer is remembered. */
import { personBehind } from "#events/agent/consent.ts";
import { Erased, type Recorded, type Unsealed } from "#events/kit/envelope.ts";
import type { ActorName, UserId } from "#events/kit/ids.ts";
import type { Answer } from "../../turn/ports.ts";
import { isRetold, stemsIn, tellingStems } from "../language/retelling.ts";

/** Words stay the same object as long as the ledger has them at hand, and each turn of a room shows most of them again. */
const known = new WeakMap<object, ReadonlySet<string>>();

function stemsOfWords(words: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const found = known.get(words) ?? stemsIn(String(words.text ?? ""));
  known.set(words, found);
  return found;
}

const textOf = ({ words }: Unsealed): string => (words === Erased ? "" : String(words.content ?? words.text ?? ""));

/** Notes hold what may be kept and nothing else; what the house said in an agent's place tells nothing. */
const isNotes = ({ event }: Unsealed): boolean => event.type === "RoomSummarized";
const isNotice = ({ event }: Unsealed): boolean => (event.open as { readonly notice?: boolean }).notice === true;

type Seen = Omit<Answer, "given"> & {
  /** Words that tell nothing here. */
  readonly names: ReadonlyArray<string>;
};

/** Of these messages, those that share a telling word with an answer, or may: what went since it was shown cannot be compared. */
const saidAgain = (messages: ReadonlyArray<Unsealed>, telling: ReadonlySet<string>): ReadonlyArray<Unsealed> =>
  messages.filter((message) => {
    const { words } = message;
    return !isNotice(message) && (words === Erased || isRetold(telling, stemsOfWords(words)));
  });

/** The events of what an answer may say again of all that was shown, but for the question. */
export const repeatedIn = ({ text, asked, shown, names }: Seen): ReadonlyArray<Recorded> =>
  saidAgain(shown, tellingStems(text, textOf(asked), ...names)).map(({ event }) => event);

/** The open parts of messages and memories, as far as they are read here. */
interface Open {
  readonly about?: ReadonlyArray<UserId>;
  readonly speaker?: ActorName | null;
  readonly authorId?: ActorName;
  readonly answers?: UserId;
  readonly tells?: ReadonlyArray<UserId>;
}

/**
 * Whose words a message holds: of the person who said it, of whom an agent answered, of whom the agent itself said something
 * again. Of a memory, those it is about, and who said it.
 */
export function peopleOf({ open }: Pick<Recorded, "open">): ReadonlyArray<UserId> {
  const { authorId, answers, speaker, about = [], tells = about } = open as Open;
  const author = authorId ?? speaker ?? null;
  const person = author === null ? null : personBehind(author, answers);
  return person === null ? tells : [...about, person];
}

/** Whether a message may hold words of anybody else than these people; of notes it is not said whose they are. */
export const holdsOthers = (message: Unsealed, people: ReadonlyArray<UserId>): boolean =>
  isNotes(message) || peopleOf(message.event).some((userId) => !people.includes(userId));

/**
 * The events of what an answer may say again of what was shown: what shares a word with it that the question has not.
 * `kept` answers which of some messages are memories. Undefined where it may say again what is no memory, be it of the
 * question, or what was taken back since it was shown: then nothing of the answer may be kept either. An answer of the
 * agent's own that is none, because it was asked for what is remembered, is only in the way where its words are in no memory.
 */
export function retold(
  { text, asked, shown, names, given }: Seen & { readonly given: ReadonlyArray<Unsealed> },
  kept: (seqs: ReadonlyArray<number>) => ReadonlySet<number>,
): ReadonlyArray<number> | undefined {
  const seen = [asked, ...shown].filter((message) => !isNotice(message));
  if (seen.some(({ words }) => words === Erased)) return undefined;
  const memories = kept(seen.map(({ event }) => event.seq));
  const isKept = (message: Unsealed) => isNotes(message) || memories.has(message.event.seq);
  const telling = tellingStems(text, ...names, ...(isKept(asked) ? [textOf(asked)] : []));
  const others = seen.filter((message) => !isKept(message));
  const [foreign, own] = [false, true].map((isOwn) =>
    others.filter(({ event }) => (event.type === "ReplyDrafted") === isOwn),
  );
  if (saidAgain(foreign!, telling).length > 0) return undefined;
  const remembered = [...seen.filter(isKept), ...given].map(textOf);
  if (saidAgain(own!, tellingStems(text, ...names, ...remembered)).length > 0) return undefined;
  return saidAgain(seen.filter(isKept), telling).map(({ event }) => event.seq);
}
