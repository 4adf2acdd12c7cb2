/** People who watch a room over a socket: they come back when the line is cut, and must see everything once and in its order. */

import type { Principal } from "#actors/kit/doors.ts";
import { PRINCIPAL_HEADER } from "#actors/room/frames.ts";
import { shownTypes } from "#actors/room/views.ts";
import type { Chance } from "./chance.ts";
import type { Chronicle, Tell } from "./chronicle.ts";
import type { VirtualClock } from "./clock.ts";
import type { Exchange, Wire } from "./exchange.ts";
import type { SimulatedObject } from "./instance.ts";
import type { Speech } from "./speech.ts";

interface Surroundings {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly chronicle: Chronicle;
  readonly exchange: Exchange;
  readonly speech: Speech;
  readonly tell: Tell;
  /** Hears of what is worth counting. */
  readonly note: (what: string) => void;
}

/** What the house calls a watcher's way back to a reply that is just coming. */
export const BACK_IN_MID_REPLY = "watcher back in mid-reply";

type Payload = Readonly<Record<string, unknown>>;
type Frame = readonly [string | null, string | null, string, string, Payload];

const shown: ReadonlySet<string> = new Set(shownTypes);

export class Watcher {
  readonly #world: Surroundings;
  readonly #by: Principal;
  readonly #room: SimulatedObject;
  readonly #topic: string;
  readonly #waiting = new Map<string, (response: Payload | undefined) => void>();
  /** What was seen of each turn's reply while it came. */
  readonly #replies = new Map<string, string>();
  /** Turns whose reply has begun and has not come to its end here. */
  readonly #growing = new Set<string>();
  /** What it was shown of each message in the end, by the message's id. */
  readonly #words = new Map<unknown, unknown>();
  #wire: Wire | undefined;
  #refs = 0;
  #joined = false;
  /** The seq of what was seen last; undefined before anything was. */
  #seen: number | undefined;

  constructor(world: Surroundings, by: Principal, room: SimulatedObject) {
    this.#world = world;
    this.#by = by;
    this.#room = room;
    this.#topic = `room:${room.name}`;
  }

  /** True while it is told what happens. */
  get joined(): boolean {
    return this.#joined;
  }

  /** What it has seen when all is quiet must be all there is. */
  checkLevel(): void {
    const last = this.#world.chronicle.of(this.#room.stream).findLast(({ type }) => shown.has(type));
    if (this.#joined && last !== undefined && (this.#seen ?? 0) < last.seq)
      this.#world.tell(
        "sockets",
        `${this.#by.userId} has seen ${this.#seen} of ${this.#topic}, which stands at ${last.seq}`,
      );
  }

  /** Whatever it has seen of a message in pieces, however often its line was cut meanwhile: it ends with the words that stand there. */
  checkWords(messages: ReadonlyArray<{ readonly id: string; readonly text: string | null }>): void {
    for (const { id, text } of messages)
      if (text !== null && this.#words.has(id) && this.#words.get(id) !== text)
        this.#world.tell(
          "sockets",
          `${this.#by.userId} was shown ${id} as ${JSON.stringify(this.#words.get(id))}, which says ${JSON.stringify(text)}`,
        );
  }

  connect(): void {
    const { exchange, chance } = this.#world;
    const principal = encodeURIComponent(JSON.stringify(this.#by));
    const wire = exchange.connect(
      this.#room,
      { [PRINCIPAL_HEADER]: principal },
      {
        received: (text) => this.#received(JSON.parse(text) as Frame),
        closed: () => this.#closed(),
      },
    );
    this.#wire = wire;
    const ref = this.#ref((response) => {
      if (response === undefined) return;
      const seq = response["seq"] as number;
      if (this.#seen === undefined || response["resync"] === true) this.#seen = seq;
      else if (this.#growing.size > 0) this.#world.note(BACK_IN_MID_REPLY);
      this.#joined = true;
    });
    const after = this.#seen === undefined ? {} : { after_seq: this.#seen };
    wire.send(JSON.stringify([ref, ref, this.#topic, "phx_join", after]));
    if (chance.maybe(0.1)) wire.close(); // and away again, before there can be an answer
  }

  /** Sends something that asks for an answer; undefined when there was none, or it was no. */
  push(event: string, payload: Payload): Promise<Payload | undefined> {
    return new Promise((answered) => {
      if (this.#wire === undefined || !this.#joined) return answered(undefined);
      this.#wire.send(JSON.stringify([null, this.#ref(answered), this.#topic, event, payload]));
    });
  }

  leave(): void {
    if (this.#wire?.open()) this.#wire.close();
  }

  #ref(answered: (response: Payload | undefined) => void): string {
    const ref = String(++this.#refs);
    this.#waiting.set(ref, answered);
    return ref;
  }

  #received([, ref, , event, payload]: Frame): void {
    if (event === "phx_reply") {
      const answered = this.#waiting.get(ref ?? "");
      this.#waiting.delete(ref ?? "");
      answered?.(payload["status"] === "ok" ? (payload["response"] as Payload) : undefined);
    }
    if (event === "agent_message") this.#heard(payload);
    if (event === "message_created") this.#words.set(payload["id"], payload["text"]);
    if (event === "phx_close") this.#joined = false;
    // Whatever is durable carries the room's seq; all other frames may be lost.
    else if (typeof payload["seq"] === "number") this.#saw(event, payload["seq"]);
  }

  /** A reply as it grows, and at its end what stands in its place; joined, for a word may come in two pieces. */
  #heard({ turn_id, message_id, phase, delta, text }: Payload): void {
    const turnId = String(turn_id);
    if (phase === "end") {
      this.#growing.delete(turnId);
      this.#words.set(message_id, text);
    } else {
      this.#growing.add(turnId);
      // A line that is cut where it hurts most.
      if (this.#world.chance.maybe(0.05)) this.leave();
    }
    const before = phase === "delta" ? (this.#replies.get(turnId) ?? "") : "";
    const now = before + String((phase === "end" ? text : delta) ?? "");
    this.#replies.set(turnId, now);
    this.#world.speech.shown(turnId, now);
  }

  #saw(event: string, seq: number): void {
    const { chronicle, tell } = this.#world;
    const seen = this.#seen ?? 0;
    if (seq <= seen) tell("sockets", `${this.#by.userId} saw ${event} ${seq} of ${this.#topic} after ${seen}`);
    const missed = chronicle.of(this.#room.stream).find((other) => other.seq > seen && shown.has(other.type));
    if (missed?.seq !== seq) tell("sockets", `${this.#by.userId} saw ${seq} of ${this.#topic} and not ${missed?.seq}`);
    this.#seen = seq;
  }

  #closed(): void {
    this.#joined = false;
    this.#wire = undefined;
    for (const answered of this.#waiting.values()) answered(undefined);
    this.#waiting.clear();
    const { clock, chance } = this.#world;
    if (chance.maybe(0.95))
      clock.after(chance.between(100, 3_000), undefined, "a watcher comes back", () => this.connect());
  }
}
