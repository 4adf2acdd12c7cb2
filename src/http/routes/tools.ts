/** Handlers for tools: what exists, and what was called. */
import { Effect } from "effect";
import { HttpApiBuilder } from "effect/http-api";
import { toolCatalogue } from "../../tools/shelf.ts";
import { Api } from "../api.ts";
import { problem } from "../problem.ts";
import { listExecutions } from "./executions.ts";

/** The shelf is short: a page of it is found by counting. */
const listTools = ({ limit = 50, cursor = "0" }: { readonly limit?: number; readonly cursor?: string }) => {
  const start = /^\d{1,6}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isNaN(start))
    return Effect.fail(
      problem("validation", {
        errors: [{ path: ["query", "cursor"], message: "This cursor does not belong to this list." }],
      }),
    );
  const data = toolCatalogue.slice(start, start + limit);
  const next = start + data.length;
  const more = next < toolCatalogue.length;
  return Effect.succeed({ data, page: { next_cursor: more ? String(next) : null, has_more: more } });
};

export const ToolRoutes = HttpApiBuilder.group(
  Api,
  "tools",
  Effect.fnUntraced(function* (handlers) {
    return handlers.handleAll({
      listTools: ({ query }) => listTools(query),
      listToolExecutions: ({ query }) => listExecutions(query),
    });
  }),
);
