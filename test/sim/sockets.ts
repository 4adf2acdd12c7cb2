/** Sockets of a simulated room: a line between a client and the object, kept while the object sleeps and cut when it dies. */
import type { Chance } from "./chance.ts";
import type { VirtualClock } from "./clock.ts";
import type { Weather } from "./weather.ts";

/** The far end of a line. */
export interface Client {
  readonly received: (text: string) => void;
  readonly closed: () => void;
}

/** The open lines of an object, and when the last of them was cut. */
export class Lines extends Set<Line> {
  emptiedAt = Number.NEGATIVE_INFINITY;
}

/** What both ends hold of a socket. What goes one way arrives in its order. */
export class Line {
  readonly id: string;
  /** What the object keeps of it while it sleeps. */
  attachment: unknown;
  open = true;
  /** All open lines of the same object. */
  readonly #kept: Lines;
  readonly #client: Client;
  readonly #world: { clock: VirtualClock; chance: Chance; weather: () => Weather };
  #downAt = 0;
  #upAt = 0;

  constructor(
    id: string,
    kept: Lines,
    client: Client,
    world: { clock: VirtualClock; chance: Chance; weather: () => Weather },
  ) {
    this.id = id;
    this.#kept = kept;
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
    this.#kept.delete(this);
    if (this.#kept.size === 0) this.#kept.emptiedAt = this.#world.clock.now;
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

/** The sockets of an object as one of its instances sees them: made anew for each life. */
export const socketsOf = (
  life: { readonly sockets: Map<Line, ServerSocket> },
  lines: ReadonlySet<Line>,
  output: (send: () => void) => void,
): ReadonlyArray<ServerSocket> =>
  [...lines].map((line) => {
    const known = life.sockets.get(line);
    if (known !== undefined) return known;
    const made = new ServerSocket(line, (text) => output(() => line.down(text)));
    life.sockets.set(line, made);
    return made;
  });
