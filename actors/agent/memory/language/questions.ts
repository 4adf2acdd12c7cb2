/** Which fact a question asks for: whose, what about them, and whether as it is or as it was; used by recall. */
import { attributeName, holderOf, relativeAttribute } from "./attributes.ts";
import { datesIn } from "./dates.ts";
import { INNER, LETTER, WORD } from "./letters.ts";
import { isName, isRelation, NAME, relationName } from "./people.ts";
import { spelledOut } from "./sentences.ts";

/** What a question asks for. */
export interface Asked {
  /** `speaker` for who asks, `room` for what all share, else a name as it was written. */
  readonly subject: string;
  /** As statements call it; see `attributeName`. */
  readonly attribute: string;
  /** What answers it as well: of “what music do I like” whatever is liked may be music. */
  readonly or?: string;
  /** True for what was so, not for what is so. */
  readonly past: boolean;
  /** The moment it asks about, where it names one that is over: the last of that time, in milliseconds since 1970. */
  readonly asOf?: number;
}

const PAST =
  /\b(?:used to|previously|formerly|before|earlier|in the past|back then|originally|at first|at the time|former|(?<!how )old|ex|last time|did|was|were|had)\b/i;
const LONGEST_QUESTION = 1_000;

/** Any word here, a relation further down: the list of them in each pattern takes long to compile. */
const KIN = `(?:best\\s|guinea\\s)?${LETTER}+(?:-in-law)?`;
const WHO = `(?<who>i|we|(?-i:${NAME})|(?:my|our)\\s(?<kin>${KIN}))`;
const OF = `(?:(?<whose>my|our|the)|(?<owner>(?-i:${NAME}))'s?|(?:my|our)\\s(?<kin>${KIN})'s)`;
const DO = "(?:do|does|did|is|are|am|was|were|has|have|had|will|would)";
const looked = (source: string): RegExp => new RegExp(`(?<!${INNER})(?:${source})(?!${INNER})`, "i");
const ADVERB =
  "(?:\\s(?:now|currently|still|usually|actually|really|right now|used to|use to|previously|originally|formerly|before))*";

