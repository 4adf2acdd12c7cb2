/** How long what is posted may be, and what is left out of what is longer; used by step 5. */
import { utf8Bytes } from "#events/kit/canonical.ts";

/**
 * Bytes of a draft, as JSON in UTF-8. A draft is one event, so is the message in its room, and so is that message where
 * other agents hear it: 256 KiB each. What is left is for their open parts and names. A model's longest prose fits twice;
 * a turn may have eight rounds of it.
 */
export const LONGEST_DRAFT = 208 * 1024;

/** What people read in place of what is left out. */
export const LEFT_OUT = "[The beginning is left out: this was too long for one message.]\n\n";

const bytesOf = (text: string): number => utf8Bytes(JSON.stringify(text));

/** Whether a text may not be cut here, between the halves of one character. */
const isInside = (text: string, at: number): boolean => /[\udc00-\udfff]/.test(text[at] ?? "");

/**
 * A text as it may be drafted. Of one that is too long the end is kept: what a model says last is its answer, and what it
 * said before, while it used its tools, led up to it.
 */
export function draftable(text: string): string {
  if (bytesOf(text) <= LONGEST_DRAFT) return text;
  const most = LONGEST_DRAFT - bytesOf(LEFT_OUT);
  let [cut, end] = [0, text.length];
  // The first place from which on the rest fits; a later rest is always shorter.
  while (cut < end) {
    const middle = Math.floor((cut + end) / 2);
    if (bytesOf(text.slice(middle)) > most) cut = middle + 1;
    else end = middle;
  }
  return LEFT_OUT + text.slice(isInside(text, cut) ? cut + 1 : cut);
}
