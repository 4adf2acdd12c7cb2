-- ai_agents, version 1 (projections/agents.ts). No table has foreign keys: its rows come from other streams than those
-- they point to, in any order.
CREATE TABLE ai_agents_v1 (
  id             TEXT    NOT NULL PRIMARY KEY,
  name           TEXT    NOT NULL,
  description    TEXT,             -- sealed words: {"sealed","seq"}
  created_by     TEXT    NOT NULL,
  llm_provider   TEXT    NOT NULL,
  model_name     TEXT    NOT NULL,
  system_prompt  TEXT    NOT NULL, -- sealed words
  personality    TEXT,             -- {"traits","communicationStyle","words"}, words sealed
  capabilities   TEXT    NOT NULL, -- names of tools that are not off
  memory_enabled INTEGER NOT NULL,
  is_active      INTEGER NOT NULL,
  max_tokens     INTEGER,
  temperature    REAL,
  version        INTEGER NOT NULL,
  created_at     TEXT    NOT NULL,
  updated_at     TEXT    NOT NULL
) STRICT;
CREATE INDEX ai_agents_v1_newest ON ai_agents_v1 (created_by, created_at, id);
CREATE INDEX ai_agents_v1_name ON ai_agents_v1 (created_by, name COLLATE NOCASE, id);

-- seq: the event of the agent's stream up to which the row is true.
CREATE VIEW ai_agents AS
SELECT id, name, description, created_by, llm_provider, model_name, system_prompt, personality, capabilities,
  memory_enabled, is_active, max_tokens, temperature, version, created_at, updated_at,
  (SELECT seq FROM projection_cursors
   WHERE stream = 'agent:' || ai_agents_v1.id AND projection = 'agents' AND version = 1) AS seq
FROM ai_agents_v1;
