/** Facts in words that stand for themselves: “Dana lives in Bern”; used by message.ts and by what shows memories to a model. */
import { isPartner, isRelation } from "../language/people.ts";
import type { Statement } from "../language/statements.ts";

/** What is said of somebody, and of somebody of whom it no longer is so. */
type Wording = readonly [holds: (value: string) => string, over: (value: string) => string];

const plain = (verb: string, negated: string): Wording => [
  (value) => `${verb} ${value}`.trim(),
  (value) => (value === "" ? negated : `${negated} ${value}`),
];

const WORDINGS = new Map<string, Wording>([
  ["name", plain("is called", "is no longer called")],
  ["home", plain("lives in", "no longer lives in")],
  ["birthplace", plain("is from", "is not from")],
  ["employer", plain("works at", "no longer works at")],
  ["job", plain("works as", "no longer works as")],
  ["age", [(value) => `is ${value} years old`, (value) => `is no longer ${value} years old`]],
  ["relationship", plain("is", "is no longer")],
  ["diet", [(value) => (value.startsWith("eats") ? value : `is ${value}`), (value) => `is no longer ${value}`]],
  ["car", plain("drives", "no longer drives")],
  ["pet", [(value) => `has a ${value}`, (value) => `no longer has a ${value}`]],
  ["allergy", plain("is allergic to", "is no longer allergic to")],
  ["language", plain("speaks", "no longer speaks")],
  ["learning", plain("is learning", "is no longer learning")],
  ["studies", plain("studies", "no longer studies")],
  ["school", plain("studies at", "no longer studies at")],
  ["likes", plain("likes", "no longer likes")],
  ["dislikes", plain("dislikes", "no longer dislikes")],
  ["avoids", plain("does not have", "has again")],
  ["plays", plain("plays", "no longer plays")],
]);

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Whom it is about: a name, or what stands for one that is not known. */
const whom = (subject: string, speaker: string): string =>
  subject === "speaker" ? (speaker === "" ? "The speaker" : speaker) : subject;

/** One sentence without its full stop. `speaker` is the name of who said it; of what is meant only the value may be known. */
export function wordingOf({ subject, attribute, value, formerly, negated }: Statement, speaker: string): string {
  const name = whom(subject, speaker);
  const before = formerly === undefined ? "" : negated ? ` ${formerly}` : ` (before: ${formerly})`;
  if (attribute === undefined) return negated ? `${name}: no longer${before}` : `${name}: now ${value}${before}`;
  const [relation, ...rest] = attribute.split(" ");
  const kin = rest.length > 0 && (isRelation(relation!) || isPartner(relation!)) && WORDINGS.has(rest.join(" "));
  const wording = WORDINGS.get(kin ? rest.join(" ") : attribute);
  const who = kin ? `${name}'s ${relation}` : name;
  if (wording !== undefined) return `${who} ${wording[negated ? 1 : 0](value)}${before}`;
  const what = subject === "room" ? `The ${attribute}` : `${name}'s ${attribute}`;
  if (!negated) return capital(`${what} is ${value}${before}`);
  return capital(value === "" ? `${what} is no longer so${before}` : `${what} is no longer ${value}`);
}
