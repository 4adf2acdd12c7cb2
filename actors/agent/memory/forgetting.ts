/** Forgetting: what is taken back goes with its keys, and with everything that says the same because of it; owned by AgentMemory. */
import type { AgentCommand } from "#events/agent/commands.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { TurnView } from "#events/agent/turn.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { type RoomId, type TurnId, type UserId, userName } from "#events/kit/ids.ts";
import { isGone, isOutlived } from "../../kit/event-keys.ts";
import type { Forgotten } from "../../kit/key-doors.ts";
import type { Ledger, NeedKeys } from "../../kit/ledger.ts";
import type { Reply } from "../../kit/reply.ts";
import type { Committed } from "../../kit/settled-commands.ts";
import type { Standing } from "./embedding/remote.ts";
import { both, holding, type Scope } from "./recall/audience.ts";
import type { MemoryRow } from "./recall/memory-row.ts";
import { isTakenBack, type MemoryRegister } from "./recall/register.ts";

type Ending = Extract<RecordedOf<AgentEvent>, { type: "TurnCompleted" | "TurnStopped" | "TurnFailed" }>;
const isEnding = (event: RecordedOf<AgentEvent>): event is Ending =>
  event.type === "TurnCompleted" || event.type === "TurnStopped" || event.type === "TurnFailed";

/** The events of a turn that hold words of models, of tools and of the agent. */
const SAID: ReadonlyArray<AgentEvent["type"]> = ["ModelReplied", "ToolExecuted", "ToolFailed", "ReplyDrafted"];

/** So many memories are forgotten with one commit: their ids stand in its event. */
const FORGOTTEN_AT_ONCE = 500;

/** What forgetting needs of the agent. */
export interface ForgettingHost {
  readonly ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
  readonly commit: (command: AgentCommand) => Reply<Committed> | NeedKeys;
  readonly meta: (id: string) => AgentCommand["meta"];
  /** The register, level with the log. */
  readonly register: () => MemoryRegister;
  /** How many vectors stand elsewhere. */
  readonly standing: () => Standing;
  readonly indexesLeft: () => ReadonlyArray<string>;
}

export class Forgetting {
  readonly #host: ForgettingHost;
  /** Whether something withdrawn may still have to be forgotten: a death can come between, so it is looked after each wake. */
  #mayHoldWithdrawn = true;
  #isForgetting = false;

  constructor(host: ForgettingHost) {
    this.#host = host;
  }

