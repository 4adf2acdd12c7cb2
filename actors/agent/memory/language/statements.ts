/** Plain statements of fact in English, by pattern: who, what about them, and since when; used by forming and recall. */
import { isSingleValued, relativeAttribute } from "./attributes.ts";
import { contrastIn, correctionsIn, meantIn } from "./corrections.ts";
import { datesIn } from "./dates.ts";
import { INNER } from "./letters.ts";
import { byShape, owned } from "./noun-statements.ts";
import { ADJECTIVES, isName, kinshipsIn, NAME, RELATION, relationName } from "./people.ts";
import { clausesOf, ownWords, sentencesOf, spelledOut } from "./sentences.ts";
import { PREDICATES, type Said, tidied } from "./statement-patterns.ts";

export { attributeAsked } from "./questions.ts";

/** One fact as it was stated. */
export interface Statement {
  /** `speaker` for who says it, `room` for what all share (“the deadline”), else a name as it was written. */
  readonly subject: string;
  /** As `attributeName` calls it. Undefined where only what was said before can tell: then `formerly` is the old value, or what was spoken of last is meant. */
  readonly attribute: string | undefined;
  /** As it was written, without what leads to it; empty where something ended and nothing took its place. */
  readonly value: string;
  /** The value that it had until now, where it was said. */
  readonly formerly?: string;
  /** From when on it holds, in milliseconds since 1970, where it was said. */
  readonly validFrom?: number;
  /** True when it does not hold, or no longer. */
  readonly negated?: boolean;
  /** Whether it ends whatever held before. */
  readonly singleValued: boolean;
}

/** What was spoken of last, which “it” stands for. */
interface Topic {
  readonly subject: string;
  readonly attribute: string;
}

const MOST = 12;
/** More than anybody says in one message; a text of ten thousand commas is none. */
const MOST_CLAUSES = 200;

/** Leads up to a statement and says nothing of it. */
const LEAD =
  /^(?:(?:hey|hi|hello|oh|ok|okay|yes|yeah|no(?!\s(?:longer|more)\b)|nope|well|so|and|but|also|btw|fyi|by the way|actually|in fact|just so you know|for the record|heads[- ]up|(?:quick |small |another )?update|correction|news|good news|sad news|big news|sorry|wait|scratch that|i mean|rather|please|note that|please note(?: that)?|remember(?: that)?|as of now|from now on|change of plans?|now(?=\s(?:i|we|my|the|our|it)\b)|we (?:have )?(?:decided|agreed)(?: that)?|nowadays|these days|currently|lately|recently|finally|honestly|turns out(?: that)?|i (?:just )?(?:want|wanted) to (?:say|tell you|let you know) (?:that )?|let me tell you(?: that)?|did i mention(?: that)?|as you know|you know|guess what|i think i (?:told|said)(?: you)?(?: that)?|(?:i )?forgot to (?:say|mention)(?: that)?|it is official)\b[\s,:!.–—-]*)+/i;
const ADDRESSED = new RegExp(`^(?:@(?:${INNER}|-)+[,:]?\\s+|(?!(?:I|My|We|Our)\\b)${NAME}[,:]\\s+)(?=\\S)`);
/** No statements: what is asked, wished, supposed or only perhaps so. */
const UNREAL =
  /\?\s*$|\b(?:if|whether|maybe|perhaps|might|wish|would|could|should|hope|hopefully|want to|wants to|wanted to|considering|thinking (?:of|about)|dream|dreamt|pretend|imagine|suppose|almost|nearly|unless|someday|one day)\b|^(?:do|does|did|can|will|are|is|what|where|who|when|why|how)\s(?:i|we|you|he|she|it|they|the|my)\b/i;
const ADVERBS =
  /^((?:am|is|are|have|has|had|do|does|did|was|were|will)\s)?(?:(?:now|just|currently|still|also|actually|recently|finally|already|officially|really|both|all|only|always|mostly|mainly|usually|happily|lately|newly|proudly|even|to be honest|in fact|of course|soon|definitely|simply|these days|nowadays)\s)+/i;
const TRAILING =
  /(?:,?\s(?:now|again|too|as well|today|tomorrow|already|instead|these days|nowadays|at last|officially|after all|haha|lol))+$/i;
