/** The object that is measured: an agent's index of memories with as many as asked for; driven by parts/recall.ts. */
import { DurableObject } from "cloudflare:workers";
import { FactStore } from "#actors/agent/memory/recall/facts.ts";
import { MemoryIndex } from "#actors/agent/memory/recall/memory-index.ts";
import { decrypt, encrypt } from "#actors/kit/seal.ts";
import { durableSql, insertRows, type SqlPort, type SqlValue } from "#actors/kit/sql.ts";
import type { ActorName } from "#events/kit/ids.ts";
import { everything, keys, makeRegister } from "../memory-keys.ts";

/** What somebody said, and where: positions in the lists of names. */
export interface Saying {
  readonly speaker: number;
  readonly room: number;
  readonly saidAt: number;
  readonly text: string;
}

const SPEAKERS = 20;
const nameOf = (speaker: number): string =>
  ["Ada", "Bo", "Cleo", "Dov", "Eli", "Fay", "Gil", "Hana", "Ivo", "June", "Kai", "Lea", "Milo", "Noor", "Otis", "Pia"][
    speaker
  ] ?? `Person ${speaker}`;
const subjectOf = (speaker: number): ActorName => `user:${speaker}`;
const subjects = Array.from({ length: SPEAKERS }, (_, speaker) => subjectOf(speaker));
const nothing = new Uint8Array();

interface Kept extends Saying {
  readonly seq: number;
}

export class Memories extends DurableObject<Record<never, never>> {
  readonly #sql: SqlPort;
  #index: MemoryIndex;
  readonly #facts: FactStore;

  constructor(ctx: DurableObjectState, env: Record<never, never>) {
    super(ctx, env);
    this.#sql = durableSql(ctx.storage);
    this.#index = new MemoryIndex(this.#sql, keys);
    this.#facts = new FactStore(this.#sql, keys);
    makeRegister(this.#sql);
    this.#sql.run(
      "CREATE TABLE IF NOT EXISTS said (seq INTEGER PRIMARY KEY, speaker INTEGER, room INTEGER, at INTEGER, sealed BLOB)",
    );
  }

  /** What stands outside the index: facts in the register, words sealed. */
  write({ sayings }: { readonly sayings: ReadonlyArray<Saying> }): void {
    const rows = sayings.map(({ speaker, room, saidAt, text }, index): [Kept, Uint8Array] => {
      const kept = { seq: this.#count() + index + 1, speaker, room, saidAt, text };
      return [kept, encrypt(keys.get(subjectOf(speaker)), new TextEncoder().encode(text), nothing)];
    });
    this.#sql.transaction(() => {
      const facts = rows.map(([{ seq, speaker, room, saidAt }]): SqlValue[] => [
        ...[seq, "episodic", subjectOf(speaker), `room ${room}`, saidAt, "live", null],
      ]);
      insertRows(this.#sql, "memories (seq, kind, subject, room, said_at, state, superseded_at)", facts);
      const said = rows.map(([{ seq, speaker, room, saidAt }, sealed]): SqlValue[] => [
        seq,
        speaker,
        room,
        saidAt,
        sealed,
      ]);
      insertRows(this.#sql, "said (seq, speaker, room, at, sealed)", said);
    });
  }

  /** Indexes what stands in the register from one seq up to another; once more, if it was. */
  build({ from, to }: { readonly from: number; readonly to: number }): { readonly memories: number } {
    const rows = this.#said("seq BETWEEN ? AND ?", from, to);
    this.#sql.transaction(() => {
      for (const kept of rows) this.#add(kept);
    });
    return { memories: rows.length };
  }

  clear(): void {
    this.#sql.transaction(() => {
      this.#index.clear();
      this.#facts.clear();
    });
  }

  /** One memory as it comes: sealed and indexed in one transaction, kept before this answers. */
  async add(saying: Saying): Promise<void> {
    this.#sql.transaction(() => {
      const seq = this.#count() + 1;
      this.write({ sayings: [saying] });
      this.#add({ ...saying, seq });
    });
    await this.ctx.storage.sync();
  }

  /** Finds ten and opens their words. */
  search({ text, now }: { readonly text: string; readonly now: number }): ReadonlyArray<string> {
    const facts = this.#facts.asked({ text, now }, subjects);
    const found = this.#index.search({ text, now, limit: 10, scope: everything, subjects, facts });
    const seqs = found.map(({ seq }) => seq);
    return seqs.length === 0 ? [] : this.#said(`seq IN (${seqs.join()})`).map((kept) => kept.text);
  }

  nothing(): void {}

  size(): { readonly bytes: number } {
    return { bytes: this.ctx.storage.sql.databaseSize };
  }

  /** The object is gone from memory; its next call finds a new one. */
  async evict(): Promise<void> {
    await this.ctx.storage.sync();
    this.ctx.abort("evicted by the bench");
  }

  #count(): number {
    return Number(this.#sql.rows("SELECT COALESCE(MAX(seq), 0) FROM memories")[0]![0]);
  }

  #said(where: string, ...parameters: ReadonlyArray<SqlValue>): ReadonlyArray<Kept> {
    const rows = this.#sql.rows(
      `SELECT seq, speaker, room, at, sealed FROM said WHERE ${where} ORDER BY seq`,
      ...parameters,
    );
    return rows.map(([seq, speaker, room, at, sealed]) => {
      const words = decrypt(keys.get(subjectOf(Number(speaker))), sealed as Uint8Array, nothing);
      const text = new TextDecoder().decode(words);
      return { seq: Number(seq), speaker: Number(speaker), room: Number(room), saidAt: Number(at), text };
    });
  }

  #add({ seq, speaker, room, saidAt, text }: Kept): void {
    const subject = subjectOf(speaker);
    const name = nameOf(speaker);
    this.#index.add({ seq, subject, place: `room ${room}`, saidAt, speaker: name, text });
    this.#facts.add({ seq, subject, text, saidAt, speaker: { id: subject, name } });
  }
}
