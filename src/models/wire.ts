/** What the adapters of ChatModel share: one call from opening to reply, the watch over silence, and errors by status. */

import { Cause, Clock, Effect, Option, Queue, Schema, Stream } from "effect";
import {
  Garbled,
  ModelFailure,
  ModelReason,
  Overloaded,
  RateLimited,
  Stalled,
  TooLong,
  Unacceptable,
  Unauthorized,
} from "#actors/agent/turn/failures.ts";
import type { Finish, ModelCall, ModelPart, ToolDescription } from "#actors/agent/turn/ports.ts";

/** A provider that says nothing for this long has lost us (house II.8). */
export const SILENCE_MS = 30_000;

/** After the reply is whole, the connection gets this long to end by itself, so that it can be used again. */
const LEAVE_MS = 1_000;

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

/** Reads one answer off the wire, piece by piece. Both functions throw a ModelReason where the wire is not as it must be. */
export interface Assembly<Piece> {
  /** The prose in a piece, or the whole answer when the piece was the terminal event. */
  readonly read: (piece: Piece) => string | Ending;
  /** The wire is closed: the answer, if what came is whole without a terminal event of its own. */
  readonly close: () => Ending;
}

/** One request on its way: how it is opened, read and explained. */
export interface Call<Piece> {
  readonly provider: string;
  readonly model: string;
  /** Aborting the signal closes the connection. */
  readonly open: (signal: AbortSignal) => Promise<AsyncIterable<Piece>>;
  readonly assembly: Assembly<Piece>;
  /** What an error of the provider's library means. `now` reads a `retry-after` that is a date. */
  readonly explain: (error: unknown, now: number) => ModelReason | undefined;
}

const isReason = Schema.is(ModelReason);

/** Runs one call as the port wants it: prose as it comes, then the reply, or a ModelFailure. */
export const answer = <Piece>(call: Call<Piece>): Stream.Stream<ModelPart, ModelFailure> =>
  Stream.callback<ModelPart, ModelFailure>((queue) =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock;
      const controller = new AbortController();
      const life: Life = { heardAt: clock.currentTimeMillisUnsafe(), begun: false, replied: false, ended: false };
      const abort = Effect.sync(() => controller.abort());
      let pumped = Promise.resolve();
      yield* Effect.addFinalizer(() => {
        if (life.ended) return Effect.void;
        if (!life.replied) return abort;
        return Effect.forkDetach(
          Effect.timeoutOrElse(
            Effect.promise(() => pumped),
            { duration: LEAVE_MS, orElse: () => abort },
          ),
        );
      });
      pumped = pump(call, queue, controller.signal, clock, life);
      for (;;) {
        const silentMs = clock.currentTimeMillisUnsafe() - life.heardAt;
        if (silentMs >= SILENCE_MS) {
          return yield* new ModelFailure({
            provider: call.provider,
            model: call.model,
            reason: new Stalled({ silentMs }),
          });
        }
        yield* Effect.sleep(SILENCE_MS - silentMs);
      }
    }),
  );

interface Life {
  heardAt: number;
  /** Whether anything came at all: before, an error means "not reached"; after, "cut off". */
  begun: boolean;
  replied: boolean;
  ended: boolean;
}

/**
 * Reads the wire in a plain promise rather than one effect per piece: what has come while the consumer was busy reaches
 * it as one chunk, and an instant model costs no fiber hop per word.
 */
async function pump<Piece>(
  call: Call<Piece>,
  queue: Queue.Queue<ModelPart, ModelFailure | Cause.Done>,
  signal: AbortSignal,
  clock: Clock.Clock,
  life: Life,
): Promise<void> {
  const finish = (ending: Ending) => {
    life.replied = true;
    Queue.offerUnsafe(queue, {
      type: "reply",
      text: ending.text,
      calls: ending.calls,
      finish: ending.finish,
      provider: call.provider,
      model: ending.model ?? call.model,
      tokensIn: ending.tokensIn,
      tokensOut: ending.tokensOut,
    });
    Queue.endUnsafe(queue);
  };
  try {
    for await (const piece of await call.open(signal)) {
      // Both SDKs end quietly when aborted in mid-stream, and buffered pieces may still follow: the signal decides.
      if (signal.aborted) return;
      life.heardAt = clock.currentTimeMillisUnsafe();
      life.begun = true;
      if (life.replied) continue;
      const found = call.assembly.read(piece);
      if (typeof found !== "string") finish(found);
      else if (found !== "") Queue.offerUnsafe(queue, { type: "text", delta: found });
    }
    if (!signal.aborted && !life.replied) finish(call.assembly.close());
  } catch (error) {
    if (signal.aborted || life.replied) return;
    const reason = isReason(error)
      ? error
      : (call.explain(error, clock.currentTimeMillisUnsafe()) ??
        new Garbled({ detail: life.begun ? "the connection broke in mid-answer" : "the answer could not be read" }));
    Queue.failCauseUnsafe(queue, Cause.fail(new ModelFailure({ provider: call.provider, model: call.model, reason })));
  } finally {
    life.ended = true;
  }
}

