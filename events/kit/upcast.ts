/** Lifts an event's open part from the version it was written in to the newest; used by every reader of a log. */

/** `{ 1: (open) => open of version 2, … }`: one step up per version, each total. */
export type Upcasts = Readonly<Record<number, (open: Readonly<Record<string, unknown>>) => Record<string, unknown>>>;

/** An event from a newer program than this one: folds refuse it, projections wait. */
export class LogFromTheFuture extends Error {
  override readonly name = "LogFromTheFuture";
  readonly type: string;
  readonly v: number;
  constructor(type: string, v: number) {
    super(`event ${type} version ${v} was written by a newer program`);
    this.type = type;
    this.v = v;
  }
}

/**
 * The open part as the newest version has it.
 * @throws LogFromTheFuture when `v` is newer than `definition.v`.
 */
export function upcast(
  definition: { readonly type: string; readonly v: number; readonly upcasts: Upcasts },
  v: number,
  open: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (v > definition.v) throw new LogFromTheFuture(definition.type, v);
  let lifted = open;
  for (let version = v; version < definition.v; version++) {
    const step = definition.upcasts[version];
    if (step === undefined) throw new Error(`${definition.type} has no way up from version ${version}`);
    lifted = step(lifted);
  }
  return lifted;
}