/** From the surest to the loosest; what is no attribute of its own is called by the noun in the group `noun`. */
const QUESTIONS: ReadonlyArray<readonly [RegExp, string]> = [
  [
    looked(
      `where\\s${DO}\\s${WHO}${ADVERB}\\s(?:live|living|based|reside|residing|staying|move|moving|settle|settled)`,
    ),
    "home",
  ],
  [
    looked(
      `(?:which|what)\\s(?:city|town|country|place|village|neighbou?rhood)\\s${DO}\\s${WHO}${ADVERB}\\s(?:live|living|based|moved?|in)`,
    ),
    "home",
  ],
  [
    looked(
      `where\\s(?:is|are|was)\\s${WHO}(?:\\soriginally)?\\s(?:from|born)|where\\s(?:do|does|did)\\s${WHO}\\scome\\sfrom`,
    ),
    "birthplace",
  ],
  [
    looked(
      `where\\s${DO}\\s${WHO}${ADVERB}\\s(?:work|working|employed)|who(?:m)?\\s${DO}\\s${WHO}${ADVERB}\\s(?:work|working)\\s(?:for|at|with)`,
    ),
    "employer",
  ],
  [
    looked(
      `(?:which|what)\\s(?:company|firm|employer|organi[sz]ation)\\s${DO}\\s${WHO}${ADVERB}\\s(?:work|working|join|at|with|employed)`,
    ),
    "employer",
  ],
  [
    looked(
      `what\\s(?:do|does|did)\\s${WHO}${ADVERB}\\s(?:do(?:\\s(?:for\\s(?:a\\sliving|work|money)|at\\swork|as\\sa\\sjob|professionally))?(?=\\s*\\?|$)|work\\sas)|what\\s(?:kind|sort)\\sof\\s(?:work|job)\\s${DO}\\s${WHO}`,
    ),
    "job",
  ],
  [looked(`how\\sold\\s(?:is|are|am|was|were|will)\\s${WHO}`), "age"],
  [looked(`when\\s(?:is|was|were|are|am)\\s${WHO}\\sborn`), "birthday"],
  [
    looked(
      `who\\s(?:is|was|are|am|did)\\s${WHO}${ADVERB}\\s(?:married|engaged|dating|seeing|marry|together|in\\sa\\srelationship)`,
    ),
    "partner",
  ],
  [looked(`who\\s(?:is|are|am|was|were)\\s${WHO}${ADVERB}\\swith(?=\\s*[?.!]|\\snow|$)`), "partner"],
  [looked(`(?:is|are|am|was)\\s${WHO}${ADVERB}\\s(?:single|married|engaged|divorced|dating)`), "relationship"],
  [
    looked(
      `what\\s(?:is|are|am|was|were)\\s${WHO}${ADVERB}\\sallergic\\sto|(?:does|do|is|am)\\s${WHO}\\s(?:have\\s(?:any|an?)\\s(?:\\w+\\s)?allerg(?:y|ies)|allergic)`,
    ),
    "allergy",
  ],
  [
    looked(
      `(?:is|are|am|was)\\s${WHO}${ADVERB}\\s(?:an?\\s)?(?:vegan|vegetarian|pescatarian|gluten[- ]free|halal|kosher)|what\\s(?:kind\\sof\\s)?diet\\s${DO}\\s${WHO}|(?:do|does)\\s${WHO}\\seat\\smeat`,
    ),
    "diet",
  ],
  [
    looked(
      `what\\s(?:car\\s|kind\\sof\\scar\\s|sort\\sof\\scar\\s|vehicle\\s)?${DO}\\s${WHO}${ADVERB}\\s(?:drive|driving)|(?:what|which)\\s(?:kind\\sof\\s|sort\\sof\\s)?(?:car|vehicle)\\s${DO}\\s${WHO}`,
    ),
    "car",
  ],
  [looked(`(?:which|what)\\slanguages?\\s${DO}\\s${WHO}${ADVERB}\\sspeak`), "language"],
  [looked(`what\\s${DO}\\s${WHO}${ADVERB}\\s(?:study|studying|major|majoring)`), "studies"],
  [looked(`where\\s${DO}\\s${WHO}${ADVERB}\\s(?:study|studying|go\\sto\\s(?:school|university|college))`), "school"],
  [looked(`what\\s(?:instruments?|sports?)\\s${DO}\\s${WHO}|what\\s${DO}\\s${WHO}\\splay`), "plays"],
  [looked(`what\\spets?\\s${DO}\\s${WHO}|(?:do|does)\\s${WHO}\\shave\\s(?:any\\s|a\\s)pets?`), "pet"],
  [looked(`(?:how|where)\\s(?:can|do|could|should)\\s(?:i|we|you)\\s(?:call|phone|ring|text)\\s${WHO}`), "phone"],
  [looked(`(?:how|where)\\s(?:can|do|could|should)\\s(?:i|we|you)\\s(?:e-?mail|write\\sto)\\s${WHO}`), "email"],
  [looked(`what\\s${DO}\\s${WHO}\\s(?:not\\slike|dislike|hate)`), "dislikes"],
  [looked(`what\\s${DO}\\s${WHO}\\s(?:like|love|enjoy|prefer)(?:\\sto\\s(?:do|eat|drink))?(?=\\s*\\?|$)`), "likes"],
  [
    looked(`what\\s(?:is|was|are)\\s${WHO}\\s(?:called|named)|what\\s${DO}\\s(?:we|you|people)\\scall\\s${WHO}`),
    "name",
  ],
];

const WHAT =
  "(?:what|who|when|where|which|how much|how many|tell me|remind me of|remind me what|do you (?:know|remember|have|recall)|give me|remember|any idea what|can you tell me)";
const STOP =
  "(?=\\s(?:again|now|currently|called|named|at|in|on|before|back|last|these|right|used|previously|today|nowadays|was|is|until|when|for|then|since)\\b|\\s*[?.!,]|$)";
