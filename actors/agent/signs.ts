/** Signs of life on their way to one room: gathered into bundles, of which each turn may fill so many frames a second; used by RoomChannels. */
import { now } from "../kit/clock.ts";
import type { Sighting } from "../kit/doors.ts";

/**
 * Signs wait this long for company: one call instead of several, at most sixteen bundles a second, and well under the
 * 300 ms in which people want to see life.
 */
export const BUNDLE_MS = 60;
/** Whoever looks gets no more frames of one turn in any second. What is more waits; what is newer takes its place. */
export const FRAMES_PER_SECOND = 20;
/** From so many frames of a turn a second on, signs give way to newer ones; below, people see every state it goes through. */
const CROWDED = 12;
/** The stored message and the last sign of its turn, which the room shows by itself when it takes a reply. */
const FRAMES_OF_REPLY = 2;

type Payload = Readonly<Record<string, unknown>>;
const payloadOf = ({ payload }: Sighting): Payload => payload as Payload;
const turnOf = (sighting: Sighting): unknown => payloadOf(sighting)["turn_id"];

/** Two pieces of one reply as one; undefined when they are not that. */
function joined(one: Sighting, other: Sighting): Sighting | undefined {
  const [first, second] = [payloadOf(one), payloadOf(other)];
  const deltas = first["phase"] === "delta" && second["phase"] === "delta";
  if (!deltas || first["message_id"] !== second["message_id"]) return undefined;
  return { event: one.event, payload: { ...first, delta: `${first["delta"]}${second["delta"]}` } };
}

/** True when the newer sign says all that the older one did: how a turn stands now, how a call stands now. */
const outdates = (newer: Sighting, older: Sighting): boolean =>
  newer.event === older.event &&
  turnOf(newer) === turnOf(older) &&
  (newer.event === "agent_thinking" ||
    (newer.event === "tool_execution" && payloadOf(newer)["id"] === payloadOf(older)["id"]));

/** The newer sign, with what only the older one told: the input of a call, say. */
const updated = (older: Sighting, newer: Sighting): Sighting => ({
  event: newer.event,
  payload: {
    ...payloadOf(older),
    ...Object.fromEntries(Object.entries(payloadOf(newer)).filter(([, value]) => value !== undefined)),
  },
});

export class SignQueue {
  readonly #send: (sightings: ReadonlyArray<Sighting>) => void;
  #waiting: ReadonlyArray<Sighting> = [];
  /** The frames of the last second, oldest first. */
  #sent: ReadonlyArray<{ readonly turn: unknown; readonly at: number }> = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (sightings: ReadonlyArray<Sighting>) => void) {
    this.#send = send;
  }

  /** Takes a sign, which goes out soon: together with others, or in the place of one that it outdates. */
  add(sighting: Sighting): void {
    const turn = turnOf(sighting);
    const last = this.#waiting.findLastIndex((other) => turnOf(other) === turn);
    const whole = last < 0 ? undefined : joined(this.#waiting[last]!, sighting);
    const outdated = this.#isCrowded(turn) ? this.#waiting.find((other) => outdates(sighting, other)) : undefined;
    if (whole !== undefined) this.#waiting = this.#waiting.with(last, whole);
    else
      this.#waiting = [
        ...this.#waiting.filter((other) => other !== outdated),
        outdated === undefined ? sighting : updated(outdated, sighting),
      ];
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#flush(), BUNDLE_MS);
  }

  #isCrowded(turn: unknown): boolean {
    return this.#framesOf(turn) + this.#waiting.filter((other) => turnOf(other) === turn).length >= CROWDED;
  }

  /** True when the reply of this turn may go out, with all that waits to be shown before it. */
  hasRoomForReply(turnId: string): boolean {
    const waiting = this.#waiting.filter((sighting) => turnOf(sighting) === turnId).length;
    return this.#framesOf(turnId) + waiting + FRAMES_OF_REPLY <= FRAMES_PER_SECOND;
  }

  /** What waits to be shown before the reply of this turn; it goes out with the reply. */
  takeForReply(turnId: string): ReadonlyArray<Sighting> {
    const taken = this.#waiting.filter((sighting) => turnOf(sighting) === turnId);
    this.#waiting = this.#waiting.filter((sighting) => turnOf(sighting) !== turnId);
    for (let frame = 0; frame < taken.length + FRAMES_OF_REPLY; frame++) this.#count(turnId);
    return taken;
  }

  #framesOf(turn: unknown): number {
    const secondAgo = now() - 1_000;
    this.#sent = this.#sent.filter(({ at }) => at > secondAgo);
    return this.#sent.filter((frame) => frame.turn === turn).length;
  }

  #count(turn: unknown): void {
    this.#sent = [...this.#sent, { turn, at: now() }];
  }

  /** Sends what may be sent, each turn's in its order; the rest waits for the next bundle. */
  #flush(): void {
    this.#timer = undefined;
    const bundle: Sighting[] = [];
    const rest: Sighting[] = [];
    for (const sighting of this.#waiting) {
      const turn = turnOf(sighting);
      const mayGo = this.#framesOf(turn) < FRAMES_PER_SECOND && !rest.some((other) => turnOf(other) === turn);
      if (mayGo) this.#count(turn);
      (mayGo ? bundle : rest).push(sighting);
    }
    this.#waiting = rest;
    if (rest.length > 0) this.#timer = setTimeout(() => this.#flush(), BUNDLE_MS);
    if (bundle.length > 0) this.#send(bundle);
  }
}
