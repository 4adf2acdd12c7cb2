/** What actors and Vaults ask of one another about keys, and what a person is told when theirs is destroyed. */
import type { ActorName, AgentId, ErasureId } from "#events/kit/ids.ts";

/** What every actor answers the Vault about the keys that it was lent. */
export interface BorrowerDoor {
  /** Forgets the generations of a key up to this one, and all they opened. Answers when nothing of it is left. */
  forgetKey(subject: ActorName, upTo: number): Promise<void>;
  /** Goes on to need no generation of a key but this one. True when that is done; else it wants to be called again. */
  renewKey(subject: ActorName, number: number): Promise<boolean>;
}

/** How far an agent has forgotten a person. */
export interface Forgotten {
  /** Memories about the person that went at their wish. */
  readonly forgotten: number;
  /** Memories about the person that are there still. */
  readonly left: number;
  /**
   * Vectors that the index elsewhere was told to remove, and has not been seen without yet: also those of others. What stays
   * with one that is no longer in the settings is not among them: its operator removes that (decision 0020).
   */
  readonly elsewhere: number;
}

/** What became of a person's wish to be forgotten. Times are milliseconds since 1970; null: not yet. */
export interface ErasureReceipt {
  readonly id: ErasureId;
  readonly subject: ActorName;
  readonly requestedAt: number;
  /** From then on nobody can read the words any more, at the latest: also not a stream that could not be told. */
  readonly unreadableAt: number | null;
  readonly completedAt: number | null;
  /** Every stream that held the key, and when it had forgotten it. */
  readonly streams: ReadonlyArray<{ readonly stream: string; readonly confirmedAt: number | null }>;
  /** Every agent that had met the person, and how far it has forgotten them; null: it could not be asked. */
  readonly agents: ReadonlyArray<{ readonly agentId: AgentId } & { readonly [K in keyof Forgotten]: number | null }>;
  /** The generations of the key that were destroyed, and what each is known by. */
  readonly generations: ReadonlyArray<number>;
  readonly fingerprints: ReadonlyArray<string>;
  readonly whatRemains: {
    /** A point-in-time restore of the platform could bring the key back until then. */
    readonly restorableUntil: number | null;
    /**
     * The key-encryption keys in the settings that could open a stray copy of the wrapped key, by number: none once they
     * were rotated and taken out. Null: the Vault could not be asked.
     */
    readonly openableWith: ReadonlyArray<number> | null;
  };
}

/** One generation of a key as it is lent: raw bytes, for the memory of one object, for five minutes. Null: destroyed. */
export interface LentKey {
  readonly subject: ActorName;
  readonly number: number;
  readonly key: Uint8Array | null;
}

/** Who wants a key destroyed or given again, and the event that says so. */
export interface KeyOrder {
  readonly by: ActorName;
  readonly causation: string | null;
}

/** How far the destruction of a key has got. Times are milliseconds since 1970; null: not confirmed yet. */
export interface Shredding {
  readonly shreddedAt: number;
  readonly generations: ReadonlyArray<number>;
  readonly fingerprints: ReadonlyArray<string>;
  /** The newest key-encryption key at that time: what is left of the key anywhere is wrapped under this one or an older one. */
  readonly kek: number;
  readonly streams: ReadonlyArray<{ readonly stream: string; readonly confirmedAt: number | null }>;
}

/** How far one Vault is with turning its keys. */
export interface RotationProgress {
  /** Keys that are wrapped under an older key-encryption key than the newest. */
  readonly outdated: number;
  /** Numbers of key-encryption keys that are needed for it and not in the settings. */
  readonly missing: ReadonlyArray<number>;
}

export interface VaultDoor {
  lend(stream: string, subjects: ReadonlyArray<ActorName>): Promise<ReadonlyArray<LentKey>>;
  shred(subject: ActorName, order: KeyOrder, waitMs: number): Promise<Shredding>;
  admit(subject: ActorName, order: KeyOrder): Promise<void>;
  rotate(): Promise<RotationProgress>;
  /** The key-encryption keys in the settings up to this number, by number. */
  keysUpTo(kek: number): Promise<ReadonlyArray<number>>;
}
