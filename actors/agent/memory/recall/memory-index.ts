/** The index of an agent's memories: finds, among those that may be seen, the ones that answer a question; written with the log by AgentActor. */
import type { ActorName } from "#events/kit/ids.ts";
import type { SqlPort } from "../../../kit/sql.ts";
import { resolveDates } from "../language/dates.ts";
import { formOf } from "../language/forms.ts";
import { nameOf } from "../language/names.ts";
import { rootsOf } from "../language/roots.ts";
import { readQuestion } from "./asked.ts";
import type { Scope } from "./audience.ts";
import { Candidates, type View } from "./candidates.ts";
import { Pool } from "./pool.ts";
import { type Cosines, Scoring, type Variant } from "./scoring.ts";
import { closeGaps, standingOf } from "./sessions.ts";
import { entriesOfSpans } from "./spans.ts";
import { type IndexKeys, Subjects } from "./subjects.ts";
import { hasTables, listed, makeTables } from "./tables.ts";
import { packed, spelled, unpacked } from "./tokens.ts";
import { speakerEntry } from "./vocabulary.ts";

export type { Variant } from "./scoring.ts";
export type { IndexKeys } from "./subjects.ts";

/** A memory to be found. */
export interface IndexEntry {
  /** Of its MemoryFormed event. */
  readonly seq: number;
  /** Whose key seals it. */
  readonly subject: ActorName;
  /** The room in which it was said; "" for what was not said in the course of a conversation, and so has no neighbours. */
  readonly place: string;
  /** Milliseconds. */
  readonly saidAt: number;
  /** The name of who said it, as people call them; null when nobody did. */
  readonly speaker: string | null;
  readonly text: string;
}

export interface Search {
  readonly text: string;
  /** Milliseconds: what "yesterday" is counted from. */
  readonly now: number;
  readonly limit: number;
  /** What is less similar is not among the first `limit`. */
  readonly minSimilarity?: number;
  /** What is not so may neither be answered nor count as context. */
  readonly scope: Scope;
  /** Whose memories may be among those in scope. Of a subject whose key is not at hand, nothing is found. */
  readonly subjects: ReadonlyArray<ActorName>;
  /** Answers as of this moment: what was said later is not there yet, what was superseded later is still in force. */
  readonly asOf?: number;
  /** Only these kinds are answered. What others say around them still counts. */
  readonly kinds?: ReadonlyArray<string>;
  /** Cosines to the question: of these memories, or of all that are at hand, where those are the nearest that are looked for. */
  readonly cosines?: (seqs?: ReadonlyArray<number>) => Cosines;
  /** Seqs that another source found: candidates, if they may be seen. */
  readonly also?: ReadonlyArray<number>;
  /** Memories that state what is asked for, once for each fact in them. */
  readonly facts?: ReadonlyArray<{ readonly seq: number; readonly superseded: boolean }>;
  readonly variant?: Variant;
}

export interface Hit {
  readonly seq: number;
  /** The logistic of the score: orders the hits, and says nothing of one by itself. */
  readonly relevanceScore: number;
  /** Cosine where there is one, else the share of the question's words that it holds, half for those that only its neighbours do: 0 to 1. */
  readonly similarity: number;
  /** What was said right before and right after in the same session, if it may be seen. */
  readonly before: number | null;
  readonly after: number | null;
}

/** A quarter of the words may be another memory's alone, and one may be mistyped: of so many, one is shared by both. */
const RAREST = 4;

/** How near each is, by its own text or with the turns before it. */
const nearestIn = ({ own, window }: Cosines): ReadonlyMap<number, number> =>
  new Map(Array.from(own, ([seq, cosine]) => [seq, Math.max(cosine, window.get(seq) ?? cosine)]));

const logistic = (score: number): number => 1 / (1 + Math.exp(-score));

export class MemoryIndex {
  readonly #sql: SqlPort;
  readonly #subjects: Subjects;
  readonly #dates: typeof resolveDates;

  /** `dates` finds the dates that a text speaks of, as seen from a moment. */
  constructor(sql: SqlPort, keys: IndexKeys, dates = resolveDates) {
    this.#sql = sql;
    this.#subjects = new Subjects(sql, keys);
    this.#dates = dates;
  }

