/** The base of every actor: opens its log in the constructor, commits, keeps timers and feeds going, and lets no stack trace out. */
import { Server } from "partyserver";
import type { Decider, Refusal } from "#events/kit/decider.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import type { Pending, RecordedOf } from "#events/kit/envelope.ts";
import type { ActorName } from "#events/kit/ids.ts";
import { now } from "./clock.ts";
import type { ActorEnv, History, HistoryQuery } from "./doors.ts";
import { derivedKeys, destroyedKeys, noteDerived } from "./event-keys.ts";
import { Feeds } from "./feeds.ts";
import { Keys, VaultAway } from "./keys.ts";
import { Ledger, type NeedKeys } from "./ledger.ts";
import type { Away, Reply } from "./reply.ts";
import type { Committed } from "./settled-commands.ts";
import { durableSql, type SqlPort } from "./sql.ts";
import { type Timer, Timers } from "./timers.ts";

/** After a commit, whatever it set going is looked after again within this time, should the object die (house.md II.9). */
const HEARTBEAT_MS = 5_000;
/** An alarm that is due at once rings after this long; one whose work broke, later: it must not spin. */
const SOON_MS = 50;
const AFTER_FAULT_MS = 1_000;
/** D1 has one writer: events wait this long for company (house.md II.7 asks for a lag of at most a second). */
const BUNDLE_MS = 600;
/** Keys of events that are wrapped anew with one call: some 50 ms of work, and others get their turn in between. */
const REWRAPPED_AT_ONCE = 1_000;
/** Bookmarks ride along with commits, but not with every one: each row is another page to write. */
const SAVE_EVERY_MS = 1_000;

export abstract class Actor<
  State,
  C extends { readonly type: string; readonly meta: CommandMeta },
  E extends Pending,
  No extends Refusal,
  Env extends ActorEnv = ActorEnv,
