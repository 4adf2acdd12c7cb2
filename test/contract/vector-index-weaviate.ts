/** A fake of Weaviate that takes what its OpenAPI document lets through, and nothing else; with search by REST, by GraphQL, by both or by none; used by vector-index.spec.ts. */
import { Schema } from "effect";
import { weaviateIndex } from "#src/memory/index/weaviate.ts";
import { type Arrangement, type Asked, fits, startLoopback, type Told, VectorStore } from "./vector-index-loopback.ts";

const API_KEY = "weaviate-key";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const Uuid = Schema.String.check(Schema.isPattern(UUID));
const Anything = Schema.Record(Schema.String, Schema.Unknown);
const maybe = Schema.optional;

const isClass = fits(
  Schema.Struct({
    class: Schema.String.check(Schema.isPattern(/^[A-Z][_0-9A-Za-z]*$/)),
    description: maybe(Schema.String),
    vectorizer: maybe(Schema.String),
    vectorIndexType: maybe(Schema.String),
    vectorIndexConfig: maybe(Anything),
    multiTenancyConfig: maybe(
      Schema.Struct({
        enabled: maybe(Schema.Boolean),
        autoTenantCreation: maybe(Schema.Boolean),
        autoTenantActivation: maybe(Schema.Boolean),
      }),
    ),
    properties: maybe(
      Schema.Array(
        Schema.Struct({
          name: Schema.String.check(Schema.isPattern(/^[_A-Za-z][_0-9A-Za-z]*$/)),
          dataType: Schema.Array(Schema.String),
          description: maybe(Schema.String),
          indexFilterable: maybe(Schema.Boolean),
          indexSearchable: maybe(Schema.Boolean),
          tokenization: maybe(Schema.Literals(["word", "lowercase", "whitespace", "field"])),
        }),
      ),
    ),
  }),
);
const isBatch = fits(
  Schema.Struct({
    fields: maybe(Schema.Array(Schema.String)),
    objects: Schema.Array(
      Schema.Struct({
        class: Schema.String,
        id: Uuid,
        properties: maybe(Anything),
        vector: maybe(Schema.Array(Schema.Finite)),
        tenant: maybe(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/))),
      }),
    ),
  }),
);
const isBatchDelete = fits(
  Schema.Struct({
    match: Schema.Struct({
      class: Schema.String,
      where: Schema.Struct({
        operator: Schema.Literal("ContainsAny"),
        path: Schema.Tuple([Schema.Literal("id")]),
        valueTextArray: Schema.Array(Uuid),
      }),
    }),
    output: maybe(Schema.Literals(["minimal", "verbose"])),
    dryRun: maybe(Schema.Boolean),
  }),
);
const isNearVector = fits(
  Schema.Struct({
    vector: Schema.Array(Schema.Finite).check(Schema.isMinLength(1)),
    limit: maybe(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }))),
    tenant: maybe(Schema.String),
    returnProperties: maybe(Schema.Array(Schema.String)),
    returnMetadata: maybe(
      Schema.Array(
        Schema.Literals(["distance", "certainty", "score", "explainScore", "creationTime", "lastUpdateTime"]),
      ),
    ),
  }),
);
const isGraphQuery = fits(
  Schema.Struct({ query: Schema.String, operationName: maybe(Schema.String), variables: maybe(Anything) }),
);
const isTenants = fits(Schema.Array(Schema.String));

/** The one query that is asked here, in GraphQL's own grammar of blanks. */
const GET =
  /^\s*\{\s*Get\s*\{\s*(\w+)\s*\(\s*tenant:\s*"([\w-]+)"\s*,\s*limit:\s*(\d+)\s*,\s*nearVector:\s*\{\s*vector:\s*(\[[-+\d.,eE\s]*\])\s*\}\s*\)\s*\{\s*(\w+)\s+_additional\s*\{\s*distance\s*\}\s*\}\s*\}\s*\}\s*$/;

const error = (status: number, message: string): Told => ({ status, body: { error: [{ message }] } });
const unrouted = (path: string): Told => ({ status: 404, body: { code: 404, message: `path ${path} was not found` } });
const unauthorized = error(401, "anonymous access not enabled");