  /**
   * Indexes a memory, or indexes it anew. Synchronous, for it is part of a commit; throws nothing, whatever the text is.
   * @returns false, and does nothing, while the subject's key is not at hand, or is not the one that its words were sealed
   * with: then they have to be cleared first.
   */
  add(entry: IndexEntry): boolean {
    makeTables(this.#sql);
    const { seq, place: name, speaker } = entry;
    if (this.#sql.rows("SELECT 1 FROM index_entries WHERE seq = ?", seq).length > 0) this.remove([seq]);
    const subject = this.#subjects.openedToWrite(entry.subject);
    if (subject === undefined) return false;
    const saidAt = Math.trunc(entry.saidAt);
    const stems = rootsOf(entry.text);
    const spans = entriesOfSpans(this.#dates(entry.text, saidAt));
    const spoken = [...stems, ...spans];
    const tokens = subject.vocabulary.keep(speaker === null ? spoken : [...spoken, speakerEntry(nameOf(speaker))]);
    const place = this.#place(name);
    const standing = name === "" ? { session: seq, position: 0 } : standingOf(this.#sql, { place, saidAt, seq });
    this.#sql.run(
      `INSERT INTO index_entries (seq, subject, place, said_at, session, position, speaker, form, length, tokens)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[seq, subject.id, place, saidAt, standing.session, standing.position],
      ...[speaker === null ? 0 : tokens.at(-1)!, formOf(entry.text), stems.length],
      packed(tokens.slice(0, spoken.length)),
    );
    const distinct = new Set(tokens);
    const words = Array.from(distinct, spelled).join(" ");
    this.#sql.run("INSERT INTO index_words (rowid, words) VALUES (?, ?)", seq, words);
    this.#subjects.count(subject, { entries: 1, words: stems.length }, distinct);
    return true;
  }

  /** Takes memories out. Words that no other memory of their subject holds leave its vocabulary. */
  remove(seqs: ReadonlyArray<number>): void {
    if (!hasTables(this.#sql)) return;
    const asked = listed(seqs);
    const rows = this.#sql.rows(
      `SELECT e.session, e.speaker, e.length, e.tokens, s.name FROM index_entries e JOIN index_subjects s ON s.id = e.subject
        WHERE e.seq IN (SELECT value FROM json_each(?))`,
      asked,
    ) as unknown as ReadonlyArray<readonly [number, number, number, Uint8Array, ActorName]>;
    this.#sql.run("DELETE FROM index_words WHERE rowid IN (SELECT value FROM json_each(?))", asked);
    this.#sql.run("DELETE FROM index_entries WHERE seq IN (SELECT value FROM json_each(?))", asked);
    this.#leavePlaces();
    closeGaps(this.#sql, new Set(rows.map(([session]) => session)));
    for (const [name, gone] of Map.groupBy(rows, (row) => row[4]))
      this.#subjects.lose(
        name,
        gone.map(([, speaker, length, tokens]) => ({ length, tokens: new Set([...unpacked(tokens), speaker]) })),
      );
  }

  /** Takes out all memories of a subject, or all there are: before they are indexed anew, or because the subject's key is no more. */
  clear(name?: ActorName): void {
    this.#subjects.forget(name);
    if (!hasTables(this.#sql)) return;
    if (name === undefined) {
      this.#sql.run("INSERT INTO index_words (index_words) VALUES ('delete-all')");
      for (const table of ["entries", "subjects", "places", "vocabulary"]) this.#sql.run(`DELETE FROM index_${table}`);
      return;
    }
    const [subject] = this.#sql.rows("SELECT id FROM index_subjects WHERE name = ?", name)[0] ?? [null];
    const sessions = this.#sql.rows("SELECT DISTINCT session FROM index_entries WHERE subject = ?", subject!);
    this.#sql.run("DELETE FROM index_words WHERE rowid IN (SELECT seq FROM index_entries WHERE subject = ?)", subject!);
    this.#sql.run("DELETE FROM index_entries WHERE subject = ?", subject!);
    this.#sql.run("DELETE FROM index_vocabulary WHERE subject = ?", subject!);
    this.#sql.run("DELETE FROM index_subjects WHERE id = ?", subject!);
    this.#leavePlaces();
    closeGaps(
      this.#sql,
      sessions.map(([session]) => Number(session)),
    );
  }

  /** Of whom something is indexed. */
  subjects(): ReadonlyArray<ActorName> {
    if (!hasTables(this.#sql)) return [];
    return this.#sql.rows("SELECT name FROM index_subjects").map(([name]) => name as ActorName);
  }

  /**
   * Other memories that share one of its rarest words with any of these: where duplicates of it must be. No more than
   * `most` a word, the newest. Tokens are made with the subject's key, so that these are of the same subject.
   */
  alike(seqs: ReadonlyArray<number>, most: number): ReadonlyArray<number> {
    if (!hasTables(this.#sql)) return [];
    const query = "SELECT tokens FROM index_entries WHERE seq IN (SELECT value FROM json_each(?))";
    const entries = this.#sql.rows(query, listed(seqs)).map(([tokens]) => [...new Set(unpacked(tokens as Uint8Array))]);
    const found = new Set<number>();
    const asked = new Set<number>();
    for (const tokens of entries) {
      const frequencies = this.#subjects.frequencies(tokens);
      const rarest = tokens.toSorted((left, right) => frequencies.get(left)! - frequencies.get(right)!);
      for (const token of rarest.slice(0, RAREST)) asked.add(token);
    }
    for (const token of asked)
      for (const [seq] of this.#sql.rows(
        "SELECT rowid FROM index_words WHERE index_words MATCH ? ORDER BY rowid DESC LIMIT ?",
        ...[`"${spelled(token)}"`, most],
      ))
        found.add(Number(seq));
    for (const seq of seqs) found.delete(seq);
    return [...found];
  }

  /** The memories that answer best, best first. Of a text that is no question, those that are most about the same. */
  search(search: Search): ReadonlyArray<Hit> {
    if (!hasTables(this.#sql)) return [];
    const { text, now, asOf, variant = "all" } = search;
    const open = this.#subjects.opened(search.subjects);
    if (open.length === 0) return [];
    const at = asOf ?? now;
    const spans = variant === "all" ? this.#dates(text, at) : [];
    const asked = readQuestion(text, spans, open, this.#subjects, { repair: variant === "all" });
    const view = viewOf(search);
    const facts = new Map<number, boolean>();
    for (const { seq, superseded } of search.facts ?? []) facts.set(seq, superseded && (facts.get(seq) ?? true));
    const others = [...(search.also ?? []), ...facts.keys()];
    const nearest = search.cosines === undefined ? undefined : nearestIn(search.cosines());
    const seeds = new Candidates(this.#sql, asked, view).choose(others, nearest);
    const pool = Pool.read(this.#sql, seeds, view, asked, { at, subjects: new Set(open.map(({ id }) => id)) });
    const cosines = search.cosines?.(pool.candidates());
    const best = new Scoring(asked, pool, variant).best({ now: at, cosines, facts });
    const similarity = ({ index, share }: (typeof best)[number]) => cosines?.own.get(pool.seqs[index]!) ?? share;
    const { limit, minSimilarity = 0 } = search;
    const near = minSimilarity > 0 ? best.filter((each) => similarity(each) >= minSimilarity) : best;
    return near.slice(0, limit).map((each) => {
      const { index, score } = each;
      const [before, after] = [pool.before(index), pool.after(index)];
      return {
        seq: pool.seqs[index]!,
        relevanceScore: logistic(score),
        similarity: similarity(each),
        before: before === undefined ? null : pool.seqs[before]!,
        after: after === undefined ? null : pool.seqs[after]!,
      };
    });
  }

  /** A conversation of which nothing is left is not known any more. */
  #leavePlaces(): void {
    this.#sql.run(
      "DELETE FROM index_places WHERE NOT EXISTS (SELECT 1 FROM index_entries e WHERE e.place = index_places.id)",
    );
  }

  #place(name: string): number {
    const query = "SELECT id FROM index_places WHERE name = ?";
    const known = this.#sql.rows(query, name)[0];
    if (known !== undefined) return Number(known[0]);
    this.#sql.run("INSERT INTO index_places (name) VALUES (?)", name);
    return Number(this.#sql.rows(query, name)[0]![0]);
  }
}

/** What was said after the moment it is asked for does not exist yet. */
const viewOf = ({ scope, asOf, kinds }: Search): View =>
  asOf === undefined
    ? { ...scope, kinds }
    : { where: `(${scope.where}) AND m.said_at <= ?`, parameters: [...scope.parameters, asOf], kinds };
