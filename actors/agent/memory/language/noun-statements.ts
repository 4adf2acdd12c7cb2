/** What people say of things by their nouns: “my gym is FitPoint”, “the deadline is Friday”; used by statements.ts. */
import {
  attributeName,
  holderOf,
  isCommonAttribute,
  isShared,
  isSingleValued,
  relativeAttribute,
} from "./attributes.ts";
import { CAPITAL, WORD } from "./letters.ts";
import { ADJECTIVES, isFullName, isName, NAME, RELATION, relationName } from "./people.ts";
import { type Said, tidied } from "./statement-patterns.ts";

const NOUN = `(?<noun>${WORD}(?:\\s${WORD}){0,3}?)`;
const IS =
  "(?:is|are|will be|is going to be)\\s(?:now\\s|actually\\s|currently\\s|still\\s|officially\\s|at\\s|set to\\s)*(?:(?:called|named)\\s(?:now\\s)?)?";
const OWNED = new RegExp(
  `^(?:(?:my|our)\\s${ADJECTIVES}(?<kin>${RELATION})'s\\s|(?<whose>my|our|the|his|her|their)\\s|(?<name>(?-i:${NAME}))'s\\s)${NOUN}\\s(?:${IS}|(?<before>used to be)\\s)(?<value>.+)$`,
  "i",
);
/** “I got a new car, a Volvo”. */
const GOT = new RegExp(
  `^(?:i|we)\\s(?:(?:have|just|finally|also)\\s)*(?:got|have|bought|picked|found|chose)\\s(?:an?|my|our)\\snew\\s${NOUN}(?:[,:]|\\scalled|\\snamed)\\s(?:it is\\s)?(?<value>.+)$`,
  "i",
);
const REVERSED = new RegExp(`^(?<value>.{1,60}?)\\sis\\s(?:now\\s)?(?<whose>my|our)\\s(?:new\\s)?${NOUN}$`, "i");
const LATELY = /,?\s(?:now|again|these days|nowadays|at the moment|at last|instead|too)$/i;
const HOME = /^home\sis\s(?:now\s)?(?<value>.+)$/i;
/** Nouns of which people say how they are rather than what they are. */
const NO_ATTRIBUTE =
  /^(?:problem|question|point|idea|thing|guess|opinion|plan|day|week|weekend|life|head|back|hand|foot|leg|mind|heart|fault|turn|bad|pleasure|favou?rite|way|concern|issue|reason|answer|weather|food|rest|truth|fact|only \w+|first \w+|last \w+|whole \w+|\w+ing|best|worst|same|hope|dream|house|room|kitchen|garden|world|people|time|situation|feeling|result|sun|sky|moon|news|(?:.*\s)?(?:things?|stuff|ones?)|one\s.*|(?:.*\s)?(?:said|says|told|thinks?|heard|already|has|had|made|makes|that|who|which|also|just)(?:\s.*)?)$/i;
/** … and what they then say. */
const NO_VALUE =
  /^(?:(?:to|for|of|from|with|by|under|over|till|until|through|in (?:an?|the))\b|a (?:bit|little|lot|mess|joke|nightmare|dream|problem|shame)|very|so|too|really|not|no|never|quite|pretty|good|bad|fine|ok|okay|great|nice|dead|sick|ill|sad|happy|tired|broken|late|early|off|on (?:fire|hold|the way|its way)|over|done|gone|full|empty|the (?:best|worst|same|only)|that|this|what|how|why|because|like|always|about|still|almost|getting|making|killing|all|amazing|awesome|lovely|beautiful|terrible|cute|funny|important|ready|due|here|there|back|better|worse|busy|free|\p{L}{3,}(?:ing|ed)\b(?!\s(?-i:\p{Lu})))\b/iu;
/** Things of which people have one at a time and say a plain word: of all others only a name or a number is worth keeping. */
const KEPT =
  /\b(?:gym|club|team|school|bank|provider|laptop|computer|phone|bike|bicycle|boat|editor|desk|locker|seat|order|drink|snack|breakfast|lunch|pronouns?|nickname|instrument|street|neighbou?rhood|floor|apartment|flat|language|hobby|sport|size|bus|train|route|subscription|browser|keyboard|camera|degree|religion|sign|blood type|height|weight|habit|routine|goal|rule|dream job|specialty|speciality|password|code|pin|username|handle)s?\b/i;

