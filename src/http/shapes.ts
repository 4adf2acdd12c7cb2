/** Shapes that endpoints of more than one group share; used by the declarations of the API. */
import { Schema } from "effect";

/** A name: something to read in it, no control characters (a line break could pass for another speaker's line). */
export const ShortText = Schema.String.check(Schema.isPattern(/^(?=.*\S)[^\p{Cc}\u2028\u2029]{1,100}$/u));
export const Cursor = Schema.optionalKey(Schema.String);
export const Limit = Schema.optionalKey(
  Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 200 })),
);
export const Seq = Schema.optionalKey(Schema.FiniteFromString.check(Schema.isInt(), Schema.isGreaterThanOrEqualTo(0)));
export const ById = { id: Schema.String };

/** A page of a list. */
export const pageOf = <S extends Schema.Top>(item: S) =>
  Schema.Struct({
    data: Schema.Array(item),
    page: Schema.Struct({ next_cursor: Schema.NullOr(Schema.String), has_more: Schema.Boolean }),
  });

/** An event as auditors get it. */
export const EventView = Schema.Struct({
  seq: Schema.Int,
  id: Schema.String,
  type: Schema.String,
  v: Schema.Int,
  at: Schema.Finite,
  actor: Schema.String,
  command: Schema.String,
  correlation: Schema.String,
  causation: Schema.NullOr(Schema.String),
  open: Schema.Unknown,
  hash: Schema.String,
});
