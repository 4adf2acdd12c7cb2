/** The object that is measured: an agent's ledger or, in the same class, a bare table; driven by parts/ledger.ts. */
import { DurableObject } from "cloudflare:workers";
import { Redacted, Result } from "effect";
import { Ledger, type NeedKeys } from "#actors/kit/ledger.ts";
import type { Reply } from "#actors/kit/reply.ts";
import type { Committed } from "#actors/kit/settled-commands.ts";
import { durableSql, type SqlPort } from "#actors/kit/sql.ts";
import type { AgentCommand } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { Decider, Refusal } from "#events/kit/decider.ts";
import type { CommandMeta, CommandOf } from "#events/kit/define.ts";
import { firstCommands, life, metaOf, type Sort, turnCommands } from "../history.ts";

type RecordEvents = CommandOf<"RecordEvents", { readonly events: ReadonlyArray<AgentEvent> }>;

/** The agent's decider with one command that answers the events it is given: the ledger's cost without a decision. */
const recorder: Decider<AgentState, RecordEvents, AgentEvent, never> = {
  ...agent,
  decide: ({ events }) => Result.succeed(events),
};

export interface Append {
  readonly sort: Sort;
  readonly count: number;
  readonly batch: number;
  /** Wait for the disk after each commit; else only after the clock has stopped. */
  readonly durable: boolean;
}

export interface Timed {
  readonly ms: number;
  readonly events: number;
}

const keys = { get: () => ({ number: 1, key: new Uint8Array(32).fill(7) }) };

/** The clock of local workerd runs while code computes, in steps of a millisecond: only long stretches are timed. */
const since = (begun: number): number => performance.now() - begun;

export class Log extends DurableObject<Record<never, never>> {
  readonly #sql: SqlPort;
  readonly #openedMs: number;
  readonly #lives = new Map<Sort, Generator<AgentEvent, never>>();
  #recorder: Ledger<AgentState, RecordEvents, AgentEvent, never> | undefined;
  #commands = 0;

  /** Folds the log there is, as an actor does; a bare table needs nothing. */
  constructor(ctx: DurableObjectState, env: Record<never, never>) {
    super(ctx, env);
    this.#sql = durableSql(ctx.storage);
    const begun = performance.now();
    const hasLog = this.#sql.rows("SELECT 1 FROM sqlite_master WHERE name = 'events'").length > 0;
    if (hasLog) this.#recorder = this.#open(recorder);
    this.#openedMs = since(begun);
  }

  // ── the ledger ────────────────────────────────────────────────────────────────────────────────────────────────────

