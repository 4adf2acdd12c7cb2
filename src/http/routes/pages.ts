/** Lists and histories as pages, the same everywhere. */
import { Effect, Result } from "effect";
import type { History, HistoryQuery } from "#actors/kit/doors.ts";
import type { Reply } from "#actors/kit/reply.ts";
import type { Listed } from "#projections/queries.ts";
import { type Asking, ask } from "../asker.ts";
import { problem } from "../problem.ts";

const DEFAULT_LIMIT = 50;

/** A page from the read models; a cursor that is not ours is a fault of the request. */
export const listPage = <Row>(listed: Listed<Row>) =>
  Effect.flatMap(
    Effect.promise(() => listed),
    (found) =>
      Result.isFailure(found)
        ? Effect.fail(
            problem("validation", { errors: [{ path: ["query", "cursor"], message: found.failure.message }] }),
          )
        : Effect.succeed({
            data: found.success.items,
            page: { next_cursor: found.success.next, has_more: found.success.next !== null },
          }),
  );

export interface HistoryParameters {
  readonly after?: number;
  readonly limit?: number;
  readonly type?: string;
}

/** A page of a log; its cursor is the seq to go on after. */
export const historyPage = (
  { after = 0, limit = DEFAULT_LIMIT, type }: HistoryParameters,
  read: (asking: Asking, wanted: HistoryQuery) => Promise<Reply<History>>,
) =>
  Effect.map(
    ask((asking) => read(asking, { after, limit, ...(type === undefined ? {} : { type }) })),
    ({ events, more }) => ({
      data: events.map((event) => ({ ...event, open: event.open ?? null })),
      page: { next_cursor: more ? String(events.at(-1)!.seq) : null, has_more: more },
    }),
  );