/**
 * Gathers prose. Some servers cut a delta between the halves of a surrogate pair: the first half waits for its second,
 * so that no piece shown to people holds a broken character. NUL is dropped: SQLite counts a text only up to it.
 */
export class Prose {
  #whole = "";
  #half = "";

  get text(): string {
    return this.#whole;
  }

  /** Takes a delta and answers what of it can be shown now. */
  add(delta: string): string {
    let text = this.#half + delta;
    const last = text.charCodeAt(text.length - 1);
    const cut = last >= 0xd800 && last <= 0xdbff;
    this.#half = cut ? text.slice(-1) : "";
    if (cut) text = text.slice(0, -1);
    if (text.includes("\0")) text = text.replaceAll("\0", "");
    if (!text.isWellFormed()) text = text.toWellFormed();
    this.#whole += text;
    return text;
  }
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

/** The payload of every `data:` line of a stream. Neither Chat Completions nor the AI binding split one over two lines. */
export async function* dataLines(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<string> {
  const reader = body.getReader();
  // Not every source passes the signal on to a stream that is already open; cancelling the stream closes it anyway.
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split(/\r\n|\n|\r/);
      rest = done ? "" : (lines.pop() ?? "");
      for (const line of lines) if (line.startsWith("data:")) yield line.slice(5).trim();
      if (done) return;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

/** Where a provider asks us to wait: `retry-after-ms`, or `retry-after` in seconds or as a date. Anything else is ignored. */
export function retryAfterMs(headers: Headers | undefined, now: number): number | undefined {
  const milliseconds = headers?.get("retry-after-ms")?.trim();
  if (milliseconds && /^\d+(\.\d+)?$/.test(milliseconds)) return Math.ceil(Number(milliseconds));
  const after = headers?.get("retry-after")?.trim();
  if (!after) return undefined;
  if (/^\d+(\.\d+)?$/.test(after)) return Math.ceil(Number(after) * 1_000);
  const date = /[a-z]{3}/i.test(after) ? Date.parse(after) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const tooLong = /too long|too many (input |prompt )?tokens|context.{0,12}(length|window|size)|maximum context/i;

/** What a provider complains of in a refusal by status; `code` is its machine-readable name, where it gives one. */
export interface Complaint {
  readonly detail: string;
  readonly code?: string | null | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Codes under which a 429 means "no more money": waiting does not help, so it must not look like a rate limit. */
const spent = /spend_limit|insufficient_quota|credit_balance|billing/;

/** What an HTTP status means in the port's words (reference/security.md § 10). */
export function reasonOfStatus(status: number, complaint: Complaint): ModelReason {
  const { detail, code, retryAfterMs } = complaint;
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 401 || status === 402 || status === 403) return new Unauthorized();
  // Anthropic answers 400 when the account is empty.
  if (status === 400 && /credit balance/i.test(detail)) return new Unauthorized();
  if (status === 413 || (status === 400 && (tooLong.test(detail) || tooLong.test(code ?? "")))) return new TooLong();
  if (status === 429) return spent.test(code ?? "") ? new Unauthorized() : new RateLimited(wait);
  if (status >= 500 || status === 408 || status === 409 || status === 425) return new Overloaded(wait);
  return new Unacceptable({ detail: detail.slice(0, 300) });
}

/** What the name of a tool must be for every provider we speak to; Anthropic's own limit is 128 characters, OpenAI's 64. */
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** Throws Unacceptable for a tool that a provider would refuse by its name, before anything is sent. */
export function checkTools(tools: ReadonlyArray<ToolDescription>): void {
  for (const { name } of tools) {
    if (!TOOL_NAME.test(name))
      throw new Unacceptable({ detail: `no provider takes a tool named “${name.slice(0, 80)}”` });
  }
}

const decodeObject = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)));

/** The arguments of an earlier call as an object; what is no JSON object is told to the provider as `{}`. */
export const argumentsOf = (text: string): Readonly<Record<string, unknown>> =>
  Option.getOrElse(decodeObject(text), () => ({}));

/**
 * The calls an ending may carry. Only a provider that stopped *for* its tools has written their arguments to the end: a
 * call cut by `max_tokens` can look whole (`{"to":"alice"}`), so all others are dropped here (house II.21).
 */
export function callsFor(finish: Finish, calls: ReadonlyArray<ModelCall>, text: string): ReadonlyArray<ModelCall> {
  if (finish !== "tools") {
    if (finish === "end" && text === "" && calls.length > 0)
      throw new Garbled({ detail: "calls without a stop for tools" });
    return [];
  }
  if (calls.length === 0) throw new Garbled({ detail: "stopped for tools without a call" });
  if (calls.some((call) => call.tool === "")) throw new Garbled({ detail: "a call without a name" });
  if (new Set(calls.map((call) => call.callId)).size < calls.length)
    throw new Garbled({ detail: "two calls of one id" });
  return calls;
}
