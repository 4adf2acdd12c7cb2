/** Who is in each room, or was, and so whom a text may name there: kept in memory only, told by the rooms or asked of them; owned by AgentMemory. */
import { Duration, Effect } from "effect";
import { type ActorName, idOf, type RoomId, type UserId } from "#events/kit/ids.ts";
import type { Present } from "../../kit/doors.ts";
import { mayName, type Nameable, peopleMaybeNamed, peopleNamed } from "./language/named.ts";

/** The people of a room, with those who went; null for a crowd, of which nobody can be told one by one. */
type People = ReadonlyArray<Present> | null;

/** Somebody waits for the answer: a room that needs longer is one that nobody can say anything of. */
const ANSWERED_WITHIN = Duration.seconds(2);

export class Attendance {
  readonly #ask: (roomId: RoomId) => Promise<People>;
  /** As the room last said; of the others nobody knows. */
  readonly #rooms = new Map<RoomId, People>();

  /** `ask` has a room say who is there. */
  constructor(ask: (roomId: RoomId) => Promise<People>) {
    this.#ask = ask;
  }

  /** A room said who is there. */
  told(roomId: RoomId, people: People): void {
    this.#rooms.set(roomId, people);
  }

  /** The agent left: nobody tells it any more. */
  left(roomId: RoomId): void {
    this.#rooms.delete(roomId);
  }

  /**
   * Asks a room that has said nothing in this life, and waits two seconds at most. True when it is known then who is there, if
   * only that it is a crowd.
   */
  known(roomId: RoomId): Effect.Effect<boolean> {
    return Effect.suspend(() => {
      if (this.#rooms.has(roomId)) return Effect.succeed(true);
      return Effect.tryPromise(() => this.#ask(roomId)).pipe(
        Effect.timeout(ANSWERED_WITHIN),
        // What the room has said of itself meanwhile is newer.
        Effect.tap((people) => Effect.sync(() => void (this.#rooms.has(roomId) || this.told(roomId, people)))),
        Effect.match({ onSuccess: () => true, onFailure: () => false }),
      );
    });
  }

  /** Who is there just now; null where nobody can say. */
  here(roomId: RoomId): ReadonlyArray<UserId> | null {
    return this.#rooms.get(roomId)?.flatMap(({ userId, isHere }) => (isHere ? [userId] : [])) ?? null;
  }

  /** What somebody is called in a room, as far as that is known. */
  nameOf(roomId: RoomId, userId: string): string | undefined {
    return this.#rooms.get(roomId)?.find((person) => person.userId === userId)?.name;
  }

  /** Whom a text may name of all the people in rooms that can say who is there. */
  acquaintances(text: string): ReadonlyArray<UserId> {
    return [...this.#rooms.values()].flatMap((people) => peopleMaybeNamed(text, people ?? []));
  }

  /**
   * The people of a room whom a text names, its author's own name in whatever case. Undefined where nobody can say: then nothing
   * is to be made of it, for it may be somebody who did not agree.
   */
  named(
    text: string,
    roomId: RoomId,
    {
      author,
      speakers = [],
    }: { readonly author?: ActorName; readonly speakers?: ReadonlyArray<Nameable<UserId>> } = {},
  ): ReadonlyArray<UserId> | undefined {
    const people = this.#rooms.get(roomId);
    if (people == null) return mayName(text) ? undefined : [];
    const of = author?.startsWith("user:") ? (idOf(author) as UserId) : undefined;
    return peopleNamed(text, [...people, ...speakers], of);
  }
}
