/** Properties and what they are tried on: the one place that knows fast-check; every run uses the same seed. */
import { Arbitrary, Effect } from "effect";
import * as fc from "fast-check";
import { it } from "vitest";
import type { EventDefinition } from "#events/kit/define.ts";
import type { Pending, Recorded } from "#events/kit/envelope.ts";
import { childId, type Kind, prefixes } from "#events/kit/ids.ts";
import { record } from "./given.ts";

const SEED = 20261001;

/** A test that holds for everything that `values` makes; a failure prints the smallest value that breaks it. */
export const property = <A>(name: string, values: fc.Arbitrary<A>, body: (value: A) => void, runs = 30): void =>
  it(name, () => fc.assert(fc.property(values, body), { seed: SEED, numRuns: runs, verbose: false }));

/** A choice without meaning of its own; what it stands for depends on where it is asked for, so it can be shrunk. */
export interface Wish {
  readonly what: number;
  readonly which: number;
  readonly how: number;
}

const part = fc.nat(9_999);
export const wish: fc.Arbitrary<Wish> = fc.record({ what: fc.nat(99), which: part, how: part });

/** Lists of wishes: random histories, once somebody says what each of them is. */
export const wishes = (maxLength: number): fc.Arbitrary<ReadonlyArray<Wish>> =>
  fc.array(wish, { minLength: 1, maxLength, size: "max" });

export const oneOf = <A>(list: ReadonlyArray<A>): fc.Arbitrary<A> => fc.constantFrom(...list);
export const upTo = (highest: number): fc.Arbitrary<number> => fc.nat(highest);
export const both = <A, B>(left: fc.Arbitrary<A>, right: fc.Arbitrary<B>): fc.Arbitrary<readonly [A, B]> =>
  fc.tuple(left, right);

/** Texts that are put together of these pieces. */
export const strings = (pieces: ReadonlyArray<string>): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(""));
export const listOf = <A>(values: fc.Arbitrary<A>, maxLength: number): fc.Arbitrary<ReadonlyArray<A>> =>
  fc.array(values, { minLength: 1, maxLength });

// ── events out of nowhere ───────────────────────────────────────────────────────────────────────────────────────────

const ID = new RegExp(`^(${Object.values(prefixes).join("|")})_`);
const kinds = Object.fromEntries(Object.entries(prefixes).map(([kind, prefix]) => [prefix, kind as Kind]));

/** Few ids instead of endlessly many, so that events made apart are about the same things. */
function few(value: unknown): unknown {
  if (typeof value === "string" && ID.test(value)) {
    const kind = kinds[value.slice(0, value.indexOf("_"))]!;
    return childId(kind, "few", String(value.charCodeAt(value.length - 1) % 3));
  }
  if (Array.isArray(value)) return value.map((open) => few(JSON.parse(JSON.stringify(open))));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, few(item)]));
}

/** Open parts that fit an event's schema, as they come out of a log; the same ones every time. */
export const opensOf = (definition: EventDefinition, count: number): ReadonlyArray<unknown> =>
  Effect.runSync(Arbitrary.sampleEffect(Arbitrary.schema(definition.open), { count, seed: SEED, size: 6 })).map(
    (open) => few(JSON.parse(JSON.stringify(open))),
  );

/** Any events at all of a stream, in any order, as recorded. */
export const anyEvents = (definitions: ReadonlyArray<EventDefinition>): fc.Arbitrary<ReadonlyArray<Recorded>> => {
  const pool = definitions.flatMap((definition) =>
    opensOf(definition, 8).map((open): Pending => ({ type: definition.type, open })),
  );
  return fc.array(fc.constantFrom(...pool), { maxLength: 40, size: "max" }).map((events) => record(events));
};
