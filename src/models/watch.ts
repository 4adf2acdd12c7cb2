/** The watch over silence: tells a provider that writes from one that only keeps the line open; used by wire.ts. */

import { type Clock, Effect } from "effect";
import { Stalled } from "#actors/agent/turn/failures.ts";
import { LONGEST_TROUBLE_MS } from "#events/agent/asking.ts";

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
 * An answer that takes as long as all trouble of a turn may take is let go on only if it has come at this many characters
 * a second since its first: a token a second and a bit, a quarter of what a slow local model writes. What is slower could
 * drip past the turn's time and break off then.
 */
const FLOW = 5;

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
  let judgedAt = clock.currentTimeMillisUnsafe() + LONGEST_TROUBLE_MS;
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
    if (now >= judgedAt) {
      const flowingMs = now - (progress.firstAt ?? now);
      if (progress.characters * 1_000 < flowingMs * FLOW) return new Stalled({ silentMs: flowingMs });
      judgedAt = Number.POSITIVE_INFINITY;
    }
    const windowLeft = windowAt === undefined ? DRIP_MS : windowAt + DRIP_MS - now;
    yield* Effect.sleep(Math.min(silenceMs - silentMs, judgedAt - now, windowLeft > 0 ? windowLeft : DRIP_MS / 2));
  }
});
