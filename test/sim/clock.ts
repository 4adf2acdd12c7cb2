/** The virtual clock: one queue of everything that is still to happen, and the globals that lead into it while a run lasts. */
import { Chance } from "./chance.ts";

/** Whoever an entry belongs to: what the dead had still meant to do does not happen. */
export interface Life {
  alive: boolean;
  /** How far its own clock is off. */
  readonly skewMs: number;
}

export interface Entry {
  readonly at: number;
  readonly order: number;
  readonly life: Life | undefined;
  /** What it is, for the trace. */
  readonly what: string;
  readonly run: () => void;
  cancelled: boolean;
}

const real = {
  setImmediate: globalThis.setImmediate,
  now: Date.now,
  random: Math.random,
  error: console.error,
};

const before = (left: Entry, right: Entry): boolean =>
  left.at < right.at || (left.at === right.at && left.order < right.order);

export class VirtualClock {
  now: number;
  /** Whose breath it is: timers that are set now are theirs. */
  current: Life | undefined;
  /** A binary heap, the next entry first. */
  readonly #heap: Entry[] = [];
  #order = 0;

  constructor(beginning: number) {
    this.now = beginning;
  }

  /** When the next entry is to happen: never, where nothing is left. What was cancelled may still stand first before a step. */
  get next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** True while something is still to happen in this life. */
  awaits(life: Life): boolean {
    return this.#heap.some((entry) => entry.life === life && !entry.cancelled);
  }

  /** Puts something into the queue, `delayMs` from now. */
  after(delayMs: number, life: Life | undefined, what: string, run: () => void): Entry {
    const at = this.now + Math.max(0, Math.floor(delayMs));
    const entry = { at, order: this.#order++, life, what, run, cancelled: false };
    this.#heap.push(entry);
    let place = this.#heap.length - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (before(this.#heap[parent]!, entry)) break;
      this.#heap[place] = this.#heap[parent]!;
      place = parent;
    }
    this.#heap[place] = entry;
    return entry;
  }

  /**
   * Lets the next entry happen, and everything that follows from it without waiting. Undefined when nothing is left, or
   * when the next one lies behind `until`.
   */
  async step(until = Number.POSITIVE_INFINITY): Promise<Entry | undefined> {
    for (let entry = this.#heap[0]; entry !== undefined; entry = this.#heap[0]) {
      const idle = entry.cancelled || entry.life?.alive === false;
      if (!idle && entry.at > until) return undefined;
      this.#take();
      if (idle) continue;
      this.now = Math.max(this.now, entry.at);
      this.current = entry.life;
      entry.run();
      // Promises settle before the event loop turns: when it has turned, this breath is over.
      await new Promise<void>((turned) => real.setImmediate(turned));
      this.current = undefined;
      return entry;
    }
    return undefined;
  }

  /** A pause for those who live outside of the house. */
  sleep(delayMs: number, what: string): Promise<void> {
    return new Promise((awake) => void this.after(delayMs, undefined, what, awake));
  }

  /** Runs `body` in a world whose time and chance are these; what actors report goes to `told`. */
  async reign<A>(chance: Chance, told: (line: string) => void, body: () => Promise<A>): Promise<A> {
    const former = { ...globals() };
    const release = unguarded((error) => told(`uncaught ${error instanceof Error ? error.stack : error}`));
    // Nonces are drawn into a pool that outlives a run, so they may not use up what decides about it.
    const nonces = new Chance(chance.bits());
    Object.assign(globalThis, this.#timers());
    Date.now = () => this.now + (this.current?.skewMs ?? 0);
    Math.random = () => chance.share();
    console.error = (...said: ReadonlyArray<unknown>) => told(said.map(String).join(" "));
    const uuid = () => `${nonces.bits().toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
    Object.defineProperties(crypto, {
      getRandomValues: { configurable: true, value: (bytes: Uint8Array) => nonces.fill(bytes) },
      randomUUID: { configurable: true, value: uuid },
    });
    try {
      return await body();
    } finally {
      release();
      Object.assign(globalThis, former);
      Date.now = real.now;
      Math.random = real.random;
      console.error = real.error;
      // What was put onto the object hid what its prototype has.
      Reflect.deleteProperty(crypto, "getRandomValues");
      Reflect.deleteProperty(crypto, "randomUUID");
    }
  }

  #timers() {
    const set =
      (what: string) =>
      (run: (...values: unknown[]) => void, delayMs?: number, ...values: unknown[]) =>
        this.after(delayMs ?? 0, this.current, what, () => run(...values));
    const clear = (entry: Entry | undefined) => {
      if (entry !== undefined) entry.cancelled = true;
    };
    return {
      setTimeout: set("timer"),
      clearTimeout: clear,
      setImmediate: (run: () => void) => set("immediate")(run),
      clearImmediate: clear,
      setInterval: () => {
        throw new Error("nobody in the house repeats a timer for ever");
      },
    };
  }

  #take(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.#heap.length) break;
      const right = left + 1;
      const child = right < this.#heap.length && before(this.#heap[right]!, this.#heap[left]!) ? right : left;
      if (before(last, this.#heap[child]!)) break;
      this.#heap[place] = this.#heap[child]!;
      place = child;
    }
    this.#heap[place] = last;
  }
}

/** What nobody catches is a finding, not the end of the process. Answers how to give the process its own guards back. */
function unguarded(found: (error: unknown) => void): () => void {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const guards = events.map((event) => [event, process.listeners(event as "uncaughtException")] as const);
  for (const event of events) process.removeAllListeners(event).on(event, found);
  return () => {
    for (const [event, listeners] of guards) {
      process.removeAllListeners(event);
      for (const listener of listeners) process.on(event, listener);
    }
  };
}

const globals = () => {
  const { setTimeout, clearTimeout, setImmediate, clearImmediate, setInterval } = globalThis;
  return { setTimeout, clearTimeout, setImmediate, clearImmediate, setInterval };
};