export type Speech = "rest" | "graphql" | "both" | "none";

class Fake {
  readonly store = new VectorStore();
  /** The memory's id behind each object's. */
  readonly ids = new Map<string, string>();
  readonly #arrangement: Arrangement;
  readonly #speech: Speech;
  #class: { readonly class: string; readonly isTenanted: boolean } | undefined;

  constructor(arrangement: Arrangement, speech: Speech) {
    this.#arrangement = arrangement;
    this.#speech = speech;
  }

  readonly tell = (asked: Asked): Told => {
    const { method, path, headers, body } = asked;
    if (headers.authorization !== `Bearer ${API_KEY}`) return unauthorized;
    if (body !== undefined && !headers["content-type"]?.startsWith("application/json"))
      return error(415, "unsupported media type");
    const route = `${method} ${path.replace(/^\/v1/, "")}`;
    if (route === "POST /schema") return this.#make(body);
    if (route === "POST /batch/objects") return this.#write(body);
    if (route === "DELETE /batch/objects") return this.#delete(asked);
    if (route === "GET /objects") return this.#list(asked);
    if (route === "POST /graphql") return this.#graph(body);
    const [, verb, name = ""] = /^(GET \/schema|DELETE \/schema|POST \/search)\/(\w+)/.exec(route) ?? [];
    if (verb === "GET /schema")
      return this.#class?.class === name ? { status: 200, body: { class: name } } : error(404, "class not found");
    if (verb === "DELETE /schema" && route.endsWith("/tenants")) return this.#dropTenants(body);
    if (verb === "POST /search" && route.endsWith("/near-vector")) return this.#search(name, body, path);
    return unrouted(path);
  };

  #make(body: unknown): Told {
    if (!isClass(body)) return error(422, "invalid class");
    if (this.#class?.class === body.class) return error(422, `class name ${body.class} already exists`);
    this.#class = { class: body.class, isTenanted: body.multiTenancyConfig?.autoTenantCreation === true };
    return { status: 200, body };
  }

