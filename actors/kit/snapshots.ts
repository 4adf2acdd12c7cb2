/** A folded state kept beside the log, for a faster start: never needed, and never trusted further than it can be read [L7]; used by the ledger. */
import { Option, Schema } from "effect";
import { insertRows, type SqlPort } from "./sql.ts";

/** A state as it was after event `seq`. */
export interface Snapshot<State> {
  readonly seq: number;
  readonly state: State;
}

/** What a snapshot is read and written by, of a Decider. */
interface Fold<State> {
  readonly foldVersion: number;
  readonly initial: State;
  readonly state: Schema.Codec<State, unknown>;
}

/**
 * The snapshot of this fold, or the beginning of the log where there is none that can be read: of a state that its
 * schema does not take, or of events that the log has not got.
 */
export function newestSnapshot<State>(sql: SqlPort, fold: Fold<State>, head: number): Snapshot<State> {
  const start = { seq: 0, state: fold.initial };
  const row = sql.rows("SELECT seq, state FROM snapshots WHERE fold = ?", fold.foldVersion)[0];
  if (row === undefined || Number(row[0]) > head) return start;
  const state = Schema.decodeUnknownOption(Schema.fromJsonString(fold.state))(row[1]);
  return Option.match(state, { onNone: () => start, onSome: (state) => ({ seq: Number(row[0]), state }) });
}

/** Replaces the snapshot, and those of older folds. */
export function keepSnapshot<State>(sql: SqlPort, fold: Fold<State>, { seq, state }: Snapshot<State>): void {
  sql.run("DELETE FROM snapshots");
  insertRows(sql, "snapshots (fold, seq, state)", [[fold.foldVersion, seq, JSON.stringify(state)]]);
}
