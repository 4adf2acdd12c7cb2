-- agent_memories, version 1 (projections/memories.ts). The agent is part of the key: no agent can touch the memory of
-- another, not even by the same id.
CREATE TABLE agent_memories_v1 (
  agent_id         TEXT    NOT NULL,
  id               TEXT    NOT NULL,
  memory_type      TEXT    NOT NULL,
  content          TEXT    NOT NULL, -- sealed words: {"sealed","seq"}
  embedding_vector TEXT,             -- stays in the agent's own object
  importance_score REAL    NOT NULL,
  context          TEXT    NOT NULL, -- {"turn_id","room_id","basis","source_seqs"}
  about            TEXT    NOT NULL, -- ids of the people it is about
  created_at       TEXT    NOT NULL,
  accessed_at      TEXT    NOT NULL,
  access_count     INTEGER NOT NULL,
  PRIMARY KEY (agent_id, id)
) STRICT;
CREATE INDEX agent_memories_v1_newest ON agent_memories_v1 (agent_id, created_at, id);

CREATE VIEW agent_memories AS
SELECT id, agent_id, memory_type, content, embedding_vector, importance_score, context, about, created_at, accessed_at,
  access_count
FROM agent_memories_v1;
