/** The sockets of a room: who has joined, who is present, and how a frame reaches all of them; owned by RoomActor. */
import type { Connection } from "partyserver";
import type { Sighting } from "../kit/doors.ts";
import { frame, type PresenceState, type ServerFrames } from "./frames.ts";
import { RunningReplies } from "./running-replies.ts";

/** What a socket keeps across hibernation; small, for the platform limits it to 16 KiB. */
export interface Seat {
  readonly userId: string;
  readonly name: string;
  readonly roles: ReadonlyArray<string>;
  /** Null until the client joined the topic. */
  readonly joinRef: string | null;
  readonly presenceRef: string;
}

/** An agent that takes part. */
export interface AgentHere {
  readonly name: string;
  /** False while its owner has switched it off. */
  readonly active: boolean;
}

const agentStatuses = ["idle", "thinking", "off"] as const;
type AgentStatus = (typeof agentStatuses)[number];

export class Audience {
  readonly #topic: string;
  /**
   * Reading an attachment deserialises it, which makes a broadcast 3.5 times dearer, so joined sockets are also kept
   * here; after a wake the map is filled again from the attachments.
   */
  readonly #joined = new Map<Connection<Seat>, Seat>();
  /** What was told of each agent; unknown after a wake. */
  readonly #told = new Map<string, AgentStatus>();
  /** The turn that each agent is at, as far as it has shown one. */
  readonly #turns = new Map<string, string>();
  readonly #replies = new RunningReplies();

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
   * Signs of life of agents, to all; what they say of their thinking is their presence too. `agentOf` knows the agents that
   * are here: of another one nothing is shown but that something has ended, for whoever saw it begin must see that.
   */
  show(sightings: ReadonlyArray<Sighting>, agentOf: (agentId: string) => AgentHere | undefined): void {
    for (const sighting of sightings) {
      const { event, payload } = sighting;
      const { agent_id: agentId, turn_id: turnId } = payload as ServerFrames["agent_thinking" | "tool_execution"];
      const agent = agentOf(agentId);
      const ends = isEnding(sighting);
      if (agent === undefined && !ends) continue;
      if (event === "agent_message") this.#replies.shown(payload as ServerFrames["agent_message"]);
      if (sighting.only === undefined) this.broadcast(event, payload);
      else this.#tell(sighting.only, event, payload);
      // After the sign, which says how the turn ended: a page that heard of the reply first would know of no turn any more.
      if (event === "agent_thinking" && ends) this.#breakOff(agentId, turnId);
      if (event === "agent_thinking") this.#follow(payload as ServerFrames["agent_thinking"], ends);
      if (event === "agent_thinking" && agent !== undefined) this.agentStands(agentId, agent);
    }
  }

  /** Which turn an agent is at. Who only waits is at none, and the end of what waited is not the end of what runs. */
  #follow({ agent_id: agentId, turn_id: turnId, state }: ServerFrames["agent_thinking"], ends: boolean): void {
    if (ends && this.#turns.get(agentId) === turnId) this.#turns.delete(agentId);
    if (!ends && state !== "queued") this.#turns.set(agentId, turnId);
  }

  /** A reply that people see growing will never be whole: they are told, or it would stand there half for ever. */
  #breakOff(agentId: string, turnId?: string): void {
    const end = this.#replies.brokenOff(agentId, turnId);
    if (end !== undefined) this.broadcast("agent_message", end);
  }

  /** What an agent had to say in this turn is stored, and everybody was told. */
  replied(agentId: string, turnId: string): void {
    this.#replies.stored(agentId, turnId);
  }

  /** Somebody was erased, and what agents are saying may be words of theirs: nobody who comes is shown it [S2]. */
  forgetReplies(): void {
    this.#replies.forget();
  }

  /** A socket takes its seat: it is told who is here, all others that it came. */
  join(socket: Connection<Seat>, seat: Seat, agents: Readonly<Record<string, AgentHere>>): void {
    this.#broadcastDiff({ [`user:${seat.userId}`]: this.#person(seat) }, {});
    this.#joined.set(socket, seat);
    this.#send(socket, frame(seat.joinRef, null, this.#topic, "presence_state", this.#state(agents)));
  }

  /** A socket that has come is told what was shown of the replies that run, so that what comes next goes on from there. */
  catchUp(socket: Connection<Seat>, seat: Seat): void {
    for (const piece of this.#replies.soFar())
      this.#send(socket, frame(seat.joinRef, null, this.#topic, "agent_message", piece));
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
   * Tells how an agent stands, where that is news: it thinks, it listens, it is switched off. The reference says the
   * status, so that a room that slept meanwhile takes back what it had told before, whatever that was.
   */
  agentStands(agentId: string, agent: AgentHere): void {
    const status = this.#statusOf(agentId, agent);
    if (this.#told.get(agentId) === status) return;
    this.#told.set(agentId, status);
    this.#broadcastDiff(
      { [`agent:${agentId}`]: agentMetas(agentId, agent.name, [status]) },
      { [`agent:${agentId}`]: agentMetas(agentId, agent.name, others(status)) },
    );
  }

  agentCame(agentId: string, agent: AgentHere): void {
    const status = this.#statusOf(agentId, agent);
    this.#told.set(agentId, status);
    this.#broadcastDiff({ [`agent:${agentId}`]: agentMetas(agentId, agent.name, [status]) }, {});
  }

  agentLeft(agentId: string): void {
    this.#breakOff(agentId);
    this.#told.delete(agentId);
    this.#turns.delete(agentId);
    this.#broadcastDiff({}, { [`agent:${agentId}`]: agentMetas(agentId, "", agentStatuses) });
  }

  #statusOf(agentId: string, { active }: AgentHere): AgentStatus {
    return this.#turns.has(agentId) ? "thinking" : active ? "idle" : "off";
  }

  /** One person's sockets, wherever they sit. */
  #tell<E extends keyof ServerFrames>(userId: string, event: E, payload: unknown): void {
    for (const [socket, seat] of this.#joined)
      if (seat.userId === userId) this.#send(socket, frame(seat.joinRef, null, this.#topic, event, payload));
  }

  #broadcastDiff(joins: PresenceState, leaves: PresenceState): void {
    this.broadcast("presence_diff", { joins, leaves });
  }

  #state(agents: Readonly<Record<string, AgentHere>>): PresenceState {
    const state: Record<string, PresenceState[string]> = {};
    for (const seat of this.#joined.values()) {
      const key = `user:${seat.userId}`;
      state[key] = { metas: [...(state[key]?.metas ?? []), ...this.#person(seat).metas] };
    }
    for (const [agentId, agent] of Object.entries(agents))
      state[`agent:${agentId}`] = agentMetas(agentId, agent.name, [this.#statusOf(agentId, agent)]);
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

const others = (status: AgentStatus): ReadonlyArray<AgentStatus> => agentStatuses.filter((other) => other !== status);

const agentMetas = (agentId: string, name: string, statuses: ReadonlyArray<AgentStatus>): PresenceState[string] => ({
  metas: statuses.map((status) => ({ phx_ref: `${agentId}:${status}`, kind: "agent", status, name })),
});
