/** The form of a message, by which events/agent/memory.ts weighs it as an episodic memory without a model; used by message.ts. */
import type { MessageForm } from "#events/agent/memory.ts";
import { Form, formOf } from "../language/forms.ts";
import { stemsOf } from "../language/stems.ts";

/** What a message looks like. `stems` are its stems, where they are known already. */
export function messageFormOf(text: string, stems: ReadonlyArray<string> = stemsOf(text)): MessageForm {
  const form = formOf(text);
  const has = (bit: number): boolean => (form & bit) !== 0;
  return {
    firstPerson: has(Form.firstPerson),
    stems: stems.length,
    number: has(Form.number),
    timeWord: has(Form.time),
    quotation: has(Form.quotation),
    place: has(Form.place),
    question: has(Form.asks),
  };
}
