/** Feeds that keep the read models in D1 up to date, one per live projection; every actor with a projected stream adds them. */
import { liveFor } from "#projections/index.ts";
import { deliver } from "#projections/kit/deliver.ts";
import type { Projection, StreamKind, StreamName } from "#projections/kit/projection.ts";
import type { Consumer, Feeds, Source } from "./feeds.ts";

/** The log, as a read-model feed needs it. */
export interface ProjectedLog extends Source {
  readonly stream: string;
  read(after: number, limit: number, types?: ReadonlyArray<string>): ReturnType<Source["read"]>;
}

const nameOf = ({ id }: Projection): string => `d1:${id}`;

/** Names of the feeds of a kind of stream. */
export const readModelFeeds = (kind: StreamKind): ReadonlyArray<string> => liveFor(kind).map(nameOf);

/** Adds a feed for every live projection of this kind of stream. */
export function addReadModels(feeds: Feeds, log: ProjectedLog, kind: StreamKind, db: D1Database): void {
  for (const projection of liveFor(kind)) feeds.add(readModelConsumer(projection, log, db));
}

/**
 * The cursor in D1 is the truth and the bookmark a hint. The bookmark passes over events that the projection does not
 * read, so the two part; where D1 stands is learned when its guard refuses, and then remembered.
 */
export function readModelConsumer(projection: Projection, log: ProjectedLog, db: D1Database): Consumer {
  const stream = log.stream as StreamName;
  let cursor: number | undefined;
  return {
    name: nameOf(projection),
    wants: new Set(projection.types),
    async deliver(events, { from, to }) {
      for (;;) {
        const guard: number = cursor ?? from;
        const unseen = events.filter(({ seq }) => seq > guard);
        const answer = await deliver(db, [projection], stream, { from: guard, to }, unseen);
        if (answer.outcome === "applied") {
          cursor = to;
          return to;
        }
        cursor = answer.cursors[projection.id]!;
        if (cursor >= to) return cursor; // an earlier try had succeeded and only its answer was lost
        // D1 stands lower. If nothing it reads lies between, the bookmark merely ran ahead: deliver from its cursor.
        const skipped = log.read(cursor, 1, projection.types)[0];
        if (skipped !== undefined && skipped.seq <= from) return cursor; // restored from a backup: go back and replay
      }
    },
  };
}
