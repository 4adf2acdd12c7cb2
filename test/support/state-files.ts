/** The files of the real program, as whoever has all of them and its key-encryption keys sees them: what is sealed there, opened while it can be and looked for in the bytes later; used by test/system. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { rootsOf } from "#actors/agent/memory/language/roots.ts";
import { packed, tokensUnder } from "#actors/agent/memory/recall/tokens.ts";
import { decrypt, deriveKey, openWords, type Place, unwrapEventKey, unwrapKey } from "#actors/kit/seal.ts";
import { decipherable } from "../sim/bytes.ts";

/** A word that stands nowhere else, of somebody. */
export const canary = (whose: string, number: number) => `canary${whose}${String(number).padStart(4, "0")}x`;
const CANARY = /canary[a-z]+\d{4}x/gi;

/** Those of somebody's canaries that stand in a text, each once. */
export const canariesIn = (text: string, whose: string): ReadonlySet<string> =>
  new Set((text.toLowerCase().match(CANARY) ?? []).filter((word) => word.startsWith(`canary${whose}`)));

/** Key-encryption keys by their number. */
export type KeyEncryptionKeys = ReadonlyMap<number, Uint8Array>;

/** Something sealed that holds canaries, as whoever has the keys of its time reads it. */
export interface Kept {
  readonly stream: string;
  readonly subject: string;
  /** In what kind of place it stands. */
  readonly kind: string;
  readonly seq: number | null;
  readonly words: string;
  /** Whoever finds this in a file, at this block of something encrypted, reads the words. */
  readonly secret: Uint8Array;
  readonly block: number;
  /** Whether it is sealed under a key that an agent derives for its index, or under the subject's own. */
  readonly isIndex: boolean;
}

type Row = Readonly<Record<string, unknown>>;

interface Database {
  readonly stream: string;
  readonly rows: (query: string) => ReadonlyArray<Row>;
  readonly has: (table: string) => boolean;
}

const indexKey = (key: Uint8Array, stream: string, number: string | number) =>
  deriveKey(key, ["recall", stream, String(number)]);

/** A secret is so long, and so is a block. */
const BLOCK = 16;
const blockOf = (plain: Uint8Array, block: number) => plain.subarray(block * BLOCK, (block + 1) * BLOCK);

export class StateFiles {
  readonly #folder: string;
  /** Every generation of every key that was ever read, by subject and number. */
  readonly #ever = new Map<string, Uint8Array>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  #paths(): ReadonlyArray<string> {
    return readdirSync(this.#folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
  }

