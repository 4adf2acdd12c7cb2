/** The evaluation set of memory: conversations of several months, questions about them and the turns that answer; read by the bench of recall and by the test of the set. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Schema } from "effect";

const folder = join(import.meta.dirname, "conversations");

/** What a question tests; README.md says what each asks of a memory. */
export const Category = Schema.Literals([
  "single-hop",
  "multi-hop",
  "temporal",
  "never-said",
  "misspelt",
  "cross-person",
  "updated-fact",
]);

/** RFC 3339, seconds and offset written out: what “last Friday” means depends on where it was said. */
const Moment = Schema.String.check(
  Schema.isPattern(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$/),
  Schema.makeFilter((moment) => !Number.isNaN(Date.parse(moment))),
);
const Slug = Schema.String.check(Schema.isPattern(/^[a-z0-9]+(-[a-z0-9]+)*$/));
/** Session and place in it, both counted from one: `s2:14`. */
const TurnName = Schema.String.check(Schema.isPattern(/^s[1-9]\d*:[1-9]\d*$/));

/** One turn: what a person wrote, as they wrote it. */
export const SaidTurn = Schema.Struct({ id: TurnName, speaker: Slug, text: Schema.NonEmptyString });

/** One question, asked some time after the last session; `evidence` are the turns that a good memory brings. */
export const Question = Schema.Struct({
  id: Schema.String,
  text: Schema.NonEmptyString,
  asked_at: Schema.optionalKey(Moment),
  evidence: Schema.NonEmptyArray(TurnName),
  category: Category,
});

/** One file of the set: people who write to one another for months, and what is asked about it afterwards. */
export const Conversation = Schema.Struct({
  id: Slug,
  people: Schema.NonEmptyArray(Schema.Struct({ id: Slug, name: Schema.NonEmptyString })),
  sessions: Schema.NonEmptyArray(Schema.Struct({ at: Moment, turns: Schema.NonEmptyArray(SaidTurn) })),
  questions: Schema.NonEmptyArray(Question),
});
export type Conversation = typeof Conversation.Type;

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Conversation), { onExcessProperty: "error" });

/** The whole set, by the names of its files. @throws a SchemaError that names the place where a file breaks the format. */
export const readEvaluationSet = (): ReadonlyMap<string, Conversation> =>
  new Map(
    readdirSync(folder)
      .sort()
      .map((file) => [file, decode(readFileSync(join(folder, file), "utf8"))]),
  );
