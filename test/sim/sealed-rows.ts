/** All that is sealed in a simulated house, opened while that can be done, and looked for in its files later; used by forgotten-bytes.spec.ts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { rootsOf } from "#actors/agent/memory/language/roots.ts";
import { packed, tokensUnder } from "#actors/agent/memory/recall/tokens.ts";
import { decrypt, deriveKey, openWords, type Place, type SubjectKey, unwrapEventKey } from "#actors/kit/seal.ts";
import { agentName } from "#events/kit/ids.ts";
import { decipherable } from "./bytes.ts";
import { CANARY } from "./canaries.ts";
import type { Disk } from "./disk.ts";
import { ada, currentKeys, has, killAll } from "./tales.ts";
import type { World } from "./world.ts";

/** Of the canaries in vocabularies and facts those with this last digit are looked for. */
const WATCHED = 7;

/** Something sealed, as whoever has the keys of its time reads it. */
export interface Kept {
  readonly stream: string;
  readonly subject: string;
  readonly what: string;
  readonly words: string;
  /** Whoever finds this in a file, at this block of something encrypted, reads the words. */
  readonly secret: Uint8Array;
  readonly block: number;
  /** Whether it is sealed under a key that an agent derives for its index, or under the subject's own. */
  readonly isIndex?: boolean;
}

/** The key of a subject that a row was wrapped under. */
type KeyOf = (subject: unknown, wrapped: Uint8Array) => SubjectKey;

/** The key that an agent derives of a subject's for its index. */
const indexKey = (key: Uint8Array, stream: string, number: string) => deriveKey(key, ["recall", stream, number]);

/** A house, as whoever has all its files and keys sees it. */
export class House {
  readonly #world: World;
  readonly #folder: string;
  /** Every generation of every key that was ever current, by subject and number. */
  readonly #ever = new Map<string, Uint8Array>();

  constructor(world: World, folder: string) {
    this.#world = world;
    this.#folder = folder;
  }

