/** Summaries of long rooms, made early and in the background: when one is due, what it covers, who writes it; owned by AgentActor. */
import { Cause, Clock, Effect, Exit, type Fiber, Redacted } from "effect";
import { nameKey } from "#events/agent/asking.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import { RECENT } from "#events/agent/turn-fold.ts";
import { Erased, type RecordedOf, type Unsealed } from "#events/kit/envelope.ts";
import { agentName, type RoomId, type UserId } from "#events/kit/ids.ts";
import type { Timer, Timers } from "../kit/timers.ts";
import { askedBehind, type Cost, passing } from "./background-model.ts";
import { LEFT_IN_FULL, type Log, type Said, SUMMARIZE_AT, toSummarize } from "./summary-span.ts";
import { bounded, LONGEST_SUMMARY, ruledSummary, type Source, SUMMARY_VERSION, summaryPrompt } from "./summary-text.ts";
import { discreet } from "./turn/discretion.ts";
import { kindOf } from "./turn/failures.ts";
import { type ChatModel, TurnLedger } from "./turn/ports.ts";
import { newestWithin } from "./turn/prompt.ts";

/** The kind of the timers that make summaries. */
export const SUMMARIZE_ROOM = "summarize-room";

/** Should a room be far behind, one summary takes no more tokens than this of it. */
const TOKENS_AT_ONCE = 24_000;

/** Whoever has just spoken may go on: a summary comes between their messages and the next turn. */
const SOON_MS = 3_000;
/** A timer rings again after this long, should its work have died or its model have failed. */
const AGAIN_MS = 60_000;
const MAX_TOKENS = 1_500;

/** What a summary says, and what it cost; no request where no model was asked. */
interface Written extends Partial<Cost> {
  readonly text: string;
  readonly by: string;
  readonly microUsd: number | null;
}

const byRules = (source: Source): Written => ({ text: ruledSummary(source), by: "rules", microUsd: 0 });

/** A summary by the agent's own model; by rules where the stand-in answered, or nothing was said, or no money is left. */
const byModel = Effect.fnUntraced(function* (log: Log, roomId: RoomId, source: Source) {
  const { choice } = yield* Effect.flatMap(TurnLedger, (ledger) => ledger.configuration());
  const named = { ...choice, maxTokens: MAX_TOKENS };
  const answered = yield* askedBehind(() => log.state, { purpose: "summary", roomId }, named, summaryPrompt(source));
  if (answered === null) return byRules(source);
  const { reply, cost } = answered;
  const said = bounded(reply.text, LONGEST_SUMMARY);
  const { text, by } = said === "" ? byRules(source) : { text: said, by: nameKey(reply) };
  return { text, by, ...cost } satisfies Written;
});

/** How one attempt went: whether a summary is on record, and whether the model failed. */
interface Attempt {
  readonly recorded: boolean;
  readonly modelFailed: boolean;
}

/** The notes so far, with those they may hold words of. */
const notesSoFar = Effect.fnUntraced(function* (log: Log, roomId: RoomId) {
  const last = log.state.rooms[roomId]?.summary ?? null;
  const ledger = yield* TurnLedger;
  const [earlier] = last === null ? [] : yield* ledger.reveal([last.seq]);
  const text = earlier === undefined || earlier.words === Erased ? "" : String(earlier.words.text ?? "");
  return {
    after: last?.seq ?? null,

    about: last?.about ?? [],
    text: text === "" ? null : text,
  };
});

/** How far a summary goes, and what of that it may tell. */
interface Span {
  readonly messages: ReadonlyArray<Unsealed>;
  readonly passed: ReadonlyArray<Said>;
  readonly about: ReadonlyArray<UserId>;
}

/** The messages that the agent keeps and can still read, and the others among them, which are passed over. */
const spanOf = Effect.fnUntraced(function* (said: ReadonlyArray<Said>) {
  const ledger = yield* TurnLedger;
  const kept = said.flatMap(({ seq, about }) => (about === null ? [] : [seq]));
  const readable = (yield* ledger.reveal(kept)).filter(({ words }) => words !== Erased).map(discreet);
  const messages = oldestWithin(readable, TOKENS_AT_ONCE);
  const end = messages.length < readable.length ? messages.at(-1)!.event.seq : said.at(-1)!.seq;
  const passed = said.filter(({ seq }) => seq <= end);
  const shown = new Set(messages.map(({ event }) => event.seq));
  const about = passed.flatMap((one) => (shown.has(one.seq) ? (one.about ?? []) : []));
  return { messages, passed, about } satisfies Span;
});

/** Whether all of it can still be read: a key may have died while a model wrote. */
const isReadable = Effect.fnUntraced(function* ({ messages }: Span) {
  const ledger = yield* TurnLedger;
  const found = yield* ledger.reveal(messages.map(({ event }) => event.seq));
  return found.every(({ words }) => words !== Erased);
});

/** What goes over nothing that may be told says what was noted before. */
const unchanged = (text: string | null): Written => ({ text: text ?? "", by: "rules", microUsd: 0 });

