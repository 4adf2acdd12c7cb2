/** What a new fact does to those that hold: it repeats, ends or leaves them; facts have a time in which they hold, and none is destroyed; used by what forms memories. */
import { valueKey } from "../language/attributes.ts";
import type { Statement } from "../language/statements.ts";
import { folded } from "../language/stems.ts";

/** Whom a fact is about: a person by id, or whoever goes by a name. */
export interface Holder {
  /** See `subjectKey`. */
  readonly subject: string;
  /** What the person of that id was called, folded; undefined where `subject` itself is a name. */
  readonly name?: string | undefined;
}

/** A fact as it is kept. Times are milliseconds since 1970. */
export interface Fact extends Holder {
  /** Of the memory that holds it. */
  readonly id: string;
  readonly attribute: string;
  readonly value: string;
  readonly validFrom: number;
  /** Undefined while it holds. */
  readonly validTo: number | undefined;
}

/** A fact with its other time as well (bi-temporal): not when it held, but when that was known. */
export interface KnownFact extends Fact {
  readonly recordedAt: number;
  /** When it was learned that it ended; undefined while nobody has said so. */
  readonly retractedAt: number | undefined;
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

const wordsOf = (name: string): ReadonlyArray<string> => name.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];

/** “Dana” may be Dana Levi, but Dana Levi is not Dana Cohen. */
function mayBeSame(one: string, other: string): boolean {
  const [few, many] = [wordsOf(one), wordsOf(other)].sort((left, right) => left.length - right.length);
  return few!.length > 0 && few!.every((word) => many!.includes(word));
}

/** True for the same person as far as can be told: ids tell people of one name apart, a name alone may be any of theirs. */
export const isSameHolder = (one: Holder, other: Holder): boolean =>
  one.subject === other.subject ||
  ((one.name === undefined || other.name === undefined) &&
    mayBeSame(one.name ?? one.subject, other.name ?? other.subject));

/** The facts that one would have named at a moment, knowing what was known by then: “what did you believe in May?” */
export const believedAt = <A extends KnownFact>(facts: ReadonlyArray<A>, at: number): ReadonlyArray<A> =>
  facts.filter(
    ({ recordedAt, retractedAt, validFrom, validTo }) =>
      recordedAt <= at &&
      validFrom <= at &&
      (validTo === undefined || at < validTo || (retractedAt !== undefined && at < retractedAt)),
  );

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

/** The statement with the attribute that its old value tells, and whose it is; `subject` is a key, see `subjectKey`. */
export function settled(statement: Statement, subject: string, held: ReadonlyArray<Fact>): Statement {
  const { attribute, formerly } = statement;
  if (formerly === undefined) return { ...statement, subject };
  const known = held.filter((fact) => means(fact, formerly));
  const own = known.find((fact) => fact.subject === subject && fact.attribute === attribute);
  const found = own ?? known.findLast((fact) => fact.subject === subject) ?? known.at(-1);
  return {
    ...statement,
    subject,
    ...(found === undefined ? {} : { subject: found.subject, attribute: found.attribute }),
  };
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
 * From when on a new value holds. “I moved last week” names a week, not a moment: where another value was told of since its
 * beginning, the change lies between that and now.
 */
const beginning = (said: number, at: number, others: ReadonlyArray<Fact>): number =>
  others.some(({ validFrom }) => said <= validFrom && validFrom <= at) ? Math.max(said, at) : said;

/**
 * What a statement made at `at` by `speaker` does to the facts that are known of whom it may be about. A new value of an
 * attribute that has one ends the old one at the moment from which the new one holds (old.validTo = new.validFrom, as in
 * Graphiti); of two that were said in the wrong order, the earlier is over when the later begins. Changes nothing itself.
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
  const said = statement.validFrom ?? at;
  const held = facts.filter(({ validTo }) => validTo === undefined || validTo > said);
  const { subject, attribute } = settled(statement, subjectKey(statement.subject, speaker), held);
  if (attribute === undefined) return nothing;
  const about = held.filter((fact) => fact.subject === subject && fact.attribute === attribute);
  if (statement.negated) return endedBy(statement, about, said);
  const { value } = statement;
  const again = about.find((fact) => sameValue(attribute, fact.value, value));
  const others = about.filter((fact) => statement.singleValued && !sameValue(attribute, fact.value, value));
  const from = beginning(said, at, others);
  const opposite = OPPOSITES.get(attribute);
  const contradicted = held.filter(
    (fact) => fact.subject === subject && fact.attribute === opposite && sameValue(attribute, fact.value, value),
  );
  const before = [...others.filter(({ validFrom }) => validFrom <= from), ...contradicted];
  const ended = before.map(({ id }) => ({ id, validTo: from }));
  if (again !== undefined) return { fact: undefined, ended, repeated: again.id };
  const later = others.filter(({ validFrom }) => validFrom > from).map(({ validFrom }) => validFrom);
  const validTo = later.length === 0 ? undefined : Math.min(...later);
  return { fact: { subject, attribute, value, validFrom: from, validTo }, ended, repeated: undefined };
}
