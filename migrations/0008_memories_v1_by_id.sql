-- A memory's own path names no agent: its id leads to the agent that has it (projections/queries.ts).
CREATE INDEX agent_memories_v1_by_id ON agent_memories_v1 (id);
