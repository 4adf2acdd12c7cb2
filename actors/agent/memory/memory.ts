/** AgentMemory: what an agent remembers: who may hear it, what is formed of what was said, and what is forgotten; owned by AgentActor. */
import { type Context, Effect } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import { isRemembered } from "#events/agent/consent.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import { importanceOf, RETENTION_DAYS } from "#events/agent/memory.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import { type AgentState, toolsAllowed } from "#events/agent/state.ts";
import type { RecordedOf, Unsealed } from "#events/kit/envelope.ts";
import { type ActorName, type AgentId, agentName, idOf, type RoomId, type UserId, userName } from "#events/kit/ids.ts";
import type { Present } from "../../kit/doors.ts";
import type { Keyring, Ledger, NeedKeys } from "../../kit/ledger.ts";
import type { Reply } from "../../kit/reply.ts";
import type { Committed } from "../../kit/settled-commands.ts";
import type { Timers } from "../../kit/timers.ts";
import { KeyFailure, RecallFailure } from "../turn/failures.ts";
import type { MemoryFormer, Recall } from "../turn/ports.ts";
import { quick } from "../turn/schedules.ts";
import { embeddedMemories } from "./embedding/embedded-memories.ts";
import { Embeddings, type VectorServices } from "./embedding/embeddings.ts";
import { nothing } from "./embedding/nearness.ts";
import { REORDERED, reordered } from "./embedding/reordered.ts";
import { messageFormOf } from "./forming/importance.ts";
import { glean, memoriesOf } from "./forming/message.ts";
import { sensitivityOf } from "./forming/sensitivity.ts";
import { wordsOf } from "./language/stems.ts";
import { lessonIn, OF_OTHERS } from "./lessons.ts";
import { both, inForce, mayHear, retentionOf, type Scope } from "./recall/audience.ts";
import type { FactStore } from "./recall/facts.ts";
import type { MemoryRow } from "./recall/memory-row.ts";
import { contentOf, type Found, Mind, type Question } from "./recall/mind.ts";
import type { MemoryRegister } from "./recall/register.ts";
import { Ties } from "./recall/ties.ts";

/** So many memories are forgotten with one commit: their ids stand in its event. */
const FORGOTTEN_AT_ONCE = 500;
/** The newest of what was kept on purpose goes along even when no word fits: "what do you know about me?" shares none. */
const ALWAYS = 3;

/** What AgentMemory needs of its agent. */
export interface MemoryHost {
  readonly ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
  readonly agentId: () => AgentId;
  readonly now: () => number;
  readonly commit: (command: AgentCommand) => Reply<Committed> | NeedKeys;
  readonly meta: (id: string) => AgentCommand["meta"];
  /** A subject's key for the index: 32 bytes, derived from the subject's own. */
  readonly indexKey: (subject: ActorName) => Uint8Array | "destroyed" | undefined;
  readonly fetchKeys: (subjects: ReadonlyArray<ActorName>) => Promise<void>;
  readonly reveal: (seqs: ReadonlyArray<number>) => Effect.Effect<ReadonlyArray<Unsealed>, KeyFailure>;
  readonly report: (what: string, cause: unknown) => void;
  readonly keys: Keyring;
  readonly timers: Timers;
  readonly services: () => Context.Context<VectorServices>;
  /** The house's rule for episodes; in days. */
  readonly retentionDays?: () => number;
}

/** A memory with its words. */
export interface Opened extends Found {
  readonly content: string;
  readonly words: Unsealed;
}

/** What a search answers, best first; `degraded` when vectors were asked for and did not come. */
export interface Answered {
  readonly found: ReadonlyArray<Opened>;
  readonly degraded: boolean;
}

const notAmong = (seqs: ReadonlyArray<number>): Scope => ({
  where: "m.seq NOT IN (SELECT value FROM json_each(?))",
  parameters: [JSON.stringify(seqs)],
});

