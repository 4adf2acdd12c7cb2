/** What a fact is about, by one name however it is said, and when two values are one; used by statements.ts, questions.ts and forming. */
import { isPartner, isRelation, isRole, RELATION } from "./people.ts";
import { isFiller, stemsOf, wordsOf } from "./stems.ts";

/** What is known of an attribute. All others have one value, and no name but the words they were called by. */
interface Attribute {
  readonly name: string;
  /** True when a new value ends the old one. */
  readonly single: boolean;
  /** The nouns that name it, as people say “my … is”. */
  readonly nouns: ReadonlyArray<string>;
}

const attribute = (name: string, single: boolean, nouns: string): Attribute => ({
  name,
  single,
  nouns: nouns.split("|"),
});

const ATTRIBUTES: ReadonlyArray<Attribute> = [
  attribute("name", true, "name|full name|first name"),
  attribute("surname", true, "surname|last name|family name"),
  attribute("nickname", true, "nickname|nick"),
  attribute(
    "home",
    true,
    "home|city|town|hometown|place of residence|residence|village|neighbourhood|home town|home city",
  ),
  attribute("address", true, "address|home address|street address|postal address"),
  attribute("birthplace", true, "birthplace|place of birth"),
  attribute("employer", true, "employer|company|workplace|firm|place of work"),
  attribute("job", true, "job|job title|profession|occupation|role|position|title|work|career"),
  attribute("birthday", true, "birthday|date of birth|birth date|birthdate"),
  attribute("age", true, "age"),
  attribute("partner", true, "partner|husband|wife|spouse|boyfriend|girlfriend|fiance|fiancee|significant other"),
  attribute("relationship", true, "relationship|relationship status|marital status"),
  attribute(
    "phone",
    true,
    "phone|phone number|number|telephone|telephone number|mobile|mobile number|cell|cell number|cell phone number|cellphone number|mobile phone number",
  ),
  attribute("email", true, "email|email address|mail|mail address"),
  attribute("car", true, "car|vehicle"),
  attribute("diet", true, "diet"),
  attribute("school", true, "school|university|college"),
  attribute("studies", true, "major|field of study|degree|studies"),
  attribute("allergy", false, "allergy|allergies"),
  attribute("pet", false, "pet|pets"),
  attribute("language", false, "language|languages"),
  attribute("likes", false, "likes"),
  attribute("dislikes", false, "dislikes"),
  attribute("avoids", false, "avoids"),
  attribute("plays", false, "instrument|instruments|sport"),
  attribute("hobby", false, "hobby|hobbies"),
  attribute("child", false, "children|kids"),
];

const byNoun = new Map(ATTRIBUTES.flatMap(({ name, nouns }) => nouns.map((noun) => [noun, name] as const)));
const byName = new Map(ATTRIBUTES.map((known) => [known.name, known]));

/** Words that say when, not what: “my new phone number” is a phone number. */
const WHEN =
  /^(?:new|newer|newest|current|currently|latest|present|updated|old|former|previous|own|main|primary|actual|real|very|personal|private)$/;
const SPELLINGS = new Map([
  ["favorite", "favourite"],
  ["color", "colour"],
  ["flavor", "flavour"],
]);

/**
 * The one name of what people call by several nouns: “mobile number” is `phone`, “favorite color” `favourite colour`. What
 * is not in the table is called by its own words in the singular. Empty when no word says anything.
 */
export function attributeName(noun: string): string {
  const words = wordsOf(
    noun
      .replace(/\be-mail\b/gi, "email")
      .replace(/\ball[- ]time\s/gi, "")
      .replace(/\btime zone\b/gi, "timezone"),
  )
    .filter((word) => !WHEN.test(word))
    .map((word) => SPELLINGS.get(word) ?? word);
  const known = byNoun.get(words.join(" "));
  if (known !== undefined) return known;
  const singular = words.filter((word) => !isFiller(word)).map(singularOf);
  // A thing is known by its name, so that both are one; of kin and animals the name is what is asked for.
  const named = singular.length > 1 && singular.at(-1) === "name" && !isRelation(singular.at(-2)!);
  const name = (named ? singular.slice(0, -1) : singular).join(" ");
  return byNoun.get(name) ?? name;
}

/** Good enough for both sides to say the same: “shoes” and “shoe”, “hobbies” and “hobby”; “bus” and “boss” stay. */
const singularOf = (word: string): string => word.replace(/([^aeiou])ies$/, "$1y").replace(/(?<=\w\w[^suia])s$/, "");

/** What belongs to somebody's kin, where they have no name: `sister home`. Their name is what they are known by. */
export function relativeAttribute(relation: string, name: string): string {
  if (isPartner(relation)) return name === "name" ? "partner" : `partner ${name}`;
  return name === "name" && isRole(relation) ? relation : `${relation} ${name}`;
}

/** Things that all in a room share. */
const SHARED =
  /\b(?:deadline|password|passcode|code|budget|meeting|launch|release|address|venue|date|time|theme|host|winner|topic|plan|version|branch|server|url|link|room|repo|repository|database|framework|lead|owner|logo|price|cost|goal|target|wifi|network|day|location|stack|provider|vendor|project|team|product|office|event|party|budget|schedule|standup|retro|sprint|demo|workshop|conference|trip)\b/i;

export const isShared = (noun: string): boolean => SHARED.test(noun);

const OF_SOMEBODY = new RegExp(`\\b${RELATION}\\b`, "i");
const NAME_OF_SOMEBODY = new RegExp(`^${RELATION} name$`);

/** Whose a thing is by the word in front of it: `speaker`, or `room` for what all share; animals and kin are somebody's. */
export function holderOf(determiner: string, noun: string): "speaker" | "room" {
  if (OF_SOMEBODY.test(noun)) return "speaker";
  if (/^the$/i.test(determiner)) return "room";
  return /^our$/i.test(determiner) && isShared(noun) ? "room" : "speaker";
}

/**
 * Whether a new value ends the old one; so it does for everything that is called by a noun in the singular, but for the names
 * of kin and animals, of which people have several. A relation may stand in front: `sister home`.
 */
export const isSingleValued = (name: string): boolean => {
  if (NAME_OF_SOMEBODY.test(name)) return false;
  return (byName.get(name) ?? byName.get(name.slice(name.lastIndexOf(" ") + 1)))?.single ?? true;
};

/** Attributes whose names are the house's own; all others are words of the person who used them. */
export const isCommonAttribute = (name: string): boolean => byName.has(name);

const ARTICLE = /^(?:a|an|the|my|our|his|her|their|some)\s+/i;

/** A value in a form in which equal values are equal: a number by its digits, words by their stems. */
export function valueKey(name: string, value: string): string {
  const digits = value.replace(/\D/g, "");
  if (name === "phone" && digits.length > 3) return digits.replace(/^00?/, "");
  if (name === "email") return value.toLowerCase().trim();
  const stems = stemsOf(value.replace(ARTICLE, ""));
  return stems.length > 0 ? stems.join(" ") : value.toLowerCase().trim();
}
