/** Embeddings: the vectors of an agent's memories at work: made when memories come, gone in the breath in which they leave, asked by a search; owned by AgentMemory. */
import { Context, Effect } from "effect";
import type { AgentEvent } from "#events/agent/events.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import type { ActorName, AgentId } from "#events/kit/ids.ts";
import type { Keyring } from "../../../kit/ledger.ts";
import type { EmbeddingProgress } from "../../../kit/memory-doors.ts";
import type { SqlPort } from "../../../kit/sql.ts";
import type { Timers } from "../../../kit/timers.ts";
import type { KeyFailure } from "../../turn/failures.ts";
import { Embedder, type Reranker, VectorIndex } from "../../turn/memory-ports.ts";
import { isErasure } from "../erasure-events.ts";
import { type Nearness, nearnessTo, nothing } from "./nearness.ts";
import { type MemoryTexts, REEMBED_MEMORIES, Reembedding } from "./reembedding.ts";
import { RemoteVectors, type Standing, SYNC_REMOTE_VECTORS } from "./remote.ts";
import { hasVectors, makeVectors, nameIndexes } from "./tables.ts";
import { AgentVectors } from "./vectors.ts";

/** The services behind vectors, of the agent's own runtime. */
export type VectorServices = Embedder | VectorIndex | Reranker;

/** The agent's memories, as far as vectors are made of them; level with the log. */
export interface EmbeddedMemories {
  /** Seqs of live memories behind one, in rising order. */
  readonly after: (seq: number, limit: number) => ReadonlyArray<number>;
  /** True when none waits to be indexed: before that, nobody knows what was said before one. */
  readonly isLevel: () => boolean;
  /** Ids of these memories by seq, those that are live. */
  readonly live: (seqs: ReadonlyArray<number>) => ReadonlyMap<number, string>;
  /** Seqs of all memories whose words this subject's key seals. */
  readonly of: (subject: ActorName) => ReadonlyArray<number>;
  readonly texts: (seqs: ReadonlyArray<number>) => Effect.Effect<ReadonlyArray<MemoryTexts>, KeyFailure>;
}

/** What embeddings need of their agent. */
export interface EmbeddingsHost {
  readonly stream: string;
  readonly agentId: () => AgentId;
  readonly sql: SqlPort;
  readonly keys: Keyring;
  readonly timers: Pick<Timers, "set" | "cancel" | "dueOf">;
  readonly now: () => number;
  readonly services: () => Context.Context<VectorServices>;
  readonly memories: EmbeddedMemories;
  /** The newest event of the log. */
  readonly head: () => number;
}

/** What is there once a memory was to be embedded. */
interface Kept {
  readonly vectors: AgentVectors;
  readonly job: Reembedding;
  readonly remote: RemoteVectors;
}

/** So many of the nearest are asked of a remote index: what it answers is looked at through the scope, which lets some pass. */
const NEAREST = 100;

/** So long memories are given to be indexed, before it is looked again whether they are. */
const INDEXING_MS = 1_000;

export class Embeddings {
  readonly #host: EmbeddingsHost;
  #made: Kept | undefined;
  /** Whether it was looked, in this life, for what an earlier one left undone. */
  #isAwake = false;

  constructor(host: EmbeddingsHost) {
    this.#host = host;
  }

  /** How far the job is, what waits for a cancelled one counted in; undefined when nothing was ever to be embedded. */
  progress(): EmbeddingProgress | undefined {
    const job = this.#kept()?.job;
    const progress = job?.progress();
    return job === undefined || progress?.status !== "cancelled"
      ? progress
      : { ...progress, total: progress.done + job.countLacking(0) };
  }

  /** Stops the job; it stays so until the model changes or it is resumed. */
  cancel(): void {
    this.#kept()?.job.cancel();
  }

