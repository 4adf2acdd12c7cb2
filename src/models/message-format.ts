/** The words of the Messages API coming back: events of a stream or one message whole, gathered into a reply; used by anthropic.ts. */

import { Schema } from "effect";
import { Cut, Garbled, Refused } from "#actors/agent/turn/failures.ts";
import type { Finish } from "#actors/agent/turn/ports.ts";
import type { Piece } from "./body.ts";
import { reasonOfStatus } from "./faults.ts";
import { type CallUnderWay, Gathering, tooMuch } from "./gathering.ts";
import { counted } from "./usage.ts";
import type { Progress } from "./watch.ts";
import type { Assembly, Ending } from "./wire.ts";

const optional = <S extends Schema.Constraint>(schema: S) => Schema.optional(Schema.NullOr(schema));

const Message = Schema.Struct({ model: optional(Schema.String), usage: Schema.optional(Schema.Unknown) });
const ContentBlock = Schema.Struct({
  type: Schema.String,
  id: optional(Schema.String),
  name: optional(Schema.String),
  text: optional(Schema.String),
  thinking: optional(Schema.String),
  input: Schema.optional(Schema.Unknown),
});
type ContentBlock = typeof ContentBlock.Type;

/** What is read of a change, all of it text. */
const deltaFields = ["type", "text", "thinking", "partial_json", "stop_reason"] as const;
type Delta = Readonly<Partial<Record<(typeof deltaFields)[number], string | null>>>;
const Fault = Schema.Struct({ type: optional(Schema.String), message: optional(Schema.String) });

/** An event, as far as it is read; new events and blocks appear without a new version of the API and are passed over. */
interface Event {
  readonly type: string;
  readonly index?: number | null | undefined;
  readonly message?: typeof Message.Type | null | undefined;
  readonly content_block?: ContentBlock | null | undefined;
  /** Of an answer that comes whole, which is a message and no event. */
  readonly content?: ReadonlyArray<ContentBlock> | undefined;
  readonly stop_reason?: string | null | undefined;
  readonly model?: string | null | undefined;
  readonly delta?: Delta | null | undefined;
  readonly usage?: unknown;
  readonly error?: typeof Fault.Type | null | undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** By hand, for a reply has one of these a word, and a schema takes 7 µs for each. */
const isDelta = (delta: unknown): boolean =>
  delta == null ||
  (isObject(delta) && deltaFields.every((name) => delta[name] == null || typeof delta[name] === "string"));

/**
 * Each event is held against the shape of its own type alone: one shape for all of them asks every event about every
 * part.
 */
const readEvent = (() => {
  const isTyped = (value: unknown): value is Event & Readonly<Record<string, unknown>> =>
    isObject(value) && typeof value.type === "string";
  const place = { index: optional(Schema.Finite) };
  const shapes: Readonly<Record<string, (value: Readonly<Record<string, unknown>>) => boolean>> = {
    message_start: Schema.is(Schema.Struct({ message: optional(Message) })),
    content_block_start: Schema.is(Schema.Struct({ ...place, content_block: optional(ContentBlock) })),
    content_block_delta: ({ index, delta }) => (index == null || Number.isFinite(index)) && isDelta(delta),
    content_block_stop: Schema.is(Schema.Struct(place)),
    message_delta: ({ delta }) => isDelta(delta),
    error: Schema.is(Schema.Struct({ error: optional(Fault) })),
    message: Schema.is(
      Schema.Struct({
        ...Message.fields,
        content: Schema.Array(ContentBlock),
        stop_reason: optional(Schema.String),
      }),
    ),
  };
  return (text: string): Event => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new Garbled({ detail: "an event is not JSON" });
    }
    if (!isTyped(value) || shapes[value.type]?.(value) === false)
      throw new Garbled({ detail: "an event is not of the shape it should have" });
    return value;
  };
})();

/** Characters of all events that open a block, whatever its type. */
const MOST_OPENING = 4 * 1024 * 1024;

const finishes: Readonly<Record<string, Finish>> = {
  end_turn: "end",
  stop_sequence: "end",
  tool_use: "tools",
  max_tokens: "length",
  // The answer broke off because the window was full: as with max_tokens, asking again would break off again.
  model_context_window_exceeded: "length",
};

/** Gathers one answer from raw events or from a whole message; only `message_stop` completes a stream. */
export class MessageAssembly implements Assembly {
  readonly #gathering: Gathering;
  /** The blocks that have not ended; a call to one of our tools with what came of it. */
  readonly #open = new Map<number, CallUnderWay | undefined>();
  #started = false;
  #opening = 0;
  #stopReason: string | undefined;
  #model: string | undefined;
  #tokensIn: number | undefined;
  #tokensOut: number | undefined;
  done = false;

