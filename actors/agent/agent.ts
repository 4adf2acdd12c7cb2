/** AgentActor: hears rooms, keeps its turns running, and answers its owner. src/worker.ts hands it its abilities. */
import { Effect, type Layer } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import { agent, turnOf } from "#events/agent/decide.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import { type AgentRefusal, NothingToStop } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import {
  type ActorName,
  type AgentId,
  agentName,
  type MessageId,
  type RoomId,
  type TurnId,
  type UserId,
  userName,
} from "#events/kit/ids.ts";
import { Actor } from "../kit/actor.ts";
import { now } from "../kit/clock.ts";
import type {
  ActorEnv,
  AgentDoor,
  AgentInput,
  AgentIntroduction,
  FullHouse,
  Heard,
  HistoryQuery,
  Principal,
  TurnOutcome,
  WordsReference,
} from "../kit/doors.ts";
import { GroupCommit } from "../kit/group-commit.ts";
import type { MemoryInput, MemoryQuery, MemorySearch, TaughtRow } from "../kit/memory-doors.ts";
import { readModelFeeds } from "../kit/read-models.ts";
import { accepted, type Reply, refused } from "../kit/reply.ts";
import type { Timer } from "../kit/timers.ts";
import { AgentCaches } from "./caches.ts";
import { wordsAt } from "./description.ts";
import { AgentErasures } from "./erasures.ts";
import { agentFeeds } from "./feeds.ts";
import { commandOf } from "./hearing.ts";
import { MemoryDoor } from "./memory/door.ts";
import type { VectorServices } from "./memory/embedding/embeddings.ts";
import type { JobHost, JobServices } from "./memory/job.ts";
import { type MemoryJobs, memoryJobs } from "./memory/jobs.ts";
import { AgentMemory } from "./memory/memory.ts";
import { GO_ON_LEARNING, Trainings } from "./memory/training.ts";
import { Outcomes } from "./outcomes.ts";
import { OwnerDoor, unknownAgent } from "./owner-door.ts";
import { RoomChannels } from "./rooms.ts";
import { type Abilities, runtimeOf } from "./runtime.ts";
import { RoomSummaries, SUMMARIZE_ROOM } from "./summaries.ts";
import { Toolbox, type TurnLedger } from "./turn/ports.ts";
import { turnLedger } from "./turn-ledger.ts";
import { CONTINUE_TURN, Turns } from "./turns.ts";

