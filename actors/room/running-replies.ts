/** Replies on their way in a room, as far as people were shown them: for who comes in the middle of one, and for one that breaks off; owned by Audience. */
import { utf8Bytes } from "#events/kit/canonical.ts";
import { MAX_FRAME_BYTES, type ServerFrames } from "./frames.ts";

type Piece = ServerFrames["agent_message"];

interface RunningReply {
  /** Which reply it is. */
  readonly about: Omit<Piece, "phase" | "delta">;
  /** Undefined where its beginning was missed, as by a room that slept, or forgotten, or where it is too long to be kept. */
  readonly text: string | undefined;
}

export class RunningReplies {
  /** By agent: each has one turn at a time in a room. In memory only, so as many and as long as that allows. */
  readonly #running = new Map<string, RunningReply>();

  /** One more piece was shown; a reply that starts anew, after a crash or with another request, takes the place of the old. */
  shown({ phase, delta = "", ...about }: Piece): void {
    const known = this.#running.get(about.agent_id);
    const before = phase === "start" ? "" : known?.about.turn_id === about.turn_id ? known.text : undefined;
    const text = before === undefined || utf8Bytes(before + delta) > MAX_FRAME_BYTES ? undefined : before + delta;
    this.#running.set(about.agent_id, { about, text });
  }

  /** The reply of this turn is stored, and shown as that; of an older turn it may be told late, while the next one speaks. */
  stored(agentId: string, turnId: string): void {
    if (this.#running.get(agentId)?.about.turn_id === turnId) this.#running.delete(agentId);
  }

  /** No word of what runs is kept any longer. That it runs still is: whoever saw it begin must see it end. */
  forget(): void {
    for (const [agentId, { about }] of this.#running) this.#running.set(agentId, { about, text: undefined });
  }

  /** Nothing more comes of a reply, this turn's or any of the agent's: the frame that says so, to whoever saw it begin. */
  brokenOff(agentId: string, turnId?: string): Piece | undefined {
    const running = this.#running.get(agentId);
    if (running === undefined || (turnId !== undefined && running.about.turn_id !== turnId)) return undefined;
    this.#running.delete(agentId);
    return { ...running.about, phase: "error" };
  }

  /** What whoever comes now has missed of the replies that run, in frames like those that they will see. */
  soFar(): ReadonlyArray<Piece> {
    return [...this.#running.values()].flatMap(({ about, text }): ReadonlyArray<Piece> => {
      if (text === undefined) return [];
      const start = { ...about, phase: "start" } as const;
      return text === "" ? [start] : [start, { ...about, phase: "delta", delta: text }];
    });
  }
}
