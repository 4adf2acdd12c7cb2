/** The provider `openai` of the tests: whatever a spec lets it say, when it lets it; answers at the address in test/support/worker-env.ts. */
import { Schema } from "effect";
import { afterEach } from "vitest";
import { chatFrames, type FakeCall } from "../support/provider-words.ts";

/** What a model was asked: its instructions, and what was said last. */
export interface Asked {
  readonly system: string;
  readonly last: string;
  /** All of the conversation, one line each. */
  readonly said: ReadonlyArray<string>;
}

export interface Says {
  readonly says: ReadonlyArray<string>;
  readonly calls?: ReadonlyArray<FakeCall>;
  /** Holds the stream before this piece of prose until the promise is kept. */
  readonly holdBefore?: { readonly piece: number; readonly until: () => Promise<void> };
}

/** The provider refuses instead. */
export interface Refuses {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const decode = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      messages: Schema.Array(Schema.Struct({ role: Schema.String, content: Schema.NullOr(Schema.String) })),
    }),
  ),
);

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
const real = globalThis.fetch;

/** Answers as `speak` says until the test is over. What is asked is kept in `asked`. */
export function scriptedModel(speak: (asked: Asked, count: number) => Says | Refuses | Promise<Says | Refuses>): {
  readonly asked: ReadonlyArray<Asked>;
} {
  const asked: Asked[] = [];
  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    if (url.host !== "models.test") return real(input, init);
    const { messages } = decode(String(init?.body));
    const said = messages.filter(({ role }) => role !== "system").map(({ content }) => content ?? "");
    const question = { system: messages[0]?.content ?? "", last: said.at(-1) ?? "", said };
    asked.push(question);
    const answer = await speak(question, asked.length);
    if ("status" in answer)
      return Response.json({ error: { message: "no" } }, { status: answer.status, headers: { ...answer.headers } });
    const { says, calls = [] } = answer;
    const frames = chatFrames({ says, calls, ends: calls.length > 0 ? "tools" : "end" });
    const { piece = frames.length, until } = answer.holdBefore ?? {};
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        // The first frame says only who speaks.
        controller.enqueue(encoder.encode(frames.slice(0, piece + 1).join("")));
        await until?.();
        controller.enqueue(encoder.encode(frames.slice(piece + 1).join("")));
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  return { asked };
}

afterEach(() => {
  globalThis.fetch = real;
});

/** A door that holds whoever comes until it is opened. Polled, because promises do not cross from one object into another. */
export function gate(): { readonly open: () => void; readonly passed: () => Promise<void> } {
  let isOpen = false;
  return {
    open: () => {
      isOpen = true;
    },
    passed: async () => {
      while (!isOpen) await sleep(5);
    },
  };
}

/** An agent that this script speaks for. */
export const scripted = (name: string, more: object = {}) => ({
  name,
  llm_provider: "openai",
  model_name: "scripted",
  ...more,
});