  /** Takes a cancelled job up again, with what came meanwhile. */
  resume(): void {
    const job = this.#kept()?.job;
    if (job?.progress()?.status === "cancelled") job.start(this.#host.now(), 0);
  }

  /** How many vectors stand where with the index of the settings; all 0 where nothing was ever sent to it. */
  standing(): Standing {
    return this.#kept()?.remote.standing() ?? { due: 0, there: 0, going: 0, removed: 0 };
  }

  /**
   * Indexes that are no longer in the settings and may hold what they were to lose, by name. They are asked for nothing: what
   * they have is their operator's to remove (decision 0020). They hold up no receipt, and each names them.
   */
  indexesLeft(): ReadonlyArray<string> {
    return this.#kept()?.remote.indexesLeft() ?? [];
  }

  /**
   * Since when nothing of what this event forgot is with the index of the settings (ms since 1970): the event's own time,
   * `at`, where nothing ever was. Null while something may be, of this or of others.
   */
  removedAt({ seq, at }: { readonly seq: number; readonly at: number }): number | null {
    const remote = this.#kept()?.remote;
    if (remote === undefined) return at;
    // A death, or other settings, can come between the last removal and its note.
    if (remote.settledSince(seq) === null) {
      this.#host.memories.isLevel();
      remote.settled(this.#host.now());
    }
    const since = remote.settledSince(seq);
    return since === null ? null : Math.max(at, since);
  }

  // ── in the breath of a commit ─────────────────────────────────────────────────────────────────────────────────────

  /** Something was committed: what came with it is to be embedded. */
  committed(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    const from = cameBehind(events);
    if (from !== undefined) this.#start(from);
    const last = events.findLast(isErasure);
    if (last !== undefined) this.#kept()?.remote.settled(last.at);
  }

  /** The agent was deleted: nothing is left of its vectors, here at once, elsewhere when that counts none. */
  agentDeleted(): void {
    const kept = this.#kept();
    if (kept === undefined) return;
    kept.job.cancel();
    kept.vectors.forgetAll();
    kept.remote.forgotAll(this.#host.now());
    kept.remote.settled(this.#host.now());
  }

  /** These memories left the agent's mind: their vectors go, and those of others' windows that hold words of them. */
  left(seqs: ReadonlyArray<number>): void {
    const kept = this.#kept();
    if (kept === undefined || seqs.length === 0) return;
    const others = kept.vectors.madeWith(seqs);
    kept.vectors.remove([...seqs, ...others]);
    kept.remote.left([...seqs, ...others], this.#host.now());
    if (others.length > 0) this.#start(Math.min(...others) - 1);
  }

  /** A key was destroyed: what was made of the words under it goes. */
  keyDied(subject: ActorName): void {
    const kept = this.#kept();
    if (kept === undefined) return;
    this.left([...new Set([...kept.vectors.of(subject), ...this.#host.memories.of(subject)])]);
    kept.vectors.forgetSubject(subject);
  }

  /** A key has a new generation: what an older one seals is sealed anew, for that will be destroyed. */
  keyTurned(subject: ActorName): void {
    const kept = this.#kept();
    if (kept === undefined) return;
    const lost = this.#host.sql.transaction(() => kept.vectors.turned(subject));
    if (lost > 0) this.#start(0);
  }

  // ── in the background ─────────────────────────────────────────────────────────────────────────────────────────────

  /** The timer of the job has rung. */
  reembed(): Effect.Effect<void, never, Embedder> {
    return Effect.suspend(() => {
      const kept = this.#kept();
      const { timers, memories, now } = this.#host;
      if (kept === undefined || !this.#embedder.semantic) timers.cancel(REEMBED_MEMORIES);
      else if (memories.isLevel()) return kept.job.fired();
      else timers.set({ id: REEMBED_MEMORIES, kind: REEMBED_MEMORIES, due: now() + INDEXING_MS, body: {} });
      return Effect.void;
    });
  }

  /** The timer of the remote index has rung. */
  sync(): Effect.Effect<void, never, VectorIndex> {
    return Effect.suspend(() => {
      const kept = this.#kept();
      const { memories, timers } = this.#host;
      // It reads the log: what a death kept from being told here goes with this round.
      memories.isLevel();
      if (kept !== undefined) return kept.remote.fired();
      timers.cancel(SYNC_REMOTE_VECTORS);
      return Effect.void;
    });
  }

  // ── in a search ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** What vectors have to say to a question; nothing where no embedder knows meaning. Never fails. */
  near(text: string): Effect.Effect<Nearness> {
    return Effect.suspend(() => {
      if (!this.#embedder.semantic) return Effect.succeed(nothing);
      this.#wake();
      const kept = this.#kept();
      if (kept === undefined) return Effect.succeed(nothing);
      const asked = { vectors: kept.vectors, agentId: this.#host.agentId(), limit: NEAREST };
      return Effect.provideContext(nearnessTo(text, asked), this.#host.services());
    });
  }

  // ── shared ────────────────────────────────────────────────────────────────────────────────────────────────────────

  get #embedder(): Embedder["Service"] {
    return Context.get(this.#host.services(), Embedder);
  }

  get #index(): VectorIndex["Service"] {
    return Context.get(this.#host.services(), VectorIndex);
  }

  /** Begins the job behind a seq, where there is an embedder that knows meaning and nobody has stopped it. */
  #start(from?: number): void {
    if (!this.#embedder.semantic) return;
    makeVectors(this.#host.sql, this.#host.head());
    this.#wake();
    const { job } = this.#parts();
    const before = job.progress();
    if (before?.status === "cancelled" && before.model === this.#embedder.name) return;
    job.start(this.#host.now(), from);
  }

  /** Once a life: what an earlier one did not come to forget goes, and another model than its own begins anew. */
  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    const { sql, memories } = this.#host;
    if (hasVectors(sql)) this.left(this.#orphans());
    if (hasVectors(sql) || memories.after(0, 1).length > 0) this.#start();
  }

  /** Vectors, here or elsewhere, of memories that are not live. */
  #orphans(): ReadonlyArray<number> {
    const rows = this.#host.sql.rows(
      `SELECT seq FROM (SELECT seq FROM vectors UNION SELECT seq FROM remote_vectors WHERE state IN ('due', 'there', 'owed'))
        WHERE seq NOT IN (SELECT seq FROM memories WHERE state = 'live')`,
    );
    return rows.map(([seq]) => Number(seq));
  }

  #kept(): Kept | undefined {
    return hasVectors(this.#host.sql) ? this.#parts() : undefined;
  }

  #parts(): Kept {
    const { stream, sql, keys, timers, memories, head } = this.#host;
    if (this.#made !== undefined) return this.#made;
    nameIndexes(sql);
    const vectors = new AgentVectors(stream, { sql, keys, model: this.#embedder });
    const remote = new RemoteVectors(this.#host.agentId(), vectors, { sql, timers, index: this.#index, head });
    if (this.#index.remote) remote.goOn(this.#host.now());
    const read = {
      ...{ after: memories.after, texts: memories.texts },
      live: (seqs: ReadonlyArray<number>) => [...memories.live(seqs).keys()],
      kept: (seqs: ReadonlyArray<number>) => this.#send(seqs),
    };
    this.#made = { vectors, remote, job: new Reembedding(vectors, { sql, timers, memories: read }) };
    return this.#made;
  }

  /** New vectors are due to a remote index, where there is one. */
  #send(seqs: ReadonlyArray<number>): void {
    if (!this.#index.remote) return;
    const ids = this.#host.memories.live(seqs);
    const due = seqs.flatMap((seq) => (ids.has(seq) ? [{ seq, id: ids.get(seq)! }] : []));
    if (due.length > 0) this.#parts().remote.wrote(due, this.#host.now());
  }
}

/** Behind which seq new memories are to be looked for; undefined when none came. Those that come back stand anywhere. */
function cameBehind(events: ReadonlyArray<RecordedOf<AgentEvent>>): number | undefined {
  const first = events.flatMap(({ type, seq, open, sealed }) => {
    if (type === "MemoryFormed") return [sealed === undefined ? (open.sourceSeqs[0] ?? seq) : seq];
    if (type === "MemoryRevised") return [seq];
    return type === "MemoriesRestored" || type === "MemoriesSeparated" ? [1] : [];
  });
  return first.length === 0 ? undefined : Math.min(...first) - 1;
}
