/** An agent's memories as they can be searched: register, index and facts, kept level with the log; owned by AgentMemory. */
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { type ActorName, type AgentId, agentName, idOf } from "#events/kit/ids.ts";
import type { NeedKeys } from "../../../kit/ledger.ts";
import type { SqlPort } from "../../../kit/sql.ts";
import type { Nearness } from "../embedding/nearness.ts";
import { nameOf } from "../language/names.ts";
import { both, type Scope } from "./audience.ts";
import { FactStore } from "./facts.ts";
import { MemoryIndex, type Variant } from "./memory-index.ts";
import type { MemoryRow } from "./memory-row.ts";
import { MemoryRegister, type RegisteredLog } from "./register.ts";
import type { IndexKeys } from "./subjects.ts";

/** What a mind needs of its agent. */
export interface MindHost {
  readonly sql: SqlPort;
  readonly log: RegisteredLog & {
    reveal(seqs: ReadonlyArray<number>): ReadonlyArray<Unsealed> | NeedKeys;
    digest(subject: ActorName, text: string): string | Erased | NeedKeys;
  };
  readonly keys: IndexKeys;
  readonly agent: () => { readonly agentId: AgentId; readonly name: string };
  /** Told of the memories that left, in the breath in which they do. */
  readonly left?: (seqs: ReadonlyArray<number>) => void;
}

/** A question to the mind. */
export interface Question {
  readonly text: string;
  readonly now: number;
  readonly limit: number;
  /** Nothing that fits less is answered; 0 to 1. */
  readonly minSimilarity?: number;
  readonly scope: Scope;
  /** Who asks: whom "I" and "my" stand for; undefined when nobody in particular does. */
  readonly asker?: string;
  /** What they are called, where that is known. */
  readonly askerName?: string;
  /** What they said of it, where others' words are in it as well. */
  readonly own?: string;
  readonly kinds?: ReadonlyArray<string>;
  readonly asOf?: number;
  /** What vectors have to say to it. */
  readonly nearness?: Pick<Nearness, "of" | "elsewhere">;
  /** A part of the ranking, to be compared with all of it. */
  readonly variant?: Variant;
}

/** A memory that was found. */
export interface Found {
  readonly row: MemoryRow;
  /** 0 to 1: how much of the question it holds, or the cosine to it. */
  readonly similarity: number;
  /** 0 to 1: the order among those that were found. */
  readonly relevance: number;
  /** What was said right before and right after it, as far as it is in scope. */
  readonly before?: number | null;
  readonly after?: number | null;
}

/** A memory with its words. */
export interface Opened extends Found {
  readonly content: string;
  readonly words: Unsealed;
}

/** What a search answers, best first; `degraded` where it may have missed something: vectors did not come, or rows wait to be indexed. */
export interface Answered {
  readonly found: ReadonlyArray<Opened>;
  readonly degraded: boolean;
}

/** So many rows are indexed in one breath, at up to a millisecond each: the agent has other things to do. */
const AT_ONCE = 50;

/** The words of a memory: its own, or the message's that it is. */
export const contentOf = ({ words }: Unsealed): string | null =>
  words === Erased ? null : String(words.content ?? words.text ?? "");

export class Mind {
  readonly register: MemoryRegister;
  readonly facts: FactStore;
  readonly #index: MemoryIndex;
  readonly #host: MindHost;
  /** Subjects whose key is wanted for what is not indexed yet. */
  readonly #wanting = new Set<ActorName>();
  /** Known to be so since it was last looked: every commit asks. */
  #isLevel = false;

  constructor(host: MindHost) {
    this.#host = host;
    this.register = new MemoryRegister(
      host.sql,
      host.log,
      () => host.agent().agentId,
      () => this.forget(),
    );
    this.#index = new MemoryIndex(host.sql, host.keys);
    this.facts = new FactStore(host.sql, host.keys);
  }

  /** Reads what was committed since, and indexes what it can: in the breath of the commit, so that nothing is found too late. */
  catchUp(): void {
    if (!this.#follow()) return;
    this.#wanting.clear();
    this.#indexSome();
  }

  /** True when something was committed that concerns memories. */
  #follow(): boolean {
    const { noted, left, unsaid, past } = this.register.catchUp();
    if (noted === 0) return false;
    this.#isLevel = false;
    if (left.length > 0) {
      this.#index.remove(left);
      this.#host.left?.(left);
    }
    // What was archived or merged still was said: it is known to have ended what it had ended.
    this.facts.remove(unsaid);
    this.facts.expire(past);
    return true;
  }

