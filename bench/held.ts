/** What the JavaScript heap of a running Worker holds, asked of its inspector; used by parts/recall.ts. */
import { Schema } from "effect";
import { until } from "./processes.ts";

const Targets = Schema.Array(Schema.Struct({ id: Schema.String, webSocketDebuggerUrl: Schema.String }));
const Answer = Schema.fromJsonString(
  Schema.Struct({
    id: Schema.optionalKey(Schema.Int),
    result: Schema.optionalKey(
      Schema.Struct({
        usedSize: Schema.optionalKey(Schema.Finite),
        backingStorageSize: Schema.optionalKey(Schema.Finite),
      }),
    ),
  }),
);
type Usage = NonNullable<(typeof Answer.Type)["result"]>;

/** A Worker whose isolate can be looked into. */
export interface Inspected {
  readonly url: string;
  readonly inspectorPort: number;
}

/** A conversation with the inspector of the Worker. */
async function connected({ url, inspectorPort: port }: Inspected) {
  const listed = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const [target] = Schema.decodeUnknownSync(Targets)(listed);
  if (target === undefined) throw new Error(`the inspector at ${port} shows no Worker`);
  // Wrangler's proxy wants to know what page it is that looks in.
  const socket = new WebSocket(target.webSocketDebuggerUrl, { headers: { origin: "http://localhost" } } as never);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error(`the inspector at ${port} does not answer`)), {
      once: true,
    });
  });
  let asked = 0;
  const ask = async (method: string) => {
    const id = ++asked;
    let answered: Usage | undefined;
    const hear = ({ data }: MessageEvent) => {
      const answer = Schema.decodeUnknownSync(Answer)(String(data));
      if (answer.id === id) answered = answer.result ?? {};
    };
    socket.addEventListener("message", hear);
    socket.send(JSON.stringify({ id, method }));
    // An isolate that nobody uses does not answer: a request wakes it.
    await until(`${method} to be answered`, 60_000, async () => {
      await (await fetch(`${url}/health`)).text();
      return answered !== undefined;
    });
    socket.removeEventListener("message", hear);
    return answered!;
  };
  return { ask, close: () => socket.close() };
}

/** Bytes of living objects and buffers in a Worker's isolate: what could be thrown away is, first. */
export async function heldBytes(worker: Inspected): Promise<number> {
  const { ask, close } = await connected(worker);
  try {
    // What the first collection finalizes, the second one frees.
    for (let round = 0; round < 3; round++) await ask("HeapProfiler.collectGarbage");
    const { usedSize = Number.NaN, backingStorageSize = 0 } = await ask("Runtime.getHeapUsage");
    return usedSize + backingStorageSize;
  } finally {
    close();
  }
}
