-- agent_memories over time (projections/memories.ts). Version 1 still: no event that these columns are made of had been
-- written before they came, so that every row that stands is as it would be made today.
ALTER TABLE agent_memories_v1 ADD COLUMN state TEXT NOT NULL DEFAULT 'live'; -- 'live', 'archived' or 'merged'
ALTER TABLE agent_memories_v1 ADD COLUMN valid_to TEXT;                      -- until when it held; NULL while it holds
ALTER TABLE agent_memories_v1 ADD COLUMN superseded_by TEXT;                 -- the memory that took its place

-- What was merged into another memory lives on in it; what was archived is marked until it is forgotten.
DROP VIEW agent_memories;
CREATE VIEW agent_memories AS
SELECT id, agent_id, memory_type, content, embedding_vector, importance_score, context, about, created_at, accessed_at,
  access_count, state, valid_to, superseded_by
FROM agent_memories_v1
WHERE state <> 'merged';

-- The id of a memory, merged or not, leads to the agent that has it (projections/queries.ts).
CREATE VIEW agent_memory_holders AS SELECT id, agent_id FROM agent_memories_v1;
