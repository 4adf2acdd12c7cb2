/** AgentMemory: what an agent remembers: who may hear it, what is formed of what was said, and what is forgotten; owned by AgentActor. */
import { Cause, type Context, Effect, Exit } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import { isRemembered } from "#events/agent/consent.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import { importanceOf, RETENTION_DAYS } from "#events/agent/memory.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import { type AgentState, toolsAllowed } from "#events/agent/state.ts";
import type { RecordedOf, Unsealed } from "#events/kit/envelope.ts";
import { type ActorName, type AgentId, agentName, idOf, type RoomId, type UserId, userName } from "#events/kit/ids.ts";
import type { Keyring, Ledger, NeedKeys } from "../../kit/ledger.ts";
import type { Reply } from "../../kit/reply.ts";
import type { Committed } from "../../kit/settled-commands.ts";
import type { Timers } from "../../kit/timers.ts";
import type { Listener } from "../hearing.ts";
import { KeyFailure, RecallFailure } from "../turn/failures.ts";
import type { Answer, Formed, MemoryFormer, Recall, Said, TurnLedger } from "../turn/ports.ts";
import { quick } from "../turn/schedules.ts";
import { Attendance } from "./attendance.ts";
import { embeddedMemories } from "./embedding/embedded-memories.ts";
import { Embeddings, type VectorServices } from "./embedding/embeddings.ts";
import { nothing } from "./embedding/nearness.ts";
import { REORDERED, reordered } from "./embedding/reordered.ts";
import { Forgetting } from "./forgetting.ts";
import { holdsOthers, peopleOf, repeatedIn, retold } from "./forming/answers.ts";
import { messageFormOf } from "./forming/importance.ts";
import { glean, memoriesOf } from "./forming/message.ts";
import { sensitivityOf } from "./forming/sensitivity.ts";
import { asksOfMemory } from "./language/questions.ts";
import { both, inForce, kept, mayHear, overdue, retentionOf, type Scope } from "./recall/audience.ts";
import type { FactStore } from "./recall/facts.ts";
import { type Answered, contentOf, type Found, Mind, type Opened, type Question } from "./recall/mind.ts";
import type { MemoryRegister } from "./recall/register.ts";
import { Ties } from "./recall/ties.ts";
import { recollection } from "./recollection.ts";

export type { Opened } from "./recall/mind.ts";

/** The id and the kind of the timer that drives the indexing of what came all at once. */
export const INDEX_MEMORIES = "index-memories";
/** Between two portions there is room for a turn. */
const BETWEEN_MS = 20;
/** A portion that died with its process is taken again after this long. */
const AGAIN_MS = 60_000;
/** So many rooms are asked at the same time who is there. */
const ROOMS_AT_ONCE = 8;

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
  /** Asks a room who is there. */
  readonly attendance: ConstructorParameters<typeof Attendance>[0];
  /** The house's rule for episodes; in days. */
  readonly retentionDays?: () => number;
}

export class AgentMemory {
  readonly #host: MemoryHost;
  readonly #mind: Mind;
  readonly embeddings: Embeddings;
  /** What passed between the agent and people. */
  readonly ties: Ties;
  readonly attendance: Attendance;
  /** What is taken back, and what goes with it. */
  readonly forgetting: Forgetting;

  constructor(host: MemoryHost) {
    this.#host = host;
    this.attendance = new Attendance(host.attendance);
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
      ...{ timers: host.timers, now: host.now, services: host.services, head: () => host.ledger.head },
      memories: embeddedMemories(host.ledger.tables, {
        ...{ register: this.#mind.register, isLevel: () => this.isLevel, reveal: (seqs) => host.reveal(seqs) },
      }),
    });
    this.forgetting = new Forgetting({
      ...{ ledger: host.ledger, commit: host.commit, meta: host.meta },
      ...{ register: () => this.register, standing: () => this.embeddings.standing() },
      indexesLeft: () => this.embeddings.indexesLeft(),
    });
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

  /** Something was committed, in this breath: what was taken back with it is unreadable from here on. */
  committed(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    // Of a room that it has left nobody tells it any more.
    for (const { type, open } of events) if (type === "RoomLeft") this.attendance.left(open.roomId);
    try {
      this.#mind.catchUp();
      this.ties.catchUp();
      if (events.some(({ type }) => type === "AgentDeleted")) this.#forgetEverything();
      if (this.#isDeleted) return;
      this.embeddings.committed(events);
      this.#levelled();
      this.forgetting.committed(events);
    } catch (defect) {
      // What was committed stands: it is read again with the next commit, and before any search.
      this.forgetting.missed();
      this.#host.report("memory", defect);
    }
  }

  get #isDeleted(): boolean {
    return this.#host.ledger.state.status === "deleted";
  }

