/** Fifty rooms in which twenty people talk, as long as somebody listens; on both sides of the wire, for parts/recall.ts and objects/memories.ts. */
import { childId, type RoomId, type UserId } from "#events/kit/ids.ts";
import type { Person } from "./mind.ts";

/** What somebody said, and where: places in the lists of people and rooms. */
export interface Saying {
  readonly speaker: number;
  readonly room: number;
  readonly saidAt: number;
  readonly text: string;
}

const ROOMS = 50;
const NAMES = "Ada Bo Cleo Dov Eli Fay Gil Hana Ivo June Kai Lea Milo Noor Otis Pia Quinn Rosa Sami Tove".split(" ");
const MINUTE = 60_000;
export const START = Date.UTC(2024, 0, 1);

export const roomOf = (room: number): RoomId => childId<RoomId>("room", "bench", String(room));
export const speakerOf = (speaker: number): Person => ({
  userId: `user_${speaker}` as UserId,
  name: NAMES[speaker]!,
});

/** Three take part in each room. */
const presentIn = (room: number): ReadonlyArray<number> =>
  [room, room + 7, room + 13].map((speaker) => speaker % NAMES.length);
export const peopleIn = (room: number): ReadonlyArray<Person> => presentIn(room).map(speakerOf);

export const rooms = (): ReadonlyMap<RoomId, ReadonlyArray<Person>> =>
  new Map(Array.from({ length: ROOMS }, (_, room) => [roomOf(room), peopleIn(room)]));

/** The same numbers each time (Lehmer, 48271), from 0 up to `below`. */
export function numbers(): (below: number) => number {
  let state = 20_261_001;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** These texts in any order, as the people of a room would say them, then those of another. */
export function* talk(texts: ReadonlyArray<string>): Generator<Saying, never> {
  const next = numbers();
  let saidAt = START;
  for (;;) {
    const room = next(ROOMS);
    const present = presentIn(room);
    for (let turns = 10 + next(20); turns > 0; turns--) {
      saidAt += MINUTE;
      yield { speaker: present[next(present.length)]!, room, saidAt, text: texts[next(texts.length)]! };
    }
    saidAt += (5 + next(90)) * MINUTE;
  }
}
