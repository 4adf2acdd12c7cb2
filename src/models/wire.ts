/** What the adapters of ChatModel share: one call from opening to reply, and what is said of tools and shapes. */

import { Cause, Clock, Effect, Queue, Schema, Stream } from "effect";
import { Cut, Garbled, kindOf, ModelFailure, ModelReason, Unacceptable } from "#actors/agent/turn/failures.ts";
import type { Finish, ModelCall, ModelChoice, ModelPart, ToolDescription } from "#actors/agent/turn/ports.ts";
import type { Piece } from "./body.ts";
import { believed } from "./usage.ts";
import { Progress, SILENCE_MS, watch } from "./watch.ts";

/** After the reply is whole, the connection gets this long to end by itself, so that it can be used again. */
const LEAVE_MS = 1_000;

/** Characters of the name under which a model may answer: it goes on record with the reply. */
const LONGEST_MODEL_NAME = 200;

/** What the provider's terminal event completes. */
export interface Ending {
  readonly finish: Finish;
  readonly text: string;
  readonly calls: ReadonlyArray<ModelCall>;
  /** As the provider named it; undefined when it did not. */
  readonly model: string | undefined;
  readonly tokensIn: number | undefined;
  readonly tokensOut: number | undefined;
}

/** Reads one answer off the wire, piece by piece. Its functions throw a ModelReason where the wire is not as it must be. */
export interface Assembly {
  /** The prose in a piece. */
  readonly read: (piece: Piece) => string;
  /** True after the terminal event. */
  readonly done: boolean;
  /** The answer, also when the wire closed without a terminal event and what came is whole all the same. */
  readonly end: () => Ending;
}

/** One request on its way: how it is opened, read and explained. */
export interface Call {
  readonly provider: string;
  readonly choice: ModelChoice;
  readonly assembly: (progress: Progress) => Assembly;
  /** Sends the request. Aborting the signal closes the connection. */
  readonly open: (wire: Wire) => Promise<AsyncIterable<ReadonlyArray<Piece>>>;
  /** What an error of the provider's library means. `now` reads a `retry-after` that is a date. */
  readonly explain: (error: unknown, now: number) => ModelReason | undefined;
}

/** What a request is opened with. */
export interface Wire {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

const isReason = Schema.is(ModelReason);

/** Runs one call as the port wants it: prose as it comes, then the reply, or a ModelFailure. */
export const answer = (call: Call): Stream.Stream<ModelPart, ModelFailure> =>
  Stream.callback<ModelPart, ModelFailure>((queue) =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock;
      const controller = new AbortController();
      const { signal } = controller;
      const progress = new Progress(clock);
      const life: Life = { streaming: false, replied: false, ended: false };
      let pumped = Promise.resolve();
      const leave = () => {
        if (life.ended) return;
        if (!life.replied) return controller.abort();
        const timer = setTimeout(() => controller.abort(), LEAVE_MS);
        void pumped.finally(() => clearTimeout(timer));
      };
      yield* Effect.addFinalizer(() => Effect.sync(leave));
      pumped = pump(call, queue, { signal, progress }, clock, life);
      return yield* failureOf(call, yield* watch(clock, progress, call.choice.silenceMs ?? SILENCE_MS));
    }),
  );

interface Life {
  /** Whether a stream has begun: before, what is wrong is the answer; after, it breaks off. */
  streaming: boolean;
  replied: boolean;
  ended: boolean;
}

const failureOf = ({ provider, choice }: Call, reason: ModelReason): ModelFailure =>
  new ModelFailure({ provider, model: choice.model, reason });

/**
 * Reads the wire in a plain promise rather than one effect per piece: what has come while the consumer was busy reaches
 * it as one chunk, and an instant model costs no fiber hop per word.
 */
async function pump(
  call: Call,
  queue: Queue.Queue<ModelPart, ModelFailure | Cause.Done>,
  wire: Wire,
  clock: Clock.Clock,
  life: Life,
): Promise<void> {
  const { signal, progress } = wire;
  const assembly = call.assembly(progress);
  const finish = () => {
    const { model: named, tokensIn, tokensOut, ...ending } = assembly.end();
    const used = believed(tokensIn, tokensOut, progress.characters > 0);
    const model = named !== undefined && named.length <= LONGEST_MODEL_NAME ? named : call.choice.model;
    life.replied = true;
    Queue.offerUnsafe(queue, { type: "reply", ...ending, ...used, provider: call.provider, model });
    Queue.endUnsafe(queue);
  };
  try {
    for await (const pieces of await call.open(wire)) {
      for (const piece of pieces) {
        // Both SDKs end quietly when aborted in mid-stream, and buffered pieces may still follow: the signal decides.
        if (signal.aborted) return;
        if (life.replied) break;
        life.streaming = !piece.whole;
        const prose = assembly.read(piece);
        if (prose !== "") Queue.offerUnsafe(queue, { type: "text", delta: prose });
        if (assembly.done) finish();
      }
    }
    if (signal.aborted || life.replied) return;
    if (!life.streaming) throw new Garbled({ detail: "an answer with nothing in it" });
    finish();
  } catch (error) {
    if (signal.aborted || life.replied) return;
    const known = isReason(error) ? error : call.explain(error, clock.currentTimeMillisUnsafe());
    const reason = known ?? new Garbled({ detail: "the answer could not be read" });
    const told = life.streaming && reason === error ? midway(reason) : reason;
    Queue.failCauseUnsafe(queue, Cause.fail(failureOf(call, told)));
  } finally {
    life.ended = true;
  }
}

/**
 * What is found wrong in a stream that has begun breaks it off, whatever it is called; except what no other request mends.
 * What the provider's library threw is another request's, after a pause, and stays what it is.
 */
function midway(reason: ModelReason): ModelReason {
  if (reason._tag === "Garbled") return new Garbled({ detail: reason.detail, begun: true });
  const kind = kindOf(reason);
  return kind === "busy" || kind === "broken" ? new Cut() : reason;
}

/**
 * Reads JSON text of one shape, or throws Garbled. `Schema.is` on parsed text rather than `Schema.fromJsonString`: a reply
 * has one piece a word, and that codec costs three times as much for each (10.7 against 3.5 µs measured).
 */
export const reading = <S extends Schema.Constraint>(schema: S, what: string): ((text: string) => S["Type"]) => {
  const fits = Schema.is(schema);
  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new Garbled({ detail: `${what} is not JSON` });
    }
    if (!fits(value)) throw new Garbled({ detail: `${what} is not of the shape it should have` });
    return value;
  };
};

/** What the name of a tool must be for every provider we speak to; Anthropic's own limit is 128 characters, OpenAI's 64. */
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** Throws Unacceptable for a tool that a provider would refuse by its name, before anything is sent. */
export function checkTools(tools: ReadonlyArray<ToolDescription>): void {
  for (const { name } of tools) {
    if (!TOOL_NAME.test(name))
      throw new Unacceptable({ detail: `no provider takes a tool named “${name.slice(0, 80)}”` });
  }
}

/** The arguments of an earlier call as an object; what is no JSON object is told to the provider as `{}`. */
export const argumentsOf = (() => {
  const isObject = Schema.is(Schema.Record(Schema.String, Schema.Unknown));
  return (text: string): Readonly<Record<string, unknown>> => {
    try {
      const value: unknown = JSON.parse(text);
      return isObject(value) ? value : {};
    } catch {
      return {};
    }
  };
})();
