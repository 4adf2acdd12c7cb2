/** What providers say, in their own wire formats: one answer as a stream, as one object, or as an answer by status; used by fake-provider.ts and the suites of the adapters. */

export interface FakeCall {
  readonly id: string;
  readonly tool: string;
  /** The argument text in the pieces in which it is streamed. */
  readonly json: ReadonlyArray<string>;
}

/** How a provider ends its answer: properly, or in one of the ways that must not count as an end. */
export type FakeEnd =
  | "end"
  | "tools"
  | "length"
  | "window full"
  | "refusal"
  | "pause"
  | "a reason nobody knows"
  | "no reason"
  | "cut"
  | "cut at the last moment"
  | "reset"
  | "error event"
  | "error event about the key"
  | "garbage"
  | "stray delta"
  | "silence";

export interface FakeAnswer {
  readonly thinks?: ReadonlyArray<string>;
  readonly says: ReadonlyArray<string>;
  readonly calls?: ReadonlyArray<FakeCall>;
  /** Chat Completions' field for a refusal. */
  readonly refuses?: string;
  /** What it says it counted, instead of 12 tokens in and 7 out. */
  readonly counts?: { readonly in: unknown; readonly out: unknown };
  /** An event of a type that did not exist when this was written, in mid-stream. */
  readonly news?: boolean;
  readonly ends: FakeEnd;
}

/** What a provider complains of when it answers by status. */
export interface FakeComplaint {
  readonly detail?: string;
  readonly code?: string;
}

/** One provider's formats. */
export interface Dialect {
  readonly frames: (answer: FakeAnswer) => ReadonlyArray<string>;
  readonly whole: (answer: FakeAnswer) => string;
  readonly complaint: (complaint: FakeComplaint) => string;
  /** Frames that keep a connection open and say nothing. */
  readonly idle: ReadonlyArray<string>;
  /** A frame each, for answers that are written by hand. */
  readonly prose: (text: string) => string;
  readonly thought: (text: string) => string;
}

/** The first character of a pair in one piece, the second in the next, as careless servers do. */
export const halved = ["half \ud83d", "\ude00 whole"];

const sse = (event: string, data: unknown): string =>
  `event: ${event}\ndata: ${JSON.stringify({ type: event, ...Object(data) })}\n\n`;
const data = (payload: unknown): string =>
  `data: ${typeof payload === "string" ? payload : JSON.stringify(payload)}\n\n`;

const open = (ends: FakeEnd): boolean => ends === "cut" || ends === "reset" || ends === "silence";

/** What an answer breaks off with, if it does. */
function brokenBy(
  { ends }: FakeAnswer,
  words: { readonly garbage: string; readonly stray?: string; fault(type: string, message: string): string },
): string | undefined {
  if (ends === "garbage") return words.garbage;
  if (ends === "stray delta") return words.stray;
  if (ends === "error event") return words.fault("overloaded_error", "Overloaded");
  return ends === "error event about the key" ? words.fault("authentication_error", "invalid key") : undefined;
}

const garbage = "data: {broken\n\n";

const stopReasons: Readonly<Partial<Record<FakeEnd, string | null>>> = {
  end: "end_turn",
  "cut at the last moment": "end_turn",
  tools: "tool_use",
  length: "max_tokens",
  "window full": "model_context_window_exceeded",
  refusal: "refusal",
  pause: "pause_turn",
  "no reason": null,
  "a reason nobody knows": "solar_flare",
};
const messageUsage = ({ counts }: FakeAnswer) =>
  counts === undefined
    ? { input_tokens: 10, cache_read_input_tokens: 2, output_tokens: 1 }
    : { input_tokens: 10, cache_read_input_tokens: counts.in, output_tokens: 1 };
const spoken = ({ counts }: FakeAnswer): unknown => (counts === undefined ? 7 : counts.out);
const fault = (type: string, message: string) => ({ type: "error", error: { type, message } });

