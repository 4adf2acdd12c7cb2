/** How people take back or change what they said, where only the old value or what was spoken of last tells what is meant; used by statements.ts. */
import { attributeName, holderOf } from "./attributes.ts";
import { WORD } from "./letters.ts";
import { type Said, tidied } from "./statement-patterns.ts";

type Groups = Readonly<Record<string, string | undefined>>;

const DETERMINED =
  /^(?:(?:at|in|with|on)\s+)?(?:(?:a|an|the|my|our|his|her|their)\s+(?:(?:old|new|current|previous)\s+)*)?/i;
const bare = (value: string | undefined): string | undefined => tidied(tidied(value)?.replace(DETERMINED, ""));

/** What took the place of something: its old value says what it is, or the noun by which it goes. */
function swapped({ from, value }: Groups): ReadonlyArray<Said> {
  const [old, now] = [bare(from), bare(value)];
  if (old === undefined || now === undefined) return [];
  const noun = attributeName(old);
  const determined = /^(?:my|our|the|his|her)\s/i.test(from ?? "");
  // “The Golf” is a value, “our printer” a thing that has one.
  const attribute = determined && noun !== "" && !/^\p{Lu}/u.test(old) ? noun : undefined;
  return [{ attribute, value: now, formerly: old, renewed: true }];
}

/** The attribute by its noun, and where it went. */
function changed({ whose, noun, from, value }: Groups): ReadonlyArray<Said> {
  const [attribute, now] = [attributeName(noun ?? ""), tidied(value)];
  if (attribute === "" || now === undefined) return [];
  const old = bare(from);
  const subject = holderOf(whose ?? "my", noun ?? "");
  return [{ subject, attribute, value: now, renewed: true, ...(old === undefined ? {} : { formerly: old }) }];
}

/** “My number has changed”: what it is now is said next. */
function outdated({ whose, noun }: Groups): ReadonlyArray<Said> {
  const attribute = attributeName(noun ?? "");
  return attribute === "" ? [] : [{ subject: holderOf(whose ?? "my", noun ?? ""), attribute, value: "", ended: true }];
}

function told({ from, value }: Groups): ReadonlyArray<Said> {
  const [old, now] = [bare(from), bare(value)];
  if (now === undefined) return [];
  return [{ attribute: undefined, value: now, ...(old === undefined ? {} : { formerly: old }) }];
}

function ended({ from }: Groups): ReadonlyArray<Said> {
  const old = bare(from);
  return old === undefined ? [] : [{ attribute: undefined, value: "", formerly: old, ended: true }];
}

const clause = (source: string): RegExp => new RegExp(`^(?:${source})$`, "i");
const WHO = "(?:(?:i|we|they|he|she)\\s(?:have\\s|has\\s|had\\s|am\\s|are\\s|just\\s|finally\\s|recently\\s|now\\s)*)?";
const OLD = "(?<from>[^,]{1,60}?)";
const NEW = "(?<value>.{1,100})";

