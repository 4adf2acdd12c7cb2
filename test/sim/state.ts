/** The `DurableObjectState` that an instance gets: its name, its storage, and the handful of other things the house touches. */
import type { Disk } from "./disk.ts";
import type { Instance, Surroundings } from "./instance.ts";
import type { ServerSocket } from "./sockets.ts";

/** What an instance's state tells the platform, and asks of it. */
export interface Ties {
  /** Hears of every write. */
  readonly written: () => void;
  readonly sockets: () => ReadonlyArray<ServerSocket>;
}

/** Blobs come as `ArrayBuffer` from a Durable Object's SQLite. */
const asStored = (row: ReadonlyArray<unknown>): unknown[] =>
  row.map((value) => (value instanceof Uint8Array ? value.buffer : value));

class Cursor {
  readonly #rows: ReadonlyArray<ReadonlyArray<unknown>>;
  readonly #disk: Disk;
  readonly #query: string;

  constructor(rows: ReadonlyArray<ReadonlyArray<unknown>>, disk: Disk, query: string) {
    this.#rows = rows;
    this.#disk = disk;
    this.#query = query;
  }

  /** To be asked before the next statement. */
  get rowsWritten(): number {
    return this.#disk.reads(this.#query) ? 0 : this.#disk.changes();
  }

  raw(): IterableIterator<unknown[]> {
    return this.#rows.map(asStored).values();
  }

  toArray(): ReadonlyArray<Readonly<Record<string, unknown>>> {
    const columns = this.#disk.columns(this.#query);
    return this.#rows.map((row) => Object.fromEntries(asStored(row).map((value, index) => [columns[index]!, value])));
  }

  [Symbol.iterator]() {
    return this.toArray().values();
  }
}

function storageOf(instance: Instance, world: Surroundings, written: () => void) {
  const { disk } = instance.object;
  /** The disk, as long as it is this instance's. */
  const reach = () => {
    if (instance.stale || !instance.alive) throw new Error("this instance was superseded: its storage is closed");
    return disk;
  };
  const trip = (probability: number, what: string) => {
    if (world.chance.maybe(probability)) throw new Error(`storage: ${what}`);
  };
  const exec = (query: string, ...values: ReadonlyArray<unknown>): Cursor => {
    reach();
    const asked = world.bent.rewrite?.(query) ?? query;
    if (!disk.reads(asked)) trip(world.weather().full, "the statement was not run");
    const rows = disk.execute(asked, values);
    if (disk.unsafe) written();
    return new Cursor(rows, disk, asked);
  };
  const transactionSync = <A>(body: () => A): A => {
    reach();
    let result: { readonly value: A } | undefined;
    const keep = () => {
      result = { value: body() };
      return result.value;
    };
    try {
      return disk.transaction(keep, () => trip(world.weather().transaction, "the transaction was not ended"));
    } catch (error) {
      if (result !== undefined && world.bent.rollbackHidden) return result.value;
      throw error;
    } finally {
      written();
    }
  };
  const ofAlarm = (at: number | null) => {
    reach();
    disk.alarm = at;
    written();
    return Promise.resolve();
  };
  return {
    sql: { exec },
    transactionSync,
    setAlarm: (at: number | Date) => ofAlarm(Number(at)),
    deleteAlarm: () => ofAlarm(null),
    getAlarm: async () => reach().alarm,
    get: async (key: string) => reach().kept.get(key),
    put: async (key: string, value: unknown) => void reach().kept.set(key, value),
  };
}

/** The state of one instance. */
export function stateOf(instance: Instance, world: Surroundings, { written, sockets }: Ties): DurableObjectState {
  const { name, stream } = instance.object;
  const state = {
    id: { name, toString: () => stream, equals: (other: unknown) => String(other) === stream },
    storage: storageOf(instance, world, written),
    waitUntil: (work: Promise<unknown>) => void work.catch((error) => console.error(`${stream} waitUntil`, error)),
    blockConcurrencyWhile: <A>(body: () => Promise<A>) => body(),
    getWebSockets: sockets,
    setWebSocketAutoResponse: () => {},
  };
  return state as unknown as DurableObjectState;
}