const ENDED = /\b(?:no longer|not any ?more|any ?more)\b/i;
const DATED_VALUE =
  /\b(?:birthday|deadline|launch|meeting|appointment|due|date|anniversary|release|exam|wedding|flight|party|trip|interview|born|surgery|holiday|vacation|class|lesson|session|demo)\b/i;

interface Frame {
  readonly subject: string;
  /** Stands before the attribute where the subject has no name: “my sister lives in Oslo”. */
  readonly relation: string;
  readonly rest: string;
}

const RELATIVE = new RegExp(
  `^(?:my|our)\\s${ADJECTIVES}(?<kin>${RELATION})(?:,?\\s(?<name>(?-i:${NAME})),?)?\\s(?<rest>.+)$`,
  "i",
);
/** What “Kim and I” did, said of the one who speaks. */
const COUPLE = new RegExp(
  `^(?<name>(?-i:${NAME}))\\sand\\s(?:i|me)\\s(?<rest>(?:(?:have|are|got|just|finally|been|now)\\s)*(?<what>together|dating|seeing each other|married|engaged|split up|broke up|broken up|separated|divorced))(?:\\s(?:now|again|last \\S+))?$`,
  "i",
);
const NAMED = new RegExp(
  `^(?<name>${NAME})\\s(?<rest>(?:(?:also|now|just|still|really|only|always|never|no longer|currently|recently|finally|already)\\s)*(?:[a-z]+(?:s|ed)|will|went|got|had|does not|has)\\s.+)$`,
);

/** Who a clause is about, and what it says of them. `last` is whom “she” stands for. */
function framed(clause: string, last: string | undefined): Frame | undefined {
  const own = /^(?:i|we|me and my \S+|my \S+ and i)\s(?<rest>.+)$/i.exec(clause)?.groups;
  if (own !== undefined) return { subject: "speaker", relation: "", rest: own.rest! };
  const couple = COUPLE.exec(clause)?.groups;
  if (couple !== undefined && isName(couple.name!)) {
    const { name, rest, what } = couple;
    const joint = /dating|seeing/i.test(what!) ? "" : /married|engaged/i.test(what!) ? "to " : "with ";
    return { subject: "speaker", relation: "", rest: `${rest} ${joint}${name}` };
  }
  const relative = RELATIVE.exec(clause)?.groups;
  if (relative !== undefined) {
    const { kin, name, rest } = relative;
    if (name !== undefined && isName(name)) return { subject: name, relation: "", rest: rest! };
    return { subject: "speaker", relation: relationName(kin!), rest: rest! };
  }
  const other = /^(?:he|she|they)\s(?<rest>.+)$/i.exec(clause)?.groups;
  if (other !== undefined) return last === undefined ? undefined : { subject: last, relation: "", rest: other.rest! };
  const named = NAMED.exec(clause)?.groups;
  if (named !== undefined && isName(named.name!)) return { subject: named.name!, relation: "", rest: named.rest! };
  return undefined;
}

/** Where somebody is now, said as one says where one works: “I'm at Globex now”. Without such a word it may be any place. */
const AT_WORK = /^(?:am|is|are|have been|has been)\s(?:at|with)\s(?<value>\p{Lu}.*)$/u;
const LATELY = /\b(?:now|nowadays|these days|since|no longer|any ?more|currently)\b/i;
/** Simple past: it was so, and is not said to be so still. */
const PAST =
  /^(?:lived|worked|resided|drove|liked|loved|enjoyed|studied|was living|was based|was working|was employed|were living)\s/i;

/** What is said of a person, whether it holds, has ended or never was so. */
function predicated(rest: string, clause: string): ReadonlyArray<Said> {
  const plain = rest.replace(ADVERBS, "$1").replace(ADVERBS, "$1").replace(TRAILING, "");
  const direct = readPredicate(plain);
  const past = PAST.test(plain);
  if (direct.length > 0 && !ENDED.test(plain)) return past ? over(direct) : direct;
  const affirmed = plain
    .replace(/\b(?:do|does|did|have|has)\snot\s/i, "")
    .replace(/\b(am|is|are|was|were)\snot\s/i, "$1 ")
    .replace(/\bno longer\s/i, "")
    .replace(/\s*\bany ?more\b/i, "")
    .replace(/^used to be\s/i, "am ")
    .replace(/^used to\s/i, "");
  if (affirmed === plain || /\bnever\b/i.test(plain)) return atWork(plain, clause);
  const found = readPredicate(affirmed.replace(ADVERBS, "$1"));
  return over(found.length > 0 ? found : atWork(affirmed, clause));
}