  files(): ReadonlyArray<Buffer> {
    return readdirSync(this.#folder).map((file) => readFileSync(join(this.#folder, file)));
  }

  /** All that is sealed in any table, opened. */
  kept(): ReadonlyArray<Kept> {
    killAll(this.#world);
    const keys = currentKeys(this.#world);
    for (const [name, key] of keys) this.#ever.set(name, key);
    const keyOf = (subject: unknown, wrapped: Uint8Array) => {
      const number = Buffer.from(wrapped).readUInt32BE(0);
      return { number, key: keys.get(`${subject} ${number}`)! };
    };
    return [...this.#world.platform.objects.values()]
      .filter(({ disk }) => has(disk, "event_keys"))
      .flatMap(({ disk, stream }) => [
        ...eventsIn(disk, stream, keyOf),
        ...chunksIn(disk, stream, keyOf),
        ...derivedIn(disk, stream, keys),
      ]);
  }

  /** Those of these that whoever has every file and every key of this moment reads. */
  readable(kept: ReadonlyArray<Kept>): ReadonlyArray<Kept> {
    const current = currentKeys(this.#world);
    for (const [name, key] of current) this.#ever.set(name, key);
    const files = this.files();
    const settings = [...this.#world.keyEncryptionKeys.keys.values()];
    // A key of an older generation may still stand somewhere, under a key-encryption key of today.
    const found = decipherable(files, settings, [...this.#ever.values()]);
    const living = [...this.#ever].filter(([, key]) => found.has(Buffer.from(key).toString("hex")));
    const derived = living.map(([name, key]) => indexKey(key, agentName(ada), name.split(" ")[1]!));
    const own = living.map(([, key]) => key);
    return [...Map.groupBy(kept, ({ block, isIndex }) => `${block} ${isIndex}`).values()].flatMap((those) => {
      const [{ block, isIndex }] = those as [Kept];
      const secrets = those.map(({ secret }) => secret);
      const read = decipherable(files, isIndex ? derived : own, secrets, block);
      return those.filter(({ secret }) => read.has(Buffer.from(secret).toString("hex")));
    });
  }

  /** Those of these words of which the index says, to whoever has every key of this moment, that it holds them. */
  indexed(words: ReadonlyArray<string>): ReadonlyArray<string> {
    const files = this.files();
    const keys = [...currentKeys(this.#world)];
    const tokenOf = keys.map(([name, key]) => tokensUnder(indexKey(key, agentName(ada), name.split(" ")[1]!)));
    return words.filter((word) =>
      tokenOf.some((token) => {
        const wanted = Buffer.from(packed([token(rootsOf(word)[0]!)]));
        return files.some((bytes) => bytes.includes(wanted));
      }),
    );
  }
}

/** What was wrapped with a key of its own, in a place. */
function wrappedAt(at: Place, what: string, key: SubjectKey, sealed: Uint8Array, wrapped: Uint8Array): Kept {
  const { stream, subject } = at;
  const { eventKey } = unwrapEventKey(wrapped, at, key);
  return { stream, subject, what, words: openWords(sealed, wrapped, at, key), secret: eventKey, block: 0 };
}

function eventsIn(disk: Disk, stream: string, keyOf: KeyOf): ReadonlyArray<Kept> {
  const rows = disk.execute(
    "SELECT e.seq, e.type, e.v, e.sealed, k.wrapped, k.subject FROM events e JOIN event_keys k ON k.seq = e.seq",
    [],
  ) as unknown as ReadonlyArray<[number, string, number, Uint8Array, Uint8Array, string]>;
  return rows.map(([seq, type, v, sealed, wrapped, subject]) =>
    wrappedAt({ stream, subject, seq, type, v }, `${type} ${seq}`, keyOf(subject, wrapped), sealed, wrapped),
  );
}

function chunksIn(disk: Disk, stream: string, keyOf: KeyOf): ReadonlyArray<Kept> {
  if (!has(disk, "training_chunks")) return [];
  const rows = disk.execute("SELECT training_id, number, sealed, wrapped FROM training_chunks", []);
  return (rows as unknown as ReadonlyArray<[string, number, Uint8Array, Uint8Array]>).map(
    ([type, seq, sealed, wrapped]) =>
      wrappedAt({ stream, subject: stream, seq, type, v: 1 }, `chunk ${seq}`, keyOf(stream, wrapped), sealed, wrapped),
  );
}

/** Facts, vocabulary and vectors: what an agent makes of words, under keys of its own and people's. */
function derivedIn(disk: Disk, stream: string, keys: ReadonlyMap<string, Uint8Array>): ReadonlyArray<Kept> {
  if (!has(disk, "vectors")) return [];
  const derived = new Map(
    disk
      .execute("SELECT subject, number FROM derived_keys", [])
      .map(([subject, number]) => [subject, indexKey(keys.get(`${subject} ${number}`)!, stream, String(number))]),
  );
  const opened = (what: string, name: unknown, sealed: unknown, data: string) => {
    const subject = String(name);
    const plain = Buffer.from(decrypt(derived.get(subject)!, sealed as Uint8Array, Buffer.from(data)));
    return canariesIn(plain).map(({ word: words, block }): Kept => {
      const secret = plain.subarray(block * 16, block * 16 + 16);
      return { stream, subject, what, words, secret, block, isIndex: true };
    });
  };
  return [
    ...disk
      .execute("SELECT seq, subject, sealed FROM memory_facts", [])
      .flatMap(([seq, subject, sealed]) => opened(`fact ${seq}`, subject, sealed, `fact ${subject} ${seq}`)),
    ...disk
      .execute("SELECT name, sealed FROM index_vocabulary v JOIN index_subjects s ON s.id = v.subject", [])
      .flatMap(([name, sealed]) => opened("vocabulary", name, sealed, `index vocabulary of ${name}`)),
    ...vectorsIn(disk, stream, keys),
  ];
}

function vectorsIn(disk: Disk, stream: string, keys: ReadonlyMap<string, Uint8Array>): ReadonlyArray<Kept> {
  const rows = disk.execute(
    `SELECT v.seq, v.subject, v.key, v.model, v.dimensions, v.sealed,
            (SELECT group_concat(source) FROM vector_sources s WHERE s.seq = v.seq) FROM vectors v`,
    [],
  );
  return rows.flatMap(([seq, subject, key, model, dimensions, sealed, sources]): ReadonlyArray<Kept> => {
    const data = JSON.stringify(["vectors", stream, seq, subject, key, model, dimensions]);
    const plain = decrypt(keys.get(`${subject} ${key}`)!, sealed as Uint8Array, Buffer.from(data));
    const around = String(sources ?? "").split(",");
    const row = { stream, subject: String(subject), what: `vector ${seq}` };
    // Eight bytes of scales, 32 of its own direction, 32 of its window's: each has a block of its own.
    return [
      { ...row, words: `<${seq}>`, secret: plain.subarray(16, 32), block: 1 },
      { ...row, words: [seq, ...around].map((each) => `<${each}>`).join(""), secret: plain.subarray(48, 64), block: 3 },
    ];
  });
}

/**
 * Where in these bytes canaries stand, each with a block by which it is told from all others. Not of all, for each block
 * is another walk through every file.
 */
function canariesIn(plain: Buffer): ReadonlyArray<{ readonly word: string; readonly block: number }> {
  return [...plain.toString("latin1").matchAll(CANARY)].flatMap(({ 0: word, index }) => {
    const first = Math.floor(index / 16);
    if (Number(word.slice(-4, -1)) % 10 !== WATCHED) return [];
    const block = [first, first + 1].find((each) => {
      const bytes = plain.subarray(each * 16, each * 16 + 16);
      return bytes.length === 16 && bytes.includes(word.slice(-3, -1));
    });
    return block === undefined ? [] : [{ word, block }];
  });
}
