/** The event store of one actor: the one door to its log. Read commit() first; every actor owns exactly one ledger. */
import { Result } from "effect";
import type { Decider, Refusal } from "#events/kit/decider.ts";
import type { CommandMeta, EventDefinition } from "#events/kit/define.ts";
import { Erased, type Pending, type Recorded, type RecordedOf, type Unsealed } from "#events/kit/envelope.ts";
import { type ActorName, eventId } from "#events/kit/ids.ts";
import { LogFromTheFuture, upcast } from "#events/kit/upcast.ts";
import { canonical, headerOf, type Prepared, parseObject, prepare, same } from "./encoding.ts";
import { deleteKeys, destroyKeys, HashKey, rewrapKeys, seqsWithKeys } from "./event-keys.ts";
import { type AlongWith, type HeldKeys, keptWords, type NeedKeys, obstacle, type Plan } from "./plan.ts";
import { StreamMoved } from "./refusals.ts";
import { accepted, asData, type Reply, refused } from "./reply.ts";
import { type Keyring, Revealed } from "./revealed.ts";
import { withTables } from "./schema.ts";
import {
  chainLink,
  chainStart,
  fingerprint,
  generationOf,
  keyedHash,
  openWords,
  type SubjectKey,
  sealWords,
} from "./seal.ts";
import { type Committed, printOfRefused, seqsMadeBy, settle, settledReply } from "./settled-commands.ts";
import { keepSnapshot, newestSnapshot, type Snapshot } from "./snapshots.ts";
import { insertRows, type SqlPort, type SqlValue } from "./sql.ts";

export type { NeedKeys } from "./plan.ts";
export type { Keyring } from "./revealed.ts";

/** A snapshot every so many events; never needed, only faster [L7]. */
const SNAPSHOT_EVERY = 500;
/** Newest events kept in memory (up to twice as many): who follows the log need not ask SQLite for what was just committed. */
const TAIL = 512;

const LAST = Number.MAX_SAFE_INTEGER; // beyond every seq
const COLUMNS = "seq, id, type, v, at, actor, command, correlation, causation, open, sealed, hash";
type Command = { readonly type: string; readonly meta: CommandMeta };

export class Ledger<State, C extends Command, E extends Pending, No extends Refusal> {
  readonly stream: string;
  readonly #decider: Decider<State, C, E, No>;
  readonly #definitions: ReadonlyMap<string, EventDefinition>;
  readonly #sql: SqlPort;
  readonly #keys: Keyring;
  readonly #along: AlongWith<State, E>;
  readonly #told: (events: ReadonlyArray<RecordedOf<E>>) => void;
  readonly #revealed: Revealed;
  readonly #hashKey: HashKey;
  /** Words forgotten by the commit that is being written: not to be kept with those that it brings. */
  readonly #forgotten: ReadonlyArray<number>[] = [];
  readonly #tail: RecordedOf<E>[] = [];
  #state: State;
  #head = 0;
  #hash: Uint8Array;
  #snapshotAt = 0;

