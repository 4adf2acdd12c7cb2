/** What a new fact does to those that hold: it repeats, ends or leaves them; facts have a time in which they hold, and none is destroyed; used by what forms memories. */
import { valueKey } from "../language/attributes.ts";
import type { Statement } from "../language/statements.ts";
import { folded } from "../language/stems.ts";

/** A fact as it is kept. Times are milliseconds since 1970. */
export interface Fact {
  /** Of the memory that holds it. */
  readonly id: string;
  /** See `subjectKey`. */
  readonly subject: string;
  readonly attribute: string;
  readonly value: string;
  readonly validFrom: number;
  /** Undefined while it holds. */
  readonly validTo: number | undefined;
}

/** What becomes of a statement. */
export interface Outcome {
  /** The fact to keep; undefined when it says nothing new or only that something ended. */
  readonly fact: Omit<Fact, "id"> | undefined;
  /** Facts that hold no longer, and until when they did. */
  readonly ended: ReadonlyArray<{ readonly id: string; readonly validTo: number }>;
  /** The fact that was said again. */
  readonly repeated: string | undefined;
}

const nothing: Outcome = { fact: undefined, ended: [], repeated: undefined };

/** Whom a statement is about, in a form in which the same are equal: `speaker` is who said it, under their name as well. */
export const subjectKey = (subject: string, speaker: { readonly id: string; readonly name: string }): string =>
  subject === "speaker" || (speaker.name !== "" && folded(subject) === folded(speaker.name))
    ? speaker.id
    : folded(subject);

export const isInForce = ({ validFrom, validTo }: Pick<Fact, "validFrom" | "validTo">, at: number): boolean =>
  validFrom <= at && (validTo === undefined || at < validTo);

/** The facts that held at a moment, as far as is known now: “what did you believe in May?” */
export const inForceAt = (facts: ReadonlyArray<Fact>, at: number): ReadonlyArray<Fact> =>
  facts.filter((fact) => isInForce(fact, at));

const sameValue = (attribute: string, left: string, right: string): boolean =>
  valueKey(attribute, left) === valueKey(attribute, right);

/** “The Golf” is what was kept as “red Golf”: every word of the one stands in the other. */
function means(fact: Fact, words: string): boolean {
  if (sameValue(fact.attribute, fact.value, words)) return true;
  const [kept, said] = [valueKey(fact.attribute, fact.value).split(" "), valueKey(fact.attribute, words).split(" ")];
  return said.every((stem) => kept.includes(stem)) || kept.every((stem) => said.includes(stem));
}

/** Of two attributes that exclude one another for the same value, the other one. */
const OPPOSITES = new Map([
  ["likes", "dislikes"],
  ["dislikes", "likes"],
]);

/** Which attribute is meant, and of whom: the old value tells it where words do not. */
function resolved(statement: Statement, subject: string, held: ReadonlyArray<Fact>) {
  const { attribute, formerly } = statement;
  if (formerly === undefined) return { subject, attribute };
  const known = held.filter((fact) => means(fact, formerly));
  const own = known.find((fact) => fact.subject === subject && fact.attribute === attribute);
  const found = own ?? known.findLast((fact) => fact.subject === subject) ?? known.at(-1);
  return found === undefined ? { subject, attribute } : { subject: found.subject, attribute: found.attribute };
}

/** What ends when it is said that something does not hold, or no longer. */
function endedBy(statement: Statement, about: ReadonlyArray<Fact>, from: number): Outcome {
  const { value, formerly } = statement;
  const over = about.filter((fact) => {
    if (value !== "") return means(fact, value);
    return formerly === undefined || means(fact, formerly);
  });
  return { ...nothing, ended: over.map(({ id }) => ({ id, validTo: from })) };
}

/**
 * What a statement made at `at` by `speaker` does to the facts that are known of whom it may be about. A new value of an
 * attribute that has one ends the old one at the moment from which the new one holds (old.validTo = new.validFrom, as in
 * Graphiti); said late, about a time before, it is itself over by then. Deterministic; changes nothing.
 */
export function outcomeOf(
  statement: Statement,
  {
    at,
    speaker,
    facts,
  }: {
    readonly at: number;
    readonly speaker: { readonly id: string; readonly name: string };
    readonly facts: ReadonlyArray<Fact>;
  },
): Outcome {
  const from = statement.validFrom ?? at;
  const held = facts.filter(({ validTo }) => validTo === undefined || validTo > from);
  const { subject, attribute } = resolved(statement, subjectKey(statement.subject, speaker), held);
  if (attribute === undefined) return nothing;
  const about = held.filter((fact) => fact.subject === subject && fact.attribute === attribute);
  if (statement.negated) return endedBy(statement, about, from);
  const { value } = statement;
  const again = about.find((fact) => sameValue(attribute, fact.value, value) && fact.validFrom <= from);
  const opposite = OPPOSITES.get(attribute);
  const contradicted = held.filter(
    (fact) => fact.subject === subject && fact.attribute === opposite && sameValue(attribute, fact.value, value),
  );
  const others = about.filter(
    (fact) => fact !== again && statement.singleValued && !sameValue(attribute, fact.value, value),
  );
  const ended = [...others.filter(({ validFrom }) => validFrom <= from), ...contradicted].map(({ id }) => ({
    id,
    validTo: from,
  }));
  if (again !== undefined) return { fact: undefined, ended, repeated: again.id };
  const later = others.filter(({ validFrom }) => validFrom > from).map(({ validFrom }) => validFrom);
  const validTo = later.length === 0 ? undefined : Math.min(...later);
  return { fact: { subject, attribute, value, validFrom: from, validTo }, ended, repeated: undefined };
}
