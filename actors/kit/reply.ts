/** What an actor answers: done, or a named no. Errors cross walls as data. */
import type { Refusal } from "#events/kit/decider.ts";

/** A refusal as plain data: what is left of the error class when it crosses an RPC. */
export type RefusalData = Refusal & Readonly<Record<string, unknown>>;

export type Reply<A = undefined> =
  | {
      readonly outcome: "accepted";
      readonly value: A;
      /** Where the stream stands after it. */
      readonly seq: number;
      /** True when the same command had been settled before. */
      readonly replayed: boolean;
    }
  | { readonly outcome: "refused"; readonly refusal: RefusalData };

export const accepted = <A>(value: A, seq: number, replayed = false): Reply<A> => ({
  outcome: "accepted",
  value,
  seq,
  replayed,
});

/** The same answer, of which something else is told; nothing where nothing is named. */
export const passedOn = <A, B = undefined>(reply: Reply<A>, of?: (value: A) => B): Reply<B> =>
  reply.outcome === "refused" ? reply : accepted(of?.(reply.value) as B, reply.seq, reply.replayed);

export const refused = (refusal: Refusal): Reply<never> => ({ outcome: "refused", refusal: asData(refusal) });

/** How an error begins that an actor lets out while the keys are out of its reach: asked again, it may answer. */
export type Away = "out-of-reach";

/** The refusal's tag, sentence and fields, without what makes it an error. */
export const asData = (refusal: Refusal): RefusalData => {
  const { _tag, message, passing, ...fields } = refusal as RefusalData;
  const { stack: _stack, cause: _cause, name: _name, ...data } = { ...fields } as Record<string, unknown>;
  return { ...data, _tag, message, ...(passing === undefined ? {} : { passing }) };
};
