/** The words of one subject's memories, sealed at rest and open in memory: by them a question becomes tokens and is spelt right. */
import { decrypt, encrypt } from "../../../kit/seal.ts";
import type { SqlPort } from "../../../kit/sql.ts";
import { editsAllowed, lettersOf, mayBeWithin } from "../language/spelling.ts";
import { packed, tokenAt, tokensUnder } from "./tokens.ts";

/** So many small parts are sealed together into one: opening each costs about 10 µs. */
const PARTS_AT_MOST = 16;
/** A part of this size is left as it is, so that keeping a word never costs more than sealing this much again. */
const FULL = 32 * 1024;

const bytesOf = new TextEncoder();
const textOf = new TextDecoder();

/** What is kept beside stems: no stem begins with these characters. */
export const speakerEntry = (name: string): string => `@${name}`;
export const spanEntry = (span: string): string => `#${span}`;
const isStem = (entry: string): boolean => entry[0] !== "@" && entry[0] !== "#";

/** Whose vocabulary it is: the number that the tables call the subject by, its name, and its key for indexing. */
export interface Owner {
  readonly id: number;
  readonly name: string;
  readonly key: Uint8Array;
}

/** Count, tokens, words: the tokens stand there so that waking costs no hash a word. */
function written(entries: ReadonlyArray<readonly [entry: string, token: number]>): Uint8Array {
  const words = bytesOf.encode(entries.map(([entry]) => entry).join("\n"));
  const bytes = new Uint8Array(4 + entries.length * 6 + words.length);
  new DataView(bytes.buffer).setUint32(0, entries.length);
  entries.forEach(([, token], index) => void bytes.set(packed([token]), 4 + index * 6));
  bytes.set(words, 4 + entries.length * 6);
  return bytes;
}

/** Tells every entry in turn: no list of pairs is made, for a vocabulary is all that a wake has to read. */
function read(bytes: Uint8Array, tell: (entry: string, token: number) => void): void {
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const words = textOf.decode(bytes.subarray(4 + count * 6)).split("\n");
  const tokens = bytes.subarray(4, 4 + count * 6);
  for (let index = 0; index < count; index++) tell(words[index]!, tokenAt(tokens, index));
}

export class Vocabulary {
  readonly owner: Owner;
  readonly #sql: SqlPort;
  readonly #make: (word: string) => number;
  readonly #tokens = new Map<string, number>();
  readonly #speakers = new Set<string>();
  /** Made at the first misspelt word: by their length, the stems and the letters of each. */
  #stems: Map<number, { readonly stems: string[]; readonly letters: number[] }> | undefined;
  #small = 0;

  private constructor(sql: SqlPort, owner: Owner) {
    this.#sql = sql;
    this.owner = owner;
    this.#make = tokensUnder(owner.key);
  }

