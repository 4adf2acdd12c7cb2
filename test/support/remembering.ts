/** An agent that remembers, with the jobs on its memories and a clock that is moved by hand: a real ledger on node:sqlite; for the specifications of memory. */
import { Effect } from "effect";
import { AgentMemory, INDEX_MEMORIES } from "#actors/agent/memory/memory.ts";
import type { MemoryRow } from "#actors/agent/memory/recall/memory-row.ts";
import { MemorySweep, SWEEP_MEMORIES } from "#actors/agent/memory/sweep.ts";
import { KeyFailure } from "#actors/agent/turn/failures.ts";
import type { Ledger } from "#actors/kit/ledger.ts";
import { Timers } from "#actors/kit/timers.ts";
import type { AgentCommand, Episode, NewMemory, Settings } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import type { AgentEvent, Basis } from "#events/agent/events.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { type ActorName, agentName, type MemoryId, type UserId, userName } from "#events/kit/ids.ts";
import { type Asked, ada, dana, heard, lobby, memoryId, START, settings, turnId, words } from "./given.ts";
import { metaFor, open, replyOf, TestKeys } from "./ledger-fixture.ts";
import { TestIndexKeys } from "./memories.ts";
import { noVectors } from "./rememberer.ts";
import { nodeSql } from "./sqlite.ts";

export const DAY = 86_400_000;

type AgentLedger = Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
/** Where the process dies: before or after its n-th commit of the sweep. */
export interface Death {
  readonly commit: number;
  readonly when: "before" | "after";
}

export class Remembering {
  readonly sql = nodeSql();
  readonly keys = new TestKeys();
  readonly indexKeys = new TestIndexKeys();
  readonly reports: string[] = [];
  now = START;
  ledger!: AgentLedger;
  memory!: AgentMemory;
  sweep!: MemorySweep;
  timers!: Timers;
  /** The Vault does not answer. */
  isWithoutKeys = false;
  /** Commits of the sweep since the object woke. */
  commits = 0;
  #death: Death | undefined;
  readonly #most: number | undefined;
  #count = 0;

  constructor({ most, ...over }: Partial<Settings> & { readonly most?: number } = {}) {
    this.#most = most;
    this.wake();
    const prompt = words({ systemPrompt: "Be kind.", description: "" });
    this.tell({
      type: "CreateAgent",
      agentId: ada,
      ownerId: dana,
      settings: { ...settings, ...over },
      tools: [],
      words: prompt,
    });
    this.tell({ type: "JoinRoom", roomId: lobby, kind: "public" });
    this.tell({ type: "NoteConsent", userId: dana, granted: true });
  }

  /** The object begins anew: what was only in memory is gone. */
  wake(death?: Death): void {
    this.commits = 0;
    this.#death = death;
    this.ledger = open(agent, this.sql, this.keys, {
      along: (_state, events) => this.#along(events),
      told: (events) => this.memory.committed(events),
    }) as AgentLedger;
    this.timers = new Timers(this.ledger.tables, { set: () => {} });
    const meta = (id: string) => metaFor(id, agentName(ada), { at: this.now });
    const report = (what: string) => void this.reports.push(what);
    this.memory = new AgentMemory({
      ...{ ledger: this.ledger, agentId: () => ada, now: () => this.now, report, keys: this.keys, timers: this.timers },
      services: () => noVectors,
      commit: (command) => this.ledger.commit(command),
      meta: (id) => meta(`${id}/${this.ledger.head}`),
      indexKey: (subject) => this.indexKeys.get(subject),
      fetchKeys: async (subjects) => this.#fetch(subjects),
      attendance: async () => null,
      reveal: (seqs) => {
        const found = this.ledger.reveal(seqs);
        return "outcome" in found ? Effect.fail(new KeyFailure({ detail: "away" })) : Effect.succeed(found);
      },
    });
    this.sweep = new MemorySweep(
      {
        ...{
          memory: this.memory,
          state: () => this.ledger.state,
          timers: this.timers,
          now: () => this.now,
          meta,
          report,
        },
        commit: (command) => this.#commit(command),
        run: (program) => void this.#running.push(Effect.runPromise(program)),
      },
      this.#most,
    );
  }
  readonly #running: Array<Promise<void>> = [];