  /** The agent was deleted: what was made of its memories goes with them. */
  #forgetEverything(): void {
    this.#mind.forget();
    this.embeddings.agentDeleted();
  }

  /** A key was destroyed: what was made of the words under it goes, and with it what is known about that person. */
  keyDied(subject: ActorName): void {
    this.#mind.catchUp(); // it may have woken for this
    if (this.#isDeleted) {
      this.#forgetEverything(); // done already, unless that broke off
      return;
    }
    this.#mind.forget(subject);
    this.embeddings.keyDied(subject);
    if (!subject.startsWith("user:")) return;
    const userId = idOf(subject) as UserId;
    this.ties.forget(userId);
    this.forgetting.about(userId);
    // Their own word of it may be late; who has come back, and agreed anew, has another key.
    if (this.#host.ledger.state.consents[userId] === "granted" && this.isErased(userId))
      this.#host.commit({ type: "NoteConsent", meta: this.#host.meta(`erased/${userId}`), userId, granted: false });
    this.forgetting.leaveOff();
  }

  /** A key has turned: its part of the index is made anew, in the breath in which derived keys turn. */
  keyTurned(subject: ActorName): void {
    this.#mind.catchUp();
    this.#mind.rehash(subject);
    this.#levelled();
    this.embeddings.keyTurned(subject);
  }

  /** True when a person's key is known to be destroyed. */
  isErased(userId: UserId): boolean {
    return this.#host.indexKey(userName(userId)) === "destroyed";
  }

  /** The people that the agent knows and a text names: by a name of somebody in its rooms, or by an id that it is. */
  acquaintances(text: string): ReadonlyArray<UserId> {
    const { consents } = this.#host.ledger.state;
    const named = this.attendance.acquaintances(text);
    return [...new Set(Object.hasOwn(consents, text) ? [...named, text as UserId] : named)];
  }

  /** Asks all rooms that have said nothing in this life who is there; one that does not answer is passed over. */
  async meetAll(): Promise<void> {
    const rooms = Object.keys(this.#host.ledger.state.rooms) as RoomId[];
    await Effect.runPromise(
      Effect.forEach(rooms, (roomId) => this.attendance.known(roomId), { concurrency: ROOMS_AT_ONCE, discard: true }),
    );
  }

  get retentionDays(): number {
    return retentionOf(this.#host.ledger.state, this.#host.retentionDays?.() ?? RETENTION_DAYS);
  }

  /** What may be read at all just now. */
  inForce(): Scope {
    return inForce(this.#host.now(), this.retentionDays);
  }

  /** The newest notes of a room, unless they cover what is past its time: the sweep that takes them may come late. */
  readonly notes: TurnLedger["Service"]["summary"] = (roomId) => {
    const summary = this.#host.ledger.state.rooms[roomId]?.summary ?? null;
    if (summary === null) return null;
    const covered = { where: "m.room_id = ? AND m.seq <= ?", parameters: [roomId, summary.toSeq] };
    const { where, parameters } = both(covered, overdue(this.#host.now(), this.retentionDays));
    return this.register.where(where, parameters, 1).length === 0 ? summary : null;
  };

  /** Those of these memories that may still be shown. */
  live(memoryIds: ReadonlyArray<string>): ReadonlySet<string> {
    const named = { where: "m.memory_id IN (SELECT value FROM json_each(?))", parameters: [JSON.stringify(memoryIds)] };
    const { where, parameters } = both(named, this.inForce());
    return new Set(this.register.where(where, parameters, memoryIds.length + 1).map(({ memoryId }) => memoryId));
  }

  /** What may be called to mind in a room just now. */
  #scopeIn(roomId: RoomId): Scope {
    const { memoryEnabled, rooms } = this.#host.ledger.state;
    if (!memoryEnabled) return { where: "FALSE", parameters: [] };
    const present = this.attendance.here(roomId);
    return both(this.inForce(), mayHear({ roomId, kind: rooms[roomId]?.kind, present }));
  }

  /** Fetches the keys that a search needs, and indexes a portion of what waits. */
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

  /** True when everything is indexed that can be. */
  get isLevel(): boolean {
    return this.#mind.isLevel;
  }

  /** Where more came than one breath bears, a timer sees to the rest. True when nothing is left to it. */
  #levelled(): boolean {
    const { timers, now, ledger } = this.#host;
    if (ledger.state.status === "deleted" || this.isLevel) return true;
    if (timers.dueOf(INDEX_MEMORIES) === undefined) this.#ring(now() + BETWEEN_MS);
    return false;
  }

  #ring(due: number): void {
    this.#host.timers.set({ id: INDEX_MEMORIES, kind: INDEX_MEMORIES, due, body: null });
  }

  /** Indexes a portion of what waits, and sets the timer that does so accordingly; true while a portion more may follow. */
  indexMore(): Effect.Effect<boolean> {
    const { timers, now, report } = this.#host;
    return Effect.gen({ self: this }, function* () {
      this.#ring(now() + AGAIN_MS);
      const exit = yield* Effect.exit(this.ready());
      if (this.isLevel) timers.cancel(INDEX_MEMORIES);
      else if (Exit.isSuccess(exit)) this.#ring(now() + BETWEEN_MS);
      else report("indexing of memories", Cause.pretty(exit.cause));
      return Exit.isSuccess(exit) && !this.isLevel;
    });
  }

  /** Searches everything in scope; the same for turns and for the owner. A memory that is off recalls nothing. */
  search(question: Omit<Question, "now" | "nearness">): Effect.Effect<Answered, KeyFailure> {
    return Effect.gen({ self: this }, function* () {
      const { now, services, ledger } = this.#host;
      if (!ledger.state.memoryEnabled) return { found: [], degraded: false };
      yield* this.ready();
      const nearness = yield* this.embeddings.near(question.text);
      const degraded = !this.#levelled() || nearness.degraded;
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

  /** The port of a turn. */
  recall(): Recall["Service"] {
    return {
      search: ({ roomId, ...question }) =>
        this.attendance.known(roomId).pipe(
          Effect.flatMap(() => {
            const askerName = this.attendance.nameOf(roomId, question.asker);
            return recollection(this, {
              ...{ ...question, ...(askerName === undefined ? {} : { askerName }) },
              ...{ scope: this.#scopeIn(roomId), tools: toolsAllowed(this.#host.ledger.state) },
            });
          }),
          Effect.mapError(({ detail }) => new RecallFailure({ detail })),
        ),
      remembers: (author) => isRemembered(this.#host.ledger.state, author),
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
      form: (said) => Effect.map(this.attendance.known(said.roomId), () => this.#formed(said)),
      tells: (asker, people, answer) => Effect.sync(() => this.#tells(asker, people, answer)),
      episode: (asker, answer) =>
        Effect.flatMap(this.attendance.known(answer.roomId), () => this.#answer(asker, answer)),
    };
  }

  #tells(asker: ActorName, people: ReadonlyArray<UserId>, answer: Answer): ReadonlyArray<UserId> {
    const shown = answer.shown.filter((message) => holdsOthers(message, people));
    const repeated = shown.length === 0 ? [] : repeatedIn({ ...answer, shown, names: this.#namesIn(asker, answer) });
    // What the register held of a memory goes while its words are in a model's mind; its event stays.
    const behind = [...answer.given.flatMap((seq) => this.#host.ledger.read(seq - 1, 1)), ...repeated];
    const held = behind.length === 0 ? [] : this.register.people.in(behind.map(({ seq }) => seq));
    return [...new Set([...held, ...behind.flatMap(peopleOf)])];
  }

  /** What everybody calls the two who speak: such a word tells nothing of anybody. */
  #namesIn(asker: ActorName, { roomId }: Answer): ReadonlyArray<string> {
    return [this.#host.ledger.state.name, this.attendance.nameOf(roomId, idOf(asker)) ?? ""];
  }

  /** An answer as a memory, where everything that it may say again is kept still. */
  #answer(asker: ActorName, answer: Answer) {
    const { ledger, now, reveal } = this.#host;
    const question = contentOf(answer.asked);
    const isToBeKept = isRemembered(ledger.state, asker) && question !== null && !asksOfMemory(question, now());
    if (!isToBeKept) return Effect.succeed(undefined);
    return Effect.map(
      Effect.orElseSucceed(reveal(answer.given), () => []),
      (given) => {
        if (this.#kept(answer.given).size < new Set(answer.given).size) return undefined;
        const names = this.#namesIn(asker, answer);
        const repeats = retold({ ...answer, given, names }, (seqs) => this.#kept(seqs));
        const episode = repeats && this.episode(asker, answer);
        return episode && { ...episode, repeats };
      },
    );
  }

  /** Which of these, by the events of their words, are memories that are kept. */
  #kept(seqs: ReadonlyArray<number>): ReadonlySet<number> {
    const chosen = { where: "m.seq IN (SELECT value FROM json_each(?))", parameters: [JSON.stringify(seqs)] };
    const { where, parameters } = both(chosen, kept(this.#host.now(), this.retentionDays));
    return new Set(seqs.length === 0 ? [] : this.register.where(where, parameters, seqs.length).map(({ seq }) => seq));
  }

  #formed({ text, authorId, authorName, roomId, at }: Said): ReadonlyArray<Formed> {
    if (!isRemembered(this.#host.ledger.state, authorId as ActorName)) return [];
    const author = authorId as ActorName;
    const said = this.attendance.named(text, roomId, { author });
    if (said === undefined) return [];
    const speaker = { id: idOf(author), name: authorName };
    return memoriesOf(glean({ text, speaker, at })).map(({ statement: _statement, ...drawn }) => {
      // Their own name may have come into it, and somebody else may go by the same.
      const named = this.attendance.named(drawn.content, roomId, { author });
      return { ...drawn, names: named?.filter((userId) => said.includes(userId)) ?? said };
    });
  }

  /** A message as a memory, by who is known to be there. */
  readonly episode: Listener["episode"] = (asker, { text, roomId }) => {
    if (!isRemembered(this.#host.ledger.state, asker)) return undefined;
    const names = this.attendance.named(text, roomId, { author: asker });
    if (names === undefined) return undefined;
    return {
      importance: importanceOf(messageFormOf(text)),
      names,
      ...(sensitivityOf(text).length > 0 ? { sensitive: true } : {}),
    };
  };
}
