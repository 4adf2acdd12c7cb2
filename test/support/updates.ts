/** Facts that change, drawn from a seed: what was said before, what was said later, what is asked; used by the tests of memory and by the bench. */
import { believedAt, type KnownFact, outcomeOf, subjectKey } from "#actors/agent/memory/forming/supersession.ts";
import { valueKey } from "#actors/agent/memory/language/attributes.ts";
import { attributeAsked, statementsIn } from "#actors/agent/memory/language/statements.ts";
import { chance, pick } from "./drawn.ts";

/** One fact and what became of it. Times are milliseconds since 1970. */
export interface Update {
  readonly family: string;
  readonly before: { readonly text: string; readonly at: number; readonly value: string };
  readonly after: { readonly text: string; readonly at: number; readonly value: string };
  /** Asks for the value as it is. */
  readonly question: string;
  /** Said by the same person in between, about other things. */
  readonly between: ReadonlyArray<{ readonly text: string; readonly at: number }>;
}

interface Family {
  readonly name: string;
  readonly values: ReadonlyArray<string>;
  readonly before: ReadonlyArray<string>;
  readonly after: ReadonlyArray<string>;
  /** How people say it who do not say it plainly; `{old}` is the value before. */
  readonly free: ReadonlyArray<string>;
  readonly questions: ReadonlyArray<string>;
}

const list = (words: string): ReadonlyArray<string> => words.split("|");