  /** Opens what is sealed. Undefined when it was sealed with another key than the owner's: then it says nothing. */
  static open(sql: SqlPort, owner: Owner): Vocabulary | undefined {
    const opened = new Vocabulary(sql, owner);
    for (const [sealed] of sql.rows("SELECT sealed FROM index_vocabulary WHERE subject = ? ORDER BY part", owner.id)) {
      const bytes = opened.#opened(sealed as Uint8Array);
      if (bytes === undefined) return undefined;
      read(bytes, (entry, token) => opened.#hold(entry, token));
      if ((sealed as Uint8Array).length < FULL) opened.#small += 1;
    }
    return opened;
  }

  /** The token of an entry that some memory holds. */
  tokenOf(entry: string): number | undefined {
    return this.#tokens.get(entry);
  }

  /** The tokens of all stems that have this character: a memory holds it in a pair with the one before or after. */
  tokensWith(character: string): ReadonlyArray<number> {
    return Array.from(this.#tokens).flatMap(([entry, token]) =>
      isStem(entry) && entry.includes(character) ? [token] : [],
    );
  }

  /** The tokens of these entries, in order; those that are new are sealed and kept. */
  keep(entries: ReadonlyArray<string>): ReadonlyArray<number> {
    const fresh: Array<readonly [string, number]> = [];
    const tokens = entries.map((entry) => {
      const known = this.#tokens.get(entry);
      if (known !== undefined) return known;
      const token = this.#make(entry);
      this.#hold(entry, token);
      fresh.push([entry, token]);
      return token;
    });
    if (fresh.length > 0) {
      this.#seal(written(fresh));
      this.#small += 1;
      if (this.#small > PARTS_AT_MOST) this.#join();
    }
    return tokens;
  }

  /** Lets go of the entries with these tokens, and seals anew what stays. */
  drop(tokens: ReadonlySet<number>): void {
    for (const [entry, token] of this.#tokens)
      if (tokens.has(token)) {
        this.#tokens.delete(entry);
        if (entry[0] === "@") this.#speakers.delete(entry.slice(1));
      }
    this.#stems = undefined;
    this.#rewrite([...this.#tokens]);
  }

  /** All tokens. */
  tokens(): Iterable<number> {
    return this.#tokens.values();
  }

  /** The full names of those who speak in the memories of this subject, as `nameOf` gives them. */
  speakers(): Iterable<string> {
    return this.#speakers;
  }

  /** Stems that a misspelt one may stand for, by their letters; how far away they are has still to be measured. */
  like(stem: string): ReadonlyArray<string> {
    if (this.#stems === undefined) {
      this.#stems = new Map();
      for (const entry of this.#tokens.keys()) if (isStem(entry)) this.#list(entry);
    }
    const edits = editsAllowed(stem);
    const wanted = lettersOf(stem);
    const found: string[] = [];
    for (let length = stem.length - edits; length <= stem.length + edits; length++) {
      const { stems, letters } = this.#stems.get(length) ?? { stems: [], letters: [] };
      for (let index = 0; index < stems.length; index++)
        if (mayBeWithin(wanted, letters[index]!, edits)) found.push(stems[index]!);
    }
    return found;
  }

  #list(stem: string): void {
    const list = this.#stems!.get(stem.length) ?? { stems: [], letters: [] };
    list.stems.push(stem);
    list.letters.push(lettersOf(stem));
    this.#stems!.set(stem.length, list);
  }

  #hold(entry: string, token: number): void {
    this.#tokens.set(entry, token);
    if (entry[0] === "@") this.#speakers.add(entry.slice(1));
    else if (this.#stems !== undefined && isStem(entry)) this.#list(entry);
  }

  get #data(): Uint8Array {
    return bytesOf.encode(`index vocabulary of ${this.owner.name}`);
  }

  #opened(sealed: Uint8Array): Uint8Array | undefined {
    try {
      return decrypt(this.owner.key, sealed, this.#data);
    } catch {
      return undefined; // of a key that is no more
    }
  }

  #seal(bytes: Uint8Array): void {
    const sealed = encrypt(this.owner.key, bytes, this.#data);
    this.#sql.run("INSERT INTO index_vocabulary (subject, sealed) VALUES (?, ?)", this.owner.id, sealed);
  }

  /** Seals the small parts together. */
  #join(): void {
    const { id } = this.owner;
    const small = this.#sql.rows(
      "SELECT sealed FROM index_vocabulary WHERE subject = ? AND length(sealed) < ? ORDER BY part",
      ...[id, FULL],
    );
    const entries: Array<readonly [string, number]> = [];
    for (const [sealed] of small)
      read(this.#opened(sealed as Uint8Array)!, (entry, token) => void entries.push([entry, token]));
    this.#sql.run("DELETE FROM index_vocabulary WHERE subject = ? AND length(sealed) < ?", id, FULL);
    this.#seal(written(entries));
    this.#small = 1;
  }

  #rewrite(entries: ReadonlyArray<readonly [string, number]>): void {
    this.#sql.run("DELETE FROM index_vocabulary WHERE subject = ?", this.owner.id);
    this.#small = 0;
    // A stem has fourteen bytes or so: a part comes out near the size at which it is full.
    const atOnce = FULL / 16;
    for (let start = 0; start < entries.length; start += atOnce) {
      this.#seal(written(entries.slice(start, start + atOnce)));
      this.#small += 1;
    }
  }
}