/** “My gym is FitPoint”, “Mina's birthday is 3 May”, “the deadline is Friday”. */
export function owned(
  clause: string,
  last: string | undefined,
): { readonly subject: string; readonly said: ReadonlyArray<Said> } | undefined {
  const home = HOME.exec(clause)?.groups?.value;
  const groups =
    OWNED.exec(clause)?.groups ?? GOT.exec(clause)?.groups ?? REVERSED.exec(clause.replace(LATELY, ""))?.groups;
  if (home !== undefined && tidied(home) !== undefined)
    return { subject: "speaker", said: [{ attribute: "home", value: tidied(home)! }] };
  const denied = /^(?:not|no longer)\s/i.test(groups?.value ?? "");
  const value = tidied(groups?.value?.replace(/^(?:(?:not|no longer|called|named|on|at)\s)+(?=\S)/i, ""));
  if (groups === undefined || value === undefined) return undefined;
  // Of a favourite any word may be the value: “fishing”, “amazing grace”.
  if (NO_VALUE.test(value) && !/^favou?rite\s/i.test(groups.noun!)) return undefined;
  const { whose, name, kin, noun, before } = groups;
  const several = kin === undefined && name === undefined ? namesOfSeveral(noun!, value) : undefined;
  if (several !== undefined) return { subject: "speaker", said: several };
  const said = nounSaid(noun!, value);
  if (said === undefined || PRONOUN.test(value)) return undefined;
  const pronoun = /^(?:his|her|their)$/i.test(whose ?? "");
  const subject = name ?? (pronoun ? last : kin === undefined ? ownerOf(whose ?? "my", noun!) : "speaker");
  if (subject === undefined || (name !== undefined && !isName(name))) return undefined;
  const attribute = kin === undefined ? said.attribute! : relativeAttribute(relationName(kin), said.attribute!);
  // “My dog's name is Rex” is said by somebody who has one dog.
  const only = /^(?:dog|cat|rabbit|hamster|parrot|horse|pony|tortoise|turtle|snake|pet) name$/.test(attribute);
  const more = { ...(before === undefined && !denied ? {} : { ended: true }), ...(only ? { renewed: true } : {}) };
  const each = isSingleValued(attribute) || only ? [said.value] : said.value.split(/,\s*(?:and\s+)?|\s+(?:and|&)\s+/i);
  return { subject, said: each.map((one) => ({ ...said, attribute, value: one, ...more })) };
}

const SEVERAL = new RegExp(`^(?:(?:two|three|four|five|both|\\d)\\s)?(?<kin>${RELATION})s$`, "i");

/** “My two cats are Miso and Tofu”: as many as there are names. */
function namesOfSeveral(noun: string, value: string): ReadonlyArray<Said> | undefined {
  const kin = SEVERAL.exec(noun)?.groups?.kin;
  const names = value.split(/,\s*(?:and\s+)?|\s+(?:and|&)\s+/i);
  if (kin === undefined || !names.every(isFullName)) return undefined;
  return names.map((one) => ({ attribute: relativeAttribute(relationName(kin), "name"), value: one }));
}

/** “The new number is …” is said of one's own. */
const ownerOf = (determiner: string, noun: string): "speaker" | "room" =>
  /^(?:new|old)\s/i.test(noun) && isCommonAttribute(attributeName(noun)) ? "speaker" : holderOf(determiner, noun);

const PRONOUN = /^(?:it|this|that|he|she|there|here|what|who|they|which)$/i;
const SHAPES = new Map(
  Object.entries({
    phone: /\d[\d\s()./-]{3,}/,
    email: /\S@\S/,
    age: /^\d{1,3}\b/,
    partner: /^\p{Lu}/u,
    birthday: /\d|january|february|march|april|may|june|july|august|september|october|november|december/i,
  }),
);

/** “My son Bo is seven” is about Bo. */
const KIN_AND_NAME = new RegExp(`^(?:${RELATION})\\s${CAPITAL}`);
const RELATIVE = new RegExp(`^(?:(?:new|old)\\s)?(?<kin>${RELATION})$`, "i");

function nounSaid(noun: string, value: string): Said | undefined {
  const attribute = attributeName(noun);
  if (attribute === "" || KIN_AND_NAME.test(noun)) return undefined;
  if (NO_ATTRIBUTE.test(noun) && !isShared(noun) && !isCommonAttribute(attribute)) return undefined;
  const plain = !/^(?:(?:the|an?)\s)?(?:\p{Lu}|.*\p{N})/u.test(value);
  if (
    plain &&
    !KEPT.test(noun) &&
    !isShared(noun) &&
    !isCommonAttribute(attribute) &&
    !attribute.startsWith("favourite ")
  )
    return undefined;
  const shape = SHAPES.get(attribute);
  if (shape !== undefined && !shape.test(value)) return undefined;
  const kin = RELATIVE.exec(noun)?.groups?.kin;
  if (kin === undefined || attribute === "partner") {
    if (attribute === "home") return { attribute, value: value.replace(/^in\s/i, "") };
    return { attribute, value: attribute === "car" ? value.replace(/^an?\s/i, "") : value };
  }
  return isFullName(value) ? { attribute: relativeAttribute(relationName(kin), "name"), value } : undefined;
}

const EMAIL = /[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}/;
const PHONE = /(?<![\p{L}\p{N}.,])\+?\(?\d[\d\s()./-]{5,18}\d(?![\p{L}\p{N}])/u;
const REACHED =
  /\b(?:reach|call|text|ring|phone|write|e-?mail|mail|contact|message|use|number|address|new one|sms|whatsapp|signal)\b/i;

/** An address or a number says by its form what it is: “the old one bounces, use …”. */
export function byShape(clause: string): ReadonlyArray<Said> {
  if (!REACHED.test(clause) || /\b(?:his|her|their|your|support|office|order|invoice|ticket|account)\b/i.test(clause))
    return [];
  const email = EMAIL.exec(clause)?.[0];
  if (email !== undefined) return [{ attribute: "email", value: email, renewed: true }];
  const phone = PHONE.exec(clause)?.[0];
  return phone === undefined || phone.replace(/\D/g, "").length < 6 || /\d{4}-\d\d-\d\d/.test(phone)
    ? []
    : [{ attribute: "phone", value: phone.trim(), renewed: true }];
}