/** Anthropic's Messages API, as `content_block_*` events around pieces. */
export function anthropicFrames(answer: FakeAnswer): ReadonlyArray<string> {
  const { thinks = [], says, calls = [], news, ends } = answer;
  const message = { id: "msg_1", model: "claude-really", role: "assistant", content: [], usage: messageUsage(answer) };
  const frames = [sse("message_start", { message })];
  let index = 0;
  const block = (content_block: unknown, deltas: ReadonlyArray<unknown>) => {
    frames.push(sse("content_block_start", { index, content_block }));
    for (const delta of deltas) frames.push(sse("content_block_delta", { index, delta }));
  };
  const stop = () => frames.push(sse("content_block_stop", { index: index++ }));
  if (thinks.length > 0) {
    const thoughts = thinks.map((thinking) => ({ type: "thinking_delta", thinking }));
    block({ type: "thinking", thinking: "", signature: "" }, [
      ...thoughts,
      { type: "signature_delta", signature: "sig" },
    ]);
    stop();
  }
  frames.push(sse("ping", {}));
  block(
    { type: "text", text: "" },
    says.map((text) => ({ type: "text_delta", text })),
  );
  if (news) frames.push(sse("aurora", { index, colour: "green" }));
  const broken = brokenBy(answer, {
    garbage,
    stray: anthropic.prose("stray").replace('"index":0', '"index":9'),
    fault: (type, text) => sse("error", fault(type, text)),
  });
  if (broken !== undefined) return [...frames, broken];
  if (open(ends)) return frames;
  stop();
  for (const { id, tool, json } of calls) {
    block(
      { type: "tool_use", id, name: tool, input: {} },
      json.map((partial_json) => ({ type: "input_json_delta", partial_json })),
    );
    if (ends !== "length") stop();
  }
  const delta = { stop_reason: stopReasons[ends], stop_sequence: null };
  frames.push(sse("message_delta", { delta, usage: { output_tokens: spoken(answer) } }));
  return ends === "cut at the last moment" ? frames : [...frames, sse("message_stop", {})];
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

export const anthropic: Dialect = {
  frames: anthropicFrames,
  whole: (answer) => {
    const { thinks = [], says, calls = [], ends } = answer;
    const broken = brokenBy(answer, {
      garbage: "{broken",
      fault: (type, message) => JSON.stringify(fault(type, message)),
    });
    if (broken !== undefined) return broken;
    const content = [
      ...(thinks.length > 0 ? [{ type: "thinking", thinking: thinks.join(""), signature: "sig" }] : []),
      ...(says.length > 0 ? [{ type: "text", text: says.join("") }] : []),
      ...calls.map(({ id, tool, json }) => ({ type: "tool_use", id, name: tool, input: parsed(json.join("")) })),
    ];
    const usage = { ...messageUsage(answer), output_tokens: spoken(answer) };
    const stop_reason = stopReasons[ends] ?? null;
    return JSON.stringify({ id: "msg_1", type: "message", model: "claude-really", content, stop_reason, usage });
  },
  complaint: ({ detail = "no", code = "x" }) =>
    JSON.stringify({ type: "error", error: { type: code, message: detail, details: { error_code: code } } }),
  idle: [sse("ping", {}), ": still here\n\n", sse("content_block_delta", { index: 0, delta: { type: "text_delta" } })],
  prose: (text) => sse("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
  thought: (thinking) => sse("content_block_delta", { index: 0, delta: { type: "thinking_delta", thinking } }),
};

const wholeCalls = (calls: ReadonlyArray<FakeCall>) =>
  calls.map(({ id, tool, json }) => ({ id, type: "function", function: { name: tool, arguments: json.join("") } }));

const finishReasons: Readonly<Partial<Record<FakeEnd, string | null>>> = {
  end: "stop",
  tools: "tool_calls",
  length: "length",
  "window full": "length",
  refusal: "content_filter",
  "no reason": null,
  "a reason nobody knows": "solar_flare",
};
const chatUsage = ({ counts = { in: 12, out: 7 } }: FakeAnswer) => ({
  prompt_tokens: counts.in,
  completion_tokens: counts.out,
  total_tokens: 19,
});
const chunk = (delta: unknown, finish_reason: string | null = null): string =>
  data({
    id: "c1",
    object: "chat.completion.chunk",
    model: "gpt-really",
    choices: [{ index: 0, delta, finish_reason }],
  });

/** Chat Completions: chunks of `delta`, the reason, then usage, then `[DONE]`. */
export function chatFrames(answer: FakeAnswer): ReadonlyArray<string> {
  const { thinks = [], says, calls = [], refuses, news, ends } = answer;
  const frames = [
    chunk({ role: "assistant", content: "" }),
    ...thinks.map((reasoning_content) => chunk({ reasoning_content })),
    ...says.map((content) => chunk({ content })),
  ];
  if (news) frames.push(`event: aurora\n${data({ object: "aurora", colour: "green" })}`);
  const broken = brokenBy(answer, {
    garbage,
    stray: data({ choices: [{ delta: { content: { stray: true } } }] }),
    fault: (type, message) => data({ error: { message, type, code: null } }),
  });
  if (broken !== undefined) return [...frames, broken];
  if (open(ends)) return frames;
  if (refuses !== undefined) frames.push(chunk({ refusal: refuses }));
  calls.forEach(({ id, tool, json }, index) => {
    frames.push(chunk({ tool_calls: [{ index, id, type: "function", function: { name: tool, arguments: "" } }] }));
    for (const piece of json) frames.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }));
  });
  if (ends === "cut at the last moment") return frames;
  return [...frames, chunk({}, finishReasons[ends]), data({ choices: [], usage: chatUsage(answer) }), data("[DONE]")];
}

