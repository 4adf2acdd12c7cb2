/**
 * What can have happened to an agent's memories. These schemas are the storage format: a field once written is never
 * renamed or removed, it gets a new version and an upcast. Read through events.ts.
 */
import { Schema } from "effect";
import { defineEvent } from "../kit/define.ts";
import { ActorName, MemoryId, RoomId, TurnId, UserId } from "../kit/ids.ts";

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));
const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }));
const Memories = Schema.Array(MemoryId);

export const MemoryKind = Schema.Literals(["episodic", "semantic", "procedural", "social"]);
export type MemoryKind = typeof MemoryKind.Type;

/**
 * How a memory came to be: `said` in a conversation, `asked` for by the person, `drawn` from others, `added` by the
 * owner, `trained`, or `observed` in what tools did.
 */
export const Basis = Schema.Literals(["said", "asked", "drawn", "added", "trained", "observed"]);
export type Basis = typeof Basis.Type;

/** Whose words they were at first: how far they are to be trusted. */
export const Origin = Schema.Literals(["person", "agent", "tool", "owner"]);
export type Origin = typeof Origin.Type;

/** Where a memory may surface: in the room it was formed in, anywhere, or only among those it is about. */
export const Audience = Schema.Literals(["room", "public", "about"]);
export type Audience = typeof Audience.Type;

/** The facts of a memory; its words are sealed. */
export const memoryFacts = {
  kind: MemoryKind,
  importance: Share,
  /** People it is about or was said by: each had agreed to be remembered. The first one's key seals the words. */
  about: Schema.Array(UserId),
  basis: Basis,
  origin: Origin,
  audience: Audience,
  /** Who said it, where the house knows. */
  speaker: Schema.NullOr(ActorName),
  /** When it was said, where that is not when it was formed; in milliseconds since 1970, as all moments here. */
  saidAt: Schema.optionalKey(Schema.Int),
  /** From when on it holds in the world. */
  validFrom: Schema.optionalKey(Schema.Int),
  /** What a fact is about, by the name of its pattern: `residence`, `employer`. */
  attribute: Schema.optionalKey(Schema.String),
  /** Never forgotten but on request. */
  pinned: Schema.optionalKey(Schema.Boolean),
  /** Contact data, health, money, credentials: by its owner's word or by its form. */
  sensitive: Schema.optionalKey(Schema.Boolean),
  /** The memories it was drawn from. */
  sources: Schema.optionalKey(Memories),
} as const;

