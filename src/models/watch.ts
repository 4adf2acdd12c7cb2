/** The watch over silence: tells a provider that writes from one that only keeps the line open; used by wire.ts. */

import { type Clock, Effect } from "effect";
import { Stalled } from "#actors/agent/turn/failures.ts";

/** A provider that writes nothing for this long has lost us (house II.8). */
export const SILENCE_MS = 30_000;

/**
 * What has begun must go on with this many characters in every such window. Half a token a second, about two characters,
 * is slower than any model people wait for (a large one on a laptop's processor writes one to three tokens a second); a
 * server that drips a byte a second sends half of that. A window is judged only while something comes: a pause is a
 * silence, and has a limit of its own.
 */
const DRIP_MS = 20_000;
const DRIP_CHARACTERS = 40;

/**
 * How far an answer has come, in characters of what was written: prose, thoughts, arguments of calls. What keeps a
 * connection open without saying anything (pings, comments, empty deltas) is no progress.
 */
export class Progress {
  readonly #clock: Clock.Clock;
  characters = 0;
  /** When something last came, or the request was sent (ms since 1970). */
  lastAt: number;
  firstAt: number | undefined;

  constructor(clock: Clock.Clock) {
    this.#clock = clock;
    this.lastAt = clock.currentTimeMillisUnsafe();
  }

  /** Takes note of so many characters. */
  hear(characters: number): void {
    if (characters === 0) return;
    this.characters += characters;
    this.lastAt = this.#clock.currentTimeMillisUnsafe();
    this.firstAt ??= this.lastAt;
  }
}

/** Sleeps for as long as the answer goes on, and ends with the reason when it does not: silent for `silenceMs`, or a drip. */
export const watch = Effect.fnUntraced(function* (clock: Clock.Clock, progress: Progress, silenceMs: number) {
  let windowAt: number | undefined;
  let heardBefore = 0;
  for (;;) {
    const now = clock.currentTimeMillisUnsafe();
    const silentMs = now - progress.lastAt;
    if (silentMs >= silenceMs) return new Stalled({ silentMs });
    windowAt ??= progress.firstAt;
    if (windowAt !== undefined && now - windowAt >= DRIP_MS && silentMs < DRIP_MS / 2) {
      if (progress.characters - heardBefore < DRIP_CHARACTERS) return new Stalled({ silentMs: now - windowAt });
      windowAt = now;
      heardBefore = progress.characters;
    }
    const windowLeft = windowAt === undefined ? DRIP_MS : windowAt + DRIP_MS - now;
    yield* Effect.sleep(Math.min(silenceMs - silentMs, windowLeft > 0 ? windowLeft : DRIP_MS / 2));
  }
});
