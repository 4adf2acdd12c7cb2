/** The telephone exchange of a simulated run: clients connect to rooms, speak, hang up, and lose their lines. */
import type { Chance } from "./chance.ts";
import type { VirtualClock } from "./clock.ts";
import { type Client, type Instance, Line, type ServerSocket, type SimulatedObject } from "./objects.ts";
import type { Platform } from "./platform.ts";
import { socketsOf } from "./sockets.ts";
import type { Weather } from "./weather.ts";

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