const FAMILIES: ReadonlyArray<Family> = [
  {
    name: "home",
    values: list("Bern|Lisbon|Tallinn|Osaka|Leeds|New York|Porto Alegre|Graz"),
    before: list(
      "I live in {v}.|I'm living in {v} at the moment.|I'm based in {v}.|We live in {v} with the kids.|Home is {v} for us.",
    ),
    after: list(
      "I moved to {v}.|I live in {v} now.|We've just moved to {v}!|I no longer live in {old}, I live in {v}.|We relocated to {v} last week.|I've moved from {old} to {v}.",
    ),
    free: list(
      "Goodbye {old}, hello {v}!|The boxes are unpacked, and {v} feels like home already.|It's not {old} any more but {v}.|We swapped {old} for {v}.|You'll find me in {v} from now on, not in {old}.|New keys, new town: {v} it is.|We got a flat in {v} in the end.|I settled down in {v}.",
    ),
    questions: list(
      "Where does Dana live?|Which city does Dana live in?|Where is Dana living now?|Where is Dana based?",
    ),
  },
  {
    name: "employer",
    values: list("Acme|Globex|Initech|Umbrella Labs|Hooli|Vandelay|Stark Foods"),
    before: list("I work at {v}.|I work for {v}.|I'm working at {v}.|I have a job at {v}."),
    after: list(
      "I work at {v} now.|I've started working at {v}.|I joined {v} this month.|I now work for {v}.|I got a new job at {v}.|I don't work at {old} any more, I work for {v} now.",
    ),
    free: list(
      "I left {old} for {v}.|Handed in my badge at {old}; my first day at {v} is over.|I'm with {v} now.|{v} made me an offer that I could not refuse.|I switched from {old} to {v}.|My employer is {v} these days.|{old} let me go, but {v} took me on.",
    ),
    questions: list(
      "Where does Dana work?|Who does Dana work for?|Which company does Dana work for?|What is Dana's employer?",
    ),
  },
  {
    name: "job",
    values: list("nurse|carpenter|data analyst|pastry chef|translator|social worker|team lead"),
    before: list("I work as a {v}.|I'm a {v}.|My job is {v}.|I am a {v} by training and by heart."),
    after: list(
      "I work as a {v} now.|I became a {v}.|I've been promoted to {v}.|I'm now a {v}.|My job title is {v} now.",
    ),
    free: list(
      "I went from {old} to {v}.|They made me {v}!|I retrained, so it's {v} instead of {old}.|My new role is {v}.|No more {old}, I'm a {v} these days.",
    ),
    questions: list("What does Dana do for a living?|What is Dana's job?|What does Dana work as?"),
  },
  {
    name: "phone",
    values: list("555-0134|555 0199|+41 79 555 01 34|0170 5550112|+1 202 555 0171"),
    before: list("My phone number is {v}.|My number is {v}.|My mobile number is {v}."),
    after: list(
      "My new phone number is {v}.|My number is now {v}.|I changed my phone number to {v}.|My phone number has changed to {v}.|My mobile number is {v} now.",
    ),
    free: list(
      "The old line is dead, call me on {v}.|New SIM: you can reach me at {v}.|Please text me on {v} instead.|Delete the other one and use {v}.|I can be reached under {v} these days.",
    ),
    questions: list("What is Dana's phone number?|What's Dana's number?|What is Dana's mobile number?"),
  },
  {
    name: "email",
    values: list("dana@one.example|dana.s@two.example|d@three.example|hello@dana.example"),
    before: list("My email is {v}.|My email address is {v}.|My e-mail address is {v}."),
    after: list(
      "My new email is {v}.|My email address is now {v}.|I changed my email to {v}.|My email changed from {old} to {v}.",
    ),
    free: list(
      "The old one bounces, use {v}.|Write to {v} from now on.|I gave up {old}; mail me at {v}.|{old} is gone, {v} works.|From today you can reach me at {v}.",
    ),
    questions: list("What is Dana's email?|What's Dana's email address?|What is Dana's e-mail address?"),
  },
  {
    name: "car",
    values: list("Golf|Tesla|Volvo|Fiat Panda|Skoda Octavia|Honda Jazz"),
    before: list("I drive a {v}.|My car is a {v}.|I've got a {v}."),
    after: list("I drive a {v} now.|I bought a {v}.|My new car is a {v}.|My car is now a {v}."),
    free: list(
      "We swapped the {old} for a {v}.|The {old} went to the scrapyard, and a {v} stands in its place.|I traded in my {old} for a {v}.|I sold the {old} and got myself a {v}.|There's a {v} in the garage where the {old} was.",
    ),
    questions: list("What car does Dana drive?|What does Dana drive?|What is Dana's car?|Which car does Dana have?"),
  },
  {
    name: "partner",
    values: list("Kim|Anna|Tom|Jo|Milan|Priya"),
    before: list("My partner is {v}.|My partner's name is {v}.|I'm dating {v}.|My partner is called {v}."),
    after: list(
      "My partner is {v} now.|I'm dating {v} now.|My new partner is {v}.|I broke up with {old}. I'm seeing {v}.|I'm engaged to {v}.",
    ),
    free: list(
      "{old} and I split up. {v} and I are together now.|It's over with {old}; these days I am with {v}.|I fell in love with {v} and left {old}.|I married {v} in the end.",
    ),
    questions: list("Who is Dana's partner?|What is the name of Dana's partner?|Who is Dana with?"),
  },
  {
    name: "pet",
    values: list("Rex|Luna|Max|Biscuit|Nero|Pepper"),
    before: list("My dog is called {v}.|My dog's name is {v}.|Our dog is named {v}."),
    after: list(
      "We renamed the dog to {v}.|My dog is now called {v}.|My dog's name is now {v}.|Our dog is named {v} now.",
    ),
    free: list(
      "{old} is now called {v}.|We renamed {old} to {v}.|{old} didn't suit the dog, so we call it {v}.|The dog answers to {v} instead of {old}.",
    ),
    questions: list(
      "What is Dana's dog called?|What is the name of Dana's dog?|What's Dana's dog's name?|What is Dana's dog named?",
    ),
  },
  {
    name: "favourite",
    values: list("green|violet|orange|red|turquoise|grey"),
    before: list("My favourite colour is {v}.|My favorite color is {v}.|{v} is my favourite colour."),
    after: list(
      "My favourite colour is {v} now.|My favourite colour is now {v}.|I changed my favourite colour to {v}.|My favourite color changed from {old} to {v}.",
    ),
    free: list(
      "My favourite colour used to be {old}, now it's {v}.|I'm over {old}; {v} is the new love of my eyes.|I switched from {old} to {v} as far as colours go.|These days {v} is my favourite colour.",
    ),
    questions: list("What is Dana's favourite colour?|What's Dana's favorite color?|Which colour does Dana like?"),
  },
  {
    name: "gym",
    values: list("FitPoint|Iron Yard|Liftworks|Pulse House"),
    before: list("My gym is {v}.|My gym is called {v}."),
    after: list("My new gym is {v}.|My gym is {v} now.|I've switched gyms to {v}.|I changed my gym to {v}."),
    free: list(
      "I cancelled {old} and train at {v}.|I switched from {old} to {v}.|{v} is my gym these days.|I go to {v} instead of {old}.",
    ),
    questions: list("What is Dana's gym?|Which gym does Dana go to?"),
  },
  {
    name: "diet",
    values: list("vegan|vegetarian|pescatarian|keto"),
    before: list("I'm {v}.|I eat {v}.|I am {v} since last year."),
    after: list("I'm {v} now.|I became {v}.|I've gone {v}.|I'm not {old} any more, I'm {v}."),
    free: list(
      "I switched from {old} to {v}.|No longer {old} but {v}.|My diet is {v} these days.|I dropped {old} and took up {v}.",
    ),
    questions: list("What diet does Dana follow?|What is Dana's diet?"),
  },
  {
    name: "deadline",
    values: list("Friday|12 June|3 May|the end of July|Monday"),
    before: list("The deadline is {v}.|Our deadline is {v}.|The deadline is on {v}."),
    after: list(
      "The deadline is now {v}.|The deadline has moved to {v}.|The deadline was moved to {v}.|We moved the deadline to {v}.|The deadline has been pushed to {v}.",
    ),
    free: list(
      "We pushed the deadline from {old} to {v}.|We got an extension: the deadline is {v}.|They gave us until {v} instead of {old}.|The new deadline is {v}.",
    ),
    questions: list("When is the deadline?|What is the deadline?|What's our deadline?"),
  },
];