export const openai: Dialect = {
  frames: chatFrames,
  whole: (answer) => {
    const { says, calls = [], refuses, ends } = answer;
    const broken = brokenBy(answer, {
      garbage: "{broken",
      fault: (type, message) => JSON.stringify({ error: { message, type } }),
    });
    if (broken !== undefined) return broken;
    const content = says.join("") || null;
    const message = { role: "assistant", content, refusal: refuses ?? null, tool_calls: wholeCalls(calls) };
    const choices = [{ index: 0, message, finish_reason: finishReasons[ends] ?? null }];
    return JSON.stringify({
      id: "c1",
      object: "chat.completion",
      model: "gpt-really",
      choices,
      usage: chatUsage(answer),
    });
  },
  complaint: ({ detail = "no", code = "x" }) =>
    JSON.stringify({ error: { message: detail, code, type: "some_error" } }),
  idle: [": still here\n\n", chunk({ content: "" }), data({ choices: [] })],
  prose: (content) => chunk({ content }),
  thought: (reasoning_content) => chunk({ reasoning_content }),
};

/** The binding's own dialect: `response` pieces, whole calls, usage, `[DONE]`, and no reason at all. */
export function bindingFrames(answer: FakeAnswer, maxTokens: number): ReadonlyArray<string> {
  const { says, calls = [], ends } = answer;
  const frames = says.map((response) => data({ response }));
  const broken = brokenBy(answer, {
    garbage,
    stray: data({ tool_calls: 7 }),
    fault: (_type, message) => data({ errors: [{ code: 3040, message }] }),
  });
  if (broken !== undefined) return [...frames, broken];
  if (open(ends)) return frames;
  const completion_tokens = ends === "length" ? maxTokens : 7;
  frames.push(...(calls.length > 0 ? [data({ tool_calls: wholeCalls(calls) })] : []));
  frames.push(data({ response: "", usage: { prompt_tokens: 12, completion_tokens } }));
  return ends === "cut at the last moment" ? frames : [...frames, data("[DONE]")];
}

/** The same, as the object that the binding returns when no stream was asked for. */
export const bindingWhole = ({ says, calls = [] }: FakeAnswer): unknown => ({
  response: says.join(""),
  tool_calls: wholeCalls(calls),
  usage: { prompt_tokens: 12, completion_tokens: 7 },
});