const CALLED = new RegExp(
  `(?<!${INNER})what\\s(?:is|was|are|were)\\s${OF}\\s(?<noun>${WORD}(?:\\s${WORD}){0,2})\\s(?:called|named)`,
  "i",
);
const NAME_OF = new RegExp(`(?<!${INNER})name\\sof\\s${OF}\\s(?<noun>${WORD}(?:\\s${WORD}){0,2}?)${STOP}`, "i");
const OWNED = new RegExp(
  `(?<!${INNER})${WHAT}(?:\\s(?:is|are|was|were|did|does|do|will be|has been)|'s)?\\s${OF}\\s(?<noun>${WORD}(?:\\s${WORD}){0,3}?)(?:\\s(?:used to|number\\sused))?${STOP}`,
  "i",
);
const HAS = new RegExp(
  `(?<!${INNER})(?:what|which)\\s(?:kind of\\s|sort of\\s|type of\\s)?(?<noun>${WORD}(?:\\s${WORD}){0,2}?)\\s(?:do|does|did|is|are|am|was|has|have)\\s${WHO}\\s(?:${LETTER}+\\s)?(?:have|use|own|go|take|like|prefer|attend|support|follow|play|visit|got|using|going|watch|read|wear|drink|order|belong|see|on|in|at|with)`,
  "i",
);
const LIKED = new RegExp(
  `(?<!${INNER})(?:what|which)\\s(?<noun>${WORD}(?:\\s${WORD})?)\\s(?:do|does|did)\\s${WHO}\\s(?:really\\s)?(?:like|love|enjoy|prefer)(?<most>\\s(?:best|most))?(?=\\s*[?.]|$)`,
  "i",
);
const CHOSEN = new RegExp(
  `(?<!${INNER})(?:what|which|who)\\s(?:is|was)\\s(?<noun>favou?rite\\s(?:${WORD}\\s?){1,4}?)\\sof\\s${WHO}`,
  "i",
);

type Groups = Readonly<Record<string, string | undefined>>;

function subjectOf({
  who,
  whose,
  owner,
  kin,
  noun,
}: Groups): { readonly subject: string; readonly relation: string } | undefined {
  if (kin !== undefined) return isRelation(kin) ? { subject: "speaker", relation: relationName(kin) } : undefined;
  if (whose !== undefined) return { subject: holderOf(whose, noun ?? ""), relation: "" };
  const name = owner ?? who ?? "";
  if (/^(?:i|we)$/i.test(name)) return { subject: "speaker", relation: "" };
  return isName(name) ? { subject: name, relation: "" } : undefined;
}

const RELATIVE = /^(?:(?:old|new|current|former)\s)*(?<kin>\S.*)$/i;

/** The attribute that a noun names; of people and animals it is their name that is asked for. */
function nounAsked(noun: string): string {
  const kin = RELATIVE.exec(noun)?.groups?.kin;
  if (kin !== undefined && isRelation(kin)) return relativeAttribute(relationName(kin), "name");
  return attributeName(noun);
}

function read(
  question: string,
): { readonly groups: Groups; readonly attribute: string; readonly or?: string } | undefined {
  for (const [pattern, attribute] of QUESTIONS) {
    const groups = pattern.exec(question)?.groups;
    if (groups !== undefined) return { groups, attribute };
  }
  const called = (CALLED.exec(question) ?? NAME_OF.exec(question))?.groups;
  if (called !== undefined) return { groups: called, attribute: nounAsked(called.noun!) };
  const liked = LIKED.exec(question)?.groups;
  if (liked !== undefined)
    return {
      ...{ groups: liked, attribute: nounAsked(`favourite ${liked.noun}`) },
      ...(liked.most === undefined ? { or: "likes" } : {}),
    };
  for (const pattern of [OWNED, HAS, CHOSEN]) {
    const groups = pattern.exec(question)?.groups;
    const attribute = groups === undefined ? "" : nounAsked(groups.noun!);
    if (groups !== undefined && attribute !== "") return { groups, attribute };
  }
  return undefined;
}

