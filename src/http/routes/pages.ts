/** Lists and histories as pages, the same everywhere. */
import { Effect, Result } from "effect";
import type { History, HistoryQuery } from "#actors/kit/doors.ts";
import type { Reply } from "#actors/kit/reply.ts";
import type { Listed } from "#projections/queries.ts";
import { type Asking, ask } from "../asker.ts";
import { problem } from "../problem.ts";

const DEFAULT_LIMIT = 50;

/** The cursor was not given out by this list: a fault like every other of the request. */
export const badCursor = () =>
  problem("validation", {
    errors: [{ path: ["query", "cursor"], message: "This cursor does not belong to this list." }],
  });

/** A page from the read models; a cursor that is not ours is a fault of the request. */
export const listPage = <Row>(listed: Listed<Row>) =>
  Effect.flatMap(
    Effect.promise(() => listed),
    (found) =>
      Result.isFailure(found)
        ? Effect.fail(badCursor())
        : Effect.succeed({
            data: found.success.items,
            page: { next_cursor: found.success.next, has_more: found.success.next !== null },
          }),
  );

export interface HistoryParameters {
  readonly after?: number;
  readonly cursor?: string;
  readonly limit?: number;
  readonly type?: string;
}

/** A page of a log; its cursor is the seq to go on after. */
export const historyPage = Effect.fnUntraced(function* (
  { after = 0, cursor, limit = DEFAULT_LIMIT, type }: HistoryParameters,
  read: (asking: Asking, wanted: HistoryQuery) => Promise<Reply<History>>,
) {
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) return yield* badCursor();
  const wanted = {
    after: cursor === undefined ? after : Number(cursor),
    limit,
    ...(type === undefined ? {} : { type }),
  };
  const { events, more } = yield* ask((asking) => read(asking, wanted));
  return {
    data: events.map((event) => ({ ...event, open: event.open ?? null })),
    page: { next_cursor: more ? String(events.at(-1)!.seq) : null, has_more: more },
  };
});
