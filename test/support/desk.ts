/** What an actor does around a stage for the summaries of its rooms: its timers, its clock, and where its work goes. */
import { Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { expect } from "vitest";
import { RoomSummaries, SUMMARIZE_ROOM } from "#actors/agent/summaries.ts";
import { Timers } from "#actors/kit/timers.ts";
import type { RoomSummarized } from "#events/agent/events.ts";
import type { EventOf } from "#events/kit/define.ts";
import type { Recorded } from "#events/kit/envelope.ts";
import type { UserId } from "#events/kit/ids.ts";
import { memoryId } from "./given.ts";
import { type GivenAnswer, type Script, Stage } from "./scripted.ts";

export const MINUTE = 60_000;
/** A summary as a real model would write it. */
export const written: GivenAnswer = { says: ["Dana counts."], by: { provider: "anthropic", model: "claude-really" } };

/** What is not as usual in what was heard. */
type Overheard = NonNullable<Parameters<Stage["hear"]>[2]> & { readonly names?: ReadonlyArray<UserId> };

export class Desk {
  readonly fibers: Array<Fiber.Fiber<unknown, unknown>> = [];
  readonly reports: string[] = [];
  readonly stage: Stage;
  readonly #fork: (program: Effect.Effect<unknown, unknown>) => Fiber.Fiber<unknown, unknown>;
  #summaries!: RoomSummaries;
  #timers!: Timers;

  constructor(
    script: Partial<Script>,
    fork: (program: Effect.Effect<unknown, unknown>) => Fiber.Fiber<never, unknown>,
  ) {
    this.#fork = fork;
    this.stage = new Stage({ model: [[written]], ...script });
    this.wake();
  }

  /** The object begins anew: what was only in memory is gone. */
  wake(): void {
    this.stage.restart();
    this.#timers = new Timers(this.stage.ledger.tables, { set: () => {} });
    this.#summaries = new RoomSummaries({
      ...{ log: this.stage.ledger, timers: this.#timers, now: () => this.stage.now },
      notes: (roomId) => this.stage.notes(roomId),
      report: (what) => void this.reports.push(what),
      run: (program) => {
        const fiber = this.#fork(this.stage.perform(program));
        this.fibers.push(fiber);
        return fiber as ReturnType<ConstructorParameters<typeof RoomSummaries>[0]["run"]>;
      },
    });
    this.stage.along = (events) => this.#summaries.noticed(events);
  }

  /** Dana counts aloud, from one more than she has come to. */
  count(messages: number): void {
    for (let n = 0; n < messages; n++) {
      this.#counted += 1;
      this.hear(`count-${this.#counted}`, `Number ${this.#counted}.`);
    }
  }

  /** Somebody says something in passing, which is remembered where it may be. */
  hear(label: string, text: string, { names = [], ...over }: Overheard = {}): void {
    const episode = { memoryId: memoryId(label), importance: 0.3, names };
    this.stage.hear(label, text, { addressed: null, episode, ...over });
  }

  #counted = 0;

  /** When the room's timer rings next. */
  get due(): number | undefined {
    const all = this.#timers.due(Number.MAX_SAFE_INTEGER);
    expect(all.map(({ kind }) => kind)).toEqual(all.map(() => SUMMARIZE_ROOM));
    expect(all.length).toBeLessThan(2);
    return all[0]?.due;
  }

  /** The alarm rings at the time for which it is set, or when told. */
  ring(at = this.due): void {
    this.stage.now = at ?? this.stage.now;
    for (const { id } of this.#timers.due(this.stage.now)) this.#summaries.fired(id);
  }

  summaries() {
    const events = this.stage.events().filter(({ type }) => type === "RoomSummarized");
    const words = this.stage.words("RoomSummarized");
    return events.map((event, index) => ({
      ...(event as Recorded<EventOf<typeof RoomSummarized>>).open,
      text: String((words[index] as { readonly text: string }).text),
    }));
  }

  /** What was said, by seq. */
  said(): ReadonlyArray<number> {
    const types = ["MessageReceived", "ReplyDrafted"];
    return this.stage.events().flatMap(({ type, seq }) => (types.includes(type) ? [seq] : []));
  }
}

/** A desk whose work runs on the virtual clock of the test. */
export const desk = Effect.fnUntraced(function* (script: Partial<Script> = {}) {
  const services = yield* Effect.context();
  return new Desk(script, (program) => Effect.runForkWith(services)(program) as Fiber.Fiber<never, unknown>);
});

/** The alarm rings, and what it began comes to its end. */
export const rung = Effect.fnUntraced(function* (at: Desk) {
  at.ring();
  yield* TestClock.adjust(MINUTE);
  yield* Effect.forEach(at.fibers.splice(0), (fiber) => Effect.exit(Fiber.join(fiber)));
});
