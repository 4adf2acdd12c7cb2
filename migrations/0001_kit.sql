-- How far each version of each projection has come in each stream. The cursor stands beside the rows it describes and
-- moves in the same transaction; NOT NULL is what stops a batch that comes twice (projections/kit/deliver.ts).
CREATE TABLE projection_cursors (
  stream     TEXT    NOT NULL,
  projection TEXT    NOT NULL,
  version    INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  PRIMARY KEY (stream, projection, version)
) STRICT, WITHOUT ROWID;
