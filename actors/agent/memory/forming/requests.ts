/** What a person asks to be remembered: “remember that …” and its kin; used by AgentMemory. */

import type { Formed } from "../../turn/ports.ts";
import { ownWords, sentencesOf } from "../language/sentences.ts";

const MOST = 5;
const LONGEST = 500;

/** Whom the sentence is addressed to, when a wish follows; without a comma only before words that leave no doubt. */
const address =
  /^\s*(?:(?:[Hh]ey|[Hh]i|[Hh]ello|[Oo]k|[Oo]kay)\s+)?(?:@[\p{L}\p{N}_-]+[,:]?\s+|(?!(?:[Rr]emember|[Mm]emori[sz]e|[Ff]orget)\b)[\p{L}-]{1,30}[,:]\s+|\p{Lu}[\p{L}-]{0,29}\s+(?=[Pp]lease\b|[Rr]emember that (?:I|i|[Mm]y|[Ww]e|[Oo]ur)\b))/u;
/** “remember that …” and its kin, at the start of a sentence or after a word that leads up to it. */
const wish =
  /^(?:(?:hey|hi|hello|ok|okay|so|and|also|oh|yes|well|please|kindly|just|always|but|then)\b[\s,:!]*){0,4}(?:(?:can|could|would|will) you (?:please )?|you (?:should|must) |i(?:'d| would)? (?:want|need|like) you to )?(?:please )?(?:remember|memori[sz]e|keep in mind|note down|make a note|take note|don't (?:ever )?forget|do not forget|never forget)\b(?:\s+for (?:me|us|later|next time))?[\s,]*(?::|that\b|this\s*:)?[\s,:]*(?<rest>\S.*)$/isu;
/** What a person says of their name, which is always meant to be kept. */
const named =
  /(?:^|[\s,;])(?<how>[Mm]y name is|[Mm]y name's|[Cc]all me|I am called|I'm called|i am called|i'm called)\s+(?<name>\p{L}[\p{L}\p{M}'-]*(?: \p{Lu}[\p{L}\p{M}'-]+){0,3})(?<after>[^.!?\n]{0,40})/u;
/** “Call me later” and “my name is not …” give no name. */
const noName =
  /^(?:later|back|tomorrow|tonight|today|asap|maybe|when|if|at|on|any|anytime|a|an|the|soon|again|now|please|not|never|crazy|old|what|whatever|by|in)$/i;

/** After “remember”, these lead into a question or a story, not into something to keep. */
const noWish =
  /^(?:me|him|her|them|us|it|this|that|when|how|what|who|whom|whose|where|which|why|if|whether|the time)\b(?!\s*:)(?=\s|[.!?,]|$)/i;
/** “Do you remember …”, “I don't remember”, “we remembered”. */
const recalling =
  /\b(?:do|did|does|don't|didn't|can't|couldn't) you\b[^.!?]{0,20}\bremember\b|\b(?:i|we|they|he|she) (?:still |don't |can't |cannot |do |just |now )*remember(?:s|ed)?\b/i;

/** What “I am” and its like become at the start, where the person who said it is left out altogether … */
const opening: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(?:i am|i'm|we are|we're)\b/i, "is"],
  [/^(?:i have|i've|we have|we've)\b/i, "has"],
  [/^(?:i will|i'll|we will|we'll)\b/i, "will"],
  [/^(?:i would|i'd|we would|we'd)\b/i, "would"],
  [/^(?:i was|we were)\b/i, "was"],
  [/^(?:i|we) (?:do not|don't)\b/i, "does not"],
  [/^(?:i|we) (?:cannot|can't)\b/i, "cannot"],
];
/** … and what first persons become further on: who it is stands in `about`, not in the words. */
const further: ReadonlyArray<readonly [RegExp, string]> = [
  [/\b(?:i am|i'm|we are|we're)\b/gi, "they are"],
  [/\b(?:i've|we've)\b/gi, "they have"],
  [/\b(?:i'll|we'll)\b/gi, "they will"],
  [/\b(?:i'd|we'd)\b/gi, "they would"],
  [/\bi was\b/gi, "they were"],
  [/\b(?:i|we)(?=\s[a-z'])/gi, "they"],
  [/\bmyself\b/gi, "themselves"],
  [/\b(?:my|our)\b/gi, "their"],
  [/\b(?:mine|ours)\b/gi, "theirs"],
  [/\b(?:me|us)\b/gi, "them"],
];

/** What loses its subject when it is made neutral. */
const FIRST_PERSON = /^(?:to\s+)?(?:i|we|i'm|we're|i've|we've|i'll|we'll|i'd|we'd)\b/i;

/** Verbs that stay as they are after “I”; all others get the ending of the third person. */
const settled =
  /^(?:can|could|may|might|must|shall|should|will|would|had|did|went|got|made|said|took|came|saw|knew|thought|bought|lost|met|[a-z]+ed)$/i;

function thirdPerson(verb: string): string {
  if (settled.test(verb)) return verb;
  if (/^(?:go|do)$/i.test(verb)) return `${verb}es`;
  if (/[^aeiou]y$/i.test(verb)) return `${verb.slice(0, -1)}ies`;
  return /(?:s|x|z|ch|sh)$/i.test(verb) ? `${verb}es` : `${verb}s`;
}

/** Rewrites what was said so that it reads well wherever it is recalled, without its speaker. */
function neutral(words: string): string {
  let text = words.replace(/^to\s+/i, "");
  for (const [pattern, replacement] of opening) text = text.replace(pattern, replacement);
  text = text.replace(
    /^(?:i|we)\s+((?:always|never|often|usually|really|also|still|only|mostly|just)\s+)?([a-z]+)\b/i,
    (_, adverb: string | undefined, verb: string) => `${adverb ?? ""}${thirdPerson(verb)}`,
  );
  for (const [pattern, replacement] of further) text = text.replace(pattern, replacement);
  text = text.replace(/\s+/g, " ").replace(/[\s.!;,…]+$/, "");
  return text.trim().slice(0, LONGEST).toWellFormed();
}

const preference =
  /\b(?:prefers?|likes?|loves?|hates?|dislikes?|favou?rite|allergic|vegetarian|vegan|enjoys?|birthday|married|partner|wife|husband|children|kids|daughter|son|family|lives? in|works? (?:at|for|as)|speaks?|pronouns?)\b/i;
const method =
  /^(?:to\b|how to\b|always\b|never\b|when(?:ever)?\b.*,|whenever\b|if\b.*,|use\b|first\b)|\b(?:step \d|in order to)\b/i;
const past =
  /\b(?:yesterday|today|this morning|last (?:night|week|month|year)|we (?:met|agreed|decided)|agreed (?:that|to|on)|decided (?:that|to|on))\b/i;

/** A person's own traits are social, ways of doing things procedural, what happened episodic, all else a fact. */
function kindOf(said: string, content: string): Formed["kind"] {
  if (method.test(said)) return "procedural";
  if (past.test(said)) return "episodic";
  if (/\b(?:i|i'm|i've|my|me|we|our|us)\b/i.test(said) || preference.test(content)) return "social";
  return "semantic";
}

/** What somebody takes the trouble to say twice over matters more. */
const importanceOf = (sentence: string): number =>
  /\b(?:important|never forget|always|must|allerg\w*|emergency|birthday|deadline)\b/i.test(sentence) ? 0.9 : 0.8;

function nameIn(sentence: string): string | undefined {
  const found = named.exec(sentence)?.groups;
  if (found?.name === undefined || /\?\s*$/.test(sentence) || noName.test(found.name.split(" ")[0] ?? ""))
    return undefined;
  // “Call me maybe tomorrow then”: a nickname in small letters has to stand alone.
  const small = /^\p{Ll}/u.test(found.name);
  return small && /^call/i.test(found.how ?? "") && /[\p{L}\p{N}]/u.test(found.after ?? "") ? undefined : found.name;
}

function fromSentence(sentence: string): ReadonlyArray<Formed> {
  const called = nameIn(sentence);
  if (called !== undefined)
    return [{ kind: "social", content: `is called ${called}`, importance: 0.9, basis: "asked", ofSpeaker: true }];
  const question = /\?\s*$/.test(sentence);
  const rest = wish.exec(sentence.replace(address, ""))?.groups?.rest;
  if (rest === undefined || rest.length < 2 || recalling.test(sentence) || noWish.test(rest)) return [];
  // “Don't forget to breathe” is said to people; “remember to answer in German” to an agent.
  if (/^to\b/i.test(rest) && /\bforget\b/i.test(sentence)) return [];
  // “Could you remember that I like tea?” asks for it; “remember the milk?” does not.
  if (question && !/\b(?:can|could|would|will) you (?:please )?(?:remember|keep|make|note)/i.test(sentence)) return [];
  const said = rest.replace(/\?+\s*$/, "").replace(/(?:,?\s*(?:please|ok(?:ay)?|thanks|thank you))+[\s.!]*$/i, "");
  const content = neutral(said);
  if (!/[\p{L}\p{N}]{2}/u.test(content) || content.startsWith("…")) return [];
  const ofSpeaker = FIRST_PERSON.test(said);
  const formed = { kind: kindOf(said, content), content, importance: importanceOf(sentence) };
  return [{ ...formed, basis: "asked", ...(ofSpeaker ? { ofSpeaker } : {}) }];
}

/** What a message asks to be remembered: at most five memories of at most 500 characters, each once. */
export function requestsIn(text: string): ReadonlyArray<Formed> {
  const found = new Map<string, Formed>();
  for (const sentence of sentencesOf(ownWords(text))) {
    for (const formed of fromSentence(sentence)) found.set(formed.content.toLowerCase(), formed);
    if (found.size >= MOST) break;
  }
  return [...found.values()];
}
