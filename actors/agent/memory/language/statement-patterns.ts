/** The patterns of plain statements in English: what somebody says of themselves or of somebody they name; used by statements.ts. */
import { attributeName, holderOf, relativeAttribute } from "./attributes.ts";
import { CAPITAL as CAPITAL_LETTER } from "./letters.ts";
import { ANIMAL, isFullName, isName, isRelation, RELATION, relationName } from "./people.ts";

/** What a pattern read. */
export interface Said {
  /** Where the words tell whose it is. */
  readonly subject?: string;
  /** Undefined where only what was said before tells it, or the value it had: “we swapped the Golf for a Tesla”. */
  readonly attribute: string | undefined;
  readonly value: string;
  /** The value that it had before, where it is said. */
  readonly formerly?: string;
  /** True when it holds no longer; an empty value ends whatever held. */
  readonly ended?: boolean;
  /** True when it takes the place of all that was said of the attribute, also where there may be several. */
  readonly renewed?: boolean;
}

type Groups = Readonly<Record<string, string | undefined>>;
export type Predicate = readonly [RegExp, (groups: Groups) => ReadonlyArray<Said>];

const LONGEST_VALUE = 80;
const MOST_WORDS = 9;

/** What follows a value and is not part of it. */
const TAIL =
  /(?:,(?!\s\d{4}\b)|:\s|\s[–—-]|\s\(|\s(?:since|because|which|who|where|when|with (?:the|my|our|an?|his|her|two|three)|by (?:training|trade|profession|day|heart)|in the end|until|so that|as of|these days|nowadays|any ?more|now|right now|at the moment|currently|instead|again|too|as well|though|please|from now on|already|actually|by the way|btw|for (?:the|a|about|over|almost|several|many|two|three|four|five|six|ten|years|now|good)|if you|in case|after all|at last|and (?:i|we|love|like|am|it)))(?=[\s,.!]|$).*$/iu;

/** The value without what follows it; undefined for what is too long to be one, or is none. */
export function tidied(value: string | undefined): string | undefined {
  const short = (value ?? "")
    .replace(TAIL, "")
    .replace(/[\s.!,;:…?]+$/u, "")
    .replace(/^(?:the same\s)?[\s,:]+/, "")
    .trim();
  if (short === "" || short.length > LONGEST_VALUE || short.split(/\s+/).length > MOST_WORDS) return undefined;
  return /[\p{L}\p{N}]/u.test(short) ? short.toWellFormed() : undefined;
}

const withoutArticle = (value: string): string => value.replace(/^(?:a|an|the|my|our|some)\s+/i, "");

const one = (
  attribute: string | undefined,
  value: string | undefined,
  more: Partial<Said> = {},
): ReadonlyArray<Said> => {
  const tidy = tidied(value);
  return tidy === undefined ? [] : [{ attribute, value: tidy, ...more }];
};

/** Each of “nuts, eggs and shellfish”; what has a verb in it goes on with something else. */
const each = (attribute: string, value: string | undefined, more: Partial<Said> = {}): ReadonlyArray<Said> => {
  const parts = (value ?? "").split(/,\s*(?:and\s+)?|\s+(?:and|or|&)\s+/i);
  const others = parts.findIndex((part) => /\b(?:is|are|was|were|be|have|has|had|i|we|it)\b/i.test(part));
  return parts.slice(0, others < 0 ? undefined : others).flatMap((part) => one(attribute, withoutArticle(part), more));
};

const former = (value: string | undefined): Partial<Said> => {
  const tidy = tidied(value);
  return tidy === undefined ? {} : { formerly: withoutArticle(tidy) };
};

const BE = "(?:(?:am|is|are|be|have been|has been|will be|was|were|had been)\\s)?";
const HAVE = "(?:(?:have|has|had|will)\\s)?";
const V = "(?<value>.+)";
/** A name follows; the rest of a pattern takes capitals and small letters for one. */
const CAPITAL = `(?=${CAPITAL_LETTER})`;
const predicate = (source: string): RegExp => new RegExp(`^(?:${source})$`, "i");

/** Where in a place, which is not its name. */
const BESIDE = /\s(?:by|with|above|below|near|behind|next to|opposite|on|at|from|for|and|to)\s.*$/i;
/** Where one cannot live: “I moved to a new team”. */
const noPlace =
  /^(?:an?|my|our|his|her|this|that|it|work|bed|school|another|something|someone|the (?:next|same|other|past|moment|middle|new))\b/i;
const place = (value: string | undefined, more: Partial<Said> = {}): ReadonlyArray<Said> =>
  noPlace.test(value ?? "")
    ? []
    : one("home", value?.replace(BESIDE, "").replace(/^the (?:city|town|village) of\s/i, ""), more);

const noEmployer =
  /^(?:an?|my|our|his|her|this|that|it|home|night|nights|the (?:moment|weekend|office|same)|people|least|once|all)\b/i;
const employer = (value: string | undefined, more: Partial<Said> = {}): ReadonlyArray<Said> => {
  const [name, job] = value?.split(/\s(?:as (?:an?\s|the\s)?|in |on )/i) ?? [];
  if (noEmployer.test(name ?? "")) return [];
  return [...one("employer", name, more), ...(/\sas\s/i.test(value ?? "") ? one("job", job) : [])];
};

const OCCUPATION =
  /(?:engineer|developer|programmer|designer|manager|teacher|professor|nurse|doctor|surgeon|dentist|physician|vet|lawyer|attorney|judge|accountant|consultant|analyst|scientist|researcher|architect|chef|cook|baker|barista|waiter|waitress|writer|author|editor|journalist|photographer|musician|artist|actor|actress|director|producer|student|apprentice|intern|trainee|carpenter|plumber|electrician|mechanic|driver|pilot|farmer|gardener|librarian|therapist|psychologist|pharmacist|paramedic|firefighter|police officer|officer|soldier|translator|interpreter|secretary|assistant|administrator|clerk|cashier|salesperson|salesman|tailor|hairdresser|electrician|technician|chemist|biologist|physicist|mathematician|economist|historian|geologist|principal|head of [\p{L} ]+|lead|team lead|ceo|cto|cfo|coo|founder|freelancer|owner|partner at .+|captain|instructor|trainer|coach|tutor|lecturer|supervisor|foreman|builder|welder|painter|sculptor|singer|dancer|composer|conductor|broker|banker|realtor|agent|recruiter|social worker|midwife|optician|operator|planner|strategist|specialist|coordinator|representative)$/iu;

const DIET =
  "vegan|vegetarian|pescatarian|pescetarian|flexitarian|keto|halal|kosher|gluten[- ]free|dairy[- ]free|lactose[- ]free|lactose intolerant|paleo|omnivore|meat eater";
const CARS =
  "tesla|golf|polo|passat|toyota|prius|corolla|honda|civic|ford|fiesta|bmw|audi|mercedes|volkswagen|vw|volvo|skoda|seat|renault|clio|peugeot|citro[eë]n|fiat|opel|corsa|mazda|nissan|leaf|hyundai|kia|subaru|jeep|porsche|mini|dacia|polestar|rivian|lexus|suzuki|chevrolet|chevy|dodge|tractor|van|camper|motorbike|motorcycle|scooter|truck|pickup";
/** What people do for its own sake, as they say it behind “go” or “take up”. */
const PASTIMES =
  "(?:bird[- ]?watching|climbing|bouldering|camping|canoeing|cycling|dancing|diving|fencing|fishing|foraging|gardening|geocaching|hiking|hunting|jogging|kayaking|kite[- ]?surfing|knitting|martial arts|painting|photography|pottery|riding|rowing|running|sailing|scuba diving|sewing|singing|skateboarding|skating|skiing|snorkelling|snowboarding|surfing|swimming|walking|weaving|woodworking|yoga)";
const STATUS = "single|married|engaged|divorced|separated|widowed";

/** What is said behind “I”, “we” or a name, from the surest to the loosest; the first that fits is what was said. */
export const PREDICATES: ReadonlyArray<Predicate> = [
  [
    predicate(
      `${BE}(?:(?:live|lives|living|lived|reside|resides|residing|based|settled|settle|settling)(?:\\s(?:down|back|up|over|out))?|staying permanently)\\s(?:in|at|near|outside)\\s${V}`,
    ),
    ({ value }) => place(value),
  ],
  [
    predicate(
      `${BE}${HAVE}(?:moved|moves|move|moving|relocated|relocates|relocating|relocate|emigrated)(?:\\s(?:back|over|house|away|out|up|down|here))*\\sfrom\\s(?<from>.+?)\\s(?:back\\s)?to\\s${V}`,
    ),
    ({ from, value }) => place(value, former(from)),
  ],
  [
    predicate(
      `${BE}${HAVE}(?:moved|moves|move|moving|relocated|relocates|relocating|relocate|emigrated)(?:\\s(?:back|over|house|away|out|up|down|here))*\\sto\\s${V}`,
    ),
    ({ value }) => place(value),
  ],
  [
    predicate(
      `${HAVE}(?:got|have|has|bought|found|rented|rent|own|took|signed a lease (?:on|for))(?:\\s(?:myself|ourselves))?\\s(?:an?|our|my)\\s(?:(?:new|small|nice|little|big|tiny)\\s)*(?:flat|apartment|house|place|home|studio|room|condo)\\sin\\s${V}`,
    ),
    ({ value }) => place(value),
  ],
  [predicate(`(?:was|were|am|is)\\sborn\\s(?:in|near)\\s${CAPITAL}${V}`), ({ value }) => one("birthplace", value)],
  [predicate(`(?:was|were)\\sborn\\son\\s${V}`), ({ value }) => one("birthday", value)],
  [
    predicate(`(?:(?:come|comes)\\soriginally|am|is|am originally|is originally)\\sfrom\\s${V}`),
    ({ value }) => one("birthplace", value),
  ],
  // ── work ──
  [
    predicate(`${BE}${HAVE}(?:left|leaving)\\s(?<from>\\S.*?)\\s(?:for|to join|and joined)\\s${V}`),
    ({ from, value }) => one(undefined, value, { ...former(from) }),
  ],
  [
    predicate(
      `${BE}(?:work|works|working|worked|employed|started|starting|start|hired)\\s(?:work\\s|working\\s)?as\\s(?:an?\\s|the\\s)?(?<job>.+?)\\s(?:at|for|with|by)\\s${V}`,
    ),
    ({ job, value }) => [...one("job", job), ...employer(value)],
  ],
  [
    predicate(
      `${BE}(?:work|works|working|worked|employed|started|starting|start|hired)\\s(?:work\\s|working\\s)?as\\s(?:an?\\s|the\\s)?${V}`,
    ),
    ({ value }) => one("job", value),
  ],
  [
    predicate(
      `${BE}${HAVE}(?:work|works|working|worked|employed|hired|started(?:\\s(?:work|working|a\\s(?:new\\s)?job))?|starting(?:\\s(?:work|a\\s(?:new\\s)?job))?|start(?:\\s(?:work|a\\s(?:new\\s)?job))?)\\s(?:at|for|with|by)\\s${V}`,
    ),
    ({ value }) => employer(value),
  ],
  [
    predicate(
      `${HAVE}(?:got|took|accepted|landed|have|has|found|signed)\\s(?:an?|the|my)\\s(?:new\\s)?(?:job|position|role|offer|contract)\\s(?:at|with|from)\\s${V}`,
    ),
    ({ value }) => employer(value),
  ],
  [predicate(`${BE}${HAVE}(?:joined|joining|join|joins)\\s${CAPITAL}${V}`), ({ value }) => employer(value)],
  [
    predicate(`${BE}${HAVE}(?:switched|switching|changed|moved)\\sjobs?\\s(?:from\\s(?<from>.+?)\\s)?to\\s${V}`),
    ({ from, value }) => employer(value, former(from)),
  ],
  [
    predicate(
      `${BE}${HAVE}(?:quit|resigned from|resigned at|fired from|laid off (?:from|by|at)|handed in (?:my|his|her|their) notice at|given (?:my|his|her) notice at)\\s(?:my\\sjob\\s(?:at|with)\\s)?${CAPITAL}${V}`,
    ),
    ({ value }) => [{ attribute: "employer", value: "", ended: true, ...former(value) }],
  ],
  [
    predicate(`${BE}${HAVE}left\\s${CAPITAL}${V}`),
    ({ value }) => [{ attribute: undefined, value: "", ended: true, ...former(value) }],
  ],
  [
    predicate(`${HAVE}(?:quit|lost|left)\\s(?:my|his|her|the)\\sjob(?<rest>.*)`),
    () => [{ attribute: "employer", value: "", ended: true }],
  ],
  [predicate(`${BE}${HAVE}(?:retired|in retirement)(?<rest>.*)`), () => [{ attribute: "job", value: "retired" }]],
  [
    predicate(
      `${BE}${HAVE}(?:been\\s|got\\s)?(?:promoted|become|became|appointed|made)\\s(?:from\\s.+?\\s(?=to\\s))?(?:to\\s)?(?:an?\\s|the\\s)?${V}`,
    ),
    ({ value }) => (OCCUPATION.test(tidied(value) ?? "") ? one("job", value) : relationshipOrDiet(value)),
  ],
  // ── names and people ──
  [
    predicate(`(?:am|is)\\s(?:an?\\s|now\\s)?(?<status>${STATUS})(?:\\s(?:to|with)\\s${V})?`),
    ({ status, value }) => [
      ...one("relationship", status!.toLowerCase()),
      ...(/^single|divorced|separated/i.test(status!)
        ? [{ attribute: "partner", value: "", ended: true }]
        : one("partner", value)),
    ],
  ],
  [
    predicate(`(?:${HAVE}got\\s|${HAVE}|(?:am|are|is)\\sgetting\\s)(?<status>married|engaged)(?:\\sto)?(?:\\s${V})?`),
    ({ status, value }) => [
      ...one("relationship", status!.toLowerCase()),
      ...(isName(value ?? "i") && /^\p{Lu}/u.test(value ?? "") ? one("partner", value) : []),
    ],
  ],
  [
    predicate(`${BE}${HAVE}(?:dating|seeing|together with|in a relationship with)\\s${CAPITAL}${V}`),
    ({ value }) => one("partner", value),
  ],
  [
    predicate(`${HAVE}(?:got\\s)?(?:broke up|broken up|split up|separated|divorced)(?:\\s(?:with|from)\\s(?<who>.+))?`),
    () => [{ attribute: "partner", value: "", ended: true }],
  ],
  [
    predicate(
      `${BE}${HAVE}(?:now\\s)?(?:called|named|known as|go by|goes by|going by|changed (?:my|his|her|their) name to)\\s${CAPITAL}${V}`,
    ),
    ({ value }) => one("name", value, { renewed: true }),
  ],
  [
    predicate(
      `${HAVE}(?:have|has|got|adopted|bought|rescued|own|owns)\\s(?:got\\s|adopted\\s)?(?:an?|another|one|two|three|four|some|several|\\d)\\s(?:new\\s)?(?:\\S+\\s){0,2}?(?<animal>${ANIMAL})s?(?:,?\\s(?:called|named)\\s${CAPITAL}${V})?(?<rest>[\\s,].*)?`,
    ),
    ({ animal, value }) => {
      const pet = relationName(animal!);
      return [{ attribute: "pet", value: pet }, ...each(`${pet} name`, value)];
    },
  ],
  [
    predicate(
      `${HAVE}(?:have|has|got)\\s(?:an?|one|two|three|four)\\s(?:\\S+\\s){0,2}?(?<kin>${RELATION})s?,?\\s(?:called|named)\\s${V}`,
    ),
    ({ kin, value }) => (/^\p{Lu}/u.test(value!) ? each(relativeAttribute(relationName(kin!), "name"), value) : []),
  ],
  [
    predicate(
      `${HAVE}(?:renamed|rename)\\s(?:(?:my|our|the)\\s)?(?<what>.+?)(?:\\sfrom\\s\\S.*?)?\\s(?:to|as|into|:)?\\s?${CAPITAL}${V}`,
    ),
    ({ what, value }) => renamed(what, value),
  ],
  // ── traits ──
  [
    predicate(
      `(?:am|is|(?:am|is)\\sturning|turn|turns|turned|turning|will be|will turn|became|have turned|has turned)\\s(?<value>\\d{1,3})(?:\\s?(?:years?(?:\\sold)?|yo|y\\/o))?(?:\\s(?:now|today|already))?`,
    ),
    ({ value }) => one("age", value),
  ],
  [
    predicate(
      `${BE}${HAVE}(?:gone|went|became|become|turned|eat|eats|eating|follow|a|an|on a|on an|strictly|mostly)*\\s?(?<value>${DIET})(?:\\s(?:diet|food|only))?`,
    ),
    ({ value }) => one("diet", value?.toLowerCase()),
  ],
  [
    predicate("(?:eat|eats|eating|am eating|have been eating|started eating)\\smeat(?<rest>.*)"),
    () => [{ attribute: "diet", value: "eats meat" }],
  ],
  [predicate(`(?:do|does)\\snot\\s(?:eat|drink)\\s${V}`), ({ value }) => each("avoids", value)],
  [predicate(`${BE}(?:\\w+ly\\s)?allergic\\sto\\s${V}`), ({ value }) => each("allergy", value)],
  [
    predicate(`${HAVE}(?:have|has|developed|got)\\s(?:an?\\s)?(?:\\w+\\s)?allergy\\sto\\s${V}`),
    ({ value }) => each("allergy", value),
  ],
  [
    predicate("(?:have|has|developed)\\s(?:an?\\s)(?<value>\\w+(?:\\s\\w+)?)\\sallergy(?<rest>.*)"),
    ({ value }) => each("allergy", value),
  ],
  [
    predicate(
      `(?:drive|drives|driving|am driving|is driving|(?:have\\s|has\\s)?(?:switched|changed)\\sto\\sdriving)\\s(?!to\\b|home|from|by|me|us|him|her|them|back|there|around|at|in\\b|on\\b|for\\b|past|through)(?:(?:an?|my|the)\\s(?!lot\\b|bit\\b|little\\b|long\\b|bus\\b|night\\b))?(?=(?:\\S+\\s)?(?:${CARS}|hybrid|convertible|electric|estate|pickup|suv)\\b|${CAPITAL})${V}`,
    ),
    ({ value }) => one("car", withoutArticle(value!)),
  ],
  [
    predicate(
      `${HAVE}(?:bought|got|own|owns|have|has|leased|ordered)\\s(?:myself\\s|ourselves\\s)?(?:an?|my|our)\\s(?:(?:new|used|old|second-hand|red|blue|black|white|electric|little|small)\\s)*(?<value>(?:${CARS})(?:\\s.*)?)`,
    ),
    ({ value }) => one("car", value),
  ],
  [predicate(`${BE}(?:speak|speaks|speaking|fluent in)\\s${CAPITAL}${V}`), ({ value }) => each("language", value)],
  [predicate(`${BE}(?:learn|learns|learning)\\s${CAPITAL}${V}`), ({ value }) => each("learning", value)],
  [
    predicate(
      `${BE}(?:study|studies|studied|studying|major|majors|majoring)\\s(?:in\\s)?(?!for\\b|at\\b|with\\b|in\\b)(?<value>.+?)(?:\\sat\\s(?<school>.+))?`,
    ),
    ({ value, school }) => [...one("studies", value), ...one("school", school)],
  ],
  [
    predicate(
      `${BE}(?:study|studies|studying|go|goes|going)\\s(?:at|to)\\s${CAPITAL}(?<value>.+?(?:school|university|college|academy|kindergarten|institute)|(?<=(?:at)\\s).+)`,
    ),
    ({ value }) => one("school", value),
  ],
  [
    predicate(
      `${BE}(?:collect|collects|collecting)\\s(?!it\\b|that\\b|this\\b|them\\b|the\\b|my\\b|your\\b|data\\b)${V}`,
    ),
    ({ value }) => each("hobby", value).map((said) => ({ ...said, value: `collecting ${said.value}` })),
  ],
  [
    predicate(
      `${BE}${HAVE}(?:go|goes|going|take up|took up|taken up|taking up)\\s(?<value>${PASTIMES})(?:\\s(?:a lot|often|every|on|in|at|as|with)\\b.*)?`,
    ),
    ({ value }) => one("hobby", value?.toLowerCase()),
  ],
  [
    predicate(`${BE}(?:play|plays|playing)\\s(?!with\\b|at\\b|in\\b|for\\b|a role)(?:the\\s)?${V}`),
    ({ value }) => each("plays", value),
  ],
  [
    predicate(
      `${BE}(?:like|likes|love|loves|enjoy|enjoys|adore|adores|prefer|prefers|into|fond of|a (?:big |huge )?fan of|keen on)\\s(?!it\\b|that\\b|this\\b|the\\b|those\\b|these\\b|your\\b|my\\b|you\\b|how\\b|when\\b|what\\b|him\\b|her\\b|them\\b|your\\b|the way|the idea|to see)${V}`,
    ),
    ({ value }) => each("likes", value?.split(/\s(?:to|over|rather than|more than|instead of)\s(?=\S+$)/i)[0]),
  ],
  [
    predicate(
      `(?:hate|hates|dislike|dislikes|cannot stand|do not like|does not like|do not enjoy|does not enjoy)\\s(?!it\\b|that\\b|this\\b|the\\b|those\\b|these\\b|my\\b|being\\b|asking\\b|having\\b|you\\b|how\\b|when\\b|him\\b|her\\b|them\\b|your\\b)${V}`,
    ),
    ({ value }) => each("dislikes", value),
  ],
  [
    predicate(`(?:am|is|am now|is now)\\s(?:an?|the)\\s(?<job>.+?)\\s(?:at|for|with)\\s${CAPITAL}${V}`),
    ({ job, value }) => (OCCUPATION.test(tidied(job) ?? "") ? [...one("job", job), ...employer(value)] : []),
  ],
  [
    predicate(`(?:am|is)\\s(?:now\\s)?an?\\s${V}`),
    ({ value }) => (OCCUPATION.test(tidied(value) ?? "") ? one("job", value) : []),
  ],
];

const DIETS = new RegExp(`^(?:${DIET})$`);

function relationshipOrDiet(value: string | undefined): ReadonlyArray<Said> {
  const tidy = tidied(value)?.toLowerCase() ?? "";
  return DIETS.test(tidy) ? one("diet", tidy) : [];
}

/** “We renamed the dog to Max”: the name of what it was called by, or of whatever had that name. */
function renamed(what: string | undefined, value: string | undefined): ReadonlyArray<Said> {
  const noun = what ?? "";
  if (isFullName(noun)) return one(undefined, value, { ...former(noun), renewed: true });
  const thing = isRelation(noun) ? relativeAttribute(relationName(noun), "name") : attributeName(noun);
  return one(thing, value, { renewed: true, subject: holderOf("the", noun) });
}