export const MemoryFormed = defineEvent("MemoryFormed", {
  v: 2,
  upcasts: { 1: (open) => ({ ...open, speaker: null, origin: "person", audience: "room" }) },
  about: "The agent will remember something.",
  open: {
    memoryId: MemoryId,
    /** Where it was formed; null for what came from outside any turn. */
    turnId: Schema.NullOr(TurnId),
    roomId: Schema.NullOr(RoomId),
    /** The events it comes from. A memory without words of its own has those of the first one. */
    sourceSeqs: Schema.Array(Count),
    ...memoryFacts,
  },
  sealed: ["content", "context", "fact", "speakerName"],
});
export const MemoriesConsidered = defineEvent("MemoriesConsidered", {
  v: 1,
  about: "The agent went over what was said for anything worth keeping.",
  open: { turnId: TurnId, formed: Count },
});
export const MemoryRevised = defineEvent("MemoryRevised", {
  v: 1,
  about:
    "A memory was corrected, by its owner or by what was seen since: these are its facts from here on, and its words, where it has new ones; then the old ones are forgotten.",
  open: { memoryId: MemoryId, version: Count, replacesSeq: Count, ...memoryFacts },
  sealed: ["content", "context", "fact", "speakerName"],
});
export const MemorySuperseded = defineEvent("MemorySuperseded", {
  v: 2,
  upcasts: { 1: (open) => ({ ...open, retractedAt: open.validTo }) },
  about: "A newer value took the place of what a memory says; it stays true of the time before.",
  open: {
    memoryId: MemoryId,
    by: MemoryId,
    /** Until when it held in the world. */
    validTo: Schema.Int,
    /** Since when that is known: when the newer value was told. */
    retractedAt: Schema.Int,
  },
});
export const MemoriesMerged = defineEvent("MemoriesMerged", {
  v: 1,
  about: "Memories that say the same became one, which keeps all their sources.",
  open: { into: MemoryId, from: Memories },
});
export const MemoriesSeparated = defineEvent("MemoriesSeparated", {
  v: 1,
  about: "A merging was undone.",
  open: { into: MemoryId, from: Memories },
});
export const MemoriesArchived = defineEvent("MemoriesArchived", {
  v: 1,
  about: "Memories of little weight left the agent's mind; they can be restored for thirty days.",
  open: { memoryIds: Memories },
});
export const MemoriesRestored = defineEvent("MemoriesRestored", {
  v: 1,
  about: "Archived memories came back.",
  open: { memoryIds: Memories },
});
export const MemoryForgotten = defineEvent("MemoryForgotten", {
  v: 1,
  about: "The agent forgot: the keys to these words are gone.",
  open: {
    memoryIds: Memories,
    /** The events whose words went with them; with a reply, also those of the models and tools of its turn. */
    seqs: Schema.Array(Count),
    why: Schema.Literals(["asked", "faded", "expired", "withdrawn", "erased"]),
  },
});
export const MemoriesDrawn = defineEvent("MemoriesDrawn", {
  v: 2,
  upcasts: { 1: (open) => ({ ...open }) },
  about:
    "What was said in a room was looked through for what is worth keeping, up to a memory: what was found was formed with this.",
  open: {
    roomId: RoomId,
    /** The newest event of a memory that was looked at; what is behind it is for the next time. */
    toSeq: Count,
    looked: Count,
    drawn: Count,
    /** What of its answer could not be taken. */
    dropped: Count,
    /** The model that was asked, or `rules`. */
    by: Schema.String,
    /** The request it comes of, whose cost its own events count; without one, its cost is counted with this. */
    request: Schema.optionalKey(Schema.String),
    tokensIn: Schema.optionalKey(Count),
    tokensOut: Schema.optionalKey(Count),
    microUsd: Schema.NullOr(Count),
  },
});
export const MemoriesSwept = defineEvent("MemoriesSwept", {
  v: 1,
  about: "The agent's daily tidying of its memories came to its end.",
  open: { looked: Count, merged: Count, superseded: Count, archived: Count, forgotten: Count },
});

// ── consent ─────────────────────────────────────────────────────────────────────────────────────────────────────────
export const ConsentAsked = defineEvent("ConsentAsked", {
  v: 1,
  about: "The agent met somebody it may not remember yet, and asks once.",
  open: { userId: UserId, roomId: RoomId },
});
export const ConsentNoted = defineEvent("ConsentNoted", {
  v: 1,
  about: "A person let the agent remember them, or took it back.",
  open: { userId: UserId, granted: Schema.Boolean },
});

// ── training ────────────────────────────────────────────────────────────────────────────────────────────────────────
export const TrainingStarted = defineEvent("TrainingStarted", {
  v: 1,
  about: "The owner gave the agent something to learn.",
  open: { trainingId: Schema.String, items: Count },
});
export const TrainingItemRefused = defineEvent("TrainingItemRefused", {
  v: 1,
  about: "An item of a training was not taken, and why.",
  open: { trainingId: Schema.String, item: Count, reason: Schema.String },
});
export const TrainingEnded = defineEvent("TrainingEnded", {
  v: 1,
  about: "A training came to its end, or was cancelled; what was taken stays.",
  open: { trainingId: Schema.String, taken: Count, refused: Count, cancelled: Schema.Boolean },
});

export const memoryEvents = [
  MemoryFormed,
  MemoriesConsidered,
  MemoryRevised,
  MemorySuperseded,
  MemoriesMerged,
  MemoriesSeparated,
  MemoriesArchived,
  MemoriesRestored,
  MemoryForgotten,
  MemoriesDrawn,
  MemoriesSwept,
  ConsentAsked,
  ConsentNoted,
  TrainingStarted,
  TrainingItemRefused,
  TrainingEnded,
] as const;
