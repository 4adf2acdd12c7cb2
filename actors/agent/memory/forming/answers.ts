/** What an answer may say again: the messages and notes that its model saw beside the question; used by AgentMemory when an answer is remembered. */
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import type { Answer } from "../../turn/ports.ts";
import { isRetold, stemsIn, tellingStems } from "../language/retelling.ts";

/** Words stay the same object as long as the ledger has them at hand, and each turn of a room shows most of them again. */
const known = new WeakMap<object, ReadonlySet<string>>();

function stemsOfWords(words: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const found = known.get(words) ?? stemsIn(String(words.text ?? ""));
  known.set(words, found);
  return found;
}

const textOf = ({ words }: Unsealed): string => (words === Erased ? "" : String(words.text ?? ""));

/** Notes hold what may be kept and nothing else; what the house said in an agent's place tells nothing. */
const isNotes = ({ event }: Unsealed): boolean => event.type === "RoomSummarized";
const isNotice = ({ event }: Unsealed): boolean => (event.open as { readonly notice?: boolean }).notice === true;

/**
 * Of what was shown, the events whose words an answer may say again: those that share a word with it that the question has
 * not. `names` are words that tell nothing here, `kept` answers which of some messages are memories. Undefined where it may
 * say again what is no memory, be it of the question, or what was taken back since it was shown: then nothing of the answer
 * may be kept either.
 */
export function retold(
  { text, asked, shown, names }: Pick<Answer, "text" | "asked" | "shown"> & { readonly names: ReadonlyArray<string> },
  kept: (seqs: ReadonlyArray<number>) => ReadonlySet<number>,
): ReadonlyArray<number> | undefined {
  const seen = [asked, ...shown].filter((message) => !isNotice(message));
  if (seen.some(({ words }) => words === Erased)) return undefined;
  const isAskedKept = kept([asked.event.seq]).size > 0;
  const telling = tellingStems(text, ...names, ...(isAskedKept ? [textOf(asked)] : []));
  const said = seen.filter(({ words }) => words !== Erased && isRetold(telling, stemsOfWords(words)));
  const seqs = said.flatMap((message) => (isNotes(message) ? [] : [message.event.seq]));
  return kept(seqs).size < seqs.length ? undefined : said.map(({ event }) => event.seq);
}
