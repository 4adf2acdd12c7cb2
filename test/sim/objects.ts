/** What a simulated run is made of: objects, the lives they have, and the lines of sockets to them; used by platform.ts and all around it. */
import type { Chance } from "./chance.ts";
import type { Entry, Life, VirtualClock } from "./clock.ts";
import type { Disk } from "./disk.ts";
import type { Weather } from "./weather.ts";

export type Kind = "AGENT" | "ROOM" | "USER" | "SYSTEM" | "VAULT";

/** An actor as the platform sees it: methods by name. */
export type Actor = Readonly<Record<string, (...values: ReadonlyArray<unknown>) => unknown>>;

/** A call that an instance has taken and not answered yet. */
export interface Taken {
  readonly fail: () => void;
}

/** One life of an object. */
export interface Instance extends Life {
  readonly object: SimulatedObject;
  readonly number: number;
  actor: Actor;
  /** Another instance has taken over: storage answers this one no more, but it does not know yet. */
  stale: boolean;
  /** Its writes will never be safe, so nothing it says may leave. */
  mute: boolean;
  /** What waits for the disk. */
  readonly held: Array<() => void>;
  readonly taken: Set<Taken>;
  readonly sockets: Map<Line, ServerSocket>;
  flushing: Entry | undefined;
}

/** What is known by a name, dead or alive. */
export interface SimulatedObject {
  readonly kind: Kind;
  readonly name: string;
  /** `agent:agt_…`: the stream it writes. */
  readonly stream: string;
  readonly disk: Disk;
  /** Open sockets. They outlive an instance that sleeps, and none that dies. */
  readonly lines: Set<Line>;
  instance: Instance | undefined;
  bell: Entry | undefined;
  /** Who handles the alarm just now. */
  ringing: Instance | undefined;
  /** How often in a row its alarm has thrown. */
  tries: number;
}

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string };

/** Ways in which the platform itself is bent to play a program that goes wrong (test/sim/mutants.ts). */
export interface Bent {
  /** Answers leave before what they tell of is safe. */
  gateless?: boolean;
  /** A transaction that was taken back looks as if it had been ended. */
  rollbackHidden?: boolean;
  /** Statements as the mutant would have written them. */
  rewrite?: (query: string) => string;
}

export interface Surroundings {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly weather: () => Weather;
  readonly bent: Bent;
  readonly build: (instance: Instance, ctx: DurableObjectState) => Actor;
  /** Something new is safe on this object's disk. */
  readonly safe: (object: SimulatedObject) => void;
}

/** The far end of a line. */
export interface Client {
  readonly received: (text: string) => void;
  readonly closed: () => void;
}

/** What both ends hold of a socket. What goes one way arrives in its order. */
export class Line {
  readonly id: string;
  readonly object: SimulatedObject;
  /** What the object keeps of it while it sleeps. */
  attachment: unknown;
  open = true;
  readonly #client: Client;
  readonly #world: { clock: VirtualClock; chance: Chance; weather: () => Weather };
  #downAt = 0;
  #upAt = 0;

  constructor(
    id: string,
    object: SimulatedObject,
    client: Client,
    world: { clock: VirtualClock; chance: Chance; weather: () => Weather },
  ) {
    this.id = id;
    this.object = object;
    this.#client = client;
    this.#world = world;
  }

  down(text: string): void {
    this.#downAt = this.#due(this.#downAt);
    this.#world.clock.after(this.#downAt - this.#world.clock.now, undefined, `${this.id} down`, () => {
      if (this.open) this.#client.received(text);
    });
  }

  up(what: string, arrived: () => void): void {
    this.#upAt = this.#due(this.#upAt);
    this.#world.clock.after(this.#upAt - this.#world.clock.now, undefined, `${this.id} ${what}`, arrived);
  }

  /** What was on its way is lost; the client notices a moment later. */
  cut(): void {
    if (!this.open) return;
    this.open = false;
    this.object.lines.delete(this);
    this.#world.clock.after(this.#world.chance.between(0, 500), undefined, `${this.id} cut`, this.#client.closed);
  }

  #due(last: number): number {
    const { clock, chance, weather } = this.#world;
    const delay = chance.maybe(weather().slow) ? chance.between(200, 4_000) : chance.between(0, 12);
    return Math.max(last, clock.now + delay);
  }
}

/** The object's end of a line, as one instance holds it; `WebSocket.prototype` lends it its attachment. */
export class ServerSocket {
  readonly line: Line;
  readonly #send: (text: string) => void;

  constructor(line: Line, send: (text: string) => void) {
    this.line = line;
    this.#send = send;
  }

  get readyState(): number {
    return this.line.open ? WebSocket.OPEN : WebSocket.CLOSED;
  }

  send(text: string): void {
    if (!this.line.open) throw new Error("the socket is closed");
    this.#send(text);
  }

  close(): void {
    this.line.cut();
  }
}
