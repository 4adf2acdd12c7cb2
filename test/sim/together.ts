/** What must be so of messages that one turn takes together: all of them are what it is shown, and none of them is answered by itself as well; used by invariants.ts. */
import type { Happened, Tell } from "./chronicle.ts";

/** A message as an agent has heard it, with the turn that it would begin. */
interface Heard {
  readonly turnId: string;
  readonly seq: number;
  readonly place: string;
  readonly author: string;
  /** Others that this turn answers with its own. */
  readonly taken: Heard[];
  /** It has begun, or it never will. */
  settled: boolean;
}

interface Fields {
  readonly turnId: string;
  readonly roomId: string;
  readonly authorId: string;
  readonly subject: string;
  readonly into?: string;
  readonly why?: string;
  readonly seqs: ReadonlyArray<number>;
  readonly messageSeqs: ReadonlyArray<number>;
}

export class Together {
  readonly #tell: Tell;
  readonly #heard = new Map<string, Heard>();
  /** Whose key was destroyed. */
  readonly #erased = new Set<string>();
  /** What agents have forgotten, by agent and seq: nobody can be shown it. */
  readonly #forgotten = new Set<string>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** An event of an agent, or of a vault, has become safe. */
  see({ stream, seq, type, open: fields }: Happened): void {
    const open = fields as unknown as Fields;
    const { turnId, roomId, authorId: author } = open;
    if (type === "KeyShredded") this.#erased.add(open.subject);
    if (type === "MemoryForgotten") for (const gone of open.seqs) this.#forgotten.add(`${stream} ${gone}`);
    if (type === "MessageReceived") {
      const place = `${stream} in ${roomId}`;
      this.#heard.set(turnId, { ...{ turnId, seq, place, author }, taken: [], settled: false });
    }
    const heard = this.#heard.get(turnId);
    if (heard === undefined) return;
    if (type === "ContextAssembled") this.#shown(stream, heard, open.messageSeqs);
    if (type === "TurnDeclined" && open.why === "coalesced") this.#taken(heard, open.into ?? "");
    if (type === "TurnDeclined" || type === "TurnStarted") heard.settled = true;
  }

  /** Only a turn that has not begun takes others along, of its own room, and the newest of them is answered. */
  #taken(heard: Heard, into: string): void {
    const other = this.#heard.get(into);
    if (other === undefined || other.settled || other.place !== heard.place || other.seq <= heard.seq)
      this.#tell("together", `${heard.turnId} was taken into ${into}, which could not take it`);
    else other.taken.push(heard, ...heard.taken);
  }

  #shown(stream: string, heard: Heard, messageSeqs: ReadonlyArray<number>): void {
    const shown = new Set(messageSeqs);
    for (const { seq, author } of [heard, ...heard.taken]) {
      const isGone = this.#erased.has(author) || this.#forgotten.has(`${stream} ${seq}`);
      if (!shown.has(seq) && !isGone)
        this.#tell("together", `${heard.turnId} of ${stream} answers ${seq}, which its prompt does not show`);
    }
  }
}
