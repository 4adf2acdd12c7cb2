/** Replies on their way in a room, as far as people were shown them: for who comes in the middle of one, and for one that breaks off; owned by Audience. */
import { MAX_FRAME_BYTES, type ServerFrames } from "./frames.ts";

type Piece = ServerFrames["agent_message"];

interface RunningReply {
  /** Which reply it is. */
  readonly about: Omit<Piece, "phase" | "delta">;
  /** Undefined where its beginning was missed, as by a room that slept, or where it is too long to be kept. */
  readonly text: string | undefined;
}

export class RunningReplies {
  /** By agent: each has one turn at a time in a room. In memory only, so as many and as long as that allows. */
  readonly #running = new Map<string, RunningReply>();

  /** One more piece was shown; a reply that starts anew, after a crash or with another request, takes the place of the old. */
  shown({ phase, delta = "", ...about }: Piece): void {
    const known = this.#running.get(about.agent_id);
    const before = phase === "start" ? "" : known?.about.turn_id === about.turn_id ? known.text : undefined;
    const isTooLong = (before?.length ?? 0) + delta.length > MAX_FRAME_BYTES;
    this.#running.set(about.agent_id, { about, text: before === undefined || isTooLong ? undefined : before + delta });
  }

  /** The reply is stored, and shown as that. */
  stored(agentId: string): void {
    this.#running.delete(agentId);
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
