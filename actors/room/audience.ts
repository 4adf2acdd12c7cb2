/** The sockets of a room: who has joined, who is present, and how a frame reaches all of them; owned by RoomActor. */
import type { Connection } from "partyserver";
import type { Sighting } from "../kit/doors.ts";
import { frame, type PresenceState, type ServerFrames } from "./frames.ts";

/** What a socket keeps across hibernation; small, for the platform limits it to 16 KiB. */
export interface Seat {
  readonly userId: string;
  readonly name: string;
  readonly roles: ReadonlyArray<string>;
  /** Null until the client joined the topic. */
  readonly joinRef: string | null;
  readonly presenceRef: string;
}

type AgentStatus = "idle" | "thinking";

export class Audience {
  readonly #topic: string;
  /**
   * Reading an attachment deserialises it, which makes a broadcast 3.5 times dearer, so joined sockets are also kept
   * here; after a wake the map is filled again from the attachments.
   */
  readonly #joined = new Map<Connection<Seat>, Seat>();
  /** How each agent stands; unknown after a wake. */
  readonly #agents = new Map<string, AgentStatus>();

  constructor(topic: string, sockets: Iterable<Connection<Seat>>) {
    this.#topic = topic;
    for (const socket of sockets) {
      const seat = socket.state;
      if (seat !== null && seat.joinRef !== null) this.#joined.set(socket, seat);
    }
  }

  get size(): number {
    return this.#joined.size;
  }

  isJoined(socket: Connection<Seat>): boolean {
    return this.#joined.has(socket);
  }

  /** One text to every socket that has joined; a closing one is passed over. */
  broadcast(event: string, payload: unknown): void {
    if (this.#joined.size === 0) return;
    const text = frame(null, null, this.#topic, event, payload);
    for (const socket of this.#joined.keys()) this.#send(socket, text);
  }

  /**
   * Signs of life of agents, to all; what they say of their thinking is their presence too. `nameOf` knows the agents that
   * are here: of another one nothing is shown but that something has ended, for whoever saw it begin must see that.
   */
  show(sightings: ReadonlyArray<Sighting>, nameOf: (agentId: string) => string | undefined): void {
    for (const sighting of sightings) {
      const { event, payload } = sighting;
      const { agent_id: agentId } = payload as ServerFrames["agent_thinking" | "tool_execution"];
      const name = nameOf(agentId);
      if (name === undefined && !isEnding(sighting)) continue;
      if (sighting.only === undefined) this.broadcast(event, payload);
      else this.#tell(sighting.only, event, payload);
      if (event === "agent_thinking" && name !== undefined)
        this.agentIs(agentId, name, isEnding(sighting) ? "idle" : "thinking");
    }
  }

  /** A socket takes its seat: it is told who is here, all others that it came. */
  join(socket: Connection<Seat>, seat: Seat, agents: Readonly<Record<string, { readonly name: string }>>): void {
    this.#broadcastDiff({ [`user:${seat.userId}`]: this.#person(seat) }, {});
    this.#joined.set(socket, seat);
    this.#send(socket, frame(seat.joinRef, null, this.#topic, "presence_state", this.#state(agents)));
  }

  /** A socket leaves its seat, by its own will or because it closed. */
  leave(socket: Connection<Seat>): void {
    const seat = this.#joined.get(socket);
    if (seat === undefined) return;
    this.#joined.delete(socket);
    this.#broadcastDiff({}, { [`user:${seat.userId}`]: this.#person(seat) });
  }

  /** Everybody's channel of this person is closed: they are no participant any more. */
  dismiss(userId: string): void {
    for (const [socket, seat] of this.#joined)
      if (seat.userId === userId) {
        this.#send(socket, frame(seat.joinRef, seat.joinRef, this.#topic, "phx_close", {}));
        this.leave(socket);
        socket.setState({ ...seat, joinRef: null }); // it must not find its seat again after a wake
      }
  }

  /**
   * An agent starts or ends its thinking: its presence changes. The reference says the status, so that a room that
   * slept meanwhile takes back what it had told before.
   */
  agentIs(agentId: string, name: string, status: AgentStatus): void {
    if (this.#agents.get(agentId) === status) return;
    this.#agents.set(agentId, status);
    const key = `agent:${agentId}`;
    const former = status === "idle" ? "thinking" : "idle";
    this.#broadcastDiff({ [key]: agentMeta(agentId, name, status) }, { [key]: agentMeta(agentId, name, former) });
  }

  agentCame(agentId: string, name: string): void {
    this.#agents.set(agentId, "idle");
    this.#broadcastDiff({ [`agent:${agentId}`]: agentMeta(agentId, name, "idle") }, {});
  }

  agentLeft(agentId: string, name: string): void {
    const status = this.#agents.get(agentId) ?? "idle";
    this.#agents.delete(agentId);
    this.#broadcastDiff({}, { [`agent:${agentId}`]: agentMeta(agentId, name, status) });
  }

  /** One person's sockets, wherever they sit. */
  #tell<E extends keyof ServerFrames>(userId: string, event: E, payload: unknown): void {
    for (const [socket, seat] of this.#joined)
      if (seat.userId === userId) this.#send(socket, frame(seat.joinRef, null, this.#topic, event, payload));
  }

  #broadcastDiff(joins: PresenceState, leaves: PresenceState): void {
    this.broadcast("presence_diff", { joins, leaves });
  }

  #state(agents: Readonly<Record<string, { readonly name: string }>>): PresenceState {
    const state: Record<string, PresenceState[string]> = {};
    for (const seat of this.#joined.values()) {
      const key = `user:${seat.userId}`;
      state[key] = { metas: [...(state[key]?.metas ?? []), ...this.#person(seat).metas] };
    }
    for (const [agentId, { name }] of Object.entries(agents))
      state[`agent:${agentId}`] = agentMeta(agentId, name, this.#agents.get(agentId) ?? "idle");
    return state;
  }

  #person({ presenceRef, name }: Seat): PresenceState[string] {
    return { metas: [{ phx_ref: presenceRef, kind: "user", status: "online", name }] };
  }

  #send(socket: WebSocket, text: string): void {
    try {
      socket.send(text);
    } catch {
      // It is closing; its own close event will take the seat away.
    }
  }
}

/** What a turn, or a call of it, can end as without its agent having said anything. */
const endings: ReadonlySet<string> = new Set(["done", "failed", "stopped", "denied", "unknown"]);

function isEnding({ event, payload }: Sighting): boolean {
  if (event === "agent_thinking") return endings.has((payload as ServerFrames["agent_thinking"]).state);
  return event === "tool_execution" && endings.has((payload as ServerFrames["tool_execution"]).status);
}

const agentMeta = (agentId: string, name: string, status: AgentStatus): PresenceState[string] => ({
  metas: [{ phx_ref: `${agentId}:${status}`, kind: "agent", status, name }],
});