export class AgentMemory {
  readonly #host: MemoryHost;
  readonly #mind: Mind;
  readonly embeddings: Embeddings;
  /** What passed between the agent and people. */
  readonly ties: Ties;
  /** Who is in each room, as the room last said; nobody knows of the others. */
  readonly #present = new Map<RoomId, ReadonlyArray<Present> | null>();
  /** Whether something withdrawn may still have to be forgotten: a death can come between, so it is looked after each wake. */
  #mayHoldWithdrawn = true;

  constructor(host: MemoryHost) {
    this.#host = host;
    this.ties = new Ties(host.ledger.tables, host.ledger, () => agentName(host.agentId()));
    this.#mind = new Mind({
      sql: host.ledger.tables,
      log: host.ledger,
      keys: { get: (subject) => host.indexKey(subject) },
      agent: () => ({ agentId: host.agentId(), name: host.ledger.state.name }),
      left: (seqs) => this.embeddings.left(seqs),
    });
    this.embeddings = new Embeddings({
      ...{ stream: host.ledger.stream, agentId: host.agentId, sql: host.ledger.tables, keys: host.keys },
      ...{ timers: host.timers, now: host.now, services: host.services },
      memories: embeddedMemories(host.ledger.tables, this.#mind.register, (seqs) => host.reveal(seqs)),
    });
  }

  /** A room said who is there. */
  present(roomId: RoomId, people: ReadonlyArray<Present> | null): void {
    this.#present.set(roomId, people);
  }

  /** The register, level with the log. */
  get register(): MemoryRegister {
    this.#mind.catchUp();
    return this.#mind.register;
  }

  /** What is known of what memories state, level with the log. */
  get facts(): FactStore {
    this.#mind.catchUp();
    return this.#mind.facts;
  }

  /** Other memories that share a rare word with any of these, so many a word. */
  alike(seqs: ReadonlyArray<number>, most: number): ReadonlyArray<number> {
    this.#mind.catchUp();
    return this.#mind.alike(seqs, most);
  }

  /** Inside the transaction of these events: the keys of what is forgotten go with it. */
  forgetKeys(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    for (const { type, open } of events) {
      if (type === "MemoryForgotten" || type === "SummariesForgotten") this.#host.ledger.forget(open.seqs);
      if (type === "MemoryRevised") this.#host.ledger.forget([open.replacesSeq]);
    }
  }

  /** Something was committed, in this breath: what was taken back with it is unreadable from here on. */
  committed(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    try {
      this.#mind.catchUp();
      this.ties.catchUp();
      if (this.#host.ledger.state.status === "deleted") this.embeddings.agentDeleted();
      else this.embeddings.committed(events);
      if (events.some(({ type, open }) => type === "ConsentNoted" && !open.granted)) this.#mayHoldWithdrawn = true;
      if (this.#mayHoldWithdrawn)
        this.#mayHoldWithdrawn = !this.#forgetAll({ where: "m.state = 'withdrawn'", parameters: [] }, "withdrawn");
    } catch (defect) {
      // What was committed stands: it is read again with the next commit, and before any search.
      this.#host.report("memory", defect);
    }
  }

  /** A key was destroyed: what was made of the words under it goes, and with it what is known about that person. */
  keyDied(subject: ActorName): void {
    this.#mind.catchUp(); // it may have woken for this
    this.#mind.forget(subject);
    this.embeddings.keyDied(subject);
    if (!subject.startsWith("user:")) return;
    const userId = idOf(subject) as UserId;
    this.ties.forget(userId);
    this.forgetAbout(userId);
    this.#host.commit({ type: "ForgetSummaries", meta: this.#host.meta(`forget-notes/${userId}`), userId });
  }

  /** A key has turned: its part of the index is made anew, in the breath in which derived keys turn. */
  keyTurned(subject: ActorName): void {
    this.#mind.catchUp();
    this.#mind.rehash(subject);
    this.embeddings.keyTurned(subject);
  }

  /** Forgets everything about a person. */
  forgetAbout(userId: UserId): void {
    const where = "EXISTS (SELECT 1 FROM memory_people p WHERE p.user_id = ? AND p.seq = m.seq)";
    this.#forgetAll({ where, parameters: [userId] }, "erased");
  }

  /** A batch at a time; doing it again goes on where it stood. True when nothing is left. */
  #forgetAll({ where, parameters }: Scope, why: "withdrawn" | "erased"): boolean {
    for (;;) {
      const rows = this.#mind.register.where(where, parameters, FORGOTTEN_AT_ONCE);
      if (rows.length === 0) return true;
      if (this.forget(rows, why, String(rows[0]!.seq)).outcome !== "accepted") return false;
    }
  }

  /** Forgets these memories, words and keys, in one commit. */
  forget(
    rows: ReadonlyArray<MemoryRow>,
    why: Extract<AgentCommand, { type: "ForgetMemories" }>["why"],
    label: string,
  ): Reply<Committed> | NeedKeys {
    return this.#host.commit({
      type: "ForgetMemories",
      meta: this.#host.meta(`forget/${label}`),
      memoryIds: rows.map(({ memoryId }) => memoryId),
      seqs: rows.map(({ seq }) => seq),
      why,
    });
  }

  /** True when a person's key is known to be destroyed. */
  isErased(userId: UserId): boolean {
    return this.#host.indexKey(userName(userId)) === "destroyed";
  }

  get retentionDays(): number {
    return retentionOf(this.#host.ledger.state, this.#host.retentionDays?.() ?? RETENTION_DAYS);
  }

  /** What may be read at all just now. */
  inForce(): Scope {
    return inForce(this.#host.now(), this.retentionDays);
  }

  /** Those of these memories that may still be shown. */
  live(memoryIds: ReadonlyArray<string>): ReadonlySet<string> {
    const named = { where: "m.memory_id IN (SELECT value FROM json_each(?))", parameters: [JSON.stringify(memoryIds)] };
    const { where, parameters } = both(named, this.inForce());
    return new Set(this.register.where(where, parameters, memoryIds.length + 1).map(({ memoryId }) => memoryId));
  }

  /** What may be called to mind in a room just now. */
  #scopeIn(roomId: RoomId): Scope {
    const people = this.#present.get(roomId);
    return both(this.inForce(), mayHear(roomId, people?.map(({ userId }) => userId) ?? null));
  }

  /** Fetches the keys that a search needs, and indexes what waited for them. */
  ready(): Effect.Effect<void, KeyFailure> {
    return Effect.suspend(() => {
      const wanted = [...this.#mind.wanting(), ...this.#mind.subjects()].filter(
        (subject) => this.#host.indexKey(subject) === undefined,
      );
      if (wanted.length === 0) return Effect.void;
      return Effect.tryPromise({
        try: () => this.#host.fetchKeys([...new Set(wanted)]),
        catch: () => new KeyFailure({ detail: "the Vault did not answer" }),
      }).pipe(Effect.retry(quick), Effect.andThen(Effect.sync(() => void this.#mind.wanting())));
    });
  }

  /** Searches everything in scope; the same for turns and for the owner. */
  search(question: Omit<Question, "now" | "nearness">): Effect.Effect<Answered, KeyFailure> {
    return Effect.gen({ self: this }, function* () {
      yield* this.ready();
      const nearness = yield* this.embeddings.near(question.text);
      const { now, services } = this.#host;
      const { degraded } = nearness;
      if (nearness === nothing)
        return { found: yield* this.open(this.#mind.search({ ...question, now: now() })), degraded };
      const limit = Math.max(question.limit, REORDERED);
      const found = yield* this.open(this.#mind.search({ ...question, limit, nearness, now: now() }));
      const inOrder = yield* Effect.provideContext(reordered(question.text, found), services());
      return { found: inOrder.slice(0, question.limit), degraded };
    });
  }

  /** These memories with their words, without those that cannot be read any more. */
  open(found: ReadonlyArray<Found>): Effect.Effect<ReadonlyArray<Opened>, KeyFailure> {
    return Effect.map(this.#host.reveal(found.map(({ row }) => row.seq)), (revealed) => {
      const bySeq = new Map(revealed.map((unsealed) => [unsealed.event.seq, unsealed]));
      return found.flatMap((each) => {
        const words = bySeq.get(each.row.seq);
        const content = words === undefined ? null : contentOf(words);
        return words === undefined || content === null ? [] : [{ ...each, content, words }];
      });
    });
  }

  /** What comes to mind at a message, and the newest of what was kept on purpose behind it. */
  #comesToMind(text: string, limit: number, scope: Scope, asker: string) {
    if (this.register.isEmpty) return Effect.succeed({ found: [], degraded: false });
    return Effect.flatMap(this.search({ text, limit, scope, asker }), ({ found, degraded }) => {
      const some = found.slice(0, Math.max(0, limit - ALWAYS));
      const rest = both(scope, notAmong(some.map(({ row }) => row.seq)));
      const kept = this.register.where(`${rest.where} AND m.kind <> 'episodic'`, rest.parameters, ALWAYS);
      const others = found.slice(some.length).filter(({ row }) => !kept.some(({ seq }) => seq === row.seq));
      return Effect.map(this.open(kept.map((row) => ({ row, similarity: 0, relevance: 0 }))), (newest) => ({
        found: [...some, ...newest, ...others].slice(0, limit),
        degraded,
      }));
    });
  }

  /** The port of a turn. */
  recall(): Recall["Service"] {
    return {
      search: ({ text, limit, roomId, asker, without }) =>
        Effect.gen({ self: this }, function* () {
          const scope = both(this.#scopeIn(roomId), notAmong(without));
          const lesson = yield* lessonIn(this, toolsAllowed(this.#host.ledger.state), scope);
          const mind = yield* this.#comesToMind(text, limit - lesson.length, both(scope, OF_OTHERS), asker);
          const memories = [...mind.found, ...lesson].map(({ row, content }) => ({
            ...{ memoryId: row.memoryId, seq: row.seq, content },
          }));
          return { memories, degraded: mind.degraded };
        }).pipe(Effect.mapError(({ detail }) => new RecallFailure({ detail }))),
      tellable: (seqs, roomId) => {
        const chosen = { where: "m.seq IN (SELECT value FROM json_each(?))", parameters: [JSON.stringify(seqs)] };
        const { where, parameters } = both(chosen, this.#scopeIn(roomId));
        return this.register.where(where, parameters, seqs.length + 1).map(({ seq }) => seq);
      },
    };
  }

  /** The port of a turn. */
  former(): MemoryFormer["Service"] {
    return {
      form: ({ text, authorId, authorName, roomId, at }) => {
        if (!isRemembered(this.#host.ledger.state, authorId as ActorName)) return [];
        const speaker = { id: idOf(authorId as ActorName), name: authorName };
        return memoriesOf(glean({ text, speaker, at })).map(({ statement: _statement, ...drawn }) => ({
          ...drawn,
          names: this.named(drawn.content, roomId),
        }));
      },
      episode: (asker, { text, roomId }) =>
        isRemembered(this.#host.ledger.state, asker)
          ? {
              importance: importanceOf(messageFormOf(text)),
              names: this.named(text, roomId),
              ...(sensitivityOf(text).length > 0 ? { sensitive: true } : {}),
            }
          : undefined,
    };
  }

  /** The people of a room whose names stand in a text. */
  named(text: string, roomId: RoomId): ReadonlyArray<UserId> {
    const people = this.#present.get(roomId) ?? [];
    const words = new Set(wordsOf(text));
    return people
      .filter(({ name }) => {
        const [first] = wordsOf(name);
        return first !== undefined && words.has(first);
      })
      .map(({ userId }) => userId);
  }
}
