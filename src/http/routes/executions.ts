/** Tool calls as the API tells them, from a running turn's outcome or from the read model. */
import { Effect } from "effect";
import type { ToolOutcome, WordsReference } from "#actors/kit/doors.ts";
import { type ExecutionRow, executionsFor } from "#projections/queries.ts";
import type { ToolExecution } from "../api.ts";
import { Asker, type Asking, perform, SETTLE_MS } from "../asker.ts";
import { listPage } from "./pages.ts";
import { agentId } from "./paths.ts";

/** A call of a turn that has just ended. */
export const executionOf = (tool: ToolOutcome, agent: string, turn: string): typeof ToolExecution.Type => ({
  id: tool.callId,
  agent_id: agent,
  turn_id: turn,
  tool: tool.tool,
  status: tool.status,
  input: tool.input,
  output: tool.output,
  error: tool.error,
  ms: tool.ms,
  executed_at: new Date(tool.at).toISOString(),
});

/** The words of a row, by where its agent's log holds them. */
const references = (row: ExecutionRow): ReadonlyArray<WordsReference> =>
  [row.input_data.seq, row.output_data?.seq, row.error_message?.words?.seq]
    .filter((seq) => seq !== undefined)
    .map((seq) => ({ seq }));

/** Opens the words of these rows, each agent asked once. */
async function revealed({ env, principal }: Asking, rows: ReadonlyArray<ExecutionRow>) {
  const words = new Map<string, Record<string, unknown>>();
  const byAgent = Map.groupBy(rows, (row) => row.agent_id);
  await Promise.all(
    [...byAgent].map(async ([agent, own]) => {
      const wanted = own.flatMap(references);
      const reply = await env.AGENT.getByName(agent).reveal(principal, wanted);
      if (reply.outcome === "accepted")
        wanted.forEach(({ seq }, index) => {
          const found = reply.value[index];
          if (found) words.set(`${agent}/${seq}`, found);
        });
    }),
  );
  return rows.map((row): typeof ToolExecution.Type => {
    const at = (seq: number | undefined) => (seq === undefined ? undefined : words.get(`${row.agent_id}/${seq}`));
    const inputs = at(row.input_data.seq)?.arguments as Readonly<Record<string, string>> | undefined;
    return {
      id: row.id,
      agent_id: row.agent_id,
      turn_id: row.turn_id,
      tool: row.tool_name,
      status: row.execution_status,
      input: inputs?.[row.input_data.call] ?? null,
      output: (at(row.output_data?.seq)?.result as string | undefined) ?? null,
      error: (at(row.error_message?.words?.seq)?.detail as string | undefined) ?? row.error_message?.reason ?? null,
      ms: row.execution_time_ms,
      executed_at: row.executed_at,
    };
  });
}

/** The tool calls of the caller's agents, newest first. */
export const listExecutions = Effect.fnUntraced(function* (query: {
  readonly agent_id?: string;
  readonly tool?: string;
  readonly status?: string;
  readonly limit?: number;
  readonly cursor?: string;
}) {
  const asking = yield* Asker;
  const { agent_id, ...paging } = query;
  if (agent_id !== undefined) {
    const known = yield* agentId(agent_id);
    yield* perform(({ env }) => env.AGENT.getByName(known).settle(SETTLE_MS));
  }
  const page = yield* listPage(
    executionsFor(
      asking.env.DB,
      asking.principal.userId,
      agent_id === undefined ? paging : { ...paging, agent: agent_id },
    ),
  );
  return { ...page, data: yield* perform((current) => revealed(current, page.data)) };
});
