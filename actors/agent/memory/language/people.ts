/** Whom people speak of: kin, friends and animals, and the names they give them; used by statements.ts, questions.ts and forming. */
import { CAPITAL, INNER, LETTER } from "./letters.ts";

const KIN =
  "mother|mum|mom|father|dad|sister|brother|twin|daughter|son|child|baby|kid|wife|husband|partner|boyfriend|girlfriend|fiancée?|spouse|" +
  "grandmother|grandma|granny|grandfather|grandpa|granddaughter|grandson|aunt|uncle|cousin|niece|nephew|godmother|godfather|" +
  "stepmother|stepfather|stepsister|stepbrother|(?:mother|father|sister|brother|son|daughter)-in-law|" +
  "best friend|friend|roommate|flatmate|neighbou?r|colleague|co-?worker|boss|manager|mentor|teacher|coach|therapist|doctor|dentist|landlord|landlady|ex";
const PET =
  "dog|puppy|cat|kitten|rabbit|bunny|hamster|guinea pig|parrot|budgie|bird|horse|pony|tortoise|turtle|snake|lizard|goldfish|fish|pet";

/** For patterns: somebody who stands in a relation to the one who speaks. */
export const RELATION = `(?:${KIN}|${PET})`;
export const ANIMAL = `(?:${PET})`;
/** What may stand in front of such a word. */
export const ADJECTIVES =
  "(?:(?:little|big|older|younger|elder|eldest|youngest|new|old|late|dear|twin|best|good)\\s){0,2}";
/** A name of one to three words, as it is written in most languages; case matters. */
export const NAME = `(?:(?:Dr|Mr|Mrs|Ms|Prof)\\.?\\s)?${CAPITAL}${LETTER}*(?:['-]${LETTER}+)*(?:\\s${CAPITAL}${LETTER}+(?:['-]${LETTER}+)*){0,2}`;

/** Capitalised words that name nobody. */
const NOBODY =
  /^(?:i|i'm|i've|we|you|he|she|it|they|my|our|his|her|their|your|the|a|an|this|that|these|those|there|here|who|what|where|when|which|why|how|if|and|but|or|so|as|at|by|for|from|in|of|on|to|with|yes|no|not|now|never|always|maybe|please|thanks|hello|hey|hi|also|just|actually|well|ok|okay|everyone|everybody|someone|somebody|nobody|people|today|tomorrow|yesterday|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|october|november|december|since|after|before|then|once|does|did|is|are|was|were|has|have|can|could|would|will|should|do|let|use|call|one|most|some|all|both|work|home|life|god|mine|ours|yours|hers|theirs|nothing|everything|something|thing|things|love|same|still|more|less|first|second|next|last)$/i;

/** Whether a capitalised word may be somebody's name. */
export const isName = (word: string): boolean => word !== "" && !NOBODY.test(word.split(/[\s']/)[0]!);

/** Somebody who stands in a relation to the one who speaks. */
export interface Kinship {
  /** As it is called by its commonest word: `mother`, not `mum`. */
  readonly relation: string;
  readonly name: string;
}

const COMMON = new Map(
  Object.entries({
    ...{ mum: "mother", mom: "mother", dad: "father", grandma: "grandmother", granny: "grandmother" },
    ...{
      grandpa: "grandfather",
      neighbor: "neighbour",
      boss: "manager",
      coworker: "colleague",
      "co-worker": "colleague",
    },
    ...{
      puppy: "dog",
      kitten: "cat",
      bunny: "rabbit",
      fiancée: "fiance",
      fiance: "fiance",
      kid: "child",
      baby: "child",
    },
  }),
);

const RELATIVE = new RegExp(`^${RELATION}$`, "i");
const FULL_NAME = new RegExp(`^${NAME}$`);
/** Whether a text is a name and nothing else. */
export const isFullName = (text: string): boolean => FULL_NAME.test(text);

/** Whether a word says in which relation somebody stands. */
export const isRelation = (word: string): boolean => RELATIVE.test(word);

/** The commonest word for a relation: `mother` for “mum”, `dog` for “puppy”. */
export const relationName = (word: string): string => {
  const small = word.toLowerCase();
  return COMMON.get(small) ?? small;
};

/** Of these one has one at a time, and calls them by what they are. */
export const isPartner = (relation: string): boolean =>
  /^(?:husband|wife|partner|boyfriend|girlfriend|fiance|spouse)$/.test(relation);
/** People who hold a post: a new one takes the old one's place. */
export const isRole = (relation: string): boolean =>
  /^(?:manager|mentor|teacher|coach|therapist|doctor|dentist|landlord|landlady)$/.test(relation);

const letters = `(?:${INNER}|['-])`;
/** Patterns that give the relation before the name: “my sister Mina”, “my dog is called Rex”, “my cat's name is Tom”. */
const RELATION_FIRST = new RegExp(
  `(?<!${letters})(?:[Mm]y|[Oo]ur)\\s(?:(?:little|big|older|younger|elder|eldest|youngest|oldest|new|old|late|dear|twin|two|three)\\s){0,2}(?<relation>${RELATION})(?:,?\\s|\\sis\\s(?:now\\s)?(?:called\\s|named\\s)?|'s\\s(?:new\\s)?name\\sis\\s(?:now\\s)?|\\s(?:called|named)\\s)(?<name>${NAME})(?!${letters})`,
  "g",
);
/** … and after it: “Mina is my sister”, “Mina, my sister,”, “a dog named Rex”. */
const NAME_FIRST = new RegExp(
  `(?<!${letters})(?<name>${NAME})(?:\\sis|,)\\s(?:my|our)\\s(?:(?:little|big|older|younger|twin|new)\\s){0,2}(?<relation>${RELATION})(?!${letters})`,
  "g",
);
const NEWLY_NAMED = new RegExp(
  `(?<!${letters})(?:I|[Ww]e|I've|[Ww]e've)\\s(?:have|got|adopted|bought|also have)\\s(?:got\\s|adopted\\s)?(?:a|an|one)\\s(?:${LETTER}+\\s){0,2}(?<relation>${RELATION})\\s?,?\\s?(?:called|named|by the name of)\\s(?<name>${NAME})(?!${letters})`,
  "g",
);

/** Who is whose, as somebody tells of their own people and animals, each once, in the order of the text. */
export function kinshipsIn(text: string): ReadonlyArray<Kinship> {
  const found = [RELATION_FIRST, NAME_FIRST, NEWLY_NAMED].flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(({ index, groups }) => {
      const name = groups!.name!.replace(/'s$/, "");
      return isName(name) ? [{ index, relation: relationName(groups!.relation!), name }] : [];
    }),
  );
  const each = new Map(
    found
      .toSorted((left, right) => left.index - right.index)
      .map(({ relation, name }) => [`${relation} ${name}`, { relation, name }] as const),
  );
  return [...each.values()];
}
