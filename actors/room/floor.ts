/** Keeps the floor moving: asks each agent that was offered it how that ended, and passes it on when nobody says; owned by RoomActor. */
import { Schema } from "effect";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { AgentId, agentName, childId, MessageId } from "#events/kit/ids.ts";
import type { RoomCommandOf } from "#events/room/commands.ts";
import type { RoomEvent } from "#events/room/events.ts";
import { FLOOR_MS, mayPass, type PassedBecause, type Rhythm } from "#events/room/rhythm.ts";
import { now } from "../kit/clock.ts";
import type { AgentDoor, Sighting, TurnOutcome } from "../kit/doors.ts";
import type { Timer, Timers } from "../kit/timers.ts";
import { WaitingLine } from "./waiting-line.ts";

const FLOOR = "floor";

/** An agent that may answer a message; `cause` is the event that said so. */
const Offer = Schema.Struct({
  messageId: MessageId,
  agentId: AgentId,
  cause: Schema.String,
  correlation: Schema.String,
});
type Offer = typeof Offer.Type;
const decodeOffer = Schema.decodeUnknownSync(Offer);

/** What the floor asks of its room. */
export interface FloorRoom {
  readonly rhythm: () => Rhythm;
  readonly timers: Timers;
  readonly agent: (agentId: AgentId) => Pick<AgentDoor, "outcome">;
  readonly commit: (command: RoomCommandOf<"PassFloor">) => Promise<unknown>;
  readonly inBackground: (work: Promise<unknown>) => void;
  readonly show: (sightings: ReadonlyArray<Sighting>) => void;
}

/** Why an agent that spoke no word let the floor go by. */
const reasons: { readonly [Ending in Exclude<TurnOutcome["ending"], "open">]: PassedBecause } = {
  declined: "declined",
  failed: "failed",
  replied: "coalesced", // it has answered something newer, and this with it
};

const offerOf = (
  {
    id: cause,
    correlation,
    open: { messageId },
  }: Extract<RecordedOf<RoomEvent>, { type: "MessagePosted" | "FloorGranted" }>,
  agentId: AgentId,
): Offer => ({ messageId, agentId, cause, correlation });

export class Floor {
  readonly #room: FloorRoom;
  readonly #line: WaitingLine;

  constructor(room: FloorRoom) {
    this.#room = room;
    this.#line = new WaitingLine(room.show);
  }

  /**
   * Inside the transaction of these events: the timer of whoever has the floor. There is one, for one agent has it; it
   * rings for nothing when that agent was quicker.
   */
  setTimers(events: ReadonlyArray<RecordedOf<RoomEvent>>): void {
    for (const event of events)
      if (event.type === "FloorGranted")
        this.#room.timers.set({
          id: FLOOR,
          due: event.at + FLOOR_MS,
          kind: FLOOR,
          body: offerOf(event, event.open.agentId),
        });
  }

  /** Asks those who were offered the floor how that ended, and shows who waits for it. */
  follow(event: RecordedOf<RoomEvent>): void {
    this.#line.look(this.#room.rhythm());
    if (event.type === "MessagePosted")
      for (const { agentId, how } of event.open.addressed)
        if (how === "floor") this.#room.inBackground(this.#ask(offerOf(event, agentId)));
    if (event.type === "FloorGranted") this.#room.inBackground(this.#ask(offerOf(event, event.open.agentId)));
  }

  /**
   * The agent that had the floor has let its time go by. The next one's timer takes the place of this; where nobody is
   * next it rings once more, for nothing, and is taken away: so a crash in between loses nobody's turn.
   */
  async rang({ id, kind, body }: Timer): Promise<void> {
    if (kind !== FLOOR) return;
    const offer = decodeOffer(body);
    if (mayPass(this.#room.rhythm(), { ...offer, why: "late" })) await this.#pass(offer, "late");
    else this.#room.timers.cancel(id);
  }

  /** An answer that is lost, with this object or on its way, costs no more than the timer. */
  async #ask(offer: Offer): Promise<void> {
    const outcome = await this.#room
      .agent(offer.agentId)
      .outcome(offer.messageId, FLOOR_MS)
      .catch(() => undefined);
    this.#line.ended(offer.agentId, offer.messageId, outcome?.ending === "declined");
    if (outcome !== undefined && outcome.ending !== "open") await this.#pass(offer, reasons[outcome.ending]);
  }

  async #pass({ messageId, agentId, cause, correlation }: Offer, why: PassedBecause): Promise<void> {
    const passed = { messageId, agentId, why };
    if (!mayPass(this.#room.rhythm(), passed)) return;
    const by = why === "late" ? ("system:room" as const) : agentName(agentId);
    const id = childId<string>("command", messageId, `pass/${agentId}/${why}`);
    await this.#room.commit({
      type: "PassFloor",
      meta: { id, at: now(), by, causation: cause, correlation },
      ...passed,
    });
  }
}
