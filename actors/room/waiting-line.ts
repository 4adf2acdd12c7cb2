/** Shows which agents wait for the room's floor, and of each how that ends where it is not by a turn of its own; owned by Floor. */
import { turnOf } from "#events/agent/decide.ts";
import type { AgentId, MessageId } from "#events/kit/ids.ts";
import type { Rhythm } from "#events/room/rhythm.ts";
import type { Sighting } from "../kit/doors.ts";

/** What people read while others speak first. */
const QUEUED = "Waits for its turn…";

const thinking = (agentId: AgentId, messageId: MessageId, state: "queued" | "done"): Sighting => ({
  event: "agent_thinking",
  payload: {
    turn_id: turnOf(agentId, messageId),
    agent_id: agentId,
    state,
    label: state === "queued" ? QUEUED : "",
  },
});

export class WaitingLine {
  readonly #show: (sightings: ReadonlyArray<Sighting>) => void;
  /** The message that each agent is shown to wait with; in memory only, like all that has no place in the log. */
  readonly #waiting = new Map<AgentId, MessageId>();
  /** Agents whose turn has come since: what they do they show themselves, but not that they decline. */
  readonly #called = new Map<AgentId, MessageId>();

  constructor(show: (sightings: ReadonlyArray<Sighting>) => void) {
    this.#show = show;
  }

  /** Who waits now, and who does not any more. Of a pool one alone will speak: there nobody waits for the others. */
  look({ mode, floor }: Rhythm): void {
    const round = mode === "list" ? floor : null;
    for (const [agentId, messageId] of this.#waiting) {
      const goesOn = round?.messageId === messageId;
      if (goesOn && round.waiting.includes(agentId)) continue;
      this.#waiting.delete(agentId);
      if (goesOn && round.holder === agentId) this.#called.set(agentId, messageId);
      else this.#show([thinking(agentId, messageId, "done")]);
    }
    for (const agentId of round?.waiting ?? [])
      if (!this.#waiting.has(agentId)) {
        this.#waiting.set(agentId, round!.messageId);
        this.#show([thinking(agentId, round!.messageId, "queued")]);
      }
  }

  /** What came of an agent's turn. One that declines begins nothing, and so shows no end. */
  ended(agentId: AgentId, messageId: MessageId, isDeclined: boolean): void {
    if (this.#called.get(agentId) !== messageId) return;
    this.#called.delete(agentId);
    if (isDeclined) this.#show([thinking(agentId, messageId, "done")]);
  }
}