  constructor(progress: Progress) {
    this.#gathering = new Gathering(progress);
  }

  read({ data }: Piece): string {
    if (data === "") return "";
    const event = readEvent(data);
    switch (event.type) {
      case "message_start":
        return this.#start(event.message);
      case "content_block_start":
        this.#opening += data.length;
        if (this.#opening > MOST_OPENING) throw tooMuch("blocks");
        return this.#begin(event.index, event.content_block);
      case "content_block_delta":
        return this.#extend(event);
      case "content_block_stop":
        this.#open.delete(event.index ?? -1);
        return "";
      case "message_delta":
        this.#stopReason = event.delta?.stop_reason ?? this.#stopReason;
        this.#count(event.usage);
        return "";
      case "message_stop":
        this.done = true;
        return "";
      case "message":
        return this.#readWhole(event);
      case "error": {
        const type = event.error?.type ?? "";
        throw reasonOfStatus(statusOfType(type), { detail: event.error?.message ?? "", code: type });
      }
      default:
        return "";
    }
  }

  #start(message: typeof Message.Type | null | undefined): string {
    if (this.#started) throw new Garbled({ detail: "a second message within the first" });
    this.#started = true;
    this.#model = message?.model || undefined;
    this.#count(message?.usage);
    return "";
  }

  #readWhole(message: Event): string {
    this.#start(message);
    let prose = "";
    for (const [index, block] of (message.content ?? []).entries()) prose += this.#begin(index, block);
    this.#open.clear();
    this.#stopReason = message.stop_reason ?? undefined;
    this.done = true;
    return prose;
  }

  #begin(index: number | null | undefined, start: ContentBlock | null | undefined): string {
    if (start == null || index == null || this.#open.has(index))
      throw new Garbled({ detail: "a block without a place" });
    const isCall = start.type === "tool_use";
    if (isCall && (!start.id || !start.name)) throw new Garbled({ detail: "a call without an id or a name" });
    const call = isCall ? this.#gathering.begin(start.id!) : undefined;
    this.#open.set(index, call);
    // `input` is `{}` here and comes as deltas; a whole message has it here, and so have some servers' streams.
    if (call !== undefined) this.#gathering.extend(call, start.name!, inputText(start.input));
    if (start.thinking) this.#gathering.think(start.thinking);
    return start.type === "text" && start.text ? this.#gathering.say(start.text) : "";
  }

  #extend({ index, delta }: Event): string {
    if (delta == null || !this.#open.has(index ?? -1)) throw new Garbled({ detail: "a delta for no block" });
    const call = this.#open.get(index ?? -1);
    if (call !== undefined) {
      if (delta.type === "input_json_delta") this.#gathering.extend(call, "", delta.partial_json ?? "");
      return "";
    }
    if (delta.type === "text_delta") return this.#gathering.say(delta.text ?? "");
    if (delta.type === "thinking_delta") this.#gathering.think(delta.thinking ?? "");
    return "";
  }

  #count(usage: unknown): void {
    const cached = ["cache_creation_input_tokens", "cache_read_input_tokens"];
    this.#tokensIn = counted(usage, this.#tokensIn, "input_tokens", ...cached);
    this.#tokensOut = counted(usage, this.#tokensOut, "output_tokens");
  }

  end(): Ending {
    // Only with tools of the provider's own does an answer pause, and none is ever offered. To go on would be a second
    // request under the reserve of the first: asked once more, it starts over, and has one of its own.
    if (!this.done || this.#stopReason === "pause_turn") throw new Cut();
    if (this.#stopReason === "refusal") throw new Refused();
    if (this.#stopReason === undefined) throw new Garbled({ detail: "stopped without a reason" });
    const finish = finishes[this.#stopReason] ?? "unknown";
    if (this.#open.size > 0 && (finish === "end" || finish === "tools"))
      throw new Garbled({ detail: "the message stopped within a block" });
    const { text, calls } = this.#gathering.end(finish);
    return { finish, text, calls, model: this.#model, tokensIn: this.#tokensIn, tokensOut: this.#tokensOut };
  }
}

/** A call's `input` as text; `{}` opens a call whose arguments come as deltas. */
function inputText(input: unknown): string {
  if (typeof input === "string") return input;
  const empty = input === null || (typeof input === "object" && Object.keys(input).length === 0);
  return empty ? "" : (JSON.stringify(input) ?? "");
}

/** The status an error event in mid-stream would have had as an answer. */
const statuses: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  overloaded_error: 529,
};

/** The status that an error of this type comes with, where it comes with one; 500 for types that are new. */
export const statusOfType = (type: string): number => statuses[type] ?? 500;
