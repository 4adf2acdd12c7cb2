/** What may be asked of an agent's memory: by its owner, and by each person of what is remembered about them; used by AgentActor. */
import { Effect } from "effect";
import type { AgentCommand, AgentCommandOf } from "#events/agent/commands.ts";
import { mayRemember } from "#events/agent/consent.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import { type AgentRefusal, ConsentRequired, MemoryUnknown, Stale, TrainingUnknown } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import {
  type ActorName,
  type AgentId,
  childId,
  type MemoryId,
  type RoomId,
  type UserId,
  userName,
} from "#events/kit/ids.ts";
import { VaultAway } from "../../kit/keys.ts";
import type { Ledger, NeedKeys } from "../../kit/ledger.ts";
import type {
  ConversationDescription,
  EmbeddingProgress,
  Evidence,
  ExplainedMemory,
  FoundMemories,
  MemoriesOfMe,
  MemoryDescription,
  MemoryFilter,
  MemoryInput,
  MemoryOfMe,
  MemoryPage,
  MemoryQuery,
  MemorySearch,
} from "../../kit/memory-doors.ts";
import type { Principal } from "../../kit/principal.ts";
import { accepted, type Reply, refused } from "../../kit/reply.ts";
import type { Committed } from "../../kit/settled-commands.ts";
import { described, endedAmong } from "./description.ts";
import { receiptOf } from "./erasure-events.ts";
import { type Acquaintances, filed, namedIn, refiled } from "./filing.ts";
import type { AgentMemory } from "./memory.ts";
import { believedAt, both, concerning, inForce, kept, type Scope } from "./recall/audience.ts";
import type { MemoryRow } from "./recall/memory-row.ts";
import { conversationIn } from "./relations.ts";

/** What the door needs of its agent. */
export interface MemoryDoorHost {
  readonly ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
  readonly memory: AgentMemory;
  readonly agentId: () => AgentId;
  readonly now: () => number;
  readonly isOwner: (by: Principal) => boolean;
  readonly commit: (command: AgentCommand) => Reply<Committed> | NeedKeys;
  readonly meta: (id: string, by: ActorName) => CommandMeta;
  readonly fetchKeys: (subjects: ReadonlyArray<ActorName>) => Promise<void>;
  readonly revealed: (seqs: ReadonlyArray<number>) => Promise<ReadonlyArray<Unsealed>>;
}

const unknownAgent = { _tag: "AgentUnknown", message: "There is no such agent." };
const unknownMemory = new MemoryUnknown();

const named = (memoryIds: ReadonlyArray<string>): Scope => ({
  where: "m.memory_id IN (SELECT value FROM json_each(?))",
  parameters: [JSON.stringify(memoryIds)],
});

const filtered = ({ kinds, about, minImportance, asOf }: MemoryFilter): ReadonlyArray<Scope> => [
  ...(kinds === undefined
    ? []
    : [{ where: "m.kind IN (SELECT value FROM json_each(?))", parameters: [JSON.stringify(kinds)] }]),
  ...(about === undefined ? [] : [concerning(about)]),
  ...(minImportance === undefined ? [] : [{ where: "m.importance >= ?", parameters: [minImportance] }]),
  ...(asOf === undefined ? [] : [believedAt(asOf)]),
];

const formedBefore = (seq: number | undefined): ReadonlyArray<Scope> =>
  seq === undefined ? [] : [{ where: "m.formed_seq < ?", parameters: [seq] }];

export class MemoryDoor {
  readonly #host: MemoryDoorHost;

  constructor(host: MemoryDoorHost) {
    this.#host = host;
  }

  // ── for the owner ─────────────────────────────────────────────────────────────────────────────────────────────────