  /** Inside the transaction of these events: the keys of what is forgotten go with it. */
  keys(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    const { ledger } = this.#host;
    for (const event of events) {
      const { type, open, sealed } = event;
      if (type === "MemoryForgotten") ledger.forget([...open.seqs, ...this.#behind(open.seqs)]);
      if (type === "MemoryForgotten" && isTakenBack(event)) ledger.forget(this.#saidWith(open.seqs));
      if (type === "MemoryRevised" && sealed !== undefined)
        ledger.forget([open.replacesSeq, ...this.#behind([open.replacesSeq])]);
      if (type === "SummariesForgotten") ledger.forget(open.seqs);
      if (type === "AgentDeleted") ledger.forget();
      if (isEnding(event)) ledger.forget(this.#outdated(event.open.turnId));
    }
  }

  /** What models and tools had said on the way to the replies among these: the same words, a few events earlier. */
  #behind(seqs: ReadonlyArray<number>): ReadonlyArray<number> {
    return seqs.flatMap((seq) => {
      const [reply] = this.#host.ledger.read(seq - 1, 1);
      return reply?.type === "ReplyDrafted" ? this.#wordsOf(reply.open.turnId) : [];
    });
  }

  /**
   * The agent's own words of turns that had any of these memories in mind: not every reply is a memory itself. A turn that
   * still runs needs its words, and loses them when it ends.
   */
  #saidWith(seqs: ReadonlyArray<number>): ReadonlyArray<number> {
    const { turns } = this.#host.ledger.state;
    const over = this.#host
      .register()
      .uses.turnsWith(seqs)
      .filter((turnId) => turns[turnId] === undefined);
    return over.flatMap((turnId) => this.#wordsOf(turnId));
  }

  /** The agent's own words of a turn that ends, where somebody or something it had in mind was taken back while it ran. */
  #outdated(turnId: TurnId): ReadonlyArray<number> {
    const turn = this.#host.ledger.state.turns[turnId];
    if (turn === undefined) return [];
    const [draft] = turn.draft === null ? [] : this.#host.ledger.read(turn.draft.seq - 1, 1);
    const people = draft?.type === "ReplyDrafted" ? draft.open.tells : ((turn.people ?? []) as ReadonlyArray<UserId>);
    if (this.#isLate(turn, people)) return this.#wordsOf(turnId);
    if (turn.given.length === 0) return [];
    const register = this.#host.register();
    const there = new Set(register.bySeq(turn.given).map(({ seq }) => seq));
    const missing = turn.given.filter((seq) => !there.has(seq));
    // What is put otherwise is there still, under the event of its new words.
    const moved = missing.length === 0 ? [] : this.#inOtherWords(missing, turn.triggerSeq);
    return register.bySeq(moved).length < missing.length ? this.#wordsOf(turnId) : [];
  }

  /** Whether somebody was erased meanwhile whom a turn answers, or whose words its reply may say again. */
  #isLate({ triggerSeq, taken }: TurnView, people: ReadonlyArray<UserId>): boolean {
    const { tables } = this.#host.ledger;
    const subjects = people.map(userName);
    return subjects.some((subject) => isGone(tables, subject)) || isOutlived(tables, [...taken, triggerSeq], subjects);
  }

  /** The events of the newest words of memories, by those that they had after this one. */
  #inOtherWords(seqs: ReadonlyArray<number>, after: number): ReadonlyArray<number> {
    const revisions = this.#host.ledger.read(after, Number.MAX_SAFE_INTEGER, ["MemoryRevised"]);
    const now = new Map(seqs.map((seq) => [seq, seq]));
    for (const { type, seq, open, sealed } of revisions)
      if (type === "MemoryRevised" && sealed !== undefined)
        for (const [first, last] of now) if (last === open.replacesSeq) now.set(first, seq);
    return [...now.values()];
  }

  /** What models and tools said in a turn, and the reply. */
  #wordsOf(turnId: TurnId): ReadonlyArray<number> {
    const { ledger } = this.#host;
    const made = ledger.madeBy(`${turnId}/`);
    const [first = 0, last = 0] = [made[0], made.at(-1)];
    const said = ledger.read(first - 1, last - first + 1, SAID);
    return said.flatMap(({ seq, open }) => (seq <= last && "turnId" in open && open.turnId === turnId ? [seq] : []));
  }

  /** Something was committed: what was withdrawn with it, or before a death, is forgotten. */
  committed(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    if (events.some(({ type, open }) => type === "ConsentNoted" && !open.granted)) this.#mayHoldWithdrawn = true;
    // Each commit of the forgetting itself comes by here: it is under way, and needs no second one inside.
    if (!this.#mayHoldWithdrawn || this.#isForgetting) return;
    this.#isForgetting = true;
    try {
      this.#mayHoldWithdrawn = !this.#forgetWithdrawn();
    } finally {
      this.#isForgetting = false;
    }
  }

  /** Something was committed that could not be gone into: whether anything was withdrawn is looked for with the next commit. */
  missed(): void {
    this.#mayHoldWithdrawn = true;
  }

  /** What was forgotten of a person since a moment at their wish, and what of them is left. */
  of(userId: UserId, since: number): Forgotten {
    const { ledger } = this.#host;
    const made = ["withdrawn", "erased"].flatMap((why) => ledger.madeBy(`forget/${why}/${userId}/`));
    const { where, parameters } = holding(userId);
    const { going, removed } = this.#host.standing();
    return {
      forgotten: made
        .flatMap((seq) => ledger.read(seq - 1, 1))
        .reduce(
          (sum, { type, at, open }) => sum + (type === "MemoryForgotten" && at >= since ? open.memoryIds.length : 0),
          0,
        ),
      left: this.#host.register().count(where, parameters),
      elsewhere: going + removed,
      indexesLeft: this.#host.indexesLeft(),
    };
  }

  /** Somebody was erased: forgets everything about them, what was said to them or of theirs again, and notes that may hold it. */
  about(userId: UserId): void {
    this.#forgetAll(userId, "erased");
    this.#forgetSaid(userId);
    this.#host.commit({ type: "ForgetSummaries", meta: this.#host.meta(`forget-notes/${userId}`), userId });
  }

  /**
   * Stops what nobody waits for any more, before more of it is shown: whoever asked was erased, and their question is gone.
   * Comes when all else is forgotten, for the next turn may begin at once, and must be shown nothing of it.
   */
  leaveOff(): void {
    const { ledger, commit, meta } = this.#host;
    // What waits goes first: it would be taken together with others as soon as nothing runs.
    const turns = Object.values(ledger.state.turns).toSorted((left, right) => left.attempt - right.attempt);
    for (const { turnId, roomId, people, draft } of turns) {
      if (draft !== null) continue; // it may be on its way, and the room does not show it
      const asked = (people ?? []).map((userId) => userName(userId as UserId));
      const isOver = asked.length > 0 && asked.every((subject) => isGone(ledger.tables, subject));
      if (isOver) commit({ type: "StopTurn", meta: meta(`${turnId}/stop/erased`), roomId, turnId });
    }
  }

  /**
   * The words of what was said in answer to somebody, and of what may say again what they said, be it a memory or not. What the
   * agent heard others say of it is theirs, but for answers of other agents to them.
   */
  #forgetSaid(userId: UserId): void {
    const { ledger } = this.#host;
    const { tables } = ledger;
    const answers = tables.rows(
      "SELECT seq FROM events WHERE type = 'MessageReceived' AND open ->> '$.answers' = ? AND actor LIKE 'agent:%'",
      userId,
    );
    const turns = tables.rows(
      `SELECT open ->> '$.turnId' FROM events WHERE type = 'MessageReceived' AND actor = ?
       UNION SELECT open ->> '$.turnId' FROM events
       WHERE type = 'ReplyDrafted' AND EXISTS (SELECT 1 FROM json_each(open, '$.tells') WHERE value = ?)`,
      ...[userName(userId), userId],
    );
    const over = turns.map(([turnId]) => turnId as TurnId).filter((turnId) => ledger.state.turns[turnId] === undefined);
    ledger.forget([...answers.map(([seq]) => Number(seq)), ...over.flatMap((turnId) => this.#wordsOf(turnId))]);
  }

  /** What was taken back, person by person. True when nothing is left. */
  #forgetWithdrawn(): boolean {
    for (;;) {
      const [row] = this.#host.register().where("m.state = 'withdrawn'", [], 1);
      if (row === undefined) return true;
      const { consents } = this.#host.ledger.state;
      const people = this.#host.register().people.in([row.seq]);
      const userId = people.find((one) => consents[one] !== "granted") ?? people[0]!;
      if (!this.#forgetAll(userId, "withdrawn", { where: "m.state = 'withdrawn'", parameters: [] })) return false;
    }
  }

  /** What may hold words of a person, and what tells it on, a batch at a time. True when nothing is left. */
  #forgetAll(userId: UserId, why: "withdrawn" | "erased", ...among: ReadonlyArray<Scope>): boolean {
    const { where, parameters } = both(holding(userId), ...among);
    const rows = this.#host.register().where(where, parameters, Number.MAX_SAFE_INTEGER);
    // What tells it on goes first: should a death come between, it is found again by way of what it tells.
    const going = this.withToldOn(rows).toReversed();
    for (let start = 0; start < going.length; start += FORGOTTEN_AT_ONCE) {
      const batch = going.slice(start, start + FORGOTTEN_AT_ONCE);
      if (this.together(batch, why, `${why}/${userId}/${batch[0]!.seq}`).outcome !== "accepted") return false;
    }
    return true;
  }

  /**
   * These with all that says the same because of them, however far it was told on: what lives on in them alone, what was drawn
   * from any of them, and what the agent said with it in mind.
   */
  withToldOn(rows: ReadonlyArray<MemoryRow>): ReadonlyArray<MemoryRow> {
    const register = this.#host.register();
    const gone = new Map<number, MemoryRow>();
    for (let fresh = rows; fresh.length > 0; ) {
      for (const row of fresh) gone.set(row.seq, row);
      const ever = [...fresh, ...this.#asTheyWere(fresh)];
      const told = [
        ...register.withMerged(fresh),
        ...register.drawnFrom(ever),
        ...register.answersWith([...ever.map(({ seq }) => seq), ...this.#notesOver(fresh)]),
      ];
      fresh = told.filter(({ seq }) => !gone.has(seq));
    }
    return [...gone.values()];
  }

  /** Those of these memories whose words were replaced, by the events of the words that they had before: some may tell those on. */
  #asTheyWere(rows: ReadonlyArray<MemoryRow>): ReadonlyArray<MemoryRow> {
    const revised = new Map<string, MemoryRow>(
      rows.flatMap((row) => (row.version > 1 ? [[row.memoryId, row] as const] : [])),
    );
    if (revised.size === 0) return [];
    const first = Math.min(...Array.from(revised.values(), ({ formedSeq }) => formedSeq));
    const revisions = this.#host.ledger.read(first, Number.MAX_SAFE_INTEGER, ["MemoryRevised"]);
    return revisions.flatMap((event) => {
      if (event.type !== "MemoryRevised" || event.sealed === undefined) return [];
      const row = revised.get(event.open.memoryId);
      return row === undefined ? [] : [{ ...row, seq: event.open.replacesSeq }];
    });
  }

  /** All notes there ever were of these memories' rooms that may hold them, by their events: those of today carry older ones on. */
  #notesOver(rows: ReadonlyArray<MemoryRow>): ReadonlyArray<number> {
    const first = new Map<string, number>();
    for (const { roomId, seq, basis, sourceSeqs } of rows)
      if (roomId !== null)
        first.set(
          roomId,
          Math.min(first.get(roomId) ?? Number.POSITIVE_INFINITY, ...(basis === "said" ? [seq] : sourceSeqs)),
        );
    const from = Math.min(...first.values());
    if (!Number.isFinite(from)) return [];
    const notes = this.#host.ledger.read(from, Number.MAX_SAFE_INTEGER, ["RoomSummarized"]);
    return notes.flatMap(({ type, seq, open }) =>
      type === "RoomSummarized" && (first.get(open.roomId) ?? seq) <= open.toSeq ? [seq] : [],
    );
  }

  /** Rooms whose notes cover what these memories come from. */
  noting(rows: ReadonlyArray<MemoryRow>): ReadonlyArray<RoomId> {
    const { rooms } = this.#host.ledger.state;
    const noted = rows.filter(({ roomId, basis, seq, sourceSeqs }) => {
      const summary = roomId === null ? undefined : rooms[roomId as RoomId]?.summary;
      return summary != null && (basis === "said" ? [seq] : sourceSeqs).some((source) => source <= summary.toSeq);
    });
    return [...new Set(noted.map(({ roomId }) => roomId as RoomId))];
  }

  /** Forgets these memories, words and keys, with the notes that cover them, in one commit. */
  together(
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
      rooms: this.noting(rows),
    });
  }
}
