-- agent_conversations, version 1 (projections/conversations.ts).
CREATE TABLE agent_conversations_v1 (
  agent_id             TEXT    NOT NULL,
  room_id              TEXT    NOT NULL,
  id                   TEXT    NOT NULL, -- <agent_id>:<room_id>
  conversation_summary TEXT,
  last_message_at      TEXT,
  message_count        INTEGER NOT NULL,
  relationship_data    TEXT,
  created_at           TEXT    NOT NULL,
  PRIMARY KEY (agent_id, room_id)
) STRICT;
CREATE INDEX agent_conversations_v1_newest ON agent_conversations_v1 (agent_id, created_at, id);

CREATE VIEW agent_conversations AS
SELECT id, agent_id, room_id, conversation_summary, last_message_at, message_count, relationship_data, created_at
FROM agent_conversations_v1;