const over = (said: ReadonlyArray<Said>): ReadonlyArray<Said> => said.map((one) => ({ ...one, ended: true }));

function readPredicate(rest: string): ReadonlyArray<Said> {
  for (const [pattern, read] of PREDICATES) {
    const groups = pattern.exec(rest)?.groups;
    const said = groups === undefined ? [] : read(groups);
    if (said.length > 0) return said;
  }
  return [];
}

/** Both values of “I am allergic to nuts, not to eggs”: what is said of the one is said of the other, the other way round. */
function contrasted(clause: string, sentence: string, around: Around): Reading | undefined {
  const contrast = contrastIn(clause);
  if (contrast === undefined) return undefined;
  const { subject, said } = readDirectly(contrast.words, sentence, around);
  const [one, ...more] = said;
  if (one?.attribute === undefined || one.value === "" || more.length > 0) return undefined;
  const { ended, ...held } = one;
  const other = { ...held, value: contrast.other };
  if (one.attribute === "dislikes" && contrast.holds) return { subject, said: [one, { ...other, attribute: "likes" }] };
  if ((ended === true) !== contrast.holds) return undefined;
  return { subject, said: contrast.holds ? [one, other] : [{ ...other, ended: true }, one] };
}

function atWork(rest: string, clause: string): ReadonlyArray<Said> {
  const value = LATELY.test(clause) ? tidied(AT_WORK.exec(rest)?.groups?.value) : undefined;
  return value === undefined ? [] : [{ attribute: "employer", value }];
}

/** What has been said so far, which “it” and “she” may stand for. */
interface Around {
  topic: Topic | undefined;
  /** Who was named last. */
  last: string | undefined;
  /** Whether the last statement was of something that ended, so that what took its place may follow. */
  ended: boolean;
}

interface Reading {
  readonly subject: string | undefined;
  readonly said: ReadonlyArray<Said>;
}

/** What one way to read a clause says, and of whom; the surer readings first. */
const readClause = (clause: string, sentence: string, around: Around): Reading =>
  contrasted(clause, sentence, around) ?? readDirectly(clause, sentence, around);

function readDirectly(clause: string, sentence: string, { topic, last, ended }: Around): Reading {
  const noun = owned(clause, last);
  if (noun !== undefined) return noun;
  const corrected = correctionsIn(clause);
  if (corrected.length > 0) return { subject: undefined, said: corrected };
  const frame = framed(clause, last);
  if (frame !== undefined) {
    const said = predicated(frame.rest, sentence);
    if (said.length > 0)
      return {
        subject: frame.subject,
        said: said.map((one) =>
          one.attribute === undefined || frame.relation === ""
            ? one
            : { ...one, attribute: relativeAttribute(frame.relation, one.attribute) },
        ),
      };
  }
  const shaped = byShape(clause);
  if (shaped.length > 0) return { subject: "speaker", said: shaped };
  return { subject: undefined, said: meantIn(clause, sentence, ended && topic !== undefined) };
}

/** The clause without its dates and what leads to them, and when the first of them begins. */
function undated(clause: string, at: number): { readonly words: string; readonly from: number | undefined } {
  const dates = datesIn(clause, at);
  let words = "";
  let end = 0;
  for (const date of dates) {
    const before = clause.slice(end, date.start);
    words += before.replace(
      /(?:,?\s|^)(?:(?:as of|starting|beginning|back|early|around|about|already|ever|effective)\s)?(?:in|on|since|from|at|by|until|till|as of|during|of|starting)?\s?(?:the\s)?$/i,
      "",
    );
    end = date.end;
  }
  // “From 20 June on”.
  words = `${words}${dates.length === 0 ? clause : clause.slice(end).replace(/^\s(?:on|onwards?)\b,?/, "")}`
    .replace(/\s+/g, " ")
    .replace(/^[\s,:]+/, "");
  const lead = dates[0] === undefined ? "" : clause.slice(Math.max(0, dates[0].start - 8), dates[0].start);
  return { words, from: /\b(?:until|till|by)\s(?:the\s)?$/i.test(lead) ? undefined : dates[0]?.window.from };
}

