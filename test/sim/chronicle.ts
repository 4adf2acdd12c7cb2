/** What is safe on the disks, stream by stream: the one witness that no crash can make forget; read by every invariant. */
import type { SimulatedObject } from "./instance.ts";

/** Reports what was broken: the promise's number in house.md II.3, or one word. */
export type Tell = (promise: string, what: string) => void;

/** An event as it stands on a disk, with nothing upcast: invariants go by types and by fields that never change. */
export interface Happened {
  readonly stream: string;
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly at: number;
  readonly actor: string;
  readonly command: string;
  readonly causation: string | null;
  readonly open: Readonly<Record<string, unknown>>;
}

const COLUMNS = "seq, id, type, at, actor, command, causation, open";

export class Chronicle {
  readonly #streams = new Map<string, Happened[]>();
  readonly #see: (event: Happened) => void;
  readonly #tell: Tell;

  /** `see` hears every event once, in the order in which they became safe. */
  constructor(see: (event: Happened) => void, tell: Tell) {
    this.#see = see;
    this.#tell = tell;
  }

  of(stream: string): ReadonlyArray<Happened> {
    return this.#streams.get(stream) ?? [];
  }

  all(kind: string): ReadonlyArray<ReadonlyArray<Happened>> {
    return [...this.#streams]
      .flatMap(([stream, events]) => (stream.startsWith(`${kind}:`) ? [events] : []))
      .filter((events) => events.length > 0);
  }

  /** Takes over what has become safe. Nothing that was safe may be missing. */
  read({ stream, disk }: SimulatedObject): void {
    const known = this.#streams.get(stream);
    if (known === undefined && disk.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'", []).length === 0)
      return;
    const events = known ?? [];
    this.#streams.set(stream, events);
    const rows = disk.execute(`SELECT ${COLUMNS} FROM events WHERE seq >= ? ORDER BY seq`, [events.length]);
    if (events.length > 0 && rows[0]?.[1] !== events.at(-1)?.id)
      this.#tell("loss", `${stream} has lost event ${events.length}, which was safe`);
    for (const [seq, id, type, at, actor, command, causation, open] of rows) {
      if (Number(seq) <= events.length) continue;
      if (Number(seq) !== events.length + 1) this.#tell("L1", `${stream} goes from ${events.length} to ${seq}`);
      const event = {
        ...{ stream, seq: Number(seq), id: String(id), type: String(type), at: Number(at), actor: String(actor) },
        ...{ command: String(command), causation: causation === null ? null : String(causation) },
        open: JSON.parse(String(open)) as Happened["open"],
      };
      events.push(event);
      this.#see(event);
    }
  }
}
