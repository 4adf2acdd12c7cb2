/** The bench's own Worker: what is measured inside workerd, and bare objects to compare with; started by program.ts. */
import { type Delivery, deliverAll, deliverBare } from "./delivery.ts";
import type { BareChat } from "./objects/bare-chat.ts";
import type { BareRoom } from "./objects/bare-room.ts";
import type { Append, Log } from "./objects/log.ts";
import type { Memories } from "./objects/memories.ts";
import type { Saying } from "./talk.ts";

export { BareChat } from "./objects/bare-chat.ts";
export { BareRoom } from "./objects/bare-room.ts";
export { Log } from "./objects/log.ts";
export { Memories } from "./objects/memories.ts";

interface BenchEnv {
  readonly LOG: DurableObjectNamespace<Log>;
  readonly CHAT: DurableObjectNamespace<BareChat>;
  readonly ROOM: DurableObjectNamespace<BareRoom>;
  readonly MEMORIES: DurableObjectNamespace<Memories>;
  readonly DB: D1Database;
}

type Operation = (log: DurableObjectStub<Log>, input: unknown) => Promise<unknown>;

const operations: Readonly<Record<string, Operation>> = {
  append: (log, input) => log.append(input as Append),
  appendBare: (log, input) => log.appendBare(input as Append),
  turns: (log, input) => log.turns(input as { readonly turns: number; readonly durable: boolean }),
  fold: (log) => log.fold(),
  verify: (log) => log.verify(),
  snapshotBefore: (log, input) => log.snapshotBefore(input as { readonly tail: number }),
  opened: (log) => log.opened(),
  replayBare: (log, input) => log.replayBare(input as { readonly last: number }),
  size: (log) => log.size(),
  // The call dies with the object: that is what it is for.
  evict: (log) => log.evict().catch(() => ({})),
};

type Asking = (memories: DurableObjectStub<Memories>, input: unknown) => Promise<unknown>;

const askings: Readonly<Record<string, Asking>> = {
  begin: (memories, input) => memories.begin(input as { readonly memory: boolean }),
  hear: (memories, input) => memories.hear(input as { readonly sayings: ReadonlyArray<Saying> }),
  add: (memories, input) => memories.add(input as Saying),
  search: (memories, input) => memories.search(input as { readonly text: string; readonly now: number }),
  rebuild: (memories) => memories.rebuild(),
  nothing: (memories) => memories.nothing(),
  size: (memories) => memories.size(),
  evict: (memories) => memories.evict().catch(() => ({})),
};

async function answer(request: Request, env: BenchEnv): Promise<unknown> {
  const [, kind, name = "", operation = ""] = new URL(request.url).pathname.split("/");
  if (kind === "health") return { status: "ok" };
  const input: unknown = await request.json();
  if (kind === "log") return operations[operation]!(env.LOG.getByName(name), input);
  if (kind === "memories") return (await askings[operation]!(env.MEMORIES.getByName(name), input)) ?? {};
  if (kind === "deliver") return deliverAll(env.DB, input as Delivery);
  if (kind === "deliver-bare") return deliverBare(env.DB, input as Delivery);
  if (kind === "chat") return { text: await env.CHAT.getByName(name).say((input as { readonly text: string }).text) };
  throw new Error(`the bench has no ${kind}`);
}

export default {
  async fetch(request, env) {
    const [, kind, name = ""] = new URL(request.url).pathname.split("/");
    if (kind === "room") return env.ROOM.getByName(name).fetch(request);
    try {
      return Response.json(await answer(request, env));
    } catch (error) {
      return Response.json({ error: error instanceof Error ? error.message : String(error) }, { status: 500 });
    }
  },
} satisfies ExportedHandler<BenchEnv>;
