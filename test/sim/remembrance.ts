/** What must be so of memories after every step: nobody is remembered who did not agree, and what is taken back is forgotten at once; used by invariants.ts. */
import type { Happened, Tell } from "./chronicle.ts";

interface Kept {
  readonly memoryId: string;
  readonly about: ReadonlyArray<string>;
}

/** The longest commit has fewer events: a turn takes twenty messages together at most. */
const BETWEEN = 24;

/** One agent's memories, by its log. */
class Mind {
  readonly agreed = new Set<string>();
  readonly kept = new Map<string, Kept>();
  /** Events since consent was last decided, or something forgotten. */
  since = 0;
}

export class Remembrance {
  readonly #tell: Tell;
  readonly #minds = new Map<string, Mind>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** An event of an agent has become safe. */
  see({ stream, type, open, seq }: Happened): void {
    const mind = this.#minds.get(stream) ?? new Mind();
    this.#minds.set(stream, mind);
    if (type === "ConsentNoted") mind.agreed[open["granted"] === true ? "add" : "delete"](String(open["userId"]));
    if (type === "MemoryForgotten") for (const id of open["memoryIds"] as string[]) mind.kept.delete(id);
    if (type === "MemoryFormed") this.#formed(stream, mind, open as unknown as Kept);
    // Forgetting follows in the breath in which consent is taken back; after a death, with what is committed next.
    mind.since = type === "ConsentNoted" || type === "MemoryForgotten" ? 0 : mind.since + 1;
    if (mind.since < BETWEEN) return;
    for (const { memoryId, about } of mind.kept.values())
      for (const userId of about)
        if (!mind.agreed.has(userId))
          this.#tell("consent", `${stream} ${seq}: ${memoryId} is still about ${userId}, who took it back`);
  }

  #formed(stream: string, mind: Mind, memory: Kept): void {
    if (mind.kept.has(memory.memoryId)) this.#tell("memory", `${stream} formed ${memory.memoryId} twice`);
    for (const userId of memory.about)
      if (!mind.agreed.has(userId))
        this.#tell("consent", `${stream} formed ${memory.memoryId} about ${userId}, who never agreed`);
    mind.kept.set(memory.memoryId, memory);
  }
}