  #each<A>(pattern: RegExp, read: (database: Omit<Database, "stream">) => A): ReadonlyArray<A> {
    return this.#paths()
      .filter((path) => pattern.test(path))
      .map((path) => {
        // The program may run: whoever finds it writing waits.
        const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
        const rows = (query: string) => database.prepare(query).all() as ReadonlyArray<Row>;
        try {
          return read({ rows, has: (table) => rows(`SELECT 1 FROM sqlite_master WHERE name = '${table}'`).length > 0 });
        } finally {
          database.close();
        }
      });
  }

  /** What is read of each object's own database, with the stream that it says it is. */
  #ofObjects<A>(read: (database: Database) => ReadonlyArray<A>): ReadonlyArray<A> {
    return this.#each(/\/do\/.*\.sqlite$/, (database) => {
      if (!database.has("event_keys")) return [];
      const [meta] = database.rows("SELECT value FROM meta WHERE key = 'stream'");
      return read({ ...database, stream: String(meta!.value) });
    }).flat();
  }

  /** What a query finds in the object of a stream. */
  ask(stream: string, query: string): ReadonlyArray<Row> {
    return this.#ofObjects((database) => (database.stream === stream ? database.rows(query) : []));
  }

  /** The numbers of the key-encryption keys that subjects' keys are wrapped under. */
  wrappedUnder(): ReadonlySet<number> {
    const query = "SELECT kek FROM key_generations";
    return new Set(
      this.#ofObjects(({ stream, rows }) => (stream.startsWith("vault:") ? rows(query) : [])).map(({ kek }) =>
        Number(kek),
      ),
    );
  }

  /** The keys of all subjects, by name and generation. */
  #keys(keys: KeyEncryptionKeys): ReadonlyMap<string, Uint8Array> {
    const query = "SELECT subject, number, kek, wrapped FROM key_generations";
    const found = this.#ofObjects(({ stream, rows }) => (stream.startsWith("vault:") ? rows(query) : [])).map(
      ({ subject, number, kek, wrapped }) =>
        [
          `${subject} ${number}`,
          unwrapKey(keys.get(Number(kek))!, wrapped as Uint8Array, String(subject), Number(number)),
        ] as const,
    );
    for (const [name, key] of found) this.#ever.set(name, key);
    return new Map(found);
  }

  /** All that is sealed and holds canaries, opened; what D1 and KV hold of it as well, which the key of its event opens. */
  kept(keyEncryptionKeys: KeyEncryptionKeys): ReadonlyArray<Kept> {
    const keys = this.#keys(keyEncryptionKeys);
    const inObjects = this.#ofObjects((database) => {
      const events = eventsIn(database, keys);
      return [...events, ...derivedIn(database, keys), ...vectorsIn(database, keys, events)];
    });
    const bySealed = new Map(inObjects.flatMap((kept) => (kept.sealed === undefined ? [] : [[kept.sealed, kept]])));
    const copies = this.#copies().flatMap(([where, sealed]) => {
      const kept = bySealed.get(sealed);
      return kept === undefined ? [] : [{ ...kept, kind: `${kept.kind} in ${where}` }];
    });
    return [...inObjects, ...copies].filter(({ words }) => words.toLowerCase().match(CANARY) !== null);
  }

  /** Ciphertexts that D1's tables and KV's entries hold, each with where. */
  #copies(): ReadonlyArray<readonly [string, string]> {
    const inText = (where: string, text: string) =>
      [...text.matchAll(/"([A-Za-z0-9+/]{40,}={0,2})"/g)].map(([, sealed]) => [where, sealed!] as const);
    return [
      ...this.texts("D1").flatMap((text) => inText("D1", text)),
      ...this.texts("KV").flatMap((text) => inText("KV", text)),
    ];
  }

  /** What stands in every row of D1's tables, or in every entry of KV. */
  texts(where: "D1" | "KV"): ReadonlyArray<string> {
    if (where === "KV")
      return this.#paths()
        .filter((path) => /\/kv\/.*\/blobs\//.test(path))
        .map((path) => readFileSync(path, "utf8"));
    return this.#each(/\/d1\/.*\.sqlite$/, ({ rows }) =>
      rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%_v1'").flatMap(({ name }) =>
        rows(`SELECT * FROM ${name}`).map((row) => Object.values(row).join("\n")),
      ),
    ).flat();
  }

  /** What whoever has every file of this moment and these key-encryption keys finds in them. */
  found(keyEncryptionKeys: KeyEncryptionKeys): Found {
    this.#keys(keyEncryptionKeys);
    const bytes = this.#paths().map((path) => readFileSync(path));
    // An older generation of a key may still stand in some free page.
    const there = decipherable(bytes, [...keyEncryptionKeys.values()], [...this.#ever.values()]);
    return new Found(
      bytes,
      [...this.#ever].filter(([, key]) => there.has(Buffer.from(key).toString("hex"))),
    );
  }
}

type NamedKey = readonly [string, Uint8Array];

/** Files of a moment, and all keys of subjects that can be had from them. */
class Found {
  readonly bytes: ReadonlyArray<Buffer>;
  readonly #keys: ReadonlyArray<NamedKey>;

  constructor(bytes: ReadonlyArray<Buffer>, keys: ReadonlyArray<NamedKey>) {
    this.bytes = bytes;
    this.#keys = keys;
  }

  /** Those of these that can be read. */
  readable(kept: ReadonlyArray<Kept>): ReadonlyArray<Kept> {
    const own = this.#keys.map(([, key]) => key);
    const derived = indexKeysOf(this.#keys, kept);
    return [...Map.groupBy(kept, ({ block, isIndex }) => `${block} ${isIndex}`).values()].flatMap((those) => {
      const [{ block, isIndex }] = those as [Kept];
      const secrets = those.map(({ secret }) => secret);
      const read = decipherable(this.bytes, isIndex ? derived : own, secrets, block);
      return those.filter(({ secret }) => read.has(Buffer.from(secret).toString("hex")));
    });
  }

  /** Those of these words of which the indexes of the agents who keep these say that they hold them. */
  indexed(words: ReadonlyArray<string>, kept: ReadonlyArray<Kept>): ReadonlyArray<string> {
    const tokenOf = indexKeysOf(this.#keys, kept).map(tokensUnder);
    return words.filter((word) =>
      tokenOf.some((token) => {
        const wanted = Buffer.from(packed([token(rootsOf(word)[0]!)]));
        return this.bytes.some((bytes) => bytes.includes(wanted));
      }),
    );
  }
}

/** The keys for indexing that the agents in whose objects these stand derive of these. */
function indexKeysOf(keys: ReadonlyArray<NamedKey>, kept: ReadonlyArray<Kept>) {
  const streams = new Set(kept.flatMap(({ stream, isIndex }) => (isIndex ? [stream] : [])));
  return [...streams].flatMap((stream) => keys.map(([name, key]) => indexKey(key, stream, name.split(" ")[1]!)));
}

interface KeptEvent extends Kept {
  readonly seq: number;
  /** The ciphertext, as copies of it are written. */
  readonly sealed?: string;
}

type EventRow = Omit<Place, "stream"> & Record<"sealed" | "wrapped", Uint8Array>;

/** The words of all events: those of people, and what agents made of them. */
function eventsIn({ stream, rows }: Database, keys: ReadonlyMap<string, Uint8Array>): ReadonlyArray<KeptEvent> {
  const query =
    "SELECT e.seq, e.type, e.v, e.sealed, k.subject, k.wrapped FROM events e JOIN event_keys k ON k.seq = e.seq";
  return rows(query).flatMap((row) => {
    const { sealed, wrapped, ...at } = row as unknown as EventRow;
    const place = { stream, ...at };
    const number = Buffer.from(wrapped).readUInt32BE(0);
    const found = keys.get(`${at.subject} ${number}`);
    if (found === undefined) return []; // destroyed
    const key = { number, key: found };
    const { eventKey } = unwrapEventKey(wrapped, place, key);
    const whose = at.subject.startsWith("user:") ? "a person's" : "an agent's";
    return {
      ...{ stream, subject: at.subject, kind: `${whose} ${at.type}`, seq: at.seq, block: 0, isIndex: false },
      ...{ words: openWords(sealed, wrapped, place, key), secret: eventKey },
      sealed: Buffer.from(sealed).toString("base64"),
    };
  });
}

/** Facts and vocabulary, which stand under keys that an agent derives. */
function derivedIn({ stream, rows, has }: Database, keys: ReadonlyMap<string, Uint8Array>): ReadonlyArray<KeptEvent> {
  const derived = new Map(
    rows("SELECT subject, number FROM derived_keys").flatMap(({ subject, number }) => {
      const key = keys.get(`${subject} ${number}`);
      return key === undefined ? [] : [[String(subject), indexKey(key, stream, Number(number))] as const];
    }),
  );
  const opened = (kind: string, { subject, seq, sealed }: Row, data: string) => {
    const key = derived.get(String(subject));
    if (key === undefined) return [];
    const plain = Buffer.from(decrypt(key, sealed as Uint8Array, Buffer.from(data)));
    // A part of a vocabulary begins with tokens that no other one has.
    const block = kind === "fact" ? factBlock(plain) : 0;
    return {
      ...{ stream, subject: String(subject), kind, seq: Number(seq), words: plain.toString("latin1") },
      ...{ secret: blockOf(plain, block), block, isIndex: true },
    };
  };
  const facts = has("memory_facts") ? rows("SELECT seq, subject, sealed FROM memory_facts") : [];
  const parts = has("index_vocabulary")
    ? rows(
        "SELECT part AS seq, name AS subject, sealed FROM index_vocabulary v JOIN index_subjects s ON s.id = v.subject",
      )
    : [];
  return [
    ...facts.flatMap((row) => opened("fact", row, `fact ${row.subject} ${row.seq}`)),
    ...parts.flatMap((row) => opened("vocabulary", row, `index vocabulary of ${row.subject}`)),
  ];
}

/** The block in which the number of a canary stands: by that a fact is told from all others of somebody. */
function factBlock(plain: Buffer): number {
  const found = /\d{4}x/.exec(plain.toString("latin1"));
  const block = Math.floor((found?.index ?? 0) / BLOCK);
  if (found !== null && blockOf(plain, block).length < BLOCK) throw new Error("a fact is too short to be looked for");
  return block;
}

/** Vectors of memories' own words and of their windows, each known by the words it was made of. */
function vectorsIn(
  { stream, rows, has }: Database,
  keys: ReadonlyMap<string, Uint8Array>,
  events: ReadonlyArray<KeptEvent>,
): ReadonlyArray<KeptEvent> {
  if (!has("vectors")) return [];
  const words = new Map(events.map((event) => [event.seq, event.words]));
  const sources = Map.groupBy(rows("SELECT source, seq FROM vector_sources"), ({ seq }) => Number(seq));
  return rows("SELECT seq, subject, key, model, dimensions, sealed FROM vectors").flatMap((row) => {
    const { seq, subject, key, model, dimensions, sealed } = row;
    const data = JSON.stringify(["vectors", stream, seq, subject, key, model, dimensions]);
    const found = keys.get(`${subject} ${key}`);
    if (found === undefined) return [];
    const plain = decrypt(found, sealed as Uint8Array, Buffer.from(data));
    const around = [Number(seq), ...(sources.get(Number(seq)) ?? []).map(({ source }) => Number(source))];
    const at = { stream, subject: String(subject), seq: Number(seq), isIndex: false };
    // Eight bytes of scales, a byte for each number of its own direction, as many for its window's.
    const [own, window] = [1, Math.ceil((8 + Number(dimensions)) / BLOCK) + 1];
    return [
      { ...at, kind: "vector", words: words.get(Number(seq)) ?? "", secret: blockOf(plain, own), block: own },
      {
        ...{ ...at, kind: "window's vector", words: around.map((each) => words.get(each)).join("\n") },
        ...{ secret: blockOf(plain, window), block: window },
      },
    ];
  });
}
