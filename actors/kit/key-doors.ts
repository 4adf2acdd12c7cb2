/** What actors and Vaults ask of one another about keys, and what a person is told when theirs is destroyed. */
import type { ActorName, AgentId, ErasureId, MemoryId, RoomId } from "#events/kit/ids.ts";
import type { Principal } from "./principal.ts";
import type { Reply } from "./reply.ts";

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
  /** Vectors that the index elsewhere was told to remove, and has not been seen without yet: also those of others. */
  readonly elsewhere: number;
  /** Indexes that are no longer in the settings and may hold such vectors, by name: their operators remove them (decision 0020). */
  readonly indexesLeft: ReadonlyArray<string>;
}

/** When a stream that held a key had forgotten it; null: not yet. */
export interface Confirmation {
  readonly stream: string;
  readonly confirmedAt: number | null;
}

/** What could still bring back what was erased. */
export interface WhatRemains {
  /** A point-in-time restore of the platform could bring the key back until then. Null: not known yet. */
  readonly restorableUntil: number | null;
  /**
   * The key-encryption keys in the settings that could open a stray copy of the wrapped key, by number: none once they were
   * rotated and taken out. Null: the Vault could not be asked.
   */
  readonly openableWith: ReadonlyArray<number> | null;
  /** Indexes that are no longer in the settings and may hold vectors that were to go, by name. */
  readonly indexesLeft: ReadonlyArray<string>;
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
  readonly streams: ReadonlyArray<Confirmation>;
  /** Every agent that had met the person, and how far it has forgotten them; null: it could not be asked. */
  readonly agents: ReadonlyArray<
    { readonly agentId: AgentId } & { readonly [K in keyof Forgotten]: Forgotten[K] | null }
  >;
  /** The generations of the key that were destroyed, and what each is known by. */
  readonly generations: ReadonlyArray<number>;
  readonly fingerprints: ReadonlyArray<string>;
  readonly whatRemains: WhatRemains;
}

/**
 * What an agent's log says was erased, by the event that says so: memories with what says the same because of them, the words
 * that a correction replaced, the notes of a room, or all of the agent. Times are milliseconds since 1970; null: not yet.
 */
export interface AgentErasure {
  /** The id of the event. */
  readonly id: string;
  readonly agentId: AgentId;
  readonly what: "memories" | "words" | "notes" | "agent";
  readonly why: "asked" | "corrected" | "faded" | "expired" | "withdrawn" | "erased" | "left-room";
  /** The person who asked for just this; null where it followed from something else: a withdrawal, an erasure, a term. */
  readonly requestedBy: ActorName | null;
  readonly requestedAt: number;
  readonly unreadableAt: number | null;
  /** When every stream had confirmed, and the index elsewhere was seen without what it was to lose. */
  readonly completedAt: number | null;
  readonly memoryIds: ReadonlyArray<MemoryId>;
  /** The room whose notes went. */
  readonly roomId: RoomId | null;
  /** As in `Forgotten`. */
  readonly elsewhere: number;
  /** Of an agent: every stream that held its key. Words go with keys of their own, which only the agent had. */
  readonly streams: ReadonlyArray<Confirmation>;
  readonly generations: ReadonlyArray<number>;
  readonly fingerprints: ReadonlyArray<string>;
  readonly whatRemains: WhatRemains;
}

export interface ErasurePage {
  /** The newest first. */
  readonly erasures: ReadonlyArray<AgentErasure>;
  /** `before` of the next page; null at the end. */
  readonly next: number | null;
}

/** The part of an agent's door that answers what was erased there; it answers when the agent is gone, too. */
export interface ErasureDoors {
  /** For the owner and auditors. `before` is the event where the page before ended. */
  erasures(by: Principal, query: { readonly limit: number; readonly before?: number }): Promise<Reply<ErasurePage>>;
  /** For these, and for the person who asked for this one. */
  erasure(by: Principal, id: string): Promise<Reply<AgentErasure>>;
  /** Indexes that are no longer in the settings and may hold what they were to lose, by name. */
  indexesLeft(): Promise<ReadonlyArray<string>>;
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
  readonly streams: ReadonlyArray<Confirmation>;
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
  /**
   * For each of these moments (ms since 1970): the key-encryption keys in the settings that may have wrapped a key of this
   * subject by then, by number.
   */
  keysAt(subject: ActorName, moments: ReadonlyArray<number>): Promise<ReadonlyArray<ReadonlyArray<number>>>;
}
