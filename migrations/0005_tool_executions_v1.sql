-- tool_executions, version 1 (projections/tool-executions.ts). The columns that can be large stand last, so that filters
-- do not read them.
CREATE TABLE tool_executions_v1 (
  agent_id          TEXT    NOT NULL,
  id                TEXT    NOT NULL,
  turn_id           TEXT    NOT NULL,
  tool_name         TEXT    NOT NULL,
  execution_status  TEXT    NOT NULL, -- pending, success, error, denied, unknown
  executed_at       TEXT    NOT NULL, -- when the model asked for it
  execution_time_ms INTEGER,
  replay            TEXT,             -- pure, idempotent, once; empty until the gate let the call pass
  input_data        TEXT    NOT NULL, -- {"seq","call"}: the event whose sealed arguments hold the input under the call's id
  output_data       TEXT,             -- sealed words: {"sealed","seq"}
  error_message     TEXT,             -- {"reason","words"}, words sealed
  PRIMARY KEY (agent_id, id)
) STRICT;
CREATE INDEX tool_executions_v1_newest ON tool_executions_v1 (agent_id, executed_at, id);

CREATE VIEW tool_executions AS
SELECT id, agent_id, turn_id, tool_name, input_data, output_data, execution_status, error_message, executed_at,
  execution_time_ms, replay
FROM tool_executions_v1;
