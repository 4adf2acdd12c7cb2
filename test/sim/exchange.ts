/** How clients get lines to simulated objects, and what comes over them is handed to partyserver; used by watchers. */
import type { Chance } from "./chance.ts";
import type { VirtualClock } from "./clock.ts";
import type { Instance, SimulatedObject } from "./instance.ts";
import type { Platform } from "./platform.ts";
import { type Client, Line, type ServerSocket, socketsOf } from "./sockets.ts";
import type { Weather } from "./weather.ts";

interface Connection {
  readonly id: string;
}

/** The client's end of a line. */
export interface Wire {
  readonly open: () => boolean;
  readonly send: (text: string) => void;
  readonly close: () => void;
}

interface Surroundings {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly weather: () => Weather;
  readonly platform: Platform;
}

export class Exchange {
  readonly #world: Surroundings;
  #opened = 0;

  constructor(world: Surroundings) {
    this.#world = world;
  }

  /** Opens a socket with these headers, as the Worker would have handed it over. */
  connect(object: SimulatedObject, headers: Readonly<Record<string, string>>, client: Client): Wire {
    const { platform } = this.#world;
    const line = new Line(`socket-${this.#opened++}`, object.lines, client, this.#world);
    /** Wakes the object for what comes over the line; a line to an object that cannot wake is cut. */
    const at = (what: string, body: (instance: Instance) => void) =>
      line.up(what, () => {
        if (!line.open) return;
        const instance = platform.awake(object);
        if (instance === undefined) line.cut();
        else body(instance);
      });
    const visit = (instance: Instance, method: string, ...values: ReadonlyArray<unknown>) =>
      platform.visit(instance, method, values, () => {});
    at("opens", (instance) => {
      line.attachment = { __pk: { id: line.id, tags: [line.id] }, __user: null };
      object.lines.add(line);
      visit(instance, "onConnect", connectionOf(instance, line), { request: { headers: new Headers(headers) } });
    });
    return {
      open: () => line.open,
      send: (text) =>
        at("sends", (instance) => visit(instance, "webSocketMessage", this.#socketOf(instance, line), text)),
      close: () =>
        at("closes", (instance) => {
          const socket = this.#socketOf(instance, line);
          line.cut();
          visit(instance, "webSocketClose", socket, 1000, "", true);
        }),
    };
  }

  #socketOf(instance: Instance, line: Line): ServerSocket | undefined {
    const { platform } = this.#world;
    const sockets = socketsOf(instance, instance.object.lines, (send) => platform.output(instance, send));
    return sockets.find((socket) => socket.line === line);
  }
}

/** The connection that partyserver makes of a socket. */
function connectionOf({ actor }: Instance, line: Line): Connection | undefined {
  const connections = actor["getConnections"]!() as Iterable<Connection>;
  return [...connections].find(({ id }) => id === line.id);
}