/** Makes one summary of these messages and records it. `patient` waits for a model that failed, else rules step in. */
const summarize = Effect.fnUntraced(function* (
  log: Log,
  roomId: RoomId,
  said: ReadonlyArray<Said>,
  { ask, patient }: { readonly ask: boolean; readonly patient: boolean },
) {
  const ledger = yield* TurnLedger;
  const begunAt = log.state.head;
  const { name } = yield* ledger.configuration();
  const earlier = yield* notesSoFar(log, roomId);
  const span = yield* spanOf(said);
  const source: Source = { name, earlier: earlier.text, messages: span.messages };
  const { written, failure } = yield* (
    span.messages.length === 0
      ? Effect.succeed(unchanged(earlier.text))
      : ask
        ? byModel(log, roomId, source)
        : Effect.succeed(byRules(source))
  ).pipe(
    Effect.map((made) => ({ written: made, failure: undefined })),
    Effect.catchTag("ModelFailure", (failed) => Effect.succeed({ written: byRules(source), failure: failed })),
  );
  const modelFailed = failure !== undefined;
  if (patient && modelFailed && passing.includes(kindOf(failure.reason)))
    return { recorded: false, modelFailed } satisfies Attempt;
  if (!(yield* isReadable(span))) return { recorded: false, modelFailed } satisfies Attempt;
  const { text, ...open } = written;
  const [fromSeq, toSeq] = [span.passed[0]!.seq, span.passed.at(-1)!.seq];
  // An attempt that came to nothing may have to be made again: what keeps a summary from being recorded twice is `decide`.
  const id = `summary/${SUMMARY_VERSION}/${roomId}/${toSeq}/${begunAt}`;
  const at = yield* Clock.currentTimeMillis;
  yield* ledger.commit({
    type: "SummarizeRoom",
    meta: { id, at, by: agentName(ledger.agentId), correlation: id, causation: null },
    ...{ roomId, fromSeq, toSeq, messages: span.passed.length, ...open, after: earlier.after },
    about: [...new Set([...(earlier.text === null ? [] : earlier.about), ...span.about])],
    words: Redacted.make({ text }),
  });
  return { recorded: true, modelFailed } satisfies Attempt;
});

/** The oldest messages that fit into so many tokens, one at least. */
const oldestWithin = <M extends Parameters<typeof newestWithin>[0]>(messages: M, tokens: number) =>
  newestWithin(messages.toReversed(), tokens).toReversed();

/** What an actor lends to those who make its summaries. */
interface Lent {
  readonly log: Log;
  readonly timers: Timers;
  readonly now: () => number;
  /** The notes of a room that may be read. */
  readonly notes: TurnLedger["Service"]["summary"];
  readonly run: (
    program: Effect.Effect<Attempt, unknown, ChatModel | TurnLedger>,
  ) => Pick<Fiber.Fiber<Attempt, unknown>, "addObserver">;
  readonly report: (what: string, cause: string) => void;
}

export class RoomSummaries {
  readonly #lent: Lent;
  /** Rooms for which a summary is being made: one at a time. */
  readonly #running = new Set<RoomId>();
  /** Rooms that wait for a model that failed. */
  readonly #waiting = new Set<RoomId>();
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(lent: Lent) {
    this.#lent = lent;
  }

  /** Sets a timer for each room that these events have made long enough; called inside their transaction. */
  noticed(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    const { state } = this.#lent.log;
    if (!state.memoryEnabled) return;
    for (const event of events) {
      if (event.type === "SummariesForgotten" && event.open.why !== "left-room")
        this.#ring(event.open.roomId, event.at + SOON_MS);
      if (event.type !== "MessageReceived" && event.type !== "ReplyPosted") continue;
      const { roomId } = event.open;
      const behind = (state.rooms[roomId]?.unsummarized ?? 0) + 1 - SUMMARIZE_AT;
      // Now and then only: a timer that each message moved on would never ring in a lively room.
      if (behind >= 0 && behind % LEFT_IN_FULL === 0) this.#ring(roomId, event.at + SOON_MS);
    }
  }

  /** A timer's time has come. It goes on ringing once a minute until there is nothing left for it to do. */
  fired(id: Timer["id"]): void {
    const { log, timers, notes } = this.#lent;
    const roomId = id.slice(id.indexOf("/") + 1) as RoomId;
    // Notes that may not be read any more are not carried on: new ones are made once they are gone.
    const isOverdue = log.state.rooms[roomId]?.summary != null && notes(roomId) === null;
    const said = isOverdue ? [] : toSummarize(log, roomId);
    if (said.length === 0) timers.cancel(id);
    else this.#begin(roomId, said);
  }

  #begin(roomId: RoomId, said: ReadonlyArray<Said>): void {
    const { log, now, run } = this.#lent;
    const inTime = log.state.rooms[roomId]!.unsummarized < RECENT;
    const rested = now() - this.#failedAt >= AGAIN_MS;
    const waits = inTime && !rested;
    this.#ring(roomId, (waits ? this.#failedAt : now()) + AGAIN_MS);
    if (waits || this.#running.has(roomId)) return;
    this.#running.add(roomId);
    const patient = inTime && !this.#waiting.has(roomId);
    run(summarize(log, roomId, said, { ask: rested, patient })).addObserver((exit) => this.#ended(roomId, exit));
  }

  #ended(roomId: RoomId, exit: Exit.Exit<Attempt, unknown>): void {
    const { log, timers, now, report } = this.#lent;
    this.#running.delete(roomId);
    if (Exit.isFailure(exit)) {
      report(`no summary of ${roomId} yet`, Cause.pretty(exit.cause));
      return;
    }
    const { recorded, modelFailed } = exit.value;
    if (modelFailed) this.#failedAt = now();
    if (!recorded) this.#waiting.add(roomId);
    else {
      this.#waiting.delete(roomId);
      if (toSummarize(log, roomId).length > 0) this.#ring(roomId, now() + SOON_MS);
      else timers.cancel(timerId(roomId));
    }
  }

  #ring(roomId: RoomId, due: number): void {
    this.#lent.timers.set({ id: timerId(roomId), due, kind: SUMMARIZE_ROOM, body: null });
  }
}

const timerId = (roomId: RoomId): string => `summary/${roomId}`;
