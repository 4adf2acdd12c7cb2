/** How what an owner gives becomes a memory: who said it, when, for whom it is; used by door.ts and training.ts. */
import { Redacted, Schema } from "effect";
import type { NewMemory } from "#events/agent/commands.ts";
import type { Audience, Basis } from "#events/agent/memory-events.ts";
import { type MemoryId, RoomId, type UserId, userName } from "#events/kit/ids.ts";
import { momentIn } from "#events/kit/moment.ts";
import type { MemoryInput } from "../../kit/memory-doors.ts";

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
  speakerBefore?: string,
): NewMemory & { readonly basis: Basis } {
  const about = [...new Set(named)];
  const { saidAt, speaker, roomId } = circumstances(context);
  const speakerName = speaker ?? speakerBefore;
  const person = about.find((userId) => userId === speaker);
  return {
    ...{ memoryId, kind, importance, about, basis, origin: "owner" as const },
    ...{ audience: audienceOf(roomId, about, sensitive === true), roomId, sourceSeqs: [] },
    speaker: person === undefined ? null : userName(person),
    ...(saidAt === undefined ? {} : { saidAt }),
    ...(sensitive ? { sensitive } : {}),
    ...(pinned ? { pinned } : {}),
    words: Redacted.make({
      content,
      ...(context === undefined ? {} : { context }),
      ...(speakerName === undefined ? {} : { speakerName }),
    }),
  };
}