  #write(body: unknown): Told {
    if (!isBatch(body)) return error(422, "invalid objects");
    const { madeFor = this.#arrangement.dimensions, refuses } = this.#arrangement;
    const results = body.objects.map((object) => {
      const memory = String(object.properties?.memory);
      const failed = (message: string) => ({
        ...object,
        result: { status: "FAILED", errors: { error: [{ message }] } },
      });
      // A class that nobody made is made by the server itself, and it has no tenants.
      if (this.#class?.isTenanted !== true)
        return failed("class has multi-tenancy disabled, but request was with tenant");
      const { id, tenant = "", vector = [] } = object;
      if (vector.length !== madeFor)
        return failed(
          `new node has a vector with length ${vector.length}. Existing nodes have vectors with length ${madeFor}`,
        );
      if (refuses?.has(memory)) return failed("put object: context deadline exceeded");
      this.ids.set(id, memory);
      this.store.change((space) => space(tenant).set(id, vector));
      return { ...object, result: { status: "SUCCESS" } };
    });
    return { status: 200, body: results };
  }

  #delete({ query, body }: Asked): Told {
    const tenant = query.get("tenant") ?? "";
    if (!isBatchDelete(body)) return error(422, "invalid match");
    if (this.#class === undefined) return error(422, "failed to get class: TroupeMemory");
    if (!this.store.has(tenant)) return error(422, `tenant not found: "${tenant}"`);
    const { valueTextArray: ids } = body.match.where;
    const there = ids.filter((id) => this.store.in(tenant).has(id));
    const failing = there.filter((id) => this.#arrangement.refuses?.has(this.ids.get(id)!));
    this.store.change((space) => {
      for (const id of there) if (!failing.includes(id)) space(tenant).delete(id);
    });
    const objects = failing.map((id) => ({ id, status: "FAILED", errors: { error: [{ message: "no" }] } }));
    const results = {
      ...{ matches: there.length, limit: 10_000, successful: there.length - failing.length, failed: failing.length },
      objects: failing.length === 0 ? null : objects,
    };
    return { status: 200, body: { ...body, results } };
  }

  #list({ query }: Asked): Told {
    const unknown = [...query.keys()].filter((key) => !["class", "tenant", "limit", "after"].includes(key));
    const tenant = query.get("tenant") ?? "";
    if (unknown.length > 0) return error(422, `unknown ${unknown[0]}`);
    if (this.#class === undefined || !this.store.has(tenant)) return error(422, `tenant not found: "${tenant}"`);
    const objects = [...this.store.in(tenant).keys()]
      .toSorted()
      .filter((id) => id > (query.get("after") ?? ""))
      .slice(0, Number(query.get("limit")))
      .map((id) => ({ id, class: this.#class!.class, tenant, properties: { memory: this.ids.get(id) } }));
    return { status: 200, body: { objects, totalResults: objects.length } };
  }

  #dropTenants(body: unknown): Told {
    if (!isTenants(body)) return error(422, "invalid tenants");
    if (this.#class === undefined) return error(404, "class not found");
    this.store.change(() => {
      for (const tenant of body) this.store.drop(tenant);
    });
    return { status: 200, body: undefined };
  }

  #found(tenant: string, vector: ReadonlyArray<number>, limit: number) {
    return this.store
      .nearest(tenant, vector, limit)
      .map(({ id, score }) => ({ id, memory: this.ids.get(id)!, distance: 1 - score }));
  }

  #search(name: string, body: unknown, path: string): Told {
    if (this.#speech === "graphql") return unrouted(path);
    if (this.#speech === "none") return error(422, "rest search api is disabled");
    if (!isNearVector(body)) return error(422, "invalid search");
    const { vector, tenant = "", limit = 10 } = body;
    const { madeFor = this.#arrangement.dimensions } = this.#arrangement;
    if (this.#class?.class !== name) return error(404, `could not find class ${name} in schema`);
    if (!this.store.has(tenant)) return error(404, `tenant not found: "${tenant}"`);
    if (vector.length !== madeFor) return error(422, `vector lengths don't match: ${madeFor} vs ${vector.length}`);
    const results = this.#found(tenant, vector, limit).map(({ id, memory, distance }) => ({
      ...{ id, properties: { memory }, metadata: { distance } },
    }));
    return { status: 200, body: { results, tookMs: 1 } };
  }

  #graph(body: unknown): Told {
    if (this.#speech === "rest" || this.#speech === "none") return error(422, "graphql api is disabled");
    const complaint = (message: string): Told => ({
      status: 200,
      body: { data: { Get: null }, errors: [{ message }] },
    });
    if (!isGraphQuery(body)) return error(422, "invalid query");
    const [, name = "", tenant = "", limit, vector] = GET.exec(body.query) ?? [];
    if (vector === undefined) return complaint("Syntax Error GraphQL request");
    const values: ReadonlyArray<number> = JSON.parse(vector);
    const { madeFor = this.#arrangement.dimensions } = this.#arrangement;
    if (this.#class?.class !== name) return complaint(`Cannot query field "${name}" on type "GetObjectsObj".`);
    if (!this.store.has(tenant)) return complaint(`explorer: get class: tenant not found: "${tenant}"`);
    if (values.length !== madeFor) return complaint(`vector lengths don't match: ${madeFor} vs ${values.length}`);
    const found = this.#found(tenant, values, Number(limit)).map(({ memory, distance }) => ({
      ...{ memory, _additional: { distance } },
    }));
    return { status: 200, body: { data: { Get: { [name]: found } } } };
  }
}

/** The adapter over a fake of its own. */
export async function startWeaviate(arrangement: Arrangement, speech: Speech = "both") {
  const fake = new Fake(arrangement, speech);
  const { url, heard, meets, stop } = await startLoopback(unauthorized, fake.tell);
  return {
    remote: {
      index: weaviateIndex({ url, apiKey: API_KEY }, arrangement.dimensions),
      held: (agentId: string) => [...fake.store.in(agentId).keys()].map((id) => fake.ids.get(id)!),
      ...{ store: fake.store, heard, meets },
    },
    stop,
  };
}
