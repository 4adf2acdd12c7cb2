/** The provider fault matrix (reference/security.md § 10), one line per row; run by provider-faults.spec.ts against both SDKs, streamed and whole. */

import type { ModelReason } from "#actors/agent/turn/failures.ts";
import type { FailureKind } from "#events/agent/asking.ts";
import type { Script } from "../support/fake-provider.ts";
import type { FakeAnswer, FakeCall, FakeComplaint, FakeEnd } from "../support/provider-words.ts";

export type Provider = "anthropic" | "openai";
export type Form = "stream" | "whole";

/** A failure by its reason and the row of the matrix it belongs to, or what the reply is like. */
export type Outcome =
  | { readonly kind: FailureKind; readonly reason: { readonly _tag: ModelReason["_tag"] } & Record<string, unknown> }
  | { readonly reply: Record<string, unknown> };

export interface Case {
  readonly given: string;
  readonly provider: Script;
  readonly outcome: Outcome | Readonly<Record<Form, Outcome>>;
  /** Where it can happen; everywhere unless told. */
  readonly only?: { readonly by?: Provider; readonly as?: Form };
}

const row = (given: string, provider: Case["provider"], outcome: Case["outcome"], rest: Partial<Case> = {}): Case => ({
  given,
  provider,
  outcome,
  ...rest,
});

const fails = (kind: FailureKind, _tag: ModelReason["_tag"], more: Record<string, unknown> = {}): Outcome => ({
  kind,
  reason: { _tag, ...more },
});
const replies = (reply: Record<string, unknown>): Outcome => ({ reply });
const either = (stream: Outcome, whole: Outcome) => ({ stream, whole });

const status = (code: number, headers: Record<string, string> = {}, complaint: FakeComplaint = {}): Script => ({
  status: code,
  headers,
  complaint,
});
const complains = (code: number, complaint: FakeComplaint): Script => status(code, {}, complaint);
const busy = (after: string): Script => status(429, { "retry-after": after });
const ending = (ends: FakeEnd, rest: Partial<FakeAnswer> = {}): FakeAnswer => ({
  says: ["Almost", " done"],
  ends,
  ...rest,
});
const body = (...parts: ReadonlyArray<string>): Script => ({ body: parts });

const call = (...json: ReadonlyArray<string>): FakeCall => ({ id: "call_1", tool: "calculator", json });
const calls = (...all: ReadonlyArray<FakeCall>): FakeAnswer => ({ says: ["So"], calls: all, ends: "tools" });
const many = (count: number) => Array.from({ length: count }, (_, place) => ({ ...call("{}"), id: `c${place}` }));
const sum = call('{"expression": ', '"1+1"}');
const wanted = (...texts: ReadonlyArray<string>): Outcome =>
  replies({ finish: "tools", calls: texts.map((text) => ({ tool: "calculator", arguments: text })) });

const text = "Almost done";
const alike = replies({ finish: "end", text, tokensIn: 12, tokensOut: 7 });
const kept = replies({ finish: "unknown", text, calls: [] });
/** Cut where the wire says how an answer ends, Garbled where an object is simply not whole. */
const unended = either(fails("cut", "Cut"), fails("broken", "Garbled"));
const garbled = either(fails("cut", "Garbled"), fails("broken", "Garbled"));
const tooMuch = fails("cut", "Garbled");
const streamed = { only: { as: "stream" } } as const;
const byAnthropic = { only: { by: "anthropic" } } as const;

const callersFault: ReadonlyArray<Case> = [
  row("400", status(400), fails("ours", "Unacceptable")),
  row("404", status(404), fails("ours", "Unacceptable")),
  row("422", status(422), fails("ours", "Unacceptable")),
  row("413", status(413), fails("ours", "TooLong")),
  row("a name for too long", complains(400, { code: "context_length_exceeded" }), fails("ours", "TooLong")),
  row("a sentence for too long", complains(400, { detail: "prompt is too long: 210000" }), fails("ours", "TooLong")),
];

