/** Brings a batch of a stream's events into D1, exactly once in effect; called by the feeds of actors and by rebuilds. */
import { Schema } from "effect";
import type { Recorded } from "#events/kit/envelope.ts";
import { cursorsOf } from "../queries.ts";
import { fold, type Statement } from "./fold.ts";
import type { Projection, Stream, StreamName } from "./projection.ts";

/** The part of D1 that is used: a database, or a session of one. */
export type Database = Pick<D1Database, "prepare" | "batch">;

/** The cursors stand at `from` before a batch and at `to` after it; its events lie behind `from` and not behind `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * `elsewhere`: nothing was written, because some cursor did not stand at `from`; all of them are told, by
 * `name@version`. A cursor at `to` or beyond means that an earlier batch had succeeded and only its answer was lost:
 * the bookmark moves there. A cursor before `from` means that the database was restored: the bookmark goes back to it.
 */
export type Delivered =
  | { readonly outcome: "applied" }
  | { readonly outcome: "elsewhere"; readonly cursors: Readonly<Record<string, number>> };

/** D1 did not take the batch, or did not say so; the same delivery may be tried again. */
export class ProjectionFailure extends Schema.TaggedError<ProjectionFailure>()("ProjectionFailure", {
  stream: Schema.String,
  detail: Schema.String,
}) {}

/**
 * The two statements that let a batch in once. A cursor that is not where it should be becomes NULL, which the column
 * forbids, and the whole batch is undone [P1]. They are two because SQLite checks NOT NULL before ON CONFLICT, so an
 * upsert would trip over the row it is about to replace.
 */
export function guard(projections: ReadonlyArray<Projection>, stream: StreamName, range: Range): Statement[] {
  const names = JSON.stringify(projections.map(({ name, version }) => [name, version]));
  const named = "SELECT value ->> 0, value ->> 1 FROM json_each(?1)";
  return [
    {
      sql: `INSERT OR IGNORE INTO projection_cursors (projection, version, stream, seq)
        SELECT value ->> 0, value ->> 1, ?2, 0 FROM json_each(?1)`,
      parameters: [names, stream],
    },
    {
      sql: `UPDATE projection_cursors SET seq = CASE WHEN seq = ?3 THEN ?4 END
        WHERE stream = ?2 AND (projection, version) IN (${named})`,
      parameters: [names, stream, range.from, range.to],
    },
  ];
}

function streamOf(name: StreamName, projections: ReadonlyArray<Projection>): Stream {
  const at = name.indexOf(":");
  const stray = projections.find(({ reads }) => reads !== name.slice(0, at));
  if (stray !== undefined) throw new Error(`${stray.id} does not read ${name}`);
  return { kind: name.slice(0, at) as Stream["kind"], id: name.slice(at + 1) };
}

/** A gap or a step back inside a batch would be lost for ever behind the cursor, so it is a defect of the caller. */
function checkOrder({ from, to }: Range, events: ReadonlyArray<Recorded>): void {
  let last = from;
  for (const { seq } of events) {
    if (seq <= last || seq > to) throw new Error(`event ${seq} is out of order in the batch ${from}..${to}`);
    last = seq;
  }
}

/**
 * Delivers events of one stream to projections whose cursors are level, in one transaction: all of it happens, or
 * nothing. Events that no projection reads may be left out; the cursors move all the same.
 * @throws ProjectionFailure when D1 cannot be asked, or refuses rows.
 */
export async function deliver(
  db: Database,
  projections: ReadonlyArray<Projection>,
  stream: StreamName,
  range: Range,
  events: ReadonlyArray<Recorded>,
): Promise<Delivered> {
  if (projections.length === 0) return { outcome: "applied" };
  const source = streamOf(stream, projections);
  checkOrder(range, events);
  const rows = projections.flatMap((projection) => fold(projection, source, events));
  const statements = [...guard(projections, stream, range), ...rows];
  try {
    await db.batch(statements.map(({ sql, parameters }) => db.prepare(sql).bind(...parameters)));
    return { outcome: "applied" };
  } catch (cause) {
    return elsewhere(db, projections, stream, range, cause);
  }
}

/** D1 names errors in prose only, so not the error is judged but the cursors: they say what really stands there. */
async function elsewhere(
  db: Database,
  projections: ReadonlyArray<Projection>,
  stream: StreamName,
  { from }: Range,
  cause: unknown,
): Promise<Delivered> {
  const failed = (reason: unknown) => new ProjectionFailure({ stream, detail: String(reason) });
  const all = await cursorsOf(db, stream).catch((reason: unknown) => Promise.reject(failed(reason)));
  const cursors = Object.fromEntries(projections.map(({ id }) => [id, all[id] ?? 0]));
  if (Object.values(cursors).every((seq) => seq === from)) throw failed(cause);
  return { outcome: "elsewhere", cursors };
}