const ASIDES = list(
  "The weather has been lovely.|I had soup for lunch.|Did you see the game?|I'm tired today.|My sister Mina lives in Oslo.|I like hiking.|" +
    "What do you think of this plan?|Thanks for the help!|I bought bread and milk.|My back is hurting.|We met Tom at the station.|That was fun.",
);

const DAY = 86_400_000;
const START = Date.UTC(2025, 0, 6, 9);

/** So many updates, plain or free, from a seed. Values are never the same before and after. */
export function updates(seed: number, count: number, wording: "plain" | "free"): ReadonlyArray<Update> {
  const random = chance(seed);
  return Array.from({ length: count }, (_, index) => {
    const family = FAMILIES[index % FAMILIES.length]!;
    const old = pick(random, family.values);
    const value = pick(
      random,
      family.values.filter((one) => one !== old),
    );
    const at = START + Math.floor(random() * 200) * DAY;
    const later = at + (5 + Math.floor(random() * 90)) * DAY;
    const filled = (text: string, now: string): string => text.replaceAll("{v}", now).replaceAll("{old}", old);
    const between = Array.from({ length: 3 }, (_, aside) => ({
      text: pick(random, ASIDES),
      at: at + (aside + 1) * DAY,
    }));
    return {
      family: family.name,
      before: { text: filled(pick(random, family.before), old), at, value: old },
      after: { text: filled(pick(random, wording === "plain" ? family.after : family.free), value), at: later, value },
      ...{ between, question: pick(random, family.questions) },
    };
  });
}

/** What came of an update: each true when the rules got it right. */
export interface Judged {
  /** Asked after both were said, only the new value holds. */
  readonly newFirst: boolean;
  /** Asked as of a moment in between, only the old one does. */
  readonly oldAsOf: boolean;
  /** … and nothing that was said later is there. */
  readonly nothingLater: boolean;
}

const dana = { id: "user:dana", name: "Dana" };

/** Says everything to the rules in the order of time and asks them. */
export function judged({ before, after, between, question }: Update): Judged {
  let facts: ReadonlyArray<KnownFact> = [];
  for (const { text, at } of [before, ...between, after].toSorted((left, right) => left.at - right.at))
    for (const statement of statementsIn(text, at)) {
      const { fact, ended } = outcomeOf(statement, { at, speaker: dana, facts });
      const over = new Map(ended.map(({ id, validTo }) => [id, validTo]));
      facts = facts.map((one) => (over.has(one.id) ? { ...one, validTo: over.get(one.id), retractedAt: at } : one));
      if (fact !== undefined)
        facts = [...facts, { ...fact, id: String(facts.length), recordedAt: at, retractedAt: undefined }];
    }
  const asked = attributeAsked(question, after.at + DAY);
  const valuesAt = (at: number): ReadonlyArray<string> =>
    asked === undefined
      ? []
      : believedAt(facts, at)
          .filter((fact) => fact.subject === subjectKey(asked.subject, dana) && fact.attribute === asked.attribute)
          .map(({ attribute, value }) => valueKey(attribute, value));
  const key = (value: string): string => valueKey(asked?.attribute ?? "", value);
  const now = valuesAt(after.at + DAY);
  const then = valuesAt(before.at + 4 * DAY);
  return {
    newFirst: now.length === 1 && now[0] === key(after.value),
    oldAsOf: then.length === 1 && then[0] === key(before.value),
    nothingLater: !then.includes(key(after.value)),
  };
}
