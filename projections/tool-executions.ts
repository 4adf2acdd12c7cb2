/** `tool_executions`: every tool call a model asked for, and what came of it; listed by `queries.ts`. */
import { json, moment, sealedText, wordsOf } from "./kit/columns.ts";
import { defineProjection, defineTable } from "./kit/projection.ts";

const rows = defineTable({
  name: "tool_executions_v1",
  scope: "agent_id",
  key: ["id"],
  columns: {
    id: "text",
    turn_id: "text",
    tool_name: "text",
    input_data: "text",
    output_data: "text?",
    execution_status: "text",
    error_message: "text?",
    executed_at: "text",
    execution_time_ms: "integer?",
    replay: "text?",
  },
});

export const toolExecutions = defineProjection({
  name: "tool-executions",
  version: 1,
  reads: "agent",
  tables: [rows],
  project: {
    // The arguments of all calls of a round are sealed in one piece. It is named here, not copied: eight calls would
    // hold it eight times.
    ModelReplied: (event) =>
      event.open.calls.map(({ callId, tool }) =>
        rows.insert({
          id: callId,
          turn_id: event.open.turnId,
          tool_name: tool,
          input_data: json({ seq: event.seq, call: callId }),
          execution_status: "pending",
          executed_at: moment(event.at),
        }),
      ),
    ToolRequested: (event) => [rows.update({ id: event.open.callId }, { replay: event.open.replay })],
    ToolDenied: (event) => [
      rows.update(
        { id: event.open.callId },
        { execution_status: "denied", error_message: json({ reason: event.open.why, words: null }) },
      ),
    ],
    ToolExecuted: (event) => [
      rows.update(
        { id: event.open.callId },
        { execution_status: "success", output_data: sealedText(event), execution_time_ms: event.open.ms },
      ),
    ],
    ToolFailed: (event) => [
      rows.update(
        { id: event.open.callId },
        {
          execution_status: "error",
          error_message: json({ reason: event.open.reason, words: wordsOf(event) }),
          execution_time_ms: event.open.ms,
        },
      ),
    ],
    ToolOutcomeUnknown: (event) => [rows.update({ id: event.open.callId }, { execution_status: "unknown" })],
    AgentDeleted: () => [rows.clear()],
  },
});