  /** Migrates the tables and folds the log. @throws LogFromTheFuture when a newer program wrote to it. */
  constructor(
    decider: Decider<State, C, E, No>,
    options: {
      readonly stream: string;
      readonly sql: SqlPort;
      readonly keys: Keyring;
      readonly along?: AlongWith<State, E>;
      /** Hears what was committed, right after the transaction. */
      readonly told?: (events: ReadonlyArray<RecordedOf<E>>) => void;
    },
  ) {
    this.stream = options.stream;
    this.#decider = decider;
    this.#sql = withTables(options.sql, options.stream);
    this.#keys = options.keys;
    this.#revealed = new Revealed(options.keys);
    this.#hashKey = new HashKey(this.#sql);
    this.#along = options.along ?? (() => {});
    this.#told = options.told ?? (() => {});
    this.#definitions = new Map(decider.events.map((definition) => [definition.type, definition]));
    const last = this.#sql.rows("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1")[0];
    this.#head = Number(last?.[0] ?? 0);
    this.#hash = (last?.[1] as Uint8Array | undefined) ?? chainStart(this.stream);
    const snapshot = newestSnapshot(this.#sql, decider, this.#head);
    this.#snapshotAt = snapshot.seq;
    this.#state = this.#foldFrom(snapshot);
  }

  get state(): State {
    return this.#state;
  }

  /** The tables of this log, for those who keep their own beside it. */
  get tables(): SqlPort {
    return this.#sql;
  }

  /** The seq of the newest event; 0 for an empty log. */
  get head(): number {
    return this.#head;
  }

  /**
   * Decides, seals, inserts — one synchronous breath, so nothing can come between [L6]. The same command id gives the
   * same answer for ever, a settled refusal too; a passing one is answered and forgotten [L2].
   */
  commit(command: C): Reply<Committed> | NeedKeys {
    const print = fingerprint(canonical(command));
    const plan = this.#plan(command);
    const written =
      plan.outcome === "write" ? this.#sql.transaction(() => this.#write(command, print, plan)) : undefined;
    // An id is new nearly always, and the insert finds out by itself: only what is not written looks for an older answer.
    if (written === undefined)
      return settledReply(this.#sql, command.meta.id, print) ?? this.#decline(command, print, plan);
    const head = this.#head;
    this.#state = written.state; // [L5] only after the transaction
    this.#hash = written.hash;
    this.#snapshotAt = written.snapshotAt;
    this.#head = head + written.events.length;
    for (const words of written.words) this.#revealed.keep(...words);
    for (const seq of this.#forgotten.splice(0).flat()) this.#revealed.drop(seq);
    this.#tail.push(...written.events);
    if (this.#tail.length > 2 * TAIL) this.#tail.splice(0, this.#tail.length - TAIL);
    this.#told(written.events);
    return accepted({ from: head + 1, to: this.#head }, this.#head);
  }

  /** Recorded events with `after < seq < before`, oldest first, at most `limit`; `types` narrows them. */
  read(after: number, limit: number, types?: ReadonlyArray<string>, before = LAST): ReadonlyArray<RecordedOf<E>> {
    const oldest = this.#tail[0]?.seq ?? this.#head + 1;
    if (after + 1 >= oldest) {
      const events = this.#tail.slice(after + 1 - oldest, Math.max(0, before - oldest));
      return (types ? events.filter(({ type }) => types.includes(type)) : events).slice(0, limit);
    }
    const narrower = types === undefined ? "" : "AND type IN (SELECT value FROM json_each(?))";
    const query = `SELECT ${COLUMNS} FROM events WHERE seq > ? AND seq < ? ${narrower} ORDER BY seq LIMIT ?`;
    const narrowed = types === undefined ? [] : [JSON.stringify(types)];
    return this.#sql.rows(query, after, before, ...narrowed, limit).map((row) => this.#recorded(row));
  }

  /** The newest events of a type before a seq, newest first. The type stands in the query: where it has a partial index, that serves it. */
  newest(type: E["type"], limit: number, before = LAST): ReadonlyArray<RecordedOf<E>> {
    if (!this.#definitions.has(type)) throw new Error(`${type} is not an event of ${this.stream}`);
    return this.#sql
      .rows(`SELECT ${COLUMNS} FROM events WHERE type = '${type}' AND seq < ? ORDER BY seq DESC LIMIT ?`, before, limit)
      .map((row) => this.#recorded(row));
  }

  /** The message with this id: mostly a late one. The type stands in the query itself, so that the partial index serves it. */
  message(messageId: string): RecordedOf<E> | undefined {
    const isIt = ({ type, open }: Recorded) =>
      type === "MessagePosted" && (open as { readonly messageId: string }).messageId === messageId;
    const recent = this.#tail.findLast((event) => isIt(event as unknown as Recorded));
    if (recent !== undefined) return recent;
    const row = this.#sql.rows(
      `SELECT ${COLUMNS} FROM events WHERE type = 'MessagePosted' AND open ->> '$.messageId' = ?`,
      messageId,
    )[0];
    return row && this.#recorded(row);
  }

  /** The link of the chain at each of these events, in hex, by seq. */
  hashes(after: number, limit: number): ReadonlyMap<number, string> {
    const rows = this.#sql.rows(
      "SELECT seq, lower(hex(hash)) FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
      after,
      limit,
    );
    return new Map(rows.map(([seq, hash]) => [Number(seq), String(hash)]));
  }

  /** Seqs of all events made by commands whose id starts with `prefix`: all of one turn, say. */
  madeBy(prefix: string): ReadonlyArray<number> {
    return seqsMadeBy(this.#sql, prefix);
  }

  /**
   * Events by seq, with their words. Answers the subjects whose keys are missing instead when it cannot open them all;
   * words whose key was destroyed come back as `Erased`.
   */
  reveal(seqs: ReadonlyArray<number>): ReadonlyArray<Unsealed> | NeedKeys {
    const atHand = this.#atHand(seqs);
    if (atHand !== undefined) return atHand;
    const rows = this.#sql.rows(
      `SELECT e.seq, e.id, e.type, e.v, e.at, e.actor, e.command, e.correlation, e.causation, e.open, e.sealed, e.hash,
              k.subject, k.wrapped
       FROM json_each(?) w JOIN events e ON e.seq = w.value LEFT JOIN event_keys k ON k.seq = e.seq ORDER BY w.key`,
      JSON.stringify(seqs),
    );
    const missing = new Set<ActorName>();
    const unsealed = rows.map((row): Unsealed => {
      const event = this.#recorded(row);
      if (row[10] === null) return { event, words: {} };
      const words = this.#open(row, event);
      if (typeof words === "string") missing.add(words);
      return { event, words: typeof words === "string" ? Erased : words };
    });
    return missing.size > 0 ? { outcome: "need-keys", subjects: [...missing] } : unsealed;
  }

  /**
   * Forgets the words of these events for good, of all when none are named: their keys are deleted, the events stay. To
   * be called from what goes along with the commit that records the forgetting, so that both happen or neither.
   */
  forget(seqs: ReadonlyArray<number> = seqsWithKeys(this.#sql)): void {
    deleteKeys(this.#sql, seqs);
    for (const seq of seqs) this.#revealed.drop(seq);
    this.#hashKey.drop(seqs);
    this.#forgotten.push(seqs);
  }

  /** Forgets all words sealed under these generations of a subject's key, which is destroyed. */
  forgetSubject(subject: ActorName, upTo: number): void {
    this.#sql.transaction(() => destroyKeys(this.#sql, subject, upTo));
    this.#revealed.dropOf(subject);
    this.#hashKey.drop();
  }

  /** A hash of words that dies with a subject's key, so that nobody can try guesses on what was erased. One subject a stream. */
  digest(subject: ActorName, text: string, like?: string): string | Erased | NeedKeys {
    const key = this.#hashKey.get({ stream: this.stream, subject, keys: this.#keys });
    if (key === undefined) return { outcome: "need-keys", subjects: [subject] };
    return key === "destroyed" ? Erased : keyedHash(key, text, like);
  }

  /** Wraps keys of this subject's events under the generation that seals now, at most `limit`; answers how many there were. */
  rewrap(subject: ActorName, limit: number): number {
    const to = this.#keys.get(subject);
    if (to === undefined) throw new Error(`the key of ${subject} is not at hand`);
    if (to === "destroyed") return 0;
    const owned = { stream: this.stream, subject, keys: this.#keys };
    return this.#sql.transaction(() => rewrapKeys(this.#sql, owned, to, limit));
  }

  /** True while the words of these events are open, and may be: whoever keeps what was made of them asks before each use. */
  isRevealed(seqs: ReadonlyArray<number>): boolean {
    return seqs.every((seq) => this.#revealed.get(seq) !== undefined);
  }

  /** The state as it was after event `seq`. */
  stateAt(seq: number): State {
    return this.#foldFrom({ seq: 0, state: this.#decider.initial }, seq);
  }

  /** Walks the whole chain. Answers the first seq whose bytes do not fit, or the head when all do. */
  verify(): { readonly intact: true; readonly head: number } | { readonly intact: false; readonly brokenAt: number } {
    let hash = chainStart(this.stream);
    let expected = 1;
    for (const rows of this.#pages()) {
      for (const row of rows) {
        const link = chainLink(hash, headerOf(row), String(row[9]), row[10] as Uint8Array | null);
        if (Number(row[0]) !== expected || !same(link, row[11] as Uint8Array))
          return { intact: false, brokenAt: expected };
        hash = link;
        expected += 1;
      }
    }
    return { intact: true, head: expected - 1 };
  }

  /** What was lately committed or asked for is still in memory, words and all; undefined when anything asked for is not. */
  #atHand(seqs: ReadonlyArray<number>): ReadonlyArray<Unsealed> | undefined {
    const oldest = this.#tail[0]?.seq ?? this.#head + 1;
    const found: Unsealed[] = [];
    for (const seq of seqs) {
      const event = this.#tail[seq - oldest];
      const plain = event !== undefined && event.sealed === undefined ? { event, words: {} } : undefined;
      const known = plain ?? this.#revealed.get(seq);
      if (known === undefined) return undefined;
      found.push(known);
    }
    return found;
  }

  /** What would be done with a command whose id is new. */
  #plan(command: C): Plan<E, No> | NeedKeys {
    if (command.meta.ifSeq !== undefined && command.meta.ifSeq !== this.#head)
      return { outcome: "refuse", refusal: new StreamMoved({ head: this.#head }) };
    const answer = this.#decider.decide(command, this.#state);
    if (Result.isFailure(answer))
      return { outcome: "refuse", refusal: answer.failure, settles: !answer.failure.passing };
    const pending = answer.success;
    // Asked for once: a lent key may run out between two looks.
    const subjects = [...new Set(pending.flatMap(({ sealed }) => (sealed ? [sealed.subject] : [])))];
    const keys = new Map(subjects.map((subject) => [subject, this.#keys.get(subject)]));
    const missing = subjects.filter((subject) => keys.get(subject) === undefined);
    if (missing.length > 0) return { outcome: "need-keys", subjects: missing };
    const prepared = pending.map(prepare);
    const against = obstacle(prepared, keys);
    return against === undefined ? { outcome: "write", prepared, keys } : { outcome: "refuse", refusal: against };
  }

  #decline(command: C, print: Uint8Array, plan: Plan<E, No> | NeedKeys): Reply<Committed> | NeedKeys {
    if (plan.outcome === "need-keys") return plan;
    if (plan.outcome === "write") throw new Error("a command was neither written nor settled");
    const refusal = asData(plan.refusal);
    const kept = printOfRefused(command, print);
    if (plan.settles) this.#sql.transaction(() => settle(this.#sql, command.meta, kept, { refusal }));
    return refused(plan.refusal);
  }

  /**
   * Inside the transaction: the command's outcome, events with their keys, a snapshot now and then, and what goes along.
   * Nothing at all when the command has an outcome already.
   */
  #write(command: C, print: Uint8Array, { prepared, keys: lent }: Extract<Plan<E, No>, { outcome: "write" }>) {
    const head = this.#head + prepared.length;
    if (!settle(this.#sql, command.meta, print, { from: this.#head + 1, to: head })) return undefined;
    let state = this.#state;
    let hash = this.#hash;
    const words: Parameters<Revealed["keep"]>[] = [];
    const events: RecordedOf<E>[] = [];
    const rows: SqlValue[][] = [];
    const keys: SqlValue[][] = [];
    prepared.forEach((each, index) => {
      const { event } = each;
      const encoded = this.#encode(command.meta, each, this.#head + 1 + index, hash, lent);
      hash = encoded.hash;
      rows.push(encoded.row);
      keys.push(...encoded.keys);
      if (event.sealed) words.push(keptWords(encoded.recorded, event.sealed, lent));
      const recorded = encoded.recorded as unknown as RecordedOf<E>;
      state = this.#decider.evolve(state, recorded as unknown as Recorded<E>);
      events.push(recorded);
    });
    insertRows(this.#sql, `events (${COLUMNS})`, rows);
    insertRows(this.#sql, "event_keys (seq, subject, wrapped)", keys);
    const isDue = head - this.#snapshotAt >= SNAPSHOT_EVERY;
    if (isDue) keepSnapshot(this.#sql, this.#decider, { seq: head, state });
    const snapshotAt = isDue ? head : this.#snapshotAt;
    this.#along(state, events);
    return { state, hash, words, events, snapshotAt };
  }

  /** An event as the rows that hold it, linked to the one before. */
  #encode(meta: CommandMeta, { event, open, words }: Prepared<E>, seq: number, previous: Uint8Array, lent: HeldKeys) {
    const definition = this.#definitions.get(event.type);
    if (definition === undefined) throw new Error(`${event.type} is not an event of ${this.stream}`);
    const { type, v } = definition;
    const { at, by, correlation, causation } = meta;
    const id = eventId(at, this.stream, seq);
    const subject = event.sealed?.subject;
    const place = { stream: this.stream, subject: subject ?? "", seq, type, v };
    const sealing = subject && sealWords(words, place, lent.get(subject) as SubjectKey);
    const sealed = sealing?.sealed ?? null;
    const row: SqlValue[] = [seq, id, type, v, at, by, meta.id, correlation, causation, open, sealed];
    const hash = chainLink(previous, headerOf(row), open, sealed);
    const recorded = { seq, id, type, v, at, actor: by, command: meta.id, correlation, causation, open: event.open };
    return {
      hash,
      row: [...row, hash],
      keys: sealing ? [[seq, subject!, sealing.wrapped]] : [],
      recorded: sealed === null ? recorded : { ...recorded, sealed },
    };
  }

  /** The words of a row, the subject whose key is missing, or the sign of erasure. */
  #open(row: ReadonlyArray<SqlValue>, event: RecordedOf<E>): Unsealed["words"] | ActorName {
    const [seq, , type, v] = row as [number, string, string, number];
    const known = this.#revealed.get(seq);
    if (known !== undefined) return known.words;
    if (row[13] === null) return Erased;
    const [subject, wrapped] = [row[12] as ActorName, row[13] as Uint8Array];
    const key = this.#keys.get(subject, generationOf(wrapped));
    if (key === undefined) return subject;
    if (key === "destroyed") return Erased;
    const place = { stream: this.stream, seq, type, v, subject };
    const words = parseObject(openWords(row[10] as Uint8Array, wrapped, place, key));
    this.#revealed.keep(event, words, subject, key.number);
    return words;
  }

  #recorded(row: ReadonlyArray<SqlValue>): RecordedOf<E> {
    const [seq, id, type, v, at, actor, command, correlation, causation, open, sealed] = row;
    const definition = this.#definitions.get(String(type));
    if (definition === undefined) throw new LogFromTheFuture(String(type), Number(v));
    const lifted = upcast(definition, Number(v), parseObject(String(open)));
    const envelope = { seq, id, type, v, at, actor, command, correlation, causation, open: lifted };
    return (sealed === null ? envelope : { ...envelope, sealed }) as unknown as RecordedOf<E>;
  }

  *#pages(after = 0, until = LAST): Generator<ReadonlyArray<ReadonlyArray<SqlValue>>> {
    for (let seq = after; ; ) {
      const rows = this.#sql.rows(
        `SELECT ${COLUMNS} FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 2000`,
        seq,
        until,
      );
      if (rows.length === 0) return;
      yield rows;
      seq = Number(rows.at(-1)![0]);
    }
  }

  #foldFrom(start: Snapshot<State>, until?: number): State {
    let { state } = start;
    for (const rows of this.#pages(start.seq, until))
      for (const row of rows) state = this.#decider.evolve(state, this.#recorded(row) as unknown as Recorded<E>);
    return state;
  }
}
