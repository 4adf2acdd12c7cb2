/** What a question wants to hear: the form of its answer, and whether it speaks of now; used by recall. */
import { Form } from "./forms.ts";

/** What is asked for by itself, apart from the words that say what it is about. */
export interface Wanted {
  /** An answer, and not only whatever holds some words. */
  readonly answer: boolean;
  /** A form of the answer that would be one: a bit of `Form` each, or several of which one is enough. */
  readonly forms: ReadonlyArray<{ readonly form: number; readonly weight: number }>;
  /** It speaks of how things are. */
  readonly present: boolean;
  /** It speaks of how things were before they changed: what was superseded is what it wants. */
  readonly former: boolean;
}

const WHEN = /\bwhen\b|\b(?:what|which) (?:date|day|month|year|time|season|week)\b|\bhow long ago\b|\bsince when\b/i;
const WHERE = /\bwhere\b|\b(?:what|which) (?:place|city|town|country|state|street|location)\b/i;
const HOW_MANY =
  /\bhow (?:many|much|long|old|often|far|big|tall|fast|late|early)\b|\bwhat (?:number|age|price|size)\b/i;
const NAME = /\bwho(?:m|se)?\b|\bwhich\b|\bnames?\b|\bnamed\b|\bcalled\b|\btitles?\b/i;
const REASON =
  /\bwhy\b|\bwhat (?:reason|made|makes|inspired|motivated|motivates)\b|\bhow (?:did|does|do|was|is|has)\b.{1,60}\b(?:feel|felt|feeling|react)\b/i;
const PRESENT = /\b(?:is|are|am|do|does|has|have|can|now|currently|nowadays|still|['’]s|works?|lives?)\b/i;
const PAST =
  /\b(?:did|was|were|had|when|ago|yesterday|last|used to|once|previously|formerly|before|earlier|originally|in (?:19|20)\d\d)\b/i;
const FORMER =
  /\bused to\b|\bprevious(?:ly)?\b|\bformer(?:ly)?\b|\bbefore\b|\bin the past\b|\bearlier\b|\boriginal(?:ly)?\b|\bat first\b|\bback then\b|\bold\b(?! (?:is|are|was|were))/i;

const ASKS =
  /[?？؟]|^\s*(?:who|whom|whose|what|which|when|where|why|how|is|are|am|was|were|do|does|did|has|have|had|can|could|will|would|should)\b/i;

/** Reads a question. Of a text that asks nothing, nothing is wanted. */
export function wantedBy(text: string): Wanted {
  const forms: Array<{ readonly form: number; readonly weight: number }> = [];
  if (WHEN.test(text)) forms.push({ form: Form.time, weight: 2 });
  if (WHERE.test(text)) forms.push({ form: Form.place, weight: 1 });
  if (HOW_MANY.test(text)) forms.push({ form: Form.number, weight: 2 });
  if (NAME.test(text)) forms.push({ form: Form.capital | Form.quotation, weight: 1 });
  if (REASON.test(text)) forms.push({ form: Form.reason, weight: 1 });
  return {
    answer: ASKS.test(text) || forms.length > 0,
    forms,
    present: PRESENT.test(text) && !PAST.test(text),
    former: FORMER.test(text),
  };
}