const END = "(?=\\s*(?:[?.!,]|so far|by now|now|yet|already|at all|please|$))";
const ABOUT = `(?:\\s(?:of|about|on)\\s(?<whom>me|us|myself|everything|everybody|everyone))?${END}`;
/** Verbs that by themselves ask for no more than what somebody has at hand. */
const ABOUT_ONESELF = `(?:\\s\\w+){0,2}\\s(?:of|about|on|regarding|concerning)\\s(?<oneself>me|us|myself)${END}`;
const STILL = "(?:(?:still|already|actually|even|currently)\\s)?";
const WHATEVER =
  "(?:what|which|how much|everything|all|anything|something|whatever)(?:\\s(?:else|all|that|facts?|things?|info|information|data|memor(?:y|ies)|notes?))*";
const ALL = "(?:anything|something|everything)(?:\\s(?:else|at all))?";
const TO_KNOW = "(?:know|remember|recall|learn|learned|learnt|kept)";
const TO_HOLD = `(?:${TO_KNOW}|have|has|hold|held|keep|store|stored|save|saved|note|noted|got|gathered|collected|recorded|tell me|say)`;
/** What is known at all, asked of the one who knows it: “what have you stored about me?”, “do you know anything?”. */
const KNOWN: ReadonlyArray<RegExp> = [
  `${WHATEVER}\\s(?:(?:do|did|have|can|could|are|would)\\s)?you\\s(?:have\\s)?${STILL}${TO_HOLD}${ABOUT_ONESELF}`,
  `(?:do|did|have|can|could)\\syou\\s${STILL}${TO_HOLD}\\s${ALL}${ABOUT_ONESELF}`,
  `what\\s(?:is|do you have)\\s(?:known|stored|saved|kept|remembered|noted|recorded|in your memory)${ABOUT_ONESELF}`,
  `(?:what|how much)(?:\\selse|\\sall)?\\s(?:do|did|have|can)\\syou\\s${STILL}${TO_KNOW}${ABOUT}`,
  `(?:everything|all|anything|something)(?:\\sthat)?\\syou\\s(?:know|remember|recall)${ABOUT}`,
  `(?:do|can)\\syou\\s${STILL}(?:know|remember|recall)\\s(?:anything|something)${ABOUT}`,
].map((source) => new RegExp(`\\b(?:${source})`, "i"));
const ONESELF =
  /\b(?:who\sam\si|(?:do|can)\syou\s(?:still\s|even\s)?(?:remember|know|recall)\s(?:me|us|who\si\sam))(?=\s*(?:[?.!,]|$))/i;

/**
 * Whose memories are asked for when a text asks what is known at all and names nothing in particular: those about the
 * `speaker`, or `all`; undefined when it does not ask that.
 */
export function asksWhatIsKnown(text: string): "speaker" | "all" | undefined {
  const asked = spelledOut(text.slice(0, LONGEST_QUESTION)).replace(/\s+/g, " ");
  if (ONESELF.test(asked)) return "speaker";
  const found = KNOWN.map((pattern) => pattern.exec(asked)?.groups).find((groups) => groups !== undefined);
  if (found === undefined) return undefined;
  return found.oneself !== undefined || /^(?:me|us|myself)$/i.test(found.whom ?? "") ? "speaker" : "all";
}

/**
 * The fact that a question asks for, or undefined when it asks for none that statements hold. `at` is when it is asked: “in May”
 * is a time that is over.
 */
export function attributeAsked(question: string, at: number): Asked | undefined {
  const asked = spelledOut(question.slice(0, LONGEST_QUESTION)).replace(/\s+/g, " ");
  const found = read(asked);
  const whose = found === undefined ? undefined : subjectOf(found.groups);
  if (found === undefined || whose === undefined) return undefined;
  const over = datesIn(asked, at).find(({ window }) => window.to <= at);
  const attribute = whose.relation === "" ? found.attribute : relativeAttribute(whose.relation, found.attribute);
  return {
    ...{ subject: whose.subject, attribute },
    ...(found.or === undefined || whose.relation !== "" ? {} : { or: found.or }),
    past: over !== undefined || PAST.test(asked),
    ...(over === undefined ? {} : { asOf: over.window.to - 1 }),
  };
}

/** Whether a text asks for nothing but what is remembered: whatever is known, or one fact. `at` as above. */
export const asksOfMemory = (text: string, at: number): boolean =>
  asksWhatIsKnown(text) !== undefined || attributeAsked(text, at) !== undefined;