  #fetch(subjects: ReadonlyArray<ActorName>): void {
    if (this.isWithoutKeys) throw new Error("the Vault is away");
    for (const subject of subjects) this.indexKeys.taken.delete(subject);
  }

  #along(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    this.memory.forgetting.keys(events);
    this.sweep.noticed(events);
  }

  #commit(command: AgentCommand): boolean {
    this.commits += 1;
    const isDoomed = this.#death !== undefined && this.commits >= this.#death.commit;
    if (isDoomed && (this.commits > this.#death!.commit || this.#death!.when === "before")) throw new Error("dead");
    const reply = this.ledger.commit(command);
    if (isDoomed) throw new Error("dead");
    return reply.outcome === "accepted";
  }

  // ── what happens to the agent ─────────────────────────────────────────────────────────────────────────────────────

  /** A command from outside. */
  tell(command: Asked<AgentCommand>, id = `outside/${this.ledger.head}`) {
    return replyOf(
      this.ledger.commit({ ...command, meta: metaFor(id, userName(dana), { at: this.now }) } as AgentCommand),
    );
  }

  /** The owner adds a memory of Dana, said just now; it is a fact, unless said otherwise. */
  add(
    content: string,
    { name = "Dana", ...over }: Partial<NewMemory & { readonly basis: Basis; readonly name: string | null }> = {},
  ): MemoryId {
    this.#count += 1;
    const id = memoryId(`added/${this.#count}`);
    const memory: NewMemory & { readonly basis: Basis } = {
      ...({ memoryId: id, kind: "semantic", importance: 0.5, about: [dana], basis: "added", origin: "owner" } as const),
      ...({ audience: "public", speaker: userName(dana), roomId: lobby, sourceSeqs: [] } as const),
      ...over,
      words: words({ content, ...(name === null ? {} : { speakerName: name }) }),
    };
    this.tell({ type: "AddMemories", memories: [memory] });
    return id;
  }

  /** Somebody says something in the lobby, Dana unless told; it becomes an episode whose words are the message's, if it may be kept. */
  says(
    text: string,
    { name = "Dana", by = dana, ...over }: Partial<Episode> & { readonly name?: string; readonly by?: UserId } = {},
  ): MemoryId {
    this.#count += 1;
    const label = `said/${this.#count}`;
    const id = memoryId(label);
    const { open: said } = heard(label, { addressed: null, roomSeq: this.#count, authorId: userName(by) });
    const episode = { memoryId: id, importance: 0.5, names: [], ...over };
    const spoken = words({ text, authorName: name });
    this.tell(
      { type: "ReceiveMessage", ...said, chars: text.length, episode, words: spoken },
      `${turnId(label)}/receive`,
    );
    return id;
  }

  /** A turn's prompt is compiled with these memories. */
  prompted(label: string, memories: ReadonlyArray<{ readonly memoryId: MemoryId; readonly seq: number }>): void {
    const said = heard(label, { roomSeq: 0 }).open;
    this.tell({ type: "ReceiveMessage", ...said, words: words({ text: "?", authorName: "Dana" }) }, `${label}/hear`);
    const { turnId: id } = said;
    const attempt = this.ledger.state.turns[id]!.attempt;
    this.tell({
      ...{ type: "RecordContext", turnId: id, attempt, messageSeqs: [this.ledger.head], summarySeq: null, tools: [] },
      ...{ memoryIds: memories.map(({ memoryId }) => memoryId), memorySeqs: memories.map(({ seq }) => seq) },
      ...{
        over: [],
        remembersAsker: true,
        policyVersion: 1,
        masked: [],
        verdicts: [],
        promptVersion: 1,
        promptHash: "00",
        tokens: 1,
      },
    });
    this.tell({ type: "StopTurn", roomId: lobby, turnId: id });
    this.tell({ type: "EndTurn", turnId: id, attempt });
  }

  // ── time ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** When the sweep's timer rings next. */
  get due(): number | undefined {
    return this.timers.dueOf(SWEEP_MEMORIES);
  }

  /** The alarm rings once at the time for which it is set, and what it began comes to its end. */
  async ring(): Promise<void> {
    this.now = Math.max(this.now, this.due ?? this.now);
    for (const timer of this.timers.due(this.now))
      if (timer.kind === INDEX_MEMORIES) this.#running.push(Effect.runPromise(Effect.asVoid(this.memory.indexMore())));
      else this.sweep.fired(timer);
    await Promise.all(this.#running.splice(0));
  }

  /** Rings until another sweep is reported; answers the report, and how often it rang. */
  async swept() {
    const before = this.of("MemoriesSwept").length;
    let rang = 0;
    while (this.of("MemoriesSwept").length === before) {
      if (++rang > 500) throw new Error("the sweep does not come to its end");
      await this.ring();
    }
    return { ...this.of("MemoriesSwept").at(-1)!.open, rang };
  }

  /** Days go by in which nothing happens, and no alarm rings; then the next sweep. */
  async sweptAfter(days: number) {
    this.now += days * DAY;
    return this.swept();
  }

  // ── what is there ─────────────────────────────────────────────────────────────────────────────────────────────────

  of<T extends AgentEvent["type"]>(type: T) {
    return this.ledger.read(0, 100_000, [type]) as ReadonlyArray<Extract<RecordedOf<AgentEvent>, { readonly type: T }>>;
  }

  row(id: MemoryId): MemoryRow | undefined {
    return this.memory.register.find(id);
  }

  state(id: MemoryId): MemoryRow["state"] | undefined {
    return this.row(id)?.state;
  }

  /** What may be read at all just now. */
  readable(): ReadonlyArray<string> {
    const { where, parameters } = this.memory.inForce();
    return this.memory.register.where(where, parameters, 1_000, "m.formed_seq").map((row) => row.memoryId);
  }

  /** The memories that a question finds. */
  async found(text: string): Promise<ReadonlyArray<MemoryId>> {
    const search = this.memory.search({ text, limit: 10, scope: this.memory.inForce(), asker: dana });
    return (await Effect.runPromise(search)).found.map(({ row }) => row.memoryId);
  }
}
