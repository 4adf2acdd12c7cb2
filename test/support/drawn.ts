/** Odd texts and choices drawn from a seed: the same every time, another with every other seed; used by the tests of memory and by the bench. */

/** Evenly spread numbers from 0 up to 1: mulberry32 (Tommy Ettinger, public domain). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of a list. */
export const pick = <A>(random: () => number, list: ReadonlyArray<A>): A => list[Math.floor(random() * list.length)]!;

/** What rules about words stumble over: their own words, numbers, other scripts, marks, halves of characters, long runs. */
const PIECES: ReadonlyArray<string> = (
  "I|my|name is|is|was|not|no longer|live in|moved to|remember|that|last|next|few|days|ago|on|in|the|of|May|march|" +
  "Friday|fall|2025|-05-|31|29 Feb|'99|/|3.5|+49 170 1234567|@|ada@example.org|€12|%|sister|Mina|dog|favourite|colour|" +
  "allergic to|??|!|…|…,|:|;|\n|\r\n|\t|\u0000|\ud800|\udfff|\u202e|\u200b|é|e\u0301|ß|İ|ﬁ|私は|東京|Привет|שלום|🦊|👩‍👩‍👧|" +
  "__proto__|constructor|(((|[a-z]+|\\|$&|'|’|“|”|`|```|> |<|&amp;"
).split("|");

/** So many texts of up to forty such pieces, some of them glued together, some repeated a thousand times. */
export function* drawn(seed: number, count: number): Generator<string> {
  const random = chance(seed);
  for (let each = 0; each < count; each++) {
    const glue = random() < 0.8 ? " " : "";
    const pieces = Array.from({ length: Math.floor(random() * 40) }, () => pick(random, PIECES));
    if (random() < 0.03) pieces.push(pick(random, PIECES).repeat(1_000));
    yield pieces.join(glue);
  }
}