export abstract class AgentActor<Env extends ActorEnv = ActorEnv>
  extends Actor<AgentState, AgentCommand, AgentEvent, AgentRefusal, Env>
  implements AgentDoor
{
  protected abstract abilities(env: Env): Layer.Layer<Abilities>;
  /** For how many days the house keeps what was said. */
  protected abstract retentionDays(env: Env): number;

  protected override readonly readModels = readModelFeeds("agent");
  readonly #channels: RoomChannels;
  readonly #outcomes: Outcomes;
  readonly #caches: AgentCaches;
  readonly #turnLedger: TurnLedger["Service"];
  readonly #summaries: RoomSummaries;
  readonly #memory: AgentMemory;
  readonly #ownerDoor: OwnerDoor;
  readonly #memoryDoor: MemoryDoor;
  readonly #erasures: AgentErasures;
  readonly #trainings: Trainings;
  readonly #jobs: MemoryJobs;
  readonly #turns: Turns;
  #runtime: ReturnType<typeof runtimeOf> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, agent);
    this.#channels = new RoomChannels(
      env,
      () => ({ agentId: this.#id(), name: this.ledger.state.name }),
      () => this.#services().runSync(Toolbox.use(Effect.succeed)),
    );
    this.#outcomes = new Outcomes(
      this.ledger,
      (seqs) => this.revealed(seqs),
      (program) => this.#services().runPromise(program),
    );
    this.#caches = new AgentCaches(this.ledger, env.CACHE, (ids) => this.#memory.live(ids));
    const report = (what: string, cause: unknown) => this.report(what, cause);
    const commit = (command: AgentCommand) => this.commitNow(command);
    const fetchKeys = (subjects: ReadonlyArray<ActorName>) => this.keys.fetch(subjects);
    const notes = (roomId: RoomId) => this.#memory.notes(roomId);
    const group = new GroupCommit(() => this.#turns.atWork);
    const gather = () => group.gather();
    this.#turnLedger = turnLedger({ ledger: this.ledger, commit, fetchKeys, notes, gather });
    this.#summaries = new RoomSummaries({
      ...{ log: this.ledger, timers: this.timers, now, notes, report },
      run: (program) => this.#services().runFork(program),
    });
    const own = { ledger: this.ledger, agentId: () => this.#id(), now, commit, fetchKeys };
    this.#memory = new AgentMemory({
      ...{ ...own, report, keys: this.keys, timers: this.timers, attendance: this.#channels.attendance },
      services: () => this.#services().runSync(Effect.context<VectorServices>()),
      retentionDays: () => this.retentionDays(env),
      meta: (id) => this.#meta(`${id}/${this.ledger.head}`, agentName(this.#id())),
      indexKey: (subject) => this.keys.derived(subject, "recall"),
      reveal: this.#turnLedger.reveal,
    });
    const working = {
      ...{ state: () => this.ledger.state, timers: this.timers, report },
      commit: (command: AgentCommand) => this.commitNow(command).outcome === "accepted",
      meta: (id: string) => this.#meta(id, agentName(this.#id())),
    };
    this.#turns = new Turns({ ...working, fork: (program) => this.#services().runFork(program) });
    const run: JobHost<JobServices>["run"] = (program) => void this.#services().runFork(program);
    this.#jobs = memoryJobs({ ...working, memory: this.#memory, now, run });
    const owned = {
      ...{ ...own, memory: this.#memory, isOwner: (by: Principal) => this.#isOwner(by) },
      meta: (id: string, by: ActorName) => this.#meta(id, by),
    };
    const revealed = (seqs: ReadonlyArray<number>) => this.revealed(seqs);
    this.#ownerDoor = new OwnerDoor({
      ...{ ...owned, revealed, take: (command: AgentCommand) => this.commit(command) },
      embedding: () => this.#memory.embeddings.progress(),
    });
    this.#memoryDoor = new MemoryDoor({ ...owned, revealed });
    this.#erasures = new AgentErasures({
      ...{ env, ledger: this.ledger, agentId: () => this.#id(), unknownAgent },
      ...{ embeddings: () => this.#memory.embeddings, mayRead: (by: Principal) => this.#mayRead(by) },
    });
    this.#trainings = new Trainings({ ...owned, report, tables: this.tables, timers: this.timers, keys: this.keys });
    agentFeeds(this.feeds, this.ledger, env, () => this.#memory.retentionDays);
  }

  // ── for the owner ─────────────────────────────────────────────────────────────────────────────────────────────────

  create(by: Principal, commandId: string, agentId: AgentId, input: AgentInput) {
    return this.behindWall("create", () => this.#ownerDoor.create(by, commandId, agentId, input));
  }

  change(by: Principal, commandId: string, input: Partial<AgentInput>, ifVersion?: number) {
    return this.behindWall("change", () => this.#ownerDoor.change(by, commandId, input, ifVersion));
  }

  setActive(by: Principal, commandId: string, active: boolean) {
    return this.behindWall("setActive", () => this.#ownerDoor.setActive(by, commandId, active));
  }

  remove(by: Principal, commandId: string, ifVersion?: number) {
    return this.behindWall("remove", () => this.#ownerDoor.remove(by, commandId, ifVersion));
  }

  describe(by: Principal) {
    return this.behindWall("describe", () => this.#ownerDoor.describe(by));
  }

  history(by: Principal, query: HistoryQuery) {
    return this.behindWall("history", async () =>
      this.#mayRead(by) ? accepted(this.page(query), this.ledger.head) : refused(unknownAgent),
    );
  }

  erasures(by: Principal, query: { limit: number; before?: number }) {
    return this.behindWall("erasures", () => this.#erasures.list(by, query));
  }

  erasure(by: Principal, id: string) {
    return this.behindWall("erasure", () => this.#erasures.one(by, id));
  }

  indexesLeft() {
    return this.behindWall("indexesLeft", async () => this.#memory.embeddings.indexesLeft());
  }

  reveal(by: Principal, references: ReadonlyArray<WordsReference>) {
    return this.behindWall("reveal", async (): Promise<Reply<ReadonlyArray<Record<string, unknown> | null>>> => {
      if (!this.#isOwner(by)) return refused(unknownAgent);
      const found = await this.revealed([...new Set(references.map(({ seq }) => seq))]);
      return accepted(wordsAt(references, found), this.ledger.head);
    });
  }

  // ── its memory (memory/door.ts, memory/training.ts) ──────────────────────────────────────────────────────────────────────

  memories(by: Principal, query: MemoryQuery) {
    return this.behindWall("memories", async () => this.#memoryDoor.list(by, query));
  }

  memory(by: Principal, memoryId: string) {
    return this.behindWall("memory", async () => this.#memoryDoor.explain(by, memoryId));
  }

  addMemory(by: Principal, commandId: string, input: MemoryInput) {
    return this.behindWall("addMemory", async () => this.#memoryDoor.add(by, commandId, input));
  }

  changeMemory(by: Principal, commandId: string, memoryId: string, input: Partial<MemoryInput>, ifVersion?: number) {
    return this.behindWall("changeMemory", () => this.#memoryDoor.change(by, commandId, memoryId, input, ifVersion));
  }

  forgetMemory(by: Principal, commandId: string, memoryId: string, ifVersion?: number) {
    return this.behindWall("forgetMemory", async () => this.#memoryDoor.forget(by, commandId, memoryId, ifVersion));
  }

  restoreMemory(by: Principal, commandId: string, memoryId: string) {
    return this.behindWall("restoreMemory", async () => this.#memoryDoor.restore(by, commandId, memoryId));
  }

  separateMemory(by: Principal, commandId: string, memoryId: string) {
    return this.behindWall("separateMemory", async () => this.#memoryDoor.separate(by, commandId, memoryId));
  }

  searchMemories(by: Principal, search: MemorySearch) {
    return this.behindWall("searchMemories", async () => this.#memoryDoor.search(by, search));
  }

  conversations(by: Principal, roomIds: ReadonlyArray<RoomId>) {
    return this.behindWall("conversations", async () => this.#memoryDoor.conversations(by, roomIds));
  }

  memoriesOf(by: Principal, query: { limit: number; before?: number }) {
    return this.behindWall("memoriesOf", async () => this.#memoryDoor.about(by, query));
  }

  forgetMemoryOf(by: Principal, commandId: string, memoryId: string) {
    return this.behindWall("forgetMemoryOf", async () => this.#memoryDoor.forgetAbout(by, commandId, memoryId));
  }

  train(by: Principal, trainingId: string, rows: ReadonlyArray<TaughtRow>) {
    return this.behindWall("train", async () => this.#trainings.begin(by, trainingId, rows));
  }

  training(by: Principal, trainingId: string, after?: number) {
    return this.behindWall("training", async () => this.#trainings.progress(by, trainingId, { after }));
  }

  cancelTraining(by: Principal, trainingId: string) {
    return this.behindWall("cancelTraining", async () => this.#trainings.cancel(by, trainingId));
  }

  embedding(by: Principal, wish?: "cancel" | "resume") {
    return this.behindWall("embedding", async () => this.#memoryDoor.embedding(by, wish));
  }

  // ── for rooms ─────────────────────────────────────────────────────────────────────────────────────────────────────

  hear(roomId: RoomId, { watched, people }: FullHouse, heard: ReadonlyArray<Heard>): Promise<void> {
    return this.behindWall("hear", async () => {
      this.#channels.watched(roomId, watched);
      this.#memory.attendance.told(roomId, people);
      if (this.ledger.state.status === "deleted") return this.#channels.gone(roomId, heard.at(-1)?.seq);
      const { episode } = this.#memory;
      const listener = { agentId: this.#id(), meta: (id: string, by: ActorName) => this.#meta(id, by), episode };
      for (const item of heard) await this.commit(commandOf(roomId, item, listener));
      this.#turns.work();
    });
  }

  stop(by: Principal, roomId: RoomId, turnId?: TurnId): Promise<Reply> {
    return this.behindWall("stop", async (): Promise<Reply> => {
      const target = turnId ?? this.ledger.state.rooms[roomId]?.running ?? undefined;
      if (target === undefined) return refused(new NothingToStop());
      // Each person's own: who is second has not sent the first one's command again, and is told the same.
      const meta = this.#meta(`${target}/stop/${by.userId}`, userName(by.userId));
      const reply = await this.commit({ type: "StopTurn", meta, roomId, turnId: target });
      if (reply.outcome === "refused") return reply;
      this.#turns.work();
      return accepted(undefined, reply.seq, reply.replayed);
    });
  }

  introduce(to?: Principal): Promise<AgentIntroduction | null> {
    return this.behindWall("introduce", async () => {
      const { name } = this.ledger.state;
      if (!(await this.#channels.introduces(this.ledger.state, to))) return null;
      return { name, retentionDays: this.#memory.retentionDays };
    });
  }

  noteConsent(commandId: string, userId: UserId, granted: boolean, since = now()) {
    return this.behindWall("noteConsent", async () => {
      const meta = this.#meta(commandId, userName(userId));
      const reply = await this.commit({ type: "NoteConsent", meta, userId, granted });
      if (reply.outcome === "refused" && this.ledger.state.status !== "deleted") return reply;
      return accepted(this.#memory.forgetting.of(userId, since), this.ledger.head);
    });
  }

  outcome(messageId: MessageId, waitMs: number): Promise<TurnOutcome> {
    return this.behindWall("outcome", () => this.#outcomes.wait(turnOf(this.#id(), messageId), waitMs));
  }

  async settle(waitMs: number, { rooms = false } = {}): Promise<void> {
    await this.level(waitMs, ...(rooms ? ["rooms"] : []));
  }

  // ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected override afterCommit(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    this.#outcomes.hear(events);
    this.#channels.committed(events, (turnId) => this.ledger.state.turns[turnId]?.roomId);
    this.#memory.committed(events);
    this.followLog(events);
    this.#turns.committed(events);
  }

  protected override async onKeyForgotten(subject: ActorName): Promise<void> {
    this.#memory.keyDied(subject);
    this.#turns.work(); // what was left off because of it ends at once
  }

  protected override async onKeyRenewed(subject: ActorName): Promise<void> {
    this.#memory.keyTurned(subject);
    this.#trainings.keyTurned(subject);
  }

  protected override setTimers(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    this.#memory.forgetting.keys(events);
    this.#jobs.noticed(events);
    this.#trainings.along(events);
    this.#summaries.noticed(events);
    this.#turns.setTimers(events);
  }

  protected override async onTimer(timer: Timer): Promise<void> {
    const { id, kind } = timer;
    this.#jobs.fired(timer);
    if (kind === SUMMARIZE_ROOM) this.#summaries.fired(id);
    if (kind === CONTINUE_TURN) this.#turns.continue(id as TurnId);
    if (kind === GO_ON_LEARNING) await this.#trainings.goOn(id);
  }

  protected override async pumpReadModels(): Promise<void> {
    await super.pumpReadModels();
    await this.#caches.refresh();
  }

  protected override busy(): boolean {
    return Object.keys(this.ledger.state.turns).length > 0;
  }

  protected override onHeartbeat(): void {
    this.#turns.heartbeat();
  }

  /** One runtime per object, built on first need. */
  #services() {
    this.#runtime ??= runtimeOf(this.abilities(this.env), {
      ...{ ledger: this.#turnLedger, rooms: this.#channels.service() },
      ...{ recall: this.#memory.recall(), former: this.#memory.former() },
    });
    return this.#runtime;
  }

  // ── shared ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #id(): AgentId {
    return (this.ledger.state.agentId ?? this.ctx.id.name) as AgentId;
  }

  #isOwner(by: Principal, evenDeleted = false): boolean {
    const { ownerId, status } = this.ledger.state;
    return ownerId === by.userId && (evenDeleted || status !== "deleted");
  }

  #mayRead(by: Principal): boolean {
    return this.#isOwner(by, true) || (this.ledger.head > 0 && by.roles.includes("auditor"));
  }

  #meta(id: string, by: ActorName): CommandMeta {
    return { id, at: now(), by, correlation: id, causation: null };
  }
}
