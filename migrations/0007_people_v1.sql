-- users, version 1 (projections/people.ts).
CREATE TABLE users_v1 (
  clerk_user_id TEXT NOT NULL PRIMARY KEY,
  display_name  TEXT, -- sealed words: {"sealed","seq"}
  created_at    TEXT NOT NULL
) STRICT;

CREATE VIEW users AS
SELECT clerk_user_id, display_name, created_at
FROM users_v1;