  /** Indexes a portion of what waits; answers whose keys are wanted for more. */
  wanting(): ReadonlyArray<ActorName> {
    this.#follow();
    this.#wanting.clear();
    this.#indexSome();
    return [...this.#wanting];
  }

  /** True when everything is indexed, but for what waits for a key. */
  get isLevel(): boolean {
    if (this.#host.log.head === 0) return true;
    this.catchUp();
    this.#isLevel ||= this.register.unindexed(1, [...this.#wanting]).length === 0;
    return this.#isLevel;
  }

  /** Memories of the same subject that share a rare word with each of these. */
  alike(seqs: ReadonlyArray<number>, most: number): ReadonlyArray<number> {
    return this.#index.alike(seqs, most);
  }

  /** Subjects of whom something is indexed. */
  subjects(): ReadonlyArray<ActorName> {
    return this.#index.subjects();
  }

  /** The words of a subject, or any, can no longer be read: nothing of them is left in here either. */
  forget(subject?: ActorName): void {
    this.#index.clear(subject);
    this.facts.clear(subject);
  }

  /** A subject's key has changed: what was hashed and sealed with the old one is made anew. */
  rehash(subject: ActorName): void {
    // A key may turn before the first event is written, or before this program has looked at the tables.
    if (this.#host.log.head === 0) return;
    this.catchUp();
    this.forget(subject);
    this.register.markUnindexed(subject);
    this.#indexSome();
  }

  /** Answers best first. Of subjects whose key is not at hand nothing is found: fetch those of `subjects` first. */
  search(question: Question): ReadonlyArray<Found> {
    const { text, own = text, now, limit, minSimilarity = 0, scope, kinds, asOf, nearness, variant } = question;
    const subjects = this.subjects();
    const facts = this.facts.asked({ ...question, text: own }, subjects);
    const hits = this.#index.search({
      ...{ text, now, limit, minSimilarity, scope, subjects, facts },
      ...(kinds === undefined ? {} : { kinds }),
      ...(asOf === undefined ? {} : { asOf }),
      ...(variant === undefined ? {} : { variant }),
      ...(nearness === undefined ? {} : { cosines: nearness.of, also: this.#known(nearness.elsewhere, scope) }),
    });
    const seqs = hits.map(({ seq }) => seq);
    const rows = new Map(this.register.bySeq(seqs).map((row) => [row.seq, row]));
    return hits.flatMap(({ seq, similarity, relevanceScore, before, after }) => {
      const row = rows.get(seq);
      const likeness = { similarity: Math.min(1, Math.max(0, similarity)), relevance: relevanceScore };
      return row === undefined ? [] : [{ row, ...likeness, before, after }];
    });
  }

  /** What somebody else found, as far as it may be seen: it may have been forgotten, or be nobody's business here. */
  #known(memoryIds: ReadonlyArray<string>, scope: Scope): ReadonlyArray<number> {
    const named = { where: "m.memory_id IN (SELECT value FROM json_each(?))", parameters: [JSON.stringify(memoryIds)] };
    const { where, parameters } = both(named, scope);
    return this.register.where(where, parameters, memoryIds.length).map(({ seq }) => seq);
  }

  /** Those that want a key cost next to nothing, and each time around there is one subject less to want one. */
  #indexSome(): void {
    this.#isLevel = false;
    for (let left = AT_ONCE; left > 0; ) {
      const rows = this.register.unindexed(left, [...this.#wanting]);
      if (rows.length === 0) {
        this.#isLevel = true;
        return;
      }
      for (const row of rows) if (this.#indexed(row)) left -= 1;
    }
  }

  /** Half an entry would be found by some of its words: what is indexed and that it is are written together. */
  #indexed(row: MemoryRow): boolean {
    try {
      return this.#host.sql.transaction(() => {
        const isIndexed = this.#indexOne(row);
        if (isIndexed) this.register.markIndexed([row.seq]);
        return isIndexed;
      });
    } catch (defect) {
      this.facts.close();
      throw defect;
    }
  }

  #indexOne(row: MemoryRow): boolean {
    const revealed = this.#host.log.reveal([row.seq]);
    if ("outcome" in revealed) {
      for (const subject of [row.subject, ...revealed.subjects]) this.#wanting.add(subject);
      return false;
    }
    const [unsealed] = revealed;
    const text = unsealed === undefined ? null : contentOf(unsealed);
    if (unsealed === undefined || text === null) return true; // erased: there is nothing to find
    const speaker = this.#speakerOf(unsealed);
    const { seq, subject, saidAt } = row;
    const place = this.#placeOf(row, unsealed);
    if (place === undefined || !this.#index.add({ seq, subject, place, saidAt, speaker, text })) {
      this.#wanting.add(subject);
      return false;
    }
    const id = row.speaker?.startsWith("user:") ? idOf(row.speaker as ActorName) : nameOf(speaker ?? "");
    // What an agent says states nothing of itself.
    if (row.origin !== "agent")
      this.facts.add({
        ...{ seq, subject, text, saidAt, speaker: { id, name: speaker ?? "" } },
        ...(row.supersededAt === null
          ? {}
          : { over: { validTo: row.supersededAt, retractedAt: row.retractedAt ?? row.supersededAt } }),
      });
    return true;
  }

  #speakerOf({ event, words }: Unsealed): string | null {
    if (words === Erased) return null;
    if (event.type === "ReplyDrafted") return this.#host.agent().name;
    const name = words.speakerName ?? words.authorName;
    return name === undefined || name === "" ? null : String(name);
  }

  /**
   * The conversation it belongs to: what was added names one of its own, in words, which is told apart by a hash under the
   * agent's key alone. Undefined while that is not at hand.
   */
  #placeOf({ basis, roomId }: MemoryRow, { words }: Unsealed): string | undefined {
    if (basis === "said") return roomId ?? "";
    const context = words === Erased ? undefined : (words.context as { readonly room_id?: unknown } | undefined);
    if (context?.room_id === undefined) return "";
    const { log, agent } = this.#host;
    const hash = log.digest(agentName(agent().agentId), String(context.room_id));
    if (typeof hash === "object") for (const subject of hash.subjects) this.#wanting.add(subject);
    return typeof hash === "object" ? undefined : String(hash === Erased ? "" : hash);
  }
}
