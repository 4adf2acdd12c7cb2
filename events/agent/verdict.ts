/** What the content rules and a provider's moderation made of words, as events record it: by names, never by words; filled by the content filter of a turn. */
import { Schema } from "effect";

/** The provider that is asked for its opinion, and what came of asking. */
export const Opinion = Schema.Struct({
  provider: Schema.String,
  /** `not-asked`: nothing was left to judge, or the words are not of a kind that it is asked about. */
  outcome: Schema.Literals(["passed", "flagged", "failed", "not-asked"]),
});
export type Opinion = typeof Opinion.Type;

/** What was found; that nothing was is a finding too, in few bytes, for each turn has several. */
export const Finding = Schema.Struct({
  action: Schema.Literals(["pass", "mask", "withhold"]),
  /** The rules that found something, and what a provider flagged, each once; left out where nothing was found. */
  rules: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Left out where no provider's moderation is configured. */
  moderation: Schema.optionalKey(Opinion),
});
export type Finding = typeof Finding.Type;

/** One verdict: what was found, and by which version of the content rules. */
export const ContentVerdict = Schema.Struct({
  ...Finding.fields,
  policyVersion: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
});
export type ContentVerdict = typeof ContentVerdict.Type;