const money: ReadonlyArray<Case> = [
  row("401", status(401), fails("money", "Unauthorized")),
  row("403", status(403), fails("money", "Unauthorized")),
  row("402", status(402), fails("money", "SpentOut")),
  ...["enforced_spend_limit_reached", "insufficient_quota", "credit_balance_exhausted"].map((code) =>
    row(`429, ${code}`, status(429, { "retry-after": "7" }, { code }), fails("money", "SpentOut")),
  ),
  row("400, no credit", complains(400, { detail: "Your credit balance is too low" }), fails("money", "SpentOut")),
];

const day = 86_400_000;
const busyRows: ReadonlyArray<Case> = [
  row("429", status(429), fails("busy", "RateLimited", { retryAfterMs: undefined })),
  row("429, in 7 seconds", busy("7"), fails("busy", "RateLimited", { retryAfterMs: 7_000 })),
  row("429, in half a second", busy("0.5"), fails("busy", "RateLimited", { retryAfterMs: 500 })),
  row("429, in an hour", busy("3600"), fails("busy", "RateLimited", { retryAfterMs: 3_600_000 })),
  row("429, after 400 digits", busy("9".repeat(400)), fails("busy", "RateLimited", { retryAfterMs: day })),
  row("429, at a past date", busy("Sun, 06 Nov 1994 08:49:37 GMT"), fails("busy", "RateLimited", { retryAfterMs: 0 })),
  row("429, at a far date", busy("Sat, 01 Jan 2050 00:00:00 GMT"), fails("busy", "RateLimited", { retryAfterMs: day })),
  row("429, soon", busy("soon 1"), fails("busy", "RateLimited", { retryAfterMs: undefined })),
  row("429, in -3 seconds", busy("-3"), fails("busy", "RateLimited", { retryAfterMs: undefined })),
  row("429, in ms", status(429, { "retry-after-ms": "1500" }), fails("busy", "RateLimited", { retryAfterMs: 1_500 })),
  row("429, slow_down", complains(429, { code: "slow_down" }), fails("busy", "RateLimited")),
  row("503", status(503), fails("busy", "Overloaded")),
  row("529, in 2 s", status(529, { "retry-after": "2" }), fails("busy", "Overloaded", { retryAfterMs: 2_000 })),
  row("500, overloaded", complains(500, { code: "server_is_overloaded" }), fails("busy", "Overloaded")),
];

const broken: ReadonlyArray<Case> = [
  ...[408, 409, 500, 502, 504].map((code) => row(`${code}`, status(code), fails("broken", "Broken"))),
  row("500, “retry me”", status(500, { "x-should-retry": "true" }), fails("broken", "Broken")),
  row("502 and a page", { status: 502, body: ["<html>Bad gateway</html>"] }, fails("broken", "Broken")),
  row("500 without end", { status: 500, body: [], endless: "no ".repeat(9_999) }, fails("broken", "Broken")),
  row("hung up before an answer", "hangs up", fails("broken", "Unreachable")),
  row("a page with 200", body("<html>\n\n", "data: hello\n</html>"), fails("broken", "Garbled")),
  row("prose with 200", body("I am fine.\n"), fails("broken", "Garbled")),
  row("an empty body with 200", body(), fails("broken", "Garbled")),
  row("an object of no known shape", body('{"answer": 42}'), fails("broken", "Garbled")),
  row("half an object", body('{"type": "message", "con'), fails("broken", "Garbled")),
];

const cut: ReadonlyArray<Case> = [
  row("no terminal event", ending("cut"), unended),
  row("none at the very end", ending("cut at the last moment"), unended),
  row("a payload cut in two", { body: ['data: {"type": "mess'] }, fails("cut", "Cut"), streamed),
  row("a reset in mid-answer", ending("reset"), fails("cut", "Cut")),
  row("a reset after the headers", { body: [], ends: "reset" }, fails("cut", "Cut")),
  row("an error event after 200", ending("error event"), either(fails("cut", "Cut"), fails("busy", "Overloaded"))),
  row("one that nothing mends", ending("error event about the key"), fails("money", "Unauthorized")),
  row("JSON that is none", ending("garbage"), garbled),
  row("events out of order", ending("stray delta"), fails("cut", "Garbled"), streamed),
  row("done without a reason", ending("no reason"), garbled),
];

