/** Which words want more care than others: how to reach somebody, health, money, credentials; used by what forms memories. */
import { rules } from "../../turn/filter-rules.ts";

export type Sensitivity = "contact" | "health" | "money" | "credentials";

const LONGEST_READ = 16_384;

/** What the content rules find, by what it is (see filter-rules.ts). */
const FOUND = new Map<string, Sensitivity>([
  ...["private-key", "api-key", "jwt", "authorization", "url-credentials"].map(
    (name) => [name, "credentials"] as const,
  ),
  ...["iban", "card"].map((name) => [name, "money"] as const),
  ...["phone", "email"].map((name) => [name, "contact"] as const),
]);

/** … and what only its words tell. */
const WORDS: ReadonlyArray<readonly [Sensitivity, RegExp]> = [
  [
    "contact",
    /\b(?:phone|mobile|cell|telephone|my (?:new |old )?number|home address|postal address|address is|zip code|postcode)\b|\b\d{1,5}[a-z]?\s(?:[A-Z]\S+\s){1,3}(?:street|st|road|rd|avenue|ave|lane|ln|drive|way|square|court|boulevard|blvd|place|terrace)\b|(?<![\d.,])(?!\d{4}\s?[-–]\s?\d{4}\b|\d{4}-\d\d-\d\d)(?:\d[\s().-]{0,2}){7,14}\d(?![\d.,])/i,
  ],
  [
    "health",
    /\b(?:allerg(?:y|ic|ies)|diagnos\w*|cancer|tumou?r|chemo\w*|diabet\w*|asthma|epilep\w*|depress(?:ed|ion|ive)|anxiety|bipolar|schizophren\w*|adhd|autis\w*|ptsd|ocd|dementia|alzheimer\S*|parkinson\S*|hiv|aids|hepatitis|covid|pregnan\w*|miscarriage|abortion|ivf|infertil\w*|surgery|operation on my|hospital\w*|therap(?:y|ist)|psychiatr\w*|psycholog(?:ist|ical help)|medication|prescri\w*|antidepressant\w*|insulin|blood (?:pressure|test|sugar|type)|heart (?:attack|condition|disease|problem)|stroke|migraine\w*|chronic|disab(?:led|ility)|wheelchair|addict\w*|alcoholic|rehab|sober|overdose|suicid\w*|self-harm|eating disorder|anorexi\w*|bulimi\w*|coeliac|celiac|lactose intoleran\w*|symptom\w*|disease|illness|syndrome|disorder)\b/i,
  ],
  [
    "money",
    /\b(?:salary|wages?|income|i (?:earn|make) (?:about |around )?\S{0,3}\d|pay ?check|debts?|in debt|loan|mortgage|overdraft|bankrupt\w*|credit (?:card|score|limit|rating)|bank (?:account|details|balance)|account number|sort code|routing number|savings|pension|inherit\w*|tax (?:return|id|number|bill)|net worth|social security|rent is|i owe|alimony|stock options)\b|[€$£¥]\s?\d[\d.,]{3,}|(?<![\d.,])\d[\d.,]{3,20}\s?(?:euros?|dollars?|pounds?|francs?|usd|eur|gbp|chf)\b/i,
  ],
  [
    "credentials",
    /\b(?:pass(?:word|code|phrase|wd)|pin(?: code| number)? (?:is|:)|my pin|(?:access|api|secret|door|gate|alarm|locker|entry) (?:key|code|token)|2fa|two-factor|recovery (?:code|phrase)|seed phrase|security (?:question|answer|code)|login (?:is|for)|private key)\b/i,
  ],
];

/** What makes a text sensitive, each once; empty for most. Rather once too often than too seldom: it costs a seal, not a memory. */
export function sensitivityOf(text: string): ReadonlyArray<Sensitivity> {
  const read = text.slice(0, LONGEST_READ).replaceAll("’", "'");
  const found = new Set<Sensitivity>();
  for (const [sensitivity, words] of WORDS) if (words.test(read)) found.add(sensitivity);
  for (const { name, find } of rules) {
    const sensitivity = FOUND.get(name);
    if (sensitivity === undefined || found.has(sensitivity)) continue;
    for (const _ of find(read)) {
      found.add(sensitivity);
      break;
    }
  }
  return [...found];
}
