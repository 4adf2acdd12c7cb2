/** The form of a message, by which events/agent/memory.ts weighs it as an episodic memory without a model; used by message.ts. */
import type { MessageForm } from "#events/agent/memory.ts";
import { Form, formOf } from "../language/forms.ts";
import { stemsOf } from "../language/stems.ts";

/** What a store knows of how often a stem is said; without one, every stem is middling. */
export interface Commonness {
  /** How many memories there are. */
  readonly memories: number;
  /** In how many of them this stem stands. */
  readonly with: (stem: string) => number;
}

/** As rare as the words of a plain sentence are in a store of some size: for the first things that an agent hears. */
const MIDDLING = 0.6;
const SMALL = 50;

/** Mean idf over the stems, ln(1 + (N − df + 0.5) / (df + 0.5)), by ln(1 + N): memory.md §§ 5 and 6. */
function rarityOf(stems: ReadonlyArray<string>, common: Commonness | undefined): number {
  if (common === undefined || common.memories < SMALL || stems.length === 0) return stems.length === 0 ? 0 : MIDDLING;
  const { memories } = common;
  const idf = (stem: string): number => {
    const found = Math.min(memories, Math.max(0, common.with(stem)));
    return Math.log(1 + (memories - found + 0.5) / (found + 0.5));
  };
  return stems.reduce((sum, stem) => sum + idf(stem), 0) / stems.length / Math.log(1 + memories);
}

/** What a message looks like. `stems` are its stems, where they are known already. */
export function messageFormOf(
  text: string,
  common?: Commonness,
  stems: ReadonlyArray<string> = stemsOf(text),
): MessageForm {
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
    rarity: rarityOf(stems, common),
  };
}
