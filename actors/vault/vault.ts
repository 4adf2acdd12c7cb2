/** VaultActor: keeps one key per person and agent, wrapped under the key-encryption key; sixteen shards share the work. */
import type { ActorName } from "#events/kit/ids.ts";
import type { VaultCommand } from "#events/vault/commands.ts";
import { vault } from "#events/vault/decide.ts";
import type { VaultEvent } from "#events/vault/events.ts";
import type { VaultState } from "#events/vault/state.ts";
import { Actor } from "../kit/actor.ts";
import { now } from "../kit/clock.ts";
import type { ActorEnv, LentKey, VaultDoor } from "../kit/doors.ts";
import { freshKey, unwrapKey, wrapKey } from "../kit/seal.ts";

/** The key-encryption keys (KEK) by their number; the highest wraps, the others still unwrap. */
export interface KeyEncryptionKeys {
  readonly newest: number;
  readonly keys: ReadonlyMap<number, Uint8Array>;
}

export abstract class VaultActor<Env extends ActorEnv = ActorEnv>
  extends Actor<VaultState, VaultCommand, VaultEvent, never, Env>
  implements VaultDoor
{
  protected abstract keyEncryptionKeys(env: Env): KeyEncryptionKeys;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, vault);
  }

  /** Lends the keys of these subjects to a stream, making those that do not exist yet. */
  lend(stream: string, subjects: ReadonlyArray<ActorName>): Promise<ReadonlyArray<LentKey>> {
    return this.behindWall("lend", async () => {
      this.#keyTable();
      const lent: LentKey[] = [];
      for (const subject of subjects) {
        await this.#noteLending(stream, subject);
        lent.push(this.#key(subject));
      }
      return lent;
    });
  }

  /** Beside the log, for a wrapped key must be replaceable and an event is not. */
  #keyTable(): void {
    this.tables.run(
      "CREATE TABLE IF NOT EXISTS subject_keys (subject TEXT PRIMARY KEY, number INTEGER NOT NULL, kek INTEGER NOT NULL, wrapped BLOB NOT NULL) STRICT",
    );
  }

  async #noteLending(stream: string, subject: ActorName): Promise<void> {
    if (this.ledger.state.keys[subject]?.lentTo.includes(stream)) return;
    const id = `lend/${subject}/${stream}`;
    const meta = { id, at: now(), by: "system:vault" as const, correlation: id, causation: null };
    await this.commit({ type: "LendKey", meta, subject, stream });
  }

  /** The subject's key, unwrapped. Its row is written on first need: the event tells that a key exists, never which. */
  #key(subject: ActorName): LentKey {
    const { number } = this.ledger.state.keys[subject]!;
    const { newest, keys } = this.keyEncryptionKeys(this.env);
    const row = this.tables.rows(
      "SELECT kek, wrapped FROM subject_keys WHERE subject = ? AND number = ?",
      subject,
      number,
    )[0];
    if (row !== undefined) {
      const kek = keys.get(Number(row[0]));
      if (kek === undefined) throw new Error(`key-encryption key ${row[0]} is missing`);
      return { subject, number, key: unwrapKey(kek, row[1] as Uint8Array, subject, number) };
    }
    const key = freshKey();
    const wrapped = wrapKey(keys.get(newest)!, key, subject, number);
    this.tables.run(
      "INSERT INTO subject_keys (subject, number, kek, wrapped) VALUES (?, ?, ?, ?)",
      ...[subject, number, newest, wrapped],
    );
    return { subject, number, key };
  }
}