/** Of these people have several, so that one does not take another's place. */
const SEVERAL = /^(?:friend|best friend|colleague|neighbour|cousin|roommate|flatmate|teacher|aunt|uncle|ex) /;

const kinStatements = (sentence: string): ReadonlyArray<Statement> =>
  kinshipsIn(sentence).map(({ relation, name }) => {
    const attribute = relativeAttribute(relation, "name");
    return { subject: "speaker", attribute, value: name, singleValued: isSingleValued(attribute) };
  });

function stated(
  said: Said,
  subject: string | undefined,
  topic: Topic | undefined,
  from: number | undefined,
): Statement | undefined {
  const attribute = said.attribute ?? (said.formerly === undefined ? topic?.attribute : undefined);
  if (attribute === undefined && said.formerly === undefined) return undefined;
  return {
    subject:
      said.subject ??
      subject ??
      (said.attribute === undefined && said.formerly === undefined ? topic?.subject : undefined) ??
      "speaker",
    ...{ attribute, value: said.value },
    ...(said.formerly === undefined ? {} : { formerly: said.formerly }),
    ...(from === undefined ? {} : { validFrom: from }),
    ...(said.ended ? { negated: true } : {}),
    singleValued:
      said.renewed === true || attribute === undefined || (isSingleValued(attribute) && !SEVERAL.test(attribute)),
  };
}

/** Without whom it is said to, and what leads up to it. */
const cleaned = (clause: string): string =>
  spelledOut(clause.replace(ADDRESSED, ""))
    .replace(LEAD, "")
    .replace(/[\s.!,;…]+$/, "");

/** What the clauses of a sentence say, with what “it” and “she” stand for carried from one to the next. */
function* sentenceStatements(sentence: string, at: number, around: Around) {
  const turned = correctionsIn(cleaned(sentence)).filter(
    ({ formerly, attribute }) => formerly !== undefined && attribute === undefined,
  );
  const isWhole = turned.length > 0 || contrastIn(cleaned(sentence))?.holds === false;
  for (const raw of isWhole ? [sentence] : clausesOf(sentence).slice(0, MOST_CLAUSES)) {
    const clause = cleaned(raw);
    if (clause === "") continue;
    const cut = undated(clause, at);
    const readings = DATED_VALUE.test(clause) ? [clause, cut.words] : [cut.words, clause];
    for (const words of new Set(readings)) {
      const { subject, said } = readClause(words, sentence, around);
      const found = said.flatMap(
        (one) => stated(one, subject, around.topic, words === clause ? undefined : cut.from) ?? [],
      );
      if (found.length === 0) continue;
      yield* found;
      const spoken = found.at(-1)!;
      if (!/^(?:speaker|room)$/.test(spoken.subject)) around.last = spoken.subject;
      around.ended = spoken.negated === true;
      if (spoken.attribute !== undefined) around.topic = { subject: spoken.subject, attribute: spoken.attribute };
      break;
    }
  }
  const kin = kinStatements(sentence);
  yield* kin;
  if (kin.length > 0) around.last = kin.at(-1)!.value;
}

/**
 * The facts that a text states of its speaker, of people it names and of what all share, at most twelve, in the order in which
 * they are said; the same fact once. `at` is when it was said. Questions, wishes and suppositions state nothing. Never throws.
 */
export function statementsIn(text: string, at: number): ReadonlyArray<Statement> {
  const found = new Map<string, Statement>();
  const around: Around = { topic: undefined, last: undefined, ended: false };
  for (const sentence of sentencesOf(ownWords(text)).slice(0, MOST_CLAUSES)) {
    if (UNREAL.test(sentence)) continue;
    for (const one of sentenceStatements(sentence, at, around)) {
      const key = `${one.negated} ${one.subject} ${one.attribute} ${one.value.toLowerCase()}`;
      const known = found.get(key);
      found.set(key, known === undefined ? one : { ...known, singleValued: known.singleValued || one.singleValued });
    }
    if (found.size >= MOST) break;
  }
  return [...found.values()].slice(0, MOST);
}
