/** A reply as it gathers: prose and calls, whoever sends them, and never more of them than a turn may carry; used by the assemblies of the adapters. */

import { Garbled, OutOfTokens, TooManyCalls } from "#actors/agent/turn/failures.ts";
import type { Finish, ModelCall } from "#actors/agent/turn/ports.ts";
import { limits } from "#events/agent/turn.ts";
import type { Progress } from "./watch.ts";

/**
 * Characters of thoughts. The longest answer a model we know may give, 128 000 tokens, is half of it: what is longer was
 * not written by a model that keeps its own limit. Hence Garbled, which is asked again once, and not TooLong, which would
 * blame the conversation.
 */
const MOST_THOUGHT = 1024 * 1024;
/**
 * Bytes of prose and of all arguments together, as JSON in UTF-8: a reply is one event, and an event holds 256 KiB of
 * such bytes. What is left is for the names of its calls.
 */
export const MOST_WRITTEN = 192 * 1024;
/** Bytes of prose, counted likewise: a draft is one event as well, and joins the prose of several rounds. */
export const MOST_PROSE = 96 * 1024;
/** Characters of a tool's name; no tool that was offered has a longer one (see `checkTools`). */
export const LONGEST_TOOL_NAME = 64;

const encoder = new TextEncoder();
/** How many bytes a text is inside JSON in UTF-8: a quote is two, a control character six. */
const written = (text: string): number => encoder.encode(JSON.stringify(text)).length - 2;

/** A call whose arguments still come. */
export interface CallUnderWay {
  readonly callId: string;
  tool: string;
  arguments: string;
}

/** What a reply is made of when it ends. */
export interface Gathered {
  readonly text: string;
  readonly calls: ReadonlyArray<ModelCall>;
}

/** What is thrown when a provider goes on past any bound: more of it will not make it a reply. */
export const tooMuch = (what: string): Garbled =>
  new Garbled({ detail: `more ${what} than any answer has`, begun: true });

/** Gathers one reply; its methods throw where a bound is passed. */
export class Gathering {
  readonly #progress: Progress;
  readonly #calls: Array<CallUnderWay> = [];
  #text = "";
  #half = "";
  #thought = 0;
  #prose = 0;
  #argued = 0;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  /** How many calls are kept so far. */
  get size(): number {
    return this.#calls.length;
  }

  /**
   * Takes a delta of prose and answers what of it can be shown now. Some servers cut a delta between the halves of a
   * surrogate pair: the first half waits for its second, so that no piece shown to people holds a broken character. NUL
   * is dropped: SQLite counts a text only up to it.
   */
  say(delta: string): string {
    this.#progress.hear(delta.length);
    let text = this.#half + delta;
    const last = text.charCodeAt(text.length - 1);
    const cut = last >= 0xd800 && last <= 0xdbff;
    this.#half = cut ? text.slice(-1) : "";
    if (cut) text = text.slice(0, -1);
    if (text.includes("\0")) text = text.replaceAll("\0", "");
    if (!text.isWellFormed()) text = text.toWellFormed();
    this.#prose += written(text);
    if (this.#prose > MOST_PROSE) throw tooMuch("text");
    this.#text += text;
    this.#bound();
    return text;
  }

  /** Takes note of what a model writes for itself; nothing of it is kept here. */
  think(delta: string): void {
    this.#progress.hear(delta.length);
    this.#thought += delta.length;
    if (this.#thought > MOST_THOUGHT) throw tooMuch("thought");
  }

  /** Begins a call. A reply with more of them than a turn may use is over: the gate would deny every one of them. */
  begin(callId: string): CallUnderWay {
    if (this.#calls.length === limits.calls) throw new TooManyCalls();
    const call = { callId, tool: "", arguments: "" };
    this.#calls.push(call);
    return call;
  }

  /** Adds to a call's name and arguments. */
  extend(call: CallUnderWay, name: string, text: string): void {
    this.#progress.hear(name.length + text.length);
    this.#argued += written(text);
    this.#bound();
    if (name.length + call.tool.length > LONGEST_TOOL_NAME) throw tooMuch("of a tool's name");
    call.tool += name;
    call.arguments += text;
  }

  #bound(): void {
    if (this.#prose + this.#argued > MOST_WRITTEN) throw tooMuch("text and arguments");
  }

  /**
   * What the reply is. Only a provider that stopped *for* its tools has written their arguments to the end: a call cut by
   * `max_tokens` can look whole (`{"to":"alice"}`), so all others are dropped here (house II.21); where nothing else was
   * said, nothing is left.
   */
  end(finish: Finish): Gathered {
    const text = this.#text;
    if (finish !== "tools") {
      const empty = text.trim() === "";
      if (empty && finish === "length") throw new OutOfTokens();
      if (empty && this.#calls.length > 0) throw new Garbled({ detail: "calls without a stop for tools" });
      return { text, calls: [] };
    }
    if (this.#calls.length === 0) throw new Garbled({ detail: "stopped for tools without a call" });
    if (this.#calls.some(({ tool }) => tool === "")) throw new Garbled({ detail: "a call without a name" });
    // It may be one call that was sent twice, or two calls: whichever were run, something might happen once too often.
    if (new Set(this.#calls.map(({ callId }) => callId)).size < this.#calls.length)
      throw new Garbled({ detail: "two calls under one id" });
    // A call without arguments sends no delta at all.
    return { text, calls: this.#calls.map((call) => ({ ...call, arguments: call.arguments || "{}" })) };
  }
}