/** From the surest to the loosest; the whole clause has to fit. */
const PATTERNS: ReadonlyArray<readonly [RegExp, (groups: Groups) => ReadonlyArray<Said>]> = [
  [
    clause(
      `${WHO}(?:changed|switched|moved|updated|set|shifted|pushed(?:\\sback)?|postponed|rescheduled|brought forward|reset|upgraded)\\s(?<whose>my|our|the)\\s(?<noun>[^,]{1,40}?)(?:\\sfrom\\s${OLD})?\\s(?:back\\s)?(?:to|until|till)\\s${NEW}`,
    ),
    changed,
  ],
  [
    clause(
      `(?<whose>my|our|the)\\s(?<noun>[^,]{1,40}?)\\s(?:(?:has|have|is|are|was|were|got|gets)\\s(?:been\\s|now\\s|just\\s)*)?(?:changed|switched|moved|updated|set|shifted|pushed(?:\\sback)?|postponed|rescheduled|brought forward|moves|moving|raised|cut|lowered|increased|reduced|extended|(?:went|goes|gone)(?:\\sup|\\sdown)?(?=\\s.*\\d))(?:\\sfrom\\s${OLD})?\\s(?:back\\s)?(?:to|until|till)\\s${NEW}`,
    ),
    changed,
  ],
  [
    clause(
      "(?<whose>my|our|the)\\s(?<noun>[^,]{1,40}?)\\s(?:has\\s|have\\s|was\\s|were\\s)?(?:just\\s)?changed(?:\\sagain)?",
    ),
    outdated,
  ],
  [
    clause(
      `${WHO}(?:switched|changed)\\s(?!over\\b|back\\b|from\\b|again\\b|my\\b|our\\b|the\\b)(?<noun>${WORD})\\sto\\s${NEW}`,
    ),
    changed,
  ],
  [
    clause(
      `${WHO}(?:swapped|traded(?:\\sin)?|exchanged|replaced)\\s${OLD}(?:\\sin)?\\s(?:for|with|by|against)\\s${NEW}`,
    ),
    swapped,
  ],
  [
    clause(
      `${WHO}(?:switched|changed|switching|changing|migrated|upgraded|went|gone|going|converted)(?:\\sover)?\\s(?:from\\s)${OLD}\\s(?:over\\s)?to\\s${NEW}`,
    ),
    swapped,
  ],
  [
    clause(
      `(?:it|that|this)\\sis\\s(?:not|no longer)\\s${OLD},?(?:\\sany\\s?more)?,?\\s(?:but|it is|rather|it's)\\s(?:now\\s)?${NEW}`,
    ),
    told,
  ],
  [clause(`(?:not|no longer|no more)\\s${OLD},?(?:\\sany\\s?more)?,?\\s(?:but|it is|now|only)\\s${NEW}`), told],
  [
    clause(
      `(?:${WHO}(?:use|using|take|taking|have|want|prefer|drink|eat|drive|driving)\\s|[^,]{0,40}?\\s(?:to|at|in|with|on|for|is|until|called)\\s)?(?<value>[^,]{1,60}?)\\s(?:instead of|rather than|in place of)\\s${OLD}(?:\\snow)?`,
    ),
    told,
  ],
  [clause(`(?:goodbye|bye|bye bye|farewell|so long)\\s${OLD},?(?:\\sand)?\\s(?:hello|welcome|hi)\\s${NEW}`), told],
  [
    clause(
      `${WHO}(?:dropped|gave up|given up|quit|sold|left|cancelled|canceled|ditched|got rid of)\\s${OLD}(?:,|\\sand)\\s(?:(?:i|we)\\s)?(?:have\\s|am\\s)?(?:took up|bought|got|switched to|joined|moved to|use|train at|go to|eat|drive|started|am using|drink)\\s(?:myself\\s|ourselves\\s)?${NEW}`,
    ),
    told,
  ],
  [clause(`${OLD}\\sis\\s(?:now\\s)(?:called|named|known as)\\s(?:now\\s)?${NEW}`), told],
  [
    clause(
      `${WHO}(?:got rid of|sold|gave up|given up|gave away|cancelled|canceled|stopped using|do not use|no longer have|no longer own|do not have)\\s${OLD}(?:\\sany\\s?more)?`,
    ),
    ended,
  ],
  [clause(`${OLD}\\s(?:is|are)\\s(?:no more|history|gone|a thing of the past|out)`), ended],
];

/** “It is Basel now”, “make that six”, “use the other one”: what is meant was said before. */
const MEANT = clause(
  `(?:(?:it|that|this)(?:\\sone)?\\s(?:is|should be|was changed to|has changed to|became|has become|will be)|(?:please\\s)?(?:make|call)\\s(?:it|that)|(?:please\\s)?use|now|that would be|should be)\\s(?:now\\s|actually\\s|really\\s)*${NEW}`,
);
const NOTHING_MEANT =
  /^(?:not|no|that|this|it|what|how|why|when|because|so|very|too|just|all|really|a (?:bit|lot)|good|bad|fine|great|nice|ok|okay|true|right|wrong|done|over|time|clear|\p{L}+ing|\p{L}+ed)\b/iu;
