/** Deliveries of an agent's log into D1, by the real projections and bare; run inside the bench Worker for parts/projection.ts. */
import type { AgentEvent } from "#events/agent/events.ts";
import type { Recorded } from "#events/kit/envelope.ts";
import { eventId } from "#events/kit/ids.ts";
import { liveFor } from "#projections/index.ts";
import { deliver } from "#projections/kit/deliver.ts";
import { ada, life, metaOf } from "./history.ts";
import type { Timed } from "./objects/log.ts";

export interface Delivery {
  /** Makes the stream's name, so that every run has rows of its own. */
  readonly label: string;
  readonly count: number;
  readonly batch: number;
}

function recorded(event: AgentEvent, seq: number, stream: string): Recorded {
  const { id: command, by: actor, at, correlation, causation } = metaOf(`bench-${seq}`, seq);
  const envelope = { seq, id: eventId(at, stream, seq), type: event.type, v: 1, at, actor, command };
  // As long as real ciphertext of about a hundred characters; what it says is nobody's business here.
  const sealed = event.sealed === undefined ? {} : { sealed: new Uint8Array(140).fill(seq % 256) };
  return { ...envelope, correlation, causation, open: event.open, ...sealed };
}

const logOf = (stream: string, count: number): ReadonlyArray<Recorded> =>
  Array.from(life("life").take(count), (event, index) => recorded(event, index + 1, stream));

/** As the feeds do it: each projection with a cursor and a batch of its own, and only what it reads. */
export async function deliverAll(db: D1Database, { label, count, batch }: Delivery): Promise<Timed> {
  const stream = `agent:${ada}-${label}` as const;
  const log = logOf(stream, count);
  const readers = liveFor("agent").map((projection) => ({ projection, types: new Set(projection.types), cursor: 0 }));
  const begun = performance.now();
  for (let done = 0; done < count; done += batch) {
    const events = log.slice(done, done + batch);
    const to = done + events.length;
    await Promise.all(
      readers.map(async (reader) => {
        const wanted = events.filter(({ type }) => reader.types.has(type));
        if (wanted.length === 0) return;
        const answer = await deliver(db, [reader.projection], stream, { from: reader.cursor, to }, wanted);
        if (answer.outcome !== "applied") throw new Error(`${reader.projection.id} stands elsewhere`);
        reader.cursor = to;
      }),
    );
  }
  return { ms: performance.now() - begun, events: count };
}

/** The same log as one INSERT per event into one table, batched alike: what D1 takes without any folding. */
export async function deliverBare(db: D1Database, { label, count, batch }: Delivery): Promise<Timed> {
  await db
    .prepare(
      "CREATE TABLE IF NOT EXISTS bench_events (stream TEXT, seq INTEGER, type TEXT, open TEXT, PRIMARY KEY (stream, seq))",
    )
    .run();
  const log = logOf(`agent:${ada}-${label}`, count);
  const insert = db.prepare("INSERT INTO bench_events (stream, seq, type, open) VALUES (?, ?, ?, ?)");
  const begun = performance.now();
  for (let done = 0; done < count; done += batch) {
    const events = log.slice(done, done + batch);
    await db.batch(events.map(({ seq, type, open }) => insert.bind(label, seq, type, JSON.stringify(open))));
  }
  return { ms: performance.now() - begun, events: count };
}