  async append({ sort, count, batch, durable }: Append): Promise<Timed> {
    this.#recorder ??= this.#open(recorder);
    const commands: RecordEvents[] = [];
    for (let left = count; left > 0; left -= batch) {
      this.#commands += 1;
      const meta = metaOf(`bench-${String(this.#commands).padStart(8, "0")}`, this.#commands);
      commands.push({ type: "RecordEvents", meta, events: this.#next(sort, Math.min(batch, left)) });
    }
    return { ms: await this.#commitAll(this.#recorder, commands, durable), events: count };
  }

  /** Turns of seven commands and eight events each, every command decided by the agent itself. */
  async turns({ turns, durable }: { readonly turns: number; readonly durable: boolean }): Promise<Timed> {
    const ledger = this.#open<AgentCommand, AgentRefusal>(agent);
    await this.#commitAll(ledger, ledger.head === 0 ? firstCommands() : [], true);
    const before = ledger.head;
    const commands = Array.from({ length: turns }, (_, index) => turnCommands(before + index + 1)).flat();
    return { ms: await this.#commitAll(ledger, commands, durable), events: ledger.head - before };
  }

  /** A start on a log without a snapshot: every event is read, lifted and folded. */
  fold(): Timed {
    this.#sql.run("DELETE FROM snapshots");
    const begun = performance.now();
    const { head } = this.#open(recorder);
    return { ms: since(begun), events: head };
  }

  verify(): Timed {
    const begun = performance.now();
    const found = this.#recorder!.verify();
    if (!found.intact) throw new Error(`the chain is broken at ${found.brokenAt}`);
    return { ms: since(begun), events: found.head };
  }

  /** Puts the snapshot so that this many events lie behind it. */
  snapshotBefore({ tail }: { readonly tail: number }): Timed {
    const ledger = this.#recorder!;
    const seq = ledger.head - tail;
    const state = JSON.stringify(ledger.stateAt(seq));
    this.#sql.run("DELETE FROM snapshots");
    this.#sql.run("INSERT INTO snapshots (fold, seq, state) VALUES (?, ?, ?)", recorder.foldVersion, seq, state);
    return { ms: 0, events: tail };
  }

  /** How long the constructor of this very object took. */
  opened(): Timed {
    return { ms: this.#openedMs, events: this.#recorder?.head ?? 0 };
  }

  // ── the bare table ────────────────────────────────────────────────────────────────────────────────────────────────

  async appendBare({ sort, count, batch, durable }: Append): Promise<Timed> {
    this.#sql.run(
      "CREATE TABLE IF NOT EXISTS bare (seq INTEGER PRIMARY KEY, type TEXT NOT NULL, payload TEXT NOT NULL)",
    );
    const rows = this.#next(sort, count).map(({ type, open, sealed }) => ({
      ...{ type, content: sealed === undefined ? { open } : { open, words: Redacted.value(sealed.words) } },
    }));
    const begun = performance.now();
    for (let done = 0; done < count; done += batch) {
      this.ctx.storage.transactionSync(() => {
        for (const { type, content } of rows.slice(done, done + batch))
          this.#sql.run("INSERT INTO bare (type, payload) VALUES (?, ?)", type, JSON.stringify(content));
      });
      if (durable) await this.ctx.storage.sync();
    }
    const ms = since(begun);
    await this.ctx.storage.sync();
    return { ms, events: count };
  }

  /** Reads the newest `last` rows in their order and parses each. */
  replayBare({ last }: { readonly last: number }): Timed {
    const begun = performance.now();
    let events = 0;
    const rows = this.ctx.storage.sql.exec(
      "SELECT seq, type, payload FROM bare WHERE seq > (SELECT MAX(seq) FROM bare) - ? ORDER BY seq",
      last,
    );
    for (const [, , payload] of rows.raw()) if (JSON.parse(String(payload)) !== null) events += 1;
    return { ms: since(begun), events };
  }

  // ── both ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  size(): { readonly bytes: number } {
    return { bytes: this.ctx.storage.sql.databaseSize };
  }

  /** The object is gone from memory; its next call finds a new one. */
  async evict(): Promise<void> {
    await this.ctx.storage.sync();
    this.ctx.abort("evicted by the bench");
  }

  #open<C extends { readonly type: string; readonly meta: CommandMeta }, No extends Refusal>(
    decider: Decider<AgentState, C, AgentEvent, No>,
  ): Ledger<AgentState, C, AgentEvent, No> {
    return new Ledger(decider, { stream: "agent:bench", sql: this.#sql, keys });
  }

  #next(sort: Sort, count: number): ReadonlyArray<AgentEvent> {
    const known = this.#lives.get(sort) ?? life(sort);
    this.#lives.set(sort, known);
    return Array.from({ length: count }, () => known.next().value);
  }

  async #commitAll<C>(
    ledger: { commit(command: C): Reply<Committed> | NeedKeys },
    commands: ReadonlyArray<C>,
    durable: boolean,
  ): Promise<number> {
    const begun = performance.now();
    for (const command of commands) {
      const reply = ledger.commit(command);
      if (reply.outcome !== "accepted") throw new Error(`a command was not accepted: ${JSON.stringify(reply)}`);
      if (durable) await this.ctx.storage.sync();
    }
    const ms = since(begun);
    await this.ctx.storage.sync();
    return ms;
  }
}
