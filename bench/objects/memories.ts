/** The object that is measured: an agent that has heard as much as asked for, with its log and its memory; driven by parts/recall.ts. */
import { DurableObject } from "cloudflare:workers";
import { durableSql, type SqlPort } from "#actors/kit/sql.ts";
import { BenchMind, withoutMemory } from "../mind.ts";
import { roomOf, rooms, type Saying, speakerOf } from "../talk.ts";

export class Memories extends DurableObject<Record<never, never>> {
  readonly #sql: SqlPort;
  #mind: BenchMind;

  constructor(ctx: DurableObjectState, env: Record<never, never>) {
    super(ctx, env);
    this.#sql = durableSql(ctx.storage);
    this.#mind = this.#opened();
  }

  #opened(): BenchMind {
    const mind = new BenchMind(this.#sql);
    for (const [room, people] of rooms()) mind.present(room, people);
    return mind;
  }

  /** An agent that has heard nothing yet; one whose memory is off, to compare with. */
  begin({ memory }: { readonly memory: boolean }): void {
    this.#mind.begin(rooms(), memory);
  }

  /** Hears all of it, one commit after the other. */
  hear({ sayings }: { readonly sayings: ReadonlyArray<Saying> }): void {
    for (const { speaker, room, saidAt, text } of sayings)
      this.#mind.hear({ by: speakerOf(speaker), room: roomOf(room), saidAt, text });
  }

  /** One message as it comes: recorded, kept and indexed in one commit, on the disk before this answers. */
  async add(saying: Saying): Promise<void> {
    this.hear({ sayings: [saying] });
    await this.ctx.storage.sync();
  }

  /** Finds ten and opens their words: among everything, or among what may be told in a room. */
  async search({ text, now, room }: { readonly text: string; readonly now: number; readonly room?: number }) {
    const place = room === undefined ? {} : { room: roomOf(room) };
    const found = await this.#mind.search({ text, now, limit: 10, ...place });
    return found.map(({ content }) => content);
  }

  /** What memory keeps is dropped and made anew out of the log, as by a program that keeps it otherwise. */
  async rebuild(): Promise<{ readonly memories: number }> {
    withoutMemory(this.#sql);
    this.#mind = this.#opened();
    return { memories: await this.#mind.rebuilt() };
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
}