const endedEarly: ReadonlyArray<Case> = [
  row("max_tokens", ending("length"), replies({ finish: "length", text, calls: [] })),
  row("a full window", ending("window full"), replies({ finish: "length", text, calls: [] })),
  row("a call cut whole", ending("length", { calls: [sum] }), replies({ finish: "length", text, calls: [] })),
  row("a call and nothing else", ending("length", { says: [], calls: [sum] }), fails("ours", "OutOfTokens")),
  row("thoughts and nothing else", ending("length", { thinks: ["Hm"], says: [" "] }), fails("ours", "OutOfTokens")),
];

const refused: ReadonlyArray<Case> = [
  row("refusal, content_filter", ending("refusal"), fails("refused", "Refused")),
  row("a field `refusal`", ending("end", { refuses: "I cannot" }), fails("refused", "Refused"), {
    only: { by: "openai" },
  }),
  row("400, content_filter", complains(400, { code: "content_filter" }), fails("refused", "Refused")),
];

const paused: ReadonlyArray<Case> = [
  row("a pause is not gone on from", ending("pause"), fails("cut", "Cut"), byAnthropic),
];

const unknown: ReadonlyArray<Case> = [
  row("a new stop reason", ending("a reason nobody knows"), kept),
  row("one with calls", ending("a reason nobody knows", { calls: [sum] }), kept),
  row("one with calls alone", ending("a reason nobody knows", { says: [], calls: [sum] }), garbled),
  row("a new event type", ending("end", { news: true }), replies({ finish: "end", text }), streamed),
  row("the form not asked for", { ...ending("end"), contrary: true }, alike),
  row("calls in that form", { ...calls(sum), contrary: true }, replies({ finish: "tools", text: "So" })),
];

const uncounted = replies({ finish: "end", text, tokensIn: undefined, tokensOut: undefined });
const oddUsage: ReadonlyArray<Case> = [
  ...[10.5, -1, 2 ** 53, 1e300, "12", [12], { tokens: 12 }, true].map((count) =>
    row(`${JSON.stringify(count)} tokens`, ending("end", { counts: { in: count, out: count } }), uncounted),
  ),
  row("fewer than none", ending("end", { counts: { in: 2, out: -0.5 } }), replies({ text, tokensOut: undefined })),
  row("no tokens in", ending("end", { counts: { in: 0, out: 7 } }), replies({ text, tokensIn: undefined }), {
    only: { by: "openai" },
  }),
  row("no tokens out", ending("end", { counts: { in: 2, out: 0 } }), replies({ text, tokensOut: undefined })),
];

const badCalls: ReadonlyArray<Case> = [
  row("arguments that are no JSON", calls(call("{oops")), wanted("{oops")),
  row("arguments cut short", calls(call('{"to":"alice"', ',"text":"tran')), wanted('{"to":"alice","text":"tran')),
  row("no arguments at all", calls(call()), wanted("{}")),
  row("a tool that nobody has", calls({ ...call("{}"), tool: "moon" }), replies({ calls: [{ tool: "moon" }] })),
  row("a call without a name", calls({ ...sum, tool: "" }), garbled),
  row("a stop for tools, no call", calls(), garbled),
  row("two calls under one id", calls(sum, call("{}")), garbled),
  row("an id that an earlier call had", calls(call("{}")), wanted("{}")),
  row(
    "twenty-four calls",
    calls(...many(24)),
    replies({ finish: "tools", calls: many(24).map(({ id }) => ({ callId: id })) }),
  ),
  row("two hundred calls", calls(...many(200)), fails("cut", "TooManyCalls")),
];

