/** A fake of the Vectorize binding that throws what the binding throws; its limits are those of the service's page of limits; used by vector-index.spec.ts. */
import { Schema } from "effect";
import { type VectorizeBinding, vectorizeIndex } from "#src/memory/index/vectorize.ts";
import { type Arrangement, type Fault, fits, VectorStore } from "./vector-index-loopback.ts";

const short = Schema.String.check(Schema.isPattern(/^[\x20-\x7E]{1,64}$/));

const isUpsert = fits(
  Schema.Array(
    Schema.Struct({
      id: short,
      values: Schema.Array(Schema.Finite),
      namespace: Schema.optional(short),
      metadata: Schema.optional(Schema.Record(Schema.String, Schema.Unknown)),
    }),
  ).check(Schema.isMinLength(1), Schema.isMaxLength(1_000)),
);
/** The second generation takes words for `returnMetadata`; booleans were the first one's. */
const isOptions = fits(
  Schema.Struct({
    topK: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
    namespace: Schema.optional(short),
    returnValues: Schema.optional(Schema.Literal(false)),
    returnMetadata: Schema.optional(Schema.Literal("none")),
  }),
);
const isIds = fits(Schema.Array(short).check(Schema.isMinLength(1), Schema.isMaxLength(1_000)));

const thrown: Readonly<Record<string, string>> = {
  unauthorized: "VECTOR_QUERY_ERROR: Status + 401",
  broken: "VECTOR_QUERY_ERROR: Status + 500",
  "hangs up": "Network connection lost.",
  busy: "VECTOR_UPSERT_ERROR (code = 40041): Too Many Requests",
};

/** The adapter over a fake of its own. The binding tells no time to come back at. */
export function startVectorize({ dimensions, madeFor = dimensions }: Arrangement) {
  const store = new VectorStore();
  const heard: unknown[] = [];
  const faults: Fault[] = [];
  /** The namespace of each id: ids are one space for the whole index. */
  const spaces = new Map<string, string>();
  let mutations = 0;
  const meet = async <A>(sent: unknown, act: () => A): Promise<A> => {
    heard.push(sent);
    const { fault } = faults.shift() ?? { fault: "none" };
    if (fault === "is silent") return new Promise(() => {});
    if (fault === "garbled") return "<html>" as A;
    if (fault !== "none") throw new Error(thrown[fault]);
    return act();
  };
  const refuse = (what: string, words: string): never => {
    throw new Error(`${what} (code = 40012): ${words}`);
  };
  const check = (what: string, values: ReadonlyArray<number>) => {
    if (values.length !== madeFor)
      refuse(what, `invalid vector, expected ${madeFor} dimensions, and got ${values.length} dimensions`);
  };
  const changed = () => ({ mutationId: `mutation-${mutations++}` });
  const binding: VectorizeBinding = {
    upsert: (vectors) =>
      meet(vectors, () => {
        if (!isUpsert(vectors)) return refuse("VECTOR_UPSERT_ERROR", "invalid vectors");
        for (const { values } of vectors) check("VECTOR_UPSERT_ERROR", values);
        store.change((space) => {
          for (const { id, values, namespace = "" } of vectors) {
            space(spaces.get(id) ?? namespace).delete(id);
            spaces.set(id, namespace);
            space(namespace).set(id, values);
          }
        });
        return changed();
      }),
    query: (vector, options) =>
      meet({ vector, ...options }, () => {
        if (!isOptions(options)) return refuse("VECTOR_QUERY_ERROR", "invalid query options");
        check("VECTOR_QUERY_ERROR", vector);
        const matches = store.nearest(options.namespace ?? "", vector, options.topK);
        return { count: matches.length, matches: matches.map((match) => ({ ...match, namespace: options.namespace })) };
      }),
    deleteByIds: (ids) =>
      meet(ids, () => {
        if (!isIds(ids)) return refuse("VECTOR_DELETE_ERROR", "invalid ids");
        store.change((space) => {
          for (const id of ids) space(spaces.get(id) ?? "").delete(id);
        });
        return changed();
      }),
  };
  return {
    remote: {
      index: vectorizeIndex(binding, dimensions),
      held: (agentId: string) => [...store.in(agentId).keys()].map((id) => id.slice(agentId.length + 1)),
      ...{ store, heard, meets: (...next: ReadonlyArray<Fault>) => void faults.push(...next) },
    },
    stop: async () => {},
  };
}
