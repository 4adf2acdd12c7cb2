-- chat_rooms and room_members, version 1 (projections/rooms.ts).
CREATE TABLE chat_rooms_v1 (
  id              TEXT    NOT NULL PRIMARY KEY,
  name            TEXT    NOT NULL,
  kind            TEXT    NOT NULL, -- public, private, direct
  created_by      TEXT    NOT NULL,
  created_at      TEXT    NOT NULL,
  closed          INTEGER NOT NULL,
  message_count   INTEGER NOT NULL,
  last_message_at TEXT
) STRICT;
CREATE INDEX chat_rooms_v1_newest ON chat_rooms_v1 (kind, closed, created_at, id);

CREATE TABLE room_members_v1 (
  room_id     TEXT NOT NULL,
  member_kind TEXT NOT NULL, -- user, agent
  member_id   TEXT NOT NULL,
  name        TEXT,          -- of agents; people's are sealed
  joined_at   TEXT NOT NULL,
  PRIMARY KEY (room_id, member_kind, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_members_v1_member ON room_members_v1 (member_kind, member_id);

CREATE VIEW chat_rooms AS
SELECT id, name, kind, created_by, created_at, closed, message_count, last_message_at
FROM chat_rooms_v1;
CREATE VIEW room_members AS
SELECT room_id, member_kind, member_id, name, joined_at
FROM room_members_v1;