const emptyBlock = [
  { type: "content_block_start", index: 1, content_block: { type: "aurora" } },
  { type: "content_block_stop", index: 1 },
].map((event) => `data: ${JSON.stringify(event)}\n\n`);
const long = "x".repeat(65_536);
const longCall = call('{"note":"', ...Array(5).fill(long), '"}');
const bounds: ReadonlyArray<Case> = [
  row("5 MB of text", ending("end", { says: Array(80).fill(long) }), tooMuch),
  row("100 KB of text", ending("end", { says: Array(25).fill(long.slice(0, 4_096)) }), tooMuch),
  row("320 KB of arguments", calls(longCall), tooMuch),
  row("140 000 quotes in one call", calls(call('"'.repeat(140_000))), tooMuch),
  row("70 000 characters of three bytes", calls(call(JSON.stringify("好".repeat(70_000)))), tooMuch),
  row("eight calls, each within bounds", calls(...Array(8).fill(call(JSON.stringify(long.slice(0, 32_768))))), tooMuch),
  row("a tool name of 10 000 characters", calls({ ...sum, tool: "x".repeat(10_000) }), tooMuch),
  row("an object without end", { body: ['{"type": "message", "content": "'], endless: long }, tooMuch),
  row("a line without end", { body: ["data: "], endless: long }, tooMuch),
  row("blocks without end", { body: [], endless: emptyBlock.join("").repeat(500) }, tooMuch, byAnthropic),
];

export const matrix: Readonly<Record<string, ReadonlyArray<Case>>> = {
  "the caller's fault": callersFault,
  "credentials and money": money,
  busy: busyRows,
  broken,
  cut,
  "ended early": endedEarly,
  refused,
  paused,
  unknown,
  "odd usage": oddUsage,
  "bad tool calls": badCalls,
  "too much": bounds,
};

/** What a provider does while time passes: what it sends at first, what each second, and when the request stalls. */
export interface SlowCase {
  readonly given: string;
  readonly first: "nothing" | "headers" | "prose" | "half an object";
  /** What is sent every second: one of the idle frames by its place, a piece of prose, a thought, or plain text. */
  readonly each?:
    | { readonly idle: number }
    | { readonly prose: string }
    | { readonly thought: string }
    | { readonly text: string };
  readonly silenceMs?: number;
  /** Seconds until the request has stalled; undefined where it may go on. */
  readonly stalls: number | undefined;
}

const slowStreams: ReadonlyArray<SlowCase> = [
  { given: "no answer at all", first: "nothing", stalls: 30 },
  { given: "no answer, and less patience", first: "nothing", silenceMs: 5_000, stalls: 5 },
  { given: "headers alone", first: "headers", stalls: 30 },
  { given: "prose, then silence", first: "prose", stalls: 30 },
  { given: "prose, then pings", first: "prose", each: { idle: 0 }, stalls: 30 },
  { given: "prose, then comments", first: "prose", each: { idle: 1 }, stalls: 30 },
  { given: "prose, then empty deltas", first: "prose", each: { idle: 2 }, stalls: 30 },
  { given: "a character a second", first: "prose", each: { prose: "x" }, stalls: 20 },
  { given: "three characters a second", first: "prose", each: { prose: "abc" }, stalls: 42 },
  { given: "six characters a second", first: "prose", each: { prose: "abcdef" }, stalls: undefined },
  { given: "a model that only thinks", first: "prose", each: { thought: "hmm, well" }, stalls: undefined },
];

const slowObjects: ReadonlyArray<SlowCase> = [
  { given: "no answer at all", first: "nothing", stalls: 30 },
  { given: "half an object, then silence", first: "half an object", stalls: 30 },
  { given: "half an object, then blanks", first: "half an object", each: { text: "\n" }, stalls: 30 },
  { given: "a character a second", first: "half an object", each: { text: "x" }, stalls: 20 },
];

export const slow: Readonly<Record<Form, ReadonlyArray<SlowCase>>> = {
  stream: slowStreams,
  whole: slowObjects,
};