/** What makes a clause one that puts something right. */
const PUTS_RIGHT =
  /\b(?:actually|now|instead|correction|scratch that|update|sorry(?=,)|wait(?=,)|i mean|rather|any ?more|from now on|no longer)\b/i;

/** What a clause changes by itself; empty when it says nothing of the kind. */
export function correctionsIn(words: string): ReadonlyArray<Said> {
  for (const [pattern, read] of PATTERNS) {
    const groups = pattern.exec(words)?.groups;
    const said = groups === undefined ? [] : read(groups);
    if (said.length > 0) return said;
  }
  return [];
}

/**
 * The new value of what was spoken of last: of “actually it's Basel” it is Basel. Needs a word that puts something right in
 * `sentence`, or somebody who knows what was spoken of (`known`).
 */
export function meantIn(words: string, sentence: string, known: boolean): ReadonlyArray<Said> {
  if (!known && !PUTS_RIGHT.test(sentence)) return [];
  const no = /^(?:it|that|this)\sis\s(?:not|no longer)\s(?<value>.{1,60}?)(?:\sany\s?more)?$/i.exec(words)?.groups
    ?.value;
  const over = bare(no);
  if (over !== undefined) return [{ attribute: undefined, value: over, ended: true }];
  const value = MEANT.exec(words)?.groups?.value ?? (PUTS_RIGHT.test(sentence) && isValue(words) ? words : undefined);
  const now = bare(value);
  return now === undefined || NOTHING_MEANT.test(now) || /\b(?:i|we|you|he|she|they|is|are|was|were)\b/i.test(now)
    ? []
    : [{ attribute: undefined, value: now, renewed: true }];
}

/** Up to three words that begin with a capital or a figure, and no sentence. */
const isValue = (words: string): boolean => /^(?:\p{Lu}|\p{N}|\+)\S*(?:\s\S+){0,2}$/u.test(words);

/** What is denied, and what is so instead: “not X but Y”, or the other way round, “Y, not X”. */
const CONTRASTS: ReadonlyArray<RegExp> = [
  /^(?<denied>.{1,100}?\bnot\s.{1,60}?),?\s(?:but|rather)\s(?:rather\s|instead\s)?(?<instead>\S.{0,60})$/i,
  /^(?<said>[^,;:]{1,100})(?:,|\s(?:and|but))\s(?<not>not|no longer)\s(?!only\b|just\b|that\b|because\b)(?<other>\S.{0,60})$/i,
];
/** What goes on with something else is no value. */
const GOES_ON =
  /\b(?:i|we|you|he|she|it|they|my|our|the|this|that|is|are|am|was|were|do|does|did|have|has|had|can|could|would|will|because|if|when|still|also|really|very|so|yet|sometimes|often|always|never|almost|only|at least|any ?more|much|too)\b/i;
const PREPOSED = /^(?:(?:to|at|in|with|on|for|by|as|from)\s+)?(?:(?:an?|some)\s+)?/i;

/** A clause that sets one value against another, as what can be read by itself, and the value that stands against it. */
export interface Contrast {
  readonly words: string;
  readonly other: string;
  /** Whether the other value is the one that holds. */
  readonly holds: boolean;
}

/** Undefined where a clause sets no two values against one another. */
export function contrastIn(clause: string): Contrast | undefined {
  const [against, beside] = CONTRASTS.map((pattern) => pattern.exec(clause)?.groups);
  const words = against?.denied ?? beside?.said;
  const other = tidied((against?.instead ?? beside?.other)?.replace(PREPOSED, ""));
  if (words === undefined || other === undefined || GOES_ON.test(other)) return undefined;
  // “Allergic not to nuts” denies what “not allergic to nuts” does.
  const plain = words.replace(/^(.*?\b(?:am|is|are))\s(.*?)\snot\s/i, "$1 not $2 ");
  return { words: plain, other, holds: against !== undefined };
}
