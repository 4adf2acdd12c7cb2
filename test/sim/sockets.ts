/** Sockets of a simulated room: a line between a client and the object, kept while the object sleeps and cut when it dies. */
import type { Chance } from "./chance.ts";
import type { VirtualClock } from "./clock.ts";
import type { Instance, Platform, SimulatedObject } from "./platform.ts";
import type { Weather } from "./weather.ts";

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

/** The sockets of an object as this instance sees them: made anew for each of its lives. */
export const socketsOf = (instance: Instance, output: (send: () => void) => void): ReadonlyArray<ServerSocket> =>
  [...instance.object.lines].map((line) => {
    const known = instance.sockets.get(line);
    if (known !== undefined) return known;
    const made = new ServerSocket(line, (text) => output(() => line.down(text)));
    instance.sockets.set(line, made);
    return made;
  });

interface Connection {
  readonly id: string;
}

/** How clients get lines to objects. */
export class Exchange {
  readonly #world: { clock: VirtualClock; chance: Chance; weather: () => Weather; platform: Platform };
  #opened = 0;

  constructor(world: { clock: VirtualClock; chance: Chance; weather: () => Weather; platform: Platform }) {
    this.#world = world;
  }

  /** Opens a socket with these headers, as the Worker would have handed it over. */
  connect(object: SimulatedObject, headers: Readonly<Record<string, string>>, client: Client): Line {
    const line = new Line(`socket-${this.#opened++}`, object, client, this.#world);
    line.up("opens", () =>
      this.#at(line, (instance) => {
        line.attachment = { __pk: { id: line.id, tags: [line.id] }, __user: null };
        object.lines.add(line);
        const connection = this.#connectionOf(instance, line);
        this.#world.platform.visit(
          instance,
          "onConnect",
          [connection, { request: { headers: new Headers(headers) } }],
          () => {},
        );
      }),
    );
    return line;
  }

  send(line: Line, text: string): void {
    if (!line.open) return;
    line.up("sends", () =>
      this.#at(line, (instance) => {
        const socket = this.#socketOf(instance, line);
        if (socket !== undefined) this.#world.platform.visit(instance, "webSocketMessage", [socket, text], () => {});
      }),
    );
  }

  close(line: Line): void {
    line.up("closes", () =>
      this.#at(line, (instance) => {
        const socket = this.#socketOf(instance, line);
        line.cut();
        if (socket !== undefined)
          this.#world.platform.visit(instance, "webSocketClose", [socket, 1000, "", true], () => {});
      }),
    );
  }

  /** Wakes the object for what came over the line; a line to an object that cannot wake is cut. */
  #at(line: Line, body: (instance: Instance) => void): void {
    if (!line.open) return;
    const instance = this.#world.platform.awake(line.object);
    if (instance === undefined) line.cut();
    else body(instance);
  }

  #socketOf(instance: Instance, line: Line): ServerSocket | undefined {
    return socketsOf(instance, (send) => this.#world.platform.output(instance, send)).find(
      (socket) => socket.line === line,
    );
  }

  #connectionOf(instance: Instance, line: Line): Connection {
    const connections = instance.actor["getConnections"]!() as Iterable<Connection>;
    return [...connections].find(({ id }) => id === line.id)!;
  }
}
