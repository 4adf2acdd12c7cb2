/** How what an owner gives becomes a memory, or changes one: who said it, when, for whom it is; used by door.ts and training.ts. */
import { Redacted, Schema } from "effect";
import type { NewMemory } from "#events/agent/commands.ts";
import type { Audience, Basis } from "#events/agent/memory-events.ts";
import { Erased, type Unsealed, type Words } from "#events/kit/envelope.ts";
import { type ActorName, type MemoryId, RoomId, type UserId, userName } from "#events/kit/ids.ts";
import { momentIn } from "#events/kit/moment.ts";
import type { MemoryInput } from "../../kit/memory-doors.ts";
import { sensitivityOf } from "./forming/sensitivity.ts";
import type { MemoryRow } from "./recall/memory-row.ts";

/** The people that the agent knows and a text names. */
export type Acquaintances = (text: string) => ReadonlyArray<UserId>;

/** Where the owner names no weight: neither to be forgotten first nor last. */
const IMPORTANCE = 0.5;

const isRoomId = Schema.is(RoomId);

/** What the engine reads of a context; the rest of it is the owner's own. */
function circumstances(context: unknown) {
  const given = typeof context === "object" && context !== null ? (context as Readonly<Record<string, unknown>>) : {};
  const { at, speaker, room_id } = given;
  return {
    saidAt: typeof at === "string" ? momentIn(at) : undefined,
    speaker: typeof speaker === "string" && speaker.trim() !== "" ? speaker : undefined,
    roomId: typeof room_id === "string" && isRoomId(room_id) ? room_id : null,
  };
}

/**
 * Where it may surface: in the room it names; among those it is about; anywhere, when it is about nobody. A sensitive one
 * about nobody surfaces nowhere by itself: nobody has said among whom it may.
 */
const audienceOf = (roomId: RoomId | null, about: ReadonlyArray<UserId>, sensitive: boolean): Audience => {
  if (roomId !== null) return "room";
  return about.length > 0 || sensitive ? "about" : "public";
};

/** The same input gives the same memory: a repeated request is recognised by it. */
export function filed(
  memoryId: MemoryId,
  { kind, content, importance = IMPORTANCE, context, about: named = [], sensitive, pinned }: MemoryInput,
  basis: Basis,
): NewMemory & { readonly basis: Basis } {
  const about = [...new Set(named)];
  const { saidAt, speaker, roomId } = circumstances(context);
  return {
    ...{ memoryId, kind, importance, about, basis, origin: "owner" as const },
    ...{ audience: audienceOf(roomId, about, sensitive === true), roomId, sourceSeqs: [] },
    speaker: speakerAmong(about, speaker),
    ...(saidAt === undefined ? {} : { saidAt }),
    ...((sensitive ?? isSensitive(content)) ? { sensitive: true } : {}),
    ...(pinned ? { pinned } : {}),
    words: wordsOf(content, context, speaker),
  };
}

/** Whom else the owner's words are about: the people that the agent knows and they name, or name as who said it. */
export function namedIn({ content, context }: MemoryInput, acquaintances: Acquaintances): ReadonlyArray<UserId> {
  const { speaker } = circumstances(context);
  return [...new Set([content, ...(speaker === undefined ? [] : [speaker])].flatMap(acquaintances))];
}

/**
 * A memory as it will stand after a change, with its old words where there are no new ones; undefined when it stands so
 * already. What people said stays theirs: its words may be replaced by the owner's, but not be made to be about others, and
 * nobody whom it is about is ever left out. It comes up nowhere where it did not before, unless it is the owner's own from the
 * beginning, about nobody, and no longer called sensitive.
 */
export function refiled(
  row: MemoryRow,
  { words }: Unsealed,
  input: Partial<MemoryInput>,
  acquaintances: Acquaintances,
) {
  const before = words === Erased ? {} : words;
  const { kind = row.kind, importance = row.importance, pinned = row.pinned } = input;
  const { content = String(before.content ?? before.text ?? ""), context = before.context } = input;
  const isOwn = row.basis === "added" || row.basis === "trained";
  const isReworded = content !== (before.content ?? before.text);
  const isReframed = JSON.stringify(context) !== JSON.stringify(before.context);
  const about = isOwn || isReworded ? [...new Set([...row.about, ...(input.about ?? [])])] : row.about;
  const sensitive = input.sensitive ?? (row.sensitive || (isReworded && isSensitive(content)));
  const audience = audienceAfter(row, about, { isOwn, sensitive: input.sensitive });
  const facts = { kind, importance, pinned, sensitive, audience };
  const isRewritten = isReworded || isReframed || about.length > row.about.length;
  const differs = Object.entries(facts).some(([name, value]) => row[name as keyof typeof facts] !== value);
  if (!isRewritten && !differs) return undefined;
  const { saidAt, speaker } = circumstances(context);
  const name = (isOwn ? speaker : undefined) ?? before.speakerName ?? before.authorName;
  return {
    ...{ memoryId: row.memoryId, kind, importance, about, basis: row.basis, audience },
    origin: isReworded ? ("owner" as const) : row.origin,
    speaker: (isOwn ? speakerAmong(about, speaker) : null) ?? (row.speaker as ActorName | null),
    saidAt: saidAt ?? row.saidAt,
    ...(row.attribute === null ? {} : { attribute: row.attribute }),
    ...(pinned ? { pinned } : {}),
    ...(sensitive ? { sensitive } : {}),
    ...(isReworded ? { named: namedIn({ kind, content, context }, acquaintances) } : {}),
    ...(isRewritten ? { words: wordsOf(content, context, name as string | undefined) } : {}),
    ...{ version: row.version, replacesSeq: row.seq },
  };
}

/** To be called sensitive is to be kept from all others, and so is to be about somebody. */
function audienceAfter(
  row: MemoryRow,
  about: ReadonlyArray<UserId>,
  { isOwn, sensitive }: { readonly isOwn: boolean; readonly sensitive: boolean | undefined },
): Audience {
  if (row.audience === "public" && (sensitive === true || about.length > row.about.length)) return "about";
  const isCleared = sensitive === false && row.sensitive && isOwn && row.roomId === null && about.length === 0;
  return isCleared ? "public" : row.audience;
}

const isSensitive = (content: string): boolean => sensitivityOf(content).length > 0;

const speakerAmong = (about: ReadonlyArray<UserId>, speaker: string | undefined): ActorName | null => {
  const person = about.find((userId) => userId === speaker);
  return person === undefined ? null : userName(person);
};

const wordsOf = (content: string, context: unknown, speakerName: string | undefined): Words =>
  Redacted.make({
    content,
    ...(context === undefined ? {} : { context }),
    ...(speakerName === undefined ? {} : { speakerName }),
  });
