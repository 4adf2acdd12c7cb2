/** What the fakes of vector databases have in common: namespaces of vectors that may lag behind, faults on demand, a server on loopback; used by the fakes beside it. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Result, Schema } from "effect";
import type { VectorIndex } from "#actors/agent/turn/memory-ports.ts";

/** What goes wrong with the next request, whatever it is. */
export type Fault =
  | { readonly fault: "unauthorized" | "broken" | "hangs up" | "is silent" | "garbled" }
  | { readonly fault: "busy"; readonly retryAfterSeconds: number }
  /** Goes through: the fault is a later request's. */
  | { readonly fault: "none" };

/** One fake service and the adapter over it. */
export interface Remote {
  readonly index: VectorIndex["Service"];
  readonly store: VectorStore;
  /** The ids of an agent's vectors that are there, as they came from us. */
  readonly held: (agentId: string) => ReadonlyArray<string>;
  /** Bodies and paths of what was sent, the words of ours that stand in them taken along. */
  readonly heard: ReadonlyArray<unknown>;
  /** What the next requests meet, first things first. */
  readonly meets: (...faults: ReadonlyArray<Fault>) => void;
}

/** How a fake is set up: the length of vectors it was made for, and what it refuses although it looks right. */
export interface Arrangement {
  readonly dimensions: number;
  readonly madeFor?: number;
  /** Ids of which the service says that it could not take them. */
  readonly refuses?: ReadonlySet<string>;
}

export const cosine = (left: ReadonlyArray<number>, right: ReadonlyArray<number>): number => {
  const dot = left.reduce((sum, value, index) => sum + value * right[index]!, 0);
  return dot / (Math.hypot(...left) * Math.hypot(...right));
};

/** Vectors by namespace and id. While it lags, what is written waits for `settle`. */
export class VectorStore {
  readonly #namespaces = new Map<string, Map<string, ReadonlyArray<number>>>();
  #waiting: Array<() => void> = [];
  lags = false;

  change(write: (vectors: (namespace: string) => Map<string, ReadonlyArray<number>>) => void): void {
    const vectors = (namespace: string) => {
      const known = this.#namespaces.get(namespace) ?? new Map<string, ReadonlyArray<number>>();
      this.#namespaces.set(namespace, known);
      return known;
    };
    this.#waiting.push(() => write(vectors));
    if (!this.lags) this.settle();
  }

  settle(): void {
    for (const write of this.#waiting.splice(0)) write();
  }

  drop(namespace: string): void {
    this.#namespaces.delete(namespace);
  }

  get names(): ReadonlyArray<string> {
    return [...this.#namespaces.keys()];
  }

  has(namespace: string): boolean {
    return this.#namespaces.has(namespace);
  }

  /** What is to be found, by id. */
  in(namespace: string): ReadonlyMap<string, ReadonlyArray<number>> {
    return this.#namespaces.get(namespace) ?? new Map();
  }

  nearest(namespace: string, vector: ReadonlyArray<number>, count: number) {
    return [...this.in(namespace)]
      .map(([id, values]) => ({ id, score: cosine(vector, values) }))
      .toSorted((left, right) => right.score - left.score)
      .slice(0, count);
  }
}

/** True when a value has this shape and nothing besides. */
export const fits = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) => {
  const decode = Schema.decodeUnknownResult(schema);
  return (value: unknown): value is S["Type"] => Result.isSuccess(decode(value, { onExcessProperty: "error" }));
};

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

export interface Told {
  readonly status: number;
  /** JSON, unless it is text. */
  readonly body: unknown;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return text;
}

/** A server on loopback that answers by `tell`, unless the next fault comes first. */
export async function startLoopback(unauthorized: Told, tell: (asked: Asked) => Told) {
  const heard: unknown[] = [];
  const faults: Fault[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://localhost");
    const text = await textOf(request);
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    heard.push({ path: pathname, query: Object.fromEntries(searchParams), body });
    const answer = ({ status, body: told }: Told, headers: Record<string, string> = {}) => {
      const type = typeof told === "string" ? "text/plain" : "application/json";
      response.writeHead(status, { "content-type": type, ...headers });
      response.end(typeof told === "string" ? told : JSON.stringify(told));
    };
    const next = faults.shift() ?? { fault: "none" };
    if (next.fault === "hangs up") response.destroy();
    else if (next.fault === "unauthorized") answer(unauthorized);
    else if (next.fault === "broken") answer({ status: 500, body: { code: 13, message: "internal" } });
    else if (next.fault === "garbled") answer({ status: 200, body: "<html>Service under maintenance</html>" });
    else if (next.fault === "busy")
      answer({ status: 429, body: "Too many requests" }, { "retry-after": String(next.retryAfterSeconds) });
    else if (next.fault === "none")
      answer(
        tell({
          method: request.method!,
          path: pathname,
          query: searchParams,
          headers: request.headers,
          body,
        }),
      );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    meets: (...next: ReadonlyArray<Fault>) => void faults.push(...next),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
