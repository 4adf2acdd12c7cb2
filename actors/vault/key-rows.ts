/** The wrapped keys of a Vault, beside its log: a key must be destructible, and an event is not. Used by VaultActor. */
import type { ActorName } from "#events/kit/ids.ts";
import { fingerprintOf, freshKey, unwrapKey, wrapKey } from "../kit/seal.ts";
import type { SqlPort } from "../kit/sql.ts";

/** The key-encryption keys (KEK) by their number; the highest wraps, the others still unwrap. */
export interface KeyEncryptionKeys {
  readonly newest: number;
  readonly keys: ReadonlyMap<number, Uint8Array>;
}

/** A key-encryption key that rows need is not among the settings. */
export class KeyEncryptionKeyMissing extends Error {
  override readonly name = "KeyEncryptionKeyMissing";
  constructor(number: number, rows: number) {
    super(`KEY_ENCRYPTION_KEYS has no number ${number}, under which ${rows} keys are wrapped`);
  }
}

export class KeyRows {
  readonly #sql: SqlPort;
  readonly #keks: () => KeyEncryptionKeys;

  constructor(sql: SqlPort, keks: () => KeyEncryptionKeys) {
    this.#sql = sql;
    this.#keks = keks;
  }

  /** Writes a fresh key for this generation, wrapped under the newest key-encryption key. */
  issue(subject: ActorName, number: number): void {
    const { newest, keys } = this.#keks();
    const wrapped = wrapKey(keys.get(newest)!, freshKey(), subject, number);
    this.#table().run(
      "INSERT INTO key_generations (subject, number, kek, wrapped) VALUES (?, ?, ?, ?)",
      ...[subject, number, newest, wrapped],
    );
  }

  /** The key of this generation. @throws KeyEncryptionKeyMissing */
  open(subject: ActorName, number: number): Uint8Array {
    const [kek, wrapped] = this.#row(subject, number);
    const key = this.#keks().keys.get(kek);
    if (key === undefined) throw new KeyEncryptionKeyMissing(kek, this.#count("kek = ?", kek));
    return unwrapKey(key, wrapped, subject, number);
  }

  /** What a key that is destroyed is known by ever after. Of the wrapped key, so that none has to be opened for it. */
  fingerprint(subject: ActorName, number: number): string {
    return fingerprintOf(this.#row(subject, number)[1]);
  }

  destroy(subject: ActorName, number: number): void {
    this.#table().run("DELETE FROM key_generations WHERE subject = ? AND number = ?", subject, number);
  }

  /** How many keys are wrapped under an older key-encryption key than the newest. */
  outdated(): number {
    return this.#count("kek < ?", this.#keks().newest);
  }

  /** Subjects whose newest generation is wrapped under an older key-encryption key, at most `limit`. */
  outdatedSubjects(limit: number): ReadonlyArray<ActorName> {
    return this.#table()
      .rows(
        `SELECT subject FROM key_generations k WHERE kek < ? AND NOT EXISTS
           (SELECT 1 FROM key_generations n WHERE n.subject = k.subject AND n.number > k.number) LIMIT ?`,
        this.#keks().newest,
        limit,
      )
      .map(([subject]) => subject as ActorName);
  }

  /** Key-encryption keys that rows need and the settings have not got, by number. */
  missing(): ReadonlyArray<number> {
    const { keys } = this.#keks();
    const rows = this.#table().rows("SELECT DISTINCT kek FROM key_generations ORDER BY kek");
    return rows.map(([kek]) => Number(kek)).filter((kek) => !keys.has(kek));
  }

  /** Makes sure that every key can be opened. @throws KeyEncryptionKeyMissing of the first that cannot. */
  check(): void {
    const [kek] = this.missing();
    if (kek !== undefined) throw new KeyEncryptionKeyMissing(kek, this.#count("kek = ?", kek));
  }

  #row(subject: ActorName, number: number): readonly [kek: number, wrapped: Uint8Array] {
    const row = this.#table().rows(
      "SELECT kek, wrapped FROM key_generations WHERE subject = ? AND number = ?",
      subject,
      number,
    )[0];
    if (row === undefined) throw new Error(`generation ${number} of the key of ${subject} has no row`);
    return [Number(row[0]), row[1] as Uint8Array];
  }

  #count(where: string, kek: number): number {
    return Number(this.#table().rows(`SELECT COUNT(*) FROM key_generations WHERE ${where}`, kek)[0]![0]);
  }

  /**
   * The table, made on first use; in a Vault of the first version it takes over the rows of one generation each. Looked
   * for each time: a transaction that made it may have been taken back.
   */
  #table(): SqlPort {
    this.#sql.run(
      `CREATE TABLE IF NOT EXISTS key_generations (
         subject TEXT NOT NULL, number INTEGER NOT NULL, kek INTEGER NOT NULL, wrapped BLOB NOT NULL,
         PRIMARY KEY (subject, number)
       ) STRICT`,
    );
    if (this.#sql.rows("SELECT 1 FROM sqlite_master WHERE name = 'subject_keys'").length > 0)
      this.#sql.transaction(() => {
        this.#sql.run("INSERT INTO key_generations SELECT subject, number, kek, wrapped FROM subject_keys");
        this.#sql.run("DROP TABLE subject_keys");
      });
    return this.#sql;
  }
}