  async list(by: Principal, { state, limit, before, ...filter }: MemoryQuery): Promise<Reply<MemoryPage>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const which = { where: "m.state = ?", parameters: [state] };
    const { rows, next } = this.#page(both(this.#kept(), which, ...filtered(filter), ...formedBefore(before)), limit);
    return accepted({ memories: await this.#described(rows), next }, this.#host.ledger.head);
  }

  /** Why it is remembered: the memory with the events and memories it was made of. */
  async explain(by: Principal, memoryId: string): Promise<Reply<ExplainedMemory>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const row = this.#find(memoryId);
    if (row === undefined) return refused(unknownMemory);
    const [memory] = await this.#described([row]);
    const merged = this.#shown(this.#merged(row).map((each) => each.memoryId));
    const seqs = new Set([row, ...merged].flatMap(({ sourceSeqs }) => sourceSeqs));
    const revealed = await this.#host.revealed([...seqs]);
    const over = this.#over([...seqs]);
    const events = revealed.map((each) => evidence(over.has(each.event.seq) ? { ...each, words: Erased } : each));
    const drawnFrom = this.#shown([row, ...merged].flatMap(({ sources }) => sources));
    const others = new Map([...merged, ...drawnFrom].map((each) => [each.seq, each]));
    const memories = await this.#described([...others.values()]);
    return accepted({ memory: memory!, events, memories }, this.#host.ledger.head);
  }

  async add(by: Principal, commandId: string, input: MemoryInput): Promise<Reply<MemoryDescription>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const memoryId = childId<MemoryId>("memory", this.#host.agentId(), commandId);
    const meta = this.#meta(commandId, by);
    await this.#host.memory.meetAll();
    const reply = await this.#take(() => ({
      ...{ type: "AddMemories", meta, memories: [filed(memoryId, input, "added")] },
      named: namedIn(input, this.#acquaintances),
    }));
    return this.#afterwards(reply, memoryId);
  }

  /** What is left out stays as it is, and so does what is no different: only what changes is written. */
  async change(
    by: Principal,
    commandId: string,
    memoryId: string,
    input: Partial<MemoryInput>,
    ifVersion?: number,
  ): Promise<Reply<MemoryDescription>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const meta = this.#meta(commandId, by);
    await this.#host.memory.meetAll();
    for (;;) {
      const before = this.#find(memoryId);
      if (before === undefined) return refused(unknownMemory);
      const [unsealed] = await this.#host.revealed([before.seq]);
      if (unsealed === undefined || (unsealed.words === Erased && input.content === undefined))
        return refused(unknownMemory);
      let outcome: "overtaken" | "same" | undefined;
      const reply = await this.#take(() => {
        const row = this.#find(memoryId);
        outcome = row?.version === before.version ? undefined : "overtaken";
        if (row === undefined || outcome !== undefined) return unknownMemory;
        if (ifVersion !== undefined && ifVersion !== row.version) return new Stale({ head: row.version });
        // Whoever may be added is a question of whose words they are; who may not be remembered is refused in any case.
        const userId = input.about?.find(
          (each) => !row.about.includes(each) && !mayRemember(this.#host.ledger.state, [each]),
        );
        if (userId !== undefined) return new ConsentRequired({ userId });
        const after = refiled(row, unsealed, input, this.#acquaintances);
        // What fades is not what is pinned: it would be neither to be read nor to be forgotten.
        const restores = row.state === "archived" && (input.pinned ?? row.pinned);
        const displaced = after?.words === undefined ? {} : this.#displaced(row);
        if (after !== undefined) return { type: "ReviseMemory", meta, ...after, ...displaced, restores };
        if (restores) return { type: "RestoreMemories", meta, memoryIds: [row.memoryId] };
        outcome = "same";
        return unknownMemory;
      });
      if (outcome === "same") return accepted((await this.#described([before]))[0]!, this.#host.ledger.head);
      if (outcome === undefined) return this.#afterwards(reply, memoryId);
    }
  }

  async forget(by: Principal, commandId: string, memoryId: string, ifVersion?: number): Promise<Reply<string>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    return this.#forget(this.#meta(commandId, by), () => this.#find(memoryId), ifVersion);
  }

  async restore(by: Principal, commandId: string, memoryId: string): Promise<Reply<MemoryDescription>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const row = this.#find(memoryId);
    if (row === undefined) return refused(unknownMemory);
    if (row.state !== "archived") return accepted((await this.#described([row]))[0]!, this.#host.ledger.head);
    const meta = this.#meta(commandId, by);
    const reply = await this.#take(() =>
      this.#find(memoryId) === undefined ? unknownMemory : { type: "RestoreMemories", meta, memoryIds: [row.memoryId] },
    );
    return this.#afterwards(reply, memoryId);
  }

  /** Undoes a merging: of a memory, all that was merged into it comes back; of one that was merged, it alone. */
  async separate(by: Principal, commandId: string, memoryId: string): Promise<Reply<MemoryDescription>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const row = this.#find(memoryId);
    if (row === undefined) return refused(unknownMemory);
    const meta = this.#meta(commandId, by);
    const into = row.mergedInto ?? row.memoryId;
    const joined = row.mergedInto === null ? this.#merged(row).filter(({ mergedInto }) => mergedInto === into) : [row];
    const from = joined.map((each) => each.memoryId);
    if (from.length === 0) return accepted((await this.#described([row]))[0]!, this.#host.ledger.head);
    const reply = await this.#take(() =>
      this.#find(memoryId) === undefined ? unknownMemory : { type: "SeparateMemories", meta, into, from },
    );
    return this.#afterwards(reply, memoryId);
  }

  /** With memory off nothing is recalled, whoever asks. */
  async search(by: Principal, search: MemorySearch): Promise<Reply<FoundMemories>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const { ledger, memory, now } = this.#host;
    if (!ledger.state.memoryEnabled) return accepted({ found: [], degraded: false }, ledger.head);
    const { text, limit, minSimilarity, from, to, kinds, ...filter } = search;
    const { asOf } = filter;
    const said = [
      ...(from === undefined ? [] : [{ where: "m.said_at >= ?", parameters: [from] }]),
      ...(to === undefined ? [] : [{ where: "m.said_at < ?", parameters: [to] }]),
    ];
    const scope = both(inForce(now(), memory.retentionDays), ...filtered(filter), ...said);
    const question = {
      ...{ text, limit, minSimilarity, scope, asker: by.userId },
      ...(kinds === undefined ? {} : { kinds }),
      ...(asOf === undefined ? {} : { asOf }),
    };
    const answer = Effect.mapError(memory.search(question), ({ detail }) => new VaultAway(detail));
    const { found, degraded } = await Effect.runPromise(answer);
    const described = await this.#described(found.map(({ row }) => row));
    const scored = found.map(({ similarity, relevance }, index) => ({
      ...{ memory: described[index]!, similarity, relevance },
    }));
    return accepted({ found: scored, degraded }, ledger.head);
  }

  /** How far its memories are embedded, once the wish was carried out; refused where none ever was to be. */
  embedding(by: Principal, wish?: "cancel" | "resume"): Reply<EmbeddingProgress> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const { embeddings } = this.#host.memory;
    if (wish !== undefined) embeddings[wish]();
    const progress = embeddings.progress();
    return progress === undefined ? refused(new TrainingUnknown()) : accepted(progress, this.#host.ledger.head);
  }

  /** What passed in these rooms, and between the agent and the people there. */
  async conversations(
    by: Principal,
    roomIds: ReadonlyArray<RoomId>,
  ): Promise<Reply<ReadonlyArray<ConversationDescription>>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const { memory, ledger, now, revealed } = this.#host;
    const host = { memory, state: ledger.state, now: now(), revealed };
    return accepted(await Promise.all(roomIds.map(async (roomId) => conversationIn(roomId, host))), ledger.head);
  }

  // ── for the people it is about ────────────────────────────────────────────────────────────────────────────────────

  async about(
    by: Principal,
    query: { readonly limit: number; readonly before?: number },
  ): Promise<Reply<MemoriesOfMe>> {
    const { state } = this.#host.ledger;
    if (state.status === "unknown" || state.status === "deleted") return refused(unknownAgent);
    const scope = both(this.#kept(), concerning(by.userId), ...formedBefore(query.before));
    const { rows, next } = this.#page(scope, query.limit);
    const described = await this.#described(rows, both(this.#kept(), concerning(by.userId)));
    const memories = rows.map((row, index) => withoutOthers(row, described[index]!, by.userId));
    return accepted({ agentName: state.name, memories, next }, this.#host.ledger.head);
  }

  async forgetAbout(by: Principal, commandId: string, memoryId: string): Promise<Reply<string>> {
    const scope = both(named([memoryId]), this.#kept(), concerning(by.userId));
    return this.#forget(this.#meta(commandId, by), () => this.#rows(scope, 1)[0]);
  }

  // ── shared ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A memory goes with everything that says the same because of it. Answers the id of the event that says so. */
  async #forget(meta: CommandMeta, find: () => MemoryRow | undefined, ifVersion?: number): Promise<Reply<string>> {
    const reply = await this.#take(() => {
      const row = find();
      if (row === undefined) return unknownMemory;
      if (ifVersion !== undefined && ifVersion !== row.version) return new Stale({ head: row.version });
      const { forgetting } = this.#host.memory;
      const gone = forgetting.withToldOn([row]);
      const memoryIds = gone.map((each) => each.memoryId);
      const rooms = forgetting.noting(gone);
      return { type: "ForgetMemories", meta, memoryIds, seqs: gone.map(({ seq }) => seq), why: "asked", rooms };
    });
    return receiptOf(reply, this.#host.ledger);
  }

  /** What says otherwise than a memory that has new words: notes, the message it was drawn from, answers given with it. */
  #displaced(row: MemoryRow): Pick<AgentCommandOf<"ReviseMemory">, "rooms" | "displaces"> {
    const { register, forgetting } = this.#host.memory;
    const said = register.bySeq(row.sourceSeqs).filter(({ basis, seq }) => basis === "said" && seq !== row.seq);
    // What its owner has put otherwise already is no longer what the agent said.
    const answers = register.answersWith([row.seq]).filter(({ origin }) => origin === "agent");
    const displaced = [...said, ...answers].filter(({ supersededAt }) => supersededAt === null);
    return { rooms: forgetting.noting([row]), displaces: displaced.map(({ memoryId }) => memoryId) };
  }

  /**
   * Commits what `make` answers, in the same breath: what it read is still so. Where a key is missing, it is fetched and
   * the breath is taken anew.
   */
  async #take(make: () => AgentCommand | AgentRefusal): Promise<Reply<Committed>> {
    for (;;) {
      const made = make();
      if ("_tag" in made) return refused(made);
      const reply = this.#host.commit(made);
      if (reply.outcome !== "need-keys") return reply;
      await this.#host.fetchKeys(reply.subjects);
    }
  }

  async #afterwards(reply: Reply<Committed>, memoryId: string): Promise<Reply<MemoryDescription>> {
    if (reply.outcome === "refused") return reply;
    const row = this.#find(memoryId);
    if (row === undefined) return refused(unknownMemory);
    const [memory] = await this.#described([row]);
    return accepted(memory!, reply.seq, reply.replayed);
  }

  #kept(): Scope {
    return kept(this.#host.now(), this.#host.memory.retentionDays);
  }

  #rows({ where, parameters }: Scope, limit: number): ReadonlyArray<MemoryRow> {
    return this.#host.memory.register.where(where, parameters, limit, "m.formed_seq DESC");
  }

  /** What lives on in a memory. */
  #merged(row: MemoryRow): ReadonlyArray<MemoryRow> {
    return this.#host.memory.register.withMerged([row]).slice(1);
  }

  readonly #acquaintances: Acquaintances = (text) => this.#host.memory.acquaintances(text);

  #page(scope: Scope, limit: number): { readonly rows: ReadonlyArray<MemoryRow>; readonly next: number | null } {
    const found = this.#rows(scope, limit + 1);
    const rows = found.slice(0, limit);
    return { rows, next: found.length > limit ? rows.at(-1)!.formedSeq : null };
  }

  #find(memoryId: string): MemoryRow | undefined {
    return this.#shown([memoryId])[0];
  }

  /** Those of these memories that may be shown. */
  #shown(memoryIds: ReadonlyArray<string>): ReadonlyArray<MemoryRow> {
    return this.#rows(both(named(memoryIds), this.#kept()), memoryIds.length + 1);
  }

  /** Those of these events whose words are a memory that may not be shown any more. */
  #over(seqs: ReadonlyArray<number>): ReadonlySet<number> {
    const rows = this.#host.memory.register.bySeq(seqs);
    const shown = new Set(this.#shown(rows.map(({ memoryId }) => memoryId)).map(({ seq }) => seq));
    return new Set(rows.flatMap(({ seq }) => (shown.has(seq) ? [] : [seq])));
  }

  /** `among`: whoever looks is told what has ended only by what they may see. */
  async #described(rows: ReadonlyArray<MemoryRow>, among?: Scope): Promise<ReadonlyArray<MemoryDescription>> {
    const found = await this.#host.revealed(rows.map(({ seq }) => seq));
    const unsealed = new Map(found.map((each) => [each.event.seq, each]));
    const merged = this.#host.memory.register.withMerged(rows);
    const ended = endedAmong(this.#host.memory, rows, among);
    return rows.map((row) => {
      const joined = merged.filter(({ mergedInto }) => mergedInto === row.memoryId).map(({ memoryId }) => memoryId);
      const known = { ...row, ...ended.get(row.seq) };
      return described(known, this.#host.agentId(), { unsealed: unsealed.get(row.seq), joined });
    });
  }

  #meta(commandId: string, by: Principal): CommandMeta {
    return this.#host.meta(commandId, userName(by.userId));
  }
}

function evidence({ event, words }: Unsealed): Evidence {
  const { roomId, messageId } = event.open as { readonly roomId?: string; readonly messageId?: string };
  const text = words === Erased ? undefined : (words.text ?? words.result ?? words.content);
  return {
    ...{ seq: event.seq, type: event.type, at: event.at, actor: event.actor },
    ...{ roomId: roomId ?? null, messageId: messageId ?? null, text: text === undefined ? null : String(text) },
  };
}

/** What was said of others too is theirs as well: it is shown to nobody but to whoever said it, and they are not named. */
function withoutOthers(row: MemoryRow, memory: MemoryDescription, userId: UserId): MemoryOfMe {
  const others = row.about.filter((other) => other !== userId).length;
  const isOwn = others === 0 || row.speaker === userName(userId);
  const withheld = isOwn ? {} : { content: null, context: null };
  return { memory: { ...memory, about: [userId], ...withheld }, others };
}