> extends Server<Env & Cloudflare.Env> {
  static override options = { hibernate: true };

  protected readonly tables: SqlPort;
  protected readonly ledger: Ledger<State, C, E, No>;
  protected readonly keys: Keys;
  protected readonly feeds: Feeds;
  protected readonly timers: Timers;
  readonly #isFinal: (state: State) => boolean;
  #bundling = false;

  /**
   * SQL is synchronous, so the log is open and folded before any call is delivered; a native RPC call would not wait
   * for partyserver's `onStart`.
   */
  constructor(ctx: DurableObjectState, env: Env, decider: Decider<State, C, E, No>) {
    super(ctx, env as Env & Cloudflare.Env);
    const stream = `${decider.kind}:${ctx.id.name}`;
    this.keys = new Keys(stream, env);
    this.ledger = new Ledger(decider, {
      stream,
      sql: durableSql(ctx.storage),
      keys: this.keys,
      along: (next, events) => this.#along(next, events),
      told: (events) => this.afterCommit(events),
    });
    this.tables = this.ledger.tables;
    this.keys.remember({
      ...{ destroyed: destroyedKeys(this.tables), derived: derivedKeys(this.tables) },
      noteDerived: (subject, number) => noteDerived(this.tables, subject, number),
      died: (subject, upTo) => void this.forgetKey(subject, upTo).catch(() => {}), // the Vault's news comes as well
    });
    this.timers = new Timers(this.tables, { set: (at) => void ctx.storage.setAlarm(at) });
    this.feeds = new Feeds(this.tables, this.ledger);
    this.#isFinal = (state) => decider.isFinal(state);
  }

  /** A timer's time has come; doing it twice must be doing it once. */
  protected async onTimer(_timer: Timer): Promise<void> {}

  /** Writes what belongs to these events beside the log, inside their transaction: both are there, or neither. */
  protected alongWith(_events: ReadonlyArray<RecordedOf<E>>): void {}

  /** Sets the timers that these events ask for, inside their transaction: both are there, or neither. */
  protected setTimers(_events: ReadonlyArray<RecordedOf<E>>): void {}

  /** Feeds that keep the read models; they are told in bundles. */
  protected readonly readModels: ReadonlyArray<string> = [];

  /** Called about every five seconds while anything is unfinished, also after a restart. */
  protected onHeartbeat(): void {}

  /** True while something is unfinished that only lives in memory and must be resumed should it die. */
  protected busy(): boolean {
    return false;
  }

  /** Tells those who follow the log; a subclass says at once whom, and in which order. */
  protected afterCommit(_events: ReadonlyArray<RecordedOf<E>>): void {}

  /** Takes a command; fetches keys and takes it again where they are missing. */
  protected async commit(command: C): Promise<Reply<Committed>> {
    for (;;) {
      const reply = this.commitNow(command);
      if (reply.outcome !== "need-keys") return reply;
      await this.keys.fetch(reply.subjects);
    }
  }

  /** Takes a command in one breath, or says which keys are missing. */
  protected commitNow(command: C): Reply<Committed> | NeedKeys {
    try {
      return this.ledger.commit(command);
    } catch (defect) {
      // A rolled-back transaction has taken the alarm and the bookmarks back too.
      this.timers.rang();
      this.feeds.rolledBack();
      throw defect;
    }
  }

  /** Events with their words, keys fetched as needed. */
  protected async revealed(seqs: ReadonlyArray<number>) {
    for (;;) {
      const found = this.ledger.reveal(seqs);
      if (!("outcome" in found)) return found;
      await this.keys.fetch(found.subjects);
    }
  }

  /**
   * A key was destroyed: forgets what this actor knows of its subject beside the log. Called again until it has returned
   * once, so that doing it twice must be doing it once.
   */
  protected async onKeyForgotten(_subject: ActorName): Promise<void> {}

  /**
   * A key has a new generation, and derived keys are made of it from now on: makes anew what was made with them, at best
   * before the first wait. Called again until it has returned once.
   */
  protected async onKeyRenewed(_subject: ActorName, _number: number): Promise<void> {}

  forgetKey(subject: ActorName, upTo: number): Promise<void> {
    return this.behindWall("forgetKey", async () => {
      this.ledger.forgetSubject(subject, upTo);
      this.keys.destroyed(subject, upTo);
      // A key may have been asked for by a commit that a death took back: then there is nothing here.
      if (this.ledger.head > 0) await this.onKeyForgotten(subject);
    });
  }

  renewKey(subject: ActorName, number: number): Promise<boolean> {
    return this.behindWall("renewKey", async () => {
      await this.keys.renewed(subject, number);
      const generation = this.keys.generation(subject);
      if (generation === "destroyed") return true;
      // It was found destroyed while it was fetched, and nothing is held of it now: asked for again, that is known.
      if (generation === undefined) return false;
      if (this.ledger.rewrap(subject, REWRAPPED_AT_ONCE) > 0) return false;
      // In one breath with what the hook makes anew: derived keys and what was made with them never part.
      this.keys.derive(subject, number);
      if (this.ledger.head > 0) await this.onKeyRenewed(subject, number);
      this.keys.outgrown(subject, number);
      return true;
    });
  }

  /** A page of the log as auditors read it. */
  protected page({ after, limit, type }: HistoryQuery): History {
    const events = this.ledger.read(after, limit + 1, type === undefined ? undefined : [type]);
    const shown = events.slice(0, limit);
    const hashes = this.ledger.hashes((shown[0]?.seq ?? 1) - 1, (shown.at(-1)?.seq ?? 0) - (shown[0]?.seq ?? 1) + 1);
    return {
      events: shown.map(({ seq, id, type: name, v, at, actor, command, correlation, causation, open }) => ({
        ...{ seq, id, type: name, v, at, actor, command, correlation, causation, open },
        hash: hashes.get(seq) ?? "",
      })),
      more: events.length > limit,
    };
  }

  /** Notes what went wrong where operators look. Never what people said: causes carry code, not content. */
  protected report(what: string, cause: unknown): void {
    console.error(`${this.ledger.stream} ${what}`, cause);
  }

  /**
   * Everything behind a door runs in here: what goes wrong is logged with an id, and only the id goes out. Refusals are
   * values and pass.
   */
  protected async behindWall<A>(door: string, body: () => Promise<A>): Promise<A> {
    try {
      return await body();
    } catch (defect) {
      const trace = crypto.randomUUID();
      this.report(`${door} ${trace}`, defect);
      throw new Error(`${defect instanceof VaultAway ? ("out-of-reach" satisfies Away) : "internal"} ${trace}`);
    }
  }

  /** Tells everybody who follows the log: neighbours at once, the read models a moment later and many events at a time. */
  protected followLog(events: ReadonlyArray<{ readonly type: string }>): void {
    for (const name of this.feeds.wanting(events.map(({ type }) => type)))
      if (!this.readModels.includes(name)) this.ctx.waitUntil(this.feeds.pump(name));
    if (this.#bundling) return;
    this.#bundling = true;
    setTimeout(() => {
      this.#bundling = false;
      this.ctx.waitUntil(this.pumpReadModels());
    }, BUNDLE_MS);
  }

  protected async pumpReadModels(): Promise<void> {
    await Promise.all(this.readModels.map((name) => this.feeds.pump(name)));
  }

  /**
   * Resolves when the read models, and these feeds, have seen all that is in the log now, or when the time is up. One that
   * waits before it tries again is not waited for: whoever looks often would only make it wait longer.
   */
  protected async level(waitMs: number, ...others: ReadonlyArray<string>): Promise<void> {
    const names = [...this.readModels, ...others];
    if (names.every((name) => this.feeds.position(name) >= this.ledger.head)) return;
    await Promise.race([this.feeds.pumpDue(names), new Promise((resolve) => setTimeout(resolve, waitMs))]);
  }

  override async onAlarm(): Promise<void> {
    this.timers.rang();
    const done = [
      await this.#attempt("heartbeat", async () => this.onHeartbeat()),
      await this.#attempt("timers", () => this.#ringDue()),
      await this.#attempt("feeds", async () => {
        await Promise.all([this.feeds.pumpDue(), this.pumpReadModels()]);
        this.feeds.save();
      }),
    ];
    this.#rearm(done.every(Boolean) ? SOON_MS : AFTER_FAULT_MS);
  }

  /** Every timer for itself, side by side: one that fails, or takes long, keeps no other from its time. */
  async #ringDue(): Promise<boolean> {
    const rung = this.timers.due(now()).map((timer) => this.#attempt(timer.kind, () => this.onTimer(timer)));
    return (await Promise.all(rung)).every(Boolean);
  }

  /** One part of an alarm; its fault must not keep the others from their work. False when it failed, or says that it did. */
  async #attempt(what: string, part: () => Promise<unknown>): Promise<boolean> {
    try {
      return (await part()) !== false;
    } catch (defect) {
      this.report(`alarm, ${what}`, defect);
      return false;
    }
  }

  /** Inside the transaction of a commit: bookmarks ride along, and the alarm is armed in the same breath. */
  #along(next: State, events: ReadonlyArray<RecordedOf<E>>): void {
    this.feeds?.save(SAVE_EVERY_MS);
    this.alongWith(events);
    this.setTimers(events);
    // What is set behind the last event is still to be done: what it kept elsewhere is taken away.
    if (events.length > 0 && this.#isFinal?.(next)) this.timers.cancelAll();
    this.timers.wakeBy(now() + HEARTBEAT_MS);
  }

  #rearm(atEarliestMs: number): void {
    const soon = this.busy() ? now() + HEARTBEAT_MS : undefined;
    const times = [this.timers.next(), this.feeds.nextDue(), soon].filter((time) => time !== undefined);
    if (times.length > 0) this.timers.wakeBy(Math.max(Math.min(...times), now() + atEarliestMs));
  }
}
